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

/** Looks all of it up; see inventory_known(). */
const struct known *inventory_look(const struct devices *devices, const struct addr *addr,
                                   struct known *entry);
/** Device, name or whereabouts of the address change: it is looked up again. */
void inventory_forget(struct devices *devices, const struct addr *addr);
/** What is told of the device changes. */
void inventory_changed(struct devices *devices, struct device *device);

static inline uint32_t inventory_slot(const struct addr *addr)
{
    uint64_t half[2];

    memcpy(half, addr->b, sizeof(half));
    return (
        uint32_t)(((half[0] ^ (half[1] << 32 | half[1] >> 32)) * UINT64_C(0x9e3779b97f4a7c15)) >>
                  53);
}

/** What is known of an address, kept in a table. Valid until the next change or question. */
static inline const struct known *inventory_known(const struct devices *devices,
                                                  const struct addr *addr)
{
    struct known *entry = &devices->known[addr->family ? inventory_slot(addr) : KNOWN];

    return addr->family && addr_eq(&entry->addr, addr) ? entry
                                                       : inventory_look(devices, addr, entry);
}

static inline struct device *inventory_find(const struct devices *devices, const struct addr *addr)
{
    return inventory_known(devices, addr)->device;
}

/** In the internal networks of the configuration or a zone of the site; not group or broadcast. */
static inline bool inventory_internal(const struct devices *devices, const struct addr *addr)
{
    return inventory_known(devices, addr)->internal;
}

static inline enum endpoint inventory_endpoint(const struct devices *devices,
                                               const struct addr *addr)
{
    return inventory_known(devices, addr)->endpoint;
}

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
