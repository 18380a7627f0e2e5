/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A search as conditions of a statement, as far as columns can say it.
 */
#ifndef TRAMGAC_ANALYZER_STORE_SEARCH_SQL_H
#define TRAMGAC_ANALYZER_STORE_SEARCH_SQL_H

#include "analyzer/search/search.h"
#include "analyzer/store/sql.h"

enum search_table { SEARCH_EVENTS, SEARCH_GROUPS };

/** How events of a group are found: through sets inside the condition; by their own columns; by
 * these beside one set, which leads (of a search that is narrow). */
enum search_way { SEARCH_BY_SETS, SEARCH_BY_ROWS, SEARCH_BY_LEAD };

/** Appends to `w` a condition that holds for every row that fits. True: and for no other row.
 * `window`, of events: which argument of `w` is their first number; the next is their end. */
bool search_sql_where(struct sql_where *w, const struct search_node *root, enum search_table table,
                      enum search_way way, uint32_t window);

/** Whether an index by rule, address or number leads to the few groups that fit. */
bool search_sql_is_narrow(const struct search_node *root);

/** Expression of a field of the table; NULL when it has none. */
const char *search_sql_column(const char *field, enum search_table table);

#endif
