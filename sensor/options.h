/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of tramgac-sensor. Names and habits follow this field's programs, so that
 * existing scripts work; some of their options are accepted and mean nothing here.
 */
#ifndef TRAMGAC_SENSOR_OPTIONS_H
#define TRAMGAC_SENSOR_OPTIONS_H

#include "common/listing.h"
#include "common/strbuf.h"

enum { OPTIONS_MANY = 64 };

enum command {
    COMMAND_RUN,
    COMMAND_CHECK,
    COMMAND_TEST,
    COMMAND_SERVE,
    COMMAND_CTL,
    COMMAND_DOCTOR,
    COMMAND_EXPLAIN,
    COMMAND_LIST,
    COMMAND_VERSION,
    COMMAND_HELP
};

/** All texts belong to argv. Lists end with NULL. */
struct options {
    enum command command;
    const char *replay[OPTIONS_MANY + 1];
    const char *ifaces[OPTIONS_MANY + 1];
    const char *config[OPTIONS_MANY + 1];
    const char *include[OPTIONS_MANY + 1];    /* --include */
    const char *rules_only[OPTIONS_MANY + 1]; /* -S */
    const char *rules_more[OPTIONS_MANY + 1]; /* -s */
    const char *set[OPTIONS_MANY + 1];        /* key=value */
    const char *dir;                          /* -l */
    char filter[4096];                        /* words that are no option: a packet filter */
    const char *data_dir;                     /* --data-dir */
    const char *checksums;                    /* -k */
    const char *workers, *memory;
    const char *analyzer; /* --analyzer */
    double speed;         /* 0 = as fast as possible */
    bool quiet, no_detection, verbose, strict_rules;
    const char *list; /* --list-<what> */
    enum listing_format format;
    const char *words[OPTIONS_MANY + 1]; /* ctl: the command and its arguments */
    const char *socket;                  /* ctl: of the sensor to ask; NULL: in -l */
    bool wait;                           /* ctl replay: until it is over */
    bool follow;
    uint64_t sid, packet, flow; /* explain; 0 = not given */
    const char *test_dir;
    const char *junit;
};

/** False with a sentence in `fault` when the command line makes no sense. */
bool options_parse(int argc, char **argv, struct options *options, struct strbuf *fault);

void options_help(void);

#endif
