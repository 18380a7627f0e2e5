/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on frames. The bytes of flows whose protocol has a frame that some rule names are cut here
 * (sensor/app/frame.h), kept while a frame they belong to is open, and each frame is looked at when
 * it is whole. One that is told before it is whole is looked at in pieces, as soon as enough of it
 * is new: a rule fires on each piece that it fits, as in Suricata, and on what began in an earlier
 * one if it has not fired yet.
 *
 * Limits: of a frame its first 64 KB are kept; it is inspected up to the first gap in it.
 */
#include "sensor/app/frame.h"
#include "sensor/detect/match.h"

enum {
    ROOM_MAX = 64 * 1024,
    UNKNOWN_MAX = 4096, /* bytes kept of a direction whose protocol is not known yet */
    PIECE = 2560,       /* a frame that grows is looked at when so much of it is new */
    FRAMES_MAX = 1024,  /* of a direction at a time */
    GAPS_MAX = 4
};

struct unit {
    uint64_t at; /* in the stream */
    uint32_t len;
    uint32_t id;
    uint32_t seen; /* bytes at the last look: where the next piece begins */
    uint8_t type;
    bool over;      /* looked at for the last time */
    uint8_t *fired; /* by place in the ruleset's list; NULL = none has */
};

struct gap {
    uint64_t at;
    uint32_t len;
};

struct side {
    uint8_t *bytes; /* from `base` on */
    uint32_t len, room;
    uint64_t base;
    uint64_t next;   /* behind the last byte that came */
    uint64_t cut_at; /* where the next unit begins */
    uint32_t ids;
    uint16_t n, room_frames;
    struct unit *at;
    uint8_t n_gaps;
    struct gap gaps[GAPS_MAX];
    bool begun, lost, off, ended, news, known;
    uint32_t messages; /* frames of HTTP that were begun: the transaction's number + 1 */
};

struct frames {
    const struct frame_def *def;
    int proto; /* row; -1 = not known yet */
    uint32_t generation;
    uint32_t wanted; /* types */
    uint32_t n_rules;
    uint64_t memory[FRAME_MEMORY / 8];
    struct side side[2];
};

static void drop_frame(struct pool *pool, const struct frames *f, struct unit *frame)
{
    state_give(pool, frame->fired, (f->n_rules + 7) / 8);
    frame->fired = NULL;
}

static void drop_side(struct pool *pool, const struct frames *f, struct side *s)
{
    for (uint16_t i = 0; i < s->n; i++)
        drop_frame(pool, f, &s->at[i]);
    state_give(pool, s->at, s->room_frames * sizeof(*s->at));
    state_give(pool, s->bytes, s->room);
    memset(s, 0, sizeof(*s));
}

void match_frame_drop(struct pool *pool, struct frames *f)
{
    if (!f)
        return;
    for (int i = 0; i < 2; i++)
        drop_side(pool, f, &f->side[i]);
    state_give(pool, f, sizeof(*f));
}

/* ---- looking ------------------------------------------------------------------------------ */

/* On `d->look.frame`, which begins `base` bytes behind the frame's start. */
static bool groups_ok(struct detect *d, const struct rule *r, uint8_t type, uint32_t base)
{
    struct hit *hit = d->look.hit;

    detect_hit_clear(d);
    d->look.base64 = SLICE_NONE;
    for (uint8_t g = 0; g < r->n_groups; g++) {
        const struct group *group = &r->groups[g];
        struct place place = {0};
        struct slice bytes;
        if (group->buffer->kind == BUFFER_FRAME && group->buffer->frame != type)
            continue;
        if (!buffer_instance(group->buffer, &d->look, 0, d->buffers, &bytes) ||
            !inspect_group(group, &d->look, bytes, group->buffer->n_transforms ? 0 : base,
                           &d->inspect, &place))
            return false;
        if (place.set && hit->matches < HIT_MATCHES_MAX)
            hit->match[hit->matches++] =
                (struct hit_match){group->buffer->name, base + place.offset, place.len};
    }
    return true;
}

static bool has_fired(const struct unit *frame, uint32_t i)
{
    return frame->fired && frame->fired[i / 8] >> i % 8 & 1;
}

static void note_fired(struct detect *d, const struct frames *f, struct unit *frame, uint32_t i)
{
    if (!frame->fired)
        frame->fired = state_take(d->pool, (f->n_rules + 7) / 8);
    if (frame->fired)
        frame->fired[i / 8] |= (uint8_t)(1u << i % 8);
    else
        d->count[DETECT_STATE_FULL]++;
}

/* Bytes of the frame as they stand in the event: with a word for each gap in it. Nothing is copied
 * when there is none and the bytes stay. */
static void write_bytes(struct detect *d, const struct side *s, const struct unit *frame)
{
    struct hit_frame *out = &d->look.hit->frame;
    uint64_t at = frame->at, end = at + out->bytes.len;
    bool holes = false;

    for (uint8_t i = 0; i < s->n_gaps; i++)
        holes |= s->gaps[i].at >= at && s->gaps[i].at < end;
    if ((!holes && !out->moves) || out->text_len)
        return;
    out->text_at = (uint32_t)d->text.len;
    for (uint8_t i = 0; i <= s->n_gaps; i++) {
        bool last = i == s->n_gaps;
        uint64_t to = last || s->gaps[i].at > end ? end : s->gaps[i].at;
        if (to > at)
            strbuf_bytes(&d->text, s->bytes + (at - s->base), (size_t)(to - at));
        at = to > at ? to : at;
        if (last || s->gaps[i].at < frame->at || s->gaps[i].at >= end)
            continue;
        uint64_t behind = s->gaps[i].at + s->gaps[i].len;
        at = behind < end ? behind : end;
        strbuf_fmt(&d->text, "[%u bytes missing]", (unsigned)(at - s->gaps[i].at));
    }
    out->text_len = (uint32_t)d->text.len - out->text_at;
}

/* On the piece; what a rule that has not fired on the frame looks for may have begun before. */
static bool piece_ok(struct detect *d, const struct rule *r, const struct unit *frame, bool fired,
                     uint32_t base)
{
    struct slice piece = d->look.frame;
    bool ok = groups_ok(d, r, frame->type, base);

    if (!ok && base && !fired && r->has_literal) {
        d->look.frame = (struct slice){piece.at - base, piece.len + base};
        ok = groups_ok(d, r, frame->type, 0);
        d->look.frame = piece;
    }
    return ok;
}

static bool within_cost(struct detect *d, const struct rule *r, const struct unit *frame,
                        bool fired, uint32_t base)
{
    if (!cost_begin(&d->cost, r->uid, &d->inspect))
        return false;
    bool ok = piece_ok(d, r, frame, fired, base);
    cost_end(&d->cost, r->uid, &d->inspect);
    return ok;
}

/* Rules of the frame's type on `d->look.frame`, `base` bytes behind its start; those that match are
 * noted on `frame`. `s` NULL: a datagram's. */
static void try_rules(struct detect *d, const struct frames *f, const struct side *s,
                      struct unit *frame, uint32_t base)
{
    const struct ruleset *rs = d->rs;

    for (uint32_t i = 0; i < rs->n_framed; i++) {
        const struct rule *r = &rs->rules[rs->framed[i]];
        const struct buffer *b = r->groups[r->frame_group].buffer;
        if (b->proto != f->proto || b->frame != frame->type)
            continue;
        if (!header_ok(d, rs->framed[i], d->look.dir) || !detect_tests_ok(d, r))
            continue;
        d->count[DETECT_RULES_TRIED]++;
        if (!within_cost(d, r, frame, has_fired(frame, i), base))
            continue;
        note_fired(d, f, frame, i);
        if (s)
            write_bytes(d, s, frame);
        detect_fire(d, r);
    }
}

static void describe(struct detect *d, const struct frames *f, const struct side *s,
                     const struct unit *frame, uint64_t end)
{
    struct hit_frame *out = &d->look.hit->frame;

    *out = (struct hit_frame){
        .type = frame_name(proto_rows[f->proto], frame->type),
        .id = frame->id,
        .length_known = frame->len != FRAME_OPEN,
        .length = frame->len,
        .at = frame->at,
        .bytes = {s->bytes + (frame->at - s->base), (uint32_t)(end - frame->at)},
    };
}

static struct tx *tx_of(const struct detect *d, const struct frames *f, const struct side *s)
{
    if (!s->messages || strcmp(proto_rows[f->proto]->name, "http") != 0)
        return NULL;
    struct tx *tx = app_first_tx(d->in->flow);
    while (tx && tx->id + 1 != s->messages)
        tx = tx->next;
    return tx;
}

/* What of a frame is there. */
struct extent {
    uint64_t end;  /* behind its last byte that is kept */
    uint64_t upto; /* where the first gap in it begins, or `end` */
    bool whole;    /* nothing of it is still to come */
    bool kept;     /* and all of it is kept */
};

static struct extent extent_of(const struct side *s, const struct unit *frame)
{
    uint64_t have = s->base + s->len, to = frame->at + frame->len;
    bool open = frame->len == FRAME_OPEN;
    struct extent e = {.end = open || to > have ? have : to, .whole = !open && to <= s->next};

    e.end = e.end > frame->at ? e.end : frame->at;
    e.upto = e.end;
    e.kept = e.whole && e.end == to;
    for (uint8_t i = 0; i < s->n_gaps; i++) {
        uint64_t from = s->gaps[i].at > frame->at ? s->gaps[i].at : frame->at;
        if (s->gaps[i].at + s->gaps[i].len > frame->at && from < e.upto)
            e.upto = from;
    }
    return e;
}

/* Enough of the frame is new. */
static bool worth_a_look(const struct frames *f, const struct unit *frame, uint32_t n)
{
    bool grows = frame->type == FRAME_STREAM || (f->def && f->def->grows);

    return frame->over ? n > frame->seen : grows && n - frame->seen >= PIECE;
}

static void look_at(struct detect *d, struct frames *f, struct side *s, struct unit *frame,
                    bool moves)
{
    if (s->ended && frame->len == FRAME_OPEN && s->next - frame->at < FRAME_OPEN)
        frame->len = (uint32_t)(s->next - frame->at);
    struct extent e = extent_of(s, frame);
    uint32_t n = (uint32_t)(e.end - frame->at);

    frame->over = e.whole || s->ended || n >= ROOM_MAX;
    if (!worth_a_look(f, frame, n))
        return;
    uint32_t from = frame->at + frame->seen < e.upto ? frame->seen : 0;
    frame->seen = n;
    d->look.frame = (struct slice){s->bytes + (frame->at + from - s->base),
                                   (uint32_t)(e.upto - frame->at) - from};
    d->look.partial = e.upto < e.end || !e.kept;
    d->look.tx = tx_of(d, f, s);
    describe(d, f, s, frame, e.end);
    d->look.hit->frame.complete = e.kept;
    d->look.hit->frame.moves = moves;
    d->look.hit->frame.has_tx = d->look.tx != NULL;
    d->look.hit->frame.tx_id = d->look.tx ? d->look.tx->id : 0;
    try_rules(d, f, s, frame, from);
}

static void prepare(struct detect *d, enum dir dir)
{
    const struct flow *fl = d->in->flow;

    d->look.dir = dir;
    d->look.on_stream = true;
    d->look.payload = SLICE_NONE;
    d->look.file = NULL;
    detect_ends(d, dir == TO_SERVER
                       ? (struct ends){&fl->client, &fl->server, fl->client_port, fl->server_port}
                       : (struct ends){&fl->server, &fl->client, fl->server_port, fl->client_port});
}

static void finish(struct detect *d)
{
    d->look.tx = NULL;
    d->look.partial = false;
    d->look.frame = SLICE_NONE;
    d->look.hit->frame = (struct hit_frame){0};
}

/* `moves`: the bytes will not stay where they are. */
static void look_at_all(struct detect *d, struct frames *f, enum dir dir, bool moves)
{
    struct side *s = &f->side[dir];

    prepare(d, dir);
    for (uint16_t i = 0; i < s->n; i++) {
        if (!s->at[i].over)
            look_at(d, f, s, &s->at[i], moves);
    }
    s->news = false;
    finish(d);
}

/* ---- keeping ------------------------------------------------------------------------------ */

/* Bytes that no frame needs any more go. */
static void compact(struct detect *d, struct frames *f, struct side *s)
{
    uint64_t keep = s->cut_at;
    uint16_t n = 0;

    for (uint16_t i = 0; i < s->n; i++) {
        if (s->at[i].over) {
            drop_frame(d->pool, f, &s->at[i]);
            continue;
        }
        keep = s->at[i].at < keep ? s->at[i].at : keep;
        s->at[n++] = s->at[i];
    }
    s->n = n;
    uint64_t have = s->base + s->len;
    keep = keep < have ? keep : have;
    if (keep <= s->base)
        return;
    uint32_t cut = (uint32_t)(keep - s->base);
    if (s->len > cut)
        memmove(s->bytes, s->bytes + cut, s->len - cut);
    s->len -= cut;
    s->base = keep;
    uint8_t gaps = 0;
    for (uint8_t i = 0; i < s->n_gaps; i++) {
        if (s->gaps[i].at + s->gaps[i].len > s->base)
            s->gaps[gaps++] = s->gaps[i];
    }
    s->n_gaps = gaps;
    if (!s->len) {
        state_give(d->pool, s->bytes, s->room);
        s->bytes = NULL;
        s->room = 0;
    }
}

static bool make_room(struct detect *d, struct side *s, uint32_t bytes)
{
    enum { LEAST = 1024 };
    uint32_t room = LEAST;

    if (bytes <= s->room)
        return true;
    while (room < bytes)
        room *= 2;
    uint8_t *to = state_take(d->pool, room);
    if (!to) {
        d->count[DETECT_STATE_FULL]++;
        return false;
    }
    if (s->len)
        memcpy(to, s->bytes, s->len);
    state_give(d->pool, s->bytes, s->room);
    s->bytes = to;
    s->room = room;
    return true;
}

/* As many of the bytes as there is room for; the others are of a frame that is longer. None when no
 * frame wants them. */
static void keep_bytes(struct detect *d, struct side *s, struct slice data)
{
    uint64_t have = s->base + s->len;

    if (have < s->next && s->len) /* full: what follows is not kept */
        return;
    if (!s->len)
        s->base = s->next;
    if (!s->n && !s->len && s->cut_at >= s->next + data.len)
        return;
    uint32_t n = data.len > ROOM_MAX - s->len ? ROOM_MAX - s->len : data.len;
    if (!n || !make_room(d, s, s->len + n))
        return;
    if (data.at)
        memcpy(s->bytes + s->len, data.at, n);
    else
        memset(s->bytes + s->len, 0, n);
    s->len += n;
}

static void add_frame(struct detect *d, struct frames *f, struct side *s,
                      const struct frame_found *found, uint64_t at)
{
    void *list = s->at;

    if (!(f->wanted >> found->type & 1))
        return;
    if (!state_grow(d->pool, &list, s->n, &s->room_frames, sizeof(*s->at), FRAMES_MAX)) {
        d->count[DETECT_STATE_FULL]++;
        return;
    }
    s->at = list;
    s->at[s->n++] = (struct unit){.at = at, .len = found->len, .id = ++s->ids, .type = found->type};
}

static void take_found(struct detect *d, struct frames *f, struct side *s,
                       const struct frame_cut *cut)
{
    for (uint32_t i = 0; i < cut->n; i++) {
        const struct frame_found *found = &cut->found[i];
        if (!found->closes) {
            s->messages += found->len == FRAME_OPEN;
            add_frame(d, f, s, found, s->cut_at + found->at);
            continue;
        }
        for (uint16_t k = 0; k < s->n; k++) {
            struct unit *open = &s->at[k];
            if (open->type == found->type && open->len == FRAME_OPEN)
                open->len = (uint32_t)(s->cut_at + found->at - open->at);
        }
    }
}

/* The place of the next unit is not known: it is looked for where the next segment begins. */
static void lose(struct side *s)
{
    s->lost = true;
    s->cut_at = s->next;
    for (uint16_t i = 0; i < s->n; i++)
        s->at[i].over |= s->at[i].type != FRAME_STREAM;
}

static void cut_units(struct detect *d, struct frames *f, enum dir dir)
{
    struct side *s = &f->side[dir];
    struct frame_cut cut;

    if (!s->known)
        add_frame(d, f, s, &(struct frame_found){FRAME_STREAM, false, 0, FRAME_OPEN}, s->base);
    s->known = true;
    while (f->def && !s->off && s->cut_at >= s->base && s->cut_at < s->base + s->len) {
        uint32_t from = (uint32_t)(s->cut_at - s->base);
        cut.dir = dir;
        cut.datagram = false;
        cut.in = (struct slice){s->bytes + from, s->len - from};
        cut.memory = f->memory;
        cut.n = 0;
        uint32_t used = f->def->cut(&cut);
        if (used < FRAME_OFF) {
            take_found(d, f, s, &cut);
            s->lost = false;
        }
        if (used == FRAME_OFF)
            s->off = true;
        if (used == FRAME_LOST || (used == FRAME_MORE && cut.in.len == ROOM_MAX))
            lose(s);
        if (used == FRAME_MORE || used >= FRAME_OFF)
            return;
        s->cut_at += used;
    }
}

/* Bytes that did not come. Inside a unit that goes on behind them they are a hole in it. */
static void take_gap(struct detect *d, struct side *s, uint64_t to)
{
    uint64_t lost = to - s->next;

    if (s->cut_at >= to && !s->lost && lost <= ROOM_MAX && s->n && s->n_gaps < GAPS_MAX) {
        s->gaps[s->n_gaps++] = (struct gap){s->next, (uint32_t)lost};
        keep_bytes(d, s, (struct slice){NULL, (uint32_t)lost});
        s->next = to;
        return;
    }
    s->next = to;
    if (s->cut_at < to)
        lose(s);
    s->len = 0;
    s->base = to;
    for (uint16_t i = 0; i < s->n; i++)
        s->at[i].over = true;
}

/* Up to the next unit, when that is ahead. */
static uint32_t piece_length(const struct side *s, uint32_t len)
{
    uint32_t n = len > ROOM_MAX / 2 ? ROOM_MAX / 2 : len;

    return s->cut_at > s->next && s->cut_at - s->next < n ? (uint32_t)(s->cut_at - s->next) : n;
}

static void feed(struct detect *d, struct frames *f, const struct chunk *chunk)
{
    struct side *s = &f->side[chunk->dir];

    if (!s->begun) {
        s->begun = true;
        s->base = s->next = s->cut_at = chunk->offset;
        s->lost = chunk->gap > 0;
    }
    s->ended |= chunk->end;
    s->news = true;
    compact(d, f, s);
    if (chunk->offset > s->next)
        take_gap(d, s, chunk->offset);
    if (s->lost)
        s->cut_at = s->next;
    struct slice rest = slice_from(chunk->data, (uint32_t)(s->next - chunk->offset));
    while (rest.len) {
        uint32_t n = piece_length(s, rest.len);
        if (s->len + n > ROOM_MAX) {
            look_at_all(d, f, chunk->dir, true);
            compact(d, f, s);
        }
        keep_bytes(d, s, slice_head(rest, n));
        s->next += n;
        rest = slice_from(rest, n);
        cut_units(d, f, chunk->dir);
    }
}

/* ---- datagrams ---------------------------------------------------------------------------- */

static void run_datagram(struct detect *d, struct frames *f)
{
    enum dir dir = d->in->dir;
    struct side *s = &f->side[dir];
    struct frame_cut cut = {
        .dir = dir, .datagram = true, .in = d->in->packet->payload, .memory = f->memory};

    if (!(f->def->l4 & L4_UDP) || !cut.in.len || f->def->cut(&cut) >= FRAME_OFF)
        return;
    prepare(d, dir);
    d->look.on_stream = false;
    for (uint32_t i = 0; i < cut.n; i++) {
        const struct frame_found *found = &cut.found[i];
        if (!(f->wanted >> found->type & 1))
            continue;
        struct unit frame = {.id = ++s->ids, .type = found->type};
        struct slice bytes = slice_head(slice_from(cut.in, found->at), found->len);
        d->look.frame = bytes;
        d->look.hit->frame = (struct hit_frame){
            .type = frame_name(proto_rows[f->proto], found->type),
            .id = frame.id,
            .datagram = true,
            .complete = true,
            .length_known = true,
            .length = found->len,
            .bytes = bytes,
        };
        try_rules(d, f, NULL, &frame, 0);
        drop_frame(d->pool, f, &frame);
    }
    finish(d);
}

/* ---- a flow ------------------------------------------------------------------------------- */

/* Kept frames belong to another ruleset or protocol. */
static bool outdated(const struct detect *d, const struct frames *f)
{
    return f->generation != d->rs->generation || (f->proto >= 0 && f->proto != d->proto);
}

static void take_proto(const struct detect *d, struct frames *f)
{
    if (!f->generation)
        f->proto = -1;
    f->generation = d->rs->generation;
    f->n_rules = d->rs->n_framed;
    if (f->proto >= 0 || d->proto < 0)
        return;
    f->proto = d->proto;
    f->def = frame_of(proto_rows[d->proto]);
    f->wanted = d->rs->frames[d->proto];
}

/* What is kept of the flow; NULL when no rule names a frame of its protocol. */
static struct frames *frames_of(struct detect *d)
{
    struct flow_marks *m = d->in->flow->ext[FLOW_EXT_DETECT];
    bool unknown = d->proto < 0 && !d->in->flow->app_failed;
    bool wanted = unknown ? d->class_ == CLASS_TCP : d->proto >= 0 && d->rs->frames[d->proto];

    if (m && m->frames && (!wanted || outdated(d, m->frames))) {
        match_frame_drop(d->pool, m->frames);
        m->frames = NULL;
    }
    if (!wanted)
        return NULL;
    m = state_flow(d->pool, d->in->flow);
    if (m && !m->frames)
        m->frames = state_take(d->pool, sizeof(*m->frames));
    if (!m || !m->frames) {
        d->count[DETECT_STATE_FULL]++;
        return NULL;
    }
    take_proto(d, m->frames);
    return m->frames;
}

/* Until the protocol is known bytes wait; more than some are not kept. */
static void settle(struct detect *d, struct frames *f)
{
    for (uint32_t dir = 0; dir < 2; dir++) {
        struct side *s = &f->side[dir];
        if (f->proto >= 0) {
            cut_units(d, f, (enum dir)dir);
        } else if (s->len > UNKNOWN_MAX) {
            drop_side(d->pool, f, s);
        }
    }
}

/* A message that the end of its connection ends. */
static bool has_open(const struct frames *f)
{
    for (uint32_t dir = 0; dir < 2; dir++) {
        for (uint16_t i = 0; i < f->side[dir].n; i++) {
            const struct unit *u = &f->side[dir].at[i];
            if (u->len == FRAME_OPEN && u->type != FRAME_STREAM && !u->over)
                return true;
        }
    }
    return false;
}

void match_frame_run(struct detect *d)
{
    const struct detect_input *in = d->in;
    uint32_t looks = d->looks;
    struct frames *f;

    if (detect_no_packet(in) ? d->class_ != CLASS_TCP : d->class_ == CLASS_OTHER)
        return;
    f = frames_of(d);
    if (!f || (detect_over(in) && !has_open(f)))
        return;
    detect_look(d);
    if (d->class_ == CLASS_UDP) {
        if (f->def)
            run_datagram(d, f);
        return;
    }
    for (uint32_t i = 0; i < in->n_chunks; i++) {
        if (!in->chunks[i].datagram)
            feed(d, f, &in->chunks[i]);
    }
    settle(d, f);
    for (uint32_t dir = 0; f->proto >= 0 && dir < 2; dir++) {
        f->side[dir].ended |= in->flow_ends;
        if (looks >> dir & 1 && (f->side[dir].news || in->flow_ends))
            look_at_all(d, f, (enum dir)dir, false);
    }
}
