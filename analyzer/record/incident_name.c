/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/record/incident_name.h"

#include "common/clock.h"

#include <stdio.h>

void incident_name(int64_t id, uint64_t opened_ns, char out[INCIDENT_NAME_MAX])
{
    char when[CLOCK_TEXT_MAX];

    clock_text_rfc3339(opened_ns, when);
    snprintf(out, INCIDENT_NAME_MAX, "INC-%.4s-%06lld", when, (long long)id);
}

bool incident_name_parse(struct slice text, int64_t *id)
{
    uint64_t number = 0;

    if (!slice_starts(text, SLICE_LIT("INC-")) || text.len < 10 || text.at[8] != '-' ||
        !slice_to_u64(slice_from(text, 9), &number) || number > INT64_MAX)
        return false;
    *id = (int64_t)number;
    return true;
}
