/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each case is run by the program itself as a child with a directory of its own, so that a crash is
 * one failed case, and so that what is tested is what users run. Prints TAP version 14.
 *
 * case.yaml: pcap (path or list), rules (list), config, profiles, site, yara, set {key: value},
 * expect [{match: {path: value}, count | min, max}], absent [{path: value}].
 * Paths are relative to the case.
 */
#include "sensor/run/cases.h"
#include "common/clock.h"
#include "sensor/run/case_match.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PLACE_MAX = PATH_MAX + NAME_MAX + 16,
    ARGS_MAX = 128,
    SIDS_MAX = 65536,
    CASE_FILE_MAX = 1 << 20
};

struct sids {
    uint32_t *sid;
    uint32_t n;
};

struct cases {
    char self[PATH_MAX];
    uint32_t run, failed;
    struct strbuf junit;
    struct sids alerted, written; /* of alerts; of the rule files */
    struct strbuf rule_files;     /* those counted already, a line each */
};

struct command {
    char *arg[ARGS_MAX + 1];
    uint32_t n;
};

/* ---- sets of signature ids ---------------------------------------------------------------- */

static void sid_add(struct sids *s, uint32_t sid)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->sid[i] == sid)
            return;
    }
    uint32_t *larger = s->n < SIDS_MAX ? realloc(s->sid, (s->n + 1) * sizeof(*larger)) : NULL;
    if (!larger)
        return;
    s->sid = larger;
    s->sid[s->n++] = sid;
}

static void sid_alerted(void *context, uint32_t sid)
{
    struct cases *c = context;
    sid_add(&c->alerted, sid);
}

static bool sid_has(const struct sids *s, uint32_t sid)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->sid[i] == sid)
            return true;
    }
    return false;
}

static bool read_file(const char *path, struct strbuf *out)
{
    char block[65536];
    size_t n;
    FILE *file = fopen(path, "re");

    if (!file)
        return false;
    while ((n = fread(block, 1, sizeof(block), file)) > 0)
        strbuf_bytes(out, block, n);
    fclose(file);
    return true;
}

/* Notes the signature ids of a rule file, for coverage. */
static void count_rules(struct cases *c, const char *path)
{
    struct strbuf text;
    struct slice line;

    if (c->rule_files.at && strstr(c->rule_files.at, path))
        return;
    strbuf_fmt(&c->rule_files, "%s\n", path);
    strbuf_init(&text, 0);
    read_file(path, &text);
    struct slice rest = strbuf_view(&text);
    while (rest.len) {
        int64_t end = slice_find_byte(rest, '\n');
        line = slice_trim(slice_head(rest, end < 0 ? rest.len : (uint32_t)end));
        rest = slice_from(rest, end < 0 ? rest.len : (uint32_t)end + 1);
        int64_t at = line.len && line.at[0] != '#' ? slice_find(line, SLICE_LIT("sid:")) : -1;
        if (at >= 0)
            sid_add(&c->written, (uint32_t)strtoul((const char *)line.at + at + 4, NULL, 10));
    }
    strbuf_fini(&text);
}

/* ---- the command of a case ---------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void arg(struct command *cmd, const char *format, ...)
{
    va_list args;
    char *text = NULL;

    va_start(args, format);
    if (cmd->n < ARGS_MAX && vasprintf(&text, format, args) >= 0)
        cmd->arg[cmd->n++] = text;
    va_end(args);
}

static void path_arg(struct command *cmd, const char *option, const char *dir, const char *path)
{
    arg(cmd, "%s", option);
    if (*path == '/')
        arg(cmd, "%s", path);
    else
        arg(cmd, "%s/%s", dir, path);
}

/* One text or a list of texts. */
static void path_args(struct command *cmd, const char *option, const char *dir,
                      const struct json *value)
{
    if (json_kind(value) == JSON_STR)
        path_arg(cmd, option, dir, json_str(value, ""));
    for (const struct json *v = json_first(value); v; v = json_next(v))
        path_arg(cmd, option, dir, json_str(v, ""));
}

/* A configuration value that is a path relative to the case. */
static void path_setting(struct command *cmd, const char *option, const char *dir,
                         const struct json *value)
{
    const char *path = json_str(value, NULL);

    if (!path)
        return;
    arg(cmd, "--set");
    arg(cmd, "%s=%s%s%s", option, *path == '/' ? "" : dir, *path == '/' ? "" : "/", path);
}

static void set_args(struct command *cmd, const char *dir, const struct json *given)
{
    const struct json *set = json_get(given, "set");

    path_setting(cmd, "device.profiles", dir, json_get(given, "profiles"));
    path_setting(cmd, "device.site", dir, json_get(given, "site"));
    path_setting(cmd, "files.yara", dir, json_get(given, "yara"));
    for (const struct json *v = json_first(set); v; v = json_next(v)) {
        struct strbuf text;
        strbuf_init(&text, 4096);
        if (json_kind(v) == JSON_STR)
            strbuf_str(&text, json_str(v, ""));
        else
            json_write(v, &text);
        arg(cmd, "--set");
        arg(cmd, "%s=%s", json_key(v), text.at);
        strbuf_fini(&text);
    }
}

static void build(struct cases *c, struct command *cmd, const char *dir, const char *out,
                  const struct json *given)
{
    const struct json *rules = json_get(given, "rules");

    arg(cmd, "%s", c->self);
    arg(cmd, "--quiet");
    arg(cmd, "-l");
    arg(cmd, "%s", out);
    path_args(cmd, "-r", dir, json_get(given, "pcap"));
    path_args(cmd, "-c", dir, json_get(given, "config"));
    path_args(cmd, "-S", dir, rules);
    set_args(cmd, dir, given);
    for (uint32_t i = 0; i + 1 < cmd->n; i++) {
        if (strcmp(cmd->arg[i], "-S") == 0)
            count_rules(c, cmd->arg[i + 1]);
    }
}

/* Runs the child; its messages go to `log`. Exit status, or -signal. */
static int execute(const struct command *cmd, const char *log)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd >= 0) {
            dup2(fd, STDERR_FILENO);
            dup2(fd, STDOUT_FILENO);
        }
        execv(cmd->arg[0], cmd->arg);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return -1;
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

/* ---- one case ----------------------------------------------------------------------------- */

static void run_in(struct cases *c, const char *dir, const char *out, const struct json *given,
                   struct strbuf *faults)
{
    struct command cmd = {.n = 0};
    struct strbuf eve;
    struct strbuf log;
    char path[PLACE_MAX];

    build(c, &cmd, dir, out, given);
    snprintf(path, sizeof(path), "%s/log", out);
    int status = execute(&cmd, path);
    strbuf_init(&log, 16384);
    strbuf_init(&eve, 0);
    if (status != (int)json_i64(json_get(given, "exit"), 0)) {
        read_file(path, &log);
        strbuf_fmt(faults, status < 0 ? "ended by signal %d\n" : "exit status %d\n", abs(status));
        strbuf_slice(faults, strbuf_view(&log));
    }
    snprintf(path, sizeof(path), "%s/eve.json", out);
    if (read_file(path, &eve))
        case_match_lines(given, strbuf_view(&eve), faults, sid_alerted, c);
    else
        strbuf_str(faults, "there is no eve.json\n");
    strbuf_fini(&eve);
    strbuf_fini(&log);
    for (uint32_t i = 0; i < cmd.n; i++)
        free(cmd.arg[i]);
}

static void one_case(struct cases *c, const char *dir, struct strbuf *faults)
{
    struct json_fault fault = {0};
    struct json *given = NULL;
    char path[PLACE_MAX];
    char out[] = "/tmp/tramgac-case-XXXXXX";

    snprintf(path, sizeof(path), "%s/case.yaml", dir);
    if (json_load(path, CASE_FILE_MAX, &given, &fault) != ERR_OK) {
        strbuf_fmt(faults, "%s:%u: %s\n", path, fault.line, fault.text);
        return;
    }
    if (mkdtemp(out)) {
        run_in(c, dir, out, given, faults);
        nftw(out, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    } else {
        strbuf_fmt(faults, "no directory can be made in /tmp: %s\n", strerror(errno));
    }
    json_free(&given);
}

static void xml_text(struct strbuf *out, struct slice text)
{
    for (uint32_t i = 0; i < text.len; i++) {
        char at = (char)text.at[i];
        if (at == '<')
            strbuf_str(out, "&lt;");
        else if (at == '&')
            strbuf_str(out, "&amp;");
        else if (at == '"')
            strbuf_str(out, "&quot;");
        else if ((unsigned char)at >= 0x20 || at == '\n')
            strbuf_char(out, at);
    }
}

static void tell(struct cases *c, const char *name, const struct strbuf *faults, uint64_t span_ns)
{
    struct slice rest = strbuf_view(faults);

    printf("%sok %u - %s\n", rest.len ? "not " : "", c->run, name);
    strbuf_fmt(&c->junit, "  <testcase name=\"%s\" time=\"%.3f\"", name, (double)span_ns / 1e9);
    if (rest.len) {
        strbuf_str(&c->junit, "><failure message=\"");
        xml_text(&c->junit, rest);
        strbuf_str(&c->junit, "\"/></testcase>\n");
    } else {
        strbuf_str(&c->junit, "/>\n");
    }
    while (rest.len) {
        int64_t end = slice_find_byte(rest, '\n');
        uint32_t len = end < 0 ? rest.len : (uint32_t)end;
        printf("# %.*s\n", (int)len, (const char *)rest.at);
        rest = slice_from(rest, len + 1);
    }
    fflush(stdout);
}

static void run_case(struct cases *c, const char *dir, const char *name)
{
    struct strbuf faults;
    uint64_t start = clock_mono_ns();

    strbuf_init(&faults, 1 << 20);
    one_case(c, dir, &faults);
    c->run++;
    c->failed += faults.len > 0;
    tell(c, name, &faults, clock_mono_ns() - start);
    strbuf_fini(&faults);
}

/* ---- all ---------------------------------------------------------------------------------- */

static bool is_case(const char *dir)
{
    char path[PLACE_MAX];

    snprintf(path, sizeof(path), "%s/case.yaml", dir);
    return access(path, R_OK) == 0;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void run_all(struct cases *c, const char *dir)
{
    struct dirent **names = NULL;
    int n = scandir(dir, &names, visible, alphasort);

    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name) >= PATH_MAX)
            path[0] = '\0';
        if (is_case(path))
            run_case(c, path, names[i]->d_name);
        free(names[i]);
    }
    free(names);
}

static void tell_coverage(const struct cases *c)
{
    uint32_t hit = 0;

    for (uint32_t i = 0; i < c->written.n; i++)
        hit += sid_has(&c->alerted, c->written.sid[i]);
    if (!c->written.n)
        return;
    printf("# rules: %u of %u raised an alert in some case\n", hit, c->written.n);
    for (uint32_t i = 0; i < c->written.n && c->written.n - hit <= 200; i++) {
        if (!sid_has(&c->alerted, c->written.sid[i]))
            printf("# never: sid %u\n", c->written.sid[i]);
    }
}

static bool write_junit(const struct cases *c, const char *path)
{
    FILE *file = fopen(path, "we");

    if (!file)
        return false;
    fprintf(file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"replay\" tests=\"%u\" failures=\"%u\">\n%s</testsuite>\n",
            c->run, c->failed, c->junit.at ? c->junit.at : "");
    return fclose(file) == 0;
}

int cases_run(const char *self, const char *dir, const char *junit)
{
    struct cases c = {.run = 0};

    if (!realpath("/proc/self/exe", c.self))
        snprintf(c.self, sizeof(c.self), "%s", self);
    strbuf_init(&c.junit, 0);
    strbuf_init(&c.rule_files, 0);
    puts("TAP version 14");
    if (is_case(dir)) {
        const char *name = strrchr(dir, '/');
        run_case(&c, dir, name && name[1] ? name + 1 : dir);
    } else {
        run_all(&c, dir);
    }
    printf("1..%u\n", c.run);
    tell_coverage(&c);
    bool written = !junit || write_junit(&c, junit);
    if (!written)
        fprintf(stderr, "tramgac-sensor: %s cannot be written: %s\n", junit, strerror(errno));
    free(c.alerted.sid);
    free(c.written.sid);
    strbuf_fini(&c.junit);
    strbuf_fini(&c.rule_files);
    return !c.run || !written ? 2 : c.failed ? 1 : 0;
}
