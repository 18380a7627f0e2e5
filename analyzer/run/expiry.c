/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event ids rise with arrival. Once a day the last id is noted under the day; what is to go is then
 * all below the note of that many days ago.
 */
#include "analyzer/run/expiry.h"
#include "analyzer/record/record.h"
#include "analyzer/store/db_events.h"
#include "analyzer/store/db_groups.h"
#include "common/check.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOOK_BACK_DAYS = 31, ROWS_AT_ONCE = 2000, REST_S = 600, CLASSES = 3 };
#define DAY_NS (86400 * CLOCK_S)

const struct option expiry_options[] = {
    {"retention.alerts", CONF_SPAN, "366d",
     "How long alerts, deviations, device changes and alert groups are kept after they came."},
    {"retention.flows", CONF_SPAN, "30d", "How long flows and statistics are kept."},
    {"retention.transactions", CONF_SPAN, "30d",
     "How long transactions, files and other events are kept."},
    OPTION_END};

struct keep {
    uint32_t kinds;
    uint64_t days;
    bool groups; /* and the groups, sparklines and rollups */
};

struct expiry {
    struct keep keep[CLASSES];
    uint64_t day;     /* noted already */
    uint64_t next_ns; /* monotonic: nothing before that */
    uint32_t class_;  /* being worked on */
};

static uint64_t days_of(const struct conf *conf, const char *key)
{
    return (conf_span_ns(conf, key) + DAY_NS - 1) / DAY_NS;
}

struct expiry *expiry_new(const struct conf *conf)
{
    struct expiry *e = calloc(1, sizeof(*e));
    CHECK(e);
    e->keep[0] = (struct keep){1 << RECORD_ALERT | 1 << RECORD_DEVIATION | 1 << RECORD_DEVICE,
                               days_of(conf, "retention.alerts"), true};
    e->keep[1] = (struct keep){1 << RECORD_FLOW | 1 << RECORD_STATS,
                               days_of(conf, "retention.flows"), false};
    e->keep[2] = (struct keep){1 << RECORD_TX | 1 << RECORD_VISIBILITY | 1 << RECORD_OTHER,
                               days_of(conf, "retention.transactions"), false};
    return e;
}

void expiry_free(struct expiry **expiry)
{
    free(*expiry);
    *expiry = NULL;
}

static void name_of(uint64_t day, char out[32])
{
    snprintf(out, 32, "day/%llu", (unsigned long long)day);
}

static enum err note_day(struct expiry *e, struct store *store, uint64_t day)
{
    char name[32], value[24];
    const char *old;
    struct arena arena;
    int64_t last = 0;

    name_of(day, name);
    arena_init(&arena, 256, 0);
    enum err err = store_meta_get(store, name, &arena, &old);
    arena_fini(&arena);
    if (err == ERR_NOTFOUND) {
        err = db_events_last_id(store, &last);
        snprintf(value, sizeof(value), "%lld", (long long)last);
        err = err ? err : store_meta_put(store, name, value);
    }
    if (!err)
        e->day = day;
    return err;
}

/* Highest id that had arrived when that day began; 0: not known. */
static enum err mark_of(struct store *store, uint64_t day, int64_t *id)
{
    char name[32];
    const char *value;
    struct arena arena;
    uint64_t number = 0;

    name_of(day, name);
    arena_init(&arena, 256, 0);
    enum err err = store_meta_get(store, name, &arena, &value);
    slice_to_u64(slice_of_str(value), &number);
    *id = (int64_t)number;
    arena_fini(&arena);
    return err == ERR_NOTFOUND ? ERR_OK : err;
}

static enum err expire(struct store *store, const struct keep *keep, uint64_t day, int64_t *deleted)
{
    int64_t mark = 0, groups = 0;

    *deleted = 0;
    if (keep->days >= day)
        return ERR_OK;
    enum err err = ERR_OK; /* on days when we did not run nothing was noted: then the day before */
    for (uint64_t back = keep->days;
         !err && !mark && back < day && back < keep->days + LOOK_BACK_DAYS; back++)
        err = mark_of(store, day - back, &mark);
    if (err || mark == 0)
        return err;
    err = db_events_expire(store, keep->kinds, mark, ROWS_AT_ONCE, deleted);
    if (!err && keep->groups)
        err = db_groups_expire(store, mark, ROWS_AT_ONCE, &groups);
    *deleted += groups;
    return err;
}

enum err expiry_tick(struct expiry *expiry, struct store *store, uint64_t now_ns, uint64_t mono_ns)
{
    uint64_t day = now_ns / DAY_NS;
    int64_t deleted = 0;

    if (expiry->day != day) {
        enum err err = note_day(expiry, store, day);
        if (err)
            return err;
    }
    if (mono_ns < expiry->next_ns)
        return ERR_OK;
    enum err err = expire(store, &expiry->keep[expiry->class_], day, &deleted);
    if (deleted > 0)
        return err; /* go on with the same at the next tick */
    if (++expiry->class_ == CLASSES) {
        expiry->class_ = 0;
        expiry->next_ns = mono_ns + REST_S * CLOCK_S;
    }
    return err;
}
