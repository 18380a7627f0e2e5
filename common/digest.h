/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MD5, SHA-1, SHA-256 and HMAC-SHA256 (libcrypto stays inside digest.c).
 * A digest is a value without memory of its own: it may live in any arena and may be copied to take
 * an intermediate result.
 */
#ifndef TRAMGAC_COMMON_DIGEST_H
#define TRAMGAC_COMMON_DIGEST_H

#include "common/slice.h"

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256 };
enum { DIGEST_MAX = 32, DIGEST_TEXT_MAX = 2 * DIGEST_MAX + 1 };

struct digest {
    enum digest_kind kind;
    _Alignas(16) uint8_t state[128];
};

/** Bytes of a result: 16, 20, 32. */
uint32_t digest_size(enum digest_kind kind);

void digest_init(struct digest *digest, enum digest_kind kind);
void digest_update(struct digest *digest, struct slice bytes);
/** Writes digest_size() bytes; the digest must be initialised again before further use. */
void digest_final(struct digest *digest, uint8_t out[DIGEST_MAX]);

void digest_of(enum digest_kind kind, struct slice bytes, uint8_t out[DIGEST_MAX]);
void digest_hmac_sha256(struct slice key, struct slice bytes, uint8_t out[DIGEST_MAX]);

/** Lower-case hexadecimal of `len` (at most DIGEST_MAX) bytes, terminated. */
void digest_text(const uint8_t *bytes, uint32_t len, char out[DIGEST_TEXT_MAX]);
/** The reverse, either case; false unless `text` is exactly 2 * `len` hexadecimal digits. */
bool digest_parse(struct slice text, uint8_t *out, uint32_t len);

/** Equal without leaking by time where they differ. */
bool digest_same(const uint8_t *a, const uint8_t *b, uint32_t len);

#endif
