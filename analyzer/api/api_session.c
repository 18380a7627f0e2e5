/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing in and out. Wrong passwords cost the account time: after LOGIN_TRIES it is locked for
 * LOGIN_LOCK_S. An unknown user costs as much time as a wrong password and is answered alike.
 */
#include "analyzer/api/api.h"
#include "analyzer/api/auth.h"
#include "analyzer/api/shape.h"
#include "analyzer/record/secret.h"
#include "analyzer/record/totp.h"
#include "analyzer/store/db_audit.h"
#include "common/clock.h"
#include "common/conf.h"

#include <stdio.h>

enum { LOGIN_TRIES = 5, LOGIN_LOCK_S = 60, RECOVERY_LEN = 16 };

static void note(struct call *call, const char *user, const char *action)
{
    struct audit_row row = {.ts_ns = call->now_ns,
                            .user = user,
                            .address = call->address,
                            .action = action,
                            .object = "session",
                            .detail_json = "{}"};
    db_audit_add(call->store, &row);
}

static void write_me(struct call *call, const struct user_row *user, const char *csrf)
{
    uint32_t may = call->user ? call->may : permission_of_role(user->role);

    jsonw_obj_open(&call->out, NULL);
    jsonw_str(&call->out, "user", user->name);
    jsonw_str(&call->out, "name", user->full_name);
    jsonw_str(&call->out, "role", permission_role_name(user->role));
    jsonw_str(&call->out, "language", user->language);
    jsonw_words(&call->out, "sites", user->sites);
    jsonw_bool(&call->out, "second_factor", user->totp_on);
    jsonw_arr_open(&call->out, "may");
    for (int p = PERM_SELF; p < PERMISSIONS; p++) {
        if (permission_in(may, (enum permission)p))
            jsonw_str(&call->out, NULL, permission_name((enum permission)p));
    }
    jsonw_arr_close(&call->out);
    jsonw_str(&call->out, "csrf", csrf);
    jsonw_obj_close(&call->out);
}

static void set_cookie(struct call *call, const char *token, bool secure)
{
    char *text = arena_alloc(call->arena, 256);

    if (!text)
        return;
    snprintf(text, 256, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", auth_cookie_name(secure),
             token, secure ? "; Secure" : "", *token ? "" : "; Max-Age=0");
    call->set_cookie = text;
}

static bool is_secure(const struct call *call)
{
    const struct conf *conf = call->services->conf;
    return conf_bool(conf, "api.secure_cookie") || *conf_text(conf, "api.tls.certificate");
}

static void start_session(struct call *call, struct user_row *user)
{
    char token[SECRET_TOKEN_MAX], hash[SECRET_DIGEST_MAX], csrf[SECRET_TOKEN_MAX];

    secret_token(token);
    secret_token(csrf);
    secret_sha256(slice_of_str(token), hash);
    struct session_row session = {
        .token_hash = hash,
        .user_id = user->id,
        .csrf = csrf,
        .created_ns = call->now_ns,
        .seen_ns = call->now_ns,
        .expires_ns = call->now_ns + conf_span_ns(call->services->conf, "api.session.idle"),
        .address = call->address,
        .agent = call->agent ? call->agent : ""};
    user->failures = 0;
    user->locked_until_ns = 0;
    user->last_login_ns = call->now_ns;
    enum err err = db_users_put(call->store, user);
    if (!err)
        err = db_users_session_add(call->store, &session);
    if (err) {
        api_fail_store(call, err);
        return;
    }
    note(call, user->name, "login");
    set_cookie(call, token, is_secure(call));
    write_me(call, user, csrf);
}

static void refuse_login(struct call *call, struct user_row *user)
{
    if (user) {
        user->failures++;
        if (user->failures % LOGIN_TRIES == 0)
            user->locked_until_ns = call->now_ns + LOGIN_LOCK_S * CLOCK_S;
        db_users_put(call->store, user);
        note(call, user->name, "login.refused");
    }
    api_fail(call, 401, "User name or password is wrong.",
             "Tên đăng nhập hoặc mật khẩu không đúng.");
}

/* The code of the application, or one of the codes for once, which then is used up. */
static bool second_fits(struct call *call, struct user_row *user, struct slice code)
{
    char hash[SECRET_DIGEST_MAX];
    int64_t step = totp_accept(user->totp, code, call->now_ns, user->totp_step);

    if (step) {
        user->totp_step = step;
        return true;
    }
    secret_sha256(code, hash);
    const char *at = code.len >= RECOVERY_LEN ? strstr(user->recovery, hash) : NULL;
    if (!at)
        return false;
    char *rest = arena_str(call->arena, slice_of_str(user->recovery));
    if (!rest)
        return false;
    memset(rest + (at - user->recovery), '-', strlen(hash));
    user->recovery = rest;
    note(call, user->name, "login.recovery");
    return true;
}

/* Password right, code missing: the page asks for it. */
static void ask_code(struct call *call)
{
    call->status = 401;
    jsonw_obj_open(&call->out, NULL);
    jsonw_str(&call->out, "error", "Give the code of your authenticator application, too.");
    jsonw_bool(&call->out, "code", true);
    jsonw_obj_close(&call->out);
}

static void login(struct call *call)
{
    const char *name = json_str(json_get(call->body, "user"), "");
    struct slice password = json_text(json_get(call->body, "password"));
    struct user_row user;
    bool known = db_users_name_ok(name) &&
                 db_users_get(call->store, name, 0, call->arena, &user) == ERR_OK && !user.disabled;

    if (known && user.locked_until_ns > call->now_ns) {
        api_fail(call, 429, "Too many attempts: wait a minute, then try again.",
                 "Quá nhiều lần thử: hãy chờ một phút rồi thử lại.");
        return;
    }
    struct slice code = slice_trim(json_text(json_get(call->body, "code")));
    if (!secret_fits(known ? user.password : "", password))
        refuse_login(call, known ? &user : NULL);
    else if (user.totp_on && code.len == 0)
        ask_code(call);
    else if (user.totp_on && !second_fits(call, &user, code))
        refuse_login(call, &user);
    else
        start_session(call, &user);
}

static void logout(struct call *call)
{
    db_users_session_end(call->store, call->session);
    note(call, call->user->name, "logout");
    set_cookie(call, "", is_secure(call));
    jsonw_obj_open(&call->out, NULL);
    jsonw_obj_close(&call->out);
}

static void me(struct call *call)
{
    write_me(call, call->user, call->csrf);
}

/* The server turns the answer into the live stream; here only the permission counts. */
static void stream(struct call *call)
{
    (void)call;
}

static const struct api_route routes[] = {
    {"POST", "/api/login", PERM_OPEN, login,
     "Sign in; answers with the account and sets the session's cookie. 401 with `code`: true asks "
     "for "
     "the second factor.",
     "user, password, code"},
    {"POST", "/api/logout", PERM_SELF, logout, "End this session.", ""},
    {"GET", "/api/me", PERM_SELF, me,
     "Who is signed in, and the value of X-CSRF-Token for changes.", ""},
    {"GET", "/api/stream", PERM_READ, stream,
     "Server-sent events: groups, incident, device, sensor, health; resumes by Last-Event-ID.", ""},
    {.method = NULL},
};

const struct api_group api_session = {
    .name = "session", .doc = "Signing in, live stream", .routes = routes};
