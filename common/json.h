/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading of JSON and YAML into one kind of tree (libyaml stays inside yaml.c).
 * Bounded: depth 64, and the byte count given. A tree is freed as a whole. All getters accept NULL
 * and a value of another type: they then give NULL, an empty slice or the fallback.
 */
#ifndef TRAMGAC_COMMON_JSON_H
#define TRAMGAC_COMMON_JSON_H

#include "common/arena.h"
#include "common/err.h"
#include "common/slice.h"

struct json; /* one value of a tree */

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUM, JSON_STR, JSON_ARR, JSON_OBJ };

struct json_fault {
    uint32_t line;   /* 1-based; 0 = unknown */
    uint32_t column; /* 1-based */
    char text[160];
};

enum { JSON_DEPTH_MAX = 64 };

/** Parses one value that fills `text`. `fault` may be NULL. */
enum err json_parse(struct slice text, struct json **tree, struct json_fault *fault);
/** The same into an arena: the tree is freed with it, and only with it. */
enum err json_parse_in(struct slice text, struct arena *arena, const struct json **tree,
                       struct json_fault *fault);
/** YAML 1.1 document(s) as the same tree: several documents become an array when `multi`. Scalars
 * that look like numbers, true/false/yes/no and null are typed, quoted ones stay text. Anchors and
 * merges resolve. */
enum err yaml_parse(struct slice text, bool multi, struct json **tree, struct json_fault *fault);
/** One YAML document in which keys may stand twice: all are kept in their order. `!include name`
 * becomes a mapping with the one key "include". */
enum err yaml_parse_twice(struct slice text, struct json **tree, struct json_fault *fault);
/** The same of a whole file, whatever its name. */
enum err json_load_twice(const char *path, uint64_t max_bytes, struct json **tree,
                         struct json_fault *fault);
/** Whole file, at most `max_bytes`; YAML for .yaml/.yml, else JSON. */
enum err json_load(const char *path, uint64_t max_bytes, struct json **tree,
                   struct json_fault *fault);
void json_free(struct json **tree);

enum json_kind json_kind(const struct json *v);
const struct json *json_get(const struct json *obj, const char *key);
/** Dotted path; an array element as "a.0.b". Keys that hold dots are tried whole first. */
const struct json *json_path(const struct json *obj, const char *path);
struct slice json_text(const struct json *v);                    /* empty unless text */
const char *json_str(const struct json *v, const char *or_else); /* terminated */
double json_num(const struct json *v, double or_else);
int64_t json_i64(const struct json *v, int64_t or_else);
bool json_bool(const struct json *v, bool or_else);

/** Children of an array or object: for (c = json_first(v); c; c = json_next(c)). */
const struct json *json_first(const struct json *v);
const struct json *json_next(const struct json *v);
const char *json_key(const struct json *v); /* NULL inside arrays */
uint32_t json_count(const struct json *v);
/** Source line of a value of a YAML file, 0 when unknown. */
uint32_t json_line(const struct json *v);

struct strbuf;
/** Compact text of a value. */
void json_write(const struct json *v, struct strbuf *out);

#endif
