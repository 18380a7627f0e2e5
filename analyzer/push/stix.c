/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/stix.h"
#include "analyzer/push/told.h"
#include "common/addr.h"
#include "common/clock.h"
#include "common/digest.h"
#include "common/jsonw.h"

#include <stdio.h>

enum { ID_MAX = 96, REFS_MAX = 128, SEEN_MAX = 32, UUID_BYTES = 16, OBSERVED_MOST = 999999999 };

/* Namespaces of UUID version 5: of the specification for what is observed (2.9 there), and ours. */
static const uint8_t scope_observed[UUID_BYTES] = {0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c,
                                                   0x9c, 0x23, 0xfe, 0xd2, 0x3a, 0x9b, 0x4f, 0x31};
static const uint8_t scope_ours[UUID_BYTES] = {0x7c, 0x1d, 0x52, 0x0e, 0x63, 0x0a, 0x4f, 0x2b,
                                               0x8e, 0x19, 0x51, 0xb0, 0x9d, 0x44, 0x6a, 0x37};

struct writer {
    struct jsonw w;
    struct told *told;
    char refs[REFS_MAX][ID_MAX]; /* objects the report speaks of */
    uint32_t n_refs;
};

static void id_of(char out[ID_MAX], const char *type, const uint8_t scope[UUID_BYTES],
                  const char *name)
{
    struct digest digest;
    uint8_t u[DIGEST_MAX];

    digest_init(&digest, DIGEST_SHA1);
    digest_update(&digest, (struct slice){scope, UUID_BYTES});
    digest_update(&digest, slice_of_str(name));
    digest_final(&digest, u);
    u[6] = (uint8_t)((u[6] & 0x0f) | 0x50);
    u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
    snprintf(out, ID_MAX,
             "%.40s--%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", type,
             u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13],
             u[14], u[15]);
}

static void our_id(const struct writer *s, char out[ID_MAX], const char *type, const char *name)
{
    char text[512];

    snprintf(text, sizeof(text), "%.200s|%s|%.200s", s->told->c->source, type, name);
    id_of(out, type, scope_ours, text);
}

/* TLP of the incident as the marking that the specification defines (7.2.1.4 there). */
static void write_marking(struct writer *s)
{
    static const struct {
        const char *tlp, *id;
    } markings[] = {
        {"clear", "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"},
        {"green", "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"},
        {"amber", "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"},
        {"red", "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"},
    };

    for (uint32_t i = 0; i < sizeof(markings) / sizeof(markings[0]); i++) {
        if (strcmp(s->told->incident->tlp, markings[i].tlp) == 0) {
            jsonw_arr_open(&s->w, "object_marking_refs");
            jsonw_str(&s->w, NULL, markings[i].id);
            jsonw_arr_close(&s->w);
        }
    }
}

/* False: the object was written before, or there is no room. */
static bool refer(struct writer *s, const char *id)
{
    for (uint32_t i = 0; i < s->n_refs; i++) {
        if (strcmp(s->refs[i], id) == 0)
            return false;
    }
    if (s->n_refs == REFS_MAX)
        return false;
    snprintf(s->refs[s->n_refs++], ID_MAX, "%s", id);
    return true;
}

static void open_object(struct writer *s, const char *type, const char *id)
{
    jsonw_obj_open(&s->w, NULL);
    jsonw_str(&s->w, "type", type);
    jsonw_str(&s->w, "spec_version", "2.1");
    jsonw_str(&s->w, "id", id);
}

static void open_dated(struct writer *s, const char *type, const char *id)
{
    const struct incident *i = s->told->incident;
    char owner[ID_MAX];

    our_id(s, owner, "identity", "soc");
    open_object(s, type, id);
    if (strcmp(type, "identity") != 0)
        jsonw_str(&s->w, "created_by_ref", owner);
    jsonw_rfc3339(&s->w, "created", i->opened_ns);
    jsonw_rfc3339(&s->w, "modified", i->updated_ns > i->opened_ns ? i->updated_ns : i->opened_ns);
}

static void write_identity(struct writer *s)
{
    char id[ID_MAX];

    our_id(s, id, "identity", "soc");
    refer(s, id);
    open_dated(s, "identity", id);
    jsonw_str(&s->w, "name", s->told->c->source);
    jsonw_str(&s->w, "identity_class", "system");
    jsonw_obj_close(&s->w);
}

static void write_technique(struct writer *s, struct slice word)
{
    char name[32];
    char url[96];
    char id[ID_MAX];

    snprintf(name, sizeof(name), "%.*s", (int)word.len, (const char *)word.at);
    our_id(s, id, "attack-pattern", name);
    if (!refer(s, id))
        return;
    int base = (int)strcspn(name, "."); /* a sub-technique is a page below its technique's */
    snprintf(url, sizeof(url), "https://attack.mitre.org/techniques/%.*s%s%s", base, name,
             name[base] ? "/" : "", name[base] ? name + base + 1 : "");
    open_dated(s, "attack-pattern", id);
    jsonw_str(&s->w, "name", name);
    jsonw_arr_open(&s->w, "external_references");
    jsonw_obj_open(&s->w, NULL);
    jsonw_str(&s->w, "source_name", "mitre-attack");
    jsonw_str(&s->w, "external_id", name);
    jsonw_str(&s->w, "url", url);
    jsonw_obj_close(&s->w);
    jsonw_arr_close(&s->w);
    jsonw_obj_close(&s->w);
}

/* A host as seen; false when it has no address that may be told. `id` is set then. */
static bool write_address(struct writer *s, const char *host, char id[ID_MAX], bool *v6)
{
    struct addr addr;
    char name[TOLD_HOST_MAX + 20];
    struct slice text = slice_of_str(host);

    if (!text.len || !addr_parse(text, &addr))
        return false;
    *v6 = strchr(host, ':');
    const char *type = *v6 ? "ipv6-addr" : "ipv4-addr";
    snprintf(name, sizeof(name), "{\"value\":\"%s\"}", host);
    id_of(id, type, scope_observed, name);
    if (refer(s, id)) {
        open_object(s, type, id);
        jsonw_str(&s->w, "value", host);
        jsonw_obj_close(&s->w);
    }
    return true;
}

static void write_traffic(struct writer *s, const struct json *stage)
{
    char src[TOLD_HOST_MAX];
    char dst[TOLD_HOST_MAX];
    char src_id[ID_MAX];
    char dst_id[ID_MAX];
    char id[ID_MAX];
    char name[3 * TOLD_HOST_MAX];
    bool v6 = false;
    int64_t port = json_i64(json_get(stage, "dst_port"), 0);

    told_host(s->told->c, json_str(json_get(stage, "src"), ""), src);
    told_host(s->told->c, json_str(json_get(stage, "dst"), ""), dst);
    bool has_src = write_address(s, src, src_id, &v6);
    bool has_dst = write_address(s, dst, dst_id, &v6);
    if (!has_src || !has_dst)
        return;
    snprintf(name, sizeof(name), "%s>%s:%lld", src, dst, (long long)port);
    our_id(s, id, "network-traffic", name);
    if (!refer(s, id))
        return;
    open_object(s, "network-traffic", id);
    jsonw_str(&s->w, "src_ref", src_id);
    jsonw_str(&s->w, "dst_ref", dst_id);
    if (port > 0 && port < 65536)
        jsonw_i64(&s->w, "dst_port", port);
    jsonw_arr_open(&s->w, "protocols");
    jsonw_str(&s->w, NULL, v6 ? "ipv6" : "ipv4");
    jsonw_arr_close(&s->w);
    jsonw_obj_close(&s->w);
}

static void write_refs(struct writer *s, const char *key, uint32_t from)
{
    jsonw_arr_open(&s->w, key);
    for (uint32_t i = from; i < s->n_refs; i++)
        jsonw_str(&s->w, NULL, s->refs[i]);
    jsonw_arr_close(&s->w);
}

static void write_observed(struct writer *s)
{
    const struct incident *i = s->told->incident;
    uint32_t from = s->n_refs;
    uint32_t n = 0;
    char id[ID_MAX];

    for (const struct json *stage = json_first(json_get(s->told->why, "stages"));
         stage && n < SEEN_MAX; stage = json_next(stage), n++)
        write_traffic(s, stage);
    if (s->n_refs == from || s->n_refs == REFS_MAX)
        return;
    our_id(s, id, "observed-data", s->told->name);
    open_dated(s, "observed-data", id);
    jsonw_rfc3339(&s->w, "first_observed", i->first_ns);
    jsonw_rfc3339(&s->w, "last_observed", i->last_ns);
    jsonw_i64(&s->w, "number_observed",
              i->n_events < 1               ? 1
              : i->n_events > OBSERVED_MOST ? OBSERVED_MOST
                                            : i->n_events);
    write_refs(s, "object_refs", from);
    jsonw_obj_close(&s->w);
    refer(s, id);
}

static void write_report(struct writer *s)
{
    const struct incident *i = s->told->incident;
    char id[ID_MAX];
    char text[TOLD_TEXT_MAX];

    our_id(s, id, "report", s->told->name);
    open_dated(s, "report", id);
    jsonw_str(&s->w, "name", s->told->title_en);
    snprintf(text, sizeof(text), "%.1500s (%s, %s, %s %lld)", s->told->title_vi, s->told->name,
             record_severity_name(i->severity), incident_state_name(i->state),
             (long long)i->revision);
    jsonw_str(&s->w, "description", text);
    jsonw_arr_open(&s->w, "report_types");
    jsonw_str(&s->w, NULL, "threat-report");
    jsonw_arr_close(&s->w);
    jsonw_arr_open(&s->w, "labels");
    if (s->told->exercise)
        jsonw_str(&s->w, NULL, "exercise");
    jsonw_str(&s->w, NULL, record_severity_name(i->severity));
    jsonw_str(&s->w, NULL, incident_state_name(i->state));
    jsonw_arr_close(&s->w);
    jsonw_rfc3339(&s->w, "published", i->opened_ns);
    write_marking(s);
    write_refs(s, "object_refs", 0);
    jsonw_obj_close(&s->w);
}

static void write_objects(struct writer *s)
{
    struct slice left = slice_of_str(s->told->incident->techniques);

    jsonw_arr_open(&s->w, "objects");
    write_identity(s);
    for (struct slice one = slice_word(&left); one.len; one = slice_word(&left))
        write_technique(s, one);
    if (s->told->c->details)
        write_observed(s);
    write_report(s);
    jsonw_arr_close(&s->w);
}

static void write_all(const struct telling *telling, bool bundle, struct strbuf *out)
{
    struct told told;
    struct writer s = {.told = &told};
    char id[ID_MAX];
    char version[INCIDENT_NAME_MAX + 24];

    told_open(&told, telling);
    jsonw_init(&s.w, out);
    jsonw_obj_open(&s.w, NULL);
    if (bundle) {
        snprintf(version, sizeof(version), "%s/%lld", told.name,
                 (long long)told.incident->revision);
        our_id(&s, id, "bundle", version);
        jsonw_str(&s.w, "type", "bundle");
        jsonw_str(&s.w, "id", id);
    }
    write_objects(&s);
    jsonw_obj_close(&s.w);
    told_close(&told);
}

void stix_bundle(const struct telling *telling, struct strbuf *out)
{
    write_all(telling, true, out);
}

void stix_envelope(const struct telling *telling, struct strbuf *out)
{
    write_all(telling, false, out);
}
