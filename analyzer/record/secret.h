/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords, random tokens, digests and message codes (the only file that knows libsodium).
 */
#ifndef TRAMGAC_ANALYZER_RECORD_SECRET_H
#define TRAMGAC_ANALYZER_RECORD_SECRET_H

#include "common/err.h"
#include "common/slice.h"

enum {
    SECRET_HASH_MAX = 128,  /* argon2id text form with its zero byte */
    SECRET_TOKEN_MAX = 65,  /* 32 random bytes as hexadecimal */
    SECRET_DIGEST_MAX = 65, /* SHA-256 as hexadecimal */
    SECRET_PASSWORD_MIN = 10,
    SECRET_PASSWORD_MAX = 1024,
};

/** Argon2id with 64 MB and 2 passes (about 0.1 s). ERR_INPUT: too short or too long. */
enum err secret_hash(struct slice password, char out[SECRET_HASH_MAX]);
/** Constant time. An empty `hash` costs the same time and is false: unknown users look the same. */
bool secret_fits(const char *hash, struct slice password);

void secret_random(uint8_t *out, uint32_t len);
void secret_token(char out[SECRET_TOKEN_MAX]);
/** A password a person can type: 16 letters and digits without look-alikes. */
void secret_password(char out[32]);

void secret_sha256(struct slice bytes, char out[SECRET_DIGEST_MAX]);
/** HMAC-SHA256, hexadecimal. */
void secret_hmac(struct slice key, struct slice bytes, char out[SECRET_DIGEST_MAX]);
/** Equal texts, in time that does not tell where they differ. */
bool secret_same(struct slice a, struct slice b);

#endif
