/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other ends: local hosts one by one (hosts that a busy server answers: by /24), others by /16 or
 * name.
 */
#include "common/pen.h"
#include "sensor/device/baseline.h"
#include "sensor/device/core.h"

enum { SINGLE_CLIENTS_MAX = 64 };

static void network_text(const struct addr *a, const char *what, char *out)
{
    if (a->family == 4)
        core_fmt(out, ATOM_TEXT_MAX, "%s %u.%u.%u.0/24", what, a->b[0], a->b[1], a->b[2]);
    else
        core_fmt(out, ATOM_TEXT_MAX, "%s %02x%02x:%02x%02x:%02x%02x::/48", what, a->b[0], a->b[1],
                 a->b[2], a->b[3], a->b[4], a->b[5]);
}

static void internet_text(const struct view *v, char *out)
{
    char domain[NAMES_TEXT_MAX];
    const struct addr *a = v->peer;

    if (v->peer_name) {
        names_squash(names_registrable(v->peer_name), domain, sizeof(domain));
        core_cut(out, ATOM_TEXT_MAX, domain);
    } else if (a->family == 4) {
        char *dot = PEN_LIT(pen_u64(out, a->b[0]), ".");
        *PEN_LIT(pen_u64(dot, a->b[1]), ".0.0/16") = '\0';
    } else {
        core_fmt(out, ATOM_TEXT_MAX, "%02x%02x:%02x%02x::/32", a->b[0], a->b[1], a->b[2], a->b[3]);
    }
}

/* No answer: floods and dead servers. Local ones are the scan test's. */
static bool tried(const struct view *v)
{
    return v->as_client && v->fact->kind == FACT_REFUSED && v->endpoint == ENDPOINT_INTERNET;
}

static void tried_text(const struct view *v, char *out)
{
    char peer[ATOM_TEXT_MAX];

    internet_text(v, peer);
    core_join(out, ATOM_TEXT_MAX, "tried", peer);
}

static bool peer_value(struct devices *devices, const struct view *v, char out[ATOM_TEXT_MAX])
{
    char text[ADDR_TEXT_MAX];

    (void)devices;
    if (v->endpoint == ENDPOINT_GROUP || !(core_is_habit(v) || tried(v)))
        return false;
    if (tried(v)) {
        tried_text(v, out);
        return true;
    }
    if (v->endpoint == ENDPOINT_INTERNET) {
        internet_text(v, out);
        return true;
    }
    addr_text(v->peer, text);
    core_join(out, ATOM_TEXT_MAX, v->as_client ? "to" : "from", text);
    if (v->fact->midstream && !baseline_knows(v->device, "peer", slice_of_str(out))) {
        /* who began is not known: the other way round is as good */
        core_join(out, ATOM_TEXT_MAX, v->as_client ? "from" : "to", text);
        if (baseline_knows(v->device, "peer", slice_of_str(out)))
            return true;
        core_join(out, ATOM_TEXT_MAX, v->as_client ? "to" : "from", text);
    }
    /* a broker of thousands of sensors must not fill its memory with them */
    if (!v->as_client && !baseline_knows(v->device, "peer", slice_of_str(out)) &&
        baseline_known(v->device, "peer") >= SINGLE_CLIENTS_MAX)
        network_text(v->peer, "from", out);
    return true;
}

const struct feat_def feat_peer = {
    .name = "peer",
    .doc = "Other ends: local hosts one by one, others by domain or network",
    .sid = 102,
    .title = "Device talks with a peer not seen before",
    .title_vi = "Thiết bị trao đổi với đối tác chưa từng thấy",
    .what_en = "talked with a new peer",
    .what_vi = "liên lạc với một đối tác mới",
    .technique = NULL,
    .severity = 3,
    .value = peer_value,
};
