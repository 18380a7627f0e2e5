/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which flow a packet belongs to when several flows have the same ends: VLANs and tunnel ids (the
 * packet's tag) tell tenants apart, but a mirror may show the two directions of one conversation
 * under different tags. Decided from what the flows themselves show, so no setting is needed and
 * any number of workers decides alike.
 */
#ifndef TRAMGAC_SENSOR_FLOW_TAGS_H
#define TRAMGAC_SENSOR_FLOW_TAGS_H

#include "sensor/flow/flow.h"

enum tags_fit {
    TAGS_NONE,    /* another tenant's */
    TAGS_LIKELY,  /* the other direction, or a new path, under another tag */
    TAGS_CERTAIN, /* the tag of this direction, or of the only one seen so far */
};

/** `p` has the ends of `flow`. */
enum tags_fit tags_fit(const struct flow *flow, const struct packet *p, enum dir dir);

/** The packet is of this flow: remembers its tag, and notes in flow->view what is odd about it.
 * True when it is the first one that joins two views of the flow. */
bool tags_learn(struct flow *flow, const struct packet *p, enum dir dir);

#endif
