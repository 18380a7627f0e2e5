/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sigma rules (specification 2.1.0): detections on one event, filters, and correlations, as they
 * are after reading: immutable, in one arena, names resolved. Fields are those of record_field().
 *
 * A document that is wrong is put aside with file, line and reason; all others load. A correlation
 * that refers to one put aside is put aside too.
 */
#ifndef TRAMGAC_ANALYZER_CORRELATE_SIGMA_H
#define TRAMGAC_ANALYZER_CORRELATE_SIGMA_H

#include "analyzer/record/record.h"
#include "common/arena.h"

enum {
    SIGMA_RULES_MAX = 4096,
    SIGMA_FIELDS_MAX = 2048,
    SIGMA_STAGES_MAX = 16, /* rules of one correlation */
    SIGMA_GROUPS_MAX = 8,  /* fields of its group-by */
    SIGMA_VALUES_MAX = 4,  /* fields of its condition */
    SIGMA_ATTACK_MAX = 12,
    SIGMA_FAULTS_MAX = 1000,
    SIGMA_FAULT_TEXT = 240,
    SIGMA_NAME_MAX = 256,
    SIGMA_DEPTH_MAX = 32, /* parentheses of a condition; links of a chain */
    SIGMA_FILE_MAX = 8 << 20,
    SIGMA_FILTERS_MAX = 512,
};

/** One value a field is held against. */
struct sigma_test;

enum sigma_node_kind { SIGMA_AT_LEAST, SIGMA_NOT, SIGMA_TEST };

/** A condition: at least `need` of the children hold (1 = or, n = and), none holds, or a test. */
struct sigma_node {
    enum sigma_node_kind kind;
    uint32_t need;
    uint32_t n;
    const struct sigma_node **kids;
    const struct sigma_test *test;
};

enum corr_op { CORR_GT, CORR_GTE, CORR_LT, CORR_LTE, CORR_EQ, CORR_NEQ };
enum { CORR_OPS = 6 };

struct correlation_def;

/** The `correlation` part of a rule. */
struct sigma_correlation {
    const struct correlation_def *def;
    uint32_t n_rules;
    const char *rule_names[SIGMA_STAGES_MAX]; /* as written */
    uint32_t rules[SIGMA_STAGES_MAX];         /* indexes in the set */
    uint64_t span_ns;
    uint32_t n_groups;
    const char *groups[SIGMA_GROUPS_MAX]; /* names of fields or aliases */
    /* Field that gives group g for stage s: index in the set. */
    uint32_t group_fields[SIGMA_STAGES_MAX][SIGMA_GROUPS_MAX];
    bool has[CORR_OPS];
    double limit[CORR_OPS];
    uint32_t n_values;
    uint32_t value_fields[SIGMA_VALUES_MAX];
    int64_t percentile; /* 0..100; -1 = not given */
    uint32_t rank;      /* 0: over detections only; else above the highest it refers to */
    bool absence;       /* the wish holds a `not` */
    const struct sigma_node *wish; /* temporal: condition over stages, tests' stage; or NULL */
};

struct sigma_rule {
    uint32_t index; /* in its set */
    const char *file;
    uint32_t line;
    const char *title, *title_vi; /* title_vi: the title where no translation is given */
    const char *id, *name;        /* "" when not given */
    const char *description;
    const char *description_vi;
    const char *condition; /* as written, for people */
    enum severity level;
    uint32_t n_attack;
    const char *attack[SIGMA_ATTACK_MAX]; /* technique and tactic ids, upper case */
    bool incident;                        /* a hit belongs into an incident */
    bool generate;                 /* a hit is told although correlations refer to the rule */
    bool referred;                 /* a correlation refers to it */
    uint32_t event_type;           /* index of sigma_set.types; UINT32_MAX = any */
    const struct sigma_node *root; /* of a detection */
    struct sigma_correlation *correlation; /* of a correlation */
};

/** A Sigma filter: what the rules it names must fit, too. */
struct sigma_filter {
    const char *file, *title;
    uint32_t line;
    uint32_t event_type; /* as of a rule */
    bool any;            /* all rules of the event type */
    uint32_t n_rules;
    const char *rules[64]; /* ids or names */
    const struct sigma_node *root;
};

struct sigma_fault {
    const char *file;
    uint32_t line;
    const char *title; /* of the rule; "" */
    const char *text;
};

struct regex;

struct sigma_set {
    struct arena arena;
    struct sigma_rule **rules;
    uint32_t n_rules;
    const char **fields;
    uint32_t n_fields;
    const char **types; /* event types that rules name */
    uint32_t n_types;
    struct regex **regexes; /* all of them, to be freed */
    uint32_t n_regexes;
    struct sigma_fault *faults;
    uint32_t n_faults;
    uint32_t n_put_aside; /* rules; faults may be fewer when SIGMA_FAULTS_MAX was reached */
    uint32_t *order;      /* correlations in order of rank, lowest first */
    uint32_t n_order;
    struct sigma_filter *filters;
    uint32_t n_filters;
    bool strict;               /* refuse what pySigma refuses; set before adding */
    const struct json *expand; /* lists for %placeholders%; borrowed while adding */
    bool frozen;
};

void sigma_init(struct sigma_set *set);
void sigma_fini(struct sigma_set *set);

/** Adds all documents of a text; `file` names it in messages. What is wrong becomes a fault. */
void sigma_parse_text(struct sigma_set *set, const char *file, struct slice yaml);
/** Adds the files *.yml and *.yaml of a folder and the folders in it, in name order; or one file.
 */
enum err sigma_load(struct sigma_set *set, const char *path);
/** Resolves names, finds the order of chains, puts aside what refers to nothing or to itself. */
void sigma_freeze(struct sigma_set *set);

/** Index of a rule by id or name; UINT32_MAX when there is none. */
uint32_t sigma_find(const struct sigma_set *set, const char *name);

#endif
