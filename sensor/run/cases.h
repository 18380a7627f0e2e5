/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay cases: a folder with case.yaml, a capture, rules and the events that must come out.
 */
#ifndef TRAMGAC_SENSOR_RUN_CASES_H
#define TRAMGAC_SENSOR_RUN_CASES_H

/** Runs the case `dir`, or all cases in it, with the program `self`. Prints TAP; writes JUnit XML
 * to `junit` unless NULL. Exit status: 0 all passed, 1 some failed, 2 no cases. */
int cases_run(const char *self, const char *dir, const char *junit);

#endif
