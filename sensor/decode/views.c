/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fixed table of places (interface, outer VLAN); when it is full, further VLANs share the last
 * place of their interface's untagged traffic. Most packets cost one comparison and one addition.
 */
#include "sensor/decode/views.h"
#include "sensor/decode/decode.h"

#include <stdlib.h>

enum { SUPERFRAME = 1526, FEW = 1000, FEW_PART = 4 };

struct place {
    uint32_t key; /* interface << 16 | VLAN, + 1; 0 = free */
    uint32_t active;
    uint64_t packets;
    uint64_t last_ns;
    uint32_t count[VIEW_OF_FLOWS];
};

struct views {
    struct place place[VIEW_PLACES_MAX];
    struct place *last;
    struct view_finding latest[VIEW_OF_FLOWS]; /* of small places: what they showed last */
    struct view_finding pending[VIEW_PENDING_MAX];
    uint32_t first, n;
};

struct views *views_new(void)
{
    struct views *v = calloc(1, sizeof(*v));

    if (v)
        v->last = &v->place[0];
    return v;
}

void views_free(struct views **views)
{
    free(*views);
    *views = NULL;
}

static struct place *place_of(struct views *v, uint16_t iface, uint16_t vlan)
{
    uint32_t key = ((uint32_t)iface << 16 | vlan) + 1;

    if (v->last->key == key)
        return v->last;
    uint32_t at = (key * UINT32_C(2654435761)) >> 24;
    for (uint32_t i = 0; i < VIEW_PLACES_MAX / 4; i++) {
        struct place *place = &v->place[(at + i) % VIEW_PLACES_MAX];
        if (!place->key)
            place->key = key;
        if (place->key == key) {
            v->last = place;
            return place;
        }
    }
    return &v->place[at];
}

static void describe(struct view_finding *f, const struct place *place, const struct packet *p,
                     uint8_t view)
{
    *f = (struct view_finding){
        .ts_ns = p->ts_ns,
        .number = p->frame.number,
        .count = place->count[view],
        .packets = place->packets,
        .iface = p->frame.iface,
        .vlan = p->vlans ? p->vlan[0] : 0,
        .ethertype = p->ethertype,
        .proto = p->proto,
        .view = view,
    };
    f->sample_len =
        (uint8_t)(p->frame.caplen < VIEW_SAMPLE_MAX ? p->frame.caplen : VIEW_SAMPLE_MAX);
    if (f->sample_len)
        memcpy(f->sample, p->frame.data, f->sample_len);
}

static void tell(struct views *v, const struct place *place, const struct packet *p, uint8_t view)
{
    if (v->n < VIEW_PENDING_MAX)
        describe(&v->pending[(v->first + v->n++) % VIEW_PENDING_MAX], place, p, view);
}

__attribute__((noinline)) static void count(struct views *v, struct place *place,
                                            const struct packet *p)
{
    for (uint8_t i = 0; i < VIEW_OF_FLOWS; i++) {
        if (!(p->view >> i & 1))
            continue;
        place->count[i]++;
        bool certain = place->count[i] >= view_defs[i].least &&
                       (uint64_t)place->count[i] * 1000 >= place->packets * view_defs[i].permille;
        if (!certain && place->packets < FEW && !(place->active >> i & 1))
            describe(&v->latest[i], place, p, i);
        if (!certain || place->active >> i & 1)
            continue;
        if (v->n < VIEW_PENDING_MAX)
            place->active |= VIEW_BIT(i);
        tell(v, place, p, i);
    }
}

void views_packet(struct views *v, struct packet *p)
{
    struct place *place = place_of(v, p->frame.iface, p->vlans ? p->vlan[0] : 0);

    place->packets++;
    if (p->ts_ns < place->last_ns)
        p->view |= VIEW_BIT(VIEW_TIME_BACK);
    place->last_ns = p->ts_ns;
    if (p->frame.wirelen > SUPERFRAME)
        p->view |= VIEW_BIT(VIEW_SUPERFRAME);
    if (p->frame.caplen < p->frame.wirelen || p->payload_missing)
        p->view |= VIEW_BIT(VIEW_CUT);
    else if (decode_faulty(p))
        p->view |= VIEW_BIT(VIEW_MALFORMED);
    if (p->view)
        count(v, place, p);
    p->view |= place->active;
}

bool views_next(struct views *v, struct view_finding *finding)
{
    if (!v->n)
        return false;
    *finding = v->pending[v->first];
    v->first = (v->first + 1) % VIEW_PENDING_MAX;
    v->n--;
    return true;
}

/* What a few packets showed: a quarter of what is asked for else. */
static bool shown_by_few(const struct place *place, uint8_t view)
{
    uint32_t count = place->count[view];

    return count && !(place->active >> view & 1) && place->packets < FEW &&
           count * FEW_PART >= view_defs[view].least &&
           (uint64_t)count * 1000 >= place->packets * view_defs[view].permille;
}

void views_end(struct views *v)
{
    for (uint32_t i = 0; i < VIEW_PLACES_MAX; i++) {
        const struct place *place = &v->place[i];
        for (uint8_t view = 0; place->key && view < VIEW_OF_FLOWS; view++) {
            const struct view_finding *latest = &v->latest[view];
            uint32_t key = ((uint32_t)latest->iface << 16 | latest->vlan) + 1;
            if (key != place->key || !shown_by_few(place, view) || v->n == VIEW_PENDING_MAX)
                continue;
            v->pending[(v->first + v->n++) % VIEW_PENDING_MAX] = *latest;
        }
    }
}
