/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admission and sums. See dedup.h.
 *
 * The memory of groups is a table of fixed size, four places to a key; the one touched longest ago
 * gives way, which costs no more than a few rows kept once more.
 */
#include "analyzer/dedup/dedup.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/hash.h"

#include <stdlib.h>

enum {
    DROPS_MAX = 32,
    SETS = 1 << 14,
    WAYS = 4,
    SLOTS = 4 * BATCH_RECORDS_MAX,
    ROLLUP_LOOK_BACK = 64
};
#define HOUR_NS   (3600 * CLOCK_S)
#define MINUTE_NS (60 * CLOCK_S)

const struct option dedup_options[] = {
    {"dedup.keep_first", CONF_INT, "20",
     "Rows of one alert group kept in each hour, of alerts that say the same as the one before "
     "only "
     "the first; above that one of each power of two is kept."},
    {"dedup.drop", CONF_LIST, "stats", "Event types that are counted but whose rows are not kept."},
    OPTION_END};

const struct counter dedup_counters[] = {
    [DEDUP_ALERTS] = {"dedup.alerts", "Alerts and deviations admitted."},
    [DEDUP_SAMPLED_OUT] = {"dedup.sampled_out",
                           "Alerts of a storm that were counted, their rows not kept."},
    [DEDUP_NOT_KEPT] = {"dedup.not_kept", "Events of types named by dedup.drop."},
    [DEDUP_FORGOTTEN] = {"dedup.forgotten", "Groups whose sampling began anew for lack of room."},
    [DEDUP_COUNTERS] = COUNTER_END};

struct group_memory {
    int64_t id; /* 0 = free */
    uint64_t hour_ns;
    uint32_t seen;    /* in that hour */
    uint64_t content; /* of the newest; 0 = not known */
    uint64_t touched;
};

struct change {
    uint32_t at;
    struct group_memory before;
};

struct dedup {
    uint32_t keep_first;
    const char *drop[DROPS_MAX + 1]; /* borrowed from the conf; ended by NULL */
    int64_t next_id, next_id_before;
    uint64_t touches;
    struct group_memory memory[SETS * WAYS];
    struct change changes[BATCH_RECORDS_MAX]; /* of this batch, for undo */
    uint32_t n_changes;
    uint32_t slots[SLOTS]; /* group of the batch: index into groups + 1; stamped */
    uint32_t stamps[SLOTS];
    uint32_t stamp;
    struct group_add groups[BATCH_RECORDS_MAX];
    uint32_t group_spark[BATCH_RECORDS_MAX];  /* newest spark of groups[i] */
    uint32_t spark_before[BATCH_RECORDS_MAX]; /* of the same group; UINT32_MAX = none */
    uint32_t n_groups;
    struct spark_add sparks[BATCH_RECORDS_MAX];
    uint32_t n_sparks;
    struct rollup rollups[BATCH_RECORDS_MAX];
    uint32_t n_rollups;
};

struct dedup *dedup_new(const struct conf *conf, int64_t next_event_id)
{
    struct dedup *d = calloc(1, sizeof(*d));
    CHECK(d && next_event_id > 0);
    int64_t keep = conf_int(conf, "dedup.keep_first");
    d->keep_first = keep < 1 ? 1 : keep > 1000000 ? 1000000 : (uint32_t)keep;
    for (uint32_t i = 0; i < DROPS_MAX; i++)
        if (!(d->drop[i] = conf_item(conf, "dedup.drop", i)))
            break;
    d->next_id = next_event_id;
    return d;
}

void dedup_free(struct dedup **dedup)
{
    free(*dedup);
    *dedup = NULL;
}

int64_t dedup_group_id(const struct record *r)
{
    uint64_t numbers[2] = {(uint64_t)r->alert.gid, (uint64_t)r->alert.sid};
    uint64_t h = hash_bytes((struct slice){(const uint8_t *)numbers, sizeof(numbers)}, 0);
    h = hash_bytes(slice_of_str(r->src.addr_text), h);
    h = hash_bytes(slice_of_str(r->dst.addr_text), h);
    h = hash_bytes(slice_of_str(r->site), h);
    h = hash_bytes(slice_of_str(r->technique_words), h); /* a detector has one number for many */
    if (r->alert.sid == 0) /* a detector without numbers: its words tell */
        h = hash_bytes(slice_of_str(r->alert.signature), h);
    if (r->exception_id) /* counted apart: what is left of the group stays to be seen */
        h = hash_bytes((struct slice){(const uint8_t *)&r->exception_id, sizeof(r->exception_id)},
                       h);
    int64_t id = (int64_t)(h >> 11); /* below 2^53: every JSON reader keeps it exact */
    return id ? id : 1;
}

static void remember(struct dedup *d, uint32_t at)
{
    if (d->n_changes < BATCH_RECORDS_MAX)
        d->changes[d->n_changes++] = (struct change){at, d->memory[at]};
}

/* The group's place, new or known, with the old state kept for undo. */
static struct group_memory *recall(struct dedup *d, int64_t id, bool *is_new, uint64_t *counters)
{
    uint32_t set = (uint32_t)((uint64_t)id % SETS) * WAYS;
    uint32_t place = set;

    for (uint32_t i = set; i < set + WAYS; i++) {
        if (d->memory[i].id == id) {
            *is_new = false;
            remember(d, i);
            return &d->memory[i];
        }
        if (d->memory[i].touched < d->memory[place].touched)
            place = i;
    }
    *is_new = true;
    remember(d, place);
    counters[DEDUP_FORGOTTEN] += d->memory[place].id != 0;
    d->memory[place] = (struct group_memory){.id = id};
    return &d->memory[place];
}

static bool power_of_two(uint32_t n)
{
    return (n & (n - 1)) == 0;
}

/* The hour is that of the event: the same file gives the same rows at any speed. */
static bool sample(struct dedup *d, struct record *r, uint64_t *counters)
{
    struct group_memory *m = recall(d, r->group_id, &r->group_is_new, counters);
    uint64_t hour = r->ts_ns / HOUR_NS * HOUR_NS;

    if (m->hour_ns != hour)
        m->seen = 0;
    m->hour_ns = hour;
    m->touched = ++d->touches;
    bool again = m->seen && m->content && m->content == r->content;
    m->content = r->content;
    if (m->seen < UINT32_MAX)
        m->seen++;
    r->said_before = again && m->seen <= d->keep_first;
    return m->seen <= d->keep_first ? !again : power_of_two(m->seen);
}

static struct group_add *sum_of(struct dedup *d, const struct record *r)
{
    uint32_t at = (uint32_t)((uint64_t)r->group_id % SLOTS);

    while (d->stamps[at] == d->stamp) {
        struct group_add *add = &d->groups[d->slots[at]];
        if (add->newest->group_id == r->group_id)
            return add;
        at = (at + 1) % SLOTS;
    }
    d->stamps[at] = d->stamp;
    d->slots[at] = d->n_groups;
    d->group_spark[d->n_groups] = UINT32_MAX;
    struct group_add *add = &d->groups[d->n_groups++];
    *add = (struct group_add){.newest = r,
                              .severity = r->severity,
                              .first_ns = r->ts_ns,
                              .last_ns = r->ts_ns,
                              .hour_ns = r->ts_ns / HOUR_NS * HOUR_NS};
    return add;
}

static void add_hour(struct dedup *d, struct group_add *add, const struct record *r)
{
    uint32_t *newest = &d->group_spark[add - d->groups];
    uint64_t hour = r->ts_ns / HOUR_NS * HOUR_NS;

    if (hour == add->hour_ns) {
        add->hour_n++;
        return;
    }
    for (uint32_t i = *newest; i != UINT32_MAX; i = d->spark_before[i]) {
        if (d->sparks[i].hour_ns == hour) {
            d->sparks[i].n++;
            return;
        }
    }
    d->spark_before[d->n_sparks] = *newest;
    *newest = d->n_sparks;
    d->sparks[d->n_sparks++] = (struct spark_add){r->group_id, hour, 1};
}

static void add_to_group(struct dedup *d, struct record *r)
{
    struct group_add *add = sum_of(d, r);

    add->n++;
    add->n_kept += !r->sampled_out;
    if (!add->kept && !r->sampled_out)
        add->kept = r;
    add->n_same += r->said_before;
    if (r->severity > add->severity)
        add->severity = r->severity;
    if (r->ts_ns < add->first_ns)
        add->first_ns = r->ts_ns;
    if (r->ts_ns > add->last_ns)
        add->last_ns = r->ts_ns;
    if (r->ts_ns >= add->newest->ts_ns && (!r->sampled_out || add->newest->sampled_out))
        add->newest = r;
    add_hour(d, add, r);
}

static bool same_rollup(const struct rollup *a, const struct rollup *b)
{
    return a->minute_ns == b->minute_ns && a->severity == b->severity &&
           strcmp(a->sensor, b->sensor) == 0 && strcmp(a->type, b->type) == 0;
}

static void add_rollup(struct dedup *d, const struct record *r)
{
    struct rollup one = {r->ts_ns / MINUTE_NS * MINUTE_NS,    r->sensor, r->site, r->event_type,
                         r->is_alert ? (int)r->severity : -1, 1};
    uint32_t back = d->n_rollups < ROLLUP_LOOK_BACK ? d->n_rollups : ROLLUP_LOOK_BACK;

    for (uint32_t i = 1; i <= back; i++) {
        struct rollup *old = &d->rollups[d->n_rollups - i];
        if (same_rollup(old, &one)) {
            old->n++;
            return;
        }
    }
    d->rollups[d->n_rollups++] = one; /* a second row of the same minute is added up by the store */
}

static bool dropped(const struct dedup *d, const char *type)
{
    for (uint32_t i = 0; d->drop[i]; i++)
        if (strcmp(d->drop[i], type) == 0)
            return true;
    return false;
}

static void admit(struct dedup *d, struct record *r, uint64_t *counters)
{
    if (r->is_alert) {
        counters[DEDUP_ALERTS]++;
        r->group_id = dedup_group_id(r);
        r->sampled_out = !sample(d, r, counters);
        counters[DEDUP_SAMPLED_OUT] += r->sampled_out;
    } else if (dropped(d, r->event_type)) {
        r->sampled_out = true;
        counters[DEDUP_NOT_KEPT]++;
    }
    r->event_id = r->sampled_out ? 0 : d->next_id++;
    if (r->is_alert)
        add_to_group(d, r);
    add_rollup(d, r);
}

static void begin(struct dedup *d, const struct batch *batch)
{
    CHECK(batch->n <= BATCH_RECORDS_MAX);
    d->n_changes = d->n_groups = d->n_sparks = d->n_rollups = 0;
    d->next_id_before = d->next_id;
    if (++d->stamp == 0) {
        memset(d->stamps, 0, sizeof(d->stamps));
        d->stamp = 1;
    }
}

void dedup_batch(struct dedup *dedup, struct batch *batch, uint64_t *counters)
{
    begin(dedup, batch);
    for (uint32_t i = 0; i < batch->n; i++)
        admit(dedup, &batch->records[i], counters);
}

void dedup_batch_decided(struct dedup *dedup, struct batch *batch, uint64_t *counters)
{
    begin(dedup, batch);
    for (uint32_t i = 0; i < batch->n; i++) {
        struct record *r = &batch->records[i];
        counters[DEDUP_ALERTS] += r->is_alert;
        if (r->is_alert && !r->group_id)
            r->group_id = dedup_group_id(r);
        if (r->is_alert)
            add_to_group(dedup, r);
        add_rollup(dedup, r);
    }
}

void dedup_undo(struct dedup *dedup)
{
    while (dedup->n_changes) {
        const struct change *c = &dedup->changes[--dedup->n_changes];
        dedup->memory[c->at] = c->before;
    }
    dedup->next_id = dedup->next_id_before;
}

void dedup_number_from(struct dedup *dedup, int64_t next_event_id)
{
    dedup->next_id = next_event_id;
}

int64_t dedup_next_number(const struct dedup *dedup)
{
    return dedup->next_id;
}

struct group_add *dedup_groups(struct dedup *dedup, uint32_t *n)
{
    *n = dedup->n_groups;
    return dedup->groups;
}

const struct spark_add *dedup_sparks(const struct dedup *dedup, uint32_t *n)
{
    *n = dedup->n_sparks;
    return dedup->sparks;
}

const struct rollup *dedup_rollups(const struct dedup *dedup, uint32_t *n)
{
    *n = dedup->n_rollups;
    return dedup->rollups;
}
