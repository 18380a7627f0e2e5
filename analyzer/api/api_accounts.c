/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts, for administrators: who there is, with which role, for which sites.
 */
#include "analyzer/api/act.h"
#include "analyzer/api/shape.h"
#include "analyzer/store/db_users.h"

#include <stdio.h>

enum { TEXT_MAX = 200, SITES_MAX = 600 };

static void write_account(struct call *call, const char *key, const struct user_row *u)
{
    struct jsonw *w = &call->out;

    jsonw_obj_open(w, key);
    jsonw_str(w, "user", u->name);
    jsonw_str(w, "name", u->full_name);
    jsonw_str(w, "role", permission_role_name(u->role));
    jsonw_words(w, "sites", u->sites);
    jsonw_str(w, "language", u->language);
    jsonw_bool(w, "disabled", u->disabled);
    jsonw_bool(w, "locked", u->locked_until_ns > call->now_ns);
    jsonw_bool(w, "second_factor", u->totp_on);
    jsonw_rfc3339(w, "created", u->created_ns);
    jsonw_rfc3339(w, "last_login", u->last_login_ns);
    jsonw_obj_close(w);
}

static void list(struct call *call)
{
    struct user_row *rows = NULL;
    uint32_t n = 0;
    enum err err = db_users_list(call->store, call->arena, &rows, &n);

    if (!shape_list_open(call, err))
        return;
    for (uint32_t i = 0; i < n; i++)
        write_account(call, NULL, &rows[i]);
    jsonw_arr_close(&call->out);
    jsonw_obj_close(&call->out);
}

/* ["a","b"] as "a b". A site's name has no blanks. */
static const char *read_sites(struct call *call, const struct json *list)
{
    struct strbuf text;

    strbuf_init(&text, SITES_MAX);
    for (const struct json *s = json_first(list); s; s = json_next(s)) {
        const char *name = json_str(s, "");
        if (*name && !strpbrk(name, " ,"))
            strbuf_fmt(&text, "%s%s", text.len ? " " : "", name);
        else
            text.full = true;
    }
    const char *sites = text.full ? NULL : arena_str(call->arena, strbuf_view(&text));
    strbuf_fini(&text);
    return sites;
}

/* Members of the body over what the account has; false: answered. */
static bool read_account(struct call *call, struct user_row *u)
{
    const struct json *role = json_get(call->body, "role"), *sites = json_get(call->body, "sites");

    u->full_name = json_str(json_get(call->body, "name"), u->full_name);
    u->language = json_str(json_get(call->body, "language"), u->language);
    u->disabled = json_bool(json_get(call->body, "disabled"), u->disabled);
    if (sites)
        u->sites = read_sites(call, sites);
    if (json_bool(json_get(call->body, "unlock"), false)) {
        u->failures = 0;
        u->locked_until_ns = 0;
    }
    if (json_bool(json_get(call->body, "drop_second_factor"), false)) {
        u->totp = "";
        u->totp_on = false;
        u->recovery = "";
    }
    bool language = strcmp(u->language, "vi") == 0 || strcmp(u->language, "en") == 0;
    if ((role && !permission_role_parse(json_text(role), &u->role)) || !u->sites || !language ||
        strlen(u->full_name) > TEXT_MAX) {
        api_fail(call, 400,
                 "role: viewer, analyst, lead, engineer, auditor or admin; sites: names without "
                 "blanks; language: vi or en.",
                 "role: viewer, analyst, lead, engineer, auditor hoặc admin; sites: tên không có "
                 "dấu cách; language: vi hoặc en.");
        return false;
    }
    return true;
}

/* Given, or a new one that is told once. False: answered. */
static bool take_password(struct call *call, struct user_row *u, const char **told)
{
    char *hash = arena_alloc(call->arena, SECRET_HASH_MAX), *made = arena_alloc(call->arena, 32);
    const struct json *given = json_get(call->body, "password");
    enum err err = hash && made ? ERR_OK : ERR_NOMEM;

    *told = NULL;
    if (!err && !given) {
        secret_password(made);
        *told = made;
    }
    if (!err)
        err = secret_hash(given ? json_text(given) : slice_of_str(made), hash);
    u->password = hash;
    if (err == ERR_INPUT)
        api_fail(call, 400, "A password has 10 to 1024 characters.",
                 "Mật khẩu dài từ 10 đến 1024 ký tự.");
    else if (err)
        api_fail_store(call, err);
    return err == ERR_OK;
}

static void note(struct call *call, const char *action, const char *name)
{
    char object[USER_NAME_MAX + 8];

    snprintf(object, sizeof(object), "user/%.64s", name);
    act_audit(call, action, object, "{}");
}

static void answer(struct call *call, const struct user_row *u, const char *password)
{
    jsonw_obj_open(&call->out, NULL);
    write_account(call, "account", u);
    shape_opt(&call->out, "password", password);
    jsonw_obj_close(&call->out);
}

static void make(struct call *call)
{
    const char *told = NULL;
    struct user_row u = {.name = json_str(json_get(call->body, "user"), ""),
                         .full_name = "",
                         .role = ROLE_VIEWER,
                         .language = "vi",
                         .sites = "",
                         .created_ns = call->now_ns};

    if (!db_users_name_ok(u.name)) {
        api_fail(call, 400, "A user name has 1 to 64 of a-z 0-9 . _ -",
                 "Tên đăng nhập gồm 1 đến 64 ký tự a-z 0-9 . _ -");
        return;
    }
    if (!read_account(call, &u) || !take_password(call, &u, &told))
        return;
    enum err err = db_users_add(call->store, &u);
    if (err == ERR_CONFLICT) {
        api_fail(call, 409, "There is an account of that name.", "Đã có tài khoản mang tên đó.");
    } else if (err) {
        api_fail_store(call, err);
    } else {
        note(call, "user.add", u.name);
        answer(call, &u, told);
    }
}

/* Whoever may no longer do something must not go on with an old session. */
static void change(struct call *call)
{
    struct user_row u;
    const char *told = NULL;
    enum err err = db_users_get(call->store, call->arg[0], 0, call->arena, &u);

    if (err) {
        api_fail_store(call, err);
        return;
    }
    if (u.id == call->user->id && json_get(call->body, "role")) {
        api_fail(call, 400, "Nobody changes his own role: ask another administrator.",
                 "Không ai được tự đổi vai trò của mình: hãy nhờ quản trị viên khác.");
        return;
    }
    bool renew =
        json_get(call->body, "password") || json_bool(json_get(call->body, "new_password"), false);
    if (!read_account(call, &u) || (renew && !take_password(call, &u, &told)))
        return;
    err = db_users_put(call->store, &u);
    if (!err && (renew || u.disabled))
        err = db_users_sessions_end(call->store, u.id);
    if (err) {
        api_fail_store(call, err);
        return;
    }
    note(call, "user.change", u.name);
    answer(call, &u, told);
}

static const struct api_route routes[] = {
    {"GET", "/api/accounts", PERM_ADMIN, list, "All accounts.", ""},
    {"POST", "/api/accounts", PERM_ADMIN, make,
     "Makes an account; without a password a new one is told, once.",
     "user, name, role, sites (names; none: all), language (vi, en), password"},
    {"POST", "/api/accounts/{name}", PERM_ADMIN, change, "Changes an account.",
     "name, role, sites, language, disabled, unlock, drop_second_factor, password, new_password"},
    {.method = NULL},
};

const struct api_group api_accounts = {.name = "accounts", .doc = "Accounts", .routes = routes};
