/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fingerprints of TLS hellos: JA3 and JA3S (numbers of version, ciphers, extensions, groups, point
 * formats; MD5), JA4 of clients (FoxIO's published, BSD-licensed method; SHA-256 of sorted lists).
 * GREASE values (RFC 8701) are left out. Limits: LIST_MAX values a list, TEXT_MAX bytes a string.
 */
#include "sensor/app/tls_tx.h"

#include "common/digest.h"
#include "common/fmt.h"

enum {
    LIST_MAX = 256,
    TEXT_MAX = 8192,
    EXTENSION_SERVER_NAME = 0,
    EXTENSION_ALPN = 16,
    JA4_HASH_DIGITS = 12,
};

struct text {
    uint32_t len;
    char at[TEXT_MAX];
};

struct numbers {
    uint32_t n;
    uint16_t at[LIST_MAX];
};

static bool is_grease(uint16_t value)
{
    return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

static void add_number(struct numbers *list, uint16_t value)
{
    if (list->n < LIST_MAX && !is_grease(value))
        list->at[list->n++] = value;
}

static void numbers_of(struct slice values, struct numbers *list)
{
    struct cursor c = cursor_of(values);

    list->n = 0;
    while (cursor_left(&c) >= 2)
        add_number(list, cursor_be16(&c));
}

static void extension_types(struct slice extensions, struct numbers *list)
{
    struct cursor c = cursor_of(extensions);

    list->n = 0;
    while (cursor_left(&c) >= 4) {
        uint16_t type = cursor_be16(&c);
        cursor_skip(&c, cursor_be16(&c));
        if (!cursor_ok(&c))
            break;
        add_number(list, type);
    }
}

static void add_byte(struct text *text, char byte)
{
    if (text->len + 1 < TEXT_MAX)
        text->at[text->len++] = byte;
}

static void add_decimal(struct text *text, unsigned value)
{
    if (text->len + FMT_U64_MAX < TEXT_MAX)
        text->len += fmt_u64(&text->at[text->len], value);
}

static void add_list(struct text *text, const struct numbers *list)
{
    for (uint32_t i = 0; i < list->n; i++) {
        if (i)
            add_byte(text, '-');
        add_decimal(text, list->at[i]);
    }
}

static struct slice view(const struct text *text)
{
    return (struct slice){(const uint8_t *)text->at, text->len};
}

static struct slice md5_text(struct tx *tx, struct slice bytes)
{
    uint8_t digest[DIGEST_MAX];
    char hex[DIGEST_TEXT_MAX];
    digest_of(DIGEST_MD5, bytes, digest);
    digest_text(digest, digest_size(DIGEST_MD5), hex);
    return app_tx_keep(tx, slice_of_str(hex));
}

/* ---- JA4 ---------------------------------------------------------------------------------- */

static const char *version_text(uint16_t version)
{
    static const struct label names[] = {
        {0x0304, "13"}, {0x0303, "12"}, {0x0302, "11"}, {0x0301, "10"},
        {0x0300, "s3"}, {0x0002, "s2"}, {0, NULL},
    };
    for (const struct label *l = names; l->name; l++)
        if (l->value == version)
            return l->name;
    return "00";
}

static bool is_alnum(uint8_t b)
{
    return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z');
}

/* First and last character of the first protocol offered; of its hex form when not both are
 * letters or digits. */
static void alpn_text(const struct tls_hello *hello, char out[3])
{
    static const char digits[] = "0123456789abcdef";
    struct cursor c = cursor_of(hello->alpn);
    struct slice name = cursor_take(&c, cursor_u8(&c));

    memcpy(out, "00", 3);
    if (!name.len)
        return;
    uint8_t first = name.at[0], last = name.at[name.len - 1];
    bool plain = is_alnum(first) && is_alnum(last);
    out[0] = plain ? (char)first : digits[first >> 4];
    out[1] = plain ? (char)last : digits[last & 15];
}

/* By insertion: lists are short. */
static void sort(struct numbers *list)
{
    for (uint32_t i = 1; i < list->n; i++) {
        uint16_t value = list->at[i];
        uint32_t to = i;
        for (; to && list->at[to - 1] > value; to--)
            list->at[to] = list->at[to - 1];
        list->at[to] = value;
    }
}

static void add_hex_list(struct text *text, const struct numbers *list)
{
    static const char hex[] = "0123456789abcdef";

    for (uint32_t i = 0; i < list->n; i++) {
        if (i)
            add_byte(text, ',');
        for (uint32_t digit = 4; digit--;)
            add_byte(text, hex[list->at[i] >> 4 * digit & 15]);
    }
}

static void short_hash(const struct text *text, char out[JA4_HASH_DIGITS + 1])
{
    uint8_t digest[DIGEST_MAX];
    char hex[DIGEST_TEXT_MAX];

    memset(out, '0', JA4_HASH_DIGITS);
    out[JA4_HASH_DIGITS] = '\0';
    if (!text->len)
        return;
    digest_of(DIGEST_SHA256, view(text), digest);
    digest_text(digest, digest_size(DIGEST_SHA256), hex);
    memcpy(out, hex, JA4_HASH_DIGITS);
}

/* Sorts the ciphers. */
static struct slice ja4(struct tx *tx, const struct tls_hello *hello, struct numbers *ciphers,
                        const struct numbers *extensions, bool mark)
{
    struct numbers others, signatures;
    struct text text;
    char alpn[3], hash_b[JA4_HASH_DIGITS + 1], hash_c[JA4_HASH_DIGITS + 1], out[64];

    numbers_of(hello->signatures, &signatures);
    others.n = 0;
    alpn_text(hello, alpn);
    sort(ciphers);
    text.len = 0;
    add_hex_list(&text, ciphers);
    short_hash(&text, hash_b);
    for (uint32_t i = 0; i < extensions->n; i++)
        if (extensions->at[i] != EXTENSION_SERVER_NAME && extensions->at[i] != EXTENSION_ALPN)
            add_number(&others, extensions->at[i]);
    sort(&others);
    text.len = 0;
    add_hex_list(&text, &others);
    if ((text.len && signatures.n) || mark) {
        text.at[text.len++] = '_';
        add_hex_list(&text, &signatures);
    }
    short_hash(&text, hash_c);
    int n = fmt_text(out, sizeof out, "%c%s%c%02u%02u%s_%s_%s", tx->proto->l4 & L4_UDP ? 'q' : 't',
                     version_text(hello->top_version), hello->has_server_name ? 'd' : 'i',
                     ciphers->n < 99 ? ciphers->n : 99, extensions->n < 99 ? extensions->n : 99,
                     alpn, hash_b, hash_c);
    return n > 0 ? app_tx_keep(tx, slice_of_str(out)) : SLICE_NONE;
}

/* ---- both --------------------------------------------------------------------------------- */

void tls_finger_client(struct tx *tx, const struct tls_hello *hello)
{
    struct tls_tx *tls = tx_data(tx);
    struct numbers ciphers, groups, extensions;
    struct text text;
    struct cursor formats = cursor_of(hello->point_formats);

    numbers_of(hello->ciphers, &ciphers);
    numbers_of(hello->groups, &groups);
    extension_types(hello->extensions, &extensions);
    text.len = 0;
    add_decimal(&text, hello->version);
    add_byte(&text, ',');
    add_list(&text, &ciphers);
    add_byte(&text, ',');
    add_list(&text, &extensions);
    add_byte(&text, ',');
    add_list(&text, &groups);
    add_byte(&text, ',');
    for (bool first = true; cursor_left(&formats); first = false) {
        if (!first)
            add_byte(&text, '-');
        add_decimal(&text, cursor_u8(&formats));
    }
    tls->ja3 = app_tx_keep(tx, view(&text));
    tls->ja3_hash = md5_text(tx, view(&text));
    tls->ja4 = ja4(tx, hello, &ciphers, &extensions, tls->ja4_mark);
}

void tls_finger_server(struct tx *tx, const struct tls_hello *hello)
{
    struct tls_tx *tls = tx_data(tx);
    struct numbers ciphers, extensions;
    struct text text;

    numbers_of(hello->ciphers, &ciphers);
    extension_types(hello->extensions, &extensions);
    text.len = 0;
    add_decimal(&text, hello->version);
    add_byte(&text, ',');
    add_list(&text, &ciphers);
    add_byte(&text, ',');
    add_list(&text, &extensions);
    tls->ja3s = app_tx_keep(tx, view(&text));
    tls->ja3s_hash = md5_text(tx, view(&text));
}
