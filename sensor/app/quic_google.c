/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Google's QUIC before the RFC (versions Q0xx): its client hello is a table of tags in a stream
 * frame of the first packet. Source: "QUIC Crypto" and "QUIC Wire Layout Specification", 2016.
 * CYU fingerprint: version and tags in order, "46,PAD-SNI-…", and its MD5.
 * Limits: TAGS_MAX tags.
 */
#include "sensor/app/quic_tx.h"

#include "common/digest.h"

#include <stdio.h>

enum { TAGS_MAX = 128, TEXT_MAX = 8 + TAGS_MAX * 5, FRAME_STREAM = 0x80, TAG_BYTES = 4 };

static uint32_t little(struct slice s)
{
    uint32_t value = 0;
    for (uint32_t i = s.len; i > 0; i--)
        value = value << 8 | s.at[i - 1];
    return value;
}

/* A tag without the zero bytes that fill it up. */
static struct slice tag_name(struct slice tag)
{
    while (tag.len && tag.at[tag.len - 1] == 0)
        tag.len--;
    return tag;
}

static void add_cyu(struct app *app, struct tx *tx, const char *text, uint32_t len)
{
    struct quic_tx *quic = tx_data(tx);
    uint8_t digest[DIGEST_MAX];
    char hex[DIGEST_TEXT_MAX];
    struct slice string = {(const uint8_t *)text, len};
    struct quic_cyu *cyu = app_append(app, tx, &quic->cyus, sizeof *cyu);

    if (!cyu)
        return;
    digest_of(DIGEST_MD5, string, digest);
    digest_text(digest, digest_size(DIGEST_MD5), hex);
    cyu->string = app_keep(app, tx, string);
    cyu->hash = app_keep(app, tx, slice_of_str(hex));
}

/* "CHLO", number of tags, then tag and end of its value each, then the values. */
static void read_hello(struct app *app, struct tx *tx, struct slice message)
{
    struct quic_tx *quic = tx_data(tx);
    struct cursor c = cursor_of(message);
    char text[TEXT_MAX];
    uint32_t from = 0;

    if (!slice_eq(cursor_take(&c, TAG_BYTES), SLICE_LIT("CHLO")))
        return;
    uint32_t n = little(cursor_take(&c, 2));
    cursor_skip(&c, 2);
    struct cursor table = cursor_of(cursor_take(&c, n <= TAGS_MAX ? n * 8 : UINT32_MAX));
    struct slice values = cursor_rest(&c);
    struct slice version = slice_tail(quic->version_bytes, 2);
    int len = snprintf(text, sizeof text, "%.*s", (int)version.len, (const char *)version.at);
    for (uint32_t i = 0; cursor_left(&table) >= 8 && len >= 0 && len < TEXT_MAX; i++) {
        struct slice tag = tag_name(cursor_take(&table, TAG_BYTES));
        uint32_t to = little(cursor_take(&table, TAG_BYTES));
        struct slice value =
            to >= from ? slice_head(slice_from(values, from), to - from) : SLICE_NONE;
        len += snprintf(&text[len], sizeof text - (size_t)len, "%c%.*s", i ? '-' : ',',
                        (int)tag.len, (const char *)tag.at);
        if (slice_eq(tag, SLICE_LIT("SNI")))
            quic->tls.server_name = app_keep(app, tx, value);
        else if (slice_eq(tag, SLICE_LIT("UAID")))
            quic->user_agent = app_keep(app, tx, value);
        from = to;
    }
    if (n && version.len && len > 0 && len < TEXT_MAX)
        add_cyu(app, tx, text, (uint32_t)len);
}

void quic_google_read(struct app *app, struct tx *tx, struct slice frames)
{
    struct cursor c = cursor_of(frames);

    while (cursor_left(&c)) {
        uint8_t type = cursor_u8(&c);
        if (!(type & FRAME_STREAM))
            return; /* acknowledgements and padding come behind what matters */
        uint32_t offset_bits = type >> 2 & 7;
        cursor_skip(&c, (type & 3u) + 1);
        cursor_skip(&c, offset_bits ? offset_bits + 1 : 0);
        uint32_t length = type & 0x20 ? cursor_be16(&c) : cursor_left(&c);
        struct slice data = cursor_take(&c, length);
        if (!cursor_ok(&c))
            return;
        read_hello(app, tx, data);
    }
}
