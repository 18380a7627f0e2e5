/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saved views: a search with a name, of one person or shared with all.
 */
#include "analyzer/api/act.h"
#include "analyzer/api/shape.h"
#include "analyzer/store/db_desk.h"

#include <stdlib.h>

enum { NAME_MAX_BYTES = 120, QUERY_MAX = 4000 };

static const char *const pages[] = {"groups", "incidents", "search", "devices"};

static void write_view(struct call *call, const struct saved_row *s)
{
    struct jsonw *w = &call->out;

    jsonw_obj_open(w, NULL);
    jsonw_i64(w, "id", s->id);
    jsonw_str(w, "name", s->name);
    jsonw_str(w, "page", s->page);
    jsonw_str(w, "query", s->query);
    jsonw_bool(w, "shared", s->shared);
    jsonw_str(w, "owner", s->owner);
    jsonw_bool(w, "own", s->account_id == call->user->id);
    jsonw_rfc3339(w, "updated", s->updated_ns);
    jsonw_obj_close(w);
}

static void list(struct call *call)
{
    struct saved_row *rows = NULL;
    uint32_t n = 0;
    enum err err = db_desk_saved(call->store, call->user->id, call->arena, &rows, &n);

    if (!shape_list_open(call, err))
        return;
    for (uint32_t i = 0; i < n; i++)
        write_view(call, &rows[i]);
    jsonw_arr_close(&call->out);
    jsonw_obj_close(&call->out);
}

/* Members of the body over what the view has; false: answered. */
static bool read_view(struct call *call, struct saved_row *s)
{
    const struct json *name = json_get(call->body, "name"), *query = json_get(call->body, "query");
    bool known = false;

    if (name)
        s->name = arena_str(call->arena, slice_trim(json_text(name)));
    if (query)
        s->query = json_str(query, "");
    s->shared = json_bool(json_get(call->body, "shared"), s->shared);
    s->updated_ns = call->now_ns;
    for (uint32_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        known = known || strcmp(pages[i], s->page) == 0;
    if (!known || !s->name || !*s->name || strlen(s->name) > NAME_MAX_BYTES ||
        strlen(s->query) > QUERY_MAX) {
        api_fail(call, 400,
                 "A view has a name, a query, and page: groups, incidents, search or devices.",
                 "Chế độ xem phải có tên, câu tìm kiếm và trang: groups, incidents, search hoặc "
                 "devices.");
        return false;
    }
    return true;
}

static void put(struct call *call, struct saved_row *s)
{
    enum err err = db_desk_saved_put(call->store, s);

    if (err == ERR_CONFLICT)
        api_fail(call, 409, "There is a view of that name on that page.",
                 "Trang này đã có chế độ xem mang tên đó.");
    else if (err)
        api_fail_store(call, err);
    else
        write_view(call, s);
}

static void make(struct call *call)
{
    struct saved_row s = {.account_id = call->user->id,
                          .owner = call->user->name,
                          .name = "",
                          .page = json_str(json_get(call->body, "page"), ""),
                          .query = "",
                          .created_ns = call->now_ns};

    if (read_view(call, &s))
        put(call, &s);
}

/* One's own; a shared one also for leads. False: answered. */
static bool find(struct call *call, struct saved_row *s)
{
    enum err err = db_desk_saved_get(call->store, strtoll(call->arg[0], NULL, 10), call->arena, s);
    bool own = !err && s->account_id == call->user->id;

    if (!err && !own && !s->shared)
        err = ERR_NOTFOUND;
    if (err)
        api_fail_store(call, err);
    else if (!own && !permission_in(call->may, PERM_LEAD))
        api_fail(call, 403, "This view is somebody else's.", "Chế độ xem này là của người khác.");
    return call->status == 200;
}

static void change(struct call *call)
{
    struct saved_row s;

    if (find(call, &s) && read_view(call, &s))
        put(call, &s);
}

static void drop(struct call *call)
{
    struct saved_row s;

    if (!find(call, &s))
        return;
    enum err err = db_desk_saved_delete(call->store, s.id);
    if (err)
        api_fail_store(call, err);
    else
        write_view(call, &s);
}

static const struct api_route routes[] = {
    {"GET", "/api/views", PERM_READ, list, "Saved views: one's own and the shared ones.", ""},
    {"POST", "/api/views", PERM_READ, make, "Saves a view.",
     "name, page (groups, incidents, search, devices), query, shared"},
    {"POST", "/api/views/{id}", PERM_READ, change,
     "Changes a view of one's own; a lead also shared ones.", "name, query, shared"},
    {"POST", "/api/views/{id}/delete", PERM_READ, drop, "Deletes a view.", ""},
    {.method = NULL},
};

const struct api_group api_views = {.name = "views", .doc = "Saved views", .routes = routes};
