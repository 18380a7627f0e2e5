/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/run/carry.h"
#include "analyzer/dedup/ledger.h"
#include "analyzer/store/db_envelopes.h"
#include "common/check.h"

#include <endian.h>
#include <stdlib.h>

enum { ORIGINS_AT_ONCE = 4096, CARRIED_MAX = 4096 };

/* A sensor and epoch of this batch. */
struct carried_origin {
    struct wire_control answer; /* who, and how far its ledger is */
    struct ledger ledger;
    uint64_t *here; /* numbers that wait for the keeper */
    uint32_t n_here;
    struct source *source;
    uint64_t peer;
    bool owed;
};

struct carried {
    struct message *m;
    struct carried_origin *origin;
    uint32_t first, n;
};

struct carry {
    struct arena arena;
    struct carried_origin **origins;
    uint32_t n_origins;
    struct carried *all;
    uint32_t n;
    struct strbuf message, decided;
};

/* One record as it is kept in the envelope. */
struct decision {
    uint64_t event_id, group_id, exception_id; /* little endian */
    uint8_t flags;
} __attribute__((packed));
enum { SAMPLED_OUT = 1, SAID_BEFORE = 2, GROUP_IS_NEW = 4 };

struct carry *carry_new(void)
{
    struct carry *c = calloc(1, sizeof(*c));

    CHECK(c);
    arena_init(&c->arena, 1 << 16, 0);
    c->origins = calloc(ORIGINS_AT_ONCE, sizeof(struct carried_origin *));
    c->all = calloc(CARRIED_MAX, sizeof(*c->all));
    CHECK(c->origins && c->all);
    strbuf_init(&c->message, WIRE_MESSAGE_MAX);
    strbuf_init(&c->decided, 0);
    return c;
}

void carry_free(struct carry **carry)
{
    struct carry *c = *carry;

    if (!c)
        return;
    arena_fini(&c->arena);
    strbuf_fini(&c->message);
    strbuf_fini(&c->decided);
    free(c->origins);
    free(c->all);
    free(c);
    *carry = NULL;
}

void carry_begin(struct carry *carry)
{
    arena_reset(&carry->arena);
    carry->n = carry->n_origins = 0;
}

/* ---- what is known of a sensor */

static enum err read_ledger(struct carry *c, struct store *store, struct carried_origin *o)
{
    struct ledger_row row;
    enum err err = db_sensors_ledger_get(store, o->answer.sensor, o->answer.epoch, &c->arena, &row);

    ledger_init(&o->ledger);
    if (err == ERR_NOTFOUND)
        return ERR_OK;
    if (err)
        return err;
    o->ledger.upto = row.upto;
    o->ledger.highest = row.highest;
    (void)ledger_beyond_parse(&o->ledger, slice_of_str(row.beyond)); /* the keeper says it */
    o->answer.seq = row.upto;
    return ERR_OK;
}

static struct carried_origin *known(struct carry *c, const struct wire_envelope *e)
{
    for (uint32_t i = 0; i < c->n_origins; i++) {
        struct carried_origin *o = c->origins[i];
        if (o->answer.epoch == e->epoch && strcmp(o->answer.sensor, e->sensor) == 0)
            return o;
    }
    return NULL;
}

static enum err find(struct carry *c, struct store *store, const struct wire_envelope *e,
                     struct carried_origin **out)
{
    struct carried_origin *o = known(c, e);

    *out = o;
    if (o)
        return ERR_OK;
    if (c->n_origins == ORIGINS_AT_ONCE)
        return ERR_FULL;
    o = arena_alloc(&c->arena, sizeof(*o));
    CHECK(o);
    memset(o, 0, sizeof(*o));
    o->answer.type = WIRE_ACK;
    o->answer.epoch = e->epoch;
    memcpy(o->answer.sensor, e->sensor, sizeof(e->sensor));
    memcpy(o->answer.site, e->site, sizeof(e->site));
    enum err err = read_ledger(c, store, o);
    if (!err)
        err = db_envelopes_here(store, e->sensor, e->epoch, o->ledger.upto + 1, WIRE_NUMBER_MAX,
                                &c->arena, &o->here, &o->n_here);
    if (!err)
        c->origins[c->n_origins++] = o;
    *out = o;
    return err;
}

static bool waits(const struct carried_origin *o, uint64_t seq)
{
    uint32_t low = 0, high = o->n_here;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (o->here[mid] < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return low < o->n_here && o->here[low] == seq;
}

/* Twice in one batch: then it was sent again while the first waited in our own queue. */
static bool in_batch(const struct carry *c, const struct carried_origin *o, uint64_t seq)
{
    for (uint32_t i = c->n; i-- > 0;)
        if (c->all[i].origin == o && c->all[i].m->envelope.seq == seq)
            return true;
    return false;
}

enum err carry_offer(struct carry *carry, struct store *store, struct message *m, bool *is_new)
{
    const struct wire_envelope *e = &m->envelope;
    struct carried_origin *o;
    enum err err = find(carry, store, e, &o);

    *is_new = false;
    if (err)
        return err;
    o->source = m->source;
    o->peer = m->peer;
    bool stored = ledger_offer(&o->ledger, e->seq) == LEDGER_DUPLICATE;
    *is_new = !stored && !waits(o, e->seq) && !in_batch(carry, o, e->seq);
    o->owed = o->owed || stored;
    return ERR_OK;
}

void carry_took(struct carry *carry, struct message *m, uint32_t first, uint32_t n)
{
    CHECK(carry->n < CARRIED_MAX);
    carry->all[carry->n++] = (struct carried){m, known(carry, &m->envelope), first, n};
}

/* ---- what is left for the keeper */

static void decide(struct strbuf *out, const struct record *r)
{
    struct decision d = {htole64((uint64_t)r->event_id), htole64((uint64_t)r->group_id),
                         htole64((uint64_t)r->exception_id), 0};

    d.flags = (uint8_t)((r->sampled_out ? SAMPLED_OUT : 0) | (r->said_before ? SAID_BEFORE : 0) |
                        (r->group_is_new ? GROUP_IS_NEW : 0));
    strbuf_slice(out, (struct slice){(const uint8_t *)&d, sizeof(d)});
}

bool carry_recall(struct slice decided, uint32_t i, uint32_t n, struct record *r)
{
    struct decision d;

    if (decided.len != n * sizeof(d) || i >= n)
        return false;
    memcpy(&d, decided.at + i * sizeof(d), sizeof(d));
    r->event_id = (int64_t)le64toh(d.event_id);
    r->group_id = (int64_t)le64toh(d.group_id);
    r->exception_id = (int64_t)le64toh(d.exception_id);
    r->sampled_out = d.flags & SAMPLED_OUT;
    r->said_before = d.flags & SAID_BEFORE;
    r->group_is_new = d.flags & GROUP_IS_NEW;
    return true;
}

static enum err save_one(struct carry *c, struct store *store, const struct batch *batch,
                         const struct carried *one)
{
    const struct wire_envelope *e = &one->m->envelope;

    strbuf_clear(&c->message);
    strbuf_clear(&c->decided);
    for (uint32_t i = one->first; i < one->first + one->n; i++)
        decide(&c->decided, &batch->records[i]);
    enum err err = wire_build(e, &c->message);
    if (err)
        return err;
    struct envelope_row row = {.sensor = e->sensor,
                               .site = e->site,
                               .epoch = e->epoch,
                               .seq = e->seq,
                               .received_ns = one->m->received_ns,
                               .n = e->n,
                               .message = strbuf_view(&c->message),
                               .decided = strbuf_view(&c->decided)};
    return db_envelopes_put(store, &row);
}

enum err carry_save(struct carry *carry, struct store *store, const struct batch *batch)
{
    enum err err = ERR_OK;

    for (uint32_t i = 0; !err && i < carry->n; i++)
        err = save_one(carry, store, batch, &carry->all[i]);
    for (uint32_t i = 0; !err && i < carry->n_origins; i++)
        err = read_ledger(carry, store, carry->origins[i]);
    for (uint32_t i = 0; !err && i < carry->n; i++) {
        const struct carried *one = &carry->all[i];
        if (ledger_offer(&one->origin->ledger, one->m->envelope.seq) == LEDGER_DUPLICATE)
            err = ERR_CONFLICT;
    }
    return err;
}

void carry_answer(struct carry *carry)
{
    for (uint32_t i = 0; i < carry->n_origins; i++) {
        struct carried_origin *o = carry->origins[i];
        if (o->owed && o->source && o->source->def)
            o->source->def->tell(o->source->self, o->peer, &o->answer);
    }
}
