/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zstandard (RFC 8878; libzstd stays inside compress.c): whole messages, and streams with bounded
 * output in the shape of inflate.h.
 */
#ifndef TRAMGAC_COMMON_COMPRESS_H
#define TRAMGAC_COMMON_COMPRESS_H

#include "common/err.h"
#include "common/strbuf.h"

/** Appends the compressed bytes. ERR_FULL: cap of `out`. */
enum err compress_zstd(struct slice plain, int level, struct strbuf *out);
/** Appends the plain bytes of one whole frame. ERR_FULL: more than `cap` bytes. ERR_INPUT: damaged,
 * cut, or with more bytes behind the frame. */
enum err compress_unzstd(struct slice packed, uint32_t cap, struct strbuf *out);
/** Starts with the mark of a Zstandard frame. */
bool compress_is_zstd(struct slice bytes);

struct compress_stream;

/** Decompression of one or more frames; a window above 8 MB (HTTP) is refused when `narrow`. */
struct compress_stream *compress_stream_new(bool narrow);
void compress_stream_free(struct compress_stream **stream);
enum err compress_stream_feed(struct compress_stream *stream, struct slice *in, uint8_t *out,
                              uint32_t room, uint32_t *got);

#endif
