/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether something fits a search: the exact meaning of the language, on values in memory. Stores
 * may only pre-select.
 */
#ifndef TRAMGAC_ANALYZER_SEARCH_MATCH_H
#define TRAMGAC_ANALYZER_SEARCH_MATCH_H

#include "analyzer/search/search.h"

/** Values of what is looked at. */
struct match_of {
    /** Value of a field that is no pair ("src", "dns.rrname"). */
    struct record_value (*field)(const void *ctx, const char *field);
    /** All its texts, for words; need not be folded. */
    struct slice (*texts)(const void *ctx);
    const void *ctx;
};

bool match_node(const struct search_node *node, const struct match_of *of);

/** Does a record fit? */
bool match_record(const struct search_node *node, const struct record *record);
/** The value of a field of the language of a record. */
struct record_value match_record_field(const void *record, const char *field);

#endif
