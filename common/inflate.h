/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streaming decompression of gzip, zlib and raw deflate with bounded output (zlib stays inside
 * inflate.c). About 40 KB of memory each. unbrotli.h, unlz4.h and compress.h have the same shape.
 */
#ifndef TRAMGAC_COMMON_INFLATE_H
#define TRAMGAC_COMMON_INFLATE_H

#include "common/err.h"
#include "common/strbuf.h"

enum inflate_format {
    INFLATE_GZIP, /* RFC 1952, several members one after the other */
    INFLATE_ZLIB, /* RFC 1950 */
    INFLATE_RAW,  /* RFC 1951 */
    INFLATE_HTTP, /* "deflate" of HTTP: zlib by the book, raw in practice */
};

struct inflate;

/** NULL without memory. */
struct inflate *inflate_new(enum inflate_format format);
void inflate_free(struct inflate **inflate);

/**
 * Takes from the front of `in` (moved behind what was used), writes at most `room` bytes to `out`
 * and tells how many in `*got`. Call again while `in` has bytes or `*got == room`.
 * ERR_OK: wants more input or room. ERR_END: the stream is complete; rest of `in` does not belong
 * to it. ERR_INPUT: damaged; what was written before is good.
 */
enum err inflate_feed(struct inflate *inflate, struct slice *in, uint8_t *out, uint32_t room,
                      uint32_t *got);

/** The other way, at once: appends the bytes as one gzip member; level 1 (fast) to 9. ERR_FULL: cap
 * of `out`. */
enum err inflate_pack(struct slice plain, int level, struct strbuf *out);

#endif
