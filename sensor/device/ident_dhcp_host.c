/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: DHCP option 12, the host name the device gives itself. */
#include "sensor/device/identity.h"
#include "sensor/device/parts.h"

static bool match(const struct device *device, const char *pattern)
{
    return identity_glob(pattern, parts_evidence(device, EVIDENCE_DHCP_HOST)) &&
           *parts_evidence(device, EVIDENCE_DHCP_HOST);
}

const struct ident_def ident_dhcp_host = {
    .kind = "dhcp_host",
    .doc = "DHCP option 12, the host name the device gives itself.",
    .match = match};
