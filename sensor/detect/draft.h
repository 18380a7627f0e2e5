/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule being read. Keywords add tests, operations and acts; draft_freeze moves all into the
 * ruleset's arena. One draft is used again for each rule: nothing here grows with their number.
 */
#ifndef TRAMGAC_SENSOR_DETECT_DRAFT_H
#define TRAMGAC_SENSOR_DETECT_DRAFT_H

#include "common/strbuf.h"
#include "sensor/detect/keyword.h"
#include "sensor/detect/loader.h"

enum { DRAFT_META_MAX = 96, DRAFT_ONCE_MAX = 16 };

struct draft_pair {
    struct slice key, value;
};

struct draft_group {
    const struct buffer *buffer;
    uint16_t n;
    struct op ops[RULE_OPS_MAX];
};

struct draft {
    struct loader *loader;
    struct rule rule;
    struct slice text;
    uint32_t column; /* of the option being read, 1-based */
    char reason[240];
    bool failed;

    const struct buffer *sticky;                            /* NULL = payload */
    bool sticky_used;                                       /* something matched on it */
    struct transform_use transforms[BUFFER_TRANSFORMS_MAX]; /* waiting for the next buffer */
    uint8_t n_transforms;
    const struct buffer *transforming; /* sticky buffer transforms are added to */
    uint8_t n_groups;
    struct draft_group groups[RULE_GROUPS_MAX];
    int8_t last_group; /* group of the last content; -1 = none */
    bool last_is_content;
    struct test tests[RULE_TESTS_MAX];
    struct act acts[RULE_ACTS_MAX];
    struct xbit xbits[8];
    const struct limit *limits;
    const struct num *dsize; /* NULL = not tested */
    const char *var_names[RULE_VARS_MAX];
    bool flow_dir_set;
    uint16_t only_proto;   /* the one IP protocol that ip_proto lets through, + 1; 0 = any */
    bool both_ways;        /* stream_size: packets and streams are looked at */
    bool need_packet;      /* dsize, flags …: decided on packets only */
    const char *of_packet; /* keyword that asks of one packet's headers; NULL = none does */
    bool tx_tests;         /* some test needs a transaction */
    bool depth_seen;    /* a payload content with depth or offset, or stream_size: also packets */
    bool ip_compatible; /* only options that an address-only rule may have */
    bool has_sid;
    bool skip; /* requires: not for us; not an error */
    const char *classtype;
    bool priority_set;
    uint8_t n_metadata, n_references;
    struct draft_pair metadata[DRAFT_META_MAX], references[DRAFT_META_MAX];
    struct strbuf json;                         /* room for writing them */
    uint8_t app_protocol;                       /* so often app-layer-protocol is tested */
    uint8_t n_address_tests;                    /* … and what asks of addresses alone */
    bool app_protocol_is;                       /* the one it names, without ! */
    bool raw_app;                               /* header names an application protocol */
    bool decoded;                               /* base64_decode stands before */
    const struct keyword *once[DRAFT_ONCE_MAX]; /* seen of those that stand once */
    uint8_t n_once;
    uint8_t proto_modes; /* enum num_mode of ip_proto, as bits */
    uint8_t flow_words;  /* groups of words of flow that were seen, as bits */
};

/** Says what is wrong; always false, for `return draft_fail(…)`. */
bool draft_fail(struct draft *draft, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Buffer that the next content goes to. */
const struct buffer *draft_buffer(struct draft *draft);
/** Buffer of an operation that may be relative: without a sticky buffer a relative one follows the
 * last content, wherever a modifier has moved that. */
const struct buffer *draft_near(struct draft *draft, bool relative);
/** Adds an operation on a buffer; NULL after draft_fail. */
struct op *draft_op(struct draft *draft, const struct buffer *buffer, enum op_kind kind);
/** The last content, for its modifiers; NULL after draft_fail. */
struct op *draft_content(struct draft *draft, const char *modifier);
/** Moves the last content to another buffer (old modifiers). */
bool draft_move(struct draft *draft, const struct buffer *to);
bool draft_test(struct draft *draft, const struct keyword *kw, const void *args);
bool draft_act(struct draft *draft, void (*run)(const struct inspection *, const void *),
               const void *args);
/** The rule is for this protocol only; one that its header names must be it or use it (smb for
 * dcerpc). False after draft_fail. */
bool draft_app(struct draft *draft, const char *proto);
/** Something was asked of the buffer. */
bool draft_has(const struct draft *draft, const struct buffer *buffer);
/** Makes `buffer` the sticky one. */
bool draft_stick(struct draft *draft, const struct buffer *buffer);
/** Zeroed memory of the ruleset. */
void *draft_alloc(struct draft *draft, size_t bytes);
/** The rule asks of one packet's headers. */
void draft_of_packet(struct draft *draft, const char *keyword);
/** Index of a variable: a new one, or -1 when unknown. */
int draft_var_new(struct draft *draft, struct slice name);
int draft_var(const struct draft *draft, struct slice name);

/* ---- reading of values -------------------------------------------------------------------- */

/** Next part up to `sep`, trimmed; moves `rest` behind it. False when nothing is left. */
bool draft_part(struct slice *rest, char sep, struct slice *part);
bool draft_u64(struct slice text, uint64_t *value); /* decimal or 0x… */
bool draft_i32(struct slice text, int32_t *value);
/** Integer condition: 5, >5, <=5, !5, 3<>9, 3-9, &0x10, !&0x10; names by `labels` or NULL. */
bool draft_num(struct slice text, const struct label *labels, struct num *num);
/** Whether a value up to `most` can meet the condition; false after draft_fail. */
bool draft_fits(struct draft *draft, const char *name, const struct num *num, uint64_t most);
/** Names of bits, set or (with !) not: "retain,!dup"; or a number as draft_num reads it. */
bool draft_flags(struct slice text, const struct label *labels, struct num *num);
/** Without quotes, with \" \; \\ \: and |hex| resolved into `out` (room `max`). -1 when wrong. */
int32_t draft_bytes(struct draft *draft, struct slice quoted, uint8_t *out, uint32_t max, bool hex);
/** Quoted text unquoted in place of the source; the slice itself when there are no quotes. */
struct slice draft_unquote(struct slice text);

#endif
