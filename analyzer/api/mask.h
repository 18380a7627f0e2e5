/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Personal data in events: who may not see them gets them masked; who may, leaves a line in the
 * audit. What is personal is a list of names in the configuration (api.mask.fields).
 */
#ifndef TRAMGAC_ANALYZER_API_MASK_H
#define TRAMGAC_ANALYZER_API_MASK_H

#include "analyzer/api/api.h"

/** Does the caller see personal data: by his role, or on request with a reason? */
bool mask_may_see(const struct call *call);
/** Is this field ("smb.ntlmssp.user", by its last part) personal? */
bool mask_is_personal(const struct call *call, const char *field);
/** Writes the event, masked or as it is; counts in call->personal. */
void mask_event(struct call *call, const char *key, const char *json);
/** After the handler: notes what was seen. False: it cannot be noted, so it must not be sent. */
bool mask_note(struct call *call, const char *path);

#endif
