/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/event/closings.h"

#include <stdlib.h>

enum { ENTRIES = 256, TEXT_MAX = 620 };

struct entry {
    struct closings_key key;
    uint32_t len; /* 0: free */
    char text[TEXT_MAX];
};

struct closings {
    struct entry entry[ENTRIES];
};

struct closings *closings_new(void)
{
    return calloc(1, sizeof(struct closings));
}

void closings_free(struct closings **closings)
{
    free(*closings);
    *closings = NULL;
}

static uint32_t slot(const struct closings_key *key)
{
    return (uint32_t)((key->src * 37 + key->dst * 2 + key->brief) % ENTRIES);
}

struct slice closings_get(const struct closings *closings, const struct closings_key *key)
{
    const struct entry *e = &closings->entry[slot(key)];

    return e->key.src == key->src && e->key.dst == key->dst && e->key.brief == key->brief
               ? (struct slice){(const uint8_t *)e->text, e->len}
               : SLICE_NONE;
}

void closings_keep(struct closings *closings, const struct closings_key *key, struct slice text)
{
    struct entry *e = &closings->entry[slot(key)];

    if (text.len > TEXT_MAX)
        return;
    e->key = *key;
    e->len = text.len;
    memcpy(e->text, text.at, text.len);
}
