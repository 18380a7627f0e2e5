/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What everybody may do about his own account: password, second factor, sessions, tokens. None of
 * it by a token: who stole one must not make more of them.
 */
#include "analyzer/api/act.h"
#include "analyzer/api/shape.h"
#include "analyzer/record/totp.h"
#include "analyzer/store/db_tokens.h"
#include "analyzer/store/db_users.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { SESSION_ID_LEN = 16, TOKEN_NAME_MAX = 100, SCOPES_MAX = 200, RECOVERY_CODES = 8 };
#define DAY_NS (24 * 3600 * CLOCK_S)

static bool by_session(struct call *call)
{
    if (call->token)
        api_fail(call, 403, "Sign in for this: a token is not enough.",
                 "Việc này cần đăng nhập: mã truy cập là không đủ.");
    return !call->token;
}

static void note(struct call *call, const char *action)
{
    char object[USER_NAME_MAX + 8];

    snprintf(object, sizeof(object), "user/%.64s", call->user->name);
    act_audit(call, action, object, "{}");
}

static bool password_fits(struct call *call)
{
    if (secret_fits(call->user->password, json_text(json_get(call->body, "password"))))
        return true;
    note(call, "password.refused");
    api_fail(call, 403, "The password is wrong.", "Mật khẩu không đúng.");
    return false;
}

static void answer_empty(struct call *call, enum err err)
{
    if (err) {
        api_fail_store(call, err);
        return;
    }
    jsonw_obj_open(&call->out, NULL);
    jsonw_obj_close(&call->out);
}

static void password(struct call *call)
{
    char hash[SECRET_HASH_MAX];
    struct user_row user = *call->user;

    if (!by_session(call) || !password_fits(call))
        return;
    if (secret_hash(json_text(json_get(call->body, "new")), hash)) {
        api_fail(call, 400, "A password has 10 to 1024 characters.",
                 "Mật khẩu dài từ 10 đến 1024 ký tự.");
        return;
    }
    user.password = hash;
    enum err err = db_users_put(call->store, &user);
    if (!err)
        err = db_users_sessions_end(call->store, user.id);
    note(call, "user.passwd");
    answer_empty(call, err);
}

/* ---- second factor -------------------------------------------------------------------------- */

static void factor_start(struct call *call)
{
    struct user_row user = *call->user;
    uint8_t random[20];
    char secret[TOTP_SECRET_MAX], uri[256];

    if (!by_session(call) || !password_fits(call))
        return;
    if (user.totp_on) {
        api_fail(call, 400, "There is a second factor already: take it away first.",
                 "Đã có lớp xác thực thứ hai: hãy gỡ lớp cũ trước.");
        return;
    }
    secret_random(random, sizeof(random));
    totp_secret(random, secret);
    user.totp = secret;
    user.totp_step = 0;
    enum err err = db_users_put(call->store, &user);
    if (err) {
        api_fail_store(call, err);
        return;
    }
    snprintf(uri, sizeof(uri), "otpauth://totp/Tramgac:%s?secret=%s&issuer=Tramgac", user.name,
             secret);
    jsonw_obj_open(&call->out, NULL);
    jsonw_str(&call->out, "secret", secret);
    jsonw_str(&call->out, "uri", uri);
    jsonw_obj_close(&call->out);
}

/* Codes for once go out here, and stay as digests. */
static const char *make_recovery(struct call *call)
{
    struct strbuf hashes;
    char code[32], hash[SECRET_DIGEST_MAX];

    strbuf_init(&hashes, 1024);
    jsonw_arr_open(&call->out, "recovery");
    for (int i = 0; i < RECOVERY_CODES; i++) {
        secret_password(code);
        secret_sha256(slice_of_str(code), hash);
        strbuf_fmt(&hashes, "%s%s", i ? " " : "", hash);
        jsonw_str(&call->out, NULL, code);
    }
    jsonw_arr_close(&call->out);
    const char *copy = arena_str(call->arena, strbuf_view(&hashes));
    strbuf_fini(&hashes);
    return copy ? copy : "";
}

static void factor_prove(struct call *call)
{
    struct user_row user = *call->user;
    int64_t step = totp_accept(user.totp, slice_trim(json_text(json_get(call->body, "code"))),
                               call->now_ns, user.totp_step);

    if (!by_session(call))
        return;
    if (user.totp_on || !step) {
        api_fail(call, 400, "This is not the code of now: look at the clock of the telephone.",
                 "Mã này không phải mã hiện tại: hãy kiểm tra giờ trên điện thoại.");
        return;
    }
    jsonw_obj_open(&call->out, NULL);
    user.recovery = make_recovery(call);
    jsonw_obj_close(&call->out);
    user.totp_on = true;
    user.totp_step = step;
    enum err err = db_users_put(call->store, &user);
    if (err)
        api_fail_store(call, err);
    else
        note(call, "factor.on");
}

static void factor_drop(struct call *call)
{
    struct user_row user = *call->user;

    if (!by_session(call) || !password_fits(call))
        return;
    user.totp = "";
    user.totp_on = false;
    user.recovery = "";
    enum err err = db_users_put(call->store, &user);
    note(call, "factor.off");
    answer_empty(call, err);
}

/* ---- sessions ------------------------------------------------------------------------------- */

/* One's own; of another account for administrators. False: answered. */
static bool find_owner(struct call *call, struct user_row *owner)
{
    const char *name = call->query(call, "user");

    *owner = *call->user;
    if (!*name || strcmp(name, call->user->name) == 0)
        return true;
    enum err err = permission_in(call->may, PERM_ADMIN)
                       ? db_users_get(call->store, name, 0, call->arena, owner)
                       : ERR_DENIED;
    if (err)
        api_fail_store(call, err);
    return err == ERR_OK;
}

static void sessions(struct call *call)
{
    struct session_row *rows = NULL;
    struct user_row owner;
    uint32_t n = 0;

    if (!find_owner(call, &owner))
        return;
    enum err err = db_users_sessions(call->store, owner.id, call->arena, &rows, &n);
    if (!shape_list_open(call, err))
        return;
    for (uint32_t i = 0; i < n; i++) {
        if (rows[i].expires_ns <= call->now_ns)
            continue;
        jsonw_obj_open(&call->out, NULL);
        jsonw_text(&call->out, "id", slice_head(slice_of_str(rows[i].token_hash), SESSION_ID_LEN));
        jsonw_bool(&call->out, "this", strcmp(rows[i].token_hash, call->session) == 0);
        jsonw_str(&call->out, "address", rows[i].address);
        jsonw_str(&call->out, "agent", rows[i].agent);
        jsonw_rfc3339(&call->out, "created", rows[i].created_ns);
        jsonw_rfc3339(&call->out, "seen", rows[i].seen_ns);
        jsonw_rfc3339(&call->out, "expires", rows[i].expires_ns);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
    jsonw_obj_close(&call->out);
}

static void end_session(struct call *call)
{
    struct session_row *rows = NULL;
    struct user_row owner;
    uint32_t n = 0, i = 0;

    if (!by_session(call) || !find_owner(call, &owner))
        return;
    enum err err = db_users_sessions(call->store, owner.id, call->arena, &rows, &n);
    while (i < n && (strlen(call->arg[0]) != SESSION_ID_LEN ||
                     strncmp(rows[i].token_hash, call->arg[0], SESSION_ID_LEN) != 0))
        i++;
    if (!err)
        err = i < n ? db_users_session_end(call->store, rows[i].token_hash) : ERR_NOTFOUND;
    if (!err)
        note(call, "session.end");
    answer_empty(call, err);
}

/* ---- tokens --------------------------------------------------------------------------------- */

static void tokens(struct call *call)
{
    struct token_row *rows = NULL;
    struct user_row owner;
    uint32_t n = 0;

    if (!find_owner(call, &owner))
        return;
    enum err err = db_tokens_list(call->store, owner.id, call->arena, &rows, &n);
    if (!shape_list_open(call, err))
        return;
    for (uint32_t i = 0; i < n; i++) {
        jsonw_obj_open(&call->out, NULL);
        jsonw_i64(&call->out, "id", rows[i].id);
        jsonw_str(&call->out, "name", rows[i].name);
        jsonw_words(&call->out, "scopes", rows[i].scopes);
        jsonw_rfc3339(&call->out, "created", rows[i].created_ns);
        jsonw_rfc3339(&call->out, "expires", rows[i].expires_ns);
        jsonw_bool(&call->out, "expired", rows[i].expires_ns && rows[i].expires_ns <= call->now_ns);
        jsonw_rfc3339(&call->out, "used", rows[i].used_ns);
        shape_opt(&call->out, "address", rows[i].address);
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
    jsonw_obj_close(&call->out);
}

/* Names of permissions that the account has itself; NULL: answered. */
static const char *read_scopes(struct call *call)
{
    struct strbuf text;
    uint32_t set = 0;

    strbuf_init(&text, SCOPES_MAX);
    for (const struct json *s = json_first(json_get(call->body, "scopes")); s; s = json_next(s))
        strbuf_fmt(&text, "%s%s", text.len ? " " : "", json_str(s, "?"));
    const char *scopes = arena_str(call->arena, strbuf_view(&text));
    bool full = text.full;
    strbuf_fini(&text);
    if (full || !scopes || !permission_parse_set(slice_of_str(scopes), &set) || !set ||
        (set & ~call->may)) {
        api_fail(call, 400, "scopes are names of permissions that your account has.",
                 "scopes là tên các quyền mà tài khoản của bạn đang có.");
        return NULL;
    }
    return scopes;
}

static void make_token(struct call *call)
{
    char token[SECRET_TOKEN_MAX + 4], hash[SECRET_DIGEST_MAX];
    const char *name = json_str(json_get(call->body, "name"), "");
    int64_t days = json_i64(json_get(call->body, "days"), 90);

    if (!by_session(call))
        return;
    if (!*name || strlen(name) > TOKEN_NAME_MAX || days < 1 || days > 3660) {
        api_fail(call, 400, "A token has a name, and lives 1 to 3660 days.",
                 "Mã truy cập phải có tên và có hiệu lực từ 1 đến 3660 ngày.");
        return;
    }
    const char *scopes = read_scopes(call);
    if (!scopes)
        return;
    memcpy(token, "tgc_", 4);
    secret_token(token + 4);
    secret_sha256(slice_of_str(token), hash);
    struct token_row row = {.account_id = call->user->id,
                            .name = name,
                            .hash = hash,
                            .scopes = scopes,
                            .created_ns = call->now_ns,
                            .expires_ns = call->now_ns + (uint64_t)days * DAY_NS};
    enum err err = db_tokens_add(call->store, &row);
    if (err) {
        api_fail_store(call, err);
        return;
    }
    note(call, "token.add");
    jsonw_obj_open(&call->out, NULL);
    jsonw_i64(&call->out, "id", row.id);
    jsonw_str(&call->out, "token", token);
    jsonw_rfc3339(&call->out, "expires", row.expires_ns);
    jsonw_obj_close(&call->out);
}

static void drop_token(struct call *call)
{
    int64_t owner = permission_in(call->may, PERM_ADMIN) ? 0 : call->user->id;

    if (!by_session(call))
        return;
    enum err err = db_tokens_delete(call->store, strtoll(call->arg[0], NULL, 10), owner);
    if (!err)
        note(call, "token.drop");
    answer_empty(call, err);
}

static const struct api_route routes[] = {
    {"POST", "/api/me/password", PERM_SELF, password,
     "Changes one's own password; all sessions end.", "password, new"},
    {"POST", "/api/me/factor", PERM_SELF, factor_start,
     "Begins a second factor: the secret for an authenticator application (RFC 6238).", "password"},
    {"POST", "/api/me/factor/prove", PERM_SELF, factor_prove,
     "Switches it on; answers with codes for once, for a lost telephone.", "code"},
    {"POST", "/api/me/factor/drop", PERM_SELF, factor_drop, "Takes it away.", "password"},
    {"GET", "/api/sessions", PERM_SELF, sessions, "Where the account is signed in.",
     "user (administrators: of another account)"},
    {"POST", "/api/sessions/{id}/end", PERM_SELF, end_session, "Ends a session.",
     "user (in the query, administrators)"},
    {"GET", "/api/tokens", PERM_SELF, tokens, "Tokens of programs.",
     "user (administrators: of another account)"},
    {"POST", "/api/tokens", PERM_SELF, make_token, "Makes a token; it is told only now.",
     "name, scopes (permissions), days (90)"},
    {"POST", "/api/tokens/{id}/delete", PERM_SELF, drop_token, "Ends a token.", ""},
    {.method = NULL},
};

const struct api_group api_self = {.name = "self", .doc = "One's own account", .routes = routes};
