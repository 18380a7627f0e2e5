/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of the correlator. A group is found by a digest of its rule and values: the same digest
 * names its checkpoints.
 */
#include "analyzer/correlate/groups.h"
#include "common/check.h"
#include "common/jsonw.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_BYTES = 16, CHECKPOINT_MAX = 64, TOTAL_MAX = 200000 };

struct of_rule {
    struct group *newest, *oldest;
    uint32_t n;
};

struct gone {
    char name[GROUP_NAME_MAX];
    uint64_t seq; /* chunk; 0 = the head */
};

struct groups {
    struct correlate_limits limits;
    uint64_t *counters;
    uint32_t total_max;
    uint64_t batch;
    bool restored;      /* since the last batch */
    struct map *by_key; /* 4 bytes rule + name → group */
    struct of_rule *rules;
    uint32_t n_rules;
    struct group *dirty;
    struct gone *gone; /* checkpoints to drop */
    uint32_t n_gone, gone_room;
};

struct groups *groups_new(uint32_t rules, struct correlate_limits limits, uint64_t *counters)
{
    struct groups *g = calloc(1, sizeof(*g));
    CHECK(g);
    g->limits = limits;
    g->counters = counters;
    g->n_rules = rules;
    g->rules = calloc(rules + 1, sizeof(*g->rules));
    uint64_t all = (uint64_t)limits.groups_max * (rules ? rules : 1);
    g->total_max = all < TOTAL_MAX ? (uint32_t)all : TOTAL_MAX;
    g->by_key = map_new(g->total_max, KEY_BYTES);
    CHECK(g->rules && g->by_key);
    return g;
}

/* A larger array of the same elements; input is bounded by the limits, so memory must be there. */
static void *grown(void *at, uint32_t *room, size_t size)
{
    *room = *room ? *room * 2 : 2;
    void *more = realloc(at, *room * size);
    CHECK(more);
    return more;
}

static void forget(struct groups *g, const struct group *group, uint64_t seq)
{
    if (g->n_gone == g->gone_room)
        g->gone = grown(g->gone, &g->gone_room, sizeof(*g->gone));
    struct gone *gone = &g->gone[g->n_gone++];
    gone->seq = seq;
    memcpy(gone->name, group->name, GROUP_NAME_MAX);
}

static void unlink_group(struct groups *g, struct group *group)
{
    struct of_rule *r = &g->rules[group->rule];

    *(group->newer ? &group->newer->older : &r->newest) = group->older;
    *(group->older ? &group->older->newer : &r->oldest) = group->newer;
    group->newer = NULL;
    group->older = NULL;
    r->n--;
}

static void link_newest(struct groups *g, struct group *group)
{
    struct of_rule *r = &g->rules[group->rule];

    group->older = r->newest;
    if (r->newest)
        r->newest->newer = group;
    else
        r->oldest = group;
    r->newest = group;
    r->n++;
}

static void unmark(struct groups *g, const struct group *group)
{
    struct group **at = &g->dirty;

    while (*at && *at != group)
        at = &(*at)->next_dirty;
    if (*at)
        *at = group->next_dirty;
}

static void entries_free(struct corr_entry *entries, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        evidence_drop(&entries[i].evidence);
}

static void group_free(struct group *group)
{
    entries_free(group->entries + group->head, group->n);
    entries_free(group->fresh, group->n_fresh);
    free(group->entries);
    free(group->fresh);
    free(group->chunks);
    free(group);
}

void groups_free(struct groups **out)
{
    struct groups *g = *out;

    if (!g)
        return;
    for (uint32_t i = 0; i < g->n_rules; i++) {
        for (struct group *at = g->rules[i].newest; at;) {
            struct group *older = at->older;
            group_free(at);
            at = older;
        }
    }
    map_free(&g->by_key);
    free(g->rules);
    free(g->gone);
    free(g);
    *out = NULL;
}

static struct slice key_of(const char *name, uint8_t key[KEY_BYTES])
{
    CHECK(digest_parse(slice_of_str(name), key, KEY_BYTES));
    return (struct slice){key, KEY_BYTES};
}

/* The group and its checkpoints go. */
static void evict(struct groups *g, struct group *group)
{
    uint8_t key[KEY_BYTES];

    for (uint32_t i = 0; i < group->n_chunks; i++)
        forget(g, group, group->chunks[i].seq);
    if (group->saved)
        forget(g, group, 0);
    if (group->dirty)
        unmark(g, group);
    unlink_group(g, group);
    map_remove(g->by_key, key_of(group->name, key));
    group_free(group);
}

static const char *id_of(const struct sigma_rule *rule)
{
    return rule->id[0] ? rule->id : rule->title;
}

static void name_of(const struct sigma_rule *rule, const struct slice *values, uint32_t n,
                    char name[GROUP_NAME_MAX])
{
    struct digest digest;
    uint8_t bytes[DIGEST_MAX];
    char text[DIGEST_TEXT_MAX];

    digest_init(&digest, DIGEST_SHA256);
    digest_update(&digest, slice_of_str(id_of(rule)));
    for (uint32_t i = 0; i < n; i++) {
        uint8_t lower[GROUP_VALUE_MAX];
        uint32_t len = values[i].len < GROUP_VALUE_MAX ? values[i].len : GROUP_VALUE_MAX;
        for (uint32_t k = 0; k < len; k++)
            lower[k] = (uint8_t)tolower(values[i].at[k]);
        digest_update(&digest, SLICE_LIT("\x1f"));
        digest_update(&digest, (struct slice){lower, len});
    }
    digest_final(&digest, bytes);
    digest_text(bytes, KEY_BYTES, text);
    memcpy(name, text, GROUP_NAME_MAX);
}

static struct group *make(struct groups *g, const struct sigma_rule *rule,
                          const struct slice *values, const char name[GROUP_NAME_MAX])
{
    uint32_t n = rule->correlation->n_groups;
    size_t bytes = sizeof(struct group);

    for (uint32_t i = 0; i < n; i++)
        bytes += slice_head(values[i], GROUP_VALUE_MAX).len + 1;
    struct group *group = calloc(1, bytes);
    CHECK(group);
    char *at = (char *)(group + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct slice value = slice_head(values[i], GROUP_VALUE_MAX);
        if (value.len)
            memcpy(at, value.at, value.len);
        group->values[i] = at;
        at += value.len + 1;
    }
    group->rule = rule->index;
    group->next_seq = 1;
    group->touched = g->batch;
    group->head_dirty = true;
    memcpy(group->name, name, GROUP_NAME_MAX);
    link_newest(g, group);
    return group;
}

struct group *groups_find(const struct groups *g, const char *name)
{
    uint8_t key[KEY_BYTES];

    if (!digest_parse(slice_of_str(name), key, KEY_BYTES))
        return NULL;
    union map_value *found = map_find(g->by_key, (struct slice){key, KEY_BYTES});
    return found ? found->p : NULL;
}

static bool evict_oldest(struct groups *g, uint32_t rule)
{
    struct group *oldest = g->rules[rule].oldest;

    if (!oldest || oldest->busy)
        return false;
    evict(g, oldest);
    g->counters[CORRELATE_EVICTED]++;
    return true;
}

/* False when nothing can go. */
static bool make_room(struct groups *g, uint32_t rule)
{
    uint32_t most = rule;

    if (g->rules[rule].n >= g->limits.groups_max && !evict_oldest(g, rule))
        return false;
    if (map_count(g->by_key) < g->total_max)
        return true;
    for (uint32_t i = 0; i < g->n_rules; i++)
        most = g->rules[i].n > g->rules[most].n ? i : most;
    return evict_oldest(g, most);
}

struct group *groups_take(struct groups *g, const struct sigma_rule *rule,
                          const struct slice *values)
{
    char name[GROUP_NAME_MAX];
    uint8_t key[KEY_BYTES];

    name_of(rule, values, rule->correlation->n_groups, name);
    struct group *group = groups_find(g, name);
    if (group && group->rule == rule->index) {
        unlink_group(g, group);
        link_newest(g, group);
        group->touched = g->batch;
        return group;
    }
    if (group || !make_room(g, rule->index))
        return NULL;
    union map_value *value = map_add(g->by_key, key_of(name, key), NULL);
    if (!value)
        return NULL;
    group = make(g, rule, values, name);
    value->p = group;
    return group;
}

static void mark(struct groups *g, struct group *group)
{
    if (group->dirty)
        return;
    group->dirty = true;
    group->next_dirty = g->dirty;
    g->dirty = group;
}

void groups_mark(struct groups *g, struct group *group)
{
    group->head_dirty = true;
    mark(g, group);
}

/* First entry at or after `ts_ns` (`after`: strictly after), relative to head. */
static uint32_t position(const struct group *group, uint64_t ts_ns, bool after)
{
    const struct corr_entry *at = group->entries + group->head;
    uint32_t low = 0;
    uint32_t high = group->n;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (at[mid].ts_ns < ts_ns || (after && at[mid].ts_ns == ts_ns))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct corr_window groups_window(const struct group *group, uint64_t from_ns, uint64_t to_ns)
{
    uint32_t from = position(group, from_ns, false);
    uint32_t to = position(group, to_ns, true);

    if (to <= from)
        return (struct corr_window){NULL, 0};
    return (struct corr_window){group->entries + group->head + from, to - from};
}

static void drop_oldest(struct groups *g, struct group *group, uint32_t n)
{
    entries_free(group->entries + group->head, n);
    group->head += n;
    group->n -= n;
    uint64_t oldest = group->n ? group->entries[group->head].ts_ns : UINT64_MAX;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < group->n_chunks; i++) {
        if (group->chunks[i].last_ns < oldest)
            forget(g, group, group->chunks[i].seq);
        else
            group->chunks[kept++] = group->chunks[i];
    }
    group->n_chunks = kept;
}

/* What no window of an event that may still come can reach. */
static void drop_old(struct groups *g, struct group *group, uint64_t ts_ns, uint64_t span_ns)
{
    uint64_t keep_ns = span_ns + g->limits.late_ns;
    uint32_t old = ts_ns > keep_ns ? position(group, ts_ns - keep_ns, false) : 0;

    if (group->n && old && group->entries[group->head + group->n - 1].ts_ns <= ts_ns)
        drop_oldest(g, group, old);
}

static void prune(struct groups *g, struct group *group, uint64_t ts_ns, uint64_t span_ns)
{
    drop_old(g, group, ts_ns, span_ns);
    if (group->n >= g->limits.entries_max) {
        drop_oldest(g, group, group->n - g->limits.entries_max + 1);
        g->counters[CORRELATE_TRIMMED]++;
    }
}

static void place(struct group *group, uint32_t at, const struct corr_entry *entry)
{
    if (group->head + group->n == group->room) {
        if (group->head > group->room / 2) {
            memmove(group->entries, group->entries + group->head,
                    group->n * sizeof(*group->entries));
            group->head = 0;
        } else {
            group->entries = grown(group->entries, &group->room, sizeof(*group->entries));
        }
    }
    struct corr_entry *to = group->entries + group->head + at;
    memmove(to + 1, to, (group->n - at) * sizeof(*to));
    *to = *entry;
    to->evidence = evidence_keep(entry->evidence);
    group->n++;
}

bool groups_insert(struct groups *g, struct group *group, uint64_t span_ns,
                   const struct corr_entry *entry)
{
    prune(g, group, entry->ts_ns, span_ns);
    uint32_t at = position(group, entry->ts_ns, true);
    if (at == 0 && group->n && g->limits.entries_max <= group->n + 1)
        return false; /* it would be the next to be dropped */
    place(group, at, entry);
    if (group->n_fresh == group->fresh_room)
        group->fresh = grown(group->fresh, &group->fresh_room, sizeof(*group->fresh));
    group->fresh[group->n_fresh] = *entry;
    evidence_keep(entry->evidence);
    group->n_fresh++;
    mark(g, group);
    return true;
}

static uint64_t last_of(const struct group *group)
{
    return group->n ? group->entries[group->head + group->n - 1].ts_ns : group->fired_ns;
}

static int by_age(const void *a, const void *b)
{
    const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;

    if (last_of(x) != last_of(y))
        return last_of(x) < last_of(y) ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Checkpoints came in the order of their names; what is evicted first goes by age. */
static void order_restored(struct groups *g)
{
    struct group **all = calloc(map_count(g->by_key) + 1, sizeof(struct group *));

    CHECK(all);
    for (uint32_t rule = 0; rule < g->n_rules; rule++) {
        uint32_t n = 0;
        while (g->rules[rule].oldest) {
            all[n++] = g->rules[rule].oldest;
            unlink_group(g, g->rules[rule].oldest);
        }
        qsort(all, n, sizeof(struct group *), by_age);
        for (uint32_t i = 0; i < n; i++)
            link_newest(g, all[i]);
    }
    free(all);
    g->restored = false;
}

void groups_begin(struct groups *g)
{
    if (g->restored)
        order_restored(g);
    g->batch++;
}

static bool is_over(const struct groups *g, const struct group *group, uint64_t span_ns,
                    uint64_t now_ns)
{
    uint64_t last = group->n ? group->entries[group->head + group->n - 1].ts_ns : 0;
    return !group->busy && !group->deadline_ns && g->batch - group->touched > GROUPS_REST &&
           last + span_ns + g->limits.late_ns < now_ns;
}

void groups_expire(struct groups *g, const struct sigma_set *set, uint64_t now_ns)
{
    for (uint32_t k = 0; k < set->n_order; k++) {
        uint32_t rule = set->order[k];
        uint64_t span_ns = set->rules[rule]->correlation->span_ns;
        while (g->rules[rule].oldest && is_over(g, g->rules[rule].oldest, span_ns, now_ns))
            evict(g, g->rules[rule].oldest);
    }
}

struct group *groups_first(const struct groups *g, uint32_t rule)
{
    return g->rules[rule].newest;
}

/* ---- checkpoints ---- */

/*
 * "corr/<group>" is the head: times, values and all entries there were when it was written, which
 * happens when the group is new and when it fires. "corr/<group>/<seq>" are chunks: entries that
 * came since.
 */
static void checkpoint_name(const char *group, uint64_t seq, char name[CHECKPOINT_MAX])
{
    if (seq)
        snprintf(name, CHECKPOINT_MAX, "corr/%s/%010llu", group, (unsigned long long)seq);
    else
        snprintf(name, CHECKPOINT_MAX, "corr/%s", group);
}

static void entries_write(const struct corr_entry *entries, uint32_t n, struct strbuf *out)
{
    strbuf_char(out, '[');
    for (uint32_t i = 0; i < n; i++) {
        const struct corr_entry *e = &entries[i];
        strbuf_fmt(
            out, "%s{\"ts\":\"%llu\",\"s\":%u,\"v\":\"%llx\",\"x\":%.17g,\"e\":", i ? "," : "",
            (unsigned long long)e->ts_ns, e->stages, (unsigned long long)e->value, e->number);
        evidence_write(e->evidence, out);
        strbuf_char(out, '}');
    }
    strbuf_char(out, ']');
}

static void forget_fresh(struct group *group)
{
    entries_free(group->fresh, group->n_fresh);
    group->n_fresh = 0;
}

static enum err save_chunk(struct group *group, const struct correlate_sink *sink,
                           struct strbuf *room)
{
    char name[CHECKPOINT_MAX];
    uint64_t last_ns = 0;

    strbuf_clear(room);
    strbuf_str(room, "{\"e\":");
    entries_write(group->fresh, group->n_fresh, room);
    strbuf_char(room, '}');
    checkpoint_name(group->name, group->next_seq, name);
    enum err err = sink->put(sink->ctx, name, strbuf_view(room));
    if (err)
        return err;
    for (uint32_t i = 0; i < group->n_fresh; i++)
        last_ns = group->fresh[i].ts_ns > last_ns ? group->fresh[i].ts_ns : last_ns;
    if (group->n_chunks == group->chunks_room)
        group->chunks = grown(group->chunks, &group->chunks_room, sizeof(*group->chunks));
    group->chunks[group->n_chunks++] = (struct group_chunk){group->next_seq++, last_ns};
    forget_fresh(group);
    return ERR_OK;
}

static void head_write(const struct group *group, const struct sigma_rule *rule, struct strbuf *out)
{
    struct jsonw w;
    char text[24];

    jsonw_init(&w, out);
    jsonw_obj_open(&w, NULL);
    snprintf(text, sizeof(text), "%llu", (unsigned long long)group->fired_ns);
    jsonw_str(&w, "fired", text);
    snprintf(text, sizeof(text), "%llu", (unsigned long long)group->deadline_ns);
    jsonw_str(&w, "deadline", text);
    jsonw_str(&w, "rule", id_of(rule));
    jsonw_str(&w, "condition", rule->condition);
    jsonw_arr_open(&w, "values");
    for (uint32_t i = 0; i < rule->correlation->n_groups; i++)
        jsonw_str(&w, NULL, group->values[i]);
    jsonw_arr_close(&w);
    strbuf_str(out, ",\"e\":");
    entries_write(group->entries + group->head, group->n, out);
    jsonw_obj_close(&w);
}

/* The head with all entries; the chunks are in it now. */
static enum err save_head(struct group *group, const struct sigma_rule *rule,
                          const struct correlate_sink *sink, struct strbuf *room)
{
    char name[CHECKPOINT_MAX];

    strbuf_clear(room);
    head_write(group, rule, room);
    checkpoint_name(group->name, 0, name);
    enum err err = sink->put(sink->ctx, name, strbuf_view(room));
    for (uint32_t i = 0; i < group->n_chunks && !err; i++) {
        checkpoint_name(group->name, group->chunks[i].seq, name);
        err = sink->drop(sink->ctx, name);
    }
    group->n_chunks = 0;
    group->saved = true;
    group->head_dirty = false;
    forget_fresh(group);
    return err;
}

static enum err save_group(struct group *group, const struct sigma_rule *rule,
                           const struct correlate_sink *sink, struct strbuf *room)
{
    if (group->head_dirty)
        return save_head(group, rule, sink, room);
    return group->n_fresh ? save_chunk(group, sink, room) : ERR_OK;
}

/* What was forgotten; a group that came back since has a head of its own again. */
static enum err save_gone(struct groups *g, const struct correlate_sink *sink)
{
    enum err err = ERR_OK;

    for (uint32_t i = 0; i < g->n_gone && !err; i++) {
        char name[CHECKPOINT_MAX];
        checkpoint_name(g->gone[i].name, g->gone[i].seq, name);
        if (g->gone[i].seq || !groups_find(g, g->gone[i].name))
            err = sink->drop(sink->ctx, name);
    }
    g->n_gone = 0;
    return err;
}

enum err groups_save(struct groups *g, const struct sigma_set *set,
                     const struct correlate_sink *sink)
{
    struct strbuf room;

    enum err err = save_gone(g, sink);
    strbuf_init(&room, 0);
    while (g->dirty && !err) {
        struct group *group = g->dirty;
        g->dirty = group->next_dirty;
        group->dirty = false;
        err = save_group(group, set->rules[group->rule], sink, &room);
    }
    strbuf_fini(&room);
    return err;
}

static const struct sigma_rule *rule_of(const struct sigma_set *set, const struct json *v)
{
    const char *id = json_str(json_get(v, "rule"), "");
    const char *condition = json_str(json_get(v, "condition"), "");

    for (uint32_t i = 0; i < set->n_order; i++) {
        const struct sigma_rule *rule = set->rules[set->order[i]];
        if (strcmp(id_of(rule), id) == 0 && strcmp(rule->condition, condition) == 0)
            return rule;
    }
    return NULL;
}

static enum err restore_entry(struct group *group, uint32_t n_rules, const struct json *v,
                              uint64_t *last_ns)
{
    struct corr_entry entry = {
        .ts_ns = strtoull(json_str(json_get(v, "ts"), "0"), NULL, 10),
        .stages = (uint32_t)json_i64(json_get(v, "s"), 0),
        .value = strtoull(json_str(json_get(v, "v"), "0"), NULL, 16),
        .number = json_num(json_get(v, "x"), 0),
    };
    if (!entry.stages || entry.stages >> n_rules)
        return ERR_INPUT;
    enum err err = evidence_read(json_get(v, "e"), &entry.evidence);
    if (err)
        return err;
    *last_ns = entry.ts_ns > *last_ns ? entry.ts_ns : *last_ns;
    place(group, position(group, entry.ts_ns, true), &entry);
    evidence_drop(&entry.evidence);
    return ERR_OK;
}

static enum err restore_entries(struct groups *g, const struct sigma_set *set, struct group *group,
                                const struct json *v, uint64_t *last_ns)
{
    const struct sigma_correlation *corr = set->rules[group->rule]->correlation;
    enum err err = ERR_OK;

    for (const struct json *c = json_first(json_get(v, "e"));
         c && !err && group->n < g->limits.entries_max; c = json_next(c))
        err = restore_entry(group, corr->n_rules, c, last_ns);
    if (group->n) /* the head holds what was dropped since it was written */
        drop_old(g, group, group->entries[group->head + group->n - 1].ts_ns, corr->span_ns);
    return err;
}

static enum err restore_head(struct groups *g, const struct sigma_set *set, const char *name,
                             const struct json *v)
{
    const struct sigma_rule *rule = rule_of(set, v);
    struct slice values[SIGMA_GROUPS_MAX] = {0};
    uint64_t last_ns = 0;
    uint32_t n = 0;

    for (const struct json *c = json_first(json_get(v, "values")); c && n < SIGMA_GROUPS_MAX;
         c = json_next(c))
        values[n++] = json_text(c);
    if (!rule || n != rule->correlation->n_groups)
        return ERR_NOTFOUND; /* the rule was changed: its old state means nothing */
    struct group *group = groups_take(g, rule, values);
    if (!group || strcmp(group->name, name) != 0)
        return ERR_INPUT;
    group->fired_ns = strtoull(json_str(json_get(v, "fired"), "0"), NULL, 10);
    group->deadline_ns = strtoull(json_str(json_get(v, "deadline"), "0"), NULL, 10);
    group->saved = true;
    group->head_dirty = false;
    return restore_entries(g, set, group, v, &last_ns);
}

/* A chunk comes after its head: names are walked in order. */
static enum err restore_chunk(struct groups *g, const struct sigma_set *set, struct group *group,
                              const struct json *v, uint64_t seq)
{
    struct group_chunk chunk = {seq, 0};
    enum err err = restore_entries(g, set, group, v, &chunk.last_ns);

    if (group->n_chunks == group->chunks_room)
        group->chunks = grown(group->chunks, &group->chunks_room, sizeof(*group->chunks));
    group->chunks[group->n_chunks++] = chunk;
    group->next_seq = seq >= group->next_seq ? seq + 1 : group->next_seq;
    return err;
}

enum err groups_restore(struct groups *g, const struct sigma_set *set, const char *name,
                        const struct json *v)
{
    const char *slash = strchr(name, '/');
    char head[GROUP_NAME_MAX];

    g->restored = true;
    if (!slash)
        return restore_head(g, set, name, v);
    snprintf(head, sizeof(head), "%.*s", (int)(slash - name), name);
    struct group *group = groups_find(g, head);
    return group ? restore_chunk(g, set, group, v, strtoull(slash + 1, NULL, 10)) : ERR_NOTFOUND;
}
