/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbox: alert groups, their events, and what an analyst does with them.
 */
#include "analyzer/api/act.h"
#include "analyzer/api/shape.h"
#include "analyzer/api/undo.h"
#include "analyzer/store/db_events.h"
#include "analyzer/store/db_search.h"
#include "analyzer/store/store.h"

#include <stdio.h>
#include <stdlib.h>

enum { GROUPS_PAGE = 60, GROUPS_BULK_MAX = 1000 };

struct action {
    const char *name;
    enum group_state state;
    bool keeps; /* the state */
};

/* The search line with what the page's own choices add to it. */
static const char *search_text(struct call *call)
{
    const char *q = call->query(call, "q"), *state = call->query(call, "state");
    const char *severity = call->query(call, "severity");
    bool all = !*state || strcmp(state, "all") == 0;
    struct strbuf text;

    strbuf_init(&text, 0);
    strbuf_fmt(&text, "%s%s%s", *q ? "(" : "", q, *q ? ")" : "");
    if (!all)
        strbuf_fmt(&text, " is:\"%.20s\"", state);
    if (*severity)
        strbuf_fmt(&text, " severity:>=%.20s", severity);
    const char *copy = arena_str(call->arena, strbuf_view(&text));
    strbuf_fini(&text);
    return copy ? copy : "";
}

/* What an exception hides is not in the inbox unless the search speaks of it. */
static bool without_excepted(struct call *call, struct search *search)
{
    struct search hidden;
    struct search_node *both = arena_alloc(call->arena, sizeof(*both));
    struct search_node *first = arena_alloc(call->arena, sizeof(*first));
    struct search_node *second = arena_alloc(call->arena, sizeof(*second));

    if (!both || !first || !second || !shape_search(call, "-is:excepted", &hidden))
        return false;
    *first = *search->root;
    *second = *hidden.root;
    first->next = second;
    second->next = NULL;
    both->kind = SEARCH_AND;
    both->first = first;
    search->root = both;
    return true;
}

/* False: answered. */
static bool read_query(struct call *call, struct search *search, struct search_range *range)
{
    const char *state = call->query(call, "state");
    struct api_place place;
    enum group_state one;
    bool known =
        !*state || strcmp(state, "all") == 0 || db_groups_state_parse(slice_of_str(state), &one);

    if (!api_before(call, false, &place))
        return false;
    *range = (struct search_range){.limit = api_limit(call, GROUPS_PAGE),
                                   .before_ns = place.ns,
                                   .before_id = place.id,
                                   .sites = call->sites};
    if (!known) {
        api_fail(call, 400, "A value of the query is not known.",
                 "Có giá trị không hợp lệ trong câu hỏi.");
        return false;
    }
    if (!shape_search(call, search_text(call), search))
        return false;
    if (!search_asks(search->root, "exception") && !without_excepted(call, search))
        return false;
    if (search->shape != SEARCH_ROWS)
        api_fail(call, 400, "groupby, top and histogram work on events: GET /api/search.",
                 "groupby, top và histogram dùng cho sự kiện: hãy dùng trang Săn tìm (GET "
                 "/api/search).");
    return search->shape == SEARCH_ROWS;
}

static void list(struct call *call)
{
    struct search search;
    struct search_range range;
    struct search_state at, counted;
    struct group_row *rows = NULL;
    uint32_t n = 0;
    int64_t total = 0, alerts = 0;

    if (!read_query(call, &search, &range))
        return;
    enum err err = db_search_groups(call->store, &search, &range, call->arena, &rows, &n, &at);
    range.before_ns = 0;
    range.before_id = 0;
    if (!err)
        err = db_search_groups_count(call->store, &search, &range, &total, &alerts, &counted);
    if (err) {
        api_fail_store(call, err);
        return;
    }
    jsonw_obj_open(&call->out, NULL);
    jsonw_i64(&call->out, "total", total);
    jsonw_i64(&call->out, "alerts", alerts);
    jsonw_bool(&call->out, "exact", counted.complete);
    jsonw_arr_open(&call->out, "items");
    for (uint32_t i = 0; i < n; i++)
        shape_group(call, NULL, &rows[i]);
    jsonw_arr_close(&call->out);
    if (!at.complete)
        api_next(call, "next", &(struct api_place){.ns = at.next_ns, .id = at.next_id});
    jsonw_obj_close(&call->out);
}

static void events(struct call *call)
{
    struct events_query query = {.group_id = strtoll(call->arg[0], NULL, 10), .limit = 20};
    struct event_row *rows = NULL;
    struct group_row group;
    uint32_t n = 0;
    enum err err = db_groups_get(call->store, query.group_id, call->arena, &group);

    if (!err && !act_in_scope(call, group.site))
        err = ERR_NOTFOUND;
    if (!err)
        err = db_events_list(call->store, &query, call->arena, &rows, &n);

    if (!shape_list_open(call, err))
        return;
    for (uint32_t i = 0; i < n; i++)
        shape_event(call, &rows[i]);
    jsonw_arr_close(&call->out);
    jsonw_obj_close(&call->out);
}

static enum err set_one(struct act *act, int64_t id, const struct action *action,
                        const char *assignee)
{
    struct call *call = act->call;
    struct group_row before, after;
    enum err err = db_groups_get(call->store, id, call->arena, &before);

    if (!err && !act_in_scope(call, before.site))
        err = ERR_NOTFOUND;
    if (!err)
        err = db_groups_set(call->store, id, action->keeps ? before.state : action->state, assignee,
                            action->keeps ? before.n_done : before.n);
    if (!err)
        err = db_groups_get(call->store, id, call->arena, &after);
    if (err)
        return err;
    undo_keep_group(act, &before, &after);
    char object[48], name[32];
    snprintf(object, sizeof(object), "group/%lld", (long long)id);
    snprintf(name, sizeof(name), "group.%s", action->name);
    return act_audit(call, name, object, "{}");
}

/* All or none: the answer's number is exactly what was changed. */
static void act_on(struct call *call)
{
    static const struct action actions[] = {{"archive", GROUP_ARCHIVED, false},
                                            {"reopen", GROUP_OPEN, false},
                                            {"escalate", GROUP_ESCALATED, false},
                                            {"assign", GROUP_OPEN, true}};
    const struct json *ids = json_get(call->body, "ids");
    const struct json *assignee = json_get(call->body, "assignee");
    const char *name = json_str(json_get(call->body, "action"), "");
    struct act act;
    int64_t changed = 0;
    uint32_t a = 0;

    while (a < 4 && strcmp(actions[a].name, name) != 0)
        a++;
    if (a == 4 || json_kind(ids) != JSON_ARR || json_count(ids) == 0 ||
        json_count(ids) > GROUPS_BULK_MAX || (actions[a].keeps && !assignee) ||
        json_text(assignee).len > 64) {
        api_fail(call, 400,
                 "Give ids (1 to 1000) and action: archive, reopen, escalate, or assign with "
                 "assignee.",
                 "Hãy nêu ids (1 đến 1000) và action: archive, reopen, escalate, hoặc assign kèm "
                 "assignee.");
        return;
    }
    enum err err = act_begin(&act, call, "groups");
    jsonw_str(&act.undo, "edit", "groups");
    jsonw_arr_open(&act.undo, "items");
    for (const struct json *id = json_first(ids); id && !err; id = json_next(id), changed++)
        err = set_one(&act, json_i64(id, 0), &actions[a], assignee ? json_str(assignee, "") : NULL);
    jsonw_arr_close(&act.undo);
    if (act_end(&act, err, name, "{}"))
        return;
    hub_publish(call->services->hub, "groups", SLICE_LIT("{}"));
    jsonw_obj_open(&call->out, NULL);
    jsonw_i64(&call->out, "changed", changed);
    act_write_undo(&act);
    jsonw_obj_close(&call->out);
}

static const struct api_route routes[] = {
    {"GET", "/api/groups", PERM_READ, list, "Alert groups, newest first.",
     "state (open, archived, escalated, all), q (words, sid:N, ip:ADDRESS, sensor:NAME), severity "
     "(at least), before, limit"},
    {"GET", "/api/groups/{id}/events", PERM_READ, events, "The newest kept events of a group.", ""},
    {"POST", "/api/groups/actions", PERM_TRIAGE, act_on,
     "Archives, reopens, escalates or assigns exactly these groups: all or none.",
     "ids, action (archive, reopen, escalate, assign), assignee"},
    {.method = NULL},
};

const struct api_group api_groups = {
    .name = "groups", .doc = "Inbox of alert groups", .routes = routes};
