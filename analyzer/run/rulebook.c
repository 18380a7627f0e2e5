/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/run/rulebook.h"
#include "analyzer/correlate/correlate.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/jsonw.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAMES_MAX = 200, FAULTS_MAX = 50 };

struct rulebook {
    pthread_mutex_t lock;
    pthread_cond_t read;
    uint64_t asked, done;
    struct strbuf rules; /* array */
    struct strbuf last;  /* object: what the last reading changed */
    char line[200];
};

struct rulebook *rulebook_new(void)
{
    struct rulebook *b = calloc(1, sizeof(*b));
    pthread_condattr_t attr;

    CHECK(b && pthread_mutex_init(&b->lock, NULL) == 0);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    CHECK(pthread_cond_init(&b->read, &attr) == 0);
    pthread_condattr_destroy(&attr);
    strbuf_init(&b->rules, 16 << 20);
    strbuf_init(&b->last, 1 << 20);
    strbuf_str(&b->rules, "[]");
    strbuf_str(&b->last, "{}");
    return b;
}

void rulebook_free(struct rulebook **book)
{
    struct rulebook *b = *book;

    if (!b)
        return;
    strbuf_fini(&b->rules);
    strbuf_fini(&b->last);
    pthread_cond_destroy(&b->read);
    pthread_mutex_destroy(&b->lock);
    free(b);
    *book = NULL;
}

/* ---- what changed ---- */

static const char *name_of(const struct sigma_rule *rule)
{
    return rule->name[0] ? rule->name : rule->id[0] ? rule->id : rule->title;
}

static const struct sigma_rule *find(const struct sigma_set *set, const struct sigma_rule *like)
{
    const char *key = like->id[0] ? like->id : name_of(like);
    uint32_t at = set ? sigma_find(set, key) : UINT32_MAX;

    if (at != UINT32_MAX)
        return set->rules[at];
    for (uint32_t i = 0; set && i < set->n_rules; i++) {
        if (strcmp(name_of(set->rules[i]), key) == 0)
            return set->rules[i];
    }
    return NULL;
}

static bool same(const struct sigma_rule *a, const struct sigma_rule *b)
{
    bool good = strcmp(a->condition, b->condition) == 0 && strcmp(a->title, b->title) == 0 &&
                strcmp(a->title_vi, b->title_vi) == 0 && a->level == b->level &&
                a->incident == b->incident && a->generate == b->generate &&
                a->n_attack == b->n_attack && !a->correlation == !b->correlation;

    for (uint32_t i = 0; good && i < a->n_attack; i++)
        good = strcmp(a->attack[i], b->attack[i]) == 0;
    return good;
}

enum change { ADDED, GONE, CHANGED };

/* Names of the rules of `of` that `than` does not have, or has in another form. */
static uint32_t write_names(struct jsonw *w, const char *key, const struct sigma_set *of,
                            const struct sigma_set *than, enum change change)
{
    uint32_t n = 0;

    jsonw_arr_open(w, key);
    for (uint32_t i = 0; of && i < of->n_rules; i++) {
        const struct sigma_rule *other = find(than, of->rules[i]);
        if (change == CHANGED ? !other || same(of->rules[i], other) : other != NULL)
            continue;
        if (n++ < NAMES_MAX)
            jsonw_str(w, NULL, name_of(of->rules[i]));
    }
    jsonw_arr_close(w);
    return n;
}

static void write_faults(struct jsonw *w, const struct sigma_set *set)
{
    jsonw_arr_open(w, "faults");
    for (uint32_t i = 0; i < set->n_faults && i < FAULTS_MAX; i++) {
        const struct sigma_fault *f = &set->faults[i];
        jsonw_obj_open(w, NULL);
        jsonw_str(w, "file", f->file);
        jsonw_u64(w, "line", f->line);
        jsonw_str(w, "title", f->title);
        jsonw_str(w, "text", f->text);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

static void write_last(struct rulebook *b, const struct sigma_set *before,
                       const struct sigma_set *now)
{
    struct jsonw w;

    strbuf_clear(&b->last);
    jsonw_init(&w, &b->last);
    jsonw_obj_open(&w, NULL);
    jsonw_bool(&w, "taken", true);
    jsonw_time(&w, "time", clock_now_ns());
    jsonw_u64(&w, "rules", now->n_rules);
    jsonw_u64(&w, "put_aside", now->n_put_aside);
    uint32_t added = write_names(&w, "added", now, before, ADDED);
    uint32_t changed = write_names(&w, "changed", now, before, CHANGED);
    uint32_t gone = write_names(&w, "gone", before, now, GONE);
    write_faults(&w, now);
    jsonw_obj_close(&w);
    snprintf(b->line, sizeof(b->line),
             "correlation rules are read again: %u in use, %u new, %u changed, %u gone, %u put "
             "aside",
             now->n_rules, added, changed, gone, now->n_put_aside);
}

static void write_rules(struct rulebook *b, const struct sigma_set *set)
{
    struct jsonw w;

    strbuf_clear(&b->rules);
    jsonw_init(&w, &b->rules);
    jsonw_arr_open(&w, NULL);
    for (uint32_t i = 0; i < set->n_rules; i++) {
        const struct sigma_rule *r = set->rules[i];
        jsonw_obj_open(&w, NULL);
        jsonw_str(&w, "name", name_of(r));
        jsonw_str(&w, "id", r->id);
        jsonw_str(&w, "type", r->correlation ? r->correlation->def->name : "detection");
        jsonw_str(&w, "severity", record_severity_name(r->level));
        jsonw_obj_open(&w, "title");
        jsonw_str(&w, "en", r->title);
        jsonw_str(&w, "vi", r->title_vi);
        jsonw_obj_close(&w);
        jsonw_bool(&w, "incident", r->incident);
        jsonw_str(&w, "condition", r->condition);
        jsonw_str(&w, "file", r->file);
        jsonw_u64(&w, "line", r->line);
        jsonw_obj_close(&w);
    }
    jsonw_arr_close(&w);
}

/* ---- the writer ---- */

static void answer(struct rulebook *b)
{
    b->done = b->asked;
    pthread_cond_broadcast(&b->read);
}

void rulebook_put(struct rulebook *b, const struct sigma_set *before, const struct sigma_set *now)
{
    pthread_mutex_lock(&b->lock);
    write_rules(b, now);
    write_last(b, before, now);
    answer(b);
    pthread_mutex_unlock(&b->lock);
}

void rulebook_refuse(struct rulebook *b, const char *why)
{
    struct jsonw w;

    pthread_mutex_lock(&b->lock);
    strbuf_clear(&b->last);
    jsonw_init(&w, &b->last);
    jsonw_obj_open(&w, NULL);
    jsonw_bool(&w, "taken", false);
    jsonw_time(&w, "time", clock_now_ns());
    jsonw_str(&w, "why", why);
    jsonw_obj_close(&w);
    snprintf(b->line, sizeof(b->line), "correlation rules stay as they are: %.120s", why);
    answer(b);
    pthread_mutex_unlock(&b->lock);
}

bool rulebook_wanted(struct rulebook *b)
{
    pthread_mutex_lock(&b->lock);
    bool wanted = b->asked != b->done;
    pthread_mutex_unlock(&b->lock);
    return wanted;
}

void rulebook_line(struct rulebook *b, char *out, size_t room)
{
    pthread_mutex_lock(&b->lock);
    snprintf(out, room, "%s", b->line);
    pthread_mutex_unlock(&b->lock);
}

/* ---- others ---- */

bool rulebook_reload(struct rulebook *b, uint64_t wait_ns, struct strbuf *json)
{
    uint64_t until_ns = clock_mono_ns() + wait_ns;
    struct timespec until = {(time_t)(until_ns / CLOCK_S), (long)(until_ns % CLOCK_S)};

    pthread_mutex_lock(&b->lock);
    uint64_t mine = ++b->asked;
    int late = 0;
    while (b->done < mine && !late)
        late = pthread_cond_timedwait(&b->read, &b->lock, &until);
    bool done = b->done >= mine;
    if (done)
        strbuf_slice(json, strbuf_view(&b->last));
    pthread_mutex_unlock(&b->lock);
    return done;
}

void rulebook_list(struct rulebook *b, struct strbuf *json)
{
    struct jsonw w;

    jsonw_init(&w, json);
    pthread_mutex_lock(&b->lock);
    jsonw_obj_open(&w, NULL);
    jsonw_raw(&w, "items", strbuf_view(&b->rules));
    jsonw_raw(&w, "last", strbuf_view(&b->last));
    jsonw_obj_close(&w);
    pthread_mutex_unlock(&b->lock);
}
