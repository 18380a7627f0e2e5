/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command-line client of the API: incidents, alerts, searches and reports of a running analyzer.
 */
#ifndef TRAMGAC_ANALYZER_CLIENT_CLIENT_H
#define TRAMGAC_ANALYZER_CLIENT_CLIENT_H

#include <stdbool.h>

/** Is the first word of the command line one of the client's? */
bool client_knows(const char *word);
/** Runs "incident list …" and the like. Exit status: 0 done, 1 the analyzer refused, 2 wrong usage,
 * 3 no answer. */
int client_run(int argc, char **argv);

#endif
