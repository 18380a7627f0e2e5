/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of TCP sessions: names for rules, bits on the flow.
 */
#include "sensor/flow/stream_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void each_event_is_found_by_its_name(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < STREAM_EVENT_COUNT; i++) {
        assert_non_null(stream_event_name(i));
        assert_non_null(stream_event_doc(i));
        assert_int_equal(stream_event_find(slice_of_str(stream_event_name(i))), i);
    }
    assert_null(stream_event_name(STREAM_EVENT_COUNT));
    assert_int_equal(stream_event_find(SLICE_LIT("stream.fin_syn")), STREAM_EVENT_FIN_SYN);
    assert_int_equal(stream_event_find(SLICE_LIT("nothing_of_the_kind")), -1);
}

static void events_stay_until_they_are_cleared(void **state)
{
    struct flow flow = {0};

    (void)state;
    assert_false(stream_event_any(&flow));
    stream_event_raise(&flow, STREAM_EVENT_3WHS_ACK_IN_WRONG_DIR);
    stream_event_raise(&flow, STREAM_EVENT_REASSEMBLY_SEQ_GAP);
    assert_true(stream_event_any(&flow));
    assert_true(stream_event_has(&flow, STREAM_EVENT_REASSEMBLY_SEQ_GAP));
    assert_false(stream_event_has(&flow, STREAM_EVENT_FIN_SYN));
    stream_event_clear(&flow);
    assert_false(stream_event_any(&flow));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_is_found_by_its_name),
        cmocka_unit_test(events_stay_until_they_are_cleared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
