/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines as tables: a program lists its options as rows, this walks the arguments and prints
 * the help. `struct options` is the program's own.
 */
#ifndef TRAMGAC_COMMON_CLI_H
#define TRAMGAC_COMMON_CLI_H

#include "common/strbuf.h"

struct options;

struct cli_row {
    const char *name;
    const char *value;                                  /* what stands behind it; NULL = nothing */
    bool (*take)(struct options *o, const char *value); /* false: not a value of this option */
    const char *doc;                                    /* NULL = accepted, not advertised */
};

struct cli {
    const struct cli_row *rows; /* ended by one without a name */
    const char *const *lists;   /* what --list-… may print, ended by NULL */
    void (*list)(struct options *o, const char *list);
    bool (*word)(struct options *o,
                 const char *word); /* an argument that is no option; NULL = none */
};

/** Takes "--list-x", "--name=value", "-n value" or a word at argv[at]; the index of the last
 * argument used, or -1 with a sentence in `fault`. */
int cli_take(const struct cli *cli, int argc, char **argv, int at, struct options *o,
             struct strbuf *fault);

/** The options with their docs on standard output, and the names of the lists. */
void cli_help(const struct cli *cli);

#endif
