/* SPDX-License-Identifier: Apache-2.0 */
/* Lines read as twins against the same lines read in full: nothing may tell them apart. */
#include "analyzer/normalise/normalise.h"
#include "analyzer/normalise/twins.h"
#include "common/strbuf.h"
#include "common/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LINES = 400, ROUNDS = 60, LINE = 2048 };

static const char *const bases[] = {
    "{\"timestamp\":\"2026-11-20T10:00:00.123456+0700\",\"flow_id\":1234567,\"pcap_cnt\":7,"
    "\"event_type\":\"alert\",\"src_ip\":\"10.20.4.12\",\"src_port\":40000,"
    "\"dest_ip\":\"10.9.0.1\",\"dest_port\":502,\"proto\":\"TCP\",\"community_id\":\"1:aaaa=\","
    "\"alert\":{\"action\":\"allowed\",\"gid\":1,\"signature_id\":2000001,\"rev\":7,"
    "\"signature\":\"ET X\",\"category\":\"Misc\",\"severity\":2,"
    "\"source\":{\"ip\":\"10.20.4.12\",\"port\":40000},\"target\":{\"ip\":\"10.9.0.1\","
    "\"port\":502},\"metadata\":{\"mitre_technique_id\":[\"T1110\"]}},"
    "\"flow\":{\"pkts_toserver\":5,\"bytes_toclient\":0,\"start\":\"2026-11-20T10:00:00\","
    "\"src_port\":40000},\"packet\":\"AAAA\",\"device\":{\"src\":{\"id\":\"mac:1\"}}}",
    "{\"timestamp\":\"2026-11-20T10:00:00.123456+0700\",\"event_type\":\"deviation\","
    "\"src_ip\":\"10.20.4.12\",\"dest_ip\":\"10.9.0.1\",\"alert\":{\"signature_id\":4,"
    "\"signature\":\"New peer \\u1ee9\"},\"flow_id\":\"x\",\"deviation\":{\"class\":\"peer\","
    "\"device\":{\"id\":\"mac:1\"}},\"flow\":null}",
    "{\"event_type\":\"alert\",\"timestamp\":\"2026-11-20T10:00:00.5Z\",\"timestamp\":\"\","
    "\"src_ip\":\"10.20.4.12\",\"src_port\":1,\"src_port\":2,\"dest_ip\":\"10.9.0.1\","
    "\"flow\":{\"start\":\"a\",\"start\":\"b\"},\"alert\":{\"signature_id\":2000001}}",
    "{ \"timestamp\": \"2026-11-20T10:00:00.5Z\", \"event_type\": \"alert\", "
    "\"src_ip\":\"10.20.4.12\", \"flow_id\": 1, \"dest_ip\":\"10.9.0.1\","
    "\"alert\":{\"signature_id\":2000001}}",
};
static const char *const values[] = {"0",
                                     "00",
                                     "-1",
                                     "65535",
                                     "65536",
                                     "9007199254740993",
                                     "123456789012345678",
                                     "1234567890123456789012",
                                     "1.5",
                                     "1e3",
                                     "\"\"",
                                     "\"2026-11-20T10:00:01.000001+0700\"",
                                     "\"1999-01-01T00:00:00Z\"",
                                     "\"not a time\"",
                                     "\"\\u0000\"",
                                     "\"\xc3\xa9\"",
                                     "\"\xff\"",
                                     "null",
                                     "true",
                                     "{}",
                                     " 7",
                                     "7 "};

/* Mostly members that may pass. */
static bool is_exchanged(const char *value, unsigned *seed)
{
    static const char *const passing[] = {
        "stamp\":", "port\":", "flow_id\":", "cnt\":", "server\":", "client\":", "start\":"};

    for (uint32_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
        if (strncmp(value - strlen(passing[i]), passing[i], strlen(passing[i])) == 0)
            return rand_r(seed) % 3 == 0;
    return rand_r(seed) % 150 == 0;
}

/* `base` with some values behind colons exchanged, now and then with a wrong byte. */
static void make_line(const char *base, unsigned *seed, char line[LINE])
{
    size_t n = 0;

    for (const char *c = base; *c;) {
        line[n++] = *c++;
        bool behind = c[-1] == ':' && c > base + 16 && c[-2] == '"' && *c != '{' && *c != '[';
        if (!behind || !is_exchanged(c, seed))
            continue;
        bool text = *c == '"';
        n += (size_t)snprintf(
            line + n, 64, "%s",
            rand_r(seed) % 3
                ? (text               ? values[11]
                   : rand_r(seed) % 2 ? "1"
                                      : "27")
                : values[(unsigned)rand_r(seed) % (sizeof(values) / sizeof(values[0]))]);
        c = text ? strchr(c + 1, '"') + 1 : c + strcspn(c, ",}");
    }
    line[n] = '\0';
    if (rand_r(seed) % 40 == 0)
        line[(unsigned)rand_r(seed) % n] = (char)(rand_r(seed) % 256);
}

static void tree_text(const struct record *r, struct strbuf *out)
{
    strbuf_clear(out);
    json_write(r->eve, out);
}

static void same(const struct record *a, const struct record *b)
{
    struct record x = *a, y = *b;
    struct strbuf ta, tb;

    strbuf_init(&ta, 0);
    strbuf_init(&tb, 0);
    tree_text(a, &ta);
    tree_text(b, &tb);
    assert_string_equal(ta.at, tb.at);
    strbuf_fini(&ta);
    strbuf_fini(&tb);
    assert_true(slice_eq(a->raw, b->raw));
    assert_string_equal(a->community_id, b->community_id);
    assert_string_equal(a->sensor, b->sensor);
    assert_string_equal(a->alert.signature, b->alert.signature);
    assert_string_equal(a->technique_words, b->technique_words);
    assert_string_equal(a->src.device, b->src.device);
    assert_string_equal(a->src.addr_text, b->src.addr_text);
    assert_int_equal(x.ts_ns, y.ts_ns);
    assert_int_equal(x.received_ns, y.received_ns);
    assert_int_equal(x.flow_id, y.flow_id);
    assert_int_equal(x.src.port, y.src.port);
    assert_int_equal(x.dst.port, y.dst.port);
    assert_int_equal(x.content, y.content);
    assert_int_equal(x.kind, y.kind);
    assert_int_equal(x.severity, y.severity);
    assert_int_equal(x.alert.sid, y.alert.sid);
    assert_int_equal(x.id.index, y.id.index);
}

static void a_line_read_as_a_twin_is_the_line_read_in_full(void **state)
{
    (void)state;
    static char lines[LINES][LINE];
    uint64_t with[NORMALISE_COUNTERS] = {0}, without[NORMALISE_COUNTERS] = {0};

    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned seed = round;
        struct twins twins = {0};
        struct batch a, b;
        batch_init_for(&a, LINES);
        batch_init_for(&b, LINES);
        for (uint32_t i = 0; i < LINES; i++) {
            struct record_id id = {"s", "t", 1, 2, i};
            make_line(bases[(unsigned)rand_r(&seed) % (sizeof(bases) / sizeof(bases[0]))], &seed,
                      lines[i]);
            struct slice line = slice_of_str(lines[i]);
            struct record *x = normalise_next(&twins, &a, &id, 5000 + i, line, with);
            struct record *y = normalise_line(&b, &id, 5000 + i, line, without);
            assert_int_equal(x != NULL, y != NULL);
            if (x)
                same(x, y);
        }
        batch_fini(&a);
        batch_fini(&b);
    }
    assert_true(with[NORMALISE_TWINS] > LINES * ROUNDS / 10);
    with[NORMALISE_TWINS] = 0;
    assert_memory_equal(with, without, sizeof(with));
}

static void twins_bear_one_name_and_others_none_of_it(void **state)
{
    (void)state;
    uint64_t counters[NORMALISE_COUNTERS] = {0};
    struct record_id id = {"s", "t", 1, 2, 0};
    struct twins twins = {0};
    char line[LINE];
    struct batch batch;

    batch_init_for(&batch, 4);
    struct record *first = normalise_next(&twins, &batch, &id, 1, slice_of_str(bases[0]), counters);
    snprintf(line, sizeof(line), "%s", bases[0]);
    *strstr(line, "40000") = '5';
    struct record *second = normalise_next(&twins, &batch, &id, 1, slice_of_str(line), counters);
    *strstr(line, "ET X") = 'D';
    struct record *third = normalise_next(&twins, &batch, &id, 1, slice_of_str(line), counters);
    assert_ptr_equal(first->twin, first);
    assert_ptr_equal(second->twin, first);
    assert_int_equal(second->src.port, 50000);
    assert_true(second->content != first->content);
    assert_ptr_equal(third->twin, third);
    assert_string_equal(third->alert.signature, "DT X");
    batch_fini(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_read_as_a_twin_is_the_line_read_in_full),
        cmocka_unit_test(twins_bear_one_name_and_others_none_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
