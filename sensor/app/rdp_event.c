/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `rdp` object of events, with Suricata's keys.
 */
#include "sensor/app/rdp_tx.h"

#include "common/jsonw.h"

enum { DEPTH_4 = 0xca00, CONNECTIONS = 8, KEYBOARDS = 8 };

static const struct label request_flags[] = {{1, "restricted_admin_mode_required"},
                                             {2, "redirected_authentication_mode_required"},
                                             {8, "correlation_info_present"},
                                             {0, NULL}};

static const struct label response_flags[] = {{1, "extended_client_data"},
                                              {2, "dynvc_gfx"},
                                              {8, "restricted_admin"},
                                              {16, "redirected_authentication"},
                                              {0, NULL}};

static const struct label protocols[] = {{0, "rdp"},     {1, "ssl"},       {2, "hybrid"},
                                         {4, "rds_tls"}, {8, "hybrid_ex"}, {0, NULL}};

static const struct label errors[] = {{1, "ssl required by server"},
                                      {2, "ssl not allowed by server"},
                                      {3, "ssl cert not on server"},
                                      {4, "inconsistent flags"},
                                      {5, "hybrid required by server"},
                                      {6, "ssl with user auth required by server"},
                                      {0, NULL}};

static const struct label versions[] = {{0x80001, "v4"},    {0x80004, "v5"},    {0x80005, "v10.0"},
                                        {0x80006, "v10.1"}, {0x80007, "v10.2"}, {0x80008, "v10.3"},
                                        {0x80009, "v10.4"}, {0x8000a, "v10.5"}, {0x8000b, "v10.6"},
                                        {0x8000c, "v10.7"}, {0, NULL}};

static const struct label abilities[] = {{0x001, "support_errinfo_pdf"},
                                         {0x002, "want_32bpp_session"},
                                         {0x004, "support_statusinfo_pdu"},
                                         {0x008, "strong_asymmetric_keys"},
                                         {0x020, "valid_connection_type"},
                                         {0x040, "support_monitor_layout_pdu"},
                                         {0x080, "support_netchar_autodetect"},
                                         {0x100, "support_dynvc_gfx_protocol"},
                                         {0x200, "support_dynamic_time_zone"},
                                         {0x400, "support_heartbeat_pdu"},
                                         {0, NULL}};

static const char *const keyboards[KEYBOARDS] = {NULL,       "xt",   "ico",  "at",
                                                 "enhanced", "1050", "9140", "jp"};
static const char *const connections[CONNECTIONS] = {
    NULL, "modem", "low_broadband", "satellite", "high_broadband", "wan", "lan", "autodetect"};

static const char *name_of(const struct label *labels, uint64_t value)
{
    for (; labels->name; labels++) {
        if (labels->value == value)
            return labels->name;
    }
    return NULL;
}

static void write_flags(struct jsonw *w, const char *key, const struct label *labels, uint32_t set)
{
    jsonw_arr_open(w, key);
    for (; labels->name; labels++) {
        if (set & labels->value)
            jsonw_str(w, NULL, labels->name);
    }
    jsonw_arr_close(w);
}

static void write_list(struct jsonw *w, const char *key, const struct list *list)
{
    const struct rdp_text *all = list->at;

    if (!list->n)
        return;
    jsonw_arr_open(w, key);
    for (uint32_t i = 0; i < list->n; i++)
        jsonw_text(w, NULL, all[i].text);
    jsonw_arr_close(w);
}

static void write_request(struct jsonw *w, const struct rdp_tx *rdp)
{
    if (rdp->cookie.len)
        jsonw_text(w, "cookie", rdp->cookie);
    if (rdp->negotiates && rdp->flags)
        write_flags(w, "flags", request_flags, rdp->flags);
}

static void write_response(struct jsonw *w, const struct rdp_tx *rdp)
{
    const char *reason = name_of(errors, rdp->error);
    const char *protocol = name_of(protocols, rdp->protocol);

    if (reason) {
        jsonw_u64(w, "error_code", rdp->error);
        jsonw_str(w, "reason", reason);
    }
    if (!rdp->negotiates)
        return;
    if (rdp->flags)
        write_flags(w, "server_supports", response_flags, rdp->flags);
    if (protocol)
        jsonw_str(w, "protocol", protocol);
}

/* Bits of a colour, by the newest of the three members that say it. */
static uint32_t depth_of(const struct rdp_client *client)
{
    static const uint8_t bits[] = {4, 8, 15, 16, 24};
    uint32_t code = client->beta_color >= DEPTH_4 ? client->beta_color : client->color;

    if (client->high_color)
        return client->high_color;
    return code >= DEPTH_4 && code - DEPTH_4 < sizeof bits ? bits[code - DEPTH_4] : 8;
}

static void write_number(struct jsonw *w, const char *key, uint64_t value)
{
    if (value)
        jsonw_u64(w, key, value);
}

static void write_screen(struct jsonw *w, const struct rdp_client *client)
{
    write_number(w, "physical_width", client->physical_width);
    write_number(w, "physical_height", client->physical_height);
    if (client->has & RDP_HAS_ORIENTATION)
        jsonw_u64(w, "desktop_orientation", client->orientation);
    write_number(w, "scale_factor", client->scale);
    write_number(w, "device_scale_factor", client->device_scale);
}

static void write_client(struct jsonw *w, const struct rdp_client *client)
{
    const char *version = name_of(versions, client->version);
    const char *layout = rdp_names_layout(client->layout);
    const char *build = rdp_names_build(client->build);

    if (!client->version)
        return;
    jsonw_obj_open(w, "client");
    jsonw_str(w, "version", version ? version : "unknown");
    jsonw_u64(w, "desktop_width", client->width);
    jsonw_u64(w, "desktop_height", client->height);
    jsonw_u64(w, "color_depth", depth_of(client));
    jsonw_str(w, "keyboard_layout", layout ? layout : "unknown");
    jsonw_str(w, "build", build ? build : "unknown");
    if (client->name.len)
        jsonw_text(w, "client_name", client->name);
    if (client->keyboard < KEYBOARDS && keyboards[client->keyboard])
        jsonw_str(w, "keyboard_type", keyboards[client->keyboard]);
    write_number(w, "function_keys", client->function_keys);
    if (client->ime.len)
        jsonw_text(w, "ime", client->ime);
    if (client->has & RDP_HAS_PRODUCT)
        jsonw_u64(w, "product_id", client->product);
    write_number(w, "serial_number", client->serial);
    if (client->has & RDP_HAS_CAPABILITIES)
        write_flags(w, "capabilities", abilities, client->capabilities);
    if (client->id.len)
        jsonw_text(w, "id", client->id);
    if (client->connection < CONNECTIONS && connections[client->connection])
        jsonw_str(w, "connection_hint", connections[client->connection]);
    write_screen(w, client);
    jsonw_obj_close(w);
}

void rdp_event_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    static const char *const kinds[] = {"initial_request", "initial_response", "connect_request",
                                        "connect_response", "tls_handshake"};
    const struct rdp_tx *rdp = tx_data_const(tx);

    (void)i;
    jsonw_u64(w, "tx_id", tx->id + 1);
    jsonw_str(w, "event_type", kinds[rdp->kind]);
    if (rdp->kind == RDP_INITIAL_REQUEST)
        write_request(w, rdp);
    else if (rdp->kind == RDP_INITIAL_RESPONSE)
        write_response(w, rdp);
    else if (rdp->kind == RDP_CONNECT_REQUEST)
        write_client(w, &rdp->client);
    write_list(w, "channels", &rdp->channels);
    write_list(w, "x509_serials", &rdp->serials);
}
