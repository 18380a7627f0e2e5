/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uses libcrypto's plain contexts: they are values, where the newer interface allocates for each
 * digest, and files are hashed on the packet path.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/digest.h"
#include "common/check.h"

#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

_Static_assert(sizeof(MD5_CTX) <= sizeof(((struct digest *)0)->state), "MD5 state fits");
_Static_assert(sizeof(SHA_CTX) <= sizeof(((struct digest *)0)->state), "SHA-1 state fits");
_Static_assert(sizeof(SHA256_CTX) <= sizeof(((struct digest *)0)->state), "SHA-256 state fits");

uint32_t digest_size(enum digest_kind kind)
{
    static const uint32_t sizes[] = {16, 20, 32};
    return sizes[kind];
}

void digest_init(struct digest *digest, enum digest_kind kind)
{
    void *state = digest->state;

    digest->kind = kind;
    switch (kind) {
    case DIGEST_MD5:
        CHECK(MD5_Init(state));
        break;
    case DIGEST_SHA1:
        CHECK(SHA1_Init(state));
        break;
    case DIGEST_SHA256:
        CHECK(SHA256_Init(state));
        break;
    }
}

void digest_update(struct digest *digest, struct slice bytes)
{
    void *state = digest->state;

    if (bytes.len == 0)
        return;
    switch (digest->kind) {
    case DIGEST_MD5:
        MD5_Update(state, bytes.at, bytes.len);
        break;
    case DIGEST_SHA1:
        SHA1_Update(state, bytes.at, bytes.len);
        break;
    case DIGEST_SHA256:
        SHA256_Update(state, bytes.at, bytes.len);
        break;
    }
}

void digest_final(struct digest *digest, uint8_t out[DIGEST_MAX])
{
    void *state = digest->state;

    switch (digest->kind) {
    case DIGEST_MD5:
        MD5_Final(out, state);
        break;
    case DIGEST_SHA1:
        SHA1_Final(out, state);
        break;
    case DIGEST_SHA256:
        SHA256_Final(out, state);
        break;
    }
}

void digest_of(enum digest_kind kind, struct slice bytes, uint8_t out[DIGEST_MAX])
{
    struct digest digest;

    digest_init(&digest, kind);
    digest_update(&digest, bytes);
    digest_final(&digest, out);
}

/* RFC 2104, on plain contexts: HMAC() of the library looks its own parts up by name each time. */
void digest_hmac_sha256(struct slice key, struct slice bytes, uint8_t out[DIGEST_MAX])
{
    uint8_t inner[SHA256_CBLOCK] = {0}, outer[SHA256_CBLOCK];
    struct digest digest;

    if (key.len > sizeof(inner))
        digest_of(DIGEST_SHA256, key, inner);
    else if (key.len)
        memcpy(inner, key.at, key.len);
    for (uint32_t i = 0; i < sizeof(inner); i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
    digest_init(&digest, DIGEST_SHA256);
    digest_update(&digest, (struct slice){inner, sizeof(inner)});
    digest_update(&digest, bytes);
    digest_final(&digest, out);
    digest_init(&digest, DIGEST_SHA256);
    digest_update(&digest, (struct slice){outer, sizeof(outer)});
    digest_update(&digest, (struct slice){out, SHA256_DIGEST_LENGTH});
    digest_final(&digest, out);
}

void digest_text(const uint8_t *bytes, uint32_t len, char out[DIGEST_TEXT_MAX])
{
    static const char hex[] = "0123456789abcdef";

    CHECK(len <= DIGEST_MAX);
    for (uint32_t i = 0; i < len; i++) {
        out[2 * i] = hex[bytes[i] >> 4];
        out[2 * i + 1] = hex[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

static int nibble(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_parse(struct slice text, uint8_t *out, uint32_t len)
{
    if (text.len != 2 * (uint64_t)len)
        return false;
    for (uint32_t i = 0; i < len; i++) {
        int high = nibble(text.at[2 * i]);
        int low = nibble(text.at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool digest_same(const uint8_t *a, const uint8_t *b, uint32_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
