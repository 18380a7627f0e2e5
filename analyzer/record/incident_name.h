/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How people and operations centres call an incident: "INC-2026-000123", from the year in which it
 * was opened (UTC) and its number.
 */
#ifndef TRAMGAC_ANALYZER_RECORD_INCIDENT_NAME_H
#define TRAMGAC_ANALYZER_RECORD_INCIDENT_NAME_H

#include "analyzer/record/incident.h"

enum { INCIDENT_NAME_MAX = 40 };

void incident_name(int64_t id, uint64_t opened_ns, char out[INCIDENT_NAME_MAX]);
/** The number in a name; false for anything else. */
bool incident_name_parse(struct slice text, int64_t *id);

#endif
