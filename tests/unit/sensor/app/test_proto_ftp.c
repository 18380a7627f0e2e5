/* SPDX-License-Identifier: Apache-2.0 */
/* Commands and replies of RFC 959 and RFC 2428, and the data channels they announce. */
#include "proto_one.h"

#define REQUEST(text) one_says(&one, TO_SERVER, SLICE_LIT(text))
#define REPLY(text)   one_says(&one, TO_CLIENT, SLICE_LIT(text))

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 21);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static void a_greeting_is_a_transaction_without_a_command(void **state)
{
    (void)state;
    REPLY("220-hello\r\n more\r\n220 (vsFTPd 3.0.3)\r\nx");
    REQUEST("USER u\r\n");
    assert_string_equal(one_event(&one, 0, 0),
                        "{\"completion_code\":[\"220\",\"220\"],"
                        "\"reply\":[\"hello\",\" more\",\"(vsFTPd 3.0.3)\"],"
                        "\"reply_received\":\"yes\",\"reply_truncated\":false}");
    assert_true(app_tx_over(one_tx(&one, 0)));
}

static void a_reply_belongs_to_its_command(void **state)
{
    (void)state;
    REQUEST("user Anonymous\r\nPASS a b\r\n");
    REPLY("331 Password\r\n230-Welcome\r\n230 in\r\n");
    one_is(&one, "ftp.command", "USER");
    one_is(&one, "ftp.command_data", "Anonymous");
    one_is(&one, "ftp.completion_code", "331");
    assert_non_null(strstr(one_event(&one, 1, 0), "\"reply\":[\"Welcome\",\"in\"]"));
}

static void a_preliminary_reply_leaves_the_command_open(void **state)
{
    (void)state;
    REQUEST("FEAT\r\n");
    REPLY("150 soon\r\n");
    assert_false(app_tx_over(one_tx(&one, 0)));
    REPLY("226 done\r\n");
    assert_true(app_tx_over(one_tx(&one, 0)));
    one_is_number(&one, "ftp.reply_received", 1);
}

static void a_port_of_either_form_is_read(void **state)
{
    (void)state;
    REQUEST("USER u\r\n");
    REPLY("230 ok\r\n");
    REQUEST(
        "PORT 192,168,0,13,234,10\r\nEPRT |2|2001:db8::1|4242|\r\nPASV\r\nEPSV\r\nPORT 1,2\r\n");
    REPLY("200 ok\r\n200 ok\r\n227 here 10,0,0,1,0,80\r\n229 x (|||58612|)\r\n501 no\r\n");
    assert_non_null(strstr(one_event(&one, 1, 0), "\"dynamic_port\":59914,\"mode\":\"active\""));
    assert_non_null(strstr(one_event(&one, 2, 0), "\"dynamic_port\":4242"));
    assert_non_null(strstr(one_event(&one, 3, 0), "\"dynamic_port\":80"));
    assert_non_null(strstr(one_event(&one, 4, 0), "\"dynamic_port\":58612"));
    assert_null(strstr(one_event(&one, 5, 0), "dynamic_port"));
}

static void a_line_that_is_too_long_is_cut_and_noted(void **state)
{
    static char line[6000];

    (void)state;
    memset(line, 'A', sizeof line);
    memcpy(line, "PASS ", 5);
    one_says(&one, TO_SERVER, (struct slice){(const uint8_t *)line, sizeof line});
    REQUEST("AA\r\nQUIT\r\n");
    struct slice data;
    assert_true(one_bytes(&one, "ftp.command_data", 0, 0, &data));
    assert_int_equal(data.len, 4091);
    assert_string_equal(one_tx(&one, 0)->proto->notes[one_tx(&one, 0)->note[0]],
                        "request_command_too_long");
    assert_non_null(strstr(one_event(&one, 1, 0), "QUIT"));
}

static void an_announced_flow_is_the_file(void **state)
{
    struct flow data = {.proto = IPPROTO_TCP4, .client_port = 40001, .server_port = 5001};
    struct chunk chunk = {.data = SLICE_LIT("content"), .dir = TO_CLIENT};

    (void)state;
    REQUEST("USER u\r\n");
    REPLY("230 ok\r\n");
    REQUEST("PASV\r\n");
    REPLY("227 (0,0,0,0,19,137)\r\n");
    REQUEST("RETR a.txt\r\n");
    feed_chunk(&one.feed, &data, chunk);
    assert_string_equal(data.app_name, "ftp-data");
    struct field_ref ref;
    uint64_t transfer;
    assert_true(field_find(SLICE_LIT("ftpdata.transfer"), 1, &ref));
    assert_true(field_number(&ref, app_first_tx(&data), 0, &transfer));
    assert_int_equal(transfer, 1);
    struct file *file = files_first(&data);
    assert_non_null(file);
    assert_true(slice_eq(file->name, SLICE_LIT("a.txt")));
    assert_int_equal(file->size, 7);
    app_end(one.feed.engine, &data);
    files_drop(one.feed.files, &data);
    app_drop(one.feed.engine, &data);
}

static void a_flow_nobody_announced_is_not_a_file(void **state)
{
    struct flow data = {.proto = IPPROTO_TCP4, .client_port = 40001, .server_port = 5002};
    struct chunk chunk = {.data = SLICE_LIT("content"), .dir = TO_CLIENT};

    (void)state;
    REQUEST("USER u\r\nPORT 0,0,0,0,19,137\r\nLIST\r\nRETR a.txt\r\n");
    feed_chunk(&one.feed, &data, chunk);
    assert_null(data.app_name);
    app_drop(one.feed.engine, &data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_greeting_is_a_transaction_without_a_command, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_reply_belongs_to_its_command, setup, teardown),
        cmocka_unit_test_setup_teardown(a_preliminary_reply_leaves_the_command_open, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_port_of_either_form_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_that_is_too_long_is_cut_and_noted, setup, teardown),
        cmocka_unit_test_setup_teardown(an_announced_flow_is_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flow_nobody_announced_is_not_a_file, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
