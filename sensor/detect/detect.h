/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Detection by rules (Suricata's language). Rules are parsed, compiled and frozen into a ruleset
 * that all workers share; each worker has a `struct detect` of its own. What needs more than one
 * flow (thresholds, xbits) is decided later, in packet order, by `struct thresholds` in the host
 * tier.
 */
#ifndef TRAMGAC_SENSOR_DETECT_DETECT_H
#define TRAMGAC_SENSOR_DETECT_DETECT_H

#include "sensor/files/files.h"

struct ruleset;
struct detect;
struct thresholds;

enum { RULE_CLASS_MAX = 64 };

/** What a hit says about its rule; owned by the ruleset. */
struct rule_info {
    uint32_t index; /* dense, 0 … */
    uint32_t gid, sid, rev;
    uint32_t generation; /* of the ruleset it stands in */
    uint32_t priority;   /* Suricata's severity: 1 highest */
    const char *msg;
    const char *category; /* description of the classtype; "" = none */
    const char *action;   /* "alert", "pass", "drop", "reject" */
    const char *text;     /* the whole rule as written */
    const char *file;
    uint32_t line;
    struct slice metadata_json;   /* {"k":["v",…],…} or empty */
    struct slice references_json; /* ["type,value",…] or empty */
    bool target_src, target_dst;  /* `target:` */
    bool noalert;
    bool has_threshold;
};

/** What matched where, for explain and for the alert's reasons. */
struct hit_match {
    const char *buffer; /* "http.uri", "payload" … */
    uint32_t offset, len;
};
enum { HIT_MATCHES_MAX = 6, HIT_BYTES_MAX = 48 };

/** A condition of a rule that held, and on what. */
struct match_step {
    struct slice option;  /* as written in the rule; the ruleset's */
    const char *buffer;   /* "http.uri", "payload" … */
    uint32_t instance;    /* of a buffer that there may be several of */
    uint32_t offset, len; /* of the bytes that matched; `placed` */
    uint64_t value;       /* the number it read; `has_value` */
    bool placed, has_value;
    uint8_t n_bytes; /* how many of them are kept here */
    uint8_t bytes[HIT_BYTES_MAX];
};

/** The unit of the protocol's bytes that a rule with `frame` matched. */
struct hit_frame {
    const char *type; /* NULL = none */
    uint32_t id;      /* 1, 2 … of the direction */
    bool datagram;    /* of a packet's payload: it has no place in a stream */
    bool complete, length_known;
    uint32_t length;
    uint64_t at; /* in the stream */
    bool has_tx;
    uint64_t tx_id;
    struct slice bytes; /* until the next detect_run */
    /* detection's own: the bytes do not stay, or were written elsewhere */
    bool moves;
    uint32_t text_at, text_len;
};

struct hit {
    const struct rule_info *rule;
    struct tx *tx;   /* NULL = packet or stream */
    struct tx *near; /* then: the one whose bytes these seem to be, for the alert only; or NULL */
    struct file *file;
    enum dir dir;
    bool on_stream; /* matched on reassembled bytes */
    bool of_flow;   /* the rule's action is that of the flow */
    /* those bytes until the next detect_run, with "[n bytes missing]" and what lies beyond where
     * some were lost just before or behind them */
    struct slice payload;
    uint32_t text_at, text_len; /* detection's own: where `payload` was written */
    struct hit_frame frame;
    uint8_t matches;
    uint32_t conditions_at, conditions_len; /* see detect_conditions */
    struct hit_match match[HIT_MATCHES_MAX];
    const struct match_step *steps; /* all conditions, when detect_trace asks for them */
    uint32_t n_steps;
};

/** All a packet brought. `flow` NULL: a packet without a flow. */
struct detect_input {
    const struct packet *packet;
    struct flow *flow;
    enum dir dir;
    const struct chunk *chunks; /* reassembled bytes delivered by this packet, either direction */
    uint32_t n_chunks;
    bool by_ack; /* rules look at the packet's own direction only; the other waits for its packet */
    bool flow_ends; /* last look at this flow */
    bool rests;     /* the flow is silent: what waits for its packet is looked at now */
};
/** The packet only stands for the look: nothing came. */
static inline bool detect_no_packet(const struct detect_input *in)
{
    return in->flow_ends || in->rests;
}
/** The end of a connection that both sides had closed: they were looked at then, as Suricata has
 * it. A reset may have come before all was looked at. */
static inline bool detect_over(const struct detect_input *in)
{
    const struct flow *f = in->flow;

    return in->flow_ends && f->proto == IPPROTO_TCP4 && f->tcp_state == TCP_CLOSED &&
           !((f->tcp_flags[0] | f->tcp_flags[1]) & TCP_RST);
}
/** Bytes of the direction were shown to parsers: what they said of the protocol is its own. */
bool detect_shown(const struct detect_input *in, enum dir dir);

/** Its protocol is known, or that it has none: of datagrams with the first one. */
static inline bool detect_settled(const struct flow *f)
{
    return f->app_name || f->app_failed || f->proto == IPPROTO_UDP4;
}

/** … and that a connection has none when both sides have spoken. */
static inline bool detect_known(const struct detect_input *in)
{
    const struct flow *f = in->flow;

    return detect_settled(f) && (f->app_name || f->proto != IPPROTO_TCP4 ||
                                 (detect_shown(in, TO_SERVER) && detect_shown(in, TO_CLIENT)));
}

/** The directions that detection looks at: bits by enum dir. */
static inline uint32_t detect_looks(const struct detect_input *in)
{
    return in->by_ack && !in->flow_ends && !in->rests ? 1u << in->dir : 3u;
}

extern const struct option ruleset_options[];
extern const struct counter detect_counters[];

/* ---- rules -------------------------------------------------------------------------------- */

/** A rule that was not accepted, and why. */
struct quarantined {
    const char *file;
    uint32_t line, column;
    uint32_t sid;
    const char *reason;
};

/** Loads the files and directories, variables (`vars` of conf), classification, reference and
 * threshold files; compiles, using and filling the disk cache. Fails only when a named file cannot
 * be read; bad rules are quarantined. `paths` ends with NULL. */
enum err ruleset_load(const struct conf *conf, const char *const *paths, struct ruleset **ruleset,
                      struct strbuf *report);
/** The same from memory: rules one a line, without side files. */
enum err ruleset_load_text(const struct conf *conf, struct slice text, struct ruleset **ruleset,
                           struct strbuf *report);
/** Like ruleset_load; the new set can take the place of `before` while flows live: rules whose text
 * did not change keep what flows and hosts know of them, and names keep their numbers. */
enum err ruleset_reload(const struct conf *conf, const char *const *paths,
                        const struct ruleset *before, struct ruleset **ruleset,
                        struct strbuf *report);
/** 1 for the first, one more with each reload. */
uint32_t ruleset_generation(const struct ruleset *ruleset);

struct jsonw;
enum { RULESET_SIDS_MAX = 100 };
struct ruleset_change {
    uint32_t added, removed, modified; /* rules */
    uint32_t broken, mended;           /* put aside now and not before; and the other way round */
};
/** How `now` differs from `before`. With a writer: also as members of the open object, with at most
 * RULESET_SIDS_MAX sids of each kind. */
struct ruleset_change ruleset_changes(const struct ruleset *before, const struct ruleset *now,
                                      struct jsonw *w);
void ruleset_free(struct ruleset **ruleset);
uint32_t ruleset_rules(const struct ruleset *ruleset);
const struct rule_info *ruleset_rule(const struct ruleset *ruleset, uint32_t index);
const struct quarantined *ruleset_quarantined(const struct ruleset *ruleset, uint32_t *n);
/** True when some rule looks at this (nothing unasked): "file.data", "file.magic", "md5" … */
bool ruleset_wants(const struct ruleset *ruleset, const char *what);

/* Sets of values (dataset, datarep), changed by command while rules are in force; from any thread.
 */
enum sets_command { SETS_ADD, SETS_REMOVE, SETS_LOOKUP, SETS_CLEAR };
enum sets_answer {
    SETS_DONE,      /* lookup: it is there */
    SETS_AS_IT_WAS, /* it was there before, or was not; lookup: it is not there */
    SETS_NO_SET,    /* none of this name and type */
    SETS_BAD_TYPE,
    SETS_FAILED, /* no value of its type, or no room for it */
};
/** `text`: the value as files of sets write it; ignored by SETS_CLEAR. */
enum sets_answer sets_run(const struct ruleset *ruleset, enum sets_command command,
                          struct slice name, struct slice type, struct slice text);
/** Writes all sets that are to be saved; false when one of them could not be. */
bool sets_dump(const struct ruleset *ruleset);

/* ---- matching ----------------------------------------------------------------------------- */

struct detect *detect_new(const struct ruleset *ruleset, const struct conf *conf,
                          struct stats *stats);
void detect_free(struct detect **detect);
/** Another ruleset takes the place of the one in force; it was made by ruleset_reload from that
 * one. Flows and transactions keep their state. ERR_NOMEM: nothing has changed. */
enum err detect_swap(struct detect *detect, const struct ruleset *ruleset);
/** All rules on all that the packet brought: packet, chunks, touched transactions and files. Hits
 * stay until the next call. False: there are none, and no rule was suspended. */
bool detect_run(struct detect *detect, const struct detect_input *in);
const struct hit *detect_hits(const struct detect *detect, uint32_t *n);
/** What a rule has cost since the start, in steps (cost.h). */
struct rule_spent {
    uint32_t uid; /* see ruleset_of_uid */
    uint32_t matches, limited, suspended;
    uint64_t steps, checks;
};
/** All rules that were tried, in no order; `list` grows to its `room` as needed. */
enum err detect_costs(const struct detect *detect, struct rule_spent **list, uint32_t *n,
                      uint32_t *room);
/** Uids of the rules that this packet has suspended, and until when. */
const uint32_t *detect_resting(const struct detect *detect, uint32_t *n, uint64_t *until_ns);
/** The rule a uid stands for; NULL: it is gone. */
const struct rule_info *ruleset_of_uid(const struct ruleset *ruleset, uint32_t uid);
uint32_t ruleset_uids(const struct ruleset *ruleset);
/** Hits tell all their conditions (hit.steps) from now on. False without memory. */
bool detect_trace(struct detect *detect);
struct explain;
/** `explain` (of sensor/detect/explain.h) is told what becomes of its rule. */
bool detect_explain(struct detect *detect, struct explain *explain);
/** A rule with `tag` may want the flow's packet in hand kept (NULL: of none): thresholds_keep. */
bool detect_tagged(const struct detect *detect, const struct flow *flow);
/** What the host tier has to decide about a hit beside thresholds: goes to thresholds_admit. */
struct slice detect_conditions(const struct detect *detect, const struct hit *hit);
/** What rules have noted on the flow and on the packet in hand, as the member `metadata`: flowbits,
 * flowints, flowvars, pktvars. Nothing when there is nothing. */
void vars_write(const struct detect *detect, const struct flow *flow, bool packet, struct jsonw *w);
/** Frees what hangs on a transaction / on the flow. */
void detect_drop_tx(struct detect *detect, struct tx *tx);
void detect_drop_flow(struct detect *detect, struct flow *flow);
/** The flow is silent: writes what rules know of it to `out` and lets go of it. Takes
 * DETECT_REST_MOST bytes of room at most, and always leaves something for detect_rest_wake. */
enum { DETECT_REST_MOST = 32768 };
void detect_rest(struct detect *detect, struct flow *flow, struct sparse_out *out);
/** Reads it back; without memory rules have forgotten it, counted. */
const uint8_t *detect_rest_wake(struct detect *detect, struct flow *flow, const uint8_t *from);

/* ---- host tier ---------------------------------------------------------------------------- */

struct thresholds *thresholds_new(const struct ruleset *ruleset, const struct conf *conf);
void thresholds_free(struct thresholds **thresholds);
/** As detect_swap: counts, marks of hosts and sets of values stay. */
enum err thresholds_swap(struct thresholds *thresholds, const struct ruleset *ruleset);
/** A hit, as far as the host tier asks. */
struct rule_hit {
    const struct rule_info *rule;
    uint64_t ts_ns, packet, flow_id; /* packet: its number; 0 = what time ended. flow 0 = none */
    const struct addr *src, *dst;
    struct slice conditions; /* of detect_conditions */
    bool of_flow;            /* see struct hit */
};
enum rule_said {
    SAID_NOTHING, /* no alert */
    SAID_ALERT,
    SAID_ALLOWED, /* an alert, whose action rate_filter has changed: to alert */
    SAID_BLOCKED, /* … to drop or reject */
};
/** In packet order: whether this hit becomes an alert (threshold, detection_filter, rate, suppress,
 * xbits, sets of values, packets and flows that such a rule has ended). */
enum rule_said thresholds_admit(struct thresholds *thresholds, const struct rule_hit *hit);
/** A packet as `tag` counts it; flow_id 0 = of no flow. */
struct tagged_packet {
    uint64_t ts_ns, flow_id;
    const struct addr *src, *dst;
    uint32_t bytes; /* of the frame */
};
/** In packet order, behind the packet's hits: true when a rule with `tag` wants it kept. */
bool thresholds_keep(struct thresholds *thresholds, const struct tagged_packet *packet);
/** Tags that gave way in the full table. */
uint64_t thresholds_tags_lost(const struct thresholds *thresholds);

#endif
