/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/incident/story_edit.h"

#include "common/addr.h"

#include <string.h>

/* ---- taking facts away ---- */

/* Facts move down over the dropped ones; children and proofs follow them. */
static void compact(struct story *story, const bool *drop)
{
    uint32_t at[STORY_FACTS_MAX], kept = 0;

    for (uint32_t i = 0; i < story->n_facts; i++) {
        at[i] = drop[i] ? UINT32_MAX : kept;
        if (!drop[i])
            story->facts[kept++] = story->facts[i];
    }
    for (uint32_t i = 0; i < kept; i++) {
        struct fact *f = &story->facts[i];
        uint32_t n = 0;
        for (uint32_t k = 0; k < f->n_children; k++) {
            if (at[f->children[k]] != UINT32_MAX)
                f->children[n++] = at[f->children[k]];
        }
        f->n_children = n;
    }
    uint32_t proofs = 0;
    for (uint32_t i = 0; i < story->n_proofs; i++) {
        struct story_proof p = story->proofs[i];
        p.fact = at[p.fact];
        if (p.fact != UINT32_MAX)
            story->proofs[proofs++] = p;
    }
    story->n_proofs = proofs;
    story->n_facts = kept;
}

static void measure(struct story *story)
{
    story->first_ns = 0;
    story->last_ns = 0;
    for (uint32_t i = 0; i < story->n_facts; i++) {
        const struct fact *f = &story->facts[i];
        if (!story->first_ns || f->first_ns < story->first_ns)
            story->first_ns = f->first_ns;
        story->last_ns = f->last_ns > story->last_ns ? f->last_ns : story->last_ns;
    }
    story->dirty = true;
    story->material = true;
}

static bool mentions(const struct story *story, const struct story_entity *e)
{
    for (uint32_t i = 0; i < story->n_facts && *e->ip; i++) {
        const struct fact *f = &story->facts[i];
        if (strcmp(f->text[FACT_SRC_IP], e->ip) == 0 || strcmp(f->text[FACT_DST_IP], e->ip) == 0)
            return true;
    }
    return false;
}

/* Hosts that no fact is about any more; the last one stays. */
static void drop_entities(struct story *story)
{
    struct story_entity kept[STORY_ENTITIES_MAX];
    uint32_t n = 0;

    for (uint32_t i = 0; i < story->n_entities; i++) {
        if (!*story->entities[i].ip || mentions(story, &story->entities[i]))
            kept[n++] = story->entities[i];
    }
    if (n == 0)
        return;
    memcpy(story->entities, kept, n * sizeof(kept[0]));
    story->n_entities = n;
}

/* ---- parting ---- */

static void add_host(struct story *story, const char *ip, const char *name)
{
    struct story_entity e = {.ip = ip, .name = name, .device = ""};

    if (*ip)
        story_add_entity(story, &e);
}

static bool is_inside(const char *ip)
{
    struct addr addr;

    return addr_parse(slice_of_str(ip), &addr) && addr_is_private(&addr);
}

void story_edit_add(struct story *story, const struct group_row *group)
{
    bool src = is_inside(group->src_ip), dst = is_inside(group->dst_ip);

    story_add_group(story, group, 0);
    if (src || !dst)
        add_host(story, group->src_ip, group->src_name);
    if (dst)
        add_host(story, group->dst_ip, group->dst_name);
}

static void take_entities(const struct story *from, struct story *into)
{
    for (uint32_t i = 0; i < from->n_entities; i++) {
        if (mentions(into, &from->entities[i]))
            story_add_entity(into, &from->entities[i]);
    }
    if (into->n_entities == 0 && into->n_facts)
        add_host(into, into->facts[0].text[FACT_SRC_IP], into->facts[0].text[FACT_SRC_NAME]);
    into->n_filled = into->n_entities;
}

uint32_t story_edit_part(struct story *from, struct story *into, const int64_t *groups, uint32_t n)
{
    bool drop[STORY_FACTS_MAX] = {false};
    uint32_t moved = 0;

    for (uint32_t i = 0; i < from->n_facts; i++) {
        const struct fact *f = &from->facts[i];
        for (uint32_t k = 0; k < n && f->kind == FACT_ALERT && !drop[i]; k++)
            drop[i] = f->group_id == groups[k];
        if (drop[i])
            story_add_fact(into, f);
        moved += drop[i];
    }
    take_entities(from, into);
    compact(from, drop);
    drop_entities(from);
    measure(from);
    return moved;
}

void story_edit_subtract(struct story *story, const struct story *other)
{
    bool drop[STORY_FACTS_MAX] = {false};

    for (uint32_t i = 0; i < story->n_facts; i++) {
        for (uint32_t k = 0; k < other->n_facts && !drop[i]; k++)
            drop[i] = strcmp(story->facts[i].key, other->facts[k].key) == 0;
    }
    compact(story, drop);
    measure(story);
}

/* ---- staying apart ---- */

static bool lists(const struct story *story, int64_t id)
{
    for (uint32_t i = 0; i < story->n_apart; i++) {
        if (story->apart[i] == id)
            return true;
    }
    return false;
}

bool story_edit_apart(const struct story *a, const struct story *b)
{
    return lists(a, b->id) || lists(b, a->id);
}

void story_edit_set_apart(struct story *a, struct story *b)
{
    if (b->id && a->n_apart < STORY_APART_MAX)
        a->apart[a->n_apart++] = b->id;
    if (a->id && b->n_apart < STORY_APART_MAX)
        b->apart[b->n_apart++] = a->id;
}

bool story_edit_has(const struct story *story, int64_t group_id)
{
    for (uint32_t i = 0; i < story->n_facts; i++) {
        if (story->facts[i].kind == FACT_ALERT && story->facts[i].group_id == group_id)
            return true;
    }
    return false;
}
