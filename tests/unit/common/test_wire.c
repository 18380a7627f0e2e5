/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct wire_envelope example(const char *lines, uint32_t n)
{
    return (struct wire_envelope){.sensor = "s-1",
                                  .site = "can.tho",
                                  .epoch = 1790000000,
                                  .seq = 17,
                                  .cls = CLASS_FLOW,
                                  .n = n,
                                  .lines = slice_of_str(lines)};
}

struct fixture {
    struct strbuf message;
    struct strbuf room;
    struct strbuf lines;
};

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    strbuf_fini(&f->message);
    strbuf_fini(&f->room);
    strbuf_fini(&f->lines);
    free(f);
    return 0;
}

static void a_small_envelope_is_plain_text(void **state)
{
    struct fixture *f = *state;
    struct wire_envelope e = example("{\"a\":1}\n{}\n", 2);
    assert_int_equal(wire_build(&e, &f->message), ERR_OK);
    assert_string_equal(f->message.at,
                        "{\"v\":1,\"sensor\":\"s-1\",\"site\":\"can.tho\",\"epoch\":1790000000,"
                        "\"seq\":17,\"class\":\"flow\",\"n\":2}\n{\"a\":1}\n{}\n");
    struct wire_envelope back;
    assert_int_equal(wire_parse(strbuf_view(&f->message), &f->room, &back), ERR_OK);
    assert_string_equal(back.sensor, "s-1");
    assert_string_equal(back.site, "can.tho");
    assert_true(back.seq == 17 && back.epoch == 1790000000 && back.cls == CLASS_FLOW);
    struct slice line;
    assert_true(wire_line(&back.lines, &line) && slice_eq(line, SLICE_LIT("{\"a\":1}")));
    assert_true(wire_line(&back.lines, &line) && slice_eq(line, SLICE_LIT("{}")));
    assert_false(wire_line(&back.lines, &line));
}

static void a_large_envelope_is_compressed_and_comes_back(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 1000; i++)
        strbuf_fmt(&f->lines, "{\"n\":%d}\n", i);
    struct wire_envelope e = example(f->lines.at, 1000);
    assert_int_equal(wire_build(&e, &f->message), ERR_OK);
    assert_true(f->message.len < f->lines.len / 2);
    struct wire_envelope back;
    assert_int_equal(wire_parse(strbuf_view(&f->message), &f->room, &back), ERR_OK);
    assert_int_equal(back.n, 1000);
    assert_true(slice_eq(back.lines, strbuf_view(&f->lines)));
}

static void a_shed_envelope_is_empty_with_a_count(void **state)
{
    struct fixture *f = *state;
    struct wire_envelope e = example("", 0);
    e.shed = 40;
    assert_int_equal(wire_build(&e, &f->message), ERR_OK);
    struct wire_envelope back;
    assert_int_equal(wire_parse(strbuf_view(&f->message), &f->room, &back), ERR_OK);
    assert_true(back.n == 0 && back.shed == 40 && back.lines.len == 0);
}

static void what_breaks_the_contract_is_not_built(void **state)
{
    struct fixture *f = *state;
    struct wire_envelope e = example("{}\n", 2);
    assert_int_equal(wire_build(&e, &f->message), ERR_INPUT);
    e = example("{}", 1);
    assert_int_equal(wire_build(&e, &f->message), ERR_INPUT);
    e = example("{}\n\n", 2);
    assert_int_equal(wire_build(&e, &f->message), ERR_INPUT);
    e = example("{}\n", 1);
    e.seq = 0;
    assert_int_equal(wire_build(&e, &f->message), ERR_INPUT);
    e = example("{}\n", 1);
    strcpy(e.site, "a/b");
    assert_int_equal(wire_build(&e, &f->message), ERR_INPUT);
    assert_int_equal(f->message.len, 0);
}

static void hostile_heads_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {
        "",
        "\n",
        "[]\n",
        "{}\n",
        "{\"v\":2,\"sensor\":\"s\",\"site\":\"t\",\"epoch\":1,\"seq\":1,\"class\":\"tx\",\"n\":0}"
        "\n",
        "{\"v\":1,\"sensor\":\"\",\"site\":\"t\",\"epoch\":1,\"seq\":1,\"class\":\"tx\",\"n\":0}\n",
        "{\"v\":1,\"sensor\":\"#\",\"site\":\"t\",\"epoch\":1,\"seq\":1,\"class\":\"tx\",\"n\":0}"
        "\n",
        "{\"v\":1,\"sensor\":\"s\",\"site\":7,\"epoch\":1,\"seq\":1,\"class\":\"tx\",\"n\":0}\n",
        "{\"v\":1,\"sensor\":\"s\",\"site\":\"t\",\"epoch\":-1,\"seq\":1,\"class\":\"tx\",\"n\":0}"
        "\n",
        "{\"v\":1,\"sensor\":\"s\",\"site\":\"t\",\"epoch\":1,\"seq\":1e99,\"class\":\"tx\",\"n\":"
        "0}\n",
        "{\"v\":1,\"sensor\":\"s\",\"site\":\"t\",\"epoch\":1,\"seq\":1.5,\"class\":\"tx\",\"n\":0}"
        "\n",
        "{\"v\":1,\"sensor\":\"s\",\"site\":\"t\",\"epoch\":1,\"seq\":1,\"class\":\"x\",\"n\":0}\n",
        "{\"v\":1,\"sensor\":\"s\",\"site\":\"t\",\"epoch\":1,\"seq\":1,\"class\":\"tx\","
        "\"n\":99999}\n",
        "{\"v\":1,\"sensor\":\"s\",\"site\":\"t\",\"epoch\":1,\"seq\":1,\"class\":\"tx\",\"n\":1}"
        "\n",
        "{\"v\":1,\"sensor\":\"s\",\"site\":\"t\",\"epoch\":1,\"seq\":1,\"class\":\"tx\",\"n\":1}"
        "\n{}",
        "{\"v\":1,\"sensor\":\"s\",\"site\":\"t\",\"epoch\":1,\"seq\":1,\"class\":\"tx\",\"n\":1,"
        "\"shed\":3}\n{}\n",
        "\x28\xb5\x2f\xfd",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct wire_envelope e;
        if (wire_parse(slice_of_str(bad[i]), &f->room, &e) != ERR_INPUT)
            fail_msg("accepted: %s", bad[i]);
    }
}

static void no_cut_is_taken_for_a_whole_message(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 200; i++)
        strbuf_fmt(&f->lines, "{\"n\":%d}\n", i);
    for (uint32_t n = 3; n <= 200; n += 197) {
        struct slice all = strbuf_view(&f->lines);
        struct slice rest = all;
        struct slice line;
        for (uint32_t i = 0; i < n; i++)
            wire_line(&rest, &line);
        struct wire_envelope e = example("", n);
        e.lines = slice_head(all, all.len - rest.len);
        strbuf_clear(&f->message);
        assert_int_equal(wire_build(&e, &f->message), ERR_OK);
        for (uint32_t cut = 0; cut < f->message.len; cut++) {
            struct wire_envelope back;
            assert_int_equal(wire_parse(slice_head(strbuf_view(&f->message), cut), &f->room, &back),
                             ERR_INPUT);
        }
    }
}

static void flipped_bits_never_break_the_reader(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 200; i++)
        strbuf_fmt(&f->lines, "{\"n\":%d}\n", i);
    for (int pass = 0; pass < 2; pass++) {
        struct wire_envelope e = example(pass ? f->lines.at : "{\"n\":1}\n", pass ? 200 : 1);
        strbuf_clear(&f->message);
        assert_int_equal(wire_build(&e, &f->message), ERR_OK);
        for (uint32_t bit = 0; bit < f->message.len * 8; bit++) {
            char *byte = &f->message.at[bit / 8];
            struct wire_envelope back;
            *byte = (char)(*byte ^ (1 << bit % 8));
            if (wire_parse(strbuf_view(&f->message), &f->room, &back) == ERR_OK) {
                uint32_t n = 0;
                struct slice line;
                while (wire_line(&back.lines, &line))
                    n++;
                assert_int_equal(n, back.n);
            }
            *byte = (char)(*byte ^ (1 << bit % 8));
        }
    }
}

static void control_messages_come_back(void **state)
{
    struct fixture *f = *state;
    static const struct {
        struct wire_control control;
        const char *text;
    } cases[] = {
        {{.type = WIRE_ACK, .epoch = 5, .seq = 9}, "{\"v\":1,\"t\":\"ack\",\"epoch\":5,\"seq\":9}"},
        {{.type = WIRE_RESEND, .epoch = 5, .from = 2, .to = 4},
         "{\"v\":1,\"t\":\"resend\",\"epoch\":5,\"from\":2,\"to\":4}"},
        {{.type = WIRE_HELLO}, "{\"v\":1,\"t\":\"hello\"}"},
        {{.type = WIRE_HELLO, .sensor = "s", .site = "t", .epoch = 5, .from = 1, .to = 0},
         "{\"v\":1,\"t\":\"hello\",\"sensor\":\"s\",\"site\":\"t\",\"epoch\":5,\"from\":1,\"to\":"
         "0}"},
        {{.type = WIRE_HELLO, .sensor = "s", .site = "t", .epoch = 5},
         "{\"v\":1,\"t\":\"hello\",\"sensor\":\"s\",\"site\":\"t\",\"epoch\":5,\"from\":0,\"to\":"
         "0}"},
        {{.type = WIRE_BYE, .sensor = "s", .site = "t", .epoch = 5},
         "{\"v\":1,\"t\":\"bye\",\"sensor\":\"s\",\"site\":\"t\",\"epoch\":5}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wire_control back;
        strbuf_clear(&f->message);
        wire_control_build(&cases[i].control, &f->message);
        assert_string_equal(f->message.at, cases[i].text);
        assert_true(wire_is_control(strbuf_view(&f->message)));
        assert_int_equal(wire_control_parse(strbuf_view(&f->message), &back), ERR_OK);
        assert_int_equal(back.type, cases[i].control.type);
        assert_int_equal(back.epoch, cases[i].control.epoch);
        assert_int_equal(back.seq, cases[i].control.seq);
        assert_int_equal(back.from, cases[i].control.from);
        assert_int_equal(back.to, cases[i].control.to);
        assert_string_equal(back.sensor, cases[i].control.sensor);
        for (uint32_t cut = 0; cut < f->message.len; cut++)
            assert_int_equal(wire_control_parse(slice_head(strbuf_view(&f->message), cut), &back),
                             ERR_INPUT);
    }
}

static void unknown_control_messages_are_left_to_their_users(void **state)
{
    (void)state;
    struct wire_control c;
    assert_int_equal(wire_control_parse(SLICE_LIT("{\"v\":1,\"t\":\"evidence\",\"id\":3}"), &c),
                     ERR_OK);
    assert_int_equal(c.type, WIRE_OTHER);
    assert_string_equal(c.name, "evidence");
    assert_int_equal(wire_control_parse(SLICE_LIT("{\"v\":1,\"t\":\"ack\",\"epoch\":1}"), &c),
                     ERR_INPUT);
    assert_int_equal(wire_control_parse(SLICE_LIT("{\"v\":1}"), &c), ERR_INPUT);
}

static void an_envelope_is_not_a_control_message(void **state)
{
    struct fixture *f = *state;
    struct wire_envelope e = example("{\"v\":1,\"t\":\"ack\"}\n", 1);
    wire_build(&e, &f->message);
    assert_false(wire_is_control(strbuf_view(&f->message)));
}

static void topics_come_back(void **state)
{
    (void)state;
    struct wire_topic topic = {WIRE_TOPIC_EVENTS, "ct", "s1", 7, CLASS_ALERT};
    struct wire_topic back;
    char text[WIRE_TOPIC_MAX];
    wire_topic_text(&topic, text);
    assert_string_equal(text, "tramgac/v1/ct/s1/ev/p07/alert");
    assert_true(wire_topic_parse(slice_of_str(text), &back));
    assert_true(back.partition == 7 && back.cls == CLASS_ALERT && back.kind == WIRE_TOPIC_EVENTS);
    topic.kind = WIRE_TOPIC_STATUS;
    wire_topic_text(&topic, text);
    assert_string_equal(text, "tramgac/v1/ct/s1/status");
    assert_true(wire_topic_parse(slice_of_str(text), &back) && back.kind == WIRE_TOPIC_STATUS);
    static const char *const bad[] = {
        "",
        "tramgac/v1/ct/s1",
        "tramgac/v1/ct/s1/ev",
        "tramgac/v1/ct/s1/ev/p64/alert",
        "tramgac/v1/ct/s1/ev/p07/alerts",
        "tramgac/v1/ct/s1/ev/p07/alert/x",
        "tramgac/v1//s1/status",
        "tramgac/v1/ct/s1/status/x",
        "tramgac/v2/ct/s1/status",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(wire_topic_parse(slice_of_str(bad[i]), &back));
}

static void partitions_spread_and_stay(void **state)
{
    (void)state;
    uint64_t seen = 0;
    struct addr a = {.family = 4, .b = {10, 0, 0, 0}};
    for (int i = 0; i < 256; i++) {
        a.b[3] = (uint8_t)i;
        seen |= UINT64_C(1) << wire_partition(&a);
    }
    assert_true(__builtin_popcountll(seen) > 55);
    assert_int_equal(wire_partition(&(struct addr){0}), 0);
}

static void frames_come_out_however_the_stream_is_cut(void **state)
{
    struct fixture *f = *state;
    wire_frame(SLICE_LIT("first"), &f->message);
    wire_frame(SLICE_LIT("2"), &f->message);
    for (uint32_t piece = 1; piece <= f->message.len; piece++) {
        struct wire_framer framer;
        struct slice got;
        uint32_t n = 0;
        wire_framer_init(&framer);
        for (uint32_t at = 0; at < f->message.len; at += piece) {
            struct slice part = slice_head(slice_from(strbuf_view(&f->message), at), piece);
            assert_int_equal(wire_framer_feed(&framer, part), ERR_OK);
            while (wire_framer_next(&framer, &got) == ERR_OK)
                assert_true(slice_eq(got, n++ ? SLICE_LIT("2") : SLICE_LIT("first")));
        }
        assert_int_equal(n, 2);
        wire_framer_fini(&framer);
    }
}

static void announced_sizes_are_bounded(void **state)
{
    (void)state;
    struct wire_framer framer;
    struct slice got;
    wire_framer_init(&framer);
    wire_framer_feed(&framer, SLICE_LIT("\x7f\xff\xff\xff"));
    assert_int_equal(wire_framer_next(&framer, &got), ERR_INPUT);
    wire_framer_fini(&framer);
    wire_framer_init(&framer);
    wire_framer_feed(&framer, SLICE_LIT("\0\0\0\0"));
    assert_int_equal(wire_framer_next(&framer, &got), ERR_INPUT);
    wire_framer_fini(&framer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_small_envelope_is_plain_text, setup, teardown),
        cmocka_unit_test_setup_teardown(a_large_envelope_is_compressed_and_comes_back, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_shed_envelope_is_empty_with_a_count, setup, teardown),
        cmocka_unit_test_setup_teardown(what_breaks_the_contract_is_not_built, setup, teardown),
        cmocka_unit_test_setup_teardown(hostile_heads_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(no_cut_is_taken_for_a_whole_message, setup, teardown),
        cmocka_unit_test_setup_teardown(flipped_bits_never_break_the_reader, setup, teardown),
        cmocka_unit_test_setup_teardown(control_messages_come_back, setup, teardown),
        cmocka_unit_test(unknown_control_messages_are_left_to_their_users),
        cmocka_unit_test_setup_teardown(an_envelope_is_not_a_control_message, setup, teardown),
        cmocka_unit_test(topics_come_back),
        cmocka_unit_test(partitions_spread_and_stay),
        cmocka_unit_test_setup_teardown(frames_come_out_however_the_stream_is_cut, setup, teardown),
        cmocka_unit_test(announced_sizes_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
