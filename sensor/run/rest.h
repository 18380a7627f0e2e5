/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows that are silent: what the floors hold of one is written into a single block without its
 * zeros, and read back before its next packet. An idle session takes a few hundred bytes instead of
 * some thousands.
 */
#ifndef TRAMGAC_SENSOR_RUN_REST_H
#define TRAMGAC_SENSOR_RUN_REST_H

#include "sensor/detect/detect.h"

/** The floors whose state is put away. */
struct rest_floors {
    struct streams *streams;
    struct app_engine *app;
    struct breadth *breadth;
    struct files *files;
    struct detect *detect; /* NULL without rules */
};

struct rest;

/** A packet that stands for a look at the flow without one: no bytes, from client to server. */
void rest_packet(const struct flow *flow, uint64_t now_ns, struct packet *p);

/** For one of so many workers. All blocks together take a tenth of `memory` at most; a flow that
 * finds no room stays as it is. */
struct rest *rest_new(const struct conf *conf, uint32_t workers);
void rest_free(struct rest **rest);

/** Puts away what hangs on the flow (flow->ext). */
void rest_put(struct rest *rest, const struct rest_floors *floors, struct flow *flow);
/** Takes it back; nothing happens to a flow that was not put away, or to NULL. */
void rest_wake(struct rest *rest, const struct rest_floors *floors, struct flow *flow);

#endif
