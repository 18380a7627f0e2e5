/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An incident as an NGSI-LD entity of type Alert, normalized form (ETSI GS CIM 009; Smart Data
 * Models, dataModel.Alert). One entity per incident; its revisions replace each other.
 */
#ifndef TRAMGAC_ANALYZER_PUSH_NGSI_H
#define TRAMGAC_ANALYZER_PUSH_NGSI_H

#include "analyzer/push/push.h"

#define NGSI_CONTENT_TYPE "application/ld+json"
#define NGSI_CONTEXT      "https://smart-data-models.github.io/dataModel.Alert/context.jsonld"
#define NGSI_CORE         "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.3.jsonld"

void ngsi_alert(const struct telling *telling, struct strbuf *out);

#endif
