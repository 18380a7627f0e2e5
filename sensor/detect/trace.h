/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a rule matched where, and the first condition that does not hold. Asked for only when a
 * hit is to be told in full (event.alert.matches) or a rule is explained; matching itself never
 * comes here. Private to this folder.
 */
#ifndef TRAMGAC_SENSOR_DETECT_TRACE_H
#define TRAMGAC_SENSOR_DETECT_TRACE_H

#include "sensor/detect/match.h"

/** What held, in the order of the rule's groups. */
struct trace {
    struct match_step *at;
    uint32_t n, room;
};

/** The first condition that does not hold. */
struct trace_miss {
    uint32_t group, op;
    const char *buffer;
    struct slice option; /* as written in the rule */
    bool absent;         /* there are no bytes to look at */
    char why[200];
};

/** The rule's option that begins at `column`, with the modifiers of a content that follow it. */
struct slice trace_option(const struct rule *rule, uint32_t column);

/** All groups of a rule on what `d->look` shows, in order; false with `miss` at the first one that
 * fails. Leaves no effects behind. */
bool trace_groups(struct detect *d, const struct rule *r, struct trace *trace,
                  struct trace_miss *miss);

/** The steps of a hit, kept until the next packet. */
void trace_hit(struct detect *d, const struct rule *r, struct hit *hit);

#endif
