/* SPDX-License-Identifier: Apache-2.0 */
/* What a `rules` event says of a rule that rests because it took too much. */
#ifndef TRAMGAC_SENSOR_RUN_SUSPENDED_H
#define TRAMGAC_SENSOR_RUN_SUSPENDED_H

#include "common/strbuf.h"
#include "sensor/detect/detect.h"

/** Appends members of a JSON object. */
void suspended_write(const struct rule_info *rule, uint64_t until_ns, struct strbuf *out);

#endif
