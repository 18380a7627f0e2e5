/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms and facts become documents; documents become HTML and PDF that no text of the facts breaks.
 */
#include "analyzer/record/tally.h"
#include "analyzer/report/doc.h"
#include "analyzer/report/html.h"
#include "analyzer/report/pdf.h"
#include "common/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the three above */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
/* fontconfig keeps what it read of fonts until the process ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:libpango\n";
}
#endif

static const char form_text[] =
    "title: {vi: 'Báo cáo {{number}}', en: 'Report {{number}}'}\n"
    "parts:\n"
    "  - heading: {vi: 'Một', en: 'One'}\n"
    "    fields:\n"
    "      - {label: {vi: 'Tên', en: 'Name'}, value: incident.title}\n"
    "      - {label: 'Hand', value: ''}\n"
    "      - {label: 'Gone', value: no.such.fact}\n"
    "  - table:\n"
    "      of: stages\n"
    "      columns: [{label: What, value: text, width: 3}, {label: N, value: n, width: 1}]\n"
    "  - table: {of: nothing, none: 'None at all.', columns: [{label: X, value: x}]}\n"
    "  - text: 'open {{ stays'\n"
    "    sign: [Left, Right]\n";
static const char facts_text[] =
    "{\"number\":\"INC-1\",\"soc\":{\"unit\":\"U\"},\"incident\":{\"title\":{\"en\":\"<b>&\","
    "\"vi\":"
    "\"Quét\"}},\"stages\":[{\"text\":\"a {{number}}\",\"n\":3},{\"text\":\"b\",\"n\":4}]}";

struct fixture {
    struct arena arena;
    struct json *form, *facts;
    struct doc doc;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    arena_init(&f->arena, 4096, 0);
    assert_int_equal(yaml_parse(slice_of_str(form_text), false, &f->form, NULL), ERR_OK);
    assert_int_equal(json_parse(slice_of_str(facts_text), &f->facts, NULL), ERR_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    json_free(&f->form);
    json_free(&f->facts);
    arena_fini(&f->arena);
    free(f);
    return 0;
}

static void a_form_is_filled_in_the_language_asked_for(void **state)
{
    struct fixture *f = *state;

    doc_build(f->form, f->facts, "vi", &f->arena, &f->doc);
    assert_string_equal(f->doc.title, "Báo cáo INC-1");
    assert_string_equal(f->doc.unit, "U");
    assert_int_equal(f->doc.blocks[0].kind, DOC_HEADING);
    assert_string_equal(f->doc.blocks[0].text, "Một");
    assert_string_equal(f->doc.blocks[1].cells[1], "Quét");
    doc_build(f->form, f->facts, "en", &f->arena, &f->doc);
    assert_string_equal(f->doc.title, "Report INC-1");
    assert_string_equal(f->doc.blocks[1].cells[1], "<b>&");
}

static void what_the_facts_lack_is_empty_and_an_empty_table_says_so(void **state)
{
    struct fixture *f = *state;

    doc_build(f->form, f->facts, "en", &f->arena, &f->doc);
    assert_string_equal(f->doc.blocks[1].cells[3], "");
    assert_string_equal(f->doc.blocks[1].cells[5], "");
    assert_int_equal(f->doc.blocks[3].kind, DOC_TEXT);
    assert_string_equal(f->doc.blocks[3].text, "None at all.");
    assert_string_equal(f->doc.blocks[4].text, "open {{ stays");
    assert_int_equal(f->doc.blocks[5].kind, DOC_SIGN);
    assert_int_equal(f->doc.blocks[5].n_columns, 2);
}

static void a_table_has_its_headings_and_a_row_per_element(void **state)
{
    struct fixture *f = *state;

    doc_build(f->form, f->facts, "en", &f->arena, &f->doc);
    const struct doc_block *b = &f->doc.blocks[2];
    assert_int_equal(b->kind, DOC_TABLE);
    assert_int_equal(b->n_rows, 3);
    assert_string_equal(b->cells[0], "What");
    assert_string_equal(b->cells[2], "a {{number}}"); /* facts are not forms */
    assert_string_equal(b->cells[5], "4");
}

static void html_holds_texts_and_no_markup_of_theirs(void **state)
{
    struct fixture *f = *state;
    struct strbuf out;

    doc_build(f->form, f->facts, "en", &f->arena, &f->doc);
    strbuf_init(&out, 0);
    html_write(&f->doc, &out);
    assert_null(strstr(out.at, "<b>"));
    assert_non_null(strstr(out.at, "&#60;b&#62;&#38;"));
    assert_non_null(strstr(out.at, "<html lang=\"en\">"));
    strbuf_fini(&out);
}

static void a_pdf_of_many_rows_has_many_pages_and_keeps_within_its_cap(void **state)
{
    struct fixture *f = *state;
    struct strbuf text;
    struct strbuf out;
    struct json *many = NULL;

    strbuf_init(&text, 0);
    strbuf_str(&text, "{\"stages\":[");
    for (int i = 0; i < 200; i++)
        strbuf_fmt(&text, "%s{\"text\":\"%s \\u0000 row %d\",\"n\":%d}", i ? "," : "",
                   "một dòng dài để xuống hàng nhiều lần trong ô của bảng này", i, i);
    strbuf_str(&text, "]}");
    assert_int_equal(json_parse(strbuf_view(&text), &many, NULL), ERR_OK);
    doc_build(f->form, many, "vi", &f->arena, &f->doc);
    strbuf_init(&out, 0);
    assert_int_equal(pdf_write(&f->doc, &out), ERR_OK);
    assert_memory_equal(out.at, "%PDF-1.", 7);
    assert_true(out.len > 10000);
    strbuf_fini(&out);
    strbuf_init(&out, 2000);
    assert_int_equal(pdf_write(&f->doc, &out), ERR_FULL);
    strbuf_fini(&out);
    strbuf_fini(&text);
    json_free(&many);
}

static void a_tally_tells_the_most_frequent_first_and_stays_bounded(void **state)
{
    (void)state;
    struct tally *tally = tally_new();
    struct strbuf out;
    struct jsonw w;
    char name[32];

    for (int i = 0; i < TALLY_MAX + 100; i++) {
        snprintf(name, sizeof(name), "name-%d", i);
        tally_add(tally, slice_of_str(name), slice_of_str("tên"), 1);
    }
    tally_add(tally, SLICE_LIT("name-7"), SLICE_LIT("x"), 5);
    tally_add(tally, SLICE_LIT("name-5"), SLICE_LIT("x"), 5);
    strbuf_init(&out, 0);
    jsonw_init(&w, &out);
    jsonw_obj_open(&w, NULL);
    tally_write(tally, &w, "rows");
    jsonw_obj_close(&w);
    struct json *v = NULL;
    assert_int_equal(json_parse(strbuf_view(&out), &v, NULL), ERR_OK);
    assert_int_equal(json_count(json_get(v, "rows")), TALLY_TOLD);
    assert_string_equal(json_str(json_path(v, "rows.0.name.en"), ""), "name-5");
    assert_string_equal(json_str(json_path(v, "rows.1.name.en"), ""), "name-7");
    assert_int_equal(json_i64(json_path(v, "rows.1.count"), 0), 6);
    json_free(&v);
    strbuf_fini(&out);
    tally_free(&tally);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_form_is_filled_in_the_language_asked_for),
        TEST(what_the_facts_lack_is_empty_and_an_empty_table_says_so),
        TEST(a_table_has_its_headings_and_a_row_per_element),
        TEST(html_holds_texts_and_no_markup_of_theirs),
        TEST(a_pdf_of_many_rows_has_many_pages_and_keeps_within_its_cap),
        cmocka_unit_test(a_tally_tells_the_most_frequent_first_and_stays_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
