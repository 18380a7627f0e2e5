/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stream.c keeps: of a worker, of a flow, of a direction.
 */
#ifndef TRAMGAC_SENSOR_STREAM_STREAM_OWN_H
#define TRAMGAC_SENSOR_STREAM_STREAM_OWN_H

#include "sensor/stream/late.h"
#include "sensor/stream/pieces.h"
#include "sensor/stream/stream.h"
#include "sensor/stream/urgent.h"

enum {
    COUNT_SEGMENTS,
    COUNT_AHEAD,
    COUNT_OLD,
    COUNT_OVERLAP,
    COUNT_DIFFERENT,
    COUNT_FILLED,
    COUNT_GAPS,
    COUNT_GAP_BYTES,
    COUNT_WINDOW,
    COUNT_REFUSED,
    COUNT_DOUBTED,
    COUNT_URGENT,
    COUNT_DEPTH,
    COUNT_MEMCAP,
};

struct side {
    uint64_t offset; /* of the byte `next` stands for */
    uint32_t next;   /* sequence number of the next byte */
    uint32_t edge;   /* behind the bytes that are there without a hole */
    uint32_t fin;
    uint32_t gap; /* given up, to be told with the next chunk */
    struct late late;
    uint8_t far;
    bool started, begun, has_fin, ended, deep, holds;
};

struct stream {
    struct side side[2];
    struct pieces_owner waiting;
    struct urgent urgent;
};

struct streams {
    struct slab streams;
    struct pieces_pool pool;
    struct os_policies *policies;
    uint64_t *count;
    uint64_t hole_ns, depth;
    uint32_t hole_bytes;
    enum os_policy fallback;
    bool urgent_inline, by_ack;
    /* what streams_next has still to hand out */
    struct piece *given; /* handed out; valid until the next packet */
    struct slice in_order;
    enum dir dir;   /* of in_order */
    uint32_t stage; /* 0: the other side, 1: the packet's side, 2: done */
    uint32_t missing;
    uint64_t now_ns;
    bool ending, hurried;
    bool settled; /* of the packet's side nothing can come out */
};

#endif
