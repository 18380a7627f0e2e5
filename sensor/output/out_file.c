/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as lines of a file, eve.json, for every tool that reads EVE.
 */
#include "sensor/output/lines.h"
#include "sensor/output/output.h"

#include <stdlib.h>

static const struct option file_options[] = {
    {"output.file.enabled", CONF_BOOL, "true", "Write events to a file"},
    {"output.file.name", CONF_TEXT, "eve.json",
     "Name of the file, relative to the directory of the run; - is standard output"},
    OPTION_END,
};

static const struct counter file_counters[] = {
    [LINES_ADDED] = {"output.file.events", "Events for the file"},
    [LINES_BYTES] = {"output.file.bytes", "Bytes written"},
    [LINES_LOST] = {"output.file.lost", "Events that could not be written; is the disk full or "
                                        "read-only? Writing goes on by itself"},
    [LINES_ERRORS] = {"output.file.errors", "Failed writes"},
    COUNTER_END,
};

struct output {
    struct lines lines;
};

static bool file_wanted(const struct conf *conf)
{
    return conf_bool(conf, "output.file.enabled");
}

static enum err file_open(const struct conf *conf, const char *dir, bool replay,
                          struct stats *stats, struct output **output, struct strbuf *report)
{
    struct output *o = calloc(1, sizeof(*o));

    *output = o;
    if (!o)
        return ERR_NOMEM;
    enum err err = lines_init(&o->lines, dir, conf_text(conf, "output.file.name"), replay,
                              stats_add(stats, file_counters), report);
    if (err) {
        free(o);
        *output = NULL;
    }
    return err;
}

static void file_write(struct output *o, const struct output_line *line)
{
    lines_add(&o->lines, line->text, line->more);
}

static void file_tick(struct output *o, uint64_t now_ns)
{
    lines_tick(&o->lines, now_ns);
}

static void file_reopen(struct output *o)
{
    lines_reopen(&o->lines);
}

static void file_close(struct output **output, uint64_t wait_ns)
{
    (void)wait_ns;
    if (!*output)
        return;
    lines_fini(&(*output)->lines);
    free(*output);
    *output = NULL;
}

const struct output_def out_file = {
    .name = "file",
    .doc = "Events as lines of eve.json",
    .options = file_options,
    .counters = file_counters,
    .wanted = file_wanted,
    .open = file_open,
    .write = file_write,
    .tick = file_tick,
    .reopen = file_reopen,
    .close = file_close,
};
