/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a mirror port may do to the sight of a sensor. Found in packets (below VIEW_OF_FLOWS, by
 * views.c) or in flows (flow/sight.c); told as `visibility` events, written on flows and alerts.
 */
#ifndef TRAMGAC_SENSOR_DECODE_VIEW_H
#define TRAMGAC_SENSOR_DECODE_VIEW_H

#include <stdint.h>

enum view_kind {
    VIEW_DUPLICATE,
    VIEW_DUPLICATE_ROUTED,
    VIEW_DUPLICATE_VLAN,
    VIEW_OFFLOAD,
    VIEW_CUT,
    VIEW_SUPERFRAME,
    VIEW_TIME_BACK,
    VIEW_UNKNOWN,
    VIEW_OPAQUE,
    VIEW_FRAGMENTS,
    VIEW_LAYERS,
    VIEW_MALFORMED,
    VIEW_OF_FLOWS,
    VIEW_ONE_DIRECTION = VIEW_OF_FLOWS,
    VIEW_NO_HANDSHAKE,
    VIEW_NO_SYN,
    VIEW_NO_SYN_ACK,
    VIEW_NO_LAST_ACK,
    VIEW_TAG_ONE_SIDE,
    VIEW_TAGS_DIFFER,
    VIEW_TENANTS,
    VIEW_DISORDER,
    VIEW_LOSS,
    VIEW_SAMPLED,
    VIEW_COUNT
};

#define VIEW_BIT(view) (UINT32_C(1) << (view))

/** How a finding is told, and from when on: at least `least` packets (flows), and at least
 * `permille` of those of its interface and VLAN. */
struct view_def {
    const char *name;    /* visibility.what */
    const char *affects; /* visibility.affects */
    uint16_t least, permille;
    const char *en, *vi;               /* what is wrong, and what the sensor does about it */
    const char *remedy_en, *remedy_vi; /* what the operator can do */
};

extern const struct view_def view_defs[VIEW_COUNT];

#endif
