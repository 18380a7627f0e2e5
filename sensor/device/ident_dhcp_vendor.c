/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: DHCP option 60, the vendor class. */
#include "sensor/device/identity.h"
#include "sensor/device/parts.h"

static bool match(const struct device *device, const char *pattern)
{
    return identity_glob(pattern, parts_evidence(device, EVIDENCE_DHCP_VENDOR)) &&
           *parts_evidence(device, EVIDENCE_DHCP_VENDOR);
}

const struct ident_def ident_dhcp_vendor = {
    .kind = "dhcp_vendor", .doc = "DHCP option 60, the vendor class.", .match = match};
