/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on packet payload and on reassembled streams.
 *
 * Each byte is searched once: a packet whose payload is delivered in order is searched as part of
 * the stream, with the last bytes of the stream before it (so that a literal may lie across two
 * segments), and the candidates serve packet and stream rules alike. A candidate is compared with
 * the window: the bytes before, as far as detect.stream-window goes, and the new ones. When its
 * literal was there but the rest was not yet, it is tried again with the next bytes until its
 * literal has left the window.
 */
#include "sensor/detect/match.h"

#include "sensor/detect/content.h"
#include "sensor/detect/holes.h"
#include "sensor/flow/tcp_track.h"

enum {
    ON_PACKET = 1,
    ON_STREAM = 2,
    TAIL = LITERAL_MAX - 1,
    STREAM_PIECE = 2560,
    WINDOW_KEPT_MAX = 8192 /* room of a window when nothing waits in it */
};

/* ---- one rule ----------------------------------------------------------------------------- */

/* The content that would have been looked for with those of other rules, were it not too short. */
static bool pair_stands(const struct rule *r, struct slice data)
{
    const struct op *op = r->ask_op < 0 ? NULL : &r->groups[r->payload_group].ops[r->ask_op];

    return !op ||
           content_find(data, op->content.text, op->content.rare, op->flags & OP_NOCASE) >= 0;
}

/* The content that Suricata looks for before anything else, of those that must not be there. */
static const struct op *longest_negated(const struct group *group)
{
    const struct op *best = NULL;

    for (uint16_t i = 0; i < group->n_ops; i++) {
        const struct op *op = &group->ops[i];
        if (op->kind == OP_CONTENT && op->flags & OP_NEGATED &&
            (!best || op->content.text.len > best->content.text.len))
            best = op;
    }
    return best;
}

/* The content, which is bound to no place, stands somewhere. */
static bool stands_anywhere(const struct op *op, struct slice data)
{
    return !(op->flags & (OP_RELATIVE | OP_OFFSET | OP_DEPTH)) &&
           content_find(data, op->content.text, op->content.rare, op->flags & OP_NOCASE) >= 0;
}

/* What the rule leaves out at the end may stand nowhere in it, where nothing else is looked for:
 * Suricata looks for it first, wherever it stands. */
static bool banned(const struct rule *r, struct slice data)
{
    if (!r->ends_unlike)
        return false;
    const struct op *op = longest_negated(&r->groups[r->payload_group]);
    return op->flags & OP_ENDS && stands_anywhere(op, data);
}

static bool groups_ok(struct detect *d, const struct rule *r, struct slice data, uint64_t base)
{
    struct hit *hit = d->look.hit;

    bool empty = !data.len && (d->look.on_stream || !d->stream_shown);
    if ((r->payload_group >= 0 && empty) || !pair_stands(r, data) || banned(r, data))
        return false;
    detect_hit_clear(d);
    d->look.base64 = SLICE_NONE;
    for (uint8_t g = 0; g < r->n_groups; g++) {
        const struct group *group = &r->groups[g];
        struct place place = {0};
        struct slice bytes = data;
        bool payload = group->buffer->kind == BUFFER_PAYLOAD;
        d->look.payload = data;
        if ((!payload || group->buffer->n_transforms) &&
            !buffer_instance(group->buffer, &d->look, 0, d->buffers, &bytes))
            return false;
        if (!inspect_group(group, &d->look, bytes, payload ? base : 0, &d->inspect, &place))
            return false;
        if (place.set && hit->matches < HIT_MATCHES_MAX)
            hit->match[hit->matches++] =
                (struct hit_match){group->buffer->name, place.offset, place.len};
    }
    return true;
}

static bool wants_stream(const struct rule *r)
{
    return r->kind == RULE_STREAM || r->kind == RULE_PACKET_STREAM;
}

/* A stream's rule is asked of a packet without payload too, unless its stream says no at once: what
 * may stand nowhere in it does. */
static bool kept_off(const struct detect *d, const struct rule *r)
{
    const struct op *op = longest_negated(&r->groups[r->payload_group]);
    const struct view *view = &d->view[d->look.dir];

    return op && view->set && stands_anywhere(op, slice_from(view->data, view->fresh));
}

/* The direction's stream was looked at as far as it ever is; packets are looked at by themselves.
 */
static bool is_behind_depth(const struct detect *d)
{
    const struct flow_marks *s = d->in->flow->ext[FLOW_EXT_DETECT];
    const struct window *win = s ? &s->win[d->in->dir] : NULL;

    return win && win->next >= d->depth && !win->dark && !s->dark;
}

/* The packet's bytes come again in a stream. */
static bool has_stream(const struct detect *d)
{
    return d->class_ == CLASS_TCP && d->in->flow && d->in->flow->tcp_state != TCP_NONE &&
           !(d->behind_depth && is_behind_depth(d));
}

static bool wants_packet(const struct detect *d, const struct rule *r)
{
    if (r->once_known)
        return d->fresh;
    if (!d->in->packet->payload.len && d->stream_shown && wants_stream(r))
        return !r->only_stream && !kept_off(d, r);
    if (r->kind == RULE_STREAM)
        return !has_stream(d) && !r->only_stream;
    return r->kind != RULE_TX;
}

static struct pending *pending_of(const struct window *win, uint32_t rule)
{
    for (uint16_t i = 0; i < win->n_pending; i++) {
        if (win->pending[i].rule == rule)
            return &win->pending[i];
    }
    return NULL;
}

static void remember(struct detect *d, struct window *win, uint32_t rule, uint64_t until,
                     bool fired)
{
    struct pending *p = pending_of(win, rule);

    if (!p)
        p = state_pending(d->pool, win);
    if (p)
        *p = (struct pending){rule, fired, until};
    else
        d->count[DETECT_STATE_FULL]++;
}

/* "depth" counts from a piece's start; what has no literal began in no other one. */
static bool in_pieces(const struct detect *d, const struct rule *r)
{
    return d->in->by_ack && (r->kind == RULE_PACKET_STREAM || !r->has_literal);
}

static bool try_stream(struct detect *d, const struct rule *r, struct window *win,
                       const struct view *view)
{
    struct slice data = view->data;
    uint64_t base = view->base, end = view->base + view->data.len;
    const struct pending *p = win ? pending_of(win, r->uid) : NULL;
    bool fired = p && p->fired;

    if (fired && p->until > base) {
        if (p->until >= end)
            return false;
        data = slice_from(data, (uint32_t)(p->until - base));
        base = p->until;
    }
    bool piece = in_pieces(d, r);
    if (piece) {
        data = slice_from(view->data, view->fresh);
        base = 0;
    }
    d->look.on_stream = true;
    d->look.stream_base = end - data.len;
    if (groups_ok(d, r, data, base)) {
        if (win)
            remember(d, win, r->uid, end, true);
        return true;
    }
    uint32_t literal_end = d->mark_end[r->info.index];
    if (win && r->n_groups && literal_end && !fired && !piece)
        remember(d, win, r->uid, view->base + literal_end + d->window, false);
    return false;
}

/* Nothing can be read of it any more, in its packets either, as Suricata has it. */
static bool is_dark(const struct detect *d, enum dir dir)
{
    const struct flow_marks *s = state_marks(d->in->flow);

    return d->class_ == CLASS_TCP && s && !d->encrypted &&
           (s->hushed || s->dark >> dir & 1 || s->win[dir].dark);
}

/* Encrypted from here on: what is looked at once more is looked at for no literal, as there. */
static bool is_last_look(const struct detect *d)
{
    const struct flow_marks *s = state_marks(d->in->flow);

    return s && s->dark && !d->encrypted;
}

/* With the effects of having matched left to the caller. */
static bool rule_ok(struct detect *d, const struct rule *r, uint32_t modes, struct window *win,
                    const struct view *view)
{
    bool blind = r->has_literal && is_last_look(d);

    d->look.on_stream = false;
    if (!detect_tests_ok(d, r))
        return false;
    if ((modes & ON_STREAM) && wants_stream(r) && !blind && try_stream(d, r, win, view))
        return true;
    if (!(modes & ON_PACKET) || !wants_packet(d, r))
        return false;
    if (r->payload_group >= 0 && d->in->packet->payload.len && (blind || is_dark(d, d->in->dir)))
        return false;
    d->look.on_stream = false;
    d->look.stream_base = 0;
    return groups_ok(d, r, d->in->packet->payload, 0);
}

/* On the stream's bytes and on the packet's, or on two pieces of the stream: one alert a packet. */
static bool has_fired(const struct detect *d, const struct rule *r)
{
    for (uint32_t i = 0; i < d->n_hits; i++) {
        const struct hit *hit = &d->hits[i];
        if (hit->rule == &r->info && hit->dir == d->look.dir && !hit->tx && !hit->frame.type)
            return true;
    }
    return false;
}

static void try_rule(struct detect *d, const struct rule *r, uint32_t modes, struct window *win,
                     const struct view *view)
{
    if (r->kind == RULE_TX) { /* match_tx.c goes on with it */
        uint32_t *n = &d->n_raw[d->look.dir];
        if (*n < RAW_MAX)
            d->raw[d->look.dir][(*n)++] = r->info.index;
        else
            d->count[DETECT_CANDIDATES_FULL]++;
        return;
    }
    d->count[DETECT_RULES_TRIED]++;
    if (!cost_begin(&d->cost, r->uid, &d->inspect))
        return;
    bool fires = rule_ok(d, r, modes, win, view);
    cost_end(&d->cost, r->uid, &d->inspect);
    if (fires && !has_fired(d, r))
        detect_fire(d, r);
}

static void try_candidates(struct detect *d, uint32_t modes, struct window *win,
                           const struct view *view)
{
    if (!d->n_candidates)
        return; /* as nearly always */
    detect_candidates_sort(d);
    for (uint32_t i = 0; i < d->n_candidates; i++)
        try_rule(d, &d->rs->rules[d->candidates[i]], modes, win, view);
}

/* ---- collecting --------------------------------------------------------------------------- */

/* Rules without a literal: those of any port, of these ports, of this protocol. */
static void open_gates(struct detect *d, const struct concern *sets, const struct view *stream)
{
    for (uint32_t i = 0; i < sets->n_gates; i++)
        gates_open(d, sets->gates[i], stream);
}

bool match_payload_bytes(const struct detect *d)
{
    const struct packet *p = d->in->packet;

    return d->stream_shown || (p && p->payload.len && !is_dark(d, d->in->dir));
}

/* The bytes of a TCP flow's packet come again in its stream: literals of rules on streams alone are
 * not looked for here behind its head, and those that have to be at the beginning only there. */
static void scan_packet(struct detect *d, const struct raw_sets *sets, struct slice payload,
                        enum dir dir)
{
    const struct lit_set *base = &sets->base[d->class_];

    if (is_dark(d, dir) || is_last_look(d))
        return;
    if (!has_stream(d) || payload.len <= PAYLOAD_HEAD) {
        detect_scan(d, base, payload, 0, true);
        return;
    }
    detect_scan(d, base, slice_head(payload, PAYLOAD_HEAD), 0, true);
    detect_scan(d, &sets->packets, slice_from(payload, PAYLOAD_HEAD - TAIL), TAIL, true);
}

/* Somebody closes the connection, and it is not the server alone. */
static bool closes(const struct flow *f)
{
    return f->tcp_state >= TCP_CLOSE_WAIT && f->tcp_state != TCP_CLOSING &&
           f->tcp_state != TCP_TIME_WAIT;
}

/* Its streams wait for its end. */
static bool is_hushed(const struct detect *d)
{
    const struct flow_marks *s = state_marks(d->in->flow);

    return s && s->hushed && !d->in->flow_ends;
}

/* Some rule looks at the stream of the packet's direction. */
static bool is_asked(const struct detect *d)
{
    const struct flow *f = d->in->flow;

    return f && ruleset_on_stream(d->rs, d->in->dir, f->server_port);
}

/* A connection closes, and not all of the direction's bytes were looked at, as they were not
 * acknowledged. */
static bool waits_unseen(const struct detect *d)
{
    const struct flow *f = d->in->flow;

    if (!f || d->class_ != CLASS_TCP || !closes(f) || !d->in->by_ack || is_hushed(d))
        return false;
    const struct flow_marks *s = f->ext[FLOW_EXT_DETECT];
    const struct window *win = s ? &s->win[d->in->dir] : NULL;
    const struct tcp_side *side = &f->tcp.side[d->in->dir];
    uint32_t sent = side->next - side->isn - 1;
    return side->has_isn && !(win && win->off) &&
           tcp_after(sent, win ? (uint32_t)win->next : 0) > 0;
}

/* Which rules a packet without payload may concern depends on its header and its flow's protocol
 * alone: that there are none is kept on the flow, a bit by direction. */
static uint32_t empty_key(const struct detect *d)
{
    return d->rs->generation << 12 | (uint32_t)(d->proto + 1) << 2;
}

static void note_empty(const struct detect *d)
{
    struct flow *f = d->in->flow;
    uint32_t bits = f->asked_empty >> 2 == empty_key(d) >> 2 ? f->asked_empty & 3 : 0;

    f->asked_empty = empty_key(d) | bits | 1u << d->in->dir;
}

/* A packet without a flow has no direction: rules of both are tried. */
static void run_packet(struct detect *d)
{
    const struct detect_input *in = d->in;
    struct slice payload = in->packet->payload;
    struct view view = {payload, 0, true, 0};

    detect_candidates_clear(d);
    d->look.dir = in->dir;
    for (uint32_t i = 0; i < (in->flow ? 1 : 2); i++) {
        enum dir dir = i ? dir_other(in->dir) : in->dir;
        const struct concern *sets = concern_find(d, dir);
        scan_packet(d, sets->raw, payload, dir);
        open_gates(d, sets, NULL);
    }
    if (in->flow && !payload.len && !d->n_candidates && d->class_ == CLASS_TCP)
        note_empty(d);
    d->stream_shown |= d->n_candidates && !payload.len && is_asked(d) && waits_unseen(d);
    try_candidates(d, ON_PACKET, NULL, &view);
}

/* ---- streams ------------------------------------------------------------------------------ */

static bool is_tls(const struct detect *d)
{
    return d->proto >= 0 && strcmp(proto_rows[d->proto]->name, "tls") == 0;
}

/* TLS records of application data: from here on only noise. */
static bool encrypted(const struct detect *d, struct slice data)
{
    return !d->encrypted && data.len >= 3 && data.at[0] == 23 && data.at[1] == 3 &&
           data.at[2] <= 4 && is_tls(d);
}

/* Bytes were lost before the chunk: what there was up to then is only shown. */
static void note_before(struct detect *d, const struct window *win, const struct chunk *chunk)
{
    uint8_t *room = d->room + (chunk->dir == TO_SERVER ? 0 : VIEW_ROOM);

    if (!chunk->gap)
        return;
    if (win->len)
        memcpy(room, win->at, win->len);
    d->beside.before = (struct slice){room, win->len};
    d->beside.lost_before = chunk->gap;
}

/* The window and the chunk as one piece of memory. */
static struct view view_of(struct detect *d, struct window *win, const struct chunk *chunk,
                           uint32_t *old)
{
    *old = 0;
    if (chunk->gap || win->next != chunk->offset || !win->len ||
        win->len + chunk->data.len > VIEW_ROOM) {
        note_before(d, win, chunk);
        win->len = win->held = 0;
        win->n_pending = 0;
        return (struct view){chunk->data, chunk->offset, true, 0};
    }
    uint8_t *room = d->room + (chunk->dir == TO_SERVER ? 0 : VIEW_ROOM);
    memcpy(room, win->at, win->len);
    if (chunk->data.len)
        memcpy(room + win->len, chunk->data.at, chunk->data.len);
    *old = win->len - win->held;
    win->held = 0;
    return (struct view){{room, win->len + chunk->data.len}, chunk->offset - win->len, true, *old};
}

static void keep_tail(struct detect *d, struct window *win, const struct view *view, bool last)
{
    struct slice tail = slice_tail(view->data, d->window);

    win->next = view->base + view->data.len;
    if (last || win->room > WINDOW_KEPT_MAX)
        state_window_drop(d->pool, win);
    if (last || !tail.len)
        return;
    if (!state_window(d->pool, win, tail.len)) {
        win->len = 0;
        d->count[DETECT_STATE_FULL]++;
        return;
    }
    memmove(win->at, tail.at, tail.len);
    win->len = tail.len;
}

static void add_pending(struct detect *d, struct window *win, const struct view *view)
{
    uint16_t n = 0;

    for (uint16_t i = 0; i < win->n_pending; i++) {
        uint32_t rule = ruleset_index(d->rs, win->pending[i].rule);
        if (win->pending[i].until <= view->base || rule == RULE_GONE)
            continue;
        win->pending[n] = win->pending[i];
        if (!win->pending[n++].fired)
            detect_candidate(d, rule, 0);
    }
    win->n_pending = n;
}

/* Offsets of literals count from the start of the view. */
static void shift_marks(struct detect *d, uint32_t from, uint32_t by)
{
    for (uint32_t i = from; i < d->n_candidates; i++)
        d->mark_end[d->candidates[i]] += d->mark_end[d->candidates[i]] ? by : 0;
}

static struct ends ends_of(const struct flow *f, enum dir dir)
{
    if (dir == TO_SERVER)
        return (struct ends){&f->client, &f->server, f->client_port, f->server_port};
    return (struct ends){&f->server, &f->client, f->server_port, f->client_port};
}

/* What is new is searched, with the last bytes before it. When the protocol has just become known
 * all that is left of the stream is: rules of the protocol did not fit before. */
static void scan_view(struct detect *d, struct window *win, const struct raw_sets *sets,
                      const struct view *view, uint32_t old, bool with_packet)
{
    bool again = d->proto >= 0 && !win->app_scanned;
    uint32_t from = d->n_candidates, tail = again ? old : old < TAIL ? old : TAIL;
    bool head = with_packet || view->base + old - tail < PAYLOAD_HEAD;
    const struct lit_set *base = &sets->base[d->class_];
    const struct lit_set *set = head ? base : &sets->streams;

    win->app_scanned |= d->proto >= 0;
    detect_scan(d, set, slice_from(view->data, old - tail), again ? 0 : tail, true);
    shift_marks(d, from, old - tail);
    if (!head && d->in->by_ack) /* "depth" counts from the piece's start */
        detect_scan(d, base, slice_head(slice_from(view->data, old), PAYLOAD_HEAD), 0, true);
}

/* Nothing of the direction is looked at from here on. */
static bool darkens(const struct detect *d, const struct flow_marks *s, const struct chunk *chunk)
{
    bool begins = encrypted(d, chunk->data), dark = s && s->dark && !d->encrypted;

    d->in->flow->dark |= begins;
    return d->in->by_ack ? dark && s->dark >> chunk->dir & 1 : dark || begins;
}

static bool run_chunk(struct detect *d, const struct chunk *chunk, bool with_packet)
{
    struct flow_marks *s = state_flow(d->pool, d->in->flow);
    struct window none = {0}, *win = s ? &s->win[chunk->dir] : &none;
    uint32_t old;

    if (!s)
        d->count[DETECT_STATE_FULL]++;
    win->dark |= darkens(d, s, chunk);
    win->off |= win->dark || chunk->offset >= d->depth;
    if (win->off) {
        win->next = chunk->offset + chunk->data.len;
        win->held = 0;
        win->n_holes = 0;
        if (s)
            state_window_drop(d->pool, win);
        return false;
    }
    struct view view = view_of(d, win, chunk, &old);
    detect_candidates_clear(d);
    d->look.dir = chunk->dir;
    d->stream_shown |= chunk->dir == d->in->dir && view.data.len > old && is_asked(d);
    detect_ends(d, ends_of(d->in->flow, chunk->dir));
    struct view piece = {slice_from(view.data, old), 0, true, 0};
    const struct concern *sets = concern_find(d, chunk->dir);
    if (!is_last_look(d)) {
        add_pending(d, win, &view);
        scan_view(d, win, sets->raw, &view, old, with_packet);
    }
    open_gates(d, sets, d->in->by_ack ? &piece : &view);
    d->view[chunk->dir] = view;
    win->next = view.base + view.data.len;
    try_candidates(d, ON_STREAM | (with_packet ? ON_PACKET : 0u), s ? win : NULL, &view);
    if (s)
        keep_tail(d, win, &view, chunk->end);
    d->beside.lost_before = 0;
    return true;
}

/* What was delivered with a packet of the other side is looked at with the next one of its own. */
static bool hold(struct detect *d, const struct chunk *chunk)
{
    struct flow_marks *s = state_flow(d->pool, d->in->flow);
    struct window *win = s ? &s->win[chunk->dir] : NULL;

    if (!win || win->off || chunk->offset >= d->depth)
        return false;
    d->in->flow->dark |= encrypted(d, chunk->data);
    if (win->len + chunk->data.len > HELD_MAX ||
        (win->len + chunk->data.len > win->room &&
         !state_window(d->pool, win, win->len + chunk->data.len)))
        return false;
    bool follows = !chunk->gap && win->next == chunk->offset;
    if (!follows && !holes_note(win, chunk))
        return false;
    if (chunk->data.len)
        memcpy(win->at + win->len, chunk->data.at, chunk->data.len);
    win->len += chunk->data.len;
    win->held += chunk->data.len;
    win->next = chunk->offset + chunk->data.len;
    win->held_end |= chunk->end;
    return true;
}

/* What waited before a hole is looked at by itself. True when there was any. */
static bool run_before(struct detect *d, enum dir dir, const struct window *win,
                       const struct rest *rest)
{
    if (!win->held)
        return false;
    d->beside.after = holes_piece(rest);
    d->beside.lost_after = rest->lost;
    run_chunk(d, &(struct chunk){.dir = dir, .offset = win->next}, false);
    d->beside.lost_after = 0;
    return true;
}

/* The bytes up to the next hole, or all, each piece by itself. */
static void run_around_holes(struct detect *d, enum dir dir, struct window *win, bool all, bool end)
{
    while (win->n_holes) {
        struct rest rest = holes_split(win, d->behind);
        if (run_before(d, dir, win, &rest) && !all) {
            d->count[DETECT_STATE_FULL] += !holes_put_back(d->pool, win, &rest);
            return;
        }
        struct slice piece = holes_piece(&rest);
        run_chunk(d,
                  &(struct chunk){.dir = dir,
                                  .data = piece,
                                  .offset = rest.at,
                                  .gap = rest.lost,
                                  .end = end && !rest.n},
                  false);
        if (!rest.n)
            return;
        holes_next(&rest);
        d->count[DETECT_STATE_FULL] += !holes_put_back(d->pool, win, &rest);
        if (!all)
            return;
    }
}

/* `all`: not up to the next hole alone. */
static void run_held(struct detect *d, enum dir dir, bool all)
{
    struct flow_marks *s = state_marks(d->in->flow);
    struct window *win = s ? &s->win[dir] : NULL;

    if (!win || (!win->held && !win->held_end))
        return;
    bool end = win->held_end;
    win->held_end = end && !all && win->n_holes;
    if (win->n_holes)
        run_around_holes(d, dir, win, all, end);
    else
        run_chunk(d, &(struct chunk){.dir = dir, .offset = win->next, .end = end}, false);
}

/* What waits and cannot be joined with the chunk is looked at now. True when there was any. */
static bool run_apart(struct detect *d, const struct chunk *chunk)
{
    const struct flow_marks *s = d->in->flow->ext[FLOW_EXT_DETECT];
    const struct window *win = s ? &s->win[chunk->dir] : NULL;

    if (!win || (!win->held && !win->held_end) ||
        !(win->n_holes || chunk->gap || win->next != chunk->offset))
        return false;
    run_held(d, chunk->dir, true);
    return true;
}

static bool brings_none(const struct chunk *chunk)
{
    return chunk->datagram || (!chunk->data.len && !chunk->end);
}

/* True when the chunk waits. */
static bool put_off(struct detect *d, const struct chunk *chunk)
{
    return hold(d, chunk) || (run_apart(d, chunk) && hold(d, chunk));
}

static bool holds_payload(const struct chunk *chunk, const struct packet *p, enum dir dir)
{
    return chunk->dir == dir && p->payload.len && chunk->data.at <= p->payload.at &&
           chunk->data.at + chunk->data.len >= p->payload.at + p->payload.len;
}

/* Not for the number of its bytes. */
static bool must_look(const struct detect *d, enum dir dir, const struct chunk *chunk)
{
    return d->in->flow_ends || closes(d->in->flow) || (chunk && chunk->end) || !d->in->by_ack ||
           d->in->flow->dark || app_raw_due(d->in->flow, dir);
}

/* Whether rules look at the direction's stream now, `chunk` (or NULL) of it having come: as
 * Suricata does at so many bytes at once, where a parser says so, or when the connection closes. So
 * the alerts of a stream are as many as there. */
static bool is_due(const struct detect *d, enum dir dir, const struct chunk *chunk)
{
    const struct flow_marks *s = d->in->flow->ext[FLOW_EXT_DETECT];

    return must_look(d, dir, chunk) ||
           holes_waiting(s ? &s->win[dir] : NULL, chunk) >= STREAM_PIECE;
}

/* What waited for a look at its direction and whose time has come. */
static bool held_is_due(const struct detect *d, enum dir dir)
{
    const struct flow_marks *s = d->in->flow->ext[FLOW_EXT_DETECT];

    return s && (s->win[dir].held || s->win[dir].held_end) && is_due(d, dir, NULL);
}

static void run_due(struct detect *d)
{
    for (uint32_t dir = 0; dir < 2; dir++) {
        if (d->looks >> dir & 1 && held_is_due(d, (enum dir)dir))
            run_held(d, (enum dir)dir, must_look(d, (enum dir)dir, NULL));
    }
}

/* Application data of one side came: this packet was the last one of its direction that is looked
 * at, as is the next one of the other. */
static inline void note_dark(const struct detect *d)
{
    struct flow_marks *s = d->in->flow->ext[FLOW_EXT_DETECT];

    if (s && d->in->flow->hushed && !d->encrypted)
        s->hushed = true;
    if (s && (d->in->flow->dark || s->win[TO_SERVER].dark || s->win[TO_CLIENT].dark))
        s->dark |= (uint8_t)(1u << d->in->dir);
}

/* What was lost before the chunk, or before what it follows, ends the piece that is looked at. */
static bool run_with_holes(struct detect *d, const struct chunk *chunk)
{
    const struct flow_marks *s = d->in->flow->ext[FLOW_EXT_DETECT];
    const struct window *win = s ? &s->win[chunk->dir] : NULL;

    if (!win || !win->held || !d->in->by_ack || !(win->n_holes || chunk->gap) || !hold(d, chunk))
        return false;
    run_held(d, chunk->dir, must_look(d, chunk->dir, chunk));
    return true;
}

static void run_chunks(struct detect *d, bool *packet_done)
{
    const struct detect_input *in = d->in;

    run_due(d);
    for (uint32_t i = d->put_off; i < in->n_chunks; i++) {
        const struct chunk *chunk = &in->chunks[i];
        if (brings_none(chunk))
            continue;
        bool due = d->looks >> chunk->dir & 1 && is_due(d, chunk->dir, chunk);
        if (due && run_with_holes(d, chunk))
            continue;
        if (due)
            (void)run_apart(d, chunk);
        else if (put_off(d, chunk))
            continue;
        bool with = !*packet_done && holds_payload(chunk, in->packet, in->dir);
        bool done = run_chunk(d, chunk, with);
        *packet_done |= with && done;
    }
}

void match_payload_run(struct detect *d)
{
    const struct detect_input *in = d->in;
    bool packet_done = detect_no_packet(in);

    if (in->flow && !is_hushed(d))
        run_chunks(d, &packet_done);
    if (!packet_done) {
        detect_ends(d, (struct ends){&in->packet->src, &in->packet->dst, in->packet->sport,
                                     in->packet->dport});
        run_packet(d);
    }
    if (in->flow)
        note_dark(d);
}

/* What came of the other direction waits for that one's packets. */
static bool put_off_all(struct detect *d)
{
    const struct detect_input *in = d->in;

    for (; d->put_off < in->n_chunks; d->put_off++) {
        const struct chunk *chunk = &in->chunks[d->put_off];
        if (!brings_none(chunk) && (chunk->dir == in->dir || !in->by_ack || !hold(d, chunk)))
            return false;
    }
    note_dark(d);
    return true;
}

bool match_payload_empty(struct detect *d)
{
    const struct flow *f = d->in->flow;
    bool asked = f->asked_empty >> 2 == empty_key(d) >> 2 && f->asked_empty >> d->in->dir & 1;

    if (asked && is_hushed(d))
        return true;
    if (!asked || (d->looks & 1 && held_is_due(d, TO_SERVER)) ||
        (d->looks & 2 && held_is_due(d, TO_CLIENT)))
        return false;
    return put_off_all(d);
}
