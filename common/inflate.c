/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ISA-L keeps the window and what does not fit into `out` in its state, reads ahead some bytes of
 * its own, and gives back at the end of a stream what it did not need of them.
 */
#include "common/inflate.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

struct inflate {
    struct inflate_state state;
    enum inflate_format format;
    uint8_t head[2]; /* of INFLATE_HTTP, until the format is decided */
    uint8_t head_len;
    bool decided;
    bool between; /* behind a gzip member */
    bool damaged; /* what was unpacked before the fault is still given out */
};

static uint32_t wrapper(enum inflate_format format)
{
    return format == INFLATE_GZIP ? ISAL_GZIP : format == INFLATE_RAW ? ISAL_DEFLATE : ISAL_ZLIB;
}

struct inflate *inflate_new(enum inflate_format format)
{
    struct inflate *self = malloc(sizeof(*self)); /* most of it is buffers, written before read */
    if (!self)
        return NULL;
    isal_inflate_init(&self->state);
    self->state.crc_flag = wrapper(format);
    self->format = format;
    self->head_len = 0;
    self->decided = format != INFLATE_HTTP;
    self->between = self->damaged = false;
    return self;
}

void inflate_free(struct inflate **self)
{
    free(*self);
    *self = NULL;
}

/* What ISA-L had unpacked, beyond the room that was offered, when it met a fault. */
static enum err give_rest(struct inflate_state *state, uint8_t *out, uint32_t room, uint32_t *got)
{
    uint32_t n = (uint32_t)(state->tmp_out_valid - state->tmp_out_processed);

    if (n > room)
        n = room;
    if (n)
        memcpy(out, state->tmp_out_buffer + state->tmp_out_processed, n);
    state->tmp_out_processed += (int32_t)n;
    *got += n;
    return state->tmp_out_processed < state->tmp_out_valid ? ERR_OK : ERR_INPUT;
}

static enum err step(struct inflate *self, struct slice *in, uint8_t *out, uint32_t room,
                     uint32_t *got)
{
    struct inflate_state *state = &self->state;

    state->next_in = (uint8_t *)(uintptr_t)in->at;
    state->avail_in = in->len;
    state->next_out = out;
    state->avail_out = room;
    int status = isal_inflate(state);
    uint32_t left = state->avail_in < in->len ? state->avail_in : in->len;
    *in = slice_from(*in, in->len - left);
    *got += room - state->avail_out;
    self->damaged = status < ISAL_DECOMP_OK || status == ISAL_NEED_DICT;
    if (self->damaged)
        return give_rest(state, state->next_out, state->avail_out, got);
    return state->block_state == ISAL_BLOCK_FINISH ? ERR_END : ERR_OK;
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
        self->state.crc_flag = wrapper(INFLATE_RAW);
    struct slice head = {self->head, 2};
    return step(self, &head, out, room, got);
}

enum err inflate_feed(struct inflate *self, struct slice *in, uint8_t *out, uint32_t room,
                      uint32_t *got)
{
    enum err err = ERR_OK;

    *got = 0;
    if (self->damaged)
        return give_rest(&self->state, out, room, got);
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
            isal_inflate_reset(&self->state);
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
