/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP events in the form of Suricata: its fields, header lines as the options ask for them, and
 * the numbers of Content-Range. Alerts and files carry all fields and no header lines. Spec: RFC
 * 9110, 14.4 (Content-Range).
 */
#include "sensor/app/http_tx.h"

#include "common/fmt.h"
#include "common/jsonw.h"
#include "sensor/app/app.h"

enum { UNIT = sizeof("bytes ") - 1 };

const struct option http_event_options[] = {
    {"http.extended", CONF_BOOL, "true",
     "Events carry http_refer, http_method, protocol, status, redirect, length"},
    {"http.dump-all-headers", CONF_TEXT, "none",
     "Whose header lines events carry: none, request, response, both"},
    {"http.request-body", CONF_SIZE, "100k",
     "Bytes of a request's body that rules see; 0: all that fit"},
    {"http.response-body", CONF_SIZE, "100k",
     "Bytes of a response's body that rules see; 0: all that fit"},
    {"http.short-files", CONF_BOOL, "false", "Files end where the bodies end that rules see"},
    {"http.layers", CONF_INT, "3",
     "Codings that are removed from a body, 4 at most; 0 = all of these"},
    {"http.personality", CONF_TEXT, "",
     "How servers read a path: minimal, generic, ids, iis_4_0 to iis_7_5, apache_2, as Suricata "
     "means them; empty: as ids, with UTF-8 left as it is"},
    {"app-layer.protocols.http.libhtp.server-config", CONF_TREE, NULL,
     "Other ways for some servers: a list of {name: {address: [networks], personality, "
     "request-body-limit, response-body-limit, double-decode-path, double-decode-query}}"},
    {"http.twice.path", CONF_BOOL, "false", "What is decoded of a path is decoded once more"},
    {"http.twice.query", CONF_BOOL, "false", "What is decoded of a query is decoded once more"},
    {"http.twice.note", CONF_BOOL, "true",
     "Note a URI that could be decoded once more, though it is not"},
    {"http.custom", CONF_LIST, "", "Header lines of these names in events, of both sides"},
    OPTION_END,
};

void http_event_configure(const struct conf *conf, void *config)
{
    struct http_config *c = config;
    const char *whose = conf_text(conf, "http.dump-all-headers"), *item;
    bool both = strcmp(whose, "both") == 0;

    c->basic = !conf_bool(conf, "http.extended");
    http_manner_configure(conf, c);
    c->short_files = conf_bool(conf, "http.short-files");
    c->unsaid_twice = !conf_bool(conf, "http.twice.note");
    c->all[TO_SERVER] = both || strcmp(whose, "request") == 0;
    c->all[TO_CLIENT] = both || strcmp(whose, "response") == 0;
    for (uint32_t i = 0; c->customs < HTTP_CUSTOM_MAX && (item = conf_item(conf, "http.custom", i));
         i++)
        fmt_text(c->custom[c->customs++], HTTP_CUSTOM_BYTES, "%s", item);
}

bool http_event_extended(const struct tx *tx, const void *item)
{
    const struct http_tx *http = tx_data_const(tx);

    (void)item;
    return !tx->writes_event || !http->config || !http->config->basic;
}

static bool is_wanted(const struct http_config *config, enum dir dir, struct slice name)
{
    if (!config || config->all[dir])
        return true;
    for (uint32_t i = 0; i < config->customs; i++)
        if (slice_ieq(slice_of_str(config->custom[i]), name))
            return true;
    return false;
}

void http_event_header(struct jsonw *w, const struct http_field *field)
{
    jsonw_obj_open(w, NULL);
    jsonw_text(w, "name", field->name);
    jsonw_text(w, "value", field->value);
    jsonw_obj_close(w);
}

/* Those that are asked for. */
static void write_headers(struct jsonw *w, const struct http_config *config, enum dir dir,
                          const struct http_message *m)
{
    const struct http_field *fields = m->fields.at;
    bool open = false;

    for (uint32_t i = 0; i < m->fields.n; i++) {
        if (!is_wanted(config, dir, fields[i].name))
            continue;
        if (!open)
            jsonw_arr_open(w, dir == TO_SERVER ? "request_headers" : "response_headers");
        open = true;
        http_event_header(w, &fields[i]);
    }
    if (open)
        jsonw_arr_close(w);
}

static void write_number(struct jsonw *w, const char *key, struct slice text)
{
    uint64_t value;

    if (slice_to_u64(text, &value))
        jsonw_u64(w, key, value);
}

/* "bytes 0-99/200" in numbers; what is unknown ("*") is left out. */
static void write_range(struct jsonw *w, struct slice raw)
{
    struct slice range = slice_from(raw, UNIT);
    int64_t dash = slice_find_byte(range, '-'), slash = slice_find_byte(range, '/');

    if (!raw.at)
        return;
    jsonw_obj_open(w, "content_range");
    jsonw_text(w, "raw", raw);
    if (dash > 0 && slash > dash) {
        uint32_t first = (uint32_t)dash, last = (uint32_t)slash;
        write_number(w, "start", slice_head(range, first));
        write_number(w, "end", slice_from(slice_head(range, last), first + 1));
    }
    if (slash > 0)
        write_number(w, "size", slice_from(range, (uint32_t)slash + 1));
    jsonw_obj_close(w);
}

void http_event_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct http_tx *http = tx_data_const(tx);
    const struct http_config *config = http->config;

    (void)i;
    field_write_eve(tx, w);
    write_range(w, http->response.known[HTTP_CONTENT_RANGE]);
    if (!tx->writes_event || !config)
        return;
    write_headers(w, config, TO_SERVER, &http->request);
    write_headers(w, config, TO_CLIENT, &http->response);
}
