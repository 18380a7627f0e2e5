/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions: what somebody decided not to see, with owner, reason, scope and end. A new or changed
 * one also hides the stored groups of which every alert fits; disabling or deleting it gives
 * all of them back. The writer reads them again with its next batch.
 */
#include "analyzer/api/shape.h"
#include "analyzer/store/db_audit.h"
#include "analyzer/store/db_exceptions.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { REASON_MAX = 2000, DAYS_USUAL = 30, DAYS_MOST = 400, PREVIEW_GROUPS = 20, SITES_MAX = 20 };
#define DAY_NS (86400 * CLOCK_S)

/* ---- reading ---- */

/* Names of a JSON list as words; NULL when one is no name. */
static const char *read_sites(struct call *call, const struct json *list)
{
    struct strbuf words;
    bool good = json_count(list) <= SITES_MAX;

    strbuf_init(&words, 4096);
    for (const struct json *s = json_first(list); s && good; s = json_next(s)) {
        const char *name = json_str(s, "");
        good = *name && !strchr(name, ' ') && strlen(name) < 100;
        strbuf_fmt(&words, "%s%s", words.len ? " " : "", name);
    }
    const char *copy = good ? arena_str(call->arena, strbuf_view(&words)) : NULL;
    strbuf_fini(&words);
    return copy;
}

/* Words as a list ended by NULL; NULL for "" (all sites). */
static const char *const *site_list(struct call *call, const char *words)
{
    const char **list = arena_alloc(call->arena, (SITES_MAX + 1) * sizeof(*list));
    uint32_t n = 0;

    if (!*words || !list)
        return NULL;
    for (const char *at = words; *at && n < SITES_MAX;) {
        uint32_t len = (uint32_t)strcspn(at, " ");
        list[n++] = arena_str(call->arena, (struct slice){(const uint8_t *)at, len});
        at += len + (at[len] == ' ');
    }
    return list;
}

/* False: answered. */
static bool read_search(struct call *call, const char *query, struct search *search)
{
    struct search_fault fault;
    char en[SEARCH_FAULT_MAX + 80], vi[SEARCH_FAULT_MAX + 80];

    if (search_parse(query, call->now_ns, call->arena, search, &fault)) {
        snprintf(en, sizeof(en), "The search cannot be read. %s", fault.en);
        snprintf(vi, sizeof(vi), "Không đọc được câu tìm kiếm. %s", fault.vi);
        api_fail(call, 400, en, vi);
        return false;
    }
    bool usable = search->root->kind != SEARCH_ALL && search->shape == SEARCH_ROWS &&
                  !search_asks(search->root, "state") && !search_asks(search->root, "assignee") &&
                  !search_asks(search->root, "incident") && !search_asks(search->root, "exception");
    if (!usable)
        api_fail(call, 400,
                 "An exception says which alerts: it must not be empty, have a pipe, or ask "
                 "for state, assignee, incident or exception.",
                 "Ngoại lệ phải nêu rõ cảnh báo nào: không được để trống, không dùng dấu |, "
                 "không hỏi trạng thái, người xử lý, sự cố hay ngoại lệ.");
    return usable;
}

static bool read_expiry(struct call *call, struct exception_row *row)
{
    const char *expires = json_str(json_get(call->body, "expires"), "");

    row->expires_ns = 0;
    if (!*expires || clock_parse(slice_of_str(expires), &row->expires_ns))
        return true;
    api_fail(call, 400, "expires must be a time like 2026-12-31T17:00:00Z, or empty.",
             "expires phải là thời điểm như 2026-12-31T17:00:00Z, hoặc để trống.");
    return false;
}

/* What the body gives, over what the row holds. False: answered. */
static bool read_row(struct call *call, struct exception_row *row, struct search *search)
{
    const struct json *body = call->body;

    row->query = json_str(json_get(body, "query"), row->query);
    row->reason = json_str(json_get(body, "reason"), row->reason);
    row->owner = json_str(json_get(body, "owner"), row->owner);
    row->enabled = json_bool(json_get(body, "enabled"), row->enabled);
    row->changed_ns = call->now_ns;
    if (json_get(body, "sites"))
        row->sites = read_sites(call, json_get(body, "sites"));
    if (!*row->reason || strlen(row->reason) > REASON_MAX) {
        api_fail(call, 400, "Say why: a reason of 1 to 2000 bytes.",
                 "Hãy nêu lý do, dài từ 1 đến 2000 byte.");
        return false;
    }
    if (!row->sites) {
        api_fail(call, 400, "sites must be a list of at most 20 names.",
                 "sites phải là danh sách tối đa 20 tên địa điểm.");
        return false;
    }
    if (json_get(body, "expires") && !read_expiry(call, row))
        return false;
    return read_search(call, row->query, search);
}

static int64_t days_of(const struct call *call)
{
    int64_t days = json_i64(json_get(call->body, "days"), DAYS_USUAL);
    return days < 1 ? 1 : days > DAYS_MOST ? DAYS_MOST : days;
}

/* ---- writing ---- */

static void write_row(struct call *call, const char *key, const struct exception_row *row)
{
    struct jsonw *w = &call->out;

    jsonw_obj_open(w, key);
    jsonw_i64(w, "id", row->id);
    jsonw_i64(w, "version", row->version);
    jsonw_str(w, "query", row->query);
    jsonw_str(w, "reason", row->reason);
    jsonw_str(w, "owner", row->owner);
    jsonw_words(w, "sites", row->sites);
    jsonw_rfc3339(w, "expires", row->expires_ns);
    jsonw_bool(w, "enabled", row->enabled);
    jsonw_bool(w, "expired", row->expires_ns && row->expires_ns <= call->now_ns);
    jsonw_rfc3339(w, "created", row->created_ns);
    jsonw_rfc3339(w, "changed", row->changed_ns);
    jsonw_i64(w, "hits", row->hits);
    jsonw_rfc3339(w, "last_hit", row->last_hit_ns);
    jsonw_i64(w, "groups", row->groups);
    jsonw_obj_close(w);
}

static enum err note(struct call *call, const char *action, const struct exception_row *row,
                     int64_t groups)
{
    struct strbuf detail;
    struct jsonw w;
    char object[48];

    strbuf_init(&detail, 0);
    jsonw_init(&w, &detail);
    jsonw_obj_open(&w, NULL);
    jsonw_str(&w, "query", row->query);
    jsonw_str(&w, "reason", row->reason);
    jsonw_str(&w, "owner", row->owner);
    jsonw_str(&w, "sites", row->sites);
    jsonw_rfc3339(&w, "expires", row->expires_ns);
    jsonw_bool(&w, "enabled", row->enabled);
    jsonw_i64(&w, "groups", groups);
    jsonw_obj_close(&w);
    snprintf(object, sizeof(object), "exception/%lld", (long long)row->id);
    struct audit_row audit = {.ts_ns = call->now_ns,
                              .user = call->user->name,
                              .address = call->address,
                              .action = action,
                              .object = object,
                              .detail_json = detail.at};
    enum err err = db_audit_add(call->store, &audit);
    strbuf_fini(&detail);
    return err;
}

/* ---- what it hides ---- */

struct reach {
    struct exception_reach *at;
    uint32_t n;
    bool complete;
    uint64_t from_ns, to_ns;
};

static enum err reach_of(struct call *call, const struct search *search, const char *sites,
                         struct reach *reach)
{
    uint64_t back_ns = (uint64_t)days_of(call) * DAY_NS;

    reach->to_ns = shape_newest(call) + CLOCK_S;
    reach->from_ns = reach->to_ns > back_ns ? reach->to_ns - back_ns : 1;
    return db_exceptions_reach(call->store, search->root, site_list(call, sites), reach->from_ns,
                               reach->to_ns, call->arena, &reach->at, &reach->n, &reach->complete);
}

static int by_alerts(const void *a, const void *b)
{
    const struct exception_reach *x = a;
    const struct exception_reach *y = b;
    return (y->alerts > x->alerts) - (y->alerts < x->alerts);
}

static void write_reach(struct call *call, struct reach *reach)
{
    struct jsonw *w = &call->out;
    int64_t alerts = 0;
    uint32_t whole = 0;

    for (uint32_t i = 0; i < reach->n; i++) {
        alerts += reach->at[i].alerts;
        whole += reach->at[i].whole;
    }
    if (reach->n)
        qsort(reach->at, reach->n, sizeof(*reach->at), by_alerts);
    jsonw_rfc3339(w, "from", reach->from_ns);
    jsonw_rfc3339(w, "to", reach->to_ns);
    jsonw_i64(w, "alerts", alerts);
    jsonw_u64(w, "groups", whole);
    jsonw_u64(w, "groups_partly", reach->n - whole);
    jsonw_bool(w, "exact", reach->complete);
    jsonw_arr_open(w, "items");
    for (uint32_t i = 0; i < reach->n && i < PREVIEW_GROUPS; i++) {
        struct group_row group;
        if (db_groups_get(call->store, reach->at[i].group_id, call->arena, &group) != ERR_OK)
            continue;
        jsonw_obj_open(w, NULL);
        jsonw_i64(w, "alerts", reach->at[i].alerts);
        jsonw_bool(w, "whole", reach->at[i].whole);
        shape_group(call, "group", &group);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

static void preview(struct call *call)
{
    struct search search;
    struct reach reach = {0};
    const char *sites = read_sites(call, json_get(call->body, "sites"));

    if (!read_search(call, json_str(json_get(call->body, "query"), ""), &search))
        return;
    enum err err = sites ? reach_of(call, &search, sites, &reach) : ERR_INPUT;
    if (err) {
        api_fail_store(call, err);
        return;
    }
    jsonw_obj_open(&call->out, NULL);
    write_reach(call, &reach);
    jsonw_obj_close(&call->out);
}

/* Groups follow the row: shown, and hidden anew when it still applies. */
static enum err move_groups(struct call *call, const struct exception_row *row,
                            const struct reach *reach, int64_t *hidden)
{
    int64_t shown = 0;
    bool applies = row->enabled && !(row->expires_ns && row->expires_ns <= call->now_ns);
    enum err err = db_exceptions_show(call->store, row->id, &shown);

    *hidden = 0;
    for (uint32_t i = 0; !err && applies && i < reach->n; i++) {
        if (reach->at[i].whole) {
            err = db_exceptions_hide(call->store, row->id, reach->at[i].group_id);
            ++*hidden;
        }
    }
    return err;
}

/* One transaction: the row, its groups, the audit. */
static void store_row(struct call *call, const char *action, struct exception_row *row,
                      const struct reach *reach)
{
    int64_t hidden = 0;
    enum err err = store_begin(call->store);

    if (!err)
        err = row->id ? db_exceptions_set(call->store, row) : db_exceptions_add(call->store, row);
    if (!err)
        err = move_groups(call, row, reach, &hidden);
    if (!err)
        err = note(call, action, row, hidden);
    if (!err)
        err = store_commit(call->store);
    if (!err)
        err = db_exceptions_get(call->store, row->id, call->arena, row);
    if (err) {
        if (store_in_batch(call->store))
            store_rollback(call->store);
        if (err == ERR_FULL)
            api_fail(call, 409, "There are too many exceptions: delete some.",
                     "Đã có quá nhiều ngoại lệ: hãy xóa bớt.");
        else
            api_fail_store(call, err);
        return;
    }
    hub_publish(call->services->hub, "groups", SLICE_LIT("{}"));
    write_row(call, NULL, row);
}

/* ---- routes ---- */

static void list(struct call *call)
{
    struct exception_row *rows = NULL;
    uint32_t n = 0;
    enum err err = db_exceptions_list(call->store, call->arena, &rows, &n);

    if (err) {
        api_fail_store(call, err);
        return;
    }
    jsonw_obj_open(&call->out, NULL);
    jsonw_u64(&call->out, "total", n);
    jsonw_arr_open(&call->out, "items");
    for (uint32_t i = 0; i < n; i++)
        write_row(call, NULL, &rows[i]);
    jsonw_arr_close(&call->out);
    jsonw_obj_close(&call->out);
}

/* False: answered. */
static bool find(struct call *call, struct exception_row *row)
{
    enum err err =
        db_exceptions_get(call->store, strtoll(call->arg[0], NULL, 10), call->arena, row);

    if (err)
        api_fail_store(call, err);
    return err == ERR_OK;
}

static void one(struct call *call)
{
    struct exception_row row;

    if (find(call, &row))
        write_row(call, NULL, &row);
}

static void create(struct call *call)
{
    struct exception_row row = {.query = "",
                                .reason = "",
                                .sites = "",
                                .owner = call->user->name,
                                .enabled = true,
                                .created_ns = call->now_ns};
    struct search search;
    struct reach reach = {0};

    if (!read_row(call, &row, &search))
        return;
    enum err err = reach_of(call, &search, row.sites, &reach);
    if (err)
        api_fail_store(call, err);
    else
        store_row(call, "exception.add", &row, &reach);
}

static void change(struct call *call)
{
    struct exception_row row;
    struct search search;
    struct reach reach = {0};

    if (!find(call, &row) || !read_row(call, &row, &search))
        return;
    row.version = json_i64(json_get(call->body, "version"), 0);
    enum err err = reach_of(call, &search, row.sites, &reach);
    if (err)
        api_fail_store(call, err);
    else
        store_row(call, row.enabled ? "exception.change" : "exception.disable", &row, &reach);
}

static void delete (struct call *call)
{
    struct exception_row row;
    int64_t shown = 0;

    if (!find(call, &row))
        return;
    enum err err = store_begin(call->store);
    if (!err)
        err = db_exceptions_show(call->store, row.id, &shown);
    if (!err)
        err = db_exceptions_delete(call->store, row.id);
    if (!err)
        err = note(call, "exception.delete", &row, shown);
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
    jsonw_i64(&call->out, "shown", shown);
    jsonw_obj_close(&call->out);
}

static const struct api_route routes[] = {
    {"GET", "/api/exceptions", PERM_READ, list, "All exceptions with hits and hidden groups.", ""},
    {"POST", "/api/exceptions", PERM_DETECT, create,
     "A new exception; stored groups that fit it wholly are hidden too.",
     "query (the search language), reason, owner, sites (list; empty: all), expires, enabled, days "
     "(how far back stored groups are hidden; 30)"},
    {"POST", "/api/exceptions/preview", PERM_DETECT, preview,
     "What an exception would have hidden in the last days, with exact counts.",
     "query, sites, days"},
    {"GET", "/api/exceptions/{id}", PERM_READ, one, "One exception.", ""},
    {"POST", "/api/exceptions/{id}", PERM_DETECT, change,
     "Changes an exception; disabled ones give their groups back.",
     "version (that was read), query, reason, owner, sites, expires, enabled, days"},
    {"DELETE", "/api/exceptions/{id}", PERM_DETECT, delete,
     "Deletes an exception; its groups come back.", ""},
    {.method = NULL},
};

const struct api_group api_exceptions = {
    .name = "exceptions", .doc = "Exceptions", .routes = routes};
