/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/api/undo.h"

#include "analyzer/store/db_incidents.h"

#include <stdio.h>
#include <stdlib.h>

/* A JSON number would lose nanoseconds. */
static void write_ns(struct jsonw *w, const char *key, uint64_t ns)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)ns);
    jsonw_str(w, key, text);
}

static uint64_t read_ns(const struct json *v, const char *key)
{
    return strtoull(json_str(json_get(v, key), "0"), NULL, 10);
}

/* ---- incidents ------------------------------------------------------------------------------ */

static void write_incident(struct jsonw *w, const char *key, const struct incident *i)
{
    jsonw_obj_open(w, key);
    jsonw_i64(w, "state", i->state);
    jsonw_i64(w, "disposition", i->disposition);
    jsonw_i64(w, "severity", i->severity);
    jsonw_str(w, "assignee", i->assignee);
    jsonw_bool(w, "personal", i->personal_data);
    jsonw_bool(w, "serious", i->serious);
    jsonw_str(w, "personal_reason", i->personal_reason ? i->personal_reason : "");
    jsonw_str(w, "serious_reason", i->serious_reason ? i->serious_reason : "");
    write_ns(w, "personal_at", i->personal_ns);
    write_ns(w, "serious_at", i->serious_ns);
    write_ns(w, "closed", i->closed_ns);
    write_ns(w, "acked", i->acked_ns);
    write_ns(w, "contained", i->contained_ns);
    write_ns(w, "reported", i->reported_ns);
    jsonw_obj_close(w);
}

void undo_keep_incident(struct act *act, const struct incident *before,
                        const struct incident *after)
{
    jsonw_obj_open(&act->undo, NULL);
    jsonw_i64(&act->undo, "id", before->id);
    write_incident(&act->undo, "before", before);
    write_incident(&act->undo, "after", after);
    jsonw_obj_close(&act->undo);
}

/* Has somebody gone on from where the change left it? */
static bool is_as_left(const struct incident *i, const struct json *after)
{
    return (int64_t)i->state == json_i64(json_get(after, "state"), -1) &&
           (int64_t)i->disposition == json_i64(json_get(after, "disposition"), -1) &&
           (int64_t)i->severity == json_i64(json_get(after, "severity"), -1) &&
           strcmp(i->assignee, json_str(json_get(after, "assignee"), "")) == 0 &&
           i->personal_data == json_bool(json_get(after, "personal"), false) &&
           i->serious == json_bool(json_get(after, "serious"), false);
}

static void restore_incident(struct incident *i, const struct json *before)
{
    i->state = (enum incident_state)json_i64(json_get(before, "state"), 0);
    i->disposition = (enum disposition)json_i64(json_get(before, "disposition"), 0);
    i->severity = (enum severity)json_i64(json_get(before, "severity"), 0);
    i->assignee = json_str(json_get(before, "assignee"), "");
    i->personal_data = json_bool(json_get(before, "personal"), false);
    i->serious = json_bool(json_get(before, "serious"), false);
    i->personal_reason = json_str(json_get(before, "personal_reason"), "");
    i->serious_reason = json_str(json_get(before, "serious_reason"), "");
    i->personal_ns = read_ns(before, "personal_at");
    i->serious_ns = read_ns(before, "serious_at");
    i->closed_ns = read_ns(before, "closed");
    i->acked_ns = read_ns(before, "acked");
    i->contained_ns = read_ns(before, "contained");
    i->reported_ns = read_ns(before, "reported");
}

static enum err undo_incident(struct call *call, const struct json *item)
{
    struct incident incident;
    enum err err =
        db_incidents_get(call->store, json_i64(json_get(item, "id"), 0), call->arena, &incident);

    if (!err && !is_as_left(&incident, json_get(item, "after")))
        err = ERR_CONFLICT;
    if (err)
        return err;
    restore_incident(&incident, json_get(item, "before"));
    incident.updated_ns = call->now_ns;
    incident.revision++;
    err = db_incidents_put(call->store, &incident);
    struct incident_entry entry = {.incident_id = incident.id,
                                   .ts_ns = call->now_ns,
                                   .kind = "undo",
                                   .actor = call->user->name,
                                   .text_en = "The last change was undone",
                                   .text_vi = "Đã hoàn tác thay đổi vừa rồi",
                                   .technique = "",
                                   .tactic = "",
                                   .severity = incident.severity,
                                   .detail_json = "{}"};
    if (!err)
        err = db_incidents_entry_add(call->store, &entry);
    return err ? err : act_tell(call, call->store, &incident);
}

enum err undo_incidents(struct call *call, const struct json *items, int64_t *n)
{
    enum err err = ERR_OK;

    for (const struct json *i = json_first(items); i && !err; i = json_next(i), (*n)++)
        err = undo_incident(call, i);
    return err;
}

/* ---- groups --------------------------------------------------------------------------------- */

void undo_keep_group(struct act *act, const struct group_row *before, const struct group_row *after)
{
    struct jsonw *w = &act->undo;

    jsonw_obj_open(w, NULL);
    jsonw_i64(w, "id", before->id);
    jsonw_i64(w, "state", before->state);
    jsonw_i64(w, "done", before->n_done);
    jsonw_str(w, "assignee", before->assignee);
    jsonw_i64(w, "after_state", after->state);
    jsonw_str(w, "after_assignee", after->assignee);
    jsonw_obj_close(w);
}

/* New alerts may have opened an archived group again: that is no conflict. */
static bool group_as_left(const struct group_row *g, const struct json *item)
{
    int64_t left = json_i64(json_get(item, "after_state"), 0);
    bool opened = left == GROUP_ARCHIVED && g->state == GROUP_OPEN && g->n > g->n_done;

    return ((int64_t)g->state == left || opened) &&
           strcmp(g->assignee, json_str(json_get(item, "after_assignee"), "")) == 0;
}

enum err undo_groups(struct call *call, const struct json *items, int64_t *n)
{
    enum err err = ERR_OK;

    for (const struct json *i = json_first(items); i && !err; i = json_next(i), (*n)++) {
        struct group_row group;
        int64_t id = json_i64(json_get(i, "id"), 0);
        err = db_groups_get(call->store, id, call->arena, &group);
        if (!err && !group_as_left(&group, i))
            err = ERR_CONFLICT;
        if (!err)
            err = db_groups_put_back(
                call->store, id, (enum group_state)json_i64(json_get(i, "state"), 0),
                json_i64(json_get(i, "done"), 0), json_str(json_get(i, "assignee"), ""));
    }
    return err;
}

/* ---- tasks ---------------------------------------------------------------------------------- */

static void write_task(struct jsonw *w, const struct task_row *t)
{
    jsonw_obj_open(w, "before");
    jsonw_i64(w, "incident", t->incident_id);
    jsonw_str(w, "title", t->title);
    jsonw_str(w, "assignee", t->assignee);
    write_ns(w, "due", t->due_ns);
    write_ns(w, "done", t->done_ns);
    jsonw_str(w, "done_by", t->done_by);
    write_ns(w, "created", t->created_ns);
    jsonw_str(w, "created_by", t->created_by);
    jsonw_obj_close(w);
}

void undo_keep_task(struct act *act, const struct task_row *before, const struct task_row *after)
{
    jsonw_obj_open(&act->undo, NULL);
    if (after) {
        jsonw_i64(&act->undo, "id", after->id);
        jsonw_i64(&act->undo, "version", after->version);
    }
    if (before)
        write_task(&act->undo, before);
    jsonw_obj_close(&act->undo);
}

static struct task_row read_task(const struct json *v)
{
    return (struct task_row){.incident_id = json_i64(json_get(v, "incident"), 0),
                             .title = json_str(json_get(v, "title"), ""),
                             .assignee = json_str(json_get(v, "assignee"), ""),
                             .due_ns = read_ns(v, "due"),
                             .done_ns = read_ns(v, "done"),
                             .done_by = json_str(json_get(v, "done_by"), ""),
                             .created_ns = read_ns(v, "created"),
                             .created_by = json_str(json_get(v, "created_by"), "")};
}

static enum err undo_task(struct call *call, const struct json *item)
{
    int64_t id = json_i64(json_get(item, "id"), 0);
    const struct json *before = json_get(item, "before");
    struct task_row now, then = read_task(before);

    if (!id)
        return db_desk_task_add(call->store, &then);
    enum err err = db_desk_task_get(call->store, id, call->arena, &now);
    if (!err && now.version != json_i64(json_get(item, "version"), 0))
        err = ERR_CONFLICT;
    if (err)
        return err;
    if (!before)
        return db_desk_task_delete(call->store, id);
    then.id = id;
    then.version = now.version;
    return db_desk_task_put(call->store, &then);
}

enum err undo_tasks(struct call *call, const struct json *items, int64_t *n)
{
    enum err err = ERR_OK;

    for (const struct json *i = json_first(items); i && !err; i = json_next(i), (*n)++)
        err = undo_task(call, i);
    return err;
}
