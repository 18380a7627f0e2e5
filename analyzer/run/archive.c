/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See archive.h. A copy of the store is itself a store of one file: it is checked by opening it.
 * Exports go page by page: their memory does not grow with their length.
 */
#include "analyzer/run/archive.h"
#include "analyzer/record/incident_name.h"
#include "analyzer/store/db_audit.h"
#include "analyzer/store/db_incidents.h"
#include "analyzer/store/db_search.h"
#include "common/clock.h"
#include "common/jsonw.h"
#include "common/log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 500, CELLS_MAX = 24, PATH_ROOM = 4096 };

/* ---- backup and restore */

static bool chain_holds(struct store *store, const char *path)
{
    int64_t bad = 0;
    enum err err = db_audit_verify(store, &bad);

    if (err == ERR_INPUT)
        log_say(LOG_FAULT, "%s: the audit trail was changed at row %lld", path, (long long)bad);
    else if (err)
        log_say(LOG_FAULT, "%s: cannot be read: %s", path, store_fault(store));
    return err == ERR_OK;
}

/* Opening brings tables up to date, or says that a newer version wrote them. */
static bool check_copy(const char *path, struct store **copy)
{
    char fault[256] = "";

    if (store_open_at("sqlite", path, copy, fault, sizeof(fault))) {
        log_say(LOG_FAULT, "%s", fault);
        return false;
    }
    if (chain_holds(*copy, path))
        return true;
    store_close(copy);
    return false;
}

static bool is_new(const char *path)
{
    if (access(path, F_OK) == 0)
        log_say(LOG_FAULT, "%s is there already", path);
    return access(path, F_OK) != 0;
}

static bool is_store_name(const char *path)
{
    bool ok = slice_eq(slice_tail(slice_of_str(path), 3), SLICE_LIT(".db"));

    if (!ok)
        log_say(LOG_FAULT, "the name of a copy ends in .db, that of %s does not", path);
    return ok;
}

int archive_backup(struct store *store, const char *path)
{
    struct store *copy = NULL;

    if (!is_store_name(path) || !is_new(path))
        return 2;
    enum err err = store_backup(store, path);
    if (err == ERR_UNSUPPORTED) {
        log_say(LOG_FAULT, "a PostgreSQL store is copied with pg_dump -Fc, see OPERATING");
        return 2;
    }
    if (err) {
        log_say(LOG_FAULT, "cannot copy the store to %s: %s", path, store_fault(store));
        return 2;
    }
    if (!check_copy(path, &copy))
        return 2;
    printf("%s: schema %lld, %llu bytes, the audit trail is whole\n", path,
           (long long)store_schema_version(copy), (unsigned long long)store_bytes(copy));
    store_close(&copy);
    return 0;
}

int archive_restore(const char *path, const char *data_dir)
{
    char to[PATH_ROOM];
    struct store *copy = NULL;

    snprintf(to, sizeof(to), "%s/tramgac.db", data_dir);
    if (!is_store_name(path) || !is_new(to))
        return 2;
    if (access(path, R_OK)) {
        log_say(LOG_FAULT, "cannot read %s: %s", path, strerror(errno));
        return 2;
    }
    if (mkdir(data_dir, 0750) && errno != EEXIST) {
        log_say(LOG_FAULT, "cannot make the directory %s: %s", data_dir, strerror(errno));
        return 2;
    }
    if (!check_copy(path, &copy))
        return 2;
    enum err err = store_backup(copy, to);
    if (err)
        log_say(LOG_FAULT, "cannot write %s: %s", to, store_fault(copy));
    else
        printf("%s: restored from %s, schema %lld\n", to, path,
               (long long)store_schema_version(copy));
    store_close(&copy);
    return err ? 2 : 0;
}

/* ---- export */

/* A row as it goes out: names and texts side by side; numbers stand as they are in both forms. */
struct cell {
    const char *name;
    const char *text; /* NULL: the number */
    int64_t number;
};

struct exporter {
    struct store *store;
    struct search search;
    struct search_range range;
    bool csv, headed;
    FILE *out;
    struct strbuf line;
    struct arena arena; /* of the search */
    struct arena page;
};

/* RFC 4180; a text that a spreadsheet would take for a formula gets a quote before it. */
static void csv_text(struct strbuf *out, const char *text)
{
    strbuf_char(out, '"');
    if (*text && strchr("=+-@\t\r", *text))
        strbuf_char(out, '\'');
    for (; *text; text++) {
        if (*text == '"')
            strbuf_char(out, '"');
        strbuf_char(out, *text);
    }
    strbuf_char(out, '"');
}

static void put_csv(struct exporter *x, const struct cell *cells, uint32_t n)
{
    for (uint32_t i = 0; !x->headed && i < n; i++)
        strbuf_fmt(&x->line, "%s%s", i ? "," : "", cells[i].name);
    strbuf_str(&x->line, x->headed ? "" : "\r\n");
    x->headed = true;
    for (uint32_t i = 0; i < n; i++) {
        strbuf_str(&x->line, i ? "," : "");
        if (cells[i].text)
            csv_text(&x->line, cells[i].text);
        else
            strbuf_fmt(&x->line, "%lld", (long long)cells[i].number);
    }
    strbuf_str(&x->line, "\r\n");
}

static void put_json(struct exporter *x, const struct cell *cells, uint32_t n)
{
    struct jsonw w;

    jsonw_init(&w, &x->line);
    jsonw_obj_open(&w, NULL);
    for (uint32_t i = 0; i < n; i++) {
        if (cells[i].text)
            jsonw_str(&w, cells[i].name, cells[i].text);
        else
            jsonw_i64(&w, cells[i].name, cells[i].number);
    }
    jsonw_obj_close(&w);
    strbuf_char(&x->line, '\n');
}

static void put(struct exporter *x, const struct cell *cells, uint32_t n)
{
    strbuf_clear(&x->line);
    if (x->csv)
        put_csv(x, cells, n);
    else
        put_json(x, cells, n);
    fwrite(x->line.at, 1, x->line.len, x->out);
}

static void put_event(struct exporter *x, const struct event_row *e)
{
    char time[CLOCK_TEXT_MAX];
    const struct cell cells[] = {{"id", NULL, e->id},          {"time", time, 0},
                                 {"type", e->event_type, 0},   {"sensor", e->sensor, 0},
                                 {"site", e->site, 0},         {"src", e->src_ip, 0},
                                 {"sport", NULL, e->src_port}, {"dst", e->dst_ip, 0},
                                 {"dport", NULL, e->dst_port}, {"src_name", e->src_name, 0},
                                 {"dst_name", e->dst_name, 0}, {"proto", e->proto, 0},
                                 {"app", e->app_proto, 0},     {"signature", e->signature, 0},
                                 {"sid", NULL, e->sid},        {"group", NULL, e->group_id}};

    if (!x->csv) { /* the event as it came */
        fprintf(x->out, "%s\n", e->json);
        return;
    }
    clock_text_rfc3339(e->ts_ns, time);
    put(x, cells, sizeof(cells) / sizeof(cells[0]));
}

static enum err export_events(struct exporter *x)
{
    struct search_state at = {0};
    struct event_row *rows = NULL;
    uint32_t n = 0;
    enum err err = ERR_OK;

    while (!err && !at.complete) {
        arena_reset(&x->page);
        x->range.before_id = at.next_id;
        err = db_search_events(x->store, &x->search, &x->range, &x->page, &rows, &n, &at);
        for (uint32_t i = 0; !err && i < n; i++)
            put_event(x, &rows[i]);
    }
    return err;
}

static void put_group(struct exporter *x, const struct group_row *g)
{
    char first[CLOCK_TEXT_MAX], last[CLOCK_TEXT_MAX];
    const struct cell cells[] = {{"id", NULL, g->id},
                                 {"first", first, 0},
                                 {"last", last, 0},
                                 {"alerts", NULL, g->n},
                                 {"severity", record_severity_name(g->severity), 0},
                                 {"state", db_groups_state_name(g->state), 0},
                                 {"signature", g->signature, 0},
                                 {"gid", NULL, g->gid},
                                 {"sid", NULL, g->sid},
                                 {"category", g->category, 0},
                                 {"src", g->src_ip, 0},
                                 {"dst", g->dst_ip, 0},
                                 {"dport", NULL, g->dst_port},
                                 {"src_name", g->src_name, 0},
                                 {"dst_name", g->dst_name, 0},
                                 {"techniques", g->techniques, 0},
                                 {"sensor", g->sensor, 0},
                                 {"site", g->site, 0},
                                 {"assignee", g->assignee, 0},
                                 {"incident", NULL, g->incident_id}};

    clock_text_rfc3339(g->first_ns, first);
    clock_text_rfc3339(g->last_ns, last);
    put(x, cells, sizeof(cells) / sizeof(cells[0]));
}

static enum err export_groups(struct exporter *x)
{
    struct search_state at = {0};
    struct group_row *rows = NULL;
    uint32_t n = 0;
    enum err err = ERR_OK;

    while (!err && !at.complete) {
        arena_reset(&x->page);
        x->range.before_ns = at.next_ns;
        x->range.before_id = at.next_id;
        err = db_search_groups(x->store, &x->search, &x->range, &x->page, &rows, &n, &at);
        for (uint32_t i = 0; !err && i < n; i++)
            put_group(x, &rows[i]);
    }
    return err;
}

static void put_incident(struct exporter *x, const struct incident *i)
{
    char first[CLOCK_TEXT_MAX], last[CLOCK_TEXT_MAX], opened[CLOCK_TEXT_MAX];
    char name[INCIDENT_NAME_MAX];
    const struct cell cells[] = {{"id", name, 0},
                                 {"first", first, 0},
                                 {"last", last, 0},
                                 {"opened", opened, 0},
                                 {"severity", record_severity_name(i->severity), 0},
                                 {"score", NULL, i->score},
                                 {"state", incident_state_name(i->state), 0},
                                 {"disposition", incident_disposition_name(i->disposition), 0},
                                 {"hold", NULL, i->hold},
                                 {"title_vi", i->title_vi, 0},
                                 {"title_en", i->title_en, 0},
                                 {"entity", i->entity, 0},
                                 {"entity_ip", i->entity_ip, 0},
                                 {"rule", i->rule, 0},
                                 {"techniques", i->techniques, 0},
                                 {"tactics", i->tactics, 0},
                                 {"sensors", i->sensors, 0},
                                 {"site", i->site, 0},
                                 {"assignee", i->assignee, 0},
                                 {"tlp", i->tlp, 0},
                                 {"events", NULL, i->n_events},
                                 {"groups", NULL, i->n_groups}};

    incident_name(i->id, i->opened_ns, name);
    clock_text_rfc3339(i->first_ns, first);
    clock_text_rfc3339(i->last_ns, last);
    clock_text_rfc3339(i->opened_ns, opened);
    put(x, cells, sizeof(cells) / sizeof(cells[0]));
}

/* Incidents are found by words of their titles, entity and techniques. */
static enum err export_incidents(struct exporter *x, const char *words)
{
    struct incidents_query query = {.text = words, .limit = PAGE};
    struct incident *rows = NULL;
    uint32_t n = PAGE;
    enum err err = ERR_OK;

    while (!err && n == PAGE) {
        arena_reset(&x->page);
        err = db_incidents_list(x->store, &query, &x->page, &rows, &n);
        for (uint32_t i = 0; !err && i < n; i++)
            put_incident(x, &rows[i]);
        if (!err && n) {
            query.before_ns = rows[n - 1].last_ns;
            query.before_id = rows[n - 1].id;
        }
    }
    return err;
}

static enum err export_what(struct exporter *x, const char *what, const char *search)
{
    struct search_fault fault;

    if (strcmp(what, "incidents") == 0)
        return export_incidents(x, search);
    if (search_parse(search, clock_now_ns(), &x->arena, &x->search, &fault)) {
        log_say(LOG_FAULT, "the search cannot be read: %s", fault.en);
        return ERR_INPUT;
    }
    if (strcmp(what, "groups") == 0)
        return export_groups(x);
    if (strcmp(what, "events") == 0)
        return export_events(x);
    log_say(LOG_FAULT, "export wants incidents, groups or events, not %s", what);
    return ERR_INPUT;
}

int archive_export(struct store *store, const char *what, const char *search, bool csv, FILE *out)
{
    struct exporter x = {.store = store, .csv = csv, .out = out, .range = {.limit = PAGE}};

    strbuf_init(&x.line, 0);
    arena_init(&x.arena, 4096, 0);
    arena_init(&x.page, 1 << 20, 0);
    enum err err = export_what(&x, what, search);
    if (err && err != ERR_INPUT)
        log_say(LOG_FAULT, "the store cannot be read: %s", store_fault(store));
    if (!err && (fflush(out) || ferror(out))) {
        log_say(LOG_FAULT, "cannot write: %s", strerror(errno));
        err = ERR_IO;
    }
    arena_fini(&x.page);
    arena_fini(&x.arena);
    strbuf_fini(&x.line);
    return err ? 2 : 0;
}
