/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of DHCP, and its event: the fields, and the names of the parameters asked for.
 */
#include "sensor/app/dhcp_tx.h"

#include "common/jsonw.h"
#include "sensor/app/app.h"

enum { TYPE_ACK = 5 };

static const struct label ops[] = {{1, "request"}, {2, "reply"}, {0, NULL}};

static const struct label types[] = {
    {1, "discover"}, {2, "offer"},   {3, "request"}, {4, "decline"}, {5, "ack"},
    {6, "nak"},      {7, "release"}, {8, "inform"},  {0, NULL},
};

/* Those that EVE names. */
static const struct label parameters[] = {
    {1, "subnet_mask"},       {3, "router"},           {6, "dns_server"},
    {15, "domain"},           {35, "arp_timeout"},     {42, "ntp_server"},
    {66, "tftp_server_name"}, {150, "tftp_server_ip"}, {0, NULL},
};

static bool is_reply(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct dhcp_tx *)data)->op == 2;
}

static bool has_lease(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct dhcp_tx *)data)->has_lease;
}

static bool has_renewal(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct dhcp_tx *)data)->has_renewal;
}

static bool has_rebinding(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct dhcp_tx *)data)->has_rebinding;
}

static const struct field router_fields[] = {
    {.name = "dhcp.router",
     .eve = "",
     .uses = IN_EVE,
     .type = FIELD_ADDR,
     .offset = offsetof(struct dhcp_address, addr),
     .progress = TX_DONE,
     .doc = "A router"},
    FIELD_END,
};

static const struct field dns_fields[] = {
    {.name = "dhcp.dns_server",
     .eve = "",
     .uses = IN_EVE,
     .type = FIELD_ADDR,
     .offset = offsetof(struct dhcp_address, addr),
     .progress = TX_DONE,
     .doc = "A name server"},
    FIELD_END,
};

const struct field dhcp_fields[] = {
    {.name = "dhcp.op",
     .eve = "type",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U8,
     .offset = offsetof(struct dhcp_tx, op),
     .progress = TX_DONE,
     .labels = ops,
     .doc = "Request or reply"},
    {.name = "dhcp.id",
     .eve = "id",
     .uses = IN_EVE,
     .type = FIELD_U32,
     .offset = offsetof(struct dhcp_tx, id),
     .progress = TX_DONE,
     .zero = true,
     .doc = "Identifier of the exchange"},
    {.name = "dhcp.client_mac",
     .eve = "client_mac",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dhcp_tx, client_mac),
     .progress = TX_DONE,
     .form = FORM_HEX_COLON,
     .doc = "Hardware address of the client"},
    {.name = "dhcp.assigned_ip",
     .eve = "assigned_ip",
     .uses = IN_EVE,
     .type = FIELD_ADDR,
     .offset = offsetof(struct dhcp_tx, assigned_ip),
     .progress = TX_DONE,
     .doc = "Address the server gives"},
    {.name = "dhcp.client_ip",
     .eve = "client_ip",
     .uses = IN_EVE,
     .type = FIELD_ADDR,
     .offset = offsetof(struct dhcp_tx, client_ip),
     .progress = TX_DONE,
     .doc = "Address the client has"},
    {.name = "dhcp.relay_ip",
     .eve = "relay_ip",
     .uses = IN_EVE,
     .type = FIELD_ADDR,
     .offset = offsetof(struct dhcp_tx, relay_ip),
     .progress = TX_DONE,
     .has = is_reply,
     .doc = "Address of the relay"},
    {.name = "dhcp.next_server_ip",
     .eve = "next_server_ip",
     .uses = IN_EVE,
     .type = FIELD_ADDR,
     .offset = offsetof(struct dhcp_tx, next_server_ip),
     .progress = TX_DONE,
     .has = is_reply,
     .doc = "Next server to boot from"},
    {.name = "dhcp.type",
     .eve = "dhcp_type",
     .uses = IN_RULES | IN_BASELINE | IN_EVE,
     .type = FIELD_U8,
     .offset = offsetof(struct dhcp_tx, type),
     .progress = TX_DONE,
     .labels = types,
     .doc = "Kind of message"},
    {.name = "dhcp.client_id",
     .eve = "client_id",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dhcp_tx, client_id),
     .progress = TX_DONE,
     .form = FORM_HEX_COLON,
     .doc = "Client identifier, option 61"},
    {.name = "dhcp.hostname",
     .eve = "hostname",
     .uses = IN_RULES | IN_IDENTITY | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dhcp_tx, hostname),
     .progress = TX_DONE,
     .doc = "Host name, options 12 and 81"},
    {.name = "dhcp.domain",
     .eve = "domain_name",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dhcp_tx, domain),
     .progress = TX_DONE,
     .doc = "Domain, option 15"},
    {.name = "dhcp.requested_ip",
     .eve = "requested_ip",
     .uses = IN_EVE,
     .type = FIELD_ADDR,
     .offset = offsetof(struct dhcp_tx, requested_ip),
     .progress = TX_DONE,
     .doc = "Address the client asks for"},
    {.name = "dhcp.server_id",
     .eve = "server_id",
     .uses = IN_EVE,
     .type = FIELD_ADDR,
     .offset = offsetof(struct dhcp_tx, server_id),
     .progress = TX_DONE,
     .doc = "Server the client chose"},
    {.name = "dhcp.vendor_class",
     .eve = "vendor_class_identifier",
     .uses = IN_RULES | IN_IDENTITY | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dhcp_tx, vendor_class),
     .progress = TX_DONE,
     .doc = "Vendor class, option 60"},
    {.name = "dhcp.mud_url",
     .eve = "mud_url",
     .uses = IN_RULES | IN_IDENTITY | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dhcp_tx, mud_url),
     .progress = TX_DONE,
     .doc = "URL of the profile of the maker, option 161"},
    {.name = "dhcp.params",
     .uses = IN_RULES | IN_IDENTITY,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dhcp_tx, params),
     .progress = TX_DONE,
     .doc = "Parameters asked for, option 55: a byte each"},
    {.name = "dhcp.subnet_mask",
     .eve = "subnet_mask",
     .uses = IN_EVE,
     .type = FIELD_ADDR,
     .offset = offsetof(struct dhcp_tx, subnet_mask),
     .progress = TX_DONE,
     .doc = "Subnet mask"},
    {.name = "dhcp.leasetime",
     .eve = "lease_time",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U32,
     .offset = offsetof(struct dhcp_tx, lease_s),
     .progress = TX_DONE,
     .zero = true,
     .has = has_lease,
     .doc = "Seconds: lease time"},
    {.name = "dhcp.renewal_time",
     .eve = "renewal_time",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U32,
     .offset = offsetof(struct dhcp_tx, renewal_s),
     .progress = TX_DONE,
     .zero = true,
     .has = has_renewal,
     .doc = "Seconds: renewal time"},
    {.name = "dhcp.rebinding_time",
     .eve = "rebinding_time",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U32,
     .offset = offsetof(struct dhcp_tx, rebinding_s),
     .progress = TX_DONE,
     .zero = true,
     .has = has_rebinding,
     .doc = "Seconds: rebinding time"},
    {.name = "dhcp.routers",
     .eve = "routers",
     .uses = IN_EVE,
     .type = FIELD_LIST,
     .offset = offsetof(struct dhcp_tx, routers),
     .progress = TX_DONE,
     .items = router_fields,
     .item_size = sizeof(struct dhcp_address),
     .doc = "Routers"},
    {.name = "dhcp.dns_servers",
     .eve = "dns_servers",
     .uses = IN_EVE,
     .type = FIELD_LIST,
     .offset = offsetof(struct dhcp_tx, dns_servers),
     .progress = TX_DONE,
     .items = dns_fields,
     .item_size = sizeof(struct dhcp_address),
     .doc = "Name servers"},
    FIELD_END,
};

uint32_t dhcp_fields_events(const struct tx *tx)
{
    const struct dhcp_tx *dhcp = tx_data_const(tx);

    return !dhcp->brief || dhcp->type == TYPE_ACK;
}

static void write_brief(const struct dhcp_tx *dhcp, struct jsonw *w)
{
    jsonw_str(w, "type", dhcp->op == 1 ? "request" : "reply");
    jsonw_u64(w, "id", dhcp->id);
    jsonw_hex(w, "client_mac", dhcp->client_mac, ':');
    jsonw_addr(w, "assigned_ip", &dhcp->assigned_ip);
    jsonw_str(w, "dhcp_type", "ack");
    if (dhcp->has_renewal)
        jsonw_u64(w, "renewal_time", dhcp->renewal_s);
    if (dhcp->hostname.len)
        jsonw_text(w, "hostname", dhcp->hostname);
}

void dhcp_fields_event(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct dhcp_tx *dhcp = tx_data_const(tx);
    struct cursor c = cursor_of(dhcp->params);

    (void)i;
    if (dhcp->brief) {
        write_brief(dhcp, w);
        return;
    }
    field_write_eve(tx, w);
    if (!dhcp->params.len)
        return;
    jsonw_arr_open(w, "params");
    while (cursor_left(&c)) {
        uint8_t code = cursor_u8(&c);
        for (const struct label *l = parameters; l->name; l++)
            if (l->value == code)
                jsonw_str(w, NULL, l->name);
    }
    jsonw_arr_close(w);
}
