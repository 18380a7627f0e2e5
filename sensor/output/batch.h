/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers event lines into messages: one class and partition each, closed when large enough or old
 * enough (alerts sooner than the rest). Time comes as an argument. Memory is bounded by
 * BATCH_BYTES (plus one line) for each of 5 x 64 slots.
 */
#ifndef TRAMGAC_SENSOR_OUTPUT_BATCH_H
#define TRAMGAC_SENSOR_OUTPUT_BATCH_H

#include "common/wire.h"

enum { BATCH_BYTES = 64 << 10, BATCH_LINES = 512 };

struct batch_slot {
    struct strbuf lines;
    uint32_t n;
    uint64_t since_ns;
};

struct batch {
    struct batch_slot slots[WIRE_CLASSES][WIRE_PARTITIONS];
    uint32_t waiting; /* slots that hold something */
};

void batch_init(struct batch *b);
void batch_fini(struct batch *b);
/** False: longer than WIRE_LINE_MAX, or the slot was not cleared in time; not taken. */
bool batch_add(struct batch *b, enum event_class cls, uint32_t partition, struct slice line,
               uint64_t now_ns);
/** A slot that should be sent now (any that holds something when `all`), alerts first; NULL: none.
 * It stays until batch_clear(). */
struct batch_slot *batch_due(struct batch *b, uint64_t now_ns, bool all, enum event_class *cls,
                             uint32_t *partition);
void batch_clear(struct batch *b, struct batch_slot *slot);

#endif
