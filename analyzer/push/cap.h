/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An incident as a CAP 1.2 alert (OASIS Common Alerting Protocol 1.2), with one `info` in
 * Vietnamese and one in English. For incidents that touch the safety of people: a connector of
 * this form wants a high `min_severity`. A revision is an Update, and the end a Cancel, that refer
 * to the message before.
 */
#ifndef TRAMGAC_ANALYZER_PUSH_CAP_H
#define TRAMGAC_ANALYZER_PUSH_CAP_H

#include "analyzer/push/push.h"

void cap_incident(const struct telling *telling, struct strbuf *out);

#endif
