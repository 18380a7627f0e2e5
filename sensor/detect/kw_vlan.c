/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tags of virtual networks (IEEE 802.1Q), outermost first. Suricata has these from version 8 on.
 */
#include "sensor/detect/draft.h"

enum { VLAN_ANY = 100, VLAN_ALL, VLAN_ID_MAX = 4095 };

struct vlan_args {
    struct num num;
    int32_t layer; /* below 0: from the innermost */
};

static uint32_t tags_of(const struct packet *p)
{
    return p->vlans < PACKET_VLANS_MAX ? p->vlans : PACKET_VLANS_MAX;
}

static bool id_match(const struct inspection *in, const void *args)
{
    const struct vlan_args *a = args;
    uint32_t n = in->packet ? tags_of(in->packet) : 0, hits = 0;

    if (a->layer < VLAN_ANY) {
        int32_t at = a->layer < 0 ? (int32_t)n + a->layer : a->layer;
        return at >= 0 && at < (int32_t)n && rule_num_ok(&a->num, in->packet->vlan[at]);
    }
    for (uint32_t i = 0; i < n; i++)
        hits += rule_num_ok(&a->num, in->packet->vlan[i]);
    return hits && (a->layer == VLAN_ANY || hits == n);
}

static bool read_layer(struct slice text, int32_t *layer)
{
    if (slice_eq(text, SLICE_LIT("any")))
        *layer = VLAN_ANY;
    else if (slice_eq(text, SLICE_LIT("all")))
        *layer = VLAN_ALL;
    else
        return draft_i32(text, layer) && *layer >= -PACKET_VLANS_MAX && *layer < PACKET_VLANS_MAX;
    return true;
}

static bool id_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct vlan_args *a = draft_alloc(d, sizeof(*a));
    struct slice id, layer;

    if (!a)
        return false;
    a->layer = VLAN_ANY;
    if (!draft_part(&value, ',', &id) || !draft_num(id, NULL, &a->num) ||
        (value.at &&
         (!draft_part(&value, ',', &layer) || value.at || !read_layer(layer, &a->layer))))
        return draft_fail(d, "vlan.id wants an id, and a layer: 0 to 2, -1 to -3, any or all");
    draft_of_packet(d, kw->name);
    return draft_fits(d, kw->name, &a->num, VLAN_ID_MAX) && draft_test(d, kw, a);
}

static bool layers_match(const struct inspection *in, const void *args)
{
    return in->packet && rule_num_ok(args, in->packet->vlans);
}

static bool layers_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct num *num = draft_alloc(d, sizeof(*num));

    if (!num || !draft_num(value, NULL, num))
        return draft_fail(d, "vlan.layers wants a number, <, > or a-b");
    draft_of_packet(d, kw->name);
    return draft_test(d, kw, num);
}

static const struct keyword rows[] = {
    {.name = "vlan.id",
     .stage = AT_PACKET,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = id_parse,
     .match = id_match,
     .example = "vlan.id:300,-1",
     .doc =
         "Number of a tag: of any, of all, or of the one at a place (0 outermost, -1 innermost)"},
    {.name = "vlan.layers",
     .stage = AT_PACKET,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = layers_parse,
     .match = layers_match,
     .example = "vlan.layers:>1",
     .doc = "How many tags the frame has"},
    KEYWORD_END,
};

const struct kw_family kw_vlan = {.doc = "Tags of virtual networks", .rows = rows};
