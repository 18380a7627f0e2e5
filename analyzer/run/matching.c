/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/run/matching.h"
#include "analyzer/record/incident_name.h"
#include "analyzer/store/db_checkpoints.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/jsonw.h"
#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>

enum { NEWS_MAX = 64, FAULTS_SAID_MAX = 50 };

struct news {
    char name[INCIDENT_NAME_MAX];
    enum severity severity;
    const char *kind; /* literal; "" = only counts changed */
};

struct matching {
    const struct conf *conf;
    struct rulebook *rulebook;
    uint64_t *counters;
    struct sigma_set *set;
    struct correlator *correlator;
    struct book *book;
    book_changed *changed;
    void *changed_ctx;
    struct news news[NEWS_MAX]; /* of this batch; more are told as one "reload" by the pages */
    uint32_t n_news;
    uint64_t loaded_ns;
};

/* False: a path could not be read. */
static bool load_rules(const struct conf *conf, struct sigma_set *set, struct strbuf *report)
{
    const char *path;
    bool good = true;

    sigma_init(set);
    set->expand = conf_tree(conf, "correlate.expand");
    set->strict = conf_bool(conf, "correlate.strict_pysigma");
    for (uint32_t i = 0; (path = conf_item(conf, "correlate.rules", i)); i++)
        if (*path && sigma_load(set, path) != ERR_OK) {
            strbuf_fmt(report, "correlate.rules: cannot read %s\n", path);
            good = false;
        }
    sigma_freeze(set);
    for (uint32_t i = 0; i < set->n_faults && i < FAULTS_SAID_MAX; i++)
        strbuf_fmt(report, "%s:%u: %s: %s\n", set->faults[i].file, set->faults[i].line,
                   set->faults[i].title, set->faults[i].text);
    return good;
}

static struct sigma_set *set_new(void)
{
    struct sigma_set *set = calloc(1, sizeof(*set));

    CHECK(set);
    return set;
}

static void set_free(struct sigma_set **set)
{
    if (*set) {
        sigma_fini(*set);
        free(*set);
    }
    *set = NULL;
}

static enum err restore_one(void *ctx, const char *name, struct slice bytes)
{
    struct matching *m = ctx;
    if (correlate_restore(m->correlator, name, bytes) != ERR_OK)
        log_say(LOG_WARN, "state of a correlation is not taken over: %.80s", name);
    return ERR_OK;
}

static enum err restore_windows(struct matching *m, struct store *store)
{
    correlate_reset(m->correlator);
    return db_checkpoints_each(store, "corr/", restore_one, m);
}

static enum err restore(struct matching *m, struct store *store)
{
    enum err err = restore_windows(m, store);
    return err ? err : book_load(m->book, store);
}

enum err matching_new(const struct conf *conf, struct store *store, const struct attack *attack,
                      struct stats *stats, struct rulebook *rulebook, struct matching **matching,
                      struct strbuf *report)
{
    struct matching *m = calloc(1, sizeof(*m));
    CHECK(m);
    size_t said = report->len;
    m->conf = conf;
    m->rulebook = rulebook;
    m->counters = stats_add(stats, correlate_counters);
    m->set = set_new();
    (void)load_rules(conf, m->set, report);
    m->loaded_ns = clock_now_ns();
    rulebook_put(rulebook, NULL, m->set);
    m->correlator = correlate_new(m->set, correlate_limits_of(conf), m->counters);
    m->book = book_new(conf, attack, stats_add(stats, book_counters));
    *matching = m;
    enum err err = restore(m, store);
    if (err)
        strbuf_fmt(report, "the store cannot be read: %s\n", store_fault(store));
    return err ? err : report->len > said ? ERR_INPUT : ERR_OK;
}

void matching_free(struct matching **matching)
{
    struct matching *m = *matching;

    if (!m)
        return;
    book_free(&m->book);
    correlate_free(&m->correlator);
    set_free(&m->set);
    free(m);
    *matching = NULL;
}

enum err matching_reload(struct matching *m, struct store *store, struct strbuf *report)
{
    struct sigma_set *before = m->set;
    struct sigma_set *now = set_new();

    if (!load_rules(m->conf, now, report)) {
        set_free(&now);
        rulebook_refuse(m->rulebook, "a path of correlate.rules cannot be read");
        return ERR_OK;
    }
    correlate_free(&m->correlator);
    m->set = now;
    m->loaded_ns = clock_now_ns();
    m->correlator = correlate_new(now, correlate_limits_of(m->conf), m->counters);
    enum err err = restore_windows(m, store);
    rulebook_put(m->rulebook, before, now);
    set_free(&before);
    return err;
}

void matching_tell(struct matching *m, book_changed *changed, void *ctx)
{
    m->changed = changed;
    m->changed_ctx = ctx;
}

static enum err note_change(void *ctx, struct store *store, const struct incident *incident,
                            const char *kind)
{
    struct matching *m = ctx;

    if (m->n_news < NEWS_MAX) {
        struct news *n = &m->news[m->n_news++];
        incident_name(incident->id, incident->opened_ns, n->name);
        n->severity = incident->severity;
        n->kind = kind ? kind : "";
    }
    return m->changed ? m->changed(m->changed_ctx, store, incident, kind) : ERR_OK;
}

static enum err put_state(void *ctx, const char *name, struct slice bytes)
{
    return db_checkpoints_put(ctx, name, bytes);
}

static enum err drop_state(void *ctx, const char *name)
{
    return db_checkpoints_delete(ctx, name);
}

bool matching_due(const struct matching *m, uint64_t quiet_ns, bool ended)
{
    uint64_t ts_ns;
    return correlate_due(m->correlator, ended ? CORRELATE_END : quiet_ns, &ts_ns);
}

enum err matching_time(struct matching *m, struct store *store, uint64_t quiet_ns, bool ended,
                       uint64_t now_ns)
{
    struct correlate_sink sink = {put_state, drop_state, store};
    uint64_t ts_ns = 0;

    m->n_news = 0;
    book_begin(m->book, store, now_ns);
    if (correlate_due(m->correlator, ended ? CORRELATE_END : quiet_ns, &ts_ns))
        correlate_deadlines(m->correlator, ts_ns, book_hit, m->book);
    enum err err = book_end(m->book, note_change, m);
    return err ? err : correlate_save(m->correlator, &sink);
}

enum err matching_batch(struct matching *m, struct store *store, const struct batch *batch,
                        uint64_t now_ns)
{
    struct correlate_sink sink = {put_state, drop_state, store};

    m->n_news = 0;
    book_begin(m->book, store, now_ns);
    correlate_batch(m->correlator, batch, book_hit, m->book);
    book_records(m->book, batch);
    enum err err = book_end(m->book, note_change, m);
    return err ? err : correlate_save(m->correlator, &sink);
}

enum err matching_mark(struct matching *m)
{
    return book_mark_groups(m->book);
}

enum err matching_undo(struct matching *m, struct store *store)
{
    m->n_news = 0;
    return restore(m, store);
}

void matching_publish(struct matching *m, struct hub *hub)
{
    char json[160];

    for (uint32_t i = 0; i < m->n_news; i++) {
        snprintf(json, sizeof(json), "{\"id\":\"%s\",\"severity\":\"%s\",\"change\":\"%s\"}",
                 m->news[i].name, record_severity_name(m->news[i].severity), m->news[i].kind);
        hub_publish(hub, "incident", slice_of_str(json));
    }
    m->n_news = 0;
}

void matching_health(const struct matching *m, struct strbuf *json)
{
    strbuf_fmt(json, "\"correlation_rules\":%u,\"correlation_rules_put_aside\":%u", m->set->n_rules,
               m->set->n_put_aside);
}

void matching_about(const struct matching *m, struct strbuf *json)
{
    char loaded[CLOCK_TEXT_MAX];
    struct jsonw w;

    clock_text_rfc3339(m->loaded_ns, loaded);
    jsonw_init(&w, json);
    jsonw_obj_open(&w, "correlation");
    jsonw_str(&w, "loaded", loaded);
    jsonw_u64(&w, "rules", m->set->n_rules);
    jsonw_u64(&w, "put_aside", m->set->n_put_aside);
    jsonw_arr_open(&w, "faults");
    for (uint32_t i = 0; i < m->set->n_faults && i < FAULTS_SAID_MAX; i++) {
        const struct sigma_fault *f = &m->set->faults[i];
        jsonw_obj_open(&w, NULL);
        jsonw_str(&w, "file", f->file);
        jsonw_u64(&w, "line", f->line);
        jsonw_str(&w, "title", f->title);
        jsonw_str(&w, "text", f->text);
        jsonw_obj_close(&w);
    }
    jsonw_arr_close(&w);
    jsonw_obj_close(&w);
}
