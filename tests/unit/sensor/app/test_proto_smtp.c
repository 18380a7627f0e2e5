/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of RFC 5321 and messages of RFC 5322 and RFC 2045, with the examples' shapes. */
#include "proto_one.h"

#include "sensor/app/mime.h"

#define CLIENT(text) one_says(&one, TO_SERVER, SLICE_LIT(text))
#define SERVER(text) one_says(&one, TO_CLIENT, SLICE_LIT(text))

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 25);
    SERVER("220 mx ESMTP\r\n");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static const char *email(uint32_t i)
{
    struct jsonw w;
    strbuf_clear(&one.text);
    jsonw_init(&w, &one.text);
    smtp_event_write_email(one_tx(&one, i), &w);
    return one.text.at ? one.text.at : "";
}

static bool noted(uint32_t i, const char *name)
{
    struct tx *tx = one_tx(&one, i);
    for (uint8_t n = 0; n < tx->notes; n++)
        if (strcmp(tx->proto->notes[tx->note[n]], name) == 0)
            return true;
    return false;
}

static void begin_message(void)
{
    CLIENT("HELO me\r\nMAIL FROM:<a@b> SIZE=5\r\nRCPT TO:<c@d>\r\nDATA\r\n");
    SERVER("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
}

static void the_envelope_is_one_transaction(void **state)
{
    (void)state;
    begin_message();
    CLIENT("Subject: x\r\n\r\nhello\r\n.\r\nQUIT\r\n");
    assert_string_equal(one_event(&one, 0, 0),
                        "{\"helo\":\"me\",\"mail_from\":\"<a@b>\",\"rcpt_to\":[\"<c@d>\"]}");
    one_is(&one, "email.subject", "x");
    assert_true(app_tx_over(one_tx(&one, 0)));
    SERVER("250 queued\r\n221 bye\r\n");
    assert_non_null(one_tx(&one, 1)); /* of QUIT, as Suricata has it */
}

static void what_follows_a_message_is_another_transaction(void **state)
{
    (void)state;
    begin_message();
    CLIENT("\r\nhello\r\n.\r\n");
    SERVER("250 queued\r\n");
    CLIENT("QUIT\r\n");
    assert_string_equal(one_event(&one, 1, 0), "{\"helo\":\"me\"}");
}

static void addresses_are_parted_outside_quotes(void **state)
{
    (void)state;
    begin_message();
    CLIENT("To: \"a, b\" <a@x>,\r\n c@x\r\nCC:\r\n\r\n.\r\n");
    assert_non_null(strstr(email(0), "\"to\":[\"\\\"a, b\\\" <a@x>\",\"c@x\"]"));
    assert_null(strstr(email(0), "\"cc\""));
}

static void a_named_part_is_a_file(void **state)
{
    (void)state;
    begin_message();
    CLIENT("Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n"
           "Content-Disposition: attachment; filename=\"a \\\"b\\\".txt\"\r\n"
           "Content-Transfer-Encoding: Base64\r\n\r\naGVs\r\nbG8=\r\n--b--\r\n");
    struct file *file = files_of_tx(one_tx(&one, 0), TO_SERVER);
    assert_non_null(file);
    assert_true(slice_eq(file->name, SLICE_LIT("a \"b\".txt")));
    assert_int_equal(file->size, 5);
    assert_memory_equal(file->data.at, "hello", 5);
    assert_int_equal(file->state, FILE_CLOSED);
    assert_non_null(strstr(email(0), "\"attachment\":[\"a \\\"b\\\".txt\"]"));
}

static void the_line_end_before_a_boundary_is_not_content(void **state)
{
    (void)state;
    begin_message();
    CLIENT("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
           "Content-Type: text/plain; name=n\r\n\r\none\r\n..two\r\n--b--\r\n");
    struct file *file = files_of_tx(one_tx(&one, 0), TO_SERVER);
    assert_non_null(file);
    assert_int_equal(file->size, 9);
    assert_memory_equal(file->data.at, "one\r\n.two", 9);
}

static void a_message_inside_a_message_is_read(void **state)
{
    (void)state;
    begin_message();
    CLIENT("Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n"
           "Content-Disposition: attachment; filename*=utf-8''%41.bin\r\n\r\nx\r\n.\r\n");
    assert_non_null(strstr(email(0), "A.bin"));
    assert_null(strstr(email(0), "inner"));
}

static void urls_of_the_text_are_gathered(void **state)
{
    (void)state;
    begin_message();
    CLIENT("Content-Transfer-Encoding: quoted-printable\r\n\r\n"
           "go to <HTTP://10.1.2.3/A.exe> or http://x.exam=\r\nple/p?a=3Db now\r\n.\r\n");
    assert_non_null(strstr(email(0), "\"has_ipv4_url\":true,\"has_exe_url\":true"));
    assert_non_null(strstr(email(0), "\"url\":[\"x.example/p?a=b\",\"10.1.2.3/a.exe\"]"));
}

static void a_refused_message_is_noted(void **state)
{
    (void)state;
    CLIENT("HELO a\r\nHELO a\r\nDATA\r\n");
    SERVER("250 a\r\n250 a\r\n554 no\r\n");
    assert_true(noted(0, "DUPLICATE_FIELDS"));
    assert_true(noted(0, "DATA_COMMAND_REJECTED"));
}

static void an_answer_without_a_command_is_noted(void **state)
{
    (void)state;
    CLIENT("HELO a\r\n");
    SERVER("250 a\r\n250 again\r\n999 what\r\n");
    assert_true(noted(0, "UNABLE_TO_MATCH_REPLY_WITH_REQUEST"));
    assert_true(noted(0, "INVALID_REPLY"));
}

static void a_client_that_speaks_before_the_welcome_is_noted(void **state)
{
    (void)state;
    begin_message();
    assert_false(noted(0, "NO_SERVER_WELCOME_MESSAGE"));
    one_close(&one);
    one_open(&one, IPPROTO_TCP4, 25);
    CLIENT("HELO me\r\n");
    SERVER("220 mx ESMTP\r\n");
    assert_true(noted(0, "NO_SERVER_WELCOME_MESSAGE"));
}

static void chunks_make_a_message(void **state)
{
    (void)state;
    CLIENT("EHLO a\r\nBDAT 10\r\nSubject: aBDAT 7 LAST\r\nb\r\n\r\nx\nQUIT\r\n");
    one_is(&one, "email.subject", "ab");
    SERVER("250 a\r\n250 ok\r\n250 ok\r\n");
    assert_true(app_tx_over(one_tx(&one, 0)));
}

static void after_starttls_the_bytes_are_looked_at_anew(void **state)
{
    (void)state;
    CLIENT("EHLO a\r\nSTARTTLS\r\n");
    SERVER("250 a\r\n220 go\r\n");
    assert_true(app_tx_over(one_tx(&one, 0)));
    CLIENT("EHLO again\r\n");
    assert_string_equal(one.flow.app_name, "smtp");
    assert_string_equal(one_event(&one, 1, 0), "{\"helo\":\"again\"}");
}

static void sections_of_a_name_are_joined(void **state)
{
    uint8_t out[8];
    uint32_t len;

    (void)state;
    assert_true(mime_header_parameter(SLICE_LIT("x/y; a=1;name*0=\"ab\"; name*1*=%63d"),
                                      SLICE_LIT("name"), out, sizeof out, &len));
    assert_int_equal(len, 4);
    assert_memory_equal(out, "abcd", 4);
    assert_true(mime_header_parameter(SLICE_LIT("x; name=a-name-too-long"), SLICE_LIT("name"), out,
                                      sizeof out, &len));
    assert_int_equal(len, 15);
    assert_false(mime_header_parameter(SLICE_LIT("x; filename=a"), SLICE_LIT("name"), out,
                                       sizeof out, &len));
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void a_protocol_that_is_changed_twice_is_noted(void **state)
{
    (void)state;
    CLIENT("EHLO a\r\nSTARTTLS\r\nSTARTTLS\r\n");
    SERVER("250 STARTTLS\r\n220 go\r\n220 go\r\n");
    assert_true(noted(0, "FAILED_PROTOCOL_CHANGE"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_protocol_that_is_changed_twice_is_noted),
        WITH(the_envelope_is_one_transaction),
        WITH(what_follows_a_message_is_another_transaction),
        WITH(addresses_are_parted_outside_quotes),
        WITH(a_named_part_is_a_file),
        WITH(the_line_end_before_a_boundary_is_not_content),
        WITH(a_message_inside_a_message_is_read),
        WITH(urls_of_the_text_are_gathered),
        WITH(a_refused_message_is_noted),
        WITH(an_answer_without_a_command_is_noted),
        WITH(a_client_that_speaks_before_the_welcome_is_noted),
        WITH(chunks_make_a_message),
        WITH(after_starttls_the_bytes_are_looked_at_anew),
        cmocka_unit_test(sections_of_a_name_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
