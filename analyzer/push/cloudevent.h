/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An incident as a CloudEvents 1.0 event in structured JSON form (attributes and data in one
 * object). Redaction is done here: a connector with `mask_internal` learns neither addresses nor
 * names of own hosts, only pseudonyms that stay the same; payloads of packets are never told.
 */
#ifndef TRAMGAC_ANALYZER_PUSH_CLOUDEVENT_H
#define TRAMGAC_ANALYZER_PUSH_CLOUDEVENT_H

#include "analyzer/push/push.h"

#define CLOUDEVENT_CONTENT_TYPE "application/cloudevents+json; charset=utf-8"

void cloudevent_incident(const struct connector *c, const struct incident *incident,
                         const char *kind, struct strbuf *out);
void cloudevent_heartbeat(const struct connector *c, uint64_t now_ns, struct strbuf *out);

/** "host-1a2b3c4d": the same for the same text and secret. */
enum { CLOUDEVENT_MASK_MAX = 24 };
void cloudevent_mask(const struct connector *c, const char *text, char out[CLOUDEVENT_MASK_MAX]);

#endif
