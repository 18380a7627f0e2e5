/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running analyzer: starts sources, writer, API and push, and ends them in the reverse order.
 */
#ifndef TRAMGAC_ANALYZER_RUN_SERVE_H
#define TRAMGAC_ANALYZER_RUN_SERVE_H

#include "common/conf.h"
#include "common/strbuf.h"

struct serve_plan {
    const struct conf *conf;
    const char *data_dir;
    const char *listen; /* NULL = no web server */
    bool once;          /* end when all files are read, stored and pushed */
    bool check;         /* -T: open everything, start nothing */
};

/** Blocks until a signal or the end of the work. 0 done; 1 findings of a check; 2 cannot start, or
 * a file could not be read. SIGTERM, SIGINT and SIGHUP (the correlation rules are read
 * again) must be blocked in the calling thread. */
int serve_run(const struct serve_plan *plan);

#endif
