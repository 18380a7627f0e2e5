/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The score of an incident, 0 to 100, and the reasons that add up to it, in both languages.
 *
 * Each rule gives points by its severity, a correlation more than a single alert; the same rule on
 * another host gives half of the one before; what is older than the newest fact fades with a
 * half-life. Of correlations the highest counts whole, the next half, the next a quarter, and so
 * on; the same for alerts: much of one kind never outweighs something worse. Each further ATT&CK
 * tactic adds points. The sum is multiplied by the criticality of the most important host.
 */
#ifndef TRAMGAC_ANALYZER_INCIDENT_SCORE_H
#define TRAMGAC_ANALYZER_INCIDENT_SCORE_H

#include "analyzer/enrich/attack.h"
#include "analyzer/incident/story.h"

enum { SCORE_REASONS_MAX = 48, SCORE_TEXT_MAX = 320, SCORE_MAX = 100 };

struct score_reason {
    double points;
    char en[SCORE_TEXT_MAX];
    char vi[SCORE_TEXT_MAX];
};

struct score {
    int64_t points; /* 0..SCORE_MAX */
    enum severity severity;
    uint32_t n;
    struct score_reason reasons[SCORE_REASONS_MAX];
};

void score_of(const struct story *story, const struct attack *attack, uint64_t half_life_ns,
              struct score *score);

/** Tactic of a fact: its own, else the first of its technique; "" when unknown. */
const char *score_tactic(const struct fact *fact, const struct attack *attack, char room[16]);

#endif
