/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts that brought nothing: the same one within a minute need not be judged again. A table of
 * QUIET_SLOTS places of which only those in use take memory, in order of their place.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_QUIET_H
#define TRAMGAC_SENSOR_DEVICE_QUIET_H

#include <stddef.h>
#include <stdint.h>

enum { QUIET_SLOTS = 64 };

struct quiet_fact {
    uint64_t key; /* of all that was judged */
    uint64_t ns;
};

struct quiet {
    uint64_t used; /* bit by place */
    struct quiet_fact *all;
    uint32_t room;
};

static inline uint32_t quiet_slot(uint64_t key)
{
    return (key >> 8) % QUIET_SLOTS;
}

/** What is kept in a place (< QUIET_SLOTS); NULL = nothing. */
static inline const struct quiet_fact *quiet_at(const struct quiet *quiet, uint32_t slot)
{
    uint64_t bit = UINT64_C(1) << slot;

    return quiet->used & bit ? &quiet->all[__builtin_popcountll(quiet->used & (bit - 1))] : NULL;
}

/** Takes the place of what was kept there; without memory it is not kept. */
void quiet_put(struct quiet *quiet, uint32_t slot, struct quiet_fact fact);
/** Something changed that was judged: nothing is quiet any more. */
void quiet_clear(struct quiet *quiet);
void quiet_fini(struct quiet *quiet);

#endif
