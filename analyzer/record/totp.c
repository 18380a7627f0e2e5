/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/record/totp.h"

#include "analyzer/record/secret.h"
#include "common/clock.h"
#include "common/digest.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK = 64, KEY_BYTES = 20 };

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

void totp_secret(const uint8_t random[KEY_BYTES], char out[TOTP_SECRET_MAX])
{
    uint32_t at = 0, bits = 0, value = 0;

    for (uint32_t i = 0; i < KEY_BYTES; i++) {
        value = (value << 8 | random[i]) & 0xffff;
        for (bits += 8; bits >= 5; bits -= 5)
            out[at++] = letters[value >> (bits - 5) & 31];
    }
    out[at] = '\0';
}

static bool decode(const char *text, uint8_t out[KEY_BYTES])
{
    uint32_t at = 0, bits = 0, value = 0;

    for (; *text; text++) {
        const char *letter = strchr(letters, *text);
        if (!letter || at == KEY_BYTES)
            return false;
        value = (value << 5 | (uint32_t)(letter - letters)) & 0xffff;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            out[at++] = (uint8_t)(value >> bits);
        }
    }
    return at == KEY_BYTES;
}

/* HMAC-SHA1 (RFC 2104) of a key that is shorter than a block. */
static void hmac(const uint8_t key[KEY_BYTES], const uint8_t *bytes, uint32_t len,
                 uint8_t out[DIGEST_MAX])
{
    uint8_t pad[2][BLOCK];
    struct digest d;

    memset(pad[0], 0x36, BLOCK);
    memset(pad[1], 0x5c, BLOCK);
    for (uint32_t i = 0; i < KEY_BYTES; i++) {
        pad[0][i] ^= key[i];
        pad[1][i] ^= key[i];
    }
    digest_init(&d, DIGEST_SHA1);
    digest_update(&d, (struct slice){pad[0], BLOCK});
    digest_update(&d, (struct slice){bytes, len});
    digest_final(&d, out);
    digest_init(&d, DIGEST_SHA1);
    digest_update(&d, (struct slice){pad[1], BLOCK});
    digest_update(&d, (struct slice){out, 20});
    digest_final(&d, out);
}

bool totp_code(const char *secret, int64_t step, char out[7])
{
    uint8_t key[KEY_BYTES], counter[8], mac[DIGEST_MAX];

    if (!decode(secret, key))
        return false;
    for (uint32_t i = 0; i < 8; i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    hmac(key, counter, 8, mac);
    uint32_t at = mac[19] & 15;
    uint32_t number = (uint32_t)(mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 |
                      (uint32_t)mac[at + 2] << 8 | mac[at + 3];
    snprintf(out, 7, "%06u", number % 1000000);
    return true;
}

int64_t totp_accept(const char *secret, struct slice code, uint64_t now_ns, int64_t last)
{
    int64_t now = (int64_t)(now_ns / CLOCK_S / TOTP_STEP_S), found = 0;
    char want[7];

    for (int64_t step = now - 1; step <= now + 1; step++) {
        if (step > last && totp_code(secret, step, want) && secret_same(slice_of_str(want), code))
            found = step;
    }
    return found;
}
