/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments in order are handed out where they lie. What comes ahead of a hole waits as pieces in a
 * sorted list without overlaps; where a newcomer meets a piece, the policy of the receiving host
 * says whose bytes stay. A hole is given up when the receiver has acknowledged past it (a little
 * later in disorder: late.c), when it is too old or long, or when the flow ends.
 *
 * Without stream.inline all bytes wait until the receiver has acknowledged them: then it has
 * them, no other copy can win, and rules fire on the packets on which Suricata's do. Where nobody
 * acknowledges (a mirror of one side), or when what waits takes half the memory, they are handed
 * out as they come. Else only some bytes wait although it is their turn: those of hosts whose
 * policy lets a second copy win, data on a SYN (few hosts take it), and packets whose hop limit is
 * well below that of their flow: they may never arrive, and a full copy then wins over them.
 *
 * Memory is counted per shard of flows, so what is dropped does not depend on the number of
 * workers. When a shard has no room, the hole that is open for longest loses what waits behind it.
 */
#include "sensor/stream/stream.h"
#include "common/slab.h"
#include "sensor/flow/stream_event.h"
#include "sensor/flow/tcp_track.h"
#include "sensor/stream/due.h"
#include "sensor/stream/stream_own.h"

#include <stdlib.h>

enum {
    JUMP_MAX = 1 << 24, /* further ahead than any window: not of this connection's present */
    FAR_SEGMENTS = 4,   /* so many there in a row: the mirror was away, the connection was not */
    NEAR = 1 << 16,
    HOPS_SHORT = 5,    /* a hop limit so far below the flow's: may not reach the receiver */
    OLD_ACK = 1 << 16, /* acknowledges what was long acknowledged: hosts drop it (RFC 5961, 5) */
};

const struct option stream_options[] = {
    {"stream.memcap", CONF_SIZE, "0", "Memory for segments that wait; 0 = a tenth of memory"},
    {"stream.hole.bytes", CONF_SIZE, "256k", "Most bytes of one direction that wait behind a hole"},
    {"stream.hole.timeout", CONF_SPAN, "10s", "Age at which a hole is given up, in packet time"},
    {"stream.depth", CONF_SIZE, "0",
     "Bytes of a direction that are put in order and parsed; 0 = all; files of SMB are read on"},
    {"stream.urgent", CONF_TEXT, "oob",
     "Urgent byte: oob (taken out of the stream, as most hosts do) or inline"},
    {"stream.inline", CONF_TEXT, "no",
     "yes: parsers and rules on streams get bytes as they come; no: when the receiver has "
     "acknowledged them, so alerts are on the packets that Suricata's are on"},
    {"stream.overlap", CONF_TEXT, "bsd",
     "Policy for overlaps of hosts that are neither listed nor recognised"},
    {"host-os-policy", CONF_TREE, "",
     "Networks by the policy of their hosts: bsd, linux, windows, vista, solaris, first, last …"},
    OPTION_END,
};

const struct counter stream_counters[] = {
    [COUNT_SEGMENTS] = {"tcp.segments", "TCP segments with data"},
    [COUNT_AHEAD] = {"tcp.segments_ahead", "Segments that came before their turn"},
    [COUNT_OLD] = {"tcp.segments_old", "Segments whose bytes were all there already"},
    [COUNT_OVERLAP] = {"tcp.overlap", "Segments that repeat bytes that wait"},
    [COUNT_DIFFERENT] = {"tcp.overlap_diff_data", "… with other content: a trick or a broken host"},
    [COUNT_FILLED] = {"tcp.holes_filled", "Holes closed by a late segment"},
    [COUNT_GAPS] = {"tcp.reassembly_gap",
                    "Holes given up: the segment never reached this sensor; look for packet loss"},
    [COUNT_GAP_BYTES] = {"tcp.gap_bytes", "Bytes missing in these holes"},
    [COUNT_WINDOW] = {"tcp.out_of_window", "Segments far from where the connection stands"},
    [COUNT_REFUSED] = {"tcp.refused", "Segments that their receiver drops: not looked at"},
    [COUNT_DOUBTED] = {"tcp.doubted",
                       "Segments that may not reach their receiver: looked at when acknowledged"},
    [COUNT_URGENT] = {"tcp.urgent_bytes", "Urgent bytes taken out of their stream"},
    [COUNT_DEPTH] = {"tcp.stream_depth_reached", "Directions that went beyond stream.depth"},
    [COUNT_MEMCAP] = {"tcp.segment_memcap_drop",
                      "Segments dropped because too many wait; raise --memory"},
    COUNTER_END,
};

struct streams *streams_new(const struct conf *conf, struct stats *stats)
{
    struct streams *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    slab_init(&s->streams, sizeof(struct stream), 0);
    pieces_pool_init(&s->pool, conf_size(conf, "stream.memcap"));
    s->count = stats_add(stats, stream_counters);
    s->hole_bytes = (uint32_t)conf_size(conf, "stream.hole.bytes");
    s->hole_ns = conf_span_ns(conf, "stream.hole.timeout");
    s->depth = conf_size(conf, "stream.depth");
    s->urgent_inline = strcmp(conf_text(conf, "stream.urgent"), "inline") == 0;
    const char *as_it_comes = conf_text(conf, "stream.inline");
    s->by_ack = strcmp(as_it_comes, "yes") != 0 && strcmp(as_it_comes, "true") != 0;
    s->fallback = os_policy_find(conf_text(conf, "stream.overlap"));
    s->policies = os_policies_new(conf);
    if (!s->policies)
        streams_free(&s);
    return s;
}

void streams_free(struct streams **streams)
{
    if (*streams) {
        slab_fini(&(*streams)->streams);
        pieces_pool_fini(&(*streams)->pool);
        os_policies_free(&(*streams)->policies);
    }
    free(*streams);
    *streams = NULL;
}

void streams_as_they_come(struct streams *s)
{
    s->by_ack = false;
}

uint32_t streams_flow_bytes(void)
{
    return sizeof(struct stream);
}

uint64_t streams_used_bytes(const struct streams *s)
{
    return s->pool.used_bytes;
}

static void release_given(struct streams *s)
{
    while (s->given) {
        struct piece *next = s->given->next;
        pieces_give(&s->pool, s->given);
        s->given = next;
    }
}

void streams_drop(struct streams *s, struct flow *flow)
{
    struct stream *stream = flow->ext[FLOW_EXT_STREAM];

    release_given(s);
    if (!stream)
        return;
    pieces_drop(&s->pool, &stream->waiting);
    slab_give(&s->streams, stream);
    flow->ext[FLOW_EXT_STREAM] = NULL;
}

/* ---- silence ------------------------------------------------------------------------------ */

void streams_rest(struct streams *s, struct flow *flow, struct sparse_out *out)
{
    struct stream *stream = flow->ext[FLOW_EXT_STREAM];
    uint8_t rests = stream && !stream->waiting.listed && !stream->urgent.n;

    release_given(s);
    *out->at++ = rests;
    if (!rests)
        return;
    sparse_put(out, stream, sizeof(*stream));
    slab_give(&s->streams, stream);
    flow->ext[FLOW_EXT_STREAM] = NULL;
}

const uint8_t *streams_wake(struct streams *s, struct flow *flow, const uint8_t *from)
{
    struct stream *stream;

    if (!*from++)
        return from;
    stream = slab_take(&s->streams);
    flow->ext[FLOW_EXT_STREAM] = stream;
    return sparse_take(from, stream, sizeof(*stream));
}

/* ---- a packet arrives --------------------------------------------------------------------- */

static void find_policy(const struct streams *s, const struct flow *flow, struct stream *stream,
                        enum dir dir)
{
    enum os_policy policy =
        os_policy_of(s->policies, dir == TO_SERVER ? &flow->server : &flow->client);

    if (policy == OS_NONE)
        policy = (enum os_policy)flow->tcp.side[dir_other(dir)].policy;
    if (policy == OS_NONE)
        policy = s->fallback;
    stream->waiting.side[dir].policy = (uint8_t)policy;
    stream->side[dir].holds = policy == OS_LAST || policy == OS_OLD_LINUX || policy == OS_BSD_RIGHT;
}

/* Where the stream begins: behind the SYN; else at the first byte seen, or where the peer's
 * acknowledgement says when that byte is ahead. */
static void start(const struct streams *s, struct flow *flow, struct stream *stream, uint32_t seq)
{
    struct side *side = &stream->side[s->dir];
    const struct tcp_side *own = &flow->tcp.side[s->dir];

    if (own->has_isn) {
        if (!(flow->tcp.lenient &&
              (tcp_after(seq, own->isn + 1) > NEAR || tcp_after(seq, own->isn + 1) < -NEAR)))
            seq = own->isn + 1;
    } else if (own->has_acked && tcp_after(seq, own->acked) > 0 &&
               tcp_after(seq, own->acked) < NEAR) {
        seq = own->acked;
    }
    side->next = side->edge = seq;
    find_policy(s, flow, stream, s->dir);
    side->started = true;
}

/* The mirror was away and the stream went on: what lies between is lost. */
static bool far_away(struct streams *s, struct flow *flow, struct side *side, uint32_t seq)
{
    s->count[COUNT_WINDOW]++;
    if (++side->far < FAR_SEGMENTS)
        return true;
    side->far = 0;
    side->next = side->edge = seq;
    flow->gaps[s->dir]++;
    side->gap += 1;
    side->offset += 1;
    s->count[COUNT_GAPS]++;
    stream_event_raise(flow, STREAM_EVENT_REASSEMBLY_SEQ_GAP);
    return false;
}

/* Hosts drop what begins behind their window; if they acknowledge it all the same it counts. */
static bool outside(const struct flow *flow, const struct tcp_side *own, const struct packet *p)
{
    uint32_t len = p->payload.len + p->payload_missing;

    return !flow->tcp.lenient && own->has_window && own->has_acked && len > 1 &&
           tcp_after(p->tcp.seq, own->right) >= 0;
}

static bool doubtful(const struct flow *flow, enum dir dir, const struct packet *p)
{
    const struct tcp_side *own = &flow->tcp.side[dir];
    const struct tcp_side *peer = &flow->tcp.side[dir_other(dir)];

    return p->tcp.flags & TCP_SYN || outside(flow, own, p) ||
           (own->has_acked && own->ttl && p->ttl + HOPS_SHORT <= own->ttl) ||
           (!flow->tcp.lenient && peer->has_acked &&
            (tcp_after(peer->acked, p->tcp.ack) > OLD_ACK || tcp_acks_unseen(p, peer)));
}

/* ---- urgent bytes ------------------------------------------------------------------------- */

/* How far the receiver has read. */
static uint32_t read_to(const struct flow *flow, const struct stream *stream, enum dir dir)
{
    const struct tcp_side *own = &flow->tcp.side[dir];
    uint32_t to = stream->side[dir].next;

    if (own->has_acked && tcp_after(own->acked, to) > 0)
        to = own->acked;
    for (const struct piece *p = stream->waiting.side[dir].first; p; p = p->next) {
        if (tcp_after(p->seq, to) > 0)
            break;
        if (!p->doubted && tcp_after(p->seq + p->len, to) > 0)
            to = p->seq + p->len;
    }
    return to;
}

/* Linux looks at the pointer of every segment, also ahead of its bytes; the others cut the byte out
 * of the segment that says where it is. False: too many. */
static bool urge(const struct flow *flow, struct stream *stream, enum dir dir, uint32_t seq,
                 uint32_t len, uint32_t at)
{
    uint8_t policy = stream->waiting.side[dir].policy;

    if (policy != OS_LINUX && policy != OS_OLD_LINUX)
        return at >= len || tcp_after(seq + at, stream->side[dir].next) < 0 ||
               urgent_add(&stream->urgent, dir, seq + at);
    uint32_t read = read_to(flow, stream, dir);
    return tcp_after(seq + len, read) < 0 || tcp_after(seq + at, read) < 0 ||
           urgent_move(&stream->urgent, dir, seq + at, read);
}

/* `seq`: of the packet's first byte. */
static void note_urgent(struct streams *s, struct flow *flow, struct stream *stream, uint32_t seq,
                        const struct packet *p)
{
    uint32_t len = p->payload.len + p->payload_missing;

    if (!(p->tcp.flags & TCP_URG) || s->urgent_inline || !p->tcp.urgent ||
        doubtful(flow, s->dir, p))
        return;
    if (!urge(flow, stream, s->dir, seq, len, p->tcp.urgent - 1u))
        stream_event_raise(flow, STREAM_EVENT_REASSEMBLY_URGENT_OOB_LIMIT_REACHED);
}

/* ---- late segments ------------------------------------------------------------------------ */

/* As awaits_late() leaves it where no hole is. */
static inline void no_hole(struct stream *stream)
{
    stream->side[TO_SERVER].late = stream->side[TO_CLIENT].late = (struct late){0};
}

static bool hole_may_fill(const struct streams *s, const struct flow *flow, struct stream *stream,
                          enum dir dir)
{
    return !s->ending && !s->hurried && pieces_has_room(&s->pool, &stream->waiting) &&
           late_may_come(&stream->side[dir].late, flow, s->now_ns);
}

static inline bool awaits_late(const struct streams *s, const struct flow *flow,
                               struct stream *stream, enum dir dir)
{
    struct side *side = &stream->side[dir];

    if (!side->ended && due_hole(flow, stream, dir))
        return hole_may_fill(s, flow, stream, dir);
    side->late = (struct late){0};
    return false;
}

/* ---- what a packet brings ----------------------------------------------------------------- */

static void wait(struct streams *s, struct flow *flow, struct stream *stream,
                 struct pieces_coming *coming)
{
    uint64_t no_room = s->pool.no_room;

    pieces_put(&s->pool, &stream->waiting, s->dir, coming, s->now_ns);
    s->count[COUNT_DOUBTED] += coming->doubted;
    s->count[COUNT_OVERLAP] += coming->overlaps;
    s->count[COUNT_MEMCAP] += s->pool.no_room - no_room;
    if (coming->differs) {
        s->count[COUNT_DIFFERENT]++;
        stream_event_raise(flow, STREAM_EVENT_REASSEMBLY_OVERLAP_DIFFERENT_DATA);
    }
    if (coming->full)
        stream_event_raise(flow, STREAM_EVENT_REASSEMBLY_INSERT_MEMCAP);
}

/* The receiver acknowledges what it gets, but not yet all up to `end`. */
static bool unacked(const struct streams *s, const struct flow *flow, const struct stream *stream,
                    uint32_t end)
{
    const struct tcp_side *own = &flow->tcp.side[s->dir];

    return s->by_ack && own->has_acked && !own->rst && tcp_after(own->acked, end) < 0 &&
           pieces_has_room(&s->pool, &stream->waiting);
}

/* Moves the edge over `seq` to `end` and what waits behind it without a hole. */
static void move_edge(struct stream *stream, enum dir dir, uint32_t seq, uint32_t end)
{
    struct side *side = &stream->side[dir];

    if (tcp_after(seq, side->edge) > 0 || tcp_after(end, side->edge) <= 0)
        return;
    side->edge = end;
    const struct piece *last = stream->waiting.side[dir].last;
    if (!last || tcp_after(last->seq + last->len, end) <= 0)
        return;
    for (const struct piece *p = stream->waiting.side[dir].first; p; p = p->next) {
        if (tcp_after(p->seq, side->edge) > 0)
            return;
        if (tcp_after(p->seq + p->len, side->edge) > 0)
            side->edge = p->seq + p->len;
    }
}

/* Nothing is missing before the segment, and no other copy can win. */
static bool for_ack_only(const struct streams *s, const struct flow *flow,
                         const struct stream *stream, const struct os_span *span)
{
    const struct side *side = &stream->side[s->dir];

    return !side->holds && tcp_after(span->from, side->edge) <= 0 &&
           unacked(s, flow, stream, span->to);
}

/* How many of the bytes before `end` lie behind the receiver's window: it cuts them off, unless it
 * is Linux. */
static uint32_t behind_window(const struct flow *flow, const struct stream *stream, enum dir dir,
                              uint32_t end)
{
    const struct tcp_side *own = &flow->tcp.side[dir];
    int32_t over = own->has_window ? tcp_after(end, own->right) : 0;
    uint8_t policy = stream->waiting.side[dir].policy;

    if (over <= 0 || flow->tcp.lenient || policy == OS_LINUX || policy == OS_OLD_LINUX)
        return 0;
    return (uint32_t)over;
}

/* What lies behind the window: kept in case that no other bytes come there. */
static void keep_in_doubt(struct streams *s, struct flow *flow, struct stream *stream,
                          struct pieces_coming rest, uint32_t over)
{
    over = over < rest.bytes.len ? over : rest.bytes.len;
    rest.bytes = slice_from(rest.bytes, rest.bytes.len - over);
    rest.seq = rest.span.to - over;
    rest.doubted = true;
    rest.in_order = false;
    wait(s, flow, stream, &rest);
}

/* Bytes for later; the last `over` of them lie behind the window. */
static void keep_fresh(struct streams *s, struct flow *flow, struct stream *stream,
                       struct pieces_coming *coming, uint32_t over)
{
    const struct side *side = &stream->side[s->dir];
    const struct piece *first = stream->waiting.side[s->dir].first;
    uint32_t from = coming->span.from, end = coming->span.to - over;
    bool fills = first && tcp_after(from, side->edge) <= 0 && tcp_after(end, side->edge) > 0;

    coming->in_order = !coming->doubted && for_ack_only(s, flow, stream, &coming->span);
    if (over) {
        keep_in_doubt(s, flow, stream, *coming, over);
        coming->bytes = coming->bytes.len > over
                            ? slice_head(coming->bytes, coming->bytes.len - over)
                            : SLICE_NONE;
    }
    if (coming->bytes.len)
        wait(s, flow, stream, coming);
    move_edge(stream, s->dir, from, end);
    s->count[COUNT_FILLED] += fills && tcp_after(side->edge, end) > 0;
}

/* What most segments are: they go on where the bytes end that are there, and wait for nothing but
 * their acknowledgement. False: it is not so simple. */
static bool append(struct streams *s, const struct flow *flow, struct stream *stream, uint32_t seq,
                   const struct packet *p)
{
    struct side *side = &stream->side[s->dir];
    bool alone = !stream->waiting.side[s->dir].first;

    if (seq != side->edge || side->holds || !p->payload.len ||
        !pieces_append(&s->pool, &stream->waiting, s->dir, seq, p->payload, s->now_ns))
        return false;
    side->edge = seq + p->payload.len;
    s->settled = alone && seq == side->next && !side->has_fin && p->payload.len <= s->hole_bytes &&
                 tcp_after(flow->tcp.side[s->dir].acked, seq) <= 0 &&
                 pieces_has_room(&s->pool, &stream->waiting);
    return true;
}

/* Bytes that the capture cut off the segment, as far as no other copy of them waits. */
static uint32_t cut_off(const struct side *side, const struct piece *first, uint32_t fresh,
                        uint32_t missing)
{
    int32_t until = first ? tcp_after(first->seq, side->next + fresh) : INT32_MAX;

    return until <= 0 ? 0 : missing < (uint32_t)until ? missing : (uint32_t)until;
}

/* What follows the bytes left in s->in_order: some that were cut off, or a piece that waits. */
static void come_in_order(struct streams *s, const struct side *side, const struct piece *first,
                          const struct packet *p, uint32_t known)
{
    uint32_t cut =
        known > p->payload.len ? p->payload_missing - (known - p->payload.len) : p->payload_missing;

    s->missing = cut_off(side, first, s->in_order.len, cut);
    if (first && first->seq == side->next + s->in_order.len)
        s->count[COUNT_FILLED]++;
}

/* The bytes from `seq` on that are not known yet: in order (left in s->in_order), or to wait. */
static void take_fresh(struct streams *s, struct flow *flow, struct stream *stream, uint32_t seq,
                       const struct packet *p, uint32_t known)
{
    struct side *side = &stream->side[s->dir];
    const struct piece *first = stream->waiting.side[s->dir].first;
    struct slice fresh = slice_from(p->payload, known < p->payload.len ? known : p->payload.len);
    uint32_t end = seq + p->payload.len;
    bool ahead = tcp_after(seq, side->next) > 0;
    bool doubted = doubtful(flow, s->dir, p);
    bool waits = unacked(s, flow, stream, end);
    uint32_t over = behind_window(flow, stream, s->dir, end);

    if (waits && !doubted && !over && append(s, flow, stream, seq, p))
        return;
    s->count[COUNT_AHEAD] += tcp_after(seq, side->edge) > 0;
    if (ahead || waits || doubted || side->holds || over ||
        awaits_late(s, flow, stream, dir_other(s->dir)) ||
        (first && tcp_after(first->seq, end) < 0)) {
        struct pieces_coming coming = {
            .span = {seq, end}, .seq = seq + known, .bytes = fresh, .doubted = doubted};
        keep_fresh(s, flow, stream, &coming, over);
        return;
    }
    s->in_order = fresh;
    come_in_order(s, side, first, p, known);
}

/* Data of the packet's own side: new, old, or of another time. */
static void take_data(struct streams *s, struct flow *flow, struct stream *stream, uint32_t seq,
                      const struct packet *p)
{
    struct side *side = &stream->side[s->dir];
    int32_t ahead = tcp_after(seq, side->next);

    if ((ahead > JUMP_MAX || ahead < -JUMP_MAX) && far_away(s, flow, side, seq))
        return;
    note_urgent(s, flow, stream, seq, p);
    ahead = tcp_after(seq, side->next);
    side->far = 0;
    uint32_t known = ahead < 0 ? (uint32_t)-ahead : 0;
    if (known && known >= p->payload.len + p->payload_missing) {
        s->count[COUNT_OLD]++;
        return;
    }
    take_fresh(s, flow, stream, seq, p, known);
}

static void take_fin(struct side *side, uint32_t seq, uint32_t len)
{
    int32_t ahead = tcp_after(seq + len, side->next);

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
        stream->waiting.shard = flow->shard;
        flow->ext[FLOW_EXT_STREAM] = stream;
    }
    return stream;
}

static void take_segment(struct streams *s, struct flow *flow, struct stream *stream,
                         const struct packet *p, uint32_t wire_len)
{
    struct side *side = &stream->side[s->dir];
    uint32_t seq = p->tcp.seq + (p->tcp.flags & TCP_SYN ? 1 : 0);

    if (!side->begun)
        start(s, flow, stream, seq);
    if (wire_len && !side->ended) {
        s->count[COUNT_SEGMENTS]++;
        take_data(s, flow, stream, seq, p);
    } else if (!side->ended) {
        note_urgent(s, flow, stream, seq, p);
    }
    if (p->tcp.flags & TCP_FIN)
        take_fin(side, seq, wire_len);
}

/* What waited behind the end of a direction that became too long. */
static void drop_unwanted(struct streams *s, struct stream *stream, enum dir dir)
{
    while (stream->side[dir].deep && stream->waiting.side[dir].first)
        pieces_give(&s->pool, pieces_shift(&s->pool, &stream->waiting, dir, s->now_ns));
}

static void begin(struct streams *s, bool ending, bool hurried, uint32_t stage)
{
    release_given(s);
    s->in_order = SLICE_NONE;
    s->missing = 0;
    s->settled = false;
    s->ending = ending;
    s->hurried = hurried;
    s->dir = TO_CLIENT; /* without a packet stage 0 is the client's bytes */
    s->stage = stage;
}

void streams_push(struct streams *s, struct flow *flow, const struct packet *p, enum dir dir)
{
    uint32_t wire_len = p->payload.len + p->payload_missing;
    bool brings = wire_len || p->tcp.flags & (TCP_FIN | TCP_URG);

    begin(s, false, false, 2);
    if (flow->tcp.pass_over) {
        s->count[COUNT_REFUSED] += wire_len != 0;
        return;
    }
    if (!brings && !flow->ext[FLOW_EXT_STREAM])
        return;
    struct stream *stream = stream_of(s, flow);
    if (!stream)
        return;
    s->dir = dir;
    s->now_ns = p->ts_ns;
    s->stage = 0;
    drop_unwanted(s, stream, s->dir);
    if (p->tcp.flags & TCP_SYN) /* data on a SYN comes before its receiver is known */
        find_policy(s, flow, stream, dir_other(s->dir));
    if (brings)
        take_segment(s, flow, stream, p, wire_len);
}

void streams_end(struct streams *s, struct flow *flow)
{
    begin(s, true, false, flow->ext[FLOW_EXT_STREAM] ? 0 : 2);
}

bool streams_hurry(struct streams *s, struct flow *flow)
{
    struct stream *stream = flow->ext[FLOW_EXT_STREAM];

    if (!stream ||
        (!stream->side[TO_SERVER].late.since_us && !stream->side[TO_CLIENT].late.since_us))
        return false;
    begin(s, false, true, 0);
    no_hole(stream);
    return true;
}

/* ---- handing out -------------------------------------------------------------------------- */

static bool at_fin(const struct side *side)
{
    return side->has_fin && tcp_after(side->next, side->fin) >= 0;
}

/* How many of the next `n` bytes are within the depth; the direction ends there for those above. */
static uint32_t within_depth(struct streams *s, struct flow *flow, struct side *side, uint32_t n)
{
    if (!s->depth || side->offset + n < s->depth || flow->no_depth)
        return n;
    s->count[COUNT_DEPTH]++;
    stream_event_raise(flow, STREAM_EVENT_REASSEMBLY_DEPTH_REACHED);
    side->deep = true;
    return side->offset < s->depth ? (uint32_t)(s->depth - side->offset) : 0;
}

/* Hands out the start of `data`, up to an urgent byte; says how much was used. */
static uint32_t emit(struct streams *s, struct flow *flow, enum dir dir, struct slice data,
                     struct chunk *chunk)
{
    struct stream *stream = flow->ext[FLOW_EXT_STREAM];
    struct side *side = &stream->side[dir];
    bool urgent = false;
    uint32_t n = data.len;

    if (stream->urgent.n && n)
        n = urgent_before(&stream->urgent, dir, side->next, n, &urgent);
    s->count[COUNT_URGENT] += urgent;
    n = within_depth(s, flow, side, n);
    *chunk = (struct chunk){
        .data = slice_head(data, n), .dir = dir, .offset = side->offset, .gap = side->gap};
    side->gap = 0;
    side->begun = true;
    side->offset += n;
    n += urgent;
    side->next += n;
    if (tcp_after(side->next, side->edge) > 0)
        side->edge = side->next;
    chunk->end = side->deep || (!s->by_ack && n == data.len && at_fin(side));
    side->ended = side->ended || chunk->end;
    return n;
}

static void lose(struct streams *s, struct flow *flow, struct side *side, enum dir dir,
                 uint32_t bytes)
{
    side->next += bytes;
    if (tcp_after(side->next, side->edge) > 0)
        side->edge = side->next;
    side->offset += bytes;
    side->gap += bytes;
    side->begun = true;
    flow->gaps[dir]++;
    flow->tcp.lenient = true;
    s->count[COUNT_GAPS]++;
    s->count[COUNT_GAP_BYTES] += bytes;
    stream_event_raise(flow, STREAM_EVENT_REASSEMBLY_SEQ_GAP);
}

/* While bytes of one direction may still come, the other waits too: it answers them. */
static bool awaits_any(const struct streams *s, const struct flow *flow, struct stream *stream)
{
    bool own = awaits_late(s, flow, stream, s->dir);

    return awaits_late(s, flow, stream, dir_other(s->dir)) || own;
}

/* Hands out the first piece from its byte `known` up to `due`. */
static bool hand_out(struct streams *s, struct flow *flow, struct stream *stream, enum dir dir,
                     uint32_t known, uint32_t due, struct chunk *chunk)
{
    struct piece *piece = stream->waiting.side[dir].first;
    uint8_t *data = piece->data + piece->at + known;
    uint32_t used = emit(s, flow, dir, (struct slice){data, due - known}, chunk);

    if (known + used < piece->len) { /* the rest: not acknowledged, or behind an urgent byte */
        pieces_trim_first(&stream->waiting.side[dir], known + used);
        return true;
    }
    pieces_shift(&s->pool, &stream->waiting, dir, s->now_ns);
    piece->next = s->given;
    s->given = piece;
    return true;
}

/* The next waiting piece, if its turn has come. */
static bool next_waiting(struct streams *s, struct flow *flow, struct stream *stream, enum dir dir,
                         struct chunk *chunk)
{
    struct side *side = &stream->side[dir];
    struct pieces *waiting = &stream->waiting.side[dir];
    uint32_t due;

    while (waiting->first && !side->ended && !awaits_any(s, flow, stream) &&
           (due = due_bytes(s, flow, stream, dir)) != 0) {
        struct piece *piece = waiting->first;
        if (due_refused(s, flow, stream, dir)) {
            pieces_give(&s->pool, pieces_shift(&s->pool, &stream->waiting, dir, s->now_ns));
            continue;
        }
        int32_t ahead = tcp_after(piece->seq, side->next);
        if (ahead > 0)
            lose(s, flow, side, dir, (uint32_t)ahead);
        uint32_t known = ahead < 0 ? (uint32_t)-ahead : 0;
        if (known >= piece->len) {
            pieces_give(&s->pool, pieces_shift(&s->pool, &stream->waiting, dir, s->now_ns));
            continue;
        }
        if (known >= due)
            return false;
        return hand_out(s, flow, stream, dir, known, due, chunk);
    }
    return false;
}

/* Nothing more comes from this side, as far as the other one tells. */
static bool end_is_due(const struct streams *s, const struct flow *flow, const struct side *side,
                       enum dir dir)
{
    const struct tcp_side *own = &flow->tcp.side[dir];

    if (s->ending)
        return true;
    return at_fin(side) && (side->begun || own->has_isn) && /* not its FIN alone, before the rest */
           (!s->by_ack || !own->has_acked || own->rst || flow->tcp_state == TCP_CLOSED);
}

static bool next_of_side(struct streams *s, struct flow *flow, struct stream *stream, enum dir dir,
                         struct chunk *chunk)
{
    struct side *side = &stream->side[dir];

    if (side->ended || !(side->started || (s->ending && flow->tcp.side[dir].has_isn)))
        return false;
    if (dir == s->dir && s->in_order.len) {
        uint32_t used = emit(s, flow, dir, s->in_order, chunk);
        s->in_order = slice_from(s->in_order, used);
        return true;
    }
    if (dir == s->dir && s->missing) {
        lose(s, flow, side, dir, s->missing);
        s->missing = 0;
    }
    if (due_whole(flow, stream, dir)) {
        no_hole(stream);
        return hand_out(s, flow, stream, dir, 0, stream->waiting.side[dir].first->len, chunk);
    }
    if (next_waiting(s, flow, stream, dir, chunk))
        return true;
    if (side->ended || !end_is_due(s, flow, side, dir) || awaits_any(s, flow, stream))
        return false;
    emit(s, flow, dir, SLICE_NONE, chunk);
    chunk->end = side->ended = true;
    return true;
}

bool streams_by_ack(const struct streams *s, const struct flow *flow)
{
    return s->by_ack && flow->proto == IPPROTO_TCP4 && flow->tcp.side[0].has_acked &&
           flow->tcp.side[1].has_acked;
}

/* False for most: then next_of_side() finds nothing. */
static inline bool may_have_more(const struct streams *s, const struct stream *stream, enum dir dir)
{
    return stream->waiting.side[dir].first || stream->side[dir].has_fin || s->ending;
}

bool streams_next(struct streams *s, struct flow *flow, struct chunk *chunk)
{
    struct stream *stream = flow->ext[FLOW_EXT_STREAM];
    enum dir other = dir_other(s->dir);

    if (!stream || s->stage >= 2)
        return false;
    if (s->stage == 0 && may_have_more(s, stream, other) &&
        next_of_side(s, flow, stream, other, chunk))
        return true;
    s->stage = 1;
    if (s->settled && !due_hole(flow, stream, other))
        no_hole(stream);
    else if ((s->in_order.len || s->missing || may_have_more(s, stream, s->dir)) &&
             next_of_side(s, flow, stream, s->dir, chunk))
        return true;
    s->stage = 2;
    return false;
}
