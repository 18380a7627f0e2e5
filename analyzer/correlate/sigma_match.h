/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holding one record against Sigma detections. Values of fields are looked up once per record,
 * when the first rule asks for them.
 */
#ifndef TRAMGAC_ANALYZER_CORRELATE_SIGMA_MATCH_H
#define TRAMGAC_ANALYZER_CORRELATE_SIGMA_MATCH_H

#include "analyzer/correlate/sigma.h"

enum { SIGMA_NUMBER_TEXT = 40 };

struct sigma_view {
    const struct sigma_set *set;
    const struct record *record;
    struct record_value *values; /* one per field of the set */
    uint8_t *known;
    char (*texts)[SIGMA_NUMBER_TEXT]; /* of values that are whole numbers */
    uint32_t type; /* of the record, index of sigma_set.types; UINT32_MAX = no rule names it */
};

/** `set` must be frozen and outlive the view. */
void sigma_match_init(struct sigma_view *view, const struct sigma_set *set);
void sigma_match_fini(struct sigma_view *view);

/** From here on the view is of this record; its values are valid until the next call. */
void sigma_match_begin(struct sigma_view *view, const struct record *record);
/** Whether the detection fits the record. */
bool sigma_match_rule(struct sigma_view *view, const struct sigma_rule *rule);
/** Value of a field of the set; of a list its first item. */
struct record_value sigma_match_value(struct sigma_view *view, uint32_t field);

/** Text of a value as people write it (numbers without needless digits); cut to `size` - 1. */
struct slice sigma_match_text(const struct record_value *value, char *room, size_t size);

/** A temporal condition over the rules that were hit (bit s = stage s). */
bool sigma_match_stages(const struct sigma_node *node, uint32_t hit);

#endif
