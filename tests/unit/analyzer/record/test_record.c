/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/record/hub.h"
#include "analyzer/record/record.h"
#include "analyzer/record/secret.h"
#include "analyzer/record/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void fields_are_found_by_our_names_and_by_eve_paths(void **state)
{
    (void)state;
    struct batch batch;
    batch_init(&batch);
    struct record *r = batch_add(&batch);
    assert_int_equal(json_parse_in(SLICE_LIT("{\"src_ip\":\"10.0.0.1\",\"dns\":{\"queries\":[{"
                                             "\"rrname\":\"a.vn\"}]},\"tags\":[\"x\",\"y\"],"
                                             "\"n\":5,\"b\":true,\"severity\":\"no\"}"),
                                   &batch.arena, &r->eve, NULL),
                     ERR_OK);
    r->src.zone = "camera";
    r->dst.criticality = 5;
    r->is_alert = true;
    r->severity = SEVERITY_HIGH;
    r->site = "ct";
    assert_string_equal((const char *)record_field(r, "src.zone").text.at, "camera");
    assert_int_equal(record_field(r, "dest.criticality").number, 5);
    assert_string_equal((const char *)record_field(r, "severity").text.at, "high");
    assert_string_equal((const char *)record_field(r, "src_ip").text.at, "10.0.0.1");
    assert_string_equal((const char *)record_field(r, "dns.queries.rrname").text.at, "a.vn");
    assert_int_equal(record_field(r, "tags").kind, VALUE_LIST);
    assert_int_equal(record_field(r, "n").number, 5);
    assert_int_equal(record_field(r, "b").kind, VALUE_BOOL);
    assert_int_equal(record_field(r, "dest.zone").kind, VALUE_NONE);
    assert_int_equal(record_field(r, "nothing.here").kind, VALUE_NONE);
    batch_fini(&batch);
}

static void a_batch_is_full_at_its_limit_and_can_take_back(void **state)
{
    (void)state;
    struct batch batch;
    batch_init(&batch);
    while (batch_add(&batch))
        continue;
    assert_int_equal(batch.n, BATCH_RECORDS_MAX);
    batch_drop_last(&batch);
    assert_non_null(batch_add(&batch));
    batch_fini(&batch);
}

static void text_is_folded_for_vietnamese(void **state)
{
    (void)state;
    struct strbuf out;
    strbuf_init(&out, 0);
    utf8_fold(SLICE_LIT("Trạm Gác ĐƯỜNG Nguyễn Huệ — Cần Thơ Ö"), &out);
    assert_string_equal(out.at, "tram gac duong nguyen hue — can tho o");
    strbuf_clear(&out);
    utf8_fold(SLICE_LIT("e\xcc\x82\xcc\x81"), &out); /* e, circumflex, acute */
    assert_string_equal(out.at, "e");
    strbuf_fini(&out);
}

static void utf8_is_told_from_what_is_not(void **state)
{
    (void)state;
    assert_true(utf8_ok(SLICE_LIT("Cần \xf0\x9f\x98\x80")));
    assert_false(utf8_ok(SLICE_LIT("\xc0\x80")));
    assert_false(utf8_ok(SLICE_LIT("\xed\xa0\x80")));
    assert_false(utf8_ok(SLICE_LIT("\xf5\x80\x80\x80")));
    assert_false(utf8_ok(SLICE_LIT("a\0b")));
    assert_false(utf8_ok(SLICE_LIT("\xe1\xba")));
    assert_int_equal(utf8_cut(SLICE_LIT("a\xe1\xba\xa1"), 3), 1);
    assert_int_equal(utf8_cut(SLICE_LIT("a\xe1\xba\xa1"), 4), 4);
}

static int woken;
static void wake(void *ctx)
{
    (void)ctx;
    woken++;
}

static void readers_of_the_hub_get_what_is_new_or_a_reload(void **state)
{
    (void)state;
    struct hub *hub = hub_new();
    struct strbuf out;
    strbuf_init(&out, 0);
    assert_true(hub_listen(hub, wake, NULL));
    hub_publish(hub, "groups", SLICE_LIT("{\"a\":1}"));
    hub_publish(hub, "incident", SLICE_LIT("{\n}"));
    assert_int_equal(woken, 2);
    assert_int_equal(hub_read(hub, 1, &out), 2);
    assert_string_equal(out.at, "id: 2\nevent: incident\ndata: { }\n\n");
    for (int i = 0; i < HUB_MESSAGES; i++)
        hub_publish(hub, "groups", SLICE_NONE);
    strbuf_clear(&out);
    assert_int_equal(hub_read(hub, 1, &out), HUB_MESSAGES + 2);
    assert_string_equal(out.at, "id: 1026\nevent: reload\ndata: {}\n\n");
    strbuf_clear(&out);
    hub_read(hub, 99999, &out); /* of an earlier run */
    assert_non_null(strstr(out.at, "reload"));
    hub_unlisten(hub, wake, NULL);
    hub_publish(hub, "groups", SLICE_NONE);
    assert_int_equal(woken, 2 + HUB_MESSAGES);
    strbuf_fini(&out);
    hub_free(&hub);
}

static void passwords_fit_their_hash_only(void **state)
{
    (void)state;
    char hash[SECRET_HASH_MAX], digest[SECRET_DIGEST_MAX], token[SECRET_TOKEN_MAX], word[32];
    assert_int_equal(secret_hash(SLICE_LIT("short"), hash), ERR_INPUT);
    assert_int_equal(secret_hash(SLICE_LIT("mat khau dai"), hash), ERR_OK);
    assert_true(strncmp(hash, "$argon2id$", 10) == 0);
    assert_true(secret_fits(hash, SLICE_LIT("mat khau dai")));
    assert_false(secret_fits(hash, SLICE_LIT("mat khau dai ")));
    assert_false(secret_fits("", SLICE_LIT("mat khau dai")));
    secret_sha256(SLICE_LIT("abc"), digest);
    assert_string_equal(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    /* RFC 4231, case 2 */
    secret_hmac(SLICE_LIT("Jefe"), SLICE_LIT("what do ya want for nothing?"), digest);
    assert_string_equal(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    secret_token(token);
    assert_int_equal(strlen(token), 64);
    secret_password(word);
    assert_int_equal(strlen(word), 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_found_by_our_names_and_by_eve_paths),
        cmocka_unit_test(a_batch_is_full_at_its_limit_and_can_take_back),
        cmocka_unit_test(text_is_folded_for_vietnamese),
        cmocka_unit_test(utf8_is_told_from_what_is_not),
        cmocka_unit_test(readers_of_the_hub_get_what_is_new_or_a_reload),
        cmocka_unit_test(passwords_fit_their_hash_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
