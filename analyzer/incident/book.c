/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The open incidents by host, in memory; the store has the same after each batch: the row of the
 * incident for people, and its story as the checkpoint "incident/<id>" for the next start.
 */
#include "analyzer/incident/book.h"
#include "analyzer/incident/hosts.h"
#include "analyzer/incident/incident_row.h"
#include "analyzer/incident/score.h"
#include "analyzer/incident/story.h"
#include "analyzer/incident/story_edit.h"
#include "analyzer/record/incident_name.h"
#include "analyzer/record/words.h"
#include "analyzer/store/db_audit.h"
#include "analyzer/store/db_checkpoints.h"
#include "analyzer/store/db_desk.h"
#include "analyzer/store/db_incidents.h"
#include "common/check.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    KEY_TEXT = 200,
    FOUND_MAX = 16,
    STORIES_MAX = 2000,
    BACKFILL_MAX = 200,
    MERGES_MAX = 256,
    MARKS_MAX = 4096,
};

const struct counter book_counters[] = {
    {"incident.opened", "Incidents opened"},
    {"incident.merged", "Incidents that turned out to be part of an older one"},
    {"incident.joined", "Hits of correlation rules that joined an open incident"},
    {"incident.attached", "Alerts and deviations attached to open incidents as evidence"},
    {"incident.unloaded", "Open incidents that are no longer extended: too many are open at once"},
    COUNTER_END,
};

const struct option book_options[] = {
    {"incident.window", CONF_SPAN, "24h",
     "What shares a host within this time belongs to the same incident"},
    {"incident.half_life", CONF_SPAN, "24h", "Age at which a fact counts half in the score"},
    {"incident.open_at", CONF_TEXT, "critical",
     "Severity at which a single alert opens an incident; off = only correlations do"},
    {"incident.attach_at", CONF_TEXT, "low",
     "Severity from which alerts of its hosts become evidence of an incident"},
    OPTION_END,
};

struct merge {
    struct story *from, *into;
};

struct mark {
    int64_t group_id;
    struct story *story;
};

struct book {
    const struct attack *attack;
    uint64_t *counters;
    uint64_t window_ns, half_life_ns;
    enum severity open_at, attach_at;
    bool alerts_open;
    struct story *stories[STORIES_MAX];
    uint32_t n_stories;
    struct hosts *hosts;
    /* Of the batch: */
    struct store *store;
    struct arena arena;
    uint64_t batch;
    int64_t edits; /* by people, that the book has read */
    uint64_t now_ns;
    enum err err; /* first failure */
    struct merge merges[MERGES_MAX];
    uint32_t n_merges;
    struct mark marks[MARKS_MAX];
    uint32_t n_marks;
};

static enum severity severity_option(const struct conf *conf, const char *key,
                                     enum severity or_else)
{
    enum severity severity = or_else;
    return record_severity_parse(slice_of_str(conf_text(conf, key)), &severity) ? severity
                                                                                : or_else;
}

struct book *book_new(const struct conf *conf, const struct attack *attack, uint64_t *counters)
{
    struct book *book = calloc(1, sizeof(*book));

    CHECK(book);
    book->attack = attack;
    book->counters = counters;
    book->window_ns = conf_span_ns(conf, "incident.window");
    book->half_life_ns = conf_span_ns(conf, "incident.half_life");
    book->alerts_open = strcmp(conf_text(conf, "incident.open_at"), "off") != 0;
    book->open_at = severity_option(conf, "incident.open_at", SEVERITY_CRITICAL);
    book->attach_at = severity_option(conf, "incident.attach_at", SEVERITY_LOW);
    book->hosts = hosts_new();
    arena_init(&book->arena, 65536, 256 << 20);
    return book;
}

static void forget_all(struct book *book)
{
    hosts_clear(book->hosts);
    for (uint32_t i = 0; i < book->n_merges; i++)
        story_free(&book->merges[i].from);
    for (uint32_t i = 0; i < book->n_stories; i++)
        story_free(&book->stories[i]);
    book->n_merges = 0;
    book->n_stories = 0;
    book->n_marks = 0;
}

void book_free(struct book **book)
{
    if (!*book)
        return;
    forget_all(*book);
    hosts_free(&(*book)->hosts);
    arena_fini(&(*book)->arena);
    free(*book);
    *book = NULL;
}

uint32_t book_count(const struct book *book)
{
    return book->n_stories;
}

/* Takes it out of the book, without freeing it. */
static void remove_story(struct book *book, struct story *story)
{
    uint32_t kept = 0;

    hosts_drop(book->hosts, story);
    for (uint32_t i = 0; i < book->n_stories; i++) {
        if (book->stories[i] != story)
            book->stories[kept++] = book->stories[i];
    }
    book->n_stories = kept;
    for (uint32_t i = 0; i < book->n_marks; i++) {
        if (book->marks[i].story == story)
            book->marks[i].story = NULL;
    }
}

/* Somebody may have closed it since. */
static bool is_alive(struct book *book, struct story *story)
{
    struct incident row;

    if (!story->id || story->checked == book->batch)
        return !story->gone;
    enum err err = db_incidents_get(book->store, story->id, &book->arena, &row);
    if (err && err != ERR_NOTFOUND)
        book->err = book->err ? book->err : err;
    story->checked = book->batch;
    story->gone = err || !incident_is_open(row.state);
    return !story->gone;
}

static bool in_window(const struct book *book, const struct story *story, uint64_t ts_ns)
{
    uint64_t w = book->window_ns;
    return ts_ns + w >= story->first_ns && ts_ns <= story->last_ns + w;
}

struct found {
    struct story *at[FOUND_MAX];
    uint32_t n;
};

static void found_add(struct found *found, struct story *story)
{
    for (uint32_t i = 0; i < found->n; i++) {
        if (found->at[i] == story)
            return;
    }
    if (found->n < FOUND_MAX)
        found->at[found->n++] = story;
}

/* Open stories about this host at this time; closed ones are taken out of the book. */
static void find(struct book *book, const char *site, const struct story_entity *e, uint64_t ts_ns,
                 struct found *found)
{
    struct story *about[HOSTS_FOUND_MAX];
    uint32_t n = hosts_find(book->hosts, site, e, about);

    for (uint32_t i = 0; i < n; i++) {
        if (!in_window(book, about[i], ts_ns))
            continue;
        if (is_alive(book, about[i])) {
            found_add(found, about[i]);
        } else {
            remove_story(book, about[i]);
            story_free(&about[i]);
        }
    }
}

static bool is_between(const char *src, const char *dst, const char *a, const char *b)
{
    return (strcmp(src, a) == 0 && strcmp(dst, b) == 0) ||
           (strcmp(src, b) == 0 && strcmp(dst, a) == 0);
}

/* All that the hit and the story rest on happened between the same two hosts. */
static bool says_the_same(const struct story *story, const struct corr_hit *hit)
{
    const char *const *first = hit->proofs[0].evidence->text;
    const char *a = first[EVIDENCE_SRC_IP], *b = first[EVIDENCE_DST_IP];
    uint32_t stages = 0;

    for (uint32_t i = 1; i < hit->n_proofs; i++) {
        const char *const *text = hit->proofs[i].evidence->text;
        if (!is_between(text[EVIDENCE_SRC_IP], text[EVIDENCE_DST_IP], a, b))
            return false;
    }
    for (uint32_t i = 0; i < story->n_facts; i++) {
        const struct fact *f = &story->facts[i];
        if (f->kind != FACT_STAGE)
            continue;
        if (!is_between(f->text[FACT_SRC_IP], f->text[FACT_DST_IP], a, b))
            return false;
        stages++;
    }
    return stages > 0 && *a && *b;
}

/* For a hit about hosts that no story is about: one login proves something about both its ends. */
static void find_same(struct book *book, const char *site, const struct corr_hit *hit,
                      struct found *found)
{
    for (uint32_t i = 0; i < book->n_stories && found->n == 0; i++) {
        struct story *story = book->stories[i];
        if (strcmp(story->site, site) == 0 && in_window(book, story, hit->ts_ns) &&
            says_the_same(story, hit) && is_alive(book, story))
            found_add(found, story);
    }
}

/* ---- opening and joining ---- */

static void make_room(struct book *book)
{
    struct story *oldest = NULL;

    for (uint32_t i = 0; i < book->n_stories; i++) {
        struct story *s = book->stories[i];
        if (!s->dirty && (!oldest || s->touched < oldest->touched))
            oldest = s;
    }
    if (!oldest)
        return;
    remove_story(book, oldest);
    story_free(&oldest);
    book->counters[BOOK_UNLOADED]++;
}

/* NULL when all stories of the book are new in this batch. */
static struct story *open_story(struct book *book, const char *key, const char *site,
                                const char *rule)
{
    if (book->n_stories == STORIES_MAX)
        make_room(book);
    if (book->n_stories == STORIES_MAX)
        return NULL;
    struct story *story = story_new(key, site, rule);
    story->material = true;
    book->stories[book->n_stories++] = story;
    book->counters[BOOK_OPENED]++;
    return story;
}

static bool is_older(const struct story *a, const struct story *b)
{
    if (!a->id != !b->id)
        return a->id != 0; /* what is in the store is older than what is not yet */
    return a->id ? a->id < b->id : a->first_ns < b->first_ns;
}

/* All that was found becomes one story: the oldest. */
static struct story *join_found(struct book *book, const struct found *found)
{
    struct story *oldest = found->at[0];

    for (uint32_t i = 1; i < found->n; i++)
        oldest = is_older(found->at[i], oldest) ? found->at[i] : oldest;
    for (uint32_t i = 0; i < found->n; i++) {
        struct story *from = found->at[i];
        if (from == oldest || book->n_merges == MERGES_MAX || story_edit_apart(oldest, from))
            continue;
        story_join(oldest, from);
        remove_story(book, from);
        book->merges[book->n_merges++] = (struct merge){from, oldest};
        book->counters[BOOK_MERGED]++;
    }
    return oldest;
}

static void add_entities(struct book *book, struct story *story, const struct story_entity *list,
                         uint32_t n)
{
    story->touched = book->batch;
    for (uint32_t i = 0; i < n; i++)
        story_add_entity(story, &list[i]);
    hosts_add(book->hosts, story);
}

void book_hit(void *ctx, const struct corr_hit *hit)
{
    struct book *book = ctx;
    struct story_entity entities[STORY_ENTITIES_MAX];
    struct found found = {.n = 0};

    if (!hit->rule->incident || hit->n_proofs == 0)
        return;
    const char *site = hit->proofs[hit->n_proofs - 1].evidence->text[EVIDENCE_SITE];
    uint32_t n = story_entities_of_hit(hit, entities);
    for (uint32_t i = 0; i < n; i++)
        find(book, site, &entities[i], hit->ts_ns, &found);
    if (found.n == 0)
        find_same(book, site, hit, &found);
    struct story *story = NULL;
    if (found.n) {
        story = join_found(book, &found);
        book->counters[BOOK_JOINED]++;
    } else {
        const char *rule = hit->rule->name[0] ? hit->rule->name : hit->rule->id;
        story = open_story(book, hit->key, site, rule);
    }
    if (!story)
        return;
    story_add_hit(story, hit);
    add_entities(book, story, entities, n);
}

static void open_by_alert(struct book *book, const struct record *r)
{
    struct story_entity entities[STORY_ENTITIES_MAX];
    char key[KEY_TEXT];
    char rule[48];

    snprintf(key, sizeof(key), "alert-%lld-%llx", (long long)r->group_id,
             (unsigned long long)r->ts_ns);
    snprintf(rule, sizeof(rule), "%lld:%lld", (long long)r->alert.gid, (long long)r->alert.sid);
    struct story *story = open_story(book, key, r->site, rule);
    if (!story)
        return;
    story_add_record(story, r);
    add_entities(book, story, entities, story_entities_of_record(r, entities));
}

/* Of stories that people split, an alert belongs to the one that has its group, else to the older.
 */
static bool is_elsewhere(const struct found *found, uint32_t k, int64_t group_id)
{
    const struct story *story = found->at[k];
    bool mine = story_edit_has(story, group_id);

    for (uint32_t i = 0; i < found->n && !mine; i++) {
        const struct story *other = found->at[i];
        if (i != k && story_edit_apart(story, other) &&
            (story_edit_has(other, group_id) || is_older(other, story)))
            return true;
    }
    return false;
}

void book_records(struct book *book, const struct batch *batch)
{
    for (uint32_t i = 0; i < batch->n; i++) {
        const struct record *r = &batch->records[i];
        struct story_entity ends[STORY_ENTITIES_MAX];
        struct found found = {.n = 0};
        if (!r->is_alert || r->exception_id || r->severity < book->attach_at)
            continue;
        uint32_t n = story_entities_of_record(r, ends);
        for (uint32_t k = 0; k < n; k++)
            find(book, r->site, &ends[k], r->ts_ns, &found);
        for (uint32_t k = 0; k < found.n; k++) {
            if (is_elsewhere(&found, k, r->group_id))
                continue;
            story_add_record(found.at[k], r);
            found.at[k]->touched = book->batch;
            book->counters[BOOK_ATTACHED]++;
        }
        if (found.n == 0 && book->alerts_open && r->severity >= book->open_at)
            open_by_alert(book, r);
    }
}

/* ---- start ---- */

enum err book_load(struct book *book, struct store *store)
{
    struct incident *rows = NULL;
    uint32_t n = 0;

    forget_all(book);
    arena_reset(&book->arena);
    book->store = store;
    enum err err = db_desk_stories_edits(store, &book->edits);
    if (!err)
        err = db_incidents_open(store, NULL, 0, &book->arena, &rows, &n);
    for (uint32_t i = n; i-- > 0 && !err;) { /* oldest first, as they were opened */
        char name[48];
        struct slice bytes;
        struct story *story = NULL;
        story_checkpoint(rows[i].id, name);
        err = db_checkpoints_get(store, name, &book->arena, &bytes);
        if (err == ERR_OK && story_read(bytes, &story) == ERR_OK && book->n_stories < STORIES_MAX) {
            story->id = rows[i].id;
            story->n_filled = story->n_entities;
            book->stories[book->n_stories++] = story;
            hosts_add(book->hosts, story);
        } else {
            story_free(&story);
            err = err == ERR_NOTFOUND ? ERR_OK : err;
        }
    }
    return err;
}

/* People merge and split in the store; the book reads what they made of it. */
static enum err read_again(struct book *book, struct store *store)
{
    int64_t edits = 0;
    enum err err = db_desk_stories_edits(store, &edits);

    return err || edits == book->edits ? err : book_load(book, store);
}

void book_begin(struct book *book, struct store *store, uint64_t now_ns)
{
    arena_reset(&book->arena);
    book->store = store;
    book->now_ns = now_ns;
    book->batch++;
    book->n_marks = 0;
    book->err = read_again(book, store);
}

/* ---- writing ---- */

static void note_err(struct book *book, enum err err)
{
    book->err = book->err ? book->err : err;
}

/* Alerts that the store has of hosts that are new in the story. */
static void backfill(struct book *book, struct story *story)
{
    uint64_t w = book->window_ns;
    uint64_t from_ns = story->first_ns > w ? story->first_ns - w : 1;

    for (; story->n_filled < story->n_entities; story->n_filled++) {
        const struct story_entity *e = &story->entities[story->n_filled];
        struct group_row *rows = NULL;
        uint32_t n = 0;
        struct groups_query query = {
            .at_least = book->attach_at,
            .host = e->ip,
            .site = story->site,
            .from_ns = from_ns,
            .to_ns = story->last_ns + w,
            .limit = BACKFILL_MAX,
        };
        if (!*e->ip)
            continue;
        note_err(book, db_groups_list(book->store, &query, &book->arena, &rows, &n));
        for (uint32_t i = n; i-- > 0;) /* oldest first */
            story_add_group(story, &rows[i], from_ns);
    }
}

static struct incident new_row(const struct book *book, const struct story *story)
{
    return (struct incident){
        .key = story->key,
        .site = story->site,
        .rule = story->rule,
        .state = INCIDENT_NEW,
        .assignee = "",
        .tlp = "amber",
        .title_en = "",
        .title_vi = "",
        .opened_ns = book->now_ns,
    };
}

static void add_entry(struct book *book, int64_t incident_id, const char *kind, uint64_t ts_ns,
                      const struct fact *f, const char *en, const char *vi)
{
    char tactic[16] = "";
    char technique[16] = "";

    if (f) {
        score_tactic(f, book->attack, tactic);
        snprintf(technique, sizeof(technique), "%.*s", (int)strcspn(f->text[FACT_TECHNIQUES], " "),
                 f->text[FACT_TECHNIQUES]);
    }
    struct incident_entry entry = {
        .incident_id = incident_id,
        .ts_ns = ts_ns,
        .kind = kind,
        .actor = "",
        .text_en = en,
        .text_vi = vi,
        .technique = technique,
        .tactic = tactic,
        .severity = f ? f->severity : SEVERITY_INFO,
        .group_id = f ? f->group_id : 0,
        .event_id = f ? f->event_id : 0,
        .detail_json = "{}",
    };
    note_err(book, db_incidents_entry_add(book->store, &entry));
}

static void add_link(struct book *book, const struct incident_link *link)
{
    note_err(book, db_incidents_link_add(book->store, link, NULL));
}

/* Links and history of what is new in the story. */
static void write_facts(struct book *book, struct story *story)
{
    static const char *const kinds[] = {"rule", "stage", "alert"};

    for (uint32_t i = 0; i < story->n_facts; i++) {
        struct fact *f = &story->facts[i];
        if (f->fresh)
            add_entry(book, story->id, kinds[f->kind], f->first_ns, f, f->text[FACT_TITLE_EN],
                      f->text[FACT_TITLE_VI]);
        if (f->kind == FACT_ALERT && f->n_unsaved && f->group_id) {
            struct incident_link link = {story->id,   f->group_id, 0, f->text[FACT_TITLE_EN],
                                         f->first_ns, f->n_unsaved};
            add_link(book, &link);
        }
        if (f->fresh && f->group_id && book->n_marks < MARKS_MAX)
            book->marks[book->n_marks++] = (struct mark){f->group_id, story};
        f->fresh = false;
        f->n_unsaved = 0;
    }
    for (uint32_t i = 0; i < story->n_proofs; i++) {
        const struct story_proof *p = &story->proofs[i];
        struct incident_link link = {
            story->id, 0, p->event_id, story->facts[p->fact].text[FACT_TITLE_EN], p->ts_ns, 1};
        add_link(book, &link);
    }
    story->n_proofs = 0;
}

static void save_story(struct book *book, const struct story *story)
{
    char name[48];
    struct strbuf text;

    strbuf_init(&text, 0);
    story_write(story, &text);
    story_checkpoint(story->id, name);
    note_err(book, db_checkpoints_put(book->store, name, strbuf_view(&text)));
    strbuf_fini(&text);
}

static void add_audit(struct book *book, const struct incident *row, const char *action)
{
    char name[INCIDENT_NAME_MAX];
    char object[INCIDENT_NAME_MAX + 16];

    incident_name(row->id, row->opened_ns, name);
    snprintf(object, sizeof(object), "incident/%s", name);
    struct audit_row audit = {.ts_ns = book->now_ns,
                              .user = "",
                              .address = "",
                              .action = action,
                              .object = object,
                              .detail_json = "{}"};
    note_err(book, db_audit_add(book->store, &audit));
}

static void end_story(struct book *book, struct story *story, book_changed *changed, void *ctx)
{
    struct incident row = new_row(book, story);
    struct score score;

    backfill(book, story);
    score_of(story, book->attack, book->half_life_ns, &score);
    if (story->id)
        note_err(book, db_incidents_get(book->store, story->id, &book->arena, &row));
    if (book->err)
        return;
    bool opened = !story->id;
    bool rises = row.id && score.severity > row.severity && row.severity == story->told_severity;
    incident_row_fill(&row, story, &score, book->attack, book->now_ns, &book->arena);
    row.revision += story->material;
    note_err(book, db_incidents_put(book->store, &row));
    if (book->err)
        return;
    story->id = row.id;
    if (opened) {
        add_entry(book, row.id, "opened", book->now_ns, story_head(story), row.title_en,
                  row.title_vi);
        add_audit(book, &row, "incident.open");
    } else if (rises) {
        add_entry(book, row.id, "severity", book->now_ns, NULL, words_severity(row.severity, false),
                  words_severity(row.severity, true));
    }
    write_facts(book, story);
    save_story(book, story);
    const char *kind = !story->material ? NULL : opened ? "opened" : "updated";
    story->dirty = false;
    story->material = false;
    if (!book->err && changed)
        note_err(book, changed(ctx, book->store, &row, kind));
}

/* The row of a merged incident stays, with the way to the one it went on in. */
static void end_merge(struct book *book, const struct merge *m, book_changed *changed, void *ctx)
{
    struct incident row;
    char name[48];
    char into[INCIDENT_NAME_MAX], en[80], vi[80];

    if (!m->from->id)
        return; /* it was never written */
    note_err(book, db_incidents_get(book->store, m->from->id, &book->arena, &row));
    if (book->err)
        return;
    row.state = INCIDENT_MERGED;
    row.merged_into = m->into->id;
    row.closed_ns = book->now_ns;
    row.updated_ns = book->now_ns;
    row.revision++;
    note_err(book, db_incidents_put(book->store, &row));
    note_err(book, db_incidents_move(book->store, m->from->id, m->into->id));
    incident_name(m->into->id, row.opened_ns, into);
    snprintf(en, sizeof(en), "Merged into %s", into);
    snprintf(vi, sizeof(vi), "Đã gộp vào %s", into);
    add_entry(book, row.id, "merge", book->now_ns, NULL, en, vi);
    incident_name(row.id, row.opened_ns, into);
    snprintf(en, sizeof(en), "Took in %s", into);
    snprintf(vi, sizeof(vi), "Đã nhận %s", into);
    add_entry(book, m->into->id, "merge", book->now_ns, NULL, en, vi);
    add_audit(book, &row, "incident.merge");
    story_checkpoint(row.id, name);
    note_err(book, db_checkpoints_delete(book->store, name));
    if (!book->err && changed)
        note_err(book, changed(ctx, book->store, &row, "closed"));
}

enum err book_end(struct book *book, book_changed *changed, void *ctx)
{
    for (uint32_t i = 0; i < book->n_stories && !book->err; i++) {
        if (book->stories[i]->dirty)
            end_story(book, book->stories[i], changed, ctx);
    }
    for (uint32_t i = 0; i < book->n_merges; i++) {
        if (!book->err)
            end_merge(book, &book->merges[i], changed, ctx);
        story_free(&book->merges[i].from);
    }
    book->n_merges = 0;
    return book->err;
}

enum err book_mark_groups(struct book *book)
{
    for (uint32_t i = 0; i < book->n_marks; i++) {
        const struct mark *m = &book->marks[i];
        enum err err =
            m->story ? db_groups_set_incident(book->store, m->group_id, m->story->id) : ERR_OK;
        if (err && err != ERR_NOTFOUND)
            note_err(book, err);
    }
    book->n_marks = 0;
    return book->err;
}
