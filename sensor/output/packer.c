/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/output/packer.h"
#include "common/clock.h"

static const uint64_t linger_ns[WIRE_CLASSES] = {
    [CLASS_ALERT] = 50 * CLOCK_MS, [CLASS_DEVICE] = 200 * CLOCK_MS, [CLASS_TX] = 500 * CLOCK_MS,
    [CLASS_FLOW] = 500 * CLOCK_MS, [CLASS_STATS] = 500 * CLOCK_MS,
};

void packer_init(struct packer *b)
{
    memset(b, 0, sizeof(*b));
}

void packer_fini(struct packer *b)
{
    for (uint32_t c = 0; c < WIRE_CLASSES; c++) {
        for (uint32_t p = 0; p < WIRE_PARTITIONS; p++)
            strbuf_fini(&b->slots[c][p].lines);
    }
}

bool packer_add(struct packer *b, enum event_class cls, uint32_t partition, struct slice line,
                uint64_t now_ns)
{
    struct packer_slot *slot = &b->slots[cls][partition % WIRE_PARTITIONS];

    if (line.len == 0 || line.len > WIRE_LINE_MAX || slot->n == WIRE_LINES_MAX ||
        slot->lines.len + line.len > WIRE_PLAIN_MAX / 2)
        return false;
    if (slot->n == 0) {
        slot->since_ns = now_ns;
        b->waiting++;
    }
    strbuf_slice(&slot->lines, line);
    strbuf_char(&slot->lines, '\n');
    slot->n++;
    return true;
}

struct packer_slot *packer_due(struct packer *b, uint64_t now_ns, bool all, enum event_class *cls,
                               uint32_t *partition)
{
    for (uint32_t c = 0; c < WIRE_CLASSES && b->waiting; c++) {
        for (uint32_t p = 0; p < WIRE_PARTITIONS; p++) {
            struct packer_slot *slot = &b->slots[c][p];
            bool large = slot->lines.len >= PACKER_BYTES || slot->n >= PACKER_LINES;
            if (slot->n == 0 || !(all || large || now_ns >= slot->since_ns + linger_ns[c]))
                continue;
            *cls = (enum event_class)c;
            *partition = p;
            return slot;
        }
    }
    return NULL;
}

void packer_clear(struct packer *b, struct packer_slot *slot)
{
    strbuf_clear(&slot->lines);
    slot->n = 0;
    b->waiting--;
}
