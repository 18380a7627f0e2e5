/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/capture/read_ahead.h"

#include <stdlib.h>

enum { FIRST_BYTES = 1 << 20 };

static bool make_room(struct read_ahead *a, size_t bytes)
{
    size_t kept = (size_t)(a->in.end - a->in.at);

    if (kept)
        memmove(a->buffer, a->in.at, kept);
    if (bytes > a->room) {
        uint8_t *larger = realloc(a->buffer, bytes);
        if (!larger)
            return false;
        a->buffer = larger;
        a->room = bytes;
    }
    a->in.at = a->buffer;
    a->in.end = a->buffer + kept;
    return true;
}

static void more(struct pcap_input *in, size_t bytes)
{
    struct read_ahead *a = in->ctx;

    a->dry = false;
    if (!make_room(a, bytes))
        return;
    while (!a->ended && !a->dry && (size_t)(in->end - in->at) < bytes) {
        size_t have = (size_t)(in->end - in->at);
        int64_t n = a->read(a->from, a->buffer + have, a->room - have);
        a->dry = n == READ_AHEAD_DRY;
        a->failed = a->failed || (n < 0 && !a->dry);
        a->ended = n <= 0 && !a->dry;
        if (n > 0)
            in->end += n;
    }
}

enum err read_ahead_init(struct read_ahead *a, read_ahead_fn read, void *from)
{
    *a = (struct read_ahead){.read = read, .from = from, .room = FIRST_BYTES};
    a->buffer = malloc(a->room);
    a->in = (struct pcap_input){.at = a->buffer, .end = a->buffer, .ctx = a, .more = more};
    return a->buffer ? ERR_OK : ERR_NOMEM;
}

void read_ahead_fini(struct read_ahead *a)
{
    free(a->buffer);
    *a = (struct read_ahead){0};
}
