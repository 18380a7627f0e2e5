/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/api/http.h"

#include "analyzer/api/auth.h"
#include "analyzer/api/mask.h"
#include "analyzer/api/pack.h"
#include "analyzer/api/rate.h"
#include "analyzer/api/static.h"
#include "analyzer/api/stream.h"
#include "analyzer/store/store.h"
#include "common/clock.h"
#include "common/conf.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { HTTP_STORES_MAX = 16, HTTP_HEADER_MAX = 512, HTTP_IDLE_S = 60 };

struct http {
    const struct services *services;
    struct MHD_Daemon *daemon;
    struct static_files *files;
    struct streams_live *streams;
    struct rate *rate;
    char *certificate, *key;
    bool secure;
    pthread_mutex_t lock; /* guards `idle` */
    struct store *idle[HTTP_STORES_MAX];
    uint32_t n_idle;
};

/* A request while its body arrives and its handler runs. */
struct request {
    struct arena arena;
    struct strbuf body;
    struct strbuf answer;
    bool too_large;
};

/* ---- connections of the store, lent to one request at a time ------------------------------- */

static struct store *store_lend(struct http *http)
{
    struct store *store = NULL;

    pthread_mutex_lock(&http->lock);
    if (http->n_idle)
        store = http->idle[--http->n_idle];
    pthread_mutex_unlock(&http->lock);
    if (!store && store_again(http->services->store, &store) != ERR_OK)
        return NULL;
    return store;
}

static void store_return(struct http *http, struct store *store)
{
    pthread_mutex_lock(&http->lock);
    if (http->n_idle < HTTP_STORES_MAX) {
        http->idle[http->n_idle++] = store;
        store = NULL;
    }
    pthread_mutex_unlock(&http->lock);
    if (store)
        store_close(&store);
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value ? value : "";
}

/* ---- answers ------------------------------------------------------------------------------- */

static void add_headers(const struct http *http, struct MHD_Response *response)
{
    MHD_add_response_header(
        response, "Content-Security-Policy",
        "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
        "form-action 'self'");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    if (http->secure)
        MHD_add_response_header(response, "Strict-Transport-Security", "max-age=31536000");
}

struct answer {
    unsigned status;
    struct slice bytes;
    const char *type, *cache;
    const char *cookie; /* NULL = none */
    const char *file;   /* to be saved under this name; NULL = shown */
    uint32_t retry_after_s;
    bool varies;     /* packed for those who take gzip */
    bool packed;     /* `bytes` are gzip */
    const char *tag; /* NULL = none */
};

static enum MHD_Result send_all(struct http *http, struct MHD_Connection *connection,
                                const struct answer *a)
{
    char disposition[256];
    struct MHD_Response *response = MHD_create_response_from_buffer(
        a->bytes.len, (void *)(uintptr_t)a->bytes.at, MHD_RESPMEM_MUST_COPY);

    if (!response)
        return MHD_NO;
    add_headers(http, response);
    MHD_add_response_header(response, "Content-Type", a->type);
    MHD_add_response_header(response, "Cache-Control", a->cache);
    if (a->packed)
        MHD_add_response_header(response, "Content-Encoding", "gzip");
    if (a->varies)
        MHD_add_response_header(response, "Vary", "Accept-Encoding");
    if (a->tag)
        MHD_add_response_header(response, "ETag", a->tag);
    if (a->cookie)
        MHD_add_response_header(response, "Set-Cookie", a->cookie);
    if (a->file) {
        snprintf(disposition, sizeof(disposition), "attachment; filename=\"%.200s\"", a->file);
        MHD_add_response_header(response, "Content-Disposition", disposition);
    }
    if (a->retry_after_s) {
        snprintf(disposition, sizeof(disposition), "%u", a->retry_after_s);
        MHD_add_response_header(response, "Retry-After", disposition);
    }
    enum MHD_Result result = MHD_queue_response(connection, a->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_bytes(struct http *http, struct MHD_Connection *connection,
                                  unsigned status, struct slice bytes, const char *type,
                                  const char *cache, const char *cookie)
{
    struct answer answer = {
        .status = status, .bytes = bytes, .type = type, .cache = cache, .cookie = cookie};

    return send_all(http, connection, &answer);
}

/* It has a tag: the peer may have it already. */
static enum MHD_Result send_tagged(struct http *http, struct MHD_Connection *connection,
                                   struct answer *a)
{
    if (pack_is_known(header(connection, "If-None-Match"), a->tag)) {
        a->status = 304;
        a->bytes = SLICE_NONE;
        a->packed = false;
    }
    return send_all(http, connection, a);
}

static enum MHD_Result send_answer(struct http *http, struct MHD_Connection *connection,
                                   const struct call *call, const struct api_route *route,
                                   struct slice bytes)
{
    struct answer answer = {
        .status = call->status,
        .bytes = bytes,
        .type = call->type ? call->type : "application/json; charset=utf-8",
        .cache = "no-store",
        .cookie = call->set_cookie,
        .file = call->file,
        .retry_after_s = call->retry_after_s,
    };
    struct strbuf packed;
    char tag[PACK_TAG_MAX];

    if (call->status != 200 || call->set_cookie || !pack_may(route))
        return send_all(http, connection, &answer);
    strbuf_init(&packed, 0);
    pack_tag(bytes, tag);
    answer.tag = tag;
    answer.varies = true;
    if (pack_accepted(header(connection, "Accept-Encoding")) && pack_bytes(bytes, &packed)) {
        answer.bytes = strbuf_view(&packed);
        answer.packed = true;
    }
    enum MHD_Result result = send_tagged(http, connection, &answer);
    strbuf_fini(&packed);
    return result;
}

static enum MHD_Result send_static(struct http *http, struct MHD_Connection *connection,
                                   const char *path)
{
    const struct static_file *file = static_find(http->files, path);

    if (!file)
        return send_bytes(http, connection, 404,
                          SLICE_LIT("{\"error\":\"There is no such page.\"}"), "application/json",
                          "no-store", NULL);
    bool packed = file->packed && pack_accepted(header(connection, "Accept-Encoding"));
    struct answer answer = {
        .status = 200,
        .bytes = packed ? file->packed->bytes : file->bytes,
        .type = file->type,
        .cache = file->hashed ? "public, max-age=31536000, immutable" : "no-cache",
        .varies = file->packed != NULL,
        .packed = packed,
        .tag = file->tag,
    };

    return send_tagged(http, connection, &answer);
}

/* ---- the live stream ----------------------------------------------------------------------- */

static void resume_connection(void *connection)
{
    MHD_resume_connection(connection);
}

static ssize_t stream_read(void *cls, uint64_t pos, char *buf, size_t max)
{
    (void)pos;
    struct stream_live *stream = cls;
    ssize_t n = stream_take(stream, buf, max);

    if (n == STREAM_ENDED)
        return MHD_CONTENT_READER_END_OF_STREAM;
    return n;
}

static void suspend_connection(void *connection)
{
    MHD_suspend_connection(connection);
}

static void stream_done(void *cls)
{
    struct stream_live *stream = cls;
    stream_close(&stream);
}

static enum MHD_Result send_stream(struct http *http, struct MHD_Connection *connection, bool blind)
{
    const char *last = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Last-Event-ID");
    struct stream_live *stream = stream_open(http->streams, slice_of_str(last), blind, connection,
                                             suspend_connection, resume_connection);

    if (!stream)
        return send_bytes(http, connection, 503, SLICE_LIT("{\"error\":\"Too many open pages.\"}"),
                          "application/json", "no-store", NULL);
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, 16384, stream_read, stream, stream_done);
    if (!response) {
        stream_close(&stream);
        return MHD_NO;
    }
    add_headers(http, response);
    MHD_add_response_header(response, "Content-Type", "text/event-stream");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Accel-Buffering", "no");
    enum MHD_Result result = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- requests ------------------------------------------------------------------------------ */

static const char *query_value(const struct call *call, const char *name)
{
    const char *value = MHD_lookup_connection_value(call->request, MHD_GET_ARGUMENT_KIND, name);
    return value ? value : "";
}

static const char *peer_address(struct MHD_Connection *connection, struct arena *arena)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char host[64] = "";

    if (info && info->client_addr)
        getnameinfo(info->client_addr,
                    info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                             : sizeof(struct sockaddr_in),
                    host, sizeof(host), NULL, 0, NI_NUMERICHOST);
    const char *copy = arena_str(arena, slice_of_str(host));
    return copy ? copy : "";
}

static const struct json *read_body(struct call *call, const struct request *request,
                                    struct json **tree)
{
    if (request->body.len == 0)
        return NULL;
    if (json_parse(strbuf_view(&request->body), tree, NULL) != ERR_OK ||
        json_kind(*tree) != JSON_OBJ) {
        api_fail(call, 400, "The body is not a JSON object.",
                 "Nội dung gửi lên không phải là đối tượng JSON.");
        return NULL;
    }
    return *tree;
}

/* Too often? Then that is answered. */
static bool is_slowed(struct http *http, struct call *call, const char *what, const char *who,
                      const char *option)
{
    int64_t most = conf_int(call->services->conf, option);

    call->retry_after_s = rate_take(http->rate, what, who, most, call->now_ns);
    if (call->retry_after_s)
        api_fail(call, 429, "Too many requests: wait a little.",
                 "Quá nhiều yêu cầu: hãy chờ một lát.");
    return call->retry_after_s != 0;
}

/* Runs the handler of a route; the answer is in call->out. */
static void run_route(struct http *http, struct MHD_Connection *connection, struct call *call,
                      struct request *request, const struct api_route *route, const char *path)
{
    struct json *tree = NULL;
    const char *token =
        MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, auth_cookie_name(http->secure));

    if (strcmp(route->path, "/api/login") == 0 &&
        is_slowed(http, call, "login", call->address, "api.rate.login"))
        return;
    const char *sent = header(connection, "Authorization");
    if (*sent)
        auth_token(call, sent);
    else if (token)
        auth_resume(call, token);
    unsigned refused = auth_refuse(call, route, header(connection, "X-CSRF-Token"));
    if (refused) {
        api_fail(call, refused,
                 refused == 401 ? "Sign in first." : "This is not allowed for your account.",
                 refused == 401 ? "Hãy đăng nhập trước."
                                : "Tài khoản của bạn không được làm việc này.");
        return;
    }
    if (call->user && is_slowed(http, call, "account", call->user->name, "api.rate.account"))
        return;
    call->body = read_body(call, request, &tree);
    if (call->status == 200)
        route->handle(call);
    json_free(&tree);
    if (call->status == 200 && !mask_note(call, path))
        api_fail(call, 503, "The reading of personal data cannot be noted now; try again.",
                 "Hiện chưa ghi được nhật ký đọc dữ liệu cá nhân; hãy thử lại.");
}

static enum MHD_Result answer_api(struct http *http, struct MHD_Connection *connection,
                                  struct request *request, const char *method, const char *path)
{
    struct call call = {
        .services = http->services,
        .arena = &request->arena,
        .csrf = "",
        .session = "",
        .address = peer_address(connection, &request->arena),
        .agent = arena_str(&request->arena,
                           slice_head(slice_of_str(header(connection, "User-Agent")), 200)),
        .now_ns = clock_now_ns(),
        .query = query_value,
        .request = connection,
        .status = 200};
    bool known = false;
    const struct api_route *route = api_find(method, path, &request->arena, call.arg, &known);
    bool streams = route && strcmp(route->path, "/api/stream") == 0;

    jsonw_init(&call.out, &request->answer);
    if (!route) {
        api_fail(&call, known ? 405 : 404,
                 known ? "Not with this method." : "There is no such route.",
                 known ? "Không dùng phương thức này." : "Không có đường dẫn này.");
    } else if (is_slowed(http, &call, "address", call.address, "api.rate.address")) {
        route = NULL;
    } else if (request->too_large) {
        api_fail(&call, 413, "The body is too large.", "Nội dung gửi lên quá lớn.");
    } else if (!(call.store = store_lend(http))) {
        api_fail(&call, 503, "The store cannot be opened now; try again.",
                 "Hiện chưa mở được kho dữ liệu; hãy thử lại.");
    } else {
        run_route(http, connection, &call, request, route, path);
        store_return(http, call.store);
    }
    if (streams && call.status == 200)
        return send_stream(http, connection, call.sites != NULL);
    return send_answer(http, connection, &call, route, strbuf_view(&request->answer));
}

static struct request *request_new(void)
{
    struct request *r = calloc(1, sizeof(*r));

    if (r) {
        arena_init(&r->arena, 64 << 10, API_ARENA_MAX);
        strbuf_init(&r->body, API_BODY_MAX);
        strbuf_init(&r->answer, 64 << 20);
    }
    return r;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **state)
{
    (void)version;
    struct http *http = cls;
    struct request *request = *state;

    if (!request) {
        *state = request_new();
        return *state ? MHD_YES : MHD_NO;
    }
    if (*size) {
        strbuf_bytes(&request->body, data, *size);
        request->too_large |= request->body.full;
        *size = 0;
        return MHD_YES;
    }
    if (strncmp(url, "/api/", 5) == 0)
        return answer_api(http, connection, request, method, url);
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return send_bytes(http, connection, 405, SLICE_LIT("{\"error\":\"Not with this method.\"}"),
                          "application/json", "no-store", NULL);
    return send_static(http, connection, url);
}

static void on_done(void *cls, struct MHD_Connection *connection, void **state,
                    enum MHD_RequestTerminationCode code)
{
    (void)cls;
    (void)connection;
    (void)code;
    struct request *request = *state;

    if (!request)
        return;
    arena_fini(&request->arena);
    strbuf_fini(&request->body);
    strbuf_fini(&request->answer);
    free(request);
    *state = NULL;
}

/* ---- start and stop ------------------------------------------------------------------------ */

static char *read_pem(const char *path, char fault[HTTP_FAULT_MAX])
{
    char *text = calloc(1, 64 << 10);
    FILE *f = fopen(path, "rb");

    if (!text || !f || fread(text, 1, (64 << 10) - 1, f) == 0) {
        snprintf(fault, HTTP_FAULT_MAX,
                 "%s cannot be read: check api.tls.certificate and api.tls.key.", path);
        free(text);
        text = NULL;
    }
    if (f)
        fclose(f);
    return text;
}

/* "127.0.0.1:8080" or "[::1]:8080" as a socket address. */
static bool parse_listen(const char *text, struct sockaddr_storage *to, char fault[HTTP_FAULT_MAX])
{
    struct slice all = slice_of_str(text), host, port;
    struct addr addr;
    uint64_t number = 0;
    uint32_t colon = all.len;

    while (colon && all.at[colon - 1] != ':')
        colon--;
    port = slice_from(all, colon);
    host = slice_head(all, colon ? colon - 1 : 0);
    if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
        host = slice_head(slice_from(host, 1), host.len - 2);
    if (!addr_parse(host, &addr) || !slice_to_u64(port, &number) || number > 65535) {
        snprintf(fault, HTTP_FAULT_MAX,
                 "--listen %s is not ADDRESS:PORT; for example 127.0.0.1:8080.", text);
        return false;
    }
    memset(to, 0, sizeof(*to));
    if (addr.family == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)to;
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)number);
        memcpy(&in->sin_addr, addr.b, 4);
    } else {
        struct sockaddr_in6 *in = (struct sockaddr_in6 *)to;
        in->sin6_family = AF_INET6;
        in->sin6_port = htons((uint16_t)number);
        memcpy(&in->sin6_addr, addr.b, 16);
    }
    return true;
}

static enum err start_daemon(struct http *http, char fault[HTTP_FAULT_MAX])
{
    const struct conf *conf = http->services->conf;
    struct sockaddr_storage to;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;

    if (!parse_listen(http->services->listen, &to, fault))
        return ERR_INPUT;
    if (to.ss_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    char versions[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"; /* RFC 8996 */
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, http->certificate},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, http->key},
                                   {MHD_OPTION_HTTPS_PRIORITIES, 0, versions},
                                   {MHD_OPTION_END, 0, NULL}};
    if (http->certificate)
        flags |= MHD_USE_TLS;
    else
        tls[0].option = MHD_OPTION_END;
    http->daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, on_request, http, MHD_OPTION_SOCK_ADDR, &to,
                         MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_THREAD_POOL_SIZE,
                         (unsigned)conf_int(conf, "api.threads"), MHD_OPTION_CONNECTION_LIMIT,
                         (unsigned)conf_int(conf, "api.connections"), MHD_OPTION_CONNECTION_TIMEOUT,
                         (unsigned)HTTP_IDLE_S, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (!http->daemon) {
        snprintf(
            fault, HTTP_FAULT_MAX,
            "Cannot listen on %s: is another program using the port? Choose another with --listen.",
            http->services->listen);
        return ERR_IO;
    }
    return ERR_OK;
}

enum err http_start(const struct services *services, struct http **result,
                    char fault[HTTP_FAULT_MAX])
{
    struct http *http = calloc(1, sizeof(*http));
    const char *certificate = conf_text(services->conf, "api.tls.certificate");

    if (!http)
        return ERR_NOMEM;
    http->services = services;
    http->secure = conf_bool(services->conf, "api.secure_cookie") || *certificate;
    pthread_mutex_init(&http->lock, NULL);
    http->rate = rate_new();
    http->streams = streams_live_new(services->hub);
    static_load(services->dashboard_dir, &http->files);
    enum err err = ERR_OK;
    if (*certificate) {
        http->certificate = read_pem(certificate, fault);
        http->key =
            http->certificate ? read_pem(conf_text(services->conf, "api.tls.key"), fault) : NULL;
        err = http->key ? ERR_OK : ERR_INPUT;
    }
    if (!err)
        err = start_daemon(http, fault);
    if (err)
        http_stop(&http);
    *result = http;
    return err;
}

void http_stop(struct http **result)
{
    struct http *http = *result;

    if (!http)
        return;
    if (http->streams)
        streams_live_end(http->streams);
    if (http->daemon)
        MHD_stop_daemon(http->daemon);
    streams_live_free(&http->streams);
    rate_free(&http->rate);
    for (uint32_t i = 0; i < http->n_idle; i++)
        store_close(&http->idle[i]);
    static_free(&http->files);
    free(http->certificate);
    free(http->key);
    pthread_mutex_destroy(&http->lock);
    free(http);
    *result = NULL;
}

uint16_t http_port(const struct http *http)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}
