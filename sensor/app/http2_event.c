/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 events in the form of Suricata: http with all headers, and an object of frames.
 */
#include "sensor/app/http2_tx.h"

#include "common/jsonw.h"
#include "sensor/app/app.h"

enum { WORD_MAX = 48 };

static const struct http2_tx *tx_of(const struct tx *tx)
{
    return tx_data_const(tx);
}

static bool tells_something(const struct http2_tx *http2, enum dir dir)
{
    const struct http2_frame *frames = http2->frames[dir].at;

    for (uint32_t i = 0; i < http2->frames[dir].n; i++)
        if (frames[i].has_error || frames[i].has_priority)
            return true;
    return http2->settings[dir].n != 0;
}

uint32_t http2_event_count(const struct tx *tx)
{
    const struct http2_tx *http2 = tx_of(tx);
    bool headers = http2->http.request.fields.n || http2->http.response.fields.n;

    return headers || tells_something(http2, TO_SERVER) || tells_something(http2, TO_CLIENT);
}

/* Suricata's events have these names without the underscores that its rules want, and some of them
 * in small letters but for each word's first. */
static void write_name(struct jsonw *w, const char *key, const struct label *labels, uint64_t value,
                       bool small)
{
    char word[WORD_MAX];
    uint32_t n = 0;

    for (; labels->name && labels->value != value; labels++)
        ;
    for (const char *p = labels->name; p && *p && n + 1 < sizeof word; p++) {
        bool lower = small && p > labels->name && p[-1] != '_' && *p >= 'A' && *p <= 'Z';
        if (*p != '_')
            word[n++] = lower ? (char)(*p | 0x20) : *p;
    }
    word[n] = '\0';
    if (n)
        jsonw_str(w, key, word);
    else
        jsonw_u64(w, key, value);
}

static void write_settings(struct jsonw *w, const struct list *list)
{
    const struct http2_setting *settings = list->at;

    if (!list->n)
        return;
    jsonw_arr_open(w, "settings");
    for (uint32_t i = 0; i < list->n; i++) {
        jsonw_obj_open(w, NULL);
        write_name(w, "settings_id", http2_fields_settings, settings[i].id, false);
        jsonw_u64(w, "settings_value", settings[i].value);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

static void write_frames(struct jsonw *w, const char *key, const struct http2_tx *http2,
                         enum dir dir)
{
    const struct http2_frame *frames = http2->frames[dir].at, *error = NULL, *priority = NULL;

    for (uint32_t i = http2->frames[dir].n; i > 0; i--) {
        error = frames[i - 1].has_error ? &frames[i - 1] : error;
        priority = frames[i - 1].has_priority ? &frames[i - 1] : priority;
    }
    jsonw_obj_open(w, key);
    write_settings(w, &http2->settings[dir]);
    if (error)
        write_name(w, "error_code", http2_fields_errors, error->error, true);
    if (priority)
        jsonw_u64(w, "priority", priority->priority);
    jsonw_obj_close(w);
}

/* What is said of the dynamic table stands before the lines. */
static void write_headers(struct jsonw *w, const char *key, const struct http2_tx *http2,
                          enum dir dir, const struct http_message *m)
{
    const struct http2_size *sizes = http2->sizes[dir].at;
    const struct http_field *fields = m->fields.at;

    if (!m->fields.n && !http2->sizes[dir].n)
        return;
    jsonw_arr_open(w, key);
    for (uint32_t i = 0; i < http2->sizes[dir].n; i++) {
        jsonw_obj_open(w, NULL);
        jsonw_u64(w, "table_size_update", sizes[i].bytes);
        jsonw_obj_close(w);
    }
    for (uint32_t i = 0; i < m->fields.n; i++)
        http_event_header(w, &fields[i]);
    jsonw_arr_close(w);
}

static void write_text(struct jsonw *w, const char *key, struct slice text)
{
    if (text.len)
        jsonw_text(w, key, text);
}

void http2_event_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct http2_tx *http2 = tx_of(tx);
    const struct http_tx *http = &http2->http;
    struct slice type = http->response.known[HTTP_CONTENT_TYPE];
    int64_t parameters = slice_find_byte(type, ';');

    (void)i;
    jsonw_str(w, "version", "2");
    write_headers(w, "request_headers", http2, TO_SERVER, &http->request);
    write_headers(w, "response_headers", http2, TO_CLIENT, &http->response);
    struct slice host = http->request.known[HTTP_HOST];
    write_text(w, "hostname", host.len ? host : http->host);
    if (http->port)
        jsonw_u64(w, "http_port", http->port);
    write_text(w, "url", http->uri_raw);
    write_text(w, "http_user_agent", http->request.known[HTTP_USER_AGENT]);
    write_text(w, "http_content_type",
               parameters < 0 ? type : slice_head(type, (uint32_t)parameters));
    write_text(w, "http_refer", http->request.known[HTTP_REFERER]);
    write_text(w, "http_method", http->method);
    if (http->status)
        jsonw_u64(w, "status", http->status);
    if (http->response.length)
        jsonw_u64(w, "length", http->response.length);
    jsonw_obj_open(w, "http2");
    jsonw_u64(w, "stream_id", http2->stream);
    write_frames(w, "request", http2, TO_SERVER);
    write_frames(w, "response", http2, TO_CLIENT);
    jsonw_obj_close(w);
}
