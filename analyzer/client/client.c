/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/client/client.h"

#include "analyzer/push/courier.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/jsonw.h"
#include "common/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 1000, ANSWER_MAX = 64 << 20, URL_MAX = 8192, TIMEOUT_S = 60, CELL_MAX = 400 };
enum { DONE, REFUSED, USAGE, NO_ANSWER };

/* Options with a value; what is not given is NULL. */
enum option_name {
    URL,
    TOKEN_FILE,
    CA,
    STATE,
    SEVERITY,
    ASSIGNEE,
    DISPOSITION,
    COMMENT,
    QUERY,
    LIMIT,
    FROM,
    TO,
    INCIDENT,
    LANG,
    FORM,
    OUT,
    TITLE,
    OPTIONS
};
static const char *const option_names[OPTIONS] = {
    "--url",         "--token-file", "--ca",     "--state", "--severity", "--assignee",
    "--disposition", "--comment",    "--q",      "--limit", "--from",     "--to",
    "--incident",    "--lang",       "--format", "--out",   "--title"};

struct client {
    const char *option[OPTIONS];
    bool json;
    const char *words[WORDS_MAX];
    uint32_t n_words;
    char bearer[256];
    struct courier *courier;
    struct strbuf answer;
    struct json *tree; /* of the answer; NULL when it is no JSON */
};

/* ---- requests ------------------------------------------------------------------------------- */

static int fault(const char *text)
{
    fprintf(stderr, "tramgac-analyzer: %s\n", text);
    return USAGE;
}

/* The text without anything that steers a terminal. */
static void plain(const char *text, char out[CELL_MAX])
{
    uint32_t n = 0;

    for (const unsigned char *c = (const unsigned char *)text; *c && n + 5 < CELL_MAX; c++) {
        bool c1 = c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0;
        if (*c < 0x20 || *c == 0x7f || c1)
            out[n++] = '.';
        else
            out[n++] = (char)*c;
        c += c1;
    }
    while (n && (out[n - 1] & 0xc0) == 0x80 && n + 6 >= CELL_MAX)
        n--; /* a letter that was cut */
    out[n] = '\0';
}

/* Exit status of the request; the answer is in c->answer and c->tree. */
static int ask(struct client *c, bool get, const char *path, const struct strbuf *body)
{
    char url[URL_MAX];
    struct courier_answer got;
    struct courier_request request = {
        .url = url,
        .get = get,
        .whole = &c->answer,
        .headers = {c->bearer, "Content-Type: application/json"},
        .tls = {c->option[CA] ? c->option[CA] : "", "", ""},
        .timeout_ns = TIMEOUT_S * CLOCK_S,
    };

    snprintf(url, sizeof(url), "%s%s", c->option[URL], path);
    if (body)
        request.body = strbuf_view(body);
    strbuf_clear(&c->answer);
    json_free(&c->tree);
    courier_request(c->courier, &request, &got);
    if (got.status == 0) {
        fprintf(stderr, "tramgac-analyzer: %s: %s\n", c->option[URL], got.text);
        return NO_ANSWER;
    }
    if (json_parse(strbuf_view(&c->answer), &c->tree, NULL) != ERR_OK)
        c->tree = NULL;
    if (got.status < 300)
        return DONE;
    char text[CELL_MAX];
    plain(json_str(json_get(c->tree, "error"), "refused"), text);
    fprintf(stderr, "tramgac-analyzer: HTTP %d: %s\n", got.status, text);
    return REFUSED;
}

static void add_word(struct strbuf *path, const char *value)
{
    for (const unsigned char *v = (const unsigned char *)value; *v; v++) {
        bool safe = strchr("-._~", *v) || (*v >= '0' && *v <= '9') || (*v >= 'a' && *v <= 'z') ||
                    (*v >= 'A' && *v <= 'Z');
        if (safe)
            strbuf_char(path, (char)*v);
        else
            strbuf_fmt(path, "%%%02X", *v);
    }
}

static void add_query(struct strbuf *path, const char *name, const char *value)
{
    if (!value)
        return;
    strbuf_fmt(path, "%c%s=", strchr(path->at, '?') ? '&' : '?', name);
    add_word(path, value);
}

/* ---- printing ------------------------------------------------------------------------------- */

static void print_json(const struct client *c)
{
    fwrite(c->answer.at, 1, c->answer.len, stdout);
    putchar('\n');
}

/* One row per item: the texts at these paths. */
static void print_items(const struct json *items, const char *const *heads,
                        const char *const *paths)
{
    struct listing *l = listing_new(heads);
    struct strbuf out;

    for (const struct json *i = json_first(items); i; i = json_next(i)) {
        char room[LISTING_COLUMNS_MAX][CELL_MAX];
        const char *cells[LISTING_COLUMNS_MAX];
        for (uint32_t k = 0; paths[k]; k++) {
            const struct json *v = json_path(i, paths[k]);
            char number[32];
            snprintf(number, sizeof(number), "%.0f", json_num(v, 0));
            plain(json_kind(v) == JSON_NUM ? number : json_str(v, ""), room[k]);
            cells[k] = room[k];
        }
        listing_row(l, cells);
    }
    strbuf_init(&out, 0);
    listing_print(l, LISTING_TEXT, &out);
    fputs(out.at, stdout);
    strbuf_fini(&out);
    listing_free(&l);
}

/* The array of this name in the answer. */
static int print_array(struct client *c, int status, const char *name, const char *const *heads,
                       const char *const *paths)
{
    if (status == DONE && c->json)
        print_json(c);
    else if (status == DONE)
        print_items(json_get(c->tree, name), heads, paths);
    return status;
}

static int print_list(struct client *c, int status, const char *const *heads,
                      const char *const *paths)
{
    return print_array(c, status, "items", heads, paths);
}

static int print_changed(struct client *c, int status)
{
    if (status == DONE && c->json)
        print_json(c);
    else if (status == DONE)
        printf("%lld changed; undo: %s\n", (long long)json_i64(json_get(c->tree, "changed"), 1),
               json_str(json_path(c->tree, "undo.id"), ""));
    return status;
}

/* ---- verbs ---------------------------------------------------------------------------------- */

static int incident_list(struct client *c)
{
    static const char *const heads[] = {"id",    "severity", "state", "assignee",
                                        "score", "updated",  "title", NULL};
    static const char *const en[] = {"id",    "severity", "state",    "assignee",
                                     "score", "updated",  "title.en", NULL};
    static const char *const vi[] = {"id",    "severity", "state",    "assignee",
                                     "score", "updated",  "title.vi", NULL};
    struct strbuf path;

    strbuf_init(&path, URL_MAX);
    strbuf_str(&path, "/api/incidents");
    add_query(&path, "state", c->option[STATE] ? c->option[STATE] : "open");
    add_query(&path, "severity", c->option[SEVERITY]);
    add_query(&path, "assignee", c->option[ASSIGNEE]);
    add_query(&path, "q", c->option[QUERY]);
    add_query(&path, "limit", c->option[LIMIT]);
    int status = ask(c, true, path.at, NULL);
    strbuf_fini(&path);
    return print_list(c, status, heads,
                      c->option[LANG] && strcmp(c->option[LANG], "en") == 0 ? en : vi);
}

static int get_incident(struct client *c, const char *name)
{
    struct strbuf path;

    strbuf_init(&path, 200);
    strbuf_fmt(&path, "/api/incidents/%.60s", name);
    int status = ask(c, true, path.at, NULL);
    strbuf_fini(&path);
    return status;
}

static int incident_show(struct client *c)
{
    char text[CELL_MAX];
    int status =
        c->n_words == 1 ? get_incident(c, c->words[0]) : fault("incident show wants one ID");

    if (status != DONE || c->json) {
        if (status == DONE)
            print_json(c);
        return status;
    }
    static const char *const rows[] = {"id",       "title.vi", "title.en", "severity", "state",
                                       "assignee", "site",     "opened",   "updated"};
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plain(json_str(json_path(c->tree, rows[i]), ""), text);
        printf("%-10s %s\n", rows[i], text);
    }
    for (const struct json *s = json_first(json_get(c->tree, "timeline")); s; s = json_next(s)) {
        plain(json_str(json_path(s, "text.vi"), ""), text);
        printf("  %s  %-8s %s\n", json_str(json_get(s, "time"), ""),
               json_str(json_get(s, "severity"), ""), text);
    }
    return status;
}

/* The same change of all incidents that are named. */
static int change_all(struct client *c, const char *state, uint32_t n_ids)
{
    struct strbuf body;
    struct jsonw w;

    if (n_ids == 0)
        return fault("which incidents? Give their IDs");
    strbuf_init(&body, 1 << 20);
    jsonw_init(&w, &body);
    jsonw_obj_open(&w, NULL);
    jsonw_arr_open(&w, "incidents");
    for (uint32_t i = 0; i < n_ids; i++)
        jsonw_str(&w, NULL, c->words[i]);
    jsonw_arr_close(&w);
    if (state)
        jsonw_str(&w, "state", state);
    if (c->option[DISPOSITION])
        jsonw_str(&w, "disposition", c->option[DISPOSITION]);
    if (c->option[ASSIGNEE])
        jsonw_str(&w, "assignee", c->option[ASSIGNEE]);
    if (c->option[COMMENT])
        jsonw_str(&w, "comment", c->option[COMMENT]);
    jsonw_obj_close(&w);
    int status = ask(c, false, "/api/incidents/actions", &body);
    strbuf_fini(&body);
    return print_changed(c, status);
}

static int incident_close(struct client *c)
{
    return c->option[DISPOSITION] ? change_all(c, "closed", c->n_words)
                                  : fault("incident close wants --disposition");
}

static int incident_assign(struct client *c)
{
    return c->option[ASSIGNEE] ? change_all(c, NULL, c->n_words)
                               : fault("incident assign wants --assignee");
}

static int incident_comment(struct client *c)
{
    return c->option[COMMENT] ? change_all(c, NULL, c->n_words)
                              : fault("incident comment wants --comment");
}

static int incident_reopen(struct client *c)
{
    return change_all(c, "in_progress", c->n_words);
}

/* Into the first one named. */
static int incident_merge(struct client *c)
{
    struct strbuf body, path;
    struct jsonw w;

    if (c->n_words < 2)
        return fault("incident merge wants the ID that stays, and those that go into it");
    int status = get_incident(c, c->words[0]);
    if (status != DONE)
        return status;
    strbuf_init(&path, 200);
    strbuf_init(&body, 1 << 20);
    strbuf_fmt(&path, "/api/incidents/%.60s/merge", c->words[0]);
    jsonw_init(&w, &body);
    jsonw_obj_open(&w, NULL);
    jsonw_i64(&w, "version", json_i64(json_get(c->tree, "version"), 0));
    jsonw_arr_open(&w, "incidents");
    for (uint32_t i = 1; i < c->n_words; i++)
        jsonw_str(&w, NULL, c->words[i]);
    jsonw_arr_close(&w);
    if (c->option[COMMENT])
        jsonw_str(&w, "comment", c->option[COMMENT]);
    jsonw_obj_close(&w);
    status = ask(c, false, path.at, &body);
    strbuf_fini(&path);
    strbuf_fini(&body);
    return print_changed(c, status);
}

static int alert_list(struct client *c)
{
    static const char *const heads[] = {"id",     "severity", "state",     "count",
                                        "source", "target",   "last seen", "signature"};
    static const char *const all[] = {"id",     "severity", "state",     "count",
                                      "src.ip", "dst.ip",   "last_seen", "signature"};
    const char *shown[LISTING_COLUMNS_MAX + 1] = {NULL}, *paths[LISTING_COLUMNS_MAX + 1] = {NULL};
    struct strbuf path;

    memcpy(shown, heads, sizeof(heads));
    memcpy(paths, all, sizeof(all));
    strbuf_init(&path, URL_MAX);
    strbuf_str(&path, "/api/groups");
    add_query(&path, "state", c->option[STATE] ? c->option[STATE] : "open");
    add_query(&path, "severity", c->option[SEVERITY]);
    add_query(&path, "q", c->option[QUERY]);
    add_query(&path, "limit", c->option[LIMIT]);
    int status = ask(c, true, path.at, NULL);
    strbuf_fini(&path);
    return print_list(c, status, shown, paths);
}

static int alert_archive(struct client *c)
{
    struct strbuf body;
    struct jsonw w;

    if (c->n_words == 0)
        return fault("alert archive wants ids of groups");
    strbuf_init(&body, 1 << 20);
    jsonw_init(&w, &body);
    jsonw_obj_open(&w, NULL);
    jsonw_str(&w, "action", "archive");
    jsonw_arr_open(&w, "ids");
    for (uint32_t i = 0; i < c->n_words; i++)
        jsonw_i64(&w, NULL, strtoll(c->words[i], NULL, 10));
    jsonw_arr_close(&w);
    jsonw_obj_close(&w);
    int status = ask(c, false, "/api/groups/actions", &body);
    strbuf_fini(&body);
    return print_changed(c, status);
}

/* Counts are few columns, rows are events. */
static int search(struct client *c)
{
    static const char *const rows[] = {"time", "type", "sensor", "event", NULL},
                             *const row_paths[] = {"time", "event_type", "sensor", "summary", NULL};
    static const char *const steps[] = {"time", "count", NULL}, *const step_paths[] = {
                                                                    "time", "count", NULL};
    static const char *const by[] = {"count", "value", "", "", "", NULL},
                             *const by_paths[] = {"count",    "values.0", "values.1",
                                                  "values.2", "values.3", NULL};
    struct strbuf path;

    if (c->n_words != 1)
        return fault("search wants one text, in quotes");
    strbuf_init(&path, URL_MAX);
    strbuf_str(&path, "/api/search");
    add_query(&path, "q", c->words[0]);
    add_query(&path, "from", c->option[FROM]);
    add_query(&path, "to", c->option[TO]);
    add_query(&path, "limit", c->option[LIMIT]);
    int status = ask(c, true, path.at, NULL);
    strbuf_fini(&path);
    const char *shape = json_str(json_get(c->tree, "shape"), "");
    if (strcmp(shape, "groupby") == 0)
        return print_list(c, status, by, by_paths);
    if (strcmp(shape, "histogram") == 0)
        return print_list(c, status, steps, step_paths);
    return print_list(c, status, rows, row_paths);
}

static int report(struct client *c)
{
    struct strbuf path;

    if (c->n_words != 1)
        return fault("report wants a form: see GET /api/reports");
    strbuf_init(&path, URL_MAX);
    strbuf_fmt(&path, "/api/reports/%.60s", c->words[0]);
    add_query(&path, "incident", c->option[INCIDENT]);
    add_query(&path, "from", c->option[FROM]);
    add_query(&path, "to", c->option[TO]);
    add_query(&path, "lang", c->option[LANG]);
    add_query(&path, "format", c->option[FORM]);
    int status = ask(c, true, path.at, NULL);
    strbuf_fini(&path);
    if (status != DONE)
        return status;
    FILE *out = c->option[OUT] ? fopen(c->option[OUT], "wb") : stdout;
    if (!out)
        return fault("the file of --out cannot be written");
    bool good = fwrite(c->answer.at, 1, c->answer.len, out) == c->answer.len;
    good = (out == stdout ? fflush(out) : fclose(out)) == 0 && good;
    return good ? DONE : fault("the report cannot be written");
}

static void print_names(const struct json *names, const char *what)
{
    char text[CELL_MAX];

    for (const struct json *v = json_first(names); v; v = json_next(v)) {
        plain(json_str(v, ""), text);
        printf("%s\t%s\n", what, text);
    }
}

static int rules_reload(struct client *c)
{
    char text[CELL_MAX];
    struct strbuf body;

    strbuf_init(&body, 16);
    strbuf_str(&body, "{}");
    int status = ask(c, false, "/api/rules/reload", &body);
    strbuf_fini(&body);
    if (status != DONE || c->json) {
        if (status == DONE)
            print_json(c);
        return status;
    }
    print_names(json_get(c->tree, "added"), "new");
    print_names(json_get(c->tree, "changed"), "changed");
    print_names(json_get(c->tree, "gone"), "gone");
    for (const struct json *f = json_first(json_get(c->tree, "faults")); f; f = json_next(f)) {
        plain(json_str(json_get(f, "text"), ""), text);
        printf("put aside\t%s:%lld\t%s\n", json_str(json_get(f, "file"), ""),
               (long long)json_i64(json_get(f, "line"), 0), text);
    }
    if (json_bool(json_get(c->tree, "taken"), false)) {
        printf("%lld rules in use\n", (long long)json_i64(json_get(c->tree, "rules"), 0));
        return DONE;
    }
    plain(json_str(json_get(c->tree, "why"), ""), text);
    fprintf(stderr, "tramgac-analyzer: the rules stay as they are: %s\n", text);
    return REFUSED;
}

static int rules_list(struct client *c)
{
    static const char *const heads[] = {"name", "type", "severity", "incident", "title", NULL};
    static const char *const en[] = {"name", "type", "severity", "incident", "title.en", NULL};
    static const char *const vi[] = {"name", "type", "severity", "incident", "title.vi", NULL};
    bool vietnamese = c->option[LANG] && strcmp(c->option[LANG], "vi") == 0;

    return print_list(c, ask(c, true, "/api/rules", NULL), heads, vietnamese ? vi : en);
}

static int connector_list(struct client *c)
{
    static const char *const heads[] = {"name",     "type",  "sent", "failed",
                                        "given up", "fault", NULL};
    static const char *const paths[] = {"connector", "type",  "sent", "failed",
                                        "given_up",  "fault", NULL};

    return print_array(c, ask(c, true, "/api/system", NULL), "connectors", heads, paths);
}

/* Done when the receiver took it. */
static int connector_test(struct client *c)
{
    char text[CELL_MAX];
    struct strbuf path, body;

    if (c->n_words != 1)
        return fault("connector test wants the name of a connector");
    strbuf_init(&path, URL_MAX);
    strbuf_init(&body, 16);
    strbuf_str(&path, "/api/connectors/");
    add_word(&path, c->words[0]);
    strbuf_str(&path, "/test");
    strbuf_str(&body, "{}");
    int status = ask(c, false, path.at, &body);
    strbuf_fini(&body);
    strbuf_fini(&path);
    if (status != DONE)
        return status;
    bool taken = json_bool(json_get(c->tree, "taken"), false);
    plain(json_str(json_get(c->tree, "answer"), ""), text);
    if (c->json)
        print_json(c);
    else
        printf("%s\t%s\t%s\n", c->words[0], taken ? "taken" : "not taken", text);
    return taken ? DONE : REFUSED;
}

static const struct verb {
    const char *noun, *name; /* name "": the noun is all */
    int (*run)(struct client *c);
    const char *use;
} verbs[] = {
    {"incident", "list", incident_list,
     "[--state S] [--severity S] [--assignee NAME] [--q TEXT] [--limit N]"},
    {"incident", "show", incident_show, "ID"},
    {"incident", "close", incident_close, "ID... --disposition D [--comment TEXT]"},
    {"incident", "assign", incident_assign, "ID... --assignee NAME"},
    {"incident", "comment", incident_comment, "ID... --comment TEXT"},
    {"incident", "reopen", incident_reopen, "ID... [--comment TEXT]"},
    {"incident", "merge", incident_merge, "ID-THAT-STAYS ID... [--comment TEXT]"},
    {"alert", "list", alert_list, "[--state S] [--severity S] [--q SEARCH] [--limit N]"},
    {"alert", "archive", alert_archive, "GROUP..."},
    {"rules", "list", rules_list, "[--lang vi|en]"},
    {"rules", "reload", rules_reload, ""},
    {"connector", "list", connector_list, ""},
    {"connector", "test", connector_test, "NAME"},
    {"search", "", search, "'SEARCH' [--from TIME] [--to TIME] [--limit N]"},
    {"report", "", report,
     "FORM [--incident ID] [--from TIME] [--to TIME] [--lang vi|en] [--format pdf|html|json] "
     "[--out FILE]"},
};
enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

/* ---- words ---------------------------------------------------------------------------------- */

static int help(void)
{
    puts("tramgac-analyzer: the desk on the command line, over the interface of a running "
         "analyzer\n");
    for (uint32_t i = 0; i < VERBS; i++)
        printf("  tramgac-analyzer %s%s%s %s\n", verbs[i].noun, *verbs[i].name ? " " : "",
               verbs[i].name, verbs[i].use);
    puts("\n  --url URL          default: TRAMGAC_URL, else http://127.0.0.1:8080\n"
         "  --token-file FILE  first line is the token; default: TRAMGAC_TOKEN\n"
         "  --ca FILE          authority of the server's certificate\n"
         "  --lang vi|en       language of titles\n"
         "  --json             the answer as it is\n\n"
         "Exit status: 0 done, 1 the analyzer refused, 2 wrong usage, 3 no answer.");
    return DONE;
}

bool client_knows(const char *word)
{
    for (uint32_t i = 0; i < VERBS; i++) {
        if (strcmp(verbs[i].noun, word) == 0)
            return true;
    }
    return false;
}

static bool read_words(struct client *c, int argc, char **argv, int at)
{
    for (; at < argc; at++) {
        uint32_t o = 0;
        while (o < OPTIONS && strcmp(option_names[o], argv[at]) != 0)
            o++;
        if (o < OPTIONS && at + 1 < argc)
            c->option[o] = argv[++at];
        else if (strcmp(argv[at], "--json") == 0)
            c->json = true;
        else if (argv[at][0] != '-' && c->n_words < WORDS_MAX)
            c->words[c->n_words++] = argv[at];
        else
            return false;
    }
    return true;
}

static bool read_token(struct client *c)
{
    const char *given = getenv("TRAMGAC_TOKEN");
    char line[200] = "";
    FILE *file = c->option[TOKEN_FILE] ? fopen(c->option[TOKEN_FILE], "r") : NULL;

    if (file && fgets(line, sizeof(line), file))
        line[strcspn(line, "\r\n")] = '\0';
    if (file)
        fclose(file);
    if (!c->option[TOKEN_FILE] && given)
        snprintf(line, sizeof(line), "%.199s", given);
    snprintf(c->bearer, sizeof(c->bearer), "Authorization: Bearer %s", line);
    return *line != '\0';
}

static int run_verb(struct client *c, const struct verb *verb)
{
    const char *url = getenv("TRAMGAC_URL");

    if (!c->option[URL])
        c->option[URL] = url && *url ? url : "http://127.0.0.1:8080";
    if (!read_token(c))
        return fault("no token: give --token-file or TRAMGAC_TOKEN (POST /api/tokens makes one)");
    c->courier = courier_new();
    strbuf_init(&c->answer, ANSWER_MAX);
    int status = verb->run(c);
    json_free(&c->tree);
    strbuf_fini(&c->answer);
    courier_free(&c->courier);
    return status;
}

int client_run(int argc, char **argv)
{
    const struct verb *verb = NULL;

    for (uint32_t i = 0; i < VERBS && !verb; i++) {
        bool noun = strcmp(verbs[i].noun, argv[1]) == 0;
        if (noun && (!*verbs[i].name || (argc > 2 && strcmp(verbs[i].name, argv[2]) == 0)))
            verb = &verbs[i];
    }
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return help();
    }
    struct client *c = calloc(1, sizeof(*c));
    int status = USAGE;
    if (!c || !verb || !read_words(c, argc, argv, *verb->name ? 3 : 2))
        fault("wrong words; see tramgac-analyzer incident --help");
    else
        status = run_verb(c, verb);
    free(c);
    return status;
}
