/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The items of a round in one order that does not depend on how flows were spread over workers: by
 * frame number; what time ended before what the frame brought; by the first frame of the flow.
 */
#ifndef TRAMGAC_SENSOR_RUN_MERGE_H
#define TRAMGAC_SENSOR_RUN_MERGE_H

#include "sensor/run/round.h"

struct merge_ref {
    const struct round_part *part;
    const struct item *item;
};

/** Items of one flow, side by side. */
struct merge_group {
    const struct item *first;
    uint32_t n;
};

/** Memory of the merge, kept from round to round. Zero-initialise. */
struct merge {
    struct merge_ref *ref; /* `n` of them, in order */
    uint32_t n, room;
    struct merge_group *group; /* while a run is sorted */
    uint32_t groups_room;
};

/** ERR_NOMEM: nothing is in `merge`. */
enum err merge_round(struct merge *merge, const struct round *round, uint32_t workers);
void merge_fini(struct merge *merge);

#endif
