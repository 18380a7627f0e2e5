/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration values, declared once as rows beside the code they serve.
 *
 * A row names a dotted key ("flow.timeout.tcp"), its type, default and documentation. A program
 * builds one `struct conf` from all tables, reads a YAML file over it (unknown keys are listed,
 * never fatal), then --set a.b.c=v. After that it is frozen: getters are plain look-ups by key,
 * done once at start-up by the part that owns the row, never on a hot path.
 */
#ifndef TRAMGAC_COMMON_CONF_H
#define TRAMGAC_COMMON_CONF_H

#include "common/err.h"
#include "common/slice.h"

enum conf_type { CONF_BOOL, CONF_INT, CONF_SIZE, CONF_SPAN, CONF_TEXT, CONF_LIST, CONF_TREE };

struct option {
    const char *key; /* "stream.depth" */
    /* SIZE takes 64k, 1M, 2G; SPAN takes 30s, 5m; LIST is a YAML list or a,b,c;
     * TREE is a section with a shape of its own, read with conf_tree (no default) */
    enum conf_type type;
    const char *fallback; /* text form of the default */
    const char *doc;      /* one sentence, with the unit */
};
#define OPTION_END                                                                                 \
    {                                                                                              \
        NULL, CONF_TEXT, NULL, NULL                                                                \
    }

struct conf;
struct json;
struct strbuf;

struct conf *conf_new(void);
void conf_free(struct conf **conf);
/** Adds a table that ends with OPTION_END. The table must outlive the conf. */
void conf_add(struct conf *conf, const struct option *table);
/** Reads a YAML or JSON file over the defaults. Faults and unknown keys are appended to `report`, a
 * line each. */
enum err conf_load(struct conf *conf, const char *path, struct strbuf *report);
/** The same of a tree, which it takes: what conf_tree gives from then on. */
enum err conf_read_take(struct conf *conf, const char *path, struct json **tree,
                        struct strbuf *report);
/** One "key=value" of --set; below a TREE's key any name will do. */
enum err conf_set(struct conf *conf, const char *assignment, struct strbuf *report);

/** Getters: the key must have been declared with that type (CHECK). */
bool conf_bool(const struct conf *conf, const char *key);
int64_t conf_int(const struct conf *conf, const char *key);
uint64_t conf_size(const struct conf *conf, const char *key);
uint64_t conf_span_ns(const struct conf *conf, const char *key);
const char *conf_text(const struct conf *conf, const char *key);
/** i-th item of a list; NULL behind the last. */
const char *conf_item(const struct conf *conf, const char *key, uint32_t i);
/** The tree as it was read from the file (for sections with a shape of their own, e.g. `vars`);
 * NULL without file. An empty path is the whole file. */
const struct json *conf_tree(const struct conf *conf, const char *path);
/** "64k", "1M", "2G" or a number of bytes, as CONF_SIZE takes it. */
bool conf_parse_size(struct slice text, uint64_t *bytes);
/** "bool", "int", ...: for --list-options. */
const char *conf_type_name(enum conf_type type);
/** i-th row in order of addition; NULL behind the last: for --list-options. */
const struct option *conf_row(const struct conf *conf, uint32_t i);

#endif
