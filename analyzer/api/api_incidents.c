/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incidents: list, the whole page with its reasons, and what people do with them. Who changes one
 * gives the version he has seen; somebody else's change in between is answered with 409.
 */
#include "analyzer/api/shape.h"
#include "analyzer/enrich/attack.h"
#include "analyzer/incident/incident_change.h"
#include "analyzer/record/incident_name.h"
#include "analyzer/store/db_audit.h"
#include "analyzer/store/db_incidents.h"
#include "analyzer/store/db_outbox.h"
#include "analyzer/store/store.h"

#include <stdio.h>

enum { INCIDENTS_PAGE = 100, COMMENT_MAX = 4000 };

static void write_json(struct call *call, const char *key, const struct json *v)
{
    struct strbuf text;

    strbuf_init(&text, 1 << 20);
    json_write(v, &text);
    if (v && !text.full)
        jsonw_raw(&call->out, key, strbuf_view(&text));
    strbuf_fini(&text);
}

static void list(struct call *call)
{
    const char *state = call->query(call, "state");
    struct incidents_query query = {.text = call->query(call, "q"), .limit = INCIDENTS_PAGE};
    struct incident *rows = NULL;
    uint32_t n = 0;

    for (int s = 0; s < INCIDENT_STATES; s++)
        if ((strcmp(state, "closed") == 0 && !incident_is_open((enum incident_state)s)) ||
            (strcmp(state, "open") == 0 && incident_is_open((enum incident_state)s)))
            query.states |= 1u << s;
    enum err err = db_incidents_list(call->store, &query, call->arena, &rows, &n);
    if (err) {
        api_fail_store(call, err);
        return;
    }
    jsonw_obj_open(&call->out, NULL);
    jsonw_u64(&call->out, "total", n);
    jsonw_arr_open(&call->out, "items");
    for (uint32_t i = 0; i < n; i++) {
        jsonw_obj_open(&call->out, NULL);
        shape_incident_head(call, &rows[i]);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
    jsonw_obj_close(&call->out);
}

static void write_stage(struct call *call, const struct json *s)
{
    struct jsonw *w = &call->out;
    const char *tactic = json_str(json_get(s, "tactic"), "");
    const char *technique = json_str(json_get(s, "technique"), "");
    const struct attack_tactic *t = attack_find_tactic(call->services->attack, tactic);
    const struct json *text = json_get(s, "text");

    jsonw_obj_open(w, NULL);
    shape_time(w, "time", (uint64_t)json_num(json_get(s, "time"), 0));
    shape_time(w, "last", (uint64_t)json_num(json_get(s, "last"), 0));
    jsonw_i64(w, "count", json_i64(json_get(s, "count"), 1));
    jsonw_str(w, "lane", json_str(json_get(s, "lane"), "it"));
    jsonw_str(w, "tactic", tactic);
    shape_text2(w, "tactic_name", t ? t->en : tactic, t ? t->vi : tactic);
    if (*technique)
        shape_technique(call, "technique", technique);
    jsonw_str(w, "severity", json_str(json_get(s, "severity"), "info"));
    shape_text2(w, "text", json_str(json_get(text, "en"), ""), json_str(json_get(text, "vi"), ""));
    shape_party(call, "src", json_str(json_get(s, "src"), ""), 0, NULL, NULL, NULL);
    shape_party(call, "dst", json_str(json_get(s, "dst"), ""), json_i64(json_get(s, "dst_port"), 0),
                NULL, NULL, NULL);
    jsonw_i64(w, "group", json_i64(json_get(s, "group"), 0));
    jsonw_obj_close(w);
}

static void write_why(struct call *call, const struct incident *incident)
{
    struct json *why = NULL;

    if (json_parse(slice_of_str(incident->why_json), &why, NULL) != ERR_OK)
        why = NULL;
    jsonw_arr_open(&call->out, "timeline");
    for (const struct json *s = json_first(json_get(why, "stages")); s; s = json_next(s))
        write_stage(call, s);
    jsonw_arr_close(&call->out);
    jsonw_arr_open(&call->out, "reasons");
    for (const struct json *r = json_first(json_get(why, "reasons")); r; r = json_next(r))
        write_json(call, NULL, r);
    jsonw_arr_close(&call->out);
    if (json_get(why, "tree")) {
        write_json(call, "why", json_get(why, "tree"));
    } else {
        jsonw_obj_open(&call->out, "why");
        jsonw_str(&call->out, "kind", "incident");
        shape_text2(&call->out, "title", incident->title_en, incident->title_vi);
        jsonw_obj_close(&call->out);
    }
    json_free(&why);
}

static void write_groups(struct call *call, int64_t id)
{
    struct groups_query query = {.incident_id = id, .text = "", .limit = 200};
    struct group_row *rows = NULL;
    uint32_t n = 0;

    jsonw_arr_open(&call->out, "groups");
    if (db_groups_list(call->store, &query, call->arena, &rows, &n) == ERR_OK)
        for (uint32_t i = 0; i < n; i++)
            shape_group(call, NULL, &rows[i]);
    jsonw_arr_close(&call->out);
}

static void write_history(struct call *call, int64_t id)
{
    struct incident_entry *rows = NULL;
    uint32_t n = 0;

    jsonw_arr_open(&call->out, "audit");
    if (db_incidents_entries(call->store, id, call->arena, &rows, &n) == ERR_OK) {
        for (uint32_t i = n; i-- > 0;) {
            if (strcmp(rows[i].kind, "stage") == 0 || strcmp(rows[i].kind, "alert") == 0)
                continue;
            jsonw_obj_open(&call->out, NULL);
            shape_time(&call->out, "time", rows[i].ts_ns);
            jsonw_str(&call->out, "user", *rows[i].actor ? rows[i].actor : "tramgac");
            jsonw_str(&call->out, "action", rows[i].kind);
            jsonw_str(&call->out, "text", rows[i].text_en);
            jsonw_obj_close(&call->out);
        }
    }
    jsonw_arr_close(&call->out);
}

static void write_pushes(struct call *call, int64_t id)
{
    static const char *const states[] = {"waiting", "sent", "failed"};
    struct outbox_row *rows = NULL;
    uint32_t n = 0;

    jsonw_arr_open(&call->out, "pushes");
    if (db_outbox_list(call->store, id, 100, call->arena, &rows, &n) == ERR_OK) {
        for (uint32_t i = 0; i < n; i++) {
            jsonw_obj_open(&call->out, NULL);
            jsonw_str(&call->out, "connector", rows[i].connector);
            jsonw_i64(&call->out, "revision", rows[i].revision);
            jsonw_str(&call->out, "state", states[rows[i].state]);
            shape_time(&call->out, "time", rows[i].sent_ns);
            jsonw_i64(&call->out, "tries", rows[i].tries);
            if (rows[i].state != OUTBOX_SENT)
                shape_opt(&call->out, "error", rows[i].answer);
            jsonw_obj_close(&call->out);
        }
    }
    jsonw_arr_close(&call->out);
}

static void write_incident(struct call *call, const struct incident *incident)
{
    jsonw_obj_open(&call->out, NULL);
    shape_incident_head(call, incident);
    write_why(call, incident);
    write_groups(call, incident->id);
    write_history(call, incident->id);
    write_pushes(call, incident->id);
    jsonw_obj_close(&call->out);
}

static bool find(struct call *call, struct incident *incident)
{
    int64_t id = 0;
    enum err err = incident_name_parse(slice_of_str(call->arg[0]), &id)
                       ? db_incidents_get(call->store, id, call->arena, incident)
                       : ERR_NOTFOUND;

    if (err)
        api_fail_store(call, err);
    return err == ERR_OK;
}

static void show(struct call *call)
{
    struct incident incident;

    if (find(call, &incident))
        write_incident(call, &incident);
}

/* Reads the wanted changes from the body; false (answered) when one is not allowed. */
static bool read_change(struct call *call, struct incident_change *change)
{
    const struct json *state = json_get(call->body, "state"),
                      *disposition = json_get(call->body, "disposition");
    const struct json *severity = json_get(call->body, "severity");
    struct slice comment = json_text(json_get(call->body, "comment"));

    *change = (struct incident_change){.actor = call->user->name, .now_ns = call->now_ns};
    change->assignee =
        json_get(call->body, "assignee") ? json_str(json_get(call->body, "assignee"), "") : NULL;
    change->comment = comment.len ? arena_str(call->arena, slice_trim(comment)) : NULL;
    change->has_state = state != NULL;
    change->has_disposition = disposition != NULL;
    change->has_severity = severity != NULL;
    if ((state && !incident_state_parse(json_text(state), &change->state)) ||
        (disposition &&
         !incident_disposition_parse(json_text(disposition), &change->disposition)) ||
        (severity && !record_severity_parse(json_text(severity), &change->severity)) ||
        comment.len > COMMENT_MAX) {
        api_fail(call, 400, "A member of the change is not known or too long.");
        return false;
    }
    return true;
}

/* Incident, history and deliveries stand or fall together. */
static enum err store_change(struct call *call, struct incident *incident,
                             const struct incident_change *wanted)
{
    struct incident_entry entries[INCIDENT_CHANGE_ENTRIES_MAX];
    uint32_t n = 0;
    int64_t revision = incident->revision;
    enum err err = incident_change_apply(incident, wanted, call->arena, entries, &n);

    if (!err)
        err = store_begin(call->store);
    if (err)
        return err;
    err = db_incidents_put(call->store, incident);
    for (uint32_t i = 0; i < n && !err; i++)
        err = db_incidents_entry_add(call->store, &entries[i]);
    if (!err && incident->revision != revision && call->services->incident_changed)
        err = call->services->incident_changed(call->services->run, call->store, incident);
    if (!err)
        err = store_commit(call->store);
    if (err && store_in_batch(call->store))
        store_rollback(call->store);
    return err;
}

static void change(struct call *call)
{
    struct incident incident;
    struct incident_change wanted;
    char object[INCIDENT_NAME_MAX + 10], name[INCIDENT_NAME_MAX];

    if (!find(call, &incident) || !read_change(call, &wanted))
        return;
    if (incident.version != json_i64(json_get(call->body, "version"), -1)) {
        api_fail_store(call, ERR_CONFLICT);
        return;
    }
    enum err err = store_change(call, &incident, &wanted);
    if (err) {
        api_fail_store(call, err);
        return;
    }
    incident_name(incident.id, incident.opened_ns, name);
    snprintf(object, sizeof(object), "incident/%s", name);
    struct audit_row audit = {.ts_ns = call->now_ns,
                              .user = call->user->name,
                              .address = call->address,
                              .action = "incident.change",
                              .object = object,
                              .detail_json = "{}"};
    db_audit_add(call->store, &audit);
    struct strbuf news;
    strbuf_init(&news, 256);
    strbuf_fmt(&news, "{\"id\":\"%s\"}", name);
    hub_publish(call->services->hub, "incident", strbuf_view(&news));
    strbuf_fini(&news);
    if (db_incidents_get(call->store, incident.id, call->arena, &incident) == ERR_OK)
        write_incident(call, &incident);
}

static const struct api_route routes[] = {
    {"GET", "/api/incidents", API_VIEWER, list, "Incidents, newest first.",
     "state (open, closed, all), q"},
    {"GET", "/api/incidents/{id}", API_VIEWER, show,
     "One incident: stages, reasons, why-tree, evidence, history, deliveries.", ""},
    {"POST", "/api/incidents/{id}", API_ANALYST, change,
     "Changes state, assignee, disposition or severity, or adds a comment.",
     "version, state, assignee, disposition, severity, comment"},
    {.method = NULL},
};

const struct api_group api_incidents = {.name = "incidents", .doc = "Incidents", .routes = routes};
