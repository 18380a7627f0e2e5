/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An incident as one line of syslog (RFC 5424) whose message is CEF (Common Event Format,
 * version 0). No byte order mark before the message: readers of CEF do not expect it.
 */
#ifndef TRAMGAC_ANALYZER_PUSH_CEF_H
#define TRAMGAC_ANALYZER_PUSH_CEF_H

#include "analyzer/push/push.h"

void cef_incident(const struct telling *telling, struct strbuf *out);
void cef_heartbeat(const struct connector *c, uint64_t now_ns, struct strbuf *out);

#endif
