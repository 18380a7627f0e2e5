/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded map from bytes to a value. All memory is taken at the start; at the cap map_add() fails
 * and the caller decides. Iteration is in order of insertion, whatever the hash: results that are
 * printed from a map are the same in each run. The hash is seeded at random, so peers who choose
 * keys cannot make it slow.
 */
#ifndef TRAMGAC_COMMON_MAP_H
#define TRAMGAC_COMMON_MAP_H

#include "common/slice.h"

union map_value {
    void *p;
    uint64_t u;
};

struct map;

/** At most `cap` keys of at most `key_max` bytes each (copied). NULL without memory. */
struct map *map_new(uint32_t cap, uint32_t key_max);
/** Values that are pointers stay the caller's to free. */
void map_free(struct map **map);

/** Value of a key, or NULL. Valid until the next map_add(). */
union map_value *map_find(const struct map *map, struct slice key);
/** Value of a key, added as 0 when new (`*added`, may be NULL). NULL at the cap or when the key is
 * too long. Values found before may move. */
union map_value *map_add(struct map *map, struct slice key, bool *added);
bool map_remove(struct map *map, struct slice key);
void map_clear(struct map *map);
uint32_t map_count(const struct map *map);

/** Walk: start with `*at` 0; false at the end. Removing the key just given is allowed. */
bool map_next(const struct map *map, uint32_t *at, struct slice *key, union map_value **value);

#endif
