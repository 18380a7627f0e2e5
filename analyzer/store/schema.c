/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables. Times are nanoseconds since 1970 UTC. Texts are never NULL.
 * @id@: key counted up by the store; @key@: 64-bit key given by us; @by_day@: partitions;
 * @by_key@: rows lie in the order of the key; @gathered@: indexes (store.h); they, and TEXT, in the
 * engine's words.
 */
#include "analyzer/store/schema.h"
#include "analyzer/store/sql.h"
#include "common/check.h"

#include <stdio.h>

/* Events: append-only, keyed by arrival. Only such indexes as a page needs. */
static const char events[] =
    "CREATE TABLE event (id @key@, ts BIGINT NOT NULL, received BIGINT NOT NULL,"
    " kind BIGINT NOT NULL, type TEXT NOT NULL, sensor TEXT NOT NULL, site TEXT NOT NULL,"
    " src TEXT NOT NULL, dst TEXT NOT NULL, sport BIGINT NOT NULL, dport BIGINT NOT NULL,"
    " src_name TEXT NOT NULL, dst_name TEXT NOT NULL, proto TEXT NOT NULL, app TEXT NOT NULL,"
    " device TEXT NOT NULL, severity BIGINT NOT NULL, grp BIGINT NOT NULL, flow BIGINT NOT NULL,"
    " signature TEXT NOT NULL, gid BIGINT NOT NULL, sid BIGINT NOT NULL,"
    " origin TEXT NOT NULL, epoch BIGINT NOT NULL, seq BIGINT NOT NULL, line BIGINT NOT NULL,"
    " raw TEXT NOT NULL)@by_day@;"
    "CREATE INDEX event_ts ON event (ts);"
    "CREATE INDEX event_grp ON event (grp, id) WHERE grp<>0;"
    "CREATE INDEX event_kind ON event (kind, id) WHERE kind<3;"
    "CREATE INDEX event_src ON event (src, id);"
    "CREATE INDEX event_dst ON event (dst, id);"
    "CREATE INDEX event_flow ON event (flow) WHERE flow<>0;";

static const char groups[] =
    "CREATE TABLE grp (id @key@, gid BIGINT NOT NULL, sid BIGINT NOT NULL,"
    " signature TEXT NOT NULL, signature_vi TEXT NOT NULL, category TEXT NOT NULL, source TEXT NOT "
    "NULL,"
    " severity BIGINT NOT NULL, src TEXT NOT NULL, dst TEXT NOT NULL, src_name TEXT NOT NULL,"
    " dst_name TEXT NOT NULL, src_zone TEXT NOT NULL, dst_zone TEXT NOT NULL,"
    " src_country TEXT NOT NULL, dst_country TEXT NOT NULL, dport BIGINT NOT NULL,"
    " proto TEXT NOT NULL, app TEXT NOT NULL, criticality BIGINT NOT NULL, sensor TEXT NOT NULL,"
    " site TEXT NOT NULL, techniques TEXT NOT NULL, reason_en TEXT NOT NULL,"
    " reason_vi TEXT NOT NULL, n BIGINT NOT NULL, n_kept BIGINT NOT NULL,"
    " n_done BIGINT NOT NULL DEFAULT 0, first BIGINT NOT NULL, last BIGINT NOT NULL,"
    " state BIGINT NOT NULL DEFAULT 0, assignee TEXT NOT NULL DEFAULT '',"
    " incident BIGINT NOT NULL DEFAULT 0, last_event BIGINT NOT NULL,"
    " version BIGINT NOT NULL DEFAULT 1, words TEXT NOT NULL);"
    "CREATE INDEX grp_last ON grp (last, id);"
    "CREATE INDEX grp_state ON grp (state, last, id);"
    "CREATE INDEX grp_src ON grp (src);"
    "CREATE INDEX grp_dst ON grp (dst);"
    "CREATE INDEX grp_sid ON grp (sid);"
    "CREATE INDEX grp_incident ON grp (incident) WHERE incident<>0;"
    "CREATE TABLE spark (grp BIGINT NOT NULL, hour BIGINT NOT NULL, n BIGINT NOT NULL,"
    " PRIMARY KEY (grp, hour));"
    "CREATE TABLE rollup (minute BIGINT NOT NULL, sensor TEXT NOT NULL, type TEXT NOT NULL,"
    " severity BIGINT NOT NULL, site TEXT NOT NULL, n BIGINT NOT NULL,"
    " PRIMARY KEY (minute, sensor, type, severity));";

static const char incidents[] =
    "CREATE TABLE incident (id @id@, version BIGINT NOT NULL, revision BIGINT NOT NULL,"
    " ikey TEXT NOT NULL UNIQUE, site TEXT NOT NULL, rule TEXT NOT NULL, entity TEXT NOT NULL,"
    " entity_ip TEXT NOT NULL, title_en TEXT NOT NULL, title_vi TEXT NOT NULL,"
    " severity BIGINT NOT NULL, score BIGINT NOT NULL, state BIGINT NOT NULL,"
    " disposition BIGINT NOT NULL, assignee TEXT NOT NULL, tlp TEXT NOT NULL,"
    " personal BIGINT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL,"
    " opened BIGINT NOT NULL, updated BIGINT NOT NULL, closed BIGINT NOT NULL,"
    " merged_into BIGINT NOT NULL, n_events BIGINT NOT NULL, n_groups BIGINT NOT NULL,"
    " techniques TEXT NOT NULL, tactics TEXT NOT NULL, sensors TEXT NOT NULL, why TEXT NOT NULL,"
    " words TEXT NOT NULL);"
    "CREATE INDEX incident_last ON incident (last, id);"
    "CREATE INDEX incident_state ON incident (state, last, id);"
    "CREATE INDEX incident_entity ON incident (entity_ip, last);"
    "CREATE TABLE entry (id @id@, incident BIGINT NOT NULL, ts BIGINT NOT NULL,"
    " kind TEXT NOT NULL, actor TEXT NOT NULL, text_en TEXT NOT NULL, text_vi TEXT NOT NULL,"
    " technique TEXT NOT NULL, tactic TEXT NOT NULL, severity BIGINT NOT NULL,"
    " grp BIGINT NOT NULL, event BIGINT NOT NULL, detail TEXT NOT NULL);"
    "CREATE INDEX entry_incident ON entry (incident, ts, id);"
    "CREATE TABLE link (incident BIGINT NOT NULL, grp BIGINT NOT NULL, event BIGINT NOT NULL,"
    " stage TEXT NOT NULL, ts BIGINT NOT NULL, n BIGINT NOT NULL,"
    " PRIMARY KEY (incident, grp, event));"
    "CREATE INDEX link_event ON link (event) WHERE event<>0;"
    "CREATE INDEX link_grp ON link (grp) WHERE grp<>0;"
    "CREATE TABLE outbox (id @id@, connector TEXT NOT NULL, incident BIGINT NOT NULL,"
    " revision BIGINT NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL,"
    " created BIGINT NOT NULL, state BIGINT NOT NULL, tries BIGINT NOT NULL,"
    " next BIGINT NOT NULL, sent BIGINT NOT NULL, answer TEXT NOT NULL,"
    " UNIQUE (connector, incident, revision));"
    "CREATE INDEX outbox_waiting ON outbox (connector, incident, id) WHERE state=0;";

static const char people[] =
    "CREATE TABLE account (id @id@, name TEXT NOT NULL UNIQUE, full_name TEXT NOT NULL,"
    " role BIGINT NOT NULL, password TEXT NOT NULL, language TEXT NOT NULL,"
    " disabled BIGINT NOT NULL, failures BIGINT NOT NULL, locked_until BIGINT NOT NULL,"
    " created BIGINT NOT NULL, last_login BIGINT NOT NULL);"
    "CREATE TABLE session (token TEXT NOT NULL PRIMARY KEY, account BIGINT NOT NULL,"
    " csrf TEXT NOT NULL, created BIGINT NOT NULL, seen BIGINT NOT NULL,"
    " expires BIGINT NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL);"
    "CREATE INDEX session_account ON session (account);"
    "CREATE TABLE audit (id @id@, ts BIGINT NOT NULL, who TEXT NOT NULL, address TEXT NOT NULL,"
    " action TEXT NOT NULL, object TEXT NOT NULL, detail TEXT NOT NULL, hash TEXT NOT NULL);"
    "CREATE INDEX audit_object ON audit (object, id);";

static const char network[] =
    "CREATE TABLE ledger (sensor TEXT NOT NULL, epoch BIGINT NOT NULL, site TEXT NOT NULL,"
    " upto BIGINT NOT NULL, beyond TEXT NOT NULL, highest BIGINT NOT NULL,"
    " received BIGINT NOT NULL, events BIGINT NOT NULL, duplicate BIGINT NOT NULL,"
    " resent BIGINT NOT NULL, given_up BIGINT NOT NULL, shed BIGINT NOT NULL,"
    " bad BIGINT NOT NULL, skew BIGINT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL,"
    " event_ts BIGINT NOT NULL, PRIMARY KEY (sensor, epoch));"
    "CREATE TABLE sensor (name TEXT NOT NULL PRIMARY KEY, site TEXT NOT NULL,"
    " source TEXT NOT NULL, online BIGINT NOT NULL, seen BIGINT NOT NULL,"
    " status BIGINT NOT NULL, stats TEXT NOT NULL, visibility TEXT NOT NULL);"
    "CREATE TABLE device (id TEXT NOT NULL PRIMARY KEY, mac TEXT NOT NULL, vendor TEXT NOT NULL,"
    " name TEXT NOT NULL, profile TEXT NOT NULL, state TEXT NOT NULL, ip TEXT NOT NULL,"
    " zone TEXT NOT NULL, owner_en TEXT NOT NULL, owner_vi TEXT NOT NULL,"
    " criticality BIGINT NOT NULL, level BIGINT NOT NULL, sensor TEXT NOT NULL,"
    " site TEXT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL, alerts BIGINT NOT NULL,"
    " deviations BIGINT NOT NULL, deviated BIGINT NOT NULL, severity BIGINT NOT NULL,"
    " json TEXT NOT NULL, words TEXT NOT NULL);"
    "CREATE INDEX device_last ON device (last, id);"
    "CREATE TABLE binding (device TEXT NOT NULL, ip TEXT NOT NULL, first BIGINT NOT NULL,"
    " last BIGINT NOT NULL, PRIMARY KEY (device, ip, first));"
    "CREATE INDEX binding_ip ON binding (ip, last);"
    "CREATE TABLE checkpoint (name TEXT NOT NULL PRIMARY KEY, bytes @blob@ NOT NULL);";

static const char exceptions[] =
    "CREATE TABLE exception (id @id@, version BIGINT NOT NULL, query TEXT NOT NULL,"
    " reason TEXT NOT NULL, owner TEXT NOT NULL, sites TEXT NOT NULL, expires BIGINT NOT NULL,"
    " enabled BIGINT NOT NULL, created BIGINT NOT NULL, changed BIGINT NOT NULL,"
    " hits BIGINT NOT NULL, last_hit BIGINT NOT NULL);"
    "ALTER TABLE grp ADD COLUMN exception BIGINT NOT NULL DEFAULT 0;"
    "CREATE INDEX grp_exception ON grp (exception) WHERE exception<>0;";

/* Legal hold; what each day of arrival holds, for retention in bytes. */
static const char holding[] =
    "ALTER TABLE incident ADD COLUMN hold BIGINT NOT NULL DEFAULT 0;"
    "CREATE TABLE usage (day BIGINT NOT NULL, class BIGINT NOT NULL, n BIGINT NOT NULL,"
    " bytes BIGINT NOT NULL, PRIMARY KEY (day, class));";

/* What people do with incidents beside their state, and with accounts. */
static const char desk[] =
    "ALTER TABLE incident ADD COLUMN serious BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE incident ADD COLUMN serious_reason TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE incident ADD COLUMN personal_reason TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE incident ADD COLUMN serious_at BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE incident ADD COLUMN personal_at BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE incident ADD COLUMN acked BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE incident ADD COLUMN contained BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE incident ADD COLUMN reported BIGINT NOT NULL DEFAULT 0;"
    "CREATE TABLE task (id @id@, incident BIGINT NOT NULL, title TEXT NOT NULL,"
    " assignee TEXT NOT NULL, due BIGINT NOT NULL, done BIGINT NOT NULL, done_by TEXT NOT NULL,"
    " created BIGINT NOT NULL, created_by TEXT NOT NULL, version BIGINT NOT NULL DEFAULT 1);"
    "CREATE INDEX task_incident ON task (incident, id);"
    "CREATE TABLE undo (id TEXT NOT NULL PRIMARY KEY, account BIGINT NOT NULL,"
    " created BIGINT NOT NULL, expires BIGINT NOT NULL, action TEXT NOT NULL,"
    " detail TEXT NOT NULL, used BIGINT NOT NULL DEFAULT 0);"
    "CREATE INDEX undo_expires ON undo (expires);"
    "CREATE TABLE saved (id @id@, account BIGINT NOT NULL, owner TEXT NOT NULL,"
    " name TEXT NOT NULL, page TEXT NOT NULL, query TEXT NOT NULL, shared BIGINT NOT NULL,"
    " created BIGINT NOT NULL, updated BIGINT NOT NULL, UNIQUE (account, page, name));";

static const char doors[] =
    "ALTER TABLE account ADD COLUMN sites TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE account ADD COLUMN totp TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE account ADD COLUMN totp_on BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN recovery TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE token (id @id@, account BIGINT NOT NULL, name TEXT NOT NULL,"
    " hash TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, created BIGINT NOT NULL,"
    " expires BIGINT NOT NULL, used BIGINT NOT NULL, address TEXT NOT NULL);"
    "CREATE INDEX token_account ON token (account);";

/* Lists at a million groups: by rule in order of time; alerts of a rule; sums for the first page.
 */
static const char lists[] =
    "DROP INDEX grp_sid;"
    "CREATE INDEX grp_sid ON grp (sid, last, id);"
    "CREATE INDEX event_sid ON event (sid, id) WHERE sid<>0;"
    "CREATE TABLE tally (site TEXT NOT NULL PRIMARY KEY, alerts BIGINT NOT NULL);"
    "INSERT INTO tally (site,alerts) SELECT site,CAST(sum(n) AS BIGINT) FROM grp GROUP BY site;"
    "ALTER TABLE spark RENAME TO spark_old;"
    "CREATE TABLE spark (grp BIGINT NOT NULL, hour BIGINT NOT NULL, n BIGINT NOT NULL,"
    " PRIMARY KEY (grp, hour))@by_key@;"
    "INSERT INTO spark (grp,hour,n) SELECT grp,hour,n FROM spark_old;"
    "DROP TABLE spark_old;"
    "ALTER TABLE rollup RENAME TO rollup_old;"
    "CREATE TABLE rollup (minute BIGINT NOT NULL, sensor TEXT NOT NULL, type TEXT NOT NULL,"
    " severity BIGINT NOT NULL, site TEXT NOT NULL, n BIGINT NOT NULL,"
    " PRIMARY KEY (minute, sensor, type, severity))@by_key@;"
    "INSERT INTO rollup (minute,sensor,type,severity,site,n)"
    " SELECT minute,sensor,type,severity,site,n FROM rollup_old;"
    "DROP TABLE rollup_old;";

/* Of the alerts of a group without rows, those that say the same as one that has its row. */
static const char same[] = "ALTER TABLE grp ADD COLUMN n_same BIGINT NOT NULL DEFAULT 0;";

/* Several analyzers: who is there, who may do what, and envelopes whose events are stored but which
 * nobody has judged yet. */
static const char members[] =
    "CREATE TABLE member (name TEXT NOT NULL PRIMARY KEY, life TEXT NOT NULL,"
    " beat BIGINT NOT NULL, seen BIGINT NOT NULL);"
    "CREATE TABLE lease (name TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL,"
    " token BIGINT NOT NULL, since BIGINT NOT NULL);"
    "CREATE TABLE envelope (sensor TEXT NOT NULL, epoch BIGINT NOT NULL, seq BIGINT NOT NULL,"
    " site TEXT NOT NULL, received BIGINT NOT NULL, n BIGINT NOT NULL, message @blob@ NOT NULL,"
    " decided @blob@ NOT NULL, PRIMARY KEY (sensor, epoch, seq));";

/* Ingest: rows of groups lie in the order of their arrival, with their number beside them (it is a
 * hash: as the key of the rows it would touch a page for each); alerts of an address are found
 * through their groups. */
#define GRP_COLUMNS                                                                                \
    "id,gid,sid,signature,signature_vi,category,source,severity,src,dst,src_name,"                 \
    "dst_name,src_zone,dst_zone,src_country,dst_country,dport,proto,app,criticality,sensor,site,"  \
    "techniques,reason_en,reason_vi,n,n_kept,n_done,first,last,state,assignee,incident,last_"      \
    "event,"                                                                                       \
    "version,words,exception,n_same"
static const char lighter[] =
    "DROP INDEX event_src;"
    "CREATE INDEX event_src ON event (src, id) WHERE grp=0;"
    "DROP INDEX event_dst;"
    "CREATE INDEX event_dst ON event (dst, id) WHERE grp=0;"
    "ALTER TABLE grp RENAME TO grp_old;"
    "CREATE TABLE grp (id BIGINT NOT NULL PRIMARY KEY, gid BIGINT NOT NULL, sid BIGINT NOT NULL,"
    " last BIGINT NOT NULL, state BIGINT NOT NULL DEFAULT 0, severity BIGINT NOT NULL,"
    " exception BIGINT NOT NULL DEFAULT 0, n BIGINT NOT NULL, n_kept BIGINT NOT NULL,"
    " n_same BIGINT NOT NULL DEFAULT 0, n_done BIGINT NOT NULL DEFAULT 0, first BIGINT NOT NULL,"
    " incident BIGINT NOT NULL DEFAULT 0, last_event BIGINT NOT NULL,"
    " version BIGINT NOT NULL DEFAULT 1, criticality BIGINT NOT NULL, dport BIGINT NOT NULL,"
    " site TEXT NOT NULL, sensor TEXT NOT NULL, words TEXT NOT NULL, signature TEXT NOT NULL,"
    " signature_vi TEXT NOT NULL, category TEXT NOT NULL, source TEXT NOT NULL,"
    " src TEXT NOT NULL, dst TEXT NOT NULL, src_name TEXT NOT NULL, dst_name TEXT NOT NULL,"
    " src_zone TEXT NOT NULL, dst_zone TEXT NOT NULL, src_country TEXT NOT NULL,"
    " dst_country TEXT NOT NULL, proto TEXT NOT NULL, app TEXT NOT NULL,"
    " techniques TEXT NOT NULL, reason_en TEXT NOT NULL, reason_vi TEXT NOT NULL,"
    " assignee TEXT NOT NULL DEFAULT '');"
    "INSERT INTO grp (" GRP_COLUMNS ") SELECT " GRP_COLUMNS " FROM grp_old ORDER BY last;"
    "DROP TABLE grp_old;"
    "CREATE INDEX grp_last ON grp (last, id);"
    "CREATE INDEX grp_state ON grp (state, last, id);"
    "CREATE INDEX grp_src ON grp (src);"
    "CREATE INDEX grp_dst ON grp (dst);"
    "CREATE INDEX grp_sid ON grp (sid, last, id);"
    "CREATE INDEX grp_incident ON grp (incident) WHERE incident<>0;"
    "CREATE INDEX grp_exception ON grp (exception) WHERE exception<>0;";

/* Charts of weeks: sums of half hours beside those of minutes. Searches of a time: where its events
 * are, per 8,192 numbers. */
static const char trends[] =
    "CREATE TABLE trend (half BIGINT NOT NULL, sensor TEXT NOT NULL, type TEXT NOT NULL,"
    " severity BIGINT NOT NULL, site TEXT NOT NULL, n BIGINT NOT NULL,"
    " PRIMARY KEY (half, sensor, type, severity))@by_key@;"
    "INSERT INTO trend (half,sensor,type,severity,site,n)"
    " SELECT minute/1800000000000*1800000000000 AS h,sensor,type,severity,max(site),"
    "CAST(sum(n) AS BIGINT) FROM rollup GROUP BY h,sensor,type,severity;"
    "CREATE TABLE block (id @key@, first BIGINT NOT NULL, last BIGINT NOT NULL,"
    " n BIGINT NOT NULL);"
    "INSERT INTO block (id,first,last,n) SELECT id/8192 AS b,min(ts),max(ts),count(*) FROM event"
    " GROUP BY b;"
    "DROP INDEX event_ts;";

/* The first hour of a group's sparkline stands in its row: most groups have no other. */
static const char hours[] = "ALTER TABLE grp ADD COLUMN hour BIGINT NOT NULL DEFAULT 0;"
                            "ALTER TABLE grp ADD COLUMN hour_n BIGINT NOT NULL DEFAULT 0;";

/* What the first page counts. */
static const char counts[] =
    "ALTER TABLE tally ADD COLUMN n_groups BIGINT NOT NULL DEFAULT 0;"
    "UPDATE tally SET n_groups=coalesce((SELECT s.n FROM (SELECT site,count(*) AS n FROM grp"
    " GROUP BY site) s WHERE s.site=tally.site),0);"
    "CREATE INDEX device_site ON device (site, state, deviations);"
    "CREATE INDEX incident_site ON incident (site, state, severity);";

/* Ingest: the first event of a group is found through the group, those of a rule through its
 * groups.
 */
static const char firsts[] = "ALTER TABLE grp ADD COLUMN first_event BIGINT NOT NULL DEFAULT 0;"
                             "ALTER TABLE event ADD COLUMN again BIGINT NOT NULL DEFAULT 1;"
                             "DROP INDEX event_sid;"
                             "CREATE INDEX event_sid ON event (sid, id) WHERE grp=0 AND sid<>0;"
                             "DROP INDEX event_grp;"
                             "CREATE INDEX event_grp ON event (grp, id) WHERE again<>0 AND grp<>0;";

/* Searches of an address or a rule: the indexes of groups say all that leads to their events. */
static const char ends[] = "DROP INDEX grp_src;"
                           "CREATE INDEX grp_src ON grp (src, first_event, id);"
                           "DROP INDEX grp_dst;"
                           "CREATE INDEX grp_dst ON grp (dst, first_event, id);"
                           "DROP INDEX grp_sid;"
                           "CREATE INDEX grp_sid ON grp (sid, last, id, first_event);";

/* Ingest: entries of many alerts go into an index together. */
static const char gathered[] = "@gathered@";

static const char *const migrations[][6] = {
    {events, groups, incidents, people, network, NULL},
    {exceptions, NULL},
    {holding, NULL},
    {desk, doors, NULL},
    {lists, NULL},
    {same, NULL},
    {members, NULL},
    {lighter, NULL},
    {trends, NULL},
    {hours, NULL},
    {counts, NULL},
    {firsts, NULL},
    {ends, NULL},
    {gathered, NULL},
};
enum { MIGRATIONS = sizeof(migrations) / sizeof(migrations[0]) };

enum { KINDS = 7 }; /* of words that engines say in their own way */

static enum err script(struct store *store, const char *text)
{
    const struct store_def *def = store->def;
    const char *const from[KINDS] = {"@id@",     "@key@",    "@blob@",    "TEXT",
                                     "@by_day@", "@by_key@", "@gathered@"};
    const char *const to[KINDS] = {def->id_key, def->key,    def->blob,    def->text,
                                   def->by_day, def->by_key, def->gathered};
    struct strbuf sql;

    strbuf_init(&sql, 0);
    while (*text) {
        uint32_t i = 0;
        while (i < KINDS && strncmp(text, from[i], strlen(from[i])) != 0)
            i++;
        if (i < KINDS) {
            strbuf_str(&sql, to[i]);
            text += strlen(from[i]);
        } else {
            strbuf_char(&sql, *text++);
        }
    }
    enum err err = def->script(store->engine, sql.at);
    if (err)
        snprintf(store->fault, sizeof(store->fault), "%s", def->fault(store->engine));
    strbuf_fini(&sql);
    return err;
}

int64_t schema_version(struct store *store)
{
    struct sql *q = sql_start(store, "SELECT value FROM meta WHERE name='schema'");
    uint64_t version = 0;
    struct arena arena;

    arena_init(&arena, 256, 0);
    if (sql_row(q))
        slice_to_u64(slice_of_str(sql_col_str(q, 0, &arena)), &version);
    sql_end(q);
    arena_fini(&arena);
    return (int64_t)version;
}

static enum err migrate_one(struct store *store, int64_t i)
{
    char version[24];
    enum err err = store_begin(store);

    if (!err)
        err = store_lock(store, STORE_LOCK_SCHEMA);
    if (!err && schema_version(store) > i) { /* another process was faster */
        store_rollback(store);
        return ERR_OK;
    }
    for (uint32_t part = 0; !err && migrations[i][part]; part++)
        err = script(store, migrations[i][part]);
    snprintf(version, sizeof(version), "%lld", (long long)i + 1);
    if (!err)
        err = store_meta_put(store, "schema", version);
    if (err) {
        store_rollback(store);
        return err;
    }
    return store_commit(store);
}

static enum err make_meta(struct store *store)
{
    enum err err = store_begin(store);

    if (err)
        return err;
    err = store_lock(store, STORE_LOCK_SCHEMA);
    if (!err)
        err = script(
            store, "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)");
    if (!err)
        return store_commit(store);
    store_rollback(store);
    return err;
}

enum err schema_migrate(struct store *store)
{
    enum err err = make_meta(store);
    if (!err && schema_version(store) > MIGRATIONS) {
        snprintf(store->fault, sizeof(store->fault),
                 "the store was written by a newer version of the program");
        return ERR_UNSUPPORTED;
    }
    for (int64_t i = schema_version(store); !err && i < MIGRATIONS; i++)
        err = migrate_one(store, i);
    return err;
}
