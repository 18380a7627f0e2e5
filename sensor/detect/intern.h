/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that occur often while rules are loaded, each kept once. */
#ifndef TRAMGAC_SENSOR_DETECT_INTERN_H
#define TRAMGAC_SENSOR_DETECT_INTERN_H

#include "common/arena.h"

/** Texts, each kept once, with a number and a pointer of the caller's. */
struct intern_entry {
    struct slice text;
    uint32_t hash;
    uint32_t id;
    const void *value;
};
struct intern {
    struct arena *arena;
    struct intern_entry *slots;
    uint32_t room, n;
};
void intern_init(struct intern *intern, struct arena *arena);
void intern_fini(struct intern *intern);
/** The entry of this text, new when it was not there (value NULL). Never NULL. */
struct intern_entry *intern_get(struct intern *intern, struct slice text);
struct intern_entry *intern_find(const struct intern *intern, struct slice text);

#endif
