/* SPDX-License-Identifier: Apache-2.0 */
#include "common/unlz4.h"

#include <lz4frame.h>

static LZ4F_dctx *ctx_of(struct unlz4 *unlz4)
{
    return (LZ4F_dctx *)(void *)unlz4;
}

struct unlz4 *unlz4_new(void)
{
    LZ4F_dctx *ctx = NULL;

    if (LZ4F_isError(LZ4F_createDecompressionContext(&ctx, LZ4F_VERSION)))
        return NULL;
    return (struct unlz4 *)(void *)ctx;
}

void unlz4_free(struct unlz4 **unlz4)
{
    if (*unlz4)
        LZ4F_freeDecompressionContext(ctx_of(*unlz4));
    *unlz4 = NULL;
}

enum err unlz4_feed(struct unlz4 *unlz4, struct slice *in, uint8_t *out, uint32_t room,
                    uint32_t *got)
{
    *got = 0;
    for (;;) {
        size_t used = in->len;
        size_t made = room - *got;
        size_t left = LZ4F_decompress(ctx_of(unlz4), out + *got, &made, in->at, &used, NULL);
        if (LZ4F_isError(left)) {
            LZ4F_resetDecompressionContext(ctx_of(unlz4));
            return ERR_INPUT;
        }
        *in = slice_from(*in, (uint32_t)used);
        *got += (uint32_t)made;
        if (left == 0)
            return ERR_END;
        if (in->len == 0 || *got == room || (used == 0 && made == 0))
            return ERR_OK;
    }
}
