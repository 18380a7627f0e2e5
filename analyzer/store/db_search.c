/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_search.h"
#include "analyzer/search/match.h"
#include "analyzer/store/db_blocks.h"
#include "analyzer/store/db_rollups.h"
#include "analyzer/store/rows.h"
#include "analyzer/store/search_scan.h"
#include "analyzer/store/search_sql.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/map.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BUDGET_EVENTS = 10000,  /* each is read as JSON */
    BUDGET_SCANNED = 40000, /* events that a statement alone decides */
    SUMMED_MOST = 20000,    /* newest events that one groupby or histogram counts */
    WIDER = 8,              /* times a narrow search's next window */
    SPARSE = 50,            /* of so many events at most one fits: a set of them is small */
    STEPS_USUAL = 60,
    STEPS_MOST = 2000,
    VALUES_MOST = 20000, /* different values of a groupby that are counted */
    VALUE_BYTES = 200,
};

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

/* Only the type is asked for, or nothing. "" = every type. */
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

/* Every event fits, or every one of a kind that has an index: the first ones are found at once. */
static bool is_plain(const struct search_scan *s)
{
    const char *type = type_only(s->search->root);

    return type && !s->range->sites &&
           (!*type || strcmp(type, "alert") == 0 || strcmp(type, "deviation") == 0 ||
            strcmp(type, "device") == 0);
}

static bool is_led(const struct search_scan *s)
{
    return search_sql_is_narrow(s->search->root) || is_plain(s);
}

/* Time that is left of the caller's patience. */
static uint64_t time_left(const struct search_scan *s, uint64_t now_ns)
{
    uint64_t end_ns = s->began_ns + s->range->patience_ns;

    return s->range->patience_ns == 0 ? UINT64_MAX : end_ns > now_ns ? end_ns - now_ns : 0;
}

/* A window like the last one may take as long again: rows that lie on a cold disk cost a thousand
 * times those in memory. */
static int64_t in_time(const struct search_scan *s, int64_t width, int64_t least)
{
    uint64_t now_ns = clock_mono_ns(), took_ns = now_ns - s->window_ns + 1;
    double most = (double)time_left(s, now_ns) / (double)took_ns * (double)s->wide;

    return s->range->patience_ns == 0 || (double)width <= most ? width
           : most < (double)least                              ? least
                                                               : (int64_t)most;
}

/* An index leads through the blocks of the search: of the next ones as many as it takes, to judge
 * by those before. */
static int64_t next_width(const struct search_scan *s, int64_t usual)
{
    int64_t wider = s->wide * WIDER;

    if (s->wide == 0)
        return usual;
    if (s->found == 0)
        return in_time(s, wider, usual / WIDER);
    int64_t enough = s->seen * (s->most - s->found) / s->found + usual;
    return in_time(s, enough < wider ? enough : wider, usual / WIDER);
}

/* Blocks that the next statement looks at. False: there are none. */
static bool next_blocks(struct search_scan *s, struct blocks_window *window)
{
    int64_t events = search_scan_budget(s->range, BUDGET_SCANNED);

    if (s->began_ns == 0)
        s->began_ns = clock_mono_ns();
    s->led = s->wide && s->store->def->led && s->found * SPARSE <= s->seen &&
             search_sql_is_narrow(s->search->root);
    if (is_led(s))
        s->wide = events = next_width(s, events);
    s->window_ns = clock_mono_ns();
    s->err = db_blocks_window(s->store, s->state->next_id, s->range->from_ns, s->range->to_ns,
                              events, window);
    s->state->complete = !s->err && window->n == 0;
    return !s->err && window->n;
}

/* The first window of a narrow search is looked through: a busy host is in it. */
static enum search_way way_of(const struct search_scan *s)
{
    return !s->store->def->led ? SEARCH_BY_SETS : s->led ? SEARCH_BY_LEAD : SEARCH_BY_ROWS;
}

/* Gives the first of its two arguments. */
static uint32_t put_blocks(struct sql_where *w, const struct blocks_window *window)
{
    const struct sql_value ends[] = {sql_of_int(window->first), sql_of_int(window->end)};
    sql_where_and(w, "id>=? AND id<?", ends, 2);
    return w->n - 1;
}

/* Rows of a window count, those that the statement left out too, but less than one read as JSON. */
static uint32_t passed(const struct search_scan *s, const struct blocks_window *window, uint32_t n)
{
    uint32_t all = (uint32_t)window->n / (s->exact ? 1 : BUDGET_SCANNED / BUDGET_EVENTS);

    return n > all ? n : all;
}

/* One statement's worth of events behind next_id. */
static void scan_events(struct search_scan *s, uint32_t most, each_event *each, void *ctx,
                        struct arena *arena)
{
    struct blocks_window window;
    struct sql_where w;
    uint32_t n = 0;
    bool go = true;

    if (!next_blocks(s, &window))
        return;
    sql_where_init(&w, "SELECT e.*,coalesce(g.techniques,''),coalesce(g.src_zone,''),"
                       "coalesce(g.dst_zone,''),coalesce(g.src_country,''),"
                       "coalesce(g.dst_country,''),coalesce(g.criticality,0),"
                       "coalesce(g.source,''),coalesce(g.exception,0) FROM (SELECT " ROWS_EVENT
                       " FROM event");
    /* "+": rows are wanted by number; through the index of times all would be sorted first. */
    search_scan_range(&w, s->range, "+ts", "site");
    uint32_t ends = put_blocks(&w, &window);
    s->exact = search_sql_where(&w, s->search->root, SEARCH_EVENTS, way_of(s), ends);
    sql_where_page(&w, s->led ? "+id DESC" : "id DESC", most, SEARCH_SCAN_CHUNK, SEARCH_SCAN_CHUNK);
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
    bool through = go && n < most;
    s->state->complete = through && window.last;
    s->state->looked += through && !s->wide ? passed(s, &window, n) : n;
    if (through)
        s->state->next_id = window.first;
}

/* Whether there is more to look at, within the budget. */
static bool goes_on(const struct search_scan *s)
{
    return !s->err && !s->state->complete && time_left(s, clock_mono_ns()) > 0 &&
           s->state->looked <
               search_scan_budget(s->range, s->exact ? BUDGET_SCANNED : BUDGET_EVENTS);
}

static bool take_event(void *ctx, const struct found *found, struct arena *arena)
{
    (void)arena;
    return search_scan_take(ctx, &found->row);
}

enum err db_search_events(struct store *store, const struct search *search,
                          const struct search_range *range, struct arena *arena,
                          struct event_row **rows, uint32_t *n, struct search_state *state)
{
    struct search_scan s = {store, search, range, state, .err = ERR_OK};
    struct search_scan_taken t = {{.arena = arena, .size = sizeof(**rows)},
                                  search_scan_limit(range)};

    *state = (struct search_state){.next_id = range->before_id};
    do {
        scan_events(&s, SEARCH_SCAN_CHUNK < t.limit ? SEARCH_SCAN_CHUNK : t.limit + 1, take_event,
                    &t, arena);
    } while (t.rows.n < t.limit && goes_on(&s));
    *rows = t.rows.at;
    *n = t.rows.n;
    return s.err;
}

/* All events that fit, within the budget; memory of one chunk at a time. */
static void scan_all(struct search_scan *s, each_event *each, void *ctx)
{
    struct arena arena;

    arena_init(&arena, 1 << 20, 0);
    do {
        arena_reset(&arena);
        scan_events(s, SEARCH_SCAN_CHUNK, each, ctx, &arena);
    } while (goes_on(s));
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

/* "c0,c1,c2": names of the columns inside. */
static void put_names(struct strbuf *out, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        strbuf_fmt(out, "%sc%u", i ? "," : "", i);
}

/* Behind "SELECT ... FROM (SELECT ... FROM event": the newest events of a window that are wanted
 * yet. False: the statement cannot say which fit. */
static bool put_newest(const struct search_scan *s, struct sql_where *w,
                       const struct blocks_window *window)
{
    char text[64];

    search_scan_range(w, s->range, "+ts", "site");
    uint32_t ends = put_blocks(w, window);
    bool exact = search_sql_where(w, s->search->root, SEARCH_EVENTS, way_of(s), ends);
    snprintf(text, sizeof(text), " ORDER BY %sid DESC LIMIT %lld) e GROUP BY ", s->led ? "+" : "",
             (long long)(s->most - s->found));
    sql_where_tail(w, text, NULL, 0);
    return exact;
}

/* After a window with `n` events that fit; true: the next one is to be looked at. */
static bool sums_go_on(struct search_scan *s, const struct blocks_window *window, int64_t n)
{
    s->seen += window->n;
    s->found += n;
    s->state->looked += (uint32_t)(s->wide ? n : window->n);
    s->state->next_id = window->first;
    s->state->complete = window->last && s->found < s->most;
    return !s->err && !s->state->complete && s->found < s->most &&
           time_left(s, clock_mono_ns()) > 0 &&
           (s->wide || s->state->looked < search_scan_budget(s->range, BUDGET_SCANNED));
}

struct grouping {
    const struct search *search;
    struct map *counts; /* values with a zero byte behind each → count */
};

static struct record_value text_value(const char *text)
{
    return (struct record_value){.kind = VALUE_TEXT, .text = slice_of_str(text)};
}

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

/* One row of sums is added to those of the windows before. */
static void add_counts(struct grouping *g, struct sql *q, int64_t n, struct strbuf *key,
                       struct arena *arena)
{
    strbuf_clear(key);
    for (uint32_t i = 0; i < g->search->n_by; i++)
        put_value(text_value(sql_col_str(q, i, arena)), key);
    union map_value *v = map_add(g->counts, strbuf_view(key), NULL);
    if (v)
        v->u += (uint64_t)n;
}

/* "SELECT c0,c1,count(*) FROM (SELECT CAST(src AS TEXT) AS c0, ..." */
static void put_groupby(struct strbuf *text, const char *const *columns, uint32_t n)
{
    strbuf_str(text, "SELECT ");
    put_names(text, n);
    strbuf_str(text, ",count(*) FROM (SELECT ");
    for (uint32_t i = 0; i < n; i++)
        strbuf_fmt(text, "%sCAST(%s AS TEXT) AS c%u", i ? "," : "", columns[i], i);
    strbuf_str(text, " FROM event");
}

static bool groupby_window(struct search_scan *s, struct grouping *g, const char *const *columns,
                           const struct blocks_window *window, int64_t *sum)
{
    uint32_t by = s->search->n_by;
    struct strbuf text;
    struct sql_where w;
    struct arena arena;

    arena_init(&arena, 1 << 16, 0);
    strbuf_init(&text, 0);
    put_groupby(&text, columns, by);
    sql_where_init(&w, text.at);
    bool exact = put_newest(s, &w, window);
    strbuf_clear(&text);
    put_names(&text, by);
    sql_where_tail(&w, text.at, NULL, 0);
    struct sql *q = exact ? sql_where_start(&w, s->store) : NULL;
    while (q && sql_row(q)) {
        add_counts(g, q, sql_col_int(q, by), &text, &arena);
        *sum += sql_col_int(q, by);
    }
    s->err = q ? sql_end(q) : ERR_OK;
    sql_where_fini(&w);
    strbuf_fini(&text);
    arena_fini(&arena);
    return exact;
}

/* True when statements answered: over the newest events that fit. */
static bool groupby_exact(struct search_scan *s, struct grouping *g)
{
    const char *columns[SEARCH_FIELDS_MAX];
    struct blocks_window window;
    int64_t n = 0;

    if (!columns_of(s->search, columns))
        return false;
    s->most = search_scan_budget(s->range, SUMMED_MOST);
    do {
        n = 0;
        if (!next_blocks(s, &window))
            return true;
        if (!groupby_window(s, g, columns, &window, &n))
            return false;
    } while (sums_go_on(s, &window, n));
    return true;
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
    struct search_scan s = {store, search, range, state, .err = ERR_OK};
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};

    struct grouping g = {search, map_new(VALUES_MOST, SEARCH_FIELDS_MAX * (VALUE_BYTES + 1))};

    CHECK(g.counts);
    *state = (struct search_state){0};
    if (!groupby_exact(&s, &g)) {
        s = (struct search_scan){store, search, range, state, .err = ERR_OK};
        scan_all(&s, group_event, &g);
    }
    read_counts(&g, &out);
    map_free(&g.counts);
    *rows = out.at;
    *n = out.n;
    return s.err;
}

/* ---- histogram ---- */

struct steps {
    uint64_t step_ns;
    struct map *counts; /* begin of a step (8 bytes) → count */
};

static void add_step(struct steps *steps, uint64_t at_ns, uint64_t n)
{
    union map_value *v =
        map_add(steps->counts, (struct slice){(const uint8_t *)&at_ns, sizeof(at_ns)}, NULL);
    if (v)
        v->u += n;
}

static bool step_event(void *ctx, const struct found *found, struct arena *arena)
{
    struct steps *steps = ctx;

    (void)arena;
    add_step(steps, found->row.ts_ns - found->row.ts_ns % steps->step_ns, 1);
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct search_step *x = a;
    const struct search_step *y = b;

    return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

static void read_steps(const struct steps *steps, struct sql_rows *out)
{
    struct slice key;
    union map_value *v = NULL;
    uint32_t at = 0;

    while (map_next(steps->counts, &at, &key, &v)) {
        struct search_step *row = sql_rows_add(out);
        if (!row)
            break;
        memcpy(&row->at_ns, key.at, sizeof(row->at_ns));
        row->n = (int64_t)v->u;
    }
    if (out->n)
        qsort(out->at, out->n, out->size, by_time);
}

static bool histogram_window(struct search_scan *s, struct steps *steps,
                             const struct blocks_window *window, int64_t *sum)
{
    struct sql_where w;
    char text[120];

    snprintf(text, sizeof(text), "SELECT ts-ts%%%llu,count(*) FROM (SELECT ts FROM event",
             (unsigned long long)steps->step_ns);
    sql_where_init(&w, text);
    bool exact = put_newest(s, &w, window);
    sql_where_tail(&w, "1", NULL, 0);
    struct sql *q = exact ? sql_where_start(&w, s->store) : NULL;
    while (q && sql_row(q)) {
        add_step(steps, sql_col_time(q, 0), (uint64_t)sql_col_int(q, 1));
        *sum += sql_col_int(q, 1);
    }
    s->err = q ? sql_end(q) : ERR_OK;
    sql_where_fini(&w);
    return exact;
}

/* True when statements answered. */
static bool histogram_exact(struct search_scan *s, struct steps *steps)
{
    struct blocks_window window;
    int64_t n = 0;

    s->most = search_scan_budget(s->range, SUMMED_MOST);
    do {
        n = 0;
        if (!next_blocks(s, &window))
            return true;
        if (!histogram_window(s, steps, &window, &n))
            return false;
    } while (sums_go_on(s, &window, n));
    return true;
}

static void histogram_events(struct search_scan *s, uint64_t step_ns, struct sql_rows *out)
{
    struct steps steps = {step_ns, map_new(STEPS_MOST, sizeof(uint64_t))};

    CHECK(steps.counts);
    if (!histogram_exact(s, &steps)) {
        *s = (struct search_scan){s->store, s->search, s->range, s->state, .err = ERR_OK};
        scan_all(s, step_event, &steps);
    }
    read_steps(&steps, out);
    map_free(&steps.counts);
}

/* They count also what was sampled away. */
static void histogram_rollup(struct search_scan *s, uint64_t step_ns, const char *type,
                             struct sql_rows *out)
{
    struct rollups_query query = {.from_ns = s->range->from_ns,
                                  .to_ns = s->range->to_ns ? s->range->to_ns : INT64_MAX,
                                  .step_ns = step_ns,
                                  .sites = s->range->sites,
                                  .type = type,
                                  .most = STEPS_MOST};
    struct rollups_sum *sums = NULL;
    uint32_t n = 0;

    s->err = db_rollups_sums(s->store, &query, out->arena, &sums, &n);
    for (uint32_t i = 0; i < n; i++) {
        struct search_step *row = sql_rows_add(out);
        if (!row)
            break;
        *row = (struct search_step){sums[i].at_ns, sums[i].n};
    }
    s->state->complete = true;
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
    struct search_scan s = {store, search, range, state, .err = ERR_OK};
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};

    *state = (struct search_state){0};
    *step_ns = search->step_ns ? search->step_ns : choose_step(range);
    const char *type = type_only(search->root);
    if (type && *step_ns % (60 * CLOCK_S) == 0)
        histogram_rollup(&s, *step_ns, type, &out);
    else
        histogram_events(&s, *step_ns, &out);
    *rows = out.at;
    *n = out.n;
    return s.err;
}
