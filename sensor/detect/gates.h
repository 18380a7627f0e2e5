/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules without a literal: candidates by a few bytes that have to stand at one place, or by a
 * length. A packet is asked about places first, then about the rules of those that may stand there.
 * Matching asks them by gates_open() and gates_heads() (match.h).
 */
#ifndef TRAMGAC_SENSOR_DETECT_GATES_H
#define TRAMGAC_SENSOR_DETECT_GATES_H

#include "sensor/detect/rule.h"

enum { GATES_BEGINS = 2048 };

/** What is asked before all else of a rule without a literal. */
struct gate {
    uint32_t rule;
    uint32_t value; /* bytes at `at` of packet or stream, the first one lowest */
    uint32_t mask;  /* all ones where `value` says something */
    uint16_t at;
    uint16_t least, most; /* bytes of payload */
    uint8_t len;          /* how many; 0 = any */
    bool told; /* no bytes: the number at the beginning, less the payload's length, is `value` or up
                  to `mask` more */
    bool on_packet, on_stream; /* where they may stand */
};

/** Gates whose bytes stand at the same place, further in. */
struct gate_place {
    uint64_t has[4];  /* bit by their first bytes */
    uint64_t then[4]; /* … and by their second ones; all when one of them has a single byte */
    uint16_t at;
    uint16_t first, n;
};

/** Gates side by side: those without bytes, by their least length; those with bytes further in, by
 * place; then those with bytes at place 0, most of them, by their first byte. With ET Open a packet
 * is asked some ten questions instead of a hundred. */
struct gates {
    const struct gate *at;
    const struct gate_place *places;
    uint16_t n_lengths, n_places;
    uint16_t first[257];                /* by byte: where its gates begin; [0] = those of place 0 */
    uint64_t begins[GATES_BEGINS / 64]; /* bit by a hash of the first two bytes at place 0 */
};

/** Bounds of the payload's length; what is no range is left to the rule's own test. */
void gates_length(const struct num *n, struct gate *g);
/** The gates of so many rules, by their indexes; NULL when there are none. Without memory also
 * NULL, and `*ok` becomes false. */
const struct gates *gates_freeze(struct arena *arena, const struct rule *rules,
                                 const uint32_t *always, uint32_t n, bool *ok);

#endif
