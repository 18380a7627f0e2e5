/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only file that knows libsodium.
 */
#include "analyzer/record/secret.h"
#include "common/check.h"

#include <sodium.h>

enum { SECRET_PASSES = 2, SECRET_MEMORY = 64 << 20 };

static void ready(void)
{
    CHECK(sodium_init() >= 0);
}

enum err secret_hash(struct slice password, char out[SECRET_HASH_MAX])
{
    _Static_assert(SECRET_HASH_MAX >= crypto_pwhash_STRBYTES, "room for the text form");

    ready();
    if (password.len < SECRET_PASSWORD_MIN || password.len > SECRET_PASSWORD_MAX)
        return ERR_INPUT;
    int code = crypto_pwhash_argon2id_str(out, (const char *)password.at, password.len,
                                          SECRET_PASSES, SECRET_MEMORY);
    return code == 0 ? ERR_OK : ERR_NOMEM;
}

bool secret_fits(const char *hash, struct slice password)
{
    /* Of a password nobody has: verifying it takes as long as any other. */
    static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                                 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    ready();
    if (password.len > SECRET_PASSWORD_MAX)
        return false;
    const char *text = password.len ? (const char *)password.at : "";
    int code = crypto_pwhash_str_verify(*hash ? hash : nobody, text, password.len);
    return code == 0 && *hash;
}

void secret_random(uint8_t *out, uint32_t len)
{
    randombytes_buf(out, len);
}

void secret_token(char out[SECRET_TOKEN_MAX])
{
    uint8_t bytes[32];

    ready();
    randombytes_buf(bytes, sizeof(bytes));
    sodium_bin2hex(out, SECRET_TOKEN_MAX, bytes, sizeof(bytes));
    sodium_memzero(bytes, sizeof(bytes));
}

void secret_password(char out[32])
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    uint32_t at = 0;

    ready();
    for (uint32_t i = 0; i < 16; i++) {
        if (i && i % 4 == 0)
            out[at++] = '-';
        out[at++] = letters[randombytes_uniform(sizeof(letters) - 1)];
    }
    out[at] = '\0';
}

void secret_sha256(struct slice bytes, char out[SECRET_DIGEST_MAX])
{
    uint8_t digest[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(digest, bytes.at, bytes.len);
    sodium_bin2hex(out, SECRET_DIGEST_MAX, digest, sizeof(digest));
}

void secret_hmac(struct slice key, struct slice bytes, char out[SECRET_DIGEST_MAX])
{
    crypto_auth_hmacsha256_state state;
    uint8_t digest[crypto_auth_hmacsha256_BYTES];

    crypto_auth_hmacsha256_init(&state, key.at, key.len);
    crypto_auth_hmacsha256_update(&state, bytes.at, bytes.len);
    crypto_auth_hmacsha256_final(&state, digest);
    sodium_bin2hex(out, SECRET_DIGEST_MAX, digest, sizeof(digest));
}

bool secret_same(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || sodium_memcmp(a.at, b.at, a.len) == 0);
}
