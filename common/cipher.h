/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-128: one block, and opening what AES-GCM sealed (libcrypto stays inside cipher.c and
 * digest.c). For the first packets of QUIC, whose keys everybody can derive.
 */
#ifndef TRAMGAC_COMMON_CIPHER_H
#define TRAMGAC_COMMON_CIPHER_H

#include "common/slice.h"

enum { CIPHER_KEY = 16, CIPHER_BLOCK = 16, CIPHER_IV = 12, CIPHER_TAG = 16 };

/** Encrypts one block. */
void cipher_block(const uint8_t key[CIPHER_KEY], const uint8_t in[CIPHER_BLOCK],
                  uint8_t out[CIPHER_BLOCK]);

/** Opens `sealed` (ciphertext and tag) into `out`, which has room for its length less the tag.
 * False when the tag does not fit, or without memory. */
bool cipher_open(const uint8_t key[CIPHER_KEY], const uint8_t iv[CIPHER_IV], struct slice extra,
                 struct slice sealed, uint8_t *out);

#endif
