/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_groups.h"
#include "analyzer/record/utf8.h"
#include "analyzer/store/rows.h"
#include "analyzer/store/sql_bulk.h"
#include "common/check.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const state_names[GROUP_STATES] = {"open", "archived", "escalated"};

const char *db_groups_state_name(enum group_state state)
{
    return state_names[(unsigned)state < GROUP_STATES ? state : 0];
}

bool db_groups_state_parse(struct slice text, enum group_state *state)
{
    for (uint32_t i = 0; i < GROUP_STATES; i++) {
        if (slice_eq(text, slice_of_str(state_names[i]))) {
            *state = (enum group_state)i;
            return true;
        }
    }
    return false;
}

/* What the search of the inbox looks at. */
static struct slice words_of(const struct record *r, struct arena *arena)
{
    struct strbuf out;
    const char *const parts[] = {r->alert.signature, r->src.addr_text,   r->dst.addr_text,
                                 r->src.name,        r->dst.name,        r->src.zone,
                                 r->dst.zone,        r->alert.category,  r->technique_words,
                                 r->app_proto,       r->alert.reason_vi, r->alert.signature_vi};
    strbuf_init(&out, 4096);
    for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (*parts[i]) {
            utf8_fold(slice_of_str(parts[i]), &out);
            strbuf_char(&out, ' ');
        }
    }
    struct slice words = arena_keep(arena, strbuf_view(&out));
    strbuf_fini(&out);
    return words;
}

static void bind_texts(struct sql_bulk *q, const struct group_add *add)
{
    const struct record *r = add->newest;

    sql_bulk_int(q, r->group_id);
    sql_bulk_int(q, r->alert.gid);
    sql_bulk_int(q, r->alert.sid);
    sql_bulk_str(q, r->alert.signature);
    sql_bulk_str(q, r->alert.signature_vi);
    sql_bulk_str(q, r->alert.category);
    sql_bulk_str(q, r->alert.source);
    sql_bulk_int(q, add->severity);
    sql_bulk_str(q, r->src.addr_text);
    sql_bulk_str(q, r->dst.addr_text);
    sql_bulk_str(q, r->src.name);
    sql_bulk_str(q, r->dst.name);
    sql_bulk_str(q, r->src.zone);
    sql_bulk_str(q, r->dst.zone);
    sql_bulk_str(q, r->src.country);
    sql_bulk_str(q, r->dst.country);
    sql_bulk_int(q, r->dst.port);
    sql_bulk_str(q, r->proto);
    sql_bulk_str(q, r->app_proto);
}

static void put_row(struct sql_bulk *q, const struct group_add *add, struct arena *arena)
{
    const struct record *r = add->newest;
    uint8_t criticality =
        r->src.criticality > r->dst.criticality ? r->src.criticality : r->dst.criticality;

    bind_texts(q, add);
    sql_bulk_int(q, criticality);
    sql_bulk_str(q, r->sensor);
    sql_bulk_str(q, r->site);
    sql_bulk_str(q, r->technique_words);
    sql_bulk_str(q, r->alert.reason_en);
    sql_bulk_str(q, r->alert.reason_vi);
    sql_bulk_int(q, add->n);
    sql_bulk_int(q, add->n_kept);
    sql_bulk_time(q, add->first_ns);
    sql_bulk_time(q, add->last_ns);
    sql_bulk_int(q, r->sampled_out ? 0 : r->event_id);
    sql_bulk_text(q, words_of(r, arena));
    sql_bulk_int(q, r->exception_id);
    sql_bulk_int(q, add->n_same);
    sql_bulk_time(q, add->hour_ns);
    sql_bulk_int(q, add->hour_n);
    sql_bulk_int(q, add->kept && add->kept->opens_group ? add->kept->event_id : 0);
}

#define COLUMNS                                                                                    \
    "id,gid,sid,signature,signature_vi,category,source,severity,src,dst,src_name,dst_name,"        \
    "src_zone,dst_zone,src_country,dst_country,dport,proto,app,criticality,sensor,site,"           \
    "techniques,reason_en,reason_vi,n,n_kept,first,last,last_event,words,exception,n_same,hour,"   \
    "hour_n,first_event"
enum { COLUMNS_N = 36 };

/* Rows of groups that are `known`, or of the others. */
static enum err put_rows(struct store *store, const struct sql_table *table,
                         const struct group_add *adds, const bool *known, bool which, uint32_t n)
{
    struct sql_bulk rows;
    struct arena arena;

    arena_init(&arena, 1 << 16, 0);
    sql_bulk_start(&rows, store, table);
    for (uint32_t i = 0; i < n; i++)
        if (known[i] == which)
            put_row(&rows, &adds[i], &arena);
    enum err err = sql_bulk_end(&rows);
    arena_fini(&arena);
    return err;
}

static const struct sql_table spark_table = {
    "spark", "grp,hour,n", 3, " ON CONFLICT (grp,hour) DO UPDATE SET n=spark.n+excluded.n", "grp"};

static void put_hour(struct sql_bulk *rows, int64_t group_id, uint64_t hour_ns, int64_t n)
{
    sql_bulk_int(rows, group_id);
    sql_bulk_time(rows, hour_ns);
    sql_bulk_int(rows, n);
}

/* The hour of a new group stands in its row. */
static enum err put_hours(struct store *store, const struct group_add *adds, const bool *known,
                          uint32_t n)
{
    struct sql_bulk rows;

    sql_bulk_start(&rows, store, &spark_table);
    for (uint32_t i = 0; i < n; i++)
        if (known[i] && adds[i].hour_n)
            put_hour(&rows, adds[i].newest->group_id, adds[i].hour_ns, adds[i].hour_n);
    return sql_bulk_end(&rows);
}

/* known[i]: the group of adds[i] has its row. */
static enum err find_known(struct store *store, const struct group_add *adds, uint32_t n,
                           bool *known)
{
    static const struct sql_table table = {"grp", "id", 1, "", "id"};
    int64_t *ids = calloc(2 * (size_t)n, sizeof(*ids));
    uint32_t found = 0;

    CHECK(ids);
    for (uint32_t i = 0; i < n; i++)
        ids[i] = adds[i].newest->group_id;
    enum err err = sql_bulk_known(store, &table, ids, n, ids + n, &found);
    for (uint32_t i = 0; !err && i < n; i++)
        known[i] = sql_bulk_is_known(ids + n, found, ids[i]);
    free(ids);
    return err;
}

enum err db_groups_find(struct store *store, struct group_add *adds, uint32_t n)
{
    bool *known = calloc(n + 1, sizeof(*known));

    CHECK(known);
    enum err err = n ? find_known(store, adds, n, known) : ERR_OK;
    for (uint32_t i = 0; !err && i < n; i++) {
        adds[i].asked = true;
        adds[i].known = known[i];
        if (!known[i] && adds[i].kept)
            adds[i].kept->opens_group = true;
    }
    free(known);
    return err;
}

/* The same from what was asked before. */
static enum err recall_known(struct store *store, const struct group_add *adds, uint32_t n,
                             bool *known)
{
    if (!adds[0].asked)
        return find_known(store, adds, n, known);
    for (uint32_t i = 0; i < n; i++)
        known[i] = adds[i].known;
    return ERR_OK;
}

/* ---- what each site has */

enum { TALLY_SITES = 16 }; /* side by side in one batch; more are written before the end */
struct tally {
    const char *site;
    int64_t groups, alerts;
};

static enum err tally_add(struct store *store, const struct tally *add)
{
    struct sql *q = sql_start(store, "INSERT INTO tally (site,n_groups,alerts) VALUES ($1,$2,$3) "
                                     "ON CONFLICT (site) DO UPDATE SET "
                                     "n_groups=tally.n_groups+excluded.n_groups,"
                                     "alerts=tally.alerts+excluded.alerts");
    sql_str(q, add->site);
    sql_int(q, add->groups);
    sql_int(q, add->alerts);
    return sql_post(q);
}

static enum err tally_write(struct store *store, const struct tally *sites, uint32_t *used)
{
    enum err err = ERR_OK;

    for (uint32_t k = 0; !err && k < *used; k++)
        err = tally_add(store, &sites[k]);
    *used = 0;
    return err;
}

static enum err tally_count(struct store *store, struct tally *sites, uint32_t *used,
                            struct tally add)
{
    uint32_t k = 0;
    enum err err = ERR_OK;

    while (k < *used && strcmp(sites[k].site, add.site) != 0)
        k++;
    if (k == TALLY_SITES) {
        err = tally_write(store, sites, used);
        k = 0;
    }
    if (k == *used)
        sites[(*used)++] = (struct tally){add.site, 0, 0};
    sites[k].groups += add.groups;
    sites[k].alerts += add.alerts;
    return err;
}

static enum err tally_all(struct store *store, const struct group_add *adds, const bool *known,
                          uint32_t n)
{
    struct tally sites[TALLY_SITES];
    uint32_t used = 0;
    enum err err = ERR_OK;

    for (uint32_t i = 0; !err && i < n; i++)
        err = tally_count(store, sites, &used,
                          (struct tally){adds[i].newest->site, !known[i], adds[i].n});
    return err ? err : tally_write(store, sites, &used);
}

enum err db_groups_add(struct store *store, const struct group_add *adds, uint32_t n)
{
    static const struct sql_table fresh = {"grp", COLUMNS, COLUMNS_N, "", ""};
    static const struct sql_table old = {
        "grp", COLUMNS, COLUMNS_N,
        " ON CONFLICT (id) DO UPDATE SET "
        "signature=excluded.signature, signature_vi=excluded.signature_vi, "
        "category=excluded.category,"
        "severity=CASE WHEN excluded.severity>grp.severity THEN excluded.severity"
        " ELSE grp.severity END,"
        "src_name=excluded.src_name, dst_name=excluded.dst_name, dport=excluded.dport,"
        "criticality=excluded.criticality, sensor=excluded.sensor,"
        "techniques=excluded.techniques, reason_en=excluded.reason_en,"
        "reason_vi=excluded.reason_vi, n=grp.n+excluded.n, n_kept=grp.n_kept+excluded.n_kept,"
        "n_same=grp.n_same+excluded.n_same,"
        "first=CASE WHEN excluded.first<grp.first THEN excluded.first ELSE grp.first END,"
        "last=CASE WHEN excluded.last>grp.last THEN excluded.last ELSE grp.last END,"
        "last_event=CASE WHEN excluded.last_event>0 THEN excluded.last_event"
        " ELSE grp.last_event END,"
        "state=CASE WHEN grp.state=1 THEN 0 ELSE grp.state END, words=excluded.words,"
        "exception=excluded.exception",
        ""};

    if (n == 0)
        return ERR_OK;
    bool *known = calloc(n, sizeof(*known));
    CHECK(known);
    enum err err = recall_known(store, adds, n, known);
    if (!err)
        err = put_rows(store, &fresh, adds, known, false, n);
    if (!err)
        err = put_rows(store, &old, adds, known, true, n);
    if (!err)
        err = put_hours(store, adds, known, n);
    if (!err)
        err = tally_all(store, adds, known, n);
    free(known);
    return err;
}

void db_groups_read(struct sql *q, struct arena *arena, struct group_row *row)
{
    row->id = sql_col_int(q, 0);
    row->gid = sql_col_int(q, 1);
    row->sid = sql_col_int(q, 2);
    row->signature = sql_col_str(q, 3, arena);
    row->signature_vi = sql_col_str(q, 4, arena);
    row->category = sql_col_str(q, 5, arena);
    row->source = sql_col_str(q, 6, arena);
    row->severity = (enum severity)sql_col_int(q, 7);
    row->src_ip = sql_col_str(q, 8, arena);
    row->dst_ip = sql_col_str(q, 9, arena);
    row->src_name = sql_col_str(q, 10, arena);
    row->dst_name = sql_col_str(q, 11, arena);
    row->src_zone = sql_col_str(q, 12, arena);
    row->dst_zone = sql_col_str(q, 13, arena);
    row->src_country = sql_col_str(q, 14, arena);
    row->dst_country = sql_col_str(q, 15, arena);
    row->dst_port = sql_col_int(q, 16);
    row->proto = sql_col_str(q, 17, arena);
    row->app_proto = sql_col_str(q, 18, arena);
    row->criticality = (uint8_t)sql_col_int(q, 19);
    row->sensor = sql_col_str(q, 20, arena);
    row->site = sql_col_str(q, 21, arena);
    row->techniques = sql_col_str(q, 22, arena);
    row->reason_en = sql_col_str(q, 23, arena);
    row->reason_vi = sql_col_str(q, 24, arena);
    row->n = sql_col_int(q, 25);
    row->n_kept = sql_col_int(q, 26);
    row->n_done = sql_col_int(q, 27);
    row->first_ns = sql_col_time(q, 28);
    row->last_ns = sql_col_time(q, 29);
    row->state = (enum group_state)sql_col_int(q, 30);
    row->assignee = sql_col_str(q, 31, arena);
    row->incident_id = sql_col_int(q, 32);
    row->last_event_id = sql_col_int(q, 33);
    row->version = sql_col_int(q, 34);
    row->words = sql_col_str(q, 35, arena);
    row->exception_id = sql_col_int(q, 36);
}

enum err db_groups_get(struct store *store, int64_t id, struct arena *arena, struct group_row *row)
{
    struct sql *q = sql_start(store, "SELECT " ROWS_GROUP " FROM grp WHERE id=$1");
    sql_int(q, id);
    bool found = sql_row(q);
    if (found)
        db_groups_read(q, arena, row);
    return sql_end_found(q, found);
}

static void conditions(struct sql_where *w, const struct groups_query *query)
{
    const struct sql_value host[] = {sql_of_str(query->host), sql_of_str(query->host)};
    const struct sql_value incident[] = {sql_of_int(query->incident_id)};

    sql_where_bits(w, "state", query->states);
    sql_where_int(w, "severity>=?", query->at_least);
    if (query->text)
        sql_where_words(w, "words", query->text);
    if (query->host && *query->host)
        sql_where_and(w, "src=? OR dst=?", host, 2);
    sql_where_int(w, "sid=?", query->sid);
    sql_where_str(w, "site=?", query->site);
    sql_where_sites(w, "site", query->sites);
    sql_where_str(w, "sensor=?", query->sensor);
    if (query->technique && *query->technique)
        sql_where_contains(w, "techniques", slice_of_str(query->technique));
    if (query->incident_id)
        sql_where_and(w, "id IN (SELECT grp FROM link WHERE incident=? AND grp<>0)", incident, 1);
    if (!query->excepted && !query->incident_id)
        sql_where_and(w, "exception=0", NULL, 0);
    sql_where_int(w, "last>=?", (int64_t)query->from_ns);
    sql_where_int(w, "last<=?", (int64_t)query->to_ns);
}

enum err db_groups_list(struct store *store, const struct groups_query *query, struct arena *arena,
                        struct group_row **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql_where w;

    sql_where_init(&w, "SELECT " ROWS_GROUP " FROM grp");
    conditions(&w, query);
    sql_where_before(&w, "last", query->before_ns, query->before_id);
    sql_where_page(&w, "last DESC, id DESC", query->limit, 100, 1000);
    struct sql *q = sql_where_start(&w, store);
    struct group_row *row;
    while ((row = sql_rows_next(q, &out)))
        db_groups_read(q, arena, row);
    *rows = out.at;
    *n = out.n;
    return sql_where_end(&w, q);
}

enum err db_groups_count(struct store *store, const struct groups_query *query, int64_t *groups,
                         int64_t *alerts)
{
    struct sql_where w;

    sql_where_init(&w, "SELECT count(*), coalesce(sum(n),0) FROM grp");
    conditions(&w, query);
    struct sql *q = sql_where_start(&w, store);
    bool found = sql_row(q);
    *groups = found ? sql_col_int(q, 0) : 0;
    *alerts = found ? sql_col_int(q, 1) : 0;
    return sql_where_end(&w, q);
}

enum err db_groups_totals(struct store *store, const char *const *sites, int64_t *groups,
                          int64_t *alerts)
{
    struct sql_where w;

    sql_where_init(&w, "SELECT CAST(coalesce(sum(n_groups),0) AS BIGINT),"
                       "CAST(coalesce(sum(alerts),0) AS BIGINT) FROM tally");
    sql_where_sites(&w, "site", sites);
    struct sql *q = sql_where_start(&w, store);
    bool found = sql_row(q);
    *groups = found ? sql_col_int(q, 0) : 0;
    *alerts = found ? sql_col_int(q, 1) : 0;
    return sql_where_end(&w, q);
}

static enum err changed_one(struct store *store, enum err err)
{
    return err ? err : sql_changed(store) ? ERR_OK : ERR_NOTFOUND;
}

enum err db_groups_set(struct store *store, int64_t id, enum group_state state,
                       const char *assignee, int64_t n_seen)
{
    /* What came after the analyst looked stays new: then the group is open although he archived. */
    struct sql *q = sql_start(
        store, "UPDATE grp SET state=CASE WHEN $1=1 AND n>$2 THEN 0 ELSE $1 END,"
               "n_done=CASE WHEN $1<>1 THEN n_done WHEN $2<n THEN $2 ELSE n END,"
               "assignee=CASE WHEN $3=1 THEN $4 ELSE assignee END, version=version+1 WHERE id=$5");
    sql_int(q, state);
    sql_int(q, n_seen);
    sql_int(q, assignee != NULL);
    sql_str(q, assignee ? assignee : "");
    sql_int(q, id);
    enum err err = sql_run(q);
    return changed_one(store, err);
}

enum err db_groups_put_back(struct store *store, int64_t id, enum group_state state, int64_t n_done,
                            const char *assignee)
{
    struct sql *q = sql_start(store, "UPDATE grp SET state=$1,n_done=$2,assignee=$3,"
                                     "version=version+1 WHERE id=$4");
    sql_int(q, state);
    sql_int(q, n_done);
    sql_str(q, assignee);
    sql_int(q, id);
    enum err err = sql_run(q);
    return changed_one(store, err);
}

enum err db_groups_set_incident(struct store *store, int64_t id, int64_t incident_id)
{
    struct sql *q = sql_start(store, "UPDATE grp SET incident=$1 WHERE id=$2");
    sql_int(q, incident_id);
    sql_int(q, id);
    enum err err = sql_run(q);
    return changed_one(store, err);
}

enum err db_groups_sparks_add(struct store *store, const struct spark_add *adds, uint32_t n)
{
    struct sql_bulk rows;

    sql_bulk_start(&rows, store, &spark_table);
    for (uint32_t i = 0; i < n; i++)
        put_hour(&rows, adds[i].group_id, adds[i].hour_ns, adds[i].n);
    return sql_bulk_end(&rows);
}

enum err db_groups_spark(struct store *store, int64_t id, uint64_t from_ns, struct arena *arena,
                         struct hour_count **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql *q = sql_start(store, "SELECT hour,CAST(sum(n) AS BIGINT) FROM " ROWS_HOURS
                                     " h WHERE hour>=$2 GROUP BY hour ORDER BY hour");
    sql_int(q, id);
    sql_time(q, from_ns);
    struct hour_count *row;
    while ((row = sql_rows_next(q, &out)))
        *row = (struct hour_count){sql_col_time(q, 0), sql_col_int(q, 1)};
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

/* Takes groups off the sums of their sites. */
static enum err tally_less(struct store *store, const char *const *of, uint32_t n)
{
    struct tally sites[TALLY_SITES];
    uint32_t used = 0;
    enum err err = ERR_OK;

    for (uint32_t i = 0; !err && i < n; i++)
        err = tally_count(store, sites, &used, (struct tally){of[i], -1, 0});
    return err ? err : tally_write(store, sites, &used);
}

enum err db_groups_expire(struct store *store, int64_t last_event_id, uint32_t limit,
                          int64_t *deleted)
{
    struct arena arena;
    struct sql_rows out = {.arena = &arena, .size = sizeof(char *)};
    const char **site;

    arena_init(&arena, 4096, 0);
    struct sql *q = sql_start(
        store,
        "DELETE FROM grp WHERE id IN (SELECT id FROM grp WHERE last_event<=$1 AND NOT "
        "EXISTS (SELECT 1 FROM link l JOIN incident i ON i.id=l.incident WHERE l.grp=grp.id "
        "AND l.grp<>0 AND (i.state NOT IN (4,5) OR i.hold<>0)) AND NOT EXISTS (SELECT 1 FROM "
        "event WHERE event.id=grp.first_event) AND NOT EXISTS (SELECT 1 FROM event WHERE "
        "event.grp=grp.id AND " ROWS_AGAIN ") ORDER BY id LIMIT $2) RETURNING site");
    sql_int(q, last_event_id);
    sql_int(q, limit);
    while ((site = sql_rows_next(q, &out)))
        *site = sql_col_str(q, 0, &arena);
    enum err err = sql_end(q);
    *deleted = err ? 0 : out.n;
    if (!err)
        err = tally_less(store, out.at, out.n);
    arena_fini(&arena);
    if (err || *deleted == 0)
        return err;
    q = sql_start(store, "DELETE FROM spark WHERE NOT EXISTS (SELECT 1 FROM grp WHERE "
                         "grp.id=spark.grp)");
    return sql_run(q);
}
