/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks of incidents: who does what until when.
 */
#include "analyzer/api/act.h"
#include "analyzer/api/shape.h"
#include "analyzer/api/undo.h"
#include "analyzer/record/incident_name.h"
#include "analyzer/store/db_desk.h"
#include "analyzer/store/db_incidents.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { TITLE_MAX = 400 };

void api_tasks_write(struct call *call, const char *key, const struct task_row *t)
{
    struct jsonw *w = &call->out;

    jsonw_obj_open(w, key);
    jsonw_i64(w, "id", t->id);
    jsonw_i64(w, "version", t->version);
    jsonw_str(w, "title", t->title);
    shape_opt(w, "assignee", t->assignee);
    jsonw_rfc3339(w, "due", t->due_ns);
    jsonw_bool(w, "overdue", t->due_ns && !t->done_ns && t->due_ns < call->now_ns);
    jsonw_bool(w, "done", t->done_ns != 0);
    jsonw_rfc3339(w, "done_at", t->done_ns);
    shape_opt(w, "done_by", t->done_by);
    jsonw_rfc3339(w, "created", t->created_ns);
    jsonw_str(w, "created_by", t->created_by);
    jsonw_obj_close(w);
}

/* Members of the body over what the task has; false: answered. */
static bool read_task(struct call *call, struct task_row *t)
{
    const struct json *title = json_get(call->body, "title"), *due = json_get(call->body, "due"),
                      *assignee = json_get(call->body, "assignee"),
                      *done = json_get(call->body, "done");

    if (title)
        t->title = arena_str(call->arena, slice_trim(json_text(title)));
    if (assignee)
        t->assignee = json_str(assignee, "");
    if (due && json_text(due).len == 0)
        t->due_ns = 0;
    else if (due && !clock_parse(json_text(due), &t->due_ns)) {
        api_fail(call, 400, "due must be a time like 2026-11-21T03:05:10Z, or empty.",
                 "due phải là thời điểm như 2026-11-21T03:05:10Z, hoặc để trống.");
        return false;
    }
    if (done && json_bool(done, false) != (t->done_ns != 0)) {
        t->done_ns = json_bool(done, false) ? call->now_ns : 0;
        t->done_by = t->done_ns ? call->user->name : "";
    }
    if (!t->title || !*t->title || strlen(t->title) > TITLE_MAX || strlen(t->assignee) > 64) {
        api_fail(call, 400, "A task has a title of at most 400 bytes.",
                 "Công việc phải có tiêu đề dài tối đa 400 byte.");
        return false;
    }
    return true;
}

/* The task's transaction, with a line in the history of its incident. */
static enum err finish(struct act *act, enum err err, const struct task_row *t, const char *en,
                       const char *vi)
{
    struct call *call = act->call;
    char object[64], text_en[TITLE_MAX + 80], text_vi[TITLE_MAX + 80];

    snprintf(object, sizeof(object), "incident/%lld/task", (long long)t->incident_id);
    snprintf(text_en, sizeof(text_en), "%s: %s", en, t->title);
    snprintf(text_vi, sizeof(text_vi), "%s: %s", vi, t->title);
    struct incident_entry entry = {.incident_id = t->incident_id,
                                   .ts_ns = call->now_ns,
                                   .kind = "task",
                                   .actor = call->user->name,
                                   .text_en = text_en,
                                   .text_vi = text_vi,
                                   .technique = "",
                                   .tactic = "",
                                   .detail_json = "{}"};
    jsonw_arr_close(&act->undo);
    if (!err)
        err = db_incidents_entry_add(call->store, &entry);
    return act_end(act, err, object, "{}");
}

static enum err start(struct act *act, struct call *call, const char *name)
{
    enum err err = act_begin(act, call, name);

    jsonw_str(&act->undo, "edit", "tasks");
    jsonw_arr_open(&act->undo, "items");
    return err;
}

static void answer(struct act *act, const struct task_row *task)
{
    struct call *call = act->call;
    struct incident incident;

    if (db_incidents_get(call->store, task->incident_id, call->arena, &incident) == ERR_OK)
        act_publish_incident(call, &incident);
    jsonw_obj_open(&call->out, NULL);
    api_tasks_write(call, "task", task);
    act_write_undo(act);
    jsonw_obj_close(&call->out);
}

static void add(struct call *call)
{
    struct incident incident;
    struct task_row task = {.title = "",
                            .assignee = "",
                            .done_by = "",
                            .created_ns = call->now_ns,
                            .created_by = call->user->name};
    struct act act;

    if (!act_find_incident(call, call->arg[0], &incident) || !read_task(call, &task))
        return;
    task.incident_id = incident.id;
    enum err err = start(&act, call, "task.add");
    if (!err)
        err = db_desk_task_add(call->store, &task);
    undo_keep_task(&act, NULL, &task);
    if (!finish(&act, err, &task, "New task", "Việc mới"))
        answer(&act, &task);
}

/* The task of the path, of an incident in scope. */
static bool find(struct call *call, struct task_row *task)
{
    struct incident incident;
    enum err err =
        db_desk_task_get(call->store, strtoll(call->arg[0], NULL, 10), call->arena, task);

    if (!err)
        err = db_incidents_get(call->store, task->incident_id, call->arena, &incident);
    if (!err && !act_in_scope(call, incident.site))
        err = ERR_NOTFOUND;
    if (err)
        api_fail_store(call, err);
    return err == ERR_OK;
}

static bool version_fits(struct call *call, const struct task_row *task)
{
    if (json_i64(json_get(call->body, "version"), -1) == task->version)
        return true;
    api_fail_store(call, ERR_CONFLICT);
    return false;
}

static void change(struct call *call)
{
    struct task_row task;
    struct act act;

    if (!find(call, &task) || !version_fits(call, &task))
        return;
    struct task_row before = task;
    if (!read_task(call, &task))
        return;
    enum err err = start(&act, call, "task.change");
    if (!err)
        err = db_desk_task_put(call->store, &task);
    undo_keep_task(&act, &before, &task);
    bool done = task.done_ns && !before.done_ns;
    if (!finish(&act, err, &task, done ? "Task done" : "Task changed",
                done ? "Việc đã xong" : "Việc đã sửa"))
        answer(&act, &task);
}

static void drop(struct call *call)
{
    struct task_row task;
    struct act act;

    if (!find(call, &task) || !version_fits(call, &task))
        return;
    enum err err = start(&act, call, "task.delete");
    if (!err)
        err = db_desk_task_delete(call->store, task.id);
    undo_keep_task(&act, &task, NULL);
    if (!finish(&act, err, &task, "Task deleted", "Việc đã xoá"))
        answer(&act, &task);
}

static const struct api_route routes[] = {
    {"POST", "/api/incidents/{id}/tasks", PERM_TRIAGE, add, "Adds a task to an incident.",
     "title, assignee, due, done"},
    {"POST", "/api/tasks/{id}", PERM_TRIAGE, change, "Changes a task, or ticks it off.",
     "version, title, assignee, due (empty: none), done"},
    {"POST", "/api/tasks/{id}/delete", PERM_TRIAGE, drop, "Deletes a task.", "version"},
    {.method = NULL},
};

const struct api_group api_tasks = {.name = "tasks", .doc = "Tasks", .routes = routes};
