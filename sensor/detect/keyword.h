/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a keyword is: a row of a family (kw_<family>.c). Its parser adds to the draft of the rule;
 * its matcher, where it has one, is called with the packet, flow or transaction in hand.
 *
 * Fields of protocols need no row: each with IN_RULES is a sticky buffer or an integer keyword by
 * itself (see buffer.c).
 */
#ifndef TRAMGAC_SENSOR_DETECT_KEYWORD_H
#define TRAMGAC_SENSOR_DETECT_KEYWORD_H

#include "sensor/detect/rule.h"

/** What may stand behind the colon; the keyword's own parser reads the rest. */
enum kw_value {
    VALUE_NONE = 1,   /* nothing */
    VALUE_WANTED = 2, /* something must */
    VALUE_PLAIN = 4,  /* not in quotes */
    VALUE_QUOTED = 8, /* in quotes only */
    VALUE_ONCE = 16,  /* and the keyword stands once in a rule */
};

/** When a keyword acts. */
enum kw_stage {
    AT_META,   /* says something about the rule */
    AT_PACKET, /* on the packet's headers */
    AT_FLOW,   /* on the state of the flow */
    AT_BUFFER, /* on bytes: of the packet, the stream or a transaction */
    AT_TX,     /* on a transaction or file */
    AT_HIT,    /* after a match */
    AT_HOST,   /* between flows, in packet order */
};

/** Everything a match may look at. */
struct inspection {
    struct detect *detect;
    const struct detect_input *input;
    const struct packet *packet; /* NULL when a flow times out */
    struct flow *flow;           /* may be NULL */
    struct hit *hit;             /* being filled: where the matches are */
    const struct rule *rule;     /* from here on a new look clears … */
    struct tx *tx;
    struct file *file;
    enum dir dir;
    bool on_stream;
    uint64_t stream_base; /* offset of the payload's first byte in its stream */
    struct slice payload;
    struct slice data; /* OP_CALL on bytes: the buffer, and where the last match ended */
    uint32_t data_at;
    struct slice base64; /* what base64_decode produced */
    struct slice frame;  /* bytes of the frame that are there */
    bool partial;        /* the buffer's end is not there yet */
    uint8_t n_captured;  /* by regular expressions of the rule in hand */
    struct {
        bool of_flow;
        uint16_t var;
        struct slice value;
    } captured[CAPTURES_MAX]; /* … up to here */
    uint64_t vars[RULE_VARS_MAX];
};

struct draft;

struct keyword {
    const char *name;
    const char *aliases; /* separated by blanks; NULL = none */
    enum kw_stage stage;
    uint8_t value;     /* enum kw_value, as bits; 0: anything */
    bool by_addresses; /* a rule with nothing else is asked once of a flow's direction */
    /** Takes the text behind the colon (empty without one); false after draft_fail. */
    bool (*parse)(struct draft *draft, const struct keyword *kw, struct slice value);
    bool (*match)(const struct inspection *in, const void *args);
    const char *example; /* the option as written in a rule, without the semicolon */
    const char *doc;
    const void *extra; /* the family's own */
};
#define KEYWORD_END                                                                                \
    {                                                                                              \
        .name = NULL                                                                               \
    }

struct kw_family {
    const char *doc;
    const struct keyword *rows; /* ended by KEYWORD_END */
};
extern const struct kw_family *const kw_rows[];

/** Row by name or alias; NULL = none. Fields are not among them. */
const struct keyword *keyword_find(struct slice name);
/** i-th row of all families; NULL behind the last. */
const struct keyword *keyword_at(uint32_t i);
const char *keyword_stage_name(enum kw_stage stage);

#endif
