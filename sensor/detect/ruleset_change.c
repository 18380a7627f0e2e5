/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stays when rules are loaded again, and what a reload has changed.
 *
 * States of flows, transactions and hosts name rules by uid and flowbits, flowints and xbits by
 * number. Both outlive a ruleset: the new one is loaded with the numbers of the one before, and a
 * rule whose text is the same keeps its uid. So nothing has to be walked when the sets change
 * places. A rule that was changed is a new one to flows; its thresholds, counted by gid and sid,
 * stay.
 */
#include "sensor/detect/ruleset.h"

#include "common/hash.h"
#include "common/jsonw.h"

#include <stdlib.h>

static struct intern *table(const struct loader *loader, uint32_t i)
{
    const struct intern *all[RULESET_NAMES] = {&loader->flowbits, &loader->flowints, &loader->xbits,
                                               &loader->vars};

    return (struct intern *)(uintptr_t)all[i];
}

void ruleset_change_seed_names(struct loader *loader, const struct ruleset *before)
{
    for (uint32_t t = 0; before && t < RULESET_NAMES; t++) {
        for (uint32_t i = 0; i < before->names[t].n; i++)
            intern_get(table(loader, t), before->names[t].at[i]);
    }
}

void ruleset_change_keep_names(struct ruleset *rs, const struct loader *loader)
{
    for (uint32_t t = 0; t < RULESET_NAMES; t++) {
        const struct intern *from = table(loader, t);
        struct slice *at = arena_alloc(&rs->arena, (from->n + 1) * sizeof(*at));
        if (!at)
            abort();
        for (uint32_t i = 0; i < from->room; i++) {
            if (from->slots[i].text.at)
                at[from->slots[i].id] = from->slots[i].text;
        }
        rs->names[t] = (struct names){from->n, at};
    }
}

static uint32_t slot_of(const struct known_rules *k, struct slice text)
{
    return (uint32_t)hash_bytes(text, 0) & (k->room - 1);
}

void ruleset_change_know(struct known_rules *k, const struct ruleset *of)
{
    *k = (struct known_rules){.of = of};
    if (!of || !of->n)
        return;
    for (k->room = 16; k->room < of->n * 2;)
        k->room *= 2;
    k->slots = calloc(k->room, sizeof(*k->slots));
    if (!k->slots)
        abort();
    for (uint32_t i = 0; i < of->n; i++) {
        uint32_t s = slot_of(k, slice_of_str(of->rules[i].info.text));
        while (k->slots[s])
            s = (s + 1) & (k->room - 1);
        k->slots[s] = i + 1;
    }
}

const struct rule *ruleset_change_same(const struct known_rules *k, struct slice text)
{
    for (uint32_t s = k->room ? slot_of(k, text) : 0; k->room && k->slots[s];
         s = (s + 1) & (k->room - 1)) {
        const struct rule *r = &k->of->rules[k->slots[s] - 1];
        if (slice_eq(slice_of_str(r->info.text), text))
            return r->beside ? NULL : r;
    }
    return NULL;
}

static bool same_text(const struct rule *a, const struct rule *b)
{
    return a->info.text == b->info.text || strcmp(a->info.text, b->info.text) == 0;
}

void ruleset_change_uids(struct ruleset *rs, const struct ruleset *before,
                         const struct sid_index *sids, struct rule *rules, uint32_t n)
{
    rs->generation = before ? before->generation + 1 : 1;
    rs->n_uids = before ? before->n_uids : 0;
    for (uint32_t i = 0; i < n; i++)
        rules[i].uid = RULE_GONE;
    for (uint32_t i = 0; before && i < before->n; i++) {
        const struct rule *old = &before->rules[i];
        uint32_t at = sid_index_find(sids, rules, old->info.gid, old->info.sid, n);
        if (at < n && same_text(&rules[at], old))
            rules[at].uid = old->uid;
    }
}

void ruleset_change_freeze(struct ruleset *rs)
{
    for (uint32_t i = 0; i < rs->n; i++) {
        if (rs->rules[i].uid == RULE_GONE)
            rs->rules[i].uid = rs->n_uids++;
    }
    rs->index_of = malloc((rs->n_uids + 1) * sizeof(*rs->index_of));
    if (!rs->index_of)
        abort();
    memset(rs->index_of, 0xff, (rs->n_uids + 1) * sizeof(*rs->index_of));
    for (uint32_t i = 0; i < rs->n; i++)
        rs->index_of[rs->rules[i].uid] = i;
}

uint32_t ruleset_generation(const struct ruleset *rs)
{
    return rs->generation;
}

/* ---- what has changed --------------------------------------------------------------------- */

/* A rule, or a line that was put aside, of one of the two sets. */
struct entry {
    uint32_t gid, sid, uid;
    bool bad;
};

struct entries {
    struct entry *at;
    uint32_t n;
};

static int by_sid(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->bad != y->bad)
        return x->bad ? 1 : -1;
    if (x->sid != y->sid)
        return x->sid < y->sid ? -1 : 1;
    return x->gid < y->gid ? -1 : x->gid > y->gid;
}

static struct entries entries_of(const struct ruleset *rs)
{
    struct entries e = {calloc(rs->n + rs->n_bad + 1, sizeof(struct entry)), 0};

    if (!e.at)
        abort();
    for (uint32_t i = 0; i < rs->n; i++)
        e.at[e.n++] =
            (struct entry){rs->rules[i].info.gid, rs->rules[i].info.sid, rs->rules[i].uid, false};
    for (uint32_t i = 0; i < rs->n_bad; i++)
        e.at[e.n++] = (struct entry){.sid = rs->bad[i].sid, .bad = true};
    qsort(e.at, e.n, sizeof(*e.at), by_sid);
    return e;
}

enum change { ADDED, REMOVED, MODIFIED, BROKEN, MENDED, CHANGES };

static enum change kind_of(const struct entry *old, const struct entry *now, int c)
{
    if (c < 0)
        return old->bad ? MENDED : REMOVED;
    if (c > 0)
        return now->bad ? BROKEN : ADDED;
    return !now->bad && now->uid != old->uid ? MODIFIED : CHANGES;
}

/* Walks both sorted lists side by side; `list` NULL: counts only. */
static uint32_t walk(const struct entries *old, const struct entries *now, enum change what,
                     struct jsonw *list)
{
    uint32_t i = 0, k = 0, n = 0;

    while (i < old->n || k < now->n) {
        const struct entry *o = i < old->n ? &old->at[i] : NULL;
        const struct entry *w = k < now->n ? &now->at[k] : NULL;
        int c = !o ? 1 : !w ? -1 : by_sid(o, w);
        enum change is = kind_of(o, w, c);
        i += c <= 0;
        k += c >= 0;
        if (is != what)
            continue;
        if (list && n < RULESET_SIDS_MAX)
            jsonw_u64(list, NULL, c < 0 ? o->sid : w->sid);
        n++;
    }
    return n;
}

struct ruleset_change ruleset_changes(const struct ruleset *before, const struct ruleset *rs,
                                      struct jsonw *w)
{
    static const char *const names[CHANGES] = {"added", "removed", "modified", "quarantined",
                                               "mended"};
    static const char *const lists[CHANGES] = {"added_sids", "removed_sids", "modified_sids",
                                               "quarantined_sids", "mended_sids"};
    struct entries old = entries_of(before), now = entries_of(rs);
    uint32_t n[CHANGES];

    for (uint32_t c = 0; c < CHANGES; c++) {
        n[c] = walk(&old, &now, (enum change)c, NULL);
        if (!w)
            continue;
        jsonw_u64(w, names[c], n[c]);
        if (!n[c])
            continue;
        jsonw_arr_open(w, lists[c]);
        walk(&old, &now, (enum change)c, w);
        jsonw_arr_close(w);
    }
    free(old.at);
    free(now.at);
    return (struct ruleset_change){n[ADDED], n[REMOVED], n[MODIFIED], n[BROKEN], n[MENDED]};
}
