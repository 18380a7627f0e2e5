/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A digest of bytes with a secret key, for comparing packets that somebody may have made to look
 * alike: who does not know the key finds no two that agree, but by chance of about 1 in 2^32 a try.
 */
#ifndef TRAMGAC_SENSOR_DECODE_KEYED_H
#define TRAMGAC_SENSOR_DECODE_KEYED_H

#include "common/slice.h"

enum { KEYED_BLOCK = 1024, KEYED_ALL = 32 };

struct keyed {
    uint32_t word[KEYED_BLOCK / 4];
    uint64_t last[4];
    bool wide; /* the processor has the instructions */
};

/** The key follows from `seed`. */
void keyed_init(struct keyed *key, uint64_t seed);

uint64_t keyed_sum(const struct keyed *key, struct slice bytes);
/** The same without the two bytes from `hole` on, an even number below KEYED_ALL (that: none is
 * left out). When `sum` is not NULL it gets the sum of all 16-bit words, those two included: folded
 * it is what checksum_add() gives. */
uint64_t keyed_sums(const struct keyed *key, struct slice bytes, uint32_t hole, uint64_t *sum);

#endif
