/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: client identifier of the MQTT CONNECT. */
#include "sensor/device/identity.h"
#include "sensor/device/parts.h"

static bool match(const struct device *device, const char *pattern)
{
    return identity_glob(pattern, parts_evidence(device, EVIDENCE_MQTT_CLIENT)) &&
           *parts_evidence(device, EVIDENCE_MQTT_CLIENT);
}

const struct ident_def ident_mqtt_client = {
    .kind = "mqtt_client", .doc = "Client identifier of the MQTT CONNECT.", .match = match};
