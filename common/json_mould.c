/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mould is a row of values: the root, then the children of each object or array that a changing
 * scalar lies in, list after list. A cast is a copy of the row in which those lists are linked
 * anew; all else points to the first tree.
 */
#include "common/json_mould.h"
#include "common/json_tree.h"

#include <string.h>

enum { LISTS_MOST = JSON_MOULD_MOST + 1, ROW_MOST = 4096 };

/* Children of one value: row[from .. from + n). */
struct list {
    uint32_t parent, from, n;
};

struct json_mould {
    struct json *row;
    uint32_t n;
    struct list lists[LISTS_MOST];
    uint32_t n_lists;
    uint32_t places[JSON_MOULD_MOST];
    uint32_t n_places;
};

static bool holds(const struct json *v, const struct json *const *changing, uint32_t n)
{
    for (const struct json *c = json_first(v); c; c = c->next) {
        for (uint32_t i = 0; i < n; i++)
            if (c == changing[i])
                return true;
        if (holds(c, changing, n))
            return true;
    }
    return false;
}

static bool add_list(struct json_mould *m, uint32_t parent, const struct json *v)
{
    uint32_t n = json_count(v);

    if (m->n_lists == LISTS_MOST || n > ROW_MOST - m->n)
        return false;
    m->lists[m->n_lists++] = (struct list){parent, m->n, n};
    m->n += n;
    return true;
}

/* Fills `first` with where the values of the row come from. */
static bool lay_out(struct json_mould *m, const struct json *tree,
                    const struct json *const *changing, uint32_t n, const struct json **first)
{
    uint32_t found = 0;

    m->n = 1;
    first[0] = tree;
    if (!holds(tree, changing, n) || !add_list(m, 0, tree))
        return false;
    for (uint32_t k = 0; k < m->n_lists; k++) {
        uint32_t at = m->lists[k].from;
        for (const struct json *c = first[m->lists[k].parent]->child; c; c = c->next, at++) {
            first[at] = c;
            if (holds(c, changing, n) && !add_list(m, at, c))
                return false;
            for (uint32_t i = 0; i < n; i++) {
                if (c == changing[i]) {
                    m->places[i] = at;
                    found++;
                }
            }
        }
    }
    return found == n;
}

const struct json_mould *json_mould_of(const struct json *tree, const struct json *const *changing,
                                       uint32_t n, struct arena *arena)
{
    const struct json *first[ROW_MOST];
    struct json_mould *m = arena_alloc(arena, sizeof(*m));

    if (!m || n == 0 || n > JSON_MOULD_MOST || !lay_out(m, tree, changing, n, first))
        return NULL;
    m->n_places = n;
    m->row = arena_alloc(arena, m->n * sizeof(*m->row));
    for (uint32_t i = 0; m->row && i < m->n; i++)
        m->row[i] = *first[i];
    return m->row ? m : NULL;
}

const struct json *json_mould_cast(const struct json_mould *m, const struct json_cast *values,
                                   struct arena *arena)
{
    struct json *row = arena_alloc(arena, m->n * sizeof(*row));

    if (!row)
        return NULL;
    memcpy(row, m->row, m->n * sizeof(*row));
    row[0].memory = JSON_IN_ARENA;
    for (uint32_t k = 0; k < m->n_lists; k++) {
        struct json *list = row + m->lists[k].from;
        uint32_t n = m->lists[k].n;
        row[m->lists[k].parent].child = list;
        row[m->lists[k].parent].last = list + n - 1;
        for (uint32_t i = 0; i + 1 < n; i++)
            list[i].next = list + i + 1;
    }
    for (uint32_t i = 0; i < m->n_places; i++) {
        struct json *v = row + m->places[i];
        if (values[i].text) {
            v->text = values[i].text;
            v->text_len = values[i].len;
        } else {
            v->number = values[i].number;
        }
    }
    return row;
}
