/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packet, a flow, a transaction, a file, a hit and a finding, all with hostile texts, for tests
 * of events.
 */
#ifndef TRAMGAC_TESTS_LIB_EVENT_WORLD_H
#define TRAMGAC_TESTS_LIB_EVENT_WORLD_H

#include "common/clock.h"
#include "common/jsonw.h"
#include "common/strbuf.h"
#include "sensor/decode/decode.h"
#include "sensor/event/event.h"

#include <stdlib.h>

static const char event_world_hostile[] = "<script>\x1b[31m\xff\xfe\x00\"\\\n\xc3\x28";

struct event_world_demo {
    struct slice name;
    uint16_t number;
};

static const struct field event_world_fields[] = {
    {.name = "demo.name",
     .eve = "name",
     .uses = IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct event_world_demo, name),
     .doc = "A name"},
    {.name = "demo.number",
     .eve = "inner.number",
     .uses = IN_EVE,
     .type = FIELD_U16,
     .offset = offsetof(struct event_world_demo, number),
     .doc = "A number"},
    FIELD_END,
};

static const struct proto_def event_world_proto = {
    .name = "demo", .tx_size = sizeof(struct event_world_demo), .fields = event_world_fields};

struct event_world {
    struct packet packet;
    struct flow flow;
    struct tx *tx;
    struct file file;
    struct rule_info rule;
    struct hit hit;
    struct fact fact;
    struct finding finding;
    struct stats stats;
    struct stats_event told;
    struct conf *conf;
    struct devices *devices;
    struct event_options options;
    struct event_ctx ctx;
};

static inline struct slice event_world_text(void)
{
    return (struct slice){(const uint8_t *)event_world_hostile, sizeof(event_world_hostile) - 1};
}

static inline void event_world_traffic(struct event_world *w)
{
    static const uint8_t payload[] = "GET / HTTP/1.1\r\n";

    addr_parse(SLICE_LIT("192.0.2.1"), &w->flow.client);
    addr_parse(SLICE_LIT("192.0.2.80"), &w->flow.server);
    w->flow.client_port = 40000;
    w->flow.server_port = 80;
    w->flow.proto = 6;
    w->flow.id = 77;
    w->flow.vlans = 1;
    w->flow.vlan[0] = 12;
    w->flow.first_ns = 10 * CLOCK_S;
    w->flow.last_ns = 12 * CLOCK_S;
    w->flow.pkts[0] = 3;
    w->flow.pkts[1] = 2;
    w->flow.state = FLOW_ESTABLISHED;
    w->flow.tcp_state = TCP_ESTABLISHED;
    w->flow.end = FLOW_END_TIMEOUT;
    w->flow.tcp_flags[0] = w->flow.tcp_flags[1] = TCP_SYN | TCP_ACK;
    w->flow.app_name = "demo";
    w->packet = (struct packet){
        .src = w->flow.server,
        .dst = w->flow.client,
        .sport = 80,
        .dport = 40000,
        .proto = 6,
        .ip_version = 4,
        .payload = {payload, sizeof(payload) - 1},
        .frame = {.data = payload, .caplen = sizeof(payload) - 1, .number = 5, .linktype = 1}};
}

static inline void event_world_meaning(struct event_world *w)
{
    w->tx = calloc(1, (sizeof(struct tx) + 15) / 16 * 16 + sizeof(struct event_world_demo));
    w->tx->proto = &event_world_proto;
    w->tx->id = 3;
    *(struct event_world_demo *)tx_data(w->tx) =
        (struct event_world_demo){.name = event_world_text(), .number = 9};
    w->file =
        (struct file){.name = event_world_text(),
                      .flow = &w->flow,
                      .tx = w->tx,
                      .dir = TO_CLIENT,
                      .state = FILE_CLOSED,
                      .size = 100,
                      .yara_hits = 1,
                      .yara = {{"Rule_A", "Botnet loader", "Trình nạp botnet", "T1105", "2"}}};
    w->rule = (struct rule_info){.gid = 1,
                                 .sid = 4711,
                                 .rev = 2,
                                 .priority = 1,
                                 .msg = "msg",
                                 .category = "cat",
                                 .action = "alert",
                                 .target_dst = true,
                                 .metadata_json = SLICE_LIT("{\"k\":[\"v\"]}")};
    w->hit = (struct hit){.rule = &w->rule,
                          .tx = w->tx,
                          .file = &w->file,
                          .dir = TO_CLIENT,
                          .matches = 1,
                          .match = {{"http.uri", 4, 7}}};
}

static inline void event_world_open(struct event_world *w)
{
    struct strbuf report;

    *w = (struct event_world){0};
    event_world_traffic(w);
    event_world_meaning(w);
    strbuf_init(&report, 0);
    w->conf = conf_new();
    conf_add(w->conf, event_options_rows);
    conf_add(w->conf, decode_options);
    conf_add(w->conf, choice_options);
    conf_add(w->conf, device_options);
    conf_set(w->conf, "device.oui=", &report);
    event_options_read(w->conf, &w->options);
    devices_new(w->conf, &w->stats, &w->devices, &report);
    w->fact = (struct fact){.kind = FACT_ARP, .ts_ns = CLOCK_S, .flow_id = 77, .proto = 6};
    addr_parse(SLICE_LIT("10.0.0.7"), &w->fact.client);
    devices_fact(w->devices, &w->fact);
    devices_next(w->devices, &w->finding);
    w->ctx = (struct event_ctx){.sensor = "s1",
                                .ts_ns = 11 * CLOCK_S,
                                .packet = &w->packet,
                                .flow = &w->flow,
                                .dir = TO_CLIENT,
                                .tx = w->tx,
                                .file = &w->file,
                                .hit = &w->hit,
                                .finding = &w->finding,
                                .stats = &w->told,
                                .note = "invalid_length",
                                .note_layer = "applayer",
                                .detail_json = SLICE_LIT("\"lost\":3"),
                                .options = &w->options};
    strbuf_fini(&report);
}

static inline void event_world_close(struct event_world *w)
{
    devices_free(&w->devices);
    stats_fini(&w->stats);
    conf_free(&w->conf);
    free(w->tx);
}

#endif
