/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often a rule may alert. Decided in the host tier (thresholds.c), because the count goes over
 * flows.
 */
#include "sensor/detect/draft.h"

#include "common/clock.h"

static bool track_of(struct slice word, uint8_t *track)
{
    static const char *const names[] = {"by_src", "by_dst", "by_both", "by_rule", "by_flow"};

    for (uint8_t i = 0; i < 5; i++) {
        if (slice_eq(word, slice_of_str(names[i]))) {
            *track = i;
            return true;
        }
    }
    return false;
}

enum { OPTION_TRACK = 1, OPTION_COUNT = 2, OPTION_SECONDS = 4, OPTION_TYPE = 8 };

static uint32_t option_bit(struct slice key)
{
    static const char *const names[] = {"track", "count", "seconds", "type"};

    for (uint32_t i = 0; i < 4; i++) {
        if (slice_eq(key, slice_of_str(names[i])))
            return 1u << i;
    }
    return 0;
}

static bool kind_of(struct slice word, uint8_t *kind)
{
    static const char *const types[] = {"", "limit", "threshold", "both"};

    for (uint8_t i = 1; i < 4; i++) {
        if (slice_eq(word, slice_of_str(types[i]))) {
            *kind = i;
            return true;
        }
    }
    return false;
}

static bool limit_option(struct limit *l, struct slice part, uint32_t *seen)
{
    uint32_t space = 0;
    uint64_t v;

    while (space < part.len && part.at[space] != ' ')
        space++;
    struct slice key = slice_head(part, space), word = slice_trim(slice_from(part, space));
    uint32_t bit = option_bit(key);
    if (!bit || *seen & bit)
        return false;
    *seen |= bit;
    if (bit == OPTION_TRACK)
        return track_of(word, &l->track);
    if (bit == OPTION_TYPE)
        return kind_of(word, &l->kind);
    if (!slice_to_u64(word, &v) || v > UINT32_MAX)
        return false;
    if (bit == OPTION_COUNT)
        l->count = (uint32_t)v;
    else
        l->span_ns = v * CLOCK_S;
    return true;
}

static bool limit_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct limit *l = draft_alloc(d, sizeof(*l));
    bool filter = strcmp(kw->name, "detection_filter") == 0;
    uint32_t seen = 0;
    struct slice part;

    if (!l)
        return false;
    l->kind = filter ? LIMIT_FILTER : LIMIT_NONE;
    while (draft_part(&value, ',', &part)) {
        if (!limit_option(l, part, &seen))
            return draft_fail(d, "%s does not know \"%.*s\"", kw->name, (int)(part.len & 63),
                              (const char *)part.at);
    }
    if (seen != (filter ? 7u : 15u))
        return draft_fail(d, "%s wants %strack, count and seconds", kw->name,
                          filter ? "" : "type, ");
    if (!l->count && filter)
        return draft_fail(d, "%s wants a count of one or more", kw->name);
    if (filter && !l->span_ns)
        return draft_fail(d, "%s wants one second or more", kw->name);
    for (const struct limit *other = d->limits; other; other = other->next) {
        if ((other->kind == LIMIT_FILTER) != filter)
            return draft_fail(d, "threshold and detection_filter exclude each other: keep one");
    }
    l->count += !l->count; /* the first alert is what Suricata gives for none */
    l->next = d->limits;
    d->limits = l;
    return true;
}

static const struct keyword rows[] = {
    {.name = "threshold",
     .stage = AT_HOST,
     .parse = limit_parse,
     .example = "threshold:type limit, track by_src, count 1, seconds 60",
     .doc = "limit: at most so many alerts in the time; threshold: every n-th; both: one per time "
            "after n"},
    {.name = "detection_filter",
     .stage = AT_HOST,
     .value = VALUE_ONCE,
     .parse = limit_parse,
     .example = "detection_filter:track by_src, count 20, seconds 10",
     .doc = "Alerts from the n+1-th match within the time on"},
    KEYWORD_END,
};

const struct kw_family kw_limit = {.doc = "Rate of alerts", .rows = rows};
