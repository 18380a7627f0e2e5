/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/ingest/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static int temporary(void)
{
    char path[] = "/tmp/tramgac-lines-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

static void put(int fd, const char *text)
{
    off_t at = lseek(fd, 0, SEEK_CUR);
    lseek(fd, 0, SEEK_END);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    lseek(fd, at, SEEK_SET);
}

static void lines_have_their_place_and_a_half_one_waits(void **state)
{
    (void)state;
    struct lines l;
    struct slice line;
    int fd = temporary();
    put(fd, "{1}\n\n{\"half");
    lines_init(&l, fd);
    assert_int_equal(lines_next(&l, true, &line), ERR_OK);
    assert_int_equal(line.len, 3);
    assert_int_equal(l.offset, 4);
    assert_int_equal(lines_next(&l, true, &line), ERR_OK);
    assert_int_equal(line.len, 0);
    assert_int_equal(lines_next(&l, true, &line), ERR_END); /* its writer is not done */
    put(fd, "\"}");
    assert_int_equal(lines_next(&l, false, &line), ERR_END);
    assert_int_equal(lines_next(&l, true, &line), ERR_OK);
    assert_int_equal(line.len, 8);
    assert_int_equal(l.offset, 13);
    assert_int_equal(l.line, 3);
    lines_fini(&l);
    close(fd);
}

static void the_digest_does_not_depend_on_how_the_file_grew(void **state)
{
    (void)state;
    struct lines a, b;
    struct slice line;
    int one = temporary(), two = temporary();
    put(one, "{1}\n{2}\n{3}\n");
    lines_init(&a, one);
    while (lines_next(&a, true, &line) == ERR_OK)
        continue;
    lines_init(&b, two);
    put(two, "{1}\n{2");
    while (lines_next(&b, false, &line) == ERR_OK)
        continue;
    put(two, "}\n{3}\n");
    while (lines_next(&b, false, &line) == ERR_OK)
        continue;
    assert_int_equal(a.digest, b.digest);
    assert_int_equal(a.offset, b.offset);
    lines_fini(&a);
    lines_fini(&b);
    close(one);
    close(two);
}

static void an_endless_line_is_left_out(void **state)
{
    (void)state;
    struct lines l;
    struct slice line;
    int fd = temporary();
    char *text = malloc(3 * LINES_MAX + 1);
    assert_non_null(text);
    memset(text, 'x', 3 * LINES_MAX);
    text[3 * LINES_MAX] = '\0';
    put(fd, text);
    put(fd, "\n{1}\n");
    lines_init(&l, fd);
    assert_int_equal(lines_next(&l, true, &line), ERR_OK);
    assert_int_equal(line.len, 3);
    assert_int_equal(l.too_long, 1);
    assert_int_equal(lines_next(&l, true, &line), ERR_END);
    lines_fini(&l);
    free(text);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_their_place_and_a_half_one_waits),
        cmocka_unit_test(the_digest_does_not_depend_on_how_the_file_grew),
        cmocka_unit_test(an_endless_line_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
