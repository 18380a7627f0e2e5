/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the Sigma reader: what its files share while one document is read.
 */
#ifndef TRAMGAC_ANALYZER_CORRELATE_SIGMA_READ_H
#define TRAMGAC_ANALYZER_CORRELATE_SIGMA_READ_H

#include "analyzer/correlate/sigma.h"
#include "common/regex.h"

enum { SIGMA_ANY_TEXT = UINT32_MAX }; /* `field` of keywords */

enum sigma_test_kind {
    SIGMA_GLOB,   /* text with * and ? */
    SIGMA_NUMBER, /* compared by `op` */
    SIGMA_BOOL,
    SIGMA_REGEX,
    SIGMA_CIDR,
    SIGMA_EXISTS,
    SIGMA_EMPTY,    /* missing, null or empty */
    SIGMA_FIELDREF, /* equal to another field */
    SIGMA_STAGE,    /* a rule of a correlation was hit: `other` = its place */
};

enum sigma_time_part {
    SIGMA_PART_NONE,
    SIGMA_PART_MINUTE,
    SIGMA_PART_HOUR,
    SIGMA_PART_DAY,
    SIGMA_PART_WEEK,
    SIGMA_PART_MONTH,
    SIGMA_PART_YEAR,
};

enum { SIGMA_STAR = 0x100, SIGMA_ONE = 0x101 }; /* wildcards among the bytes of a glob */

struct sigma_test {
    enum sigma_test_kind kind;
    uint32_t field; /* index of sigma_set.fields */
    uint32_t other;
    enum corr_op op;
    enum sigma_time_part part;
    bool cased;
    bool wanted; /* EXISTS, BOOL */
    double number;
    const uint16_t *glob;
    uint32_t glob_len;
    const struct regex *regex;
    struct prefix prefix;
};

/** One document while it is read. */
struct sigma_reader {
    struct sigma_set *set;
    const char *file;
    uint32_t line_base; /* lines before the document */
    uint32_t line;      /* of the document's first line */
    const char *title;
    bool failed;
    bool filter; /* the document is one */
};

/** Puts the document aside: records the reason, at the line of `at` (or of the document). */
void sigma_fault(struct sigma_reader *rd, const struct json *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Memory of the set; never NULL. */
void *sigma_alloc(struct sigma_set *set, size_t bytes);
const char *sigma_text(struct sigma_set *set, struct slice text);
/** Index of a field or event type in the set, added when new; UINT32_MAX at the cap. */
uint32_t sigma_field(struct sigma_set *set, struct slice path);
uint32_t sigma_type(struct sigma_set *set, struct slice type);

/** A node of `n` children of which `need` must hold; a single child is given back itself. */
const struct sigma_node *sigma_join(struct sigma_set *set, const struct sigma_node **kids,
                                    uint32_t n, uint32_t need);
const struct sigma_node *sigma_not(struct sigma_set *set, const struct sigma_node *kid);
const struct sigma_node *sigma_leaf(struct sigma_set *set, const struct sigma_test *test);

/** "field|modifier|...": value or list of values. NULL after a fault. */
const struct sigma_node *sigma_value_read(struct sigma_reader *rd, struct slice key,
                                          const struct json *value);

/** Names that a condition may use. */
struct sigma_names {
    const char *const *names;
    const struct sigma_node *const *nodes;
    uint32_t n;
};
/** The condition language. NULL after a fault. */
const struct sigma_node *sigma_cond_read(struct sigma_reader *rd, const struct json *at,
                                         struct slice text, const struct sigma_names *names);

/** Case-blind (ASCII) unless `cased`; * and ? as SIGMA_STAR and SIGMA_ONE. */
bool sigma_match_glob(const uint16_t *glob, uint32_t n, bool cased, struct slice text);

#endif
