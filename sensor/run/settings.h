/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensor's configuration: all tables of options in one conf, and what is derived from the two
 * resource numbers.
 */
#ifndef TRAMGAC_SENSOR_RUN_SETTINGS_H
#define TRAMGAC_SENSOR_RUN_SETTINGS_H

#include "common/conf.h"
#include "common/stat.h"
#include "common/strbuf.h"

extern const struct option settings_options[];

enum { SETTINGS_TABLES_MAX = 64 };

/** A conf with the options of every part. */
struct conf *settings_new(void);

/** Tables of counters of every part; ended by NULL. */
void settings_counters(const struct counter *tables[SETTINGS_TABLES_MAX]);

/** What follows from --memory and --workers. */
struct settings_shares {
    uint32_t workers;
    uint64_t memory_bytes;
    uint64_t flow_bytes; /* of all workers together */
};

/** Derives the shares and fills in limits that were left to be derived. ERR_INPUT with a sentence
 * in `report`. */
enum err settings_derive(struct conf *conf, struct settings_shares *shares, struct strbuf *report);

#endif
