/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EVE JSON, our sensor's and Suricata's. Members of Suricata 6 to 8; ours are beside them: `device`
 * (src, dst), `deviation`, `inventory`, `visibility`. A member of the wrong type is as if absent.
 */
#include "analyzer/normalise/normalise.h"
#include "common/clock.h"

enum { GID_RULE = 1, GID_DEVIATION = 9101, GID_YARA = 9102 };
#define TIME_MIN_NS (UINT64_C(946684800) * CLOCK_S)  /* 2000-01-01 */
#define TIME_MAX_NS (UINT64_C(4102444800) * CLOCK_S) /* 2100-01-01 */

static const char *text_at(struct batch *batch, const struct json *obj, const char *key)
{
    return batch_value(batch, json_get(obj, key));
}

static const char *text_path(struct batch *batch, const struct json *obj, const char *path)
{
    return batch_value(batch, json_path(obj, path));
}

static uint16_t port_at(const struct json *eve, const char *key)
{
    int64_t port = json_i64(json_get(eve, key), 0);
    return port > 0 && port <= UINT16_MAX ? (uint16_t)port : 0;
}

static enum record_kind kind_of(const char *type)
{
    static const struct {
        const char *type;
        enum record_kind kind;
    } kinds[] = {{"alert", RECORD_ALERT},   {"deviation", RECORD_DEVIATION},
                 {"device", RECORD_DEVICE}, {"flow", RECORD_FLOW},
                 {"netflow", RECORD_FLOW},  {"visibility", RECORD_VISIBILITY},
                 {"stats", RECORD_STATS},   {"evidence", RECORD_OTHER}};

    for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(type, kinds[i].type) == 0)
            return kinds[i].kind;
    return RECORD_TX;
}

static void read_time(struct record *r)
{
    uint64_t ts = 0;
    bool good = clock_parse(json_text(json_get(r->eve, "timestamp")), &ts) && ts >= TIME_MIN_NS &&
                ts <= TIME_MAX_NS;
    r->ts_ns = good ? ts : 0;
}

static void read_end(struct batch *batch, struct record_end *end, const struct json *eve,
                     const char *ip, const char *port, const struct json *device)
{
    struct mac mac;

    if (addr_parse(json_text(json_get(eve, ip)), &end->addr))
        addr_text(&end->addr, end->addr_text);
    end->internal = addr_is_private(&end->addr);
    end->port = port_at(eve, port);
    end->device = text_at(batch, device, "id");
    end->mac = text_at(batch, device, "mac");
    if (!*end->mac && strncmp(end->device, "mac:", 4) == 0 &&
        mac_parse(slice_of_str(end->device + 4), &mac))
        end->mac = end->device + 4; /* events of protocols say no more than the id */
    end->name = text_at(batch, device, "name");
    end->profile = text_at(batch, device, "profile");
    if (!*end->profile)
        end->profile = text_path(batch, device, "profile.id");
}

/* Suricata with `ethernet: yes`. */
static void read_mac(struct batch *batch, struct record_end *end, const struct json *eve,
                     const char *key)
{
    if (!*end->mac)
        end->mac = text_at(batch, json_get(eve, "ether"), key);
}

/* Events about one device carry it as their subject: it is the source. */
static void read_subject(struct batch *batch, struct record *r)
{
    const struct json *device =
        json_path(r->eve, r->kind == RECORD_DEVIATION ? "deviation.device" : "inventory.device");
    struct slice id = json_text(json_get(device, "id"));

    if (id.len == 0)
        return;
    bool is_dst = slice_eq(id, slice_of_str(r->dst.device));
    if (is_dst && !slice_eq(id, slice_of_str(r->src.device)))
        return; /* the subject answered; both ends are known already */
    struct record_end *end = &r->src;
    end->device = batch_text(batch, id);
    if (!*end->mac)
        end->mac = text_at(batch, device, "mac");
    if (!*end->name)
        end->name = text_at(batch, device, "name");
    if (!*end->profile)
        end->profile = text_at(batch, device, "profile");
    if (!end->addr.family && addr_parse(json_text(json_get(device, "ip")), &end->addr))
        addr_text(&end->addr, end->addr_text);
}

static bool technique_ok(const char *id)
{
    size_t len = strlen(id);
    return len >= 5 && len <= 10 && id[0] == 'T' && strspn(id + 1, "0123456789.") == len - 1;
}

static bool tactic_ok(const char *id)
{
    return strlen(id) == 6 && id[0] == 'T' && id[1] == 'A' && strspn(id + 2, "0123456789") == 4;
}

static void add_id(const char **list, uint8_t *n, uint8_t most, const char *id)
{
    for (uint8_t i = 0; i < *n; i++)
        if (strcmp(list[i], id) == 0)
            return;
    if (*n < most)
        list[(*n)++] = id;
}

static void add_attack(struct batch *batch, struct record *r, const struct json *v)
{
    struct slice text = json_text(v);
    if (text.len > 10)
        return;
    char upper[16] = "";
    for (uint32_t i = 0; i < text.len; i++)
        upper[i] = (char)(text.at[i] >= 'a' && text.at[i] <= 'z' ? text.at[i] - 32 : text.at[i]);
    const char *id = batch_text(batch, slice_of_str(upper));
    if (tactic_ok(id))
        add_id(r->tactics, &r->n_tactics, RECORD_TACTICS_MAX, id);
    else if (technique_ok(id))
        add_id(r->techniques, &r->n_techniques, RECORD_TECHNIQUES_MAX, id);
}

static void add_attacks(struct batch *batch, struct record *r, const struct json *v)
{
    if (json_kind(v) != JSON_ARR) {
        add_attack(batch, r, v);
        return;
    }
    for (const struct json *c = json_first(v); c; c = json_next(c))
        add_attack(batch, r, c);
}

static void read_attack(struct batch *batch, struct record *r, const struct json *alert)
{
    const struct json *metadata = json_get(alert, "metadata");
    const struct json *of[] = {json_get(json_get(r->eve, "deviation"), "attack"),
                               json_get(r->eve, "attack")};

    add_attacks(batch, r, json_get(metadata, "mitre_technique_id"));
    add_attacks(batch, r, json_get(metadata, "mitre_tactic_id"));
    for (uint32_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        add_attacks(batch, r, json_get(of[i], "technique"));
        add_attacks(batch, r, json_get(of[i], "tactic"));
    }
    batch_words(batch, r);
}

static const char *source_of(const struct record *r)
{
    if (r->kind == RECORD_DEVIATION || r->alert.gid == GID_DEVIATION)
        return "deviation";
    if (r->alert.gid == GID_YARA)
        return "yara";
    return r->alert.gid == GID_RULE ? "rule" : "detector";
}

/* A text, or the first of a list of them. */
static const char *first_text(struct batch *batch, const struct json *v)
{
    return batch_value(batch, json_kind(v) == JSON_ARR ? json_first(v) : v);
}

static void read_alert(struct batch *batch, struct record *r)
{
    const struct json *alert = json_get(r->eve, "alert");
    const struct json *deviation = json_get(r->eve, "deviation");
    struct record_alert *a = &r->alert;

    if (json_kind(alert) != JSON_OBJ)
        return;
    r->is_alert = true;
    a->gid = json_i64(json_get(alert, "gid"), GID_RULE);
    a->sid = json_i64(json_get(alert, "signature_id"), 0);
    a->rev = json_i64(json_get(alert, "rev"), 0);
    a->signature = text_at(batch, alert, "signature");
    a->signature_vi = first_text(batch, json_get(json_get(alert, "metadata"), "title_vi"));
    a->category = text_at(batch, alert, "category");
    a->action = text_at(batch, alert, "action");
    a->source = source_of(r);
    r->severity = normalise_severity(alert, &a->confidence);
    a->reason_en = text_at(batch, deviation, "reason_en");
    a->reason_vi = text_at(batch, deviation, "reason_vi");
    if (!*a->signature)
        a->signature = *a->reason_en ? a->reason_en : text_at(batch, deviation, "class");
    read_attack(batch, r, alert);
}

/* Community and flow identity; flow_id is a number in both. */
static void read_flow(struct batch *batch, struct record *r)
{
    int64_t flow = json_i64(json_get(r->eve, "flow_id"), 0);
    r->flow_id = flow > 0 ? (uint64_t)flow : 0;
    r->community_id = text_at(batch, r->eve, "community_id");
}

static void read_protocols(struct batch *batch, struct record *r)
{
    r->proto = text_at(batch, r->eve, "proto");
    r->app_proto = text_at(batch, r->eve, "app_proto");
}

static bool eve_mine(const struct json *eve)
{
    return json_text(json_get(eve, "event_type")).len > 0;
}

static const char *first_of(const char *a, const char *b)
{
    return *a ? a : b;
}

static bool eve_read(struct batch *batch, struct record *r)
{
    const struct json *device = json_get(r->eve, "device");

    r->event_type = text_at(batch, r->eve, "event_type");
    r->kind = kind_of(r->event_type);
    r->sensor = first_of(text_at(batch, r->eve, "sensor"), text_at(batch, r->eve, "host"));
    r->sensor = first_of(r->sensor, r->id.sensor);
    r->site = first_of(r->id.site, text_at(batch, r->eve, "site"));
    read_time(r);
    read_flow(batch, r);
    read_protocols(batch, r);
    read_end(batch, &r->src, r->eve, "src_ip", "src_port", json_get(device, "src"));
    read_end(batch, &r->dst, r->eve, "dest_ip", "dest_port", json_get(device, "dst"));
    read_mac(batch, &r->src, r->eve, "src_mac");
    read_mac(batch, &r->dst, r->eve, "dest_mac");
    if (r->kind == RECORD_DEVIATION || r->kind == RECORD_DEVICE)
        read_subject(batch, r);
    if (r->kind == RECORD_ALERT || r->kind == RECORD_DEVIATION)
        read_alert(batch, r);
    return true;
}

static void eve_again(struct batch *batch, struct record *r)
{
    read_time(r);
    read_flow(batch, r);
    r->src.port = port_at(r->eve, "src_port");
    r->dst.port = port_at(r->eve, "dest_port");
}

const struct normaliser_def norm_eve = {
    .name = "eve",
    .doc = "EVE JSON of this project's sensor and of Suricata",
    .mine = eve_mine,
    .read = eve_read,
    .again = eve_again,
};
