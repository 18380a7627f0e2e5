/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cip_service: a CIP request with its class and attribute, as one keyword. Responses do not match.
 */
#include "sensor/app/enip_tx.h"
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

struct cip_args {
    uint64_t service, class, attribute;
    uint32_t n; /* how many of them are asked for */
};

static bool cip_match(const struct inspection *in, const void *args)
{
    const struct cip_args *a = args;

    if (!in->tx || strcmp(in->tx->proto->name, "enip") != 0)
        return false;
    const struct enip_tx *enip = tx_data_const(in->tx);
    const struct enip_cip *cips = enip->cips.at;
    for (uint32_t i = 0; i < enip->cips.n; i++) {
        const struct enip_cip *c = &cips[i];
        bool fits = !c->is_response && c->service == a->service;
        fits = fits && (a->n < 2 || (c->has_class && c->class == a->class));
        if (fits && (a->n < 3 || (c->has_attribute && c->attribute == a->attribute)))
            return true;
    }
    return false;
}

static bool cip_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct cip_args *a = draft_alloc(d, sizeof(*a));
    uint64_t numbers[3] = {0, 0, 0};
    struct slice part;
    uint32_t n = 0;

    while (n < 3 && draft_part(&value, ',', &part)) {
        if (!draft_u64(part, &numbers[n++]))
            return draft_fail(d, "%s wants numbers: service, class, attribute", kw->name);
    }
    if (!a || !n || slice_trim(value).len || numbers[0] > 127)
        return draft_fail(d, "%s wants a service below 128, perhaps class and attribute", kw->name);
    *a = (struct cip_args){numbers[0], numbers[1], numbers[2], n};
    struct op *op = draft_op(d, buffer_special(d->loader, "enip", BUFFER_TX, SIDE_BOTH), OP_CALL);
    if (!op)
        return false;
    d->last_group = -1;
    op->call.match = cip_match;
    op->call.args = a;
    return true;
}

static const struct keyword rows[] = {
    {.name = "cip_service",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = cip_parse,
     .example = "cip_service:14,1,7",
     .doc = "Service of a CIP request; with class, and attribute"},
    KEYWORD_END,
};

const struct kw_family kw_enip = {.doc = "EtherNet/IP", .rows = rows};
