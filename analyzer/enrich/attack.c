/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of attack.json: {"tactics":[{"id","lane","order","name":{en,vi}}],
 * "techniques":[{"id","lane","name":{en,vi},"tactics":[...]}]}. Sorted by id for the look-up.
 */
#include "analyzer/enrich/attack.h"
#include "common/arena.h"
#include "common/check.h"
#include "common/json.h"

#include <stdlib.h>

enum { ATTACK_FILE_MAX = 16 << 20 };

struct attack {
    struct arena arena;
    struct attack_technique *techniques;
    uint32_t n_techniques;
    struct attack_tactic *tactics;
    uint32_t n_tactics;
};

static const char *keep(struct attack *a, const struct json *v)
{
    const char *text = arena_str(&a->arena, json_text(v));
    return text ? text : "";
}

static bool is_ics(const struct json *v)
{
    return strcmp(json_str(json_get(v, "lane"), ""), "ics") == 0;
}

static const char *join(struct attack *a, const struct json *list)
{
    struct strbuf text;
    strbuf_init(&text, 0);
    for (const struct json *c = json_first(list); c; c = json_next(c)) {
        if (text.len)
            strbuf_char(&text, ' ');
        strbuf_slice(&text, json_text(c));
    }
    const char *kept = arena_str(&a->arena, strbuf_view(&text));
    strbuf_fini(&text);
    return kept ? kept : "";
}

static int technique_cmp(const void *a, const void *b)
{
    const struct attack_technique *x = a, *y = b;
    return strcmp(x->id, y->id);
}

static void read_tactics(struct attack *a, const struct json *list)
{
    a->tactics = arena_alloc(&a->arena, (json_count(list) + 1) * sizeof(*a->tactics));
    CHECK(a->tactics);
    for (const struct json *v = json_first(list); v; v = json_next(v)) {
        const struct json *name = json_get(v, "name");
        int64_t order = json_i64(json_get(v, "order"), 0);
        a->tactics[a->n_tactics++] =
            (struct attack_tactic){keep(a, json_get(v, "id")), keep(a, json_get(name, "en")),
                                   keep(a, json_get(name, "vi")), (uint32_t)order, is_ics(v)};
    }
}

static void read_techniques(struct attack *a, const struct json *list)
{
    a->techniques = arena_alloc(&a->arena, (json_count(list) + 1) * sizeof(*a->techniques));
    CHECK(a->techniques);
    for (const struct json *v = json_first(list); v; v = json_next(v)) {
        const struct json *name = json_get(v, "name");
        a->techniques[a->n_techniques++] = (struct attack_technique){
            keep(a, json_get(v, "id")), keep(a, json_get(name, "en")),
            keep(a, json_get(name, "vi")), join(a, json_get(v, "tactics")), is_ics(v)};
    }
    qsort(a->techniques, a->n_techniques, sizeof(*a->techniques), technique_cmp);
}

enum err attack_load(const char *path, struct attack **attack, struct strbuf *report)
{
    struct json *tree = NULL;
    struct json_fault fault = {0};
    enum err err = json_load(path, ATTACK_FILE_MAX, &tree, &fault);

    *attack = NULL;
    if (err == ERR_NOTFOUND)
        return ERR_OK;
    if (err) {
        strbuf_fmt(report, "%s:%u: %s\n", path, fault.line, fault.text);
        return err;
    }
    struct attack *a = calloc(1, sizeof(*a));
    CHECK(a);
    arena_init(&a->arena, 65536, 0);
    read_tactics(a, json_get(tree, "tactics"));
    read_techniques(a, json_get(tree, "techniques"));
    json_free(&tree);
    *attack = a;
    return ERR_OK;
}

void attack_free(struct attack **attack)
{
    if (!*attack)
        return;
    arena_fini(&(*attack)->arena);
    free(*attack);
    *attack = NULL;
}

static const struct attack_technique *find_exact(const struct attack *a, const char *id)
{
    struct attack_technique key = {.id = id};
    return bsearch(&key, a->techniques, a->n_techniques, sizeof(key), technique_cmp);
}

const struct attack_technique *attack_find(const struct attack *attack, const char *id)
{
    char parent[16];
    const char *dot = strchr(id, '.');

    if (!attack)
        return NULL;
    const struct attack_technique *t = find_exact(attack, id);
    if (t || !dot || (size_t)(dot - id) >= sizeof(parent))
        return t;
    memcpy(parent, id, (size_t)(dot - id));
    parent[dot - id] = '\0';
    return find_exact(attack, parent);
}

const struct attack_tactic *attack_find_tactic(const struct attack *attack, const char *id)
{
    for (uint32_t i = 0; attack && i < attack->n_tactics; i++)
        if (strcmp(attack->tactics[i].id, id) == 0)
            return &attack->tactics[i];
    return NULL;
}

const struct attack_tactic *attack_tactic_at(const struct attack *attack, uint32_t i)
{
    return attack && i < attack->n_tactics ? &attack->tactics[i] : NULL;
}

uint32_t attack_count(const struct attack *attack)
{
    return attack ? attack->n_techniques : 0;
}
