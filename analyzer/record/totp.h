/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codes of authenticator applications: RFC 6238 with SHA-1, 30 seconds and six digits, which is
 * what all of them know; secrets as base32 (RFC 4648).
 */
#ifndef TRAMGAC_ANALYZER_RECORD_TOTP_H
#define TRAMGAC_ANALYZER_RECORD_TOTP_H

#include "common/slice.h"

enum { TOTP_SECRET_MAX = 33, TOTP_STEP_S = 30 };

/** 20 bytes as 32 letters. */
void totp_secret(const uint8_t random[20], char out[TOTP_SECRET_MAX]);
/** Code of one step of 30 s since 1970; false when the secret is not base32. */
bool totp_code(const char *secret, int64_t step, char out[7]);
/** The step whose code this is: now, one before, one after, and later than `last`; 0 = none. */
int64_t totp_accept(const char *secret, struct slice code, uint64_t now_ns, int64_t last);

#endif
