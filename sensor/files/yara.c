/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libyara at the edge. One compiled rule set and one scanner per worker. A scan ends at the first
 * FILE_YARA_MAX matches or after files.yara_timeout (whole seconds, at least one).
 */
#include "sensor/files/yara.h"

#include "common/check.h"
#include "common/log.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <yara.h>

enum { PATH_LEN = 1024 };

struct yara {
    YR_RULES *rules;
    YR_SCANNER *scanner;
};

struct found {
    struct yara_hit *hits;
    uint32_t n;
};

static void compile_fault(int level, const char *file, int line, const YR_RULE *rule,
                          const char *message, void *context)
{
    (void)rule;
    (void)context;
    if (level == YARA_ERROR_LEVEL_ERROR)
        log_say(LOG_WARN, "%s:%d: %s; this file of YARA rules is left out", file ? file : "?", line,
                message);
}

static bool ends_in_yar(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (strcmp(dot, ".yar") == 0 || strcmp(dot, ".yara") == 0);
}

/* A compiler that met an error accepts nothing more: try each file alone first. */
static bool compiles(const char *path)
{
    YR_COMPILER *compiler;
    FILE *file = fopen(path, "r");
    if (!file) {
        log_say(LOG_WARN, "cannot read the YARA rules %s; they are left out", path);
        return false;
    }
    bool good = false;
    if (yr_compiler_create(&compiler) == ERROR_SUCCESS) {
        yr_compiler_set_callback(compiler, compile_fault, NULL);
        good = yr_compiler_add_file(compiler, file, NULL, path) == 0;
        yr_compiler_destroy(compiler);
    }
    fclose(file);
    return good;
}

static void add_file(YR_COMPILER *compiler, const char *path)
{
    FILE *file = compiles(path) ? fopen(path, "r") : NULL;
    if (!file)
        return;
    /* The path is the namespace: two files may use the same rule name. */
    if (yr_compiler_add_file(compiler, file, path, path) != 0)
        log_say(LOG_WARN, "YARA rules %s do not go together with those before them", path);
    fclose(file);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_path(YR_COMPILER *compiler, const char *path)
{
    struct stat st;
    struct dirent **names;

    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        add_file(compiler, path);
        return;
    }
    int n = scandir(path, &names, NULL, by_name);
    for (int i = 0; i < n; i++) {
        char full[PATH_LEN];
        int len = snprintf(full, sizeof full, "%s/%s", path, names[i]->d_name);
        if (ends_in_yar(names[i]->d_name) && len > 0 && len < PATH_LEN)
            add_file(compiler, full);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
}

struct yara *yara_new(const struct conf *conf)
{
    if (!conf_item(conf, "files.yara", 0))
        return NULL;
    YR_COMPILER *compiler = NULL;
    struct yara *yara = calloc(1, sizeof *yara);
    const char *path;

    CHECK(yara);
    CHECK(yr_initialize() == ERROR_SUCCESS);
    CHECK(yr_compiler_create(&compiler) == ERROR_SUCCESS);
    for (uint32_t i = 0; (path = conf_item(conf, "files.yara", i)); i++)
        add_path(compiler, path);
    bool good = yr_compiler_get_rules(compiler, &yara->rules) == ERROR_SUCCESS &&
                yr_scanner_create(yara->rules, &yara->scanner) == ERROR_SUCCESS;
    yr_compiler_destroy(compiler);
    if (!good) {
        yara_free(&yara);
        return NULL;
    }
    uint64_t seconds = conf_span_ns(conf, "files.yara_timeout") / 1000000000;
    yr_scanner_set_timeout(yara->scanner, seconds ? (int)seconds : 1);
    yr_scanner_set_flags(yara->scanner, SCAN_FLAGS_FAST_MODE | SCAN_FLAGS_REPORT_RULES_MATCHING);
    return yara;
}

void yara_free(struct yara **yara)
{
    if (!*yara)
        return;
    if ((*yara)->scanner)
        yr_scanner_destroy((*yara)->scanner);
    if ((*yara)->rules)
        yr_rules_destroy((*yara)->rules);
    yr_finalize();
    free(*yara);
    *yara = NULL;
}

static const char *meta_text(YR_RULE *rule, const char *name)
{
    YR_META *meta;
    yr_rule_metas_foreach(rule, meta)
    {
        if (meta->type == META_TYPE_STRING && strcmp(meta->identifier, name) == 0)
            return meta->string;
    }
    return "";
}

static int on_match(YR_SCAN_CONTEXT *context, int message, void *data, void *user)
{
    struct found *found = user;

    (void)context;
    if (message != CALLBACK_MSG_RULE_MATCHING)
        return CALLBACK_CONTINUE;
    YR_RULE *rule = data;
    found->hits[found->n++] = (struct yara_hit){
        .rule = rule->identifier,
        .text = meta_text(rule, "description"),
        .text_vi = meta_text(rule, "description_vi"),
        .technique = meta_text(rule, "attack"),
        .severity = meta_text(rule, "severity"),
    };
    return found->n == FILE_YARA_MAX ? CALLBACK_ABORT : CALLBACK_CONTINUE;
}

uint32_t yara_scan(struct yara *yara, struct slice content, struct yara_hit hits[FILE_YARA_MAX],
                   bool *aborted)
{
    struct found found = {.hits = hits};

    yr_scanner_set_callback(yara->scanner, on_match, &found);
    int result = yr_scanner_scan_mem(yara->scanner, content.at, content.len);
    *aborted = result != ERROR_SUCCESS;
    return found.n;
}
