/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_incidents.h"
#include "analyzer/record/utf8.h"
#include "analyzer/store/sql.h"

static void words_of(const struct incident *i, struct strbuf *out)
{
    const char *const parts[] = {i->title_en, i->title_vi, i->entity,    i->entity_ip,
                                 i->rule,     i->site,     i->techniques};
    strbuf_init(out, 8192);
    for (uint32_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
        if (parts[k] && *parts[k]) {
            utf8_fold(slice_of_str(parts[k]), out);
            strbuf_char(out, ' ');
        }
    }
}

/* Everything that can change, in the order of both statements below. */
static void bind_state(struct sql *q, const struct incident *i, const struct strbuf *words)
{
    sql_int(q, i->revision);
    sql_str(q, i->site);
    sql_str(q, i->rule);
    sql_str(q, i->entity);
    sql_str(q, i->entity_ip);
    sql_str(q, i->title_en);
    sql_str(q, i->title_vi);
    sql_int(q, i->severity);
    sql_int(q, i->score);
    sql_int(q, i->state);
    sql_int(q, i->disposition);
    sql_str(q, i->assignee);
    sql_str(q, i->tlp);
    sql_int(q, i->personal_data);
    sql_time(q, i->first_ns);
    sql_time(q, i->last_ns);
    sql_time(q, i->opened_ns);
    sql_time(q, i->updated_ns);
    sql_time(q, i->closed_ns);
    sql_int(q, i->merged_into);
    sql_int(q, i->n_events);
    sql_int(q, i->n_groups);
    sql_str(q, i->techniques);
    sql_str(q, i->tactics);
    sql_str(q, i->sensors);
    sql_str(q, i->why_json && *i->why_json ? i->why_json : "{}");
    sql_text(q, strbuf_view(words));
    sql_int(q, i->serious);
    sql_str(q, i->serious_reason ? i->serious_reason : "");
    sql_str(q, i->personal_reason ? i->personal_reason : "");
    sql_time(q, i->serious_ns);
    sql_time(q, i->personal_ns);
    sql_time(q, i->acked_ns);
    sql_time(q, i->contained_ns);
    sql_time(q, i->reported_ns);
}

static enum err put_new(struct store *store, struct incident *i, const struct strbuf *words)
{
    struct sql *q = sql_start(
        store,
        "INSERT INTO incident (revision,site,rule,entity,entity_ip,title_en,title_vi,severity,"
        "score,state,disposition,assignee,tlp,personal,first,last,opened,updated,closed,"
        "merged_into,n_events,n_groups,techniques,tactics,sensors,why,words,serious,"
        "serious_reason,personal_reason,serious_at,personal_at,acked,contained,reported,ikey,"
        "version) VALUES "
        "($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,"
        "$25,$26,$27,$28,$29,$30,$31,$32,$33,$34,$35,$36,1) ON CONFLICT (ikey) DO NOTHING "
        "RETURNING id");
    bind_state(q, i, words);
    sql_str(q, i->key);
    int64_t id = sql_row(q) ? sql_col_int(q, 0) : 0;
    enum err err = sql_end(q);
    if (err)
        return err;
    if (id == 0)
        return ERR_CONFLICT;
    i->id = id;
    i->version = 1;
    return ERR_OK;
}

static enum err put_again(struct store *store, struct incident *i, const struct strbuf *words)
{
    struct sql *q = sql_start(
        store, "UPDATE incident SET revision=$1,site=$2,rule=$3,entity=$4,entity_ip=$5,"
               "title_en=$6,title_vi=$7,severity=$8,score=$9,state=$10,disposition=$11,"
               "assignee=$12,tlp=$13,personal=$14,first=$15,last=$16,opened=$17,updated=$18,"
               "closed=$19,merged_into=$20,n_events=$21,n_groups=$22,techniques=$23,tactics=$24,"
               "sensors=$25,why=$26,words=$27,serious=$28,serious_reason=$29,personal_reason=$30,"
               "serious_at=$31,personal_at=$32,acked=$33,contained=$34,reported=$35,"
               "version=version+1 WHERE id=$36 AND version=$37");
    bind_state(q, i, words);
    sql_int(q, i->id);
    sql_int(q, i->version);
    enum err err = sql_run(q);
    if (err)
        return err;
    if (sql_changed(store) == 0)
        return ERR_CONFLICT;
    i->version++;
    return ERR_OK;
}

enum err db_incidents_put(struct store *store, struct incident *incident)
{
    struct strbuf words;

    words_of(incident, &words);
    enum err err =
        incident->id ? put_again(store, incident, &words) : put_new(store, incident, &words);
    strbuf_fini(&words);
    return err;
}

#define INCIDENT_COLUMNS                                                                           \
    "id,version,revision,ikey,site,rule,entity,entity_ip,title_en,title_vi,severity,score,state,"  \
    "disposition,assignee,tlp,personal,first,last,opened,updated,closed,merged_into,n_events,"     \
    "n_groups,techniques,tactics,sensors,why,hold,serious,serious_reason,personal_reason,"         \
    "serious_at,personal_at,acked,contained,reported"

static void read_row(struct sql *q, struct arena *arena, struct incident *i)
{
    i->id = sql_col_int(q, 0);
    i->version = sql_col_int(q, 1);
    i->revision = sql_col_int(q, 2);
    i->key = sql_col_str(q, 3, arena);
    i->site = sql_col_str(q, 4, arena);
    i->rule = sql_col_str(q, 5, arena);
    i->entity = sql_col_str(q, 6, arena);
    i->entity_ip = sql_col_str(q, 7, arena);
    i->title_en = sql_col_str(q, 8, arena);
    i->title_vi = sql_col_str(q, 9, arena);
    i->severity = (enum severity)sql_col_int(q, 10);
    i->score = sql_col_int(q, 11);
    i->state = (enum incident_state)sql_col_int(q, 12);
    i->disposition = (enum disposition)sql_col_int(q, 13);
    i->assignee = sql_col_str(q, 14, arena);
    i->tlp = sql_col_str(q, 15, arena);
    i->personal_data = sql_col_int(q, 16) != 0;
    i->first_ns = sql_col_time(q, 17);
    i->last_ns = sql_col_time(q, 18);
    i->opened_ns = sql_col_time(q, 19);
    i->updated_ns = sql_col_time(q, 20);
    i->closed_ns = sql_col_time(q, 21);
    i->merged_into = sql_col_int(q, 22);
    i->n_events = sql_col_int(q, 23);
    i->n_groups = sql_col_int(q, 24);
    i->techniques = sql_col_str(q, 25, arena);
    i->tactics = sql_col_str(q, 26, arena);
    i->sensors = sql_col_str(q, 27, arena);
    i->why_json = sql_col_str(q, 28, arena);
    i->hold = sql_col_int(q, 29) != 0;
    i->serious = sql_col_int(q, 30) != 0;
    i->serious_reason = sql_col_str(q, 31, arena);
    i->personal_reason = sql_col_str(q, 32, arena);
    i->serious_ns = sql_col_time(q, 33);
    i->personal_ns = sql_col_time(q, 34);
    i->acked_ns = sql_col_time(q, 35);
    i->contained_ns = sql_col_time(q, 36);
    i->reported_ns = sql_col_time(q, 37);
}

static enum err one(struct sql *q, struct arena *arena, struct incident *incident)
{
    bool found = sql_row(q);
    if (found)
        read_row(q, arena, incident);
    return sql_end_found(q, found);
}

enum err db_incidents_get(struct store *store, int64_t id, struct arena *arena,
                          struct incident *incident)
{
    struct sql *q = sql_start(store, "SELECT " INCIDENT_COLUMNS " FROM incident WHERE id=$1");
    sql_int(q, id);
    return one(q, arena, incident);
}

enum err db_incidents_find(struct store *store, const char *key, struct arena *arena,
                           struct incident *incident)
{
    struct sql *q = sql_start(store, "SELECT " INCIDENT_COLUMNS " FROM incident WHERE ikey=$1");
    sql_str(q, key);
    return one(q, arena, incident);
}

static enum err all(struct sql *q, struct arena *arena, struct incident **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};

    struct incident *row;
    while ((row = sql_rows_next(q, &out)))
        read_row(q, arena, row);
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

enum err db_incidents_open(struct store *store, const char *entity_ip, uint64_t since_ns,
                           struct arena *arena, struct incident **rows, uint32_t *n)
{
    struct sql_where w;

    sql_where_init(&w, "SELECT " INCIDENT_COLUMNS " FROM incident");
    sql_where_and(&w, "state NOT IN (4,5)", NULL, 0);
    sql_where_str(&w, "entity_ip=?", entity_ip);
    sql_where_int(&w, "last>=?", (int64_t)since_ns);
    sql_where_page(&w, "last DESC, id DESC", 1000, 1000, 1000);
    enum err err = all(sql_where_start(&w, store), arena, rows, n);
    sql_where_fini(&w);
    return err;
}

static void conditions(struct sql_where *w, const struct incidents_query *query)
{
    sql_where_bits(w, "state", query->states);
    sql_where_int(w, "severity>=?", query->at_least);
    if (query->text)
        sql_where_words(w, "words", query->text);
    sql_where_str(w, "entity_ip=?", query->entity_ip);
    sql_where_str(w, "assignee=?", query->assignee);
    sql_where_str(w, "site=?", query->site);
    sql_where_sites(w, "site", query->sites);
    if (query->serious)
        sql_where_and(w, "serious<>0", NULL, 0);
    if (query->personal)
        sql_where_and(w, "personal<>0", NULL, 0);
    if (query->unassigned)
        sql_where_and(w, "assignee=''", NULL, 0);
    if (query->held)
        sql_where_and(w, "hold<>0", NULL, 0);
    sql_where_int(w, "last>=?", (int64_t)query->from_ns);
    sql_where_int(w, "last<=?", (int64_t)query->to_ns);
}

enum err db_incidents_list(struct store *store, const struct incidents_query *query,
                           struct arena *arena, struct incident **rows, uint32_t *n)
{
    struct sql_where w;

    sql_where_init(&w, "SELECT " INCIDENT_COLUMNS " FROM incident");
    conditions(&w, query);
    sql_where_before(&w, "last", query->before_ns, query->before_id);
    sql_where_page(&w,
                   query->worst_first ? "severity DESC, score DESC, last DESC, id DESC"
                                      : "last DESC, id DESC",
                   query->limit, 50, 500);
    enum err err = all(sql_where_start(&w, store), arena, rows, n);
    sql_where_fini(&w);
    return err;
}

enum err db_incidents_count(struct store *store, const struct incidents_query *query, int64_t *n)
{
    struct sql_where w;

    sql_where_init(&w, "SELECT count(*) FROM incident");
    conditions(&w, query);
    struct sql *q = sql_where_start(&w, store);
    *n = sql_row(q) ? sql_col_int(q, 0) : 0;
    return sql_where_end(&w, q);
}

enum err db_incidents_sums(struct store *store, const char *const *sites, struct arena *arena,
                           struct incidents_sum **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct incidents_sum *row;
    struct sql_where w;

    sql_where_init(&w, "SELECT site,severity,count(*) FROM incident");
    sql_where_and(&w, "state NOT IN (4,5)", NULL, 0);
    sql_where_sites(&w, "site", sites);
    sql_where_tail(&w, " GROUP BY site,severity ORDER BY site,severity", NULL, 0);
    struct sql *q = sql_where_start(&w, store);
    while ((row = sql_rows_next(q, &out))) {
        row->site = sql_col_str(q, 0, arena);
        row->severity = (enum severity)sql_col_int(q, 1);
        row->n = sql_col_int(q, 2);
    }
    *rows = out.at;
    *n = out.n;
    return sql_where_end(&w, q);
}

enum err db_incidents_counts(struct store *store, const char *const *sites,
                             int64_t counts[INCIDENT_STATES])
{
    struct sql_where w;

    memset(counts, 0, INCIDENT_STATES * sizeof(counts[0]));
    sql_where_init(&w, "SELECT state,count(*) FROM incident");
    sql_where_sites(&w, "site", sites);
    sql_where_tail(&w, " GROUP BY state", NULL, 0);
    struct sql *q = sql_where_start(&w, store);
    while (sql_row(q)) {
        int64_t state = sql_col_int(q, 0);
        if (state >= 0 && state < INCIDENT_STATES)
            counts[state] = sql_col_int(q, 1);
    }
    return sql_where_end(&w, q);
}

enum err db_incidents_entry_add(struct store *store, struct incident_entry *entry)
{
    struct sql *q = sql_start(
        store, "INSERT INTO entry (incident,ts,kind,actor,text_en,text_vi,technique,tactic,"
               "severity,grp,event,detail) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12) "
               "RETURNING id");
    sql_int(q, entry->incident_id);
    sql_time(q, entry->ts_ns);
    sql_str(q, entry->kind);
    sql_str(q, entry->actor);
    sql_str(q, entry->text_en);
    sql_str(q, entry->text_vi);
    sql_str(q, entry->technique);
    sql_str(q, entry->tactic);
    sql_int(q, entry->severity);
    sql_int(q, entry->group_id);
    sql_int(q, entry->event_id);
    sql_str(q, entry->detail_json && *entry->detail_json ? entry->detail_json : "{}");
    if (sql_row(q))
        entry->id = sql_col_int(q, 0);
    return sql_end(q);
}

static enum err read_entries(struct sql *q, struct arena *arena, struct incident_entry **rows,
                             uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct incident_entry *row;

    while ((row = sql_rows_next(q, &out))) {
        row->id = sql_col_int(q, 0);
        row->incident_id = sql_col_int(q, 1);
        row->ts_ns = sql_col_time(q, 2);
        row->kind = sql_col_str(q, 3, arena);
        row->actor = sql_col_str(q, 4, arena);
        row->text_en = sql_col_str(q, 5, arena);
        row->text_vi = sql_col_str(q, 6, arena);
        row->technique = sql_col_str(q, 7, arena);
        row->tactic = sql_col_str(q, 8, arena);
        row->severity = (enum severity)sql_col_int(q, 9);
        row->group_id = sql_col_int(q, 10);
        row->event_id = sql_col_int(q, 11);
        row->detail_json = sql_col_str(q, 12, arena);
    }
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

#define ENTRY_COLUMNS                                                                              \
    "SELECT id,incident,ts,kind,actor,text_en,text_vi,technique,tactic,severity,grp,event,detail " \
    "FROM entry WHERE incident=$1 "
#define ENTRY_OF_PEOPLE "AND kind NOT IN ('stage','alert') "

enum err db_incidents_entries(struct store *store, int64_t incident_id, struct arena *arena,
                              struct incident_entry **rows, uint32_t *n)
{
    struct sql *q = sql_start(store, ENTRY_COLUMNS "ORDER BY ts,id");

    sql_int(q, incident_id);
    return read_entries(q, arena, rows, n);
}

enum err db_incidents_history(struct store *store, const struct history_query *query,
                              struct arena *arena, struct incident_entry **rows, uint32_t *n,
                              int64_t *all)
{
    struct sql *q =
        sql_start(store, "SELECT count(*) FROM entry WHERE incident=$1 " ENTRY_OF_PEOPLE);

    sql_int(q, query->incident_id);
    *all = sql_row(q) ? sql_col_int(q, 0) : 0;
    enum err err = sql_end(q);
    if (err)
        return err;
    q = sql_start(store, ENTRY_COLUMNS ENTRY_OF_PEOPLE
                  "AND (ts<$2 OR (ts=$2 AND id<$3)) ORDER BY ts DESC,id DESC LIMIT $4");
    sql_int(q, query->incident_id);
    sql_time(q, query->before_ns ? query->before_ns : INT64_MAX);
    sql_int(q, query->before_ns ? query->before_id : INT64_MAX);
    sql_int(q, query->limit ? query->limit : 100);
    return read_entries(q, arena, rows, n);
}

enum err db_incidents_link_add(struct store *store, const struct incident_link *link, bool *was_new)
{
    struct sql *q = sql_start(
        store, "INSERT INTO link (incident,grp,event,stage,ts,n) VALUES ($1,$2,$3,$4,$5,$6) "
               "ON CONFLICT (incident,grp,event) DO UPDATE SET n=link.n+excluded.n "
               "RETURNING n");
    sql_int(q, link->incident_id);
    sql_int(q, link->group_id);
    sql_int(q, link->event_id);
    sql_str(q, link->stage);
    sql_time(q, link->ts_ns);
    sql_int(q, link->n);
    bool row = sql_row(q);
    if (row && was_new)
        *was_new = sql_col_int(q, 0) == link->n;
    return sql_end(q);
}

enum err db_incidents_links(struct store *store, int64_t incident_id, struct arena *arena,
                            struct incident_link **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql *q = sql_start(store, "SELECT incident,grp,event,stage,ts,n FROM link "
                                     "WHERE incident=$1 ORDER BY ts,event,grp");
    sql_int(q, incident_id);
    struct incident_link *row;
    while ((row = sql_rows_next(q, &out))) {
        row->incident_id = sql_col_int(q, 0);
        row->group_id = sql_col_int(q, 1);
        row->event_id = sql_col_int(q, 2);
        row->stage = sql_col_str(q, 3, arena);
        row->ts_ns = sql_col_time(q, 4);
        row->n = sql_col_int(q, 5);
    }
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

static enum err move(struct store *store, const char *text, int64_t from_id, int64_t to_id)
{
    struct sql *q = sql_start(store, text);
    sql_int(q, to_id);
    sql_int(q, from_id);
    return sql_run(q);
}

enum err db_incidents_move(struct store *store, int64_t from_id, int64_t to_id)
{
    enum err err = move(store,
                        "INSERT INTO link (incident,grp,event,stage,ts,n) SELECT $1,grp,event,"
                        "stage,ts,n FROM link WHERE incident=$2 "
                        "ON CONFLICT (incident,grp,event) DO UPDATE SET n=link.n+excluded.n",
                        from_id, to_id);
    if (!err)
        err = move(store, "UPDATE entry SET incident=$1 WHERE incident=$2", from_id, to_id);
    if (!err)
        err = move(store, "UPDATE grp SET incident=$1 WHERE incident=$2", from_id, to_id);
    if (err)
        return err;
    struct sql *q = sql_start(store, "DELETE FROM link WHERE incident=$1");
    sql_int(q, from_id);
    return sql_run(q);
}

enum err db_incidents_hold(struct store *store, int64_t id, bool hold)
{
    struct sql *q = sql_start(store, "UPDATE incident SET hold=$1 WHERE id=$2");
    sql_int(q, hold);
    sql_int(q, id);
    return sql_run_found(q);
}

/* Which ones: the same words in each statement, so that all go together. */
#define EXPIRED                                                                                    \
    "(SELECT id FROM incident WHERE state IN (4,5) AND hold=0 AND updated<$1 AND closed<$1 "       \
    "ORDER BY id LIMIT $2)"

static enum err expire(struct store *store, uint64_t before_ns, uint32_t limit, int64_t *deleted)
{
    static const char *const texts[] = {"DELETE FROM entry WHERE incident IN " EXPIRED,
                                        "DELETE FROM link WHERE incident IN " EXPIRED,
                                        "DELETE FROM outbox WHERE incident IN " EXPIRED,
                                        "DELETE FROM incident WHERE id IN " EXPIRED};
    enum err err = ERR_OK;

    for (uint32_t i = 0; !err && i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sql *q = sql_start(store, texts[i]);
        sql_time(q, before_ns);
        sql_int(q, limit);
        err = sql_run(q);
        *deleted = err ? 0 : sql_changed(store);
    }
    return err;
}

enum err db_incidents_expire(struct store *store, uint64_t before_ns, uint32_t limit,
                             int64_t *deleted)
{
    enum err err = store_begin(store);

    *deleted = 0;
    if (err)
        return err;
    err = expire(store, before_ns, limit, deleted);
    if (!err)
        return store_commit(store);
    store_rollback(store);
    return err;
}
