/* SPDX-License-Identifier: Apache-2.0 */
/* "tram gac " forty times, as gzip, zlib, zstd, lz4 and Brotli tools wrote it. */
#include "common/compress.h"
#include "common/inflate.h"
#include "common/unbrotli.h"
#include "common/unlz4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* clang-format off */
static const uint8_t as_gzip[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2b, 0x29, 0x4a, 0xcc, 0x55, 0x48, 0x4f, 0x4c, 0x56, 0x28, 0x19, 0x65, 0xd0, 0x92, 0x01, 0x00, 0x0b, 0xeb, 0x92, 0xbd, 0x68, 0x01, 0x00, 0x00};
static const uint8_t as_zlib[] = {0x78, 0xda, 0x2b, 0x29, 0x4a, 0xcc, 0x55, 0x48, 0x4f, 0x4c, 0x56, 0x28, 0x19, 0x65, 0xd0, 0x92, 0x01, 0x00, 0x49, 0x54, 0x7c, 0xd9};
static const uint8_t as_raw[] = {0x2b, 0x29, 0x4a, 0xcc, 0x55, 0x48, 0x4f, 0x4c, 0x56, 0x28, 0x19, 0x65, 0xd0, 0x92, 0x01, 0x00};
static const uint8_t as_zstd[] = {0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x85, 0x00, 0x00, 0x48, 0x74, 0x72, 0x61, 0x6d, 0x20, 0x67, 0x61, 0x63, 0x20, 0x01, 0x00, 0x5c, 0x54, 0xcb, 0x11, 0x3d, 0x1f, 0xf1, 0xf2};
static const uint8_t as_lz4[] = {0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7, 0x14, 0x00, 0x00, 0x00, 0x9f, 0x74, 0x72, 0x61, 0x6d, 0x20, 0x67, 0x61, 0x63, 0x20, 0x09, 0x00, 0xff, 0x48, 0x50, 0x20, 0x67, 0x61, 0x63, 0x20, 0x00, 0x00, 0x00, 0x00, 0xe7, 0xaf, 0x28, 0x9d};
static const uint8_t as_brotli[] = {0x1b, 0x67, 0x01, 0xf8, 0x8d, 0x94, 0xa9, 0xe3, 0x5b, 0x8f, 0x9d, 0xb5, 0xd1, 0x49, 0x90, 0x30, 0xb9, 0xe0, 0x2d, 0x18, 0x98, 0xf1, 0xc5, 0x00};
/* clang-format on */

enum { PLAIN = 360 };

typedef enum err feed_fn(void *decoder, struct slice *in, uint8_t *out, uint32_t room,
                         uint32_t *got);

static enum err feed_inflate(void *d, struct slice *in, uint8_t *out, uint32_t room, uint32_t *got)
{
    return inflate_feed(d, in, out, room, got);
}

static enum err feed_brotli(void *d, struct slice *in, uint8_t *out, uint32_t room, uint32_t *got)
{
    return unbrotli_feed(d, in, out, room, got);
}

static enum err feed_lz4(void *d, struct slice *in, uint8_t *out, uint32_t room, uint32_t *got)
{
    return unlz4_feed(d, in, out, room, got);
}

static enum err feed_zstd(void *d, struct slice *in, uint8_t *out, uint32_t room, uint32_t *got)
{
    return compress_stream_feed(d, in, out, room, got);
}

static void *new_gzip(void)
{
    return inflate_new(INFLATE_GZIP);
}

static void *new_zlib(void)
{
    return inflate_new(INFLATE_ZLIB);
}

static void *new_raw(void)
{
    return inflate_new(INFLATE_RAW);
}

static void *new_http(void)
{
    return inflate_new(INFLATE_HTTP);
}

static void *new_brotli(void)
{
    return unbrotli_new();
}

static void *new_lz4(void)
{
    return unlz4_new();
}

static void *new_zstd(void)
{
    return compress_stream_new(true);
}

static void free_inflate(void *d)
{
    struct inflate *i = d;
    inflate_free(&i);
}

static void free_brotli(void *d)
{
    struct unbrotli *b = d;
    unbrotli_free(&b);
}

static void free_lz4(void *d)
{
    struct unlz4 *l = d;
    unlz4_free(&l);
}

static void free_zstd(void *d)
{
    struct compress_stream *s = d;
    compress_stream_free(&s);
}

#define BYTES(array)                                                                               \
    {                                                                                              \
        (array), sizeof(array)                                                                     \
    }

static const struct {
    const char *name;
    struct slice packed;
    void *(*make)(void);
    feed_fn *feed;
    void (*free)(void *);
} codecs[] = {
    {"gzip", BYTES(as_gzip), new_gzip, feed_inflate, free_inflate},
    {"zlib", BYTES(as_zlib), new_zlib, feed_inflate, free_inflate},
    {"raw", BYTES(as_raw), new_raw, feed_inflate, free_inflate},
    {"http zlib", BYTES(as_zlib), new_http, feed_inflate, free_inflate},
    {"http raw", BYTES(as_raw), new_http, feed_inflate, free_inflate},
    {"brotli", BYTES(as_brotli), new_brotli, feed_brotli, free_brotli},
    {"lz4", BYTES(as_lz4), new_lz4, feed_lz4, free_lz4},
    {"zstd", BYTES(as_zstd), new_zstd, feed_zstd, free_zstd},
};
enum { CODECS = sizeof(codecs) / sizeof(codecs[0]) };

/* Feeds `in` in pieces of `piece` bytes with `room` bytes of output at a time. */
static enum err unpack(uint32_t codec, struct slice in, uint32_t piece, uint32_t room, uint8_t *out,
                       uint32_t *len)
{
    void *decoder = codecs[codec].make();
    enum err err = ERR_OK;

    *len = 0;
    while (in.len && !err) {
        struct slice part = slice_head(in, piece);
        in = slice_from(in, part.len);
        uint32_t got = 0;
        do {
            uint8_t buf[512];
            err = codecs[codec].feed(decoder, &part, buf, room, &got);
            assert_true(got <= room);
            if (*len + got <= PLAIN)
                memcpy(out + *len, buf, got);
            *len += got;
        } while (!err && (part.len || got == room));
    }
    codecs[codec].free(decoder);
    return err;
}

static void every_codec_gives_the_text_however_it_is_cut(void **state)
{
    (void)state;
    static const uint32_t rooms[] = {1, 7, 512};
    for (uint32_t c = 0; c < CODECS; c++) {
        for (uint32_t piece = 1; piece <= codecs[c].packed.len; piece++) {
            for (uint32_t r = 0; r < 3; r++) {
                uint8_t out[PLAIN];
                uint32_t len = 0;
                enum err err = unpack(c, codecs[c].packed, piece, rooms[r], out, &len);
                if (err != ERR_END || len != PLAIN || memcmp(out, "tram gac ", 9) != 0 ||
                    memcmp(out + PLAIN - 9, "tram gac ", 9) != 0)
                    fail_msg("%s in pieces of %u, room %u: err %d, %u bytes", codecs[c].name, piece,
                             rooms[r], err, len);
            }
        }
    }
}

static void damage_is_an_error_or_bounded(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < CODECS; c++) {
        uint8_t copy[256];
        struct slice packed = {copy, codecs[c].packed.len};
        memcpy(copy, codecs[c].packed.at, packed.len);
        for (uint32_t bit = 0; bit < packed.len * 8; bit++) {
            uint8_t out[PLAIN];
            uint32_t len = 0;
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
            unpack(c, packed, packed.len, 512, out, &len);
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void gzip_members_follow_each_other(void **state)
{
    (void)state;
    uint8_t two[2 * sizeof(as_gzip)];
    memcpy(two, as_gzip, sizeof(as_gzip));
    memcpy(two + sizeof(as_gzip), as_gzip, sizeof(as_gzip));
    for (uint32_t piece = 1; piece <= sizeof(two); piece++) {
        struct inflate *d = inflate_new(INFLATE_GZIP);
        uint32_t len = 0;
        for (uint32_t at = 0; at < sizeof(two); at += piece) {
            struct slice part = slice_head(slice_from((struct slice){two, sizeof(two)}, at), piece);
            while (part.len) {
                uint8_t out[512];
                uint32_t got = 0;
                assert_true(inflate_feed(d, &part, out, sizeof(out), &got) != ERR_INPUT);
                len += got;
            }
        }
        assert_int_equal(len, 2 * PLAIN);
        inflate_free(&d);
    }
}

static void whole_messages_are_capped(void **state)
{
    (void)state;
    struct strbuf packed;
    struct strbuf plain;
    uint8_t zeros[5000] = {0};
    strbuf_init(&packed, 0);
    strbuf_init(&plain, 0);
    assert_int_equal(compress_zstd((struct slice){zeros, sizeof(zeros)}, 3, &packed), ERR_OK);
    assert_true(compress_is_zstd(strbuf_view(&packed)));
    assert_int_equal(compress_unzstd(strbuf_view(&packed), 4999, &plain), ERR_FULL);
    assert_int_equal(compress_unzstd(strbuf_view(&packed), 5000, &plain), ERR_OK);
    assert_int_equal(plain.len, 5000);
    for (uint32_t cut = 0; cut < packed.len; cut++)
        assert_int_equal(compress_unzstd(slice_head(strbuf_view(&packed), cut), 5000, &plain),
                         ERR_INPUT);
    strbuf_char(&packed, 'x');
    assert_int_equal(compress_unzstd(strbuf_view(&packed), 5000, &plain), ERR_INPUT);
    strbuf_fini(&packed);
    strbuf_fini(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codec_gives_the_text_however_it_is_cut),
        cmocka_unit_test(damage_is_an_error_or_bounded),
        cmocka_unit_test(gzip_members_follow_each_other),
        cmocka_unit_test(whole_messages_are_capped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
