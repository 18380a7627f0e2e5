/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An incident as a CloudEvents 1.0 event in structured JSON form (attributes and data in one
 * object).
 */
#ifndef TRAMGAC_ANALYZER_PUSH_CLOUDEVENT_H
#define TRAMGAC_ANALYZER_PUSH_CLOUDEVENT_H

#include "analyzer/push/push.h"

#define CLOUDEVENT_CONTENT_TYPE "application/cloudevents+json; charset=utf-8"

void cloudevent_incident(const struct telling *telling, struct strbuf *out);
void cloudevent_heartbeat(const struct connector *c, uint64_t now_ns, struct strbuf *out);

#endif
