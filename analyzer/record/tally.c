/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/record/tally.h"
#include "common/arena.h"
#include "common/check.h"
#include "common/hash.h"

#include <stdlib.h>

enum { SLOTS = 32768 }; /* a power of two above TALLY_MAX */

struct row {
    const char *en, *vi; /* NULL = free */
    int64_t n;
};

struct tally {
    struct arena arena;
    struct row rows[SLOTS]; /* open addressing by the hash of `en` */
    uint32_t n;
};

struct tally *tally_new(void)
{
    struct tally *tally = calloc(1, sizeof(*tally));

    CHECK(tally);
    arena_init(&tally->arena, 4096, 0);
    return tally;
}

void tally_free(struct tally **tally)
{
    arena_fini(&(*tally)->arena);
    free(*tally);
    *tally = NULL;
}

void tally_add(struct tally *tally, struct slice en, struct slice vi, int64_t n)
{
    uint32_t at = (uint32_t)hash_bytes(en, 0) & (SLOTS - 1);

    while (tally->rows[at].en && !slice_eq(slice_of_str(tally->rows[at].en), en))
        at = (at + 1) & (SLOTS - 1);
    if (!tally->rows[at].en) {
        if (tally->n == TALLY_MAX)
            return;
        tally->rows[at].en = arena_str(&tally->arena, en);
        tally->rows[at].vi = arena_str(&tally->arena, vi);
        CHECK(tally->rows[at].en && tally->rows[at].vi);
        tally->n++;
    }
    tally->rows[at].n += n;
}

static int by_count(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;

    if (!x->en || !y->en)
        return (x->en == NULL) - (y->en == NULL);
    return x->n != y->n ? (y->n > x->n) - (y->n < x->n) : strcmp(x->en, y->en);
}

void tally_write(struct tally *tally, struct jsonw *w, const char *key)
{
    qsort(tally->rows, SLOTS, sizeof(tally->rows[0]), by_count);
    jsonw_arr_open(w, key);
    for (uint32_t i = 0; i < TALLY_TOLD && tally->rows[i].en; i++) {
        jsonw_obj_open(w, NULL);
        jsonw_obj_open(w, "name");
        jsonw_str(w, "en", tally->rows[i].en);
        jsonw_str(w, "vi", tally->rows[i].vi);
        jsonw_obj_close(w);
        jsonw_i64(w, "count", tally->rows[i].n);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}
