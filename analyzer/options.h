/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command line of tramgac-analyzer.
 */
#ifndef TRAMGAC_ANALYZER_OPTIONS_H
#define TRAMGAC_ANALYZER_OPTIONS_H

#include "analyzer/run/accounts.h"
#include "common/listing.h"

enum { OPTIONS_MANY = 64 };

enum command {
    COMMAND_RUN,
    COMMAND_CHECK,
    COMMAND_OPENAPI,
    COMMAND_LIST,
    COMMAND_USER,
    COMMAND_BACKUP,
    COMMAND_RESTORE,
    COMMAND_EXPORT,
    COMMAND_VERSION,
    COMMAND_HELP
};

struct options {
    enum command command;
    const char *config;
    const char *data;
    const char *listen;
    const char *list; /* name of the table */
    enum listing_format format;
    const char *ingest[OPTIONS_MANY + 1];
    const char *set[OPTIONS_MANY + 1];
    bool once, follow, no_web, quiet, csv;
    const char *word, *search; /* of backup, restore, export */
    struct accounts_order user;
};

/** False: `fault` says what is wrong. Texts belong to argv. */
bool options_parse(int argc, char **argv, struct options *o, struct strbuf *fault);
void options_help(void);

#endif
