/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Set of address prefixes, each with a payload: asset tables, HOME_NET, place names.
 *
 * Filled once, then frozen into sorted boundaries; a look-up is a binary search without memory.
 * The longest prefix wins; of two equal ones the negated, then the later. A set of negated prefixes
 * only means "everything but".
 */
#ifndef TRAMGAC_COMMON_ADDRSET_H
#define TRAMGAC_COMMON_ADDRSET_H

#include "common/addr.h"

struct addrset_entry;
struct addrset_edge4;
struct addrset_edge6;

struct addrset {
    struct addrset_entry *entries; /* until frozen */
    uint32_t n;
    struct addrset_edge4 *edges4;
    uint32_t n4;
    struct addrset_edge6 *edges6;
    uint32_t n6;
    bool frozen;
};

enum { ADDRSET_PAYLOAD_MAX = 0x7fffffff };

void addrset_init(struct addrset *set);
void addrset_fini(struct addrset *set);

/** `payload` at most ADDRSET_PAYLOAD_MAX; it means nothing for a negated prefix. */
void addrset_add(struct addrset *set, const struct prefix *prefix, bool negated, uint32_t payload);
/** Both ends belong to it. False when they are of two families or in the wrong order. */
bool addrset_add_range(struct addrset *set, const struct addr *from, const struct addr *to,
                       bool negated, uint32_t payload);
/** "10.0.0.0/8", "!10.1.2.3", "10.0.0.1-10.0.0.9", "any". False when it is none of these. */
bool addrset_add_text(struct addrset *set, struct slice text, uint32_t payload);
/** Nothing can be added any more; look-ups are allowed from here on. */
void addrset_freeze(struct addrset *set);

/** Whether the address is in the set; `payload` may be NULL. */
bool addrset_find(const struct addrset *set, const struct addr *addr, uint32_t *payload);

#endif
