/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time: nanoseconds since 1970-01-01 UTC. Only clock.c asks the system; everything inside gets time
 * as an argument, so that a replay gives the same bytes each time.
 */
#ifndef TRAMGAC_COMMON_CLOCK_H
#define TRAMGAC_COMMON_CLOCK_H

#include "common/slice.h"

enum { CLOCK_TEXT_MAX = 40 };
#define CLOCK_S  UINT64_C(1000000000)
#define CLOCK_MS UINT64_C(1000000)
#define CLOCK_US UINT64_C(1000)

/** Wall clock. Only for the outermost folders (capture, run, ingest, api, push). */
uint64_t clock_now_ns(void);
/** Monotonic clock for measuring spans. */
uint64_t clock_mono_ns(void);

/** "2026-11-21T03:05:10.123456+0000" (EVE). */
uint32_t clock_text(uint64_t ts_ns, char out[CLOCK_TEXT_MAX]);
/** "2026-11-21T03:05:10.123Z" (RFC 3339). */
void clock_text_rfc3339(uint64_t ts_ns, char out[CLOCK_TEXT_MAX]);
/** EVE and RFC 3339 forms, any fraction, any offset. */
bool clock_parse(struct slice text, uint64_t *ts_ns);
/** "90s", "5m", "72h", "7d", "250ms" as nanoseconds; a lone number is seconds. */
bool clock_parse_span(struct slice text, uint64_t *span_ns);

#endif
