/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where events go: one row an output (out_*.c). Called by one thread, in event order. An output
 * never blocks the sensor: what it cannot take it spools or sheds, counted. Only in a replay may
 * write() wait for a slow receiver, because the input can.
 *
 * The program declares sensor.name, sensor.site and output.wait, which outputs read.
 */
#ifndef TRAMGAC_SENSOR_OUTPUT_OUTPUT_H
#define TRAMGAC_SENSOR_OUTPUT_OUTPUT_H

#include "common/addr.h"
#include "common/conf.h"
#include "common/stat.h"
#include "common/wire.h"

struct output; /* an open one */

struct output_line {
    struct slice text,
        more; /* one JSON object in two pieces (the second may be empty), no newline */
    enum event_class cls;
    uint64_t ts_ns;
    struct addr host; /* the internal host it concerns (for the partition); none if unknown */
};

struct output_def {
    const char *name;
    const char *doc;
    const struct option *options;   /* NULL or ended by OPTION_END */
    const struct counter *counters; /* NULL or ended by COUNTER_END */
    /** True when the configuration asks for it. */
    bool (*wanted)(const struct conf *conf);
    /** `dir` is where files of this run go; `replay`: start its files anew. A fault appends a
     * sentence to `report`. */
    enum err (*open)(const struct conf *conf, const char *dir, bool replay, struct stats *stats,
                     struct output **output, struct strbuf *report);
    void (*write)(struct output *output, const struct output_line *line);
    /** Between rounds; `now_ns` is the monotonic clock. Sends, retries, takes acknowledgements. */
    void (*tick)(struct output *output, uint64_t now_ns);
    /** Its file was renamed (log rotation): begin a new one. NULL: nothing to do. */
    void (*reopen)(struct output *output);
    /** Waits at most `wait_ns` until all is delivered, then closes. */
    void (*close)(struct output **output, uint64_t wait_ns);
};

extern const struct output_def *const out_rows[];

#endif
