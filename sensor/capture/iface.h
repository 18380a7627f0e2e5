/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings of one interface: those of all interfaces (capture.*), and over them its own entry in
 * capture.interfaces (or in the af-packet section of a suricata.yaml).
 */
#ifndef TRAMGAC_SENSOR_CAPTURE_IFACE_H
#define TRAMGAC_SENSOR_CAPTURE_IFACE_H

#include "common/conf.h"

struct iface_settings {
    const char *method; /* "auto", or a row's capture_def.method */
    const char *filter; /* BPF; empty takes everything */
    uint64_t buffer_bytes;
    uint32_t snaplen;
    uint32_t rings;
    bool promiscuous;
    bool keep_offloads;
    bool hardware_time;
    uint64_t block_ns; /* a block with frames in it is handed over after this at the latest */
};

extern const struct option iface_options[];

/** Texts belong to `conf`. */
void iface_settings_read(const struct conf *conf, const char *name, struct iface_settings *s);

/** i-th interface named in capture.interfaces, NULL behind the last: used when no -i is given. */
const char *iface_configured(const struct conf *conf, uint32_t i);

#endif
