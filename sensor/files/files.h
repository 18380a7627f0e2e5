/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files carried by flows: content kept up to a cap, digests, magic, YARA, optional store on disk.
 */
#ifndef TRAMGAC_SENSOR_FILES_FILES_H
#define TRAMGAC_SENSOR_FILES_FILES_H

#include "sensor/app/app.h"

enum { FILE_YARA_MAX = 8 };

enum file_state { FILE_OPEN, FILE_CLOSED, FILE_TRUNCATED };

struct file {
    uint32_t id; /* 1, 2 … within the flow */
    struct flow *flow;
    struct tx *tx;
    enum dir dir;
    enum file_state state;
    struct slice name;
    uint64_t size;     /* bytes seen */
    struct slice data; /* the first bytes, up to files.inspect */
    uint64_t gaps;     /* bytes missing inside */
    bool touched;      /* grew or ended by the packet in hand */
    bool logged;
    bool wanted_magic, wanted_store;
    const char *magic;                  /* libmagic's text; NULL = not asked for or unknown */
    char md5[33], sha1[41], sha256[65]; /* hex, empty until closed and asked for */
    uint8_t yara_hits;
    const char *yara[FILE_YARA_MAX]; /* names of the YARA rules that match */
    bool stored;
    struct file *next;
};

struct files; /* one worker's */

extern const struct option files_options[];
extern const struct counter files_counters[];

struct files *files_new(const struct conf *conf, struct stats *stats);
void files_free(struct files **files);
/** Takes the pieces the parsers passed on for this packet. */
void files_input(struct files *files, struct flow *flow, const struct app_file *pieces, uint32_t n);
/** Files of the flow, oldest first. */
struct file *files_first(struct flow *flow);
/** The file a transaction carries in a direction; NULL = none. */
struct file *files_of_tx(const struct tx *tx, enum dir dir);
/** After the packet: clears touched; frees files that are ended and logged. */
void files_clear(struct files *files, struct flow *flow);
/** Ends open files (truncated) because the flow ends; then they are touched. */
void files_end(struct files *files, struct flow *flow);
void files_drop(struct files *files, struct flow *flow);

#endif
