/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registered domains a device asks for or goes to, digits squashed.
 */
#include "sensor/device/core.h"

static bool domain_value(struct devices *devices, const struct view *v, char out[ATOM_TEXT_MAX])
{
    const char *name = core_name(v);
    char squashed[ATOM_TEXT_MAX];

    (void)devices;
    if (!name)
        return false;
    names_squash(name, squashed, sizeof(squashed));
    core_cut(out, ATOM_TEXT_MAX, names_registrable(squashed));
    return true;
}

const struct feat_def feat_domain = {
    .name = "domain",
    .doc = "Registered domains of names asked for or contacted",
    .sid = 107,
    .title = "Device contacts a domain not seen before",
    .title_vi = "Thiết bị liên hệ tên miền chưa từng thấy",
    .what_en = "contacted a domain",
    .what_vi = "liên lạc với một tên miền gốc",
    .technique = NULL,
    .severity = 3,
    .value = domain_value,
};
