/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbox: alert groups, their events, and what an analyst does with them.
 */
#include "analyzer/api/shape.h"
#include "analyzer/store/db_audit.h"
#include "analyzer/store/db_events.h"
#include "analyzer/store/store.h"

#include <stdio.h>
#include <stdlib.h>

enum { GROUPS_PAGE = 60, GROUPS_BULK_MAX = 1000 };

/* Terms of the search line: sid:N, ip:A, host words; the rest is free text. */
static void read_terms(struct call *call, struct groups_query *query)
{
    struct strbuf rest;
    const char *at = call->query(call, "q");

    strbuf_init(&rest, 1024);
    while (*at) {
        while (*at == ' ')
            at++;
        size_t len = strcspn(at, " ");
        if (strncmp(at, "sid:", 4) == 0)
            query->sid = strtoll(at + 4, NULL, 10);
        else if (strncmp(at, "ip:", 3) == 0)
            query->host =
                arena_str(call->arena, (struct slice){(const uint8_t *)at + 3, (uint32_t)len - 3});
        else if (strncmp(at, "sensor:", 7) == 0)
            query->sensor =
                arena_str(call->arena, (struct slice){(const uint8_t *)at + 7, (uint32_t)len - 7});
        else if (len) {
            if (rest.len)
                strbuf_char(&rest, ' ');
            strbuf_bytes(&rest, at, len);
        }
        at += len;
    }
    query->text = rest.len ? arena_str(call->arena, strbuf_view(&rest)) : "";
    strbuf_fini(&rest);
}

static bool read_query(struct call *call, struct groups_query *query)
{
    const char *state = call->query(call, "state"), *severity = call->query(call, "severity");
    enum group_state one;
    long long ns = 0, id = 0;

    *query = (struct groups_query){.limit = (uint32_t)api_number(call, "limit", GROUPS_PAGE)};
    if (*state && strcmp(state, "all") != 0) {
        if (!db_groups_state_parse(slice_of_str(state), &one))
            return false;
        query->states = 1u << one;
    }
    if (*severity && !record_severity_parse(slice_of_str(severity), &query->at_least))
        return false;
    const char *before = call->query(call, "before");
    if (*before) {
        if (sscanf(before, "%lld-%lld", &ns, &id) != 2)
            return false;
        query->before_ns = (uint64_t)ns;
        query->before_id = id;
    }
    if (query->limit > 500)
        query->limit = 500;
    read_terms(call, query);
    return true;
}

static void list(struct call *call)
{
    struct groups_query query;
    struct group_row *rows = NULL;
    uint32_t n = 0;
    int64_t total = 0, alerts = 0;

    if (!read_query(call, &query)) {
        api_fail(call, 400, "A value of the query is not known.");
        return;
    }
    enum err err = db_groups_list(call->store, &query, call->arena, &rows, &n);
    if (!err)
        err = db_groups_count(call->store, &query, &total, &alerts);
    if (err) {
        api_fail_store(call, err);
        return;
    }
    jsonw_obj_open(&call->out, NULL);
    jsonw_i64(&call->out, "total", total);
    jsonw_i64(&call->out, "alerts", alerts);
    jsonw_arr_open(&call->out, "items");
    for (uint32_t i = 0; i < n; i++)
        shape_group(call, NULL, &rows[i]);
    jsonw_arr_close(&call->out);
    if (n && n == query.limit) {
        char next[64];
        snprintf(next, sizeof(next), "%llu-%lld", (unsigned long long)rows[n - 1].last_ns,
                 (long long)rows[n - 1].id);
        jsonw_str(&call->out, "next", next);
    }
    jsonw_obj_close(&call->out);
}

static void write_summary(struct call *call, const struct event_row *e)
{
    char text[400];

    snprintf(text, sizeof(text), "%s%s%s:%u → %s:%u %s", e->signature, *e->signature ? " · " : "",
             e->src_ip, e->src_port, e->dst_ip, e->dst_port, e->app_proto);
    jsonw_str(&call->out, "summary", text);
}

static void events(struct call *call)
{
    struct events_query query = {.group_id = strtoll(call->arg[0], NULL, 10), .limit = 20};
    struct event_row *rows = NULL;
    uint32_t n = 0;
    enum err err =
        query.group_id ? db_events_list(call->store, &query, call->arena, &rows, &n) : ERR_NOTFOUND;

    if (err) {
        api_fail_store(call, err);
        return;
    }
    jsonw_obj_open(&call->out, NULL);
    jsonw_arr_open(&call->out, "items");
    for (uint32_t i = 0; i < n; i++) {
        jsonw_obj_open(&call->out, NULL);
        jsonw_i64(&call->out, "id", rows[i].id);
        shape_time(&call->out, "time", rows[i].ts_ns);
        jsonw_str(&call->out, "sensor", rows[i].sensor);
        jsonw_str(&call->out, "event_type", rows[i].event_type);
        write_summary(call, &rows[i]);
        jsonw_raw(&call->out, "eve", slice_of_str(rows[i].json));
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
    jsonw_obj_close(&call->out);
}

static enum err set_one(struct call *call, int64_t id, enum group_state state)
{
    struct group_row row;
    char object[48];
    enum err err = db_groups_get(call->store, id, call->arena, &row);

    if (!err)
        err = db_groups_set(call->store, id, state, NULL, row.n);
    if (err)
        return err;
    snprintf(object, sizeof(object), "group/%lld", (long long)id);
    struct audit_row audit = {.ts_ns = call->now_ns,
                              .user = call->user->name,
                              .address = call->address,
                              .action = db_groups_state_name(state),
                              .object = object,
                              .detail_json = "{}"};
    return db_audit_add(call->store, &audit);
}

/* All or none: the answer's number is exactly what was changed. */
static void act(struct call *call)
{
    static const struct {
        const char *name;
        enum group_state state;
    } actions[] = {
        {"archive", GROUP_ARCHIVED}, {"reopen", GROUP_OPEN}, {"escalate", GROUP_ESCALATED}};
    const struct json *ids = json_get(call->body, "ids");
    const char *name = json_str(json_get(call->body, "action"), "");
    int64_t changed = 0;
    uint32_t a = 0;

    while (a < 3 && strcmp(actions[a].name, name) != 0)
        a++;
    if (a == 3 || json_count(ids) == 0 || json_count(ids) > GROUPS_BULK_MAX) {
        api_fail(call, 400, "Give ids (1 to 1000) and action: archive, reopen or escalate.");
        return;
    }
    enum err err = store_begin(call->store);
    for (const struct json *id = json_first(ids); id && !err; id = json_next(id), changed++)
        err = set_one(call, json_i64(id, 0), actions[a].state);
    if (!err)
        err = store_commit(call->store);
    if (err) {
        if (store_in_batch(call->store))
            store_rollback(call->store);
        api_fail_store(call, err);
        return;
    }
    hub_publish(call->services->hub, "groups", SLICE_LIT("{}"));
    jsonw_obj_open(&call->out, NULL);
    jsonw_i64(&call->out, "changed", changed);
    jsonw_obj_close(&call->out);
}

static const struct api_route routes[] = {
    {"GET", "/api/groups", API_VIEWER, list, "Alert groups, newest first.",
     "state (open, archived, escalated, all), q (words, sid:N, ip:ADDRESS, sensor:NAME), severity "
     "(at least), before, limit"},
    {"GET", "/api/groups/{id}/events", API_VIEWER, events, "The newest kept events of a group.",
     ""},
    {"POST", "/api/groups/actions", API_ANALYST, act,
     "Archive, reopen or escalate exactly these groups.", "ids, action"},
    {.method = NULL},
};

const struct api_group api_groups = {
    .name = "groups", .doc = "Inbox of alert groups", .routes = routes};
