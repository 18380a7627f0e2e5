/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: an address of the device lies within a network. */
#include "sensor/device/core.h"

static bool ok(const char *text)
{
    struct prefix prefix;

    return prefix_parse(slice_of_str(text), &prefix);
}

static bool match(const struct device *device, const char *text)
{
    struct prefix prefix;

    if (!prefix_parse(slice_of_str(text), &prefix))
        return false;
    for (uint8_t i = 0; i < device->n_addrs; i++) {
        if (prefix_has(&prefix, &device->addrs[i].addr))
            return true;
    }
    return false;
}

const struct ident_def ident_ip = {.kind = "ip",
                                   .doc = "An address of the device lies within a network",
                                   .ok = ok,
                                   .match = match};
