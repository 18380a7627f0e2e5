/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNP3 beyond its buffers: internal indications of responses, and objects of messages.
 */
#include "sensor/app/dnp3_tx.h"
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

struct object_args {
    uint8_t group, variation;
};

static const struct dnp3_tx *message_of(const struct inspection *in)
{
    return in->tx && strcmp(in->tx->proto->name, "dnp3") == 0 ? tx_data_const(in->tx) : NULL;
}

static bool call(struct draft *d, bool (*match)(const struct inspection *, const void *),
                 const void *args)
{
    struct op *op = draft_op(d, buffer_special(d->loader, "dnp3", BUFFER_TX, SIDE_BOTH), OP_CALL);

    if (!op)
        return false;
    d->last_group = -1;
    op->call.match = match;
    op->call.args = args;
    return true;
}

static bool ind_match(const struct inspection *in, const void *args)
{
    const uint16_t *mask = args;
    const struct dnp3_tx *dnp3 = message_of(in);

    return dnp3 && dnp3->is_response && (dnp3->indications & *mask);
}

static bool ind_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    uint16_t *mask = draft_alloc(d, sizeof(*mask));
    struct slice part;
    uint64_t number;

    while (mask && draft_part(&value, ',', &part)) {
        const struct label *l = dnp3_fields_indications;
        while (l->name && !slice_ieq(part, slice_of_str(l->name)))
            l++;
        if (!l->name && !draft_u64(part, &number))
            return draft_fail(d, "%s knows no indication \"%.*s\"", kw->name, (int)(part.len & 63),
                              (const char *)part.at);
        *mask |= (uint16_t)(l->name ? l->value : number);
    }
    if (!mask || !*mask)
        return draft_fail(d, "%s wants names of indications", kw->name);
    return call(d, ind_match, mask);
}

static bool obj_match(const struct inspection *in, const void *args)
{
    const struct object_args *a = args;
    const struct dnp3_tx *dnp3 = message_of(in);

    if (!dnp3)
        return false;
    const struct dnp3_object *objects = dnp3->objects.at;
    for (uint32_t i = 0; i < dnp3->objects.n; i++)
        if (objects[i].group == a->group && objects[i].variation == a->variation)
            return true;
    return false;
}

static bool obj_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct object_args *a = draft_alloc(d, sizeof(*a));
    struct slice part;
    uint64_t numbers[2] = {0, 0};
    uint32_t n = 0;

    while (n < 2 && draft_part(&value, ',', &part) && draft_u64(part, &numbers[n]))
        n += numbers[n] <= UINT8_MAX ? 1 : 3;
    if (!a || n != 2)
        return draft_fail(d, "%s wants group and variation, as 12,1", kw->name);
    *a = (struct object_args){(uint8_t)numbers[0], (uint8_t)numbers[1]};
    return call(d, obj_match, a);
}

static const struct keyword rows[] = {
    {.name = "dnp3_ind",
     .aliases = "dnp3.ind",
     .stage = AT_TX,
     .value = VALUE_WANTED,
     .parse = ind_parse,
     .example = "dnp3_ind:device_restart,device_trouble",
     .doc = "Any of these internal indications is set in a response"},
    {.name = "dnp3_obj",
     .aliases = "dnp3.obj",
     .stage = AT_TX,
     .value = VALUE_WANTED,
     .parse = obj_parse,
     .example = "dnp3_obj:12,1",
     .doc = "An object of this group and variation is in the message"},
    KEYWORD_END,
};

const struct kw_family kw_dnp3 = {.doc = "DNP3", .rows = rows};
