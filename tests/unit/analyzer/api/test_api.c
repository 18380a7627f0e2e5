/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes: every row is complete, and each refuses whoever has not its role.
 */
#include "analyzer/api/api.h"
#include "analyzer/api/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define EACH_ROUTE(route)                                                                          \
    for (uint32_t g_ = 0; api_rows[g_]; g_++)                                                      \
        for (const struct api_route *route = api_rows[g_]->routes; route->method; route++)

static void every_route_is_documented_and_below_api(void **state)
{
    (void)state;
    uint32_t n = 0;

    EACH_ROUTE(route)
    {
        assert_int_equal(strncmp(route->path, "/api/", 5), 0);
        assert_non_null(route->handle);
        assert_true(strlen(route->doc) > 10);
        assert_non_null(route->takes);
        n++;
    }
    assert_true(n >= 12);
}

static void only_signing_in_and_alive_are_open(void **state)
{
    (void)state;
    EACH_ROUTE(route)
    {
        bool may = strcmp(route->path, "/api/login") == 0 || strcmp(route->path, "/api/alive") == 0;
        assert_true((route->access == API_OPEN) == may);
    }
}

static void every_route_refuses_without_session_role_or_header(void **state)
{
    (void)state;
    static const enum role roles[] = {ROLE_VIEWER, ROLE_ANALYST, ROLE_ADMIN};

    EACH_ROUTE(route)
    {
        struct call call = {.csrf = "", .session = ""};
        assert_int_equal(auth_refuse(&call, route, ""), route->access == API_OPEN ? 0 : 401);
        for (int r = 0; r < 3; r++) {
            struct user_row user = {.name = "lan", .role = roles[r]};
            call = (struct call){.user = &user, .csrf = "secret", .session = "x"};
            bool enough = route->access <= API_VIEWER || (route->access == API_ANALYST && r >= 1) ||
                          (route->access == API_ADMIN && r == 2);
            bool reads = strcmp(route->method, "GET") == 0 || route->access == API_OPEN;
            assert_int_equal(auth_refuse(&call, route, "secret"), enough ? 0 : 403);
            assert_int_equal(auth_refuse(&call, route, ""), enough && reads ? 0 : 403);
            assert_int_equal(auth_refuse(&call, route, "other!"), enough && reads ? 0 : 403);
        }
    }
}

static void a_path_is_matched_whole_and_its_parts_are_given(void **state)
{
    (void)state;
    struct arena arena;
    const char *args[API_PATH_ARGS_MAX] = {0};
    bool known = false;

    arena_init(&arena, 4096, 0);
    const struct api_route *r = api_find("GET", "/api/groups/17/events", &arena, args, &known);
    assert_non_null(r);
    assert_string_equal(args[0], "17");
    assert_null(api_find("GET", "/api/groups/17/events/", &arena, args, &known));
    assert_null(api_find("GET", "/api/groups//events", &arena, args, &known));
    assert_null(api_find("GET", "/api", &arena, args, &known));
    assert_false(known);
    assert_null(api_find("DELETE", "/api/groups", &arena, args, &known));
    assert_true(known);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_documented_and_below_api),
        cmocka_unit_test(only_signing_in_and_alive_are_open),
        cmocka_unit_test(every_route_refuses_without_session_role_or_header),
        cmocka_unit_test(a_path_is_matched_whole_and_its_parts_are_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
