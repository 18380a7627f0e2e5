/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/cloudevent.h"
#include "analyzer/push/told.h"
#include "common/clock.h"
#include "common/jsonw.h"

#include <stdio.h>

enum { STAGES_TOLD_MAX = 50 };

static void write_host(struct jsonw *w, const struct connector *c, const char *key, const char *ip)
{
    char host[TOLD_HOST_MAX];

    told_host(c, ip, host);
    if (*host)
        jsonw_str(w, key, host);
}

static void write_text2(struct jsonw *w, const char *key, const char *en, const char *vi)
{
    jsonw_obj_open(w, key);
    jsonw_str(w, "en", en);
    jsonw_str(w, "vi", vi);
    jsonw_obj_close(w);
}

static void write_stage(struct jsonw *w, const struct told *told, const struct json *s)
{
    char en[TOLD_TEXT_MAX];
    char vi[TOLD_TEXT_MAX];

    told_member(told, s, "text.en", en);
    told_member(told, s, "text.vi", vi);
    jsonw_obj_open(w, NULL);
    jsonw_rfc3339(w, "time", (uint64_t)json_num(json_get(s, "time"), 0));
    jsonw_i64(w, "count", json_i64(json_get(s, "count"), 1));
    jsonw_str(w, "lane", json_str(json_get(s, "lane"), "it"));
    jsonw_str(w, "technique", json_str(json_get(s, "technique"), ""));
    jsonw_str(w, "severity", json_str(json_get(s, "severity"), "info"));
    write_text2(w, "text", en, vi);
    write_host(w, told->c, "src", json_str(json_get(s, "src"), ""));
    write_host(w, told->c, "dst", json_str(json_get(s, "dst"), ""));
    jsonw_obj_close(w);
}

static void write_entity(struct jsonw *w, const struct told *told, const struct json *e)
{
    jsonw_obj_open(w, NULL);
    write_host(w, told->c, "ip", json_str(json_get(e, "ip"), ""));
    if (!told->c->mask_internal)
        jsonw_str(w, "name", json_str(json_get(e, "name"), ""));
    jsonw_i64(w, "criticality", json_i64(json_get(e, "criticality"), 0));
    jsonw_obj_close(w);
}

static void write_details(struct jsonw *w, const struct told *told)
{
    uint32_t n = 0;

    if (!told->c->details || !told->why)
        return;
    jsonw_arr_open(w, "entities");
    for (const struct json *e = json_first(json_get(told->why, "entities")); e; e = json_next(e))
        write_entity(w, told, e);
    jsonw_arr_close(w);
    jsonw_arr_open(w, "stages");
    for (const struct json *s = json_first(json_get(told->why, "stages")); s && n < STAGES_TOLD_MAX;
         s = json_next(s), n++)
        write_stage(w, told, s);
    jsonw_arr_close(w);
}

static void write_data(struct jsonw *w, const struct told *told)
{
    const struct incident *i = told->incident;
    char into[INCIDENT_NAME_MAX];

    jsonw_obj_open(w, "data");
    jsonw_str(w, "incident_id", told->name);
    if (told->exercise)
        jsonw_bool(w, "exercise", true);
    jsonw_i64(w, "revision", i->revision);
    jsonw_str(w, "severity", record_severity_name(i->severity));
    jsonw_str(w, "status", incident_state_name(i->state));
    if (i->disposition)
        jsonw_str(w, "disposition", incident_disposition_name(i->disposition));
    write_text2(w, "title", told->title_en, told->title_vi);
    jsonw_i64(w, "score", i->score);
    jsonw_str(w, "site", i->site);
    jsonw_str(w, "tlp", i->tlp);
    write_host(w, told->c, "entity", i->entity_ip);
    jsonw_rfc3339(w, "first_seen", i->first_ns);
    jsonw_rfc3339(w, "last_seen", i->last_ns);
    jsonw_rfc3339(w, "opened", i->opened_ns);
    jsonw_rfc3339(w, "closed", i->closed_ns);
    jsonw_i64(w, "events", i->n_events);
    jsonw_i64(w, "groups", i->n_groups);
    jsonw_words(w, "techniques", i->techniques);
    jsonw_words(w, "tactics", i->tactics);
    if (i->merged_into) {
        incident_name(i->merged_into, i->opened_ns, into);
        jsonw_str(w, "merged_into", into);
    }
    write_details(w, told);
    jsonw_obj_close(w);
}

static void write_attributes(struct jsonw *w, const struct connector *c, const char *id,
                             const char *what, uint64_t time_ns)
{
    char type[160];

    snprintf(type, sizeof(type), "%.120s.%s.v1", c->type_prefix, what);
    jsonw_str(w, "specversion", "1.0");
    jsonw_str(w, "id", id);
    jsonw_str(w, "source", c->source);
    jsonw_str(w, "type", type);
    jsonw_rfc3339(w, "time", time_ns);
    jsonw_str(w, "datacontenttype", "application/json");
}

void cloudevent_incident(const struct telling *telling, struct strbuf *out)
{
    struct jsonw w;
    struct told told;
    char id[INCIDENT_NAME_MAX + 24];
    char what[40];

    told_open(&told, telling);
    snprintf(id, sizeof(id), "%s/%lld", told.name, (long long)told.incident->revision);
    snprintf(what, sizeof(what), "incident.%.20s", told.kind);
    jsonw_init(&w, out);
    jsonw_obj_open(&w, NULL);
    write_attributes(&w, told.c, id, what, told.incident->updated_ns);
    jsonw_str(&w, "subject", told.name);
    write_data(&w, &told);
    jsonw_obj_close(&w);
    told_close(&told);
}

void cloudevent_heartbeat(const struct connector *c, uint64_t now_ns, struct strbuf *out)
{
    struct jsonw w;
    char id[64];

    snprintf(id, sizeof(id), "heartbeat/%llu", (unsigned long long)(now_ns / CLOCK_S));
    jsonw_init(&w, out);
    jsonw_obj_open(&w, NULL);
    write_attributes(&w, c, id, "heartbeat", now_ns);
    jsonw_obj_open(&w, "data");
    jsonw_str(&w, "connector", c->name);
    jsonw_u64(&w, "every_seconds", c->heartbeat_ns / CLOCK_S);
    jsonw_obj_close(&w);
    jsonw_obj_close(&w);
}
