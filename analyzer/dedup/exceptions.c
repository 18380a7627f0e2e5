/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/dedup/exceptions.h"
#include "analyzer/search/match.h"
#include "common/check.h"

#include <stdlib.h>

const struct counter exceptions_counters[] = {
    [EXCEPTIONS_HIDDEN] = {"exceptions.hidden", "Alerts that an exception kept out of the inbox."},
    [EXCEPTIONS_EXPIRED] = {"exceptions.expired",
                            "Alerts that only an expired exception would have hidden."},
    [EXCEPTIONS_WRONG] = {"exceptions.wrong",
                          "Exceptions left out because their search cannot be read."},
    [EXCEPTIONS_COUNTERS] = COUNTER_END};

struct compiled {
    int64_t id;
    const char *sites;
    uint64_t expires_ns;
    const struct search_node *root;
    int64_t hits; /* of this batch */
    uint64_t last_ns;
};

struct exceptions {
    struct arena arena;
    struct compiled *at;
    uint32_t n;
    int64_t edition; /* -1: nothing was read */
};

struct exceptions *exceptions_new(void)
{
    struct exceptions *e = calloc(1, sizeof(*e));

    CHECK(e);
    arena_init(&e->arena, 65536, 0);
    e->edition = -1;
    return e;
}

void exceptions_free(struct exceptions **exceptions)
{
    if (*exceptions)
        arena_fini(&(*exceptions)->arena);
    free(*exceptions);
    *exceptions = NULL;
}

static enum err compile(struct exceptions *e, struct store *store, uint64_t now_ns,
                        uint64_t *counters)
{
    struct exception_row *rows = NULL;
    uint32_t n = 0;

    arena_reset(&e->arena);
    e->n = 0;
    enum err err = db_exceptions_list(store, &e->arena, &rows, &n);
    if (err)
        return err;
    e->at = arena_alloc(&e->arena, (n + 1) * sizeof(*e->at));
    CHECK(e->at);
    for (uint32_t i = 0; i < n; i++) {
        struct search_fault fault;
        struct search search;
        if (!rows[i].enabled)
            continue;
        if (search_parse(rows[i].query, now_ns, &e->arena, &search, &fault)) {
            counters[EXCEPTIONS_WRONG]++;
            continue;
        }
        e->at[e->n++] = (struct compiled){.id = rows[i].id,
                                          .sites = rows[i].sites,
                                          .expires_ns = rows[i].expires_ns,
                                          .root = search.root};
    }
    return ERR_OK;
}

bool exceptions_site(const char *sites, const char *site)
{
    size_t len = strlen(site);

    if (!*sites)
        return true;
    for (const char *at = sites; *at;) {
        size_t n = strcspn(at, " ");
        if (n == len && memcmp(at, site, n) == 0)
            return true;
        at += n + (at[n] == ' ');
    }
    return false;
}

static void apply(struct exceptions *e, struct record *r, uint64_t now_ns, uint64_t *counters)
{
    bool expired = false;

    for (uint32_t i = 0; i < e->n; i++) {
        struct compiled *c = &e->at[i];
        if (!exceptions_site(c->sites, r->site) || !match_record(c->root, r))
            continue;
        if (c->expires_ns && c->expires_ns <= now_ns) {
            expired = true;
            continue;
        }
        r->exception_id = c->id;
        c->hits++;
        c->last_ns = r->ts_ns > c->last_ns ? r->ts_ns : c->last_ns;
        counters[EXCEPTIONS_HIDDEN]++;
        return;
    }
    counters[EXCEPTIONS_EXPIRED] += expired;
}

enum err exceptions_batch(struct exceptions *e, struct store *store, struct batch *batch,
                          uint64_t now_ns, uint64_t *counters)
{
    int64_t edition = 0;
    enum err err = db_exceptions_edition(store, &edition);

    if (!err && edition != e->edition) {
        e->edition = -1;
        err = compile(e, store, now_ns, counters);
        e->edition = err ? -1 : edition;
    }
    for (uint32_t i = 0; i < e->n; i++)
        e->at[i].hits = 0;
    for (uint32_t i = 0; !err && e->n && i < batch->n; i++) {
        if (batch->records[i].is_alert)
            apply(e, &batch->records[i], now_ns, counters);
    }
    for (uint32_t i = 0; !err && i < e->n; i++) {
        if (e->at[i].hits)
            err = db_exceptions_hit(store, e->at[i].id, e->at[i].hits, e->at[i].last_ns);
    }
    return err;
}
