/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is there: devices by MAC and by address, bounded, least recently seen first out.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_INVENTORY_H
#define TRAMGAC_SENSOR_DEVICE_INVENTORY_H

#include "sensor/device/core.h"

/** What a sighting changed. */
struct sighting {
    struct device *device; /* NULL: not an internal host */
    bool taken_over;       /* another device had the address until now */
    char before_id[DEVICE_ID_MAX];
    uint64_t before_ns; /* when that one last used it */
};

/** A host sent something. `confirmed`: it said itself that address and MAC belong together. `mac`
 * may be NULL. */
struct sighting inventory_see(struct devices *devices, const struct addr *addr,
                              const struct mac *mac, uint16_t vlan, bool confirmed, uint64_t ns);
struct device *inventory_by_mac(const struct devices *devices, const struct mac *mac);
struct device *inventory_find(const struct devices *devices, const struct addr *addr);
/** In the internal networks of the configuration or a zone of the site; not group or broadcast. */
bool inventory_internal(const struct devices *devices, const struct addr *addr);
enum endpoint inventory_endpoint(const struct devices *devices, const struct addr *addr);
/** A packet for `addr` went to this next hop: it is a gateway when the address is elsewhere. */
void inventory_next_hop(struct devices *devices, const struct addr *addr, const struct mac *mac,
                        uint64_t ns);
/** It was seen now. `proof`: in a way that shows that it exists. */
void inventory_touch(struct devices *devices, struct device *device, bool proof);
/** For loading a saved state: a device with this id; `id` decides whether it has a MAC. */
struct device *inventory_restore(struct devices *devices, const char *id, bool proven);
/** Binds an address without asking who had it. */
void inventory_bind(struct devices *devices, struct device *device, const struct addr *addr,
                    bool confirmed, uint64_t ns);
void inventory_free(struct devices *devices);

#endif
