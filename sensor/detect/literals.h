/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many literals searched at once (edge of Hyperscan, block mode). Compiled databases are kept on
 * disk by content: the name of a cache file is the digest of the literals, their flags, the
 * library's version and the processor. A file is checked before use; a damaged one is built anew.
 */
#ifndef TRAMGAC_SENSOR_DETECT_LITERALS_H
#define TRAMGAC_SENSOR_DETECT_LITERALS_H

#include "common/err.h"
#include "common/slice.h"

#include <stddef.h>

struct literal {
    struct slice text;
    bool nocase;
};

struct literals; /* a compiled database; shared by all workers */

/** `cache` is a directory, NULL = none. The id of a hit is the index in `list`. */
enum err literals_new(const struct literal *list, uint32_t n, const char *cache,
                      struct literals **literals, bool *from_cache, char fault[160]);
void literals_free(struct literals **literals);
size_t literals_bytes(const struct literals *literals);

struct literals_scratch; /* one worker's */
/** Room that fits all databases given to it. */
struct literals_scratch *literals_scratch_new(void);
bool literals_scratch_fit(struct literals_scratch *scratch, const struct literals *literals);
void literals_scratch_free(struct literals_scratch **scratch);

/** Calls `hit` for each literal that occurs, once per literal, with the offset behind its end. */
void literals_scan(const struct literals *literals, struct literals_scratch *scratch,
                   struct slice data, void (*hit)(void *context, uint32_t id, uint32_t end),
                   void *context);

#endif
