/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/core.h"

#include <stdio.h>

void core_fmt(char *out, size_t room, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(out, room, format, args);
    va_end(args);
}
