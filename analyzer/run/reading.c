/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/run/reading.h"
#include "common/check.h"

#include <stdlib.h>

uint32_t reading_lines_most(const struct message *m)
{
    uint32_t n = 0;

    if (m->kind == MESSAGE_ENVELOPE)
        return m->envelope.n;
    if (m->kind != MESSAGE_BLOCK || m->bytes.len == 0)
        return 0;
    const char *end = m->bytes.at + m->bytes.len;
    for (const char *c = m->bytes.at; (c = memchr(c, '\n', (size_t)(end - c))); c++)
        n++;
    return n + (end[-1] != '\n');
}

/* Where the first line came from. A file's block is known by the digest of what precedes it. */
static struct record_id first_line(const struct message *m)
{
    const struct wire_envelope *e = &m->envelope;

    if (m->kind == MESSAGE_ENVELOPE)
        return (struct record_id){e->sensor, e->site, e->epoch, e->seq, 0};
    return (struct record_id){"file", "", m->block.digest >> 11, m->block.line, 0};
}

static void read_lines(struct reading *r, const struct message *m, struct slice lines)
{
    struct record_id id = first_line(m);
    struct twins twins = {0};
    struct slice line;

    for (; wire_line(&lines, &line); id.index++) {
        const struct record *record =
            normalise_next(&twins, &r->batch, &id, m->received_ns, line, r->counters);
        r->bad += !record;
        if (record && record->ts_ns > r->newest_ns)
            r->newest_ns = record->ts_ns;
    }
}

void reading_make(struct message *m)
{
    bool is_block = m->kind == MESSAGE_BLOCK;

    if (m->reading || (!is_block && m->kind != MESSAGE_ENVELOPE))
        return;
    struct reading *r = calloc(1, sizeof(*r));
    CHECK(r);
    batch_init_for(&r->batch, reading_lines_most(m));
    read_lines(r, m, is_block ? strbuf_view(&m->bytes) : m->envelope.lines);
    m->reading = r;
    m->reading_free = reading_free;
    m->reading_bytes = r->batch.arena.used_bytes + r->batch.n * sizeof(struct record);
}

void reading_free(struct reading **reading)
{
    if (!*reading)
        return;
    batch_fini(&(*reading)->batch);
    free(*reading);
    *reading = NULL;
}
