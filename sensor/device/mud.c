/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries are kept in the order of the file, those of the lists named by from-device-policy and
 * to-device-policy only. The client's port of a flow is not known here: an entry that names it
 * holds only when it also names the server's port.
 */
#include "sensor/device/mud.h"

#include "common/arena.h"
#include "common/json.h"
#include "common/strbuf.h"

#include <stdlib.h>

enum { ACES_MAX = 4096, MUD_ARENA_MAX = 4 << 20, MUD_FILE_MAX = 4 << 20 };

struct ports {
    bool set;
    bool outside; /* operator neq */
    uint16_t low, high;
};

struct ace {
    const char *name;
    bool from_device;
    bool accept;
    bool never; /* speaks of something that is not IP: holds for no flow */
    uint8_t ip_version;
    bool any_proto;
    uint8_t proto;
    struct ports source, destination;
    enum { BEGUN_ANY, BEGUN_BY_DEVICE, BEGUN_BY_PEER } begun;
    enum mud_peer peer;
    const char *text; /* name, URI, host */
    struct prefix network;
};

struct mud {
    struct arena arena;
    const char *url, *authority;
    struct ace *aces;
    uint32_t n;
    const char *path; /* while parsing */
    struct strbuf *report;
};

/* ---- reading ------------------------------------------------------------------------------ */

static void note(struct mud *mud, const char *where, const char *what)
{
    strbuf_fmt(mud->report, "%s: %s: %s\n", mud->path, where, what);
}

static const char *keep(struct mud *mud, struct slice text)
{
    const char *copy = arena_str(&mud->arena, text);

    return copy ? copy : "";
}

/* A member under its standard name or the name an older form gave it. */
static const struct json *either(const struct json *obj, const char *name, const char *older)
{
    const struct json *v = json_get(obj, name);

    return v ? v : json_get(obj, older);
}

static bool is_number(const struct json *v, int64_t most)
{
    return json_kind(v) == JSON_NUM && json_i64(v, -1) >= 0 && json_i64(v, -1) <= most;
}

static bool known_member(const char *key, const char *const *known)
{
    for (; *known; known++) {
        if (strcmp(key, *known) == 0)
            return true;
    }
    return false;
}

static void note_unknown(struct mud *mud, const struct json *obj, const char *const *known,
                         const char *where)
{
    for (const struct json *c = json_first(obj); c; c = json_next(c)) {
        if (json_key(c) && !known_member(json_key(c), known))
            note(mud, where, json_key(c));
    }
}

static void read_operator(struct mud *mud, struct ports *out, const struct json *v, const char *op)
{
    const struct json *port = json_get(v, "port");

    if (!is_number(port, 65535)) {
        note(mud, "port", "no number between 0 and 65535");
        return;
    }
    uint16_t p = (uint16_t)json_i64(port, 0);
    *out = (struct ports){.set = true, .low = p, .high = p};
    if (strcmp(op, "lte") == 0)
        out->low = 0;
    else if (strcmp(op, "gte") == 0)
        out->high = 65535;
    else if (strcmp(op, "neq") == 0)
        out->outside = true;
    else if (strcmp(op, "eq") != 0)
        note(mud, "port operator", op);
}

/* {operator, port}, {lower-port, upper-port}, with or without operator "range". */
static void read_ports(struct mud *mud, struct ports *out, const struct json *v)
{
    const struct json *inner = json_get(v, "port-range-or-operator");
    if (inner)
        v = inner;
    if (!v)
        return;
    const struct json *low = json_get(v, "lower-port");
    const struct json *high = json_get(v, "upper-port");
    if (!low) {
        read_operator(mud, out, v, json_str(json_get(v, "operator"), "eq"));
        return;
    }
    if (!is_number(low, 65535) || (high && !is_number(high, 65535))) {
        note(mud, "port range", "no numbers between 0 and 65535");
        return;
    }
    uint16_t from = (uint16_t)json_i64(low, 0);
    *out =
        (struct ports){.set = true, .low = from, .high = high ? (uint16_t)json_i64(high, 0) : from};
}

static void read_transport(struct mud *mud, struct ace *ace, const struct json *v, uint8_t proto)
{
    if (json_kind(v) != JSON_OBJ)
        return;
    ace->any_proto = false;
    ace->proto = proto;
    read_ports(mud, &ace->source, either(v, "source-port", "source-port-range-or-operator"));
    read_ports(mud, &ace->destination,
               either(v, "destination-port", "destination-port-range-or-operator"));
    const char *begun = json_str(json_get(v, "ietf-mud:direction-initiated"), "");
    if (strcmp(begun, "from-device") == 0)
        ace->begun = BEGUN_BY_DEVICE;
    else if (strcmp(begun, "to-device") == 0)
        ace->begun = BEGUN_BY_PEER;
}

static void read_ip(struct mud *mud, struct ace *ace, const struct json *v, uint8_t version)
{
    static const char *const nets[] = {"destination-ipv4-network", "source-ipv4-network",
                                       "destination-ipv6-network", "source-ipv6-network"};
    if (json_kind(v) != JSON_OBJ)
        return;
    ace->ip_version = version;
    const struct json *proto = json_get(v, "protocol");
    if (is_number(proto, 255) && json_i64(proto, 0)) {
        ace->any_proto = false;
        ace->proto = (uint8_t)json_i64(proto, 0);
    }
    const struct json *name =
        either(v, ace->from_device ? "ietf-acldns:dst-dnsname" : "ietf-acldns:src-dnsname",
               ace->from_device ? "dst-dnsname" : "src-dnsname");
    if (name) {
        ace->peer = MUD_DNS_NAME;
        ace->text = keep(mud, json_text(name));
    }
    /* the network of the other end: destination going out, source coming in */
    for (uint32_t i = ace->from_device ? 0 : 1; i < 4; i += 2) {
        const struct json *net = json_get(v, nets[i]);
        if (!net)
            continue;
        if (prefix_parse(json_text(net), &ace->network))
            ace->peer = MUD_NETWORK;
        else
            note(mud, nets[i], json_str(net, "(no text)"));
    }
}

static void read_mud_matches(struct mud *mud, struct ace *ace, const struct json *v)
{
    static const struct {
        const char *key;
        enum mud_peer peer;
    } kinds[] = {{"manufacturer", MUD_MANUFACTURER},
                 {"same-manufacturer", MUD_SAME_MANUFACTURER},
                 {"model", MUD_MODEL},
                 {"local-networks", MUD_LOCAL},
                 {"controller", MUD_CONTROLLER},
                 {"my-controller", MUD_MY_CONTROLLER}};

    for (const struct json *c = json_first(v); c; c = json_next(c)) {
        bool found = false;
        for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
            if (!json_key(c) || strcmp(json_key(c), kinds[i].key) != 0)
                continue;
            found = true;
            /* a network beside local-networks is the narrower statement */
            if (ace->peer != MUD_NETWORK || kinds[i].peer != MUD_LOCAL)
                ace->peer = kinds[i].peer;
            ace->text = keep(mud, json_text(c)); /* [null] has no text */
        }
        if (!found)
            note(mud, "ietf-mud:mud", json_key(c) ? json_key(c) : "(list)");
    }
}

/* Ethernet types other than IP, and LLC lengths, speak of no IP flow. */
static bool speaks_of_ip(const struct json *eth)
{
    const char *type = json_str(json_get(eth, "ethertype"), "");

    return *type == '\0' || strtoul(type, NULL, 0) == 0x0800 || strtoul(type, NULL, 0) == 0x86dd;
}

static void read_icmp(struct ace *ace, const struct json *v)
{
    if (json_kind(v) != JSON_OBJ)
        return;
    if (ace->any_proto)
        ace->proto = ace->ip_version == 6 ? 58 : 1;
    ace->any_proto = false;
}

static void read_ace(struct mud *mud, const struct json *v, bool from_device)
{
    static const char *const known[] = {
        "ipv4",     "ipv6",    "tcp",          "udp",
        "icmp",     "eth",     "ietf-mud:mud", "ipv4-acl",
        "ipv6-acl", "tcp-acl", "udp-acl",      "ietf-mud:direction-initiated",
        "actions",  "icmpv6",  "l2",           NULL};
    if (mud->n == ACES_MAX) {
        note(mud, "acl", "more than 4096 entries: the rest is left out");
        return;
    }
    struct ace *ace = &mud->aces[mud->n++];
    const struct json *m = json_get(v, "matches");
    *ace = (struct ace){.from_device = from_device, .any_proto = true, .text = ""};
    ace->name = keep(mud, json_text(either(v, "name", "rule-name")));
    note_unknown(mud, m, known, ace->name);
    ace->never = json_get(m, "eth") && !speaks_of_ip(json_get(m, "eth"));
    read_ip(mud, ace, either(m, "ipv4", "ipv4-acl"), 4);
    read_ip(mud, ace, either(m, "ipv6", "ipv6-acl"), 6);
    read_transport(mud, ace, either(m, "tcp", "tcp-acl"), 6);
    read_transport(mud, ace, either(m, "udp", "udp-acl"), 17);
    read_icmp(ace, either(m, "icmp", "icmpv6"));
    read_mud_matches(mud, ace, json_get(m, "ietf-mud:mud"));
    const struct json *actions = json_get(v, "actions");
    const char *forward =
        json_str(json_get(actions ? actions : json_get(m, "actions"), "forwarding"), "");
    const char *bare = strrchr(forward, ':'); /* "ietf-access-control-list:accept" */
    ace->accept = strcmp(bare ? bare + 1 : forward, "accept") == 0 ||
                  (*forward == '\0' && json_get(actions, "permit"));
}

static const struct json *find_acl(const struct json *acls, const char *name)
{
    for (const struct json *a = json_first(acls); a; a = json_next(a)) {
        if (strcmp(json_str(either(a, "name", "acl-name"), ""), name) == 0)
            return a;
    }
    return NULL;
}

static void read_acl(struct mud *mud, const struct json *acl, bool from_device)
{
    const struct json *aces = json_get(acl, "aces");
    const struct json *list = aces ? either(aces, "ace", "aces") : json_get(acl, "ace");

    if (!list)
        list = json_get(json_get(acl, "access-list-entries"), "ace");
    if (!list)
        list = json_get(acl, "access-list-entries");
    for (const struct json *a = json_first(list); a; a = json_next(a))
        read_ace(mud, a, from_device);
}

static void read_policy(struct mud *mud, const struct json *head, const struct json *acls,
                        bool from_device)
{
    const struct json *policy =
        json_get(head, from_device ? "from-device-policy" : "to-device-policy");
    const struct json *lists =
        either(either(policy, "access-lists", "ietf-mud:access-lists"), "access-list", "acl");

    for (const struct json *l = json_first(lists); l; l = json_next(l)) {
        const char *name = json_str(either(l, "name", "acl-name"), "");
        const struct json *acl = find_acl(acls, name);
        if (acl)
            read_acl(mud, acl, from_device);
        else
            note(mud, "access list that the policy names is missing", name);
    }
}

/* "https://host:port/path" → "host" */
static const char *authority_of(struct mud *mud, const char *url)
{
    const char *host = strstr(url, "://");

    host = host ? host + 3 : url;
    return keep(mud, (struct slice){(const uint8_t *)host, (uint32_t)strcspn(host, ":/?#")});
}

static enum err compile(struct mud *mud, const struct json *tree)
{
    static const char *const known[] = {"mud-version",      "mud-url",
                                        "last-update",      "mud-signature",
                                        "cache-validity",   "is-supported",
                                        "systeminfo",       "mfg-name",
                                        "model-name",       "firmware-rev",
                                        "software-rev",     "documentation",
                                        "extensions",       "from-device-policy",
                                        "to-device-policy", NULL};
    const struct json *head = json_get(tree, "ietf-mud:mud");
    const struct json *box =
        either(tree, "ietf-access-control-list:acls", "ietf-access-control-list:access-lists");

    if (json_kind(head) != JSON_OBJ || json_kind(box) != JSON_OBJ) {
        note(mud, "not a MUD file", "ietf-mud:mud and ietf-access-control-list:acls are needed");
        return ERR_INPUT;
    }
    note_unknown(mud, head, known, "kept without use");
    mud->url = keep(mud, json_text(json_get(head, "mud-url")));
    mud->authority = authority_of(mud, mud->url);
    read_policy(mud, head, json_get(box, "acl"), true);
    read_policy(mud, head, json_get(box, "acl"), false);
    if (mud->arena.used_bytes >= mud->arena.cap_bytes)
        note(mud, "texts", "larger than 4 MB");
    return ERR_OK;
}

static enum err build(const struct json *tree, const char *path, struct mud **result,
                      struct strbuf *report)
{
    struct mud *mud = calloc(1, sizeof(*mud));

    *result = NULL;
    if (!mud)
        return ERR_NOMEM;
    arena_init(&mud->arena, 16384, MUD_ARENA_MAX);
    mud->aces = calloc(ACES_MAX, sizeof(*mud->aces));
    mud->path = path;
    mud->report = report;
    enum err err = mud->aces ? compile(mud, tree) : ERR_NOMEM;
    if (err) {
        mud_free(&mud);
        return err;
    }
    struct ace *exact = realloc(mud->aces, (mud->n ? mud->n : 1) * sizeof(*exact));
    mud->aces = exact ? exact : mud->aces;
    mud->path = NULL;
    mud->report = NULL;
    *result = mud;
    return ERR_OK;
}

enum err mud_parse(struct slice text, const char *path, struct mud **mud, struct strbuf *report)
{
    struct json *tree = NULL;
    struct json_fault why = {0};
    enum err err = json_parse(text, &tree, &why);

    *mud = NULL;
    if (err) {
        strbuf_fmt(report, "%s:%u: %s\n", path, why.line, why.text);
        return err;
    }
    err = build(tree, path, mud, report);
    json_free(&tree);
    return err;
}

enum err mud_load(const char *path, struct mud **mud, struct strbuf *report)
{
    struct json *tree = NULL;
    struct json_fault why = {0};
    enum err err = json_load(path, MUD_FILE_MAX, &tree, &why);

    *mud = NULL;
    if (err) {
        strbuf_fmt(report, "%s:%u: %s\n", path, why.line, why.text);
        return err;
    }
    err = build(tree, path, mud, report);
    json_free(&tree);
    return err;
}

void mud_free(struct mud **mud)
{
    if (*mud) {
        arena_fini(&(*mud)->arena);
        free((*mud)->aces);
        free(*mud);
    }
    *mud = NULL;
}

/* ---- judging ------------------------------------------------------------------------------ */

static bool in_ports(const struct ports *p, uint16_t port)
{
    return !p->set || ((port >= p->low && port <= p->high) != p->outside);
}

/* The device's port stands at `source` going out, at `destination` coming in. */
static bool ports_fit(const struct ace *ace, const struct mud_flow *flow)
{
    const struct ports *device = ace->from_device ? &ace->source : &ace->destination;
    const struct ports *peer = ace->from_device ? &ace->destination : &ace->source;
    const struct ports *server = flow->device_is_client ? peer : device;
    const struct ports *client = flow->device_is_client ? device : peer;

    if (client->set && !server->set)
        return false;
    return in_ports(server, flow->server_port);
}

static bool shape_fits(const struct ace *ace, const struct mud_flow *flow)
{
    if (ace->never || (ace->ip_version && ace->ip_version != flow->ip_version))
        return false;
    if (!ace->any_proto && ace->proto != flow->proto)
        return false;
    if (ace->begun != BEGUN_ANY && flow->start_seen &&
        (ace->begun == BEGUN_BY_DEVICE) != flow->device_is_client)
        return false;
    return ports_fit(ace, flow);
}

static enum mud_answer peer_fits(const struct ace *ace, const struct mud_flow *flow)
{
    if (ace->peer == MUD_ANY)
        return MUD_YES;
    if (ace->peer == MUD_NETWORK)
        return prefix_has(&ace->network, flow->peer) ? MUD_YES : MUD_NO;
    return flow->is(flow->context, ace->peer, ace->text);
}

enum mud_verdict mud_judge(const struct mud *mud, const struct mud_flow *flow, const char **entry)
{
    bool unresolved = false;

    *entry = NULL;
    for (uint32_t i = 0; i < mud->n; i++) {
        const struct ace *ace = &mud->aces[i];
        if (!shape_fits(ace, flow))
            continue;
        enum mud_answer answer = peer_fits(ace, flow);
        unresolved = unresolved || (answer == MUD_UNKNOWN && ace->accept);
        if (answer != MUD_YES)
            continue;
        *entry = ace->name;
        if (!ace->accept && unresolved)
            return MUD_UNRESOLVED;
        return ace->accept ? MUD_ALLOWED : MUD_DENIED;
    }
    return unresolved ? MUD_UNRESOLVED : MUD_DENIED;
}

uint32_t mud_entries(const struct mud *mud)
{
    return mud->n;
}

const char *mud_url(const struct mud *mud)
{
    return mud->url;
}

const char *mud_authority(const struct mud *mud)
{
    return mud->authority;
}
