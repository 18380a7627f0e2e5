/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files carried by flows: content kept up to a cap, digests, magic, YARA, optional store on disk.
 */
#ifndef TRAMGAC_SENSOR_FILES_FILES_H
#define TRAMGAC_SENSOR_FILES_FILES_H

#include "sensor/app/app.h"

enum { FILE_YARA_MAX = 8, FILE_SIDS_MAX = 8 };

/** A YARA rule that matched; its texts live as long as `struct files`. */
struct yara_hit {
    const char *rule;      /* name */
    const char *text;      /* meta: description; "" = none */
    const char *text_vi;   /* meta: description_vi; "" = none */
    const char *technique; /* meta: attack, an ATT&CK technique id; "" = none */
    const char *severity;  /* meta: severity, "1" high … "3" low; "" = none */
};

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
    bool touched;      /* grew or ended since rules looked at it */
    bool logged;
    uint32_t sid[FILE_SIDS_MAX]; /* rules that asked for it (filestore) */
    uint8_t sids;
    bool wanted_store;                  /* it will be kept when it ends */
    const char *magic;                  /* libmagic's text; NULL = nobody asked (files_magic) */
    char md5[33], sha1[41], sha256[65]; /* hex, empty until closed and asked for */
    uint8_t yara_hits;
    struct yara_hit yara[FILE_YARA_MAX]; /* the YARA rules that match */
    bool stored;                         /* lies in the file store */
    struct file *next;
    struct file *before; /* of the same transaction and direction, the one that began before it */
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
/** The transaction is about to be freed: files forget it. For the observer of app_on_free. */
void files_drop_tx(struct tx *tx);
/** Type of an ended file by libmagic, found when first asked for; NULL when unknown, or when it is
 * not among the wants. */
const char *files_magic(struct file *file);
/** Before the first packet: which costly properties are wanted. Digests are computed when a file
 * ends, magic when somebody asks then. */
enum files_want { FILES_MAGIC = 1, FILES_MD5 = 2, FILES_SHA1 = 4, FILES_SHA256 = 8 };
void files_want(struct files *files, uint32_t wants);
/** There are no rules and never will be: contents are kept only if something else reads them. */
void files_without_rules(struct files *files);
/** Which files of the flow a rule asks for, beside the one it matched. */
enum files_scope { FILES_SCOPE_FILE, FILES_SCOPE_TX, FILES_SCOPE_FLOW };
/** Rule `sid` asks to keep: the file, or those of the transaction or flow in `dirs` (bits by enum
 * dir), also ones that begin later. Nothing happens when no files are kept (filestore.enabled). */
struct files_order {
    enum files_scope scope;
    uint32_t dirs;
};
void files_order(struct flow *flow, struct tx *tx, struct file *file,
                 const struct files_order *order, uint32_t sid);
/** An ended file that is wanted goes to the file store, before its event is written. */
void files_keep(struct files *files, struct file *file);
/** After the packet: clears touched in the directions that rules have looked at (bit by enum dir);
 * frees files that are ended and logged. */
void files_clear(struct files *files, struct flow *flow, uint32_t looked);
/** Ends open files (truncated) because the flow ends; then they are touched. */
void files_end(struct files *files, struct flow *flow);
void files_drop(struct files *files, struct flow *flow);
/** The flow is silent: writes what is left of its files to `out` and lets go of it, unless some are
 * open. Always leaves something for files_wake. */
void files_rest(struct files *files, struct flow *flow, struct sparse_out *out);
/** Reads it back; without memory its files are counted anew. */
const uint8_t *files_wake(struct files *files, struct flow *flow, const uint8_t *from);

#endif
