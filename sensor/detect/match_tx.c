/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on transactions. When a buffer of a transaction is complete it is searched once for the
 * literals of its rules; a rule found there keeps in the transaction's state which of its groups
 * have matched, until the last one has (it fires, once) or one cannot any more.
 */
#include "sensor/detect/match.h"

enum { FILE_STEP = 32 * 1024 };

/* A growing file is looked at anew when it has doubled: all looks together cost twice its size. */
static uint32_t size_step(uint32_t len)
{
    return len < FILE_STEP ? 0 : 32 - (uint32_t)__builtin_clz(len / FILE_STEP);
}

/* ---- one rule ----------------------------------------------------------------------------- */

enum group_answer { GROUP_YES, GROUP_NOT_YET, GROUP_NEVER };

static bool number_ok(const struct group *g, const struct inspection *in)
{
    uint32_t n = buffer_count(g->buffer, in);

    for (uint32_t i = 0; i < n; i++) {
        uint64_t v;
        bool all = buffer_number(g->buffer, in, i, &v);
        for (uint16_t k = 0; all && k < g->n_ops; k++)
            all = rule_num_ok(&g->ops[k].num, v);
        if (all)
            return true;
    }
    return false;
}

static bool calls_ok(const struct group *g, const struct inspection *in)
{
    for (uint16_t k = 0; k < g->n_ops; k++) {
        if (!g->ops[k].call.match(in, g->ops[k].call.args))
            return false;
    }
    return true;
}

/* A file is looked at again and again while it grows. */
static bool file_ok(struct detect *d, const struct group *g, struct slice bytes,
                    struct place *place)
{
    uint32_t id = buffer_file(&d->look)->id;

    if (d->lack.file != id)
        d->lack = (struct lack){.file = id};
    return inspect_grown(g, &d->look, bytes, &d->inspect, place, &d->lack);
}

static bool bytes_ok(struct detect *d, const struct group *g)
{
    struct slice bytes;
    bool lacks = rule_may_lack(g);
    struct hit *hit = d->look.hit;

    for (uint32_t i = 0; buffer_instance(g->buffer, &d->look, i, d->buffers, &bytes); i++) {
        struct place place = {0};
        lacks = lacks && !bytes.len;
        uint64_t base = g->buffer->kind == BUFFER_PAYLOAD ? d->look.stream_base : 0;
        bool file = g->buffer->kind == BUFFER_FILE && !g->buffer->n_transforms;
        if (file ? !file_ok(d, g, bytes, &place)
                 : !inspect_group(g, &d->look, bytes, base, &d->inspect, &place))
            continue;
        if (place.set && hit->matches < HIT_MATCHES_MAX)
            hit->match[hit->matches++] =
                (struct hit_match){g->buffer->name, place.offset, place.len};
        return true;
    }
    return lacks;
}

static enum group_answer try_group(struct detect *d, const struct group *g)
{
    enum buffer_state state = buffer_state(g->buffer, &d->look);

    if (state == BUFFER_LATER)
        return GROUP_NOT_YET;
    if (state == BUFFER_NEVER)
        return rule_may_lack(g) ? GROUP_YES : GROUP_NEVER;
    bool ok = g->buffer->kind == BUFFER_NUMBER ? number_ok(g, &d->look)
              : g->buffer->kind == BUFFER_FILE_META || g->buffer->kind == BUFFER_TX
                  ? calls_ok(g, &d->look)
                  : bytes_ok(d, g);
    if (ok)
        return GROUP_YES;
    if (g->buffer->kind == BUFFER_TX && d->look.tx->progress[d->look.dir] != TX_DONE)
        return GROUP_NOT_YET;
    return state == BUFFER_GROWING ? GROUP_NOT_YET : GROUP_NEVER;
}

/* What is known of the rule from now on; NULL when there is nothing to remember, or no room. */
static struct tx_rule *remember(struct detect *d, struct tx_state *s, const struct rule *r,
                                struct tx_rule *known, bool lost)
{
    bool last = lost && d->look.tx->progress[d->look.dir] == TX_DONE;

    if (known || last)
        return known;
    known = state_tx_add(d->pool, s, r->uid, (uint8_t)d->look.dir);
    d->count[DETECT_STATE_FULL] += known == NULL;
    return known;
}

/* Tries the groups that are not done; true when all are, `*never` when they cannot be. */
static bool try_groups(struct detect *d, const struct rule *r, uint32_t *done, bool *never)
{
    bool all = true;

    for (uint8_t g = 0; g < r->n_groups && !*never; g++) {
        if (*done >> g & 1)
            continue;
        enum group_answer answer = try_group(d, &r->groups[g]);
        *done |= answer == GROUP_YES ? 1u << g : 0;
        all &= answer == GROUP_YES;
        *never = answer == GROUP_NEVER;
    }
    return all;
}

/* A rule that looks for nothing but what may not stand in a head fires with all that comes of the
 * message behind that: Suricata keeps no note of it, as its search would not find it again. */
static bool fires_again(const struct detect *d, const struct rule *r)
{
    const struct tx *tx = d->look.tx;
    const struct field_ref *ref =
        r->repeat_group < 0 ? NULL
                            : buffer_ref(r->groups[r->repeat_group].buffer, tx->proto, d->look.dir);

    return ref && ref->field->progress <= TX_HEADERS &&
           !(ref->field->side == SIDE_CLIENT && d->look.dir == TO_CLIENT) &&
           tx->progress[d->look.dir] != TX_DONE && strcmp(tx->proto->name, "http") == 0;
}

static void settle_fate(const struct detect *d, struct tx_state *s, const struct rule *r,
                        struct tx_rule *known, bool all, bool never)
{
    known->fate = all ? RULE_FIRED : never ? RULE_LOST : RULE_OPEN;
    if (!all || !fires_again(d, r))
        return;
    known->fate = RULE_OPEN;
    known->done = 0;
    s->repeats[d->look.dir] = true;
}

/* A rule that waits for a flow bit, say: its literal in a file is not found twice, and without one
 * it is asked again with whatever comes. */
static void keep_for_later(struct detect *d, struct tx_state *s, const struct rule *r,
                           struct tx_rule *known)
{
    bool sought = r->fast_op >= 0 || r->by_head;

    if (sought ? r->groups[r->fast_group].buffer->kind == BUFFER_FILE : r->reads != 0)
        remember(d, s, r, known, d->look.tx->progress[d->look.dir] == TX_DONE);
}

/* Variables do not outlive a look, so a rule that has some starts over. */
static void try_rule(struct detect *d, struct tx_state *s, uint32_t rule)
{
    if (!header_ok(d, rule, d->look.dir))
        return;
    struct tx_rule *known = state_tx_rule(s, d->rs->headers[rule].uid, (uint8_t)d->look.dir);
    if (known && known->fate)
        return;
    const struct rule *r = &d->rs->rules[rule];
    uint32_t done = known && !r->n_vars && !r->datasets ? known->done : 0;
    bool never = false;

    if (!detect_tests_ok(d, r)) {
        keep_for_later(d, s, r, known);
        return;
    }
    d->count[DETECT_RULES_TRIED]++;
    if (!cost_begin(&d->cost, r->uid, &d->inspect))
        return;
    detect_hit_clear(d);
    d->look.base64 = SLICE_NONE;
    d->lack = known ? known->lack : (struct lack){0};
    bool all = try_groups(d, r, &done, &never);
    cost_end(&d->cost, r->uid, &d->inspect);
    known = remember(d, s, r, known, never && !all);
    if (known) {
        known->done = done;
        known->lack = d->lack;
        settle_fate(d, s, r, known, all, never);
        s->wants_payload[d->look.dir] |=
            !known->fate && r->payload_group >= 0 && !(done >> r->payload_group & 1);
    }
    if (all)
        detect_fire(d, r);
}

/* ---- one transaction ---------------------------------------------------------------------- */

/* As scan_buffer() does it, with less asked. */
static void scan_field(struct detect *d, const struct plan_buffer *b)
{
    uint32_t n = b->ref->list ? field_instances(b->ref, d->look.tx) : 1;
    struct slice bytes;

    for (uint32_t i = 0; i < n; i++) {
        if (!field_bytes(b->ref, d->look.tx, i, &bytes) || !bytes.len)
            continue;
        detect_scan(d, b->set, bytes, 0, false);
        if (b->set->gates)
            gates_heads(d, b->set->gates, bytes);
    }
}

/* What repeats a file that was searched, `seen` bytes of it, need not be: as far as it does. */
static void scan_repeated(struct detect *d, const struct tx_state *s, const struct plan_buffer *b,
                          uint32_t seen)
{
    const struct file *file = buffer_file(&d->look);
    struct slice bytes;

    if (!field_bytes(b->ref, d->look.tx, 0, &bytes) || !bytes.len)
        return;
    uint32_t same = file && !file->before && s->n_early <= EARLY_MAX ? seen : 0;
    same = same < bytes.len ? same : bytes.len;
    if (same && bytes.at != file->data.at && memcmp(bytes.at, file->data.at, same) != 0)
        same = 0;
    for (uint8_t i = 0; same && i < s->n_early; i++)
        detect_candidate(d, s->early[i], 0);
    if (same < bytes.len)
        detect_scan(d, b->set, slice_from(bytes, same > LITERAL_MAX ? same - LITERAL_MAX : 0), 0,
                    false);
    if (b->set->gates)
        gates_heads(d, b->set->gates, bytes);
}

/* Rules on what repeats the file, among the candidates from `first` on, wait for it. */
static void keep_early(struct detect *d, struct tx_state *s, uint32_t first)
{
    uint32_t n = first;

    for (uint32_t i = first; i < d->n_candidates; i++) {
        uint32_t rule = d->candidates[i];
        uint8_t k = 0;
        if (!d->rs->headers[rule].early) {
            d->candidates[n++] = rule;
            continue;
        }
        d->mark[rule] = 0;
        while (k < s->n_early && k < EARLY_MAX && s->early[k] != rule)
            k++;
        if (k == s->n_early && k < EARLY_MAX)
            s->early[k] = rule;
        if (k == s->n_early)
            s->n_early++;
    }
    d->n_candidates = n;
}

/* Of a file that has grown only what is new is searched, with the last bytes before it. */
static void scan_buffer(struct detect *d, struct tx_state *s, const struct plan_buffer *b,
                        uint32_t seen)
{
    struct slice bytes;
    bool grown = b->buffer->kind == BUFFER_FILE && !b->buffer->n_transforms;
    uint32_t from = grown && seen > LITERAL_MAX ? seen - LITERAL_MAX : 0;
    uint32_t first = d->n_candidates;

    for (uint32_t i = 0; buffer_instance(b->buffer, &d->look, i, d->buffers, &bytes); i++) {
        detect_scan(d, b->set, slice_from(bytes, from), 0, false);
        if (b->set->gates && !from)
            gates_heads(d, b->set->gates, bytes);
    }
    if (grown)
        keep_early(d, s, first);
}

static void scan_plan(struct detect *d, struct tx_state *s, const struct plan *plan, enum dir dir)
{
    const struct file *file = buffer_file(&d->look);
    bool looked = false;

    for (uint32_t i = 0; i < plan->n; i++) {
        if (s->scanned[dir] >> i & 1)
            continue;
        const struct plan_buffer *b = &plan->at[i];
        enum buffer_state state =
            b->ref ? buffer_ref_state(b->ref, &d->look) : buffer_state(b->buffer, &d->look);
        if (state == BUFFER_LATER)
            continue;
        if (b->ref) { /* never BUFFER_NEVER */
            s->scanned[dir] |= (uint64_t)(state == BUFFER_READY) << i;
            if (b->repeats)
                scan_repeated(d, s, b, looked && file ? file->data.len : s->file_seen[dir]);
            else
                scan_field(d, b);
            continue;
        }
        if (state == BUFFER_GROWING) {
            const struct file *f = buffer_file(&d->look);
            if (f && size_step(f->data.len) <= s->file_step[dir])
                continue;
        } else {
            s->scanned[dir] |= UINT64_C(1) << i;
        }
        if (state != BUFFER_NEVER)
            scan_buffer(d, s, b, s->file_seen[dir]);
        looked |= b->buffer->kind == BUFFER_FILE;
    }
    if (looked && file)
        s->file_seen[dir] = file->data.len;
}

static void set_payload(struct detect *d, enum dir dir)
{
    const struct flow_marks *s = d->in->flow->ext[FLOW_EXT_DETECT];

    d->look.on_stream = d->view[dir].set;
    d->look.payload = SLICE_NONE;
    d->look.stream_base = 0;
    if (d->view[dir].set) {
        d->look.payload = d->view[dir].data;
        d->look.stream_base = d->view[dir].base;
    } else if (d->class_ == CLASS_TCP && s) {
        d->look.payload = (struct slice){s->win[dir].at, s->win[dir].len};
        d->look.stream_base = s->win[dir].next - s->win[dir].len;
    } else if (dir == d->in->dir) {
        d->look.payload = d->in->packet->payload;
    }
}

/* Changes when there is more of the transaction to look at. */
static uint64_t news_of(const struct tx *tx, const struct file *f)
{
    uint64_t news = 1 + tx->progress[0] + (uint64_t)tx->progress[1] * 8 + (uint64_t)tx->notes * 64 +
                    ((uint64_t)tx->turns << 48);

    if (f)
        news += (f->state + 1u) * UINT64_C(4096) + size_step(f->data.len) * UINT64_C(65536);
    return news;
}

/* Rules to try without a literal: begun ones, those of the payload, and once those that have none.
 */
static void known_candidates(struct detect *d, const struct tx_state *s, const struct plan *plan,
                             enum dir dir)
{
    for (uint16_t i = 0; i < s->n; i++) {
        uint32_t rule = ruleset_index(d->rs, s->rules[i].rule);
        if (!s->rules[i].fate && s->rules[i].dir == dir && rule != RULE_GONE)
            detect_candidate(d, rule, 0);
    }
    for (uint32_t i = 0; i < d->n_raw[dir]; i++)
        detect_candidate(d, d->raw[dir][i], 0);
    for (uint32_t i = 0; !s->started[dir] && i < plan->n_always; i++)
        detect_candidate(d, plan->always[i], 0);
}

/* A transaction may carry several files, one after the other (mail): what failed on one may match
 * the next. */
static void take_file(struct tx_state *s, const struct plan *plan, enum dir dir,
                      const struct file *file)
{
    bool another = s->file[dir] && s->file[dir] != file->id;

    s->file[dir] = file->id;
    if (!another)
        return;
    s->seen[dir] = 0;
    s->file_step[dir] = 0;
    s->file_seen[dir] = 0;
    s->n_early = 0;
    s->started[dir] = false;
    for (uint32_t i = 0; i < plan->n; i++)
        if (buffer_of_file(plan->at[i].buffer))
            s->scanned[dir] &= ~(UINT64_C(1) << i);
    for (uint16_t i = 0; i < s->n; i++) {
        if (s->rules[i].dir != dir || s->rules[i].fate == RULE_FIRED)
            continue;
        s->rules[i].fate = RULE_OPEN;
        s->rules[i].done = 0;
    }
}

/* Another ruleset has other buffers, in another order: all are searched again. What has fired or
 * cannot any more stays so. */
static void renew(struct tx_state *s, uint32_t generation)
{
    for (uint32_t dir = 0; dir < 2; dir++) {
        s->scanned[dir] = s->seen[dir] = 0;
        s->file[dir] = s->file_seen[dir] = 0;
        s->file_step[dir] = 0;
        s->started[dir] = false;
    }
    s->n_early = 0;
    for (uint16_t i = 0; i < s->n; i++)
        s->rules[i].lack = (struct lack){0};
    s->generation = generation;
}

/* No rule asks for anything that there is. */
static bool is_idle(const struct detect *d, const struct plan *plan, const struct tx *tx,
                    enum dir dir, const struct file *file)
{
    return !tx->detect && !d->n_raw[dir] && plan->of_files && (!plan->n || !file);
}

/* Bytes of a direction came for a message of which a rule fires again, and whether it is looked at
 * now: bits by enum dir. */
static uint32_t repeats(const struct detect *d, const struct tx *tx, uint32_t looks)
{
    struct tx_state *s = tx->detect;
    const struct detect_input *in = d->in;
    uint32_t due = 0;

    if (!s || !(s->repeats[0] || s->repeats[1]))
        return 0;
    for (uint32_t i = 0; i < in->n_chunks; i++)
        s->more[in->chunks[i].dir] |= in->chunks[i].data.len > 0;
    for (uint32_t dir = 0; dir < 2; dir++) {
        bool more = s->more[dir] || (in->flow_ends && !detect_over(in));
        due |= (looks >> dir & s->repeats[dir] & more) ? 1u << dir : 0;
    }
    return due;
}

static void run_tx(struct detect *d, struct tx *tx, int proto, enum dir dir, struct file *file)
{
    const struct plan *plan = &d->rs->plans[proto][dir];
    const struct flow *f = d->in->flow;

    if (is_idle(d, plan, tx, dir, file))
        return;
    detect_look(d);
    struct tx_state *s = state_tx(d->pool, tx);
    if (!s) {
        d->count[DETECT_STATE_FULL]++;
        return;
    }
    if (s->generation != d->rs->generation)
        renew(s, d->rs->generation);
    if (file)
        take_file(s, plan, dir, file);
    uint64_t news = news_of(tx, file);
    bool again = s->repeats[dir] && (s->more[dir] || d->in->flow_ends);
    if (s->seen[dir] == news && !s->wants_payload[dir] && !d->n_raw[dir] && !again)
        return;
    s->repeats[dir] = s->more[dir] = false;
    s->seen[dir] = news;
    s->wants_payload[dir] = false;
    d->look.tx = tx;
    d->look.file = file;
    d->look.dir = dir;
    detect_ends(d, dir == TO_SERVER
                       ? (struct ends){&f->client, &f->server, f->client_port, f->server_port}
                       : (struct ends){&f->server, &f->client, f->server_port, f->client_port});
    set_payload(d, dir);
    detect_candidates_clear(d);
    known_candidates(d, s, plan, dir);
    s->started[dir] = true;
    scan_plan(d, s, plan, dir);
    s->file_step[dir] = file ? (uint8_t)size_step(file->data.len) : 0;
    detect_candidates_sort(d);
    for (uint32_t i = 0; i < d->n_candidates; i++)
        try_rule(d, s, d->candidates[i]);
    d->look.tx = NULL;
    d->look.file = NULL;
}

/* Files that ended in this packet behind which another one has begun. */
static void run_earlier_files(struct detect *d, struct tx *tx, int proto, enum dir dir)
{
    for (struct file *f = files_first(d->in->flow); f; f = f->next)
        if (f->touched && f->tx == tx && f->dir == dir && f != files_of_tx(tx, dir))
            run_tx(d, tx, proto, dir, f);
}

/* Whether a direction that is looked at may have anything new: with files that is asked of them. */
static bool is_news(const struct tx *tx, uint32_t looks)
{
    return (looks & 1 && (tx->touched[0] || files_of_tx(tx, TO_SERVER))) ||
           (looks & 2 && (tx->touched[1] || files_of_tx(tx, TO_CLIENT)));
}

/* What is tunnelled by CONNECT takes it out of sight, as Suricata does; an upgrade does not. */
static bool out_of_sight(const struct flow *flow, const struct tx *tx)
{
    return strcmp(tx->proto->name, "http") == 0 && !app_goes_on(flow);
}

void match_tx_run(struct detect *d)
{
    struct flow *flow = d->in->flow;
    struct tx *tx = app_first_tx(flow);
    uint32_t looks = d->looks;
    int now = d->proto; /* behind a change of protocol there are transactions of both */

    for (; tx; tx = tx->next) {
        uint32_t again = repeats(d, tx, looks);
        if (!again && !is_news(tx, looks))
            continue;
        int proto = detect_proto(d, tx->proto);
        if (now >= 0 || proto < 0 || !out_of_sight(flow, tx))
            d->proto = proto;
        for (uint32_t dir = 0; proto >= 0 && dir < 2; dir++) {
            if (!(looks >> dir & 1))
                continue;
            struct file *file = files_of_tx(tx, (enum dir)dir);
            if (file)
                run_earlier_files(d, tx, proto, (enum dir)dir);
            if (tx->touched[dir] || (file && file->touched) || again >> dir & 1)
                run_tx(d, tx, proto, (enum dir)dir, file);
        }
    }
    d->proto = now;
}
