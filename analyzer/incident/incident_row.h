/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The row of an incident as its story tells it: what lists and pages show of it.
 */
#ifndef TRAMGAC_ANALYZER_INCIDENT_INCIDENT_ROW_H
#define TRAMGAC_ANALYZER_INCIDENT_INCIDENT_ROW_H

#include "analyzer/enrich/attack.h"
#include "analyzer/incident/score.h"
#include "analyzer/incident/story.h"

/** Fills everything that follows from the story; severity and title stay a person's when a person
 * changed them. Texts live in `arena`, some in the story. `attack` may be NULL. */
void incident_row_fill(struct incident *row, struct story *story, const struct score *score,
                       const struct attack *attack, uint64_t now_ns, struct arena *arena);

#endif
