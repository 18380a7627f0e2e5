/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/api/auth.h"

#include "analyzer/record/secret.h"
#include "common/clock.h"
#include "common/conf.h"

const char *auth_cookie_name(bool secure)
{
    return secure ? "__Host-tramgac" : "tramgac";
}

bool auth_resume(struct call *call, const char *token)
{
    struct session_row session;
    struct user_row *user = arena_alloc(call->arena, sizeof(*user));
    char *hash = arena_alloc(call->arena, SECRET_DIGEST_MAX);

    if (!user || !hash || strlen(token) != AUTH_TOKEN_LEN)
        return false;
    secret_sha256(slice_of_str(token), hash);
    if (db_users_session_get(call->store, hash, call->now_ns, call->arena, &session) != ERR_OK ||
        db_users_get(call->store, NULL, session.user_id, call->arena, user) != ERR_OK ||
        user->disabled)
        return false;
    call->user = user;
    call->csrf = session.csrf;
    call->session = hash;

    /* Written at most once a minute: a read must not cost a write. */
    if (call->now_ns > session.seen_ns + 60 * CLOCK_S) {
        uint64_t idle = call->now_ns + conf_span_ns(call->services->conf, "api.session.idle");
        uint64_t most = session.created_ns + conf_span_ns(call->services->conf, "api.session.max");
        db_users_session_touch(call->store, hash, call->now_ns, idle < most ? idle : most);
    }
    return true;
}

unsigned auth_refuse(const struct call *call, const struct api_route *route,
                     const char *csrf_header)
{
    static const enum role needed[] = {
        [API_VIEWER] = ROLE_VIEWER, [API_ANALYST] = ROLE_ANALYST, [API_ADMIN] = ROLE_ADMIN};

    if (route->access == API_OPEN)
        return 0;
    if (!call->user)
        return 401;
    if (call->user->role < needed[route->access])
        return 403;
    if (strcmp(route->method, "GET") != 0 &&
        !secret_same(slice_of_str(call->csrf), slice_of_str(csrf_header)))
        return 403;
    return 0;
}
