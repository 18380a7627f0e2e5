/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/api/rate.h"

#include "common/clock.h"
#include "common/hash.h"

#include <pthread.h>
#include <stdlib.h>

enum { SLOTS = 4096, WAYS = 4 };

struct bucket {
    uint64_t key;
    uint64_t seen_ns;
    double left;
};

struct rate {
    pthread_mutex_t lock;
    struct bucket slots[SLOTS];
};

struct rate *rate_new(void)
{
    struct rate *rate = calloc(1, sizeof(*rate));

    if (rate)
        pthread_mutex_init(&rate->lock, NULL);
    return rate;
}

void rate_free(struct rate **rate)
{
    if (*rate)
        pthread_mutex_destroy(&(*rate)->lock);
    free(*rate);
    *rate = NULL;
}

/* Its bucket, or a full one in the place of the quietest. */
static struct bucket *find(struct rate *rate, uint64_t key, double most, uint64_t now_ns)
{
    struct bucket *set = &rate->slots[key % (SLOTS / WAYS) * WAYS], *quiet = set;

    for (uint32_t i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        quiet = set[i].seen_ns < quiet->seen_ns ? &set[i] : quiet;
    }
    *quiet = (struct bucket){key, now_ns, most};
    return quiet;
}

uint32_t rate_take(struct rate *rate, const char *what, const char *who, int64_t per_minute,
                   uint64_t now_ns)
{
    double per_ns = (double)per_minute / (60.0 * (double)CLOCK_S);
    double most = per_minute > 4 ? (double)per_minute / 4 : 1;
    uint32_t wait = 0;

    if (per_minute <= 0)
        return 0;
    uint64_t key = hash_bytes(slice_of_str(who), hash_bytes(slice_of_str(what), 0));
    pthread_mutex_lock(&rate->lock);
    struct bucket *b = find(rate, key, most, now_ns);
    if (now_ns > b->seen_ns)
        b->left += (double)(now_ns - b->seen_ns) * per_ns;
    b->left = b->left > most ? most : b->left;
    b->seen_ns = now_ns;
    if (b->left >= 1)
        b->left -= 1;
    else
        wait = 1 + (uint32_t)((1 - b->left) / per_ns / (double)CLOCK_S);
    pthread_mutex_unlock(&rate->lock);
    return wait;
}
