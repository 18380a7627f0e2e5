/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records and the look-up of their fields. See record.h.
 */
#include "analyzer/record/record.h"

static const char *const severity_names[SEVERITY_LEVELS] = {"info", "low", "medium", "high",
                                                            "critical"};

const char *record_severity_name(enum severity severity)
{
    return severity_names[(unsigned)severity < SEVERITY_LEVELS ? severity : 0];
}

bool record_severity_parse(struct slice text, enum severity *severity)
{
    for (uint32_t i = 0; i < SEVERITY_LEVELS; i++) {
        *severity = (enum severity)i;
        if (slice_ieq(text, slice_of_str(severity_names[i])))
            return true;
    }
    *severity = SEVERITY_INFO;
    return slice_ieq(text, SLICE_LIT("informational"));
}

/* ---- fields */

static struct record_value of_text(const char *text)
{
    struct record_value v = {.kind = *text ? VALUE_TEXT : VALUE_NONE};
    v.text = slice_of_str(text);
    return v;
}

static struct record_value of_number(double number)
{
    return (struct record_value){.kind = VALUE_NUMBER, .number = number};
}

static struct record_value of_some(uint64_t number)
{
    return number ? of_number((double)number) : (struct record_value){.kind = VALUE_NONE};
}

struct record_value record_value_of(const struct json *v)
{
    struct record_value out = {.kind = VALUE_NONE};

    switch (json_kind(v)) {
    case JSON_STR:
        out.kind = VALUE_TEXT;
        out.text = json_text(v);
        break;
    case JSON_NUM:
        return of_number(json_num(v, 0));
    case JSON_BOOL:
        out.kind = VALUE_BOOL;
        out.number = json_bool(v, false);
        break;
    case JSON_ARR:
        out.kind = VALUE_LIST;
        out.list = v;
        break;
    default:
        break;
    }
    return out;
}

/* Path through arrays of one element ("dns.rrname" where dns is [{...}]). */
static const struct json *dig(const struct json *v, const char *path)
{
    while (v && *path) {
        char key[128];
        const char *dot = strchr(path, '.');
        size_t len = dot ? (size_t)(dot - path) : strlen(path);
        if (len >= sizeof(key))
            return NULL;
        memcpy(key, path, len);
        key[len] = '\0';
        if (json_kind(v) == JSON_ARR)
            v = json_first(v);
        v = json_get(v, key);
        path += len + (dot != NULL);
    }
    return v;
}

enum end_field {
    END_IP,
    END_PORT,
    END_MAC,
    END_DEVICE,
    END_NAME,
    END_OWNER,
    END_ZONE,
    END_ZONE_KIND,
    END_ROLE,
    END_PROFILE,
    END_CRITICALITY,
    END_LEVEL,
    END_INTERNAL,
    END_COUNTRY,
    END_ASN,
    END_AS_NAME,
    END_FIELDS
};
static const char *const end_names[END_FIELDS] = {
    "ip",   "port",    "mac",         "device", "name",     "owner",   "zone", "zone_kind",
    "role", "profile", "criticality", "level",  "internal", "country", "asn",  "as_name"};

static struct record_value end_text(const struct record_end *end, uint32_t field)
{
    const char *const texts[END_FIELDS] = {
        [END_IP] = end->addr_text,        [END_MAC] = end->mac,        [END_DEVICE] = end->device,
        [END_NAME] = end->name,           [END_OWNER] = end->owner_en, [END_ZONE] = end->zone,
        [END_ZONE_KIND] = end->zone_kind, [END_ROLE] = end->role,      [END_PROFILE] = end->profile,
        [END_COUNTRY] = end->country,     [END_AS_NAME] = end->as_name};
    return of_text(texts[field]);
}

static struct record_value end_field(const struct record_end *end, const char *name)
{
    uint32_t i = 0;
    while (i < END_FIELDS && strcmp(end_names[i], name) != 0)
        i++;
    switch (i) {
    case END_FIELDS:
        return (struct record_value){.kind = VALUE_NONE};
    case END_PORT:
        return of_some(end->port);
    case END_CRITICALITY:
        return of_some(end->criticality);
    case END_LEVEL:
        return of_some(end->level);
    case END_ASN:
        return of_some(end->asn);
    case END_INTERNAL:
        return (struct record_value){.kind = VALUE_BOOL, .number = end->internal};
    default:
        return end_text(end, i);
    }
}

static struct record_value intel_field(const struct record_intel *intel, const char *name)
{
    const struct {
        const char *name, *text;
    } texts[] = {{"value", intel->value},
                 {"source", intel->source},
                 {"kind", intel->kind},
                 {"where", intel->where}};

    for (uint32_t i = 0; intel->value && i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(texts[i].name, name) == 0)
            return of_text(texts[i].text);
    }
    return intel->value && strcmp(name, "confidence") == 0
               ? of_number(intel->confidence)
               : (struct record_value){.kind = VALUE_NONE};
}

static bool own_field(const struct record *r, const char *path, struct record_value *value)
{
    if (strncmp(path, "src.", 4) == 0)
        *value = end_field(&r->src, path + 4);
    else if (strncmp(path, "dest.", 5) == 0)
        *value = end_field(&r->dst, path + 5);
    else if (strncmp(path, "intel.", 6) == 0)
        *value = intel_field(&r->intel, path + 6);
    else if (strcmp(path, "site") == 0)
        *value = of_text(r->site);
    else if (strcmp(path, "sensor") == 0)
        *value = of_text(r->sensor);
    else if (strcmp(path, "severity") == 0)
        *value = of_text(r->is_alert ? record_severity_name(r->severity) : "");
    else if (strcmp(path, "source") == 0)
        *value = of_text(r->alert.source);
    else if (strcmp(path, "attack.technique") == 0)
        *value = of_text(r->technique_words);
    else if (strcmp(path, "attack.tactic") == 0)
        *value = of_text(r->tactic_words);
    else
        return false;
    return value->kind != VALUE_NONE;
}

struct record_value record_field(const struct record *r, const char *path)
{
    struct record_value value = {.kind = VALUE_NONE};

    if (own_field(r, path, &value))
        return value;
    const struct json *v = json_path(r->eve, path);
    return record_value_of(v ? v : dig(r->eve, path));
}

const char *const record_passing[] = {"timestamp",
                                      "flow_id",
                                      "pcap_cnt",
                                      "tx_id",
                                      "src_port",
                                      "dest_port",
                                      "community_id",
                                      "alert.source.port",
                                      "alert.target.port",
                                      "flow.pkts_toserver",
                                      "flow.pkts_toclient",
                                      "flow.bytes_toserver",
                                      "flow.bytes_toclient",
                                      "flow.start",
                                      "flow.src_port",
                                      "flow.dest_port",
                                      NULL};

static bool is_within(const char *path, const char *above)
{
    size_t n = strlen(above);
    return strncmp(path, above, n) == 0 && (path[n] == '\0' || path[n] == '.');
}

bool record_passes(const char *path)
{
    if (strcmp(path, "dest_port") == 0 || strcmp(path, "dest.port") == 0)
        return false;
    if (strcmp(path, "src.port") == 0 || is_within(path, "intel"))
        return true;
    for (uint32_t i = 0; record_passing[i]; i++)
        if (is_within(path, record_passing[i]) || is_within(record_passing[i], path))
            return true;
    return false;
}

bool record_has_technique(const struct record *r, const char *technique)
{
    for (uint32_t i = 0; i < r->n_techniques; i++)
        if (strcmp(r->techniques[i], technique) == 0)
            return true;
    return false;
}
