/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threshold.config: suppress, threshold (event_filter) and rate_filter for rules by gid and sid.
 */
#include "sensor/detect/draft.h"
#include "sensor/detect/ruleset.h"

#include "common/clock.h"

struct entry {
    uint32_t gid, sid;
    struct limit limit;
    bool rate;
};

static bool word_of(struct slice *rest, struct slice *key, struct slice *value)
{
    uint32_t depth = 0, end = 0, space = 0;

    *rest = slice_trim(*rest);
    if (!rest->len)
        return false;
    while (end < rest->len && (depth || rest->at[end] != ',')) {
        depth += rest->at[end] == '[' ? 1u : 0u;
        depth -= rest->at[end] == ']' && depth ? 1u : 0u;
        end++;
    }
    struct slice part = slice_trim(slice_head(*rest, end));
    *rest = slice_from(*rest, end + 1);
    while (space < part.len && part.at[space] != ' ' && part.at[space] != '\t')
        space++;
    *key = slice_head(part, space);
    *value = slice_trim(slice_from(part, space));
    return true;
}

static bool number(struct slice text, uint32_t *out)
{
    uint64_t v;

    if (!slice_to_u64(text, &v) || v > UINT32_MAX)
        return false;
    *out = (uint32_t)v;
    return true;
}

static bool index_of(struct slice text, const char *const *names, uint8_t *out)
{
    for (uint8_t i = 0; names[i]; i++) {
        if (slice_eq(text, slice_of_str(names[i]))) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool rate_option(struct entry *e, struct slice key, struct slice value)
{
    static const char *const names[] = {"pass",      "alert",     "drop",       "sdrop", "reject",
                                        "rejectsrc", "rejectdst", "rejectboth", NULL};
    static const uint8_t actions[] = {ACTION_PASS,   ACTION_ALERT,  ACTION_DROP,   ACTION_DROP,
                                      ACTION_REJECT, ACTION_REJECT, ACTION_REJECT, ACTION_REJECT};
    uint8_t action = 0;
    uint32_t v = 0;

    if (slice_eq(key, SLICE_LIT("new_action"))) {
        bool ok = index_of(value, names, &action);
        e->limit.action = actions[action];
        return ok;
    }
    bool ok = slice_eq(key, SLICE_LIT("timeout")) && number(value, &v);
    e->limit.hold_ns = v * CLOCK_S;
    return ok;
}

static bool option_of(struct entry *e, struct loader *loader, struct slice key, struct slice value,
                      char *fault)
{
    static const char *const tracks[] = {"by_src",  "by_dst",    "by_both", "by_rule",
                                         "by_flow", "by_either", NULL};
    static const char *const types[] = {"-", "limit", "threshold", "both", NULL};
    uint32_t v;

    if (slice_eq(key, SLICE_LIT("gen_id")) || slice_eq(key, SLICE_LIT("gid")))
        return number(value, &e->gid);
    if (slice_eq(key, SLICE_LIT("sig_id")) || slice_eq(key, SLICE_LIT("sid")))
        return number(value, &e->sid);
    if (slice_eq(key, SLICE_LIT("track")))
        return index_of(value, tracks, &e->limit.track);
    if (slice_eq(key, SLICE_LIT("type")))
        return index_of(value, types, &e->limit.kind);
    if (slice_eq(key, SLICE_LIT("count")))
        return number(value, &e->limit.count);
    if (slice_eq(key, SLICE_LIT("seconds"))) {
        bool ok = number(value, &v);
        e->limit.span_ns = v * CLOCK_S;
        return ok;
    }
    if (slice_eq(key, SLICE_LIT("ip"))) {
        e->limit.nets = rule_net_parse(loader, value, fault);
        return e->limit.nets != NULL;
    }
    return e->rate && rate_option(e, key, value);
}

static bool read_entry(struct slice line, struct loader *loader, struct entry *e, char *fault)
{
    struct slice key, value, rest = line;
    uint32_t head = 0;

    while (head < line.len && line.at[head] != ' ' && line.at[head] != '\t')
        head++;
    struct slice what = slice_head(line, head);
    rest = slice_from(line, head);
    *e = (struct entry){.gid = 1};
    if (slice_eq(what, SLICE_LIT("suppress"))) {
        e->limit.kind = LIMIT_SUPPRESS;
        e->limit.track = TRACK_BOTH;
    } else if (slice_eq(what, SLICE_LIT("rate_filter"))) {
        e->rate = true;
        e->limit.kind = LIMIT_RATE;
    } else if (!slice_eq(what, SLICE_LIT("threshold")) &&
               !slice_eq(what, SLICE_LIT("event_filter"))) {
        return false;
    }
    while (word_of(&rest, &key, &value)) {
        if (key.len && !option_of(e, loader, key, value, fault))
            return false;
    }
    if (e->rate && (!e->limit.count || !e->limit.span_ns || e->limit.track > TRACK_FLOW))
        return false;
    return e->limit.kind != LIMIT_NONE;
}

static bool is_suppress(const struct limit *l)
{
    return l->kind == LIMIT_SUPPRESS;
}

/* In front of `rest`; NULL without memory. */
static const struct limit *put(struct ruleset *rs, const struct limit *one,
                               const struct limit *rest)
{
    struct limit *l = arena_alloc(&rs->arena, sizeof(*l));

    if (!l)
        return NULL;
    *l = *one;
    l->next = rest;
    return l;
}

/* Suppressions stand in front. For a rule that it names, a threshold stands in for the rule's own;
 * all else gives way to that. */
static const struct limit *with(struct ruleset *rs, const struct rule *r, const struct entry *e)
{
    const struct limit *own = r->limits, *list;

    if (is_suppress(&e->limit))
        return put(rs, &e->limit, r->limits);
    while (own && is_suppress(own))
        own = own->next;
    if (own && (e->rate || !e->sid))
        return r->limits;
    list = put(rs, &e->limit, own ? own->next : NULL);
    for (const struct limit *l = r->limits; l != own; l = l->next)
        list = put(rs, l, list);
    return list;
}

static void apply(struct ruleset *rs, const struct entry *e)
{
    for (uint32_t i = 0; i < rs->n; i++) {
        struct rule *r = &rs->rules[i];
        if (e->sid ? r->info.sid != e->sid || r->info.gid != e->gid
                   : e->gid && r->info.gid != e->gid)
            continue;
        r->limits = with(rs, r, e);
        r->info.has_threshold = true;
    }
}

void ruleset_limits(struct ruleset *rs, struct loader *loader, struct slice text, const char *file,
                    struct strbuf *report)
{
    uint32_t number_ = 0;

    while (text.len) {
        char fault[160] = "";
        struct entry e;
        int64_t end = slice_find_byte(text, '\n');
        uint32_t len = end < 0 ? text.len : (uint32_t)end;
        struct slice line = slice_trim(slice_head(text, len));
        text = slice_from(text, len + 1);
        number_++;
        if (!line.len || line.at[0] == '#')
            continue;
        if (read_entry(line, loader, &e, fault))
            apply(rs, &e);
        else
            strbuf_fmt(report, "%s:%u: not understood%s%s\n", file, number_, *fault ? ": " : "",
                       fault);
    }
}
