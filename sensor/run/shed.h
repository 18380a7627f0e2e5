/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is given up, and in which order, when sessions with data fill their room: never to be killed
 * for memory, and never silently. Room is counted per flow shard (flow_table.h), so the steps do
 * not depend on the number of workers; unanswered packets do not count, they make room by
 * themselves.
 */
#ifndef TRAMGAC_SENSOR_RUN_SHED_H
#define TRAMGAC_SENSOR_RUN_SHED_H

#include "sensor/flow/flow.h"
#include "sensor/run/round.h"

/** Each step includes those before it. */
enum shed_step {
    SHED_NOTHING,
    SHED_FILES,    /* no more files are carved */
    SHED_EVIDENCE, /* alerts without payload and packet */
    SHED_SHUNT,    /* encrypted and large flows are only counted */
    SHED_TRUSTED,  /* so are new flows of trusted hosts (flow.trusted) */
    SHED_ALL,      /* so are all new flows */
    SHED_STEPS
};

/** Below so many percent a shard that is at no step stays there. */
enum { SHED_FIRST_PERCENT = 75 };

struct shed {
    uint8_t step[FLOW_SHARDS];
};

/** Brings the step of a shard to its fill in percent; true when it changed. A step is left 5 points
 * below where it was taken. */
bool shed_judge(struct shed *shed, uint32_t shard, uint32_t percent);

/** For the host tier: the highest step over all shards. */
struct shed_sum {
    uint8_t step[FLOW_SHARDS];
    uint8_t told;
};
/** Takes a shard's change (ITEM_SHED); true when the highest step changed, and `notice` says so. */
bool shed_take(struct shed_sum *sum, const struct item *item, struct notice *notice);

#endif
