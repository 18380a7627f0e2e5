/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody asked for, so that the rest is not done: follows from the event types and from
 * whether there are rules, which ask for everything.
 */
#ifndef TRAMGAC_SENSOR_RUN_WANTS_H
#define TRAMGAC_SENSOR_RUN_WANTS_H

#include "sensor/event/event.h"

struct wants {
    bool content; /* transactions, files, bytes in order: else protocols are only named */
    bool notes;   /* what decoders, reassembly and parsers found odd */
    bool devices; /* facts about hosts: inventory, baselines, names of addresses */
    bool pauses;  /* a silent flow's waiting bytes are looked at; Suricata waits for its packet */
};

void wants_read(const struct conf *conf, bool rules, struct wants *wants);

/** What the rules want of each file (bits of enum files_want); `ruleset` may be NULL. */
uint32_t wants_of_files(const struct ruleset *ruleset);

#endif
