/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept, by class, in days since it came and in bytes; whichever ends first. Whole days go
 * where the store keeps days apart; elsewhere rows go in small transactions, so that nothing waits
 * for long. What an open incident links, and all of an incident on legal hold, stays.
 */
#include "analyzer/run/expiry.h"
#include "analyzer/store/db_audit.h"
#include "analyzer/store/db_days.h"
#include "analyzer/store/db_events.h"
#include "analyzer/store/db_groups.h"
#include "analyzer/store/db_incidents.h"
#include "common/check.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS_AT_ONCE = 2000, REST_S = 600, INCIDENTS_AT_ONCE = 50, STEPS = DAYS_CLASSES + 3 };

const struct option expiry_options[] = {
    {"retention.alerts", CONF_SPAN, "366d",
     "How long alerts, deviations, device changes and alert groups are kept after they came."},
    {"retention.flows", CONF_SPAN, "30d", "How long flows and statistics are kept."},
    {"retention.transactions", CONF_SPAN, "30d",
     "How long transactions, files and other events are kept."},
    {"retention.alerts_bytes", CONF_SIZE, "0",
     "Most bytes of alerts, without indexes; beyond that whole days go, the oldest first. 0: any."},
    {"retention.flows_bytes", CONF_SIZE, "0", "The same of flows and statistics."},
    {"retention.transactions_bytes", CONF_SIZE, "0",
     "The same of transactions, files and other events."},
    {"retention.incidents", CONF_SPAN, "1830d",
     "How long incidents are kept after they were closed; those on legal hold stay."},
    {"retention.audit", CONF_SPAN, "1830d", "How long the audit trail is kept."},
    OPTION_END};

struct keep {
    uint64_t days;
    int64_t bytes; /* 0 = any */
};

struct expiry {
    struct keep keep[DAYS_CLASSES];
    uint64_t incidents_ns, audit_ns;
    uint64_t day;     /* noted already */
    uint64_t next_ns; /* monotonic: nothing before that */
    uint32_t step;    /* being worked on */
};

static struct keep keep_of(const struct conf *conf, const char *key)
{
    char bytes[64];
    uint64_t span = conf_span_ns(conf, key);

    snprintf(bytes, sizeof(bytes), "%s_bytes", key);
    return (struct keep){(span + DAYS_NS - 1) / DAYS_NS, (int64_t)conf_size(conf, bytes)};
}

struct expiry *expiry_new(const struct conf *conf)
{
    struct expiry *e = calloc(1, sizeof(*e));
    CHECK(e);
    e->keep[DAYS_ALERTS] = keep_of(conf, "retention.alerts");
    e->keep[DAYS_FLOWS] = keep_of(conf, "retention.flows");
    e->keep[DAYS_OTHER] = keep_of(conf, "retention.transactions");
    e->incidents_ns = conf_span_ns(conf, "retention.incidents");
    e->audit_ns = conf_span_ns(conf, "retention.audit");
    return e;
}

void expiry_free(struct expiry **expiry)
{
    free(*expiry);
    *expiry = NULL;
}

/* First day to keep; 0: all. */
static enum err first_kept(struct store *store, const struct keep *keep, enum days_class class_,
                           uint64_t today, uint64_t *day)
{
    uint64_t fitting = 0;
    enum err err = keep->bytes ? db_days_fitting(store, class_, keep->bytes, &fitting) : ERR_OK;

    *day = keep->days < today ? today - keep->days : 0;
    if (fitting > *day)
        *day = fitting;
    return err;
}

static enum err expire_class(struct expiry *e, struct store *store, enum days_class class_,
                             uint64_t today, int64_t *deleted)
{
    uint64_t day = 0;
    int64_t mark = 0, groups = 0;
    enum err err = first_kept(store, &e->keep[class_], class_, today, &day);

    if (!err && day)
        err = db_days_mark(store, day, &mark);
    if (err || mark == 0)
        return err;
    err = db_events_expire(store, db_days_kinds(class_), mark, ROWS_AT_ONCE, deleted);
    if (!err && class_ == DAYS_ALERTS)
        err = db_groups_expire(store, mark, ROWS_AT_ONCE, &groups);
    *deleted += groups;
    return err || *deleted ? err : db_days_forget(store, class_, day);
}

/* Days that no class keeps. */
static enum err drop_days(struct expiry *e, struct store *store, uint64_t today)
{
    uint64_t least = today;
    uint32_t dropped;
    enum err err = ERR_OK;

    for (uint32_t i = 0; !err && i < DAYS_CLASSES; i++) {
        uint64_t day = 0;
        err = first_kept(store, &e->keep[i], (enum days_class)i, today, &day);
        least = day < least ? day : least;
    }
    return err || !least ? err : db_days_drop(store, least, &dropped);
}

static enum err step(struct expiry *e, struct store *store, uint64_t now_ns, int64_t *deleted)
{
    uint64_t today = now_ns / DAYS_NS;

    *deleted = 0;
    switch (e->step) {
    case 0:
        return drop_days(e, store, today);
    case 1:
        return now_ns < e->incidents_ns ? ERR_OK
                                        : db_incidents_expire(store, now_ns - e->incidents_ns,
                                                              INCIDENTS_AT_ONCE, deleted);
    case 2:
        return now_ns < e->audit_ns
                   ? ERR_OK
                   : db_audit_expire(store, now_ns - e->audit_ns, now_ns, ROWS_AT_ONCE, deleted);
    default:
        return expire_class(e, store, (enum days_class)(e->step - 3), today, deleted);
    }
}

enum err expiry_tick(struct expiry *expiry, struct store *store, uint64_t now_ns, uint64_t mono_ns)
{
    uint64_t day = now_ns / DAYS_NS;
    int64_t deleted = 0;

    if (expiry->day != day) {
        enum err err = db_days_begin(store, day);
        if (err)
            return err;
        expiry->day = day;
    }
    if (mono_ns < expiry->next_ns)
        return ERR_OK;
    enum err err = step(expiry, store, now_ns, &deleted);
    if (deleted > 0)
        return err; /* go on with the same at the next tick */
    if (++expiry->step == STEPS) {
        expiry->step = 0;
        expiry->next_ns = mono_ns + REST_S * CLOCK_S;
    }
    return err;
}
