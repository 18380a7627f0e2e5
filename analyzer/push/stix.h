/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An incident as STIX 2.1 objects (OASIS STIX 2.1): a report that refers to who found it, the
 * techniques, the hosts and what was observed. Ids are derived from what they name (UUID version
 * 5), so that a further revision updates the same objects. A report, since readers that follow the
 * published bundle schema do not take an incident object.
 */
#ifndef TRAMGAC_ANALYZER_PUSH_STIX_H
#define TRAMGAC_ANALYZER_PUSH_STIX_H

#include "analyzer/push/push.h"

void stix_bundle(const struct telling *telling, struct strbuf *out);
/** The envelope of TAXII 2.1 (5.1.2 there): {"objects": […]}. */
void stix_envelope(const struct telling *telling, struct strbuf *out);

#endif
