/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All protocol rows at once: the input is a recorded conversation (tests/lib/proto_feed.h) with its
 * port and transport, so every row is reached through its probe. Played whole and cut; where no
 * bytes are lost and starts are clear, both must give the same transactions.
 */
#include "sensor/app/app.h"

#include "../lib/proto_feed.h"

#include <stdio.h>

enum { INPUT_MAX = 16384 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool starts_are_clear(struct slice recording)
{
    struct cursor c = cursor_of(recording);
    uint8_t flags = cursor_u8(&c);
    cursor_skip(&c, 3);
    if (flags & FEED_MIDSTREAM)
        return false;
    while (cursor_left(&c) && cursor_ok(&c)) {
        if (cursor_u8(&c) & FEED_LOST)
            return false;
        cursor_skip(&c, cursor_be16(&c));
    }
    return true;
}

static void play(struct slice recording, enum feed_cut cut, struct strbuf *out)
{
    struct feed feed;
    feed_init(&feed, "app.memory=4M");
    feed_play(&feed, recording, cut, out);
    feed_fini(&feed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice recording = {data, size > INPUT_MAX ? INPUT_MAX : (uint32_t)size};
    struct strbuf whole, cut;

    if (size < 8)
        return 0;
    strbuf_init(&whole, 0);
    strbuf_init(&cut, 0);
    play(recording, FEED_WHOLE, &whole);
    play(recording, data[1] & 1 ? FEED_BYTES : FEED_RANDOM, &cut);
    if (starts_are_clear(recording) && strcmp(whole.at, cut.at) != 0) {
        fprintf(stderr, "whole:\n%s\ncut:\n%s\n", whole.at, cut.at);
        abort();
    }
    strbuf_fini(&whole);
    strbuf_fini(&cut);
    return 0;
}
