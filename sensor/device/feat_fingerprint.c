/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device is recognised by: fields IN_IDENTITY and its DHCP habits. When they change the
 * device was updated, replaced or imitated.
 */
#include "sensor/device/core.h"

static bool fingerprint_value(struct devices *devices, const struct view *v,
                              char out[ATOM_TEXT_MAX])
{
    const struct fact *f = v->fact;

    (void)devices;
    if (f->kind == FACT_DHCP && v->as_client) {
        core_fmt(out, ATOM_TEXT_MAX, "dhcp %08llx %s", (unsigned long long)f->number_value,
                 f->text2);
        return true;
    }
    if (f->kind != FACT_FIELD || !f->field || !(f->field->uses & IN_IDENTITY) ||
        f->from_client != v->as_client || strncmp(f->text, "dhcp.", 5) == 0)
        return false; /* DHCP has a fact of its own */
    core_join(out, ATOM_TEXT_MAX, f->text, f->text2);
    return true;
}

const struct feat_def feat_fingerprint = {
    .name = "fingerprint",
    .doc = "Values of fields IN_IDENTITY and the DHCP request",
    .sid = 106,
    .title = "Device shows a fingerprint not seen before",
    .title_vi = "Thiết bị có dấu vân tay chưa từng thấy",
    .what_en = "showed a fingerprint",
    .what_vi = "có dấu vân tay mới",
    .technique = NULL,
    .severity = 3,
    .value = fingerprint_value,
};
