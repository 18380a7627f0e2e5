/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture that arrives as a stream of bytes (pipe, decompressor): keeps what a record needs in
 * one buffer. Bounded by the largest block of the capture formats.
 */
#ifndef TRAMGAC_SENSOR_CAPTURE_READ_AHEAD_H
#define TRAMGAC_SENSOR_CAPTURE_READ_AHEAD_H

#include "sensor/capture/pcap_format.h"

enum { READ_AHEAD_DRY = -2 }; /* nothing now, ask again */
/** Reads up to `room` bytes; 0 at the end, READ_AHEAD_DRY, else below 0 on a fault. */
typedef int64_t (*read_ahead_fn)(void *from, uint8_t *into, size_t room);

struct read_ahead {
    struct pcap_input in;
    uint8_t *buffer;
    size_t room;
    read_ahead_fn read;
    void *from;
    bool ended, failed;
    bool dry; /* the last question could not be answered in full, for now */
};

enum err read_ahead_init(struct read_ahead *ahead, read_ahead_fn read, void *from);
void read_ahead_fini(struct read_ahead *ahead);

#endif
