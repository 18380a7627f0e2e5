/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adds what the analyzer knows: zones, roles and assets (site.yaml), devices learnt, countries,
 * ATT&CK. One source a row (enr_*.c). An enricher fills only what is still empty and never drops a
 * record. Loaded at start; replaced as a whole on reload.
 */
#ifndef TRAMGAC_ANALYZER_ENRICH_ENRICH_H
#define TRAMGAC_ANALYZER_ENRICH_ENRICH_H

#include "analyzer/record/record.h"
#include "common/conf.h"
#include "common/strbuf.h"

struct enricher_def {
    const char *name;
    const char *doc;
    const struct option *options;
    /** State of this enricher; *self NULL = nothing configured. Faults are lines in `report`. */
    enum err (*open)(const struct conf *conf, void **self, struct strbuf *report);
    void (*apply)(void *self, struct batch *batch, struct record *r);
    void (*close)(void *self);
    /** Appends one member of an object: what is loaded. Any thread. NULL: nothing to say. */
    void (*about)(void *self, struct strbuf *json);
};

extern const struct enricher_def *const enr_rows[];

struct enrich;

enum err enrich_new(const struct conf *conf, struct enrich **enrich, struct strbuf *report);
void enrich_free(struct enrich **enrich);
/** Appends members of an object, with a comma before each. Any thread. */
void enrich_about(const struct enrich *enrich, struct strbuf *json);
/** All rows in file-name order over one record. */
void enrich_record(struct enrich *enrich, struct batch *batch, struct record *r);

#endif
