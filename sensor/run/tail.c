/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread at a time, rounds in order: what it decides cannot depend on how flows were spread.
 */
#include "sensor/run/tail.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/geo.h"
#include "common/jsonw.h"
#include "common/log.h"
#include "sensor/detect/explain.h"
#include "sensor/event/event.h"
#include "sensor/output/output.h"
#include "sensor/run/dear.h"
#include "sensor/run/hourly.h"
#include "sensor/run/ledger.h"
#include "sensor/run/merge.h"
#include "sensor/run/reload.h"
#include "sensor/run/shed.h"
#include "sensor/run/span.h"
#include "sensor/run/wants.h"

#include <stdlib.h>

const struct option tail_options[] = {
    {"geo.country", CONF_TEXT, "", "MMDB file with countries"},
    {"geo.asn", CONF_TEXT, "", "MMDB file with autonomous systems"},
    {"output.wait", CONF_SPAN, "10s", "Longest wait at the end until outputs have delivered"},
    OPTION_END,
};

enum { COUNT_ALERTS, COUNT_HELD, COUNT_DEVIATIONS, COUNT_DEVICES, COUNT_TAGS_LOST };
const struct counter tail_counters[] = {
    [COUNT_ALERTS] = {"detect.alert", "Alerts of rules"},
    [COUNT_HELD] = {"detect.alerts_suppressed", "Hits held back by thresholds and suppressions"},
    [COUNT_DEVIATIONS] = {"device.deviations", "Deviations of devices"},
    [COUNT_DEVICES] = {"device.changes", "Changes of the inventory"},
    [COUNT_TAGS_LOST] = {"detect.tags_lost",
                         "Tags of flows and hosts (tag) that gave way in the full table"},
    COUNTER_END,
};

enum { OUTPUTS_MAX = 8, AHEAD = 2 }; /* items between prefetches */

struct tail {
    struct tail_plan plan;
    struct stats stats;
    struct stats told; /* all of them at the last event */
    uint64_t *count;
    struct devices *devices; /* NULL: nobody asks about them */
    struct thresholds *thresholds;
    struct geo *geo;
    struct closings *closings;
    struct event_options events;
    const struct output_def *row[OUTPUTS_MAX];
    struct output *output[OUTPUTS_MAX];
    uint32_t outputs;
    struct strbuf line;  /* whole, or what closes an event of a worker */
    struct strbuf event; /* one of this tier's own, not closed */
    struct merge merge;
    struct span *span;
    struct shed_sum shed;
    struct dear dear; /* of the last counters */
    struct hourly *hourly;
    uint32_t notices;      /* of the round in hand: told */
    uint64_t *rule_alerts; /* by rule index */
    uint64_t first_ns, last_ns, wait_ns;
    struct tail_state state;
};

/* ---- life --------------------------------------------------------------------------------- */

static enum err open_outputs(struct tail *t, struct strbuf *report)
{
    for (const struct output_def *const *row = out_rows; *row; row++) {
        if (!(*row)->wanted(t->plan.conf) || t->outputs == OUTPUTS_MAX)
            continue;
        enum err err = (*row)->open(t->plan.conf, t->plan.dir, t->plan.replay, &t->stats,
                                    &t->output[t->outputs], report);
        if (err)
            return err;
        t->row[t->outputs++] = *row;
    }
    return ERR_OK;
}

static void open_places(struct tail *t, struct strbuf *report)
{
    const char *country = conf_text(t->plan.conf, "geo.country");
    const char *asn = conf_text(t->plan.conf, "geo.asn");

    if ((*country || *asn) && geo_open(country, asn, &t->geo) != ERR_OK)
        strbuf_str(report, "geography: a file of geo.country or geo.asn is no MMDB file\n");
}

enum err tail_new(const struct tail_plan *plan, struct tail **tail, struct strbuf *report)
{
    struct tail *t = calloc(1, sizeof(*t));
    struct wants wants;

    if (!t)
        return ERR_NOMEM;
    t->plan = *plan;
    strbuf_init(&t->line, 0);
    strbuf_init(&t->event, 0);
    t->count = stats_add(&t->stats, tail_counters);
    t->wait_ns = conf_span_ns(plan->conf, "output.wait");
    event_options_read(plan->conf, &t->events);
    t->span = span_new(plan->ifaces);
    t->hourly = hourly_new();
    t->closings = closings_new();
    enum err err = t->span && t->hourly ? ERR_OK : ERR_NOMEM;
    wants_read(plan->conf, plan->ruleset != NULL, &wants);
    if (!err && wants.devices)
        err = devices_new(plan->conf, &t->stats, &t->devices, report);
    if (!err && plan->ruleset) {
        t->thresholds = thresholds_new(plan->ruleset, plan->conf);
        t->rule_alerts = calloc(ruleset_rules(plan->ruleset) + 1, sizeof(*t->rule_alerts));
        err = t->thresholds && t->rule_alerts ? ERR_OK : ERR_NOMEM;
    }
    if (!err)
        open_places(t, report);
    if (!err)
        err = open_outputs(t, report);
    if (err)
        tail_free(&t);
    *tail = t;
    return err;
}

void tail_free(struct tail **tail)
{
    struct tail *t = *tail;

    if (!t)
        return;
    for (uint32_t i = 0; i < t->outputs; i++)
        t->row[i]->close(&t->output[i], t->wait_ns);
    devices_free(&t->devices);
    thresholds_free(&t->thresholds);
    geo_free(&t->geo);
    closings_free(&t->closings);
    strbuf_fini(&t->line);
    strbuf_fini(&t->event);
    stats_fini(&t->stats);
    stats_fini(&t->told);
    merge_fini(&t->merge);
    span_free(&t->span);
    hourly_free(&t->hourly);
    free(t->rule_alerts);
    free(t);
    *tail = NULL;
}

struct tail_state tail_state(const struct tail *t)
{
    return t->state;
}

uint32_t tail_top_rules(const struct tail *t, struct tail_rule_count *top, uint32_t most)
{
    uint32_t n = 0;
    uint32_t rules = t->plan.ruleset ? ruleset_rules(t->plan.ruleset) : 0;

    for (uint32_t i = 0; i < rules; i++) {
        uint64_t alerts = t->rule_alerts[i];
        if (!alerts || (n == most && alerts <= top[n - 1].alerts))
            continue;
        uint32_t at = n < most ? n++ : n - 1;
        while (at > 0 && top[at - 1].alerts < alerts) {
            top[at] = top[at - 1];
            at--;
        }
        top[at] = (struct tail_rule_count){ruleset_rule(t->plan.ruleset, i), alerts};
    }
    return n;
}

/* ---- events ------------------------------------------------------------------------------- */

static void hand_line(struct tail *t, const struct output_line *line)
{
    t->state.events++;
    for (uint32_t i = 0; i < t->outputs; i++)
        t->row[i]->write(t->output[i], line);
}

static void hand_out(struct tail *t, enum event_class cls, uint64_t ts_ns)
{
    hand_line(t, &(struct output_line){
                     .text = strbuf_view(&t->line),
                     .cls = cls,
                     .ts_ns = ts_ns,
                 });
}

/* The internal end: the one with a private address, else the source. */
static const struct addr *host_of(const struct addr *src, const struct addr *dst)
{
    return !addr_is_private(src) && dst->family && addr_is_private(dst) ? dst : src;
}

/* `text` is not the line's: that may hold what closes it. */
static void close_and_write(struct tail *t, struct slice text, enum event_class cls, uint64_t ts_ns,
                            const struct addr *src, const struct addr *dst)
{
    struct event_tail tail = {t->devices, t->geo, .brief = cls == CLASS_TX};

    hand_line(t, &(struct output_line){
                     .text = text,
                     .more = event_closing(t->closings, &t->line, &tail, src, dst),
                     .cls = cls,
                     .ts_ns = ts_ns,
                     .host = *host_of(src, dst),
                 });
}

static void write_item(struct tail *t, const struct round_part *part, const struct item *item)
{
    const uint8_t *text = (const uint8_t *)part->text.at + item->text_at;

    close_and_write(t, (struct slice){text, item->text_len}, (enum event_class)item->cls,
                    item->ts_ns, &item->src, &item->dst);
}

/* The rule's own action is written already. */
static void change_action(struct tail *t, const struct round_part *part, const struct item *item,
                          enum rule_said said)
{
    static const char *const words[] = {"allowed", "blocked"}; /* of one length */
    struct slice head = SLICE_LIT("\"alert\":{\"action\":\"");
    uint8_t *text = (uint8_t *)part->text.at + item->text_at;
    bool block = said == SAID_BLOCKED && (t->events.blocked || t->events.rejected);
    int64_t at = slice_find((struct slice){text, item->text_len}, head);

    if (at >= 0)
        memcpy(text + at + head.len, words[block], strlen(words[0]));
}

static void take_alert(struct tail *t, const struct round_part *part, const struct item *item)
{
    struct rule_hit hit = {
        item->rule,
        item->ts_ns,
        item->of_packet ? item->number : 0,
        item->flow_id,
        &item->src,
        &item->dst,
        (struct slice){(const uint8_t *)part->text.at + item->more_at, item->more_len},
        item->of_flow};
    enum rule_said said = thresholds_admit(t->thresholds, &hit);

    if (t->plan.explain)
        explain_verdict(t->plan.explain, item->rule, item->flow_id, said != SAID_NOTHING);
    if (said == SAID_NOTHING) {
        t->count[COUNT_HELD]++;
        return;
    }
    if (said != SAID_ALERT)
        change_action(t, part, item, said);
    t->count[COUNT_ALERTS]++;
    t->state.alerts++;
    t->state.by_severity[item->rule->priority < 5 ? item->rule->priority : 4]++;
    t->rule_alerts[item->rule->index]++;
    write_item(t, part, item);
}

static void take_finding(struct tail *t, const struct finding *finding)
{
    struct event_ctx ctx = {
        .sensor = t->plan.sensor,
        .ts_ns = finding->fact->ts_ns,
        .finding = finding,
        .options = &t->events,
    };

    t->count[finding->is_change ? COUNT_DEVICES : COUNT_DEVIATIONS]++;
    if (finding->is_change) {
        t->state.device_changes++;
    } else {
        t->state.deviations++;
        t->state.by_severity[finding->severity < 5 ? finding->severity : 4]++;
    }
    strbuf_clear(&t->event);
    if (event_write(finding->is_change ? "device" : "deviation", &ctx, &t->event))
        close_and_write(t, strbuf_view(&t->event), CLASS_DEVICE, ctx.ts_ns, &finding->fact->client,
                        &finding->fact->server);
}

static void take_findings(struct tail *t)
{
    struct finding finding;

    while (devices_next(t->devices, &finding))
        take_finding(t, &finding);
}

static void write_notice(struct tail *t, const struct notice *n)
{
    struct event_ctx ctx = {
        .sensor = t->plan.sensor,
        .ts_ns = n->ts_ns,
        .note = n->what,
        .note_layer = n->affects,
        .detail_json = {(const uint8_t *)n->detail, n->detail_len},
        .options = &t->events,
    };

    strbuf_clear(&t->line);
    if (!event_write("visibility", &ctx, &t->line))
        return;
    event_close(&t->line, &(struct event_tail){0}, NULL, NULL);
    hand_out(t, CLASS_DEVICE, ctx.ts_ns);
}

/* What the packet tier tells, up to a frame. */
static void write_notices(struct tail *t, const struct round *round, uint64_t number)
{
    while (t->notices < round->notices && round->notice[t->notices].number <= number)
        write_notice(t, &round->notice[t->notices++]);
}

static void tell_sights(struct tail *t)
{
    struct notice notice;

    while (span_next(t->span, &notice))
        write_notice(t, &notice);
}

static void take_sight(struct tail *t, const struct item *item)
{
    span_sight(t->span, item);
    tell_sights(t);
}

static void end_sights(struct tail *t, uint64_t now_ns)
{
    span_end(t->span, now_ns);
    tell_sights(t);
}

static void take_shed(struct tail *t, const struct item *item)
{
    struct notice notice;

    if (!shed_take(&t->shed, item, &notice))
        return;
    write_notice(t, &notice);
    log_say(LOG_WARN, "%s", notice.what);
}

static void take_tagged(struct tail *t, const struct round *round, const struct round_part *part,
                        const struct item *item)
{
    const struct packet *p = &round->packets[item->fact];
    const uint8_t *text = (const uint8_t *)part->text.at + item->text_at;
    struct tagged_packet packet = {item->ts_ns, item->flow_id, &item->src, &item->dst,
                                   event_packet_bytes(p).len};

    if (!thresholds_keep(t->thresholds, &packet))
        return;
    strbuf_clear(&t->event);
    strbuf_slice(&t->event, (struct slice){text, item->text_len});
    struct jsonw w = {.out = &t->event, .comma = true};
    ev_packet_bytes(&w, p, UINT32_MAX);
    close_and_write(t, strbuf_view(&t->event), CLASS_TX, item->ts_ns, &item->src, &item->dst);
}

static void take_item(struct tail *t, const struct round *round, const struct round_part *part,
                      const struct item *item)
{
    switch ((enum item_kind)item->kind) {
    case ITEM_EVENT:
        write_item(t, part, item);
        break;
    case ITEM_ALERT:
        take_alert(t, part, item);
        break;
    case ITEM_FACT:
        part->facts[item->fact].ts_ns = item->ts_ns; /* of several items: of this one */
        part->facts[item->fact].number = item->number;
        if (devices_fact(t->devices, &part->facts[item->fact]))
            take_findings(t);
        break;
    case ITEM_SIGHT:
        take_sight(t, item);
        break;
    case ITEM_SHED:
        take_shed(t, item);
        break;
    case ITEM_TAGGED:
        take_tagged(t, round, part, item);
        break;
    case ITEM_NOTE:
        hourly_note(t->hourly, item, host_of(&item->src, &item->dst));
        break;
    }
}

/* ---- rounds ------------------------------------------------------------------------------- */

/* "detect.engines" of Suricata's stats: the rules in force. */
static void engines_json(const struct tail *t, struct strbuf *out)
{
    const struct ruleset *rules = t->plan.ruleset;
    uint32_t failed = 0;
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_arr_open(&w, NULL);
    jsonw_obj_open(&w, NULL);
    jsonw_u64(&w, "id", 0);
    jsonw_u64(&w, "rules_loaded", rules ? ruleset_rules(rules) : 0);
    if (rules)
        (void)ruleset_quarantined(rules, &failed);
    jsonw_u64(&w, "rules_failed", failed);
    jsonw_obj_close(&w);
    jsonw_arr_close(&w);
}

static void write_stats(struct tail *t, const struct round *round, const struct stats_event *stats)
{
    struct strbuf ledger;
    struct jsonw w;

    strbuf_init(&ledger, 0);
    jsonw_init(&w, &ledger);
    ledger_json(stats->now, &w);
    dear_json(&t->dear, &w);
    struct event_ctx ctx = {
        .sensor = t->plan.sensor,
        .ts_ns = round->last_ns,
        .stats = stats,
        .uptime_s = round->last_ns > t->first_ns ? (round->last_ns - t->first_ns) / CLOCK_S : 0,
        .detail_json = strbuf_view(&ledger),
        .options = &t->events,
    };
    strbuf_clear(&t->line);
    if (event_write("stats", &ctx, &t->line)) {
        event_close(&t->line, &(struct event_tail){0}, NULL, NULL);
        hand_out(t, CLASS_STATS, ctx.ts_ns);
    }
    strbuf_fini(&ledger);
}

/* The counters of each thread: the reader's, the workers', and this one's. */
static void tell_stats(struct tail *t, const struct round *round, const struct stats *sum)
{
    uint32_t workers = t->plan.workers;
    struct stats *each = calloc(workers + 2, sizeof(*each));
    struct strbuf engines;

    if (!each)
        return;
    strbuf_init(&engines, 0);
    engines_json(t, &engines);
    each[0] = round->stats;
    for (uint32_t w = 0; w < workers; w++)
        each[w + 1] = round->part[w].stats;
    each[workers + 1] = t->stats;
    write_stats(t, round,
                &(struct stats_event){sum, &t->told, each, workers + 2, strbuf_view(&engines)});
    stats_fini(&t->told);
    stats_sum(&t->told, sum);
    strbuf_fini(&engines);
    free(each);
}

static void take_stats(struct tail *t, const struct round *round)
{
    struct stats sum = {0};

    if (t->thresholds)
        t->count[COUNT_TAGS_LOST] = thresholds_tags_lost(t->thresholds);
    stats_sum(&sum, &round->stats);
    for (uint32_t w = 0; w < t->plan.workers; w++)
        stats_sum(&sum, &round->part[w].stats);
    stats_sum(&sum, &t->stats);
    dear_sum(round, t->plan.workers, t->plan.ruleset, &t->dear);
    if (t->plan.board)
        board_publish(t->plan.board, &sum, &t->dear);
    if (round->tell_stats || round->last)
        tell_stats(t, round, &sum);
    stats_fini(&sum);
}

/* The hour's engine events, a host each. */
static void tell_hour(struct tail *t, uint64_t now_ns)
{
    struct strbuf members;
    struct addr host;

    strbuf_init(&members, 0);
    while (hourly_next(t->hourly, &host, &members)) {
        struct event_ctx ctx = {
            .sensor = t->plan.sensor,
            .ts_ns = now_ns,
            .detail_json = strbuf_view(&members),
            .options = &t->events,
        };
        strbuf_clear(&t->event);
        if (event_write("anomaly_summary", &ctx, &t->event))
            close_and_write(t, strbuf_view(&t->event), CLASS_FLOW, now_ns, &host,
                            &(struct addr){0});
    }
    strbuf_fini(&members);
}

static void tick_devices(struct tail *t, uint64_t now_ns)
{
    if (t->devices) {
        devices_tick(t->devices, now_ns);
        take_findings(t);
    }
    if (hourly_due(t->hourly, now_ns, false))
        tell_hour(t, now_ns);
}

/* What another processor has written: first the item, then its text. */
static void prefetch(const struct tail *t, uint32_t i)
{
    const struct merge_ref *ref = t->merge.ref;

    if (i + 2 * AHEAD < t->merge.n) {
        __builtin_prefetch(ref[i + 2 * AHEAD].item);
        __builtin_prefetch((const uint8_t *)ref[i + 2 * AHEAD].item + 64);
        __builtin_prefetch((const uint8_t *)ref[i + 2 * AHEAD].item + 128);
    }
    if (i + AHEAD < t->merge.n) {
        const struct item *item = ref[i + AHEAD].item;
        const char *text = ref[i + AHEAD].part->text.at + item->text_at;
        for (uint32_t at = 0; at < item->text_len; at += 64)
            __builtin_prefetch(text + at);
    }
}

/* Time of the host tier moves at whole seconds of packet time only, as that of the flows. */
static void take_items(struct tail *t, const struct round *round)
{
    uint64_t ticked_ns = 0;

    for (uint32_t i = 0; i < t->merge.n; i++) {
        const struct item *item = t->merge.ref[i].item;
        if (!item->of_packet && round->tick_ns && item->ts_ns > ticked_ns) {
            ticked_ns = item->ts_ns;
            tick_devices(t, ticked_ns);
        } else if (item->of_packet && round->tick_ns > ticked_ns) {
            ticked_ns = round->tick_ns;
            tick_devices(t, ticked_ns);
        }
        if (round->shared)
            prefetch(t, i);
        write_notices(t, round, item->number);
        take_item(t, round, t->merge.ref[i].part, item);
    }
    if (round->tick_ns > ticked_ns)
        tick_devices(t, round->tick_ns);
}

/* Alerts were counted by index: the counts go to the same gid and sid. */
static bool move_counts(struct tail *t, const struct ruleset *next)
{
    uint64_t *counts = calloc(ruleset_rules(next) + 1, sizeof(*counts));

    if (!counts)
        return false;
    for (uint32_t i = 0; i < ruleset_rules(t->plan.ruleset); i++) {
        const struct rule_info *old = ruleset_rule(t->plan.ruleset, i);
        for (uint32_t k = 0; t->rule_alerts[i] && k < ruleset_rules(next); k++) {
            const struct rule_info *now = ruleset_rule(next, k);
            if (now->sid == old->sid && now->gid == old->gid)
                counts[k] = t->rule_alerts[i];
        }
    }
    free(t->rule_alerts);
    t->rule_alerts = counts;
    return true;
}

/* Rules were loaded again; the workers are done with the old ones up to this round. */
static void change_rules(struct tail *t, const struct round *round)
{
    struct event_ctx ctx = {
        .sensor = t->plan.sensor,
        .ts_ns = round->tick_ns ? round->tick_ns : t->last_ns,
        .detail_json = strbuf_view(&round->rules_told),
        .options = &t->events,
    };

    if (t->thresholds && round->ruleset && round->ruleset != t->plan.ruleset) {
        CHECK(thresholds_swap(t->thresholds, round->ruleset) == ERR_OK);
        CHECK(move_counts(t, round->ruleset));
        t->plan.ruleset = round->ruleset;
        reload_settled(t->plan.reload, round->ruleset);
    }
    strbuf_clear(&t->line);
    if (!round->rules_told.len || !event_write("rules", &ctx, &t->line))
        return;
    event_close(&t->line, &(struct event_tail){0}, NULL, NULL);
    hand_out(t, CLASS_DEVICE, ctx.ts_ns);
}

void tail_round(struct tail *t, const struct round *round)
{
    change_rules(t, round);
    t->last_ns = round->last_ns;
    if (merge_round(&t->merge, round, t->plan.workers) != ERR_OK)
        log_say(LOG_FAULT, "no memory: the events of a round are lost");
    if (!t->first_ns)
        t->first_ns = round->last_ns;
    t->notices = 0;
    write_notices(t, round, 0);
    take_items(t, round);
    write_notices(t, round, UINT64_MAX);
    if (round->last)
        end_sights(t, round->last_ns);
    if (round->last && round->last_ns)
        tick_devices(t, round->last_ns);
    if (round->last && hourly_due(t->hourly, round->last_ns, true))
        tell_hour(t, round->last_ns);
    if (round->want_stats)
        take_stats(t, round);
    for (uint32_t i = 0; i < t->outputs; i++) {
        if (round->reopen && t->row[i]->reopen)
            t->row[i]->reopen(t->output[i]);
        if (t->row[i]->tick && (!t->plan.replay || round->idle))
            t->row[i]->tick(t->output[i], clock_mono_ns());
    }
}
