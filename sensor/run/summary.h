/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator sees at the end of a replay on a terminal; nothing is printed elsewhere. */
#ifndef TRAMGAC_SENSOR_RUN_SUMMARY_H
#define TRAMGAC_SENSOR_RUN_SUMMARY_H

struct sensor_result;
/** The summary, to standard error. */
void summary_print(const struct sensor_result *result);

#endif
