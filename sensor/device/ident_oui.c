/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: first three bytes of the MAC address. */
#include "sensor/device/core.h"

/* "00:80:f4" */
static bool parse(const char *text, uint32_t *prefix)
{
    struct mac mac;
    char whole[MAC_TEXT_MAX];

    if (strlen(text) != 8)
        return false;
    core_fmt(whole, sizeof(whole), "%s:00:00:00", text);
    if (!mac_parse(slice_of_str(whole), &mac))
        return false;
    *prefix = (uint32_t)mac.b[0] << 16 | (uint32_t)mac.b[1] << 8 | mac.b[2];
    return true;
}

static bool ok(const char *text)
{
    uint32_t prefix;

    return parse(text, &prefix);
}

static bool match(const struct device *device, const char *text)
{
    const uint8_t *b = device->mac.b;
    uint32_t prefix = 0;

    return device->has_mac && parse(text, &prefix) &&
           prefix == ((uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2]);
}

const struct ident_def ident_oui = {
    .kind = "oui", .doc = "First three bytes of the MAC address", .ok = ok, .match = match};
