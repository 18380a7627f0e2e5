/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices: inventory, profile, learnt conversations, deviations.
 */
#include "analyzer/api/act.h"
#include "analyzer/api/shape.h"
#include "analyzer/record/incident.h"
#include "analyzer/store/db_devices.h"
#include "analyzer/store/db_events.h"
#include "analyzer/store/db_incidents.h"

enum {
    DEVICES_PAGE = 200,
    DEVICE_EVENTS = 200,
    DEVICE_GROUPS = 50,
    DEVICE_HABITS = 200,
    DEVICE_BINDINGS = 200
};

/* The state is the sensor's word, so anybody's: only what we know reaches the page. */
static const char *known_state(const char *state)
{
    static const char *const states[] = {"learn", "observe", "enforce"};

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(states[i], state) == 0)
            return states[i];
    return "unknown";
}

static void write_head(struct call *call, const struct device_row *d)
{
    struct jsonw *w = &call->out;
    struct binding_row *bound = NULL;
    uint32_t n = 0;

    jsonw_str(w, "id", d->id);
    jsonw_str(w, "name", d->name);
    jsonw_arr_open(w, "ip");
    if (db_devices_bindings(call->store, d->id, call->arena, &bound, &n) == ERR_OK)
        for (uint32_t i = 0; i < n && i < 8; i++)
            jsonw_str(w, NULL, bound[i].ip);
    if (n == 0 && *d->ip)
        jsonw_str(w, NULL, d->ip);
    jsonw_arr_close(w);
    shape_opt(w, "mac", d->mac);
    shape_opt(w, "vendor", d->vendor);
    shape_opt(w, "profile", d->profile);
    jsonw_str(w, "baseline", known_state(d->state));
    shape_opt(w, "zone", d->zone);
    if (*d->owner_en || *d->owner_vi)
        jsonw_str(w, "owner", *d->owner_vi ? d->owner_vi : d->owner_en);
    if (d->criticality)
        jsonw_u64(w, "criticality", d->criticality);
    jsonw_rfc3339(w, "first_seen", d->first_ns);
    jsonw_rfc3339(w, "last_seen", d->last_ns);
    jsonw_i64(w, "deviations", d->n_deviations);
    jsonw_i64(w, "alerts", d->n_alerts);
    uint64_t risk = (uint64_t)d->severity * 20 * (d->criticality ? d->criticality + 2u : 4u) / 5;
    jsonw_u64(w, "risk", d->n_alerts + d->n_deviations ? (risk < 100 ? risk : 100) : 0);
}

/* False: answered. */
static bool read_query(struct call *call, struct devices_query *query)
{
    struct api_place place;

    if (!api_before(call, true, &place))
        return false;
    *query = (struct devices_query){.sites = call->sites,
                                    .text = call->query(call, "q"),
                                    .before_ns = place.ns,
                                    .before_id = place.text,
                                    .limit = api_limit(call, DEVICES_PAGE)};
    return true;
}

static void list(struct call *call)
{
    struct devices_query query;
    struct device_row *rows = NULL;
    uint32_t n = 0;
    int64_t total = 0;

    if (!read_query(call, &query))
        return;
    enum err err = db_devices_list(call->store, &query, call->arena, &rows, &n);
    if (!err)
        err = db_devices_count(call->store, &query, &total);
    if (err) {
        api_fail_store(call, err);
        return;
    }
    jsonw_obj_open(&call->out, NULL);
    jsonw_i64(&call->out, "total", total);
    jsonw_arr_open(&call->out, "items");
    for (uint32_t i = 0; i < n; i++) {
        jsonw_obj_open(&call->out, NULL);
        write_head(call, &rows[i]);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
    if (n && n == query.limit)
        api_next(call, "next",
                 &(struct api_place){.ns = rows[n - 1].last_ns, .text = rows[n - 1].id});
    jsonw_obj_close(&call->out);
}

static void write_deviation(struct call *call, const struct event_row *e, const struct json *eve)
{
    struct jsonw *w = &call->out;
    const struct json *d = json_get(eve, "deviation");

    jsonw_obj_open(w, NULL);
    jsonw_i64(w, "id", e->id);
    jsonw_rfc3339(w, "time", e->ts_ns);
    jsonw_str(w, "class", json_str(json_get(d, "class"), ""));
    jsonw_str(w, "severity", record_severity_name(e->severity));
    shape_text2(w, "reason", json_str(json_get(d, "reason_en"), e->signature),
                json_str(json_get(d, "reason_vi"), ""));
    static const char *const texts[] = {"observed", "expected", "rule"};
    for (uint32_t i = 0; i < 3; i++) {
        const struct json *v = json_get(d, texts[i]);
        struct strbuf text;
        if (!v)
            continue;
        strbuf_init(&text, 2048);
        if (json_kind(v) == JSON_STR)
            strbuf_slice(&text, json_text(v));
        else
            json_write(v, &text);
        jsonw_text(w, texts[i], strbuf_view(&text));
        strbuf_fini(&text);
    }
    if (json_get(d, "bits"))
        jsonw_num(w, "bits", json_num(json_get(d, "bits"), 0));
    if (json_get(d, "threshold"))
        jsonw_num(w, "threshold", json_num(json_get(d, "threshold"), 0));
    jsonw_u64(w, "count", 1);
    jsonw_obj_close(w);
}

static void write_deviations(struct call *call, const char *id)
{
    struct events_query query = {
        .device = id, .kinds = 1u << RECORD_DEVIATION, .limit = DEVICE_EVENTS};
    struct event_row *rows = NULL;
    uint32_t n = 0;

    jsonw_arr_open(&call->out, "deviations_list");
    if (db_events_list(call->store, &query, call->arena, &rows, &n) == ERR_OK) {
        for (uint32_t i = 0; i < n; i++) {
            struct json *eve = NULL;
            if (json_parse(slice_of_str(rows[i].json), &eve, NULL) == ERR_OK)
                write_deviation(call, &rows[i], eve);
            json_free(&eve);
        }
    }
    jsonw_arr_close(&call->out);
}

/* What the sensor last told of the device as a whole: profile's title, what it is known to do. */
static void write_habits(struct call *call, const struct json *detail)
{
    const struct json *title = json_get(detail, "profile_title");
    uint32_t n = 0;

    if (title)
        shape_text2(&call->out, "profile_title", json_str(json_get(title, "en"), ""),
                    json_str(json_get(title, "vi"), ""));
    if (json_get(detail, "confidence"))
        jsonw_num(&call->out, "confidence", json_num(json_get(detail, "confidence"), 0));
    jsonw_arr_open(&call->out, "habits");
    const struct json *habit = json_first(json_get(detail, "habits"));
    for (; habit && n < DEVICE_HABITS; habit = json_next(habit), n++) {
        jsonw_obj_open(&call->out, NULL);
        jsonw_str(&call->out, "class", json_str(json_get(habit, "class"), ""));
        jsonw_str(&call->out, "text", json_str(json_get(habit, "text"), ""));
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
}

static void write_change(struct call *call, const struct event_row *row, const struct json *change)
{
    jsonw_obj_open(&call->out, NULL);
    jsonw_rfc3339(&call->out, "time", row->ts_ns);
    jsonw_str(&call->out, "change", json_str(json_get(change, "change"), ""));
    if (json_path(change, "detail.score"))
        jsonw_num(&call->out, "evidence", json_num(json_path(change, "detail.score"), 0));
    shape_text2(&call->out, "text", json_str(json_get(change, "reason_en"), row->event_type),
                json_str(json_get(change, "reason_vi"), ""));
    jsonw_obj_close(&call->out);
}

/* History, and the newest list of habits among its events: they are read and parsed once. */
static void write_history(struct call *call, const char *id)
{
    struct events_query query = {.device = id, .kinds = 1u << RECORD_DEVICE, .limit = 50};
    struct event_row *rows = NULL;
    struct json *newest = NULL;
    uint32_t n = 0;

    if (db_events_list(call->store, &query, call->arena, &rows, &n) != ERR_OK)
        n = 0;
    jsonw_arr_open(&call->out, "history");
    for (uint32_t i = 0; i < n; i++) {
        struct json *eve = NULL;
        if (json_parse(slice_of_str(rows[i].json), &eve, NULL) != ERR_OK)
            continue;
        write_change(call, &rows[i], json_get(eve, "inventory"));
        if (!newest && json_path(eve, "inventory.detail.habits"))
            newest = eve;
        else
            json_free(&eve);
    }
    jsonw_arr_close(&call->out);
    write_habits(call, json_path(newest, "inventory.detail"));
    json_free(&newest);
}

/* Which address was its own when. */
static void write_bindings(struct call *call, const char *id)
{
    struct binding_row *rows = NULL;
    uint32_t n = 0;

    if (db_devices_bindings(call->store, id, call->arena, &rows, &n) != ERR_OK)
        n = 0;
    jsonw_arr_open(&call->out, "bindings");
    for (uint32_t i = 0; i < n && i < DEVICE_BINDINGS; i++) {
        jsonw_obj_open(&call->out, NULL);
        jsonw_str(&call->out, "ip", rows[i].ip);
        jsonw_rfc3339(&call->out, "from", rows[i].first_ns);
        jsonw_rfc3339(&call->out, "to", rows[i].last_ns);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
}

static void write_groups(struct call *call, const struct device_row *d)
{
    struct groups_query query = {
        .sites = call->sites, .host = d->ip, .text = "", .limit = DEVICE_GROUPS};
    struct group_row *rows = NULL;
    uint32_t n = 0;

    jsonw_arr_open(&call->out, "groups");
    if (*d->ip && db_groups_list(call->store, &query, call->arena, &rows, &n) == ERR_OK)
        for (uint32_t i = 0; i < n; i++)
            shape_group(call, NULL, &rows[i]);
    jsonw_arr_close(&call->out);
}

static void write_incidents(struct call *call, const struct device_row *d)
{
    struct incidents_query query = {
        .sites = call->sites, .entity_ip = d->ip, .text = "", .limit = 10};
    struct incident *rows = NULL;
    uint32_t n = 0;

    jsonw_arr_open(&call->out, "incidents");
    if (*d->ip && db_incidents_list(call->store, &query, call->arena, &rows, &n) == ERR_OK) {
        for (uint32_t i = 0; i < n; i++) {
            jsonw_obj_open(&call->out, NULL);
            shape_incident_head(call, &rows[i]);
            jsonw_obj_close(&call->out);
        }
    }
    jsonw_arr_close(&call->out);
}

static void show(struct call *call)
{
    struct device_row device;
    enum err err = db_devices_get(call->store, call->arg[0], call->arena, &device);

    if (!err && !act_in_scope(call, device.site))
        err = ERR_NOTFOUND;
    if (err) {
        api_fail_store(call, err);
        return;
    }
    jsonw_obj_open(&call->out, NULL);
    write_head(call, &device);
    write_history(call, device.id);
    write_bindings(call, device.id);
    write_deviations(call, device.id);
    write_groups(call, &device);
    write_incidents(call, &device);
    jsonw_obj_close(&call->out);
}

static const struct api_route routes[] = {
    {"GET", "/api/devices", PERM_READ, list, "Inventory, last seen first.",
     "q (words), before, limit (at most 500)"},
    {"GET", "/api/devices/{id}", PERM_READ, show,
     "One device: profile, habits, deviations, alerts, incidents.", ""},
    {.method = NULL},
};

const struct api_group api_devices = {
    .name = "devices", .doc = "Devices and their behaviour", .routes = routes};
