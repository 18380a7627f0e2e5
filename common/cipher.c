/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uses libcrypto's plain contexts: they need neither its configuration files nor its providers,
 * which a sandboxed worker could not load any more.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/cipher.h"

#include <openssl/aes.h>
#include <openssl/modes.h>

static void block(const unsigned char in[16], unsigned char out[16], const void *key)
{
    AES_encrypt(in, out, key);
}

void cipher_block(const uint8_t key[CIPHER_KEY], const uint8_t in[CIPHER_BLOCK],
                  uint8_t out[CIPHER_BLOCK])
{
    AES_KEY schedule;

    AES_set_encrypt_key(key, CIPHER_KEY * 8, &schedule);
    AES_encrypt(in, out, &schedule);
}

bool cipher_open(const uint8_t key[CIPHER_KEY], const uint8_t iv[CIPHER_IV], struct slice extra,
                 struct slice sealed, uint8_t *out)
{
    AES_KEY schedule;

    if (sealed.len < CIPHER_TAG)
        return false;
    AES_set_encrypt_key(key, CIPHER_KEY * 8, &schedule);
    GCM128_CONTEXT *gcm = CRYPTO_gcm128_new(&schedule, block);
    if (!gcm)
        return false;
    uint32_t len = sealed.len - CIPHER_TAG;
    CRYPTO_gcm128_setiv(gcm, iv, CIPHER_IV);
    bool good = CRYPTO_gcm128_aad(gcm, extra.at, extra.len) == 0 &&
                CRYPTO_gcm128_decrypt(gcm, sealed.at, out, len) == 0 &&
                CRYPTO_gcm128_finish(gcm, sealed.at + len, CIPHER_TAG) == 0;
    CRYPTO_gcm128_release(gcm);
    return good;
}
