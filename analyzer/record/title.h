/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule's message as a person reads it: without the name of the rule set in front.
 */
#ifndef TRAMGAC_ANALYZER_RECORD_TITLE_H
#define TRAMGAC_ANALYZER_RECORD_TITLE_H

#include <stddef.h>

enum { TITLE_MAX = 600 };

/**
 * "TRAMGAC DC query joined to an address" is "Query joined to an address", and "TRAMGAC MQTT many
 * refused logins" is "MQTT: many refused logins". Other messages stay as they are. Writes into
 * `room`, or returns `signature` itself.
 */
const char *title_plain(const char *signature, char room[TITLE_MAX]);

/** The same in both languages: without words in Vietnamese (empty, or the same), the English ones.
 */
void title_pair(const char *en, const char *vi, char room[TITLE_MAX], const char *pair[2]);

#endif
