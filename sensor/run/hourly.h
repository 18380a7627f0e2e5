/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of the engine (faults that decoders, reassembly and parsers note), counted by
 * host (the internal end of the packet, else its sender) and told once for each hour of packet
 * time: never one by one. Rules that ask for them alert on each packet all the same.
 *
 * In the host tier, in packet order: the same for any number of workers. Beyond HOURLY_ROWS pairs
 * of host and event in an hour the rest is added up without a name.
 */
#ifndef TRAMGAC_SENSOR_RUN_HOURLY_H
#define TRAMGAC_SENSOR_RUN_HOURLY_H

#include "common/strbuf.h"
#include "sensor/run/round.h"

enum { HOURLY_ROWS = 8192, HOURLY_SHOWN = 32 };

struct hourly;
struct hourly *hourly_new(void);
void hourly_free(struct hourly **hourly);

/** Counts an ITEM_NOTE for a host. */
void hourly_note(struct hourly *hourly, const struct item *item, const struct addr *host);
/** True when the hour that was counted is over at `now_ns`, or at the end of all: summaries wait.
 */
bool hourly_due(struct hourly *hourly, uint64_t now_ns, bool end);
/** Next host's summary: members of an event, and the host; false when all are told and a new hour
 * begins. */
bool hourly_next(struct hourly *hourly, struct addr *host, struct strbuf *members);

#endif
