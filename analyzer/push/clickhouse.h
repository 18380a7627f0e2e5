/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy of all stored events in ClickHouse, for questions over months: option clickhouse.url. A
 * thread reads events in the order of their numbers and inserts them over HTTP (interface and
 * statements as of ClickHouse 18.16 and newer); how far it is stands in our store. What was
 * inserted twice around a crash has the same number and is one row of the ReplacingMergeTree: ask
 * with FINAL. Our store stays what pages and searches read; there rows expire, in ClickHouse not.
 */
#ifndef TRAMGAC_ANALYZER_PUSH_CLICKHOUSE_H
#define TRAMGAC_ANALYZER_PUSH_CLICKHOUSE_H

#include "analyzer/store/store.h"
#include "common/strbuf.h"

extern const struct option clickhouse_options[];

struct clickhouse;

/** Starts the thread when the option is set; else *copy is NULL. What is wrong is a line in
 * `report`. `store` must outlive it. */
enum err clickhouse_start(const struct conf *conf, const struct store *store,
                          struct clickhouse **copy, struct strbuf *report);
void clickhouse_stop(struct clickhouse **copy);

/** Appends a JSON object: copied, upto, fault. `copy` NULL: null. Any thread. */
void clickhouse_health(struct clickhouse *copy, struct strbuf *json);

#endif
