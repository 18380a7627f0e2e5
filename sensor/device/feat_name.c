/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of servers a device asks for or goes to, digits squashed.
 */
#include "sensor/device/baseline.h"
#include "sensor/device/core.h"

static bool name_value(struct devices *devices, const struct view *v, char out[ATOM_TEXT_MAX])
{
    const char *name = core_name(v);

    (void)devices;
    if (name)
        names_squash(name, out, ATOM_TEXT_MAX);
    return name != NULL;
}

/* Another server of an owner that is known says little. */
static double name_weight(struct device *device, const char *value)
{
    return baseline_knows(device, "domain", slice_of_str(names_registrable(value))) ? 0.5 : 1;
}

const struct feat_def feat_name = {
    .name = "name",
    .doc = "Names of servers, digits squashed; of a known domain they count half",
    .sid = 103,
    .title = "Device contacts a name not seen before",
    .title_vi = "Thiết bị liên hệ tên máy chưa từng thấy",
    .what_en = "contacted a name",
    .what_vi = "liên lạc với một tên miền",
    .technique = NULL,
    .severity = 3,
    .value = name_value,
    .weight = name_weight,
};
