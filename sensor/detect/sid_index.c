/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/sid_index.h"

#include "common/hash.h"

#include <stdlib.h>

enum { FIRST = 1024 };

static uint32_t *slot_of(const struct sid_index *x, const struct rule *rules, uint32_t gid,
                         uint32_t sid)
{
    uint32_t i = (uint32_t)hash_mix((uint64_t)gid << 32 | sid) & (x->room - 1);

    while (x->slots[i]) {
        const struct rule_info *known = &rules[x->slots[i] - 1].info;
        if (known->gid == gid && known->sid == sid)
            break;
        i = (i + 1) & (x->room - 1);
    }
    return &x->slots[i];
}

uint32_t sid_index_find(const struct sid_index *x, const struct rule *rules, uint32_t gid,
                        uint32_t sid, uint32_t missing)
{
    uint32_t at = x->room ? *slot_of(x, rules, gid, sid) : 0;

    return at ? at - 1 : missing;
}

static void grow(struct sid_index *x, const struct rule *rules)
{
    struct sid_index old = *x;

    x->room = old.room ? old.room * 2 : FIRST;
    x->slots = calloc(x->room, sizeof(*x->slots));
    if (!x->slots)
        abort();
    for (uint32_t i = 0; i < old.room; i++) {
        const struct rule_info *rule = old.slots[i] ? &rules[old.slots[i] - 1].info : NULL;
        if (rule)
            *slot_of(x, rules, rule->gid, rule->sid) = old.slots[i];
    }
    free(old.slots);
}

void sid_index_add(struct sid_index *x, const struct rule *rules, uint32_t at)
{
    if (x->n * 4 >= x->room * 3)
        grow(x, rules);
    *slot_of(x, rules, rules[at].info.gid, rules[at].info.sid) = at + 1;
    x->n++;
}

void sid_index_fini(struct sid_index *x)
{
    free(x->slots);
    *x = (struct sid_index){0};
}
