/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees that differ in some of their scalars only. The first one, from json_parse_in, becomes the
 * mould; the others are cast from it, without reading their texts again. What does not change is
 * shared with the first tree. Mould, casts and the first tree live in arenas of one lifetime.
 */
#ifndef TRAMGAC_COMMON_JSON_MOULD_H
#define TRAMGAC_COMMON_JSON_MOULD_H

#include "common/json.h"

enum { JSON_MOULD_MOST = 24 }; /* scalars that change */

/** A text, or a number where `text` is NULL. */
struct json_cast {
    const char *text; /* terminated; borrowed as long as the tree lives */
    uint32_t len;
    double number;
};

struct json_mould;

/** `changing`: scalars of the tree, texts and numbers, each once, at most JSON_MOULD_MOST. NULL:
 * the arena is full, or one of them is not in the tree. */
const struct json_mould *json_mould_of(const struct json *tree, const struct json *const *changing,
                                       uint32_t n, struct arena *arena);
/** A tree with `values` in the places of `changing`, of the same kinds; NULL: the arena is full. */
const struct json *json_mould_cast(const struct json_mould *mould, const struct json_cast *values,
                                   struct arena *arena);

#endif
