/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking back: whoever did something can undo it for a while, once, unless others went on from it.
 */
#include "analyzer/api/act.h"
#include "analyzer/api/undo.h"
#include "analyzer/incident/desk.h"
#include "analyzer/store/db_audit.h"
#include "analyzer/store/db_incidents.h"
#include "common/conf.h"

#include <stdio.h>

static enum err undo_desk(struct call *call, const struct json *detail, int64_t *n)
{
    struct strbuf text;
    struct jsonw nothing;
    struct desk desk = {.store = call->store,
                        .arena = call->arena,
                        .attack = call->services->attack,
                        .half_life_ns = conf_span_ns(call->services->conf, "incident.half_life"),
                        .now_ns = call->now_ns,
                        .actor = call->user->name,
                        .tell = act_tell,
                        .ctx = call,
                        .undo = &nothing};

    strbuf_init(&text, 4096);
    jsonw_init(&nothing, &text);
    enum err err = desk_undo(&desk, detail);
    strbuf_fini(&text);
    *n = 1 + json_count(json_get(detail, "sources"));
    return err;
}

static enum err take_back(struct call *call, const struct json *detail, int64_t *n)
{
    const char *edit = json_str(json_get(detail, "edit"), "");
    const struct json *items = json_get(detail, "items");

    if (strcmp(edit, "incidents") == 0)
        return undo_incidents(call, items, n);
    if (strcmp(edit, "groups") == 0)
        return undo_groups(call, items, n);
    if (strcmp(edit, "tasks") == 0)
        return undo_tasks(call, items, n);
    return undo_desk(call, detail, n);
}

static void undo(struct call *call)
{
    struct undo_row row;
    struct json *detail = NULL;
    char object[64];
    int64_t n = 0;
    enum err err = store_begin(call->store);

    if (!err)
        err = db_desk_undo_take(call->store, call->arg[0], call->user->id, call->now_ns,
                                call->arena, &row);
    if (!err)
        err = json_parse(slice_of_str(row.detail), &detail, NULL);
    if (!err)
        err = take_back(call, detail, &n);
    snprintf(object, sizeof(object), "undo/%.40s", call->arg[0]);
    if (!err)
        err = act_audit(call, "undo", object, "{}");
    if (!err)
        err = store_commit(call->store);
    if (err) {
        if (store_in_batch(call->store))
            store_rollback(call->store);
        if (err == ERR_NOTFOUND)
            api_fail(call, 404, "It is too late to undo this, or it is undone already.",
                     "Đã quá hạn hoàn tác, hoặc việc này đã được hoàn tác rồi.");
        else
            api_fail_store(call, err);
    } else {
        hub_publish(call->services->hub, "groups", SLICE_LIT("{}"));
        hub_publish(call->services->hub, "incident", SLICE_LIT("{}"));
        jsonw_obj_open(&call->out, NULL);
        jsonw_i64(&call->out, "undone", n);
        jsonw_str(&call->out, "action", row.action);
        jsonw_obj_close(&call->out);
    }
    json_free(&detail);
}

static const struct api_route routes[] = {
    {"POST", "/api/undo/{id}", PERM_TRIAGE, undo,
     "Takes back what the account did; `id` is of the answer to it. 409: changed again since.", ""},
    {.method = NULL},
};

const struct api_group api_undo = {.name = "undo", .doc = "Undo", .routes = routes};
