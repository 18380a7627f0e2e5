/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records held against the detections of a set. What fitted the first of some twins (record.twin)
 * fits all of them that go to the same port, except detections that look at what passes: only those
 * are asked again.
 */
#ifndef TRAMGAC_ANALYZER_CORRELATE_VERDICTS_H
#define TRAMGAC_ANALYZER_CORRELATE_VERDICTS_H

#include "analyzer/correlate/sigma_match.h"

struct verdicts;

/** `set` must be frozen, and outlive them. */
struct verdicts *verdicts_new(const struct sigma_set *set);
void verdicts_free(struct verdicts **verdicts);

/** A new batch: nothing is known. */
void verdicts_begin(struct verdicts *v);
/** Detections that fit the record, as indexes of the set in rising order, valid until the next
 * call; how many. Where there are any, `view` is of this record. */
uint32_t verdicts_of(struct verdicts *v, struct sigma_view *view, const struct record *r,
                     const uint32_t **fitting);

#endif
