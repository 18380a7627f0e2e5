/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often somebody may ask: a bucket per address and per account that fills again by time. The
 * table is bounded; when it is full, who was quiet longest is forgotten. Thread-safe.
 */
#ifndef TRAMGAC_ANALYZER_API_RATE_H
#define TRAMGAC_ANALYZER_API_RATE_H

#include "common/slice.h"

struct rate;

struct rate *rate_new(void);
void rate_free(struct rate **rate);

/** Takes one of `per_minute` that `who` has for `what`; 0: go on. Otherwise seconds to wait.
 * `per_minute` 0: no limit. Up to a quarter of a minute's share may come at once. */
uint32_t rate_take(struct rate *rate, const char *what, const char *who, int64_t per_minute,
                   uint64_t now_ns);

#endif
