/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/quiet.h"

#include "sensor/device/room.h"

#include <stdlib.h>
#include <string.h>

static const struct room_rule growth = {2, QUIET_SLOTS, sizeof(struct quiet_fact)};

void quiet_put(struct quiet *quiet, uint32_t slot, struct quiet_fact fact)
{
    uint64_t bit = UINT64_C(1) << slot;
    uint32_t n = (uint32_t)__builtin_popcountll(quiet->used);
    uint32_t at = (uint32_t)__builtin_popcountll(quiet->used & (bit - 1));

    if (quiet->used & bit) {
        quiet->all[at] = fact;
        return;
    }
    struct quiet_fact *all = room_for(quiet->all, &quiet->room, n + 1, &growth);
    if (!all)
        return;
    quiet->all = all;
    memmove(&all[at + 1], &all[at], (n - at) * sizeof(all[0]));
    all[at] = fact;
    quiet->used |= bit;
}

void quiet_clear(struct quiet *quiet)
{
    quiet->used = 0;
}

void quiet_fini(struct quiet *quiet)
{
    free(quiet->all);
    *quiet = (struct quiet){0};
}
