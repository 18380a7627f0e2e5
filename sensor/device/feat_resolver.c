/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS servers a device asks.
 */
#include "sensor/device/core.h"

static bool resolver_value(struct devices *devices, const struct view *v, char out[ATOM_TEXT_MAX])
{
    char text[ADDR_TEXT_MAX];

    (void)devices;
    if (!core_is_contact(v) || !v->as_client || v->fact->kind == FACT_REFUSED ||
        v->fact->server_port != 53 || v->endpoint == ENDPOINT_GROUP)
        return false;
    addr_text(v->peer, text);
    core_cut(out, ATOM_TEXT_MAX, text);
    return true;
}

const struct feat_def feat_resolver = {
    .name = "resolver",
    .doc = "DNS servers the device asks",
    .sid = 104,
    .title = "Device asks a DNS server not seen before",
    .title_vi = "Thiết bị hỏi máy chủ DNS chưa từng thấy",
    .what_en = "asked a DNS server",
    .what_vi = "hỏi một máy chủ DNS",
    .technique = "T1071.004",
    .severity = 3,
    .value = resolver_value,
};
