/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a line of JSON to a record. One dialect a row (norm_*.c); the first that says the event is
 * its own reads it. Lines may be anything: what is not an event is counted, never fatal.
 */
#ifndef TRAMGAC_ANALYZER_NORMALISE_NORMALISE_H
#define TRAMGAC_ANALYZER_NORMALISE_NORMALISE_H

#include "analyzer/normalise/twins.h"
#include "common/stat.h"

struct normaliser_def {
    const char *name;
    const char *doc;
    /** Whether the event is in this dialect. */
    bool (*mine)(const struct json *eve);
    /** Fills the record from r->eve; false: not usable (no time, no type). */
    bool (*read)(struct batch *batch, struct record *r);
    /** Of a copy of a record with another r->eve: reads again what it has of record_passing. NULL:
     * every line is read in full. */
    void (*again)(struct batch *batch, struct record *r);
};

extern const struct normaliser_def *const norm_rows[];

enum {
    NORMALISE_LINES,
    NORMALISE_RECORDS,
    NORMALISE_BAD_JSON,
    NORMALISE_BAD_EVENT,
    NORMALISE_BAD_TIME,
    NORMALISE_REPAIRED,
    NORMALISE_TWINS,
    NORMALISE_COUNTERS,
};
extern const struct counter normalise_counters[];

/**
 * Adds one record to the batch. `id` says where the line came from. Bytes that are no UTF-8 become
 * U+FFFD. Gives NULL when the line is no event (counted) or the batch is full.
 */
struct record *normalise_line(struct batch *batch, const struct record_id *id, uint64_t received_ns,
                              struct slice line, uint64_t *counters);

/** The same for one line after the other of a message, with the same outcome: `twins` makes those
 * that say what an earlier one said cheaper. */
struct record *normalise_next(struct twins *twins, struct batch *batch, const struct record_id *id,
                              uint64_t received_ns, struct slice line, uint64_t *counters);

/** Whether the member is part of record.content. */
bool normalise_says(const char *path);

/** EVE's 1..4 with what rule metadata says (signature_severity, confidence) as our scale. */
enum severity normalise_severity(const struct json *alert, uint8_t *confidence);

#endif
