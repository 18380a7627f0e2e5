/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was seen of each protocol, with the names of Suricata's stats: flows, transactions, and what
 * ended the parsing of a flow. A protocol over two transports has counters for each.
 */
#include "sensor/app/app_flow.h"

#include <stdio.h>
#include <string.h>

/* In the order of every group below. */
#define PROTOCOLS(row)                                                                             \
    row("bittorrent-dht") row("dcerpc_tcp") row("dcerpc_udp") row("dhcp") row("dnp3")              \
        row("dns_tcp") row("dns_udp") row("enip_tcp") row("enip_udp") row("ftp") row("ftp-data")   \
            row("http") row("http2") row("ike") row("imap") row("krb5_tcp") row("krb5_udp")        \
                row("modbus") row("mqtt") row("nfs_tcp") row("nfs_udp") row("ntp") row("pgsql")    \
                    row("pop3") row("quic") row("rdp") row("rfb") row("sip") row("smb")            \
                        row("smtp") row("snmp") row("ssh") row("telnet") row("tftp") row("tls")

#define FLOW_ROW(name)  {"app_layer.flow." name, "Flows of this protocol"},
#define TX_ROW(name)    {"app_layer.tx." name, "Transactions of this protocol"},
#define GAP_ROW(name)   {"app_layer.error." name ".gap", "Flows given up because bytes were lost"},
#define ALLOC_ROW(name) {"app_layer.error." name ".alloc", "Flows given up for want of memory"},
#define PARSER_ROW(name)                                                                           \
    {"app_layer.error." name ".parser", "Flows given up because they broke their protocol"},

const struct counter app_stat_counters[] = {
    PROTOCOLS(FLOW_ROW){"app_layer.flow.failed_tcp", "TCP flows whose protocol no parser knew"},
    {"app_layer.flow.failed_udp", "UDP flows whose protocol no parser knew"},
    PROTOCOLS(TX_ROW) PROTOCOLS(GAP_ROW) PROTOCOLS(ALLOC_ROW) PROTOCOLS(PARSER_ROW) COUNTER_END,
};

#define ONE(name) +1
enum { N = 0 PROTOCOLS(ONE), FAILED = N, TX = N + 2 };
static const uint32_t group_at[APP_STAT_KINDS] = {
    [APP_STAT_FLOW] = 0,
    [APP_STAT_TX] = TX,
    [APP_STAT_GAP] = TX + N,
    [APP_STAT_ALLOC] = TX + 2 * N,
    [APP_STAT_PARSER] = TX + 3 * N,
};

/* Place in a group + 1; 0 = none. */
static uint8_t place_of(const char *name, const char *behind)
{
    char text[64];

    snprintf(text, sizeof(text), "app_layer.flow.%s%s", name, behind);
    for (uint8_t i = 0; i < N; i++) {
        if (strcmp(app_stat_counters[i].name, text) == 0)
            return (uint8_t)(i + 1);
    }
    return 0;
}

void app_stat_read(struct app_engine *engine, struct stats *stats)
{
    engine->stat = stats_add(stats, app_stat_counters);
    for (uint32_t i = 0; i < engine->n_rows; i++) {
        const char *name = proto_rows[i]->name;
        uint8_t alone = place_of(name, "");
        engine->stat_at[i][0] = alone ? alone : place_of(name, "_tcp");
        engine->stat_at[i][1] = alone ? alone : place_of(name, "_udp");
    }
}

void app_stat(struct app *app, enum app_stat_kind kind)
{
    if (app->stat_place)
        app->engine->stat[group_at[kind] + app->stat_place - 1]++;
}

void app_stat_begin(struct app *app)
{
    int row = proto_row(app->proto);

    app->stat_place = row < 0 ? 0 : app->engine->stat_at[row][app->flow->proto == IPPROTO_UDP4];
    app_stat(app, APP_STAT_FLOW);
}

void app_stat_failed(struct app *app)
{
    if (flow_failed(app->flow, app->as_suricata))
        app->engine->stat[FAILED + (app->flow->proto == IPPROTO_UDP4)]++;
}
