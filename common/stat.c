/* SPDX-License-Identifier: Apache-2.0 */
#include "common/stat.h"
#include "common/check.h"
#include "common/jsonw.h"

#include <stdio.h>
#include <stdlib.h>

static uint32_t rows_of(const struct counter *table)
{
    uint32_t n = 0;

    while (table[n].name)
        n++;
    return n;
}

static uint64_t *find(const struct stats *stats, const struct counter *table)
{
    for (uint32_t i = 0; i < stats->n; i++) {
        if (stats->tables[i] == table)
            return stats->values[i];
    }
    return NULL;
}

uint64_t *stats_add(struct stats *stats, const struct counter *table)
{
    uint64_t *values = find(stats, table);
    if (values)
        return values;
    CHECK(stats->n < STAT_TABLES_MAX);
    values = calloc(rows_of(table) + 1, sizeof(*values));
    CHECK(values);
    stats->tables[stats->n] = table;
    stats->values[stats->n++] = values;
    return values;
}

void stats_sum(struct stats *sum, const struct stats *one)
{
    for (uint32_t t = 0; t < one->n; t++) {
        uint64_t *into = stats_add(sum, one->tables[t]);
        uint32_t rows = rows_of(one->tables[t]);
        for (uint32_t i = 0; i < rows; i++)
            into[i] += one->values[t][i];
    }
}

uint64_t stats_value(const struct stats *stats, const char *name)
{
    uint64_t value = 0;

    for (uint32_t t = 0; t < stats->n; t++) {
        for (uint32_t i = 0; stats->tables[t][i].name; i++) {
            if (strcmp(stats->tables[t][i].name, name) == 0)
                value += stats->values[t][i];
        }
    }
    return value;
}

void stats_fini(struct stats *stats)
{
    for (uint32_t i = 0; i < stats->n; i++)
        free(stats->values[i]);
    *stats = (struct stats){0};
}

struct entry {
    const char *name;
    uint64_t value, before;
    struct slice json; /* instead of a value */
};

/* By name, a dot before all else, so that the members of one object stand together. */
static int by_name(const void *a, const void *b)
{
    const char *x = ((const struct entry *)a)->name;
    const char *y = ((const struct entry *)b)->name;

    while (*x && *x == *y)
        x++, y++;
    int cx = *x == '.' ? 1 : (unsigned char)*x;
    int cy = *y == '.' ? 1 : (unsigned char)*y;
    return cx - cy;
}

static void write_member(const struct entry *e, const char *name, bool deltas, struct jsonw *w)
{
    char key[96];

    if (e->json.len) {
        jsonw_raw(w, name, e->json);
        return;
    }
    jsonw_u64(w, name, e->value);
    if (!deltas)
        return;
    snprintf(key, sizeof(key), "%s_delta", name);
    jsonw_i64(w, key, (int64_t)(e->value - e->before));
}

/* Writes entries that share the first `skip` characters; returns the first that does not. */
static uint32_t write_level(const struct entry *e, uint32_t from, uint32_t n, size_t skip,
                            bool deltas, struct jsonw *w)
{
    const char *prefix = e[from].name;
    uint32_t i = from;

    while (i < n && strncmp(e[i].name, prefix, skip) == 0) {
        const char *rest = e[i].name + skip;
        const char *dot = strchr(rest, '.');
        if (dot) {
            char key[64];
            size_t len =
                (size_t)(dot - rest) < sizeof(key) ? (size_t)(dot - rest) : sizeof(key) - 1;
            memcpy(key, rest, len);
            key[len] = '\0';
            jsonw_obj_open(w, key);
            i = write_level(e, i, n, skip + (size_t)(dot - rest) + 1, deltas, w);
            jsonw_obj_close(w);
            continue;
        }
        struct entry all = e[i];
        while (i + 1 < n && strcmp(e[i + 1].name, all.name) == 0) {
            i++; /* two modules may share a counter */
            all.value += e[i].value;
            all.before += e[i].before;
        }
        write_member(&all, rest, deltas, w);
        i++;
    }
    return i;
}

void stats_json_more(const struct stats *stats, const struct stats *before,
                     const struct stats_more *more, struct jsonw *w)
{
    uint32_t n = more && more->name ? 1 : 0;

    for (uint32_t t = 0; t < stats->n; t++)
        n += rows_of(stats->tables[t]);
    struct entry *e = n ? calloc(n, sizeof(*e)) : NULL;
    if (!e)
        return;
    uint32_t at = 0;
    for (uint32_t t = 0; t < stats->n; t++) {
        const uint64_t *was = before ? find(before, stats->tables[t]) : NULL;
        for (uint32_t i = 0; stats->tables[t][i].name; i++)
            e[at++] = (struct entry){.name = stats->tables[t][i].name,
                                     .value = stats->values[t][i],
                                     .before = was ? was[i] : 0};
    }
    if (at < n)
        e[at] = (struct entry){.name = more->name, .json = more->json};
    qsort(e, n, sizeof(*e), by_name);
    write_level(e, 0, n, 0, before != NULL, w);
    free(e);
}

void stats_json(const struct stats *stats, struct jsonw *w)
{
    stats_json_more(stats, NULL, NULL, w);
}
