/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/stream/due.h"
#include "sensor/flow/tcp_track.h"

enum { ONE_SIDED_SEGMENTS = 8 }; /* nobody acknowledges: so many wait before a hole is given up */

static bool too_much_waits(const struct streams *s, const struct pieces *waiting)
{
    return waiting->bytes > s->hole_bytes || waiting->n >= STREAM_SEGMENTS_MAX ||
           s->now_ns > waiting->since_ns + s->hole_ns;
}

/* The first piece waits for nothing but its acknowledgement. */
static bool only_unacked(const struct side *side, const struct piece *first)
{
    return tcp_after(first->seq, side->next) <= 0 && !first->doubted && !side->holds;
}

/* Nobody acknowledges what this side sends, and enough of it waits behind a hole. */
static bool given_up_alone(const struct stream *stream, const struct tcp_side *own, enum dir dir)
{
    return !own->has_acked && !stream->side[dir_other(dir)].started &&
           stream->waiting.side[dir].n >= ONE_SIDED_SEGMENTS;
}

uint32_t due_bytes(const struct streams *s, const struct flow *flow, const struct stream *stream,
                   enum dir dir)
{
    const struct side *side = &stream->side[dir];
    const struct tcp_side *own = &flow->tcp.side[dir];
    const struct pieces *waiting = &stream->waiting.side[dir];
    const struct piece *first = waiting->first;
    bool hole = tcp_after(first->seq, side->next) > 0;
    bool free = only_unacked(side, first);

    if (s->ending || (free && (!s->by_ack || !own->has_acked || own->rst ||
                               !pieces_has_room(&s->pool, &stream->waiting))))
        return first->len;
    if (own->has_acked && tcp_after(own->acked, first->seq + (hole ? 0 : first->len)) >= 0)
        return first->len;
    if (too_much_waits(s, waiting))
        return first->len;
    if (own->has_acked && !hole && tcp_after(own->acked, first->seq) > 0)
        return own->acked - first->seq;
    return given_up_alone(stream, own, dir) ? first->len : 0;
}

bool due_refused(const struct streams *s, const struct flow *flow, const struct stream *stream,
                 enum dir dir)
{
    const struct tcp_side *own = &flow->tcp.side[dir];
    const struct piece *first = stream->waiting.side[dir].first;

    return first->doubted && own->has_acked && !s->ending &&
           tcp_after(first->seq, stream->side[dir].next) > 0 &&
           tcp_after(own->acked, first->seq) <= 0 && too_much_waits(s, &stream->waiting.side[dir]);
}
