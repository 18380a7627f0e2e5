/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person does to an incident: allowed transitions, history entry, revision, deliveries.
 */
#ifndef TRAMGAC_ANALYZER_INCIDENT_INCIDENT_CHANGE_H
#define TRAMGAC_ANALYZER_INCIDENT_INCIDENT_CHANGE_H

#include "analyzer/record/incident.h"
#include "analyzer/record/record.h"

struct incident_change {
    const char *actor; /* user name */
    uint64_t now_ns;   /* wall clock */
    bool has_state, has_disposition, has_severity;
    enum incident_state state;
    enum disposition disposition;
    enum severity severity;
    const char *assignee; /* NULL = unchanged, "" = nobody */
    const char *comment;  /* NULL = none */
    bool has_personal, has_serious, has_contained, has_reported;
    bool personal, serious;   /* setting or taking back one of them needs the reason */
    bool contained, reported; /* true: now */
    const char *reason;       /* NULL = none */
};

enum { INCIDENT_CHANGE_ENTRIES_MAX = 9 };

/**
 * Applies the change to `incident` and gives the lines of its history (kinds "state", "assign",
 * "severity", "disposition", "personal", "serious", "contained", "reported", "comment"), in both
 * languages; the revision rises when something operations centres are
 * told changed. ERR_INPUT: the transition is not allowed, or closing without a disposition, or a
 * flag without its reason; nothing is changed then. Texts are kept in `arena`.
 */
enum err incident_change_apply(struct incident *incident, const struct incident_change *change,
                               struct arena *arena,
                               struct incident_entry entries[INCIDENT_CHANGE_ENTRIES_MAX],
                               uint32_t *n);

/** May an incident go from one state to another by hand? */
bool incident_change_allowed(enum incident_state from, enum incident_state to);

#endif
