/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_events.h"
#include "analyzer/store/db_blocks.h"
#include "analyzer/store/rows.h"
#include "analyzer/store/sql_bulk.h"
#include "common/json.h"

#include <stdio.h>

enum { ALERT_KINDS = 1 << RECORD_ALERT | 1 << RECORD_DEVIATION | 1 << RECORD_DEVICE };

/* The device an event is about; of a conversation, its source. */
static const char *subject(const struct record *r)
{
    const char *path = r->kind == RECORD_DEVICE      ? "inventory.device.id"
                       : r->kind == RECORD_DEVIATION ? "deviation.device.id"
                                                     : NULL;
    struct slice id = path ? json_text(json_path(r->eve, path)) : SLICE_NONE;

    return id.len && id.len <= RECORD_TEXT_MAX ? json_str(json_path(r->eve, path), "")
                                               : r->src.device;
}

static void put_row(struct sql_bulk *q, const struct record *r)
{
    sql_bulk_int(q, r->event_id);
    sql_bulk_time(q, r->ts_ns);
    sql_bulk_time(q, r->received_ns);
    sql_bulk_int(q, r->kind);
    sql_bulk_str(q, r->event_type);
    sql_bulk_str(q, r->sensor);
    sql_bulk_str(q, r->site);
    sql_bulk_str(q, r->src.addr_text);
    sql_bulk_str(q, r->dst.addr_text);
    sql_bulk_int(q, r->src.port);
    sql_bulk_int(q, r->dst.port);
    sql_bulk_str(q, r->src.name);
    sql_bulk_str(q, r->dst.name);
    sql_bulk_str(q, r->proto);
    sql_bulk_str(q, r->app_proto);
    sql_bulk_str(q, subject(r));
    sql_bulk_int(q, r->severity);
    sql_bulk_int(q, r->group_id);
    sql_bulk_int(q, (int64_t)r->flow_id);
    sql_bulk_str(q, r->alert.signature);
    sql_bulk_int(q, r->alert.gid);
    sql_bulk_int(q, r->alert.sid);
    sql_bulk_str(q, r->id.sensor);
    sql_bulk_int(q, (int64_t)r->id.epoch);
    sql_bulk_int(q, (int64_t)r->id.seq);
    sql_bulk_int(q, r->id.index);
    sql_bulk_text(q, r->raw);
    sql_bulk_int(q, r->group_id && !r->opens_group);
}

enum err db_events_put(struct store *store, const struct record *records, uint32_t n)
{
    static const struct sql_table table = {
        "event",
        "id,ts,received,kind,type,sensor,site,src,dst,sport,dport,src_name,dst_name,proto,app,"
        "device,severity,grp,flow,signature,gid,sid,origin,epoch,seq,line,raw,again",
        28, "", ""};
    struct sql_bulk rows;

    sql_bulk_start(&rows, store, &table);
    for (uint32_t i = 0; i < n; i++)
        if (!records[i].sampled_out)
            put_row(&rows, &records[i]);
    enum err err = sql_bulk_end(&rows);
    return err ? err : db_blocks_add(store, records, n);
}

void db_events_read(struct sql *q, struct arena *arena, struct event_row *row)
{
    row->id = sql_col_int(q, 0);
    row->ts_ns = sql_col_time(q, 1);
    row->received_ns = sql_col_time(q, 2);
    row->kind = (enum record_kind)sql_col_int(q, 3);
    row->event_type = sql_col_str(q, 4, arena);
    row->sensor = sql_col_str(q, 5, arena);
    row->site = sql_col_str(q, 6, arena);
    row->src_ip = sql_col_str(q, 7, arena);
    row->dst_ip = sql_col_str(q, 8, arena);
    row->src_port = (uint16_t)sql_col_int(q, 9);
    row->dst_port = (uint16_t)sql_col_int(q, 10);
    row->src_name = sql_col_str(q, 11, arena);
    row->dst_name = sql_col_str(q, 12, arena);
    row->proto = sql_col_str(q, 13, arena);
    row->app_proto = sql_col_str(q, 14, arena);
    row->device = sql_col_str(q, 15, arena);
    row->severity = (enum severity)sql_col_int(q, 16);
    row->group_id = sql_col_int(q, 17);
    row->flow_id = (uint64_t)sql_col_int(q, 18);
    row->signature = sql_col_str(q, 19, arena);
    row->gid = sql_col_int(q, 20);
    row->sid = sql_col_int(q, 21);
    row->json = sql_col_str(q, 22, arena);
}

enum err db_events_get(struct store *store, int64_t id, struct arena *arena, struct event_row *row)
{
    struct sql *q = sql_start(store, "SELECT " ROWS_EVENT " FROM event WHERE id=$1");
    sql_int(q, id);
    bool found = sql_row(q);
    if (found)
        db_events_read(q, arena, row);
    return sql_end_found(q, found);
}

/* Lower-case ASCII copy for a search in lower(raw). */
static struct slice lower(struct arena *arena, const char *text)
{
    char *copy = arena_str(arena, slice_of_str(text));
    for (char *c = copy; c && *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    return slice_of_str(copy);
}

static void conditions(struct sql_where *w, const struct events_query *query, struct arena *arena)
{
    const struct sql_value host = sql_of_str(query->host);
    const struct sql_value hosts[] = {host, host, host, host, host, host};
    const struct sql_value group[] = {sql_of_int(query->group_id), sql_of_int(query->group_id)};
    const struct sql_value one = sql_of_int(query->incident_id);
    const struct sql_value incident[] = {one, one, one};

    if (query->kinds && !(query->kinds & ~(uint32_t)ALERT_KINDS))
        sql_where_and(w, "kind<3", NULL, 0); /* lets the engine use the small index */
    sql_where_bits(w, "kind", query->kinds);
    if (query->group_id)
        sql_where_and(w,
                      "id IN (SELECT first_event FROM grp WHERE id=? UNION "
                      "SELECT id FROM event WHERE grp=? AND " ROWS_AGAIN ")",
                      group, 2);
    if (query->incident_id)
        sql_where_and(w,
                      "id IN (SELECT event FROM link WHERE incident=? AND event<>0 UNION "
                      "SELECT g.first_event FROM link l JOIN grp g ON g.id=l.grp "
                      "WHERE l.incident=? AND l.event=0 UNION "
                      "SELECT e.id FROM event e JOIN link l ON l.grp=e.grp "
                      "WHERE l.incident=? AND l.event=0 AND e.again<>0 AND e.grp<>0)",
                      incident, 3);
    if (query->host && *query->host)
        sql_where_and(w,
                      "id IN (SELECT id FROM event WHERE src=? AND grp=0 UNION "
                      "SELECT id FROM event WHERE dst=? AND grp=0 UNION "
                      "SELECT first_event FROM grp WHERE src=? UNION "
                      "SELECT first_event FROM grp WHERE dst=? UNION "
                      "SELECT e.id FROM grp g JOIN event e ON e.grp=g.id AND e.again<>0 AND "
                      "e.grp<>0 WHERE g.src=? UNION "
                      "SELECT e.id FROM grp g JOIN event e ON e.grp=g.id AND e.again<>0 AND "
                      "e.grp<>0 WHERE g.dst=?)",
                      hosts, 6);
    sql_where_str(w, "device=?", query->device);
    if (query->flow_id)
        sql_where_and(w, "flow<>0", NULL, 0);
    sql_where_int(w, "flow=?", (int64_t)query->flow_id);
    sql_where_str(w, "type=?", query->type);
    sql_where_int(w, "ts>=?", (int64_t)query->from_ns);
    sql_where_int(w, "ts<=?", (int64_t)query->to_ns);
    sql_where_int(w, "id<?", query->before_id);
    if (query->contains && *query->contains)
        sql_where_contains(w, "lower(raw)", lower(arena, query->contains));
}

enum err db_events_list(struct store *store, const struct events_query *query, struct arena *arena,
                        struct event_row **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql_where w;

    sql_where_init(&w, "SELECT " ROWS_EVENT " FROM event");
    conditions(&w, query, arena);
    sql_where_page(&w, "id DESC", query->limit, 50, 1000);
    struct sql *q = sql_where_start(&w, store);
    struct event_row *row;
    while ((row = sql_rows_next(q, &out)))
        db_events_read(q, arena, row);
    *rows = out.at;
    *n = out.n;
    return sql_where_end(&w, q);
}

enum err db_events_after(struct store *store, int64_t id, uint32_t limit, struct arena *arena,
                         struct event_row **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql *q =
        sql_start(store, "SELECT " ROWS_EVENT " FROM event WHERE id>$1 ORDER BY id LIMIT $2");

    sql_int(q, id);
    sql_int(q, limit);
    struct event_row *row;
    while ((row = sql_rows_next(q, &out)))
        db_events_read(q, arena, row);
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

enum err db_events_last_id(struct store *store, int64_t *id)
{
    struct arena arena;
    const char *value;
    uint64_t given = 0;

    arena_init(&arena, 256, 0);
    enum err err = store_meta_get(store, "event.last", &arena, &value);
    slice_to_u64(slice_of_str(value), &given);
    arena_fini(&arena);
    if (err && err != ERR_NOTFOUND)
        return err;
    struct sql *q = sql_start(store, "SELECT coalesce(max(id),0) FROM event");
    *id = sql_row(q) ? sql_col_int(q, 0) : 0;
    if ((int64_t)given > *id)
        *id = (int64_t)given;
    return sql_end(q);
}

enum err db_events_mark_last(struct store *store, int64_t id)
{
    char text[24];

    if (store->def->next_block) /* numbers come from the store itself */
        return ERR_OK;
    snprintf(text, sizeof(text), "%lld", (long long)id);
    return store_meta_put(store, "event.last", text);
}

enum err db_events_expire(struct store *store, uint32_t kinds, int64_t last_id, uint32_t limit,
                          int64_t *deleted)
{
    const struct sql_value last = sql_of_int(last_id);
    struct sql_where w;

    sql_where_init(&w, "DELETE FROM event WHERE id IN (SELECT id FROM event");
    sql_where_and(&w, "id<=?", &last, 1);
    sql_where_bits(&w, "kind", kinds);
    sql_where_and(&w, "NOT (" ROWS_SPARED ")", NULL, 0);
    sql_where_page(&w, "id", limit, 1000, 100000);
    strbuf_char(&w.text, ')');
    enum err err = sql_run(sql_where_start(&w, store));
    *deleted = err ? 0 : sql_changed(store);
    sql_where_fini(&w);
    return *deleted ? db_blocks_forget(store, last_id) : err;
}
