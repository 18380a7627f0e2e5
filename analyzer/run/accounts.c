/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/run/accounts.h"
#include "analyzer/record/secret.h"
#include "analyzer/store/db_audit.h"
#include "analyzer/store/db_users.h"
#include "common/clock.h"
#include "common/listing.h"
#include "common/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool refused(struct store *store, enum err err)
{
    if (err)
        log_say(LOG_FAULT, "the store refuses: %s", store_fault(store));
    return err != ERR_OK;
}

static void audit(struct store *store, const char *action, const char *name)
{
    char object[USER_NAME_MAX + 8];
    struct audit_row row = {.ts_ns = clock_now_ns(),
                            .user = "",
                            .address = "local",
                            .action = action,
                            .object = object,
                            .detail_json = "{}"};
    snprintf(object, sizeof(object), "user/%s", name);
    (void)refused(store, db_audit_add(store, &row));
}

/* First line of a file, without its end. */
static bool read_password(const char *path, char *out, size_t room)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");

    if (!file || !fgets(out, (int)room, file)) {
        log_say(LOG_FAULT, "cannot read a password from %s: %s", path,
                file ? "it is empty" : strerror(errno));
        if (file && file != stdin)
            fclose(file);
        return false;
    }
    if (file != stdin)
        fclose(file);
    out[strcspn(out, "\r\n")] = '\0';
    return true;
}

/* From the file, or a new one that is printed. */
static bool hash_password(const struct accounts_order *order, char hash[SECRET_HASH_MAX])
{
    char password[SECRET_PASSWORD_MAX + 2];

    if (order->password_file) {
        if (!read_password(order->password_file, password, sizeof(password)))
            return false;
    } else {
        secret_password(password);
        printf("password of %s: %s\n", order->name, password);
    }
    enum err err = secret_hash(slice_of_str(password), hash);
    explicit_bzero(password, sizeof(password));
    if (err == ERR_INPUT)
        log_say(LOG_FAULT, "a password has %d to %d characters", SECRET_PASSWORD_MIN,
                SECRET_PASSWORD_MAX);
    else if (err)
        log_say(LOG_FAULT, "not enough memory to hash a password (64 MB)");
    return err == ERR_OK;
}

static int add_user(struct store *store, const struct accounts_order *order)
{
    char hash[SECRET_HASH_MAX];
    struct user_row user = {.name = order->name,
                            .full_name = order->full_name ? order->full_name : "",
                            .role = ROLE_ANALYST,
                            .password = hash,
                            .language = order->language ? order->language : "vi",
                            .created_ns = clock_now_ns()};

    if (order->role && !permission_role_parse(slice_of_str(order->role), &user.role)) {
        log_say(LOG_FAULT, "a role is viewer, analyst, lead, engineer, auditor or admin, not %s",
                order->role);
        return 2;
    }
    if (!db_users_name_ok(user.name)) {
        log_say(LOG_FAULT, "a user name has 1 to 64 of a-z 0-9 . _ -");
        return 2;
    }
    if (!hash_password(order, hash))
        return 2;
    enum err err = db_users_add(store, &user);
    if (err == ERR_CONFLICT) {
        log_say(LOG_FAULT, "there is a user %s already; see user passwd", user.name);
        return 2;
    }
    if (refused(store, err))
        return 2;
    audit(store, "user.add", user.name);
    printf("user %s added, role %s\n", user.name, permission_role_name(user.role));
    return 0;
}

static int change_password(struct store *store, const struct accounts_order *order)
{
    char hash[SECRET_HASH_MAX];
    struct user_row user;
    struct arena arena;

    arena_init(&arena, 4096, 0);
    enum err err = db_users_get(store, order->name, 0, &arena, &user);
    bool ok = err == ERR_OK && hash_password(order, hash);
    if (err == ERR_NOTFOUND)
        log_say(LOG_FAULT, "there is no user %s", order->name);
    if (ok) {
        user.password = hash;
        user.failures = 0;
        user.locked_until_ns = 0;
        ok = !refused(store, db_users_put(store, &user)) &&
             !refused(store, db_users_sessions_end(store, user.id));
    }
    if (ok) {
        audit(store, "user.passwd", order->name);
        printf("password of %s changed; all sessions of that user have ended\n", order->name);
    }
    arena_fini(&arena);
    return ok ? 0 : 2;
}

static int list_users(struct store *store)
{
    static const char *const heads[] = {"name", "role", "full name", "state", NULL};
    struct user_row *rows;
    struct arena arena;
    struct strbuf text;
    uint32_t n;

    arena_init(&arena, 4096, 0);
    strbuf_init(&text, 0);
    bool failed = refused(store, db_users_list(store, &arena, &rows, &n));
    struct listing *l = listing_new(heads);
    for (uint32_t i = 0; !failed && i < n; i++) {
        const char *cells[] = {rows[i].name, permission_role_name(rows[i].role), rows[i].full_name,
                               rows[i].disabled ? "disabled" : ""};
        listing_row(l, cells);
    }
    listing_print(l, LISTING_TEXT, &text);
    if (!failed)
        fputs(text.at, stdout);
    listing_free(&l);
    strbuf_fini(&text);
    arena_fini(&arena);
    return failed ? 2 : 0;
}

int accounts_run(struct store *store, const struct accounts_order *order)
{
    if (strcmp(order->verb, "list") == 0)
        return list_users(store);
    if (!order->name) {
        log_say(LOG_FAULT, "user %s wants a name", order->verb);
        return 2;
    }
    if (strcmp(order->verb, "add") == 0)
        return add_user(store, order);
    if (strcmp(order->verb, "passwd") == 0)
        return change_password(store, order);
    log_say(LOG_FAULT, "user wants add, passwd or list, not %s", order->verb);
    return 2;
}

bool accounts_first(struct store *store)
{
    char password[32], hash[SECRET_HASH_MAX];
    struct user_row *rows;
    struct arena arena;
    uint32_t n = 0;

    arena_init(&arena, 4096, 0);
    bool failed = refused(store, db_users_list(store, &arena, &rows, &n));
    arena_fini(&arena);
    if (failed || n)
        return !failed;
    secret_password(password);
    if (secret_hash(slice_of_str(password), hash))
        return false;
    struct user_row admin = {.name = "admin",
                             .full_name = "",
                             .role = ROLE_ADMIN,
                             .password = hash,
                             .language = "vi",
                             .created_ns = clock_now_ns()};
    enum err err = db_users_add(store, &admin);
    if (err != ERR_CONFLICT && refused(store, err))
        return false;
    audit(store, "user.add", admin.name);
    log_say(LOG_NOTE, "first start: user admin, password %s (shown only now)", password);
    return true;
}
