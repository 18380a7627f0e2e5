/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server over real sockets: signing in, lock-out, forged requests, hostile paths and bodies,
 * the live stream.
 */
#include "analyzer/api/http.h"
#include "analyzer/record/secret.h"
#include "analyzer/store/db_users.h"
#include "analyzer/store/store.h"
#include "common/conf.h"
#include "common/inflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWORD "mot-mat-khau-dai"

struct bench {
    char dir[64], pages[80];
    struct conf *conf;
    struct store *store;
    struct hub *hub;
    struct services services;
    struct http *http;
    char answer[256 * 1024];
    char cookie[128], csrf[80];
};

static void no_health(void *run, struct strbuf *json)
{
    (void)run;
    strbuf_str(json, "{\"ok\":true}");
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));
    char fault[HTTP_FAULT_MAX] = "", hash[SECRET_HASH_MAX];

    strcpy(b->dir, "/tmp/tramgac-http.XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(b->pages, sizeof(b->pages), "%s/pages", b->dir);
    assert_int_equal(mkdir(b->pages, 0700), 0);
    write_file(b->pages, "index.html", "<!doctype html><title>t</title>");
    write_file(b->pages, "index.html.gz", "the packed one");
    b->conf = conf_new();
    conf_add(b->conf, api_options);
    assert_int_equal(store_open_at("sqlite", b->dir, &b->store, fault, sizeof(fault)), ERR_OK);
    b->hub = hub_new();
    assert_int_equal(secret_hash(SLICE_LIT(PASSWORD), hash), ERR_OK);
    struct user_row user = {.name = "lan",
                            .full_name = "Lan",
                            .role = ROLE_ANALYST,
                            .password = hash,
                            .language = "vi"};
    assert_int_equal(db_users_add(b->store, &user), ERR_OK);
    b->services = (struct services){.conf = b->conf,
                                    .store = b->store,
                                    .hub = b->hub,
                                    .listen = "127.0.0.1:0",
                                    .dashboard_dir = b->pages,
                                    .data_dir = b->dir,
                                    .health = no_health};
    assert_int_equal(http_start(&b->services, &b->http, fault), ERR_OK);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    char command[160];

    http_stop(&b->http);
    store_close(&b->store);
    hub_free(&b->hub);
    conf_free(&b->conf);
    snprintf(command, sizeof(command), "rm -rf '%s'", b->dir);
    if (system(command) != 0)
        return 1;
    free(b);
    return 0;
}

static int connect_to(struct bench *b)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(http_port(b->http))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

/* One request on a connection of its own; the status. The whole answer is in b->answer. */
static int ask(struct bench *b, const char *method, const char *path, const char *headers,
               const char *body)
{
    char head[4096];
    int fd = connect_to(b), status = 0;
    size_t len = 0;

    int n = snprintf(head, sizeof(head),
                     "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: "
                     "%s\r\n%sContent-Length: %zu\r\n\r\n",
                     method, path, b->cookie, headers, strlen(body));
    assert_int_equal(write(fd, head, (size_t)n), n);
    if (*body && write(fd, body, strlen(body)) < 0)
        body = "";
    for (ssize_t got; len < sizeof(b->answer) - 1 &&
                      (got = read(fd, b->answer + len, sizeof(b->answer) - 1 - len)) > 0;)
        len += (size_t)got;
    b->answer[len] = '\0';
    close(fd);
    sscanf(b->answer, "HTTP/1.1 %d", &status);
    return status;
}

static void sign_in(struct bench *b)
{
    assert_int_equal(
        ask(b, "POST", "/api/login", "", "{\"user\":\"lan\",\"password\":\"" PASSWORD "\"}"), 200);
    const char *set = strstr(b->answer, "Set-Cookie: "), *csrf = strstr(b->answer, "\"csrf\":\"");
    assert_non_null(set);
    assert_non_null(strstr(set, "HttpOnly; SameSite=Strict"));
    sscanf(set, "Set-Cookie: %127[^;]", b->cookie);
    sscanf(csrf, "\"csrf\":\"%79[^\"]", b->csrf);
}

static void pages_need_a_session(void **state)
{
    struct bench *b = *state;
    static const char *const paths[] = {"/api/me",        "/api/overview", "/api/groups",
                                        "/api/incidents", "/api/devices",  "/api/sensors",
                                        "/api/stream",    "/api/health"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        assert_int_equal(ask(b, "GET", paths[i], "", ""), 401);
    sign_in(b);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (strcmp(paths[i], "/api/stream") != 0)
            assert_int_equal(ask(b, "GET", paths[i], "", ""), 200);
}

static void a_change_needs_the_header_and_signing_out_ends_the_session(void **state)
{
    struct bench *b = *state;
    char header[128];

    sign_in(b);
    assert_int_equal(ask(b, "POST", "/api/logout", "", "{}"), 403);
    assert_int_equal(ask(b, "POST", "/api/logout", "X-CSRF-Token: wrong\r\n", "{}"), 403);
    snprintf(header, sizeof(header), "X-CSRF-Token: %s\r\n", b->csrf);
    assert_int_equal(ask(b, "POST", "/api/logout", header, "{}"), 200);
    assert_int_equal(ask(b, "GET", "/api/me", "", ""), 401);
}

static void wrong_passwords_lock_the_account_for_a_while(void **state)
{
    struct bench *b = *state;

    for (int i = 0; i < 5; i++)
        assert_int_equal(
            ask(b, "POST", "/api/login", "", "{\"user\":\"lan\",\"password\":\"nope\"}"), 401);
    assert_int_equal(
        ask(b, "POST", "/api/login", "", "{\"user\":\"lan\",\"password\":\"" PASSWORD "\"}"), 429);
    assert_int_equal(ask(b, "POST", "/api/login", "", "{\"user\":\"nobody\",\"password\":\"x\"}"),
                     401);
}

static void hostile_requests_get_an_answer_and_no_file(void **state)
{
    struct bench *b = *state;
    static const char *const paths[] = {"/../../etc/passwd",     "/%2e%2e/%2e%2e/etc/passwd",
                                        "/assets/../tramgac.db", "/tramgac.db",
                                        "/api/../index.html",    "//etc/passwd",
                                        "/index.html%00.js"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int status = ask(b, "GET", paths[i], "", "");
        assert_true((status >= 400 && status < 500) ||
                    (status == 200 && strstr(b->answer, "<title>t</title>")));
    }
    sign_in(b);
    assert_int_equal(ask(b, "GET", "/api/incidents/INC-2026-'%20OR%201=1", "", ""), 404);
    assert_int_equal(ask(b, "GET", "/api/groups?q=%27%22%3Cscript%3E%22&before=1-2", "", ""), 200);
    static const char *const keys[] = {"1-2;DROP", "1", "1-", "-1-2", "x-1", "1--2", "1-%20"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char path[64];
        snprintf(path, sizeof(path), "/api/incidents?before=%s", keys[i]);
        assert_int_equal(ask(b, "GET", path, "", ""), 400);
        assert_non_null(strstr(b->answer, "error_vi"));
    }
    assert_int_equal(ask(b, "GET", "/api/groups?q=%22unclosed", "", ""), 400);
    assert_int_equal(ask(b, "GET", "/api/groups?q=a%20%7C%20top%205%20src", "", ""), 400);
    assert_int_equal(ask(b, "GET", "/api/search?q=src:10.0.0.0/8%20%7C%20top%205%20dport", "", ""),
                     200);
    assert_int_equal(
        ask(b, "GET", "/api/search?q=%7C%20histogram&from=2026-11-21T00:00:00Z", "", ""), 200);
    assert_int_equal(ask(b, "GET", "/api/search?q=src:x", "", ""), 400);
    assert_int_equal(ask(b, "GET", "/api/search?from=tomorrow", "", ""), 400);
    assert_int_equal(ask(b, "GET", "/api/groups?before=x", "", ""), 400);
    assert_int_equal(ask(b, "GET", "/api/groups?state=nonsense", "", ""), 400);
    assert_int_equal(ask(b, "POST", "/api/login", "", "[[[[[[[["), 400);
    assert_int_equal(ask(b, "POST", "/api/login", "", "{\"user\":17,\"password\":null}"), 401);
    assert_int_equal(ask(b, "PUT", "/api/me", "", ""), 405);
}

static void an_answer_forbids_foreign_scripts_and_frames(void **state)
{
    struct bench *b = *state;

    assert_int_equal(ask(b, "GET", "/", "", ""), 200);
    assert_non_null(strstr(b->answer, "Content-Security-Policy: default-src 'self'"));
    assert_non_null(strstr(b->answer, "frame-ancestors 'none'"));
    assert_non_null(strstr(b->answer, "X-Content-Type-Options: nosniff"));
}

static void news_reach_an_open_stream(void **state)
{
    struct bench *b = *state;
    char head[512], got[4096];
    size_t len = 0;

    sign_in(b);
    int fd = connect_to(b);
    int n = snprintf(head, sizeof(head),
                     "GET /api/stream HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n", b->cookie);
    assert_int_equal(write(fd, head, (size_t)n), n);
    while (len < sizeof(got) - 1 && (got[len] = '\0', !strstr(got, ": hello"))) {
        ssize_t more = read(fd, got + len, sizeof(got) - 1 - len);
        assert_true(more > 0);
        len += (size_t)more;
        got[len] = '\0';
    }
    hub_publish(b->hub, "incident", SLICE_LIT("{\"id\":\"INC-2026-000001\"}"));
    while (!strstr(got, "INC-2026-000001")) {
        ssize_t more = read(fd, got + len, sizeof(got) - 1 - len);
        assert_true(more > 0);
        len += (size_t)more;
        got[len] = '\0';
    }
    assert_non_null(strstr(got, "event: incident"));
    close(fd);
}

static void a_packed_copy_goes_to_who_understands_it(void **state)
{
    struct bench *b = *state;

    assert_int_equal(ask(b, "GET", "/", "Accept-Encoding: gzip, br\r\n", ""), 200);
    assert_non_null(strstr(b->answer, "Content-Encoding: gzip"));
    assert_non_null(strstr(b->answer, "Content-Type: text/html"));
    assert_non_null(strstr(b->answer, "the packed one"));
    assert_int_equal(ask(b, "GET", "/", "", ""), 200);
    assert_null(strstr(b->answer, "Content-Encoding"));
    assert_non_null(strstr(b->answer, "<!doctype html>"));
}

/* Behind the head of the answer. */
static struct slice body_of(struct bench *b)
{
    unsigned long length = 0;
    char *at = strstr(b->answer, "Content-Length: "), *body = strstr(b->answer, "\r\n\r\n");

    assert_true(at && body && sscanf(at, "Content-Length: %lu", &length) == 1);
    return (struct slice){(const uint8_t *)body + 4, (uint32_t)length};
}

static void unpack(struct slice packed, uint8_t *out, uint32_t room, uint32_t *len)
{
    struct inflate *inflate = inflate_new(INFLATE_GZIP);

    *len = 0;
    assert_int_equal(inflate_feed(inflate, &packed, out, room, len), ERR_END);
    inflate_free(&inflate);
}

static void long_answers_are_packed_for_who_takes_them(void **state)
{
    struct bench *b = *state;
    static uint8_t plain[sizeof(b->answer)], unpacked[sizeof(b->answer)];
    const char *refusing[] = {"", "Accept-Encoding: br\r\n", "Accept-Encoding: gzip;q=0\r\n"};
    uint32_t len;

    sign_in(b);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(ask(b, "GET", "/api/openapi.json", refusing[i], ""), 200);
        assert_null(strstr(b->answer, "Content-Encoding"));
    }
    struct slice body = body_of(b);
    memcpy(plain, body.at, body.len);
    assert_int_equal(ask(b, "GET", "/api/openapi.json", "Accept-Encoding: br, gzip;q=0.5\r\n", ""),
                     200);
    assert_non_null(strstr(b->answer, "Content-Encoding: gzip"));
    assert_non_null(strstr(b->answer, "Vary: Accept-Encoding"));
    assert_true(body_of(b).len < body.len / 3);
    unpack(body_of(b), unpacked, sizeof(unpacked), &len);
    assert_int_equal(len, body.len);
    assert_memory_equal(unpacked, plain, len);
}

static void an_answer_that_the_peer_has_is_not_sent_again(void **state)
{
    struct bench *b = *state;
    char asked[80] = "If-None-Match: ";

    sign_in(b);
    for (const char *const *path = (const char *const[]){"/api/openapi.json", "/", NULL}; *path;
         path++) {
        assert_int_equal(ask(b, "GET", *path, "", ""), 200);
        const char *tag = strstr(b->answer, "ETag: ");
        assert_non_null(tag);
        snprintf(asked + 15, sizeof(asked) - 15, "%.20s\r\n", tag + 6);
        assert_int_equal(ask(b, "GET", *path, asked, ""), 304);
        assert_null(strstr(b->answer, "Content-Encoding"));
        assert_int_equal(strlen(strstr(b->answer, "\r\n\r\n")), 4);
        asked[20] = (char)(asked[20] == '0' ? '1' : '0');
        assert_int_equal(ask(b, "GET", *path, asked, ""), 200);
    }
}

static void answers_with_secrets_are_neither_packed_nor_tagged(void **state)
{
    struct bench *b = *state;

    assert_int_equal(ask(b, "POST", "/api/login", "Accept-Encoding: gzip\r\n",
                         "{\"user\":\"lan\",\"password\":\"" PASSWORD "\"}"),
                     200);
    assert_null(strstr(b->answer, "Content-Encoding"));
    sign_in(b);
    assert_int_equal(ask(b, "GET", "/api/me", "Accept-Encoding: gzip\r\n", ""), 200);
    assert_null(strstr(b->answer, "Content-Encoding"));
    assert_null(strstr(b->answer, "ETag"));
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(pages_need_a_session),
        ONE(a_change_needs_the_header_and_signing_out_ends_the_session),
        ONE(wrong_passwords_lock_the_account_for_a_while),
        ONE(hostile_requests_get_an_answer_and_no_file),
        ONE(an_answer_forbids_foreign_scripts_and_frames),
        ONE(news_reach_an_open_stream),
        ONE(a_packed_copy_goes_to_who_understands_it),
        ONE(long_answers_are_packed_for_who_takes_them),
        ONE(an_answer_that_the_peer_has_is_not_sent_again),
        ONE(answers_with_secrets_are_neither_packed_nor_tagged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
