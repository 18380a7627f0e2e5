/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/api/auth.h"

#include "analyzer/record/secret.h"
#include "analyzer/store/db_tokens.h"
#include "common/clock.h"
#include "common/conf.h"

enum { AUTH_SITES_MAX = 16 };

static const char bearer[] = "Bearer ";
static const char *const no_sites[] = {NULL};

const char *auth_cookie_name(bool secure)
{
    return secure ? "__Host-tramgac" : "tramgac";
}

/* "can-tho binh-thuy" as a list that NULL ends; NULL for an account of all sites. */
static const char *const *sites_of(struct call *call, const char *names)
{
    struct slice rest = slice_of_str(names);
    struct slice one = slice_word(&rest);
    const char **list = NULL;
    uint32_t n = 0;

    if (!one.len)
        return NULL;
    list = arena_alloc(call->arena, (AUTH_SITES_MAX + 1) * sizeof(*list));
    for (; list && one.len && n < AUTH_SITES_MAX; one = slice_word(&rest))
        list[n++] = arena_str(call->arena, one);
    if (list)
        list[n] = NULL;
    return list ? list : no_sites;
}

static bool take_account(struct call *call, int64_t id)
{
    struct user_row *user = arena_alloc(call->arena, sizeof(*user));

    if (!user || db_users_get(call->store, NULL, id, call->arena, user) != ERR_OK || user->disabled)
        return false;
    call->user = user;
    call->may = permission_of_role(user->role);
    call->sites = sites_of(call, user->sites);
    return true;
}

bool auth_resume(struct call *call, const char *token)
{
    struct session_row session;
    char *hash = arena_alloc(call->arena, SECRET_DIGEST_MAX);

    if (!hash || strlen(token) != AUTH_TOKEN_LEN)
        return false;
    secret_sha256(slice_of_str(token), hash);
    if (db_users_session_get(call->store, hash, call->now_ns, call->arena, &session) != ERR_OK ||
        !take_account(call, session.user_id))
        return false;
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

bool auth_token(struct call *call, const char *header)
{
    struct slice value = slice_of_str(header);
    struct token_row token;
    char hash[SECRET_DIGEST_MAX];
    uint32_t scopes = 0;

    if (value.len != sizeof(bearer) - 1 + AUTH_BEARER_LEN ||
        !slice_eq(slice_head(value, sizeof(bearer) - 1), SLICE_LIT(bearer)))
        return false;
    secret_sha256(slice_from(value, sizeof(bearer) - 1), hash);
    if (db_tokens_find(call->store, hash, call->now_ns, call->arena, &token) != ERR_OK ||
        !permission_parse_set(slice_of_str(token.scopes), &scopes) ||
        !take_account(call, token.account_id))
        return false;
    call->may &= scopes | 1u << PERM_OPEN;
    call->token = token.name;
    if (call->now_ns > token.used_ns + 60 * CLOCK_S)
        db_tokens_touch(call->store, token.id, call->now_ns, call->address);
    return true;
}

unsigned auth_refuse(const struct call *call, const struct api_route *route,
                     const char *csrf_header)
{
    if (route->access == PERM_OPEN)
        return 0;
    if (!call->user)
        return 401;
    if (!permission_in(call->may, route->access))
        return 403;
    /* A browser never sends a token by itself: only sessions can be ridden. */
    if (!call->token && strcmp(route->method, "GET") != 0 &&
        !secret_same(slice_of_str(call->csrf), slice_of_str(csrf_header)))
        return 403;
    return 0;
}
