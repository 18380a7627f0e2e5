/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host tier: merges the workers' items by frame number, decides what concerns more than one
 * flow (thresholds, devices), adds names and places to both ends of each event, and writes.
 */
#ifndef TRAMGAC_SENSOR_RUN_TAIL_H
#define TRAMGAC_SENSOR_RUN_TAIL_H

#include "common/conf.h"
#include "sensor/run/board.h"
#include "sensor/run/round.h"

extern const struct option tail_options[];
extern const struct counter tail_counters[];

struct tail;

struct explain;

struct tail_plan {
    const struct conf *conf;
    const struct ruleset *ruleset; /* NULL: no detection */
    const char *sensor;
    const char *dir;           /* of the outputs */
    const char *const *ifaces; /* names by frame.iface, ended by NULL; or NULL */
    bool replay;
    uint32_t workers;
    struct board *board;     /* gets the counters; NULL: nobody asks */
    struct reload *reload;   /* hears when new rules are in force; NULL: no rules */
    struct explain *explain; /* NULL: no rule is explained */
};

/** Opens profiles, geography and outputs; faults are appended to `report`, a line each. */
enum err tail_new(const struct tail_plan *plan, struct tail **tail, struct strbuf *report);
void tail_free(struct tail **tail);

void tail_round(struct tail *tail, const struct round *round);

struct tail_rule_count {
    const struct rule_info *rule;
    uint64_t alerts;
};

/** For the summary. */
struct tail_state {
    uint64_t events, alerts;
    uint64_t by_severity[5]; /* alerts and deviations; 0 = none given */
    uint64_t deviations, device_changes;
};
struct tail_state tail_state(const struct tail *tail);
/** The rules with the most alerts, most first; returns how many. */
uint32_t tail_top_rules(const struct tail *tail, struct tail_rule_count *top, uint32_t most);

#endif
