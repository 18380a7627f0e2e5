/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing of trees that json_build.h made: what a second file or --set says goes over the first.
 */
#ifndef TRAMGAC_COMMON_JSON_EDIT_H
#define TRAMGAC_COMMON_JSON_EDIT_H

#include "common/json_build.h"

/** Puts `child` at the key of an object, or at the index of an array (any other: behind the last),
 * in the place of what stood there; takes it, and frees it on failure. */
bool json_edit_put_take(struct json *parent, const char *name, struct json *child);

/** Sets the scalar at a dotted path; collections that are missing on the way are made, lists where
 * the next step is a number. A tree in an arena, or none, becomes one of its own. */
bool json_edit_set(struct json **tree, const char *path, struct slice text);

#endif
