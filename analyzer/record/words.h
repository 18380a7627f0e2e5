/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people read for the states of an incident, in Vietnamese and English: mails and reports.
 */
#ifndef TRAMGAC_ANALYZER_RECORD_WORDS_H
#define TRAMGAC_ANALYZER_RECORD_WORDS_H

#include "analyzer/record/incident.h"

const char *words_severity(enum severity severity, bool vi);
const char *words_state(enum incident_state state, bool vi);
/** "" for none. */
const char *words_disposition(enum disposition disposition, bool vi);

#endif
