/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in the manner of RFC 3261, section 24. */
#include "proto_one.h"

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_UDP4, 5060);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

#define INVITE                                                                                     \
    "INVITE sip:bob@biloxi.example SIP/2.0\r\n"                                                    \
    "Via: SIP/2.0/UDP a.example\r\nv: SIP/2.0/UDP b.example\r\n"                                   \
    "From: Alice <sip:alice@a.example>\r\nt: <sip:bob@biloxi.example>\r\n"                         \
    "User-Agent: door/1\r\nContent-Type: application/sdp\r\nContent-Length: 25\r\n\r\n"            \
    "v=0\r\nm=audio 1 RTP\r\na=x\r\n"

static void a_request_gives_its_first_line_and_headers(void **state)
{
    struct slice via;

    (void)state;
    one_says(&one, TO_SERVER, SLICE_LIT(INVITE));
    one_is(&one, "sip.method", "INVITE");
    one_is(&one, "sip.uri", "sip:bob@biloxi.example");
    one_is(&one, "sip.protocol", "SIP/2.0");
    one_is(&one, "sip.request_line", "INVITE sip:bob@biloxi.example SIP/2.0");
    one_is(&one, "sip.to", "<sip:bob@biloxi.example>");
    assert_true(one_bytes(&one, "sip.via", 0, 1, &via));
    assert_true(slice_eq(via, SLICE_LIT("SIP/2.0/UDP b.example")));
    one_is(&one, "sdp.media.media", "audio 1 RTP");
    assert_non_null(strstr(one_event(&one, 0, 0), "\"attributes\":[\"x\"]"));
}

static void a_response_gives_code_and_reason(void **state)
{
    (void)state;
    one_says(&one, TO_CLIENT, SLICE_LIT("SIP/2.0 486 Busy Here\r\nVia: x\r\n\r\n"));
    one_is(&one, "sip.stat_code", "486");
    one_is(&one, "sip.stat_msg", "Busy Here");
    assert_true(app_tx_over(one_tx(&one, 0)));
}

static void over_a_stream_the_length_ends_a_message(void **state)
{
    (void)state;
    one.flow.proto = IPPROTO_TCP4;
    one_says(&one, TO_SERVER, slice_head(SLICE_LIT(INVITE INVITE), sizeof(INVITE) + 20));
    one_says(&one, TO_SERVER, slice_from(SLICE_LIT(INVITE INVITE), sizeof(INVITE) + 20));
    assert_non_null(one_tx(&one, 1));
    assert_null(one_tx(&one, 2));
    assert_true(app_tx_over(one_tx(&one, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_gives_its_first_line_and_headers, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_response_gives_code_and_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(over_a_stream_the_length_ends_a_message, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
