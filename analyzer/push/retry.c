/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/retry.h"
#include "common/clock.h"
#include "common/hash.h"

#define PAUSE_LEAST_NS   (2 * CLOCK_S)
#define PAUSE_MOST_NS    (600 * CLOCK_S)
#define CIRCUIT_LEAST_NS (15 * CLOCK_S)
#define WISH_MOST_NS     (3600 * CLOCK_S)

/* least * 2^steps, at most `most`. */
static uint64_t doubled(uint64_t least, uint64_t steps, uint64_t most)
{
    while (steps-- && least < most)
        least *= 2;
    return least < most ? least : most;
}

uint64_t retry_at(int64_t id, int64_t tries, uint64_t now_ns, uint64_t retry_after_ns)
{
    uint64_t pause = doubled(PAUSE_LEAST_NS, tries > 0 ? (uint64_t)tries - 1 : 0, PAUSE_MOST_NS);
    uint64_t spread = pause / 2;
    uint64_t jitter = hash_mix((uint64_t)id * 31 + (uint64_t)tries) % spread;
    uint64_t wish = retry_after_ns < WISH_MOST_NS ? retry_after_ns : WISH_MOST_NS;

    pause = pause - spread / 2 + jitter;
    return now_ns + (pause > wish ? pause : wish);
}

uint32_t retry_allowed(const struct retry_circuit *circuit, uint64_t now_ns, uint32_t most)
{
    if (!circuit->until_ns)
        return most;
    return now_ns >= circuit->until_ns ? 1 : 0;
}

void retry_note(struct retry_circuit *circuit, bool sent, uint64_t now_ns)
{
    if (sent) {
        *circuit = (struct retry_circuit){0};
        return;
    }
    circuit->failures++;
    if (circuit->failures < RETRY_BREAK_AFTER)
        return;
    circuit->until_ns = now_ns + doubled(CIRCUIT_LEAST_NS, circuit->opened, PAUSE_MOST_NS);
    circuit->opened++;
}
