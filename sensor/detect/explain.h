/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a rule did or did not fire. One rule is watched: after each packet it is compared once more
 * with all that the packet brought, condition by condition, without the prefilter, and how far it
 * came is kept for each flow. For one worker: who explains, replays with one.
 *
 * At most EXPLAIN_CASES_MAX flows and EXPLAIN_ALERTS_MAX hits are kept; the rest is counted.
 */
#ifndef TRAMGAC_SENSOR_DETECT_EXPLAIN_H
#define TRAMGAC_SENSOR_DETECT_EXPLAIN_H

#include "sensor/detect/detect.h"

enum { EXPLAIN_CASES_MAX = 65536, EXPLAIN_ALERTS_MAX = 1000 };

/** How far a rule came; the later, the nearer. */
enum explain_stage {
    EXPLAIN_PROTOCOL,  /* tcp, udp …, version of IP */
    EXPLAIN_APP,       /* application protocol */
    EXPLAIN_DIRECTION, /* flow:to_server … */
    EXPLAIN_ADDRESS,
    EXPLAIN_PORT,
    EXPLAIN_STATE,    /* options on packet and flow */
    EXPLAIN_BUFFER,   /* nothing to look at: no such buffer, no bytes */
    EXPLAIN_LITERAL,  /* the prefilter's literal does not stand in its buffer */
    EXPLAIN_OPTION,   /* an option on a buffer */
    EXPLAIN_WITHHELD, /* all conditions hold; another rule or a limit of the packet forbade it */
    EXPLAIN_HELD,     /* it fired; thresholds, suppressions or xbits held it back */
    EXPLAIN_ALERT,
    EXPLAIN_STAGES
};
const char *explain_stage_name(enum explain_stage stage);

/** What is asked. 0: any. */
struct explain_ask {
    uint32_t gid, sid;
    uint64_t packet, flow_id;
};

/** The best look at one flow (packet without one). With `packet` or `flow_id` asked for: at one
 * transaction and direction of it. */
struct explain_case {
    uint64_t key, flow_id, number, ts_ns;
    struct addr src, dst;
    uint16_t sport, dport;
    uint8_t proto;
    bool to_client, on_stream;
    int64_t tx; /* its id; -1 = none */
    const char *app;
    enum explain_stage stage;
    uint32_t step, looks;
    char condition[160]; /* the one that failed, as written in the rule */
    char buffer[48];     /* that it is about; "" = none */
    char why[200];
    struct match_step *steps; /* what held before it */
    uint32_t n_steps;
};

struct explain;
struct explain *explain_new(const struct explain_ask *ask);
void explain_free(struct explain **explain);

/** The rule, NULL when it is not among those loaded. */
const struct rule_info *explain_rule(const struct explain *explain);
/** Sentences on what the rule looks at: kind, directions, literal. */
void explain_describe(const struct explain *explain, struct strbuf *out);
uint64_t explain_packets(const struct explain *explain);
/** Nearest first; those that alerted are not among them. Sorts: for the end. */
const struct explain_case *explain_cases(struct explain *explain, uint32_t *n, uint64_t *lost);
/** Hits in order: stage WITHHELD, HELD or ALERT. */
const struct explain_case *explain_alerts(const struct explain *explain, uint32_t *n,
                                          uint64_t *lost);

/** The host tier's word on the hits of a flow, in their order. */
void explain_verdict(struct explain *explain, const struct rule_info *rule, uint64_t flow_id,
                     bool admitted);

/* ---- for matching --------------------------------------------------------------------------- */

struct rule;
bool explain_begin(struct explain *explain, const struct ruleset *ruleset);
void explain_fired(struct explain *explain, struct detect *detect, const struct rule *rule);
void explain_passed(struct explain *explain, struct detect *detect);
/** After all rules have been tried on a packet. */
void explain_look(struct explain *explain, struct detect *detect);

#endif
