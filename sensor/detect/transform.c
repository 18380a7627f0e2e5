/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/transform.h"

#include "common/digest.h"
#include "common/suffix.h"

static uint32_t bounded(uint32_t n)
{
    return n < TRANSFORM_ROOM ? n : TRANSFORM_ROOM;
}

uint32_t transform_copy(struct slice in, uint8_t *out)
{
    uint32_t n = bounded(in.len);
    if (n)
        memcpy(out, in.at, n);
    return n;
}

static uint32_t dotprefix(struct slice in, const struct transform_use *use, uint8_t *out)
{
    (void)use;
    out[0] = '.';
    return 1 + transform_copy(in, out + 1);
}

static uint32_t to_lowercase(struct slice in, const struct transform_use *use, uint8_t *out)
{
    (void)use;
    uint32_t n = bounded(in.len);
    for (uint32_t i = 0; i < n; i++)
        out[i] = in.at[i] >= 'A' && in.at[i] <= 'Z' ? in.at[i] | 32 : in.at[i];
    return n;
}

static uint32_t to_uppercase(struct slice in, const struct transform_use *use, uint8_t *out)
{
    (void)use;
    uint32_t n = bounded(in.len);
    for (uint32_t i = 0; i < n; i++)
        out[i] = in.at[i] >= 'a' && in.at[i] <= 'z' ? (uint8_t)(in.at[i] - 32) : in.at[i];
    return n;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static uint32_t strip_whitespace(struct slice in, const struct transform_use *use, uint8_t *out)
{
    (void)use;
    uint32_t n = 0;
    for (uint32_t i = 0; i < bounded(in.len); i++) {
        if (!is_blank(in.at[i]))
            out[n++] = in.at[i];
    }
    return n;
}

static uint32_t compress_whitespace(struct slice in, const struct transform_use *use, uint8_t *out)
{
    (void)use;
    uint32_t n = 0;
    for (uint32_t i = 0; i < bounded(in.len); i++) {
        if (!is_blank(in.at[i]) || i == 0 || !is_blank(in.at[i - 1]))
            out[n++] = in.at[i];
    }
    return n;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static uint32_t url_decode(struct slice in, const struct transform_use *use, uint8_t *out)
{
    (void)use;
    uint32_t n = 0, end = bounded(in.len);
    for (uint32_t i = 0; i < end; i++) {
        uint8_t c = in.at[i];
        if (c == '%' && i + 2 < end && hex_digit(in.at[i + 1]) >= 0 &&
            hex_digit(in.at[i + 2]) >= 0) {
            c = (uint8_t)(hex_digit(in.at[i + 1]) << 4 | hex_digit(in.at[i + 2]));
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        out[n++] = c;
    }
    return n;
}

static uint32_t xor_key(struct slice in, const struct transform_use *use, uint8_t *out)
{
    uint32_t keys = use->arg.len / 2, n = bounded(in.len);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = i % keys;
        out[i] = in.at[i] ^
                 (uint8_t)(hex_digit(use->arg.at[2 * k]) << 4 | hex_digit(use->arg.at[2 * k + 1]));
    }
    return n;
}

static bool xor_read(struct transform_use *use)
{
    for (uint32_t i = 0; i < use->arg.len; i++) {
        if (hex_digit(use->arg.at[i]) < 0)
            return false;
    }
    return use->arg.len > 1 && use->arg.len % 2 == 0;
}

/* "Name: value\r\n" lines: names in lower case. */
static uint32_t header_lowercase(struct slice in, const struct transform_use *use, uint8_t *out)
{
    (void)use;
    bool name = true;
    uint32_t n = bounded(in.len);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t c = in.at[i];
        name = c == '\n' ? true : c == ':' ? false : name;
        out[i] = name && c >= 'A' && c <= 'Z' ? c | 32 : c;
    }
    return n;
}

/* Lines that begin with ':' (HTTP/2's own headers) are taken out. */
static uint32_t strip_pseudo(struct slice in, const struct transform_use *use, uint8_t *out)
{
    (void)use;
    bool drop = false, first = true;
    uint32_t n = 0;
    for (uint32_t i = 0; i < bounded(in.len); i++) {
        if (first)
            drop = in.at[i] == ':';
        if (!drop)
            out[n++] = in.at[i];
        first = in.at[i] == '\n';
    }
    return n;
}

static uint32_t to_digest(struct slice in, enum digest_kind kind, uint8_t *out)
{
    uint8_t digest[DIGEST_MAX];

    digest_of(kind, in, digest);
    memcpy(out, digest, digest_size(kind));
    return digest_size(kind);
}

static uint32_t to_md5(struct slice in, const struct transform_use *use, uint8_t *out)
{
    (void)use;
    return to_digest(in, DIGEST_MD5, out);
}

static uint32_t to_sha1(struct slice in, const struct transform_use *use, uint8_t *out)
{
    (void)use;
    return to_digest(in, DIGEST_SHA1, out);
}

static uint32_t to_sha256(struct slice in, const struct transform_use *use, uint8_t *out)
{
    (void)use;
    return to_digest(in, DIGEST_SHA256, out);
}

/* Of a name without such a part, all of it. */
static uint32_t part_of(struct slice name, struct slice part, uint8_t *out)
{
    return transform_copy(part.len ? part : name, out);
}

static uint32_t domain(struct slice in, const struct transform_use *use, uint8_t *out)
{
    (void)use;
    return part_of(in, suffix_registered(in), out);
}

static uint32_t tld(struct slice in, const struct transform_use *use, uint8_t *out)
{
    (void)use;
    return part_of(in, suffix_public(in), out);
}

const struct transform_def transform_table[] = {
    {"dotprefix", dotprefix, NULL},
    {"to_lowercase", to_lowercase, NULL},
    {"to_uppercase", to_uppercase, NULL},
    {"strip_whitespace", strip_whitespace, NULL},
    {"compress_whitespace", compress_whitespace, NULL},
    {"url_decode", url_decode, NULL},
    {"xor", xor_key, xor_read},
    {"header_lowercase", header_lowercase, NULL},
    {"strip_pseudo_headers", strip_pseudo, NULL},
    {"to_md5", to_md5, NULL},
    {"to_sha1", to_sha1, NULL},
    {"to_sha256", to_sha256, NULL},
    {"domain", domain, NULL},
    {"tld", tld, NULL},
    {"from_base64", transform_base64, transform_read_base64},
    {"gunzip", transform_gunzip, transform_read_inflate},
    {"zlib_deflate", transform_zlib, transform_read_inflate},
    {"pcrexform", NULL, NULL},
    {NULL, NULL, NULL},
};
