/* SPDX-License-Identifier: Apache-2.0 */
#include "common/unbrotli.h"

#include <brotli/decode.h>

static BrotliDecoderState *state_of(struct unbrotli *unbrotli)
{
    return (BrotliDecoderState *)(void *)unbrotli;
}

struct unbrotli *unbrotli_new(void)
{
    return (struct unbrotli *)(void *)BrotliDecoderCreateInstance(NULL, NULL, NULL);
}

void unbrotli_free(struct unbrotli **unbrotli)
{
    if (*unbrotli)
        BrotliDecoderDestroyInstance(state_of(*unbrotli));
    *unbrotli = NULL;
}

enum err unbrotli_feed(struct unbrotli *unbrotli, struct slice *in, uint8_t *out, uint32_t room,
                       uint32_t *got)
{
    size_t in_left = in->len;
    const uint8_t *in_at = in->at;
    size_t out_left = room;

    BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state_of(unbrotli), &in_left, &in_at, &out_left, &out, NULL);
    *in = slice_from(*in, in->len - (uint32_t)in_left);
    *got = room - (uint32_t)out_left;
    if (result == BROTLI_DECODER_RESULT_SUCCESS)
        return ERR_END;
    return result == BROTLI_DECODER_RESULT_ERROR ? ERR_INPUT : ERR_OK;
}
