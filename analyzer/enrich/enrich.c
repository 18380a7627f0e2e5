/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The row of enrichers, one after another over each record.
 */
#include "analyzer/enrich/enrich.h"
#include "common/check.h"

#include <stdlib.h>

enum { ENRICHERS_MAX = 32 };

struct enrich {
    void *self[ENRICHERS_MAX];
};

enum err enrich_new(const struct conf *conf, struct enrich **enrich, struct strbuf *report)
{
    struct enrich *e = calloc(1, sizeof(*e));
    CHECK(e);
    enum err first = ERR_OK;

    for (uint32_t i = 0; enr_rows[i]; i++) {
        CHECK(i < ENRICHERS_MAX);
        enum err err = enr_rows[i]->open(conf, &e->self[i], report);
        if (err && !first)
            first = err;
    }
    *enrich = e;
    return first;
}

void enrich_free(struct enrich **enrich)
{
    if (!*enrich)
        return;
    for (uint32_t i = 0; enr_rows[i]; i++)
        if ((*enrich)->self[i])
            enr_rows[i]->close((*enrich)->self[i]);
    free(*enrich);
    *enrich = NULL;
}

void enrich_about(const struct enrich *enrich, struct strbuf *json)
{
    for (uint32_t i = 0; enr_rows[i]; i++) {
        if (!enrich->self[i] || !enr_rows[i]->about)
            continue;
        strbuf_char(json, ',');
        enr_rows[i]->about(enrich->self[i], json);
    }
}

void enrich_record(struct enrich *enrich, struct batch *batch, struct record *r)
{
    for (uint32_t i = 0; enr_rows[i]; i++)
        if (enrich->self[i])
            enr_rows[i]->apply(enrich->self[i], batch, r);
}
