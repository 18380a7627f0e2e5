/* SPDX-License-Identifier: Apache-2.0 */
#define ZLIB_CONST
#include "common/gzip.h"

#include <zlib.h>

enum err gzip_pack(struct slice plain, int level, struct strbuf *out)
{
    z_stream z = {0};

    if (deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return ERR_NOMEM;
    size_t bound = deflateBound(&z, plain.len);
    enum err err = strbuf_grow(out, bound) ? ERR_OK : ERR_FULL;
    z.next_in = plain.at;
    z.avail_in = plain.len;
    z.next_out = err ? NULL : (uint8_t *)out->at + out->len;
    z.avail_out = (uint32_t)bound;
    if (!err && deflate(&z, Z_FINISH) != Z_STREAM_END)
        err = ERR_NOMEM;
    if (!err) {
        out->len += bound - z.avail_out;
        out->at[out->len] = '\0';
    }
    deflateEnd(&z);
    return err;
}
