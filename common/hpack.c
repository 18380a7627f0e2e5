/* SPDX-License-Identifier: Apache-2.0 */
#include "common/hpack.h"

#include <nghttp2/nghttp2.h>

static nghttp2_hd_inflater *inflater_of(struct hpack *hpack)
{
    return (nghttp2_hd_inflater *)(void *)hpack;
}

struct hpack *hpack_new(void)
{
    nghttp2_hd_inflater *inflater = NULL;

    if (nghttp2_hd_inflate_new(&inflater) != 0)
        return NULL;
    return (struct hpack *)(void *)inflater;
}

void hpack_free(struct hpack **hpack)
{
    if (*hpack)
        nghttp2_hd_inflate_del(inflater_of(*hpack));
    *hpack = NULL;
}

void hpack_allow(struct hpack *hpack, uint32_t bytes)
{
    (void)nghttp2_hd_inflate_change_table_size(inflater_of(hpack),
                                               bytes < HPACK_TABLE_MAX ? bytes : HPACK_TABLE_MAX);
}

enum err hpack_next(struct hpack *hpack, struct slice *in, bool last, struct slice *name,
                    struct slice *value)
{
    nghttp2_hd_inflater *inflater = inflater_of(hpack);

    for (;;) {
        nghttp2_nv header;
        int flags = 0;
        ssize_t used =
            nghttp2_hd_inflate_hd2(inflater, &header, &flags, in->at, in->len, last ? 1 : 0);
        if (used < 0)
            return ERR_INPUT;
        *in = slice_from(*in, (uint32_t)used);
        if (flags & NGHTTP2_HD_INFLATE_EMIT) {
            *name = (struct slice){header.name, (uint32_t)header.namelen};
            *value = (struct slice){header.value, (uint32_t)header.valuelen};
            return ERR_OK;
        }
        if (flags & NGHTTP2_HD_INFLATE_FINAL) {
            (void)nghttp2_hd_inflate_end_headers(inflater);
            return ERR_END;
        }
        if (!in->len)
            return ERR_END;
        if (!used)
            return ERR_INPUT;
    }
}
