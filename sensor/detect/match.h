/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One worker's matching. Private to this folder: detect.c holds what is shared (headers of rules,
 * hits), match_payload.c the rules on packets and streams, match_tx.c those on transactions.
 */
#ifndef TRAMGAC_SENSOR_DETECT_MATCH_H
#define TRAMGAC_SENSOR_DETECT_MATCH_H

#include "common/strbuf.h"
#include "sensor/detect/buffer.h"
#include "sensor/detect/concern.h"
#include "sensor/detect/cost.h"
#include "sensor/detect/header.h"
#include "sensor/detect/inspect.h"
#include "sensor/detect/ruleset.h"
#include "sensor/detect/state.h"

enum {
    RAW_MAX = 128,
    HITS_MAX = 256,
    CANDIDATES_MAX = 4096,
    WINDOW_MAX = 4096,
    VIEW_ROOM = 512 * 1024,
    CONDITIONS_MAX = 64 * 1024,
    STEPS_ROOM = 1024,
    ASKED_PROTOS = 64,
    HELD_MAX = 64 * 1024
};

enum detect_count {
    DETECT_RULES_TRIED,
    DETECT_HITS,
    DETECT_HITS_CUT,
    DETECT_STEPS,
    DETECT_PCRE_LIMIT,
    DETECT_STATE_FULL,
    DETECT_CANDIDATES_FULL,
    DETECT_SCANNED_BYTES,
    DETECT_SUSPENDED,
};

/** Bytes of a direction as rules see them in this run. */
struct view {
    struct slice data;
    uint64_t base;
    bool set;
    uint32_t fresh; /* its first bytes, which were looked at before */
};

/** What stands beside a view where bytes of the stream were lost, for the event. */
struct beside {
    struct slice before, after;
    uint32_t lost_before, lost_after; /* 0 = none: there is nothing beside it */
};

/** Ends of what is inspected, by its direction. */
struct ends {
    const struct addr *src, *dst;
    uint16_t sport, dport;
};

struct detect {
    const struct ruleset *rs;
    struct pool *pool;
    struct literals_scratch *literals;
    struct buffer_scratch *buffers;
    struct inspect_scratch inspect;
    struct cost cost;
    uint64_t *count;
    uint32_t window, alerts_max;
    uint64_t depth;
    bool behind_depth; /* packets behind it are looked at by themselves */

    const struct detect_input *in;
    uint32_t looks; /* detect_looks() of it */
    int proto;      /* row of the flow's protocol, or -1 */
    struct asked_proto {
        const struct proto_def *proto;
        int row;
    } asked[ASKED_PROTOS]; /* rows of protocols, by their address */
    uint32_t class_;       /* CLASS_TCP … of the packet */
    struct view view[2];
    bool stream_shown;        /* with the packet in hand its direction's stream was looked at */
    struct beside beside;     /* the view in hand */
    uint8_t behind[HELD_MAX]; /* bytes that waited behind a gap */
    struct inspection look;   /* reused for each rule */

    uint32_t *mark;     /* by rule: epoch in which it became a candidate */
    uint32_t *mark_end; /* where its literal ended */
    uint32_t epoch;
    uint32_t n_candidates;
    uint32_t candidates[CANDIDATES_MAX];

    uint32_t *net_answer[2]; /* by side and net: 1 = yes, and above it the `net_now` it is of */
    uint32_t net_now;
    struct concern concerns[CONCERNS_KEPT];
    struct ends ends;
    struct addr net_ends[2]; /* whom the answers are about; family 0 = none yet */
    bool net_told;           /* … and they are those of `ends` */

    uint8_t *room; /* 2 × VIEW_ROOM: window and chunk side by side, by direction */
    uint32_t n_hits;
    struct hit hits[HITS_MAX];
    struct strbuf conditions; /* on sets of values, of the hits */
    struct strbuf text;       /* bytes of hits that stand nowhere as the event shows them */
    uint32_t n_vars;          /* of the packet in hand; their bytes lie in `text` */
    struct {
        uint16_t id;
        uint32_t at, len;
    } vars[VARS_MAX];
    uint32_t n_raw[2]; /* transaction rules whose literal was in the payload, by direction */
    uint32_t raw[2][RAW_MAX];
    struct lack lack;         /* of the transaction rule in hand */
    struct match_step *steps; /* NULL: hits do not tell them */
    uint32_t n_steps;
    struct explain *explain; /* NULL: nobody asks */
    bool passed;
    uint32_t pass_at; /* the first rule in order that did */
    uint32_t drop_at; /* the first that dropped or rejected the flow */
    bool drop_ends;   /* … and rules look at no more of it */
    bool at_end;      /* open connections are looked at once more at their end */
    bool encrypted;   /* payload of encrypted TLS is looked at, too */
    bool looking;     /* detect_look() was called for the packet in hand */
    bool fresh;       /* first packet of this direction since the protocol is known */
    uint32_t put_off; /* so many of the first chunks wait */
};

/** Makes ready for rules on the packet in hand, if it is not yet. */
void detect_look(struct detect *d);
/** Begins a new list of candidates. */
void detect_candidates_clear(struct detect *d);
void detect_candidate(struct detect *d, uint32_t rule, uint32_t end);
void detect_candidates_sort(struct detect *d);
/** Candidates of a set: rules whose literal occurs in `data` and ends behind its first `old` bytes
 * (searched before); with `headers` only those whose header fits. */
void detect_scan(struct detect *d, const struct lit_set *set, struct slice data, uint32_t old,
                 bool headers);
/** Candidates of gates: rules whose gate and header let the packet or what is seen of its stream
 * (or NULL) through. */
void gates_open(struct detect *d, const struct gates *gates, const struct view *stream);

/** The same of a transaction's buffer: rules whose bytes stand there. */
void gates_heads(struct detect *d, const struct gates *gates, struct slice bytes);

/** Row of a protocol, or -1. */
int detect_proto(struct detect *d, const struct proto_def *proto);
/** Sets whose ends the headers of rules are compared with; the addresses stay as they are while the
 * packet is looked at. */
static inline void detect_ends(struct detect *d, struct ends ends)
{
    d->ends = ends;
    d->net_told = false;
}
bool detect_tests_ok(struct detect *d, const struct rule *r);
/** Nothing has matched yet of the rule that is tried next. */
void detect_hit_clear(struct detect *d);
/** The rule has matched: effects, hit. `d->look` says on what. */
void detect_fire(struct detect *d, const struct rule *r);

void match_payload_run(struct detect *d);
/** A packet of a TCP flow that carries nothing: true when it tells no rule anything, as packets of
 * this direction have shown before, and what it brought of the other direction waits. */
bool match_payload_empty(struct detect *d);
/** There are bytes to look at with the packet in hand: its payload's, or those that its direction's
 * stream has waited with. */
bool match_payload_bytes(const struct detect *d);
/** Writes the hit's payload where it stays, with what stands beside it when bytes were lost there.
 */
void match_payload_text(struct detect *d, struct hit *hit);
/** A variable that the rule which has matched keeps. */
void vars_take(struct detect *d, bool of_flow, uint16_t id, struct slice value);

/** Rules of a protocol alone, at the end of a connection. */
void match_end_run(struct detect *d);
void match_tx_run(struct detect *d);
void match_frame_run(struct detect *d);

#endif
