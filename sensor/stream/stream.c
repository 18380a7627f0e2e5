/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments in order are handed out where they lie. What comes ahead of a hole waits in a sorted
 * list; bytes that came first stay (overlaps are cut off the newcomer). A hole is given up when the
 * receiver has acknowledged past it, when it is too old, when too much waits behind it, or when the
 * flow ends. Sequence numbers are compared modulo 2^32.
 */
#include "sensor/stream/stream.h"
#include "common/slab.h"

#include <stdlib.h>

enum {
    SEGMENT_BYTES = 1984,
    JUMP_MAX = 1 << 24,     /* further ahead than any window: not of this connection's present */
    ONE_SIDED_SEGMENTS = 8, /* nobody acknowledges: so many wait before a hole is given up */
};

const struct option stream_options[] = {
    {"stream.memcap", CONF_SIZE, "0", "Memory for segments that wait; 0 = a tenth of memory"},
    {"stream.hole.bytes", CONF_SIZE, "256k", "Most bytes of one direction that wait behind a hole"},
    {"stream.hole.timeout", CONF_SPAN, "10s", "Age at which a hole is given up, in packet time"},
    OPTION_END,
};

enum {
    COUNT_SEGMENTS,
    COUNT_AHEAD,
    COUNT_OLD,
    COUNT_OVERLAP,
    COUNT_FILLED,
    COUNT_GAPS,
    COUNT_GAP_BYTES,
    COUNT_WINDOW,
    COUNT_MEMCAP,
};
const struct counter stream_counters[] = {
    [COUNT_SEGMENTS] = {"tcp.segments", "TCP segments with data"},
    [COUNT_AHEAD] = {"tcp.segments_ahead", "Segments that came before their turn"},
    [COUNT_OLD] = {"tcp.segments_old", "Segments whose bytes were all there already"},
    [COUNT_OVERLAP] = {"tcp.overlap", "Segments that repeat bytes that wait, first ones kept"},
    [COUNT_FILLED] = {"tcp.holes_filled", "Holes closed by a late segment"},
    [COUNT_GAPS] = {"tcp.reassembly_gap",
                    "Holes given up: the segment never reached this sensor; look for packet loss"},
    [COUNT_GAP_BYTES] = {"tcp.gap_bytes", "Bytes missing in these holes"},
    [COUNT_WINDOW] = {"tcp.out_of_window", "Segments far from where the connection stands"},
    [COUNT_MEMCAP] = {"tcp.segment_memcap_drop",
                      "Segments dropped because too many wait; raise --memory"},
    COUNTER_END,
};

struct segment {
    struct segment *next;
    uint32_t seq, len;
    uint8_t data[SEGMENT_BYTES];
};

struct side {
    struct segment *first; /* by seq, without overlaps */
    uint64_t offset;       /* of the byte `next` stands for */
    uint64_t hole_since_ns;
    uint32_t next; /* sequence number of the next byte */
    uint32_t acked;
    uint32_t fin;
    uint32_t gap; /* given up, to be told with the next chunk */
    uint32_t waiting_bytes, waiting;
    bool started, has_acked, has_fin, ended;
};

struct stream {
    struct side side[2];
};

struct streams {
    struct slab streams, segments;
    uint64_t *count;
    uint64_t hole_ns;
    uint32_t hole_bytes;
    /* what streams_next has still to hand out */
    struct segment *given; /* handed out; valid until the next packet */
    struct slice in_order;
    enum dir dir;   /* of in_order */
    uint32_t stage; /* 0: the other side, 1: the packet's side, 2: done */
    uint32_t missing;
    uint64_t now_ns;
    bool ending;
};

struct streams *streams_new(const struct conf *conf, struct stats *stats)
{
    struct streams *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    slab_init(&s->streams, sizeof(struct stream), 0);
    slab_init(&s->segments, sizeof(struct segment), conf_size(conf, "stream.memcap"));
    s->count = stats_add(stats, stream_counters);
    s->hole_bytes = (uint32_t)conf_size(conf, "stream.hole.bytes");
    s->hole_ns = conf_span_ns(conf, "stream.hole.timeout");
    return s;
}

void streams_free(struct streams **streams)
{
    if (*streams) {
        slab_fini(&(*streams)->streams);
        slab_fini(&(*streams)->segments);
    }
    free(*streams);
    *streams = NULL;
}

static int32_t after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

static void release_given(struct streams *s)
{
    while (s->given) {
        struct segment *next = s->given->next;
        slab_give(&s->segments, s->given);
        s->given = next;
    }
}

void streams_drop(struct streams *s, struct flow *flow)
{
    struct stream *stream = flow->ext[FLOW_EXT_STREAM];

    release_given(s);
    if (!stream)
        return;
    for (uint32_t i = 0; i < 2; i++) {
        while (stream->side[i].first) {
            struct segment *next = stream->side[i].first->next;
            slab_give(&s->segments, stream->side[i].first);
            stream->side[i].first = next;
        }
    }
    slab_give(&s->streams, stream);
    flow->ext[FLOW_EXT_STREAM] = NULL;
}

/* ---- segments that wait ------------------------------------------------------------------- */

/* A piece that fits before `*at`, without overlap. */
static bool insert(struct streams *s, struct side *side, struct segment **at, uint32_t seq,
                   struct slice bytes)
{
    while (bytes.len) {
        struct segment *segment = slab_take(&s->segments);
        if (!segment) {
            s->count[COUNT_MEMCAP]++;
            return false;
        }
        segment->seq = seq;
        segment->len = bytes.len < SEGMENT_BYTES ? bytes.len : SEGMENT_BYTES;
        memcpy(segment->data, bytes.at, segment->len);
        segment->next = *at;
        *at = segment;
        at = &segment->next;
        side->waiting++;
        side->waiting_bytes += segment->len;
        seq += segment->len;
        bytes = slice_from(bytes, segment->len);
    }
    return true;
}

/* Keeps what no waiting segment has yet. */
static void wait(struct streams *s, struct side *side, uint32_t seq, struct slice bytes)
{
    struct segment **at = &side->first;
    bool overlap = false;

    s->count[COUNT_AHEAD]++;
    if (!side->first)
        side->hole_since_ns = s->now_ns;
    while (bytes.len) {
        while (*at && after((*at)->seq + (*at)->len, seq) <= 0)
            at = &(*at)->next;
        uint32_t room = *at && after((*at)->seq, seq) > 0 ? (*at)->seq - seq : 0;
        if (!*at || room >= bytes.len) {
            insert(s, side, at, seq, bytes);
            break;
        }
        if (room && !insert(s, side, at, seq, slice_head(bytes, room)))
            break;
        overlap = true;
        while (room && after((*at)->seq, seq + room) < 0) /* what was just put in */
            at = &(*at)->next;
        uint32_t skip = (*at)->seq + (*at)->len - seq;
        bytes = slice_from(bytes, skip);
        seq += skip;
    }
    s->count[COUNT_OVERLAP] += overlap;
}

/* ---- a packet arrives --------------------------------------------------------------------- */

static void start(struct side *side, uint32_t seq)
{
    /* The peer's acknowledgement says where the stream stands when our first packet is ahead. */
    if (side->has_acked && after(seq, side->acked) > 0 && after(seq, side->acked) < 65536)
        seq = side->acked;
    side->next = seq;
    side->started = true;
}

static void take_syn(struct side *side, uint32_t seq)
{
    if (side->started && (side->offset || side->first))
        return; /* a repeated or false one */
    side->next = seq + 1;
    side->started = true;
}

static void take_ack(struct side *acked_side, const struct packet *p)
{
    if (!(p->tcp.flags & TCP_ACK) || p->tcp.flags & TCP_RST)
        return;
    if (!acked_side->has_acked || after(p->tcp.ack, acked_side->acked) > 0)
        acked_side->acked = p->tcp.ack;
    acked_side->has_acked = true;
}

/* Data of the packet's own side: in order (left in s->in_order), ahead, or old. */
static void take_data(struct streams *s, struct side *side, uint32_t seq, const struct packet *p)
{
    struct slice bytes = p->payload;
    int32_t ahead = after(seq, side->next);

    s->count[COUNT_SEGMENTS]++;
    if (side->ended)
        return;
    if (ahead > JUMP_MAX || ahead < -JUMP_MAX) {
        s->count[COUNT_WINDOW]++;
        return;
    }
    if (ahead > 0) {
        wait(s, side, seq, bytes);
        return;
    }
    uint32_t known = (uint32_t)-ahead;
    if (known >= bytes.len + p->payload_missing) {
        s->count[COUNT_OLD]++;
        return;
    }
    s->in_order = slice_from(bytes, known);
    s->missing = known > bytes.len ? p->payload_missing - (known - bytes.len) : p->payload_missing;
    if (side->first && side->first->seq == side->next + s->in_order.len)
        s->count[COUNT_FILLED]++;
}

static void take_fin(struct side *side, uint32_t seq, uint32_t len)
{
    int32_t ahead = after(seq + len, side->next);

    if (side->has_fin || ahead < 0 || ahead > JUMP_MAX)
        return;
    side->fin = seq + len;
    side->has_fin = true;
}

static struct stream *stream_of(struct streams *s, struct flow *flow)
{
    struct stream *stream = flow->ext[FLOW_EXT_STREAM];

    if (!stream) {
        stream = slab_take(&s->streams);
        if (!stream)
            return NULL;
        memset(stream, 0, sizeof(*stream));
        flow->ext[FLOW_EXT_STREAM] = stream;
    }
    return stream;
}

void streams_push(struct streams *s, struct flow *flow, const struct packet *p)
{
    struct stream *stream = stream_of(s, flow);
    uint32_t wire_len = p->payload.len + p->payload_missing;

    release_given(s);
    s->in_order = SLICE_NONE;
    s->missing = 0;
    s->ending = false;
    s->stage = 2;
    if (!stream)
        return;
    s->dir = flow_dir(flow, p);
    s->now_ns = p->ts_ns;
    s->stage = 0;
    struct side *side = &stream->side[s->dir];
    uint32_t seq = p->tcp.seq;
    if (p->tcp.flags & TCP_SYN) {
        take_syn(side, seq);
        seq++;
    }
    take_ack(&stream->side[dir_other(s->dir)], p);
    if (p->tcp.flags & TCP_RST) /* its payload is a diagnostic text, not data (RFC 9293, 3.5.3) */
        return;
    if (!side->started && (wire_len || p->tcp.flags & TCP_FIN))
        start(side, seq);
    if (wire_len)
        take_data(s, side, seq, p);
    if (p->tcp.flags & TCP_FIN)
        take_fin(side, seq, wire_len);
}

void streams_end(struct streams *s, struct flow *flow)
{
    release_given(s);
    s->in_order = SLICE_NONE;
    s->missing = 0;
    s->ending = true;
    s->dir = TO_CLIENT; /* stage 0 is then the client's bytes */
    s->stage = flow->ext[FLOW_EXT_STREAM] ? 0 : 2;
}

/* ---- handing out -------------------------------------------------------------------------- */

static bool at_fin(const struct side *side)
{
    return side->has_fin && after(side->next, side->fin) >= 0;
}

static void emit(struct side *side, enum dir dir, struct slice data, struct chunk *chunk)
{
    *chunk = (struct chunk){.data = data, .dir = dir, .offset = side->offset, .gap = side->gap};
    side->gap = 0;
    side->next += data.len;
    side->offset += data.len;
    chunk->end = at_fin(side);
    side->ended = side->ended || chunk->end;
}

static void lose(struct streams *s, struct flow *flow, struct side *side, enum dir dir,
                 uint32_t bytes)
{
    side->next += bytes;
    side->offset += bytes;
    side->gap += bytes;
    flow->gaps[dir]++;
    s->count[COUNT_GAPS]++;
    s->count[COUNT_GAP_BYTES] += bytes;
}

static bool give_up(const struct streams *s, const struct stream *stream, enum dir dir)
{
    const struct side *side = &stream->side[dir];
    const struct side *peer = &stream->side[dir_other(dir)];

    if (s->ending || (side->has_acked && after(side->acked, side->first->seq) >= 0))
        return true;
    if (side->waiting_bytes > s->hole_bytes || s->now_ns > side->hole_since_ns + s->hole_ns)
        return true;
    return !side->has_acked && !peer->started && side->waiting >= ONE_SIDED_SEGMENTS;
}

/* The next waiting segment, if its turn has come. */
static bool next_waiting(struct streams *s, struct flow *flow, struct stream *stream, enum dir dir,
                         struct chunk *chunk)
{
    struct side *side = &stream->side[dir];

    while (side->first && !side->ended) {
        struct segment *segment = side->first;
        int32_t ahead = after(segment->seq, side->next);
        if (ahead > 0 && !give_up(s, stream, dir))
            return false;
        if (ahead > 0) {
            lose(s, flow, side, dir, (uint32_t)ahead);
            ahead = 0;
        }
        side->first = segment->next;
        side->waiting--;
        side->waiting_bytes -= segment->len;
        side->hole_since_ns = s->now_ns;
        uint32_t known = (uint32_t)-ahead;
        if (known >= segment->len) {
            slab_give(&s->segments, segment);
            continue;
        }
        segment->next = s->given;
        s->given = segment;
        emit(side, dir, (struct slice){segment->data + known, segment->len - known}, chunk);
        return true;
    }
    return false;
}

static bool next_of_side(struct streams *s, struct flow *flow, struct stream *stream, enum dir dir,
                         struct chunk *chunk)
{
    struct side *side = &stream->side[dir];

    if (!side->started || side->ended)
        return false;
    if (dir == s->dir && s->in_order.len) {
        struct slice data = s->in_order;
        s->in_order = SLICE_NONE;
        emit(side, dir, data, chunk);
        return true;
    }
    if (dir == s->dir && s->missing) {
        lose(s, flow, side, dir, s->missing);
        s->missing = 0;
    }
    if (next_waiting(s, flow, stream, dir, chunk))
        return true;
    if (side->ended || !(at_fin(side) || s->ending))
        return false;
    emit(side, dir, SLICE_NONE, chunk);
    chunk->end = side->ended = true;
    return true;
}

bool streams_next(struct streams *s, struct flow *flow, struct chunk *chunk)
{
    struct stream *stream = flow->ext[FLOW_EXT_STREAM];

    for (; stream && s->stage < 2; s->stage++) {
        enum dir dir = s->stage == 0 ? dir_other(s->dir) : s->dir;
        if (next_of_side(s, flow, stream, dir, chunk))
            return true;
    }
    return false;
}
