/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Large sets of literals compiled by Hyperscan (edge of libhs, block mode). Compiled databases are
 * kept on disk by content: the name of a cache file is the digest of the literals, their flags, the
 * library's version and the processor. A file is checked before use: one that was cut or altered is
 * compiled and written anew. Nothing here is needed while packets are scanned but the scratch.
 */
#ifndef TRAMGAC_SENSOR_DETECT_HYPER_H
#define TRAMGAC_SENSOR_DETECT_HYPER_H

#include "sensor/detect/literals.h"

struct hyper; /* a compiled database; shared by all workers */

enum hyper_source { HYPER_COMPILED, HYPER_CACHED };

/** The id of a hit is the index in `list`. `cache` is a directory, NULL = none. NULL with a
 * sentence in `fault` when it cannot be compiled. */
struct hyper *hyper_new(const struct literal *list, uint32_t n, const char *cache,
                        enum hyper_source *source, char fault[160]);
void hyper_free(struct hyper **hyper);
size_t hyper_bytes(const struct hyper *hyper);

struct hyper_scratch; /* one worker's */
/** Room that fits all databases given to it. */
struct hyper_scratch *hyper_scratch_new(void);
bool hyper_scratch_fit(struct hyper_scratch *scratch, const struct hyper *hyper);
void hyper_scratch_free(struct hyper_scratch **scratch);

/** Calls `hit` for each place of each literal, with the offset behind its end. */
void hyper_scan(const struct hyper *hyper, struct hyper_scratch *scratch, struct slice data,
                void (*hit)(void *context, uint32_t id, uint32_t end), void *context);

#endif
