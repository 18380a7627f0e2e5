/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dearest rules: what the workers' rules have cost, added up, the ten with the most steps
 * (sensor/detect/cost.h). For stats, ctl and Prometheus.
 */
#ifndef TRAMGAC_SENSOR_RUN_DEAR_H
#define TRAMGAC_SENSOR_RUN_DEAR_H

#include "common/jsonw.h"
#include "sensor/run/round.h"

enum { DEAR_RULES = 10, DEAR_TEXT = 96 };

struct dear {
    uint32_t n;
    struct dear_rule {
        uint32_t gid, sid, matches, limited, suspended;
        uint64_t steps, checks;
        char msg[DEAR_TEXT];
    } rule[DEAR_RULES]; /* most steps first */
};

/** Adds up the parts of a round that wanted counters. Empty without rules or memory. */
void dear_sum(const struct round *round, uint32_t workers, const struct ruleset *ruleset,
              struct dear *dear);
/** Member "dearest" of the open object; nothing when empty. */
void dear_json(const struct dear *dear, struct jsonw *w);
/** Lines for Prometheus. */
void dear_metrics(const struct dear *dear, const char *sensor, struct strbuf *out);

#endif
