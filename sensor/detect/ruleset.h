/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frozen ruleset as matching sees it. Private to this folder.
 */
#ifndef TRAMGAC_SENSOR_DETECT_RULESET_H
#define TRAMGAC_SENSOR_DETECT_RULESET_H

#include "sensor/detect/gates.h"
#include "sensor/detect/header.h"
#include "sensor/detect/ip_index.h"
#include "sensor/detect/literals.h"
#include "sensor/detect/loader.h"
#include "sensor/detect/rule_store.h"
#include "sensor/detect/sid_index.h"

enum {
    PROTOS_MAX = 64,
    PLAN_BUFFERS_MAX = 64,
    CLASS_TCP = 0,
    CLASS_UDP = 1,
    CLASS_OTHER = 2,
    CLASSES = 3
};

enum { RULE_GONE = UINT32_MAX, RULESET_NAMES = 4 };

/** Names of flowbits, flowints, xbits or variables; the place is the number. */
struct names {
    uint32_t n;
    const struct slice *at;
};

enum { PAYLOAD_HEAD = 128 }; /* bytes in which literals with a depth have to be, most of them */

/** Literals that are looked for together, and the rules behind each. */
struct lit_set {
    struct literals *db; /* NULL = no literals */
    uint32_t n;
    const uint32_t *first; /* n + 1: where the rules of each literal begin */
    const uint32_t *rules;
    const struct gates *gates; /* rules without a literal; NULL = none */
};

/** Literals of payload rules of one direction: each byte is searched once for all of them, and
 * whose port or protocol is another is sorted out where one is found. */
struct raw_sets {
    struct lit_set base[CLASSES];
    /** Of TCP flows, behind the first PAYLOAD_HEAD bytes of a packet or a stream. */
    struct lit_set packets, streams;
};

/* Which of them are looked for. Families of protocols: FAMILY_NONE has the rules that name none,
 * FAMILY_REST those too that name one of few rules, each other one those of its own. */
enum { FAMILY_NONE, FAMILY_REST, FAMILY_OWN, FAMILIES_MAX = 8 };
/* ANY: of rules for whatever ports; not for families of their own, whose flows have the ports that
 * rules name. */
enum raw_ports { RAW_PORTS_ALL, RAW_PORTS_ANY };

struct plan_buffer {
    const struct buffer *buffer;
    const struct lit_set *set;
    const struct field_ref *ref; /* of a field as it is; NULL = another kind, or transformed */
    bool repeats; /* a file that stands before it: searched there, as far as they are the same */
};

/** Transaction rules of one protocol and direction. */
struct plan {
    uint32_t n;
    struct plan_buffer at[PLAN_BUFFERS_MAX];
    bool of_files; /* nothing but what a file has */
    uint32_t n_always;
    const uint32_t *always;
};

struct port_set {
    uint32_t key; /* see ruleset_port_key; 0 = empty slot */
    const struct lit_set *set;
};

struct ruleset {
    struct arena arena;       /* what is this set's alone */
    struct rule_store *store; /* what its rules are made of */
    struct rule *rules;
    struct header *headers; /* of `rules` */
    uint32_t n;
    struct quarantined *bad;
    uint32_t n_bad, room_bad;

    struct raw_sets raw[FAMILIES_MAX][2][2]; /* by enum raw_ports and direction */
    uint8_t family[PROTOS_MAX + 1];          /* of a protocol's row + 1; [0]: unknown */
    /** By port, as bits (ruleset_port_bit): lower half, rules name it and few others; upper half,
     * `ports` has gates. */
    uint16_t *port_bits;
    uint8_t *known_ports; /* either of the two */
    /** Bits by direction: a rule looks at streams of this port of the server, or of any. */
    uint8_t *stream_ports, stream_any;
    struct lit_set any[CLASSES][2];    /* gates only: of rules of any port and protocol */
    struct lit_set app[PROTOS_MAX][2]; /* gates only */
    struct port_set *ports;            /* gates only; open addressing, power of two */
    uint32_t n_ports, n_port_sets;
    struct plan plans[PROTOS_MAX][2];
    int kin[PROTOS_MAX]; /* protocol whose rules hold for this one too (http2: http); -1 = none */
    uint32_t n_noted;
    const uint32_t *noted; /* rules on decoder events: only packets that have one */
    uint32_t n_framed;
    const uint32_t *framed;      /* rules on frames */
    uint32_t frames[PROTOS_MAX]; /* by protocol: the frames that rules name, a bit each */
    struct ip_index *ip;
    uint32_t n_nets;

    struct lit_set **sets; /* all, for scratch and freeing */
    uint32_t n_sets;
    const char *wants[32];
    uint32_t n_wants;
    bool bare_apps;                   /* some rule names a protocol and asks nothing of a packet */
    bool tags_hosts;                  /* some rule has tag:host */
    const struct limit *suppress_all; /* of threshold.config with sig_id 0 */
    struct reputation *reputation;
    struct geo *geo;
    struct dataset *datasets; /* all sets of values that rules name */
    struct sets *live_sets;   /* what commands change in them: of all that are loaded again */
    uint32_t n_xbits;
    uint64_t db_bytes;
    uint32_t db_cached, db_compiled; /* large sets of literals */
    /* What outlives a reload: numbers of rules and of names that states of flows and hosts hold. */
    uint32_t generation; /* 1, 2 … */
    uint32_t n_uids;
    uint32_t *index_of; /* by uid; RULE_GONE: no longer among the rules */
    struct names names[RULESET_NAMES];
};

/** Index of the rule a state speaks of, or RULE_GONE. */
static inline uint32_t ruleset_index(const struct ruleset *ruleset, uint32_t uid)
{
    return uid < ruleset->n_uids ? ruleset->index_of[uid] : RULE_GONE;
}
/** Gives every rule its uid: that of the same rule in `before` (NULL: none) where its text is the
 * same. `sids`: of `rules`. */
void ruleset_change_uids(struct ruleset *ruleset, const struct ruleset *before,
                         const struct sid_index *sids, struct rule *rules, uint32_t n);
/** Rules of a set by their texts. Zero: none. */
struct known_rules {
    const struct ruleset *of;
    uint32_t *slots; /* index + 1; a power of two of them */
    uint32_t room;
};
/** `of` may be NULL. */
void ruleset_change_know(struct known_rules *known, const struct ruleset *of);
/** The rule of exactly this text that can stand in another set as it is; NULL = none. */
const struct rule *ruleset_change_same(const struct known_rules *known, struct slice text);
/** Behind the last rule of `order`: numbers for the new ones, and the table by uid. */
void ruleset_change_freeze(struct ruleset *ruleset);
/** Names in the order of their numbers, into the ruleset or from it. */
void ruleset_change_keep_names(struct ruleset *ruleset, const struct loader *loader);
void ruleset_change_seed_names(struct loader *loader, const struct ruleset *before);

static inline uint32_t ruleset_port_key(uint32_t class_, uint32_t dir, bool source, uint16_t port)
{
    return 1u << 24 | class_ << 20 | dir << 18 | (uint32_t)source << 17 | port;
}
enum { PORT_GATE_SHIFT = 8 };
static inline uint16_t ruleset_port_bit(uint32_t class_, uint32_t dir, bool source)
{
    return (uint16_t)(1u << (class_ << 2 | dir << 1 | (uint32_t)source));
}
static inline bool ruleset_named_port(const struct ruleset *rs, uint32_t class_, uint32_t dir,
                                      bool source, uint16_t port)
{
    return rs->port_bits[port] & ruleset_port_bit(class_, dir, source);
}
static inline bool ruleset_on_stream(const struct ruleset *rs, uint32_t dir, uint16_t port)
{
    return (rs->stream_any | rs->stream_ports[port]) >> dir & 1;
}
static inline bool ruleset_gate_port(const struct ruleset *rs, uint32_t class_, uint32_t dir,
                                     bool source, uint16_t port)
{
    return rs->port_bits[port] >> PORT_GATE_SHIFT & ruleset_port_bit(class_, dir, source);
}
/** The literals that may matter to a flow of this protocol (a row, or -1) and these ports. */
static inline const struct raw_sets *ruleset_raw(const struct ruleset *rs, int proto,
                                                 uint32_t class_, uint32_t dir, uint16_t sport,
                                                 uint16_t dport)
{
    uint8_t family = rs->family[proto + 1];
    bool named = class_ == CLASS_OTHER || family >= FAMILY_OWN ||
                 ruleset_named_port(rs, class_, dir, false, dport) ||
                 ruleset_named_port(rs, class_, dir, true, sport);

    return &rs->raw[family][named ? RAW_PORTS_ALL : RAW_PORTS_ANY][dir];
}
const struct lit_set *ruleset_port(const struct ruleset *ruleset, uint32_t key);

/** Groups the rules and compiles their literals, but those that `before` (NULL: none) has too. */
enum err ruleset_build(struct ruleset *ruleset, const struct ruleset *before,
                       struct literals_maker *maker);

/** Lines of threshold.config; faults go to `report`. */
void ruleset_limits(struct ruleset *ruleset, struct loader *loader, struct slice text,
                    const char *file, struct strbuf *report);

/** What the prefilter looks for; the rule must have a literal. */
struct slice ruleset_literal(const struct rule *rule, bool *nocase);

#endif
