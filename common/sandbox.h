/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process may still ask of the kernel: files by landlock, system calls by seccomp
 * (libseccomp stays inside sandbox.c). To be called once, after privs_drop(), before threads start.
 *
 * System calls outside the list fail with EPERM; those that only an intruder needs (running
 * programs, tracing, loading modules, ...) kill the process.
 */
#ifndef TRAMGAC_COMMON_SANDBOX_H
#define TRAMGAC_COMMON_SANDBOX_H

#include "common/conf.h"
#include "common/err.h"
#include "common/strbuf.h"

struct sandbox {
    const char *const
        *read_paths; /* files and trees to read; NULL-ended; NULL: no limit on files */
    const char *const *write_paths; /* trees to read and write; NULL-ended */
    bool exec;                      /* may start programs */
    bool serves;                    /* may bind and listen */
};

/** sandbox.enabled, sandbox.user, sandbox.files. */
extern const struct option sandbox_options[];

/**
 * Enters as far as the kernel allows; what it lacks is said, a sentence a line, in `said`.
 * ERR_UNSUPPORTED: no part of it could be had. ERR_IO: the kernel refused the filter.
 */
enum err sandbox_enter(const struct sandbox *sandbox, struct strbuf *said);

#endif
