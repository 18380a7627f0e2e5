/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/role.h"

#include "sensor/device/parts.h"

static int32_t index_of(const struct profile *profile, const char *role)
{
    for (uint32_t i = 0; profile && i < profile->n_roles; i++) {
        if (strcmp(profile->roles[i].name, role) == 0)
            return (int32_t)i;
    }
    return -1;
}

static struct device_role *learnt(struct device *device, uint8_t role)
{
    for (uint8_t i = 0; i < device->n_roles; i++) {
        if (device->roles[i].role == role)
            return &device->roles[i];
    }
    return NULL;
}

static bool holds(const struct device *device, uint8_t role, const struct addr *peer)
{
    for (uint8_t i = 0; i < device->n_roles; i++) {
        const struct device_role *r = &device->roles[i];
        for (uint8_t k = 0; r->role == role && k < r->n; k++) {
            if (addr_eq(&r->holders[k], peer))
                return true;
        }
    }
    return false;
}

enum role_answer role_ask(const struct devices *devices, const struct device *device,
                          const char *role, const struct addr *peer)
{
    int32_t i = index_of(device->profile, role);

    if (site_role_bound(devices->site, role))
        return site_role_has(devices->site, role, peer) ? ROLE_YES : ROLE_NO;
    if (i < 0)
        return ROLE_FREE;
    const struct profile_role *r = &device->profile->roles[i];
    if (!r->learn)
        return prefix_has(&r->net, peer) ? ROLE_YES : ROLE_NO;
    if (holds(device, (uint8_t)i, peer))
        return ROLE_YES;
    return device->state == DEVICE_LEARN ? ROLE_FREE : ROLE_NO;
}

void role_learn(struct device *device, const char *role, const struct addr *peer)
{
    int32_t i = index_of(device->profile, role);

    if (i < 0 || !device->profile->roles[i].learn || holds(device, (uint8_t)i, peer))
        return;
    struct device_role *r = learnt(device, (uint8_t)i);
    if (!r) {
        if (device->n_roles == DEVICE_ROLES || !parts_roles(device))
            return;
        r = &device->roles[device->n_roles++];
        *r = (struct device_role){.role = (uint8_t)i};
    }
    if (r->n < DEVICE_ROLE_HOLDERS)
        r->holders[r->n++] = *peer;
}
