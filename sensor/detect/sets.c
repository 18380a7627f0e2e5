/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/sets.h"
#include "sensor/detect/overlay.h"
#include "sensor/detect/ruleset.h"

#include <pthread.h>
#include <stdlib.h>

struct kept {
    char *name;
    uint8_t type;
    struct overlay *overlay;
    struct kept *next;
};

struct sets {
    pthread_mutex_t lock;
    uint32_t users; /* the rest: under `lock` */
    struct kept *kept;
    struct dataset_live *live;
};

struct sets *sets_new(void)
{
    struct sets *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    pthread_mutex_init(&s->lock, NULL);
    s->users = 1;
    return s;
}

struct sets *sets_hold(struct sets *s)
{
    pthread_mutex_lock(&s->lock);
    s->users++;
    pthread_mutex_unlock(&s->lock);
    return s;
}

void sets_drop(struct sets **sets, const struct dataset *last)
{
    struct sets *s = *sets;

    *sets = NULL;
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    bool more = --s->users > 0;
    pthread_mutex_unlock(&s->lock);
    if (more)
        return;
    for (const struct dataset *d = last; d; d = d->next) {
        if (!d->changes && d->save && d->overlay && overlay_used(d->overlay))
            dataset_save(d);
    }
    for (struct kept *k = s->kept, *next; k; k = next) {
        next = k->next;
        overlay_free(&k->overlay);
        free(k->name);
        free(k);
    }
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* Under the lock. NULL without memory. */
static struct overlay *overlay_of(struct sets *s, const struct dataset *d)
{
    for (struct kept *k = s->kept; k; k = k->next) {
        if (k->type == d->type && strcmp(k->name, d->name) == 0)
            return k->overlay;
    }
    struct kept *k = calloc(1, sizeof(*k));
    if (!k)
        return NULL;
    k->name = strdup(d->name);
    k->type = d->type;
    k->overlay = overlay_new();
    if (!k->name || !k->overlay) {
        overlay_free(&k->overlay);
        free(k->name);
        free(k);
        return NULL;
    }
    k->next = s->kept;
    s->kept = k;
    return k->overlay;
}

bool sets_lay_over(struct sets *s, struct dataset *all)
{
    bool ok = true;

    pthread_mutex_lock(&s->lock);
    for (struct dataset *d = all; d && ok; d = d->next) {
        d->overlay = overlay_of(s, d);
        ok = d->overlay != NULL;
    }
    pthread_mutex_unlock(&s->lock);
    return ok;
}

/* ---- the host tier ------------------------------------------------------------------------ */

struct dataset_live *sets_begin(struct sets *s, const struct dataset *all)
{
    pthread_mutex_lock(&s->lock);
    struct dataset_live *live = dataset_live_new(all);
    if (live && s->live)
        dataset_live_take(live, s->live);
    if (live)
        s->live = live;
    pthread_mutex_unlock(&s->lock);
    return live;
}

void sets_end(struct sets *s, struct dataset_live **live)
{
    pthread_mutex_lock(&s->lock);
    if (s->live == *live)
        s->live = NULL;
    pthread_mutex_unlock(&s->lock);
    dataset_live_free(live);
}

bool sets_admit(struct sets *s, struct slice conditions)
{
    pthread_mutex_lock(&s->lock);
    bool admitted = s->live && dataset_live_admit(s->live, conditions);
    pthread_mutex_unlock(&s->lock);
    return admitted;
}

/* ---- commands ----------------------------------------------------------------------------- */

static struct dataset *find(const struct ruleset *rs, struct slice name, enum dataset_type type)
{
    for (struct dataset *d = rs->datasets; d; d = d->next) {
        if (d->type == type && slice_eq(name, slice_of_str(d->name)))
            return d;
    }
    return NULL;
}

/* Under the lock: as the rules see it. */
static const struct dataset *in_force(const struct sets *s, const struct dataset *d)
{
    const struct dataset *own = d->changes && s->live ? dataset_live_of(s->live, d) : NULL;

    return own ? own : d;
}

static enum sets_answer change(struct sets *s, struct dataset *d, struct slice value, bool there)
{
    struct dataset *own = d->changes && s->live ? dataset_live_of(s->live, d) : NULL;

    if (dataset_has(own ? own : d, value, NULL) == there)
        return SETS_AS_IT_WAS;
    if (!overlay_put(d->overlay, value, there, d->memcap))
        return SETS_FAILED;
    if (own && there && !dataset_add(own, value, 0))
        return SETS_FAILED;
    if (own && !there)
        dataset_remove(own, value);
    return SETS_DONE;
}

static enum sets_answer run(const struct ruleset *rs, struct dataset *d, enum sets_command command,
                            struct slice value)
{
    struct dataset *own;

    switch (command) {
    case SETS_ADD:
    case SETS_REMOVE:
        return change(rs->live_sets, d, value, command == SETS_ADD);
    case SETS_LOOKUP:
        return dataset_has(in_force(rs->live_sets, d), value, NULL) ? SETS_DONE : SETS_AS_IT_WAS;
    case SETS_CLEAR:
        overlay_clear(d->overlay);
        own = d->changes && rs->live_sets->live ? dataset_live_of(rs->live_sets->live, d) : NULL;
        if (own)
            dataset_clear(own);
        return SETS_DONE;
    }
    return SETS_FAILED;
}

enum sets_answer sets_run(const struct ruleset *rs, enum sets_command command, struct slice name,
                          struct slice type, struct slice text)
{
    uint8_t room[DATASET_VALUE_MAX];
    struct slice value = SLICE_NONE;
    enum dataset_type kind = dataset_type_of(type);

    if (kind == DATASET_NONE)
        return SETS_BAD_TYPE;
    struct dataset *d = find(rs, name, kind);
    if (!d)
        return SETS_NO_SET;
    if (command != SETS_CLEAR && !dataset_read(d, text, room, &value))
        return SETS_FAILED;
    pthread_mutex_lock(&rs->live_sets->lock);
    enum sets_answer answer = run(rs, d, command, value);
    pthread_mutex_unlock(&rs->live_sets->lock);
    return answer;
}

bool sets_dump(const struct ruleset *rs)
{
    struct sets *s = rs->live_sets;
    struct strbuf text;
    bool ok = true, told;

    strbuf_init(&text, 0);
    for (const struct dataset *d = rs->datasets; d; d = d->next) {
        if (!d->save)
            continue;
        strbuf_clear(&text);
        pthread_mutex_lock(&s->lock);
        told = !d->changes || s->live; /* what rules change was saved when the run ended */
        if (told)
            dataset_text(in_force(s, d), &text);
        pthread_mutex_unlock(&s->lock);
        ok = (!told || dataset_write(d->save, &text)) && ok; /* nobody waits for the disk */
    }
    strbuf_fini(&text);
    return ok;
}
