/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uses libcrypto's plain contexts: they need neither its configuration files nor its providers,
 * which a sandboxed worker could not load any more. Where the processor has AES, its instructions
 * take the blocks: the plain contexts use tables, thirty times as slow.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/cipher.h"

#include <openssl/aes.h>
#include <openssl/modes.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { ROUNDS = 10 };

union schedule {
    AES_KEY plain;
#if defined(__x86_64__)
    __m128i round[ROUNDS + 1];
#endif
};

static void block(const unsigned char in[16], unsigned char out[16], const void *key)
{
    AES_encrypt(in, out, key);
}

#if defined(__x86_64__)
__attribute__((target("aes"))) static void block_fast(const unsigned char in[16],
                                                      unsigned char out[16], const void *key)
{
    const __m128i *round = key;
    __m128i x = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)in), round[0]);

    for (uint32_t i = 1; i < ROUNDS; i++)
        x = _mm_aesenc_si128(x, round[i]);
    x = _mm_aesenclast_si128(x, round[ROUNDS]);
    _mm_storeu_si128((__m128i *)(void *)out, x);
}

/* FIPS 197, 5.2: the next round's key from this one's, and the processor's help with it. */
__attribute__((target("aes"))) static __m128i next_round(__m128i key, __m128i help)
{
    for (uint32_t i = 0; i < 3; i++)
        key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    return _mm_xor_si128(key, _mm_shuffle_epi32(help, 0xff));
}

#define NEXT_ROUND(i, constant)                                                                    \
    round[i] = next_round(round[(i)-1], _mm_aeskeygenassist_si128(round[(i)-1], constant))

__attribute__((target("aes"))) static void set_key_fast(const uint8_t *key, __m128i *round)
{
    round[0] = _mm_loadu_si128((const __m128i *)(const void *)key);
    NEXT_ROUND(1, 0x01);
    NEXT_ROUND(2, 0x02);
    NEXT_ROUND(3, 0x04);
    NEXT_ROUND(4, 0x08);
    NEXT_ROUND(5, 0x10);
    NEXT_ROUND(6, 0x20);
    NEXT_ROUND(7, 0x40);
    NEXT_ROUND(8, 0x80);
    NEXT_ROUND(9, 0x1b);
    NEXT_ROUND(10, 0x36);
}
#endif

/* Returns what turns blocks under this key. */
static block128_f set_key(const uint8_t *key, union schedule *schedule)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("aes")) {
        set_key_fast(key, schedule->round);
        return block_fast;
    }
#endif
    AES_set_encrypt_key(key, CIPHER_KEY * 8, &schedule->plain);
    return block;
}

void cipher_block(const uint8_t key[CIPHER_KEY], const uint8_t in[CIPHER_BLOCK],
                  uint8_t out[CIPHER_BLOCK])
{
    union schedule schedule;

    set_key(key, &schedule)(in, out, &schedule);
}

bool cipher_open(const uint8_t key[CIPHER_KEY], const uint8_t iv[CIPHER_IV], struct slice extra,
                 struct slice sealed, uint8_t *out)
{
    union schedule schedule;

    if (sealed.len < CIPHER_TAG)
        return false;
    block128_f turn = set_key(key, &schedule);
    GCM128_CONTEXT *gcm = CRYPTO_gcm128_new(&schedule, turn);
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
