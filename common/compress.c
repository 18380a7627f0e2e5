/* SPDX-License-Identifier: Apache-2.0 */
#include "common/compress.h"

#include <zstd.h>

enum { NARROW_LOG = 23, WIDE_LOG = 27 };

enum err compress_zstd(struct slice plain, int level, struct strbuf *out)
{
    size_t bound = ZSTD_compressBound(plain.len);

    if (!strbuf_grow(out, bound))
        return ERR_FULL;
    size_t len = ZSTD_compress(out->at + out->len, bound, plain.at, plain.len, level);
    if (ZSTD_isError(len))
        return ERR_NOMEM;
    out->len += len;
    out->at[out->len] = '\0';
    return ERR_OK;
}

enum err compress_unzstd(struct slice packed, uint32_t cap, struct strbuf *out)
{
    unsigned long long announced = ZSTD_getFrameContentSize(packed.at, packed.len);
    size_t frame = ZSTD_findFrameCompressedSize(packed.at, packed.len);

    if (announced == ZSTD_CONTENTSIZE_ERROR || ZSTD_isError(frame) || frame != packed.len)
        return ERR_INPUT;
    if (announced == ZSTD_CONTENTSIZE_UNKNOWN)
        announced = cap;
    if (announced > cap || !strbuf_grow(out, announced))
        return ERR_FULL;
    size_t len = ZSTD_decompress(out->at + out->len, announced, packed.at, packed.len);
    if (ZSTD_isError(len))
        return ERR_INPUT;
    out->len += len;
    out->at[out->len] = '\0';
    return ERR_OK;
}

bool compress_is_zstd(struct slice bytes)
{
    return slice_starts(bytes, SLICE_LIT("\x28\xb5\x2f\xfd"));
}

static ZSTD_DCtx *ctx_of(struct compress_stream *stream)
{
    return (ZSTD_DCtx *)(void *)stream;
}

struct compress_stream *compress_stream_new(bool narrow)
{
    ZSTD_DCtx *ctx = ZSTD_createDCtx();

    if (ctx)
        ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, narrow ? NARROW_LOG : WIDE_LOG);
    return (struct compress_stream *)(void *)ctx;
}

void compress_stream_free(struct compress_stream **stream)
{
    if (*stream)
        ZSTD_freeDCtx(ctx_of(*stream));
    *stream = NULL;
}

enum err compress_stream_feed(struct compress_stream *stream, struct slice *in, uint8_t *out,
                              uint32_t room, uint32_t *got)
{
    ZSTD_inBuffer source = {in->at, in->len, 0};
    ZSTD_outBuffer sink = {out, room, 0};
    size_t left = 1;

    do {
        size_t before = source.pos + sink.pos;
        left = ZSTD_decompressStream(ctx_of(stream), &sink, &source);
        if (ZSTD_isError(left) || source.pos + sink.pos == before)
            break;
    } while (source.pos < source.size && sink.pos < sink.size);
    *in = slice_from(*in, (uint32_t)source.pos);
    *got = (uint32_t)sink.pos;
    if (ZSTD_isError(left))
        return ERR_INPUT;
    return left == 0 && in->len == 0 ? ERR_END : ERR_OK;
}
