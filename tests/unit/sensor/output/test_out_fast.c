/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/output/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct output_def out_fast;

static const char event_begin[] =
    "{\"timestamp\":\"2026-05-28T10:00:01.000123+0000\",\"event_type\":\"alert\","
    "\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"2001:db8::9\",";
static const char of_tcp[] = "\"src_port\":1025,\"dest_port\":80,\"proto\":\"TCP\",";
static const char of_icmp[] = "\"icmp_type\":8,\"icmp_code\":0,\"proto\":\"ICMP\",";
static const char event_end[] =
    "\"alert\":{\"gid\":1,\"signature_id\":7,\"rev\":2,\"signature\":\"Say \\\"hi\\\"\","
    "\"category\":\"Misc\",\"severity\":3}}";

static void write_event(struct output *o, enum event_class cls, const char *middle)
{
    char text[1024];

    snprintf(text, sizeof(text), "%s%s", event_begin, middle);
    out_fast.write(o, &(struct output_line){
                          .text = slice_of_str(text), .more = slice_of_str(event_end), .cls = cls});
}

static void alerts_become_short_lines_and_nothing_else_does(void **state)
{
    char dir[] = "/tmp/tramgac-fast-XXXXXX", path[96], got[1024] = "";
    struct conf *conf = conf_new();
    struct stats stats = {0};
    struct strbuf report = {0};
    struct output *o;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/fast.log", dir);
    conf_add(conf, out_fast.options);
    assert_false(out_fast.wanted(conf));
    assert_int_equal(out_fast.open(conf, dir, true, &stats, &o, &report), ERR_OK);
    write_event(o, CLASS_ALERT, of_tcp);
    write_event(o, CLASS_FLOW, of_tcp);
    write_event(o, CLASS_ALERT, of_icmp);
    out_fast.close(&o, 0);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(got, 1, sizeof(got) - 1, file) > 0);
    fclose(file);
    assert_string_equal(
        got, "05/28/2026-10:00:01.000123  [**] [1:7:2] Say \"hi\" [**] [Classification: Misc] "
             "[Priority: 3] {TCP} 192.0.2.1:1025 -> 2001:db8::9:80\n"
             "05/28/2026-10:00:01.000123  [**] [1:7:2] Say \"hi\" [**] [Classification: Misc] "
             "[Priority: 3] {ICMP} 192.0.2.1:8 -> 2001:db8::9:0\n");
    unlink(path);
    rmdir(dir);
    conf_free(&conf);
    stats_fini(&stats);
    strbuf_fini(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts_become_short_lines_and_nothing_else_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
