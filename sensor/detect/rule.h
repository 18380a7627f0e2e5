/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule after it was read: frozen, shared by all workers, its strings and arrays in the ruleset's
 * arena.
 *
 * A rule is a header (protocol, addresses, ports, directions), tests on the packet or flow in hand,
 * groups (each one buffer with the operations on it), and acts that follow a match.
 */
#ifndef TRAMGAC_SENSOR_DETECT_RULE_H
#define TRAMGAC_SENSOR_DETECT_RULE_H

#include "common/arena.h"
#include "sensor/detect/detect.h"

enum {
    RULE_GROUPS_MAX = 24,
    RULE_OPS_MAX = 160,
    RULE_TESTS_MAX = 24,
    RULE_ACTS_MAX = 24,
    RULE_VARS_MAX = 16, /* byte_extract, byte_math */
    LITERAL_MAX = 48,   /* longest prefilter literal; also the carried tail of a stream */
};

/* ---- addresses and ports ------------------------------------------------------------------ */

struct range4 {
    uint32_t lo, hi;
};
struct range6 {
    uint8_t lo[16], hi[16];
};

/** Frozen set of addresses: sorted ranges that do not touch. */
struct netset {
    bool any;
    uint32_t id; /* dense; for the cache of answers per packet */
    uint32_t n4, n6;
    const struct range4 *v4;
    const struct range6 *v6;
    uint64_t width4; /* IPv4 addresses inside */
    bool negated;    /* its text, or a variable's in it, leaves addresses out */
};

struct range_port {
    uint16_t lo, hi;
};
struct portset {
    bool any;
    uint32_t n;
    const struct range_port *at;
};

bool rule_net_has(const struct netset *set, const struct addr *addr);
bool rule_port_has(const struct portset *set, uint16_t port);

/* ---- buffers ------------------------------------------------------------------------------ */

enum buffer_kind {
    BUFFER_PAYLOAD, /* packet payload or reassembled stream, by the rule's kind */
    BUFFER_FIELD,   /* bytes of a transaction */
    BUFFER_NUMBER,  /* a number of a transaction */
    BUFFER_FILE,    /* file.data */
    BUFFER_FILE_NAME,
    BUFFER_FILE_MAGIC,
    BUFFER_FILE_META, /* size and other facts of a file; no bytes */
    BUFFER_BASE64,    /* what base64_decode produced in the same rule */
    BUFFER_PACKET,    /* a header of the packet */
    BUFFER_TX,        /* tests on the transaction itself */
    BUFFER_FRAME,     /* a unit of the protocol's bytes */
};
enum { BUFFER_REFS_MAX = 6, BUFFER_TRANSFORMS_MAX = 4 };

struct inspection;
struct transform_def;

struct transform_use {
    const struct transform_def *def;
    struct slice arg;
    uint32_t num[3]; /* what the transform made of `arg` */
    const void *compiled;
};

/** What operations look at. One object per distinct (name, transforms) of the ruleset. */
struct buffer {
    const char *name;
    enum buffer_kind kind;
    uint32_t id; /* dense */
    enum field_side side;
    uint8_t progress; /* complete from this enum tx_progress on (fields: the least of the refs) */
    uint8_t n_refs;
    struct field_ref refs[BUFFER_REFS_MAX]; /* the same name in several protocols */
    uint8_t n_transforms;
    struct transform_use transforms[BUFFER_TRANSFORMS_MAX];
    /** BUFFER_PACKET: the bytes, false when this packet has none. */
    bool (*packet)(const struct inspection *in, struct slice *out);
    uint16_t proto; /* BUFFER_FRAME: index of the protocol's row, and the frame's number in it */
    uint8_t frame;
};

/* ---- operations on a buffer --------------------------------------------------------------- */

enum op_kind {
    OP_CONTENT,
    OP_PCRE,
    OP_DATA_AT,
    OP_SIZE, /* bsize, urilen, dsize-like: length of the buffer */
    OP_BYTE_TEST,
    OP_BYTE_JUMP,
    OP_BYTE_EXTRACT,
    OP_BYTE_MATH,
    OP_BASE64,
    OP_NUMBER, /* of a BUFFER_NUMBER */
    OP_CALL,   /* a keyword's own test: BUFFER_TX, BUFFER_FILE_META */
    OP_ABSENT, /* first of its group, which holds where there is no such buffer, too */
};

enum op_flag {
    OP_NEGATED = 1,
    OP_NOCASE = 2,
    OP_DEPTH = 4,
    OP_OFFSET = 8,
    OP_DISTANCE = 16,
    OP_WITHIN = 32,
    OP_RELATIVE = 64, /* starts where the previous match ended */
    OP_STARTS = 128,
    OP_ENDS = 256,
    OP_FAST = 512,
    OP_NEXT_RELATIVE = 1024, /* the following operation is relative to this one */
    OP_DEPTH_VAR = 1 << 11,
    OP_OFFSET_VAR = 1 << 12,
    OP_DISTANCE_VAR = 1 << 13,
    OP_WITHIN_VAR = 1 << 14,
    OP_RAWBYTES = 1 << 15,
    OP_FAST_ONLY = 1 << 16,
    OP_NOT_FAST = 1 << 17,
};

/** Comparison with numbers: one syntax for all integer keywords. */
enum num_mode {
    NUM_EQ,
    NUM_NE,
    NUM_LT,
    NUM_LE,
    NUM_GT,
    NUM_GE,
    NUM_RANGE,
    NUM_NOT_RANGE,
    NUM_MASK,
    NUM_NOT_MASK,
    NUM_IN_RANGE
};
struct num {
    enum num_mode mode;
    uint64_t a, b; /* RANGE: a < x < b; IN_RANGE: a <= x <= b; MASK: x & a, equal to b when b */
};
bool rule_num_ok(const struct num *num, uint64_t value);

struct content {
    struct slice text;                       /* lower case under OP_NOCASE */
    int32_t offset, depth, distance, within; /* or index of a variable */
    uint16_t fast_offset, fast_len;
    uint8_t rare; /* index of the byte to look for first */
};

struct bytes_op {
    uint8_t n;    /* bytes to read; 0 = a variable holds it */
    uint8_t base; /* of text: 8, 10, 16; 0 = binary */
    uint8_t oper; /* '<' '>' '=' '&' '^' 'l' (<=) 'g' (>=) '+' '-' '*' '/' 'L' (<<) 'R' (>>) */
    bool little, dce, align_, from_beginning, from_end, value_is_var, offset_is_var, n_is_var;
    uint8_t align_to;
    uint8_t var; /* that is set */
    int32_t offset;
    int32_t post_offset;
    uint32_t multiplier;
    uint64_t mask; /* 0 = none */
    uint64_t value;
};

struct base64_op {
    uint32_t bytes, offset;
};

struct pcre;

enum { CAPTURES_MAX = 8 };
/** Parentheses of an expression that are kept under a name when the rule matches. */
struct captures {
    uint8_t n;
    struct {
        uint8_t group;
        bool of_flow; /* else of the packet */
        uint16_t var; /* interned name */
    } at[CAPTURES_MAX];
};

struct op {
    uint8_t kind;    /* enum op_kind */
    uint16_t column; /* of the option in the rule's text, 1-based; 0 = far behind */
    uint32_t flags;
    union {
        struct content content;
        struct {
            const struct pcre *pcre;
            const struct captures *captures; /* NULL = none is kept */
        };
        const struct bytes_op *bytes;
        const struct base64_op *base64;
        struct {
            int32_t at;
        } data_at;
        struct num num;
        bool or_else; /* OP_ABSENT: where there is one, the other operations count */
        struct {
            bool (*match)(const struct inspection *in, const void *args);
            const void *args;
        } call;
    };
};

struct group {
    const struct buffer *buffer;
    const struct op *ops;
    uint16_t n_ops;
};
/** The group holds in a transaction that has no such buffer. */
static inline bool rule_may_lack(const struct group *g)
{
    return g->n_ops && g->ops[0].kind == OP_ABSENT;
}

/* ---- tests, acts -------------------------------------------------------------------------- */

struct test {
    bool (*match)(const struct inspection *in, const void *args);
    const void *args;
    uint32_t column; /* of the option in the rule's text, 1-based: for explain */
};

struct act {
    void (*run)(const struct inspection *in, const void *args);
    const void *args;
};

/* ---- the rule ----------------------------------------------------------------------------- */

enum rule_kind {
    RULE_IP,            /* addresses only: once per direction of a flow */
    RULE_PACKET,        /* each packet */
    RULE_STREAM,        /* reassembled bytes */
    RULE_PACKET_STREAM, /* both */
    RULE_APP,           /* protocol only */
    RULE_TX,            /* buffers of a transaction */
    RULE_FRAME,         /* each frame of one type */
};

enum rule_action { ACTION_PASS, ACTION_DROP, ACTION_REJECT, ACTION_ALERT, ACTION_CONFIG };

enum { L4_OTHER = 4 }; /* beside L4_TCP and L4_UDP */

/** What rules know of earlier matches; in the order of what counts more for a rule's rank. */
enum state_kind { STATE_BITS, STATE_INTS, STATE_FLOW_VARS, STATE_VARS, STATE_HOST, STATE_PAIR };
enum { STATE_KINDS = 6 };

/** Condition or effect between flows; decided in the host tier. */
enum xbit_what { XBIT_SET, XBIT_UNSET, XBIT_TOGGLE, XBIT_ISSET, XBIT_ISNOTSET };
enum track { TRACK_SRC, TRACK_DST, TRACK_BOTH, TRACK_RULE, TRACK_FLOW };
struct xbit {
    uint8_t what; /* enum xbit_what */
    uint8_t track;
    uint16_t bit; /* interned name */
    uint64_t expire_ns;
};

enum limit_kind {
    LIMIT_NONE,
    LIMIT_LIMIT,
    LIMIT_THRESHOLD,
    LIMIT_BOTH,
    LIMIT_FILTER,
    LIMIT_RATE,
    LIMIT_SUPPRESS
};
struct limit {
    uint8_t kind;
    uint8_t track;
    uint32_t count;
    uint64_t span_ns;
    uint64_t hold_ns; /* rate: how long `action` stands once there were more than `count` */
    uint8_t action;   /* rate: enum rule_action instead of the rule's own */
    const struct netset *nets; /* suppress: only these; NULL = all */
    const struct limit *next;
};

/** `tag`: packets behind a hit are kept. */
enum tag_unit { TAG_NONE, TAG_PACKETS, TAG_BYTES, TAG_SECONDS };
enum tag_of { TAG_SESSION, TAG_SRC, TAG_DST };
struct tag {
    uint8_t unit; /* enum tag_unit */
    uint8_t of;   /* enum tag_of */
    uint64_t count;
    const struct tag *next;
};

struct rule {
    struct rule_info info;
    const struct netset *src, *dst;
    const struct portset *sport, *dport;
    uint8_t kind;     /* enum rule_kind */
    uint8_t action;   /* enum rule_action */
    uint8_t rank;     /* of the action among all */
    uint8_t l4;       /* L4_TCP | L4_UDP | L4_OTHER */
    uint8_t ip;       /* 4, 6 or 0 = both */
    int16_t ip_proto; /* exact IP protocol, or -1 */
    uint8_t dirs;     /* bit by enum dir */
    bool both_ways;   /* <> */
    bool alone;       /* http1: http, and not http2 */
    bool no_packet;   /* tcp-stream, flow:only_stream */
    bool only_stream; /* flow:only_stream */
    bool no_stream;   /* tcp-pkt, flow:no_stream, dsize */
    bool datasets;    /* asks sets of values: all its groups have to match in one look */
    bool beside;      /* asks files that lie beside the rules: read anew by every load */
    bool of_flow;     /* pass, drop and reject are said of the flow, whatever it matched on */
    bool once_known;  /* nothing but app-layer-protocol: once per direction */
    bool events_only; /* decode-event: packets that may have no transport at all */
    uint16_t app;     /* 0 = any protocol; else index + 1 of the ruleset's app names */
    uint8_t n_tests, n_acts, n_groups, n_xbits, n_vars;
    int8_t payload_group; /* index, or -1 */
    int8_t frame_group;   /* RULE_FRAME: whose frames are looked at; -1 = none */
    const struct test *tests;
    const struct act *acts;
    const struct group *groups;
    const struct xbit *xbits;
    const struct limit *limits;     /* with those of threshold.config in front */
    const struct limit *own_limits; /* as its text says */
    const struct tag *tags;
    uint32_t order; /* rank of evaluation; equals the index after freezing */
    uint32_t uid;   /* the same after a reload that left the rule as it was; states name it */
    /* prefilter: the literal and where it is looked for; fast_op -1 = none */
    int8_t fast_group;
    int16_t fast_op;
    bool has_literal; /* … or had one, for which cheaper tests stand */
    bool by_head;     /* transaction rule without a literal: `gate` stands in fast_group's buffer */
    /* asked before all else of rules without a literal */
    const struct num *gate_dsize; /* NULL = any length */
    uint16_t gate_at;
    uint8_t gate_len; /* bytes of `gate` that stand at gate_at; 0 = none */
    uint8_t gate[4];
    bool gate_bytes; /* an empty payload cannot match */
    bool gate_told;  /* the first four bytes tell the payload's length, low ones first, but for */
    int32_t gate_short; /* … so many bytes or up to gate_span more */
    uint32_t gate_span;
    bool ends_unlike;      /* no content has to stand anywhere, and one not at the payload's end */
    int16_t ask_op;        /* content of payload_group that is looked for first; -1 = none */
    int8_t repeat_group;   /* no content may stand: of the longest of a transaction's; else -1 */
    uint8_t reads, writes; /* kinds of states it asks, and changes: bits by enum state_kind */
    uint16_t turn;         /* rank by these: who changes a state stands before who asks it */
};

/** Its own text asks the host tier. */
static inline bool rule_asks_host(const struct rule *r)
{
    return r->own_limits || r->n_xbits || r->datasets || r->tags;
}

/** Whether a match of the rule counts is known in the host tier only: neither may it end a flow
 * before. */
static inline bool rule_by_host(const struct rule *r)
{
    if (r->n_xbits || r->datasets)
        return true;
    for (const struct limit *l = r->limits; l; l = l->next) {
        if (l->kind != LIMIT_LIMIT || r->action == ACTION_PASS)
            return true;
    }
    return false;
}

#endif
