/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms of rules: which are read and which are refused. Each line of rule_forms.txt is a verdict
 * and a form, "protocol|options" or "=whole rule" with @ for its sid:
 *
 *   + read, as Suricata 7.0.10 does        - refused, as it does
 *   > read here only (docs/RULES.md)       < refused here only
 */
#include "detect_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { LINE_LEN = 8192, FORMS_MAX = 20000 };

struct forms {
    struct strbuf rules;
    char verdict[FORMS_MAX];
    bool refused[FORMS_MAX];
    uint32_t n;
};

static void add(struct forms *f, const char *line)
{
    const char *bar = strchr(line + 2, '|');
    char sid[16];

    snprintf(sid, sizeof(sid), "%u", f->n + 1);
    if (line[2] == '=') {
        for (const char *c = line + 3; *c; c++) {
            if (*c == '@')
                strbuf_str(&f->rules, sid);
            else
                strbuf_char(&f->rules, *c);
        }
    } else {
        assert_non_null(bar);
        strbuf_fmt(&f->rules, "alert %.*s any any -> any any (msg:\"t\"; %s sid:%s;)",
                   (int)(bar - line - 2), line + 2, bar + 1, sid);
    }
    strbuf_char(&f->rules, '\n');
    f->verdict[f->n++] = line[0];
}

static void forms_read(struct forms *f)
{
    char line[LINE_LEN];
    FILE *in = fopen(TRAMGAC_SOURCE_DIR "/tests/contract/sensor/rule_forms.txt", "re");

    assert_non_null(in);
    strbuf_init(&f->rules, 0);
    while (fgets(line, sizeof(line), in) && f->n < FORMS_MAX) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#' && line[0])
            add(f, line);
    }
    fclose(in);
}

static void every_form_gets_its_verdict(void **state)
{
    struct forms *f = calloc(1, sizeof(*f));
    struct kit kit;
    uint32_t n, wrong = 0;

    (void)state;
    assert_non_null(f);
    forms_read(f);
    assert_true(f->n > 1500);
    assert_true(kit_open(&kit, f->rules.at));
    const struct quarantined *bad = ruleset_quarantined(kit.rules, &n);
    for (uint32_t i = 0; i < n; i++) {
        assert_in_range(bad[i].line, 1, f->n);
        assert_true(bad[i].reason[0] != '\0');
        f->refused[bad[i].line - 1] = true;
    }
    for (uint32_t i = 0; i < f->n; i++) {
        bool refuse = f->verdict[i] == '-' || f->verdict[i] == '<';
        if (f->refused[i] == refuse)
            continue;
        wrong++;
        print_message("form %u is %s\n", i + 1, refuse ? "read" : "refused");
    }
    assert_int_equal(wrong, 0);
    kit_close(&kit);
    strbuf_fini(&f->rules);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_form_gets_its_verdict)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
