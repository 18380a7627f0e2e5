/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Days of arrival: numbers for events, what each day holds, and the end of days.
 *
 * An engine with partitions gives each day its own: then an event's number begins with the day
 * (number >> DAYS_ID_BITS), and writers take numbers in blocks, so that several may write. Other
 * engines count on, and note at the beginning of a day how far they were.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_DAYS_H
#define TRAMGAC_ANALYZER_STORE_DB_DAYS_H

#include "analyzer/record/record.h"
#include "analyzer/store/store.h"

enum { DAYS_ID_BITS = 37, DAYS_BLOCK_BITS = 16, DAYS_CLASSES = 3 };
#define DAYS_NS UINT64_C(86400000000000)

/** Classes of events that are kept for spans of their own. */
enum days_class { DAYS_ALERTS, DAYS_FLOWS, DAYS_OTHER };
enum days_class db_days_class(enum record_kind kind);
/** One bit per kind. */
uint32_t db_days_kinds(enum days_class class_);

/** Free numbers of one writer. All zero: none yet. */
struct event_ids {
    int64_t next, end;
};
/** Numbers for a batch that arrives now; not in a transaction. */
enum err db_days_claim(struct store *store, uint64_t now_ns, struct event_ids *ids);

/** Once a day, not in a transaction: notes where it begins, and makes tomorrow's partition. */
enum err db_days_begin(struct store *store, uint64_t day);
/** Highest number that had been given when that day began; 0: not known. */
enum err db_days_mark(struct store *store, uint64_t day, int64_t *id);

/** In the transaction of a batch: `n` events of `bytes` came. */
enum err db_days_add(struct store *store, uint64_t day, enum days_class class_, int64_t n,
                     int64_t bytes);
/** What is stored of a class: rows, bytes without indexes, first and last day of arrival. */
struct days_usage {
    int64_t n, bytes;
    uint64_t first, last; /* 0: nothing */
};
enum err db_days_usage(struct store *store, struct days_usage usage[DAYS_CLASSES]);
/** First day to keep so that the class has at most `bytes`; 0: it has not more. */
enum err db_days_fitting(struct store *store, enum days_class class_, int64_t bytes, uint64_t *day);
/** What came before that day is gone. */
enum err db_days_forget(struct store *store, enum days_class class_, uint64_t day);

/** Drops whole days before `day` in which nothing is to be spared; does nothing in an engine
 * without partitions. */
enum err db_days_drop(struct store *store, uint64_t day, uint32_t *dropped);

#endif
