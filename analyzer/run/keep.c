/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/run/keep.h"
#include "analyzer/store/db_envelopes.h"
#include "common/clock.h"
#include "common/log.h"

#include <stdio.h>

enum { ENVELOPES_AT_ONCE = 256 };

/* An envelope that cannot be read was not written by us; it goes, and is said. */
static struct message *message_of(const struct envelope_row *row, struct source *source)
{
    struct message *m = NULL;

    if (ingest_read(row->message, &m) || m->kind != MESSAGE_ENVELOPE) {
        log_say(LOG_FAULT, "envelope %llu of %s in the store cannot be read",
                (unsigned long long)row->seq, row->sensor);
        ingest_free(&m);
        return NULL;
    }
    m->received_ns = row->received_ns;
    m->source = source;
    strbuf_slice(&m->decided, row->decided);
    return m;
}

enum err keep_next(struct store *store, uint64_t now_ns, uint32_t lines, struct source *source,
                   struct message **list)
{
    struct envelope_row *rows = NULL;
    struct message **last = list;
    uint32_t n = 0, sum = 0;
    struct arena arena;

    *list = NULL;
    arena_init(&arena, 1 << 16, 0);
    enum err err = db_envelopes_next(store, now_ns - KEEP_PATIENCE_S * CLOCK_S, ENVELOPES_AT_ONCE,
                                     &arena, &rows, &n);
    for (uint32_t i = 0; !err && i < n; i++) {
        sum += rows[i].n;
        if (i && sum > lines)
            break;
        err = db_envelopes_get(store, &arena, &rows[i]);
        struct message *m = err ? NULL : message_of(&rows[i], source);
        if (!err && !m)
            err = db_envelopes_drop(store, rows[i].sensor, rows[i].epoch, rows[i].seq);
        if (m) {
            *last = m;
            last = &m->next;
        }
    }
    arena_fini(&arena);
    return err;
}

enum err keep_done(struct store *store, const struct message *list, uint32_t n)
{
    enum err err = ERR_OK;

    for (const struct message *m = list; !err && m && n--; m = m->next)
        if (m->kind == MESSAGE_ENVELOPE && !m->skipped)
            err = db_envelopes_drop(store, m->envelope.sensor, m->envelope.epoch, m->envelope.seq);
    return err;
}

enum err keep_heard(struct store *store, struct origins *origins, struct source *source)
{
    struct envelope_span *spans = NULL;
    uint32_t n = 0;
    struct arena arena;

    arena_init(&arena, 4096, 0);
    enum err err = db_envelopes_spans(store, &arena, &spans, &n);
    for (uint32_t i = 0; !err && i < n; i++) {
        const struct envelope_span *s = &spans[i];
        struct message m = {.source = source};
        if (s->first <= s->upto + 1)
            continue;
        snprintf(m.envelope.sensor, sizeof(m.envelope.sensor), "%s", s->sensor);
        snprintf(m.envelope.site, sizeof(m.envelope.site), "%s", s->site);
        m.envelope.epoch = s->epoch;
        err = origins_heard(origins, store, &m, s->first, s->last);
    }
    arena_fini(&arena);
    return err;
}

enum err keep_greet(struct store *store, struct source *source)
{
    struct sensor_row *rows = NULL;
    uint32_t n = 0;
    struct arena arena;

    arena_init(&arena, 4096, 0);
    enum err err = db_sensors_list(store, &arena, &rows, &n);
    for (uint32_t i = 0; !err && source && i < n; i++) {
        struct wire_control hello = {.type = WIRE_HELLO, .epoch = rows[i].ledger.epoch};
        snprintf(hello.sensor, sizeof(hello.sensor), "%s", rows[i].sensor);
        snprintf(hello.site, sizeof(hello.site), "%s", rows[i].site);
        if (wire_name_ok(hello.sensor) && wire_name_ok(hello.site))
            source->def->tell(source->self, 0, &hello);
    }
    arena_fini(&arena);
    return err;
}
