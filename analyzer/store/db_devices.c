/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_devices.h"
#include "analyzer/record/utf8.h"
#include "analyzer/store/sql.h"

#define DEVICE_COLUMNS                                                                             \
    "id,mac,vendor,name,profile,state,ip,zone,owner_en,owner_vi,criticality,level,sensor,site,"    \
    "first,last,alerts,deviations,deviated,severity,json"

/* New text if there is one, else the old. */
#define KEEP(column)                                                                               \
#column "=CASE WHEN excluded." #column "='' THEN device." #column " ELSE excluded." #column    \
            " END,"
#define HIGHER(column)                                                                             \
#column "=CASE WHEN excluded." #column ">device." #column " THEN excluded." #column            \
            " ELSE device." #column " END"

static void words_of(const struct device_row *row, struct strbuf *out)
{
    const char *const parts[] = {row->id,     row->name, row->ip,      row->mac,
                                 row->vendor, row->zone, row->profile, row->owner_vi};
    strbuf_init(out, 4096);
    for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (*parts[i]) {
            utf8_fold(slice_of_str(parts[i]), out);
            strbuf_char(out, ' ');
        }
    }
}

static void bind_texts(struct sql *q, const struct device_row *row)
{
    sql_str(q, row->id);
    sql_str(q, row->mac);
    sql_str(q, row->vendor);
    sql_str(q, row->name);
    sql_str(q, row->profile);
    sql_str(q, row->state);
    sql_str(q, row->ip);
    sql_str(q, row->zone);
    sql_str(q, row->owner_en);
    sql_str(q, row->owner_vi);
}

enum err db_devices_add(struct store *store, const struct device_row *row)
{
    struct strbuf words;
    struct sql *q = sql_start(
        store,
        "INSERT INTO device (" DEVICE_COLUMNS ",words) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,"
        "$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22) ON CONFLICT (id) DO UPDATE SET " KEEP(mac)
            KEEP(vendor) KEEP(name) KEEP(profile) KEEP(state) KEEP(ip) KEEP(zone) KEEP(owner_en)
                KEEP(owner_vi) KEEP(sensor) KEEP(site) KEEP(
                    json) "first=CASE WHEN excluded.first<device.first THEN excluded.first ELSE "
                          "device.first END," HIGHER(criticality) "," HIGHER(level) "," HIGHER(
                              last) "," HIGHER(deviated) "," HIGHER(severity) ",alerts=device."
                                                                              "alerts+excluded."
                                                                              "alerts,"
                                                                              "deviations=device."
                                                                              "deviations+"
                                                                              "excluded."
                                                                              "deviations,"
                                                                              "words=CASE WHEN "
                                                                              "length(excluded."
                                                                              "words)>=length("
                                                                              "device.words) THEN "
                                                                              "excluded.words"
                                                                              " ELSE device.words "
                                                                              "END");
    bind_texts(q, row);
    sql_int(q, row->criticality);
    sql_int(q, row->level);
    sql_str(q, row->sensor);
    sql_str(q, row->site);
    sql_time(q, row->first_ns);
    sql_time(q, row->last_ns);
    sql_int(q, row->n_alerts);
    sql_int(q, row->n_deviations);
    sql_time(q, row->deviation_ns);
    sql_int(q, row->severity);
    sql_str(q, row->json);
    words_of(row, &words);
    sql_text(q, strbuf_view(&words));
    enum err err = sql_post(q);
    strbuf_fini(&words);
    return err;
}

static void read_row(struct sql *q, struct arena *arena, struct device_row *row)
{
    row->id = sql_col_str(q, 0, arena);
    row->mac = sql_col_str(q, 1, arena);
    row->vendor = sql_col_str(q, 2, arena);
    row->name = sql_col_str(q, 3, arena);
    row->profile = sql_col_str(q, 4, arena);
    row->state = sql_col_str(q, 5, arena);
    row->ip = sql_col_str(q, 6, arena);
    row->zone = sql_col_str(q, 7, arena);
    row->owner_en = sql_col_str(q, 8, arena);
    row->owner_vi = sql_col_str(q, 9, arena);
    row->criticality = (uint8_t)sql_col_int(q, 10);
    row->level = (uint8_t)sql_col_int(q, 11);
    row->sensor = sql_col_str(q, 12, arena);
    row->site = sql_col_str(q, 13, arena);
    row->first_ns = sql_col_time(q, 14);
    row->last_ns = sql_col_time(q, 15);
    row->n_alerts = sql_col_int(q, 16);
    row->n_deviations = sql_col_int(q, 17);
    row->deviation_ns = sql_col_time(q, 18);
    row->severity = (uint8_t)sql_col_int(q, 19);
    row->json = sql_col_str(q, 20, arena);
    if (!*row->json)
        row->json = "{}";
}

static enum err one(struct sql *q, struct arena *arena, struct device_row *row)
{
    bool found = sql_row(q);
    if (found)
        read_row(q, arena, row);
    return sql_end_found(q, found);
}

enum err db_devices_get(struct store *store, const char *id, struct arena *arena,
                        struct device_row *row)
{
    struct sql *q = sql_start(store, "SELECT " DEVICE_COLUMNS " FROM device WHERE id=$1");
    sql_str(q, id);
    return one(q, arena, row);
}

enum err db_devices_by_ip(struct store *store, const char *ip, uint64_t at_ns, struct arena *arena,
                          struct device_row *row)
{
    struct sql *q = sql_start(store, "SELECT " DEVICE_COLUMNS
                                     " FROM device WHERE id=(SELECT device FROM binding "
                                     "WHERE ip=$1 AND first<=$2 ORDER BY last DESC LIMIT 1)");
    sql_str(q, ip);
    sql_time(q, at_ns ? at_ns : INT64_MAX);
    return one(q, arena, row);
}

static void page_before(struct sql_where *w, uint64_t before_ns, const char *before_id)
{
    const struct sql_value args[] = {sql_of_int((int64_t)before_ns), sql_of_int((int64_t)before_ns),
                                     sql_of_str(before_id ? before_id : "")};
    if (before_ns)
        sql_where_and(w, "last<=? AND (last<? OR id<?)", args, 3);
}

static void conditions(struct sql_where *w, const struct devices_query *query)
{
    if (query->text)
        sql_where_words(w, "words", query->text);
    sql_where_str(w, "zone=?", query->zone);
    sql_where_str(w, "site=?", query->site);
    sql_where_sites(w, "site", query->sites);
    if (query->deviating)
        sql_where_and(w, "deviations>0", NULL, 0);
}

enum err db_devices_count(struct store *store, const struct devices_query *query, int64_t *n)
{
    struct sql_where w;

    sql_where_init(&w, "SELECT count(*) FROM device");
    conditions(&w, query);
    struct sql *q = sql_where_start(&w, store);
    *n = sql_row(q) ? sql_col_int(q, 0) : 0;
    return sql_where_end(&w, q);
}

enum err db_devices_sums(struct store *store, const char *const *sites, struct arena *arena,
                         struct devices_sum **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct devices_sum *row;
    struct sql_where w;

    sql_where_init(&w, "SELECT site,count(*),"
                       "sum(CASE WHEN substr(state,1,5)='learn' THEN 1 ELSE 0 END),"
                       "sum(CASE WHEN substr(state,1,6)='enforc' THEN 1 ELSE 0 END),"
                       "sum(CASE WHEN deviations>0 THEN 1 ELSE 0 END) FROM device");
    sql_where_sites(&w, "site", sites);
    sql_where_tail(&w, " GROUP BY site ORDER BY site", NULL, 0);
    struct sql *q = sql_where_start(&w, store);
    while ((row = sql_rows_next(q, &out))) {
        row->site = sql_col_str(q, 0, arena);
        row->n = sql_col_int(q, 1);
        row->learning = sql_col_int(q, 2);
        row->enforcing = sql_col_int(q, 3);
        row->deviating = sql_col_int(q, 4);
    }
    *rows = out.at;
    *n = out.n;
    return sql_where_end(&w, q);
}

enum err db_devices_list(struct store *store, const struct devices_query *query,
                         struct arena *arena, struct device_row **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql_where w;

    sql_where_init(&w, "SELECT " DEVICE_COLUMNS " FROM device");
    conditions(&w, query);
    page_before(&w, query->before_ns, query->before_id);
    sql_where_page(&w, "last DESC, id DESC", query->limit, 100, 1000);
    struct sql *q = sql_where_start(&w, store);
    struct device_row *row;
    while ((row = sql_rows_next(q, &out)))
        read_row(q, arena, row);
    *rows = out.at;
    *n = out.n;
    return sql_where_end(&w, q);
}

/* The binding that is still going on, i.e. the newest holder of the address is this device. */
static enum err prolong(struct store *store, const struct binding_row *row)
{
    struct sql *q = sql_start(
        store, "UPDATE binding SET last=CASE WHEN $1>last THEN $1 ELSE last END "
               "WHERE device=$2 AND ip=$3 AND first=(SELECT b.first FROM binding b WHERE b.ip=$3 "
               "AND b.device=$2 ORDER BY b.last DESC LIMIT 1) AND NOT EXISTS (SELECT 1 FROM "
               "binding o WHERE o.ip=$3 AND o.device<>$2 AND o.last>binding.last)");
    sql_time(q, row->last_ns);
    sql_str(q, row->device);
    sql_str(q, row->ip);
    return sql_run(q);
}

enum err db_devices_bind(struct store *store, const struct binding_row *row)
{
    enum err err = prolong(store, row);
    if (err || sql_changed(store))
        return err;
    struct sql *q =
        sql_start(store, "INSERT INTO binding (device,ip,first,last) VALUES ($1,$2,$3,$4) "
                         "ON CONFLICT (device,ip,first) DO UPDATE SET last=CASE WHEN "
                         "excluded.last>binding.last THEN excluded.last ELSE binding.last END");
    sql_str(q, row->device);
    sql_str(q, row->ip);
    sql_time(q, row->first_ns);
    sql_time(q, row->last_ns);
    return sql_post(q);
}

enum err db_devices_bindings(struct store *store, const char *device, struct arena *arena,
                             struct binding_row **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql *q = sql_start(store, "SELECT device,ip,first,last FROM binding WHERE device=$1 "
                                     "ORDER BY last DESC LIMIT 1000");
    sql_str(q, device);
    struct binding_row *row;
    while ((row = sql_rows_next(q, &out))) {
        row->device = sql_col_str(q, 0, arena);
        row->ip = sql_col_str(q, 1, arena);
        row->first_ns = sql_col_time(q, 2);
        row->last_ns = sql_col_time(q, 3);
    }
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}
