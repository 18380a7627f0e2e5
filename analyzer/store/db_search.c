/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_search.h"
#include "analyzer/search/match.h"
#include "analyzer/store/rows.h"
#include "analyzer/store/search_sql.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/map.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    LIMIT_USUAL = 50,
    LIMIT_MOST = 1000,
    BUDGET_GROUPS = 40000,
    BUDGET_EVENTS = 10000, /* each is read as JSON */
    SUMMED_MOST = 20000,   /* newest events that one groupby counts */
    CHUNK = 2000,          /* rows of one statement */
    WINDOW = 20000,        /* groups that one statement looks at, newest first */
    STEPS_USUAL = 60,
    STEPS_MOST = 2000,
    VALUES_MOST = 20000, /* different values of a groupby that are counted */
    VALUE_BYTES = 200,
};

static uint32_t limit_of(const struct search_range *range)
{
    return range->limit == 0 ? LIMIT_USUAL : range->limit > LIMIT_MOST ? LIMIT_MOST : range->limit;
}

static uint32_t budget_of(const struct search_range *range, uint32_t usual)
{
    return range->budget ? range->budget : usual;
}

/* What a range says, on top of the search. */
static void put_range(struct sql_where *w, const struct search_range *range, const char *time,
                      const char *site)
{
    char from[32], to[32];
    snprintf(from, sizeof(from), "%.20s>=?", time);
    snprintf(to, sizeof(to), "%.20s<=?", time);
    sql_where_int(w, from, (int64_t)range->from_ns);
    sql_where_int(w, to, (int64_t)range->to_ns);
    sql_where_sites(w, site, range->sites);
}

/* ---- groups ---- */

static struct record_value text_value(const char *text)
{
    return (struct record_value){.kind = *text ? VALUE_TEXT : VALUE_NONE,
                                 .text = slice_of_str(text)};
}

static struct record_value number_value(int64_t number)
{
    return (struct record_value){.kind = VALUE_NUMBER, .number = (double)number};
}

static struct record_value group_text(const struct group_row *g, const char *field)
{
    const struct {
        const char *name, *value;
    } texts[] = {
        {"src", g->src_ip},
        {"dst", g->dst_ip},
        {"src_name", g->src_name},
        {"dst_name", g->dst_name},
        {"src_zone", g->src_zone},
        {"dst_zone", g->dst_zone},
        {"src_country", g->src_country},
        {"dst_country", g->dst_country},
        {"sensor", g->sensor},
        {"site", g->site},
        {"proto", g->proto},
        {"app", g->app_proto},
        {"technique", g->techniques},
        {"source", g->source},
        {"assignee", g->assignee},
        {"signature", g->words},
        {"category", g->category},
        {"type", "alert"},
        {"state", db_groups_state_name(g->state)},
    };

    for (uint32_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(texts[i].name, field) == 0)
            return text_value(texts[i].value);
    }
    return (struct record_value){.kind = VALUE_NONE};
}

static struct record_value group_field(const void *ctx, const char *field)
{
    const struct group_row *g = ctx;
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        {"time", (int64_t)g->last_ns},
        {"dport", g->dst_port},
        {"sid", g->sid},
        {"gid", g->gid},
        {"severity", g->severity},
        {"group", g->id},
        {"incident", g->incident_id},
        {"criticality", g->criticality},
        {"exception", g->exception_id},
    };

    for (uint32_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(numbers[i].name, field) == 0)
            return number_value(numbers[i].value);
    }
    return group_text(g, field);
}

static struct slice group_texts(const void *ctx)
{
    return slice_of_str(((const struct group_row *)ctx)->words);
}

struct scan {
    struct store *store;
    const struct search *search;
    const struct search_range *range;
    struct search_state *state;
    bool exact; /* the statement says all */
    enum err err;
};

static bool group_fits(const struct scan *s, const struct group_row *row)
{
    struct match_of of = {group_field, group_texts, row};

    return s->exact || match_node(s->search->root, &of);
}

static uint32_t window_of(const struct search_range *range)
{
    return range->budget && range->budget < WINDOW ? range->budget : WINDOW;
}

/* The last of the next window of groups, by the index alone. False: there are fewer. */
static bool window_end(struct scan *s, uint64_t *ns, int64_t *id)
{
    struct sql_where w;

    sql_where_init(&w, "SELECT last,id FROM grp");
    sql_where_int(&w, "last>=?", (int64_t)s->range->from_ns);
    sql_where_int(&w, "last<=?", (int64_t)s->range->to_ns);
    sql_where_before(&w, "last", s->state->next_ns, s->state->next_id);
    strbuf_fmt(&w.text, " ORDER BY last DESC, id DESC LIMIT 1 OFFSET %u", window_of(s->range) - 1);
    struct sql *q = sql_where_start(&w, s->store);
    bool found = sql_row(q);
    *ns = found ? sql_col_time(q, 0) : 0;
    *id = found ? sql_col_int(q, 1) : 0;
    s->err = sql_end(q);
    sql_where_fini(&w);
    return found;
}

static void put_window(struct sql_where *w, uint64_t ns, int64_t id)
{
    const struct sql_value end[] = {sql_of_int((int64_t)ns), sql_of_int((int64_t)ns),
                                    sql_of_int(id)};
    sql_where_and(w, "last>=? AND (last>? OR id>=?)", end, 3);
}

/* One statement's worth of groups behind (next_ns, next_id); `each` says false to stop. */
static uint32_t scan_groups(struct scan *s, uint32_t most,
                            bool (*each)(void *ctx, const struct group_row *row,
                                         struct arena *arena),
                            void *ctx, struct arena *arena)
{
    struct sql_where w;
    uint32_t n = 0;
    uint64_t end_ns = 0;
    int64_t end_id = 0;
    bool go = true, cut = !search_sql_is_narrow(s->search->root) && window_end(s, &end_ns, &end_id);

    if (s->err)
        return 0;
    sql_where_init(&w, "SELECT " ROWS_GROUP " FROM grp");
    put_range(&w, s->range, "last", "site");
    sql_where_before(&w, "last", s->state->next_ns, s->state->next_id);
    if (cut)
        put_window(&w, end_ns, end_id);
    s->exact = search_sql_where(&w, s->search->root, SEARCH_GROUPS);
    sql_where_page(&w, "last DESC, id DESC", most, CHUNK, CHUNK);
    struct sql *q = sql_where_start(&w, s->store);
    while (go && sql_row(q)) {
        struct group_row row;
        db_groups_read(q, arena, &row);
        n++;
        s->state->next_ns = row.last_ns;
        s->state->next_id = row.id;
        go = !group_fits(s, &row) || each(ctx, &row, arena);
    }
    s->err = sql_end(q);
    sql_where_fini(&w);
    bool through = go && n < most;
    s->state->complete = through && !cut;
    s->state->looked += through && cut ? window_of(s->range) : n;
    if (through && cut) {
        s->state->next_ns = end_ns;
        s->state->next_id = end_id;
    }
    return n;
}

struct taken {
    struct sql_rows rows;
    uint32_t limit;
};

static bool take(struct taken *t, const void *row)
{
    void *to = sql_rows_add(&t->rows);

    if (to)
        memcpy(to, row, t->rows.size);
    return to && t->rows.n < t->limit;
}

static bool take_group(void *ctx, const struct group_row *row, struct arena *arena)
{
    (void)arena;
    return take(ctx, row);
}

enum err db_search_groups(struct store *store, const struct search *search,
                          const struct search_range *range, struct arena *arena,
                          struct group_row **rows, uint32_t *n, struct search_state *state)
{
    struct scan s = {store, search, range, state, false, ERR_OK};
    struct taken t = {{.arena = arena, .size = sizeof(**rows)}, limit_of(range)};

    *state = (struct search_state){.next_ns = range->before_ns, .next_id = range->before_id};
    do {
        scan_groups(&s, CHUNK < t.limit ? CHUNK : t.limit + 1, take_group, &t, arena);
    } while (!s.err && !state->complete && t.rows.n < t.limit &&
             state->looked < budget_of(range, BUDGET_GROUPS));
    *rows = t.rows.at;
    *n = t.rows.n;
    return s.err;
}

struct sum {
    int64_t groups, alerts;
};

static bool count_group(void *ctx, const struct group_row *row, struct arena *arena)
{
    struct sum *sum = ctx;

    (void)arena;
    sum->groups++;
    sum->alerts += row->n;
    return true;
}

/* A window's sums in one statement; of a narrow search, all in one. False: the statement cannot say
 * it all. */
static bool count_exact(struct scan *s, struct sum *sum)
{
    struct sql_where w;
    uint64_t end_ns = 0;
    int64_t end_id = 0;
    bool cut = !search_sql_is_narrow(s->search->root) && window_end(s, &end_ns, &end_id);

    sql_where_init(&w, "SELECT count(*),CAST(coalesce(sum(n),0) AS BIGINT) FROM grp");
    put_range(&w, s->range, "last", "site");
    sql_where_before(&w, "last", s->state->next_ns, s->state->next_id);
    if (cut)
        put_window(&w, end_ns, end_id);
    s->exact = search_sql_where(&w, s->search->root, SEARCH_GROUPS);
    if (s->exact && !s->err) {
        struct sql *q = sql_where_start(&w, s->store);
        if (sql_row(q)) {
            sum->groups += sql_col_int(q, 0);
            sum->alerts += sql_col_int(q, 1);
        }
        s->err = sql_end(q);
        s->state->complete = !cut;
        s->state->looked += window_of(s->range);
        s->state->next_ns = end_ns;
        s->state->next_id = end_id;
    }
    sql_where_fini(&w);
    return s->exact;
}

enum err db_search_count(struct store *store, const struct search *search,
                         const struct search_range *range, int64_t *groups, int64_t *alerts,
                         struct search_state *state)
{
    struct scan s = {store, search, range, state, false, ERR_OK};
    struct sum sum = {0, 0};
    struct arena arena;
    uint32_t most = budget_of(range, BUDGET_GROUPS);

    *state = (struct search_state){0};
    arena_init(&arena, 1 << 20, 0);
    do {
        arena_reset(&arena);
        if (!count_exact(&s, &sum))
            scan_groups(&s, CHUNK, count_group, &sum, &arena);
    } while (!s.err && !state->complete && state->looked < most);
    arena_fini(&arena);
    *groups = sum.groups;
    *alerts = sum.alerts;
    return s.err;
}

/* ---- events ---- */

/* An event with what its group knows of it. */
struct found {
    struct event_row row;
    struct record record;
    struct json *tree;
};

static void found_open(struct found *f, struct sql *q, struct arena *arena)
{
    struct record *r = &f->record;
    const struct event_row *row = &f->row;

    memset(f, 0, sizeof(*f));
    db_events_read(q, arena, &f->row);
    json_parse(slice_of_str(row->json), &f->tree, NULL);
    r->ts_ns = row->ts_ns;
    r->group_id = row->group_id;
    r->flow_id = row->flow_id;
    r->eve = f->tree;
    r->raw = slice_of_str(row->json);
    r->event_type = row->event_type;
    r->sensor = row->sensor;
    r->site = row->site;
    r->proto = row->proto;
    r->app_proto = row->app_proto;
    r->is_alert = row->kind == RECORD_ALERT || row->kind == RECORD_DEVIATION;
    r->severity = row->severity;
    r->alert.signature = row->signature;
    r->alert.sid = row->sid;
    r->alert.gid = row->gid;
    r->technique_words = sql_col_str(q, ROWS_EVENT_COLUMNS, arena);
    r->tactic_words = "";
    r->src.zone = sql_col_str(q, ROWS_EVENT_COLUMNS + 1, arena);
    r->dst.zone = sql_col_str(q, ROWS_EVENT_COLUMNS + 2, arena);
    snprintf(r->src.country, sizeof(r->src.country), "%s",
             sql_col_str(q, ROWS_EVENT_COLUMNS + 3, arena));
    snprintf(r->dst.country, sizeof(r->dst.country), "%s",
             sql_col_str(q, ROWS_EVENT_COLUMNS + 4, arena));
    r->dst.criticality = (uint8_t)sql_col_int(q, ROWS_EVENT_COLUMNS + 5);
    r->alert.source = sql_col_str(q, ROWS_EVENT_COLUMNS + 6, arena);
    r->exception_id = sql_col_int(q, ROWS_EVENT_COLUMNS + 7);
    snprintf(r->src.addr_text, sizeof(r->src.addr_text), "%s", row->src_ip);
    snprintf(r->dst.addr_text, sizeof(r->dst.addr_text), "%s", row->dst_ip);
    r->src.port = row->src_port;
    r->dst.port = row->dst_port;
    r->src.name = row->src_name;
    r->dst.name = row->dst_name;
    r->src.device = row->device;
    r->src.mac = r->dst.mac = r->dst.device = r->src.owner_en = r->dst.owner_en = "";
    r->src.zone_kind = r->dst.zone_kind = r->src.role = r->dst.role = "";
    r->src.profile = r->dst.profile = r->src.as_name = r->dst.as_name = "";
}

typedef bool each_event(void *ctx, const struct found *found, struct arena *arena);

static uint32_t scan_events(struct scan *s, uint32_t most, each_event *each, void *ctx,
                            struct arena *arena)
{
    struct sql_where w;
    uint32_t n = 0;
    bool go = true;

    sql_where_init(&w, "SELECT e.*,coalesce(g.techniques,''),coalesce(g.src_zone,''),"
                       "coalesce(g.dst_zone,''),coalesce(g.src_country,''),"
                       "coalesce(g.dst_country,''),coalesce(g.criticality,0),"
                       "coalesce(g.source,''),coalesce(g.exception,0) FROM (SELECT " ROWS_EVENT
                       " FROM event");
    /* "+": rows are wanted by number; through the index of times all would be sorted first. */
    put_range(&w, s->range, "+ts", "site");
    sql_where_int(&w, "id<?", s->state->next_id);
    s->exact = search_sql_where(&w, s->search->root, SEARCH_EVENTS);
    sql_where_page(&w, "id DESC", most, CHUNK, CHUNK);
    sql_where_tail(&w, ") e LEFT JOIN grp g ON g.id=e.grp ORDER BY e.id DESC", NULL, 0);
    struct sql *q = sql_where_start(&w, s->store);
    while (go && sql_row(q)) {
        struct found found;
        found_open(&found, q, arena);
        n++;
        s->state->next_id = found.row.id;
        if (s->exact || match_record(s->search->root, &found.record))
            go = each(ctx, &found, arena);
        json_free(&found.tree);
    }
    s->err = sql_end(q);
    sql_where_fini(&w);
    s->state->looked += n;
    s->state->complete = go && n < most;
    return n;
}

static bool take_event(void *ctx, const struct found *found, struct arena *arena)
{
    (void)arena;
    return take(ctx, &found->row);
}

enum err db_search_events(struct store *store, const struct search *search,
                          const struct search_range *range, struct arena *arena,
                          struct event_row **rows, uint32_t *n, struct search_state *state)
{
    struct scan s = {store, search, range, state, false, ERR_OK};
    struct taken t = {{.arena = arena, .size = sizeof(**rows)}, limit_of(range)};

    *state = (struct search_state){.next_id = range->before_id};
    do {
        scan_events(&s, CHUNK < t.limit ? CHUNK : t.limit + 1, take_event, &t, arena);
    } while (!s.err && !state->complete && t.rows.n < t.limit &&
             state->looked < budget_of(range, BUDGET_EVENTS));
    *rows = t.rows.at;
    *n = t.rows.n;
    return s.err;
}

/* All events that fit, within the budget; memory of one chunk at a time. */
static void scan_all(struct scan *s, each_event *each, void *ctx)
{
    struct arena arena;

    arena_init(&arena, 1 << 20, 0);
    do {
        arena_reset(&arena);
        scan_events(s, CHUNK, each, ctx, &arena);
    } while (!s->err && !s->state->complete &&
             s->state->looked < budget_of(s->range, BUDGET_EVENTS));
    arena_fini(&arena);
}

/* ---- groupby ---- */

static bool columns_of(const struct search *search, const char *columns[SEARCH_FIELDS_MAX])
{
    for (uint32_t i = 0; i < search->n_by; i++) {
        columns[i] = search_sql_column(search->by[i], SEARCH_EVENTS);
        if (!columns[i])
            return false;
    }
    return true;
}

/* The last column is how many events were counted in all. */
static enum err groupby_sql(struct sql_where *w, struct store *store, const struct search *search,
                            struct sql_rows *out, int64_t *all)
{
    struct sql *q = sql_where_start(w, store);

    *all = 0;
    while (sql_row(q)) {
        struct search_count *row = sql_rows_add(out);
        if (!row)
            break;
        for (uint32_t i = 0; i < search->n_by; i++)
            row->value[i] = sql_col_str(q, i, out->arena);
        row->n = sql_col_int(q, search->n_by);
        *all = sql_col_int(q, search->n_by + 1);
    }
    return sql_end(q);
}

/* "c0,c1,c2": names of the columns inside. */
static void put_names(struct strbuf *out, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        strbuf_fmt(out, "%sc%u", i ? "," : "", i);
}

/* True when one statement answered: over the newest events that fit. */
static bool groupby_exact(struct scan *s, struct sql_rows *out)
{
    const char *columns[SEARCH_FIELDS_MAX];
    uint32_t by = s->search->n_by;
    struct sql_where w;
    struct strbuf text;
    int64_t all;
    uint32_t most = budget_of(s->range, SUMMED_MOST);

    if (!columns_of(s->search, columns))
        return false;
    strbuf_init(&text, 0);
    strbuf_str(&text, "SELECT ");
    put_names(&text, by);
    strbuf_str(&text, ",count(*),CAST(sum(count(*)) OVER () AS BIGINT) FROM (SELECT ");
    for (uint32_t i = 0; i < by; i++)
        strbuf_fmt(&text, "%sCAST(%s AS TEXT) AS c%u", i ? "," : "", columns[i], i);
    strbuf_str(&text, " FROM event");
    sql_where_init(&w, text.at);
    put_range(&w, s->range, "+ts", "site");
    bool exact = search_sql_where(&w, s->search->root, SEARCH_EVENTS);
    strbuf_clear(&text);
    strbuf_fmt(&text, " ORDER BY id DESC LIMIT %u) e GROUP BY ", most);
    put_names(&text, by);
    strbuf_fmt(&text, " ORDER BY %u DESC,1 LIMIT %u", by + 1, s->search->top);
    sql_where_tail(&w, text.at, NULL, 0);
    strbuf_fini(&text);
    if (exact) {
        s->err = groupby_sql(&w, s->store, s->search, out, &all);
        s->state->complete = all < most;
    }
    sql_where_fini(&w);
    return exact;
}

struct grouping {
    const struct search *search;
    struct map *counts; /* values with a zero byte behind each → count */
};

static bool is_whole(double number)
{
    return number > -9e15 && number < 9e15 && (double)(int64_t)number == number;
}

static void put_value(struct record_value v, struct strbuf *key)
{
    if (v.kind == VALUE_TEXT)
        strbuf_slice(key, slice_head(v.text, VALUE_BYTES));
    else if ((v.kind == VALUE_NUMBER || v.kind == VALUE_BOOL) && is_whole(v.number))
        strbuf_fmt(key, "%.0f", v.number); /* numbers of groups and flows have all their digits */
    else if (v.kind == VALUE_NUMBER)
        strbuf_fmt(key, "%.15g", v.number);
    else if (v.kind == VALUE_LIST && json_kind(json_first(v.list)) == JSON_STR)
        strbuf_slice(key, slice_head(json_text(json_first(v.list)), VALUE_BYTES));
    strbuf_bytes(key, "", 1);
}

/* Both ends count for a pair: an event is counted once for each of them. */
static void count_event(struct grouping *g, const struct record *r, uint32_t field,
                        struct strbuf *key)
{
    const char *ends[2] = {NULL, NULL};
    size_t len = key->len;

    if (field == g->search->n_by) {
        union map_value *v = map_add(g->counts, strbuf_view(key), NULL);
        if (v)
            v->u++;
        return;
    }
    bool pair = search_is_pair(g->search->by[field], &ends[0], &ends[1]);
    for (uint32_t i = 0; i < (pair ? 2u : 1u); i++) {
        put_value(match_record_field(r, pair ? ends[i] : g->search->by[field]), key);
        count_event(g, r, field + 1, key);
        key->len = len;
    }
}

static bool group_event(void *ctx, const struct found *found, struct arena *arena)
{
    struct strbuf key;

    (void)arena;
    strbuf_init(&key, 0);
    count_event(ctx, &found->record, 0, &key);
    strbuf_fini(&key);
    return true;
}

static int by_count(const void *a, const void *b)
{
    const struct search_count *x = a;
    const struct search_count *y = b;

    return x->n != y->n ? (y->n > x->n) - (y->n < x->n) : strcmp(x->value[0], y->value[0]);
}

static void read_counts(const struct grouping *g, struct sql_rows *out)
{
    struct slice key;
    union map_value *v = NULL;
    uint32_t at = 0;

    while (map_next(g->counts, &at, &key, &v)) {
        struct search_count *row = sql_rows_add(out);
        struct slice kept = arena_keep(out->arena, key);
        if (!row || kept.len != key.len)
            break;
        for (uint32_t i = 0; i < g->search->n_by; i++) {
            row->value[i] = (const char *)kept.at;
            kept = slice_from(kept, (uint32_t)strlen(row->value[i]) + 1);
        }
        row->n = (int64_t)v->u;
    }
    if (out->n)
        qsort(out->at, out->n, out->size, by_count);
    out->n = out->n < g->search->top ? out->n : g->search->top;
}

enum err db_search_groupby(struct store *store, const struct search *search,
                           const struct search_range *range, struct arena *arena,
                           struct search_count **rows, uint32_t *n, struct search_state *state)
{
    struct scan s = {store, search, range, state, false, ERR_OK};
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};

    *state = (struct search_state){0};
    if (!groupby_exact(&s, &out)) {
        struct grouping g = {search, map_new(VALUES_MOST, SEARCH_FIELDS_MAX * (VALUE_BYTES + 1))};
        CHECK(g.counts);
        scan_all(&s, group_event, &g);
        read_counts(&g, &out);
        map_free(&g.counts);
    }
    *rows = out.at;
    *n = out.n;
    return s.err;
}

/* ---- histogram ---- */

struct steps {
    uint64_t step_ns;
    struct map *counts; /* begin of a step (8 bytes) → count */
};

static bool step_event(void *ctx, const struct found *found, struct arena *arena)
{
    struct steps *steps = ctx;
    uint64_t at_ns = found->row.ts_ns - found->row.ts_ns % steps->step_ns;

    (void)arena;
    union map_value *v =
        map_add(steps->counts, (struct slice){(const uint8_t *)&at_ns, sizeof(at_ns)}, NULL);
    if (v)
        v->u++;
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct search_step *x = a;
    const struct search_step *y = b;

    return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

static void histogram_scan(struct scan *s, uint64_t step_ns, struct sql_rows *out)
{
    struct steps steps = {step_ns, map_new(STEPS_MOST, sizeof(uint64_t))};
    struct slice key;
    union map_value *v = NULL;
    uint32_t at = 0;

    CHECK(steps.counts);
    scan_all(s, step_event, &steps);
    while (map_next(steps.counts, &at, &key, &v)) {
        struct search_step *row = sql_rows_add(out);
        if (!row)
            break;
        memcpy(&row->at_ns, key.at, sizeof(row->at_ns));
        row->n = (int64_t)v->u;
    }
    map_free(&steps.counts);
    if (out->n)
        qsort(out->at, out->n, out->size, by_time);
}

static void histogram_sql(struct scan *s, struct sql_where *w, struct sql_rows *out)
{
    struct sql *q = sql_where_start(w, s->store);

    while (sql_row(q)) {
        struct search_step *row = sql_rows_add(out);
        if (!row)
            break;
        row->at_ns = sql_col_time(q, 0);
        row->n = sql_col_int(q, 1);
    }
    s->err = sql_end(q);
    s->state->complete = true;
}

/* Only the type is asked for, or nothing: the sums of minutes know. "" = every type. */
static const char *type_only(const struct search_node *root)
{
    while (root->kind == SEARCH_AND && root->first && !root->first->next)
        root = root->first;
    if (root->kind == SEARCH_ALL)
        return "";
    bool type = root->kind == SEARCH_TEST && root->op == SEARCH_EQUAL && !root->wildcard &&
                strcmp(root->field, "type") == 0;
    return type ? root->text : NULL;
}

/* They count also what was sampled away. Minutes come in the order of their key: no sorting. */
static void histogram_rollup(struct scan *s, uint64_t step_ns, const char *type,
                             struct sql_rows *out)
{
    struct sql_where w;
    struct search_step *row = NULL;

    sql_where_init(&w, "SELECT minute,CAST(sum(n) AS BIGINT) FROM rollup");
    put_range(&w, s->range, "minute", "site");
    sql_where_str(&w, "type=?", type);
    sql_where_tail(&w, " GROUP BY minute ORDER BY minute", NULL, 0);
    struct sql *q = sql_where_start(&w, s->store);
    while (sql_row(q)) {
        uint64_t at_ns = sql_col_time(q, 0) / step_ns * step_ns;
        if (!row || row->at_ns != at_ns) {
            row = out->n < STEPS_MOST ? sql_rows_add(out) : NULL;
            if (!row)
                break;
            row->at_ns = at_ns;
        }
        row->n += sql_col_int(q, 1);
    }
    s->err = sql_end(q);
    s->state->complete = true;
    sql_where_fini(&w);
}

/* A round number of seconds that gives about STEPS_USUAL steps. */
static uint64_t choose_step(const struct search_range *range)
{
    static const uint32_t seconds[] = {1,    5,    15,   60,    300,   900,
                                       1800, 3600, 7200, 21600, 43200, 86400};
    uint64_t span_s = (range->to_ns - range->from_ns) / CLOCK_S;
    uint32_t i = 0;

    while (i + 1 < sizeof(seconds) / sizeof(seconds[0]) && span_s / seconds[i] > STEPS_USUAL)
        i++;
    return seconds[i] * (uint64_t)CLOCK_S;
}

enum err db_search_histogram(struct store *store, const struct search *search,
                             const struct search_range *range, struct arena *arena,
                             struct search_step **rows, uint32_t *n, uint64_t *step_ns,
                             struct search_state *state)
{
    struct scan s = {store, search, range, state, false, ERR_OK};
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql_where w;
    char head[120];

    *state = (struct search_state){0};
    *step_ns = search->step_ns ? search->step_ns : choose_step(range);
    const char *type = type_only(search->root);
    if (type && *step_ns % (60 * CLOCK_S) == 0) {
        histogram_rollup(&s, *step_ns, type, &out);
        *rows = out.at;
        *n = out.n;
        return s.err;
    }
    snprintf(head, sizeof(head), "SELECT ts-ts%%%llu,count(*) FROM event",
             (unsigned long long)*step_ns);
    sql_where_init(&w, head);
    put_range(&w, range, "ts", "site");
    if (search_sql_where(&w, search->root, SEARCH_EVENTS)) {
        sql_where_tail(&w, " GROUP BY 1 ORDER BY 1 LIMIT 2000", NULL, 0);
        histogram_sql(&s, &w, &out);
    } else {
        histogram_scan(&s, *step_ns, &out);
    }
    sql_where_fini(&w);
    *rows = out.at;
    *n = out.n;
    return s.err;
}
