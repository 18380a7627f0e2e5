/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rights of the process (libcap-ng stays inside privs.c). To be called after devices and ports are
 * open and before threads start.
 */
#ifndef TRAMGAC_COMMON_PRIVS_H
#define TRAMGAC_COMMON_PRIVS_H

#include "common/err.h"
#include "common/strbuf.h"

/**
 * Gives up all capabilities; root becomes `user` (NULL or "": stays the user it is, but without
 * root's powers). `keep_net_raw`: live capture may open its devices again (CAP_NET_RAW).
 * What was done, or could not be, is appended to `said` as a sentence and a newline.
 * ERR_NOTFOUND: no such user. ERR_DENIED: the kernel refused.
 */
enum err privs_drop(const char *user, bool keep_net_raw, struct strbuf *said);

#endif
