/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded disk spool of messages that the analyzer has not acknowledged yet.
 *
 * Records are numbered 1, 2, ... without a hole over all classes and all runs of the process in one
 * directory; the epoch is drawn when the directory is new. On disk each class has segment files of
 * its own (append only, each record with length and checksum), so the least important class can be
 * shed by deleting files. After a crash a torn end is cut off; numbers that are gone for whatever
 * reason stay in the sequence as shed records.
 *
 * When the cap is reached the lowest class is shed first, its oldest segment first; a record lower
 * than all that is kept is shed itself. When the disk is full records stay in memory, bounded, with
 * the same policy. No thread, no clock; one user at a time (a lock file tells a second process).
 */
#ifndef TRAMGAC_SENSOR_OUTPUT_SPOOL_H
#define TRAMGAC_SENSOR_OUTPUT_SPOOL_H

#include "common/err.h"
#include "common/strbuf.h"
#include "common/wire.h"

struct spool_setup {
    const char *dir;        /* created when absent */
    uint64_t cap_bytes;     /* on disk */
    uint64_t memory_bytes;  /* while the disk is full */
    uint64_t segment_bytes; /* 0: cap / 64, at most 4 MB */
    uint32_t cap_records;   /* 0: 262144 */
    uint64_t new_epoch;     /* taken when the directory has none */
};

struct spool_record {
    enum event_class cls;
    uint8_t partition;
    uint32_t n;           /* events inside; of a shed record: events lost (0: not known) */
    bool shed;            /* nothing is kept of it */
    struct slice message; /* to append; not filled by spool_read */
};

/** Counts since it was opened. */
struct spool_counts {
    uint64_t shed_events[WIRE_CLASSES];
    uint64_t shed_records;
    uint64_t torn;          /* files whose end was cut off */
    uint64_t disk_failures; /* writes that failed */
    uint64_t disk_bytes;    /* now */
    uint64_t memory_bytes;  /* now */
    bool disk_down;         /* now */
};

struct spool;

/** ERR_CONFLICT: another process uses the directory. ERR_IO: it cannot be used at all (`errno`). */
enum err spool_open(const struct spool_setup *setup, struct spool **spool);
/** Keeps what is not acknowledged. */
void spool_close(struct spool **spool);

uint64_t spool_epoch(const struct spool *spool);
/** Oldest number not acknowledged; equal to spool_next() when there is none. */
uint64_t spool_first(const struct spool *spool);
/** Number that the next record will get. */
uint64_t spool_next(const struct spool *spool);

/** Takes the next number. The record may be shed at once (spool_read tells). ERR_FULL: too many
 * numbers are not acknowledged; nothing was taken. */
enum err spool_append(struct spool *spool, const struct spool_record *record);
/** Appends the message of `seq` to `message` (nothing when it was shed) and fills `record`.
 * ERR_NOTFOUND: not between first and next. */
enum err spool_read(struct spool *spool, uint64_t seq, struct spool_record *record,
                    struct strbuf *message);
/** All up to and with `seq` may go. */
void spool_ack(struct spool *spool, uint64_t seq);
/** To the disk itself; also tries a failed disk again. Call about once a second. */
void spool_sync(struct spool *spool);
/** Whether a record of `bytes` fits without shedding anything. */
bool spool_has_room(const struct spool *spool, uint32_t bytes);
const struct spool_counts *spool_counts(const struct spool *spool);

#endif
