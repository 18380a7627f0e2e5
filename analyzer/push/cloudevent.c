/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/cloudevent.h"
#include "analyzer/record/incident_name.h"
#include "common/clock.h"
#include "common/digest.h"
#include "common/json.h"
#include "common/jsonw.h"

#include <stdio.h>

enum { STAGES_TOLD_MAX = 50 };

void cloudevent_mask(const struct connector *c, const char *text, char out[CLOUDEVENT_MASK_MAX])
{
    uint8_t bytes[DIGEST_MAX];
    char hex[DIGEST_TEXT_MAX];
    const char *key = *c->secret ? c->secret : c->name;

    digest_hmac_sha256(slice_of_str(key), slice_of_str(text), bytes);
    digest_text(bytes, 4, hex);
    snprintf(out, CLOUDEVENT_MASK_MAX, "host-%.8s", hex);
}

static void write_time(struct jsonw *w, const char *key, uint64_t ts_ns)
{
    char text[CLOCK_TEXT_MAX];

    if (!ts_ns)
        return;
    clock_text_rfc3339(ts_ns, text);
    jsonw_str(w, key, text);
}

/* A host; of own ones only a pseudonym when the connector is not to know them. */
static void write_host(struct jsonw *w, const struct connector *c, const char *key, const char *ip)
{
    char mask[CLOUDEVENT_MASK_MAX];
    struct addr addr;

    if (!*ip)
        return;
    bool own = !addr_parse(slice_of_str(ip), &addr) || addr_is_private(&addr);
    if (c->mask_internal && own) {
        cloudevent_mask(c, ip, mask);
        ip = mask;
    }
    jsonw_str(w, key, ip);
}

static void write_words(struct jsonw *w, const char *key, const char *words)
{
    struct slice left = slice_of_str(words);

    jsonw_arr_open(w, key);
    while (left.len) {
        int64_t blank = slice_find_byte(left, ' ');
        struct slice one = blank < 0 ? left : slice_head(left, (uint32_t)blank);
        left = slice_from(left, one.len + 1);
        if (one.len)
            jsonw_text(w, NULL, one);
    }
    jsonw_arr_close(w);
}

static void write_text2(struct jsonw *w, const char *key, const char *en, const char *vi)
{
    jsonw_obj_open(w, key);
    jsonw_str(w, "en", en);
    jsonw_str(w, "vi", vi);
    jsonw_obj_close(w);
}

static void write_stages(struct jsonw *w, const struct connector *c, const struct json *why)
{
    uint32_t n = 0;

    jsonw_arr_open(w, "stages");
    for (const struct json *s = json_first(json_get(why, "stages")); s && n < STAGES_TOLD_MAX;
         s = json_next(s), n++) {
        jsonw_obj_open(w, NULL);
        write_time(w, "time", (uint64_t)json_num(json_get(s, "time"), 0));
        jsonw_i64(w, "count", json_i64(json_get(s, "count"), 1));
        jsonw_str(w, "lane", json_str(json_get(s, "lane"), "it"));
        jsonw_str(w, "technique", json_str(json_get(s, "technique"), ""));
        jsonw_str(w, "severity", json_str(json_get(s, "severity"), "info"));
        write_text2(w, "text", json_str(json_path(s, "text.en"), ""),
                    json_str(json_path(s, "text.vi"), ""));
        write_host(w, c, "src", json_str(json_get(s, "src"), ""));
        write_host(w, c, "dst", json_str(json_get(s, "dst"), ""));
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

static void write_entities(struct jsonw *w, const struct connector *c, const struct json *why)
{
    jsonw_arr_open(w, "entities");
    for (const struct json *e = json_first(json_get(why, "entities")); e; e = json_next(e)) {
        jsonw_obj_open(w, NULL);
        write_host(w, c, "ip", json_str(json_get(e, "ip"), ""));
        if (!c->mask_internal)
            jsonw_str(w, "name", json_str(json_get(e, "name"), ""));
        jsonw_i64(w, "criticality", json_i64(json_get(e, "criticality"), 0));
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

static void write_details(struct jsonw *w, const struct connector *c, const struct incident *i)
{
    struct json *why = NULL;

    if (!c->details || json_parse(slice_of_str(i->why_json), &why, NULL) != ERR_OK)
        return;
    write_entities(w, c, why);
    write_stages(w, c, why);
    json_free(&why);
}

static void write_data(struct jsonw *w, const struct connector *c, const struct incident *i,
                       const char *name)
{
    char into[INCIDENT_NAME_MAX];

    jsonw_obj_open(w, "data");
    jsonw_str(w, "incident_id", name);
    jsonw_i64(w, "revision", i->revision);
    jsonw_str(w, "severity", record_severity_name(i->severity));
    jsonw_str(w, "status", incident_state_name(i->state));
    if (i->disposition)
        jsonw_str(w, "disposition", incident_disposition_name(i->disposition));
    write_text2(w, "title", i->title_en, i->title_vi);
    jsonw_i64(w, "score", i->score);
    jsonw_str(w, "site", i->site);
    jsonw_str(w, "tlp", i->tlp);
    write_host(w, c, "entity", i->entity_ip);
    write_time(w, "first_seen", i->first_ns);
    write_time(w, "last_seen", i->last_ns);
    write_time(w, "opened", i->opened_ns);
    write_time(w, "closed", i->closed_ns);
    jsonw_i64(w, "events", i->n_events);
    jsonw_i64(w, "groups", i->n_groups);
    write_words(w, "techniques", i->techniques);
    write_words(w, "tactics", i->tactics);
    if (i->merged_into) {
        incident_name(i->merged_into, i->opened_ns, into);
        jsonw_str(w, "merged_into", into);
    }
    write_details(w, c, i);
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
    write_time(w, "time", time_ns);
    jsonw_str(w, "datacontenttype", "application/json");
}

void cloudevent_incident(const struct connector *c, const struct incident *incident,
                         const char *kind, struct strbuf *out)
{
    struct jsonw w;
    char name[INCIDENT_NAME_MAX];
    char id[INCIDENT_NAME_MAX + 24];
    char what[40];

    incident_name(incident->id, incident->opened_ns, name);
    snprintf(id, sizeof(id), "%s/%lld", name, (long long)incident->revision);
    snprintf(what, sizeof(what), "incident.%.20s", kind);
    jsonw_init(&w, out);
    jsonw_obj_open(&w, NULL);
    write_attributes(&w, c, id, what, incident->updated_ns);
    jsonw_str(&w, "subject", name);
    write_data(&w, c, incident, name);
    jsonw_obj_close(&w);
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
