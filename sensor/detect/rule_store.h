/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rules are made of: their texts, operations, expressions, sets of addresses and ports,
 * buffers. A ruleset and those that are loaded again in its place hold one store together, so that
 * a reload needs memory only for what has changed. Nothing in it is ever written twice: what one
 * load leaves is read by workers while the next one adds behind it.
 *
 * What no rule needs any more stays until the store is worn; then the next load begins another.
 */
#ifndef TRAMGAC_SENSOR_DETECT_RULE_STORE_H
#define TRAMGAC_SENSOR_DETECT_RULE_STORE_H

#include "sensor/detect/loader.h"

struct rule_store {
    struct arena arena;
    struct intern netsets, portsets, buffers, classes; /* by their text */
    struct pcre *pcre_list;
    bool has_classes;
    uint64_t classes_hash; /* of the files of classes that its rules were read under */
    uint32_t users;        /* rulesets */
    size_t first_bytes;    /* what the first load took */
};

/** One user. Never NULL. */
struct rule_store *rule_store_new(void);
struct rule_store *rule_store_hold(struct rule_store *store);
/** Frees it with its last user. */
void rule_store_drop(struct rule_store **store);
/** Too much of it belongs to rules that are gone. */
bool rule_store_worn(const struct rule_store *store);
/** The loader works with the store's tables, until it gives them back. */
void rule_store_lend(struct rule_store *store, struct loader *loader);
void rule_store_take_back(struct rule_store *store, struct loader *loader);

#endif
