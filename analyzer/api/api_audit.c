/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who did what: the chained record, newest first, and whether its chain holds.
 */
#include "analyzer/api/shape.h"
#include "analyzer/store/db_audit.h"
#include "common/clock.h"

static void list(struct call *call)
{
    struct audit_row *rows = NULL;
    int64_t limit = api_number(call, "limit", 100);
    uint32_t n = 0;
    uint32_t most = limit < 1 || limit > 1000 ? 1000 : (uint32_t)limit;
    struct audit_query query = {.object = call->query(call, "object"),
                                .user = call->query(call, "user"),
                                .action = call->query(call, "action"),
                                .before_id = api_number(call, "before", 0),
                                .limit = most};

    clock_parse(slice_of_str(call->query(call, "from")), &query.from_ns);
    clock_parse(slice_of_str(call->query(call, "to")), &query.to_ns);
    enum err err = db_audit_list(call->store, &query, call->arena, &rows, &n);

    if (!shape_list_open(call, err))
        return;
    for (uint32_t i = 0; i < n; i++) {
        jsonw_obj_open(&call->out, NULL);
        jsonw_i64(&call->out, "id", rows[i].id);
        jsonw_rfc3339(&call->out, "time", rows[i].ts_ns);
        jsonw_str(&call->out, "user", *rows[i].user ? rows[i].user : "tramgac");
        jsonw_str(&call->out, "address", rows[i].address);
        jsonw_str(&call->out, "action", rows[i].action);
        jsonw_str(&call->out, "object", rows[i].object);
        jsonw_raw(&call->out, "detail", slice_of_str(rows[i].detail_json));
        jsonw_str(&call->out, "hash", rows[i].hash);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
    if (n == most)
        jsonw_i64(&call->out, "next", rows[n - 1].id);
    jsonw_obj_close(&call->out);
}

static void verify(struct call *call)
{
    int64_t bad_id = 0;
    enum err err = db_audit_verify(call->store, &bad_id);

    if (err && err != ERR_INPUT) {
        api_fail_store(call, err);
        return;
    }
    jsonw_obj_open(&call->out, NULL);
    jsonw_bool(&call->out, "whole", err == ERR_OK);
    if (err)
        jsonw_i64(&call->out, "first_bad", bad_id);
    jsonw_obj_close(&call->out);
}

static const struct api_route routes[] = {
    {"GET", "/api/audit", PERM_AUDIT, list, "Who did what, newest first.",
     "object (like incident/INC-2026-000001), user, action (login; what stands before a dot will "
     "do), from, to, before, limit"},
    {"GET", "/api/audit/verify", PERM_AUDIT, verify,
     "Walks the chain of hashes: is any row changed or missing?", ""},
    {.method = NULL},
};

const struct api_group api_audit = {.name = "audit", .doc = "Audit", .routes = routes};
