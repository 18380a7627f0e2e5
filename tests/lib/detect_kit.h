/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on packets made by hand: load rules from text, show packets and chunks, ask for sids.
 */
#ifndef TRAMGAC_TESTS_LIB_DETECT_KIT_H
#define TRAMGAC_TESTS_LIB_DETECT_KIT_H

#include "common/strbuf.h"
#include "sensor/detect/detect.h"

#include <stdio.h>
#include <stdlib.h>

struct kit {
    struct ruleset *rules;
    struct detect *detect;
    struct stats stats;
    struct strbuf report;
    struct packet packet;
    struct flow flow;
    struct chunk chunk;
    uint64_t sent[2]; /* bytes of the stream, by direction */
};

/** Loads rules; false when that failed (bad rules only land in quarantine). */
static inline bool kit_open(struct kit *kit, const char *text)
{
    memset(kit, 0, sizeof(*kit));
    strbuf_init(&kit->report, 0);
    if (ruleset_load_text(NULL, slice_of_str(text), &kit->rules, &kit->report) == ERR_OK)
        kit->detect = detect_new(kit->rules, NULL, &kit->stats);
    return kit->detect != NULL;
}

static inline void kit_close(struct kit *kit)
{
    if (kit->detect)
        detect_drop_flow(kit->detect, &kit->flow);
    detect_free(&kit->detect);
    ruleset_free(&kit->rules);
    stats_fini(&kit->stats);
    strbuf_fini(&kit->report);
}

/** A packet from `src` to `dst` ("10.0.0.1", port). */
static inline void kit_packet(struct kit *kit, uint8_t proto, const char *src, uint16_t sport,
                              const char *dst, uint16_t dport, struct slice payload)
{
    struct packet *p = &kit->packet;

    memset(p, 0, sizeof(*p));
    addr_parse(slice_of_str(src), &p->src);
    addr_parse(slice_of_str(dst), &p->dst);
    p->frame.number = 1;
    p->ip_version = p->src.family;
    p->proto = proto;
    p->sport = sport;
    p->dport = dport;
    p->payload = payload;
    p->ttl = 64;
    p->tcp.header_len = proto == IPPROTO_TCP4 ? 20 : 0;
    p->tcp.flags = TCP_ACK;
}

/** An established TCP flow from 10.0.0.1:1000 to 192.168.0.2:`port`. */
static inline void kit_tcp(struct kit *kit, uint16_t port)
{
    struct flow *f = &kit->flow;

    addr_parse(slice_of_str("10.0.0.1"), &f->client);
    addr_parse(slice_of_str("192.168.0.2"), &f->server);
    f->client_port = 1000;
    f->server_port = port;
    f->proto = IPPROTO_TCP4;
    f->state = FLOW_ESTABLISHED;
    f->tcp_state = TCP_ESTABLISHED;
    f->pkts[0] = f->pkts[1] = 10;
}

/** The next segment of the flow, in order; returns the number of hits. */
static inline uint32_t kit_segment(struct kit *kit, enum dir dir, struct slice payload)
{
    bool up = dir == TO_SERVER;
    uint32_t n;

    kit_packet(kit, IPPROTO_TCP4, up ? "10.0.0.1" : "192.168.0.2",
               up ? kit->flow.client_port : kit->flow.server_port, up ? "192.168.0.2" : "10.0.0.1",
               up ? kit->flow.server_port : kit->flow.client_port, payload);
    kit->chunk = (struct chunk){.data = payload, .dir = dir, .offset = kit->sent[dir]};
    kit->sent[dir] += payload.len;
    struct detect_input in = {.packet = &kit->packet,
                              .flow = &kit->flow,
                              .dir = dir,
                              .chunks = &kit->chunk,
                              .n_chunks = payload.len ? 1 : 0};
    detect_run(kit->detect, &in);
    detect_hits(kit->detect, &n);
    return n;
}

/** A datagram without a flow; returns the number of hits. */
static inline uint32_t kit_datagram(struct kit *kit, struct slice payload)
{
    uint32_t n;

    kit_packet(kit, IPPROTO_UDP4, "10.0.0.1", 1000, "192.168.0.2", 5000, payload);
    struct detect_input in = {.packet = &kit->packet};
    detect_run(kit->detect, &in);
    detect_hits(kit->detect, &n);
    return n;
}

/** sid of the i-th hit of the last packet; 0 = there are not so many. */
static inline uint32_t kit_sid(const struct kit *kit, uint32_t i)
{
    uint32_t n;
    const struct hit *hits = detect_hits(kit->detect, &n);

    return i < n ? hits[i].rule->sid : 0;
}

/** Reason why the only rule was not accepted; "" when it was. */
static inline const char *kit_reason(const struct kit *kit)
{
    uint32_t n;
    const struct quarantined *bad = ruleset_quarantined(kit->rules, &n);

    return n ? bad[0].reason : "";
}

#endif
