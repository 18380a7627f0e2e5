/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the threads of a running sensor tell each other outside the path of the packets: the newest
 * counters, the wish to stop, and the captures that wait to be replayed. One lock, held briefly.
 */
#ifndef TRAMGAC_SENSOR_RUN_BOARD_H
#define TRAMGAC_SENSOR_RUN_BOARD_H

#include "common/err.h"
#include "common/stat.h"

enum { BOARD_JOBS_MAX = 4096, BOARD_PATH_MAX = 4096 };

struct board;

enum job_state { JOB_WAITS, JOB_RUNS, JOB_DONE, JOB_FAILED };

/** A capture to be replayed by the resident service. */
struct job {
    uint64_t id; /* 1, 2, … */
    enum job_state state;
    char file[BOARD_PATH_MAX], dir[BOARD_PATH_MAX];
    uint64_t packets, events, alerts, run_ns;
    char why[256]; /* failed: a sentence */
};

/** `serves`: takes jobs. Texts are borrowed. */
struct board *board_new(const char *sensor, const char *dir, bool serves, uint64_t now_mono_ns);
void board_free(struct board **board);

const char *board_sensor(const struct board *board);
const char *board_dir(const struct board *board);
bool board_serves(const struct board *board);
uint64_t board_start_ns(const struct board *board);

/** Who loads rules again; NULL: nobody. Borrowed, set before anybody asks. */
struct reload;
void board_set_reload(struct board *board, struct reload *reload);
struct reload *board_reload(const struct board *board);

/** Newest counters of the run; copied. */
struct dear;
void board_publish(struct board *board, const struct stats *stats, const struct dear *dear);
/** Copy of the dearest rules; empty before the first. */
void board_dear(struct board *board, struct dear *dear);
/** Copy of the newest counters, to be freed with stats_fini; empty before the first. */
void board_stats(struct board *board, struct stats *stats);

/** Asks the sensor to end; what is under way is finished. */
void board_stop(struct board *board);
bool board_stopping(struct board *board);

/** ERR_FULL: too many wait. `id` of the new job. */
enum err board_add_job(struct board *board, const char *file, const char *dir, uint64_t *id);
/** Takes the oldest waiting job; false when there is none. */
bool board_take_job(struct board *board, struct job *job);
void board_end_job(struct board *board, const struct job *job);
/** Copy of a job; ERR_NOTFOUND: never was, or so long ago that it was forgotten. */
enum err board_job(struct board *board, uint64_t id, struct job *job);
/** i-th job kept, oldest first. */
bool board_job_at(struct board *board, uint32_t i, struct job *job);
/** Becomes readable when a job was added or a stop asked for. */
int board_fd(const struct board *board);

#endif
