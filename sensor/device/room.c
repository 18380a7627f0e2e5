/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/room.h"

#include <stdlib.h>

void *room_for(void *all, uint32_t *room, uint32_t need, const struct room_rule *rule)
{
    uint32_t more = *room ? *room : rule->first;

    if (need <= *room)
        return all;
    while (more < need)
        more *= 2;
    if (more > rule->most)
        more = rule->most;
    void *grown = realloc(all, more * rule->each);
    if (grown)
        *room = more;
    return grown;
}
