/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which envelopes of which sensor have come: the memory of exactly-once. Per (sensor, epoch) the
 * contiguous run 1..upto and at most LEDGER_RANGES runs beyond it.
 *
 * An envelope is first offered (duplicate or not), then, in the store's transaction with its
 * events, taken. If the transaction fails, ledger_undo takes back what was taken since ledger_mark.
 */
#ifndef TRAMGAC_ANALYZER_DEDUP_LEDGER_H
#define TRAMGAC_ANALYZER_DEDUP_LEDGER_H

#include "analyzer/store/db_sensors.h"

enum { LEDGER_RANGES = 1024 };

struct ledger_range {
    uint64_t from, to; /* inclusive */
};

struct ledger {
    uint64_t upto;
    uint64_t highest;
    uint32_t n;
    struct ledger_range beyond[LEDGER_RANGES]; /* ascending, neither touching nor overlapping */
};

enum ledger_verdict {
    LEDGER_NEW,
    LEDGER_DUPLICATE,
    LEDGER_TOO_FAR, /* more holes than LEDGER_RANGES: not taken, it will be sent again */
};

void ledger_init(struct ledger *ledger);
enum ledger_verdict ledger_offer(const struct ledger *ledger, uint64_t seq);
/** Takes a new one (CHECK that it was LEDGER_NEW). */
void ledger_take(struct ledger *ledger, uint64_t seq);
/** The sensor no longer has anything below `from`: holes below it will never be filled; they are
 * counted as given up and the run moves on. Returns how many. */
uint64_t ledger_give_up_below(struct ledger *ledger, uint64_t from);
/** First hole above upto, when something beyond it is known; false: none. */
bool ledger_hole(const struct ledger *ledger, uint64_t *from, uint64_t *to);
uint64_t ledger_missing(const struct ledger *ledger);

struct strbuf;
/** "19-22,25-25" and back; ERR_INPUT when it is not that. */
void ledger_beyond_text(const struct ledger *ledger, struct strbuf *out);
enum err ledger_beyond_parse(struct ledger *ledger, struct slice text);

#endif
