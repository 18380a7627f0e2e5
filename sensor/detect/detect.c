/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/match.h"

#include "common/conf.h"
#include "common/pcre.h"
#include "sensor/detect/content.h"
#include "sensor/detect/dataset.h"
#include "sensor/detect/explain.h"
#include "sensor/detect/trace.h"
#include "sensor/flow/stream_event.h"

#include <stdlib.h>

const struct counter detect_counters[] = {
    [DETECT_RULES_TRIED] = {"detect.rules_tried",
                            "Rules that were compared after their literal was seen"},
    [DETECT_HITS] = {"detect.hits", "Matches of rules"},
    [DETECT_HITS_CUT] = {"detect.hits_cut",
                         "Matches dropped because a packet had more than detect.alerts-max"},
    [DETECT_STEPS] = {"detect.steps_exceeded",
                      "Comparisons given up after 3000 steps: the rule's contents are too common"},
    [DETECT_PCRE_LIMIT] = {"detect.pcre_limit", "Regular expressions given up at their limit"},
    [DETECT_STATE_FULL] = {"detect.state_full",
                           "State not kept because detect.memory is used up; raise it"},
    [DETECT_CANDIDATES_FULL] = {"detect.candidates_full",
                                "Rules not tried because too many had their literal in one packet"},
    [DETECT_SCANNED_BYTES] = {"detect.scanned_bytes", "Bytes searched for literals"},
    [DETECT_SUSPENDED] = {"detect.rules_suspended",
                          "Times a rule was over detect.rule-budget and rested, by shard"},
    COUNTER_END,
};

/* ---- candidates --------------------------------------------------------------------------- */

void detect_candidates_clear(struct detect *d)
{
    d->n_candidates = 0;
    if (++d->epoch == 0) {
        memset(d->mark, 0, (d->rs->n + 1) * sizeof(*d->mark));
        d->epoch = 1;
    }
}

void detect_candidate(struct detect *d, uint32_t rule, uint32_t end)
{
    if (d->mark[rule] == d->epoch)
        return;
    if (d->n_candidates == CANDIDATES_MAX) {
        d->count[DETECT_CANDIDATES_FULL]++;
        return;
    }
    d->mark[rule] = d->epoch;
    d->mark_end[rule] = end;
    d->candidates[d->n_candidates++] = rule;
}

/* Shell's sort: lists are short and mostly in order already. */
void detect_candidates_sort(struct detect *d)
{
    static const uint32_t gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};
    uint32_t *c = d->candidates, n = d->n_candidates, g = 0;

    if (n < 2)
        return;
    while (g < sizeof(gaps) / sizeof(gaps[0]) && gaps[g] >= n)
        g++;
    for (; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
        uint32_t gap = gaps[g];
        for (uint32_t i = gap; i < n; i++) {
            uint32_t v = c[i], k = i;
            for (; k >= gap && c[k - gap] > v; k -= gap)
                c[k] = c[k - gap];
            c[k] = v;
        }
    }
}

/* ---- tests -------------------------------------------------------------------------------- */

bool detect_tests_ok(struct detect *d, const struct rule *r)
{
    d->look.rule = r;
    for (uint8_t i = 0; i < r->n_tests; i++) {
        if (!r->tests[i].match(&d->look, r->tests[i].args))
            return false;
    }
    return true;
}

/* ---- conditions on sets of values ---------------------------------------------------------- */

void detect_hit_clear(struct detect *d)
{
    d->look.hit->matches = 0;
    d->look.n_captured = 0;
    d->look.hit->conditions_at = (uint32_t)d->conditions.len;
    d->look.hit->conditions_len = 0;
}

bool detect_condition(struct detect *d, const struct dataset *set, uint8_t what, struct slice value)
{
    if (d->conditions.len + value.len > CONDITIONS_MAX) {
        d->count[DETECT_STATE_FULL]++;
        return false;
    }
    dataset_condition(&d->conditions, set, (enum dataset_what)what, value);
    d->look.hit->conditions_len = (uint32_t)d->conditions.len - d->look.hit->conditions_at;
    return true;
}

struct slice detect_conditions(const struct detect *d, const struct hit *hit)
{
    return slice_head(slice_from(strbuf_view(&d->conditions), hit->conditions_at),
                      hit->conditions_len);
}

/* ---- searching ---------------------------------------------------------------------------- */

struct scan {
    struct detect *d;
    const struct lit_set *set;
    bool headers;
};

/* Literals of all ports and protocols are in one set: whose header does not fit goes no further. */
static void on_literal(void *context, uint32_t id, uint32_t end)
{
    const struct scan *scan = context;
    const struct lit_set *set = scan->set;
    struct detect *d = scan->d;

    for (uint32_t i = set->first[id]; i < set->first[id + 1]; i++) {
        uint32_t rule = set->rules[i];
        if (d->mark[rule] != d->epoch && (!scan->headers || header_ok(d, rule, d->look.dir)))
            detect_candidate(d, rule, end);
    }
}

void detect_scan(struct detect *d, const struct lit_set *set, struct slice data, uint32_t old,
                 bool headers)
{
    struct scan scan = {d, set, headers};

    if (!set->db || !data.len)
        return;
    d->count[DETECT_SCANNED_BYTES] += data.len;
    literals_scan(set->db, d->literals, data, old, on_literal, &scan);
}

/* ---- hits --------------------------------------------------------------------------------- */

static void run_acts(struct detect *d, const struct rule *r)
{
    d->look.rule = r;
    if (d->explain)
        explain_fired(d->explain, d, r);
    for (uint8_t i = 0; i < r->n_acts; i++)
        r->acts[i].run(&d->look, r->acts[i].args);
    for (uint8_t i = 0; i < d->look.n_captured; i++)
        vars_take(d, d->look.captured[i].of_flow, d->look.captured[i].var,
                  d->look.captured[i].value);
    d->count[DETECT_HITS]++;
    d->cost.at[r->uid].matches++;
}

/* As Suricata guesses: bytes of a stream, and datagrams of the protocol that the rule names, belong
 * to the first transaction whose end in the direction rules have not yet seen; else to the first
 * that waits for the other side. */
static struct tx *near_tx(const struct detect *d, const struct rule *r)
{
    struct flow *flow = d->in->flow;
    enum dir dir = d->look.dir;
    struct tx *waits = NULL;

    if (!flow || r->kind == RULE_FRAME ||
        !(d->look.on_stream || (r->app && flow->proto == IPPROTO_UDP4)))
        return NULL;
    for (struct tx *tx = app_first_tx(flow); tx; tx = tx->next) {
        if (tx->progress[dir] != TX_DONE || tx->touched[dir])
            return tx;
        if (!waits && tx->progress[!dir] != TX_DONE)
            waits = tx;
    }
    return waits;
}

/* On a transaction, on the stream, by addresses or protocol: an action is that of the flow. */
static bool is_of_flow(const struct detect *d, const struct rule *r)
{
    return d->in->flow && (r->of_flow || d->look.on_stream);
}

static void fill_hit(struct detect *d, const struct rule *r, struct hit *hit)
{
    *hit = *d->look.hit;
    hit->rule = &r->info;
    hit->tx = d->look.tx;
    hit->near = hit->tx ? NULL : near_tx(d, r);
    hit->file = d->look.file;
    hit->dir = d->look.dir;
    hit->on_stream = d->look.on_stream;
    hit->payload = d->look.payload;
    hit->of_flow = is_of_flow(d, r);
    if (hit->on_stream)
        match_payload_text(d, hit);
    if (d->steps)
        trace_hit(d, r, hit);
}

static struct flow_marks *flow_of_action(struct detect *d, const struct rule *r)
{
    return is_of_flow(d, r) ? state_flow(d->pool, d->in->flow) : NULL;
}

static void let_pass(struct detect *d, const struct rule *r)
{
    struct flow_marks *s = flow_of_action(d, r);

    d->passed = true;
    d->pass_at = r->info.index < d->pass_at ? r->info.index : d->pass_at;
    if (s)
        s->pass = true;
}

static void let_drop(struct detect *d, const struct rule *r)
{
    bool drops = r->action == ACTION_DROP || r->action == ACTION_REJECT;

    if (drops && d->drop_ends && r->info.index < d->drop_at && !rule_by_host(r) &&
        flow_of_action(d, r))
        d->drop_at = r->info.index;
}

/* Behind the packet, unless a rule before it in order let it pass. */
static void end_dropped(struct detect *d)
{
    if (d->drop_at >= d->pass_at || !d->looking || !d->in->flow)
        return;
    struct flow_marks *s = d->in->flow->ext[FLOW_EXT_DETECT];
    if (s)
        s->pass = true;
}

void detect_fire(struct detect *d, const struct rule *r)
{
    run_acts(d, r);
    if (r->action == ACTION_PASS && !rule_by_host(r)) {
        let_pass(d, r);
        return;
    }
    let_drop(d, r);
    if (r->info.noalert && !rule_by_host(r) && !r->tags)
        return;
    if (d->n_hits == HITS_MAX) {
        d->count[DETECT_HITS_CUT]++;
        return;
    }
    fill_hit(d, r, &d->hits[d->n_hits++]);
    if (header_twice(d, r->info.index) && d->n_hits < HITS_MAX) {
        d->hits[d->n_hits] = d->hits[d->n_hits - 1];
        d->n_hits++;
    }
}

static struct slice text_of(const struct detect *d, uint32_t at, uint32_t len)
{
    return slice_head(slice_from(strbuf_view(&d->text), at), len);
}

/* Rules that stand before the first that passed keep their hits: none, in the usual order. */
static void drop_passed(struct detect *d)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < d->n_hits; i++) {
        if (d->hits[i].rule->index < d->pass_at)
            d->hits[n++] = d->hits[i];
    }
    d->n_hits = n;
}

/* More than the limit are cut; the host tier, which may yet take some of the others away, cuts
 * again. */
static void cut_hits(struct detect *d)
{
    uint32_t sure = 0, n = 0;

    while (n < d->n_hits && sure < d->alerts_max)
        sure += d->hits[n++].rule->has_threshold ? 0u : 1u;
    d->count[DETECT_HITS_CUT] += d->n_hits - n;
    d->n_hits = n;
}

/* In order of the rules. */
static void settle_hits(struct detect *d)
{
    if (d->passed)
        drop_passed(d);
    for (uint32_t i = 1; i < d->n_hits; i++) {
        struct hit h = d->hits[i];
        uint32_t k = i;
        for (; k > 0 && d->hits[k - 1].rule->index > h.rule->index; k--)
            d->hits[k] = d->hits[k - 1];
        d->hits[k] = h;
    }
    if (d->n_hits > d->alerts_max)
        cut_hits(d);
    for (uint32_t i = 0; i < d->n_hits; i++) {
        struct hit *h = &d->hits[i];
        struct hit_frame *f = &h->frame;
        if (f->text_len)
            f->bytes = text_of(d, f->text_at, f->text_len);
        if (h->text_len)
            h->payload = text_of(d, h->text_at, h->text_len);
    }
}

/* ---- address rules ------------------------------------------------------------------------ */

static void on_ip_rule(void *context, uint32_t rule)
{
    detect_candidate(context, rule, 0);
}

static void run_ip(struct detect *d)
{
    const struct detect_input *in = d->in;

    if (in->flow && (in->flow->asked_ip >> in->dir & 1))
        return;
    if (in->flow)
        in->flow->asked_ip |= (uint8_t)(1 << in->dir);
    if (!in->packet->ip_version)
        return;
    detect_candidates_clear(d);
    ip_index_find(d->rs->ip, d->ends.src, d->ends.dst, on_ip_rule, d);
    detect_candidates_sort(d);
    for (uint32_t i = 0; i < d->n_candidates; i++) {
        const struct rule *r = &d->rs->rules[d->candidates[i]];
        if (!header_ok(d, r->info.index, in->dir))
            continue;
        detect_hit_clear(d);
        if (detect_tests_ok(d, r))
            detect_fire(d, r);
    }
}

static bool has_events(const struct detect_input *in)
{
    return in->packet->notes || (in->flow && (in->flow->app_events || stream_event_any(in->flow)));
}

/* Rules on events of decoders and streams, asked only for packets that have one. */
static void run_noted(struct detect *d)
{
    for (uint32_t i = 0; i < d->rs->n_noted; i++) {
        const struct rule *r = &d->rs->rules[d->rs->noted[i]];
        detect_hit_clear(d);
        if (d->in->packet->ip_version && !header_ok(d, r->info.index, d->in->dir))
            continue;
        if (detect_tests_ok(d, r))
            detect_fire(d, r);
    }
}

enum { ASKED_KNOWN = 0x30 }; /* in flow->asked_app, however it is turned */

/* The protocol is news to this direction, of a connection with an earlier packet. Of datagrams the
 * first of a direction tells it, and behind it the next one of each. Where bytes are looked at as
 * they come, at once. */
static inline bool app_fresh(const struct detect_input *in)
{
    enum { FIRST = 1, NEXT = 4, NEXT_OF_BOTH = 12 }; /* of the direction that comes first */
    struct flow *f = in->flow;

    if (!f)
        return false;
    uint32_t first = (uint32_t)FIRST << in->dir, next = (uint32_t)NEXT << in->dir;
    uint32_t told = f->asked_app;
    if ((told & (first | next)) == first) /* as nearly always */
        return false;
    bool tcp = f->proto == IPPROTO_TCP4;
    if (detect_no_packet(in) || !detect_known(in) || !detect_shown(in, in->dir) ||
        (in->by_ack && tcp && !(told & ASKED_KNOWN)))
        return false;
    f->asked_app =
        (uint8_t)((told & ~next) | first | (tcp || told & first ? 0u : (uint32_t)NEXT_OF_BOTH));
    return true;
}

int detect_proto(struct detect *d, const struct proto_def *proto)
{
    if (!proto)
        return -1;
    struct asked_proto *asked = &d->asked[(uintptr_t)proto / sizeof(*proto) % ASKED_PROTOS];
    if (proto != asked->proto)
        *asked = (struct asked_proto){proto, proto_row(proto)};
    return asked->row;
}

/* ---- external ----------------------------------------------------------------------------- */

/* What every packet needs, the barest too. */
static void begin(struct detect *d, const struct detect_input *in)
{
    const struct packet *p = in->packet;

    d->in = in;
    d->n_hits = d->n_vars = d->put_off = 0;
    d->n_raw[0] = d->n_raw[1] = 0;
    d->looking = false;
    cost_packet(&d->cost, p ? p->ts_ns : 0, in->flow ? in->flow->shard : p ? p->shard : 0);
    d->looks = detect_looks(in);
    d->fresh = app_fresh(in);
    d->proto = in->flow ? detect_proto(d, app_proto(in->flow)) : -1;
    d->class_ = !p                         ? CLASS_OTHER
                : p->proto == IPPROTO_TCP4 ? CLASS_TCP
                : p->proto == IPPROTO_UDP4 ? CLASS_UDP
                                           : CLASS_OTHER;
}

void detect_look(struct detect *d)
{
    const struct detect_input *in = d->in;
    const struct packet *p = in->packet;

    if (d->looking)
        return;
    d->looking = true;
    strbuf_clear(&d->conditions);
    strbuf_clear(&d->text);
    d->n_steps = 0;
    d->passed = false;
    d->pass_at = d->drop_at = UINT32_MAX;
    d->view[0].set = d->view[1].set = d->stream_shown = false;
    memset(&d->beside, 0, sizeof(d->beside));
    memset(&d->look.rule, 0,
           offsetof(struct inspection, captured) - offsetof(struct inspection, rule));
    d->look.detect = d;
    d->look.input = in;
    d->look.packet = p;
    d->look.flow = in->flow;
    d->look.dir = in->dir;
    if (p)
        detect_ends(d, (struct ends){&p->src, &p->dst, p->sport, p->dport});
}

static void run_flow(struct detect *d)
{
    if (!d->in->flow)
        return;
    match_tx_run(d);
    if (d->rs->n_framed)
        match_frame_run(d);
}

/* An acknowledgement and no more, as every third packet is, of a flow whose other questions were
 * asked before. */
static bool is_bare(const struct detect *d)
{
    const struct detect_input *in = d->in;
    const struct packet *p = in->packet;
    const struct flow *flow = in->flow;

    return flow && p && !p->payload.len && p->proto == IPPROTO_TCP4 && !detect_no_packet(in) &&
           !d->explain && flow->asked_ip >> in->dir & 1 && !has_events(in);
}

/* Whatever the packet in hand can bring but transactions. */
static void run_packet(struct detect *d)
{
    if (is_bare(d) && match_payload_empty(d))
        return;
    detect_look(d);
    if (d->rs->n_noted && has_events(d->in))
        run_noted(d);
    if (!detect_no_packet(d->in))
        run_ip(d);
    match_payload_run(d);
}

bool detect_run(struct detect *d, const struct detect_input *in)
{
    begin(d, in);
    struct flow_marks *s = state_marks(in->flow);
    if (!in->packet || (s && s->pass)) {
        if (d->explain && in->packet) {
            detect_look(d);
            explain_passed(d->explain, d);
        }
        return false;
    }
    run_packet(d);
    if (in->flow_ends && d->at_end)
        match_end_run(d);
    run_flow(d);
    if (in->flow && !(in->flow->asked_app & ASKED_KNOWN) && detect_known(in))
        in->flow->asked_app |= ASKED_KNOWN;
    d->count[DETECT_STEPS] = d->inspect.steps_exceeded;
    d->count[DETECT_PCRE_LIMIT] = d->inspect.pcre_limited;
    d->count[DETECT_SUSPENDED] += d->cost.n_resting;
    if (d->n_hits)
        settle_hits(d);
    end_dropped(d);
    if (d->explain)
        explain_look(d->explain, d);
    return d->n_hits || d->cost.n_resting;
}

bool detect_trace(struct detect *d)
{
    if (!d->steps)
        d->steps = calloc(STEPS_ROOM, sizeof(*d->steps));
    return d->steps != NULL;
}

bool detect_explain(struct detect *d, struct explain *explain)
{
    d->explain = explain;
    return explain_begin(explain, d->rs) && detect_trace(d);
}

const uint32_t *detect_resting(const struct detect *d, uint32_t *n, uint64_t *until_ns)
{
    *n = d->cost.n_resting;
    *until_ns = d->cost.now_ns + d->cost.rest_ns;
    return d->cost.resting;
}

enum err detect_costs(const struct detect *d, struct rule_spent **list, uint32_t *n, uint32_t *room)
{
    const struct cost *c = &d->cost;

    *n = 0;
    if (c->n_used > *room) {
        struct rule_spent *larger = realloc(*list, c->n_used * sizeof(*larger));
        if (!larger)
            return ERR_NOMEM;
        *list = larger;
        *room = c->n_used;
    }
    for (uint32_t i = 0; i < c->n_used; i++) {
        const struct rule_cost *r = &c->at[c->used[i]];
        (*list)[(*n)++] = (struct rule_spent){c->used[i],   r->matches, r->limited,
                                              r->suspended, r->steps,   r->checks};
    }
    return ERR_OK;
}

bool detect_tagged(const struct detect *d, const struct flow *flow)
{
    const struct flow_marks *s = state_marks(flow);

    return d->rs->tags_hosts || (s && s->tagged);
}

const struct hit *detect_hits(const struct detect *d, uint32_t *n)
{
    *n = d->n_hits;
    return d->hits;
}

struct pool *detect_pool(struct detect *d)
{
    return d->pool;
}

/* Suricata's own limits (pcre.match-limit, pcre.match-limit-recursion). */
static const struct pcre_limits regex_limits = {PCRE_STEPS, 1500, 512 * 1024};

static bool take_settings(struct detect *d, const struct conf *conf)
{
    uint64_t window = conf_size(conf, "detect.stream-window");

    d->window = window > WINDOW_MAX ? WINDOW_MAX : (uint32_t)window;
    d->depth = conf_size(conf, "detect.stream-depth");
    d->behind_depth = conf_bool(conf, "detect.behind-depth");
    d->alerts_max = (uint32_t)conf_int(conf, "detect.alerts-max");
    d->encrypted = conf_bool(conf, "detect.encrypted");
    d->drop_ends = conf_bool(conf, "detect.drop-ends");
    d->at_end = conf_bool(conf, "detect.at-end");
    d->pool = state_pool_new(conf_size(conf, "detect.memory"));
    return cost_budget(&d->cost, (uint64_t)conf_int(conf, "detect.rule-budget"),
                       conf_span_ns(conf, "detect.rule-rest"));
}

static void take_defaults(struct detect *d)
{
    d->window = 2560;
    d->depth = 1024 * 1024;
    d->alerts_max = 15;
    d->pool = state_pool_new(64 * 1024 * 1024);
}

/* Room for what one look at a packet marks; false when there is no memory. */
static bool make_marks(struct detect *d, const struct ruleset *rs)
{
    bool ok = true;

    d->mark = calloc(rs->n + 1, sizeof(*d->mark));
    d->mark_end = calloc(rs->n + 1, sizeof(*d->mark_end));
    for (int i = 0; i < 2; i++) {
        d->net_answer[i] = calloc(rs->n_nets + 1, sizeof(uint32_t));
        ok = ok && d->net_answer[i];
    }
    return ok && d->mark && d->mark_end;
}

static void free_marks(struct detect *d)
{
    for (int i = 0; i < 2; i++)
        free(d->net_answer[i]);
    free(d->mark);
    free(d->mark_end);
}

static bool fit_scratch(struct detect *d, const struct ruleset *rs)
{
    bool ok = true;

    for (uint32_t i = 0; ok && i < rs->n_sets; i++)
        ok = !rs->sets[i]->db || literals_scratch_fit(d->literals, rs->sets[i]->db);
    return ok;
}

static bool make_scratch(struct detect *d, const struct ruleset *rs)
{
    d->literals = literals_scratch_new();
    d->buffers = buffer_scratch_new();
    d->inspect.pcre = pcre_scratch_new(&regex_limits);
    d->room = malloc(2 * VIEW_ROOM);
    d->look.hit = calloc(1, sizeof(struct hit));
    return d->literals && d->buffers && d->inspect.pcre && d->room && d->look.hit &&
           fit_scratch(d, rs);
}

struct detect *detect_new(const struct ruleset *rs, const struct conf *conf, struct stats *stats)
{
    struct detect *d = calloc(1, sizeof(*d));

    if (!d)
        return NULL;
    d->rs = rs;
    strbuf_init(&d->conditions, 0);
    strbuf_init(&d->text, 0);
    d->count = stats_add(stats, detect_counters);
    bool ok = cost_fit(&d->cost, rs->n_uids);
    if (conf)
        ok = take_settings(d, conf) && ok;
    else
        take_defaults(d);
    ok = make_marks(d, rs) && ok;
    ok = make_scratch(d, rs) && ok && d->pool;
    if (!ok)
        detect_free(&d);
    return d;
}

void detect_free(struct detect **detect)
{
    struct detect *d = *detect;

    if (!d)
        return;
    state_pool_free(&d->pool);
    literals_scratch_free(&d->literals);
    buffer_scratch_free(&d->buffers);
    pcre_scratch_free(&d->inspect.pcre);
    free_marks(d);
    free(d->room);
    free(d->look.hit);
    free(d->steps);
    cost_fini(&d->cost);
    strbuf_fini(&d->conditions);
    strbuf_fini(&d->text);
    free(d);
    *detect = NULL;
}

enum err detect_swap(struct detect *d, const struct ruleset *rs)
{
    struct detect old = {.mark = d->mark, .mark_end = d->mark_end};

    memcpy(old.net_answer, d->net_answer, sizeof(old.net_answer));
    bool ok = fit_scratch(d, rs) && cost_fit(&d->cost, rs->n_uids);
    ok = make_marks(d, rs) && ok;
    if (!ok) {
        free_marks(d);
        d->mark = old.mark;
        d->mark_end = old.mark_end;
        memcpy(d->net_answer, old.net_answer, sizeof(old.net_answer));
        return ERR_NOMEM;
    }
    free_marks(&old);
    memset(d->concerns, 0, sizeof(d->concerns));
    d->rs = rs;
    d->epoch = d->net_now = d->n_hits = 0;
    return ERR_OK;
}

void detect_drop_tx(struct detect *d, struct tx *tx)
{
    state_tx_drop(d->pool, tx);
}

void detect_drop_flow(struct detect *d, struct flow *flow)
{
    state_flow_drop(d->pool, flow);
}
