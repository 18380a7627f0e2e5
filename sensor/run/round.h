/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What travels between the three tiers. The packet tier (front) reads some frames: a round. Each
 * worker gets its part of every round, even an empty one; the host tier (tail) takes the rounds in
 * order and merges what the workers brought by frame number. Rounds are cut by frame count, so what
 * comes out does not depend on the number of workers.
 *
 * No tier has a thread of its own: there are as many threads as workers, and each does what is due.
 * So few of them ever wait for each other, and one alone needs no other.
 */
#ifndef TRAMGAC_SENSOR_RUN_ROUND_H
#define TRAMGAC_SENSOR_RUN_ROUND_H

#include "common/arena.h"
#include "common/strbuf.h"
#include "common/wire.h"
#include "sensor/detect/detect.h"
#include "sensor/device/device.h"

#include <pthread.h>

enum { ROUND_RECENT = 64 };
enum { ROUND_PACKETS = 256, ROUND_SLOTS = 4, WORKERS_MAX = PACKET_SHARDS / PACKET_PAIR_SHARDS };

enum item_kind { ITEM_EVENT, ITEM_ALERT, ITEM_FACT, ITEM_SIGHT, ITEM_SHED, ITEM_NOTE, ITEM_TAGGED };

/** Something for the host tier. Ordered by `number`, `of_packet`, `order`, then as they came. */
struct item {
    uint64_t number; /* of the frame, or of the round's first frame for what time ended */
    uint64_t order;  /* first frame of the flow that time ended; 0 for what a packet brought */
    bool of_packet;
    bool of_flow;               /* ITEM_ALERT: see struct hit */
    uint8_t kind;               /* enum item_kind */
    uint8_t cls;                /* enum event_class */
    uint32_t text_at, text_len; /* in part.text; without the closing brace */
    uint32_t more_at, more_len; /* in part.text: conditions of an alert */
    uint32_t fact;              /* index in part.facts; ITEM_TAGGED: in round.packets */
    const struct rule_info *rule;
    struct addr src, dst;
    uint64_t ts_ns, flow_id;
    uint32_t view;            /* ITEM_SIGHT: bits of enum view_kind that are new of this flow */
    uint16_t iface, vlan;     /* ITEM_SIGHT: where the flow was seen */
    bool first;               /* ITEM_SIGHT: the flow was not reported before */
    const char *layer, *note; /* ITEM_NOTE: literals; src and dst of the packet */
    uint8_t shard, step;      /* ITEM_SHED: that shard is at that step now (shed.h) */
};

enum { ROUND_NOTICES_MAX = 16, ROUND_DETAIL_MAX = 2048 };

/** What the packet tier wants told: a `visibility` event. */
struct notice {
    const char *what; /* a literal */
    char affects[64];
    char detail[ROUND_DETAIL_MAX]; /* members of a JSON object */
    uint32_t detail_len;
    uint64_t ts_ns;
    uint64_t number; /* of the frame that showed it; 0 = none: told first */
};

/** A worker's part of a round. */
struct round_part {
    uint32_t n;
    uint16_t packet[ROUND_PACKETS + 1]; /* its packets, in order: indices in round.packets */
    /* what the worker made of them */
    struct strbuf text;
    struct item *items;
    uint32_t n_items, items_room;
    struct fact *facts;
    uint32_t n_facts, facts_room;
    uint32_t recent[ROUND_RECENT]; /* 1 + index of a fact, by what it is of; 0 = none (facts.c) */
    struct stats stats;            /* copy of the worker's counters when the round asks for it */
    struct rule_spent *costs;      /* and what its rules have cost */
    uint32_t n_costs, costs_room;
};

struct round {
    uint32_t n;
    struct packet *packets; /* ROUND_PACKETS + 1: what is around the last tunnel */
    bool shared;            /* there are several workers */
    uint64_t first_number;  /* frame number the round began at */
    /* Whole seconds of packet time that began before the round's first frame: what is silent since
     * long ends, second by second. Both 0: none began. At a restart tick_ns is when the old time
     * ended. Only the frames decide where they fall. */
    uint64_t tick_from_ns, tick_ns;
    uint64_t last_ns; /* packet time at its end */
    bool want_stats;  /* parts copy their counters */
    bool tell_stats;  /* they become an event */
    bool at_ease;     /* all that came in is read: one thread keeps up */
    bool idle;        /* there was nothing to read: what is held back may go out */
    bool restart;     /* another capture begins, earlier in time: all flows end first */
    bool reopen;      /* files were rotated: outputs begin new ones */
    bool last;        /* all flows end */
    /* Flows that began before this frame end; 0 = none. Some of these rounds, without packets,
     * stand before the last, so that the ends of all flows need not be held in memory at once. */
    uint64_t end_before;
    /* Rules from the round's first packet on; NULL = none. Others than before: a reload. */
    const struct ruleset *ruleset;
    struct strbuf rules_told; /* members of a `rules` event at its start; empty = none */
    struct arena arena;       /* bytes of packets whose source is not stable; reassembled packets */
    struct stats stats;       /* copy of the front's counters when wanted */
    struct notice notice[ROUND_NOTICES_MAX];
    uint32_t notices;
    struct round_part *part; /* one for each worker */
};

/** A packet of the part. */
static inline const struct packet *round_packet(const struct round *round,
                                                const struct round_part *part, uint32_t i)
{
    return &round->packets[part->packet[i]];
}

/** Fetches a packet to come, which another processor may have decoded. */
static inline void round_fetch(const struct round *round, const struct round_part *part, uint32_t i)
{
    if (round->shared && i < part->n)
        packet_prefetch(round_packet(round, part, i), false);
}

/** New item at the end of the part; NULL without memory. Number and order are the caller's. */
struct item *round_item(struct round_part *part);
/** New zeroed fact with its item; NULL without memory. */
struct fact *round_fact(struct round_part *part, struct item **item);
/** Who stands as src and dst in the head of an event: the flow's ends, else the packet's. */
void round_ends(struct item *item, const struct flow *flow, enum dir dir,
                const struct packet *packet);
void round_clear(struct round_part *part);
/** Adds a notice; beyond the most, or when its detail is too long, it is left out. */
void round_notice(struct round *round, const char *what, const char *affects, struct slice detail,
                  uint64_t ts_ns);
/** The same for what a frame showed: told where that frame's events stand. */
void round_notice_at(struct round *round, const struct notice *notice);

enum round_task { ROUND_START, ROUND_READ, ROUND_WORK, ROUND_TELL };

/** What a thread does next. */
struct round_job {
    enum round_task task; /* ROUND_START: it has done nothing yet */
    struct round *round;
    uint32_t worker; /* ROUND_WORK: which part */
    bool more;       /* ROUND_READ, set by the thread: this round is not the last */
};

/** The rounds under way, shared by as many threads as there are workers. */
struct rounds {
    struct round slot[ROUND_SLOTS];
    uint32_t
        slots; /* in use: one when one thread does it all, as what it touches is in its cache */
    uint32_t workers;
    /* all below under `lock` */
    pthread_mutex_t lock;
    pthread_cond_t wake[WORKERS_MAX];
    bool waits[WORKERS_MAX];                     /* a thread, for its `wake` */
    bool working[WORKERS_MAX], reading, telling; /* somebody does that now */
    bool at_ease, ended; /* the last round read: it was at ease; it was the last of all */
    uint64_t published, consumed;
    uint64_t done[WORKERS_MAX];
};

enum err rounds_init(struct rounds *rounds, uint32_t workers);
void rounds_fini(struct rounds *rounds);

/** The job in hand is done: gives thread `me` the next one, and waits while there is none. False
 * when all is done. Rounds are read one after the other, and told so; a worker's parts are worked
 * off in that order. */
bool rounds_next(struct rounds *rounds, uint32_t me, struct round_job *job);

#endif
