/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli.h"

#include <stdio.h>

enum { DOC_COLUMN = 38 };

static bool take_list(const struct cli *cli, struct options *o, const char *name)
{
    for (uint32_t i = 0; cli->lists[i]; i++) {
        if (strcmp(name, cli->lists[i]) == 0) {
            cli->list(o, cli->lists[i]);
            return true;
        }
    }
    return false;
}

static bool take_row(const struct cli_row *row, const char *value, struct options *o,
                     struct strbuf *fault)
{
    if ((!row->value || value) && row->take(o, value))
        return true;
    strbuf_fmt(fault, "%s wants %s%s%s", row->name, row->value ? row->value : "",
               value ? ", not " : "", value ? value : "");
    return false;
}

static const struct cli_row *row_of(const struct cli *cli, struct slice name)
{
    const struct cli_row *row = cli->rows;

    while (row->name && !slice_eq(name, slice_of_str(row->name)))
        row++;
    return row->name ? row : NULL;
}

int cli_take(const struct cli *cli, int argc, char **argv, int at, struct options *o,
             struct strbuf *fault)
{
    const char *arg = argv[at];
    const char *equals = strncmp(arg, "--", 2) == 0 ? strchr(arg, '=') : NULL;
    size_t len = equals ? (size_t)(equals - arg) : strlen(arg);

    if (strncmp(arg, "--list-", 7) == 0 && take_list(cli, o, arg + 7))
        return at;
    if (*arg != '-' && cli->word && cli->word(o, arg))
        return at;
    const struct cli_row *row = row_of(cli, (struct slice){(const uint8_t *)arg, (uint32_t)len});
    if (!row) {
        strbuf_fmt(fault, "unknown option %s; see --help", arg);
        return -1;
    }
    const char *value = equals ? equals + 1 : NULL;
    if (row->value && !value)
        value = ++at < argc ? argv[at] : NULL;
    return take_row(row, value, o, fault) ? at : -1;
}

void cli_help(const struct cli *cli)
{
    for (const struct cli_row *row = cli->rows; row->name; row++) {
        size_t used = strlen(row->name) + (row->value ? strlen(row->value) : 0);
        if (row->doc)
            printf("  %s %s%*s%s\n", row->name, row->value ? row->value : "",
                   used < DOC_COLUMN ? (int)(DOC_COLUMN - used) : 1, "", row->doc);
    }
    printf("  --list-");
    for (uint32_t i = 0; cli->lists[i]; i++)
        printf("%s%s", i ? "|" : "", cli->lists[i]);
    printf("\n%41sprint the tables this program is made of\n\n", "");
}
