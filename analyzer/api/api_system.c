/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the analyzer is set up and how full it is: retention, store, connectors, rules, intelligence,
 * legal holds. Secrets of connectors are in no answer.
 */
#include "analyzer/api/act.h"
#include "analyzer/api/shape.h"
#include "analyzer/record/incident_name.h"
#include "analyzer/store/db_days.h"
#include "analyzer/store/db_incidents.h"
#include "analyzer/store/db_outbox.h"
#include "common/clock.h"

#include <stdio.h>

enum { HOLDS_MOST = 200, REASON_LEAST = 3, REASON_MOST = 1000, ABOUT_MAX = 4 << 20 };

static void write_class(struct call *call, const char *name, const char *key,
                        const struct days_usage *usage)
{
    const struct conf *conf = call->services->conf;
    struct jsonw *w = &call->out;
    char bytes[64];

    jsonw_obj_open(w, NULL);
    jsonw_str(w, "class", name);
    jsonw_u64(w, "keep_s", conf_span_ns(conf, key) / CLOCK_S);
    if (usage) {
        snprintf(bytes, sizeof(bytes), "%s_bytes", key);
        jsonw_u64(w, "keep_bytes", conf_size(conf, bytes));
        jsonw_i64(w, "rows", usage->n);
        jsonw_i64(w, "bytes", usage->bytes);
        jsonw_rfc3339(w, "oldest", usage->first * DAYS_NS);
        jsonw_rfc3339(w, "newest", usage->last * DAYS_NS);
    }
    jsonw_obj_close(w);
}

static void write_retention(struct call *call)
{
    struct days_usage usage[DAYS_CLASSES];

    if (db_days_usage(call->store, usage) != ERR_OK)
        memset(usage, 0, sizeof(usage));
    jsonw_arr_open(&call->out, "retention");
    write_class(call, "alerts", "retention.alerts", &usage[DAYS_ALERTS]);
    write_class(call, "flows", "retention.flows", &usage[DAYS_FLOWS]);
    write_class(call, "transactions", "retention.transactions", &usage[DAYS_OTHER]);
    write_class(call, "incidents", "retention.incidents", NULL);
    write_class(call, "audit", "retention.audit", NULL);
    jsonw_arr_close(&call->out);
}

static void write_holds(struct call *call)
{
    struct incidents_query query = {
        .sites = call->sites, .text = "", .held = true, .limit = HOLDS_MOST};
    struct incident *rows = NULL;
    uint32_t n = 0;

    if (db_incidents_list(call->store, &query, call->arena, &rows, &n) != ERR_OK)
        n = 0;
    jsonw_arr_open(&call->out, "holds");
    for (uint32_t i = 0; i < n; i++) {
        jsonw_obj_open(&call->out, NULL);
        shape_incident_head(call, &rows[i]);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
}

/* Rows that wait, by connector: also of connectors that are configured no more. */
static void write_outbox(struct call *call)
{
    struct outbox_depth *rows = NULL;
    uint32_t n = 0;

    if (db_outbox_depths(call->store, call->arena, &rows, &n) != ERR_OK)
        n = 0;
    jsonw_arr_open(&call->out, "outbox");
    for (uint32_t i = 0; i < n; i++) {
        jsonw_obj_open(&call->out, NULL);
        jsonw_str(&call->out, "connector", rows[i].connector);
        jsonw_i64(&call->out, "waiting", rows[i].waiting);
        jsonw_i64(&call->out, "sent", rows[i].sent);
        jsonw_i64(&call->out, "given_up", rows[i].given_up);
        jsonw_rfc3339(&call->out, "oldest", rows[i].oldest_ns);
        jsonw_rfc3339(&call->out, "last_sent", rows[i].sent_ns);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
}

static void show(struct call *call)
{
    struct strbuf about;

    strbuf_init(&about, ABOUT_MAX);
    call->services->about(call->services->run, &about);
    jsonw_obj_open(&call->out, NULL);
    write_retention(call);
    write_holds(call);
    write_outbox(call);
    if (!about.full)
        jsonw_members(&call->out, strbuf_view(&about));
    jsonw_obj_close(&call->out);
    strbuf_fini(&about);
}

static void test(struct call *call)
{
    char object[96];
    struct strbuf answer;

    strbuf_init(&answer, 1024);
    enum err err = call->services->connector_test(call->services->run, call->arg[0], &answer);
    snprintf(object, sizeof(object), "connector/%.64s", call->arg[0]);
    if (err == ERR_NOTFOUND) {
        api_fail_store(call, err);
    } else {
        act_audit(call, "connector.test", object, err ? "{\"taken\":false}" : "{\"taken\":true}");
        jsonw_obj_open(&call->out, NULL);
        jsonw_bool(&call->out, "taken", err == ERR_OK);
        jsonw_text(&call->out, "answer", strbuf_view(&answer));
        jsonw_obj_close(&call->out);
    }
    strbuf_fini(&answer);
}

static const char *reason_of(struct call *call)
{
    const char *reason =
        arena_str(call->arena, slice_trim(json_text(json_get(call->body, "reason"))));

    if (reason && strlen(reason) >= REASON_LEAST && strlen(reason) <= REASON_MOST)
        return reason;
    api_fail(call, 400, "A legal hold is set and taken back with a reason.",
             "Lưu giữ pháp lý được đặt và gỡ kèm lý do.");
    return NULL;
}

/* One line of the incident's own history: who decided it, and why. */
static enum err note_hold(struct call *call, int64_t incident_id, bool on, const char *reason)
{
    char en[REASON_MOST + 64], vi[REASON_MOST + 96];
    struct incident_entry entry = {.incident_id = incident_id,
                                   .ts_ns = call->now_ns,
                                   .kind = "hold",
                                   .actor = call->user->name,
                                   .text_en = en,
                                   .text_vi = vi,
                                   .technique = "",
                                   .tactic = "",
                                   .detail_json = "{}"};

    snprintf(en, sizeof(en), on ? "Legal hold set: %s" : "Legal hold taken back: %s", reason);
    snprintf(vi, sizeof(vi), on ? "Đã đặt lưu giữ pháp lý: %s" : "Đã bỏ lưu giữ pháp lý: %s",
             reason);
    return db_incidents_entry_add(call->store, &entry);
}

static void hold(struct call *call)
{
    const struct json *wanted = json_get(call->body, "hold");
    bool on = json_bool(wanted, true);
    char object[INCIDENT_NAME_MAX + 16], name[INCIDENT_NAME_MAX];
    struct incident incident;
    struct act act;

    if (!act_find_incident(call, call->arg[0], &incident))
        return;
    const char *reason = reason_of(call);
    if (!reason)
        return;
    enum err err = act_begin(&act, call, on ? "incident.hold" : "incident.release");
    if (!err)
        err = db_incidents_hold(call->store, incident.id, on);
    if (!err)
        err = note_hold(call, incident.id, on, reason);
    incident_name(incident.id, incident.opened_ns, name);
    snprintf(object, sizeof(object), "incident/%s", name);
    if (act_end(&act, err, object, "{}"))
        return;
    act_publish_incident(call, &incident);
    api_incidents_write(call, incident.id, NULL);
}

static const struct api_route routes[] = {
    {"GET", "/api/system", PERM_AUDIT, show,
     "Retention and sizes, legal holds, connectors, correlation rules, threat intelligence.", ""},
    {"POST", "/api/connectors/{name}/test", PERM_ADMIN, test,
     "Sends a message marked as an exercise through a connector now, and tells what the receiver "
     "answered.",
     ""},
    {"POST", "/api/incidents/{id}/hold", PERM_LEAD, hold,
     "Legal hold: while it is on, neither the incident nor what it links expires.",
     "hold (true, false), reason"},
    {.method = NULL},
};

const struct api_group api_system = {
    .name = "system", .doc = "Set-up, sizes, holds", .routes = routes};
