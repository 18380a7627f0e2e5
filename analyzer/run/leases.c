/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/run/leases.h"
#include "analyzer/store/db_leases.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/jsonw.h"
#include "common/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* A member as we have watched it. */
struct watched {
    char name[LEASES_NAME_MAX];
    int64_t beat;
    uint64_t moved_ns; /* monotonic: when we first saw that beat */
};

struct held {
    const char *name;
    char holder[LEASES_NAME_MAX];
    int64_t token;
    bool ours;
};

struct leases {
    struct store *store;
    char name[LEASES_NAME_MAX], life[LEASES_NAME_MAX];
    uint64_t time_ns;
    pthread_mutex_t lock; /* of what follows */
    struct held held[LEASES_MAX];
    uint32_t n_held;
    struct watched watched[LEASES_MEMBERS_MAX];
    uint32_t n_watched;
    uint64_t until_ns; /* monotonic: how long we may believe in them */
    bool joined;
    bool out; /* another process took our name */
};

struct leases *leases_new(struct store *store, const char *name, const char *life,
                          const char *const *wanted, uint64_t time_ns)
{
    struct leases *l = calloc(1, sizeof(*l));

    CHECK(l && pthread_mutex_init(&l->lock, NULL) == 0);
    l->store = store;
    snprintf(l->name, sizeof(l->name), "%s", name);
    snprintf(l->life, sizeof(l->life), "%s", life);
    l->time_ns = time_ns;
    for (; *wanted; wanted++) {
        CHECK(l->n_held < LEASES_MAX);
        l->held[l->n_held++].name = *wanted;
    }
    return l;
}

void leases_free(struct leases **leases)
{
    if (!*leases)
        return;
    pthread_mutex_destroy(&(*leases)->lock);
    free(*leases);
    *leases = NULL;
}

const char *leases_name(const struct leases *leases)
{
    return leases->name;
}

/* ---- joining and beating */

static enum err join(struct leases *l, uint64_t now_ns)
{
    enum err err = db_leases_join(l->store, l->name, l->life, now_ns);

    for (uint32_t i = 0; !err && i < l->n_held; i++)
        err = db_leases_make(l->store, l->held[i].name);
    l->joined = err == ERR_OK;
    return err;
}

static void drop_all(struct leases *l)
{
    pthread_mutex_lock(&l->lock);
    for (uint32_t i = 0; i < l->n_held; i++)
        l->held[i].ours = false;
    l->until_ns = 0;
    pthread_mutex_unlock(&l->lock);
}

static enum err beat(struct leases *l, uint64_t now_ns)
{
    enum err err = l->joined ? db_leases_beat(l->store, l->name, l->life, now_ns) : join(l, now_ns);

    if (err != ERR_CONFLICT)
        return err;
    l->out = true;
    drop_all(l);
    log_say(LOG_FAULT,
            "another analyzer has the name \"%s\" in the cluster; this one stands aside until it "
            "is started again",
            l->name);
    return err;
}

/* ---- looking at the others */

static struct watched *watch_of(struct leases *l, const char *name)
{
    for (uint32_t i = 0; i < l->n_watched; i++)
        if (strcmp(l->watched[i].name, name) == 0)
            return &l->watched[i];
    if (l->n_watched == LEASES_MEMBERS_MAX)
        return NULL;
    struct watched *w = &l->watched[l->n_watched++];
    snprintf(w->name, sizeof(w->name), "%s", name);
    w->beat = -1;
    return w;
}

static void watch(struct leases *l, const struct member_row *rows, uint32_t n, uint64_t mono_ns)
{
    pthread_mutex_lock(&l->lock);
    for (uint32_t i = 0; i < n; i++) {
        struct watched *w = watch_of(l, rows[i].name);
        if (w && w->beat != rows[i].beat) {
            w->beat = rows[i].beat;
            w->moved_ns = mono_ns;
        }
    }
    pthread_mutex_unlock(&l->lock);
}

/* A holder that is no member is dead; one too many to be watched lives. */
static bool is_dead(const struct leases *l, const char *name, uint64_t mono_ns)
{
    for (uint32_t i = 0; i < l->n_watched; i++)
        if (strcmp(l->watched[i].name, name) == 0)
            return mono_ns - l->watched[i].moved_ns >= l->time_ns;
    return l->n_watched < LEASES_MEMBERS_MAX;
}

/* ---- taking */

static struct held *held_of(struct leases *l, const char *name)
{
    for (uint32_t i = 0; i < l->n_held; i++)
        if (strcmp(l->held[i].name, name) == 0)
            return &l->held[i];
    return NULL;
}

static void note(struct leases *l, struct held *h, const char *holder, int64_t token, bool ours)
{
    pthread_mutex_lock(&l->lock);
    snprintf(h->holder, sizeof(h->holder), "%s", holder);
    h->token = token;
    h->ours = ours;
    pthread_mutex_unlock(&l->lock);
}

/* What an older process of our name held is taken like that of a dead one, with a new token. */
static enum err look_at(struct leases *l, const struct lease_row *row, uint64_t now_ns,
                        uint64_t mono_ns)
{
    struct held *h = held_of(l, row->name);

    if (!h)
        return ERR_OK;
    bool named_us = strcmp(row->holder, l->name) == 0;
    if (named_us && h->ours && h->token == row->token)
        return ERR_OK;
    bool lost = h->ours;
    note(l, h, row->holder, row->token, false);
    if (lost)
        log_say(LOG_WARN, "the lease \"%s\" is %s's now", row->name, row->holder);
    if (*row->holder && !named_us && !is_dead(l, row->holder, mono_ns))
        return ERR_OK;
    enum err err = db_leases_take(l->store, row, l->name, now_ns);
    if (err)
        return err == ERR_CONFLICT ? ERR_OK : err;
    note(l, h, l->name, row->token + 1, true);
    log_say(LOG_NOTE, "the lease \"%s\" is ours%s%s", row->name,
            *row->holder && !named_us ? ", taken over from " : "",
            *row->holder && !named_us ? row->holder : "");
    return ERR_OK;
}

enum err leases_tick(struct leases *leases, uint64_t now_ns, uint64_t mono_ns)
{
    struct leases *l = leases;
    struct member_row *members = NULL;
    struct lease_row *rows = NULL;
    uint32_t n_members = 0, n_rows = 0;
    struct arena arena;

    if (l->out)
        return ERR_DENIED;
    enum err err = beat(l, now_ns);
    if (err)
        return err;
    arena_init(&arena, 4096, 0);
    err = db_leases_members(l->store, &arena, &members, &n_members);
    if (!err) {
        watch(l, members, n_members, mono_ns);
        err = db_leases_list(l->store, &arena, &rows, &n_rows);
    }
    for (uint32_t i = 0; !err && i < n_rows; i++)
        err = look_at(l, &rows[i], now_ns, mono_ns);
    arena_fini(&arena);
    if (!err) {
        pthread_mutex_lock(&l->lock);
        l->until_ns = mono_ns + l->time_ns / 4 * 3;
        pthread_mutex_unlock(&l->lock);
    }
    return err;
}

void leases_release(struct leases *leases)
{
    for (uint32_t i = 0; i < leases->n_held; i++) {
        struct held *h = &leases->held[i];
        if (h->ours)
            (void)db_leases_release(leases->store, h->name, leases->name, h->token);
    }
    drop_all(leases);
}

bool leases_held(struct leases *leases, const char *lease, uint64_t mono_ns, int64_t *token)
{
    pthread_mutex_lock(&leases->lock);
    const struct held *h = held_of(leases, lease);
    bool ours = h && h->ours && mono_ns < leases->until_ns;
    if (ours)
        *token = h->token;
    pthread_mutex_unlock(&leases->lock);
    return ours;
}

void leases_health(struct leases *leases, uint64_t mono_ns, struct strbuf *json)
{
    struct jsonw w;

    jsonw_init(&w, json);
    jsonw_str(&w, "name", leases->name);
    pthread_mutex_lock(&leases->lock);
    jsonw_obj_open(&w, "leases");
    for (uint32_t i = 0; i < leases->n_held; i++)
        jsonw_str(&w, leases->held[i].name, leases->held[i].holder);
    jsonw_obj_close(&w);
    jsonw_arr_open(&w, "members");
    for (uint32_t i = 0; i < leases->n_watched; i++) {
        jsonw_obj_open(&w, NULL);
        jsonw_str(&w, "name", leases->watched[i].name);
        jsonw_u64(&w, "silent_s", (mono_ns - leases->watched[i].moved_ns) / CLOCK_S);
        jsonw_obj_close(&w);
    }
    jsonw_arr_close(&w);
    pthread_mutex_unlock(&leases->lock);
}
