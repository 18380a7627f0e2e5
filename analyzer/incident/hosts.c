/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/incident/hosts.h"
#include "common/check.h"
#include "common/map.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEYS_MAX = 65536, KEY_TEXT = 200 };

/** Stories that one host is part of. */
struct slot {
    struct story *at[HOSTS_STORIES_MAX];
    uint32_t n;
};

struct hosts {
    struct map *by_host; /* "site|address" or "site|device|id" → struct slot */
};

struct hosts *hosts_new(void)
{
    struct hosts *hosts = calloc(1, sizeof(*hosts));

    CHECK(hosts);
    hosts->by_host = map_new(KEYS_MAX, KEY_TEXT);
    CHECK(hosts->by_host);
    return hosts;
}

void hosts_clear(struct hosts *hosts)
{
    uint32_t at = 0;
    struct slice key;
    union map_value *value;

    while (map_next(hosts->by_host, &at, &key, &value))
        free(value->p);
    map_clear(hosts->by_host);
}

void hosts_free(struct hosts **hosts)
{
    if (!*hosts)
        return;
    hosts_clear(*hosts);
    map_free(&(*hosts)->by_host);
    free(*hosts);
    *hosts = NULL;
}

static void add_text(char room[KEY_TEXT], uint32_t *len, const char *text, size_t most)
{
    size_t n = strnlen(text, most);

    memcpy(room + *len, text, n);
    *len += (uint32_t)n;
}

/* Key 0 is the address, key 1 the device; empty when there is none. */
static struct slice host_key(const char *site, const struct story_entity *e, uint32_t which,
                             char room[KEY_TEXT])
{
    const char *what = which ? e->device : e->ip;
    uint32_t len = 0;

    if (!*what)
        return SLICE_NONE;
    add_text(room, &len, site, 60);
    add_text(room, &len, which ? "|device|" : "|", 8);
    add_text(room, &len, what, 120);
    return (struct slice){(uint8_t *)room, len};
}

static void slot_drop(struct slot *slot, const struct story *story)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < slot->n; i++) {
        if (slot->at[i] != story)
            slot->at[kept++] = slot->at[i];
    }
    slot->n = kept;
}

static void slot_add(struct slot *slot, struct story *story)
{
    slot_drop(slot, story);
    if (slot->n == HOSTS_STORIES_MAX) { /* the one longest untouched makes room */
        uint32_t oldest = 0;
        for (uint32_t i = 1; i < slot->n; i++)
            oldest = slot->at[i]->touched < slot->at[oldest]->touched ? i : oldest;
        slot->at[oldest] = slot->at[--slot->n];
    }
    slot->at[slot->n++] = story;
}

static void add_entity(struct hosts *hosts, struct story *story, const struct story_entity *e)
{
    char room[KEY_TEXT];

    for (uint32_t k = 0; k < 2; k++) {
        struct slice key = host_key(story->site, e, k, room);
        union map_value *value = key.len ? map_add(hosts->by_host, key, NULL) : NULL;
        if (!value)
            continue;
        if (!value->p)
            value->p = calloc(1, sizeof(struct slot));
        CHECK(value->p);
        slot_add(value->p, story);
    }
}

void hosts_add(struct hosts *hosts, struct story *story)
{
    for (; story->n_indexed < story->n_entities; story->n_indexed++)
        add_entity(hosts, story, &story->entities[story->n_indexed]);
}

void hosts_drop(struct hosts *hosts, const struct story *story)
{
    char room[KEY_TEXT];

    for (uint32_t i = 0; i < story->n_indexed; i++) {
        for (uint32_t k = 0; k < 2; k++) {
            struct slice key = host_key(story->site, &story->entities[i], k, room);
            union map_value *value = key.len ? map_find(hosts->by_host, key) : NULL;
            if (!value)
                continue;
            slot_drop(value->p, story);
            if (((struct slot *)value->p)->n == 0) {
                free(value->p);
                map_remove(hosts->by_host, key);
            }
        }
    }
}

uint32_t hosts_find(const struct hosts *hosts, const char *site, const struct story_entity *e,
                    struct story *out[HOSTS_FOUND_MAX])
{
    char room[KEY_TEXT];
    uint32_t n = 0;

    for (uint32_t k = 0; k < 2; k++) {
        struct slice key = host_key(site, e, k, room);
        union map_value *value = key.len ? map_find(hosts->by_host, key) : NULL;
        const struct slot *slot = value ? value->p : NULL;
        for (uint32_t i = 0; slot && i < slot->n; i++) {
            bool known = false;
            for (uint32_t j = 0; j < n; j++)
                known = known || out[j] == slot->at[i];
            if (!known)
                out[n++] = slot->at[i];
        }
    }
    return n;
}
