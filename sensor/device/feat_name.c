/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of servers as the network told them, digits squashed.
 */
#include "sensor/device/baseline.h"
#include "sensor/device/core.h"

/* Names a client asks for, whether or not it then goes there. */
static bool asked_name(const struct fact *f)
{
    static const char *const fields[] = {"dns.query", "tls.sni", "http.host"};

    for (uint32_t i = 0; f->kind == FACT_FIELD && i < 3; i++) {
        if (strcmp(f->text, fields[i]) == 0)
            return true;
    }
    return false;
}

static bool name_value(struct devices *devices, const struct view *v, char out[ATOM_TEXT_MAX])
{
    (void)devices;
    struct addr literal;
    if (v->as_client && asked_name(v->fact)) {
        if (addr_parse(slice_of_str(v->fact->text2), &literal))
            return false;
        names_squash(v->fact->text2, out, ATOM_TEXT_MAX);
        return true;
    }
    if (!core_is_contact(v) || v->fact->kind == FACT_REFUSED || !v->as_client || !v->peer_name)
        return false;
    names_squash(v->peer_name, out, ATOM_TEXT_MAX);
    return true;
}

/* Another server of an owner that is known says little. */
static double name_weight(struct device *device, const char *value)
{
    return baseline_knows(device, "peer", slice_of_str(names_registrable(value))) ? 0.5 : 1;
}

const struct feat_def feat_name = {
    .name = "name",
    .doc = "Names of servers, digits squashed",
    .sid = 103,
    .title = "Device contacts a name not seen before",
    .what_en = "contacted a name",
    .what_vi = "liên lạc với một tên miền",
    .technique = NULL,
    .severity = 3,
    .value = name_value,
    .weight = name_weight,
};
