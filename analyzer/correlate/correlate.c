/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The correlator. One batch: every record is held against all detections; what fits is an entry for
 * the correlations that refer to them; the entries are placed in order of time, and after each
 * moment the groups it touched are decided, lower links of chains first.
 */
#include "analyzer/correlate/correlate.h"
#include "analyzer/correlate/groups.h"
#include "analyzer/correlate/verdicts.h"
#include "analyzer/correlate/watermark.h"
#include "common/check.h"
#include "common/digest.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    LATER_MAX = 256, /* windows that one late event can make anew */
    PROOF_ENDS = CORR_EVIDENCE_MAX / 2,
    KEY_MAX = GROUP_NAME_MAX + 24,
};

const struct counter correlate_counters[] = {
    {"correlate.records", "Records held against the Sigma rules"},
    {"correlate.matches", "Detections that fitted a record"},
    {"correlate.hits", "Hits of rules given on to incidents"},
    {"correlate.silent", "Conditions met again within one timespan of a hit: not told twice"},
    {"correlate.missing", "Events left out because a group-by or condition field was missing"},
    {"correlate.late", "Events older than what their group had seen; placed and counted"},
    {"correlate.too_late", "Events too old for their full group; raise correlate.entries"},
    {"correlate.evicted", "Groups given up for newer ones; raise correlate.groups"},
    {"correlate.trimmed", "Groups whose oldest events were dropped; raise correlate.entries"},
    COUNTER_END,
};

const struct option correlate_options[] = {
    {"correlate.rules", CONF_LIST, "rules/correlation",
     "Files or folders with Sigma rules and correlations"},
    {"correlate.groups", CONF_INT, "20000", "Groups of one correlation that are remembered"},
    {"correlate.entries", CONF_INT, "4096", "Events of one group that are remembered"},
    {"correlate.late", CONF_SPAN, "10m", "An event this much behind its group still counts"},
    {"correlate.idle", CONF_SPAN, "60s",
     "A sensor this much behind the newest does not hold deadlines back"},
    {"correlate.strict_pysigma", CONF_BOOL, "no",
     "Put rules aside that pySigma would refuse: ranges, our own types and modifiers"},
    {"correlate.expand", CONF_TREE, NULL, "Lists for %placeholders% of rules, by name"},
    OPTION_END,
};

struct correlate_limits correlate_limits_of(const struct conf *conf)
{
    int64_t groups = conf_int(conf, "correlate.groups");
    int64_t entries = conf_int(conf, "correlate.entries");

    return (struct correlate_limits){
        .groups_max = groups < 1        ? 1
                      : groups > 200000 ? 200000
                                        : (uint32_t)groups,
        .entries_max = entries < 16        ? 16
                       : entries > 1000000 ? 1000000
                                           : (uint32_t)entries,
        .late_ns = conf_span_ns(conf, "correlate.late"),
        .idle_ns = conf_span_ns(conf, "correlate.idle"),
    };
}

bool correlate_within(const struct sigma_correlation *c, double value)
{
    double v = value;
    const double *l = c->limit;
    bool met[CORR_OPS] = {
        [CORR_GT] = v > l[CORR_GT],    [CORR_GTE] = v >= l[CORR_GTE], [CORR_LT] = v < l[CORR_LT],
        [CORR_LTE] = v <= l[CORR_LTE], [CORR_EQ] = v == l[CORR_EQ],   [CORR_NEQ] = v != l[CORR_NEQ],
    };

    for (uint32_t i = 0; i < CORR_OPS; i++) {
        if (c->has[i] && !met[i])
            return false;
    }
    return true;
}

#define WATERMARK_NAME "corr/sensors"

/** Correlation `rule` refers to a rule as its stage `stage`. */
struct use {
    uint32_t rule;
    uint32_t stage;
};

/** What fitted, before it is placed. */
struct pending {
    uint64_t ts_ns;
    uint32_t seq;
    const struct sigma_rule *rule; /* the correlation; a detection that is told itself */
    struct slice values[SIGMA_GROUPS_MAX];
    struct corr_entry entry; /* owns its evidence */
};

struct touched {
    struct group *group;
    uint64_t ts_ns;
};

struct correlator {
    const struct sigma_set *set;
    struct correlate_limits limits;
    uint64_t *counters;
    struct groups *groups;
    struct sigma_view view;
    struct verdicts *verdicts;
    struct use *uses;  /* of all rules, one after the other */
    uint32_t *uses_at; /* rule i: uses[uses_at[i] .. uses_at[i + 1]) */
    uint32_t chain_fields[EVIDENCE_FIELDS_MAX];
    uint32_t n_chain_fields;
    uint32_t site_field;  /* n_fields: no rule asks for it */
    struct arena scratch; /* texts of one batch */
    struct pending *pending;
    uint32_t n_pending, pending_room;
    struct touched *touched;
    uint32_t n_touched, touched_room;
    struct watermark *watermark;
    correlate_emit *emit;
    void *emit_ctx;
};

/* ---- construction ---- */

static void index_uses(struct correlator *c)
{
    const struct sigma_set *set = c->set;
    uint32_t n = 0;

    c->uses = calloc((size_t)set->n_order * SIGMA_STAGES_MAX + 1, sizeof(*c->uses));
    c->uses_at = calloc(set->n_rules + 1, sizeof(*c->uses_at));
    CHECK(c->uses && c->uses_at);
    for (uint32_t i = 0; i < set->n_rules; i++) {
        c->uses_at[i] = n;
        for (uint32_t k = 0; k < set->n_order; k++) {
            const struct sigma_correlation *corr = set->rules[set->order[k]]->correlation;
            for (uint32_t s = 0; s < corr->n_rules; s++) {
                if (corr->rules[s] == i)
                    c->uses[n++] = (struct use){set->order[k], s};
            }
        }
    }
    c->uses_at[set->n_rules] = n;
}

static void add_chain_field(struct correlator *c, uint32_t field)
{
    for (uint32_t i = 0; i < c->n_chain_fields; i++) {
        if (c->chain_fields[i] == field)
            return;
    }
    if (c->n_chain_fields < EVIDENCE_FIELDS_MAX)
        c->chain_fields[c->n_chain_fields++] = field;
}

/* Fields that links above the first one ask for: kept with the evidence. */
static void find_chain_fields(struct correlator *c)
{
    for (uint32_t k = 0; k < c->set->n_order; k++) {
        const struct sigma_correlation *corr = c->set->rules[c->set->order[k]]->correlation;
        if (corr->rank == 0)
            continue;
        for (uint32_t s = 0; s < corr->n_rules; s++) {
            for (uint32_t g = 0; g < corr->n_groups; g++)
                add_chain_field(c, corr->group_fields[s][g]);
        }
        for (uint32_t v = 0; v < corr->n_values; v++)
            add_chain_field(c, corr->value_fields[v]);
    }
}

struct correlator *correlate_new(const struct sigma_set *set, struct correlate_limits limits,
                                 uint64_t *counters)
{
    struct correlator *c = calloc(1, sizeof(*c));

    CHECK(c && set->frozen);
    c->set = set;
    c->limits = limits;
    c->counters = counters;
    c->groups = groups_new(set->n_rules, limits, counters);
    c->watermark = watermark_new(limits.idle_ns);
    sigma_match_init(&c->view, set);
    c->verdicts = verdicts_new(set);
    arena_init(&c->scratch, 65536, 0);
    index_uses(c);
    find_chain_fields(c);
    c->site_field = 0;
    while (c->site_field < set->n_fields && strcmp(set->fields[c->site_field], "site") != 0)
        c->site_field++;
    return c;
}

static void drop_pending(struct correlator *c)
{
    for (uint32_t i = 0; i < c->n_pending; i++)
        evidence_drop(&c->pending[i].entry.evidence);
    c->n_pending = 0;
}

void correlate_free(struct correlator **out)
{
    struct correlator *c = *out;

    if (!c)
        return;
    drop_pending(c);
    groups_free(&c->groups);
    watermark_free(&c->watermark);
    sigma_match_fini(&c->view);
    verdicts_free(&c->verdicts);
    arena_fini(&c->scratch);
    free(c->uses);
    free(c->uses_at);
    free(c->pending);
    free(c->touched);
    free(c);
    *out = NULL;
}

/* ---- from records to entries ---- */

static struct slice field_text(struct correlator *c, uint32_t field)
{
    char room[48];
    struct record_value v = sigma_match_value(&c->view, field);
    struct slice text = sigma_match_text(&v, room, sizeof(room));

    if (text.len == 0 && field == c->site_field)
        return SLICE_LIT("-"); /* who has one site only need not name it */
    return v.kind == VALUE_TEXT ? text : arena_keep(&c->scratch, text);
}

static struct evidence *evidence_of(struct correlator *c, const struct record *r)
{
    struct slice fields[EVIDENCE_FIELDS_MAX];

    for (uint32_t i = 0; i < c->n_chain_fields; i++)
        fields[i] = field_text(c, c->chain_fields[i]);
    struct evidence *e = evidence_new(r, fields, c->n_chain_fields);
    CHECK(e);
    return e;
}

static uint64_t hash_of(const struct slice *texts, uint32_t n)
{
    struct digest digest;
    uint8_t bytes[DIGEST_MAX];
    uint64_t hash;

    digest_init(&digest, DIGEST_SHA256);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t lower[GROUP_VALUE_MAX];
        struct slice text = slice_head(texts[i], GROUP_VALUE_MAX);
        for (uint32_t k = 0; k < text.len; k++)
            lower[k] = (uint8_t)tolower(text.at[k]);
        digest_update(&digest, (struct slice){lower, text.len});
        digest_update(&digest, SLICE_LIT("\x1f"));
    }
    digest_final(&digest, bytes);
    memcpy(&hash, bytes, sizeof(hash));
    return hash;
}

static bool number_of(struct slice text, double *number)
{
    char room[48];
    char *end = NULL;

    if (text.len == 0 || text.len >= sizeof(room))
        return false;
    memcpy(room, text.at, text.len);
    room[text.len] = '\0';
    *number = strtod(room, &end);
    return *end == '\0';
}

/* The condition's fields of an entry; false when one is missing or is no number. */
static bool set_value(const struct sigma_correlation *corr, const struct slice *texts,
                      struct corr_entry *entry)
{
    for (uint32_t i = 0; i < corr->n_values; i++) {
        if (texts[i].len == 0)
            return false;
    }
    if (corr->n_values)
        entry->value = hash_of(texts, corr->n_values);
    return !corr->def->numeric || number_of(texts[0], &entry->number);
}

static struct pending *pending_add(struct correlator *c)
{
    if (c->n_pending == c->pending_room) {
        c->pending_room = c->pending_room ? c->pending_room * 2 : 256;
        c->pending = realloc(c->pending, c->pending_room * sizeof(*c->pending));
        CHECK(c->pending);
    }
    struct pending *p = &c->pending[c->n_pending];
    memset(p, 0, sizeof(*p));
    p->seq = c->n_pending++;
    return p;
}

static bool same_values(const struct pending *a, const struct pending *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!slice_ieq(a->values[i], b->values[i]))
            return false;
    }
    return true;
}

/* The event is there already for that correlation and group: it counts once, for both stages. */
static bool joined(struct correlator *c, const struct pending *p, uint32_t from)
{
    for (uint32_t i = from; i < c->n_pending; i++) {
        struct pending *other = &c->pending[i];
        if (other != p && other->rule == p->rule &&
            same_values(other, p, p->rule->correlation->n_groups)) {
            other->entry.stages |= p->entry.stages;
            return true;
        }
    }
    return false;
}

/* One use of a detection that fits the record in view; `from`: its first pending entry. */
static void add_use(struct correlator *c, const struct use *use, struct evidence *e, uint32_t from)
{
    const struct sigma_rule *rule = c->set->rules[use->rule];
    const struct sigma_correlation *corr = rule->correlation;
    struct slice texts[SIGMA_VALUES_MAX];
    struct pending p = {.ts_ns = e->ts_ns, .rule = rule};

    p.entry = (struct corr_entry){.ts_ns = e->ts_ns, .stages = 1u << use->stage};
    bool whole = true;
    for (uint32_t g = 0; g < corr->n_groups; g++) {
        p.values[g] = field_text(c, corr->group_fields[use->stage][g]);
        whole = whole && p.values[g].len;
    }
    for (uint32_t v = 0; v < corr->n_values; v++)
        texts[v] = field_text(c, corr->value_fields[v]);
    if (!whole || !set_value(corr, texts, &p.entry)) {
        c->counters[CORRELATE_MISSING]++;
        return;
    }
    if (joined(c, &p, from))
        return;
    struct pending *kept = pending_add(c);
    p.seq = kept->seq;
    *kept = p;
    kept->entry.evidence = evidence_keep(e);
}

static void add_told(struct correlator *c, const struct sigma_rule *rule, struct evidence *e)
{
    struct pending *p = pending_add(c);
    p->ts_ns = e->ts_ns;
    p->rule = rule;
    p->entry = (struct corr_entry){.ts_ns = e->ts_ns, .stages = 1, .evidence = evidence_keep(e)};
}

static void match_record(struct correlator *c, const struct record *r)
{
    const uint32_t *fitting;
    uint32_t n = verdicts_of(c->verdicts, &c->view, r, &fitting);
    struct evidence *e = n ? evidence_of(c, r) : NULL;
    uint32_t from = c->n_pending;

    c->counters[CORRELATE_RECORDS]++;
    c->counters[CORRELATE_MATCHES] += n;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = fitting[k];
        const struct sigma_rule *rule = c->set->rules[i];
        for (uint32_t u = c->uses_at[i]; u < c->uses_at[i + 1]; u++)
            add_use(c, &c->uses[u], e, from);
        if (rule->generate || !rule->referred)
            add_told(c, rule, e);
    }
    evidence_drop(&e);
}

/* ---- decisions ---- */

static void give(struct correlator *c, const struct sigma_rule *rule, const char *name,
                 const char *const *values, const struct corr_window *w, double value,
                 const struct corr_proof *proofs, uint32_t n_proofs, uint64_t ts_ns)
{
    char key[KEY_MAX];
    const struct sigma_correlation *corr = rule->correlation;
    struct corr_hit hit = {
        .rule = rule,
        .key = key,
        .ts_ns = ts_ns,
        .first_ns = w->at[0].ts_ns,
        .n = w->n,
        .value = value,
        .n_groups = corr ? corr->n_groups : 0,
        .group_names = corr ? corr->groups : NULL,
        .group_values = values,
        .n_proofs = n_proofs,
        .proofs = proofs,
    };
    snprintf(key, sizeof(key), "%s-%llx", name, (unsigned long long)ts_ns);
    c->counters[CORRELATE_HITS]++;
    c->emit(c->emit_ctx, &hit);
}

static struct corr_proof proof_of(const struct correlator *c, const struct sigma_correlation *corr,
                                  const struct corr_entry *entry, uint32_t stage)
{
    return (struct corr_proof){stage, c->set->rules[corr->rules[stage]], entry->evidence};
}

static uint32_t lowest_stage(uint32_t stages)
{
    uint32_t s = 0;
    while (!(stages >> s & 1))
        s++;
    return s;
}

/* One proof a stage, or the first and last entries of the window. */
static uint32_t collect_proofs(const struct correlator *c, const struct sigma_correlation *corr,
                               const struct corr_window *w, const struct corr_result *result,
                               struct corr_proof *proofs)
{
    uint32_t n = 0;

    for (uint32_t s = 0; s < result->n_picks; s++) {
        if (result->picks[s] < w->n)
            proofs[n++] = proof_of(c, corr, &w->at[result->picks[s]], s);
    }
    for (uint32_t i = 0; result->n_picks == 0 && i < w->n; i++) {
        if (i == PROOF_ENDS && w->n > CORR_EVIDENCE_MAX)
            i = w->n - PROOF_ENDS;
        proofs[n++] = proof_of(c, corr, &w->at[i], lowest_stage(w->at[i].stages));
    }
    return n;
}

static void touch(struct correlator *c, struct group *group, uint64_t ts_ns)
{
    for (uint32_t i = c->n_touched; i-- > 0 && group->busy;) {
        if (c->touched[i].group == group && c->touched[i].ts_ns == ts_ns)
            return;
    }
    if (c->n_touched == c->touched_room) {
        c->touched_room = c->touched_room ? c->touched_room * 2 : 64;
        c->touched = realloc(c->touched, c->touched_room * sizeof(*c->touched));
        CHECK(c->touched);
    }
    group->busy = true;
    c->touched[c->n_touched++] = (struct touched){group, ts_ns};
}

static void open_deadline(const struct sigma_correlation *corr, struct group *group, uint64_t ts_ns)
{
    if (!group->deadline_ns)
        group->deadline_ns = ts_ns + corr->span_ns;
}

static bool has_deadline(const struct sigma_correlation *corr)
{
    return corr->absence || (corr->def->counts && (corr->has[CORR_LT] || corr->has[CORR_LTE]));
}

static void place(struct correlator *c, const struct sigma_rule *rule, const struct slice *values,
                  const struct corr_entry *entry)
{
    const struct sigma_correlation *corr = rule->correlation;
    struct group *group = groups_take(c->groups, rule, values);

    if (!group) {
        c->counters[CORRELATE_EVICTED]++;
        return;
    }
    if (group->n && group->entries[group->head + group->n - 1].ts_ns > entry->ts_ns)
        c->counters[CORRELATE_LATE]++;
    if (!groups_insert(c->groups, group, corr->span_ns, entry)) {
        c->counters[CORRELATE_TOO_LATE]++;
        return;
    }
    if (has_deadline(corr))
        open_deadline(corr, group, entry->ts_ns);
    else
        touch(c, group, entry->ts_ns);
}

/* Value of a field for the next link of a chain: of the group, else of the event that completed. */
static struct slice chain_text(const struct correlator *c, const struct sigma_rule *below,
                               const struct group *group, const struct evidence *e, uint32_t field)
{
    const struct sigma_correlation *corr = below->correlation;

    for (uint32_t g = 0; g < corr->n_groups; g++) {
        if (strcmp(corr->groups[g], c->set->fields[field]) == 0)
            return slice_of_str(group->values[g]);
    }
    for (uint32_t i = 0; i < c->n_chain_fields && i < e->n_fields; i++) {
        if (c->chain_fields[i] == field)
            return slice_of_str(e->fields[i]);
    }
    return SLICE_NONE;
}

/* A hit is an event for the correlations above. */
static void hand_up(struct correlator *c, const struct sigma_rule *below, const struct group *group,
                    struct evidence *e, uint64_t ts_ns)
{
    for (uint32_t u = c->uses_at[below->index]; u < c->uses_at[below->index + 1]; u++) {
        const struct use *use = &c->uses[u];
        const struct sigma_rule *rule = c->set->rules[use->rule];
        const struct sigma_correlation *corr = rule->correlation;
        struct slice values[SIGMA_GROUPS_MAX];
        struct slice texts[SIGMA_VALUES_MAX];
        bool whole = true;
        for (uint32_t g = 0; g < corr->n_groups; g++) {
            values[g] = chain_text(c, below, group, e, corr->group_fields[use->stage][g]);
            whole = whole && values[g].len;
        }
        for (uint32_t v = 0; v < corr->n_values; v++)
            texts[v] = chain_text(c, below, group, e, corr->value_fields[v]);
        struct corr_entry entry = {.ts_ns = ts_ns, .stages = 1u << use->stage, .evidence = e};
        if (whole && set_value(corr, texts, &entry))
            place(c, rule, values, &entry);
        else
            c->counters[CORRELATE_MISSING]++;
    }
}

static void fire(struct correlator *c, struct group *group, const struct corr_window *w,
                 const struct corr_result *result, uint64_t ts_ns)
{
    const struct sigma_rule *rule = c->set->rules[group->rule];
    struct corr_proof proofs[CORR_EVIDENCE_MAX + SIGMA_STAGES_MAX];
    uint32_t n = collect_proofs(c, rule->correlation, w, result, proofs);

    group->fired_ns = ts_ns;
    groups_mark(c->groups, group);
    if (!rule->referred || rule->generate || rule->incident)
        give(c, rule, group->name, group->values, w, result->value, proofs, n, ts_ns);
    struct evidence *last = evidence_keep(w->at[w->n - 1].evidence);
    hand_up(c, rule, group, last, ts_ns);
    evidence_drop(&last);
}

/* A condition that late events show to have been met before the hit is a hit of its own: what
 * comes after it in a chain may have waited for that. */
static bool is_silent(const struct group *group, uint64_t ts_ns, uint64_t span_ns)
{
    uint64_t f = group->fired_ns;
    return f && ts_ns >= f && ts_ns - f <= span_ns;
}

static bool completes(const struct sigma_correlation *corr, const struct corr_window *w)
{
    uint32_t stages = 0;

    if (!corr->def->ends_with_last)
        return true;
    for (uint32_t i = w->n; i-- > 0 && w->at[i].ts_ns == w->at[w->n - 1].ts_ns;)
        stages |= w->at[i].stages;
    return stages >> (corr->n_rules - 1) & 1;
}

/* Of events of one moment as many as the condition needs: where a batch ends between them, those
 * behind would not be known yet. Of one rule only; an order or several rules want the whole moment.
 */
static void shrink(const struct sigma_correlation *corr, struct corr_window *w,
                   struct corr_result *result)
{
    uint32_t whole = w->n;
    uint32_t n = whole;

    if (corr->def->stages)
        return;
    while (n > 1 && w->at[n - 2].ts_ns == w->at[whole - 1].ts_ns)
        n--;
    for (; n <= whole; n++) {
        *result = (struct corr_result){0};
        w->n = n;
        if (corr->def->met(corr, w, result))
            return;
    }
}

/* Is the condition met by the window that ends at `ts_ns`? */
static void decide(struct correlator *c, struct group *group, uint64_t ts_ns)
{
    const struct sigma_correlation *corr = c->set->rules[group->rule]->correlation;
    uint64_t from = ts_ns > corr->span_ns ? ts_ns - corr->span_ns : 0;
    struct corr_window w = groups_window(group, from, ts_ns);
    struct corr_result result = {0};

    if (w.n == 0 || !completes(corr, &w) || !corr->def->met(corr, &w, &result))
        return;
    if (corr->def->each ? group->fired_ns == ts_ns : is_silent(group, ts_ns, corr->span_ns)) {
        c->counters[CORRELATE_SILENT]++;
    } else {
        shrink(corr, &w, &result);
        fire(c, group, &w, &result, ts_ns);
    }
}

/* At the time of a new event, and at the later ones whose window it belongs to. */
static void decide_from(struct correlator *c, struct group *group, uint64_t ts_ns)
{
    const struct sigma_correlation *corr = c->set->rules[group->rule]->correlation;
    uint64_t at = ts_ns;

    for (uint32_t i = 0; i < LATER_MAX; i++) {
        decide(c, group, at);
        if (corr->def->each)
            return; /* what came later was told by what was known then */
        struct corr_window later = groups_window(group, at + 1, ts_ns + corr->span_ns);
        if (later.n == 0)
            return;
        at = later.at[0].ts_ns;
    }
}

/* All groups that this moment touched, lower links of chains first. */
static void decide_touched(struct correlator *c)
{
    for (uint32_t rank = 0; rank <= SIGMA_DEPTH_MAX && c->n_touched; rank++) {
        bool above = false;
        for (uint32_t i = 0; i < c->n_touched; i++) { /* grows while it is walked */
            struct touched t = c->touched[i];
            uint32_t its = c->set->rules[t.group->rule]->correlation->rank;
            above = above || its > rank;
            if (its == rank)
                decide_from(c, t.group, t.ts_ns);
        }
        if (!above)
            break;
    }
    for (uint32_t i = 0; i < c->n_touched; i++)
        c->touched[i].group->busy = false;
    c->n_touched = 0;
}

static void tell(struct correlator *c, const struct pending *p)
{
    struct corr_window w = {&p->entry, 1};
    struct corr_proof proof = {0, p->rule, p->entry.evidence};
    char name[GROUP_NAME_MAX];

    snprintf(name, sizeof(name), "%u-%llx", p->rule->index,
             (unsigned long long)p->entry.evidence->event_id);
    give(c, p->rule, name, NULL, &w, 1, &proof, 1, p->ts_ns);
}

static int by_time(const void *a, const void *b)
{
    const struct pending *x = a;
    const struct pending *y = b;

    if (x->ts_ns != y->ts_ns)
        return x->ts_ns < y->ts_ns ? -1 : 1;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* One window with an upper limit after the other, up to the watermark. */
static void close_windows(struct correlator *c, struct group *group, uint64_t ts_ns)
{
    const struct sigma_correlation *corr = c->set->rules[group->rule]->correlation;

    group->busy = true; /* what its hits touch must not push it out */
    while (group->deadline_ns && group->deadline_ns < ts_ns) {
        uint64_t end = group->deadline_ns;
        struct corr_result result = {0};
        struct corr_window w = groups_window(group, end - corr->span_ns, end);
        if (w.n && corr->def->met(corr, &w, &result))
            fire(c, group, &w, &result, end);
        struct corr_window later = groups_window(group, end + 1, UINT64_MAX);
        group->deadline_ns = later.n ? later.at[0].ts_ns + corr->span_ns : 0;
        groups_mark(c->groups, group);
    }
    group->busy = false;
}

void correlate_deadlines(struct correlator *c, uint64_t ts_ns, correlate_emit *emit, void *ctx)
{
    c->emit = emit;
    c->emit_ctx = ctx;
    for (uint32_t k = 0; k < c->set->n_order; k++) {
        const struct sigma_rule *rule = c->set->rules[c->set->order[k]];
        if (!has_deadline(rule->correlation))
            continue;
        for (struct group *g = groups_first(c->groups, rule->index); g; g = g->older)
            close_windows(c, g, ts_ns);
    }
    decide_touched(c);
}

bool correlate_due(const struct correlator *c, uint64_t quiet_ns, uint64_t *ts_ns)
{
    if (quiet_ns <= c->limits.idle_ns)
        return false;
    *ts_ns = quiet_ns == CORRELATE_END
                 ? UINT64_MAX
                 : watermark_newest(c->watermark) + quiet_ns - c->limits.idle_ns;
    for (uint32_t k = 0; k < c->set->n_order; k++) {
        const struct sigma_rule *rule = c->set->rules[c->set->order[k]];
        if (!has_deadline(rule->correlation))
            continue;
        for (struct group *g = groups_first(c->groups, rule->index); g; g = g->older) {
            if (g->deadline_ns && g->deadline_ns < *ts_ns)
                return true;
        }
    }
    return false;
}

void correlate_batch(struct correlator *c, const struct batch *batch, correlate_emit *emit,
                     void *ctx)
{
    uint64_t oldest_ns = UINT64_MAX;

    c->emit = emit;
    c->emit_ctx = ctx;
    arena_reset(&c->scratch);
    verdicts_begin(c->verdicts);
    groups_begin(c->groups);
    for (uint32_t i = 0; i < batch->n; i++) {
        uint64_t ts_ns = batch->records[i].ts_ns;
        oldest_ns = ts_ns < oldest_ns ? ts_ns : oldest_ns;
        watermark_note(c->watermark, batch->records[i].sensor, ts_ns);
        if (!batch->records[i].exception_id)
            match_record(c, &batch->records[i]);
    }
    if (c->n_pending)
        qsort(c->pending, c->n_pending, sizeof(*c->pending), by_time);
    for (uint32_t i = 0; i < c->n_pending; i++) {
        const struct pending *p = &c->pending[i];
        if (p->rule->correlation)
            place(c, p->rule, p->values, &p->entry);
        else
            tell(c, p);
        if (i + 1 == c->n_pending || c->pending[i + 1].ts_ns != p->ts_ns)
            decide_touched(c);
    }
    drop_pending(c);
    correlate_deadlines(c, watermark_at(c->watermark), emit, ctx);
    if (batch->n)
        groups_expire(c->groups, c->set, oldest_ns);
}

/* ---- checkpoints ---- */

/* Only deadlines look at the sensors' times. */
static bool any_deadline(const struct correlator *c)
{
    for (uint32_t k = 0; k < c->set->n_order; k++) {
        if (has_deadline(c->set->rules[c->set->order[k]]->correlation))
            return true;
    }
    return false;
}

enum err correlate_save(struct correlator *c, const struct correlate_sink *sink)
{
    enum err err = groups_save(c->groups, c->set, sink);
    return !err && any_deadline(c) ? watermark_save(c->watermark, WATERMARK_NAME, sink) : err;
}

void correlate_reset(struct correlator *c)
{
    drop_pending(c);
    groups_free(&c->groups);
    c->groups = groups_new(c->set->n_rules, c->limits, c->counters);
    watermark_clear(c->watermark);
}

enum err correlate_restore(struct correlator *c, const char *name, struct slice bytes)
{
    struct json *v = NULL;

    if (strncmp(name, "corr/", 5) != 0)
        return ERR_NOTFOUND;
    enum err err = json_parse(bytes, &v, NULL);
    if (!err && strcmp(name, WATERMARK_NAME) == 0)
        watermark_restore(c->watermark, v);
    else if (!err)
        err = groups_restore(c->groups, c->set, name + 5, v);
    json_free(&v);
    return err;
}
