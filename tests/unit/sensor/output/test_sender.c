/* SPDX-License-Identifier: Apache-2.0 */
#include "common/clock.h"
#include "sensor/output/packer.h"
#include "sensor/output/sender.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct sender up_with(uint64_t first, uint64_t next)
{
    struct sender s;
    uint64_t seq;
    sender_init(&s, 7, first, next);
    sender_up(&s, 0);
    assert_int_equal(sender_next(&s, 0, &seq), SENDER_HELLO);
    sender_did(&s, SENDER_HELLO, 0);
    return s;
}

/* Sends all that it wants to send at once; returns how many, `*last` the last one. */
static uint32_t drain(struct sender *s, uint64_t now, uint64_t *last)
{
    uint32_t n = 0;
    while (sender_next(s, now, last) == SENDER_RECORD) {
        sender_did(s, SENDER_RECORD, now);
        n++;
    }
    return n;
}

static void nothing_is_sent_without_a_connection(void **state)
{
    (void)state;
    struct sender s;
    uint64_t seq;
    sender_init(&s, 7, 1, 10);
    assert_int_equal(sender_next(&s, 0, &seq), SENDER_WAIT);
}

static void a_window_is_under_way_and_acknowledgements_move_it(void **state)
{
    (void)state;
    struct sender s = up_with(1, 1001);
    uint64_t last = 0;
    assert_int_equal(drain(&s, 0, &last), SENDER_WINDOW);
    assert_int_equal(last, SENDER_WINDOW);
    assert_true(
        sender_control(&s, &(struct wire_control){.type = WIRE_ACK, .epoch = 7, .seq = 100}, 1));
    assert_int_equal(s.first, 101);
    assert_int_equal(drain(&s, 1, &last), 100);
    assert_int_equal(last, SENDER_WINDOW + 100);
}

static void foreign_and_old_acknowledgements_change_nothing(void **state)
{
    (void)state;
    struct sender s = up_with(5, 10);
    struct wire_control ack = {.type = WIRE_ACK, .epoch = 6, .seq = 7};
    assert_false(sender_control(&s, &ack, 0));
    ack.epoch = 7;
    ack.seq = 4;
    assert_false(sender_control(&s, &ack, 0));
    ack.seq = 10; /* never sent */
    assert_false(sender_control(&s, &ack, 0));
    assert_int_equal(s.first, 5);
}

static void an_acknowledgement_of_an_earlier_run_skips_ahead(void **state)
{
    (void)state;
    struct sender s = up_with(1, 100);
    uint64_t seq = 0;
    assert_true(
        sender_control(&s, &(struct wire_control){.type = WIRE_ACK, .epoch = 7, .seq = 90}, 0));
    assert_int_equal(sender_next(&s, 0, &seq), SENDER_RECORD);
    assert_int_equal(seq, 91);
}

static void a_requested_range_goes_out_again(void **state)
{
    (void)state;
    struct sender s = up_with(1, 21);
    uint64_t seq = 0;
    drain(&s, 0, &seq);
    sender_control(&s, &(struct wire_control){.type = WIRE_RESEND, .epoch = 7, .from = 5, .to = 6},
                   0);
    assert_int_equal(sender_next(&s, 0, &seq), SENDER_RECORD);
    assert_int_equal(seq, 5);
    assert_int_equal(drain(&s, 0, &seq), 2);
    assert_int_equal(seq, 6);
    sender_control(
        &s, &(struct wire_control){.type = WIRE_RESEND, .epoch = 7, .from = 15, .to = 1000000}, 0);
    assert_int_equal(drain(&s, 0, &seq), 6);
    assert_int_equal(s.repeated, 8);
}

static void a_reconnect_sends_everything_unacknowledged_again(void **state)
{
    (void)state;
    struct sender s = up_with(1, 11);
    uint64_t seq = 0;
    drain(&s, 0, &seq);
    sender_control(&s, &(struct wire_control){.type = WIRE_ACK, .epoch = 7, .seq = 4}, 0);
    sender_down(&s);
    assert_int_equal(sender_next(&s, 0, &seq), SENDER_WAIT);
    sender_up(&s, 1);
    assert_int_equal(sender_next(&s, 1, &seq), SENDER_HELLO);
    sender_did(&s, SENDER_HELLO, 1);
    assert_int_equal(sender_next(&s, 1, &seq), SENDER_RECORD);
    assert_int_equal(seq, 5);
    assert_int_equal(drain(&s, 1, &seq), 6);
}

static void silence_repeats_with_growing_patience(void **state)
{
    (void)state;
    struct sender s = up_with(1, 3);
    uint64_t seq = 0;
    uint64_t now = 0;
    uint64_t waits[4];
    drain(&s, 0, &seq);
    for (int i = 0; i < 4; i++) {
        uint64_t since = now;
        while (sender_next(&s, now, &seq) == SENDER_WAIT)
            now += CLOCK_S;
        drain(&s, now, &seq);
        waits[i] = (now - since) / CLOCK_S;
    }
    assert_int_equal(waits[0], 30);
    assert_int_equal(waits[1], 60);
    assert_int_equal(waits[2], 120);
    assert_int_equal(waits[3], 240);
}

static void the_analyzers_hello_is_answered(void **state)
{
    (void)state;
    struct sender s = up_with(1, 5);
    uint64_t seq = 0;
    struct wire_control hello;
    drain(&s, 0, &seq);
    sender_control(&s, &(struct wire_control){.type = WIRE_HELLO}, 0);
    assert_int_equal(sender_next(&s, 0, &seq), SENDER_HELLO);
    sender_hello(&s, &hello);
    assert_true(hello.from == 1 && hello.to == 4 && hello.epoch == 7);
    sender_did(&s, SENDER_HELLO, 0);
    assert_int_equal(drain(&s, 0, &seq), 4);
}

/* A broker that loses, repeats and delays messages both ways, and now and then the connection. */
static void everything_arrives_over_a_broker_that_loses_silently(void **state)
{
    (void)state;
    enum { N = 2000, PIPE = 4096 };
    for (uint32_t seed = 1; seed <= 10; seed++) {
        static bool stored[N + 1];
        uint64_t prefix = 0; /* all up to here are stored */
        uint64_t acks[PIPE];
        uint32_t n_acks = 0;
        uint32_t random = seed;
        uint64_t now = 0;
        struct sender s;
        memset(stored, 0, sizeof(stored));
        sender_init(&s, 7, 1, 1);
        sender_up(&s, 0);
        for (uint64_t step = 0; s.first <= N; step++) {
            uint64_t seq = 0;
            assert_true(step < 3000000);
            random = random * 1664525 + 1013904223;
            uint32_t dice = random >> 16;
            now += CLOCK_S / 10;
            if (s.next <= N && dice % 2)
                sender_grew(&s, s.next + 1);
            if (dice % 997 == 0) {
                sender_down(&s);
                n_acks = 0;
                sender_up(&s, now);
            }
            enum sender_step what = sender_next(&s, now, &seq);
            if (what != SENDER_WAIT)
                sender_did(&s, what, now);
            if (what == SENDER_RECORD && dice % 10) { /* one of ten is lost */
                assert_true(seq >= 1 && seq <= N);
                stored[seq] = true;
                while (prefix < N && stored[prefix + 1])
                    prefix++;
                if (dice % 3 && n_acks < PIPE)
                    acks[n_acks++] = prefix;
            }
            if (n_acks && dice % 4 == 0) {
                uint64_t ack = acks[--n_acks]; /* and in any order */
                sender_control(&s, &(struct wire_control){.type = WIRE_ACK, .epoch = 7, .seq = ack},
                               now);
            }
            if (dice % 50 == 0 && prefix < N)
                sender_control(
                    &s,
                    &(struct wire_control){
                        .type = WIRE_RESEND, .epoch = 7, .from = prefix + 1, .to = prefix + 5},
                    now);
            assert_true(s.first <= prefix + 1);
        }
    }
}

static void packed_lines_leave_by_size_or_age_alerts_first(void **state)
{
    (void)state;
    struct packer *b = malloc(sizeof(*b));
    enum event_class cls;
    uint32_t partition;
    packer_init(b);
    assert_true(packer_add(b, CLASS_FLOW, 3, SLICE_LIT("{}"), 0));
    assert_true(packer_add(b, CLASS_ALERT, 5, SLICE_LIT("{}"), 0));
    assert_false(packer_add(b, CLASS_ALERT, 5, SLICE_NONE, 0));
    assert_null(packer_due(b, 10 * CLOCK_MS, false, &cls, &partition));
    struct packer_slot *slot = packer_due(b, 60 * CLOCK_MS, false, &cls, &partition);
    assert_true(slot && cls == CLASS_ALERT && partition == 5 && slot->n == 1);
    packer_clear(b, slot);
    assert_null(packer_due(b, 60 * CLOCK_MS, false, &cls, &partition));
    assert_non_null(packer_due(b, 60 * CLOCK_MS, true, &cls, &partition));
    for (int i = 0; i < PACKER_LINES; i++)
        packer_add(b, CLASS_TX, 0, SLICE_LIT("{}"), 0);
    slot = packer_due(b, 1, false, &cls, &partition);
    assert_true(slot && cls == CLASS_TX && slot->n == PACKER_LINES);
    packer_fini(b);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_sent_without_a_connection),
        cmocka_unit_test(a_window_is_under_way_and_acknowledgements_move_it),
        cmocka_unit_test(foreign_and_old_acknowledgements_change_nothing),
        cmocka_unit_test(an_acknowledgement_of_an_earlier_run_skips_ahead),
        cmocka_unit_test(a_requested_range_goes_out_again),
        cmocka_unit_test(a_reconnect_sends_everything_unacknowledged_again),
        cmocka_unit_test(silence_repeats_with_growing_patience),
        cmocka_unit_test(the_analyzers_hello_is_answered),
        cmocka_unit_test(everything_arrives_over_a_broker_that_loses_silently),
        cmocka_unit_test(packed_lines_leave_by_size_or_age_alerts_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
