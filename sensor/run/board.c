/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/board.h"
#include "sensor/run/dear.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct board {
    const char *sensor, *dir;
    bool serves;
    struct reload *reload;
    uint64_t start_ns;
    int wake;
    pthread_mutex_t lock; /* of all below */
    struct stats stats;
    struct dear dear;
    bool stopping;
    struct job **job; /* oldest first */
    uint32_t jobs;
    uint64_t last_id;
};

struct board *board_new(const char *sensor, const char *dir, bool serves, uint64_t now_mono_ns)
{
    struct board *b = calloc(1, sizeof(*b));
    if (!b)
        return NULL;
    b->sensor = sensor;
    b->dir = dir;
    b->serves = serves;
    b->start_ns = now_mono_ns;
    b->job = calloc(BOARD_JOBS_MAX, sizeof(*b->job));
    b->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&b->lock, NULL);
    if (!b->job || b->wake < 0)
        board_free(&b);
    return b;
}

void board_free(struct board **board)
{
    struct board *b = *board;

    if (!b)
        return;
    for (uint32_t i = 0; i < b->jobs; i++)
        free(b->job[i]);
    free(b->job);
    stats_fini(&b->stats);
    pthread_mutex_destroy(&b->lock);
    if (b->wake >= 0)
        close(b->wake);
    free(b);
    *board = NULL;
}

const char *board_sensor(const struct board *b)
{
    return b->sensor;
}

const char *board_dir(const struct board *b)
{
    return b->dir;
}

bool board_serves(const struct board *b)
{
    return b->serves;
}

uint64_t board_start_ns(const struct board *b)
{
    return b->start_ns;
}

void board_set_reload(struct board *b, struct reload *reload)
{
    b->reload = reload;
}

struct reload *board_reload(const struct board *b)
{
    return b->reload;
}

void board_dear(struct board *b, struct dear *dear)
{
    pthread_mutex_lock(&b->lock);
    *dear = b->dear;
    pthread_mutex_unlock(&b->lock);
}

void board_publish(struct board *b, const struct stats *stats, const struct dear *dear)
{
    pthread_mutex_lock(&b->lock);
    b->dear = *dear;
    stats_fini(&b->stats);
    stats_sum(&b->stats, stats);
    pthread_mutex_unlock(&b->lock);
}

void board_stats(struct board *b, struct stats *stats)
{
    *stats = (struct stats){0};
    pthread_mutex_lock(&b->lock);
    stats_sum(stats, &b->stats);
    pthread_mutex_unlock(&b->lock);
}

static void wake(const struct board *b)
{
    uint64_t one = 1;

    if (write(b->wake, &one, sizeof(one)) != sizeof(one))
        return; /* it is awake already */
}

void board_stop(struct board *b)
{
    pthread_mutex_lock(&b->lock);
    b->stopping = true;
    pthread_mutex_unlock(&b->lock);
    wake(b);
}

bool board_stopping(struct board *b)
{
    pthread_mutex_lock(&b->lock);
    bool stopping = b->stopping;
    pthread_mutex_unlock(&b->lock);
    return stopping;
}

int board_fd(const struct board *b)
{
    return b->wake;
}

/* ---- jobs --------------------------------------------------------------------------------- */

/* Forgets the oldest that is over; false when none is. */
static bool make_room(struct board *b)
{
    for (uint32_t i = 0; i < b->jobs; i++) {
        if (b->job[i]->state < JOB_DONE)
            continue;
        free(b->job[i]);
        memmove(b->job + i, b->job + i + 1, (b->jobs - i - 1) * sizeof(*b->job));
        b->jobs--;
        return true;
    }
    return false;
}

enum err board_add_job(struct board *b, const char *file, const char *dir, uint64_t *id)
{
    struct job *j = calloc(1, sizeof(*j));
    enum err err = ERR_FULL;

    if (!j)
        return ERR_NOMEM;
    snprintf(j->file, sizeof(j->file), "%s", file);
    snprintf(j->dir, sizeof(j->dir), "%s", dir);
    pthread_mutex_lock(&b->lock);
    if (b->jobs < BOARD_JOBS_MAX || make_room(b)) {
        *id = j->id = ++b->last_id;
        b->job[b->jobs++] = j;
        j = NULL;
        err = ERR_OK;
    }
    pthread_mutex_unlock(&b->lock);
    free(j);
    wake(b);
    return err;
}

bool board_take_job(struct board *b, struct job *job)
{
    uint64_t unused;
    bool found = false;

    if (read(b->wake, &unused, sizeof(unused)) < 0)
        unused = 0; /* nothing to clear */
    pthread_mutex_lock(&b->lock);
    for (uint32_t i = 0; i < b->jobs && !found && !b->stopping; i++) {
        found = b->job[i]->state == JOB_WAITS;
        if (found) {
            b->job[i]->state = JOB_RUNS;
            *job = *b->job[i];
        }
    }
    pthread_mutex_unlock(&b->lock);
    return found;
}

void board_end_job(struct board *b, const struct job *job)
{
    pthread_mutex_lock(&b->lock);
    for (uint32_t i = 0; i < b->jobs; i++) {
        if (b->job[i]->id == job->id)
            *b->job[i] = *job;
    }
    pthread_mutex_unlock(&b->lock);
}

enum err board_job(struct board *b, uint64_t id, struct job *job)
{
    enum err err = ERR_NOTFOUND;

    pthread_mutex_lock(&b->lock);
    for (uint32_t i = 0; i < b->jobs && err; i++) {
        if (b->job[i]->id != id)
            continue;
        *job = *b->job[i];
        err = ERR_OK;
    }
    pthread_mutex_unlock(&b->lock);
    return err;
}

bool board_job_at(struct board *b, uint32_t i, struct job *job)
{
    pthread_mutex_lock(&b->lock);
    bool there = i < b->jobs;
    if (there)
        *job = *b->job[i];
    pthread_mutex_unlock(&b->lock);
    return there;
}
