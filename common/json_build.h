/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building of trees by readers of other formats (yaml.c). Not for the rest of the program.
 * A value belongs to the caller until it was added to a parent. All give NULL / false without
 * memory; `line` is the line of the source, 0 when unknown.
 */
#ifndef TRAMGAC_COMMON_JSON_BUILD_H
#define TRAMGAC_COMMON_JSON_BUILD_H

#include "common/json.h"

struct json *json_build_obj(uint32_t line);
struct json *json_build_arr(uint32_t line);
struct json *json_build_text(struct slice text, uint32_t line);
/** Typed scalars remember how they were written: see json_build_source(). */
struct json *json_build_null(struct slice source, uint32_t line);
struct json *json_build_bool(bool value, struct slice source, uint32_t line);
struct json *json_build_num(double value, struct slice source, uint32_t line);

/** A plain scalar of YAML, typed by how it is written. */
struct json *yaml_plain(struct slice text, uint32_t line);

/** Deep copy, with lines and sources. */
struct json *json_build_copy(const struct json *v);

/** Adds to the end of an array (`key` NULL) or an object; takes `child`, and frees it on failure.
 */
bool json_build_add_take(struct json *parent, const char *key, struct json *child);

/** Levels below and with `v`: 1 for a scalar. Counts values into `*values`. */
uint32_t json_build_depth(const struct json *v, uint64_t *values);

/** Text of a scalar as it stood in a YAML file ("0x10", "yes", "2.10"); NULL when not known. */
const char *json_build_source(const struct json *v);

/** Fills `fault` (which may be NULL). */
void json_build_fault(struct json_fault *fault, uint32_t line, uint32_t column, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

#endif
