/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routers: packets of many hosts come with the router's MAC. A MAC that carries a public address,
 * or more than GATEWAY_ADDRS IPv4 addresses it never claimed by ARP or DHCP, is a gateway; hosts
 * behind it are devices by address.
 */
#include "sensor/device/inventory.h"

#include "common/clock.h"
#include "common/hash.h"
#include "common/map.h"
#include "common/pen.h"
#include "sensor/device/parts.h"

#include <stdlib.h>

enum { GATEWAY_ADDRS = 3 };
_Static_assert(DEVICE_ID_MAX >= ADDR_TEXT_MAX + 4, "an id holds each address");
static const uint64_t PROOF_NS = 60 * CLOCK_S;

static struct slice mac_key(const struct mac *mac)
{
    return (struct slice){mac->b, 6};
}

static struct slice addr_key(const struct addr *addr)
{
    return (struct slice){(const uint8_t *)addr, sizeof(*addr)};
}

static struct device *get(const struct map *map, struct slice key)
{
    const union map_value *v = map_find(map, key);

    return v ? v->p : NULL;
}

static void put(struct map *map, struct slice key, struct device *device)
{
    union map_value *v = map_add(map, key, NULL);

    if (v)
        v->p = device;
}

/* ---- what is known of an address ---------------------------------------------------------- */

static bool internal(const struct devices *devices, const struct addr *addr)
{
    if (addr->family == 0 || addr_is_multicast(addr) || addr_is_broadcast(addr) ||
        (addr->family == 4 && addr->b[0] == 0))
        return false;
    for (uint32_t i = 0; i < devices->n_networks; i++) {
        if (prefix_has(&devices->networks[i], addr))
            return true;
    }
    return site_zone(devices->site, addr);
}

/* A directed broadcast (10.1.2.255) looks like a host; it counts as a group. */
static enum endpoint endpoint(const struct known *k)
{
    const struct addr *addr = &k->addr;

    if (addr_is_multicast(addr) || addr_is_broadcast(addr))
        return ENDPOINT_GROUP;
    if (!k->internal)
        return addr_is_private(addr) ? ENDPOINT_LOCAL : ENDPOINT_INTERNET;
    if (addr->family == 4 && addr->b[3] == 255 && !k->device)
        return ENDPOINT_GROUP;
    return ENDPOINT_LOCAL;
}

const struct known *inventory_look(const struct devices *devices, const struct addr *addr,
                                   struct known *entry)
{
    entry->addr = *addr;
    entry->device = addr->family ? get(devices->by_addr, addr_key(addr)) : NULL;
    entry->internal = internal(devices, addr);
    entry->endpoint = endpoint(entry);
    entry->name = names_find(devices->names, addr);
    entry->hash = hash_bytes(slice_of_str(entry->name), hash_bytes(addr_key(addr), 0));
    return entry;
}

void inventory_forget(struct devices *devices, const struct addr *addr)
{
    struct known *entry = &devices->known[inventory_slot(addr)];

    if (addr_eq(&entry->addr, addr))
        entry->addr.family = 0;
}

void inventory_changed(struct devices *devices, struct device *device)
{
    device->version = ++devices->versions;
}

static void give(struct devices *devices, const struct addr *addr, struct device *device)
{
    put(devices->by_addr, addr_key(addr), device);
    inventory_forget(devices, addr);
}

static void take(struct devices *devices, const struct addr *addr, const struct device *from)
{
    if (inventory_find(devices, addr) != from)
        return;
    map_remove(devices->by_addr, addr_key(addr));
    inventory_forget(devices, addr);
}

/* ---- order of last sight ------------------------------------------------------------------ */

static void unlink_device(struct devices *devices, struct device *d)
{
    struct device_list *list = &devices->lists[d->proven];

    if (d->older)
        d->older->newer = d->newer;
    else
        list->oldest = d->newer;
    if (d->newer)
        d->newer->older = d->older;
    else
        list->newest = d->older;
    d->older = d->newer = NULL;
    list->n--;
}

static void link_newest(struct devices *devices, struct device *d)
{
    struct device_list *list = &devices->lists[d->proven];

    d->older = list->newest;
    d->newer = NULL;
    if (list->newest)
        list->newest->newer = d;
    else
        list->oldest = d;
    list->newest = d;
    list->n++;
}

static void drop_device(struct devices *devices, struct device *d)
{
    unlink_device(devices, d);
    if (d->has_mac && get(devices->by_mac, mac_key(&d->mac)) == d)
        map_remove(devices->by_mac, mac_key(&d->mac));
    for (uint8_t i = 0; i < d->n_addrs; i++)
        take(devices, &d->addrs[i].addr, d);
    parts_free(d);
}

/* Invented sources must not push out what is known: hosts that were never proven may take a quarter
 * of the room, and go first. */
static void make_room(struct devices *devices)
{
    struct device_list *unproven = &devices->lists[0];
    struct device_list *proven = &devices->lists[1];

    if (unproven->n + proven->n < devices->max && unproven->n < devices->max / 4 + 1)
        return;
    struct device *d = unproven->oldest ? unproven->oldest : proven->oldest;
    if (!d)
        return;
    if (d->proven)
        devices->count[COUNT_EVICTED]++;
    drop_device(devices, d);
}

static struct device *new_device(struct devices *devices, const struct addr *addr,
                                 const struct mac *mac, uint64_t ns)
{
    make_room(devices);
    struct device *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    if (mac) {
        mac_text(mac, PEN_LIT(d->id, "mac:"));
        d->mac = *mac;
        d->has_mac = true;
        d->vendor = oui_find(devices->oui, mac);
        put(devices->by_mac, mac_key(mac), d);
    } else {
        addr_text(addr, PEN_LIT(d->id, "ip:"));
    }
    d->number = devices->next_number++;
    d->first_ns = d->last_ns = d->state_ns = d->new_ns = ns;
    inventory_changed(devices, d);
    link_newest(devices, d);
    return d;
}

/* ---- addresses ---------------------------------------------------------------------------- */

struct device *inventory_by_mac(const struct devices *devices, const struct mac *mac)
{
    return get(devices->by_mac, mac_key(mac));
}

static struct device_addr *addr_of(struct device *d, const struct addr *addr)
{
    for (uint8_t i = 0; i < d->n_addrs; i++) {
        if (addr_eq(&d->addrs[i].addr, addr))
            return &d->addrs[i];
    }
    return NULL;
}

static void forget_addr(struct devices *devices, struct device *d, uint8_t i)
{
    take(devices, &d->addrs[i].addr, d);
    inventory_changed(devices, d);
    d->n_addrs--;
    memmove(&d->addrs[i], &d->addrs[i + 1], (size_t)(d->n_addrs - i) * sizeof(d->addrs[0]));
}

static struct device_addr *add_addr(struct devices *devices, struct device *d,
                                    const struct addr *addr)
{
    if (d->n_addrs == DEVICE_ADDRS) {
        uint8_t oldest = 0;
        for (uint8_t i = 1; i < d->n_addrs; i++) {
            if (d->addrs[i].last_ns < d->addrs[oldest].last_ns)
                oldest = i;
        }
        forget_addr(devices, d, oldest);
    }
    struct device_addr *a = &d->addrs[d->n_addrs++];
    *a = (struct device_addr){.addr = *addr};
    inventory_changed(devices, d);
    return a;
}

void inventory_bind(struct devices *devices, struct device *d, const struct addr *addr,
                    bool confirmed, uint64_t ns)
{
    struct device_addr *a = addr_of(d, addr);

    if (!a)
        a = add_addr(devices, d, addr);
    a->last_ns = ns;
    a->confirmed = a->confirmed || confirmed;
    if (inventory_find(devices, addr) != d)
        give(devices, addr, d);
    if (!d->asset) {
        d->asset = site_find_asset(devices->site, addr, d->has_mac ? &d->mac : NULL);
        if (d->asset)
            inventory_changed(devices, d);
    }
    if (d->asset && *d->asset->name && strcmp(d->name, d->asset->name) != 0) {
        core_fmt(d->name, sizeof(d->name), "%s", d->asset->name);
        inventory_changed(devices, d);
    }
}

/* ---- gateways ----------------------------------------------------------------------------- */

static uint32_t unconfirmed_v4(const struct device *d)
{
    uint32_t n = 0;

    for (uint8_t i = 0; i < d->n_addrs; i++)
        n += d->addrs[i].addr.family == 4 && !d->addrs[i].confirmed;
    return n;
}

static void make_gateway(struct devices *devices, struct device *d)
{
    if (d->gateway)
        return;
    d->gateway = true;
    inventory_changed(devices, d);
    devices->count[COUNT_GATEWAYS]++;
    for (uint8_t i = d->n_addrs; i-- > 0;) {
        if (!d->addrs[i].confirmed)
            forget_addr(devices, d, i);
    }
}

/* Somebody who takes over a gateway's address (ARP) must not escape judgement by carrying traffic:
 * what has a profile, is a known asset or uses services itself does not become a gateway so. */
static bool may_be_gateway(const struct device *d)
{
    return !d || (!d->profile && !d->asset && d->n_uses == 0);
}

static void note_routed(struct devices *devices, const struct mac *mac, uint64_t ns)
{
    struct device *d = get(devices->by_mac, mac_key(mac));

    if (!may_be_gateway(d))
        return;
    if (!d)
        d = new_device(devices, NULL, mac, ns);
    if (d)
        make_gateway(devices, d);
}

/* The device behind a MAC for this address, or NULL when the MAC is only the router's. */
static struct device *by_mac(struct devices *devices, const struct addr *addr,
                             const struct mac *mac, bool confirmed, uint64_t ns)
{
    struct device *d = get(devices->by_mac, mac_key(mac));

    if (!d)
        return new_device(devices, addr, mac, ns);
    if (confirmed || addr_of(d, addr))
        return d;
    if (!d->gateway && addr->family == 4 && unconfirmed_v4(d) >= GATEWAY_ADDRS)
        make_gateway(devices, d);
    return d->gateway ? NULL : d;
}

static bool usable(const struct mac *mac)
{
    static const struct mac none = {{0}};

    return mac && !(mac->b[0] & 1) && !mac_eq(mac, &none);
}

/* Seen with a foreign MAC: on a routed segment that is the router, the owner stays. */
static bool owner_is_sure(const struct device *owner, const struct addr *addr)
{
    for (uint8_t i = 0; owner && i < owner->n_addrs; i++) {
        if (addr_eq(&owner->addrs[i].addr, addr))
            return owner->addrs[i].confirmed;
    }
    return false;
}

static struct device *who(struct devices *devices, const struct addr *addr, const struct mac *mac,
                          bool confirmed, uint64_t ns)
{
    struct device *owner = inventory_find(devices, addr);
    struct device *d = NULL;

    if (usable(mac) && (confirmed || !owner_is_sure(owner, addr)))
        d = by_mac(devices, addr, mac, confirmed, ns);
    if (!d)
        d = owner;
    return d ? d : new_device(devices, addr, NULL, ns);
}

void inventory_next_hop(struct devices *devices, const struct addr *addr, const struct mac *mac,
                        uint64_t ns)
{
    if (!usable(mac) || addr->family == 0 || (addr->family == 4 && addr->b[0] == 0))
        return;
    const struct device *owner = inventory_find(devices, addr);
    bool elsewhere =
        owner && owner->has_mac && !mac_eq(&owner->mac, mac) && owner_is_sure(owner, addr);
    if (elsewhere || inventory_endpoint(devices, addr) == ENDPOINT_INTERNET)
        note_routed(devices, mac, ns);
}

/* As text: the owner may have to make room for the new device. */
static void note_owner(struct devices *devices, const struct addr *addr, struct sighting *s)
{
    struct device *owner = inventory_find(devices, addr);
    const struct device_addr *a = owner ? addr_of(owner, addr) : NULL;

    if (!a)
        return;
    memcpy(s->before_id, owner->id, sizeof(s->before_id));
    s->before_ns = a->last_ns;
}

void inventory_touch(struct devices *devices, struct device *d, bool proof)
{
    /* the order of the list is coarse: neighbours need not be touched for each fact */
    bool fresh = devices->now_ns - d->linked_ns < CLOCK_S && (d->proven || !proof);

    if (devices->now_ns > d->last_ns)
        d->last_ns = devices->now_ns;
    if (fresh)
        return;
    unlink_device(devices, d);
    d->linked_ns = devices->now_ns;
    if (!d->proven && (proof || d->last_ns - d->first_ns >= PROOF_NS)) {
        d->proven = true;
        devices->count[COUNT_DEVICES]++;
    }
    link_newest(devices, d);
}

struct sighting inventory_see(struct devices *devices, const struct addr *addr,
                              const struct mac *mac, uint16_t vlan, bool confirmed, uint64_t ns)
{
    struct sighting s = {0};

    if (!inventory_internal(devices, addr)) {
        if (addr->family == 4 && !addr_is_private(addr) && addr->b[0] != 0 && usable(mac) &&
            !confirmed && inventory_endpoint(devices, addr) == ENDPOINT_INTERNET)
            note_routed(devices, mac, ns);
        return s;
    }
    note_owner(devices, addr, &s);
    struct device *d = who(devices, addr, mac, confirmed, ns);
    if (!d)
        return s;
    s.device = d;
    s.taken_over = *s.before_id && strcmp(s.before_id, d->id) != 0;
    inventory_bind(devices, d, addr, confirmed, ns);
    if (vlan)
        d->vlan = vlan;
    inventory_touch(devices, d, confirmed);
    return s;
}

struct device *inventory_restore(struct devices *devices, const char *id, bool proven)
{
    struct mac mac;
    struct addr addr;
    struct device *d = NULL;

    if (strncmp(id, "mac:", 4) == 0 && mac_parse(slice_of_str(id + 4), &mac))
        d = get(devices->by_mac, mac_key(&mac)) ? NULL : new_device(devices, NULL, &mac, 0);
    else if (strncmp(id, "ip:", 3) == 0 && addr_parse(slice_of_str(id + 3), &addr))
        d = new_device(devices, &addr, NULL, 0);
    if (!d)
        return NULL;
    unlink_device(devices, d);
    d->proven = proven;
    link_newest(devices, d);
    return d;
}

void inventory_free(struct devices *devices)
{
    for (uint32_t i = 0; i < 2; i++) {
        while (devices->lists[i].oldest)
            drop_device(devices, devices->lists[i].oldest);
    }
    map_free(&devices->by_mac);
    map_free(&devices->by_addr);
}
