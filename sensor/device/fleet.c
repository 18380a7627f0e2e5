/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/fleet.h"

#include "common/clock.h"

#include <stddef.h>

static const uint64_t WINDOW_NS = 600 * CLOCK_S;

static struct fleet_entry *entry_of(struct fleet *fleet, uint64_t key, uint64_t now_ns)
{
    struct fleet_entry *oldest = &fleet->all[0];

    for (uint32_t i = 0; i < FLEET_ENTRIES; i++) {
        struct fleet_entry *e = &fleet->all[i];
        if (e->key == key && now_ns - e->first_ns < WINDOW_NS)
            return e;
        if (e->key == key || e->first_ns < oldest->first_ns)
            oldest = e;
        if (e->key == key)
            break;
    }
    *oldest = (struct fleet_entry){.key = key, .first_ns = now_ns};
    return oldest;
}

static int is_in(const struct fleet_entry *e, uint64_t device)
{
    for (uint32_t i = 0; i < e->n && i < FLEET_DEVICES; i++) {
        if (e->devices[i] == device)
            return 1;
    }
    return 0;
}

enum fleet_answer fleet_note(struct fleet *fleet, uint64_t key, uint64_t device, uint64_t now_ns,
                             uint32_t *n)
{
    struct fleet_entry *e = entry_of(fleet, key, now_ns);

    *n = e->n;
    if (is_in(e, device))
        return e->n >= FLEET_FROM ? FLEET_FOLDED : FLEET_SINGLE;
    if (e->n < FLEET_DEVICES)
        e->devices[e->n] = device;
    *n = ++e->n;
    if (e->n == FLEET_FROM)
        return FLEET_NOW;
    return e->n > FLEET_FROM ? FLEET_FOLDED : FLEET_SINGLE;
}
