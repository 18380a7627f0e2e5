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

void facts_arp(const struct facts_sink *sink, const struct packet *p);
/** After each packet of a flow; remembers in flow->ext what was said already. */
void facts_packet(const struct facts_sink *sink, struct flow *flow, const struct packet *p);
/** A transaction is over. */
void facts_tx(const struct facts_sink *sink, const struct facts_plan *plan, const struct flow *flow,
              struct tx *tx);
void facts_flow_end(const struct facts_sink *sink, struct flow *flow);

#endif
