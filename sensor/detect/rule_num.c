/* SPDX-License-Identifier: Apache-2.0 */
/* Comparison of numbers, as options such as dsize or http.stat_code:>399 mean it. */
#include "sensor/detect/rule.h"

static bool bits_hit(const struct num *n, uint64_t v)
{
    return n->b ? (v & n->a) == n->b : (v & n->a) != 0;
}

bool rule_num_ok(const struct num *n, uint64_t v)
{
    switch (n->mode) {
    case NUM_EQ:
        return v == n->a;
    case NUM_NE:
        return v != n->a;
    case NUM_LT:
        return v < n->a;
    case NUM_LE:
        return v <= n->a;
    case NUM_GT:
        return v > n->a;
    case NUM_GE:
        return v >= n->a;
    case NUM_RANGE:
        return v > n->a && v < n->b;
    case NUM_NOT_RANGE:
        return v <= n->a || v >= n->b;
    case NUM_IN_RANGE:
        return v >= n->a && v <= n->b;
    case NUM_MASK:
        return bits_hit(n, v);
    case NUM_NOT_MASK:
        return !bits_hit(n, v);
    }
    return false;
}
