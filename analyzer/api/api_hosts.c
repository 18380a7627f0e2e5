/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened to one address, newest first: alerts, deviations and other events, incidents it is
 * in, and what people did there.
 */
#include "analyzer/api/act.h"
#include "analyzer/api/shape.h"
#include "analyzer/record/incident_name.h"
#include "analyzer/store/db_evidence.h"
#include "analyzer/store/db_incidents.h"
#include "analyzer/store/db_search.h"
#include "common/addr.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { TIMELINE_PAGE = 100, TIMELINE_MOST = 500, TIMELINE_INCIDENTS = 50 };

struct item {
    uint64_t ts_ns;
    const struct event_row *event;      /* one of these three */
    const struct incident *incident;    /* it was opened */
    const struct incident_entry *entry; /* of `incident` */
};

struct items {
    struct item *at;
    uint32_t n, room;
};

static void add(struct items *items, struct item item)
{
    if (items->n < items->room)
        items->at[items->n++] = item;
}

static int newest_first(const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    return x->ts_ns == y->ts_ns ? 0 : x->ts_ns > y->ts_ns ? -1 : 1;
}

static bool in_range(const struct search_range *range, uint64_t ns)
{
    return ns >= range->from_ns && (!range->to_ns || ns <= range->to_ns);
}

/* What people did; what the network did stands among the events. */
static void add_entries(struct call *call, struct items *items, const struct incident *incident,
                        const struct search_range *range)
{
    struct incident_entry *rows = NULL;
    uint32_t n = 0;

    if (db_incidents_entries(call->store, incident->id, call->arena, &rows, &n) != ERR_OK)
        return;
    for (uint32_t i = 0; i < n; i++) {
        if (*rows[i].actor && in_range(range, rows[i].ts_ns))
            add(items, (struct item){rows[i].ts_ns, NULL, incident, &rows[i]});
    }
}

static enum err add_incidents(struct call *call, struct items *items, const char *ip,
                              const struct search_range *range)
{
    int64_t *ids = NULL;
    uint32_t n = 0;
    enum err err =
        db_evidence_incidents(call->store, ip, TIMELINE_INCIDENTS, call->arena, &ids, &n);

    for (uint32_t i = 0; i < n && !err; i++) {
        struct incident *incident = arena_alloc(call->arena, sizeof(*incident));
        err = incident ? db_incidents_get(call->store, ids[i], call->arena, incident) : ERR_NOMEM;
        if (err || !act_in_scope(call, incident->site))
            continue;
        if (in_range(range, incident->first_ns))
            add(items, (struct item){incident->first_ns, NULL, incident, NULL});
        add_entries(call, items, incident, range);
    }
    return err;
}

static void write_item(struct call *call, const struct item *item)
{
    struct jsonw *w = &call->out;
    char name[INCIDENT_NAME_MAX];

    if (item->event) {
        shape_event(call, item->event);
        return;
    }
    incident_name(item->incident->id, item->incident->opened_ns, name);
    jsonw_obj_open(w, NULL);
    jsonw_rfc3339(w, "time", item->ts_ns);
    jsonw_str(w, "event_type", item->entry ? "history" : "incident");
    jsonw_str(w, "incident", name);
    jsonw_str(w, "severity", record_severity_name(item->incident->severity));
    if (item->entry) {
        jsonw_str(w, "action", item->entry->kind);
        jsonw_str(w, "user", item->entry->actor);
        shape_text2(w, "text", item->entry->text_en, item->entry->text_vi);
    } else {
        shape_text2(w, "text", item->incident->title_en, item->incident->title_vi);
    }
    jsonw_obj_close(w);
}

static bool read_range(struct call *call, struct search_range *range)
{
    const char *from = call->query(call, "from"), *to = call->query(call, "to");
    int64_t limit = api_number(call, "limit", TIMELINE_PAGE);

    *range = (struct search_range){.sites = call->sites,
                                   .patience_ns = API_PATIENCE_NS,
                                   .limit = limit < 1 || limit > TIMELINE_MOST ? TIMELINE_MOST
                                                                               : (uint32_t)limit};
    if ((*from && !clock_parse(slice_of_str(from), &range->from_ns)) ||
        (*to && !clock_parse(slice_of_str(to), &range->to_ns))) {
        api_fail(call, 400, "from and to must be times like 2026-11-21T03:05:10Z.",
                 "from và to phải là thời điểm như 2026-11-21T03:05:10Z.");
        return false;
    }
    return true;
}

static const char *search_line(struct call *call, const char *ip)
{
    const char *kinds = call->query(call, "kinds");
    char text[160];

    snprintf(text, sizeof(text), "ip:%s%s", ip,
             strcmp(kinds, "all") == 0 ? "" : " type:(alert,deviation,device,visibility,anomaly)");
    return arena_str(call->arena, slice_of_str(text));
}

static void timeline(struct call *call)
{
    struct search search;
    struct search_range range;
    struct search_state at;
    struct event_row *events = NULL;
    struct items items = {.room = TIMELINE_MOST * 4};
    struct addr addr;
    char ip[ADDR_TEXT_MAX];
    uint32_t n = 0;

    if (!addr_parse(slice_of_str(call->arg[0]), &addr)) {
        api_fail(call, 404, "This is no address.", "Đây không phải là địa chỉ.");
        return;
    }
    addr_text(&addr, ip);
    items.at = arena_alloc(call->arena, items.room * sizeof(*items.at));
    if (!items.at || !read_range(call, &range) ||
        !shape_search(call, search_line(call, ip), &search))
        return;
    enum err err = db_search_events(call->store, &search, &range, call->arena, &events, &n, &at);
    for (uint32_t i = 0; i < n && !err; i++)
        add(&items, (struct item){events[i].ts_ns, &events[i], NULL, NULL});
    if (!err)
        err = add_incidents(call, &items, ip, &range);
    if (err) {
        api_fail_store(call, err);
        return;
    }
    qsort(items.at, items.n, sizeof(*items.at), newest_first);
    jsonw_obj_open(&call->out, NULL);
    shape_party(call, "host", ip, 0, NULL, NULL, NULL);
    jsonw_bool(&call->out, "complete", at.complete && items.n <= range.limit);
    jsonw_arr_open(&call->out, "items");
    for (uint32_t i = 0; i < items.n && i < range.limit; i++)
        write_item(call, &items.at[i]);
    jsonw_arr_close(&call->out);
    jsonw_obj_close(&call->out);
}

static const struct api_route routes[] = {
    {"GET", "/api/hosts/{ip}/timeline", PERM_READ, timeline,
     "What happened to an address, newest first: alerts, deviations, incidents, what people did.",
     "from, to, limit (at most 500), kinds (all: every event)"},
    {.method = NULL},
};

const struct api_group api_hosts = {.name = "hosts", .doc = "Hosts", .routes = routes};
