/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/report/facts.h"
#include "analyzer/enrich/attack.h"
#include "analyzer/record/incident_name.h"
#include "analyzer/record/tally.h"
#include "analyzer/record/title.h"
#include "analyzer/record/words.h"
#include "analyzer/store/db_groups.h"
#include "analyzer/store/db_incidents.h"
#include "analyzer/store/db_outbox.h"
#include "analyzer/store/db_sensors.h"
#include "common/clock.h"
#include "common/jsonw.h"

#include <stdio.h>
#include <time.h>

enum { TEXT_MAX = 8 << 20, ROWS_MAX = 200, PAGE = 500, INCIDENTS_MAX = 2000, GROUPS_MAX = 20000 };

const struct option facts_options[] = {
    {"report.unit", CONF_TEXT, "Trung tâm Giám sát an toàn thông tin", "Who reports"},
    {"report.address", CONF_TEXT, "", "Its address"},
    {"report.phone", CONF_TEXT, "", "Its telephone"},
    {"report.email", CONF_TEXT, "", "Its mail"},
    {"report.authority", CONF_TEXT, "", "To whom incidents are reported"},
    {"report.utc_offset", CONF_SPAN, "7h", "Zone of times in reports, ahead of UTC"},
    {"report.forms", CONF_TEXT, "rules/reports", "Folder of the forms of reports"},
    OPTION_END,
};

void facts_time(const struct conf *conf, uint64_t ts_ns, char out[FACTS_TIME_MAX])
{
    uint64_t offset_ns = conf_span_ns(conf, "report.utc_offset");
    time_t seconds = (time_t)((ts_ns + offset_ns) / CLOCK_S);
    struct tm tm;

    out[0] = '\0';
    if (!ts_ns || !gmtime_r(&seconds, &tm))
        return;
    strftime(out, FACTS_TIME_MAX, "%d/%m/%Y %H:%M:%S", &tm);
}

/* ---- writing ---- */

struct writer {
    struct jsonw w;
    const struct facts_query *q;
};

static void write_time(struct writer *f, const char *key, uint64_t ts_ns)
{
    char text[FACTS_TIME_MAX];

    facts_time(f->q->conf, ts_ns, text);
    jsonw_str(&f->w, key, text);
}

static void write_pair(struct writer *f, const char *key, const char *en, const char *vi)
{
    jsonw_obj_open(&f->w, key);
    jsonw_str(&f->w, "en", en);
    jsonw_str(&f->w, "vi", *vi ? vi : en);
    jsonw_obj_close(&f->w);
}

static void write_severity(struct writer *f, enum severity severity)
{
    write_pair(f, "severity", words_severity(severity, false), words_severity(severity, true));
}

static void write_state(struct writer *f, const struct incident *i)
{
    write_pair(f, "state", words_state(i->state, false), words_state(i->state, true));
    write_pair(f, "disposition", words_disposition(i->disposition, false),
               words_disposition(i->disposition, true));
}

/* "3 d 4 h 5 min" in both languages; the two highest units. */
static void write_span(struct writer *f, const char *key, uint64_t span_ns)
{
    uint64_t minutes = span_ns / CLOCK_S / 60;
    unsigned long long d = minutes / 1440, h = minutes / 60 % 24, m = minutes % 60;
    char en[60];
    char vi[60];

    if (d) {
        snprintf(en, sizeof(en), "%llu d %llu h", d, h);
        snprintf(vi, sizeof(vi), "%llu ngày %llu giờ", d, h);
    } else if (h) {
        snprintf(en, sizeof(en), "%llu h %llu min", h, m);
        snprintf(vi, sizeof(vi), "%llu giờ %llu phút", h, m);
    } else {
        snprintf(en, sizeof(en), "%llu min", m);
        snprintf(vi, sizeof(vi), "%llu phút", m);
    }
    write_pair(f, key, en, vi);
}

static void write_party(struct writer *f, const char *key, const char *ip, const char *name)
{
    char text[400];

    snprintf(text, sizeof(text), "%s%s%.300s", ip, *ip && *name ? " " : "", name);
    jsonw_str(&f->w, key, text);
}

static void write_head(struct writer *f, const char *number)
{
    static const char *const keys[] = {"unit", "address", "phone", "email", "authority"};
    char option[40];

    jsonw_obj_open(&f->w, NULL);
    write_time(f, "now", f->q->now_ns);
    jsonw_str(&f->w, "user", f->q->user);
    jsonw_str(&f->w, "number", number);
    jsonw_obj_open(&f->w, "soc");
    for (uint32_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        snprintf(option, sizeof(option), "report.%s", keys[i]);
        jsonw_str(&f->w, keys[i], conf_text(f->q->conf, option));
    }
    jsonw_obj_close(&f->w);
}

static enum err finish(struct writer *f, struct strbuf *text, struct json **facts)
{
    jsonw_obj_close(&f->w);
    enum err err = text->full ? ERR_FULL : json_parse(strbuf_view(text), facts, NULL);
    strbuf_fini(text);
    return err;
}

/* ---- one incident ---- */

static void write_incident(struct writer *f, const struct incident *i, const char *name)
{
    uint64_t end_ns = i->closed_ns ? i->closed_ns : f->q->now_ns;

    jsonw_obj_open(&f->w, "incident");
    jsonw_str(&f->w, "id", name);
    write_pair(f, "title", i->title_en, i->title_vi);
    write_severity(f, i->severity);
    write_state(f, i);
    jsonw_i64(&f->w, "score", i->score);
    jsonw_str(&f->w, "entity", i->entity);
    jsonw_str(&f->w, "entity_ip", i->entity_ip);
    jsonw_str(&f->w, "site", i->site);
    jsonw_str(&f->w, "assignee", i->assignee);
    jsonw_str(&f->w, "tlp", i->tlp);
    jsonw_str(&f->w, "rule", i->rule);
    jsonw_str(&f->w, "sensors", i->sensors);
    write_pair(f, "personal_data", i->personal_data ? "yes" : "no",
               i->personal_data ? "có" : "không");
    write_time(f, "first", i->first_ns);
    write_time(f, "last", i->last_ns);
    write_time(f, "opened", i->opened_ns);
    write_time(f, "closed", i->closed_ns);
    write_span(f, "lasted", end_ns > i->opened_ns ? end_ns - i->opened_ns : 0);
    jsonw_str(&f->w, "techniques", i->techniques);
    jsonw_i64(&f->w, "events", i->n_events);
    jsonw_i64(&f->w, "groups", i->n_groups);
    jsonw_obj_close(&f->w);
}

static void write_stage(struct writer *f, const struct json *s)
{
    const char *id = json_str(json_get(s, "technique"), "");
    const char *tactic = json_str(json_get(s, "tactic"), "");
    const struct attack_technique *t = attack_find(f->q->attack, id);
    const struct attack_tactic *column = attack_find_tactic(f->q->attack, tactic);
    enum severity severity = SEVERITY_INFO;
    char en[200];
    char vi[200];

    record_severity_parse(json_text(json_get(s, "severity")), &severity);
    snprintf(en, sizeof(en), "%.20s %.160s", id, t ? t->en : "");
    snprintf(vi, sizeof(vi), "%.20s %.160s", id, t ? t->vi : "");
    jsonw_obj_open(&f->w, NULL);
    write_time(f, "time", (uint64_t)json_num(json_get(s, "time"), 0));
    write_pair(f, "text", json_str(json_path(s, "text.en"), ""),
               json_str(json_path(s, "text.vi"), ""));
    jsonw_str(&f->w, "src", json_str(json_get(s, "src"), ""));
    jsonw_str(&f->w, "dst", json_str(json_get(s, "dst"), ""));
    write_pair(f, "technique", en, vi);
    write_pair(f, "tactic", column ? column->en : tactic, column ? column->vi : tactic);
    write_severity(f, severity);
    jsonw_i64(&f->w, "count", json_i64(json_get(s, "count"), 1));
    jsonw_obj_close(&f->w);
}

static void write_why(struct writer *f, const struct incident *i)
{
    struct json *why = NULL;
    uint32_t n = 0;

    if (json_parse(slice_of_str(i->why_json), &why, NULL) != ERR_OK)
        why = NULL;
    jsonw_arr_open(&f->w, "stages");
    for (const struct json *s = json_first(json_get(why, "stages")); s && n < ROWS_MAX;
         s = json_next(s), n++)
        write_stage(f, s);
    jsonw_arr_close(&f->w);
    jsonw_arr_open(&f->w, "hosts");
    for (const struct json *e = json_first(json_get(why, "entities")); e; e = json_next(e)) {
        jsonw_obj_open(&f->w, NULL);
        jsonw_str(&f->w, "ip", json_str(json_get(e, "ip"), ""));
        jsonw_str(&f->w, "name", json_str(json_get(e, "name"), ""));
        jsonw_i64(&f->w, "criticality", json_i64(json_get(e, "criticality"), 0));
        jsonw_obj_close(&f->w);
    }
    jsonw_arr_close(&f->w);
    jsonw_arr_open(&f->w, "reasons");
    for (const struct json *r = json_first(json_get(why, "reasons")); r; r = json_next(r)) {
        jsonw_obj_open(&f->w, NULL);
        jsonw_num(&f->w, "points", json_num(json_get(r, "points"), 0));
        write_pair(f, "text", json_str(json_path(r, "text.en"), ""),
                   json_str(json_path(r, "text.vi"), ""));
        jsonw_obj_close(&f->w);
    }
    jsonw_arr_close(&f->w);
    json_free(&why);
}

static enum err write_alerts(struct writer *f, int64_t id, struct arena *arena)
{
    struct groups_query query = {.incident_id = id, .text = "", .limit = ROWS_MAX};
    struct group_row *rows = NULL;
    const char *title[2];
    char room[TITLE_MAX];
    uint32_t n = 0;
    enum err err = db_groups_list(f->q->store, &query, arena, &rows, &n);

    jsonw_arr_open(&f->w, "alerts");
    for (uint32_t i = 0; i < n && !err; i++) {
        jsonw_obj_open(&f->w, NULL);
        title_pair(rows[i].signature, rows[i].signature_vi, room, title);
        write_pair(f, "signature", title[0], title[1]);
        write_party(f, "src", rows[i].src_ip, rows[i].src_name);
        write_party(f, "dst", rows[i].dst_ip, rows[i].dst_name);
        jsonw_i64(&f->w, "count", rows[i].n);
        write_time(f, "first", rows[i].first_ns);
        write_time(f, "last", rows[i].last_ns);
        write_severity(f, rows[i].severity);
        jsonw_obj_close(&f->w);
    }
    jsonw_arr_close(&f->w);
    return err;
}

static enum err write_history(struct writer *f, int64_t id, struct arena *arena)
{
    struct incident_entry *rows = NULL;
    uint32_t n = 0;
    enum err err = db_incidents_entries(f->q->store, id, arena, &rows, &n);

    jsonw_arr_open(&f->w, "history");
    for (uint32_t i = 0; i < n && !err; i++) {
        if (strcmp(rows[i].kind, "stage") == 0 || strcmp(rows[i].kind, "alert") == 0)
            continue;
        jsonw_obj_open(&f->w, NULL);
        write_time(f, "time", rows[i].ts_ns);
        jsonw_str(&f->w, "user", *rows[i].actor ? rows[i].actor : "tramgac");
        jsonw_str(&f->w, "action", rows[i].kind);
        write_pair(f, "text", rows[i].text_en, rows[i].text_vi);
        jsonw_obj_close(&f->w);
    }
    jsonw_arr_close(&f->w);
    return err;
}

static enum err write_told(struct writer *f, int64_t id, struct arena *arena)
{
    static const char *const states_en[] = {"waiting", "delivered", "given up"};
    static const char *const states_vi[] = {"đang chờ", "đã gửi", "không gửi được"};
    struct outbox_row *rows = NULL;
    uint32_t n = 0;
    enum err err = db_outbox_list(f->q->store, id, ROWS_MAX, arena, &rows, &n);

    jsonw_arr_open(&f->w, "told");
    for (uint32_t i = n; i-- > 0 && !err;) {
        jsonw_obj_open(&f->w, NULL);
        jsonw_str(&f->w, "connector", rows[i].connector);
        jsonw_i64(&f->w, "revision", rows[i].revision);
        write_time(f, "time", rows[i].sent_ns);
        write_pair(f, "state", states_en[rows[i].state], states_vi[rows[i].state]);
        jsonw_str(&f->w, "answer", rows[i].answer);
        jsonw_obj_close(&f->w);
    }
    jsonw_arr_close(&f->w);
    return err;
}

enum err facts_incident(const struct facts_query *query, const struct incident *incident,
                        struct json **facts)
{
    struct strbuf text;
    struct arena arena;
    struct writer f = {.q = query};
    char name[INCIDENT_NAME_MAX];

    strbuf_init(&text, TEXT_MAX);
    arena_init(&arena, 65536, 0);
    jsonw_init(&f.w, &text);
    incident_name(incident->id, incident->opened_ns, name);
    write_head(&f, name);
    write_incident(&f, incident, name);
    write_why(&f, incident);
    enum err err = write_alerts(&f, incident->id, &arena);
    err = err ? err : write_history(&f, incident->id, &arena);
    err = err ? err : write_told(&f, incident->id, &arena);
    arena_fini(&arena);
    enum err last = finish(&f, &text, facts);
    return err ? err : last;
}

/* ---- a time ---- */

struct period {
    uint64_t from_ns, to_ns;
    const char *site;
    struct tally *severities, *states, *dispositions, *sites, *rules, *hosts, *techniques;
    int64_t n, opened, closed, open, escalated, personal_data;
    int64_t n_acknowledged, alerts, groups;
    uint64_t acknowledged_ns, closed_ns; /* sums */
};

static bool is_in(const struct period *p, uint64_t ts_ns)
{
    return ts_ns >= p->from_ns && ts_ns <= p->to_ns;
}

/* How long until a person first did something; false when nobody did. */
static bool first_touch(const struct facts_query *q, const struct incident *i, struct arena *arena,
                        uint64_t *span_ns)
{
    struct incident_entry *rows = NULL;
    uint32_t n = 0;

    if (db_incidents_entries(q->store, i->id, arena, &rows, &n))
        return false;
    for (uint32_t k = 0; k < n; k++) {
        if (*rows[k].actor && rows[k].ts_ns >= i->opened_ns) {
            *span_ns = rows[k].ts_ns - i->opened_ns;
            return true;
        }
    }
    return false;
}

static void count_words(struct tally *tally, const char *words)
{
    struct slice left = slice_of_str(words);

    for (struct slice one = slice_word(&left); one.len; one = slice_word(&left))
        tally_add(tally, one, one, 1);
}

static void count_incident(struct period *p, const struct facts_query *q, const struct incident *i,
                           struct arena *arena)
{
    uint64_t span_ns = 0;

    p->n++;
    p->opened += is_in(p, i->opened_ns);
    p->open += incident_is_open(i->state);
    p->escalated += i->state == INCIDENT_ESCALATED;
    p->personal_data += i->personal_data;
    if (i->closed_ns && is_in(p, i->closed_ns)) {
        p->closed++;
        p->closed_ns += i->closed_ns - i->opened_ns;
    }
    if (first_touch(q, i, arena, &span_ns)) {
        p->n_acknowledged++;
        p->acknowledged_ns += span_ns;
    }
    tally_add(p->severities, slice_of_str(words_severity(i->severity, false)),
              slice_of_str(words_severity(i->severity, true)), 1);
    tally_add(p->states, slice_of_str(words_state(i->state, false)),
              slice_of_str(words_state(i->state, true)), 1);
    if (i->disposition)
        tally_add(p->dispositions, slice_of_str(words_disposition(i->disposition, false)),
                  slice_of_str(words_disposition(i->disposition, true)), 1);
    tally_add(p->sites, slice_of_str(i->site), slice_of_str(i->site), 1);
    tally_add(p->hosts, slice_of_str(i->entity), slice_of_str(i->entity), 1);
    count_words(p->techniques, i->techniques);
}

static void write_row(struct writer *f, const struct incident *i)
{
    char name[INCIDENT_NAME_MAX];

    incident_name(i->id, i->opened_ns, name);
    jsonw_obj_open(&f->w, NULL);
    jsonw_str(&f->w, "id", name);
    write_pair(f, "title", i->title_en, i->title_vi);
    write_severity(f, i->severity);
    write_state(f, i);
    jsonw_str(&f->w, "entity", i->entity);
    jsonw_str(&f->w, "site", i->site);
    jsonw_str(&f->w, "assignee", i->assignee);
    write_time(f, "opened", i->opened_ns);
    write_time(f, "closed", i->closed_ns);
    jsonw_obj_close(&f->w);
}

/* Incidents that were seen since the begin and opened before the end. */
static enum err write_incidents(struct writer *f, struct period *p)
{
    struct incidents_query query = {.text = "", .from_ns = p->from_ns, .limit = PAGE};
    enum err err = ERR_OK;
    uint32_t n = PAGE;

    jsonw_arr_open(&f->w, "incidents");
    while (!err && n == PAGE && p->n < INCIDENTS_MAX) {
        struct arena arena;
        struct incident *rows = NULL;
        arena_init(&arena, 65536, 0);
        query.site = *p->site ? p->site : NULL;
        err = db_incidents_list(f->q->store, &query, &arena, &rows, &n);
        for (uint32_t i = 0; i < n && !err; i++) {
            query.before_ns = rows[i].last_ns;
            query.before_id = rows[i].id;
            if (rows[i].opened_ns > p->to_ns && rows[i].first_ns > p->to_ns)
                continue;
            count_incident(p, f->q, &rows[i], &arena);
            write_row(f, &rows[i]);
        }
        arena_fini(&arena);
    }
    jsonw_arr_close(&f->w);
    return err;
}

static enum err count_groups(struct writer *f, struct period *p)
{
    struct groups_query query = {
        .text = "", .from_ns = p->from_ns, .to_ns = p->to_ns, .limit = PAGE};
    enum err err = ERR_OK;
    uint32_t n = PAGE;

    while (!err && n == PAGE && p->groups < GROUPS_MAX) {
        struct arena arena;
        struct group_row *rows = NULL;
        arena_init(&arena, 65536, 0);
        query.site = *p->site ? p->site : NULL;
        err = db_groups_list(f->q->store, &query, &arena, &rows, &n);
        for (uint32_t i = 0; i < n && !err; i++) {
            query.before_ns = rows[i].last_ns;
            query.before_id = rows[i].id;
            p->groups++;
            p->alerts += rows[i].n;
            const char *title[2];
            char room[TITLE_MAX];
            title_pair(rows[i].signature, rows[i].signature_vi, room, title);
            tally_add(p->rules, slice_of_str(title[0]), slice_of_str(title[1]), rows[i].n);
        }
        arena_fini(&arena);
    }
    return err;
}

static void write_totals(struct writer *f, const struct period *p)
{
    jsonw_obj_open(&f->w, "totals");
    jsonw_i64(&f->w, "alerts", p->alerts);
    jsonw_i64(&f->w, "groups", p->groups);
    jsonw_i64(&f->w, "incidents", p->n);
    jsonw_i64(&f->w, "opened", p->opened);
    jsonw_i64(&f->w, "closed", p->closed);
    jsonw_i64(&f->w, "open", p->open);
    jsonw_i64(&f->w, "escalated", p->escalated);
    jsonw_i64(&f->w, "personal_data", p->personal_data);
    if (p->n_acknowledged)
        write_span(f, "acknowledged_after", p->acknowledged_ns / (uint64_t)p->n_acknowledged);
    if (p->closed)
        write_span(f, "closed_after", p->closed_ns / (uint64_t)p->closed);
    jsonw_obj_close(&f->w);
}

static enum err write_sensors(struct writer *f)
{
    struct sensor_row *rows = NULL;
    struct arena arena;
    uint32_t n = 0;

    arena_init(&arena, 16384, 0);
    enum err err = db_sensors_list(f->q->store, &arena, &rows, &n);
    jsonw_arr_open(&f->w, "sensors");
    for (uint32_t i = 0; i < n && !err; i++) {
        jsonw_obj_open(&f->w, NULL);
        jsonw_str(&f->w, "name", rows[i].sensor);
        jsonw_str(&f->w, "site", rows[i].site);
        write_pair(f, "state", rows[i].online ? "online" : "offline",
                   rows[i].online ? "đang chạy" : "ngắt");
        write_time(f, "seen", rows[i].seen_ns);
        jsonw_i64(&f->w, "missing", rows[i].missing);
        jsonw_obj_close(&f->w);
    }
    jsonw_arr_close(&f->w);
    arena_fini(&arena);
    return err;
}

enum err facts_period(const struct facts_query *query, uint64_t from_ns, uint64_t to_ns,
                      const char *site, struct json **facts)
{
    struct strbuf text;
    struct writer f = {.q = query};
    struct period p = {.from_ns = from_ns, .to_ns = to_ns, .site = site};
    struct tally **const tallies[] = {&p.severities, &p.states, &p.dispositions, &p.sites,
                                      &p.rules,      &p.hosts,  &p.techniques};
    static const char *const names[] = {"severities", "states",         "dispositions", "sites",
                                        "rules",      "hosts_attacked", "techniques"};
    enum { N_TALLIES = sizeof(tallies) / sizeof(tallies[0]) };
    char from[FACTS_TIME_MAX], to[FACTS_TIME_MAX], number[2 * FACTS_TIME_MAX + 4];

    for (uint32_t i = 0; i < N_TALLIES; i++)
        *tallies[i] = tally_new();
    strbuf_init(&text, TEXT_MAX);
    jsonw_init(&f.w, &text);
    facts_time(query->conf, from_ns, from);
    facts_time(query->conf, to_ns, to);
    snprintf(number, sizeof(number), "%s – %s", from, to);
    write_head(&f, number);
    jsonw_obj_open(&f.w, "period");
    jsonw_str(&f.w, "from", from);
    jsonw_str(&f.w, "to", to);
    jsonw_str(&f.w, "site", site);
    jsonw_obj_close(&f.w);
    enum err err = write_incidents(&f, &p);
    err = err ? err : count_groups(&f, &p);
    err = err ? err : write_sensors(&f);
    write_totals(&f, &p);
    for (uint32_t i = 0; i < N_TALLIES; i++) {
        tally_write(*tallies[i], &f.w, names[i]);
        tally_free(tallies[i]);
    }
    enum err last = finish(&f, &text, facts);
    return err ? err : last;
}
