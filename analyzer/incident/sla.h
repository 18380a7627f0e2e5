/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines of an incident: taken, contained and reported in time by its severity; notified in time
 * when personal data are involved. Pure: they follow from the row and the configuration.
 */
#ifndef TRAMGAC_ANALYZER_INCIDENT_SLA_H
#define TRAMGAC_ANALYZER_INCIDENT_SLA_H

#include "analyzer/record/incident.h"
#include "common/conf.h"

enum { SLA_TIMERS_MAX = 4 };

extern const struct option sla_options[];

struct sla_timer {
    const char *name; /* "ack", "contain", "report", "personal_data" */
    uint64_t due_ns;
    uint64_t met_ns; /* 0 = not yet */
    bool breached;   /* met too late, or not met and too late now */
};

/** Timers of the incident, in order of name above; a span of 0 in the configuration = no timer. */
uint32_t sla_timers(const struct conf *conf, const struct incident *incident, uint64_t now_ns,
                    struct sla_timer out[SLA_TIMERS_MAX]);

#endif
