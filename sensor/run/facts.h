/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a packet, a transaction or the end of a flow says about hosts, as facts for the host tier.
 */
#ifndef TRAMGAC_SENSOR_RUN_FACTS_H
#define TRAMGAC_SENSOR_RUN_FACTS_H

#include "sensor/run/round.h"

struct facts_plan; /* which fields are facts; frozen */

struct facts_plan *facts_plan_new(void);
void facts_plan_free(struct facts_plan **plan);

/** Where facts go, and what their items are stamped with. */
struct facts_sink {
    struct round_part *part;
    uint64_t number, order, now_ns;
    bool of_packet;
};

/** What was said of a flow, in its slot of flow->ext. */
enum { FACTS_SAID_OPEN = 1, FACTS_SAID_CLIENT = 2, FACTS_SAID_SERVER = 4, FACTS_SAID_REFUSED = 8 };

static inline uintptr_t facts_said(const struct flow *f)
{
    return (uintptr_t)f->ext[FLOW_EXT_FACTS];
}

/** Stands for who sent the packet in hand. */
static inline uintptr_t facts_side(const struct flow *f)
{
    return f->dir == TO_SERVER ? FACTS_SAID_CLIENT : FACTS_SAID_SERVER;
}

static inline bool facts_sender_due(const struct flow *f, const struct packet *p)
{
    return p->has_mac && !(facts_said(f) & facts_side(f));
}

/** False for most packets: then facts_packet() says nothing. */
static inline bool facts_packet_due(const struct flow *f, const struct packet *p)
{
    return facts_sender_due(f, p) || !(facts_said(f) & (FACTS_SAID_OPEN | FACTS_SAID_REFUSED));
}

void facts_arp(const struct facts_sink *sink, const struct packet *p);
/** After each packet of a flow; remembers in flow->ext what was said already. */
void facts_packet(const struct facts_sink *sink, struct flow *flow, const struct packet *p);
/** A transaction is over. */
void facts_tx(const struct facts_sink *sink, const struct facts_plan *plan, const struct flow *flow,
              struct tx *tx);
void facts_flow_end(const struct facts_sink *sink, struct flow *flow);

#endif
