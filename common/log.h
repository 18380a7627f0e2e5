/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to the operator: one sentence each, what, where, what to do now. To standard error as
 * "tramgac-sensor: warning: ..."; under systemd with the priority prefix "<4>".
 */
#ifndef TRAMGAC_COMMON_LOG_H
#define TRAMGAC_COMMON_LOG_H

#include <stddef.h>

enum log_level { LOG_FAULT, LOG_WARN, LOG_NOTE, LOG_DEBUG };

/** `program` is printed before each message; messages above `most` are dropped. Set once at start.
 */
void log_open(const char *program, enum log_level most);
void log_say(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Replaces control characters: what others wrote must not steer the operator's terminal. log_say
 * does it itself. */
void log_tame(char *text, size_t len);

#endif
