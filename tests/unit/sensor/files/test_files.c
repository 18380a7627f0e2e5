/* SPDX-License-Identifier: Apache-2.0 */
#include "proto_one.h"

#include <stdio.h>
#include <unistd.h>

static struct one one;

static void open_with(const char *setting)
{
    one_open(&one, IPPROTO_TCP4, 80);
    files_free(&one.feed.files);
    struct strbuf report;
    strbuf_init(&report, 0);
    assert_int_equal(conf_set(one.feed.conf, setting, &report), ERR_OK);
    strbuf_fini(&report);
    stats_fini(&one.feed.stats);
    one.feed.stats = (struct stats){.n = 0};
    app_engine_free(&one.feed.engine);
    one.feed.engine = app_engine_new(one.feed.conf, &one.feed.stats);
    one.feed.files = files_new(one.feed.conf, &one.feed.stats);
    app_on_free(one.feed.engine, feed_tx_gone, NULL);
}

static struct file *fetch(const char *body)
{
    char head[128];
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(body));
    one_says(&one, TO_SERVER, SLICE_LIT("GET /f HTTP/1.1\r\nHost: h\r\n\r\n"));
    one_says(&one, TO_CLIENT, slice_of_str(head));
    one_says(&one, TO_CLIENT, slice_of_str(body));
    struct file *file = files_first(&one.flow);
    while (file && file->next)
        file = file->next;
    return file;
}

static void only_digests_asked_for_are_computed(void **state)
{
    (void)state;
    open_with("files.hash=md5,sha1");
    struct file *file = fetch("abc");
    assert_string_equal(file->md5, "900150983cd24fb0d6963f7d28e17f72");
    assert_string_equal(file->sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_string_equal(file->sha256, "");
    assert_null(file->magic);
    one_close(&one);
}

static void the_type_is_named_when_asked_for(void **state)
{
    (void)state;
    open_with("files.magic=true");
    struct file *file = fetch("#!/bin/sh\necho\n");
    assert_non_null(file->magic);
    assert_non_null(strstr(file->magic, "shell script"));
    one_close(&one);
}

static void content_is_kept_up_to_the_limit_and_the_size_counts_on(void **state)
{
    (void)state;
    open_with("files.inspect=4");
    struct file *file = fetch("0123456789");
    assert_true(slice_eq(file->data, SLICE_LIT("0123")));
    assert_int_equal(file->size, 10);
    assert_int_equal(file->state, FILE_CLOSED);
    one_close(&one);
}

static void without_rules_contents_are_counted_and_not_kept(void **state)
{
    (void)state;
    open_with("files.hash=md5");
    app_without_rules(one.feed.engine);
    files_without_rules(one.feed.files);
    struct file *file = fetch("abc");
    assert_int_equal(file->data.len, 0);
    assert_int_equal(file->size, 3);
    assert_string_equal(file->md5, "900150983cd24fb0d6963f7d28e17f72");
    one_close(&one);
}

static void without_rules_the_type_still_needs_the_contents(void **state)
{
    (void)state;
    open_with("files.magic=true");
    app_without_rules(one.feed.engine);
    files_without_rules(one.feed.files);
    assert_non_null(fetch("#!/bin/sh\necho\n")->magic);
    one_close(&one);
}

static void a_file_is_freed_when_it_is_ended_and_logged(void **state)
{
    (void)state;
    open_with("files.inspect=4");
    fetch("first")->logged = true;
    struct file *file = fetch("second");
    assert_int_equal(file->id, 2);
    assert_ptr_equal(files_first(&one.flow), file);
    one_close(&one);
}

static void a_flow_that_ends_leaves_its_file_truncated(void **state)
{
    (void)state;
    open_with("files.inspect=4");
    one_says(&one, TO_SERVER, SLICE_LIT("GET /f HTTP/1.1\r\nHost: h\r\n\r\n"));
    one_says(&one, TO_CLIENT, SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"));
    files_end(one.feed.files, &one.flow);
    assert_int_equal(files_first(&one.flow)->state, FILE_TRUNCATED);
    one_close(&one);
}

static void files_of_a_transaction_that_is_over_do_not_know_it_any_more(void **state)
{
    struct tx tx = {0};
    struct app_file pieces[] = {
        {.kind = APP_FILE_BEGIN, .tx = &tx, .dir = TO_SERVER, .bytes = SLICE_LIT("first")},
        {.kind = APP_FILE_END, .tx = &tx, .dir = TO_SERVER},
        {.kind = APP_FILE_BEGIN, .tx = &tx, .dir = TO_SERVER, .bytes = SLICE_LIT("second")},
        {.kind = APP_FILE_BEGIN, .tx = &tx, .dir = TO_SERVER, .bytes = SLICE_LIT("third")},
    };

    (void)state;
    open_with("files.inspect=4");
    files_input(one.feed.files, &one.flow, pieces, 4);
    struct file *first = files_first(&one.flow);
    assert_ptr_equal(first->next->next, files_of_tx(&tx, TO_SERVER));
    first->logged = true;
    files_clear(one.feed.files, &one.flow, 3); /* the first goes */
    assert_int_equal(files_first(&one.flow)->id, 2);
    assert_ptr_equal(files_first(&one.flow)->tx, &tx);
    files_drop_tx(&tx);
    assert_null(tx.files[TO_SERVER]);
    for (struct file *file = files_first(&one.flow); file; file = file->next)
        assert_null(file->tx);
    one_close(&one);
}

static bool shows(const struct file *file, uint32_t n)
{
    bool same = file->data.len == n;

    for (uint32_t i = 0; same && i < n; i++)
        same = file->data.at[i] == (uint8_t)(i % 251);
    return same;
}

/* Bytes `from` to `to` of a body of `all`; its head comes with the first. */
static void body_goes_on(uint32_t from, uint32_t to, uint32_t all)
{
    static char text[4096];
    int n = from
                ? 0
                : snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", all);

    for (; from < to; from++)
        text[n++] = (char)(from % 251);
    one_says(&one, TO_CLIENT, (struct slice){(const uint8_t *)text, (uint32_t)n});
}

/* What rules see of a body ends at 100 KB; a file's bytes go on. */
static void a_file_shows_all_its_bytes_before_and_behind_the_end_of_its_body(void **state)
{
    enum { ALL = 150 * 1024, STEP = 1000 };

    (void)state;
    open_with("files.hash=md5");
    one_says(&one, TO_SERVER, SLICE_LIT("GET /f HTTP/1.1\r\nHost: h\r\n\r\n"));
    for (uint32_t at = 0; at < ALL; at += STEP) {
        uint32_t to = at + STEP < ALL ? at + STEP : ALL;
        body_goes_on(at, to, ALL);
        assert_true(shows(files_first(&one.flow), to));
    }
    assert_int_equal(files_first(&one.flow)->state, FILE_CLOSED);
    one_close(&one);
}

static void a_file_that_is_still_to_be_told_outlives_its_transaction(void **state)
{
    enum { ALL = 3000 };

    (void)state;
    open_with("files.hash=md5");
    one_says(&one, TO_SERVER, SLICE_LIT("GET /f HTTP/1.1\r\nHost: h\r\n\r\n"));
    body_goes_on(0, ALL, ALL);
    struct file *file = files_first(&one.flow);
    one_tx(&one, 0)->logged = true;
    one_says(&one, TO_SERVER, SLICE_LIT("GET /g HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_null(file->tx);
    assert_true(shows(file, ALL));
    one_close(&one);
}

static void a_file_that_was_told_does_not_keep_the_body_of_its_transaction(void **state)
{
    (void)state;
    open_with("files.hash=md5");
    struct file *file = fetch("abc");
    assert_int_equal(file->data.len, 3);
    file->logged = true;
    files_drop_tx(one_tx(&one, 0));
    assert_null(file->tx);
    assert_int_equal(file->data.len, 0);
    one_close(&one);
}

static bool is_there(const char *dir, const char *body, const char *sha256)
{
    char path[256], text[64] = "";

    snprintf(path, sizeof path, "%s/%.2s/%s", dir, sha256, sha256);
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    assert_int_equal(unlink(path), 0);
    path[strlen(path) - 65] = '\0';
    assert_int_equal(rmdir(path), 0);
    return n == strlen(body) && strcmp(text, body) == 0;
}

static void a_file_that_a_rule_asks_for_is_kept_by_its_digest(void **state)
{
    (void)state;
    static const struct files_order flow = {FILES_SCOPE_FLOW, 1u << TO_CLIENT};
    char dir[] = "/tmp/tramgac-files.XXXXXX", setting[64];

    assert_non_null(mkdtemp(dir));
    snprintf(setting, sizeof setting, "filestore.dir=%s", dir);
    open_with("files.inspect=4");
    struct strbuf report;
    strbuf_init(&report, 0);
    assert_int_equal(conf_set(one.feed.conf, setting, &report), ERR_OK);
    assert_int_equal(conf_set(one.feed.conf, "filestore.size=8", &report), ERR_OK);
    assert_int_equal(conf_set(one.feed.conf, "filestore.enabled=true", &report), ERR_OK);
    assert_int_equal(conf_set(one.feed.conf, "filestore.leave=0", &report), ERR_OK);
    strbuf_fini(&report);
    files_free(&one.feed.files);
    one.feed.files = files_new(one.feed.conf, &one.feed.stats);

    struct file *first = fetch("nobody");
    files_keep(one.feed.files, first);
    assert_false(first->stored);
    files_order(&one.flow, first->tx, first, &flow, 7);
    files_keep(one.feed.files, first);
    assert_true(first->stored);
    assert_true(is_there(dir, "nobody", first->sha256));
    struct file *next = fetch("eightbyt");
    files_keep(one.feed.files, next);
    assert_int_equal(next->sids, 1);
    assert_int_equal(next->sid[0], 7);
    assert_int_equal(next->data.len, 4);
    assert_true(is_there(dir, "eightbyt", next->sha256));
    struct file *large = fetch("nine byte");
    files_keep(one.feed.files, large);
    assert_true(large->wanted_store && !large->stored);
    one_close(&one);
    assert_int_equal(rmdir(dir), 0);
}

static void yara_rules_that_match_are_told_with_their_meta(void **state)
{
    char dir[] = "/tmp/tramgac-yara-XXXXXX", path[64], setting[80];

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/a.yar", dir);
    FILE *rules = fopen(path, "w");
    assert_non_null(rules);
    fputs("rule found { meta: description = \"a test\" attack = \"T1105\" strings: $a = \"evil\" "
          "condition: $a }\nrule other { condition: false }\n",
          rules);
    fclose(rules);
    snprintf(setting, sizeof setting, "files.yara=%s", dir);
    open_with(setting);
    struct file *file = fetch("something evil here");
    assert_int_equal(file->yara_hits, 1);
    assert_string_equal(file->yara[0].rule, "found");
    assert_string_equal(file->yara[0].text, "a test");
    assert_string_equal(file->yara[0].technique, "T1105");
    assert_string_equal(file->yara[0].severity, "");
    assert_int_equal(fetch("something good")->yara_hits, 0);
    one_close(&one);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_digests_asked_for_are_computed),
        cmocka_unit_test(the_type_is_named_when_asked_for),
        cmocka_unit_test(content_is_kept_up_to_the_limit_and_the_size_counts_on),
        cmocka_unit_test(without_rules_contents_are_counted_and_not_kept),
        cmocka_unit_test(without_rules_the_type_still_needs_the_contents),
        cmocka_unit_test(a_file_is_freed_when_it_is_ended_and_logged),
        cmocka_unit_test(a_flow_that_ends_leaves_its_file_truncated),
        cmocka_unit_test(files_of_a_transaction_that_is_over_do_not_know_it_any_more),
        cmocka_unit_test(a_file_shows_all_its_bytes_before_and_behind_the_end_of_its_body),
        cmocka_unit_test(a_file_that_is_still_to_be_told_outlives_its_transaction),
        cmocka_unit_test(a_file_that_was_told_does_not_keep_the_body_of_its_transaction),
        cmocka_unit_test(a_file_that_a_rule_asks_for_is_kept_by_its_digest),
        cmocka_unit_test(yara_rules_that_match_are_told_with_their_meta),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
