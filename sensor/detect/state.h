/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What detection keeps on flows and transactions, and the memory for it: blocks of few sizes on
 * free lists, under one cap. Nothing is asked from the system once the lists have filled.
 */
#ifndef TRAMGAC_SENSOR_DETECT_STATE_H
#define TRAMGAC_SENSOR_DETECT_STATE_H

#include "sensor/detect/inspect.h"

struct pool;
struct pool *state_pool_new(uint64_t cap_bytes);
void state_pool_free(struct pool **pool);
/** Zeroed bytes (64 KB at most); NULL at the cap. */
void *state_take(struct pool *pool, size_t bytes);
/** Back to the pool; `bytes` as they were asked for. */
void state_give(struct pool *pool, void *at, size_t bytes);
/** An array that is full moves into twice the room; false at the cap or `max` items. */
bool state_grow(struct pool *pool, void **at, uint16_t n, uint16_t *room, size_t item,
                uint16_t max);

/** What became of a rule in a transaction. RULE_LOST: not on the files seen so far; another file of
 * the transaction may still fire it. */
enum rule_fate { RULE_OPEN, RULE_FIRED, RULE_LOST };

enum { EARLY_MAX = 8 };

/** A rule of which a part has matched, or that has fired, in one transaction. */
struct tx_rule {
    uint32_t rule; /* its uid */
    uint32_t done; /* bit i: group i has matched */
    uint8_t dir;
    uint8_t fate; /* enum rule_fate */
    struct lack lack;
};

/** On tx->detect. */
struct tx_state {
    uint32_t generation;   /* of the ruleset that the places below belong to */
    uint64_t scanned[2];   /* by direction: bit i = i-th buffer of the plan */
    uint32_t file[2];      /* id of the file looked at last, by direction; 0 = none */
    uint32_t file_seen[2]; /* how much of it was searched */
    uint8_t file_step[2];  /* size class of the file at the last look */
    uint64_t seen[2];      /* by direction: what there was at the last look */
    bool wants_payload[2]; /* a rule waits for bytes of the stream */
    bool started[2];       /* rules without a literal were taken up */
    bool repeats[2];       /* a rule fires again with more bytes of the direction */
    bool more[2];          /* they came since the last look */
    /* Rules on the body that the file repeats whose literal was in the file, by index; more than
     * EARLY_MAX: the body itself has to be searched. */
    uint8_t n_early;
    uint32_t early[EARLY_MAX];
    uint16_t n, room;
    struct tx_rule *rules;
};

enum { STREAM_PENDING_MAX = 64 };

/** A rule whose literal was seen and the rest not yet, or that has fired. */
struct pending {
    uint32_t rule; /* its uid */
    bool fired;
    uint64_t until; /* stream offset where the literal leaves the window; or up to which a rule
                       that fired has used the bytes */
};

enum { HOLES_MAX = 4 };

/** Bytes of one direction of a stream that rules may still need. */
struct window {
    uint8_t *at;
    uint32_t len, room;
    uint64_t next; /* stream offset behind the last byte */
    uint32_t held; /* of its last bytes: not searched yet */
    bool held_end; /* … and they are the last of all */
    uint8_t n_holes;
    struct hole {
        uint32_t at, lost; /* before the held bytes at `at` of the window so many are lost */
    } hole[HOLES_MAX];
    bool dark;        /* encrypted */
    bool off;         /* … or beyond the depth */
    bool app_scanned; /* the protocol's own rules have seen the window */
    uint16_t n_pending, room_pending;
    struct pending *pending;
};

struct flow_int {
    uint16_t id;
    uint32_t value;
};

/** Bytes that a rule has kept of a flow under a name. */
struct flow_var {
    uint16_t id;
    uint16_t len;
    uint8_t *at;
};
enum { VARS_MAX = 16, VAR_BYTES_MAX = 1024 };

/** On flow->ext[FLOW_EXT_DETECT]. */
struct flow_marks {
    struct window win[2];
    uint16_t *bits;
    uint16_t n_bits, room_bits;
    struct flow_int *ints;
    uint16_t n_ints, room_ints;
    struct flow_var *vars;
    uint16_t n_vars, room_vars;
    uint8_t dark;          /* bit by enum dir: encrypted, no packet of it is looked at any more */
    bool hushed;           /* nor of its streams, but for what waits until the flow's end */
    bool pass;             /* a pass rule let the flow through, or it is bypassed */
    bool tagged;           /* a rule with tag:session has hit: the host tier asks for its packets */
    struct frames *frames; /* NULL: no rule names a frame of the flow's protocol */
};
/** The state of a flow; NULL when it has none, and of no flow. */
static inline struct flow_marks *state_marks(const struct flow *flow)
{
    return flow ? flow->ext[FLOW_EXT_DETECT] : NULL;
}
/** Gives back what is kept of a flow's frames. */
void match_frame_drop(struct pool *pool, struct frames *frames);

/** The state of a flow, made when it is not there; NULL without memory. */
struct flow_marks *state_flow(struct pool *pool, struct flow *flow);
/** Gives back all that hangs on a flow's state. */
void state_flow_empty(struct pool *pool, struct flow_marks *marks);
void state_flow_drop(struct pool *pool, struct flow *flow);
struct tx_state *state_tx(struct pool *pool, struct tx *tx);
void state_tx_drop(struct pool *pool, struct tx *tx);

bool state_bit(const struct flow *flow, uint16_t bit);
void state_bit_set(struct pool *pool, struct flow *flow, uint16_t bit, bool on);
/** The value of a flow's number; NULL when it was never set and `make` is false. */
uint32_t *state_int(struct pool *pool, struct flow *flow, uint16_t id, bool make);

/** The variable of a flow; NULL when it was never set. */
const struct flow_var *state_var(const struct flow *flow, uint16_t id);
/** Sets it; what is longer than VAR_BYTES_MAX is cut. False at the cap. */
bool state_var_set(struct pool *pool, struct flow *flow, uint16_t id, struct slice value);

/** The entry of a rule in a transaction; NULL when it has none. */
struct tx_rule *state_tx_rule(const struct tx_state *state, uint32_t rule, uint8_t dir);
/** A new entry; NULL at the cap. */
struct tx_rule *state_tx_add(struct pool *pool, struct tx_state *state, uint32_t rule, uint8_t dir);

/** Makes room for `bytes` in a window; false at the cap. */
bool state_window(struct pool *pool, struct window *win, uint32_t bytes);
/** The bytes are not needed any more. */
void state_window_drop(struct pool *pool, struct window *win);

/** A new entry of a window, the one that ends soonest when there are too many; NULL at the cap. */
struct pending *state_pending(struct pool *pool, struct window *win);

struct dataset;
/** The hit depends on a set of values that rules change (enum dataset_what); the host tier decides.
 * False when there is no room. */
bool detect_condition(struct detect *detect, const struct dataset *set, uint8_t what,
                      struct slice value);

/** The variable of the packet in hand; false when no rule has set it. */
bool vars_of_packet(const struct detect *detect, uint16_t id, struct slice *value);
/** Memory of a detect context, for acts. */
struct pool *detect_pool(struct detect *detect);

#endif
