/* SPDX-License-Identifier: Apache-2.0 */
#include "common/jsonw.h"
#include "common/listing.h"
#include "common/stat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct counter tcp[] = {
    {"tcp.gaps", "Gaps."}, {"decoder.bytes", "Bytes."}, {"tcp.sessions", "Sessions."}, COUNTER_END};
static const struct counter app[] = {
    {"app.tx.http", "Requests."}, {"tcp.gaps", "More."}, COUNTER_END};

static void workers_add_up_into_nested_objects(void **state)
{
    (void)state;
    struct stats one = {0};
    struct stats sum = {0};
    stats_add(&one, tcp)[0] = 2;
    stats_add(&one, app)[0] = 5;
    stats_add(&one, app)[1] = 1;
    stats_sum(&sum, &one);
    stats_sum(&sum, &one);
    struct strbuf out;
    struct jsonw w;
    strbuf_init(&out, 0);
    jsonw_init(&w, &out);
    jsonw_obj_open(&w, NULL);
    stats_json(&sum, &w);
    jsonw_obj_close(&w);
    assert_string_equal(out.at, "{\"app\":{\"tx\":{\"http\":10}},\"decoder\":{\"bytes\":0},"
                                "\"tcp\":{\"gaps\":6,\"sessions\":0}}");
    strbuf_fini(&out);
    stats_fini(&one);
    stats_fini(&sum);
}

static void a_listing_prints_in_three_formats(void **state)
{
    (void)state;
    struct listing *l = listing_new((const char *const[]){"name", "doc", NULL});
    listing_row(l, (const char *const[]){"Trạm", "a|b"});
    listing_row(l, (const char *const[]){"x", NULL});
    struct strbuf out;
    strbuf_init(&out, 0);
    listing_print(l, LISTING_TEXT, &out);
    assert_string_equal(out.at, "name  doc\nTrạm  a|b\nx\n");
    strbuf_clear(&out);
    listing_print(l, LISTING_MD, &out);
    assert_string_equal(out.at, "| name | doc |\n|---|---|\n| Trạm | a\\|b |\n| x |  |\n");
    strbuf_clear(&out);
    listing_print(l, LISTING_JSON, &out);
    assert_string_equal(out.at,
                        "[{\"name\":\"Trạm\",\"doc\":\"a|b\"},{\"name\":\"x\",\"doc\":\"\"}]\n");
    strbuf_fini(&out);
    listing_free(&l);
    enum listing_format format;
    assert_true(listing_format_parse("md", &format) && format == LISTING_MD);
    assert_false(listing_format_parse("xml", &format));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_add_up_into_nested_objects),
        cmocka_unit_test(a_listing_prints_in_three_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
