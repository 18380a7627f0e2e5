/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/api/api.h"

#include "common/conf.h"

#include <stdlib.h>

const struct option api_options[] = {
    {"api.session.idle", CONF_SPAN, "8h", "A session ends after this time without a request."},
    {"api.session.max", CONF_SPAN, "24h", "A session ends after this time in any case."},
    {"api.undo", CONF_SPAN, "15m", "How long whoever did something can take it back."},
    {"api.rate.address", CONF_INT, "6000",
     "Requests a minute of one address; a quarter of them at once; 0 = no limit."},
    {"api.rate.account", CONF_INT, "3000", "Requests a minute of one account."},
    {"api.rate.login", CONF_INT, "60", "Attempts to sign in a minute from one address."},
    {"api.mask.fields", CONF_LIST,
     "payload,payload_printable,packet,http_request_body,http_request_body_printable,"
     "http_response_body,http_response_body_printable,user,username,user_name,usr,login,email,"
     "password,mail_from,rcpt_to,from,to,cc,cname,imsi,phone",
     "Names of fields of events that are personal data: masked, or their reading is noted."},
    {"api.secure_cookie", CONF_BOOL, "false",
     "The pages are reached over HTTPS (own TLS or a proxy in front): mark the cookie Secure."},
    {"api.tls.certificate", CONF_TEXT, "",
     "PEM file of the server's certificate chain; empty: HTTP."},
    {"api.tls.key", CONF_TEXT, "", "PEM file of the private key."},
    {"api.threads", CONF_INT, "2", "Threads that answer requests."},
    {"api.connections", CONF_INT, "1000", "Most connections at the same time."},
    {"api.places", CONF_TEXT, "rules/places/can-tho.yaml",
     "Where sites lie, for the plan of the first page; see rules/places/README.md. Empty: none."},
    {"api.dashboard", CONF_TEXT, "",
     "Directory of the built web application; empty: found beside the program."},
    OPTION_END,
};

void api_fail(struct call *call, unsigned status, const char *en, const char *vi)
{
    call->status = status;
    strbuf_clear(call->out.out);
    jsonw_init(&call->out, call->out.out);
    jsonw_obj_open(&call->out, NULL);
    jsonw_str(&call->out, "error", en);
    jsonw_str(&call->out, "error_vi", vi);
    jsonw_obj_close(&call->out);
}

void api_fail_store(struct call *call, enum err err)
{
    switch (err) {
    case ERR_NOTFOUND:
        api_fail(call, 404, "There is no such thing.", "Không có đối tượng này.");
        break;
    case ERR_CONFLICT:
        api_fail(call, 409, "Somebody else changed it meanwhile: read it again.",
                 "Người khác vừa thay đổi: hãy tải lại.");
        break;
    case ERR_INPUT:
        api_fail(call, 400, "This value is not allowed here.",
                 "Giá trị này không được dùng ở đây.");
        break;
    case ERR_DENIED:
        api_fail(call, 403, "This is not allowed for your account.",
                 "Tài khoản của bạn không được làm việc này.");
        break;
    default:
        api_fail(call, 503, "The store cannot do this now; try again.",
                 "Kho dữ liệu hiện chưa làm được việc này; hãy thử lại.");
    }
}

int64_t api_number(const struct call *call, const char *name, int64_t or_else)
{
    uint64_t value = 0;

    if (!slice_to_u64(slice_of_str(call->query(call, name)), &value) || value > INT64_MAX)
        return or_else;
    return (int64_t)value;
}

static bool read_place(const char *text, bool is_text, struct api_place *place)
{
    char *end = NULL;

    if (*text < '0' || *text > '9')
        return false;
    place->ns = strtoull(text, &end, 10);
    if (*end != '-' || !end[1] || place->ns > INT64_MAX)
        return false;
    place->text = end + 1;
    if (is_text)
        return place->ns != 0;
    uint64_t id = 0;
    bool is_number = slice_to_u64(slice_of_str(place->text), &id) && id <= INT64_MAX;
    place->id = (int64_t)id;
    return is_number;
}

bool api_before(struct call *call, bool is_text, struct api_place *place)
{
    const char *text = call->query(call, "before");

    *place = (struct api_place){.text = ""};
    if (!*text || read_place(text, is_text, place))
        return true;
    api_fail(call, 400, "A value of the query is not known.",
             "Có giá trị không hợp lệ trong câu hỏi.");
    return false;
}

void api_next(struct call *call, const char *key, const struct api_place *place)
{
    struct strbuf next;

    strbuf_init(&next, 4096);
    strbuf_fmt(&next, "%llu-", (unsigned long long)place->ns);
    if (place->text)
        strbuf_str(&next, place->text);
    else
        strbuf_fmt(&next, "%lld", (long long)place->id);
    jsonw_text(&call->out, key, strbuf_view(&next));
    strbuf_fini(&next);
}

uint32_t api_limit(const struct call *call, int64_t usual)
{
    int64_t limit = api_number(call, "limit", usual);

    return limit < 1 || limit > API_PAGE_MAX ? API_PAGE_MAX : (uint32_t)limit;
}

static struct slice segment(struct slice *path)
{
    int64_t end;

    *path = slice_from(*path, 1); /* the slash */
    end = slice_find_byte(*path, '/');
    struct slice s = end < 0 ? *path : slice_head(*path, (uint32_t)end);
    *path = slice_from(*path, s.len);
    return s;
}

static bool fits(const char *pattern, const char *path, struct arena *arena,
                 const char *args[API_PATH_ARGS_MAX])
{
    struct slice want = slice_of_str(pattern), have = slice_of_str(path);
    uint32_t n = 0;

    while (want.len && have.len) {
        struct slice w = segment(&want), h = segment(&have);
        if (w.len && w.at[0] == '{') {
            if (h.len == 0 || n == API_PATH_ARGS_MAX)
                return false;
            args[n++] = arena_str(arena, h);
        } else if (!slice_eq(w, h)) {
            return false;
        }
    }
    return want.len == 0 && have.len == 0;
}

const struct api_route *api_find(const char *method, const char *path, struct arena *arena,
                                 const char *args[API_PATH_ARGS_MAX], bool *path_known)
{
    *path_known = false;
    for (uint32_t g = 0; api_rows[g]; g++) {
        for (const struct api_route *r = api_rows[g]->routes; r->method; r++) {
            if (!fits(r->path, path, arena, args))
                continue;
            *path_known = true;
            if (strcmp(r->method, method) == 0)
                return r;
        }
    }
    return NULL;
}
