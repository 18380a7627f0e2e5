/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people do with incidents. Who changes one gives the version he has seen; somebody else's
 * change in between is answered with 409. Changes of several are all done or none, and every answer
 * holds the key that takes the change back.
 */
#include "analyzer/api/act.h"
#include "analyzer/api/shape.h"
#include "analyzer/api/undo.h"
#include "analyzer/incident/desk.h"
#include "analyzer/incident/incident_change.h"
#include "analyzer/record/incident_name.h"
#include "analyzer/store/db_incidents.h"
#include "analyzer/store/db_users.h"
#include "common/conf.h"

#include <stdio.h>

enum { COMMENT_MAX = 4000, TITLE_MAX = 300, REASON_MAX = 1000, BULK_MAX = 500, OBJECT_MAX = 64 };

/* ---- the change of one, and of many --------------------------------------------------------- */

static const char *text_of(struct call *call, const char *name)
{
    const struct json *v = json_get(call->body, name);

    return v ? arena_str(call->arena, slice_trim(json_text(v))) : NULL;
}

/* Nobody, or somebody who can sign in. */
static bool is_assignee(struct call *call, const char *name)
{
    struct user_row user;

    return !name || !*name ||
           (db_users_name_ok(name) &&
            db_users_get(call->store, name, 0, call->arena, &user) == ERR_OK && !user.disabled);
}

static bool read_flag(const struct call *call, const char *name, bool *value)
{
    const struct json *v = json_get(call->body, name);

    *value = json_bool(v, false);
    return v != NULL;
}

/* Reads the wanted changes from the body; false (answered) when one is not allowed. */
static bool read_change(struct call *call, struct incident_change *c)
{
    const struct json *state = json_get(call->body, "state"),
                      *disposition = json_get(call->body, "disposition"),
                      *severity = json_get(call->body, "severity");

    *c = (struct incident_change){.actor = call->user->name,
                                  .now_ns = call->now_ns,
                                  .assignee = text_of(call, "assignee"),
                                  .comment = text_of(call, "comment"),
                                  .reason = text_of(call, "reason"),
                                  .has_state = state != NULL,
                                  .has_disposition = disposition != NULL,
                                  .has_severity = severity != NULL};
    c->has_personal = read_flag(call, "personal_data", &c->personal);
    c->has_serious = read_flag(call, "serious", &c->serious);
    c->has_contained = read_flag(call, "contained", &c->contained);
    c->has_reported = read_flag(call, "reported", &c->reported);
    if ((state && !incident_state_parse(json_text(state), &c->state)) ||
        (disposition && !incident_disposition_parse(json_text(disposition), &c->disposition)) ||
        (severity && !record_severity_parse(json_text(severity), &c->severity)) ||
        (c->comment && strlen(c->comment) > COMMENT_MAX) ||
        (c->reason && strlen(c->reason) > REASON_MAX)) {
        api_fail(call, 400, "A member of the change is not known or too long.",
                 "Có trường không hợp lệ hoặc quá dài trong thay đổi.");
        return false;
    }
    if (!is_assignee(call, c->assignee)) {
        api_fail(call, 400, "There is no such account to assign to.",
                 "Không có tài khoản này để giao việc.");
        return false;
    }
    return true;
}

/* Incident, history and deliveries stand or fall together. */
static enum err store_change(struct act *act, struct incident *incident,
                             const struct incident_change *wanted)
{
    struct call *call = act->call;
    struct incident before = *incident;
    struct incident_entry entries[INCIDENT_CHANGE_ENTRIES_MAX];
    uint32_t n = 0;
    enum err err = incident_change_apply(incident, wanted, call->arena, entries, &n);

    if (err)
        return err;
    undo_keep_incident(act, &before, incident);
    err = db_incidents_put(call->store, incident);
    for (uint32_t i = 0; i < n && !err; i++)
        err = db_incidents_entry_add(call->store, &entries[i]);
    if (!err && incident->revision != before.revision)
        err = act_tell(call, call->store, incident);
    return err;
}

static void object_of(const struct incident *incident, char object[OBJECT_MAX])
{
    char name[INCIDENT_NAME_MAX];

    incident_name(incident->id, incident->opened_ns, name);
    snprintf(object, OBJECT_MAX, "incident/%s", name);
}

static bool version_fits(struct call *call, const struct incident *incident)
{
    if (incident->version == json_i64(json_get(call->body, "version"), -1))
        return true;
    api_fail_store(call, ERR_CONFLICT);
    return false;
}

static void change_by(struct call *call, struct incident *incident,
                      const struct incident_change *wanted, const char *action)
{
    char object[OBJECT_MAX];
    struct act act;
    enum err err = act_begin(&act, call, action);

    jsonw_str(&act.undo, "edit", "incidents");
    jsonw_arr_open(&act.undo, "items");
    if (!err)
        err = store_change(&act, incident, wanted);
    jsonw_arr_close(&act.undo);
    object_of(incident, object);
    if (act_end(&act, err, object, "{}"))
        return;
    act_publish_incident(call, incident);
    api_incidents_write(call, incident->id, &act);
}

static void change(struct call *call)
{
    struct incident incident;
    struct incident_change wanted;

    if (act_find_incident(call, call->arg[0], &incident) && read_change(call, &wanted) &&
        version_fits(call, &incident))
        change_by(call, &incident, &wanted, "incident.change");
}

static void reopen(struct call *call)
{
    struct incident incident;
    struct incident_change wanted;

    if (!act_find_incident(call, call->arg[0], &incident) || !read_change(call, &wanted) ||
        !version_fits(call, &incident))
        return;
    if (incident.state != INCIDENT_CLOSED) {
        api_fail(call, 400, "Only a closed incident can be opened again.",
                 "Chỉ mở lại được sự cố đã đóng.");
        return;
    }
    wanted.has_state = true;
    wanted.state = INCIDENT_IN_PROGRESS;
    wanted.has_disposition = false;
    change_by(call, &incident, &wanted, "incident.reopen");
}

/* {"id":…,"version":…}, or only the name: then the newest version will do. */
static enum err change_item(struct act *act, const struct json *item,
                            const struct incident_change *wanted, struct incident *incident)
{
    struct call *call = act->call;
    const struct json *version = json_get(item, "version");
    struct slice name =
        json_kind(item) == JSON_STR ? json_text(item) : json_text(json_get(item, "id"));
    int64_t id = 0;
    enum err err = incident_name_parse(name, &id)
                       ? db_incidents_get(call->store, id, call->arena, incident)
                       : ERR_NOTFOUND;

    if (!err && !act_in_scope(call, incident->site))
        err = ERR_NOTFOUND;
    if (!err && version && json_i64(version, -1) != incident->version)
        err = ERR_CONFLICT;
    return err ? err : store_change(act, incident, wanted);
}

static void change_many(struct call *call)
{
    const struct json *items = json_get(call->body, "incidents");
    uint32_t wanted_n = json_count(items), n = 0;
    struct incident_change wanted;
    struct act act;

    if (json_kind(items) != JSON_ARR || wanted_n == 0 || wanted_n > BULK_MAX) {
        api_fail(call, 400, "Give incidents: 1 to 500 names, or objects of id and version.",
                 "Hãy nêu incidents: 1 đến 500 mã, hoặc đối tượng gồm id và version.");
        return;
    }
    struct incident *done = arena_alloc(call->arena, wanted_n * sizeof(*done));
    if (!done || !read_change(call, &wanted))
        return;
    enum err err = act_begin(&act, call, "incident.bulk");
    jsonw_str(&act.undo, "edit", "incidents");
    jsonw_arr_open(&act.undo, "items");
    for (const struct json *i = json_first(items); i && !err; i = json_next(i), n++)
        err = change_item(&act, i, &wanted, &done[n]);
    jsonw_arr_close(&act.undo);
    if (act_end(&act, err, "incident", "{}"))
        return;
    for (uint32_t i = 0; i < n; i++)
        act_publish_incident(call, &done[i]);
    jsonw_obj_open(&call->out, NULL);
    jsonw_u64(&call->out, "changed", n);
    act_write_undo(&act);
    jsonw_obj_close(&call->out);
}

/* ---- whole incidents ------------------------------------------------------------------------ */

static struct desk desk_of(struct act *act)
{
    struct call *call = act->call;

    return (struct desk){.store = call->store,
                         .arena = call->arena,
                         .attack = call->services->attack,
                         .half_life_ns = conf_span_ns(call->services->conf, "incident.half_life"),
                         .now_ns = call->now_ns,
                         .actor = call->user->name,
                         .comment = text_of(call, "comment"),
                         .tell = act_tell,
                         .ctx = call,
                         .undo = &act->undo};
}

static bool read_groups(struct call *call, struct desk_parts *parts)
{
    const struct json *list = json_get(call->body, "groups");
    uint32_t n = json_count(list);
    int64_t *ids = arena_alloc(call->arena, (n + 1) * sizeof(*ids));

    if (!ids || n > DESK_GROUPS_MAX) {
        api_fail(call, 400, "Too many groups at once: at most 300.",
                 "Quá nhiều nhóm một lần: tối đa 300.");
        return false;
    }
    for (const struct json *g = json_first(list); g; g = json_next(g)) {
        struct group_row group;
        int64_t id = json_i64(g, 0);
        enum err err = db_groups_get(call->store, id, call->arena, &group);
        if (err || !act_in_scope(call, group.site)) {
            api_fail_store(call, err ? err : ERR_NOTFOUND);
            return false;
        }
        ids[parts->n_groups++] = id;
    }
    parts->groups = ids;
    return true;
}

/* Groups and incidents of the body. False: answered. */
static bool read_parts(struct call *call, struct desk_parts *parts)
{
    const struct json *list = json_get(call->body, "incidents");
    uint32_t n = json_count(list);

    *parts = (struct desk_parts){.n_sources = 0};
    if (n > DESK_SOURCES_MAX) {
        api_fail(call, 400, "Too many incidents at once: at most 64.",
                 "Quá nhiều sự cố một lần: tối đa 64.");
        return false;
    }
    parts->sources = arena_alloc(call->arena, (n + 1) * sizeof(*parts->sources));
    for (const struct json *i = json_first(list); i && parts->sources; i = json_next(i)) {
        struct incident *source = &parts->sources[parts->n_sources];
        if (!act_find_incident(call, json_str(i, ""), source))
            return false;
        for (uint32_t k = 0; k < parts->n_sources; k++) {
            if (parts->sources[k].id == source->id) {
                api_fail(call, 400, "An incident is given twice.", "Có sự cố được nêu hai lần.");
                return false;
            }
        }
        parts->n_sources++;
    }
    return read_groups(call, parts);
}

/* What a person says of a new incident. False: answered. */
static bool read_made(struct call *call, struct incident *made, bool *given_severity)
{
    const struct json *severity = json_get(call->body, "severity"),
                      *title = json_get(call->body, "title");
    const char *plain = json_str(title, ""), *assignee = text_of(call, "assignee");
    const char *en = json_str(json_get(title, "en"), plain),
               *vi = json_str(json_get(title, "vi"), en);
    const char *comment = text_of(call, "comment"), *site = text_of(call, "site");

    *made = (struct incident){.title_en = *en ? en : vi,
                              .title_vi = vi,
                              .severity = SEVERITY_MEDIUM,
                              .assignee = assignee ? assignee : "",
                              .site = site ? site : ""};
    *given_severity = severity != NULL;
    if ((severity && !record_severity_parse(json_text(severity), &made->severity)) ||
        strlen(made->title_en) > TITLE_MAX || strlen(vi) > TITLE_MAX || strlen(made->site) > 100 ||
        (comment && strlen(comment) > COMMENT_MAX)) {
        api_fail(call, 400, "A member of the incident is not known or too long.",
                 "Có trường không hợp lệ hoặc quá dài trong sự cố.");
        return false;
    }
    if (*made->site ? !act_in_scope(call, made->site) : false) {
        api_fail(call, 403, "This site is not yours.", "Địa điểm này không thuộc phạm vi của bạn.");
        return false;
    }
    if (!is_assignee(call, made->assignee)) {
        api_fail(call, 400, "There is no such account to assign to.",
                 "Không có tài khoản này để giao việc.");
        return false;
    }
    return true;
}

static void answer_edit(struct call *call, struct act *act, const struct incident *incident,
                        const struct desk_parts *parts)
{
    act_publish_incident(call, incident);
    for (uint32_t i = 0; parts && i < parts->n_sources; i++)
        act_publish_incident(call, &parts->sources[i]);
    api_incidents_write(call, incident->id, act);
}

static void create(struct call *call)
{
    struct incident made;
    struct desk_parts parts;
    struct act act;
    char object[OBJECT_MAX] = "";
    bool given = false;

    if (!read_made(call, &made, &given) || !read_parts(call, &parts))
        return;
    if (call->sites && !*made.site && parts.n_groups + parts.n_sources == 0)
        made.site = call->sites[0] ? call->sites[0] : "";
    enum err err = act_begin(&act, call, "incident.create");
    struct desk desk = desk_of(&act);
    if (!err)
        err = desk_create(&desk, &made, given, &parts);
    object_of(&made, object);
    if (!act_end(&act, err, object, "{}"))
        answer_edit(call, &act, &made, &parts);
}

static void merge(struct call *call)
{
    struct incident into;
    struct desk_parts parts;
    struct act act;
    char object[OBJECT_MAX];

    if (!act_find_incident(call, call->arg[0], &into) || !read_parts(call, &parts) ||
        !version_fits(call, &into))
        return;
    enum err err = act_begin(&act, call, "incident.merge");
    struct desk desk = desk_of(&act);
    if (!err)
        err = desk_merge(&desk, &into, &parts);
    object_of(&into, object);
    if (!act_end(&act, err, object, "{}"))
        answer_edit(call, &act, &into, &parts);
}

static void split(struct call *call)
{
    struct incident from, made;
    struct desk_parts parts = {.n_sources = 0};
    struct act act;
    char object[OBJECT_MAX];
    bool given = false;

    if (!act_find_incident(call, call->arg[0], &from) || !read_made(call, &made, &given) ||
        !read_groups(call, &parts) || !version_fits(call, &from))
        return;
    if (!parts.n_groups) {
        api_fail(call, 400, "Give the groups that leave.", "Hãy nêu các nhóm được tách ra.");
        return;
    }
    enum err err = act_begin(&act, call, "incident.split");
    struct desk desk = desk_of(&act);
    if (!err)
        err = desk_split(&desk, &from, &made, given, parts.groups, parts.n_groups);
    object_of(&from, object);
    if (act_end(&act, err, object, "{}"))
        return;
    act_publish_incident(call, &from);
    answer_edit(call, &act, &made, NULL);
}

static const struct api_route routes[] = {
    {"POST", "/api/incidents", PERM_TRIAGE, create,
     "Makes an incident by hand, of alert groups and of incidents that are merged into it.",
     "title (a text or {en, vi}), severity, assignee, site, groups, incidents, comment"},
    {"POST", "/api/incidents/actions", PERM_TRIAGE, change_many,
     "The same change of several incidents: all or none; answers with the exact number.",
     "incidents (names, or {id, version}), state, assignee, disposition, severity, personal_data, "
     "serious, contained, reported, reason, comment"},
    {"POST", "/api/incidents/{id}", PERM_TRIAGE, change,
     "Changes an incident or adds a comment. The flags personal_data and serious need a reason.",
     "version, state, assignee, disposition, severity, personal_data, serious, contained, "
     "reported, "
     "reason, comment"},
    {"POST", "/api/incidents/{id}/merge", PERM_TRIAGE, merge,
     "Takes other incidents and alert groups in.", "version, incidents, groups, comment"},
    {"POST", "/api/incidents/{id}/split", PERM_TRIAGE, split,
     "Makes a new incident of some of its alert groups; the two stay apart.",
     "version, groups, title, severity, assignee, comment"},
    {"POST", "/api/incidents/{id}/reopen", PERM_TRIAGE, reopen, "Opens a closed incident again.",
     "version, assignee, comment"},
    {.method = NULL},
};

const struct api_group api_changes = {
    .name = "changes", .doc = "Changes of incidents", .routes = routes};
