/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of a message as records. It is made in the thread of the source (ingest_read_by), so
 * that many sources read while one writer stores; or by the writer, when nobody did it before.
 * Records borrow from the message and live as long as it.
 */
#ifndef TRAMGAC_ANALYZER_RUN_READING_H
#define TRAMGAC_ANALYZER_RUN_READING_H

#include "analyzer/ingest/ingest.h"
#include "analyzer/normalise/normalise.h"

struct reading {
    struct batch batch;
    uint64_t counters[NORMALISE_COUNTERS]; /* of normalise/, for these lines */
    uint32_t bad;                          /* lines that are no event */
    uint64_t newest_ns;                    /* event time */
};

/** Reads the lines into m->reading, unless that was done. */
void reading_make(struct message *m);
void reading_free(struct reading **reading);
/** Lines that the message may hold. */
uint32_t reading_lines_most(const struct message *m);

#endif
