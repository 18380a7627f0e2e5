/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/courier.h"
#include "common/check.h"
#include "common/clock.h"

#include <ctype.h>
#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

struct courier {
    CURL *curl;
    bool streaming; /* `curl` holds an open stream */
};

struct courier *courier_new(void)
{
    struct courier *courier = calloc(1, sizeof(*courier));

    CHECK(courier);
    courier->curl = curl_easy_init();
    CHECK(courier->curl);
    return courier;
}

void courier_free(struct courier **courier)
{
    if (*courier) {
        curl_easy_cleanup((*courier)->curl);
        free(*courier);
    }
    *courier = NULL;
}

/* Keeps the begin of the answer, printable; the rest is read and dropped. */
static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct courier_answer *answer = ctx;
    size_t used = strlen(answer->text);

    for (size_t i = 0; i < size * n && used + 1 < sizeof(answer->text); i++)
        answer->text[used++] = isprint((unsigned char)bytes[i]) ? bytes[i] : ' ';
    answer->text[used] = '\0';
    return size * n;
}

static size_t on_whole(char *bytes, size_t size, size_t n, void *ctx)
{
    struct strbuf *whole = ctx;

    strbuf_bytes(whole, bytes, size * n);
    return whole->full ? 0 : size * n;
}

static void set_common(struct courier *courier, const char *url, const char *protocols,
                       const struct courier_tls *tls, uint64_t timeout_ns)
{
    CURL *curl = courier->curl;

    curl_easy_reset(curl);
    courier->streaming = false;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(timeout_ns / CLOCK_MS));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)(timeout_ns / CLOCK_MS));
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (*tls->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, tls->ca_file);
    if (*tls->cert_file)
        curl_easy_setopt(curl, CURLOPT_SSLCERT, tls->cert_file);
    if (*tls->key_file)
        curl_easy_setopt(curl, CURLOPT_SSLKEY, tls->key_file);
}

static void perform(CURL *curl, struct courier_answer *answer, struct strbuf *whole)
{
    curl_off_t wait_s = 0;
    long status = 0;

    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, whole ? on_whole : on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, whole ? (void *)whole : answer);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait_s);
    answer->status = (int)status;
    answer->retry_after_s = wait_s > 0 ? (uint64_t)wait_s : 0;
    if (code != CURLE_OK)
        snprintf(answer->text, sizeof(answer->text), "%s", curl_easy_strerror(code));
    if (code != CURLE_OK && status < 400)
        answer->status = 0; /* half an answer is none */
}

static struct curl_slist *list_of(const char *const *texts, uint32_t most)
{
    struct curl_slist *list = NULL;

    for (uint32_t i = 0; i < most && texts[i]; i++)
        list = curl_slist_append(list, texts[i]);
    return list;
}

void courier_request(struct courier *courier, const struct courier_request *request,
                     struct courier_answer *answer)
{
    CURL *curl = courier->curl;
    struct curl_slist *headers = list_of(request->headers, COURIER_HEADERS_MAX);

    headers = curl_slist_append(headers, "Expect:"); /* no round trip before small bodies */
    memset(answer, 0, sizeof(*answer));
    set_common(courier, request->url, "http,https", &request->tls, request->timeout_ns);
    if (!request->get) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)request->body.at);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "tramgac/" TRAMGAC_VERSION);
    perform(curl, answer, request->whole);
    curl_slist_free_all(headers);
}

/* ---- mail ---- */

static size_t on_read(char *to, size_t size, size_t n, void *ctx)
{
    struct slice *left = ctx;
    uint32_t take = left->len < size * n ? left->len : (uint32_t)(size * n);

    if (take)
        memcpy(to, left->at, take);
    *left = slice_from(*left, take);
    return take;
}

void courier_mail(struct courier *courier, const struct courier_mail *mail,
                  struct courier_answer *answer)
{
    CURL *curl = courier->curl;
    struct curl_slist *to = list_of(mail->to, COURIER_TO_MAX);
    struct slice left = mail->message;

    memset(answer, 0, sizeof(*answer));
    set_common(courier, mail->url, "smtp,smtps", &mail->trust, mail->timeout_ns);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mail->from);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(curl, CURLOPT_READDATA, &left);
    if (mail->tls)
        curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    if (*mail->user) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, mail->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, mail->password);
    }
    perform(curl, answer, NULL);
    curl_slist_free_all(to);
}

/* ---- streams ---- */

static bool wait_socket(CURL *curl, short events, uint64_t timeout_ns)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd);
    struct pollfd poll_fd = {.fd = fd, .events = events};
    return fd != CURL_SOCKET_BAD && poll(&poll_fd, 1, (int)(timeout_ns / CLOCK_MS)) > 0;
}

/* The other side says nothing; an end of the stream is found by reading. */
static bool is_alive(CURL *curl)
{
    char byte = 0;
    size_t n = 0;
    CURLcode code = curl_easy_recv(curl, &byte, 1, &n);

    return code == CURLE_AGAIN || (code == CURLE_OK && n > 0);
}

static CURLcode open_stream(struct courier *courier, const struct courier_stream *to)
{
    char url[320];
    bool v6 = strchr(to->host, ':');

    snprintf(url, sizeof(url), "%s://%s%.250s%s:%u", to->encrypted ? "https" : "http",
             v6 ? "[" : "", to->host, v6 ? "]" : "", to->port);
    set_common(courier, url, "http,https", &to->tls, to->timeout_ns);
    curl_easy_setopt(courier->curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(courier->curl, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(courier->curl, CURLOPT_FRESH_CONNECT, 1L);
    CURLcode code = curl_easy_perform(courier->curl);
    courier->streaming = code == CURLE_OK;
    return code;
}

static CURLcode send_all(CURL *curl, struct slice bytes, uint64_t timeout_ns)
{
    while (bytes.len) {
        size_t n = 0;
        CURLcode code = curl_easy_send(curl, bytes.at, bytes.len, &n);
        if (code == CURLE_AGAIN && !wait_socket(curl, POLLOUT, timeout_ns))
            return CURLE_OPERATION_TIMEDOUT;
        if (code != CURLE_OK && code != CURLE_AGAIN)
            return code;
        bytes = slice_from(bytes, (uint32_t)n);
    }
    return CURLE_OK;
}

void courier_stream(struct courier *courier, const struct courier_stream *to, struct slice bytes,
                    struct courier_answer *answer)
{
    CURLcode code = CURLE_OK;

    memset(answer, 0, sizeof(*answer));
    if (!courier->streaming || !is_alive(courier->curl))
        code = open_stream(courier, to);
    if (code == CURLE_OK)
        code = send_all(courier->curl, bytes, to->timeout_ns);
    if (code == CURLE_OK) {
        answer->status = 200;
        snprintf(answer->text, sizeof(answer->text), "handed over");
        return;
    }
    courier->streaming = false;
    snprintf(answer->text, sizeof(answer->text), "%s", curl_easy_strerror(code));
}
