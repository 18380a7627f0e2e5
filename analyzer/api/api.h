/* SPDX-License-Identifier: Apache-2.0 */
/*
 * REST interface and live stream for the dashboard and for programs. A group of routes is one file
 * api_<name>.c that ends in one row; method, path, role and documentation stand in the row, so the
 * permission test, help and docs/API.md follow from it.
 *
 * A handler works on one `struct call` in the arena of the request: it reads the store through a
 * connection of its own and writes JSON. It never trusts a field: what it writes are texts.
 */
#ifndef TRAMGAC_ANALYZER_API_API_H
#define TRAMGAC_ANALYZER_API_API_H

#include "analyzer/record/permission.h"
#include "analyzer/record/services.h"
#include "analyzer/store/db_users.h"
#include "common/json.h"
#include "common/jsonw.h"

enum { API_PATH_ARGS_MAX = 3, API_BODY_MAX = 256 * 1024, API_ARENA_MAX = 64 * 1024 * 1024 };
enum { API_PAGE_MAX = 500 };

/** A search answers after about this time with what it found: more when rows are in memory. */
#define API_PATIENCE_NS (600 * 1000 * 1000ull)

/** One request. All pointers live as long as the handler runs. */
struct call {
    const struct services *services;
    struct store *store;
    struct arena *arena;
    const struct user_row *user; /* NULL on open routes without a session */
    uint32_t may;                /* bit per permission: of the role, less what a token lacks */
    const char *const *sites;    /* only what is of these; NULL = all; ended by NULL */
    const char *token;           /* name of the token that was sent; NULL: a session */
    const char *csrf;            /* of the session; "" without one */
    const char *session;         /* hash of the session's token; "" without one */
    const char *address;         /* of the peer */
    const char *agent;           /* user agent as sent, cut */
    uint64_t now_ns;
    const char *arg[API_PATH_ARGS_MAX]; /* values of {…} in the path, percent-decoded */
    const struct json *body;            /* NULL when there is none */
    const char *(*query)(const struct call *call, const char *name); /* "" when absent */
    void *request;                                                   /* the server's own */
    unsigned status;                                                 /* 200 at first */
    struct jsonw out;                                                /* the answer's body */
    const char *type;                                                /* of the body; NULL = JSON */
    const char *file;       /* name under which it is to be saved; NULL = none */
    const char *set_cookie; /* NULL = none */
    uint32_t retry_after_s; /* 0 = says nothing */
    uint64_t personal;      /* personal values that were written or masked */
};

struct api_route {
    const char *method;
    const char *path; /* "/api/groups/{id}/events" */
    enum permission access;
    void (*handle)(struct call *call);
    const char *doc;   /* one sentence */
    const char *takes; /* query values or body members, for the reference; "" when none */
};

struct api_group {
    const char *name;
    const char *doc;
    const struct api_route *routes; /* ended by one without a method */
};

extern const struct api_group *const api_rows[];
extern const struct option api_options[];

/** Replaces what was written by {"error": en, "error_vi": vi} with this status. */
void api_fail(struct call *call, unsigned status, const char *en, const char *vi);
/** The usual answer to a store's refusal: 404, 409, 503. */
void api_fail_store(struct call *call, enum err err);
/** Value of a query, as a number; `or_else` when absent or no number. */
int64_t api_number(const struct call *call, const char *name, int64_t or_else);
/** Rows of one page: `limit` of the query; `usual` when absent, at most API_PAGE_MAX. */
uint32_t api_limit(const struct call *call, int64_t usual);

/** Where a page of a list begins that is ordered by time: behind the row of this time and id. */
struct api_place {
    uint64_t ns;
    int64_t id;
    const char *text; /* an id that is a text; NULL or unused with numbers */
};
/** `before` of the query as api_next() wrote it; all 0 and "" when absent. False: answered. */
bool api_before(struct call *call, bool is_text, struct api_place *place);
void api_next(struct call *call, const char *key, const struct api_place *place);

/** The route for a method and path; *path_known tells 404 from 405. Path arguments go to `args`. */
const struct api_route *api_find(const char *method, const char *path, struct arena *arena,
                                 const char *args[API_PATH_ARGS_MAX], bool *path_known);

#endif
