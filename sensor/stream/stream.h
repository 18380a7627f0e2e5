/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP reassembly (RFC 9293): turns the segments of a flow into ordered bytes per direction, or says
 * that some are missing. In-order data is handed out in place, without a copy; only what lies
 * behind a hole is buffered, within caps per flow and in total.
 */
#ifndef TRAMGAC_SENSOR_STREAM_STREAM_H
#define TRAMGAC_SENSOR_STREAM_STREAM_H

#include "common/conf.h"
#include "common/sparse.h"
#include "common/stat.h"
#include "sensor/flow/flow.h"

/** The next bytes of one direction. Valid until the next stream_push or stream_end of the same
 * flow. */
struct chunk {
    struct slice data;
    enum dir dir;
    uint64_t offset; /* of data's first byte from the first byte of the stream seen */
    uint32_t gap;    /* bytes lost just before `data` (offset counts them) */
    bool end;        /* nothing follows: FIN, RST, or the flow's end */
    bool datagram;   /* UDP payload: complete by itself */
};

enum { STREAM_SEGMENTS_MAX = 512 }; /* of one direction that wait behind a hole */

struct streams; /* one worker's reassembly state */

extern const struct option stream_options[];
extern const struct counter stream_counters[];

struct streams *streams_new(const struct conf *conf, struct stats *stats);
void streams_free(struct streams **streams);
/** Bytes are handed out as they come, whatever stream.inline says. */
void streams_as_they_come(struct streams *streams);

/** Bytes that each TCP flow takes here, without what waits. */
uint32_t streams_flow_bytes(void);
/** Bytes of what waits, of all flows. */
uint64_t streams_used_bytes(const struct streams *streams);

/** Takes a TCP packet of a flow that tcp_track has seen, and its direction there. Then ask
 * streams_next until it says false. */
void streams_push(struct streams *streams, struct flow *flow, const struct packet *p, enum dir dir);

/** Gives up all holes of both directions because the flow ends; then ask streams_next. */
void streams_end(struct streams *streams, struct flow *flow);

/** The flow pauses: gives up the holes whose bytes were still hoped for. False when there are none;
 * else ask streams_next. */
bool streams_hurry(struct streams *streams, struct flow *flow);

bool streams_next(struct streams *streams, struct flow *flow, struct chunk *chunk);

/** True when bytes of this flow wait for their acknowledgement: rules on a direction then look at
 * its packets only, and at what was delivered since the last one of them. */
bool streams_by_ack(const struct streams *streams, const struct flow *flow);

/** The flow is silent: writes what hangs on it to `out` and lets go of it, unless bytes wait.
 * Always leaves something to be read by streams_wake. */
void streams_rest(struct streams *streams, struct flow *flow, struct sparse_out *out);
/** Reads it back; without memory the flow is followed from where it stands then. */
const uint8_t *streams_wake(struct streams *streams, struct flow *flow, const uint8_t *from);

/** Frees what hangs on the flow. */
void streams_drop(struct streams *streams, struct flow *flow);

#endif
