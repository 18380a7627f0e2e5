/* SPDX-License-Identifier: Apache-2.0 */
#define ZLIB_CONST
#include "common/inflate.h"

#include <stdlib.h>
#include <zlib.h>

struct inflate {
    z_stream z;
    enum inflate_format format;
    uint8_t head[2]; /* of INFLATE_HTTP, until the format is decided */
    uint8_t head_len;
    bool decided;
    bool between; /* behind a gzip member */
};

static int window_bits(enum inflate_format format)
{
    return format == INFLATE_GZIP ? 15 + 16 : format == INFLATE_RAW ? -15 : 15;
}

struct inflate *inflate_new(enum inflate_format format)
{
    struct inflate *self = calloc(1, sizeof(*self));
    if (!self)
        return NULL;
    self->format = format;
    self->decided = format != INFLATE_HTTP;
    if (inflateInit2(&self->z, window_bits(format)) != Z_OK) {
        free(self);
        return NULL;
    }
    return self;
}

void inflate_free(struct inflate **self)
{
    if (!*self)
        return;
    inflateEnd(&(*self)->z);
    free(*self);
    *self = NULL;
}

static enum err step(struct inflate *self, struct slice *in, uint8_t *out, uint32_t room,
                     uint32_t *got)
{
    z_stream *z = &self->z;
    static const uint8_t none[1];

    z->next_in = in->len ? in->at : none;
    z->avail_in = in->len;
    z->next_out = out;
    z->avail_out = room;
    int status = inflate(z, Z_NO_FLUSH);
    *in = slice_from(*in, in->len - z->avail_in);
    *got += room - z->avail_out;
    if (status == Z_STREAM_END)
        return ERR_END;
    return status == Z_OK || status == Z_BUF_ERROR ? ERR_OK : ERR_INPUT;
}

/* RFC 1950 2.2: method 8 and a check that makes the first two bytes divisible by 31. */
static bool looks_like_zlib(const uint8_t head[2])
{
    return (head[0] & 15) == 8 && (head[0] << 8 | head[1]) % 31 == 0;
}

static enum err decide(struct inflate *self, struct slice *in, uint8_t *out, uint32_t room,
                       uint32_t *got)
{
    while (in->len && self->head_len < 2) {
        self->head[self->head_len++] = in->at[0];
        *in = slice_from(*in, 1);
    }
    if (self->head_len < 2 || room == 0)
        return ERR_AGAIN;
    self->decided = true;
    if (!looks_like_zlib(self->head))
        inflateReset2(&self->z, window_bits(INFLATE_RAW));
    struct slice head = {self->head, 2};
    return step(self, &head, out, room, got);
}

enum err inflate_feed(struct inflate *self, struct slice *in, uint8_t *out, uint32_t room,
                      uint32_t *got)
{
    enum err err = ERR_OK;

    *got = 0;
    if (!self->decided) {
        err = decide(self, in, out, room, got);
        if (err)
            return err == ERR_AGAIN ? ERR_OK : err;
    }
    for (;;) {
        if (self->between) {
            if (in->len == 0)
                return ERR_OK;
            if (in->at[0] != 0x1f)
                return ERR_END; /* padding behind the last member */
            inflateReset(&self->z);
            self->between = false;
        }
        err = step(self, in, out + *got, room - *got, got);
        if (err != ERR_END || self->format != INFLATE_GZIP)
            return err;
        self->between = true;
        if (in->len == 0 || *got == room)
            return ERR_END;
    }
}

enum err inflate_pack(struct slice plain, int level, struct strbuf *out)
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
