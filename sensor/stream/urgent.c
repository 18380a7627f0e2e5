/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/stream/urgent.h"

#include "sensor/flow/tcp_track.h"

static bool is_of(const struct urgent *u, uint32_t i, enum dir dir)
{
    return (u->dirs >> i & 1) == (dir == TO_CLIENT);
}

bool urgent_add(struct urgent *u, enum dir dir, uint32_t seq)
{
    for (uint32_t i = 0; i < u->n; i++) {
        if (is_of(u, i, dir) && u->at[i] == seq)
            return true;
    }
    if (u->n == URGENT_MAX)
        return false;
    if (dir == TO_CLIENT)
        u->dirs |= (uint8_t)(1u << u->n);
    u->at[u->n++] = seq;
    return true;
}

bool urgent_move(struct urgent *u, enum dir dir, uint32_t seq, uint32_t read)
{
    for (uint32_t i = 0; i < u->n; i++) {
        if (!is_of(u, i, dir) || tcp_after(u->at[i], read) < 0)
            continue;
        if (tcp_after(seq, u->at[i]) > 0)
            u->at[i] = seq;
        return true;
    }
    return urgent_add(u, dir, seq);
}

static void take_out(struct urgent *u, uint32_t i)
{
    uint32_t last = --u->n;
    uint32_t bit = u->dirs >> last & 1;

    u->at[i] = u->at[last];
    u->dirs = (uint8_t)((u->dirs & ~(1u << i) & ~(1u << last)) | (i < last ? bit << i : 0));
}

uint32_t urgent_before(struct urgent *u, enum dir dir, uint32_t next, uint32_t len, bool *found)
{
    uint32_t best = len, which = u->n;

    for (uint32_t i = 0; i < u->n; i++) {
        int32_t ahead = tcp_after(u->at[i], next);
        if (is_of(u, i, dir) && ahead >= 0 && (uint32_t)ahead < best) {
            best = (uint32_t)ahead;
            which = i;
        }
    }
    *found = which < u->n;
    if (*found)
        take_out(u, which);
    return best;
}
