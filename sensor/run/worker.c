/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path of a packet, whole, in worker_packet: flow, stream, application, files, breadth,
 * detection, then what leaves as events and facts. No floor below calls another; it is all here.
 */
#include "sensor/run/worker.h"
#include "common/check.h"
#include "common/clock.h"
#include "sensor/decode/decode.h"
#include "sensor/flow/flow_table.h"
#include "sensor/flow/flow_turn.h"
#include "sensor/flow/sight.h"
#include "sensor/flow/stream_event.h"
#include "sensor/run/facts.h"
#include "sensor/run/rest.h"
#include "sensor/run/shed.h"
#include "sensor/run/shunt.h"
#include "sensor/run/suspended.h"
#include "sensor/run/wants.h"

#include <stdlib.h>

enum { CHUNKS_MAX = 2 * STREAM_SEGMENTS_MAX + 8, AHEAD = 2 }; /* packets between prefetches */

struct worker {
    struct worker_plan plan;
    struct stats stats;
    struct flow_table *flows;
    struct streams *streams;
    struct app_engine *app;
    struct breadth *breadth;
    struct files *files;
    struct detect *detect;     /* NULL without rules */
    struct rest_floors floors; /* those above */
    struct rest *rest;
    struct facts_plan *facts;
    struct wants wants;
    struct event_options events, short_events; /* short: without payloads */
    struct heads *heads;
    struct shed shed;
    struct shunt_policy shunt;
    /* of the round in hand */
    struct round_part *part;
    uint64_t number, order; /* of the items */
    bool of_packet;
    uint32_t at; /* of the packet in hand, in round.packets */
    bool found;  /* detection's last look brought hits, or rules that rest now */
    uint64_t now_ns;
    struct chunk chunks[CHUNKS_MAX + 1]; /* one that is asked for and not kept */
};

/* ---- what leaves -------------------------------------------------------------------------- */

static void stamp(const struct worker *w, struct item *item)
{
    item->number = w->number;
    item->order = w->order;
    item->of_packet = w->of_packet;
    item->ts_ns = w->now_ns;
}

static struct facts_sink sink_of(const struct worker *w)
{
    return (struct facts_sink){w->part, w->number, w->order, w->now_ns, w->of_packet};
}

static struct event_ctx ctx_of(const struct worker *w, struct flow *flow, const struct packet *p)
{
    bool named = p && p->frame.number && w->plan.ifaces && p->frame.iface < w->plan.n_ifaces;

    return (struct event_ctx){
        .sensor = w->plan.sensor,
        .ts_ns = w->now_ns,
        .packet = p && p->frame.number ? p : NULL,
        .flow = flow,
        .breadth = w->breadth,
        .detect = w->detect,
        .iface = named ? w->plan.ifaces[p->frame.iface] : NULL,
        .file_name = w->plan.file_name,
        .heads = w->heads,
        .options = &w->events,
    };
}

/* Writes an event into the part; NULL when its type is off. */
static struct item *write_event(struct worker *w, const char *name, const struct event_ctx *ctx,
                                enum event_class cls)
{
    struct strbuf *text = &w->part->text;
    size_t at = text->len;

    struct item *item = event_write(name, ctx, text) ? round_item(w->part) : NULL;
    if (!item)
        return NULL;
    stamp(w, item);
    item->kind = ITEM_EVENT;
    item->cls = (uint8_t)cls;
    item->text_at = (uint32_t)at;
    item->text_len = (uint32_t)(text->len - at);
    round_ends(item, ctx->flow, ctx->dir, ctx->packet);
    return item;
}

static void write_hits(struct worker *w, struct flow *flow, const struct packet *p)
{
    uint32_t n = 0;
    const struct hit *hits = detect_hits(w->detect, &n);

    for (uint32_t i = 0; i < n; i++) {
        if (hits[i].rule->noalert && !hits[i].rule->has_threshold)
            continue;
        struct event_ctx ctx = ctx_of(w, flow, p);
        if (flow && w->shed.step[flow->shard] >= SHED_EVIDENCE)
            ctx.options = &w->short_events;
        ctx.hit = &hits[i];
        ctx.tx = hits[i].tx ? hits[i].tx : hits[i].near;
        ctx.file = hits[i].file;
        ctx.dir = hits[i].dir;
        (void)choice_forwarded(&w->events.choice, ctx.tx, &ctx.forwarded);
        if (flow && !hits[i].rule->noalert && flow->alerts < UINT16_MAX)
            flow->alerts++;
        struct item *item = write_event(w, "alert", &ctx, CLASS_ALERT);
        if (!item)
            continue;
        item->kind = ITEM_ALERT;
        item->rule = hits[i].rule;
        item->of_flow = hits[i].of_flow;
        item->flow_id = flow ? flow->id : 0;
        struct slice more = detect_conditions(w->detect, &hits[i]);
        item->more_at = (uint32_t)w->part->text.len;
        item->more_len = more.len;
        strbuf_slice(&w->part->text, more);
    }
}

static inline bool is_tagged(const struct worker *w, const struct flow *flow)
{
    return w->detect && detect_tagged(w->detect, flow);
}

/* A packet that a rule's tag may ask for: the host tier says, and adds its bytes. */
static void write_tagged(struct worker *w, struct flow *flow, const struct packet *p)
{
    struct event_ctx ctx = ctx_of(w, flow, p);
    struct item *item = p->src.family ? write_event(w, "packet", &ctx, CLASS_TX) : NULL;
    if (!item)
        return;
    item->kind = ITEM_TAGGED;
    item->fact = w->at;
    item->src = p->src;
    item->dst = p->dst;
}

static void write_note(struct worker *w, struct flow *flow, const struct packet *p, struct tx *tx,
                       const char *layer, const char *note)
{
    struct event_ctx ctx = ctx_of(w, flow, p);

    ctx.tx = tx;
    ctx.note = note;
    ctx.note_layer = layer;
    ctx.dir = flow && p->ip_version ? flow_dir(flow, p) : TO_SERVER;
    write_event(w, "anomaly", &ctx, CLASS_TX);
}

/* The hour's sums count it whatever events are written. */
static void take_note(struct worker *w, struct flow *flow, const struct packet *p, struct tx *tx,
                      const char *layer, const char *note, bool written)
{
    struct item *item = w->wants.notes ? round_item(w->part) : NULL;

    if (item) {
        stamp(w, item);
        item->kind = ITEM_NOTE;
        item->layer = layer;
        item->note = note;
        item->src = p->src;
        item->dst = p->dst;
        item->flow_id = flow ? flow->id : 0;
    }
    if (written)
        write_note(w, flow, p, tx, layer, note);
}

static inline bool has_notes(const struct worker *w, const struct flow *flow,
                             const struct packet *p)
{
    return p->notes ||
           (flow && (flow->app_events || stream_event_any(flow) || app_notes(w->app, NULL)));
}

static void write_notes(struct worker *w, struct flow *flow, const struct packet *p)
{
    const char *const *names;
    uint32_t n = flow ? app_notes(w->app, &names) : 0, odd = flow ? flow->app_events : 0;

    for (uint32_t i = 0; i < n; i++)
        take_note(w, flow, p, NULL, "applayer", names[i], w->events.app_notes);
    for (uint32_t i = 0; odd >> i; i++) {
        if (odd >> i & 1)
            take_note(w, flow, p, NULL, "applayer", app_event_name(i), w->events.app_notes);
    }
    for (uint8_t i = 0; i < p->notes; i++)
        take_note(w, flow, p, NULL, "decode", decode_note_name(p->note[i]), w->events.decode_notes);
    for (uint32_t i = 0; flow && i < STREAM_EVENT_COUNT; i++) {
        if (stream_event_has(flow, i))
            take_note(w, flow, p, NULL, "stream", stream_event_name(i), w->events.stream_notes);
    }
}

/* Who stands as src in a transaction's event. */
static enum dir ends_of_tx(const struct worker *w, const struct flow *flow, const struct packet *p,
                           const struct tx *tx)
{
    if (!w->events.packet_ends || tx->proto->ends == TX_ENDS_CLIENT)
        return TO_SERVER;
    if (tx->proto->ends == TX_ENDS_PACKET && p)
        return flow_dir(flow, p);
    return (enum dir)tx->opener;
}

static void write_tx_notes(struct worker *w, struct flow *flow, const struct packet *p,
                           struct tx *tx)
{
    for (; tx->noted < tx->notes && tx->noted < TX_NOTES_MAX; tx->noted++)
        take_note(w, flow, p, tx, "applayer", tx->proto->notes[tx->note[tx->noted]],
                  w->events.app_notes);
}

static void write_tx(struct worker *w, struct flow *flow, const struct packet *p, struct tx *tx)
{
    struct facts_sink sink = sink_of(w);
    uint32_t n = tx->silent ? 0 : app_events(tx);

    for (uint32_t i = 0; i < n; i++) {
        struct event_ctx ctx = ctx_of(w, flow, p);
        ctx.tx = tx;
        ctx.part = i;
        ctx.dir = ends_of_tx(w, flow, ctx.packet, tx);
        (void)choice_forwarded(&w->events.choice, tx, &ctx.forwarded);
        write_event(w, "tx", &ctx, CLASS_TX);
    }
    write_tx_notes(w, flow, p, tx);
    if (w->wants.devices)
        facts_tx(&sink, w->facts, flow, tx);
    tx->logged = true;
}

static void write_file(struct worker *w, struct flow *flow, const struct packet *p,
                       struct file *file)
{
    struct event_ctx ctx = ctx_of(w, flow, p);

    ctx.file = file;
    ctx.tx = file->tx;
    ctx.dir = file->dir;
    for (ctx.part = 0; ctx.part < file->yara_hits && ctx.part < FILE_YARA_MAX; ctx.part++)
        write_event(w, "yara", &ctx, CLASS_ALERT);
    ctx.part = 0;
    files_keep(w->files, file);
    (void)choice_forwarded(&w->events.choice, ctx.tx, &ctx.forwarded);
    write_event(w, "fileinfo", &ctx, CLASS_TX);
    file->logged = true;
}

static void write_results(struct worker *w, struct flow *flow, const struct packet *p,
                          uint32_t looked)
{
    if (w->found)
        write_hits(w, flow, p);
    if (p->frame.number && is_tagged(w, flow))
        write_tagged(w, flow, p);
    for (struct file *f = files_first(flow); f; f = f->next) {
        if (f->state != FILE_OPEN && !f->logged && looked >> f->dir & 1)
            write_file(w, flow, p, f);
    }
    if (has_notes(w, flow, p))
        write_notes(w, flow, p);
    for (struct tx *tx = app_first_tx(flow); tx; tx = tx->next) {
        if (!tx->logged && (tx->told || app_tx_over(tx)))
            write_tx(w, flow, p, tx);
        else if (tx->logged)
            write_tx_notes(w, flow, p, tx);
    }
}

/* False for most packets: then write_results() does nothing. */
static inline bool has_results(const struct worker *w, struct flow *flow, const struct packet *p)
{
    return w->found || has_notes(w, flow, p) || app_first_tx(flow) || files_first(flow) ||
           is_tagged(w, flow);
}

/* ---- the path ----------------------------------------------------------------------------- */

/* Ordered bytes of both directions to the parsers; returns how many chunks detection may look at.
 */
static uint32_t take_stream(struct worker *w, struct flow *flow, const struct packet *p, uint32_t n)
{
    while (streams_next(w->streams, flow, &w->chunks[n])) {
        app_input(w->app, flow, p, &w->chunks[n]);
        n += n < CHUNKS_MAX;
    }
    return n;
}

static uint32_t take_payload(struct worker *w, struct flow *flow, const struct packet *p,
                             enum dir dir)
{
    if (flow->sum_bad)
        return 0;
    if (p->proto == IPPROTO_TCP4) {
        streams_push(w->streams, flow, p, dir);
        return take_stream(w, flow, p, 0);
    }
    if (p->proto == IPPROTO_UDP4 && p->payload.len) {
        struct chunk chunk = {.data = p->payload, .dir = dir, .datagram = true};
        app_input(w->app, flow, p, &chunk);
    }
    return 0;
}

static void pass_files(struct worker *w, struct flow *flow, const struct app_file *at, uint32_t n)
{
    if (w->shed.step[flow->shard] < SHED_FILES || files_first(flow))
        files_input(w->files, flow, at, n);
}

static inline void take_files(struct worker *w, struct flow *flow)
{
    uint32_t n;
    const struct app_file *pieces = app_files(w->app, &n);

    if (n)
        pass_files(w, flow, pieces, n);
}

/* A rule that takes too much of this shard's packets rests: said once each time. */
static void write_resting(struct worker *w)
{
    uint32_t n;
    uint64_t until_ns;
    const uint32_t *uid = detect_resting(w->detect, &n, &until_ns);

    for (uint32_t i = 0; i < n; i++) {
        const struct rule_info *rule = ruleset_of_uid(w->plan.ruleset, uid[i]);
        struct event_ctx ctx = ctx_of(w, NULL, NULL);
        struct strbuf detail;
        strbuf_init(&detail, 1024);
        suspended_write(rule, until_ns, &detail);
        ctx.detail_json = strbuf_view(&detail);
        write_event(w, "rules", &ctx, CLASS_DEVICE);
        strbuf_fini(&detail);
    }
}

static void detect_on(struct worker *w, const struct detect_input *in)
{
    w->found = w->detect && detect_run(w->detect, in);
    if (w->found)
        write_resting(w);
}

/* What the flow shows of the mirror, once when it has some packets and once more at its end. */
static void report_sight(struct worker *w, struct flow *flow)
{
    static const uint32_t any_proto =
        VIEW_BIT(VIEW_TAG_ONE_SIDE) | VIEW_BIT(VIEW_TAGS_DIFFER) | VIEW_BIT(VIEW_TENANTS);
    struct item *item;

    sight_judge(flow);
    bool counts = flow->proto == IPPROTO_TCP4 && flow->pkts[0] + flow->pkts[1] > 2;
    uint32_t fresh = flow->view & ~flow->told & ~(VIEW_BIT(VIEW_OF_FLOWS) - 1);
    if ((!counts && !(fresh & any_proto)) || (!fresh && flow->reported))
        return;
    item = round_item(w->part);
    if (!item)
        return;
    stamp(w, item);
    item->kind = ITEM_SIGHT;
    item->view = fresh;
    item->iface = flow->iface;
    item->vlan = flow->vlans ? flow->vlan[0] : 0;
    item->first = !flow->reported;
    item->flow_id = flow->id;
    flow->reported = true;
    flow->told = flow->view;
}

static void without_flow(struct worker *w, const struct packet *p)
{
    struct facts_sink sink = sink_of(w);

    if (w->wants.devices && p->ethertype == 0x0806 && p->l3.len)
        facts_arp(&sink, p);
    detect_on(w, &(struct detect_input){.packet = p});
    if (w->found)
        write_hits(w, NULL, p);
    if (is_tagged(w, NULL))
        write_tagged(w, NULL, p);
    if (has_notes(w, NULL, p))
        write_notes(w, NULL, p);
}

/* An ICMP error belongs to the flow it quotes; its bytes are none of that flow's. */
static void worker_icmp_error(struct worker *w, const struct packet *p)
{
    struct flow *flow = flow_table_quoted(w->flows, p);

    rest_wake(w->rest, &w->floors, flow);
    if (!flow) {
        without_flow(w, p);
        return;
    }
    detect_on(w, &(struct detect_input){.packet = p, .flow = flow, .dir = flow_dir(flow, p)});
    write_results(w, flow, p, 3);
    app_clear(w->app, flow, 3);
    files_clear(w->files, flow, 3);
}

/* What the floors still hold of a flow. */
static void last_look(struct worker *w, struct flow *flow, const struct packet *p)
{
    struct detect_input in = {.packet = p, .flow = flow, .chunks = w->chunks, .flow_ends = true};

    stream_event_clear(flow);
    flow->app_events = 0;
    if (flow->shunted)
        return;
    if (!w->wants.content) {
        app_end(w->app, flow);
        breadth_end(w->breadth, flow);
        return;
    }
    streams_end(w->streams, flow);
    in.n_chunks = take_stream(w, flow, p, 0);
    app_end(w->app, flow);
    take_files(w, flow);
    files_end(w->files, flow);
    breadth_end(w->breadth, flow);
    in.by_ack = w->detect && streams_by_ack(w->streams, flow);
    detect_on(w, &in);
    write_results(w, flow, p, 3);
}

/* All floors let go of it, highest first. */
static void let_go(struct worker *w, struct flow *flow)
{
    app_clear(w->app, flow, 3);
    files_clear(w->files, flow, 3);
    if (w->detect)
        detect_drop_flow(w->detect, flow);
    files_drop(w->files, flow);
    app_drop(w->app, flow);
    breadth_drop(w->breadth, flow);
    streams_drop(w->streams, flow);
}

static void say_packet(struct worker *w, struct flow *flow, const struct packet *p)
{
    struct facts_sink sink = sink_of(w);

    facts_packet(&sink, flow, p);
}

/* Nobody looks into this flow any more; it is counted. */
static void pass_by(struct worker *w, struct flow *flow, const struct packet *p)
{
    if (!flow->shunted) {
        last_look(w, flow, p);
        let_go(w, flow);
        flow->shunted = true;
    }
    if (w->wants.devices)
        say_packet(w, flow, p);
}

/* Nobody asks what the flow carries: it is counted, named by its first bytes, classified. */
static void only_name(struct worker *w, struct flow *flow, const struct packet *p)
{
    if (!app_over(flow)) {
        take_payload(w, flow, p, (enum dir)flow->dir);
        app_clear(w->app, flow, 3);
        if (app_over(flow))
            streams_drop(w->streams, flow);
    }
    breadth_packet(w->breadth, flow, p);
    if (sight_due(flow))
        report_sight(w, flow);
}

/* Steps of the ladder are taken and left at packets of the shard. */
static void look_at_room(struct worker *w, struct flow *flow)
{
    struct item *item;
    uint32_t fill = flow_table_fill(w->flows, flow);

    if (fill < SHED_FIRST_PERCENT && w->shed.step[flow->shard] == SHED_NOTHING && !w->shunt.bytes &&
        !w->shunt.encrypted)
        return; /* as nearly always */
    if (shed_judge(&w->shed, flow->shard, fill) && (item = round_item(w->part))) {
        stamp(w, item);
        item->kind = ITEM_SHED;
        item->shard = flow->shard;
        item->step = w->shed.step[flow->shard];
    }
    if (!flow->shunt)
        flow->shunt = (uint8_t)shunt_wanted(&w->shunt, flow, w->shed.step[flow->shard]);
}

static void write_flow(struct worker *w, struct flow *flow)
{
    struct event_ctx ctx = ctx_of(w, flow, NULL);

    if (!flow->silent)
        write_event(w, "flow", &ctx, CLASS_FLOW);
}

/* One record for each direction that was seen. */
static void write_netflow(struct worker *w, struct flow *flow)
{
    struct event_ctx ctx = ctx_of(w, flow, NULL);

    for (int dir = TO_SERVER; dir <= TO_CLIENT && event_wanted("netflow", &ctx); dir++) {
        ctx.dir = (enum dir)dir;
        if (flow->pkts[dir])
            write_event(w, "netflow", &ctx, CLASS_FLOW);
    }
}

/* A session joined in its middle, or a first datagram, may say that its client is the other one. */
static void settle_ends(struct worker *w, struct flow *flow, const struct packet *p)
{
    bool first = flow->proto == IPPROTO_UDP4 && flow->pkts[TO_SERVER] + flow->pkts[TO_CLIENT] == 1;
    void **ext = flow->ext;

    if (!(flow->midstream || first) || !p->payload.len || flow->tcp.pass_over ||
        ext[FLOW_EXT_STREAM] || ext[FLOW_EXT_APP] || ext[FLOW_EXT_DETECT] || ext[FLOW_EXT_FACTS])
        return;
    if (app_ends_turned(w->app, flow, flow_dir(flow, p), p->payload))
        flow_turn(flow);
}

static void worker_packet(struct worker *w, const struct packet *p)
{
    if (p->quotes) {
        worker_icmp_error(w, p);
        return;
    }
    struct flow *flow = packet_has_flow(p) ? flow_table_touch(w->flows, p) : NULL;

    if (!flow) {
        without_flow(w, p);
        return;
    }
    rest_wake(w->rest, &w->floors, flow);
    settle_ends(w, flow, p);
    look_at_room(w, flow);
    if (shunt_interim(&w->shunt, flow, w->now_ns))
        write_flow(w, flow);
    if (flow->shunt) {
        pass_by(w, flow, p);
        return;
    }
    if (!w->wants.content) {
        only_name(w, flow, p);
        return;
    }
    enum dir dir = (enum dir)flow->dir;
    uint32_t chunks = take_payload(w, flow, p, dir);
    take_files(w, flow);
    breadth_packet(w->breadth, flow, p);
    struct detect_input in = {
        .packet = p,
        .flow = flow,
        .dir = dir,
        .chunks = w->chunks,
        .n_chunks = chunks,
        .by_ack = w->detect && streams_by_ack(w->streams, flow),
    };
    uint32_t looked = detect_looks(&in);
    detect_on(w, &in);
    if (w->wants.devices && facts_packet_due(flow, p))
        say_packet(w, flow, p);
    if (has_results(w, flow, p))
        write_results(w, flow, p, looked);
    if (sight_due(flow))
        report_sight(w, flow);
    app_clear(w->app, flow, looked);
    files_clear(w->files, flow, looked);
}

static void flow_ended(void *context, struct flow *flow)
{
    struct worker *w = context;
    struct packet p;
    uint64_t order = w->order;

    if (!w->of_packet)
        w->order = flow->first_number;
    rest_wake(w->rest, &w->floors, flow);
    rest_packet(flow, w->now_ns, &p);
    last_look(w, flow, &p);
    write_flow(w, flow);
    if (!flow->silent)
        write_netflow(w, flow);
    report_sight(w, flow);
    struct facts_sink sink = sink_of(w);
    if (w->wants.devices)
        facts_flow_end(&sink, flow);
    let_go(w, flow);
    w->order = order;
}

/* What rules would look at with the next packet, and what waits for a segment that was lost. */
static void look_at_waiting(struct worker *w, struct flow *flow)
{
    struct packet p;
    struct detect_input in = {.packet = &p, .flow = flow, .chunks = w->chunks, .rests = true};
    uint64_t order = w->order;

    w->order = flow->first_number;
    rest_packet(flow, w->now_ns, &p);
    stream_event_clear(flow);
    flow->app_events = 0;
    in.n_chunks = take_stream(w, flow, &p, 0);
    in.by_ack = streams_by_ack(w->streams, flow);
    take_files(w, flow);
    detect_on(w, &in);
    write_results(w, flow, &p, 3);
    app_clear(w->app, flow, 3);
    files_clear(w->files, flow, 3);
    w->order = order;
}

static void flow_rests(void *context, struct flow *flow, enum flow_silence silence)
{
    struct worker *w = context;

    if (silence == FLOW_RESTS)
        rest_put(w->rest, &w->floors, flow);
    else
        breadth_pause(flow);
    if (silence == FLOW_PAUSES && w->wants.pauses && !flow->shunted &&
        (streams_hurry(w->streams, flow) || (w->detect && app_rest_due(flow))))
        look_at_waiting(w, flow);
}

/* ---- rounds ------------------------------------------------------------------------------- */

/* Rules were loaded again. The old ones are freed soon: without memory there is no way on. */
static void change_rules(struct worker *w, const struct ruleset *ruleset)
{
    CHECK(detect_swap(w->detect, ruleset) == ERR_OK);
    w->plan.ruleset = ruleset;
    files_want(w->files, wants_of_files(w->plan.ruleset));
}

static void begin_round(struct worker *w, const struct round *round)
{
    if (w->detect && round->ruleset && round->ruleset != w->plan.ruleset)
        change_rules(w, round->ruleset);
    w->number = round->first_number;
    w->order = 0;
    w->of_packet = false;
    w->now_ns = round->tick_ns;
    if (round->restart)
        flow_table_end_all(w->flows, FLOW_END_FORCED);
    /* Second by second, as a quiet interface lives through them. */
    for (uint64_t at = round->tick_from_ns; at && at <= round->tick_ns; at += CLOCK_S) {
        w->now_ns = at;
        flow_table_tick(w->flows, at);
        if (flow_table_count(w->flows) == 0)
            break;
    }
}

static void end_run(struct worker *w, const struct round *round)
{
    w->number = UINT64_MAX;
    w->order = 0;
    w->of_packet = false;
    w->now_ns = round->last_ns;
    flow_table_end_before(w->flows, round->last ? UINT64_MAX : round->end_before,
                          FLOW_END_SHUTDOWN);
}

/* A flow whose last packet is long ago is far away: first where it is written, then itself. */
static void prefetch(const struct worker *w, const struct round *round, uint32_t i)
{
    round_fetch(round, w->part, i + 4 * AHEAD);
    if (i + 2 * AHEAD < w->part->n)
        flow_table_prefetch(w->flows, round_packet(round, w->part, i + 2 * AHEAD)->flow_hash);
    if (i + AHEAD < w->part->n)
        flow_table_prefetch_flow(w->flows, round_packet(round, w->part, i + AHEAD)->flow_hash);
}

void worker_round(struct worker *w, struct round *round, struct round_part *part)
{
    w->part = part;
    begin_round(w, round);
    for (uint32_t i = 0; i < part->n; i++) {
        const struct packet *p = round_packet(round, part, i);
        prefetch(w, round, i);
        w->at = part->packet[i];
        w->number = p->frame.number;
        w->order = 0;
        w->of_packet = true;
        w->now_ns = p->ts_ns;
        worker_packet(w, p);
    }
    if (round->last || round->end_before)
        end_run(w, round);
    if (round->want_stats) {
        stats_fini(&part->stats);
        stats_sum(&part->stats, &w->stats);
        part->n_costs = 0;
        if (w->detect)
            (void)detect_costs(w->detect, &part->costs, &part->n_costs, &part->costs_room);
    }
}

static void tx_gone(void *context, struct tx *tx)
{
    struct worker *w = context;

    if (w->detect)
        detect_drop_tx(w->detect, tx);
    files_drop_tx(tx);
}

/* What is told of hits beyond the rule; true when nothing more is asked for. */
static bool trace_hits(struct worker *w)
{
    return !w->detect || ((!w->events.matches || detect_trace(w->detect)) &&
                          (!w->plan.explain || detect_explain(w->detect, w->plan.explain)));
}

struct worker *worker_new(const struct worker_plan *plan)
{
    struct worker *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    w->plan = *plan;
    struct flow_table_limits limits = {plan->flow_bytes, streams_flow_bytes(), plan->workers};
    w->flows = flow_table_new(plan->conf, &w->stats, &limits, flow_ended, w);
    w->streams = streams_new(plan->conf, &w->stats);
    w->app = app_engine_new(plan->conf, &w->stats);
    w->breadth = breadth_new(plan->conf, &w->stats);
    w->files = files_new(plan->conf, &w->stats);
    w->rest = rest_new(plan->conf, plan->workers);
    w->facts = facts_plan_new();
    w->heads = heads_new();
    if (plan->ruleset)
        w->detect = detect_new(plan->ruleset, plan->conf, &w->stats);
    event_options_read(plan->conf, &w->events);
    w->short_events = w->events;
    w->short_events.payload = w->short_events.payload_printable = w->short_events.packet = false;
    shunt_policy_read(plan->conf, &w->shunt);
    wants_read(plan->conf, plan->ruleset != NULL, &w->wants);
    if (!w->flows || !w->streams || !w->app || !w->breadth || !w->files || !w->rest || !w->facts ||
        (plan->ruleset && !w->detect) || !trace_hits(w)) {
        worker_free(&w);
        return NULL;
    }
    w->floors = (struct rest_floors){w->streams, w->app, w->breadth, w->files, w->detect};
    flow_table_on_rest(w->flows, flow_rests);
    app_on_free(w->app, tx_gone, w);
    files_want(w->files, wants_of_files(w->plan.ruleset));
    if (!w->wants.content) {
        app_name_only(w->app);
        streams_as_they_come(w->streams);
    }
    if (!plan->ruleset) {
        app_without_rules(w->app);
        files_without_rules(w->files);
    }
    return w;
}

void worker_free(struct worker **worker)
{
    struct worker *w = *worker;

    if (!w)
        return;
    detect_free(&w->detect);
    flow_table_free(&w->flows);
    streams_free(&w->streams);
    app_engine_free(&w->app);
    breadth_free(&w->breadth);
    files_free(&w->files);
    rest_free(&w->rest);
    facts_plan_free(&w->facts);
    heads_free(&w->heads);
    shunt_policy_fini(&w->shunt);
    stats_fini(&w->stats);
    free(w);
    *worker = NULL;
}
