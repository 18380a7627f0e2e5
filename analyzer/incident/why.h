/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why something is an incident, as the page and the API show it: one JSON object with
 *
 *   stages    what happened when, by whom to whom, in the lanes `it` and `ot`, oldest first
 *   reasons   parts of the score
 *   tree      incident → correlation (condition as written) → stages and alerts (signature, matched
 *             bytes, numbers of a deviation) → events
 *   entities  the own hosts it is about
 *
 * Texts are hostile; they leave as JSON text, never as markup.
 */
#ifndef TRAMGAC_ANALYZER_INCIDENT_WHY_H
#define TRAMGAC_ANALYZER_INCIDENT_WHY_H

#include "analyzer/incident/score.h"

void why_write(const struct story *story, const struct score *score, const struct attack *attack,
               struct strbuf *out);

#endif
