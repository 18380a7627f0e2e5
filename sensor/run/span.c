/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fixed number of places; when all are taken, further VLANs count for the first place.
 */
#include "sensor/run/span.h"
#include "common/jsonw.h"

#include <stdio.h>
#include <stdlib.h>

enum { OF_FLOWS = VIEW_COUNT - VIEW_OF_FLOWS, PENDING_MAX = 32, FEW = 16 };

struct place {
    bool used;
    uint16_t iface, vlan;
    uint32_t told;
    uint64_t flows, count[OF_FLOWS];
    uint64_t sample[OF_FLOWS]; /* id of the last flow that showed it */
};

struct span {
    const char *const *ifaces; /* names, ended by NULL; or NULL */
    uint32_t n_ifaces;
    struct place place[VIEW_PLACES_MAX];
    struct notice pending[PENDING_MAX];
    uint32_t first, n;
};

struct span *span_new(const char *const *ifaces)
{
    struct span *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->ifaces = ifaces;
    while (ifaces && ifaces[s->n_ifaces])
        s->n_ifaces++;
    return s;
}

void span_free(struct span **span)
{
    free(*span);
    *span = NULL;
}

static void write_both(struct jsonw *w, const char *key, const char *en, const char *vi)
{
    jsonw_obj_open(w, key);
    jsonw_str(w, "en", en);
    jsonw_str(w, "vi", vi);
    jsonw_obj_close(w);
}

static void write_place(struct jsonw *w, const char *iface, uint16_t index, uint16_t vlan)
{
    if (iface)
        jsonw_str(w, "interface", iface);
    else if (index)
        jsonw_u64(w, "source", index);
    if (vlan)
        jsonw_u64(w, "vlan", vlan);
}

static void fill(struct notice *notice, uint8_t view, struct strbuf *detail)
{
    struct slice text = strbuf_view(detail);

    notice->what = view_defs[view].name;
    snprintf(notice->affects, sizeof(notice->affects), "%s", view_defs[view].affects);
    notice->detail_len = text.len <= sizeof(notice->detail) ? text.len : 0;
    memcpy(notice->detail, text.at, notice->detail_len);
    strbuf_fini(detail);
}

static void write_texts(struct jsonw *w, uint8_t view)
{
    write_both(w, "text", view_defs[view].en, view_defs[view].vi);
    write_both(w, "remedy", view_defs[view].remedy_en, view_defs[view].remedy_vi);
}

void span_notice(const struct view_finding *f, const char *iface, struct notice *notice)
{
    struct strbuf detail;
    struct jsonw w;
    char type[8];

    strbuf_init(&detail, ROUND_DETAIL_MAX);
    jsonw_init(&w, &detail);
    *notice = (struct notice){.ts_ns = f->ts_ns, .number = f->number};
    write_place(&w, iface, f->iface, f->vlan);
    jsonw_u64(&w, "packets", f->count);
    jsonw_u64(&w, "of_packets", f->packets);
    if (f->view == VIEW_UNKNOWN || f->view == VIEW_OPAQUE) {
        snprintf(type, sizeof(type), "0x%04x", f->ethertype);
        jsonw_str(&w, "ethertype", type);
        jsonw_u64(&w, "ip_proto", f->proto);
    }
    jsonw_hex(&w, "sample", (struct slice){f->sample, f->sample_len}, 0);
    write_texts(&w, f->view);
    fill(notice, f->view, &detail);
}

static struct place *place_of(struct span *s, uint16_t iface, uint16_t vlan)
{
    for (uint32_t i = 0; i < VIEW_PLACES_MAX; i++) {
        struct place *place = &s->place[i];
        if (!place->used)
            *place = (struct place){.used = true, .iface = iface, .vlan = vlan};
        if (place->iface == iface && place->vlan == vlan)
            return place;
    }
    return &s->place[0];
}

static void tell(struct span *s, struct place *place, uint8_t view, uint64_t ts_ns)
{
    struct strbuf detail;
    struct jsonw w;

    place->told |= VIEW_BIT(view);
    if (s->n == PENDING_MAX)
        return;
    strbuf_init(&detail, ROUND_DETAIL_MAX);
    jsonw_init(&w, &detail);
    struct notice *notice = &s->pending[(s->first + s->n++) % PENDING_MAX];
    *notice = (struct notice){.ts_ns = ts_ns};
    write_place(&w, place->iface < s->n_ifaces ? s->ifaces[place->iface] : NULL, place->iface,
                place->vlan);
    jsonw_u64(&w, "flows", place->count[view - VIEW_OF_FLOWS]);
    jsonw_u64(&w, "of_flows", place->flows);
    jsonw_u64(&w, "sample_flow_id", place->sample[view - VIEW_OF_FLOWS]);
    write_texts(&w, view);
    fill(notice, view, &detail);
}

void span_sight(struct span *s, const struct item *item)
{
    struct place *place = place_of(s, item->iface, item->vlan);

    place->flows += item->first;
    for (uint8_t view = VIEW_OF_FLOWS; view < VIEW_COUNT; view++) {
        if (!(item->view >> view & 1))
            continue;
        uint64_t count = ++place->count[view - VIEW_OF_FLOWS];
        place->sample[view - VIEW_OF_FLOWS] = item->flow_id;
        if (!(place->told >> view & 1) && count >= view_defs[view].least &&
            count * 1000 >= place->flows * view_defs[view].permille)
            tell(s, place, view, item->ts_ns);
    }
}

void span_end(struct span *s, uint64_t ts_ns)
{
    for (uint32_t i = 0; i < VIEW_PLACES_MAX && s->place[i].used; i++) {
        struct place *place = &s->place[i];
        for (uint8_t view = VIEW_OF_FLOWS; view < VIEW_COUNT; view++) {
            uint64_t count = place->count[view - VIEW_OF_FLOWS];
            if (count && count * 2 >= place->flows && place->flows < FEW &&
                !(place->told >> view & 1))
                tell(s, place, view, ts_ns);
        }
    }
}

bool span_next(struct span *s, struct notice *notice)
{
    if (!s->n)
        return false;
    *notice = s->pending[s->first];
    s->first = (s->first + 1) % PENDING_MAX;
    s->n--;
    return true;
}
