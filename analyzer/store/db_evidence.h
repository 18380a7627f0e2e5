/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of incidents as people move it: copied when incidents are merged, handed over when one
 * is split, and taken back when that is undone.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_EVIDENCE_H
#define TRAMGAC_ANALYZER_STORE_DB_EVIDENCE_H

#include "analyzer/store/store.h"

/** All links of one incident also belong to another; counts of the same link add up. */
enum err db_evidence_copy(struct store *store, int64_t from_id, int64_t to_id);
/** The reverse of db_evidence_copy, while the source still has its links. */
enum err db_evidence_uncopy(struct store *store, int64_t from_id, int64_t to_id);
/** Takes `n` back from the link of a group; at nothing left it goes. */
enum err db_evidence_take(struct store *store, int64_t incident_id, int64_t group_id, int64_t n);
/** The link of a group becomes another incident's, which has none of that group. */
enum err db_evidence_hand_over(struct store *store, int64_t from_id, int64_t to_id,
                               int64_t group_id);
/** Newest incidents that are about an address, or whose groups of alerts have it at an end; at most
 * `most`. */
enum err db_evidence_incidents(struct store *store, const char *ip, uint32_t most,
                               struct arena *arena, int64_t **ids, uint32_t *n);
/** Groups that show this incident as theirs, by id. */
enum err db_evidence_groups(struct store *store, int64_t incident_id, struct arena *arena,
                            int64_t **ids, uint32_t *n);

#endif
