/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hunting: searches over all events, their counts by fields and by time. A look at rows is bounded;
 * an answer says whether it is complete, and where to go on.
 */
#include "analyzer/api/mask.h"
#include "analyzer/api/shape.h"
#include "analyzer/store/db_search.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { SEARCH_PAGE = 50, SEARCH_PAGE_MOST = 500, SEARCH_LAST_MOST_S = 10 * 366 * 24 * 3600 };
#define SEARCH_DAY (24 * 3600 * CLOCK_S)

/* The last day unless said; `last` counts back from the newest event, so that a replay of an old
 * capture is found like live traffic. False: answered. */
static bool read_range(struct call *call, struct search_range *range)
{
    const char *from = call->query(call, "from"), *to = call->query(call, "to");
    int64_t limit = api_number(call, "limit", SEARCH_PAGE);
    int64_t last_s = api_number(call, "last", 0);

    *range = (struct search_range){.limit = limit < 1 || limit > SEARCH_PAGE_MOST ? SEARCH_PAGE_MOST
                                                                                  : (uint32_t)limit,
                                   .before_id = api_number(call, "before", 0),
                                   .patience_ns = API_PATIENCE_NS,
                                   .sites = call->sites};
    if ((*from && !clock_parse(slice_of_str(from), &range->from_ns)) ||
        (*to && !clock_parse(slice_of_str(to), &range->to_ns))) {
        api_fail(call, 400, "from and to must be times like 2026-11-21T03:05:10Z.",
                 "from và to phải là thời điểm như 2026-11-21T03:05:10Z.");
        return false;
    }
    if (!range->to_ns)
        range->to_ns = shape_newest(call) + CLOCK_S;
    uint64_t back_ns =
        last_s > 0 && last_s <= SEARCH_LAST_MOST_S ? (uint64_t)last_s * CLOCK_S : SEARCH_DAY;
    if (!range->from_ns)
        range->from_ns = range->to_ns > back_ns ? range->to_ns - back_ns : 0;
    if (range->from_ns > range->to_ns)
        api_fail(call, 400, "from must not be after to.", "from không được sau to.");
    return range->from_ns <= range->to_ns;
}

static void write_state(struct call *call, const struct search_range *range,
                        const struct search_state *at, bool pages)
{
    jsonw_rfc3339(&call->out, "from", range->from_ns);
    jsonw_rfc3339(&call->out, "to", range->to_ns);
    jsonw_bool(&call->out, "complete", at->complete);
    jsonw_u64(&call->out, "looked", at->looked);
    if (pages && !at->complete)
        jsonw_i64(&call->out, "next", at->next_id);
}

static enum err rows(struct call *call, const struct search *search, struct search_range *range)
{
    struct search_state at;
    struct event_row *found = NULL;
    uint32_t n = 0;
    enum err err = db_search_events(call->store, search, range, call->arena, &found, &n, &at);

    if (err)
        return err;
    jsonw_str(&call->out, "shape", "rows");
    jsonw_arr_open(&call->out, "items");
    for (uint32_t i = 0; i < n; i++)
        shape_event(call, &found[i]);
    jsonw_arr_close(&call->out);
    write_state(call, range, &at, true);
    return ERR_OK;
}

static enum err groupby(struct call *call, const struct search *search, struct search_range *range)
{
    for (uint32_t i = 0; i < search->n_by; i++) {
        if (mask_is_personal(call, search->by[i]) && !mask_may_see(call))
            return ERR_DENIED;
    }
    struct search_state at;
    struct search_count *found = NULL;
    uint32_t n = 0;
    enum err err = db_search_groupby(call->store, search, range, call->arena, &found, &n, &at);

    if (err)
        return err;
    jsonw_str(&call->out, "shape", "groupby");
    jsonw_arr_open(&call->out, "by");
    for (uint32_t i = 0; i < search->n_by; i++)
        jsonw_str(&call->out, NULL, search->by[i]);
    jsonw_arr_close(&call->out);
    jsonw_arr_open(&call->out, "items");
    for (uint32_t i = 0; i < n; i++) {
        jsonw_obj_open(&call->out, NULL);
        jsonw_arr_open(&call->out, "values");
        for (uint32_t k = 0; k < search->n_by; k++)
            jsonw_str(&call->out, NULL, found[i].value[k]);
        jsonw_arr_close(&call->out);
        jsonw_i64(&call->out, "count", found[i].n);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
    write_state(call, range, &at, false);
    return ERR_OK;
}

static enum err histogram(struct call *call, const struct search *search,
                          struct search_range *range)
{
    struct search_state at;
    struct search_step *found = NULL;
    uint32_t n = 0;
    uint64_t step_ns = 0;
    enum err err =
        db_search_histogram(call->store, search, range, call->arena, &found, &n, &step_ns, &at);

    if (err)
        return err;
    jsonw_str(&call->out, "shape", "histogram");
    jsonw_u64(&call->out, "step_s", step_ns / CLOCK_S);
    jsonw_arr_open(&call->out, "items");
    for (uint32_t i = 0; i < n; i++) {
        jsonw_obj_open(&call->out, NULL);
        jsonw_rfc3339(&call->out, "time", found[i].at_ns);
        jsonw_i64(&call->out, "count", found[i].n);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
    write_state(call, range, &at, false);
    return ERR_OK;
}

static void search(struct call *call)
{
    struct search search;
    struct search_range range;
    enum err err = ERR_OK;

    if (!shape_search(call, call->query(call, "q"), &search) || !read_range(call, &range))
        return;
    jsonw_obj_open(&call->out, NULL);
    if (search.shape == SEARCH_GROUPBY)
        err = groupby(call, &search, &range);
    else if (search.shape == SEARCH_HISTOGRAM)
        err = histogram(call, &search, &range);
    else
        err = rows(call, &search, &range);
    if (err)
        api_fail_store(call, err);
    else
        jsonw_obj_close(&call->out);
}

static const struct api_route routes[] = {
    {"GET", "/api/search", PERM_READ, search,
     "Events that fit a search, newest first, or what | groupby, top and histogram make of them.",
     "q (the search language), from, to, last (seconds; the last day unless given), limit, before"},
    {.method = NULL},
};

const struct api_group api_search = {.name = "search", .doc = "Search", .routes = routes};
