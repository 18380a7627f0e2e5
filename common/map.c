/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries stand in one array in order of insertion; an index of slot numbers (linear probing, at
 * most half full, deletion by shifting back) finds them. Removed entries leave holes; the array has
 * a quarter more room than the cap, so closing the holes is paid for by many removals.
 */
#include "common/map.h"
#include "common/check.h"
#include "common/hash.h"

#include <stdlib.h>

struct entry {
    union map_value value;
    uint32_t hash;
    uint32_t key_len;
    bool used;
};

struct map {
    struct entry *entries;
    uint8_t *keys;
    uint32_t *index; /* 1 + entry, 0 = free */
    uint64_t seed;
    uint32_t mask;
    uint32_t cap;
    uint32_t room; /* entries allocated */
    uint32_t key_max;
    uint32_t end; /* entries in use, holes included */
    uint32_t count;
};

struct map *map_new(uint32_t cap, uint32_t key_max)
{
    CHECK(cap > 0 && cap <= 1U << 28);
    struct map *map = calloc(1, sizeof(*map));
    if (!map)
        return NULL;
    uint32_t slots = 8;
    while (slots < 2 * cap)
        slots *= 2;
    map->cap = cap;
    map->room = cap + cap / 4 + 8;
    map->key_max = key_max;
    map->mask = slots - 1;
    map->seed = hash_random_seed();
    map->entries = calloc(map->room, sizeof(*map->entries));
    map->keys = calloc(map->room, key_max ? key_max : 1);
    map->index = calloc(slots, sizeof(*map->index));
    if (!map->entries || !map->keys || !map->index)
        map_free(&map);
    return map;
}

void map_free(struct map **map)
{
    if (!*map)
        return;
    free((*map)->entries);
    free((*map)->keys);
    free((*map)->index);
    free(*map);
    *map = NULL;
}

static struct slice key_of(const struct map *map, uint32_t entry)
{
    return (struct slice){map->keys + (size_t)entry * map->key_max, map->entries[entry].key_len};
}

/* Slot of the index that holds the key, or the free one where it would go. */
static uint32_t slot_of(const struct map *map, struct slice key, uint32_t hash)
{
    uint32_t slot = hash & map->mask;

    while (map->index[slot]) {
        uint32_t entry = map->index[slot] - 1;
        if (map->entries[entry].hash == hash && slice_eq(key_of(map, entry), key))
            break;
        slot = (slot + 1) & map->mask;
    }
    return slot;
}

union map_value *map_find(const struct map *map, struct slice key)
{
    uint32_t slot = slot_of(map, key, (uint32_t)hash_bytes(key, map->seed));
    return map->index[slot] ? &map->entries[map->index[slot] - 1].value : NULL;
}

static void close_holes(struct map *map)
{
    uint32_t to = 0;

    memset(map->index, 0, ((size_t)map->mask + 1) * sizeof(*map->index));
    for (uint32_t from = 0; from < map->end; from++) {
        if (!map->entries[from].used)
            continue;
        if (to != from) {
            map->entries[to] = map->entries[from];
            memcpy(map->keys + (size_t)to * map->key_max, map->keys + (size_t)from * map->key_max,
                   map->entries[to].key_len);
        }
        map->index[slot_of(map, key_of(map, to), map->entries[to].hash)] = to + 1;
        to++;
    }
    map->end = to;
}

union map_value *map_add(struct map *map, struct slice key, bool *added)
{
    uint32_t hash = (uint32_t)hash_bytes(key, map->seed);
    uint32_t slot = slot_of(map, key, hash);

    if (added)
        *added = false;
    if (map->index[slot])
        return &map->entries[map->index[slot] - 1].value;
    if (map->count == map->cap || key.len > map->key_max)
        return NULL;
    if (map->end == map->room) {
        close_holes(map);
        slot = slot_of(map, key, hash);
    }
    uint32_t entry = map->end++;
    map->entries[entry] = (struct entry){.hash = hash, .key_len = key.len, .used = true};
    if (key.len)
        memcpy(map->keys + (size_t)entry * map->key_max, key.at, key.len);
    map->index[slot] = entry + 1;
    map->count++;
    if (added)
        *added = true;
    return &map->entries[entry].value;
}

bool map_remove(struct map *map, struct slice key)
{
    uint32_t hole = slot_of(map, key, (uint32_t)hash_bytes(key, map->seed));

    if (!map->index[hole])
        return false;
    map->entries[map->index[hole] - 1].used = false;
    map->count--;
    for (uint32_t slot = (hole + 1) & map->mask; map->index[slot]; slot = (slot + 1) & map->mask) {
        uint32_t home = map->entries[map->index[slot] - 1].hash & map->mask;
        if (((slot - home) & map->mask) >= ((slot - hole) & map->mask)) {
            map->index[hole] = map->index[slot];
            hole = slot;
        }
    }
    map->index[hole] = 0;
    return true;
}

void map_clear(struct map *map)
{
    memset(map->index, 0, ((size_t)map->mask + 1) * sizeof(*map->index));
    map->end = map->count = 0;
}

uint32_t map_count(const struct map *map)
{
    return map->count;
}

bool map_next(const struct map *map, uint32_t *at, struct slice *key, union map_value **value)
{
    while (*at < map->end) {
        uint32_t entry = (*at)++;
        if (!map->entries[entry].used)
            continue;
        *key = key_of(map, entry);
        *value = &map->entries[entry].value;
        return true;
    }
    return false;
}
