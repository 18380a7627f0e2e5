/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the first piece that waits in a direction comes out: its turn has come, or it is given up.
 */
#ifndef TRAMGAC_SENSOR_STREAM_DUE_H
#define TRAMGAC_SENSOR_STREAM_DUE_H

#include "sensor/flow/tcp_track.h"
#include "sensor/stream/stream_own.h"

/** How much of the first piece shall come out; there is one. */
uint32_t due_bytes(const struct streams *s, const struct flow *flow, const struct stream *stream,
                   enum dir dir);

/** A hole before bytes that perhaps nobody took is none: they go, not the hole. */
bool due_refused(const struct streams *s, const struct flow *flow, const struct stream *stream,
                 enum dir dir);

/** The receiver has what is missing before the first piece. */
static inline bool due_hole(const struct flow *flow, const struct stream *stream, enum dir dir)
{
    const struct tcp_side *own = &flow->tcp.side[dir];
    const struct piece *first = stream->waiting.side[dir].first;

    return first && own->has_acked && tcp_after(first->seq, stream->side[dir].next) > 0 &&
           tcp_after(own->acked, first->seq) >= 0;
}

/** What most pieces are: next in line, acknowledged, and the other side has no hole. */
static inline bool due_whole(const struct flow *flow, const struct stream *stream, enum dir dir)
{
    const struct tcp_side *own = &flow->tcp.side[dir];
    const struct piece *first = stream->waiting.side[dir].first;

    return first && first->seq == stream->side[dir].next && !first->doubted && own->has_acked &&
           tcp_after(own->acked, first->seq + first->len) >= 0 &&
           !due_hole(flow, stream, dir_other(dir));
}

#endif
