/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/search/match.h"
#include "analyzer/store/db_search.h"
#include "analyzer/store/rows.h"
#include "analyzer/store/search_scan.h"
#include "analyzer/store/search_sql.h"

#include <stdio.h>

enum {
    BUDGET_GROUPS = 40000,
    WINDOW = 20000, /* groups that one statement looks at, newest first */
};

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

static bool group_fits(const struct search_scan *s, const struct group_row *row)
{
    struct match_of of = {group_field, group_texts, row};

    return s->exact || match_node(s->search->root, &of);
}

static uint32_t window_of(const struct search_range *range)
{
    return range->budget && range->budget < WINDOW ? range->budget : WINDOW;
}

/* The last of the next window of groups, by the index alone. False: there are fewer. */
static bool window_end(struct search_scan *s, uint64_t *ns, int64_t *id)
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

/* An index leads to the groups of a narrow search. An engine that has to be told (store_def.led)
 * looks through the newest ones first: of a busy host they are enough. */
static bool is_cut(struct search_scan *s)
{
    bool narrow = search_sql_is_narrow(s->search->root);

    s->led = narrow && s->store->def->led && s->state->looked;
    return !s->led && (!narrow || s->store->def->led);
}

/* One statement's worth of groups behind (next_ns, next_id); `each` says false to stop. */
static uint32_t scan_groups(struct search_scan *s, uint32_t most,
                            bool (*each)(void *ctx, const struct group_row *row,
                                         struct arena *arena),
                            void *ctx, struct arena *arena)
{
    struct sql_where w;
    uint32_t n = 0;
    uint64_t end_ns = 0;
    int64_t end_id = 0;
    bool go = true, cut = is_cut(s) && window_end(s, &end_ns, &end_id);

    if (s->err)
        return 0;
    sql_where_init(&w, "SELECT " ROWS_GROUP " FROM grp");
    search_scan_range(&w, s->range, "last", "site");
    sql_where_before(&w, "last", s->state->next_ns, s->state->next_id);
    if (cut)
        put_window(&w, end_ns, end_id);
    s->exact = search_sql_where(&w, s->search->root, SEARCH_GROUPS, SEARCH_BY_ROWS, 0);
    sql_where_page(&w, s->led ? "+last DESC, +id DESC" : "last DESC, id DESC", most,
                   SEARCH_SCAN_CHUNK, SEARCH_SCAN_CHUNK);
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

static bool take_group(void *ctx, const struct group_row *row, struct arena *arena)
{
    (void)arena;
    return search_scan_take(ctx, row);
}

enum err db_search_groups(struct store *store, const struct search *search,
                          const struct search_range *range, struct arena *arena,
                          struct group_row **rows, uint32_t *n, struct search_state *state)
{
    struct search_scan s = {store, search, range, state, .err = ERR_OK};
    struct search_scan_taken t = {{.arena = arena, .size = sizeof(**rows)},
                                  search_scan_limit(range)};

    *state = (struct search_state){.next_ns = range->before_ns, .next_id = range->before_id};
    do {
        scan_groups(&s, SEARCH_SCAN_CHUNK < t.limit ? SEARCH_SCAN_CHUNK : t.limit + 1, take_group,
                    &t, arena);
    } while (!s.err && !state->complete && t.rows.n < t.limit &&
             state->looked < search_scan_budget(range, BUDGET_GROUPS));
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
static bool count_exact(struct search_scan *s, struct sum *sum)
{
    struct sql_where w;
    uint64_t end_ns = 0;
    int64_t end_id = 0;
    bool cut = !search_sql_is_narrow(s->search->root) && window_end(s, &end_ns, &end_id);

    sql_where_init(&w, "SELECT count(*),CAST(coalesce(sum(n),0) AS BIGINT) FROM grp");
    search_scan_range(&w, s->range, "last", "site");
    sql_where_before(&w, "last", s->state->next_ns, s->state->next_id);
    if (cut)
        put_window(&w, end_ns, end_id);
    s->exact = search_sql_where(&w, s->search->root, SEARCH_GROUPS, SEARCH_BY_ROWS, 0);
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

enum err db_search_groups_count(struct store *store, const struct search *search,
                                const struct search_range *range, int64_t *groups, int64_t *alerts,
                                struct search_state *state)
{
    struct search_scan s = {store, search, range, state, .err = ERR_OK};
    struct sum sum = {0, 0};
    struct arena arena;
    uint32_t most = search_scan_budget(range, BUDGET_GROUPS);

    *state = (struct search_state){0};
    arena_init(&arena, 1 << 20, 0);
    do {
        arena_reset(&arena);
        if (!count_exact(&s, &sum))
            scan_groups(&s, SEARCH_SCAN_CHUNK, count_group, &sum, &arena);
    } while (!s.err && !state->complete && state->looked < most);
    arena_fini(&arena);
    *groups = sum.groups;
    *alerts = sum.alerts;
    return s.err;
}
