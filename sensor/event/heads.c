/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/event/heads.h"

#include <stdlib.h>

enum { ENTRIES = 512, TEXT_MAX = 384 };

struct heads_entry {
    struct heads_key key; /* flow_id 0: free */
    uint16_t len[HEADS_PARTS];
    uint8_t kept; /* bits of parts */
    uint16_t end;
    char text[TEXT_MAX]; /* the parts in the order they were kept */
    uint16_t from[HEADS_PARTS];
};

struct heads {
    struct heads_entry entry[ENTRIES];
};

struct heads *heads_new(void)
{
    return calloc(1, sizeof(struct heads));
}

void heads_free(struct heads **heads)
{
    free(*heads);
    *heads = NULL;
}

struct heads_entry *heads_of(struct heads *heads, const struct heads_key *key)
{
    struct heads_entry *e = &heads->entry[(key->flow_id ^ key->src_port) % ENTRIES];

    if (memcmp(&e->key, key, sizeof(*key)) != 0) {
        memcpy(&e->key, key, sizeof(*key));
        e->kept = 0;
        e->end = 0;
    }
    return e;
}

bool heads_get(const struct heads_entry *e, enum heads_part part, struct slice *members)
{
    *members = (struct slice){(const uint8_t *)e->text + e->from[part], e->len[part]};
    return e->kept >> part & 1;
}

void heads_keep(struct heads_entry *e, enum heads_part part, struct slice members)
{
    if (e->kept >> part & 1 || members.len + e->end > TEXT_MAX)
        return;
    if (members.len)
        memcpy(e->text + e->end, members.at, members.len);
    e->from[part] = e->end;
    e->len[part] = (uint16_t)members.len;
    e->end = (uint16_t)(e->end + members.len);
    e->kept = (uint8_t)(e->kept | 1u << part);
}
