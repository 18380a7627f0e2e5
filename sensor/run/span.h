/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doctor of mirror ports: what flows show of the mirror they came through is added up by
 * interface and VLAN; a finding that is certain is told once, with figures, in two languages, with
 * a remedy.
 */
#ifndef TRAMGAC_SENSOR_RUN_SPAN_H
#define TRAMGAC_SENSOR_RUN_SPAN_H

#include "sensor/decode/views.h"
#include "sensor/run/round.h"

struct span;

struct span *span_new(const char *const *ifaces);
void span_free(struct span **span);

/** Adds a flow's report (ITEM_SIGHT). */
void span_sight(struct span *span, const struct item *item);
/** The input has ended: what half of only few flows showed, and was not told yet, is told. */
void span_end(struct span *span, uint64_t ts_ns);
/** Next finding about flows; false when there is none. */
bool span_next(struct span *span, struct notice *notice);

/** A finding about packets, as it is told. `iface` is the interface's name or NULL. */
void span_notice(const struct view_finding *finding, const char *iface, struct notice *notice);

#endif
