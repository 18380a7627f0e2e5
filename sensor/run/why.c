/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/why.h"
#include "common/clock.h"
#include "common/jsonw.h"
#include "common/log.h"
#include "sensor/event/event.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SHOWN_MAX = 20, CONDITIONS_MAX = 64 };

struct why {
    struct explain *explain;
    const struct explain_ask *ask;
    const struct ruleset *ruleset;
    bool json, found;
};

/* Flows that stopped at the same condition. */
struct tally {
    const struct explain_case *first;
    uint64_t flows;
};

static bool same_condition(const struct explain_case *a, const struct explain_case *b)
{
    return a->stage == b->stage && a->step == b->step && strcmp(a->condition, b->condition) == 0 &&
           strcmp(a->buffer, b->buffer) == 0;
}

/* Cases are sorted: the same conditions stand together but for their texts. */
static uint32_t tally_up(const struct explain_case *cases, uint32_t n, struct tally *tallies)
{
    uint32_t used = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = 0;
        while (at < used && !same_condition(tallies[at].first, &cases[i]))
            at++;
        if (at == CONDITIONS_MAX)
            at--;
        else if (at == used)
            tallies[used++] = (struct tally){&cases[i], 0};
        tallies[at].flows++;
    }
    return used;
}

/* What fired needs no nearest miss. */
static uint32_t without_alerted(const struct why *w, const struct explain_case *cases, uint32_t n,
                                struct explain_case *out)
{
    uint32_t kept = 0, fired;
    uint64_t lost;
    const struct explain_case *alerts = explain_alerts(w->explain, &fired, &lost);

    for (uint32_t i = 0; i < n; i++) {
        bool alerted = false;
        for (uint32_t k = 0; k < fired && cases[i].flow_id && !alerted; k++)
            alerted = alerts[k].flow_id == cases[i].flow_id;
        if (!alerted)
            out[kept++] = cases[i];
    }
    return kept;
}

static const char *proto_name(uint8_t proto)
{
    switch (proto) {
    case IPPROTO_TCP4:
        return "tcp";
    case IPPROTO_UDP4:
        return "udp";
    case IPPROTO_ICMP4:
    case IPPROTO_ICMP6:
        return "icmp";
    default:
        return "ip";
    }
}

/* ---- text --------------------------------------------------------------------------------- */

static void print_ends(const struct explain_case *c)
{
    char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

    addr_text(&c->src, src);
    addr_text(&c->dst, dst);
    if (c->number)
        printf("packet %llu  ", (unsigned long long)c->number);
    else
        printf("end of the flow  ");
    if (!c->src.family) {
        puts("not IP");
        return;
    }
    printf("%s %s:%u -> %s:%u", proto_name(c->proto), src, c->sport, dst, c->dport);
    if (c->flow_id)
        printf("  flow %llu", (unsigned long long)c->flow_id);
    if (c->app)
        printf("  %s", c->app);
    if (c->tx >= 0)
        printf("  transaction %lld", (long long)c->tx);
    else if (c->on_stream)
        printf("  stream");
    putchar('\n');
}

static void print_step(const struct match_step *s)
{
    printf("    %s  %.*s", s->buffer, (int)s->option.len,
           s->option.at ? (const char *)s->option.at : "");
    if (s->instance)
        printf("  in the %u. of them", s->instance + 1);
    if (s->has_value)
        printf("  read %llu (0x%llx)", (unsigned long long)s->value, (unsigned long long)s->value);
    if (!s->placed) {
        puts(s->has_value ? "" : "  holds");
        return;
    }
    printf("  at %u, %u bytes\n        ", s->offset, s->len);
    for (uint8_t i = 0; i < s->n_bytes; i++)
        printf("%02x ", s->bytes[i]);
    printf(" \"");
    for (uint8_t i = 0; i < s->n_bytes; i++)
        putchar(s->bytes[i] >= ' ' && s->bytes[i] < 127 ? s->bytes[i] : '.');
    puts(s->n_bytes < s->len ? "…\"" : "\"");
}

static void print_steps(const struct explain_case *c)
{
    for (uint32_t i = 0; i < c->n_steps; i++)
        print_step(&c->steps[i]);
}

static void print_miss(const struct explain_case *c)
{
    printf("\nNO ALERT ");
    print_ends(c);
    print_steps(c);
    printf("  * %s%s%s: %s\n", c->buffer, *c->buffer ? "  " : "", c->condition, c->why);
}

static void print_alerts(const struct why *w)
{
    uint32_t n;
    uint64_t lost;
    const struct explain_case *alerts = explain_alerts(w->explain, &n, &lost);

    for (uint32_t i = 0; i < n && i < SHOWN_MAX; i++) {
        const struct explain_case *c = &alerts[i];
        printf("\n%s ", c->stage == EXPLAIN_ALERT ? "ALERT" : "fired, no alert:");
        print_ends(c);
        if (c->why[0])
            printf("  * %s\n", c->why);
        print_steps(c);
    }
    if (n + lost > SHOWN_MAX)
        printf("\n%llu more\n", (unsigned long long)(n + lost - SHOWN_MAX));
}

static void print_rule(const struct why *w, const struct rule_info *rule)
{
    struct strbuf about;

    strbuf_init(&about, 0);
    explain_describe(w->explain, &about);
    printf("%u:%u rev %u  %s\n%s:%u\n%s\nlooks at %s\n", rule->gid, rule->sid, rule->rev, rule->msg,
           rule->file ? rule->file : "", rule->line, rule->text, about.at);
    strbuf_fini(&about);
}

static void print_text(const struct why *w, const struct explain_case *cases, uint32_t n,
                       uint64_t lost)
{
    struct tally tallies[CONDITIONS_MAX];
    uint32_t conditions = tally_up(cases, n, tallies), fired, alerts = 0;
    uint64_t more;
    const struct explain_case *hits = explain_alerts(w->explain, &fired, &more);

    for (uint32_t i = 0; i < fired; i++)
        alerts += hits[i].stage == EXPLAIN_ALERT;
    print_rule(w, explain_rule(w->explain));
    printf("\n%llu packets were looked at: the rule fired %llu times, %u alerts\n",
           (unsigned long long)explain_packets(w->explain), (unsigned long long)(fired + more),
           alerts);
    print_alerts(w);
    if (n)
        printf("\nWHERE IT STOPPED, nearest first (%u flows or packets)\n", n);
    for (uint32_t i = 0; i < conditions; i++) {
        const struct explain_case *c = tallies[i].first;
        printf("%8llu  %-12s %s%s%s\n", (unsigned long long)tallies[i].flows,
               explain_stage_name(c->stage), c->buffer, *c->buffer ? "  " : "", c->condition);
    }
    if (lost)
        printf("%8llu  not kept: too many flows\n", (unsigned long long)lost);
    for (uint32_t i = 0; i < n && i < SHOWN_MAX / 2 && cases[i].stage > EXPLAIN_PROTOCOL; i++)
        print_miss(&cases[i]);
}

/* ---- JSON --------------------------------------------------------------------------------- */

static void json_case(struct jsonw *w, const struct explain_case *c)
{
    jsonw_obj_open(w, NULL);
    jsonw_str(w, "stage", explain_stage_name(c->stage));
    if (c->number)
        jsonw_u64(w, "packet", c->number);
    jsonw_time(w, "timestamp", c->ts_ns);
    if (c->flow_id)
        jsonw_u64(w, "flow_id", c->flow_id);
    jsonw_addr(w, "src_ip", &c->src);
    jsonw_u64(w, "src_port", c->sport);
    jsonw_addr(w, "dest_ip", &c->dst);
    jsonw_u64(w, "dest_port", c->dport);
    jsonw_str(w, "proto", proto_name(c->proto));
    if (c->app)
        jsonw_str(w, "app_proto", c->app);
    jsonw_str(w, "direction", c->to_client ? "to_client" : "to_server");
    if (c->tx >= 0)
        jsonw_i64(w, "tx_id", c->tx);
    jsonw_bool(w, "stream", c->on_stream);
    jsonw_u64(w, "looks", c->looks);
    if (c->buffer[0])
        jsonw_str(w, "buffer", c->buffer);
    if (c->condition[0])
        jsonw_str(w, "condition", c->condition);
    if (c->why[0])
        jsonw_str(w, "why", c->why);
    jsonw_arr_open(w, "matches");
    for (uint32_t i = 0; i < c->n_steps; i++)
        ev_alert_step(w, &c->steps[i]);
    jsonw_arr_close(w);
    jsonw_obj_close(w);
}

static void json_rule(struct jsonw *w, const struct explain *e, const struct rule_info *rule)
{
    struct strbuf about;

    strbuf_init(&about, 0);
    explain_describe(e, &about);
    jsonw_obj_open(w, "rule");
    jsonw_u64(w, "gid", rule->gid);
    jsonw_u64(w, "sid", rule->sid);
    jsonw_u64(w, "rev", rule->rev);
    jsonw_str(w, "msg", rule->msg);
    jsonw_str(w, "file", rule->file ? rule->file : "");
    jsonw_u64(w, "line", rule->line);
    jsonw_str(w, "text", rule->text);
    jsonw_str(w, "looks_at", about.at);
    jsonw_obj_close(w);
    strbuf_fini(&about);
}

static void print_json(const struct why *why, const struct explain_case *cases, uint32_t n,
                       uint64_t lost)
{
    struct tally tallies[CONDITIONS_MAX];
    uint32_t conditions = tally_up(cases, n, tallies), fired;
    uint64_t more;
    const struct explain_case *hits = explain_alerts(why->explain, &fired, &more);
    struct strbuf out;
    struct jsonw w;

    strbuf_init(&out, 0);
    jsonw_init(&w, &out);
    jsonw_obj_open(&w, NULL);
    json_rule(&w, why->explain, explain_rule(why->explain));
    jsonw_u64(&w, "packets", explain_packets(why->explain));
    jsonw_u64(&w, "fired", fired + more);
    jsonw_arr_open(&w, "hits");
    for (uint32_t i = 0; i < fired; i++)
        json_case(&w, &hits[i]);
    jsonw_arr_close(&w);
    jsonw_arr_open(&w, "stopped");
    for (uint32_t i = 0; i < conditions; i++) {
        jsonw_obj_open(&w, NULL);
        jsonw_str(&w, "stage", explain_stage_name(tallies[i].first->stage));
        if (tallies[i].first->buffer[0])
            jsonw_str(&w, "buffer", tallies[i].first->buffer);
        jsonw_str(&w, "condition", tallies[i].first->condition);
        jsonw_u64(&w, "flows", tallies[i].flows);
        jsonw_obj_close(&w);
    }
    jsonw_arr_close(&w);
    jsonw_u64(&w, "not_kept", lost);
    jsonw_arr_open(&w, "nearest");
    for (uint32_t i = 0; i < n && i < SHOWN_MAX; i++)
        json_case(&w, &cases[i]);
    jsonw_arr_close(&w);
    jsonw_obj_close(&w);
    printf("%s\n", out.at);
    strbuf_fini(&out);
}

/* ---- the run ------------------------------------------------------------------------------ */

/* Not among the rules: put aside with a reason, or not there at all. */
static void say_missing(const struct why *w)
{
    uint32_t n = 0;
    const struct quarantined *q = w->ruleset ? ruleset_quarantined(w->ruleset, &n) : NULL;
    bool said = false;

    for (uint32_t i = 0; i < n; i++) {
        if (q[i].sid != w->ask->sid)
            continue;
        said = true;
        log_say(LOG_FAULT, "sid %u is put aside, %s:%u:%u: %s", q[i].sid, q[i].file, q[i].line,
                q[i].column, q[i].reason);
    }
    if (!said)
        log_say(LOG_FAULT, "there is no rule with sid %u in the rules given", w->ask->sid);
}

static void ended(void *context, const struct ruleset *ruleset)
{
    struct why *w = context;
    uint32_t n;
    uint64_t lost;

    w->ruleset = ruleset;
    w->found = explain_rule(w->explain) != NULL;
    if (!w->found) {
        say_missing(w);
        return;
    }
    const struct explain_case *all = explain_cases(w->explain, &n, &lost);
    struct explain_case *cases = calloc(n + 1, sizeof(*cases));
    if (!cases)
        return;
    n = without_alerted(w, all, n, cases);
    if (w->json)
        print_json(w, cases, n, lost);
    else
        print_text(w, cases, n, lost);
    free(cases);
    fflush(stdout);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

/* One worker, so that all is told in order; nothing leaves. */
static bool settle(struct conf *conf)
{
    static const char *const settings[] = {"workers=1", "output.file.enabled=false",
                                           "output.unix.path=", "output.mqtt.host="};
    struct strbuf report;
    bool ok = true;

    strbuf_init(&report, 4096);
    for (uint32_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        ok = conf_set(conf, settings[i], &report) == ERR_OK && ok;
    if (!ok)
        log_say(LOG_FAULT, "%s", report.at);
    strbuf_fini(&report);
    return ok;
}

static int run_child(const struct sensor_plan *given, const struct explain_ask *ask, bool json,
                     const char *dir)
{
    struct sensor_plan plan = *given;
    struct sensor_result result;
    struct why why = {.explain = explain_new(ask), .ask = ask, .json = json};

    if (!why.explain || !settle(plan.conf))
        return 2;
    plan.dir = dir;
    plan.quiet = true;
    plan.explain = why.explain;
    plan.ended = ended;
    plan.context = &why;
    int status = sensor_run(&plan, &result);
    explain_free(&why.explain);
    return status || why.found ? status : 2;
}

int why_run(const struct sensor_plan *plan, const struct explain_ask *ask, bool json)
{
    char dir[] = "/tmp/tramgac-explain-XXXXXX";
    int status = 0;

    if (!mkdtemp(dir)) {
        log_say(LOG_FAULT, "no directory can be made in /tmp: %s", strerror(errno));
        return 2;
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        exit(run_child(plan, ask, json, dir));
    if (child < 0 || waitpid(child, &status, 0) < 0)
        status = -1;
    nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
