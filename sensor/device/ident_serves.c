/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: the device answered on a port. */
#include "sensor/device/condition.h"
#include "sensor/device/core.h"

static bool ok(const char *text)
{
    uint8_t proto;
    uint16_t port;

    return condition_port(text, &proto, &port);
}

static bool match(const struct device *device, const char *text)
{
    uint8_t proto = 0;
    uint16_t port = 0;

    if (!condition_port(text, &proto, &port))
        return false;
    for (uint8_t i = 0; i < device->n_serves; i++) {
        if (device->serves[i].proto == proto && device->serves[i].port == port)
            return true;
    }
    return false;
}

const struct ident_def ident_serves = {
    .kind = "serves", .doc = "The device answered on a port.", .ok = ok, .match = match};
