/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One write() for each message, so that messages of several threads do not mix.
 * The program's name and level are the one piece of process-wide state (set once, before threads).
 */
#include "common/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct {
    const char *program;
    enum log_level most;
    bool journal;
} log_state = {.program = "tramgac", .most = LOG_NOTE};

static const struct {
    const char *name;
    int priority; /* of syslog */
} levels[] = {
    [LOG_FAULT] = {"error: ", 3},
    [LOG_WARN] = {"warning: ", 4},
    [LOG_NOTE] = {"", 6},
    [LOG_DEBUG] = {"debug: ", 7},
};

void log_open(const char *program, enum log_level most)
{
    log_state.program = program;
    log_state.most = most;
    log_state.journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_tame(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f)
            text[i] = '?';
    }
}

void log_say(enum log_level level, const char *format, ...)
{
    char line[2048];
    int n = 0;

    if (level > log_state.most)
        return;
    if (log_state.journal)
        n = snprintf(line, sizeof(line), "<%d>", levels[level].priority);
    n += snprintf(line + n, sizeof(line) - (size_t)n, "%s: %s", log_state.program,
                  levels[level].name);
    va_list args;
    va_start(args, format);
    int text = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, format, args);
    va_end(args);
    if (text < 0)
        return;
    int from = n;
    n += text;
    if (n > (int)sizeof(line) - 2)
        n = (int)sizeof(line) - 2;
    log_tame(line + from, (size_t)(n - from));
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, (size_t)n) < 0)
        return; /* nowhere left to say it */
}
