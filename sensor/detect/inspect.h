/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of one group on one buffer: whether there is a way to satisfy all of them in
 * order. A relative operation that fails sends the search back to an earlier content or expression,
 * which is tried at its next place; the number of steps is limited and counted.
 */
#ifndef TRAMGAC_SENSOR_DETECT_INSPECT_H
#define TRAMGAC_SENSOR_DETECT_INSPECT_H

#include "sensor/detect/keyword.h"

/* PCRE_STEPS: Suricata's own limit of a match (pcre.match-limit). */
enum { INSPECT_STEPS_MAX = 3000, PCRE_STEPS = 3500, BASE64_ROOM = 4096 };

struct pcre_scratch;

struct inspect_scratch {
    struct pcre_scratch *pcre;
    uint8_t base64[BASE64_ROOM];
    uint64_t steps;          /* taken in all, see cost.h */
    uint64_t steps_start;    /* at which the rule in hand began with this packet */
    uint64_t steps_stop;     /* no more than these; 0 = no limit */
    bool tight;              /* expressions have the smaller limit */
    uint64_t steps_exceeded; /* counted */
    uint64_t pcre_limited;
};

struct place {
    uint32_t offset, len; /* of the first content that matched */
    bool set;
};

enum { LACK_FIRST = 4 };

/** Why a group failed on bytes that grow at their end only: it fails again as long as this content
 * does not stand in what is new. Zeros: nothing is known. */
struct lack {
    const struct group *group; /* NULL = nothing is known */
    uint32_t file;             /* the bytes are this file's */
    uint32_t seen;             /* how many there were */
    uint32_t reach;            /* bytes behind a place of the content that decided about it */
    uint16_t op;
    /* The group's first contents, as far as each may stand anywhere: there is none of it before
     * this place, or none that can do. */
    const struct group *known; /* NULL = nothing is known of them */
    uint32_t len;              /* bytes there were when this was found */
    uint32_t none_before[LACK_FIRST];
};

/** `base`: offset of `data` in its stream, 0 for whole buffers. Fills in->vars and in->base64. */
bool inspect_group(const struct group *group, struct inspection *in, struct slice data,
                   uint64_t base, struct inspect_scratch *scratch, struct place *place);
/** The same for bytes that may have grown since `lack` was left by an earlier call. */
bool inspect_grown(const struct group *group, struct inspection *in, struct slice data,
                   struct inspect_scratch *scratch, struct place *place, struct lack *lack);

/** What an operation met: where it matched, and the number it read. */
struct inspect_place {
    uint32_t from, to;
    uint64_t value;
    bool placed, has_value;
};
enum { INSPECT_WHY_MAX = 200 };
/** For explain: how many of the group's operations hold in order (n_ops: all), and a place for each
 * of these (room for RULE_OPS_MAX). `why`: what the first that fails met. Counts no limits. */
uint16_t inspect_places(const struct group *group, struct inspection *in, struct slice data,
                        uint64_t base, struct inspect_scratch *scratch,
                        struct inspect_place *places, char why[INSPECT_WHY_MAX]);

#endif
