/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/policy.h"

#include "sensor/device/role.h"

struct question {
    const struct devices *devices;
    const struct view *view;
    const char *free_role; /* an allowed peer takes it */
};

static const char *role_of_uri(const char *uri)
{
    static const char *const heads[] = {"urn:ietf:params:mud:", "urn:tramgac:role:"};

    for (uint32_t i = 0; i < 2; i++) {
        if (strncmp(uri, heads[i], strlen(heads[i])) == 0)
            return uri + strlen(heads[i]);
    }
    return uri;
}

static enum mud_answer yes_if(bool yes)
{
    return yes ? MUD_YES : MUD_NO;
}

static enum mud_answer is_controller(struct question *q, const char *uri)
{
    const char *role = role_of_uri(uri);
    const struct view *v = q->view;

    if (strcmp(role, "gateway") == 0)
        return yes_if((v->peer_device && v->peer_device->gateway) ||
                      v->endpoint != ENDPOINT_INTERNET);
    switch (role_ask(q->devices, v->device, role, v->peer)) {
    case ROLE_YES:
        return MUD_YES;
    case ROLE_FREE:
        if (v->endpoint != ENDPOINT_LOCAL)
            return MUD_NO;
        q->free_role = role;
        return MUD_YES;
    default:
        return MUD_NO;
    }
}

/* Of a name the cache keeps only the newest: another name of the same owner is good enough. */
static enum mud_answer is_named(const struct view *v, const char *name)
{
    char lower[NAMES_TEXT_MAX];
    size_t i = 0;

    if (!v->peer_name)
        return v->endpoint == ENDPOINT_INTERNET ? MUD_UNKNOWN : MUD_NO;
    for (; name[i] && i + 1 < sizeof(lower); i++)
        lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    lower[i] = '\0';
    return yes_if(strcmp(names_registrable(lower), names_registrable(v->peer_name)) == 0);
}

static bool same_maker(const struct view *v)
{
    const struct device *a = v->device;
    const struct device *b = v->peer_device;

    return b && ((a->vendor && b->vendor && strcmp(a->vendor, b->vendor) == 0) ||
                 (a->profile && a->profile == b->profile));
}

static bool made_by(const struct view *v, const char *authority)
{
    const struct device *b = v->peer_device;

    return b && b->profile && b->profile->mud &&
           strcmp(mud_authority(b->profile->mud), authority) == 0;
}

static bool is_model(const struct view *v, const char *url)
{
    const struct device *b = v->peer_device;

    return b && b->profile && b->profile->mud && strcmp(mud_url(b->profile->mud), url) == 0;
}

static enum mud_answer answer(void *context, enum mud_peer kind, const char *text)
{
    struct question *q = context;
    const struct view *v = q->view;

    switch (kind) {
    case MUD_LOCAL:
        return yes_if(v->endpoint != ENDPOINT_INTERNET);
    case MUD_DNS_NAME:
        return is_named(v, text);
    case MUD_CONTROLLER:
        return is_controller(q, text);
    case MUD_MY_CONTROLLER:
        return is_controller(q, "my-controller");
    case MUD_SAME_MANUFACTURER:
        return yes_if(same_maker(v));
    case MUD_MANUFACTURER:
        return yes_if(made_by(v, text));
    case MUD_MODEL:
        return yes_if(is_model(v, text));
    default:
        return MUD_NO;
    }
}

/* Groups that stay on the segment, and SSDP. */
static bool segment_group(const struct addr *a)
{
    if (a->family == 6)
        return a->b[0] == 0xff && (a->b[1] & 0x0f) <= 2;
    return (a->b[0] == 224 && a->b[1] == 0 && a->b[2] == 0) ||
           (a->b[0] == 239 && a->b[1] == 255 && a->b[2] == 255 && a->b[3] == 250);
}

static bool role_or_unbound(const struct question *q, const char *role)
{
    return !site_role_bound(q->devices->site, role) ||
           site_role_has(q->devices->site, role, q->view->peer);
}

static bool always(const struct question *q)
{
    const struct view *v = q->view;
    uint16_t port = v->fact->server_port;
    bool local = v->endpoint != ENDPOINT_INTERNET;

    if (v->fact->proto != 6 && v->fact->proto != 17)
        return local;
    if (v->fact->proto == 17 &&
        (port == 67 || port == 68 || port == 546 || port == 547 || segment_group(v->peer)))
        return true;
    if (!local || !v->as_client)
        return false;
    return (port == 53 && role_or_unbound(q, "dns")) || (port == 123 && role_or_unbound(q, "ntp"));
}

bool policy_allows(struct devices *devices, struct view *view, const char **entry)
{
    const struct profile *p = view->device->profile;
    struct question q = {.devices = devices, .view = view};

    *entry = NULL;
    if (!p || !p->mud || always(&q))
        return true;
    struct mud_flow flow = {
        .ip_version = view->peer->family,
        .proto = view->fact->proto,
        .device_is_client = view->as_client,
        .start_seen = !view->fact->midstream,
        .server_port = view->fact->server_port,
        .peer = view->peer,
        .is = answer,
        .context = &q,
    };
    enum mud_verdict verdict = mud_judge(p->mud, &flow, entry);
    if (verdict == MUD_UNRESOLVED)
        devices->count[COUNT_UNRESOLVED]++;
    if (verdict == MUD_ALLOWED && q.free_role)
        role_learn(view->device, q.free_role, view->peer);
    return verdict != MUD_DENIED;
}
