/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers event lines into messages: one class and partition each, closed when large enough or old
 * enough (alerts sooner than the rest). Time comes as an argument. Memory is bounded by
 * PACKER_BYTES (plus one line) for each of 5 x 64 slots.
 */
#ifndef TRAMGAC_SENSOR_OUTPUT_PACKER_H
#define TRAMGAC_SENSOR_OUTPUT_PACKER_H

#include "common/wire.h"

enum { PACKER_BYTES = 64 << 10, PACKER_LINES = 512 };

struct packer_slot {
    struct strbuf lines;
    uint32_t n;
    uint64_t since_ns;
};

struct packer {
    struct packer_slot slots[WIRE_CLASSES][WIRE_PARTITIONS];
    uint32_t waiting; /* slots that hold something */
};

void packer_init(struct packer *b);
void packer_fini(struct packer *b);
/** False: longer than WIRE_LINE_MAX, or the slot was not cleared in time; not taken. */
bool packer_add(struct packer *b, enum event_class cls, uint32_t partition, struct slice line,
                uint64_t now_ns);
/** A slot that should be sent now (any that holds something when `all`), alerts first; NULL: none.
 * It stays until packer_clear(). */
struct packer_slot *packer_due(struct packer *b, uint64_t now_ns, bool all, enum event_class *cls,
                               uint32_t *partition);
void packer_clear(struct packer *b, struct packer_slot *slot);

#endif
