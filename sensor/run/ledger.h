/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loss ledger: every place between the wire and the analyzer where something can be lost, with
 * the counters that say how much, why it happens and what to do. Dashboards show these texts.
 */
#ifndef TRAMGAC_SENSOR_RUN_LEDGER_H
#define TRAMGAC_SENSOR_RUN_LEDGER_H

#include "common/jsonw.h"
#include "common/stat.h"

enum { LEDGER_COUNTERS_MAX = 4 };

struct ledger_row {
    const char *stage; /* nic, kernel, front, worker, stream, parser, detect, output, spool */
    const char *name;
    const char *unit;
    const char *counters[LEDGER_COUNTERS_MAX + 1]; /* added up */
    const char *cause_en, *cause_vi, *remedy_en, *remedy_vi;
};

/** In the order of the path; ended by a row without a stage. */
extern const struct ledger_row ledger_rows[];

uint64_t ledger_lost(const struct ledger_row *row, const struct stats *stats);

/** "ledger": the rows that lost something, with their texts. */
void ledger_json(const struct stats *stats, struct jsonw *w);

#endif
