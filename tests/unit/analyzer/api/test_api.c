/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes: every row is complete, and each refuses whoever has not its permission.
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
        assert_true((route->access == PERM_OPEN) == may);
    }
}

/* Every route for every role, whatever routes there are. */
static void every_route_refuses_without_session_permission_or_header(void **state)
{
    (void)state;
    EACH_ROUTE(route)
    {
        struct call call = {.csrf = "", .session = ""};
        bool open = route->access == PERM_OPEN;
        assert_int_equal(auth_refuse(&call, route, ""), open ? 0 : 401);
        for (int r = 0; r < ROLES; r++) {
            struct user_row user = {.name = "lan", .role = (enum role)r};
            call = (struct call){.user = &user,
                                 .may = permission_of_role(user.role),
                                 .csrf = "secret",
                                 .session = "x"};
            bool enough = open || permission_in(call.may, route->access);
            bool reads = strcmp(route->method, "GET") == 0 || open;
            assert_int_equal(auth_refuse(&call, route, "secret"), enough ? 0 : 403);
            assert_int_equal(auth_refuse(&call, route, ""), enough && reads ? 0 : 403);
            assert_int_equal(auth_refuse(&call, route, "other!"), enough && reads ? 0 : 403);
        }
    }
}

static void a_token_needs_no_header_and_may_what_it_was_given(void **state)
{
    (void)state;
    struct user_row user = {.name = "lan", .role = ROLE_ADMIN};
    struct call call = {.user = &user, .may = 1u << PERM_READ, .token = "script", .csrf = ""};

    EACH_ROUTE(route)
    {
        bool may = route->access == PERM_OPEN || route->access == PERM_READ;
        assert_int_equal(auth_refuse(&call, route, ""), may ? 0 : 403);
    }
}

static void roles_differ_as_they_should(void **state)
{
    (void)state;
    static const struct {
        enum role role;
        enum permission may, may_not;
    } rows[] = {{ROLE_VIEWER, PERM_READ, PERM_RAW},      {ROLE_VIEWER, PERM_SELF, PERM_TRIAGE},
                {ROLE_ANALYST, PERM_TRIAGE, PERM_AUDIT}, {ROLE_ANALYST, PERM_RAW, PERM_LEAD},
                {ROLE_LEAD, PERM_LEAD, PERM_ADMIN},      {ROLE_ENGINEER, PERM_DETECT, PERM_TRIAGE},
                {ROLE_AUDITOR, PERM_AUDIT, PERM_RAW},    {ROLE_AUDITOR, PERM_REVEAL, PERM_TRIAGE}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(permission_in(permission_of_role(rows[i].role), rows[i].may));
        assert_false(permission_in(permission_of_role(rows[i].role), rows[i].may_not));
    }
    for (int p = 0; p < PERMISSIONS; p++)
        assert_true(permission_in(permission_of_role(ROLE_ADMIN), (enum permission)p));
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
        cmocka_unit_test(every_route_refuses_without_session_permission_or_header),
        cmocka_unit_test(a_token_needs_no_header_and_may_what_it_was_given),
        cmocka_unit_test(roles_differ_as_they_should),
        cmocka_unit_test(a_path_is_matched_whole_and_its_parts_are_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
