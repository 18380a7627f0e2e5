/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first page: open incidents, the last day's alerts, the loudest groups, sensors, deliveries.
 * "The last day" ends at the newest event, so that a replayed capture shows its own day.
 */
#include "analyzer/api/act.h"
#include "analyzer/api/shape.h"
#include "analyzer/enrich/attack.h"
#include "analyzer/store/db_devices.h"
#include "analyzer/store/db_events.h"
#include "analyzer/store/db_incidents.h"
#include "analyzer/store/db_outbox.h"
#include "analyzer/store/db_rollups.h"
#include "analyzer/store/db_sensors.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { OVERVIEW_STEPS = 48, OVERVIEW_INCIDENTS = 8, OVERVIEW_GROUPS = 8, OVERVIEW_SCAN = 1000 };
enum { OVERVIEW_SITES = 64, OVERVIEW_TACTICS = 40 };
#define OVERVIEW_DAY (24 * 3600 * CLOCK_S)

static void write_incidents(struct call *call)
{
    struct incidents_query query = {
        .sites = call->sites, .text = "", .worst_first = true, .limit = OVERVIEW_INCIDENTS};
    struct incidents_sum *sums = NULL;
    struct incident *rows = NULL;
    uint32_t n = 0;
    int64_t open[SEVERITY_LEVELS] = {0};

    for (int s = 0; s < INCIDENT_STATES; s++)
        if (incident_is_open((enum incident_state)s))
            query.states |= 1u << s;
    if (db_incidents_sums(call->store, call->sites, call->arena, &sums, &n) != ERR_OK)
        n = 0;
    for (uint32_t i = 0; i < n; i++)
        open[sums[i].severity] += sums[i].n;
    if (db_incidents_list(call->store, &query, call->arena, &rows, &n) != ERR_OK)
        n = 0;
    jsonw_obj_open(&call->out, "open");
    for (int s = 0; s < SEVERITY_LEVELS; s++)
        jsonw_i64(&call->out, record_severity_name((enum severity)s), open[s]);
    jsonw_obj_close(&call->out);
    jsonw_arr_open(&call->out, "incidents");
    for (uint32_t i = 0; i < n; i++) {
        jsonw_obj_open(&call->out, NULL);
        shape_incident_head(call, &rows[i]);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
}

static void write_hours(struct call *call)
{
    uint64_t step = OVERVIEW_DAY / OVERVIEW_STEPS;
    uint64_t to = (shape_newest(call) / step + 1) * step, from = to - OVERVIEW_DAY;
    int64_t sums[OVERVIEW_STEPS][SEVERITY_LEVELS] = {{0}};
    struct rollups_query query = {.from_ns = from,
                                  .to_ns = to - 1,
                                  .step_ns = step,
                                  .sites = call->sites,
                                  .by_severity = true};
    struct rollups_sum *rows = NULL;
    uint32_t n = 0;

    if (db_rollups_sums(call->store, &query, call->arena, &rows, &n) != ERR_OK)
        n = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t at = rows[i].at_ns >= from ? (rows[i].at_ns - from) / step : OVERVIEW_STEPS;
        if (at < OVERVIEW_STEPS && rows[i].severity >= 0 && rows[i].severity < SEVERITY_LEVELS)
            sums[at][rows[i].severity] += rows[i].n;
    }
    jsonw_arr_open(&call->out, "hours");
    for (uint32_t i = 0; i < OVERVIEW_STEPS; i++) {
        jsonw_obj_open(&call->out, NULL);
        jsonw_rfc3339(&call->out, "time", from + i * step);
        for (int s = 0; s < SEVERITY_LEVELS; s++)
            jsonw_i64(&call->out, record_severity_name((enum severity)s), sums[i][s]);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
}

static int louder(const void *a, const void *b)
{
    const struct group_row *x = a, *y = b;

    if (x->severity != y->severity)
        return x->severity < y->severity ? 1 : -1;
    return x->n < y->n ? 1 : (x->n > y->n ? -1 : 0);
}

static void write_top(struct call *call)
{
    struct groups_query query = {
        .sites = call->sites, .states = 1u << GROUP_OPEN, .text = "", .limit = OVERVIEW_SCAN};
    struct group_row *rows = NULL;
    uint32_t n = 0;

    if (db_groups_list(call->store, &query, call->arena, &rows, &n) != ERR_OK)
        n = 0;
    if (n)
        qsort(rows, n, sizeof(*rows), louder);
    jsonw_arr_open(&call->out, "top");
    for (uint32_t i = 0; i < n && i < OVERVIEW_GROUPS; i++)
        shape_group(call, NULL, &rows[i]);
    jsonw_arr_close(&call->out);
}

static void write_devices(struct call *call)
{
    struct devices_sum *rows = NULL, all = {0};
    uint32_t n = 0;

    if (db_devices_sums(call->store, call->sites, call->arena, &rows, &n) != ERR_OK)
        n = 0;
    for (uint32_t i = 0; i < n; i++) {
        all.n += rows[i].n;
        all.learning += rows[i].learning;
        all.enforcing += rows[i].enforcing;
        all.deviating += rows[i].deviating;
    }
    jsonw_obj_open(&call->out, "devices");
    jsonw_i64(&call->out, "total", all.n);
    jsonw_i64(&call->out, "learning", all.learning);
    jsonw_i64(&call->out, "enforcing", all.enforcing);
    jsonw_i64(&call->out, "deviating", all.deviating);
    jsonw_obj_close(&call->out);
}

static void write_sensors(struct call *call, int64_t *events)
{
    struct sensor_row *rows = NULL;
    uint32_t n = 0;

    *events = 0;
    if (db_sensors_list(call->store, call->arena, &rows, &n) != ERR_OK)
        n = 0;
    jsonw_arr_open(&call->out, "sensors");
    for (uint32_t i = 0; i < n; i++) {
        if (!act_in_scope(call, rows[i].site))
            continue;
        *events += rows[i].ledger.events;
        jsonw_obj_open(&call->out, NULL);
        jsonw_str(&call->out, "name", rows[i].sensor);
        jsonw_str(&call->out, "site", rows[i].site);
        jsonw_str(&call->out, "state", rows[i].online ? "online" : "offline");
        jsonw_rfc3339(&call->out, "last_seen", rows[i].seen_ns);
        jsonw_i64(&call->out, "received", rows[i].ledger.received);
        jsonw_i64(&call->out, "missing", rows[i].missing);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
}

static void write_compression(struct call *call, int64_t events)
{
    int64_t groups = 0, alerts = 0, incidents = 0, counts[INCIDENT_STATES] = {0};

    db_groups_totals(call->store, call->sites, &groups, &alerts);
    if (db_incidents_counts(call->store, call->sites, counts) == ERR_OK)
        for (int s = 0; s < INCIDENT_STATES; s++)
            incidents += s == INCIDENT_MERGED ? 0 : counts[s];
    jsonw_obj_open(&call->out, "compression");
    jsonw_i64(&call->out, "events", events);
    jsonw_i64(&call->out, "alerts", alerts);
    jsonw_i64(&call->out, "groups", groups);
    jsonw_i64(&call->out, "incidents", incidents);
    jsonw_obj_close(&call->out);
}

/* What was delivered and what waits, per connector, over the newest deliveries. */
static void write_push(struct call *call)
{
    struct outbox_row *rows = NULL;
    uint32_t n = 0;

    if (db_outbox_list(call->store, 0, OVERVIEW_SCAN, call->arena, &rows, &n) != ERR_OK)
        n = 0;
    jsonw_arr_open(&call->out, "push");
    for (uint32_t i = 0; i < n; i++) {
        int64_t by_state[3] = {0};
        uint64_t last = 0;
        uint32_t first = 0;
        while (strcmp(rows[first].connector, rows[i].connector) != 0)
            first++;
        if (first != i)
            continue; /* told already */
        for (uint32_t k = i; k < n; k++) {
            if (strcmp(rows[k].connector, rows[i].connector) != 0)
                continue;
            by_state[rows[k].state]++;
            last = rows[k].sent_ns > last ? rows[k].sent_ns : last;
        }
        jsonw_obj_open(&call->out, NULL);
        jsonw_str(&call->out, "connector", rows[i].connector);
        jsonw_i64(&call->out, "waiting", by_state[OUTBOX_WAITING]);
        jsonw_i64(&call->out, "sent", by_state[OUTBOX_SENT]);
        jsonw_i64(&call->out, "failed", by_state[OUTBOX_GIVEN_UP]);
        jsonw_rfc3339(&call->out, "last", last);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
}

/* ---- sites: one tile each ------------------------------------------------------------------- */

struct tile {
    const char *site;
    int64_t open[SEVERITY_LEVELS];
    int64_t devices, deviating, sensors, silent, missing;
};
struct tiles {
    struct tile at[OVERVIEW_SITES];
    uint32_t n;
};

static struct tile *tile_of(struct tiles *tiles, const char *site)
{
    uint32_t i = 0;

    while (i < tiles->n && strcmp(tiles->at[i].site, site) != 0)
        i++;
    if (i == OVERVIEW_SITES)
        return NULL;
    if (i == tiles->n)
        tiles->at[tiles->n++].site = site;
    return &tiles->at[i];
}

static void tile_incidents(struct call *call, struct tiles *tiles)
{
    struct incidents_sum *rows = NULL;
    uint32_t n = 0;

    if (db_incidents_sums(call->store, call->sites, call->arena, &rows, &n) != ERR_OK)
        n = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct tile *t = tile_of(tiles, rows[i].site);
        if (t)
            t->open[rows[i].severity] += rows[i].n;
    }
}

static void tile_devices(struct call *call, struct tiles *tiles)
{
    struct devices_sum *rows = NULL;
    uint32_t n = 0;

    if (db_devices_sums(call->store, call->sites, call->arena, &rows, &n) != ERR_OK)
        n = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct tile *t = tile_of(tiles, rows[i].site);
        if (!t)
            continue;
        t->devices += rows[i].n;
        t->deviating += rows[i].deviating;
    }
}

static void tile_sensors(struct call *call, struct tiles *tiles)
{
    struct sensor_row *rows = NULL;
    uint32_t n = 0;

    if (db_sensors_list(call->store, call->arena, &rows, &n) != ERR_OK)
        n = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct tile *t = act_in_scope(call, rows[i].site) ? tile_of(tiles, rows[i].site) : NULL;
        if (!t)
            continue;
        t->sensors++;
        t->silent += !rows[i].online;
        t->missing += rows[i].missing;
    }
}

static void write_sites(struct call *call)
{
    struct tiles *tiles = arena_alloc(call->arena, sizeof(*tiles));

    if (!tiles)
        return;
    memset(tiles, 0, sizeof(*tiles));
    tile_incidents(call, tiles);
    tile_devices(call, tiles);
    tile_sensors(call, tiles);
    jsonw_arr_open(&call->out, "sites");
    for (uint32_t i = 0; i < tiles->n; i++) {
        const struct tile *t = &tiles->at[i];
        jsonw_obj_open(&call->out, NULL);
        jsonw_str(&call->out, "site", t->site);
        jsonw_obj_open(&call->out, "open");
        for (int s = 0; s < SEVERITY_LEVELS; s++)
            jsonw_i64(&call->out, record_severity_name((enum severity)s), t->open[s]);
        jsonw_obj_close(&call->out);
        jsonw_i64(&call->out, "devices", t->devices);
        jsonw_i64(&call->out, "deviating", t->deviating);
        jsonw_i64(&call->out, "sensors", t->sensors);
        jsonw_i64(&call->out, "sensors_offline", t->silent);
        jsonw_i64(&call->out, "missing", t->missing);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
}

/* ---- ATT&CK: what the groups of the last day point to --------------------------------------- */

struct strip {
    int64_t alerts[OVERVIEW_TACTICS], groups[OVERVIEW_TACTICS];
    enum severity most[OVERVIEW_TACTICS];
};

static void add_tactics(struct strip *strip, const struct attack *attack, const char *ids,
                        const struct group_row *g)
{
    struct slice left = slice_of_str(ids);

    for (uint32_t i = 0; i < OVERVIEW_TACTICS && attack_tactic_at(attack, i); i++) {
        const char *id = attack_tactic_at(attack, i)->id;
        struct slice found = left;
        bool has = false;
        while (found.len && !has) {
            int64_t blank = slice_find_byte(found, ' ');
            struct slice one = blank < 0 ? found : slice_head(found, (uint32_t)blank);
            has = slice_eq(one, slice_of_str(id));
            found = slice_from(found, one.len + (blank >= 0));
        }
        if (!has)
            continue;
        strip->groups[i]++;
        strip->alerts[i] += g->n;
        if (g->severity > strip->most[i])
            strip->most[i] = g->severity;
    }
}

/* Techniques of one group, with blanks between; each tactic of theirs counts the group once. */
static void add_group(struct call *call, struct strip *strip, const struct group_row *g)
{
    const struct attack *attack = call->services->attack;
    struct slice left = slice_of_str(g->techniques);
    struct strbuf ids;

    strbuf_init(&ids, 1024);
    while (left.len) {
        char id[32];
        int64_t blank = slice_find_byte(left, ' ');
        struct slice one = blank < 0 ? left : slice_head(left, (uint32_t)blank);
        snprintf(id, sizeof(id), "%.*s", (int)one.len, (const char *)one.at);
        const struct attack_technique *t = attack_find(attack, id);
        if (t)
            strbuf_fmt(&ids, "%s%s", ids.len ? " " : "", t->tactics);
        left = slice_from(left, one.len + (blank >= 0));
    }
    if (ids.len)
        add_tactics(strip, attack, ids.at, g);
    strbuf_fini(&ids);
}

static void write_tactics(struct call *call)
{
    struct groups_query query = {.sites = call->sites, .text = "", .limit = OVERVIEW_SCAN};
    const struct attack *attack = call->services->attack;
    uint64_t newest = shape_newest(call);
    struct group_row *rows = NULL;
    struct strip strip = {{0}, {0}, {0}};
    uint32_t n = 0;

    if (!attack || db_groups_list(call->store, &query, call->arena, &rows, &n) != ERR_OK)
        n = 0;
    for (uint32_t i = 0; i < n; i++)
        if (rows[i].last_ns + OVERVIEW_DAY >= newest)
            add_group(call, &strip, &rows[i]);
    jsonw_arr_open(&call->out, "tactics");
    for (uint32_t i = 0; attack && i < OVERVIEW_TACTICS && attack_tactic_at(attack, i); i++) {
        const struct attack_tactic *t = attack_tactic_at(attack, i);
        jsonw_obj_open(&call->out, NULL);
        jsonw_str(&call->out, "id", t->id);
        shape_text2(&call->out, "name", t->en, t->vi);
        jsonw_bool(&call->out, "ics", t->ics);
        jsonw_i64(&call->out, "groups", strip.groups[i]);
        jsonw_i64(&call->out, "alerts", strip.alerts[i]);
        jsonw_str(&call->out, "severity", record_severity_name(strip.most[i]));
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
}

static void show(struct call *call)
{
    int64_t events = 0;

    jsonw_obj_open(&call->out, NULL);
    write_incidents(call);
    write_hours(call);
    write_top(call);
    write_sensors(call, &events);
    write_devices(call);
    write_compression(call, events);
    write_push(call);
    write_sites(call);
    write_tactics(call);
    jsonw_obj_close(&call->out);
}

static const struct api_route routes[] = {
    {"GET", "/api/overview", PERM_READ, show, "All that the first page shows.", ""},
    {.method = NULL},
};

const struct api_group api_overview = {
    .name = "overview", .doc = "The first page", .routes = routes};
