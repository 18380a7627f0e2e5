/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: the whole MAC address. */
#include "sensor/device/core.h"

static bool ok(const char *text)
{
    struct mac mac;

    return mac_parse(slice_of_str(text), &mac);
}

static bool match(const struct device *device, const char *text)
{
    struct mac mac;

    return device->has_mac && mac_parse(slice_of_str(text), &mac) && mac_eq(&mac, &device->mac);
}

const struct ident_def ident_mac = {
    .kind = "mac", .doc = "The MAC address", .ok = ok, .match = match};
