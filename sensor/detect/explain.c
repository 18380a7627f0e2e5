/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/explain.h"

#include "sensor/detect/content.h"
#include "sensor/detect/trace.h"

#include <stdio.h>
#include <stdlib.h>

enum { STEPS_MAX = 64, SLOTS = EXPLAIN_CASES_MAX * 2 };

struct explain {
    struct explain_ask ask;
    const struct rule *rule;
    uint64_t packets;
    struct explain_case *cases, *alerts;
    uint32_t n_cases, room_cases, n_alerts, room_alerts;
    uint64_t lost_cases, lost_alerts;
    uint32_t *slots; /* by key: index + 1 */
    uint32_t fired;  /* in the packet in hand */
    uint32_t first_fired;
    struct match_step steps[STEPS_MAX];
};

/* A look under way. */
struct look {
    struct explain *e;
    struct detect *d;
    const struct rule *r;
    struct trace trace;
    enum explain_stage stage;
    uint32_t step;
    const char *buffer;
    char condition[160], why[200];
};

const char *explain_stage_name(enum explain_stage stage)
{
    static const char *const names[EXPLAIN_STAGES] = {
        "protocol", "app-protocol", "direction", "address",  "port", "state",
        "buffer",   "literal",      "option",    "withheld", "held", "alert"};
    return names[stage];
}

struct explain *explain_new(const struct explain_ask *ask)
{
    struct explain *e = calloc(1, sizeof(*e));

    if (!e)
        return NULL;
    e->ask = *ask;
    e->slots = calloc(SLOTS, sizeof(*e->slots));
    if (!e->slots)
        explain_free(&e);
    return e;
}

static void free_cases(struct explain_case *cases, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        free(cases[i].steps);
    free(cases);
}

void explain_free(struct explain **explain)
{
    struct explain *e = *explain;

    if (!e)
        return;
    free_cases(e->cases, e->n_cases);
    free_cases(e->alerts, e->n_alerts);
    free(e->slots);
    free(e);
    *explain = NULL;
}

bool explain_begin(struct explain *e, const struct ruleset *rs)
{
    e->rule = NULL;
    for (uint32_t i = 0; i < rs->n; i++) {
        const struct rule_info *info = &rs->rules[i].info;
        if (info->sid == e->ask.sid && (!e->ask.gid || info->gid == e->ask.gid))
            e->rule = &rs->rules[i];
    }
    return true;
}

/* ---- keeping ------------------------------------------------------------------------------ */

static uint64_t key_of(const struct look *l)
{
    const struct detect_input *in = l->d->in;
    uint64_t key = in->flow ? in->flow->id : in->packet->frame.number;

    if (l->e->ask.packet || l->e->ask.flow_id) {
        key = key * 2 + (uint64_t)l->d->look.dir;
        key = key * 1000003 + (l->d->look.tx ? l->d->look.tx->id + 1 : 0);
    }
    return key ? key : 1;
}

static struct explain_case *more(struct explain_case **list, uint32_t *n, uint32_t *room,
                                 uint32_t most)
{
    if (*n == most)
        return NULL;
    if (*n == *room) {
        uint32_t next = *room ? *room * 2 : 64;
        struct explain_case *larger = realloc(*list, next * sizeof(*larger));
        if (!larger)
            return NULL;
        *list = larger;
        *room = next;
    }
    struct explain_case *c = &(*list)[(*n)++];
    memset(c, 0, sizeof(*c));
    return c;
}

static struct explain_case *case_of(struct explain *e, uint64_t key)
{
    uint32_t at = (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 40) % SLOTS;

    for (; e->slots[at]; at = (at + 1) % SLOTS) {
        if (e->cases[e->slots[at] - 1].key == key)
            return &e->cases[e->slots[at] - 1];
    }
    struct explain_case *c = more(&e->cases, &e->n_cases, &e->room_cases, EXPLAIN_CASES_MAX);
    if (!c) {
        e->lost_cases++;
        return NULL;
    }
    e->slots[at] = e->n_cases;
    c->key = key;
    return c;
}

static void fill(struct explain_case *c, const struct look *l)
{
    const struct detect *d = l->d;
    const struct packet *p = d->in->packet;
    const struct flow *f = d->in->flow;

    c->flow_id = f ? f->id : 0;
    c->number = p->frame.number;
    c->ts_ns = p->ts_ns;
    c->src = d->ends.src ? *d->ends.src : p->src;
    c->dst = d->ends.dst ? *d->ends.dst : p->dst;
    c->sport = d->ends.sport;
    c->dport = d->ends.dport;
    c->proto = p->proto;
    c->to_client = d->look.dir == TO_CLIENT;
    c->on_stream = d->look.on_stream;
    c->tx = d->look.tx ? (int64_t)d->look.tx->id : -1;
    c->app = f ? f->app_name : NULL;
    c->stage = l->stage;
    c->step = l->step;
    snprintf(c->condition, sizeof(c->condition), "%s", l->condition);
    snprintf(c->buffer, sizeof(c->buffer), "%s", l->buffer ? l->buffer : "");
    snprintf(c->why, sizeof(c->why), "%s", l->why);
    free(c->steps);
    c->n_steps = l->trace.n;
    c->steps = c->n_steps ? calloc(c->n_steps, sizeof(*c->steps)) : NULL;
    if (c->steps)
        memcpy(c->steps, l->trace.at, c->n_steps * sizeof(*c->steps));
    else
        c->n_steps = 0;
}

static void keep(struct look *l)
{
    struct explain_case *c = case_of(l->e, key_of(l));

    if (!c)
        return;
    bool nearer = l->stage > c->stage || (l->stage == c->stage && l->step > c->step);
    if (!c->looks || nearer)
        fill(c, l);
    c->looks++;
}

static void begin(struct look *l, struct explain *e, struct detect *d)
{
    memset(l, 0, sizeof(*l));
    l->e = e;
    l->d = d;
    l->r = e->rule;
    l->trace = (struct trace){e->steps, 0, STEPS_MAX};
}

/* ---- header ------------------------------------------------------------------------------- */

/* i-th word of the rule's header: protocol is 1, source 2, port 3, destination 5, port 6. */
static struct slice header_word(const struct rule *r, uint32_t i)
{
    struct slice rest = slice_of_str(r->info.text);
    uint32_t at = 0;

    for (;; i--) {
        uint32_t depth = 0, from;
        while (at < rest.len && (rest.at[at] == ' ' || rest.at[at] == '\t'))
            at++;
        from = at;
        for (; at < rest.len && rest.at[at] != '(' && (depth || rest.at[at] != ' '); at++)
            depth += (rest.at[at] == '[') - (uint32_t)(rest.at[at] == ']' && depth);
        if (!i || at >= rest.len)
            return slice_head(slice_from(rest, from), at - from);
    }
}

static bool stop(struct look *l, enum explain_stage stage, uint32_t step, const char *what,
                 struct slice word)
{
    l->stage = stage;
    l->step = step;
    snprintf(l->condition, sizeof(l->condition), "%s%.*s", what, (int)word.len,
             word.at ? (const char *)word.at : "");
    return false;
}

static bool port_holds(struct look *l, bool dst)
{
    const struct ends *e = &l->d->ends;
    const struct portset *set = dst ? l->r->dport : l->r->sport;
    uint16_t port = dst ? e->dport : e->sport;

    if (rule_port_has(set, port))
        return true;
    snprintf(l->why, sizeof(l->why), "it is %u", port);
    return stop(l, EXPLAIN_PORT, dst, dst ? "destination port " : "source port ",
                header_word(l->r, dst ? 6 : 3));
}

static bool address_holds(struct look *l, bool dst)
{
    const struct addr *a = dst ? l->d->ends.dst : l->d->ends.src;
    char text[64];

    if (rule_net_has(dst ? l->r->dst : l->r->src, a))
        return true;
    addr_text(a, text);
    snprintf(l->why, sizeof(l->why), "it is %s", text);
    return stop(l, EXPLAIN_ADDRESS, dst, dst ? "destination " : "source ",
                header_word(l->r, dst ? 5 : 2));
}

static const char *class_name(uint32_t class_)
{
    return class_ == CLASS_TCP ? "tcp" : class_ == CLASS_UDP ? "udp" : "neither tcp nor udp";
}

static const struct header *header_of(const struct look *l)
{
    return &l->d->rs->headers[l->r->info.index];
}

static bool protocol_holds(struct look *l)
{
    const struct detect *d = l->d;
    uint32_t bit = d->class_ == CLASS_TCP ? L4_TCP : d->class_ == CLASS_UDP ? L4_UDP : L4_OTHER;

    if ((l->r->l4 & bit) && header_proto_ok(header_of(l), d->in->packet))
        return true;
    snprintf(l->why, sizeof(l->why), "it is %s over IPv%u", class_name(d->class_),
             d->in->packet->ip_version);
    return stop(l, EXPLAIN_PROTOCOL, 0, "protocol ", header_word(l->r, 1));
}

static bool app_holds(struct look *l)
{
    const struct flow *f = l->d->in->flow;
    const char *now = f && f->app_name ? f->app_name : NULL;

    if (header_app_ok(l->d, header_of(l)))
        return true;
    snprintf(l->why, sizeof(l->why), now ? "it is %s" : "it is not known%s", now ? now : "");
    return stop(l, EXPLAIN_APP, now != NULL, "application protocol ",
                slice_of_str(proto_rows[l->r->app - 1]->name));
}

static bool header_holds(struct look *l)
{
    const struct detect *d = l->d;
    const struct rule *r = l->r;
    enum dir dir = d->look.dir;

    if (!protocol_holds(l) || !app_holds(l))
        return false;
    if (!(r->dirs >> dir & 1) || (r->dirs != 3 && !d->in->flow)) {
        snprintf(l->why, sizeof(l->why), d->in->flow ? "this one is to the %s" : "there is no flow",
                 dir == TO_SERVER ? "server" : "client");
        return stop(l, EXPLAIN_DIRECTION, 0, "direction to the ",
                    slice_of_str(r->dirs == 1 << TO_CLIENT ? "client" : "server"));
    }
    if (header_ok(l->d, r->info.index, dir))
        return true;
    return address_holds(l, false) && address_holds(l, true) && port_holds(l, false) &&
           port_holds(l, true);
}

/* ---- state, buffers ----------------------------------------------------------------------- */

static void describe_flow(const struct look *l, char *why, size_t room)
{
    static const char *const states[] = {"new", "established", "closed"};
    const struct flow *f = l->d->in->flow;

    if (!f)
        snprintf(why, room, "does not hold; there is no flow");
    else
        snprintf(why, room, "does not hold; the flow is %s%s, %llu packets there, %llu back",
                 states[f->state < 3 ? f->state : 0], f->midstream ? " (begin not seen)" : "",
                 (unsigned long long)f->pkts[0], (unsigned long long)f->pkts[1]);
}

static bool tests_hold(struct look *l)
{
    l->d->look.rule = l->r;
    for (uint8_t i = 0; i < l->r->n_tests; i++) {
        const struct test *t = &l->r->tests[i];
        if (t->match(&l->d->look, t->args))
            continue;
        describe_flow(l, l->why, sizeof(l->why));
        return stop(l, EXPLAIN_STATE, i, "", trace_option(l->r, t->column));
    }
    return true;
}

/* The literal stands somewhere in its buffer, wherever the other conditions want it. */
static bool literal_stands(const struct look *l)
{
    const struct group *g = &l->r->groups[l->r->fast_group];
    bool nocase;
    struct slice literal = ruleset_literal(l->r, &nocase), bytes;

    for (uint32_t i = 0; buffer_instance(g->buffer, &l->d->look, i, l->d->buffers, &bytes); i++) {
        if (content_find(bytes, literal, 0, nocase) >= 0)
            return true;
    }
    return false;
}

static bool groups_hold(struct look *l)
{
    struct trace_miss miss;
    const struct rule *r = l->r;

    if (trace_groups(l->d, r, &l->trace, &miss))
        return true;
    uint32_t step = miss.group * RULE_OPS_MAX + miss.op;
    l->buffer = miss.buffer;
    snprintf(l->why, sizeof(l->why), "%s", miss.why);
    if (miss.absent)
        return stop(l, EXPLAIN_BUFFER, step, "", miss.option);
    if (r->fast_op < 0 || literal_stands(l))
        return stop(l, EXPLAIN_OPTION, step, "", miss.option);
    const struct group *g = &r->groups[r->fast_group];
    l->buffer = g->buffer->name;
    bool same = miss.group == (uint32_t)r->fast_group && miss.op == (uint32_t)r->fast_op;
    if (!same)
        snprintf(l->why, sizeof(l->why),
                 "not there, it is searched first; nor holds %s %.*s: %.60s", miss.buffer,
                 (int)(miss.option.len & 63), miss.option.at ? (const char *)miss.option.at : "",
                 miss.why);
    return stop(l, EXPLAIN_LITERAL, step, "", trace_option(r, g->ops[r->fast_op].column));
}

/* All holds and still it did not fire here. */
static void unfired(struct look *l)
{
    l->stage = EXPLAIN_WITHHELD;
    snprintf(l->condition, sizeof(l->condition), "all conditions hold");
    snprintf(
        l->why, sizeof(l->why),
        "it fired before on these bytes or this transaction, or its parts came in other looks");
}

static void look_once(struct look *l)
{
    l->trace.n = 0;
    l->why[0] = l->condition[0] = '\0';
    l->buffer = NULL;
    if (header_holds(l) && tests_hold(l) && groups_hold(l))
        unfired(l);
    keep(l);
}

/* ---- looks -------------------------------------------------------------------------------- */

static struct ends flow_ends(const struct flow *f, enum dir dir)
{
    if (dir == TO_SERVER)
        return (struct ends){&f->client, &f->server, f->client_port, f->server_port};
    return (struct ends){&f->server, &f->client, f->server_port, f->client_port};
}

static void on_payload(struct look *l, enum dir dir, struct slice payload, bool stream)
{
    struct detect *d = l->d;

    d->look.dir = dir;
    d->look.on_stream = stream;
    d->look.payload = payload;
    d->look.stream_base = stream ? d->view[dir].base : 0;
    look_once(l);
}

static bool packet_counts(const struct look *l)
{
    const struct rule *r = l->r;
    bool tcp = l->d->class_ == CLASS_TCP && l->d->in->flow;

    return !detect_no_packet(l->d->in) && !(r->kind == RULE_STREAM && tcp);
}

static void look_payload(struct look *l)
{
    struct detect *d = l->d;
    const struct detect_input *in = d->in;
    const struct packet *p = in->packet;
    bool streams = l->r->kind == RULE_STREAM || l->r->kind == RULE_PACKET_STREAM, looked = false;

    for (uint32_t dir = 0; in->flow && streams && dir < 2; dir++) {
        if (!d->view[dir].set)
            continue;
        detect_ends(d, flow_ends(in->flow, (enum dir)dir));
        on_payload(l, (enum dir)dir, d->view[dir].data, true);
        looked = true;
    }
    detect_ends(d, (struct ends){&p->src, &p->dst, p->sport, p->dport});
    if (packet_counts(l)) {
        on_payload(l, in->dir, p->payload, false);
        if (!in->flow)
            on_payload(l, dir_other(in->dir), p->payload, false);
    } else if (!looked && !detect_no_packet(in)) {
        on_payload(l, in->dir, SLICE_NONE, true);
    }
}

static void payload_of_tx(struct look *l, enum dir dir)
{
    struct detect *d = l->d;

    d->look.on_stream = d->view[dir].set;
    d->look.stream_base = d->view[dir].set ? d->view[dir].base : 0;
    d->look.payload = d->view[dir].set    ? d->view[dir].data
                      : dir == d->in->dir ? d->in->packet->payload
                                          : SLICE_NONE;
}

static void look_txs(struct look *l)
{
    struct detect *d = l->d;
    const struct detect_input *in = d->in;
    uint32_t looks = d->looks;
    bool looked = false;

    for (struct tx *tx = in->flow ? app_first_tx(in->flow) : NULL; tx; tx = tx->next) {
        for (uint32_t dir = 0; dir < 2; dir++) {
            struct file *file = files_of_tx(tx, (enum dir)dir);
            if (!(looks >> dir & 1) || !(tx->touched[dir] || (file && file->touched)))
                continue;
            d->look.tx = tx;
            d->look.file = file;
            d->look.dir = (enum dir)dir;
            d->proto = proto_row(tx->proto);
            detect_ends(d, flow_ends(in->flow, (enum dir)dir));
            payload_of_tx(l, (enum dir)dir);
            look_once(l);
            looked = true;
        }
    }
    d->look.tx = NULL;
    d->look.file = NULL;
    if (looked || detect_no_packet(in))
        return;
    d->look.dir = in->dir;
    detect_ends(
        d, (struct ends){&in->packet->src, &in->packet->dst, in->packet->sport, in->packet->dport});
    if (header_holds(l)) {
        stop(l, EXPLAIN_STATE, 0, "a transaction", SLICE_NONE);
        snprintf(l->why, sizeof(l->why), "no transaction was seen");
    }
    keep(l);
}

/* ---- what detection tells ----------------------------------------------------------------- */

static bool asked(const struct explain *e, const struct detect *d)
{
    const struct detect_input *in = d->in;

    if (!e->rule || (e->ask.packet && in->packet->frame.number != e->ask.packet))
        return false;
    return !e->ask.flow_id || (in->flow && in->flow->id == e->ask.flow_id);
}

void explain_fired(struct explain *e, struct detect *d, const struct rule *r)
{
    struct trace_miss miss;
    struct look l;

    if (r != e->rule || !asked(e, d))
        return;
    struct explain_case *c = more(&e->alerts, &e->n_alerts, &e->room_alerts, EXPLAIN_ALERTS_MAX);
    e->first_fired = e->fired++ ? e->first_fired : e->n_alerts - (c != NULL);
    if (!c) {
        e->lost_alerts++;
        return;
    }
    begin(&l, e, d);
    (void)trace_groups(d, r, &l.trace, &miss);
    l.stage = EXPLAIN_WITHHELD;
    fill(c, &l);
}

/* Hits that the packet did not keep. */
static void settle(struct explain *e, struct detect *d)
{
    uint32_t kept = 0;
    const char *why = "an alert of this packet was cut: more than detect.alerts-max";

    for (uint32_t i = 0; i < d->n_hits; i++)
        kept += d->hits[i].rule == &e->rule->info;
    if (e->rule->action == ACTION_PASS)
        why = "it is a pass rule: what it matches is not reported";
    else if (d->passed)
        why = "a pass rule matched this packet";
    else if (e->rule->info.noalert)
        why = "it has noalert: it fires without an alert";
    if (kept && !e->rule->info.noalert)
        why = "";
    for (uint32_t i = e->first_fired; i < e->n_alerts; i++)
        snprintf(e->alerts[i].why, sizeof(e->alerts[i].why), "%s", why);
}

void explain_passed(struct explain *e, struct detect *d)
{
    struct look l;

    if (!asked(e, d))
        return;
    e->packets++;
    begin(&l, e, d);
    l.stage = EXPLAIN_PROTOCOL;
    snprintf(l.condition, sizeof(l.condition), "the flow is inspected");
    snprintf(l.why, sizeof(l.why), "a pass, drop, reject or bypass rule matched this flow before");
    keep(&l);
}

void explain_look(struct explain *e, struct detect *d)
{
    struct look l;
    struct inspection before = d->look;

    if (!asked(e, d))
        return;
    e->packets++;
    begin(&l, e, d);
    if (e->fired) {
        settle(e, d);
        e->fired = 0;
        return;
    }
    int proto = d->proto;
    if (e->rule->kind == RULE_TX)
        look_txs(&l);
    else
        look_payload(&l);
    d->proto = proto;
    d->look = before;
}

void explain_verdict(struct explain *e, const struct rule_info *rule, uint64_t flow_id,
                     bool admitted)
{
    if (!e->rule || rule != &e->rule->info)
        return;
    for (uint32_t i = 0; i < e->n_alerts; i++) {
        struct explain_case *c = &e->alerts[i];
        if (c->stage != EXPLAIN_WITHHELD || c->why[0] || c->flow_id != flow_id)
            continue;
        c->stage = admitted ? EXPLAIN_ALERT : EXPLAIN_HELD;
        if (!admitted)
            snprintf(c->why, sizeof(c->why),
                     "threshold, suppression, xbits or a set of values held it back");
        return;
    }
}

/* ---- answers ------------------------------------------------------------------------------ */

const struct rule_info *explain_rule(const struct explain *e)
{
    return e->rule ? &e->rule->info : NULL;
}

uint64_t explain_packets(const struct explain *e)
{
    return e->packets;
}

void explain_describe(const struct explain *e, struct strbuf *out)
{
    static const char *const kinds[] = {
        [RULE_IP] = "addresses, once per direction of a flow",
        [RULE_PACKET] = "each packet",
        [RULE_STREAM] = "reassembled bytes",
        [RULE_PACKET_STREAM] = "packets and reassembled bytes",
        [RULE_APP] = "the application protocol",
        [RULE_TX] = "transactions",
    };
    const struct rule *r = e->rule;

    strbuf_str(out, kinds[r->kind]);
    if (r->fast_op < 0)
        return;
    const struct group *g = &r->groups[r->fast_group];
    struct slice option = trace_option(r, g->ops[r->fast_op].column);
    strbuf_fmt(out, "; searched first: %.*s in %s", (int)option.len, (const char *)option.at,
               g->buffer->name);
}

static int nearer_first(const void *left, const void *right)
{
    const struct explain_case *a = left, *b = right;

    if (a->stage != b->stage)
        return a->stage > b->stage ? -1 : 1;
    if (a->step != b->step)
        return a->step > b->step ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

const struct explain_case *explain_cases(struct explain *e, uint32_t *n, uint64_t *lost)
{
    if (e->n_cases)
        qsort(e->cases, e->n_cases, sizeof(*e->cases), nearer_first);
    memset(e->slots, 0, SLOTS * sizeof(*e->slots));
    *n = e->n_cases;
    *lost = e->lost_cases;
    return e->cases;
}

const struct explain_case *explain_alerts(const struct explain *e, uint32_t *n, uint64_t *lost)
{
    *n = e->n_alerts;
    *lost = e->lost_alerts;
    return e->alerts;
}
