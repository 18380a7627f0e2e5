/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Correlation: records in, hits of Sigma rules out.
 *
 * Time is event time. A hit of a correlation is decided at the time of an event that belongs to it,
 * over the window [t - timespan, t], both ends included. An event that comes late is put in its
 * place and every window it belongs to is looked at again, so the order of arrival between sensors
 * does not matter. After a hit the same group is silent for one timespan; late events can show that
 * it was met earlier, which is told too. Events of equal time have no order. One event counts once
 * per correlation, however many of its rules it fits. Conditions with an upper limit on a count
 * (lt, lte) or with an absence (`a and not b`) are decided when the window of the group's first
 * event is over: when the watermark, the oldest of the newest times of all sensors that are not
 * idle, has passed its end.
 *
 * Bounded: groups per rule, events per group; the group touched longest ago is given up first, and
 * counted. One thread.
 */
#ifndef TRAMGAC_ANALYZER_CORRELATE_CORRELATE_H
#define TRAMGAC_ANALYZER_CORRELATE_CORRELATE_H

#include "analyzer/correlate/evidence.h"
#include "analyzer/correlate/sigma.h"
#include "common/conf.h"
#include "common/stat.h"

/** One event in a group's window. */
struct corr_entry {
    uint64_t ts_ns;
    uint32_t stages; /* bit s: it fits rule s of the correlation */
    uint64_t value;  /* hash of the condition's fields */
    double number;   /* of the condition's field */
    struct evidence *evidence;
};

/** Entries in order of time; the last ones are the event(s) that the window ends with. */
struct corr_window {
    const struct corr_entry *at;
    uint32_t n;
};

struct corr_result {
    double value;                     /* what was held against the limits */
    uint32_t picks[SIGMA_STAGES_MAX]; /* entry that proves each stage, where that is known */
    uint32_t n_picks;                 /* 0 or the number of stages */
};

/** A correlation type. One row a file: corr_<type>.c. */
struct correlation_def {
    const char *name; /* value of `type` */
    const char *doc;
    const char *doc_vi;
    bool needs_field;     /* condition.field */
    bool numeric;         /* the field is a number */
    bool needs_condition; /* limits must be given */
    bool stages;          /* about different rules: two or more, condition over them */
    bool ends_with_last;  /* only an event of the last rule can complete it */
    bool counts;          /* lt, lte are decided at the end of the window */
    bool needs_percentile;
    bool ours; /* not of the specification */
    bool each; /* each event that meets it is told, also soon after another */
    bool sums; /* says that there is enough, not of what: its events name the incident */
    bool (*met)(const struct sigma_correlation *c, const struct corr_window *w,
                struct corr_result *result);
};

extern const struct correlation_def *const corr_rows[];

/** Whether `value` is within all limits of the condition. */
bool correlate_within(const struct sigma_correlation *c, double value);

enum { CORR_EVIDENCE_MAX = 24 };

/** A proof: event `evidence` fitted rule `stage`. */
struct corr_proof {
    uint32_t stage;
    const struct sigma_rule *rule;
    const struct evidence *evidence;
};

/** What fired. All of it is borrowed for the call. */
struct corr_hit {
    const struct sigma_rule *rule;
    const char *key; /* hexadecimal; the same rule, group and time give the same key */
    uint64_t ts_ns, first_ns;
    uint64_t n;   /* events in the window */
    double value; /* what was held against the limits */
    uint32_t n_groups;
    const char *const *group_names;
    const char *const *group_values;
    uint32_t n_proofs;
    const struct corr_proof *proofs; /* in order of time; the first and last of many */
};

typedef void correlate_emit(void *ctx, const struct corr_hit *hit);

enum {
    CORRELATE_RECORDS,
    CORRELATE_MATCHES,
    CORRELATE_HITS,
    CORRELATE_SILENT,
    CORRELATE_MISSING,
    CORRELATE_LATE,
    CORRELATE_TOO_LATE,
    CORRELATE_EVICTED,
    CORRELATE_TRIMMED,
    CORRELATE_COUNTERS,
};
extern const struct counter correlate_counters[];
extern const struct option correlate_options[];

struct correlate_limits {
    uint32_t groups_max;  /* of one rule */
    uint32_t entries_max; /* of one group */
    uint64_t late_ns;     /* an event this much older than its group's newest is still placed */
    uint64_t idle_ns;     /* a sensor this much behind does not hold the watermark back */
};

/** The limits of a configuration that has correlate_options. */
struct correlate_limits correlate_limits_of(const struct conf *conf);

struct correlator;

/** `set` must be frozen and outlive the correlator; `counters`: CORRELATE_COUNTERS values. */
struct correlator *correlate_new(const struct sigma_set *set, struct correlate_limits limits,
                                 uint64_t *counters);
void correlate_free(struct correlator **c);

/** One batch; hits are given in order of time. */
void correlate_batch(struct correlator *c, const struct batch *batch, correlate_emit *emit,
                     void *ctx);

/** Decides what waits for a deadline, as if all sensors had reached `ts_ns`. */
void correlate_deadlines(struct correlator *c, uint64_t ts_ns, correlate_emit *emit, void *ctx);

#define CORRELATE_END UINT64_MAX
/** No event came for `quiet_ns`: time goes on all the same, as for a sensor that is idle
 * (CORRELATE_END: none will come). True when something waits for a deadline before `*ts_ns`, which
 * is what time it must be by now. */
bool correlate_due(const struct correlator *c, uint64_t quiet_ns, uint64_t *ts_ns);

/*
 * State as named texts for the store's checkpoints, all names beginning with "corr/". Only what
 * changed since the last save is given. After a crash, or when a transaction failed: reset, then
 * restore each name that was kept. State of rules that are gone or were changed is not taken.
 */
struct correlate_sink {
    enum err (*put)(void *ctx, const char *name, struct slice bytes);
    enum err (*drop)(void *ctx, const char *name);
    void *ctx;
};
enum err correlate_save(struct correlator *c, const struct correlate_sink *sink);
void correlate_reset(struct correlator *c);
enum err correlate_restore(struct correlator *c, const char *name, struct slice bytes);

#endif
