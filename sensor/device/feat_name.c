/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of servers as the network told them, digits squashed.
 */
#include "sensor/device/core.h"

static bool name_value(struct devices *devices, const struct view *v, char out[ATOM_TEXT_MAX])
{
    (void)devices;
    if (!core_is_contact(v) || v->fact->kind == FACT_REFUSED || !v->as_client || !v->peer_name)
        return false;
    names_squash(v->peer_name, out, ATOM_TEXT_MAX);
    return true;
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
};
