/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of a suricata.yaml: the file, what it includes, the files of --include, and --set over
 * all of them. Of a key that stands twice the later one counts, whole; names of included files
 * start from the directory of the first.
 */
#ifndef TRAMGAC_SENSOR_RUN_SURICATA_TREE_H
#define TRAMGAC_SENSOR_RUN_SURICATA_TREE_H

#include "common/err.h"
#include "common/json.h"
#include "common/strbuf.h"

struct suricata_source {
    const char *path;
    const char *const *more; /* --include, up to a NULL; may be NULL */
    const char *const *sets; /* --set, the same */
};

/** The tree is the caller's; a fault is told in `report`. */
enum err suricata_tree_load(const struct suricata_source *source, struct json **tree,
                            struct strbuf *report);

/** Lays --set over it; what names no place of a tree is passed over. */
void suricata_tree_set(const struct suricata_source *source, struct json **tree);

#endif
