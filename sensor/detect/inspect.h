/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of one group on one buffer: whether there is a way to satisfy all of them in
 * order. A relative operation that fails sends the search back to an earlier content or expression,
 * which is tried at its next place; the number of steps is limited and counted.
 */
#ifndef TRAMGAC_SENSOR_DETECT_INSPECT_H
#define TRAMGAC_SENSOR_DETECT_INSPECT_H

#include "sensor/detect/keyword.h"

enum { INSPECT_STEPS_MAX = 3000, BASE64_ROOM = 4096 };

struct pcre_scratch;

struct inspect_scratch {
    struct pcre_scratch *pcre;
    uint8_t base64[BASE64_ROOM];
    uint64_t steps_exceeded; /* counted */
    uint64_t pcre_limited;
};

struct place {
    uint32_t offset, len; /* of the first content that matched */
    bool set;
};

/** `base`: offset of `data` in its stream, 0 for whole buffers. Fills in->vars and in->base64. */
bool inspect_group(const struct group *group, struct inspection *in, struct slice data,
                   uint64_t base, struct inspect_scratch *scratch, struct place *place);

#endif
