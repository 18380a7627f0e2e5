/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snprintf for the path of packets: several times cheaper for %s, %.*s, %c, %u, %llu, %x and widths
 * with zeros (%02x); any other conversion goes to the C library, whole.
 */
#ifndef TRAMGAC_COMMON_FMT_H
#define TRAMGAC_COMMON_FMT_H

#include <stdarg.h>
#include <stddef.h>

/** As snprintf: writes at most `room` bytes, the last one zero, and returns how long the text is.
 */
__attribute__((format(printf, 3, 4))) int fmt_text(char *out, size_t room, const char *format, ...);
__attribute__((format(printf, 3, 0))) int fmt_textv(char *out, size_t room, const char *format,
                                                    va_list args);

#endif
