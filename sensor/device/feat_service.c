/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services a device offers and uses: protocol, port and kind of other end. Who began is only known
 * from a handshake: TCP without one says nothing here.
 */
#include "common/pen.h"
#include "sensor/device/findings.h"

enum { HIGH_PORT = 10000 };

/* Registered domain with digits squashed: servers of one owner are one endpoint. */
static void endpoint_text(const struct view *v, char *out, size_t room)
{
    if (v->endpoint == ENDPOINT_GROUP)
        core_cut(out, room, "group");
    else if (v->endpoint == ENDPOINT_LOCAL)
        core_cut(out, room, "local");
    else if (v->fact->server_port == 123)
        core_cut(out, room, "ntp");
    else if (v->as_client && v->peer_name)
        names_squash(names_registrable(v->peer_name), out, room);
    else
        core_cut(out, room, "internet");
}

/* Group ports that mean something; others are picked at random by their makers. */
static bool known_group_port(uint16_t port)
{
    return port <= 1024 || port == 1900 || port == 3702 || port == 5353 || port == 5355;
}

static void port_text(const struct view *v, char *out, size_t room)
{
    const struct fact *f = v->fact;
    bool group = v->endpoint == ENDPOINT_GROUP && !known_group_port(f->server_port);

    if (f->proto != 6 && f->proto != 17)
        core_cut(out, room, findings_proto(f->proto));
    else if (f->proto == 17 && (group || f->server_port >= HIGH_PORT))
        core_cut(out, room, "udp/high");
    else
        *pen_u64(f->proto == 6 ? PEN_LIT(out, "tcp/") : PEN_LIT(out, "udp/"), f->server_port) =
            '\0';
}

static bool service_value(struct devices *devices, const struct view *v, char out[ATOM_TEXT_MAX])
{
    char endpoint[NAMES_TEXT_MAX];
    char port[16];

    (void)devices;
    if (!core_is_habit(v) || v->fact->midstream)
        return false;
    endpoint_text(v, endpoint, sizeof(endpoint));
    port_text(v, port, sizeof(port));
    char service[32], at[NAMES_TEXT_MAX + 4];
    core_join(service, sizeof(service), v->as_client ? "uses" : "serves", port);
    core_join(at, sizeof(at), v->as_client ? "at" : "to", endpoint);
    core_join(out, ATOM_TEXT_MAX, service, at);
    return true;
}

const struct feat_def feat_service = {
    .name = "service",
    .doc = "Services offered and used: protocol, port, kind of other end",
    .sid = 101,
    .title = "Device uses or offers a service not seen before",
    .title_vi = "Thiết bị dùng hoặc mở dịch vụ chưa từng thấy",
    .what_en = "used or offered a service",
    .what_vi = "dùng hoặc mở một dịch vụ",
    .technique = NULL,
    .severity = 3,
    .value = service_value,
};
