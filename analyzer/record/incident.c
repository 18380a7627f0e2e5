/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/record/incident.h"

static const char *const states[INCIDENT_STATES] = {"new",    "assigned", "in_progress", "pending",
                                                    "closed", "merged",   "escalated"};
static const char *const dispositions[DISPOSITIONS] = {"",
                                                       "false_positive",
                                                       "true_positive_impact",
                                                       "true_positive_no_impact",
                                                       "not_applicable",
                                                       "legitimate",
                                                       "unknown"};

static bool find(const char *const *names, uint32_t n, struct slice text, uint32_t *found)
{
    for (uint32_t i = 0; i < n; i++) {
        if (slice_eq(text, slice_of_str(names[i]))) {
            *found = i;
            return true;
        }
    }
    return false;
}

const char *incident_state_name(enum incident_state state)
{
    return states[(unsigned)state < INCIDENT_STATES ? state : 0];
}

bool incident_state_parse(struct slice text, enum incident_state *state)
{
    uint32_t i = 0;
    bool ok = find(states, INCIDENT_STATES, text, &i);
    if (ok)
        *state = (enum incident_state)i;
    return ok;
}

const char *incident_disposition_name(enum disposition disposition)
{
    return dispositions[(unsigned)disposition < DISPOSITIONS ? disposition : 0];
}

bool incident_disposition_parse(struct slice text, enum disposition *disposition)
{
    uint32_t i = 0;
    bool ok = find(dispositions, DISPOSITIONS, text, &i);
    if (ok)
        *disposition = (enum disposition)i;
    return ok;
}

bool incident_is_open(enum incident_state state)
{
    return state != INCIDENT_CLOSED && state != INCIDENT_MERGED;
}
