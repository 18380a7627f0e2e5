/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/run/sightings.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/map.h"
#include "common/strbuf.h"

#include <stdlib.h>

enum { DEVICES_MAX = 2 * BATCH_RECORDS_MAX, BOUND_MAX = 65536, ID_MAX = RECORD_TEXT_MAX };
#define BIND_AGAIN (600 * CLOCK_S) /* an address that stays is written this often */

struct sightings {
    struct map *rows_of; /* device id -> index, of this batch */
    struct device_row rows[DEVICES_MAX];
    uint32_t n;
    struct map *bound; /* device id, zero, address -> event time last written */
};

struct sightings *sightings_new(void)
{
    struct sightings *s = calloc(1, sizeof(*s));
    CHECK(s);
    s->rows_of = map_new(DEVICES_MAX, ID_MAX);
    s->bound = map_new(BOUND_MAX, ID_MAX + 1 + ADDR_TEXT_MAX);
    CHECK(s->rows_of && s->bound);
    return s;
}

void sightings_free(struct sightings **sightings)
{
    if (!*sightings)
        return;
    map_free(&(*sightings)->rows_of);
    map_free(&(*sightings)->bound);
    free(*sightings);
    *sightings = NULL;
}

void sightings_begin(struct sightings *s)
{
    if (s->n)
        map_clear(s->rows_of);
    s->n = 0;
}

void sightings_undo(struct sightings *s)
{
    map_clear(s->bound);
}

static struct device_row *row_of(struct sightings *s, const char *id)
{
    bool added = false;
    union map_value *v = map_add(s->rows_of, slice_of_str(id), &added);

    if (!v)
        return NULL;
    if (added) {
        v->u = s->n++;
        s->rows[v->u] = (struct device_row){.id = id,
                                            .mac = "",
                                            .vendor = "",
                                            .name = "",
                                            .profile = "",
                                            .state = "",
                                            .ip = "",
                                            .zone = "",
                                            .owner_en = "",
                                            .owner_vi = "",
                                            .sensor = "",
                                            .site = "",
                                            .json = ""};
    }
    return &s->rows[v->u];
}

static const char *newer(const char *new, const char *old)
{
    return *new ? new : old;
}

static void see_end(struct device_row *row, const struct record *r, const struct record_end *end)
{
    row->mac = newer(end->mac, row->mac);
    row->name = newer(end->name, row->name);
    row->profile = newer(end->profile, row->profile);
    row->ip = newer(end->addr_text, row->ip);
    row->zone = newer(end->zone, row->zone);
    row->owner_en = newer(end->owner_en, row->owner_en);
    row->owner_vi = newer(end->owner_vi, row->owner_vi);
    row->sensor = newer(r->sensor, row->sensor);
    row->site = newer(r->site, row->site);
    row->criticality = end->criticality ? end->criticality : row->criticality;
    row->level = end->level ? end->level : row->level;
    if (row->first_ns == 0 || r->ts_ns < row->first_ns)
        row->first_ns = r->ts_ns;
    if (r->ts_ns > row->last_ns)
        row->last_ns = r->ts_ns;
}

static void count_alert(struct device_row *row, const struct record *r)
{
    if (!r->is_alert)
        return;
    row->n_alerts += r->kind == RECORD_ALERT;
    row->n_deviations += r->kind == RECORD_DEVIATION;
    if (r->kind == RECORD_DEVIATION && r->ts_ns > row->deviation_ns)
        row->deviation_ns = r->ts_ns;
    if (r->severity > row->severity)
        row->severity = (uint8_t)r->severity;
}

/* The inventory's own words, where the event has them. */
static void see_details(struct batch *batch, struct device_row *row, const struct json *device)
{
    struct strbuf text;

    if (json_kind(device) != JSON_OBJ)
        return;
    row->vendor = newer(batch_text(batch, json_text(json_get(device, "vendor"))), row->vendor);
    row->state = newer(batch_text(batch, json_text(json_get(device, "state"))), row->state);
    strbuf_init(&text, 65536);
    json_write(device, &text);
    const char *kept = text.full ? NULL : arena_str(&batch->arena, strbuf_view(&text));
    row->json = kept ? kept : row->json;
    strbuf_fini(&text);
}

static const struct json *subject_of(const struct record *r)
{
    if (r->kind == RECORD_DEVIATION)
        return json_path(r->eve, "deviation.device");
    return r->kind == RECORD_DEVICE ? json_path(r->eve, "inventory.device") : NULL;
}

static void add_end(struct sightings *s, struct batch *batch, const struct record *r,
                    const struct record_end *end, const struct json *subject)
{
    struct device_row *row = *end->device ? row_of(s, end->device) : NULL;

    if (!row)
        return;
    see_end(row, r, end);
    bool is_subject = slice_eq(json_text(json_get(subject, "id")), slice_of_str(end->device));
    if (is_subject)
        see_details(batch, row, subject);
    /* A deviation is about its subject only; an alert about both ends. */
    if (r->kind != RECORD_DEVIATION || is_subject)
        count_alert(row, r);
}

void sightings_add(struct sightings *s, struct batch *batch, const struct record *r)
{
    const struct json *subject = subject_of(r);

    add_end(s, batch, r, &r->src, subject);
    if (strcmp(r->src.device, r->dst.device) != 0)
        add_end(s, batch, r, &r->dst, subject);
}

static enum err save_binding(struct sightings *s, struct store *store, const struct device_row *row)
{
    char key[ID_MAX + 1 + ADDR_TEXT_MAX];
    size_t len = strlen(row->id);

    if (!*row->ip || len >= ID_MAX)
        return ERR_OK;
    memcpy(key, row->id, len + 1);
    memcpy(key + len + 1, row->ip, strlen(row->ip));
    struct slice k = {(const uint8_t *)key, (uint32_t)(len + 1 + strlen(row->ip))};
    union map_value *last = map_find(s->bound, k);
    if (last && row->last_ns < last->u + BIND_AGAIN)
        return ERR_OK;
    struct binding_row binding = {row->id, row->ip, row->first_ns, row->last_ns};
    enum err err = db_devices_bind(store, &binding);
    if (err)
        return err;
    if (map_count(s->bound) == BOUND_MAX)
        map_clear(s->bound); /* costs a few writes once more */
    last = map_add(s->bound, k, NULL);
    if (last)
        last->u = row->last_ns;
    return ERR_OK;
}

enum err sightings_save(struct sightings *s, struct store *store)
{
    enum err err = ERR_OK;

    for (uint32_t i = 0; !err && i < s->n; i++) {
        err = db_devices_add(store, &s->rows[i]);
        if (!err)
            err = save_binding(s, store, &s->rows[i]);
    }
    return err;
}

const struct device_row *sightings_rows(const struct sightings *s, uint32_t *n)
{
    *n = s->n;
    return s->rows;
}
