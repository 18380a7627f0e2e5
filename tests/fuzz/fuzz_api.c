/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a request: a line of method, path and query, then the body. Its route runs against a
 * store with a group, an incident and a task. The answer must be JSON, or a file of a report.
 * Left out is what costs a password's hash each time, and the live stream.
 */
#include "analyzer/api/api.h"
#include "analyzer/run/settings.h"
#include "analyzer/store/db_groups.h"
#include "analyzer/store/db_incidents.h"
#include "common/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { LINE_MAX_BYTES = 1024 };

struct bench {
    struct services services;
    struct store *store;
    struct user_row user;
    char dir[64];
};

static void no_words(void *run, struct strbuf *json)
{
    (void)run;
    strbuf_str(json, "\"ok\":true");
}

static void no_health(void *run, struct strbuf *json)
{
    (void)run;
    strbuf_str(json, "{}");
}

static enum err no_push(void *run, struct store *store, const struct incident *incident)
{
    (void)run;
    (void)store;
    (void)incident;
    return ERR_OK;
}

static enum err no_test(void *run, const char *name, struct strbuf *answer)
{
    (void)run;
    (void)answer;
    return strcmp(name, "ioc") == 0 ? ERR_OK : ERR_NOTFOUND;
}

static struct bench bench;

static void end(void)
{
    char path[96];
    static const char *const files[] = {"tramgac.db", "tramgac.db-wal", "tramgac.db-shm"};

    store_close(&bench.store);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", bench.dir, files[i]);
        unlink(path);
    }
    rmdir(bench.dir);
}

static void begin(void)
{
    char fault[256] = "";
    struct incident incident = {.key = "k",
                                .site = "can-tho",
                                .rule = "",
                                .entity = "",
                                .entity_ip = "10.20.0.1",
                                .title_en = "x",
                                .title_vi = "y",
                                .assignee = "",
                                .tlp = "",
                                .techniques = "T0855",
                                .tactics = "",
                                .sensors = "",
                                .why_json = "{}",
                                .opened_ns = 1,
                                .last_ns = 1,
                                .serious_reason = "",
                                .personal_reason = ""};

    strcpy(bench.dir, "/tmp/tramgac-fuzz.XXXXXX");
    CHECK(mkdtemp(bench.dir));
    CHECK(store_open_at("sqlite", bench.dir, &bench.store, fault, sizeof(fault)) == ERR_OK);
    bench.user = (struct user_row){.name = "lan",
                                   .full_name = "",
                                   .role = ROLE_ADMIN,
                                   .language = "vi",
                                   .sites = "",
                                   .password = "",
                                   .totp = "",
                                   .recovery = ""};
    CHECK(db_users_add(bench.store, &bench.user) == ERR_OK);
    struct arena arena;
    arena_init(&arena, 4096, 0);
    CHECK(db_users_get(bench.store, "lan", 0, &arena, &bench.user) ==
          ERR_OK); /* kept until the end */
    CHECK(db_incidents_put(bench.store, &incident) == ERR_OK);
    bench.services = (struct services){.conf = settings_new(),
                                       .store = bench.store,
                                       .hub = hub_new(),
                                       .data_dir = bench.dir,
                                       .health = no_health,
                                       .about = no_words,
                                       .connector_test = no_test,
                                       .incident_changed = no_push};
    atexit(end);
}

/* Value of a query; the text stands in call->request. */
static const char *query(const struct call *call, const char *name)
{
    const char *at = call->request;
    size_t len = strlen(name);

    while (at && *at) {
        const char *next = strchr(at, '&');
        if (strncmp(at, name, len) == 0 && at[len] == '=') {
            const char *value = at + len + 1;
            return arena_str(call->arena, (struct slice){(const uint8_t *)value,
                                                         (uint32_t)(next ? (size_t)(next - value)
                                                                         : strlen(value))});
        }
        at = next ? next + 1 : NULL;
    }
    return "";
}

static bool is_left_out(const struct api_route *route)
{
    static const char *const paths[] = {"/api/login", "/api/me/", "/api/accounts", "/api/stream",
                                        "/api/reports/"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (strncmp(route->path, paths[i], strlen(paths[i])) == 0)
            return true;
    return false;
}

/* As the server does it, without the network. */
static void run(char *line, struct slice body, struct arena *arena)
{
    char *path = strchr(line, ' ');
    struct json *tree = NULL;
    struct strbuf answer;
    struct call call = {.services = &bench.services,
                        .store = bench.store,
                        .arena = arena,
                        .user = &bench.user,
                        .may = permission_of_role(ROLE_ADMIN),
                        .csrf = "c",
                        .session = "s",
                        .address = "127.0.0.1",
                        .agent = "",
                        .now_ns = UINT64_C(1795000000000000000),
                        .query = query,
                        .status = 200};
    bool known = false;

    if (!path)
        return;
    *path++ = '\0';
    char *question = strchr(path, '?');
    if (question)
        *question++ = '\0';
    call.request = question;
    const struct api_route *route = api_find(line, path, arena, call.arg, &known);
    if (!route || is_left_out(route))
        return;
    if (body.len && (json_parse(body, &tree, NULL) != ERR_OK || json_kind(tree) != JSON_OBJ)) {
        json_free(&tree);
        return;
    }
    call.body = tree;
    strbuf_init(&answer, 64 << 20);
    jsonw_init(&call.out, &answer);
    route->handle(&call);
    json_free(&tree);
    CHECK(call.status >= 200 && call.status < 600);
    if (!call.type && !answer.full) {
        CHECK(json_parse(strbuf_view(&answer), &tree, NULL) == ERR_OK);
        json_free(&tree);
    }
    strbuf_fini(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char line[LINE_MAX_BYTES];
    size_t n = 0;
    struct arena arena;

    if (!bench.store)
        begin();
    while (n < len && n + 1 < sizeof(line) && bytes[n] != '\n') {
        line[n] = bytes[n] ? (char)bytes[n] : '?';
        n++;
    }
    line[n] = '\0';
    size_t from = n < len ? n + 1 : len;
    if (len - from > API_BODY_MAX)
        return 0;
    arena_init(&arena, 65536, API_ARENA_MAX);
    run(line, (struct slice){bytes + from, (uint32_t)(len - from)}, &arena);
    arena_fini(&arena);
    return 0;
}
