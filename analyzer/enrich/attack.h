/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ATT&CK as data (rules/attack/attack.json): names of techniques and tactics in both languages.
 * Loaded once, read by many threads.
 */
#ifndef TRAMGAC_ANALYZER_ENRICH_ATTACK_H
#define TRAMGAC_ANALYZER_ENRICH_ATTACK_H

#include "common/err.h"
#include "common/strbuf.h"

struct attack;

struct attack_technique {
    const char *id; /* "T0855", "T1110.001" */
    const char *en, *vi;
    const char *tactics; /* ids with blanks between */
    bool ics;
};
struct attack_tactic {
    const char *id; /* "TA0108" */
    const char *en, *vi;
    uint32_t order; /* column of the kill chain, from 0 */
    bool ics;
};

/** An unreadable file is a fault; a missing one leaves everything unknown. */
enum err attack_load(const char *path, struct attack **attack, struct strbuf *report);
void attack_free(struct attack **attack);
/** NULL when unknown; a sub-technique falls back to its parent. `attack` may be NULL. */
const struct attack_technique *attack_find(const struct attack *attack, const char *id);
const struct attack_tactic *attack_find_tactic(const struct attack *attack, const char *id);
const struct attack_tactic *attack_tactic_at(const struct attack *attack, uint32_t i);
uint32_t attack_count(const struct attack *attack);

#endif
