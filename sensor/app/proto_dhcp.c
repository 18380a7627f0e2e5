/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DHCP for IPv4, UDP ports 67 and 68: which device has which address, and what it says of itself.
 * Spec: RFC 2131, RFC 2132, RFC 3396 (long options), RFC 8520 (MUD URL, option 161).
 * One transaction = one message.
 * Limits: OPTIONS_MAX options a message; options hidden in the file and sname fields are not read.
 */
#include "sensor/app/dhcp_tx.h"

enum {
    HEADER_BYTES = 236,
    MAC_BYTES = 6,
    CHADDR_BYTES = 16,
    SNAME_AND_FILE_BYTES = 192,
    OPTIONS_MAX = 128,
    ADDRESSES_MAX = 16,
};

static const uint32_t magic_cookie = 0x63825363;

enum option_code {
    OPT_PAD = 0,
    OPT_SUBNET_MASK = 1,
    OPT_ROUTER = 3,
    OPT_DNS = 6,
    OPT_HOSTNAME = 12,
    OPT_DOMAIN = 15,
    OPT_REQUESTED_IP = 50,
    OPT_LEASE = 51,
    OPT_TYPE = 53,
    OPT_SERVER_ID = 54,
    OPT_PARAMS = 55,
    OPT_RENEWAL = 58,
    OPT_REBINDING = 59,
    OPT_VENDOR_CLASS = 60,
    OPT_CLIENT_ID = 61,
    OPT_FQDN = 81,
    OPT_MUD_URL = 161,
    OPT_END = 255,
};

enum { NOTE_TRUNCATED, NOTE_MALFORMED };
static const char *const dhcp_notes[] = {"truncated_options", "malformed_options", NULL};

static void add_addresses(struct app *app, struct tx *tx, struct list *list, struct slice body)
{
    struct cursor c = cursor_of(body);
    while (cursor_left(&c) >= 4 && list->n < ADDRESSES_MAX) {
        struct dhcp_address *item = app_append(app, tx, list, sizeof *item);
        if (!item)
            return;
        item->addr = addr_from_bytes(cursor_take(&c, 4));
    }
}

static void read_address(struct slice body, struct addr *addr)
{
    if (body.len == 4)
        *addr = addr_from_bytes(body);
}

static void read_span(struct slice body, uint32_t *seconds, bool *has)
{
    struct cursor c = cursor_of(body);
    *seconds = cursor_be32(&c);
    *has = cursor_ok(&c);
}

/* RFC 4702: flags and two result codes, then the name. */
static struct slice fqdn_name(struct slice body)
{
    struct cursor c = cursor_of(body);
    uint8_t flags = cursor_u8(&c);
    cursor_skip(&c, 2);
    return cursor_ok(&c) && !(flags & 4) ? cursor_rest(&c) : SLICE_NONE;
}

static struct slice without_zeros(struct slice s)
{
    while (s.len && s.at[s.len - 1] == 0)
        s.len--;
    return s;
}

static void read_fqdn(struct app *app, struct tx *tx, struct slice body)
{
    struct dhcp_tx *dhcp = tx_data(tx);
    if (!dhcp->hostname.len)
        dhcp->hostname = app_keep(app, tx, without_zeros(fqdn_name(body)));
}

static void read_text(struct app *app, struct tx *tx, uint8_t code, struct slice body)
{
    struct dhcp_tx *dhcp = tx_data(tx);
    const struct {
        uint8_t code;
        struct slice *to;
    } texts[] = {
        {OPT_HOSTNAME, &dhcp->hostname},   {OPT_DOMAIN, &dhcp->domain},
        {OPT_PARAMS, &dhcp->params},       {OPT_VENDOR_CLASS, &dhcp->vendor_class},
        {OPT_CLIENT_ID, &dhcp->client_id}, {OPT_MUD_URL, &dhcp->mud_url},
    };
    if (code == OPT_CLIENT_ID) /* EVE shows it without its hardware type */
        body = slice_from(body, 1);
    else if (code != OPT_PARAMS)
        body = without_zeros(body);
    for (uint32_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].code == code)
            *texts[i].to = app_keep(app, tx, body);
}

static void read_option(struct app *app, struct tx *tx, uint8_t code, struct slice body)
{
    struct dhcp_tx *dhcp = tx_data(tx);

    switch (code) {
    case OPT_TYPE:
        dhcp->type = body.len ? body.at[0] : 0;
        break;
    case OPT_SUBNET_MASK:
        read_address(body, &dhcp->subnet_mask);
        break;
    case OPT_REQUESTED_IP:
        read_address(body, &dhcp->requested_ip);
        break;
    case OPT_SERVER_ID:
        read_address(body, &dhcp->server_id);
        break;
    case OPT_LEASE:
        read_span(body, &dhcp->lease_s, &dhcp->has_lease);
        break;
    case OPT_RENEWAL:
        read_span(body, &dhcp->renewal_s, &dhcp->has_renewal);
        break;
    case OPT_REBINDING:
        read_span(body, &dhcp->rebinding_s, &dhcp->has_rebinding);
        break;
    case OPT_ROUTER:
        add_addresses(app, tx, &dhcp->routers, body);
        break;
    case OPT_DNS:
        add_addresses(app, tx, &dhcp->dns_servers, body);
        break;
    case OPT_FQDN:
        read_fqdn(app, tx, body);
        break;
    default:
        read_text(app, tx, code, body);
    }
}

static void read_options(struct app *app, struct tx *tx, struct cursor *c)
{
    for (uint32_t n = 0; n < OPTIONS_MAX; n++) {
        if (!cursor_left(c)) { /* RFC 2131, 4.1: the last one must be the end */
            app_note(app, tx, NOTE_TRUNCATED);
            return;
        }
        uint8_t code = cursor_u8(c);
        if (code == OPT_PAD)
            continue;
        if (code == OPT_END)
            return;
        struct slice body = cursor_take(c, cursor_u8(c));
        if (!cursor_ok(c)) {
            app_note(app, tx, NOTE_TRUNCATED);
            return;
        }
        if (code == OPT_TYPE && body.len != 1)
            app_note(app, tx, NOTE_MALFORMED);
        read_option(app, tx, code, body);
    }
}

static const struct option dhcp_options[] = {
    {"dhcp.extended", CONF_BOOL, "true",
     "Events of every message with all its fields; off: of acknowledgements, in brief"},
    OPTION_END,
};

struct dhcp_config {
    bool brief;
};

static void dhcp_configure(const struct conf *conf, void *config)
{
    struct dhcp_config *c = config;

    c->brief = !conf_bool(conf, "dhcp.extended");
}

static struct parsed dhcp_parse(struct app *app, enum dir dir, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t op = cursor_u8(&c);
    cursor_skip(&c, 1); /* hardware type */
    uint8_t mac_len = cursor_u8(&c);
    cursor_skip(&c, 1); /* hops */
    uint32_t id = cursor_be32(&c);
    cursor_skip(&c, 4); /* seconds, flags */
    struct addr addrs[4];
    for (uint32_t i = 0; i < 4; i++)
        addrs[i] = addr_from_bytes(cursor_take(&c, 4));
    struct slice mac = cursor_take(&c, CHADDR_BYTES);
    cursor_skip(&c, SNAME_AND_FILE_BYTES);
    if (!cursor_ok(&c))
        return in.len ? parse_bad() : parse_more(HEADER_BYTES);

    const struct dhcp_config *config = app_config(app);
    struct tx *tx = app_tx_new(app, id);
    if (!tx)
        return parse_full();
    struct dhcp_tx *dhcp = tx_data(tx);
    dhcp->brief = config && config->brief;
    dhcp->op = op;
    dhcp->id = id;
    dhcp->client_ip = addrs[0];
    dhcp->assigned_ip = addrs[1];
    dhcp->next_server_ip = addrs[2];
    dhcp->relay_ip = addrs[3];
    dhcp->has_mac = mac_len == MAC_BYTES;
    dhcp->client_mac = app_keep(app, tx, slice_head(mac, MAC_BYTES));
    if (cursor_be32(&c) == magic_cookie || app_as_suricata(app))
        read_options(app, tx, &c);
    else
        app_note(app, tx, NOTE_MALFORMED);
    app_progress(app, tx, dir, TX_DONE);
    return parse_done(in.len);
}

static enum probe dhcp_probe(struct slice head, enum dir dir)
{
    struct cursor c = cursor_of(head);
    uint8_t op = cursor_u8(&c), hardware = cursor_u8(&c), mac_len = cursor_u8(&c);

    (void)dir;
    cursor_skip(&c, HEADER_BYTES - 3);
    uint32_t cookie = cursor_be32(&c);
    if (!cursor_ok(&c) || op < 1 || op > 2 || mac_len > CHADDR_BYTES || cookie != magic_cookie)
        return PROBE_NO;
    return hardware == 1 && mac_len == MAC_BYTES ? PROBE_YES : PROBE_LIKELY;
}

const struct proto_def proto_dhcp = {
    .name = "dhcp",
    .spec = "RFC 2131, RFC 2132",
    .doc = "Leases of addresses, and what devices say of themselves",
    .l4 = L4_UDP,
    .ports = {67, 68},
    .breadth = "DHCP",
    .tx_size = sizeof(struct dhcp_tx),
    .one_sided = true,
    .ends = TX_ENDS_PACKET,
    .probe = dhcp_probe,
    .parse = dhcp_parse,
    .events = dhcp_fields_events,
    .write_event = dhcp_fields_event,
    .options = dhcp_options,
    .config_size = sizeof(struct dhcp_config),
    .configure = dhcp_configure,
    .fields = dhcp_fields,
    .notes = dhcp_notes,
};
