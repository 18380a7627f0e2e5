/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands of OT and MQTT devices as facts bring them, against what a profile declares.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_COMMAND_H
#define TRAMGAC_SENSOR_DEVICE_COMMAND_H

#include "sensor/device/core.h"

/** A Modbus request: "fc=5 unit=1 addr=16-19" (unit and addr may be missing). */
struct command_modbus {
    uint8_t fc;
    int32_t unit; /* -1: not said */
    bool has_addr;
    uint32_t low, high;
};

/** The fact is a Modbus request. */
bool command_modbus_of(const struct fact *fact, struct command_modbus *cmd);
bool command_modbus_writes(uint8_t fc);
bool command_modbus_declared(const struct profile *profile, const struct command_modbus *cmd);

enum command_mqtt { COMMAND_MQTT_NONE, COMMAND_MQTT_PUBLISH, COMMAND_MQTT_SUBSCRIBE };
enum command_mqtt command_mqtt_of(const struct fact *fact);
/** MQTT topic filter: everything that `topic` can mean lies within `filter`. */
bool command_topic_within(const char *filter, const char *topic);
/** "#", "+/#…", "$SYS/…", or "+" levels only. */
bool command_topic_wildcard(const char *filter);
bool command_mqtt_declared(const struct profile *profile, enum command_mqtt kind,
                           const char *topic);

#endif
