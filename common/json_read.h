/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading of JSON (RFC 8259), in one pass over a copy of the text: texts are unescaped where they
 * stand. Half a surrogate pair and "\u0000" become U+FFFD; of equal keys the first counts.
 */
#ifndef TRAMGAC_COMMON_JSON_READ_H
#define TRAMGAC_COMMON_JSON_READ_H

#include "common/arena.h"
#include "common/json.h"

/** Fills `root`; all that it points to lives in the arena. */
enum err json_read(struct slice text, struct arena *arena, struct json *root,
                   struct json_fault *fault);

#endif
