/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformance of the correlator, as data: each file of conformance/ is about one type or one trap
 * of the Sigma specification, each case of it is rules, events and the hits they must give. See
 * conformance/README.md for the keys.
 *
 * A case runs three times: one event a batch, all events in one batch, and one event a batch with
 * the correlator taken down and restored from its checkpoints in between.
 */
#include "sigma_case.h"

#include "analyzer/correlate/correlate.h"

#include <dirent.h>
#include <math.h>

enum { HITS_MAX = 128, STATES_MAX = 400, FILES_MAX = 64 };
enum way { WAY_EACH, WAY_ALL, WAY_DYING, WAYS };
static const char *const way_names[WAYS] = {"one a batch", "all in one batch", "dying"};

struct got {
    char rule[32];
    char group[160]; /* values with commas between */
    double at, value;
    uint64_t n;
    bool matched;
};

struct state {
    char *name;
    struct strbuf bytes;
};

struct run {
    const struct json *test;
    const char *where; /* file and case */
    enum way way;
    char *rules;
    struct sigma_set set;
    struct correlator *c;
    uint64_t counters[CORRELATE_COUNTERS];
    struct got got[HITS_MAX];
    uint32_t n;
    uint32_t wrong;
    struct state states[STATES_MAX];
    uint32_t n_states;
};

static void note(void *ctx, const struct corr_hit *hit)
{
    struct run *r = ctx;

    if (!hit->rule->correlation && !json_bool(json_get(r->test, "detections"), false))
        return; /* those that nothing refers to are told for each event */
    assert_true(r->n < HITS_MAX);
    struct got *g = &r->got[r->n++];
    memset(g, 0, sizeof(*g));
    snprintf(g->rule, sizeof(g->rule), "%s", hit->rule->name);
    for (uint32_t i = 0; i < hit->n_groups; i++) {
        size_t used = strlen(g->group);
        snprintf(g->group + used, sizeof(g->group) - used, "%s%s", i ? "," : "",
                 hit->group_values[i]);
    }
    g->at = (double)hit->ts_ns / 1e9;
    g->value = hit->value;
    g->n = hit->n;
}

static uint64_t ns_of(const struct json *v, double or_else)
{
    return (uint64_t)llround(json_num(v, or_else) * 1e6) * 1000;
}

static void start(struct run *r)
{
    const struct json *limits = json_get(r->test, "limits");

    sigma_init(&r->set);
    r->set.strict = json_bool(json_get(r->test, "strict"), false);
    r->set.expand = json_get(r->test, "expand");
    const char *shipped = json_str(json_get(r->test, "load"), NULL);
    if (shipped) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", TRAMGAC_SOURCE_DIR, shipped);
        assert_int_equal(sigma_load(&r->set, path), ERR_OK);
    }
    sigma_parse_text(&r->set, "case", slice_of_str(r->rules));
    sigma_freeze(&r->set);
    r->c = correlate_new(&r->set,
                         (struct correlate_limits){
                             .groups_max = (uint32_t)json_i64(json_get(limits, "groups"), 100),
                             .entries_max = (uint32_t)json_i64(json_get(limits, "entries"), 4096),
                             .late_ns = ns_of(json_get(limits, "late"), 3600),
                             .idle_ns = ns_of(json_get(limits, "idle"), 60),
                         },
                         r->counters);
}

static void stop(struct run *r)
{
    correlate_free(&r->c);
    sigma_fini(&r->set);
}

/* ---- checkpoints ---- */

static uint32_t state_find(const struct run *r, const char *name)
{
    uint32_t i = 0;
    while (i < r->n_states && strcmp(r->states[i].name, name) != 0)
        i++;
    return i;
}

static enum err state_drop(void *ctx, const char *name)
{
    struct run *r = ctx;
    uint32_t i = state_find(r, name);

    if (i == r->n_states)
        return ERR_OK;
    free(r->states[i].name);
    strbuf_fini(&r->states[i].bytes);
    r->states[i] = r->states[--r->n_states];
    return ERR_OK;
}

static enum err state_put(void *ctx, const char *name, struct slice bytes)
{
    struct run *r = ctx;

    state_drop(ctx, name);
    assert_true(r->n_states < STATES_MAX);
    struct state *s = &r->states[r->n_states++];
    s->name = strdup(name);
    strbuf_init(&s->bytes, 0);
    strbuf_slice(&s->bytes, bytes);
    return ERR_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct state *)a)->name, ((const struct state *)b)->name);
}

static void die_and_come_back(struct run *r)
{
    struct correlate_sink sink = {state_put, state_drop, r};

    assert_int_equal(correlate_save(r->c, &sink), ERR_OK);
    stop(r);
    start(r);
    qsort(r->states, r->n_states, sizeof(r->states[0]), by_name);
    for (uint32_t i = 0; i < r->n_states; i++)
        assert_int_equal(
            correlate_restore(r->c, r->states[i].name, strbuf_view(&r->states[i].bytes)), ERR_OK);
}

/* ---- events ---- */

static void add_event(struct batch *batch, const struct json *event)
{
    struct strbuf text;

    strbuf_init(&text, 0);
    json_write(event, &text);
    struct record *rec = case_record(batch, text.at);
    strbuf_fini(&text);
    rec->ts_ns = ns_of(json_get(event, "t"), 0);
    const struct json *alert = json_get(event, "alert");
    if (alert) {
        rec->is_alert = true;
        rec->alert.sid = json_i64(json_get(alert, "signature_id"), 0);
        record_severity_parse(json_text(json_get(event, "severity")), &rec->severity);
    }
    rec->site = json_str(json_get(event, "site"), "");
    rec->src.internal = strncmp(rec->src.addr_text, "10.", 3) == 0;
    rec->dst.internal = strncmp(rec->dst.addr_text, "10.", 3) == 0;
}

static void flush(struct run *r, struct batch *batch)
{
    correlate_batch(r->c, batch, note, r);
    batch_clear(batch);
    if (r->way == WAY_DYING)
        die_and_come_back(r);
}

static void play(struct run *r)
{
    struct batch batch;

    batch_init(&batch);
    for (const struct json *e = json_first(json_get(r->test, "events")); e; e = json_next(e)) {
        for (int64_t i = json_i64(json_get(e, "times"), 1); i > 0; i--)
            add_event(&batch, e);
        if (r->way != WAY_ALL)
            flush(r, &batch);
    }
    if (r->way == WAY_ALL)
        flush(r, &batch);
    if (json_bool(json_get(r->test, "end"), false))
        correlate_deadlines(r->c, UINT64_MAX, note, r);
    batch_fini(&batch);
}

/* ---- what must come of it ---- */

static void group_text(const struct json *group, char *out, size_t room)
{
    const struct json *v = json_kind(group) == JSON_ARR ? json_first(group) : group;

    out[0] = '\0';
    for (; v; v = json_kind(group) == JSON_ARR ? json_next(v) : NULL) {
        size_t used = strlen(out);
        if (json_kind(v) == JSON_NUM)
            snprintf(out + used, room - used, "%s%g", used ? "," : "", json_num(v, 0));
        else
            snprintf(out + used, room - used, "%s%s", used ? "," : "", json_str(v, ""));
    }
}

static bool fits(const struct got *g, const struct json *want)
{
    char group[160];
    const struct json *value = json_get(want, "value");
    const struct json *n = json_get(want, "events");

    group_text(json_get(want, "group"), group, sizeof(group));
    return !g->matched && strcmp(g->rule, json_str(json_get(want, "rule"), "x")) == 0 &&
           strcmp(g->group, group) == 0 &&
           fabs(g->at - json_num(json_get(want, "at"), -1)) < 1e-6 &&
           (!value || fabs(g->value - json_num(value, 0)) < 1e-3) &&
           (!n || (int64_t)g->n == json_i64(n, -1));
}

static void complain(struct run *r, const char *what)
{
    r->wrong++;
    print_message("%s (%s): %s\n", r->where, way_names[r->way], what);
    for (uint32_t i = 0; i < r->n; i++)
        print_message("  got rule %s group %s at %.6f value %g events %llu\n", r->got[i].rule,
                      r->got[i].group, r->got[i].at, r->got[i].value,
                      (unsigned long long)r->got[i].n);
    for (uint32_t i = 0; i < r->set.n_faults; i++)
        print_message("  fault: %s\n", r->set.faults[i].text);
}

static void check_hits(struct run *r)
{
    uint32_t n = 0;

    for (const struct json *w = json_first(json_get(r->test, "expect")); w; w = json_next(w)) {
        uint32_t i = 0;
        while (i < r->n && !fits(&r->got[i], w))
            i++;
        if (i == r->n)
            complain(r, "a hit is missing");
        else
            r->got[i].matched = true;
        n++;
    }
    if (r->n > n)
        complain(r, "hits too many");
}

static void check_faults(struct run *r)
{
    const struct json *want = json_get(r->test, "faults");

    if (json_count(want) != r->set.n_faults)
        complain(r, "not the faults that were expected");
    for (const struct json *w = json_first(want); w; w = json_next(w)) {
        uint32_t i = 0;
        while (i < r->set.n_faults && !strstr(r->set.faults[i].text, json_str(w, "")))
            i++;
        if (i == r->set.n_faults)
            complain(r, json_str(w, ""));
    }
}

static void check_counters(struct run *r)
{
    for (const struct json *w = json_first(json_get(r->test, "counters")); w; w = json_next(w)) {
        char name[64];
        uint32_t i = 0;
        snprintf(name, sizeof(name), "correlate.%s", json_key(w));
        while (correlate_counters[i].name && strcmp(correlate_counters[i].name, name) != 0)
            i++;
        if (!correlate_counters[i].name || (int64_t)r->counters[i] != json_i64(w, -1))
            complain(r, name);
    }
}

static bool wanted(const struct json *test, enum way way)
{
    const char *arrival = json_str(json_get(test, "arrival"), "");

    if (strcmp(arrival, "alive") == 0)
        return way == WAY_EACH;
    if (strcmp(arrival, "one by one") == 0)
        return way != WAY_ALL;
    return strcmp(arrival, "together") == 0 ? way == WAY_ALL : true;
}

/* How many things were not as expected. */
static uint32_t run_case(const char *where, const char *base, const struct json *test, enum way way)
{
    struct run *r = calloc(1, sizeof(*r));
    struct strbuf rules;

    assert_non_null(r);
    strbuf_init(&rules, 0);
    strbuf_fmt(&rules, "%s\n---\n%s", base, json_str(json_get(test, "rules"), ""));
    r->rules = rules.at;
    r->test = test;
    r->where = where;
    r->way = way;
    start(r);
    check_faults(r);
    play(r);
    check_hits(r);
    if (way == WAY_EACH || json_get(test, "arrival"))
        check_counters(r);
    stop(r);
    while (r->n_states)
        state_drop(r, r->states[0].name);
    strbuf_fini(&rules);
    uint32_t wrong = r->wrong;
    free(r);
    return wrong;
}

static uint32_t run_file(const char *path, const char *name, uint32_t *wrong)
{
    struct json *tree = NULL;
    struct json_fault fault = {0};
    uint32_t n = 0;

    if (json_load(path, 1 << 20, &tree, &fault))
        fail_msg("%s:%u: %s", name, fault.line, fault.text);
    const char *base = json_str(json_get(tree, "base"), "");
    for (const struct json *t = json_first(json_get(tree, "cases")); t; t = json_next(t)) {
        char where[256];
        snprintf(where, sizeof(where), "%s: %s", name, json_str(json_get(t, "name"), "?"));
        for (enum way way = 0; way < WAYS; way++) {
            if (wanted(t, way))
                *wrong += run_case(where, base, t, way);
        }
        n++;
    }
    assert_true(n > 0);
    json_free(&tree);
    return n;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void every_case_of_the_suite_gives_its_hits(void **state)
{
    (void)state;
    static const char folder[] = TRAMGAC_SOURCE_DIR "/tests/unit/analyzer/correlate/conformance";
    const char *only = getenv("TRAMGAC_CONFORMANCE"); /* one file, by hand */
    char *names[FILES_MAX];
    uint32_t n = 0;
    uint32_t cases = 0;
    uint32_t wrong = 0;
    DIR *dir = opendir(folder);

    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        size_t len = strlen(e->d_name);
        if (len > 4 && strcmp(e->d_name + len - 4, ".yml") == 0) {
            assert_true(n < FILES_MAX);
            names[n++] = strdup(e->d_name);
        }
    }
    closedir(dir);
    qsort(names, n, sizeof(names[0]), by_text);
    for (uint32_t i = 0; i < n; i++) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        if (!only || strstr(names[i], only))
            cases += run_file(path, names[i], &wrong);
        free(names[i]);
    }
    print_message("%u cases of %u files\n", cases, n);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_the_suite_gives_its_hits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
