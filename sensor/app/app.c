/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The application engine: takes the ordered bytes of a flow, finds the protocol (app_probe.c),
 * keeps incomplete units until the parser has enough, and ends transactions when the flow does.
 *
 * Limits: an incomplete unit is kept up to the row's buffer_max; memory of all flows and
 * transactions of the worker up to app.memory. What breaks a limit ends that flow's parsing and is
 * counted. A lost segment ends parsing too, unless the row survives gaps or can find the next unit.
 */
#include "sensor/app/app_flow.h"

#include "common/check.h"

#include <stdlib.h>

const struct option app_options[] = {
    {"app.off", CONF_LIST, "",
     "Protocols that are not recognised; dns/udp or dns/tcp: not over this transport"},
    {"app.name-only", CONF_LIST, "",
     "Protocols that are recognised and not parsed: flows and rules know their name"},
    {"app.memory", CONF_SIZE, "128M",
     "Bytes a worker may use for flows' parsing and transactions; at most three twentieths of "
     "memory by the workers"},
    OPTION_END,
};

const struct counter app_counters[] = {
    [APP_RECOGNISED] = {"app.recognised", "Flows whose protocol one of the parsers knew"},
    [APP_FAILED] = {"app.failed", "Flows with data whose protocol no parser knew"},
    [APP_BAD] = {"app.bad",
                 "Flows (or datagrams) that broke their protocol; parsing stopped there"},
    [APP_FULL] = {"app.full", "Flows whose parsing stopped at a cap of the parser or of memory"},
    [APP_LONG] = {"app.too_long", "Flows that sent a unit longer than its protocol's buffer"},
    [APP_GAPS] = {"app.gaps",
                  "Lost bytes that ended the parsing of a flow; see tcp.gaps for causes"},
    [APP_RESYNCS] = {"app.resyncs", "Flows whose parsing went on at a later unit after lost bytes"},
    [APP_INCOMPLETE] = {"app.incomplete", "Units cut off by the end of their flow or datagram"},
    [APP_TX] = {"app.tx", "Transactions"},
    [APP_TX_FORCED] = {"app.tx_forced",
                       "Transactions ended early because a flow held too many open"},
    [APP_TX_CUT] = {"app.tx_cut",
                    "Values dropped because their transaction reached its memory cap"},
    [APP_NOTES] = {"app.notes", "Protocol faults noted by parsers"},
    [APP_MEMORY] = {"app.memory_full", "Requests refused by app.memory; raise it, or --memory"},
    [APP_EXPECTED] = {"app.expected", "Flows that another flow had announced (FTP data)"},
    COUNTER_END,
};

enum { SCRATCH_BLOCK = 64 << 10, SCRATCH_MAX = 32 << 20 };

static void configure(struct app_engine *engine, const struct conf *conf)
{
    app_off_read(engine, conf);
    engine->config = calloc(engine->n_rows + 1, sizeof *engine->config);
    CHECK(engine->config);
    for (uint32_t i = 0; i < engine->n_rows; i++) {
        if (!proto_rows[i]->configure)
            continue;
        engine->config[i] = calloc(1, proto_rows[i]->config_size);
        CHECK(engine->config[i]);
        proto_rows[i]->configure(conf, engine->config[i]);
    }
}

struct app_engine *app_engine_new(const struct conf *conf, struct stats *stats)
{
    struct app_engine *engine = calloc(1, sizeof *engine);
    CHECK(engine);
    pool_init(&engine->pool, conf_size(conf, "app.memory"));
    arena_init(&engine->scratch, SCRATCH_BLOCK, SCRATCH_MAX);
    engine->count = stats_add(stats, app_counters);
    while (proto_rows[engine->n_rows])
        engine->n_rows++;
    CHECK(engine->n_rows <= APP_ROWS_MAX);
    app_stat_read(engine, stats);
    engine->rows = app_rows_new(engine->n_rows);
    CHECK(engine->rows);
    configure(engine, conf);
    return engine;
}

void app_engine_free(struct app_engine **engine)
{
    if (!*engine)
        return;
    for (uint32_t i = 0; i < (*engine)->n_rows; i++)
        free((*engine)->config[i]);
    free((*engine)->config);
    app_rows_free(&(*engine)->rows);
    app_expect_free_all(*engine);
    pool_fini(&(*engine)->pool);
    arena_fini(&(*engine)->scratch);
    free((*engine)->files);
    free(*engine);
    *engine = NULL;
}

void app_name_only(struct app_engine *engine)
{
    engine->name_only = true;
}

void app_without_rules(struct app_engine *engine)
{
    engine->without_rules = true;
}

void app_on_free(struct app_engine *engine, void (*gone)(void *context, struct tx *tx),
                 void *context)
{
    engine->gone = gone;
    engine->gone_context = context;
}

/* ---- what parsers ask --------------------------------------------------------------------- */

bool app_as_suricata(const struct app *app)
{
    return app->as_suricata;
}

void *app_state(struct app *app)
{
    return app->state;
}

uint32_t app_gap(const struct app *app)
{
    return app->gap;
}

bool app_at_end(const struct app *app)
{
    return app->at_end;
}

bool app_is_datagram(const struct app *app)
{
    return app->flow->proto == IPPROTO_UDP4;
}

void app_switch(struct app *app, const char *proto_name)
{
    app->switching = true;
    app->switch_to = proto_name;
}

void app_upgrade(struct app *app)
{
    app_switch(app, NULL);
    app->upgraded = true;
}

void app_raw_look(struct app *app, enum dir dir)
{
    app->raw_look |= (uint8_t)(1u << dir);
}

void app_dark(struct app *app)
{
    app->flow->dark = true;
}

void app_hush(struct app *app)
{
    app->flow->hushed = true;
}

const struct addr *app_server(const struct app *app)
{
    return &app->flow->server;
}

const void *app_config(const struct app *app)
{
    struct app_engine *engine = app->engine;

    if (engine->asked == app->proto)
        return engine->asked_config;
    int row = proto_row(app->proto);

    engine->asked = app->proto;
    engine->asked_config = row < 0 ? NULL : engine->config[row];
    return engine->asked_config;
}

static void flow_note(struct app *app, const char *name)
{
    struct app_engine *engine = app->engine;
    engine->count[APP_NOTES]++;
    app->dirty = true;
    if (engine->n_notes < APP_NOTES_MAX)
        engine->notes[engine->n_notes++] = name;
}

/* Parts that several protocols share (MIME) note things that not all of them name. */
static bool has_note(const struct proto_def *proto, uint32_t note)
{
    for (uint32_t i = 0; proto->notes && i <= note; i++) {
        if (!proto->notes[i])
            return false;
    }
    return proto->notes != NULL;
}

/* Where a note of the whole flow goes, so that rules see it: its newest transaction, or one that
 * holds nothing else. */
static struct tx *flow_tx(struct app *app)
{
    struct tx *tx = app_tx_last(app);

    if (tx && tx->proto == app->proto)
        return tx;
    tx = app_tx_new(app, UINT64_MAX);
    if (!tx)
        return NULL;
    tx->silent = true;
    app_progress(app, tx, TO_SERVER, TX_DONE);
    app_progress(app, tx, TO_CLIENT, TX_DONE);
    return tx;
}

void app_note(struct app *app, struct tx *tx, uint32_t note)
{
    if (app->cut || app->flow->tcp.silent || !has_note(tx ? tx->proto : app->proto, note))
        return;
    if (!tx)
        tx = flow_tx(app);
    if (!tx) {
        flow_note(app, app->proto->notes[note]);
        return;
    }
    for (uint32_t i = 0; i < tx->notes; i++)
        if (tx->note[i] == note)
            return;
    if (tx->notes == TX_NOTES_MAX)
        return;
    app->engine->count[APP_NOTES]++;
    if (app->dir == TO_CLIENT && !app->number) /* no frame: the flow is being ended */
        tx->late |= (uint8_t)(1u << tx->notes);
    tx->note[tx->notes++] = (uint8_t)note;
    tx->touched[app->dir] = true;
    app->dirty = true;
}

/* ---- a flow's state ----------------------------------------------------------------------- */

static struct app *app_of(const struct flow *flow)
{
    return flow->ext[FLOW_EXT_APP];
}

static struct app *app_new(struct app_engine *engine, struct flow *flow)
{
    size_t room;
    struct app *app = pool_get(&engine->pool, sizeof *app, &room);
    if (!app) {
        engine->count[APP_MEMORY]++;
        return NULL;
    }
    *app = (struct app){.engine = engine, .flow = flow, .room = room};
    app->unclear = flow->midstream || flow->proto == IPPROTO_UDP4;
    flow->ext[FLOW_EXT_APP] = app;
    return app;
}

static void state_release(struct app *app)
{
    if (app->state && app->proto->state_fini)
        app->proto->state_fini(app->state);
    app_tx_free_state(app);
    pool_put(&app->engine->pool, app->state, app->state_room);
    app->state = NULL;
    app->state_room = 0;
}

static void stop(struct app *app)
{
    app->off = app->side[TO_SERVER].ended = app->side[TO_CLIENT].ended = true;
    app_side_release(app, TO_SERVER);
    app_side_release(app, TO_CLIENT);
    state_release(app);
    app_tx_end_dir(app, TO_SERVER);
    app_tx_end_dir(app, TO_CLIENT);
}

/* The row is known: its state begins. */
static void begin(struct app *app)
{
    if (app->flow->app_name && app->flow->app_name != app->proto->name)
        app->flow->app_orig = app->flow->app_name;
    app->flow->app_name = app->proto->name;
    app->flow->no_depth = app->proto->deep;
    app->engine->count[APP_RECOGNISED]++;
    app_stat_begin(app);
    if (app->engine->name_only || app_off_named(app)) {
        stop(app);
        return;
    }
    if (!app->proto->state_size)
        return;
    app->state = pool_get(&app->engine->pool, app->proto->state_size, &app->state_room);
    if (!app->state) {
        app->engine->count[APP_MEMORY]++;
        app->engine->count[APP_FULL]++;
        stop(app);
        return;
    }
    memset(app->state, 0, app->proto->state_size);
}

/* Another flow has said what this one is. */
static void announced(struct app *app)
{
    app->proto = app->expected->proto;
    app->flow->parent_id = app->expected->parent;
    app->engine->count[APP_EXPECTED]++;
    begin(app);
}

static uint32_t buffer_max(const struct app *app)
{
    return app->proto->buffer_max ? app->proto->buffer_max : APP_BUFFER_MAX;
}

static void give_up(struct app *app, enum app_count why, const char *note)
{
    app->engine->count[why]++;
    app_stat(app, why == APP_GAPS   ? APP_STAT_GAP
                  : why == APP_FULL ? APP_STAT_ALLOC
                                    : APP_STAT_PARSER);
    if (note)
        flow_note(app, note);
    stop(app);
}

/* ---- feeding ------------------------------------------------------------------------------ */

static void feed(struct app *app, enum dir dir, struct slice in);

static void feed_datagram(struct app *app, enum dir dir, struct slice in)
{
    while (in.len && !app->off) {
        struct parsed parsed = app->proto->parse(app, dir, in);
        if (parsed.kind == PARSED_DONE && parsed.bytes) {
            in = slice_from(in, parsed.bytes);
            continue;
        }
        if (parsed.kind == PARSED_OFF || parsed.kind == PARSED_FULL) {
            app->engine->count[APP_FULL] += parsed.kind == PARSED_FULL;
            stop(app);
        } else if (parsed.kind == PARSED_MORE) {
            app->engine->count[APP_INCOMPLETE]++;
            flow_note(app, "incomplete_data");
        } else {
            app->engine->count[APP_BAD]++;
            app_stat(app, APP_STAT_PARSER);
            flow_note(app, "malformed_data");
        }
        return;
    }
}

const char *app_event_name(uint32_t event)
{
    static const char *const names[APP_EVENT_COUNT] = {
        [APP_EVENT_MISMATCH] = "applayer_mismatch_protocol_both_directions",
        [APP_EVENT_WRONG_DIRECTION] = "applayer_wrong_direction_first_data",
        [APP_EVENT_ONE_DIRECTION] = "applayer_detect_protocol_only_one_direction",
        [APP_EVENT_SKIPPED] = "applayer_proto_detection_skipped",
        [APP_EVENT_NO_TLS] = "applayer_no_tls_after_starttls",
        [APP_EVENT_UNEXPECTED] = "applayer_unexpected_protocol",
    };

    return event < APP_EVENT_COUNT ? names[event] : NULL;
}

static void found(struct app *app, enum dir dir, struct slice head)
{
    begin(app);
    app_side_judge(app, dir_other(dir));
    app_alone_found(app, dir, head);
    if (app->upgraded && strcmp(app->proto->name, "tls") != 0) {
        app_flow_event(app, APP_EVENT_NO_TLS);
        app_flow_event(app, APP_EVENT_UNEXPECTED);
    }
    app->upgraded = false;
    app_side_found(app, dir_other(dir));
}

static void failed(struct app *app)
{
    app->engine->count[APP_FAILED]++;
    app->flow->app_failed = !app->flow->app_name;
    app_stat_failed(app);
}

/* No row knows `head`, the first bytes of a direction; `in` came last. True when the other's wait.
 */
static bool not_found(struct app *app, enum dir dir, struct slice head, struct slice in)
{
    enum dir other = dir_other(dir);

    app_alone_failed(app, dir, head);
    if (app->strange >> other & 1 || app->side[other].tries || app->side[other].ended) {
        failed(app);
        stop(app);
        return false;
    }
    app->strange |= (uint8_t)(1u << dir);
    app_side_strange(app, dir, in);
    return app->side[other].len > 0;
}

static void identify(struct app *app, enum dir dir, struct slice in)
{
    struct app_side *side = &app->side[dir];
    struct slice head = in;

    if (side->len) {
        if (!app_side_append(app, dir, in)) {
            give_up(app, APP_FULL, NULL);
            return;
        }
        head = (struct slice){side->buffer, side->len};
    }
    enum app_probing probing = app_probe(app, dir, head);
    if (probing == PROBING_FOUND) {
        found(app, dir, head);
        if (app->flow->proto == IPPROTO_UDP4) {
            feed_datagram(app, dir, in);
            return;
        }
        struct app_side *other = &app->side[dir_other(dir)];
        if (other->len)
            feed(app, dir_other(dir), SLICE_NONE);
        feed(app, dir, side->len ? SLICE_NONE : in);
        return;
    }
    if (probing == PROBING_HOPELESS) {
        if (not_found(app, dir, head, side->len ? SLICE_NONE : in))
            identify(app, dir_other(dir), SLICE_NONE);
        return;
    }
    if (probing == PROBING_NEXT)
        side->len = 0;
    else if (!side->len && !app_side_append(app, dir, in))
        give_up(app, APP_FULL, NULL);
}

static void switch_over(struct app *app)
{
    app->switching = false;
    app->next_id = 0; /* another conversation: its transactions count from the start */
    state_release(app);
    app->proto = NULL;
    app->excluded[0] = app->excluded[1] = 0;
    app->strange = app->deaf = 0;
    app->flow->app_mute = 0;
    app->first_bytes[0] = app->first_bytes[1] =
        (struct app_first){.says = app->switch_to ? FIRST_OTHER : FIRST_NONE};
    app->side[0].wanted = app->side[1].wanted = 0;
    app->side[0].skip = app->side[1].skip = 0;
    for (uint32_t i = 0; app->switch_to && i < app->engine->n_rows; i++) {
        if (strcmp(proto_rows[i]->name, app->switch_to) == 0) {
            app->proto = proto_rows[i];
            begin(app);
        }
    }
    if (app->proto && !app->off && app->proto->take_over)
        app->proto->take_over(app, app->last);
    if (app->switch_to && !app->proto)
        stop(app);
}

/* Acts on a parser's answer; returns what is left to parse, or nothing. */
static struct slice answered(struct app *app, enum dir dir, struct slice in, struct parsed parsed)
{
    struct app_side *side = &app->side[dir];

    switch (parsed.kind) {
    case PARSED_DONE:
        if (parsed.bytes == 0 && !app->switching) { /* no progress: never loop */
            give_up(app, APP_BAD, "no_progress");
            return SLICE_NONE;
        }
        if (parsed.bytes > in.len)
            side->skip = parsed.bytes - in.len;
        return slice_from(in, parsed.bytes);
    case PARSED_MORE:
        side->wanted = parsed.bytes > in.len ? parsed.bytes : in.len + 1;
        if (side->wanted > buffer_max(app))
            give_up(app, APP_LONG, "unit_too_long");
        else if (!app_side_keep(app, dir, in))
            give_up(app, APP_FULL, NULL);
        return SLICE_NONE;
    case PARSED_BAD:
        give_up(app, APP_BAD, "malformed_data");
        return SLICE_NONE;
    case PARSED_FULL:
        give_up(app, APP_FULL, NULL);
        return SLICE_NONE;
    case PARSED_OFF:
        break;
    }
    stop(app);
    return SLICE_NONE;
}

static void parse_all(struct app *app, enum dir dir, struct slice in)
{
    struct app_side *side = &app->side[dir];
    bool more = false;

    while (in.len && !app->off) {
        struct parsed parsed = app->proto->parse(app, dir, in);
        app->gap = 0;
        in = answered(app, dir, in, parsed);
        more = parsed.kind == PARSED_MORE;
        if (app->switching && !app->off) {
            switch_over(app);
            if (!app->proto || app->off) {
                struct slice rest = in;
                bool kept = !app->off && app_side_keep(app, dir, rest);
                if (kept && rest.len)
                    identify(app, dir, SLICE_NONE);
                return;
            }
        }
    }
    if (!more && !app->off)
        side->len = side->wanted = 0;
}

/* After lost bytes: does a unit begin here? What does not look so is dropped. */
static bool found_again(struct app *app, enum dir dir, struct slice in)
{
    struct app_side *side = &app->side[dir];
    enum probe probe = app->proto->probe(in, dir);

    if (probe == PROBE_MORE && in.len < APP_HEAD_MAX) {
        if (!app_side_keep(app, dir, in))
            give_up(app, APP_FULL, NULL);
        return false;
    }
    if (probe == PROBE_YES || probe == PROBE_LIKELY) {
        side->lost = false;
        app->engine->count[APP_RESYNCS]++;
        return true;
    }
    side->len = side->wanted = 0;
    return false;
}

static void feed(struct app *app, enum dir dir, struct slice in)
{
    struct app_side *side = &app->side[dir];

    if (app->off)
        return;
    if (side->skip) {
        uint32_t n = side->skip < in.len ? (uint32_t)side->skip : in.len;
        side->skip -= n;
        in = slice_from(in, n);
        if (!in.len)
            return;
    }
    if (side->len) {
        if (!app_side_append(app, dir, in)) {
            give_up(app, APP_FULL, NULL);
            return;
        }
        if (side->len < side->wanted)
            return;
        in = (struct slice){side->buffer, side->len};
    }
    if (side->lost && !found_again(app, dir, in))
        return;
    parse_all(app, dir, in);
}

/* Bytes were lost before what comes now. */
static void lose(struct app *app, enum dir dir, uint32_t gap)
{
    struct app_side *side = &app->side[dir];

    if (!app->proto) {
        app_side_release(app, dir);
        app->unclear = true;
        return;
    }
    if (side->skip >= gap && !side->len) {
        side->skip -= gap;
        return;
    }
    side->len = side->wanted = 0;
    side->skip = 0;
    if (app->proto->survives_gaps)
        app->gap = gap;
    else if (app->proto->resyncs)
        side->lost = true;
    else
        give_up(app, APP_GAPS, "data_lost");
}

static void end_side(struct app *app, enum dir dir)
{
    struct app_side *side = &app->side[dir];

    if (side->ended)
        return;
    side->ended = true;
    if (app->proto && !app->off) {
        app->at_end = true;
        app->dir = dir;
        parse_all(app, dir, (struct slice){side->buffer, side->len});
        if (side->len && !app->off) {
            app->engine->count[APP_INCOMPLETE]++;
            flow_note(app, "incomplete_data");
        }
        if (!app->off && app->proto)
            (void)app->proto->parse(app, dir, SLICE_NONE);
        app->at_end = false;
    }
    app_side_release(app, dir);
    app_tx_end_dir(app, dir);
}

static void at_packet(struct app *app, const struct packet *p, enum dir dir)
{
    app->dir = dir;
    app->gap = 0;
    app->at_end = false;
    if (p) {
        app->number = p->frame.number;
        app->ts_ns = p->ts_ns;
        app->as_suricata = p->as_suricata;
    }
    app->cut = p && p->proto == IPPROTO_UDP4 && p->payload_missing;
}

/* More bytes of a direction that no row knows. */
static void more_strange(struct app *app, const struct chunk *chunk)
{
    if (app->proto)
        return;
    app_alone_off(app, chunk);
    app_side_strange(app, chunk->dir, chunk->data);
}

static void take(struct app *app, const struct chunk *chunk)
{
    uint32_t strange = app->proto ? app->deaf : app->strange;

    if (strange >> chunk->dir & 1) {
        more_strange(app, chunk);
    } else if (!app->proto) {
        identify(app, chunk->dir, chunk->data);
    } else if (chunk->datagram) {
        feed_datagram(app, chunk->dir, chunk->data);
    } else {
        app_alone_weigh(app, chunk->dir, chunk->data);
        feed(app, chunk->dir, chunk->data);
    }
}

void app_input(struct app_engine *engine, struct flow *flow, const struct packet *p,
               const struct chunk *chunk)
{
    struct app *app = app_of(flow);

    if (app ? app->off : chunk->data.len == 0) {
        if (app)
            app_alone_off(app, chunk);
        return;
    }
    bool fresh = !app;
    if (!app && !(app = app_new(engine, flow)))
        return;
    at_packet(app, p, chunk->dir);
    engine->chunk = chunk->data;
    if (chunk->gap)
        lose(app, chunk->dir, chunk->gap);
    if (chunk->data.len && !app->off) {
        if (fresh && (app->expected = app_expect_take(app)) != NULL)
            announced(app);
        take(app, chunk);
    }
    if (chunk->end)
        end_side(app, chunk->dir);
}

/* ---- life --------------------------------------------------------------------------------- */

bool app_raw_due(const struct flow *flow, enum dir dir)
{
    const struct app *app = app_of((struct flow *)flow);
    return app && app->raw_look >> dir & 1;
}

struct tx *app_first_tx(struct flow *flow)
{
    struct app *app = app_of(flow);
    return app ? app->first : NULL;
}

uint32_t app_notes(const struct app_engine *engine, const char *const **names)
{
    if (names)
        *names = engine->notes;
    return engine->n_notes;
}

void app_clear(struct app_engine *engine, struct flow *flow, uint32_t looked)
{
    struct app *app = app_of(flow);

    engine->n_notes = 0;
    if (engine->n_files) {
        engine->n_files = 0;
        arena_reset(&engine->scratch);
    }
    engine->chunk = SLICE_NONE;
    if (!app)
        return;
    app->raw_look &= (uint8_t)~looked;
    if (app->dirty)
        app->dirty = app_tx_sweep(app, false, looked);
}

void app_end(struct app_engine *engine, struct flow *flow)
{
    struct app *app = app_of(flow);

    (void)engine;
    if (!app)
        return;
    at_packet(app, NULL, TO_SERVER);
    end_side(app, TO_SERVER);
    end_side(app, TO_CLIENT);
    if (!app->proto && !app->off)
        failed(app);
    stop(app);
}

void app_drop(struct app_engine *engine, struct flow *flow)
{
    struct app *app = app_of(flow);

    if (!app)
        return;
    (void)app_tx_sweep(app, true, 3);
    app_side_release(app, TO_SERVER);
    app_side_release(app, TO_CLIENT);
    state_release(app);
    app_expect_free(engine, app->expected);
    pool_put(&engine->pool, app, app->room);
    flow->ext[FLOW_EXT_APP] = NULL;
}

bool app_over(const struct flow *flow)
{
    const struct app *app = app_of(flow);
    return app && app->off;
}

const struct proto_def *app_proto(const struct flow *flow)
{
    const struct app *app = app_of(flow);
    return app ? app->proto : NULL;
}

bool app_goes_on(const struct flow *flow)
{
    const struct app *app = app_of(flow);

    return app && app->switch_to && !app->proto;
}
