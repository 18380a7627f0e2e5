/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/api/shape.h"

#include "analyzer/api/mask.h"

#include "analyzer/enrich/attack.h"
#include "analyzer/incident/sla.h"
#include "analyzer/record/incident_name.h"
#include "analyzer/store/db_devices.h"
#include "analyzer/store/db_incidents.h"
#include "analyzer/store/db_sensors.h"
#include "common/clock.h"

#include <stdio.h>

enum { TREND_STEPS = 18, ENTITIES_MAX = 12 };

bool shape_list_open(struct call *call, enum err err)
{
    if (err) {
        api_fail_store(call, err);
        return false;
    }
    jsonw_obj_open(&call->out, NULL);
    jsonw_arr_open(&call->out, "items");
    return true;
}

void shape_opt(struct jsonw *w, const char *key, const char *text)
{
    if (text && *text)
        jsonw_str(w, key, text);
}

void shape_text2(struct jsonw *w, const char *key, const char *en, const char *vi)
{
    jsonw_obj_open(w, key);
    jsonw_str(w, "en", en && *en ? en : (vi ? vi : ""));
    jsonw_str(w, "vi", vi && *vi ? vi : (en ? en : ""));
    jsonw_obj_close(w);
}

void shape_party(struct call *call, const char *key, const char *ip, int64_t port, const char *name,
                 const char *zone, const char *country)
{
    struct jsonw *w = &call->out;
    struct device_row device;

    jsonw_obj_open(w, key);
    jsonw_str(w, "ip", ip ? ip : "");
    if (port > 0)
        jsonw_i64(w, "port", port);
    if (ip && *ip && db_devices_by_ip(call->store, ip, 0, call->arena, &device) == ERR_OK) {
        jsonw_str(w, "device", device.id);
        if (!name || !*name)
            name = device.name;
        if (!zone || !*zone)
            zone = device.zone;
    }
    shape_opt(w, "name", name);
    shape_opt(w, "zone", zone);
    shape_opt(w, "country", country);
    jsonw_obj_close(w);
}

void shape_technique(struct call *call, const char *key, const char *id)
{
    const struct attack_technique *t = attack_find(call->services->attack, id);

    jsonw_obj_open(&call->out, key);
    jsonw_str(&call->out, "id", id);
    shape_text2(&call->out, "name", t ? t->en : id, t ? t->vi : id);
    jsonw_obj_close(&call->out);
}

void shape_techniques(struct call *call, const char *key, const char *ids)
{
    struct slice left = slice_of_str(ids);

    jsonw_arr_open(&call->out, key);
    for (struct slice one = slice_word(&left); one.len; one = slice_word(&left))
        shape_technique(call, NULL, arena_str(call->arena, one));
    jsonw_arr_close(&call->out);
}

/* The hours between first and last alert, folded into a fixed number of steps. */
static void write_trend(struct call *call, const struct group_row *g)
{
    struct hour_count *hours = NULL;
    uint32_t n = 0;
    int64_t steps[TREND_STEPS] = {0};
    uint64_t from = g->first_ns, reach = g->last_ns - g->first_ns + CLOCK_S * 3600;

    if (db_groups_spark(call->store, g->id, 0, call->arena, &hours, &n) == ERR_OK) {
        for (uint32_t i = 0; i < n; i++) {
            uint64_t at = hours[i].hour_ns > from ? hours[i].hour_ns - from : 0;
            uint64_t step = at / (reach / TREND_STEPS + 1);
            steps[step < TREND_STEPS ? step : TREND_STEPS - 1] += hours[i].n;
        }
    }
    jsonw_arr_open(&call->out, "trend");
    for (uint32_t i = 0; i < TREND_STEPS; i++)
        jsonw_i64(&call->out, NULL, steps[i]);
    jsonw_arr_close(&call->out);
}

static void write_group_incident(struct call *call, int64_t id)
{
    struct incident incident;
    char name[INCIDENT_NAME_MAX];

    if (!id || db_incidents_get(call->store, id, call->arena, &incident) != ERR_OK)
        return;
    incident_name(incident.id, incident.opened_ns, name);
    jsonw_str(&call->out, "incident", name);
}

void shape_group(struct call *call, const char *key, const struct group_row *g)
{
    struct jsonw *w = &call->out;

    jsonw_obj_open(w, key);
    jsonw_i64(w, "id", g->id);
    jsonw_str(w, "severity", record_severity_name(g->severity));
    jsonw_str(w, "signature", g->signature);
    jsonw_str(w, "signature_vi", *g->signature_vi ? g->signature_vi : g->signature);
    if (*g->reason_en || *g->reason_vi)
        shape_text2(w, "reason", g->reason_en, g->reason_vi);
    jsonw_i64(w, "gid", g->gid);
    jsonw_i64(w, "sid", g->sid);
    jsonw_str(w, "kind", g->source);
    shape_opt(w, "category", g->category);
    shape_party(call, "src", g->src_ip, 0, g->src_name, g->src_zone, g->src_country);
    shape_party(call, "dst", g->dst_ip, g->dst_port, g->dst_name, g->dst_zone, g->dst_country);
    jsonw_i64(w, "count", g->n);
    jsonw_rfc3339(w, "first_seen", g->first_ns);
    jsonw_rfc3339(w, "last_seen", g->last_ns);
    jsonw_words(w, "sensors", g->sensor);
    shape_techniques(call, "techniques", g->techniques);
    write_trend(call, g);
    jsonw_str(w, "state", db_groups_state_name(g->state));
    write_group_incident(call, g->incident_id);
    if (g->exception_id)
        jsonw_i64(w, "exception", g->exception_id);
    jsonw_obj_close(w);
}

/* Stages of an attack are its tactics, however many alerts prove each. */
static uint32_t count_tactics(const struct json *stages)
{
    uint32_t n = 0;

    for (const struct json *s = json_first(stages); s; s = json_next(s)) {
        struct slice tactic = json_text(json_get(s, "tactic"));
        const struct json *before = json_first(stages);
        while (before != s && !slice_eq(json_text(json_get(before, "tactic")), tactic))
            before = json_next(before);
        n += before == s && tactic.len > 0;
    }
    return n;
}

/* How many stages the story has, and who takes part in it. */
static void write_involved(struct call *call, const struct incident *i)
{
    struct json *why = NULL;
    uint32_t n = 0;

    if (json_parse(slice_of_str(i->why_json), &why, NULL) != ERR_OK)
        why = NULL;
    jsonw_u64(&call->out, "stages", count_tactics(json_get(why, "stages")));
    jsonw_arr_open(&call->out, "entities");
    const struct json *e = json_first(json_get(why, "entities"));
    for (; e && n < ENTITIES_MAX; e = json_next(e), n++)
        shape_party(call, NULL, json_str(json_get(e, "ip"), ""), 0,
                    json_str(json_get(e, "name"), ""), json_str(json_get(e, "zone"), ""), NULL);
    if (n == 0)
        shape_party(call, NULL, i->entity_ip, 0, NULL, NULL, NULL);
    jsonw_arr_close(&call->out);
    json_free(&why);
}

/* {"set":true,"since":…,"reason":…}; the reason stays when it was taken back. */
static void write_flag(struct jsonw *w, const char *key, bool set, uint64_t since_ns,
                       const char *reason)
{
    jsonw_obj_open(w, key);
    jsonw_bool(w, "set", set);
    jsonw_rfc3339(w, "since", since_ns);
    shape_opt(w, "reason", reason);
    jsonw_obj_close(w);
}

static void write_sla(struct call *call, const struct incident *i)
{
    struct sla_timer timers[SLA_TIMERS_MAX];
    uint32_t n = sla_timers(call->services->conf, i, call->now_ns, timers);

    jsonw_arr_open(&call->out, "sla");
    for (uint32_t k = 0; k < n; k++) {
        jsonw_obj_open(&call->out, NULL);
        jsonw_str(&call->out, "name", timers[k].name);
        jsonw_rfc3339(&call->out, "due", timers[k].due_ns);
        jsonw_rfc3339(&call->out, "met", timers[k].met_ns);
        jsonw_bool(&call->out, "breached", timers[k].breached);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
}

void shape_incident_head(struct call *call, const struct incident *i)
{
    struct jsonw *w = &call->out;
    char name[INCIDENT_NAME_MAX];

    incident_name(i->id, i->opened_ns, name);
    jsonw_str(w, "id", name);
    jsonw_i64(w, "version", i->version);
    jsonw_i64(w, "revision", i->revision);
    shape_text2(w, "title", i->title_en, i->title_vi);
    jsonw_str(w, "severity", record_severity_name(i->severity));
    jsonw_str(w, "state", incident_state_name(i->state));
    shape_opt(w, "disposition", incident_disposition_name(i->disposition));
    shape_opt(w, "assignee", i->assignee);
    jsonw_i64(w, "score", i->score);
    jsonw_rfc3339(w, "opened", i->opened_ns);
    jsonw_rfc3339(w, "updated", i->updated_ns);
    jsonw_rfc3339(w, "first_event", i->first_ns);
    jsonw_rfc3339(w, "last_event", i->last_ns);
    jsonw_rfc3339(w, "closed", i->closed_ns);
    jsonw_str(w, "site", i->site);
    shape_opt(w, "rule", i->rule);
    jsonw_str(w, "tlp", i->tlp);
    if (i->merged_into) {
        incident_name(i->merged_into, i->opened_ns, name);
        jsonw_str(w, "merged_into", name);
    }
    write_flag(w, "personal_data", i->personal_data, i->personal_ns, i->personal_reason);
    write_flag(w, "serious", i->serious, i->serious_ns, i->serious_reason);
    write_sla(call, i);
    if (i->hold)
        jsonw_bool(w, "hold", true);
    jsonw_i64(w, "alerts", i->n_events);
    jsonw_i64(w, "groups_count", i->n_groups);
    write_involved(call, i);
    shape_techniques(call, "techniques", i->techniques);
    jsonw_words(w, "sensors", i->sensors);
}

void shape_event(struct call *call, const struct event_row *e)
{
    char text[400];

    snprintf(text, sizeof(text), "%.200s%s%s:%u → %s:%u %.40s", e->signature,
             *e->signature ? " · " : "", e->src_ip, e->src_port, e->dst_ip, e->dst_port,
             e->app_proto);
    jsonw_obj_open(&call->out, NULL);
    jsonw_i64(&call->out, "id", e->id);
    jsonw_rfc3339(&call->out, "time", e->ts_ns);
    jsonw_str(&call->out, "sensor", e->sensor);
    jsonw_str(&call->out, "event_type", e->event_type);
    if (e->group_id)
        jsonw_i64(&call->out, "group", e->group_id);
    jsonw_str(&call->out, "summary", text);
    mask_event(call, "eve", e->json);
    jsonw_obj_close(&call->out);
}

bool shape_search(struct call *call, const char *text, struct search *search)
{
    struct search_fault fault;

    if (search_parse(text, call->now_ns, call->arena, search, &fault) == ERR_OK)
        return true;
    api_fail(call, 400, *fault.en ? fault.en : "The search is too large.",
             *fault.vi ? fault.vi : "Câu tìm kiếm quá lớn.");
    return false;
}

uint64_t shape_newest(struct call *call)
{
    struct ledger_row *rows = NULL;
    uint32_t n = 0;
    uint64_t ns = 0;

    if (db_sensors_ledgers(call->store, NULL, call->arena, &rows, &n) == ERR_OK)
        for (uint32_t i = 0; i < n; i++)
            ns = rows[i].event_ns > ns ? rows[i].event_ns : ns;
    return ns ? ns : call->now_ns;
}
