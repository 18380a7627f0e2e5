/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incidents: the list, and the whole page of one with its reasons.
 */
#include "analyzer/api/act.h"
#include "analyzer/api/shape.h"
#include "analyzer/enrich/attack.h"
#include "analyzer/record/incident_name.h"
#include "analyzer/store/db_desk.h"
#include "analyzer/store/db_events.h"
#include "analyzer/store/db_incidents.h"
#include "analyzer/store/db_outbox.h"
#include "analyzer/store/store.h"

enum { INCIDENTS_PAGE = 100, EVIDENCE_PAGE = 50, EVENTS_PAGE = 50, HISTORY_PAGE = 50 };

static void write_json(struct call *call, const char *key, const struct json *v)
{
    struct strbuf text;

    strbuf_init(&text, 1 << 20);
    json_write(v, &text);
    if (v && !text.full)
        jsonw_raw(&call->out, key, strbuf_view(&text));
    strbuf_fini(&text);
}

/* One state by its name, "open", "closed" (also merged) or "all". */
static bool read_states(const char *text, uint32_t *states)
{
    enum incident_state one;
    bool open = strcmp(text, "open") == 0, closed = strcmp(text, "closed") == 0;

    *states = 0;
    if (!*text || strcmp(text, "all") == 0)
        return true;
    if (incident_state_parse(slice_of_str(text), &one))
        *states = 1u << one;
    for (int s = 0; s < INCIDENT_STATES && (open || closed); s++)
        *states |= incident_is_open((enum incident_state)s) == open ? 1u << s : 0;
    return *states != 0;
}

/* False: answered. */
static bool read_query(struct call *call, struct incidents_query *query)
{
    const char *severity = call->query(call, "severity");
    const char *assignee = call->query(call, "assignee"), *site = call->query(call, "site");
    struct api_place place;

    if (!api_before(call, false, &place))
        return false;
    *query = (struct incidents_query){.text = call->query(call, "q"),
                                      .limit = api_limit(call, INCIDENTS_PAGE),
                                      .before_ns = place.ns,
                                      .before_id = place.id,
                                      .sites = call->sites,
                                      .site = *site ? site : NULL,
                                      .serious = *call->query(call, "serious") != '\0',
                                      .personal = *call->query(call, "personal_data") != '\0',
                                      .unassigned = strcmp(assignee, "none") == 0};
    if (strcmp(assignee, "me") == 0)
        query->assignee = call->user->name;
    else if (*assignee && !query->unassigned)
        query->assignee = assignee;
    if (!read_states(call->query(call, "state"), &query->states) ||
        (*severity && !record_severity_parse(slice_of_str(severity), &query->at_least))) {
        api_fail(call, 400, "A value of the query is not known.",
                 "Có giá trị không hợp lệ trong câu hỏi.");
        return false;
    }
    return true;
}

static void list(struct call *call)
{
    struct incidents_query query;
    struct incident *rows = NULL;
    uint32_t n = 0;
    int64_t total = 0;

    if (!read_query(call, &query))
        return;
    enum err err = db_incidents_list(call->store, &query, call->arena, &rows, &n);
    if (!err)
        err = db_incidents_count(call->store, &query, &total);
    if (err) {
        api_fail_store(call, err);
        return;
    }
    jsonw_obj_open(&call->out, NULL);
    jsonw_i64(&call->out, "total", total);
    jsonw_arr_open(&call->out, "items");
    for (uint32_t i = 0; i < n; i++) {
        jsonw_obj_open(&call->out, NULL);
        shape_incident_head(call, &rows[i]);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
    if (n && n == query.limit)
        api_next(call, "next",
                 &(struct api_place){.ns = rows[n - 1].last_ns, .id = rows[n - 1].id});
    jsonw_obj_close(&call->out);
}

/* The place of a tactic in an attack: as the data of ATT&CK lists them. */
static void write_order(struct call *call, const struct attack_tactic *tactic)
{
    for (uint32_t i = 0; tactic && attack_tactic_at(call->services->attack, i); i++) {
        if (attack_tactic_at(call->services->attack, i) == tactic) {
            jsonw_u64(&call->out, "tactic_order", i);
            return;
        }
    }
}

static void write_stage(struct call *call, const struct json *s)
{
    struct jsonw *w = &call->out;
    const char *tactic = json_str(json_get(s, "tactic"), "");
    const char *technique = json_str(json_get(s, "technique"), "");
    const struct attack_tactic *t = attack_find_tactic(call->services->attack, tactic);
    const struct json *text = json_get(s, "text");

    jsonw_obj_open(w, NULL);
    jsonw_rfc3339(w, "time", (uint64_t)json_num(json_get(s, "time"), 0));
    jsonw_rfc3339(w, "last", (uint64_t)json_num(json_get(s, "last"), 0));
    jsonw_i64(w, "count", json_i64(json_get(s, "count"), 1));
    jsonw_str(w, "lane", json_str(json_get(s, "lane"), "it"));
    jsonw_str(w, "tactic", tactic);
    shape_text2(w, "tactic_name", t ? t->en : tactic, t ? t->vi : tactic);
    write_order(call, t);
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

/* A page of its groups as `key`, the cursor of the next one as `next`. */
static enum err write_groups(struct call *call, const struct groups_query *query, const char *key,
                             const char *next)
{
    struct group_row *rows = NULL;
    uint32_t n = 0;
    enum err err = db_groups_list(call->store, query, call->arena, &rows, &n);

    jsonw_arr_open(&call->out, key);
    for (uint32_t i = 0; i < n && !err; i++)
        shape_group(call, NULL, &rows[i]);
    jsonw_arr_close(&call->out);
    if (n && n == query->limit && !err)
        api_next(call, next, &(struct api_place){.ns = rows[n - 1].last_ns, .id = rows[n - 1].id});
    return err;
}

static enum err write_group_count(struct call *call, const struct groups_query *query,
                                  const char *key)
{
    int64_t groups = 0, alerts = 0;
    enum err err = db_groups_count(call->store, query, &groups, &alerts);

    jsonw_i64(&call->out, key, groups);
    return err;
}

/* A page of what was done and decided as `key`, with its whole number and the next one's cursor. */
static enum err write_history(struct call *call, const struct history_query *query, const char *key,
                              const char *total, const char *next)
{
    struct incident_entry *rows = NULL;
    uint32_t n = 0;
    int64_t all = 0;
    enum err err = db_incidents_history(call->store, query, call->arena, &rows, &n, &all);

    jsonw_i64(&call->out, total, all);
    jsonw_arr_open(&call->out, key);
    for (uint32_t i = 0; i < n && !err; i++) {
        jsonw_obj_open(&call->out, NULL);
        jsonw_i64(&call->out, "id", rows[i].id);
        jsonw_rfc3339(&call->out, "time", rows[i].ts_ns);
        jsonw_str(&call->out, "user", *rows[i].actor ? rows[i].actor : "tramgac");
        jsonw_str(&call->out, "action", rows[i].kind);
        shape_text2(&call->out, "text", rows[i].text_en, rows[i].text_vi);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
    if (n && n == query->limit && !err)
        api_next(call, next, &(struct api_place){.ns = rows[n - 1].ts_ns, .id = rows[n - 1].id});
    return err;
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
            jsonw_rfc3339(&call->out, "time", rows[i].sent_ns);
            jsonw_i64(&call->out, "tries", rows[i].tries);
            if (rows[i].state != OUTBOX_SENT)
                shape_opt(&call->out, "error", rows[i].answer);
            jsonw_obj_close(&call->out);
        }
    }
    jsonw_arr_close(&call->out);
}

static void write_tasks(struct call *call, int64_t id)
{
    struct task_row *rows = NULL;
    uint32_t n = 0;

    jsonw_arr_open(&call->out, "tasks");
    if (db_desk_tasks(call->store, id, call->arena, &rows, &n) == ERR_OK)
        for (uint32_t i = 0; i < n; i++)
            api_tasks_write(call, NULL, &rows[i]);
    jsonw_arr_close(&call->out);
}

static void write_incident(struct call *call, const struct incident *incident,
                           const struct act *act)
{
    jsonw_obj_open(&call->out, NULL);
    shape_incident_head(call, incident);
    write_why(call, incident);
    struct groups_query evidence = {
        .incident_id = incident->id, .text = "", .limit = EVIDENCE_PAGE};
    (void)write_group_count(call, &evidence, "groups_total");
    (void)write_groups(call, &evidence, "groups", "groups_next");
    write_tasks(call, incident->id);
    (void)write_history(call,
                        &(struct history_query){.incident_id = incident->id, .limit = HISTORY_PAGE},
                        "audit", "audit_total", "audit_next");
    write_pushes(call, incident->id);
    if (act)
        act_write_undo(act);
    jsonw_obj_close(&call->out);
}

void api_incidents_write(struct call *call, int64_t id, const struct act *act)
{
    struct incident incident;
    enum err err = db_incidents_get(call->store, id, call->arena, &incident);

    if (err)
        api_fail_store(call, err);
    else
        write_incident(call, &incident, act);
}

static void show(struct call *call)
{
    struct incident incident;

    if (act_find_incident(call, call->arg[0], &incident))
        write_incident(call, &incident, NULL);
}

static void show_groups(struct call *call)
{
    struct incident incident;
    struct api_place place;

    if (!act_find_incident(call, call->arg[0], &incident) || !api_before(call, false, &place))
        return;
    struct groups_query query = {.incident_id = incident.id,
                                 .text = "",
                                 .before_ns = place.ns,
                                 .before_id = place.id,
                                 .limit = api_limit(call, EVIDENCE_PAGE)};
    jsonw_obj_open(&call->out, NULL);
    enum err err = write_group_count(call, &query, "total");
    if (!err)
        err = write_groups(call, &query, "items", "next");
    jsonw_obj_close(&call->out);
    if (err)
        api_fail_store(call, err);
}

static void show_history(struct call *call)
{
    struct incident incident;
    struct api_place place;

    if (!act_find_incident(call, call->arg[0], &incident) || !api_before(call, false, &place))
        return;
    struct history_query query = {.incident_id = incident.id,
                                  .before_ns = place.ns,
                                  .before_id = place.id,
                                  .limit = api_limit(call, HISTORY_PAGE)};
    jsonw_obj_open(&call->out, NULL);
    enum err err = write_history(call, &query, "items", "total", "next");
    jsonw_obj_close(&call->out);
    if (err)
        api_fail_store(call, err);
}

static void show_events(struct call *call)
{
    struct incident incident;
    struct event_row *rows = NULL;
    uint32_t n = 0;

    if (!act_find_incident(call, call->arg[0], &incident))
        return;
    struct events_query query = {.incident_id = incident.id,
                                 .before_id = api_number(call, "before", 0),
                                 .limit = api_limit(call, EVENTS_PAGE)};
    enum err err = db_events_list(call->store, &query, call->arena, &rows, &n);
    if (!shape_list_open(call, err))
        return;
    for (uint32_t i = 0; i < n; i++)
        shape_event(call, &rows[i]);
    jsonw_arr_close(&call->out);
    if (n && n == query.limit)
        jsonw_i64(&call->out, "next", rows[n - 1].id);
    jsonw_obj_close(&call->out);
}

static const struct api_route routes[] = {
    {"GET", "/api/incidents", PERM_READ, list, "Incidents, newest first.",
     "state (open, closed, all, or one state), severity (at least), assignee (a name, me, none), "
     "site, serious, personal_data, q (words), before, limit"},
    {"GET", "/api/incidents/{id}", PERM_READ, show,
     "One incident: stages, reasons, why-tree, evidence, tasks, deadlines, history, deliveries.",
     ""},
    {"GET", "/api/incidents/{id}/groups", PERM_READ, show_groups,
     "Its evidence: groups of alerts, newest first, a page at a time.", "before, limit"},
    {"GET", "/api/incidents/{id}/history", PERM_READ, show_history,
     "What was done with it and decided about it, newest first, a page at a time.",
     "before, limit"},
    {"GET", "/api/incidents/{id}/events", PERM_READ, show_events,
     "Its events: those that prove it and those of its groups, newest first, a page at a time.",
     "before, limit"},
    {.method = NULL},
};

const struct api_group api_incidents = {.name = "incidents", .doc = "Incidents", .routes = routes};
