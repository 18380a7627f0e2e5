/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/hourly.h"
#include "common/clock.h"
#include "common/jsonw.h"
#include "common/map.h"

#include <stdlib.h>

#define HOUR_NS (3600 * CLOCK_S)

struct row {
    struct addr host;
    const char *layer, *name;
    uint64_t count;
};

/* Names are literals: their places tell them apart. */
struct key {
    struct addr host;
    const char *layer, *name;
};

struct hourly {
    struct map *places; /* host and event: index in row */
    uint32_t n, told;   /* told: rows whose host was told of */
    bool sorted;
    uint64_t begun_ns, end_ns; /* 0: nothing is counted yet */
    uint64_t nameless;
    struct row row[HOURLY_ROWS];
};

struct hourly *hourly_new(void)
{
    struct hourly *h = calloc(1, sizeof(*h));

    if (!h)
        return NULL;
    h->places = map_new(HOURLY_ROWS, sizeof(struct key));
    if (!h->places)
        hourly_free(&h);
    return h;
}

void hourly_free(struct hourly **hourly)
{
    struct hourly *h = *hourly;

    if (!h)
        return;
    map_free(&h->places);
    free(h);
    *hourly = NULL;
}

void hourly_note(struct hourly *h, const struct item *item, const struct addr *host)
{
    struct key key;
    bool added = false;

    if (!h->end_ns) {
        h->begun_ns = item->ts_ns;
        h->end_ns = item->ts_ns / HOUR_NS * HOUR_NS + HOUR_NS;
    }
    memset(&key, 0, sizeof(key)); /* gaps too: it is compared as bytes */
    key.host = *host;
    key.layer = item->layer;
    key.name = item->note;
    union map_value *at =
        map_add(h->places, (struct slice){(const uint8_t *)&key, sizeof(key)}, &added);
    if (!at) {
        h->nameless++;
        return;
    }
    if (added) {
        at->u = h->n++;
        h->row[at->u] = (struct row){*host, item->layer, item->note, 0};
    }
    h->row[at->u].count++;
}

bool hourly_due(struct hourly *h, uint64_t now_ns, bool end)
{
    return h->end_ns && (end || now_ns >= h->end_ns);
}

static int by_host(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    int order = addr_cmp(&a->host, &b->host);

    if (!order && a->count != b->count)
        order = a->count > b->count ? -1 : 1;
    if (!order)
        order = strcmp(a->layer, b->layer);
    return order ? order : strcmp(a->name, b->name);
}

static void begin_again(struct hourly *h)
{
    map_clear(h->places);
    h->n = h->told = 0;
    h->sorted = false;
    h->begun_ns = h->end_ns = h->nameless = 0;
}

static void write_rows(struct hourly *h, uint32_t first, uint32_t end, struct jsonw *w)
{
    uint64_t total = 0;

    for (uint32_t i = first; i < end; i++)
        total += h->row[i].count;
    jsonw_u64(w, "total", total);
    jsonw_arr_open(w, "events");
    for (uint32_t i = first; i < end && i < first + HOURLY_SHOWN; i++) {
        jsonw_obj_open(w, NULL);
        jsonw_str(w, "type", h->row[i].layer);
        jsonw_str(w, "event", h->row[i].name);
        jsonw_u64(w, "count", h->row[i].count);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

bool hourly_next(struct hourly *h, struct addr *host, struct strbuf *members)
{
    struct jsonw w;

    if (!h->sorted)
        qsort(h->row, h->n, sizeof(*h->row), by_host);
    h->sorted = true;
    if (h->told == h->n) {
        begin_again(h);
        return false;
    }
    uint32_t first = h->told;
    *host = h->row[first].host;
    while (h->told < h->n && addr_eq(&h->row[h->told].host, host))
        h->told++;
    strbuf_clear(members);
    jsonw_init(&w, members);
    if (host->family)
        jsonw_addr(&w, "host", host);
    jsonw_time(&w, "from", h->begun_ns);
    jsonw_time(&w, "to", h->end_ns);
    write_rows(h, first, h->told, &w);
    if (h->told == h->n && h->nameless)
        jsonw_u64(&w, "not_counted_by_host", h->nameless);
    return true;
}
