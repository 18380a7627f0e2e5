/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL 15 and newer: several analyzers at one store, events in one partition a day.
 * The only file that knows libpq. Spec: the frontend's manual, chapters 34.5 (pipeline mode)
 * and 34.4.
 *
 * A lost connection is made anew by the next transaction, or by a question outside of one. What a
 * transaction posts (see store_def.post) travels without waiting; the first statement that wants an
 * answer, or the commit, collects what was said to it.
 *
 * When the connection is lost in a commit, nobody but the server knows whether it happened: then we
 * ask for the fate of the transaction's number until the server answers. Nothing could go on
 * before.
 */
#include "analyzer/store/binary.h"
#include "analyzer/store/sql.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"

#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FAULT_MAX = 256, POSTED_MAX = 2000, BYTES_EVERY_S = 30, RETRY_MS = 200, XID_MAX = 32 };
enum { COPY_BYTES = 64 << 10 };
enum { OID_BOOL = 16, OID_BYTES = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25 };
enum { OID_INT8S = 1016, OID_FLOAT4 = 700, OID_FLOAT8 = 701, OID_NUMERIC = 1700 };

/* A program that was stopped in a transaction must not keep its rows from others for ever. */
#define LIMITS "-c lock_timeout=10s -c idle_in_transaction_session_timeout=30s"

enum copy { COPY_NONE, COPY_OPEN, COPY_ENDED }; /* ENDED: nothing was said to it yet */

struct sql_engine {
    PGconn *conn;
    uint64_t connection; /* counts up: statements prepared before are not to be used */
    uint64_t names;
    char fault[FAULT_MAX];
    char xid[XID_MAX]; /* of the transaction */
    int64_t changed;
    bool open; /* in a transaction, as far as the caller knows */
    uint32_t posted;
    enum err refused; /* first failure of this transaction */
    enum copy copy;
    struct strbuf rows; /* to be sent */
    uint64_t bytes, bytes_ns;
};

struct sql_stmt {
    struct sql_engine *engine;
    char *text;
    char name[24];
    uint64_t connection; /* where it is prepared; 0 = nowhere */
    uint32_t n, room;    /* arguments */
    Oid *types;
    const char **values;
    int *lengths, *formats;
    uint64_t *numbers;     /* in network order */
    struct arena arrays;   /* these */
    struct arena repaired; /* texts that were not UTF-8; arrays */
    PGresult *result;
    int row;
    unsigned char *blob;
};

static const char begin_text[] = "BEGIN; SELECT pg_current_xact_id()";

/* GIN keeps new entries in a list and sorts them into the tree many at a time: a third of the work
 * of trees whose entries come in no order. Who may not have the extension keeps the trees. */
static const char gathered_text[] =
    "DO $$ BEGIN"
    "  BEGIN"
    "    CREATE EXTENSION IF NOT EXISTS btree_gin;"
    "  EXCEPTION WHEN OTHERS THEN"
    "    RETURN;"
    "  END;"
    "  DROP INDEX grp_src; DROP INDEX grp_dst; DROP INDEX event_flow;"
    "  CREATE INDEX grp_ends ON grp USING gin (src, dst);"
    "  CREATE INDEX event_flow ON event USING gin (flow) WHERE flow<>0;"
    " END $$";

/* ---- failures */

static enum err err_of(const char *state)
{
    static const struct {
        const char *state;
        enum err err;
    } known[] = {{"23", ERR_CONFLICT}, {"40", ERR_AGAIN},   {"55P03", ERR_AGAIN},
                 {"57014", ERR_AGAIN}, {"53100", ERR_FULL}, {"42501", ERR_DENIED},
                 {"25006", ERR_DENIED}};

    for (uint32_t i = 0; state && i < sizeof(known) / sizeof(known[0]); i++)
        if (strncmp(state, known[i].state, strlen(known[i].state)) == 0)
            return known[i].err;
    return ERR_IO;
}

static bool lost(const struct sql_engine *e)
{
    return PQstatus(e->conn) != CONNECTION_OK;
}

/* A message without its line breaks. */
static void note_fault(struct sql_engine *e, const char *text)
{
    snprintf(e->fault, sizeof(e->fault), "%s", text && *text ? text : "connection lost");
    for (char *c = e->fault; *c; c++)
        if (*c == '\n')
            *c = c[1] ? ' ' : '\0';
}

static enum err failed(struct sql_engine *e, const PGresult *result)
{
    enum err err = err_of(result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL);

    if (e->open && e->refused)
        return e->refused; /* what follows the first failure only says that there was one */
    note_fault(e, result ? PQresultErrorMessage(result) : PQerrorMessage(e->conn));
    if (e->open)
        e->refused = err;
    return err;
}

static bool good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_PIPELINE_SYNC;
}

/* ---- connection */

static enum err connected(struct sql_engine *e)
{
    const char *encoding = lost(e) ? NULL : PQparameterStatus(e->conn, "server_encoding");

    e->connection++;
    e->posted = 0;
    e->copy = COPY_NONE;
    if (lost(e)) {
        note_fault(e, PQerrorMessage(e->conn));
        return ERR_IO;
    }
    if (encoding && strcmp(encoding, "UTF8") == 0)
        return ERR_OK;
    note_fault(e, "the database is not in UTF8");
    return ERR_UNSUPPORTED;
}

static enum err reconnect(struct sql_engine *e)
{
    PQreset(e->conn);
    return connected(e);
}

static void pg_close(struct sql_engine *e)
{
    PQfinish(e->conn);
    strbuf_fini(&e->rows);
    free(e);
}

static enum err pg_open(const char *place, bool read_only, struct sql_engine **out, char *fault,
                        uint32_t fault_room)
{
    const char *const words[] = {"fallback_application_name",
                                 "connect_timeout",
                                 "keepalives_idle",
                                 "options",
                                 "dbname",
                                 "client_encoding",
                                 NULL};
    const char *const values[] = {"tramgac-analyzer",
                                  "5",
                                  "30",
                                  read_only ? LIMITS " -c default_transaction_read_only=on"
                                            : LIMITS " -c client_min_messages=warning",
                                  place,
                                  "UTF8",
                                  NULL};
    struct sql_engine *e = calloc(1, sizeof(*e));

    CHECK(e);
    strbuf_init(&e->rows, 0);
    e->conn = PQconnectdbParams(words, values, 1);
    CHECK(e->conn);
    enum err err = connected(e);
    if (err) {
        snprintf(fault, fault_room, "cannot open the PostgreSQL database: %.200s", e->fault);
        pg_close(e);
        return err;
    }
    *out = e;
    return ERR_OK;
}

/* ---- what was posted or copied */

/* Takes what is left to be said; false: it would wait for rows for ever. */
static bool drain(struct sql_engine *e)
{
    bool copying = false;

    for (PGresult *r; !copying && !lost(e) && (r = PQgetResult(e->conn)); PQclear(r))
        copying = PQresultStatus(r) == PGRES_COPY_IN;
    return !copying;
}

static enum err collect_copy(struct sql_engine *e)
{
    PGresult *r = PQgetResult(e->conn);
    enum err err = r && good(r) ? ERR_OK : failed(e, r);

    PQclear(r);
    e->copy = COPY_NONE;
    strbuf_clear(&e->rows);
    if (!drain(e))
        (void)reconnect(e);
    return err;
}

static enum err collect_posts(struct sql_engine *e)
{
    enum err err = ERR_OK;
    bool synced = false;
    uint32_t ends = 0; /* NULLs in a row: two mean that nothing more comes */

    e->posted = 0;
    synced = !PQpipelineSync(e->conn);
    while (!synced && ends < 2 && !lost(e)) {
        PGresult *result = PQgetResult(e->conn);
        ends = result ? 0 : ends + 1;
        synced = result && PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        if (result && !good(result) && !err)
            err = failed(e, result);
        PQclear(result);
    }
    if (!synced || lost(e) || !PQexitPipelineMode(e->conn))
        err = err ? err : failed(e, NULL);
    if (err)
        e->connection++; /* who knows which of its statements were prepared */
    return err;
}

static enum err collect(struct sql_engine *e)
{
    if (e->copy)
        return collect_copy(e);
    return PQpipelineStatus(e->conn) == PQ_PIPELINE_OFF ? ERR_OK : collect_posts(e);
}

/* ---- scripts: schema, begin, commit */

static void pause_a_little(void)
{
    struct timespec wait = {0, RETRY_MS * 1000000};
    nanosleep(&wait, NULL);
}

/* "committed", "aborted", or "" when the server does not (yet) say so. */
static void fate(struct sql_engine *e, char out[XID_MAX])
{
    const char *values[] = {e->xid};

    *out = '\0';
    if (lost(e) && reconnect(e))
        return;
    PGresult *r =
        PQexecParams(e->conn, "SELECT pg_xact_status($1::xid8)", 1, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1)
        snprintf(out, XID_MAX, "%s", PQgetvalue(r, 0, 0));
    PQclear(r);
}

static enum err ask_for_fate(struct sql_engine *e)
{
    char text[XID_MAX];

    log_say(LOG_WARN, "the database was lost in a commit; waiting for it to tell whether it was "
                      "done");
    for (fate(e, text); strcmp(text, "committed") != 0 && strcmp(text, "aborted") != 0;
         fate(e, text))
        pause_a_little();
    log_say(LOG_NOTE, "the transaction was %s", text);
    return strcmp(text, "committed") == 0 ? ERR_OK : ERR_IO;
}

static enum err commit(struct sql_engine *e)
{
    enum err err = collect(e);

    if (!err)
        err = e->refused;
    if (err)
        return err; /* the caller rolls back */
    PGresult *r = PQexec(e->conn, "COMMIT");
    bool done = PQresultStatus(r) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(r), "COMMIT") == 0;
    if (!done)
        err = failed(e, r);
    PQclear(r);
    if (!done && lost(e))
        err = ask_for_fate(e);
    e->open = err != ERR_OK;
    return err;
}

static enum err begin(struct sql_engine *e)
{
    if (lost(e)) {
        enum err err = reconnect(e);
        if (err)
            return err;
    }
    e->refused = ERR_OK;
    PGresult *r = PQexec(e->conn, begin_text);
    if (PQresultStatus(r) == PGRES_TUPLES_OK)
        snprintf(e->xid, sizeof(e->xid), "%s", PQgetvalue(r, 0, 0));
    enum err err = good(r) ? ERR_OK : failed(e, r);
    PQclear(r);
    e->open = err == ERR_OK;
    return err;
}

static enum err roll_back(struct sql_engine *e)
{
    (void)collect(e);
    PQclear(PQexec(e->conn, "ROLLBACK"));
    e->open = false;
    e->refused = ERR_OK;
    return ERR_OK;
}

static enum err pg_script(struct sql_engine *e, const char *sql)
{
    if (strcmp(sql, begin_text) == 0)
        return begin(e);
    if (strcmp(sql, "COMMIT") == 0)
        return commit(e);
    if (strcmp(sql, "ROLLBACK") == 0)
        return roll_back(e);
    enum err err = collect(e);
    if (err)
        return err;
    PGresult *r = PQexec(e->conn, sql);
    err = good(r) ? ERR_OK : failed(e, r);
    PQclear(r);
    return err;
}

/* ---- statements */

static enum err pg_prepare(struct sql_engine *e, struct slice sql, struct sql_stmt **out)
{
    struct sql_stmt *s = calloc(1, sizeof(*s));

    CHECK(s);
    s->engine = e;
    s->text = strndup((const char *)sql.at, sql.len);
    CHECK(s->text);
    arena_init(&s->repaired, 1024, 0);
    arena_init(&s->arrays, 4096, 0);
    *out = s;
    return ERR_OK;
}

static void pg_reset(struct sql_stmt *s)
{
    PQclear(s->result);
    PQfreemem(s->blob);
    s->result = NULL;
    s->blob = NULL;
    arena_reset(&s->repaired);
}

static void pg_finish(struct sql_stmt *s)
{
    struct sql_engine *e = s->engine;
    char text[48];

    pg_reset(s);
    if (s->connection == e->connection && !e->refused && !lost(e) && collect(e) == ERR_OK) {
        snprintf(text, sizeof(text), "DEALLOCATE %s", s->name);
        PQclear(PQexec(e->conn, text));
    }
    arena_fini(&s->repaired);
    arena_fini(&s->arrays);
    free(s->text);
    free(s);
}

static void bind_bytes(struct sql_stmt *s, uint32_t i, Oid type, struct slice bytes)
{
    s->types[i] = type;
    s->values[i] = bytes.at ? (const char *)bytes.at : "";
    s->lengths[i] = (int)bytes.len;
}

static void bind_one(struct sql_stmt *s, uint32_t i, const struct sql_value *v)
{
    struct slice text = v->s;

    s->formats[i] = 1;
    switch (v->kind) {
    case SQL_INT:
        s->numbers[i] = htobe64((uint64_t)v->i);
        s->types[i] = OID_INT8;
        s->values[i] = (const char *)&s->numbers[i];
        s->lengths[i] = sizeof(s->numbers[i]);
        return;
    case SQL_TEXT:
        bind_bytes(s, i, OID_TEXT, binary_text(&s->repaired, text));
        return;
    case SQL_BLOB:
        bind_bytes(s, i, OID_BYTES, text);
        return;
    case SQL_KEYS:
        bind_bytes(s, i, OID_INT8S, binary_keys(&s->repaired, text));
        return;
    case SQL_NULL:
        break;
    }
    s->types[i] = OID_TEXT;
    s->values[i] = NULL;
    s->lengths[i] = 0;
}

static void make_room(struct sql_stmt *s, uint32_t n)
{
    if (n <= s->room)
        return;
    arena_reset(&s->arrays);
    s->types = arena_alloc(&s->arrays, n * sizeof(*s->types));
    s->values = arena_alloc(&s->arrays, n * sizeof(*s->values));
    s->lengths = arena_alloc(&s->arrays, n * sizeof(*s->lengths));
    s->formats = arena_alloc(&s->arrays, n * sizeof(*s->formats));
    s->numbers = arena_alloc(&s->arrays, n * sizeof(*s->numbers));
    CHECK(s->types && s->values && s->lengths && s->formats && s->numbers);
    s->room = n;
}

static void bind_all(struct sql_stmt *s, const struct sql_value *args, uint32_t n)
{
    pg_reset(s);
    make_room(s, n);
    s->n = n;
    s->row = -1;
    for (uint32_t i = 0; i < n; i++)
        bind_one(s, i, &args[i]);
}

static enum err pg_bind(struct sql_stmt *s, const struct sql_value *args, uint32_t n)
{
    bind_all(s, args, n);
    return ERR_OK;
}

static void name_anew(struct sql_stmt *s)
{
    snprintf(s->name, sizeof(s->name), "s%llu", (unsigned long long)++s->engine->names);
    s->connection = s->engine->connection;
}

static PGresult *execute(struct sql_stmt *s)
{
    struct sql_engine *e = s->engine;

    if (s->connection != e->connection) {
        name_anew(s);
        PGresult *r = PQprepare(e->conn, s->name, s->text, (int)s->n, s->types);
        if (!good(r)) {
            s->connection = 0;
            return r;
        }
        PQclear(r);
    }
    return PQexecPrepared(e->conn, s->name, (int)s->n, s->values, s->lengths, s->formats, 0);
}

/* A question outside of a transaction may be asked again on a new connection. */
static enum err run(struct sql_stmt *s)
{
    struct sql_engine *e = s->engine;
    enum err err = collect(e);

    if (!err && e->open && lost(e))
        err = failed(e, NULL);
    if (err)
        return err;
    if (lost(e) && reconnect(e))
        return ERR_IO;
    s->result = execute(s);
    if (!good(s->result) && lost(e) && !e->open && strncmp(s->text, "SELECT", 6) == 0 &&
        reconnect(e) == ERR_OK) {
        PQclear(s->result);
        s->result = execute(s);
    }
    if (!good(s->result))
        return failed(e, s->result);
    e->changed = strtoll(PQcmdTuples(s->result), NULL, 10);
    return ERR_OK;
}

static enum err pg_step(struct sql_stmt *s)
{
    if (!s->result) {
        enum err err = run(s);
        if (err)
            return err;
    }
    return ++s->row < PQntuples(s->result) ? ERR_OK : ERR_END;
}

static enum err pg_post(struct sql_stmt *s, const struct sql_value *args, uint32_t n)
{
    struct sql_engine *e = s->engine;
    bool ok = true;

    if (e->refused)
        return e->refused;
    if ((e->copy || e->posted >= POSTED_MAX) && collect(e))
        return e->refused;
    if (PQpipelineStatus(e->conn) == PQ_PIPELINE_OFF)
        ok = PQenterPipelineMode(e->conn);
    bind_all(s, args, n);
    if (ok && s->connection != e->connection) {
        name_anew(s);
        ok = PQsendPrepare(e->conn, s->name, s->text, (int)n, s->types);
    }
    ok = ok && PQsendQueryPrepared(e->conn, s->name, (int)n, s->values, s->lengths, s->formats, 0);
    e->posted++;
    return ok ? ERR_OK : failed(e, NULL);
}

/* ---- copies */

static enum err start_copy(struct sql_engine *e, const char *table)
{
    struct strbuf text;
    enum err err = collect(e);

    if (!err && e->refused)
        err = e->refused;
    if (err)
        return err;
    strbuf_init(&text, 0);
    strbuf_fmt(&text, "COPY %s FROM STDIN (FORMAT binary)", table);
    PGresult *r = PQexec(e->conn, text.at);
    e->copy = PQresultStatus(r) == PGRES_COPY_IN ? COPY_OPEN : COPY_NONE;
    if (!e->copy)
        err = failed(e, r);
    PQclear(r);
    strbuf_fini(&text);
    strbuf_clear(&e->rows);
    binary_head(&e->rows);
    return err;
}

/* What is refused while rows are sent is told at their end. */
static enum err send_rows(struct sql_engine *e)
{
    bool ok = PQputCopyData(e->conn, e->rows.at, (int)e->rows.len) == 1;

    strbuf_clear(&e->rows);
    return ok ? ERR_OK : failed(e, NULL);
}

static enum err pg_copy(struct sql_engine *e, const char *table, const struct sql_value *args,
                        uint32_t columns, uint32_t rows)
{
    enum err err = e->copy == COPY_OPEN ? ERR_OK : start_copy(e, table);

    for (uint32_t row = 0; !err && row < rows; row++) {
        binary_row(&e->rows, args + (size_t)row * columns, columns);
        if (e->rows.len >= COPY_BYTES)
            err = send_rows(e);
    }
    return err;
}

static enum err pg_copied(struct sql_engine *e)
{
    if (e->copy != COPY_OPEN)
        return ERR_OK;
    e->copy = COPY_ENDED;
    binary_tail(&e->rows);
    enum err err = send_rows(e);
    if (PQputCopyEnd(e->conn, NULL) != 1 && !err)
        err = failed(e, NULL);
    return err;
}

/* ---- rows */

static struct slice bytes_of(struct sql_stmt *s, const char *text)
{
    size_t len = 0;

    PQfreemem(s->blob);
    s->blob = PQunescapeBytea((const unsigned char *)text, &len);
    CHECK(s->blob);
    return (struct slice){s->blob, (uint32_t)len};
}

static struct sql_value pg_column(struct sql_stmt *s, uint32_t column)
{
    int i = (int)column;
    struct sql_value v = {SQL_NULL, 0, SLICE_NONE};

    if (PQgetisnull(s->result, s->row, i))
        return v;
    const char *text = PQgetvalue(s->result, s->row, i);
    v.kind = SQL_INT;
    switch (PQftype(s->result, i)) {
    case OID_BOOL:
        v.i = *text == 't';
        break;
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
    case OID_NUMERIC:
        v.i = strtoll(text, NULL, 10);
        break;
    case OID_FLOAT4:
    case OID_FLOAT8:
        v.i = (int64_t)strtod(text, NULL);
        break;
    case OID_BYTES:
        v.kind = SQL_BLOB;
        v.s = bytes_of(s, text);
        break;
    default:
        v.kind = SQL_TEXT;
        v.s = (struct slice){(const uint8_t *)text, (uint32_t)PQgetlength(s->result, s->row, i)};
        break;
    }
    return v;
}

static enum err pg_day(struct sql_engine *e, uint64_t day, int64_t first, int64_t end)
{
    char text[200];

    if (end)
        snprintf(text, sizeof(text),
                 "CREATE TABLE IF NOT EXISTS event_%llu PARTITION OF event FOR VALUES FROM (%lld) "
                 "TO (%lld)",
                 (unsigned long long)day, (long long)first, (long long)end);
    else
        snprintf(text, sizeof(text), "DROP TABLE IF EXISTS event_%llu", (unsigned long long)day);
    return pg_script(e, text);
}

static int64_t pg_changed(struct sql_engine *e)
{
    return e->changed;
}

static const char *pg_fault(struct sql_engine *e)
{
    return e->fault;
}

static uint64_t pg_bytes(struct sql_engine *e)
{
    uint64_t now = clock_mono_ns();

    if (e->open || lost(e) || (e->bytes_ns && now - e->bytes_ns < BYTES_EVERY_S * CLOCK_S))
        return e->bytes;
    PGresult *r = PQexec(e->conn, "SELECT pg_database_size(current_database())");
    if (PQresultStatus(r) == PGRES_TUPLES_OK)
        e->bytes = strtoull(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    e->bytes_ns = now;
    return e->bytes;
}

const struct store_def store_postgres = {
    .name = "postgres",
    .doc = "A PostgreSQL 15 database; store.place is its connection text; for several analyzers",
    .begin = begin_text,
    .insert = "INSERT INTO",
    .lock = "SELECT pg_advisory_xact_lock($1)",
    .share = " FOR SHARE",
    .grab = " FOR UPDATE SKIP LOCKED",
    .id_key = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
    .key = "BIGINT PRIMARY KEY",
    .blob = "BYTEA",
    .text = "TEXT COLLATE \"C\"",
    .by_day =
        " PARTITION BY RANGE (id);"
        "CREATE TABLE event_0 PARTITION OF event FOR VALUES FROM (MINVALUE) TO (137438953472);"
        "CREATE SEQUENCE event_block",
    .by_key = "",
    .gathered = gathered_text,
    .led = true,
    .next_block = "SELECT nextval('event_block')",
    .day = pg_day,
    .open = pg_open,
    .close = pg_close,
    .script = pg_script,
    .prepare = pg_prepare,
    .finish = pg_finish,
    .bind = pg_bind,
    .step = pg_step,
    .post = pg_post,
    .copy = pg_copy,
    .copied = pg_copied,
    .reset = pg_reset,
    .column = pg_column,
    .changed = pg_changed,
    .fault = pg_fault,
    .bytes = pg_bytes,
};
