/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of the correlator: one per (rule, values of its group-by), entries in order of event
 * time. Bounded per rule; the group touched longest ago makes room.
 */
#ifndef TRAMGAC_ANALYZER_CORRELATE_GROUPS_H
#define TRAMGAC_ANALYZER_CORRELATE_GROUPS_H

#include "analyzer/correlate/correlate.h"
#include "common/digest.h"
#include "common/map.h"

enum { GROUP_NAME_MAX = 33, GROUP_VALUE_MAX = 256, GROUPS_REST = 64 };

struct group_chunk {
    uint64_t seq;     /* part of the checkpoint's name */
    uint64_t last_ns; /* newest entry in it; when that is gone, so is the chunk */
};

struct group {
    uint32_t rule; /* index in the set */
    char name[GROUP_NAME_MAX];
    const char *values[SIGMA_GROUPS_MAX]; /* behind the struct */
    struct corr_entry *entries;           /* entries[head .. head + n) */
    uint32_t head, n, room;
    uint64_t fired_ns;        /* time of the last hit; 0 = none */
    uint64_t deadline_ns;     /* a window with an upper limit ends; 0 = none open */
    bool busy;                /* waits to be looked at: must not be given up now */
    bool dirty;               /* changed since the last save */
    bool head_dirty;          /* more than new entries */
    bool saved;               /* has a head in the checkpoint */
    struct corr_entry *fresh; /* entries not yet in a chunk */
    uint32_t n_fresh, fresh_room;
    struct group_chunk *chunks; /* oldest first */
    uint32_t n_chunks, chunks_room;
    uint64_t next_seq;
    uint64_t touched;            /* number of the batch that touched it last */
    struct group *newer, *older; /* by last touch, within the rule */
    struct group *next_dirty;
};

struct groups;

/** `rules`: number of rules of the set. */
struct groups *groups_new(uint32_t rules, struct correlate_limits limits, uint64_t *counters);
void groups_free(struct groups **g);

/** The group of these values (case-blind), made when new; the oldest of its rule goes when the rule
 * has too many. NULL when there is no room because all others are busy. */
struct group *groups_take(struct groups *g, const struct sigma_rule *rule,
                          const struct slice *values);
/** The group of that name; NULL when there is none. */
struct group *groups_find(const struct groups *g, const char *name);
/** Puts an entry in its place; keeps its evidence. False: too old to be placed. */
bool groups_insert(struct groups *g, struct group *group, uint64_t span_ns,
                   const struct corr_entry *entry);
/** Entries with from_ns <= time <= to_ns. */
struct corr_window groups_window(const struct group *group, uint64_t from_ns, uint64_t to_ns);

/** A batch begins. */
void groups_begin(struct groups *g);
/** Forgets groups that no event at or after `now_ns` can continue and that were not touched for
 * GROUPS_REST batches (captures of other days may be read in turns). */
void groups_expire(struct groups *g, const struct sigma_set *set, uint64_t now_ns);
/** Groups of one rule, touched last first. */
struct group *groups_first(const struct groups *g, uint32_t rule);
/** Its times changed: they must be saved. */
void groups_mark(struct groups *g, struct group *group);
/** Writes and forgets what changed. */
enum err groups_save(struct groups *g, const struct sigma_set *set,
                     const struct correlate_sink *sink);
/** Takes back one text of groups_save; heads before their chunks. ERR_NOTFOUND: its rule is gone or
 * was changed. */
enum err groups_restore(struct groups *g, const struct sigma_set *set, const char *name,
                        const struct json *v);

#endif
