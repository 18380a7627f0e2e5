/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL's binary format of copied rows and of arrays, without its library.
 * Spec: its manual, COPY, "Binary Format"; of arrays the backend's array_recv.
 */
#ifndef TRAMGAC_ANALYZER_STORE_BINARY_H
#define TRAMGAC_ANALYZER_STORE_BINARY_H

#include "analyzer/store/store.h"
#include "common/strbuf.h"

/** What stands before the first row, */
void binary_head(struct strbuf *out);
/** one row, */
void binary_row(struct strbuf *out, const struct sql_value *values, uint32_t n);
/** and what stands behind the last one. */
void binary_tail(struct strbuf *out);

/** Numbers (int64_t side by side) as an array of bigint; in the arena. */
struct slice binary_keys(struct arena *arena, struct slice numbers);

/** What is no UTF-8 would be refused: a copy that is; in the arena. */
struct slice binary_text(struct arena *arena, struct slice text);

#endif
