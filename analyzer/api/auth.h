/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is calling: sessions by cookie (only the hash of the token is stored), protection against
 * forged requests by a header, lock-out after wrong passwords.
 */
#ifndef TRAMGAC_ANALYZER_API_AUTH_H
#define TRAMGAC_ANALYZER_API_AUTH_H

#include "analyzer/api/api.h"

enum { AUTH_TOKEN_LEN = 64, AUTH_BEARER_LEN = 4 + AUTH_TOKEN_LEN };

/** The cookie's name; with `secure` it can only be set and sent over HTTPS. */
const char *auth_cookie_name(bool secure);

/** Fills call->user, csrf and session from the cookie's value ("" = none). False: not signed in. */
bool auth_resume(struct call *call, const char *token);

/** The same from the header Authorization: "Bearer tgc_" and 64 hexadecimal digits. */
bool auth_token(struct call *call, const char *header);

/** 0, or the status to refuse with: 401 not signed in, 403 missing permission or header. */
unsigned auth_refuse(const struct call *call, const struct api_route *route,
                     const char *csrf_header);

#endif
