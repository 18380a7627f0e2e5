/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searches in every store engine against brute force: random rows, random searches; what an engine
 * gives is what fits when every row is looked at in memory.
 */
#include "analyzer/search/match.h"
#include "analyzer/store/db_rollups.h"
#include "analyzer/store/db_search.h"
#include "common/clock.h"
#include "common/hash.h"
#include "tests/contract/analyzer/fixture.h"

enum { ROWS = 300, SEARCHES = 150 };
#define BEGIN (UINT64_C(1795230000) * CLOCK_S)

static uint64_t seed = 1;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}
#define PICK(list) (list)[random_below(sizeof(list) / sizeof((list)[0]))]

static const char *const addresses[] = {"10.20.4.12",  "10.20.4.13",  "10.20.5.1", "10.21.0.9",
                                        "203.0.113.7", "192.168.1.1", "fd00::12",  "2001:db8::9"};
static const char *const signatures[] = {"Modbus write from a stranger", "Trạm bơm: ghi thanh ghi",
                                         "100% scan_of ports", "Đăng nhập sai"};
static const char *const raws[] = {
    "{\"event_type\":\"alert\",\"dns\":{\"rrname\":\"evil.example\",\"ttl\":300}}",
    "{\"event_type\":\"alert\",\"http\":{\"hostname\":\"Trạm.example\",\"status\":404}}",
    "{\"event_type\":\"flow\",\"flow\":{\"bytes_toserver\":1200}}"};
static const char *const names[] = {"", "cam-ninh-kieu", "Trạm bơm Cái Khế"};
static const char *const techniques[] = {"", "T0855", "T1110.001 T0846"};

static struct record *random_record(struct fixture *f, int64_t id)
{
    struct record *r = alert(f, id, 0, BEGIN + random_below(7200) * CLOCK_S);

    r->severity = (enum severity)random_below(SEVERITY_LEVELS);
    r->kind = random_below(4) ? RECORD_ALERT : RECORD_FLOW;
    r->is_alert = r->kind == RECORD_ALERT;
    r->event_type = r->is_alert ? "alert" : "flow";
    snprintf(r->src.addr_text, sizeof(r->src.addr_text), "%s", PICK(addresses));
    snprintf(r->dst.addr_text, sizeof(r->dst.addr_text), "%s", PICK(addresses));
    r->src.port = (uint16_t)random_below(65536);
    r->dst.port = (uint16_t)(random_below(3) ? 502 : random_below(1024));
    r->src.name = PICK(names);
    r->dst.name = PICK(names);
    r->dst.criticality = (uint8_t)random_below(6);
    r->site = random_below(2) ? "ct" : "phong-dien";
    r->proto = random_below(2) ? "TCP" : "UDP";
    r->app_proto = random_below(2) ? "modbus" : "";
    r->alert.sid = r->is_alert ? 9000001 + random_below(4) : 0;
    r->alert.signature = r->is_alert ? PICK(signatures) : "";
    r->technique_words = r->is_alert ? PICK(techniques) : "";
    r->raw = slice_of_str(PICK(raws));
    json_parse_in(r->raw, &f->batch.arena, &r->eve, NULL);
    return r;
}

static const char *const terms[] = {"src:10.20.4.12",
                                    "ip:10.20.0.0/16",
                                    "dst:10.20.4.0/23",
                                    "ip:10.16.0.0/12",
                                    "src:10.20.4.12/31",
                                    "dst:0.0.0.0/0",
                                    "ip:fd00::/8",
                                    "src:2001:db8::9",
                                    "src:10.2*",
                                    "dport:502",
                                    "port:<1024",
                                    "sport:>=30000",
                                    "dport:100..600",
                                    "severity:>=high",
                                    "severity:low",
                                    "site:CT",
                                    "site:p*",
                                    "proto:udp",
                                    "app:modbus",
                                    "app:*",
                                    "sid:9000002",
                                    "sid:(9000001,9000003)",
                                    "sig:bom",
                                    "sig:\"100% scan_of\"",
                                    "name:ninh",
                                    "name:\"tram bom\"",
                                    "technique:T0846",
                                    "technique:T1110*",
                                    "criticality:>3",
                                    "modbus",
                                    "tram",
                                    "\"ghi thanh\"",
                                    "dang nhap",
                                    "time:>2026-11-21T03:30:00Z",
                                    "@to:2026-11-21T04:00:00Z",
                                    "dns.rrname:evil.example",
                                    "dns.ttl:>100",
                                    "http.hostname:tram*",
                                    "flow.bytes_toserver:*",
                                    "type:alert",
                                    "is:open",
                                    "zzz"};

static void random_search(char *out, size_t room, uint32_t depth)
{
    size_t len = 0;
    uint32_t n = 1 + random_below(3);

    for (uint32_t i = 0; i < n && len + 60 < room; i++) {
        const char *joint = i == 0 ? "" : random_below(2) ? " " : " OR ";
        len += (size_t)snprintf(out + len, room - len, "%s%s", joint, random_below(4) ? "" : "-");
        if (depth && random_below(3) == 0) {
            char inner[400];
            random_search(inner, sizeof(inner), depth - 1);
            len += (size_t)snprintf(out + len, room - len, "(%.300s)", inner);
        } else {
            len += (size_t)snprintf(out + len, room - len, "%s", PICK(terms));
        }
    }
}

static void parse(struct fixture *f, const char *text, struct search *search)
{
    struct search_fault fault;

    if (search_parse(text, BEGIN + 7200 * CLOCK_S, &f->arena, search, &fault) != ERR_OK)
        fail_msg("%s: %s", text, fault.en);
}

/* Some alerts have no group; some groups have one row, and some have more. */
static void put_with_group(struct fixture *f, struct record *r)
{
    struct group_add add = sum_of(r, 1);
    uint64_t h = hash_bytes(slice_of_str(r->src.addr_text), (uint64_t)r->alert.sid);

    h = hash_bytes(slice_of_str(r->dst.addr_text), h);
    r->group_id = r->is_alert && random_below(4) ? (int64_t)(h >> 12) + 1 : 0;
    add.kept = r;
    if (r->group_id && random_below(4)) /* else as in a cluster, where it is not asked first */
        OK(db_groups_find(f->store, &add, 1));
    OK(db_events_put(f->store, r, 1));
    if (r->group_id)
        OK(db_groups_add(f->store, &add, 1));
}

static void events_are_those_that_brute_force_finds(void **state)
{
    struct fixture *f = *state;
    struct record *r[ROWS];
    char text[1200];

    OK(store_begin(f->store));
    for (int64_t i = 0; i < ROWS; i++) {
        r[i] = random_record(f, i + 1);
        r[i]->src.device = "";
        r[i]->alert.source = "";
        r[i]->dst.criticality = 0; /* of its group, which is not there */
        r[i]->technique_words = "";
        put_with_group(f, r[i]);
    }
    OK(store_commit(f->store));
    for (uint32_t k = 0; k < SEARCHES; k++) {
        struct search search;
        struct search_state at;
        struct event_row *rows = NULL;
        uint32_t n = 0;
        uint32_t seen = 0;
        random_search(text, sizeof(text), 2);
        parse(f, text, &search);
        struct search_range range = {.limit = 1000};
        OK(db_search_events(f->store, &search, &range, &f->arena, &rows, &n, &at));
        assert_true(at.complete);
        for (int64_t i = ROWS - 1; i >= 0; i--) {
            if (!match_record(search.root, r[i]))
                continue;
            if (seen >= n || rows[seen].id != i + 1)
                fail_msg("%s: row %lld is missing", text, (long long)i + 1);
            seen++;
        }
        if (seen != n)
            fail_msg("%s: %u rows too many", text, n - seen);
    }
}

/* A group of one alert fits as its alert does, but for what groups have not. */
static void groups_are_those_that_brute_force_finds(void **state)
{
    struct fixture *f = *state;
    struct record *r[ROWS];
    char text[1200];
    int64_t groups = 0;
    int64_t alerts = 0;

    OK(store_begin(f->store));
    for (int64_t i = 0; i < ROWS; i++) {
        r[i] = random_record(f, i + 1);
        r[i]->group_id = i + 1;
        r[i]->is_alert = true;
        r[i]->event_type = "alert";
        r[i]->ts_ns = BEGIN + (uint64_t)i * CLOCK_S;
        struct group_add add = sum_of(r[i], 1 + random_below(3));
        OK(db_groups_add(f->store, &add, 1));
    }
    OK(store_commit(f->store));
    for (uint32_t k = 0; k < SEARCHES; k++) {
        struct search search;
        struct search_state at;
        struct group_row *rows = NULL;
        uint32_t n = 0;
        uint32_t pages = 0;
        int64_t all = 0;
        random_search(text, sizeof(text), 2);
        parse(f, text, &search);
        struct search_range range = {.limit = 1000};
        OK(db_search_groups_count(f->store, &search, &range, &groups, &alerts, &at));
        OK(db_search_groups(f->store, &search, &range, &f->arena, &rows, &n, &at));
        if (groups != n)
            fail_msg("%s: %lld counted, %u found", text, (long long)groups, n);
        for (uint32_t i = 0; i < n; i++)
            all += rows[i].n;
        assert_int_equal(alerts, all);
        range.limit = 7; /* the same, page by page */
        do {
            struct group_row *page = NULL;
            uint32_t m = 0;
            OK(db_search_groups(f->store, &search, &range, &f->arena, &page, &m, &at));
            for (uint32_t i = 0; i < m; i++)
                assert_int_equal(page[i].id, rows[pages + i].id);
            pages += m;
            range.before_ns = at.next_ns;
            range.before_id = at.next_id;
        } while (!at.complete);
        assert_int_equal(pages, n);
    }
}

/* The words of groups hold more than the tests above can say. */
static void a_group_is_found_by_any_of_its_texts(void **state)
{
    struct fixture *f = *state;
    const char *const yes[] = {"cai khe",    "T0855",           "sig:stranger", "name:kieu",
                               "10.30.1.11", "is:open dport:0", "-is:archived", NULL};
    struct record *r = alert(f, 1, 5, BEGIN);
    struct group_add add = sum_of(r, 3);

    OK(db_groups_add(f->store, &add, 1));
    for (uint32_t i = 0; yes[i]; i++) {
        struct search search;
        struct search_state at;
        struct search_range range = {0};
        struct group_row *rows = NULL;
        uint32_t n = 0;
        parse(f, yes[i], &search);
        OK(db_search_groups(f->store, &search, &range, &f->arena, &rows, &n, &at));
        if (n != 1)
            fail_msg("%s: not found", yes[i]);
    }
}

static void groupby_and_histogram_count_the_same_by_statement_and_by_rows(void **state)
{
    struct fixture *f = *state;
    struct search fast, slow;
    struct search_state at;
    struct search_count *a = NULL, *b = NULL;
    struct search_step *x = NULL, *y = NULL;
    struct search_range range = {.from_ns = BEGIN, .to_ns = BEGIN + 7200 * CLOCK_S};
    uint32_t n = 0, m = 0;
    uint64_t step_ns = 0;

    OK(store_begin(f->store));
    for (int64_t i = 0; i < ROWS; i++)
        OK(db_events_put(f->store, random_record(f, i + 1), 1));
    OK(store_commit(f->store));
    parse(f, "proto:tcp | groupby src, dport | top 1000", &fast);
    parse(f, "proto:tcp event_type:* -no.such:x | groupby src, dport | top 1000", &slow);
    OK(db_search_groupby(f->store, &fast, &range, &f->arena, &a, &n, &at));
    assert_true(at.complete);
    OK(db_search_groupby(f->store, &slow, &range, &f->arena, &b, &m, &at));
    assert_true(at.complete);
    assert_true(n > 20);
    assert_int_equal(n, m);
    int64_t sum_a = 0, sum_b = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum_a += a[i].n * (i + 1);
        sum_b += b[i].n * (i + 1);
    }
    assert_int_equal(sum_a, sum_b); /* counts fall in the same order */
    parse(f, "proto:tcp | histogram 10m", &fast);
    parse(f, "proto:tcp -no.such:x | histogram 10m", &slow);
    OK(db_search_histogram(f->store, &fast, &range, &f->arena, &x, &n, &step_ns, &at));
    assert_int_equal(step_ns, 600 * CLOCK_S);
    OK(db_search_histogram(f->store, &slow, &range, &f->arena, &y, &m, &step_ns, &at));
    assert_int_equal(n, m);
    assert_true(n >= 12);
    for (uint32_t i = 0; i < n; i++) {
        assert_true(x[i].at_ns == y[i].at_ns);
        assert_int_equal(x[i].n, y[i].n);
    }
}

static void a_histogram_of_a_type_is_that_of_its_minutes(void **state)
{
    struct fixture *f = *state;
    const struct {
        const char *text;
        int64_t n;
    } cases[] = {{"type:alert | histogram 10m", 3}, {"| histogram 10m", 7}};
    struct search_range range = {.from_ns = BEGIN, .to_ns = BEGIN + 7200 * CLOCK_S};

    for (uint64_t minute = 0; minute < 20; minute++) {
        struct rollup alerts = {BEGIN + minute * 60 * CLOCK_S, "s1", "ct", "alert", 3, 3};
        struct rollup flows = {BEGIN + minute * 60 * CLOCK_S, "s1", "ct", "flow", -1, 4};
        OK(db_rollups_add(f->store, &alerts, 1));
        OK(db_rollups_add(f->store, &flows, 1));
    }
    for (uint32_t i = 0; i < 2; i++) {
        struct search search;
        struct search_state at;
        struct search_step *x = NULL;
        uint32_t n = 0;
        uint64_t step_ns = 0;
        int64_t sum = 0;
        parse(f, cases[i].text, &search);
        OK(db_search_histogram(f->store, &search, &range, &f->arena, &x, &n, &step_ns, &at));
        assert_true(at.complete && n >= 2 && n <= 3);
        for (uint32_t k = 0; k < n; k++) {
            assert_true(x[k].at_ns % step_ns == 0);
            sum += x[k].n;
        }
        assert_int_equal(sum, 20 * cases[i].n);
    }
}

static void a_small_budget_ends_a_look_and_says_where_to_go_on(void **state)
{
    struct fixture *f = *state;
    struct search search;
    struct search_state at;
    struct search_range range = {.limit = 50, .budget = 10};
    struct event_row *rows = NULL;
    uint32_t n = 0, looks = 0, found = 0;

    OK(store_begin(f->store));
    for (int64_t i = 0; i < 5000; i++) {
        struct record *r = alert(f, i + 1, 0, BEGIN);
        r->raw = i == 4 ? SLICE_LIT("{\"dns\":{\"rrname\":\"x\"}}") : SLICE_LIT("{}");
        OK(db_events_put(f->store, r, 1));
        if (i % 1000 == 999)
            batch_clear(&f->batch);
    }
    OK(store_commit(f->store));
    parse(f, "dns.rrname:x", &search);
    do {
        OK(db_search_events(f->store, &search, &range, &f->arena, &rows, &n, &at));
        found += n;
        range.before_id = at.next_id;
        looks++;
    } while (!at.complete);
    assert_int_equal(found, 1);
    assert_true(looks > 10);
}

/* Numbers of all events that fit, page by page. */
static uint32_t all_ids(struct fixture *f, const char *text, struct search_range range,
                        int64_t *ids, uint32_t room)
{
    struct search search;
    struct search_state at;
    struct event_row *rows = NULL;
    uint32_t n = 0, sum = 0;

    parse(f, text, &search);
    do {
        OK(db_search_events(f->store, &search, &range, &f->arena, &rows, &n, &at));
        for (uint32_t i = 0; i < n && sum < room; i++)
            ids[sum++] = rows[i].id;
        range.before_id = at.next_id;
    } while (!at.complete);
    return sum;
}

/* Blocks of 8,192 numbers: most are passed over, none that has an event of the time, however late.
 */
static void events_of_a_time_are_found_from_block_to_block(void **state)
{
    enum { EVENTS = 40000, STEP = 500, RARE = EVENTS / STEP };
    static const char *const texts[] = {"dport:9999", "note:rare", "dport:9999 note:rare",
                                        "src:10.9.9.9"};
    struct fixture *f = *state;
    int64_t ids[2 * RARE];

    OK(store_begin(f->store));
    for (int64_t i = 1; i <= EVENTS; i++) {
        struct record *r = alert(f, i, 0, BEGIN + (uint64_t)i * CLOCK_S);
        r->group_id = 0;
        r->kind = RECORD_TX;
        r->raw = SLICE_LIT("{}");
        if (i % STEP == 0) {
            r->dst.port = 9999;
            r->raw = SLICE_LIT("{\"note\":\"rare\"}");
            strcpy(r->src.addr_text, "10.9.9.9");
            if (i % (8 * STEP) == 0)
                r->ts_ns = BEGIN + 20000 * CLOCK_S; /* late, or ahead */
        }
        if (i % 1000 == 0) {
            OK(db_events_put(f->store, f->batch.records, f->batch.n));
            batch_clear(&f->batch);
        }
    }
    OK(store_commit(f->store));
    for (uint32_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct search_range range = {.limit = 7};
        uint32_t n = all_ids(f, texts[i], range, ids, 2 * RARE);
        assert_int_equal(n, RARE);
        for (uint32_t k = 0; k < n; k++)
            assert_int_equal(ids[k], EVENTS - k * STEP);
        range.from_ns = BEGIN + 19600 * CLOCK_S;
        range.to_ns = BEGIN + 20400 * CLOCK_S;
        assert_int_equal(all_ids(f, texts[i], range, ids, 2 * RARE), RARE / 8);
        range.from_ns = BEGIN + 30200 * CLOCK_S;
        range.to_ns = BEGIN + 30400 * CLOCK_S;
        assert_int_equal(all_ids(f, texts[i], range, ids, 2 * RARE), 0);
    }
}

static void sites_limit_what_is_seen(void **state)
{
    struct fixture *f = *state;
    struct search search;
    struct search_state at;
    const char *const sites[] = {"phong-dien", NULL};
    struct search_range range = {.sites = sites};
    struct event_row *rows = NULL;
    uint32_t n = 0;

    for (int64_t i = 0; i < 4; i++) {
        struct record *r = alert(f, i + 1, 0, BEGIN);
        r->site = i == 2 ? "phong-dien" : "ct";
        OK(db_events_put(f->store, r, 1));
    }
    parse(f, "", &search);
    OK(db_search_events(f->store, &search, &range, &f->arena, &rows, &n, &at));
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].id, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(events_are_those_that_brute_force_finds),
        T(groups_are_those_that_brute_force_finds),
        T(a_group_is_found_by_any_of_its_texts),
        T(groupby_and_histogram_count_the_same_by_statement_and_by_rows),
        T(a_histogram_of_a_type_is_that_of_its_minutes),
        T(a_small_budget_ends_a_look_and_says_where_to_go_on),
        T(events_of_a_time_are_found_from_block_to_block),
        T(sites_limit_what_is_seen),
    };
    return EACH_ENGINE(tests);
}
