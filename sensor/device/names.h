/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passive DNS: which name the network gave an address, from DNS answers and SNI. Persistent beyond
 * the TTL, because devices keep addresses for longer; bounded, the oldest of a bucket goes first.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_NAMES_H
#define TRAMGAC_SENSOR_DEVICE_NAMES_H

#include "common/addr.h"

struct names;

enum { NAMES_TEXT_MAX = 96 };

/** Room for about `max` addresses. NULL without memory. */
struct names *names_new(uint32_t max);
void names_free(struct names **names);
/** The newest name of an address wins. Names that are empty or too long are not taken. Returns the
 * address that had to go for it; family 0: none. */
struct addr names_put(struct names *names, const struct addr *addr, struct slice name,
                      uint64_t ts_ns);
/** Lower-case name, or NULL. Valid until the next put. */
const char *names_find(const struct names *names, const struct addr *addr);
/** Walks all: start with `*at` 0; false at the end. Order depends on the addresses only. */
bool names_next(const struct names *names, uint32_t *at, struct addr *addr, const char **name,
                uint64_t *ts_ns);

/** The part of a name that somebody registered ("a.b.example.com.vn" → "example.com.vn"); by rule
 * of thumb, without a list of suffixes. Points into `name`. */
const char *names_registrable(const char *name);
/** Digits become 0 and runs of them one 0: "cam17-a.x1.vn" → "cam0-a.x0.vn". */
void names_squash(const char *name, char *out, size_t room);

#endif
