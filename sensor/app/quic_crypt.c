/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protection of QUIC's Initial packets (RFC 9001, section 5; RFC 9369 for version 2; drafts 23 and
 * later). Their keys follow from what the client sends in clear, so that anybody may look.
 */
#include "sensor/app/quic_tx.h"

#include "common/cipher.h"
#include "common/digest.h"

enum { SALT_BYTES = 20, SECRET_BYTES = 32, LABEL_MAX = 64, HEADER_MAX = 2048, SAMPLE_AT = 4 };

struct scheme {
    uint32_t first, last; /* versions */
    uint8_t salt[SALT_BYTES];
    bool second; /* labels of version 2 */
};

static const struct scheme schemes[] = {
    {0xff000017,
     0xff00001c, /* drafts 23 to 28 */
     {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
      0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02},
     false},
    {0xfaceb002,
     0xfaceb002, /* Facebook's draft 27 */
     {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
      0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02},
     false},
    {0xff00001d,
     0xff000020, /* drafts 29 to 32 */
     {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
      0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99},
     false},
    {0xff000021,
     0xff000022, /* drafts 33 and 34 */
     {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
      0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
     false},
    {1,
     1,
     {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
      0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
     false},
    {0x6b3343cf,
     0x6b3343cf,
     {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
      0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
     true},
};

/* HKDF-Expand-Label (RFC 8446, section 7.1) of at most one block of SHA-256. */
static void expand(const uint8_t secret[SECRET_BYTES], const char *label, uint8_t *out, uint8_t len)
{
    uint8_t info[LABEL_MAX], block[DIGEST_MAX];
    struct slice name = slice_of_str(label);
    uint32_t n = 0;

    info[n++] = 0;
    info[n++] = len;
    info[n++] = (uint8_t)(6 + name.len);
    memcpy(&info[n], "tls13 ", 6);
    memcpy(&info[n + 6], name.at, name.len);
    n += 6 + name.len;
    info[n++] = 0; /* no context */
    info[n++] = 1; /* first block */
    digest_hmac_sha256((struct slice){secret, SECRET_BYTES}, (struct slice){info, n}, block);
    memcpy(out, block, len);
}

bool quic_crypt_keys(struct quic_keys *keys, uint32_t version, struct slice id)
{
    static const char *const sides[] = {[TO_SERVER] = "client in", [TO_CLIENT] = "server in"};
    uint8_t initial[DIGEST_MAX], secret[SECRET_BYTES];

    for (uint32_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        const struct scheme *s = &schemes[i];
        if (version < s->first || version > s->last)
            continue;
        digest_hmac_sha256((struct slice){s->salt, SALT_BYTES}, id, initial);
        for (uint32_t dir = 0; dir < 2; dir++) {
            expand(initial, sides[dir], secret, SECRET_BYTES);
            expand(secret, s->second ? "quicv2 key" : "quic key", keys->key[dir], CIPHER_KEY);
            expand(secret, s->second ? "quicv2 iv" : "quic iv", keys->iv[dir], CIPHER_IV);
            expand(secret, s->second ? "quicv2 hp" : "quic hp", keys->mask[dir], CIPHER_KEY);
        }
        keys->set = true;
        return true;
    }
    return false;
}

bool quic_crypt_open(const struct quic_keys *keys, enum dir dir, struct slice packet,
                     uint32_t number_at, uint8_t *out, struct slice *payload)
{
    uint8_t mask[CIPHER_BLOCK], header[HEADER_MAX], iv[CIPHER_IV];
    struct slice sample = slice_head(slice_from(packet, number_at + SAMPLE_AT), CIPHER_BLOCK);

    if (sample.len < CIPHER_BLOCK || number_at + 4 > HEADER_MAX)
        return false;
    cipher_block(keys->mask[dir], sample.at, mask);
    memcpy(header, packet.at, number_at + 4);
    header[0] = (uint8_t)(header[0] ^ (mask[0] & 0x0f));
    uint32_t number_len = (header[0] & 3u) + 1;
    memcpy(iv, keys->iv[dir], sizeof iv);
    for (uint32_t i = 0; i < number_len; i++) {
        header[number_at + i] ^= mask[1 + i];
        iv[CIPHER_IV - number_len + i] ^= header[number_at + i];
    }
    struct slice sealed = slice_from(packet, number_at + number_len);
    if (!cipher_open(keys->key[dir], iv, (struct slice){header, number_at + number_len}, sealed,
                     out))
        return false;
    *payload = (struct slice){out, sealed.len - CIPHER_TAG};
    return true;
}
