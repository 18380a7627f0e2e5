/* SPDX-License-Identifier: Apache-2.0 */
/* Calls in the manner of RFC 5531, 9, and RFC 1813, 3.3. */
#include "proto_one.h"

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_UDP4, 2049);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

#define CALL(xid, procedure) xid "\0\0\0\0\0\0\0\2\0\1\x86\xa3\0\0\0\3\0\0\0" procedure
#define CREDS                "\0\0\0\1\0\0\0\x18\0\0\0\1\0\0\0\3cam\0\0\0\0\7\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0"
#define REPLY(xid)           xid "\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define HANDLE               "\0\0\0\4abcd"

static void a_call_and_its_answer_are_one_transaction(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER,
             SLICE_LIT(CALL("\1\2\3\4", "\x0c") CREDS HANDLE "\0\0\0\5notes\0\0\0"));
    one_says(&one, TO_CLIENT, SLICE_LIT(REPLY("\1\2\3\4") "\0\0\0\2"));
    one_is_number(&one, "nfs_procedure", 12);
    one_is_number(&one, "nfs.version", 3);
    one_is(&one, "nfs.filename", "notes");
    assert_true(app_tx_over(one_tx(&one, 0)));
    const char *event = one_event(&one, 0, 0);
    assert_non_null(strstr(event, "\"procedure\":\"REMOVE\""));
    assert_non_null(strstr(event, "\"hhash\":\"ed82cd11\""));
    assert_non_null(strstr(event, "\"status\":\"ERR_NOENT\""));
}

static void a_write_carries_a_file_until_the_commit(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER,
             SLICE_LIT(CALL("\1\2\3\4", "\7") CREDS HANDLE "\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0\0"
                                                           "\0\0\0\5bytes\0\0\0"));
    assert_true(((one_tx(&one, 1)) != NULL));
    assert_false(app_tx_over(one_tx(&one, 1)));
    one_says(&one, TO_SERVER,
             SLICE_LIT(CALL("\1\2\3\5", "\x15") CREDS HANDLE "\0\0\0\0\0\0\0\0\0\0\0\5"));
    one_says(&one, TO_CLIENT, SLICE_LIT(REPLY("\1\2\3\5") "\0\0\0\0"));
    assert_true(app_tx_over(one_tx(&one, 1)));
    assert_non_null(strstr(one_event(&one, 1, 0), "\"last\":true"));
}

static void over_a_stream_records_are_cut_by_their_marks(void **state)
{
    static const char record[] =
        "\x80\0\0\x50" CALL("\1\2\3\4", "\x0c") CREDS HANDLE "\0\0\0\4name";

    (void)state;
    one.flow.proto = IPPROTO_TCP4;
    struct slice bytes = {(const uint8_t *)record, sizeof record - 1};
    one_says(&one, TO_SERVER, slice_head(bytes, 9));
    one_says(&one, TO_SERVER, slice_from(bytes, 9));
    one_is(&one, "nfs.filename", "name");
}

#define CALL_4(xid)  xid "\0\0\0\0\0\0\0\2\0\1\x86\xa3\0\0\0\4\0\0\0\1" CREDS "\0\0\0\0\0\0\0\0"
#define REPLY_4(xid) REPLY(xid) "\0\0\0\0\0\0\0\0"
#define OP(n)        "\0\0\0" n
#define OK           "\0\0\0\0"
#define STATE_ID     "0123456789abcdef"

/* A lookup of a name with its handle, then a read by the handle (RFC 7530, 15.2). */
static void a_compound_gives_names_to_handles_and_bytes_to_files(void **state)
{
    (void)state;
    one_says(
        &one, TO_SERVER,
        SLICE_LIT(CALL_4("\1\2\3\4") OP("\3") OP("\x18") OP("\x0f") "\0\0\0\4note" OP("\x0a")));
    one_is(&one, "nfs.filename", "note");
    one_says(
        &one, TO_CLIENT,
        SLICE_LIT(REPLY_4("\1\2\3\4") OP("\3") OP("\x18") OK OP("\x0f") OK OP("\x0a") OK HANDLE));
    one_says(&one, TO_SERVER,
             SLICE_LIT(CALL_4("\1\2\3\5") OP("\2") OP("\x16") HANDLE OP("\x19") STATE_ID
                       "\0\0\0\0\0\0\0\0\0\0\1\0"));
    one_says(&one, TO_CLIENT,
             SLICE_LIT(REPLY_4("\1\2\3\5") OP("\2") OP("\x16") OK OP("\x19") OK
                       "\0\0\0\1\0\0\0\5bytes\0\0\0"));
    const struct file *file = files_first(&one.flow);
    assert_non_null(file);
    assert_true(slice_eq(file->name, SLICE_LIT("note")));
    assert_int_equal(file->size, 5);
    assert_int_equal(file->state, FILE_CLOSED);
    assert_non_null(strstr(one_event(&one, 2, 0), "\"procedure\":\"READ\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_call_and_its_answer_are_one_transaction, setup, teardown),
        cmocka_unit_test_setup_teardown(a_write_carries_a_file_until_the_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(a_compound_gives_names_to_handles_and_bytes_to_files, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(over_a_stream_records_are_cut_by_their_marks, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
