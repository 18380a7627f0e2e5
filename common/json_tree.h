/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value of a tree, as json.c (getters, building), json_read.c (reading) and json_edit.c see it.
 * Nobody else.
 */
#ifndef TRAMGAC_COMMON_JSON_TREE_H
#define TRAMGAC_COMMON_JSON_TREE_H

#include "common/arena.h"
#include "common/json.h"

/** Whose memory a value is. */
enum json_memory {
    JSON_IN_ARENA, /* of an arena: freed with it */
    JSON_OWN,      /* the value, its key and its text are blocks of their own (json_build.h) */
    JSON_ROOT,     /* the first value of a struct json_root, which holds the arena of all */
};

struct json {
    struct json *next, *child, *last; /* `last`: of the children */
    const char *key;                  /* NULL inside arrays */
    const char *text;                 /* a text; of a scalar of a YAML file, how it was written */
    double number;                    /* also 0 or 1 */
    uint32_t key_len, text_len;
    uint32_t line;
    uint8_t kind;   /* enum json_kind */
    uint8_t memory; /* enum json_memory */
};

struct json_root {
    struct json value;
    struct arena arena;
};

#endif
