/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/run/origins.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/map.h"

#include <stdio.h>
#include <stdlib.h>

struct origin {
    char sensor[WIRE_NAME_MAX + 1];
    char site[WIRE_NAME_MAX + 1];
    struct ledger_row row; /* counters; texts are filled when saved */
    struct ledger ledger;
    struct ledger_row row_before; /* for undo */
    struct ledger ledger_before;
    bool touched; /* in this batch */
    bool owed;    /* an acknowledgement */
    bool online;
    const char *way; /* name of the source */
    uint64_t status_ns;
    struct strbuf stats, visibility; /* to be saved; empty = none */
    struct source *source;
    uint64_t peer;
    uint64_t hole_from, hole_to, hole_since_ns, asked_ns; /* monotonic */
    uint64_t
        waits_from; /* number of the first envelope that is there but not offered yet; 0: none */
};

struct origins {
    struct map *map; /* sensor, zero, epoch -> origin */
    struct origin **all;
    uint32_t n;
};

enum { KEY_MAX = WIRE_NAME_MAX + 9, STATUS_MAX = 1 << 20 };

struct origins *origins_new(void)
{
    struct origins *o = calloc(1, sizeof(*o));
    CHECK(o);
    o->map = map_new(ORIGINS_MAX, KEY_MAX);
    o->all = calloc(ORIGINS_MAX, sizeof(*o->all));
    CHECK(o->map && o->all);
    return o;
}

static void drop(struct origin *o)
{
    strbuf_fini(&o->stats);
    strbuf_fini(&o->visibility);
    free(o);
}

void origins_free(struct origins **origins)
{
    struct origins *o = *origins;

    if (!o)
        return;
    for (uint32_t i = 0; i < o->n; i++)
        drop(o->all[i]);
    free(o->all);
    map_free(&o->map);
    free(o);
    *origins = NULL;
}

static struct slice key_of(const char *sensor, uint64_t epoch, uint8_t room[KEY_MAX])
{
    size_t len = strlen(sensor) + 1;
    memcpy(room, sensor, len);
    memcpy(room + len, &epoch, sizeof(epoch));
    return (struct slice){room, (uint32_t)(len + sizeof(epoch))};
}

/* The ledger as the store has it; a new one when it has none. */
static enum err load(struct origin *o, struct store *store)
{
    struct arena arena;
    struct ledger_row row;

    arena_init(&arena, 4096, 0);
    enum err err = db_sensors_ledger_get(store, o->sensor, o->row.epoch, &arena, &row);
    if (!err) {
        o->row = row;
        o->ledger.upto = row.upto;
        o->ledger.highest = row.highest;
        err = ledger_beyond_parse(&o->ledger, slice_of_str(row.beyond));
        if (err)
            log_say(LOG_FAULT, "ledger of %s is damaged; what lies beyond %llu is asked again",
                    o->sensor, (unsigned long long)row.upto);
        err = ERR_OK;
    }
    o->row.sensor = o->sensor;
    o->row.site = o->site;
    arena_fini(&arena);
    return err == ERR_NOTFOUND ? ERR_OK : err;
}

static struct origin *make(const char *sensor, const char *site, uint64_t epoch)
{
    struct origin *o = calloc(1, sizeof(*o));
    CHECK(o);
    snprintf(o->sensor, sizeof(o->sensor), "%s", sensor);
    snprintf(o->site, sizeof(o->site), "%s", site);
    o->row.epoch = epoch;
    ledger_init(&o->ledger);
    strbuf_init(&o->stats, STATUS_MAX);
    strbuf_init(&o->visibility, STATUS_MAX);
    return o;
}

/* The one that was silent longest leaves the memory; the store has its ledger. */
static bool forget_one(struct origins *origins)
{
    uint8_t room[KEY_MAX];
    uint32_t oldest = UINT32_MAX;

    for (uint32_t i = 0; i < origins->n; i++)
        if (!origins->all[i]->touched &&
            (oldest == UINT32_MAX ||
             origins->all[i]->row.last_ns < origins->all[oldest]->row.last_ns))
            oldest = i;
    if (oldest == UINT32_MAX)
        return false;
    struct origin *o = origins->all[oldest];
    map_remove(origins->map, key_of(o->sensor, o->row.epoch, room));
    origins->all[oldest] = origins->all[--origins->n];
    drop(o);
    return true;
}

static enum err find(struct origins *origins, struct store *store, const char *sensor,
                     const char *site, uint64_t epoch, struct origin **out)
{
    uint8_t room[KEY_MAX];
    struct slice key = key_of(sensor, epoch, room);
    union map_value *known = map_find(origins->map, key);

    if (known) {
        *out = known->p;
        return ERR_OK;
    }
    if (origins->n == ORIGINS_MAX && !forget_one(origins))
        return ERR_FULL;
    struct origin *o = make(sensor, site, epoch);
    enum err err = load(o, store);
    union map_value *added = err ? NULL : map_add(origins->map, key, NULL);
    if (!added) {
        drop(o);
        return err ? err : ERR_FULL;
    }
    added->p = o;
    origins->all[origins->n++] = o;
    *out = o;
    return ERR_OK;
}

void origins_begin(struct origins *origins)
{
    for (uint32_t i = 0; i < origins->n; i++) {
        origins->all[i]->touched = false;
        strbuf_clear(&origins->all[i]->stats);
        strbuf_clear(&origins->all[i]->visibility);
    }
}

static void touch(struct origin *o, const struct message *m)
{
    if (!o->touched) {
        o->touched = true;
        o->row_before = o->row;
        o->ledger_before = o->ledger;
    }
    o->source = m->source;
    o->peer = m->peer;
    o->way = m->source && m->source->def ? m->source->def->name : "";
    o->owed = true;
    o->online = m->kind != MESSAGE_BYE;
    o->row.last_ns = m->received_ns;
    if (o->row.first_ns == 0)
        o->row.first_ns = m->received_ns;
}

void origins_undo(struct origins *origins)
{
    for (uint32_t i = 0; i < origins->n; i++) {
        struct origin *o = origins->all[i];
        if (!o->touched)
            continue;
        o->row = o->row_before;
        o->ledger = o->ledger_before;
        o->touched = o->owed = false;
    }
}

/* Came because we asked for it? */
static void count_resent(struct origin *o, uint64_t seq)
{
    if (o->asked_ns && seq >= o->hole_from && seq <= o->hole_to)
        o->row.resent++;
}

enum err origins_offer(struct origins *origins, struct store *store, const struct message *m,
                       enum ledger_verdict *verdict, struct origin **origin)
{
    const struct wire_envelope *e = &m->envelope;
    enum err err = find(origins, store, e->sensor, e->site, e->epoch, origin);

    if (err)
        return err;
    struct origin *o = *origin;
    touch(o, m);
    *verdict = ledger_offer(&o->ledger, e->seq);
    if (*verdict == LEDGER_DUPLICATE)
        o->row.duplicate++;
    if (*verdict != LEDGER_NEW)
        return ERR_OK;
    count_resent(o, e->seq);
    ledger_take(&o->ledger, e->seq);
    o->row.received++;
    o->row.shed += e->shed;
    return ERR_OK;
}

enum err origins_greet(struct origins *origins, struct store *store, const struct message *m)
{
    const struct wire_control *c = &m->control;
    struct origin *o;
    enum err err = find(origins, store, c->sensor, c->site, c->epoch, &o);

    if (err)
        return err;
    bool unknown = o->ledger.highest == 0 && o->row.received == 0;
    touch(o, m);
    o->status_ns = m->received_ns;
    if (m->kind == MESSAGE_BYE)
        return ERR_OK;
    /* What it had before we ever met is not ours to miss. */
    uint64_t lost = ledger_give_up_below(&o->ledger, c->from);
    if (!unknown)
        o->row.given_up += (int64_t)lost;
    if (c->to > o->ledger.highest && c->to >= c->from)
        o->ledger.highest = c->to;
    return ERR_OK;
}

enum err origins_heard(struct origins *origins, struct store *store, const struct message *m,
                       uint64_t first, uint64_t last)
{
    struct origin *o;
    enum err err =
        find(origins, store, m->envelope.sensor, m->envelope.site, m->envelope.epoch, &o);

    if (err)
        return err;
    o->source = m->source;
    o->online = true;
    o->waits_from = first;
    if (last > o->ledger.highest)
        o->ledger.highest = last;
    return ERR_OK;
}

void origins_clear(struct origins *origins)
{
    for (uint32_t i = 0; i < origins->n; i++)
        drop(origins->all[i]);
    origins->n = 0;
    map_clear(origins->map);
}

void origins_count(struct origin *origin, uint32_t events, uint32_t bad, uint64_t newest_ns)
{
    struct ledger_row *row = &origin->row;

    row->events += events;
    row->bad += bad;
    if (newest_ns == 0)
        return;
    int64_t skew = (int64_t)(row->last_ns - newest_ns);
    if (row->event_ns == 0 || skew < row->skew_ns)
        row->skew_ns = skew;
    if (newest_ns > row->event_ns)
        row->event_ns = newest_ns;
}

void origins_status(struct origin *origin, bool is_stats, struct slice json)
{
    struct strbuf *to = is_stats ? &origin->stats : &origin->visibility;
    strbuf_clear(to);
    strbuf_slice(to, json);
}

static enum err save_one(struct origin *o, struct store *store)
{
    struct strbuf beyond;
    struct sensor_row seen = {.sensor = o->sensor,
                              .site = o->site,
                              .source = o->way,
                              .online = o->online,
                              .seen_ns = o->row.last_ns,
                              .status_ns = o->status_ns,
                              .stats_json = o->stats.len ? o->stats.at : "",
                              .visibility_json = o->visibility.len ? o->visibility.at : ""};

    strbuf_init(&beyond, 0);
    ledger_beyond_text(&o->ledger, &beyond);
    o->row.upto = o->ledger.upto;
    o->row.highest = o->ledger.highest;
    o->row.beyond = beyond.len ? beyond.at : "";
    enum err err = db_sensors_ledger_put(store, &o->row);
    o->row.beyond = "";
    strbuf_fini(&beyond);
    return err ? err : db_sensors_seen(store, &seen);
}

enum err origins_save(struct origins *origins, struct store *store)
{
    enum err err = ERR_OK;
    for (uint32_t i = 0; !err && i < origins->n; i++)
        if (origins->all[i]->touched)
            err = save_one(origins->all[i], store);
    return err;
}

static void tell(const struct origin *o, enum wire_control_type type, uint64_t from, uint64_t to)
{
    struct wire_control control = {.type = type, .epoch = o->row.epoch};

    if (!o->source || !o->source->def)
        return;
    memcpy(control.sensor, o->sensor, sizeof(control.sensor));
    memcpy(control.site, o->site, sizeof(control.site));
    control.seq = o->ledger.upto;
    control.from = from;
    control.to = to;
    o->source->def->tell(o->source->self, o->peer, &control);
}

void origins_answer(struct origins *origins)
{
    for (uint32_t i = 0; i < origins->n; i++) {
        struct origin *o = origins->all[i];
        if (o->owed && o->online)
            tell(o, WIRE_ACK, 0, 0);
        o->owed = false;
    }
}

/* What nobody has: not what waits to be offered. */
static bool hole(const struct origin *o, uint64_t *from, uint64_t *to)
{
    bool any = ledger_hole(&o->ledger, from, to);

    if (any && o->waits_from > o->ledger.upto && *to >= o->waits_from)
        *to = o->waits_from - 1;
    return any && *to >= *from;
}

static void watch_hole(struct origin *o, uint64_t mono_ns)
{
    uint64_t from, to;

    if (!o->online || !hole(o, &from, &to)) {
        o->hole_since_ns = o->asked_ns = 0;
        return;
    }
    if (o->hole_since_ns == 0 || from != o->hole_from) {
        o->hole_since_ns = mono_ns;
        o->hole_from = from;
        o->hole_to = to;
        o->asked_ns = 0;
    }
    bool old = mono_ns - o->hole_since_ns >= ORIGINS_ASK_AFTER_MS * CLOCK_MS;
    bool again = mono_ns - o->asked_ns >= ORIGINS_ASK_AGAIN_S * CLOCK_S;
    if (!old || (o->asked_ns && !again))
        return;
    o->hole_to = to;
    o->asked_ns = mono_ns;
    tell(o, WIRE_RESEND, from, to);
}

void origins_tick(struct origins *origins, uint64_t mono_ns)
{
    for (uint32_t i = 0; i < origins->n; i++)
        watch_hole(origins->all[i], mono_ns);
}

void origins_totals(const struct origins *origins, uint64_t *sensors, uint64_t *missing,
                    uint64_t *duplicates)
{
    *sensors = *missing = *duplicates = 0;
    for (uint32_t i = 0; i < origins->n; i++) {
        *sensors += 1;
        *missing += ledger_missing(&origins->all[i]->ledger);
        *duplicates += (uint64_t)origins->all[i]->row.duplicate;
    }
}
