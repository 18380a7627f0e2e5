/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ike.chosen_sa_attribute: an attribute of what a responder chose.
 */
#include "sensor/app/ike_tx.h"
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

#include <string.h>

enum { ATTRIBUTE_LAST = 16 };

struct attribute_args {
    uint16_t type;
    uint64_t value;
};

static bool any_attribute(const struct ike_transform *transform, const struct attribute_args *a)
{
    const struct ike_attribute *attributes = transform->attributes.at;

    for (uint32_t i = 0; i < transform->attributes.n; i++) {
        const struct ike_attribute *at = &attributes[i];
        if (at->type == a->type && at->has_number && at->number == a->value)
            return true;
    }
    return false;
}

static bool attribute_match(const struct inspection *in, const void *args)
{
    /* version 2 has some of them, by another number */
    static const uint8_t kinds[] = {[1] = IKE_ENC, [3] = IKE_AUTH, [4] = IKE_DH, [13] = IKE_PRF};
    const struct attribute_args *a = args;

    if (!in->tx || strcmp(in->tx->proto->name, "ike") != 0 || in->dir != TO_CLIENT)
        return false;
    const struct ike_tx *ike = tx_data_const(in->tx);
    uint8_t kind = a->type < sizeof(kinds) ? kinds[a->type] : 0;
    if (ike->version == 2)
        return kind && (ike->chose >> kind & 1) && ike->alg[kind] == a->value;
    const struct ike_transform *transforms = ike->transforms.at;
    for (uint32_t i = 0; i < ike->transforms.n; i++) {
        if (any_attribute(&transforms[i], a))
            return true;
    }
    return false;
}

static bool attribute_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct attribute_args *a = draft_alloc(d, sizeof(*a));
    struct slice text = draft_unquote(value);
    int64_t equals = slice_find_byte(text, '=');
    uint16_t type = 0;

    if (!a || equals < 0)
        return draft_fail(d, "%s wants attribute=number", kw->name);
    struct slice name = slice_trim(slice_head(text, (uint32_t)equals));
    for (uint16_t i = 1; i <= ATTRIBUTE_LAST && !type; i++)
        type = slice_ieq(name, slice_of_str(ike_names_attribute(i))) ? i : 0;
    a->type = type;
    if (!type || !draft_u64(slice_trim(slice_from(text, (uint32_t)equals + 1)), &a->value))
        return draft_fail(d, "%s wants attribute=number, like alg_enc=7", kw->name);
    struct op *op = draft_op(d, buffer_special(d->loader, "ike", BUFFER_TX, SIDE_SERVER), OP_CALL);
    if (!op)
        return false;
    d->last_group = -1;
    op->call.match = attribute_match;
    op->call.args = a;
    return true;
}

static const struct keyword rows[] = {
    {.name = "ike.chosen_sa_attribute",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = attribute_parse,
     .example = "ike.chosen_sa_attribute:alg_enc=7",
     .doc = "Attribute of what a responder chose: alg_enc, alg_hash, sa_life_type …"},
    KEYWORD_END,
};

const struct kw_family kw_ike = {.doc = "IKE", .rows = rows};
