/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/cases.h"

int cases_run(const char *self, const char *dir, const char *junit)
{
    (void)self;
    (void)dir;
    (void)junit;
    return 2;
}
