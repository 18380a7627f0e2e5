/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Linux tells about a network card, and the few of its switches that matter to a sensor:
 * /sys/class/net and the ethtool ioctl (include/uapi/linux/ethtool.h).
 */
#ifndef TRAMGAC_SENSOR_CAPTURE_NIC_H
#define TRAMGAC_SENSOR_CAPTURE_NIC_H

#include "common/err.h"
#include "common/slice.h"

/** Since the interface was made. What a card does not count is 0. */
struct nic_counts {
    uint64_t packets; /* taken off the wire */
    uint64_t missed;  /* the card had no room: its ring is too small or its interrupts come late */
    uint64_t fifo;    /* overruns of the card's own memory */
    uint64_t dropped; /* by the driver or the kernel before any capture */
    uint64_t damaged; /* CRC, length and alignment errors: cable, transceiver, mirror port */
};

/** False when there is no such interface. */
bool nic_counts(const char *iface, struct nic_counts *counts);

/** Reads a number from /sys/class/net/<iface>/<name>. */
bool nic_number(const char *iface, const char *name, uint64_t *value);

enum nic_switch { NIC_OFF, NIC_ON, NIC_FIXED_ON, NIC_UNKNOWN };

/** A feature by ethtool's name for it, e.g. "rx-gro". */
enum nic_switch nic_feature(const char *iface, const char *name);
enum err nic_feature_off(const char *iface, const char *name);

/** Features that merge frames: what is captured is then not what was on the wire. NULL-ended. */
extern const char *const nic_merging[];

/** Sizes of the card's own receive ring; false when it does not tell. */
bool nic_ring(const char *iface, uint32_t *now, uint32_t *most);
/** Receive queues in use and the most there can be; false when the card does not tell. */
bool nic_queues(const char *iface, uint32_t *now, uint32_t *most);
/** Speed in Mbit/s; 0 when unknown. */
uint32_t nic_speed(const char *iface);
/** True when the card can stamp each received frame, and switches that on when `enable`. */
bool nic_hardware_time(const char *iface, bool enable);

#endif
