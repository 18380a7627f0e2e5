/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An incident as a mail (RFC 5322, RFC 2045, RFC 2047): plain text, Vietnamese first, then English.
 * Revisions of one incident are one thread; the same revision always has the same Message-ID.
 */
#ifndef TRAMGAC_ANALYZER_PUSH_MAIL_H
#define TRAMGAC_ANALYZER_PUSH_MAIL_H

#include "analyzer/push/push.h"

void mail_incident(const struct telling *telling, struct strbuf *out);

#endif
