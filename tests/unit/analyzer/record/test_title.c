/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/record/title.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the three above */
#include <cmocka.h>
#include <stdint.h>
#include <string.h>

static void our_messages_lose_the_name_of_their_set(void **state)
{
    char room[TITLE_MAX];

    (void)state;
    assert_string_equal(title_plain("TRAMGAC DC query joined to an address", room),
                        "Query joined to an address");
    assert_string_equal(title_plain("TRAMGAC OT S7 PLC stop", room), "S7 PLC stop");
    assert_string_equal(title_plain("TRAMGAC MQTT many refused logins", room),
                        "MQTT: many refused logins");
    assert_string_equal(title_plain("TRAMGAC TELNET connection", room), "Telnet: connection");
}

static void messages_of_others_stay(void **state)
{
    char room[TITLE_MAX];

    (void)state;
    assert_string_equal(title_plain("ET MALWARE TRAMGAC DC x", room), "ET MALWARE TRAMGAC DC x");
    assert_string_equal(title_plain("TRAMGAC DC ", room), "TRAMGAC DC ");
    assert_string_equal(title_plain("TRAMGAC ELSE x", room), "TRAMGAC ELSE x");
    assert_string_equal(title_plain("TRAMGAC", room), "TRAMGAC");
    assert_string_equal(title_plain("", room), "");
}

static void a_long_message_is_cut_to_its_room(void **state)
{
    char text[2 * TITLE_MAX] = "TRAMGAC DC ", room[TITLE_MAX];

    (void)state;
    memset(text + 11, 'a', sizeof(text) - 12);
    assert_int_equal(strlen(title_plain(text, room)), TITLE_MAX - 1);
}

static void a_pair_without_vietnamese_says_it_in_english(void **state)
{
    char room[TITLE_MAX];
    const char *pair[2];

    (void)state;
    title_pair("TRAMGAC DC a", "", room, pair);
    assert_string_equal(pair[1], "A");
    title_pair("TRAMGAC DC a", "TRAMGAC DC a", room, pair);
    assert_string_equal(pair[1], "A");
    title_pair("TRAMGAC DC a", "Một", room, pair);
    assert_string_equal(pair[0], "A");
    assert_string_equal(pair[1], "Một");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_messages_lose_the_name_of_their_set),
        cmocka_unit_test(messages_of_others_stay),
        cmocka_unit_test(a_long_message_is_cut_to_its_room),
        cmocka_unit_test(a_pair_without_vietnamese_says_it_in_english),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
