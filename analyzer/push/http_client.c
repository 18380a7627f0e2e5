/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/http_client.h"
#include "common/check.h"
#include "common/clock.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

struct http_client {
    CURL *curl;
};

struct http_client *http_client_new(void)
{
    struct http_client *client = calloc(1, sizeof(*client));

    CHECK(client);
    client->curl = curl_easy_init();
    CHECK(client->curl);
    return client;
}

void http_client_free(struct http_client **client)
{
    if (*client) {
        curl_easy_cleanup((*client)->curl);
        free(*client);
    }
    *client = NULL;
}

/* Keeps the begin of the answer, printable; the rest is read and dropped. */
static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct http_response *response = ctx;
    size_t used = strlen(response->text);

    for (size_t i = 0; i < size * n && used + 1 < sizeof(response->text); i++)
        response->text[used++] = isprint((unsigned char)bytes[i]) ? bytes[i] : ' ';
    response->text[used] = '\0';
    return size * n;
}

static struct curl_slist *headers_of(const struct http_request *request)
{
    struct curl_slist *list = NULL;

    for (uint32_t i = 0; i < HTTP_CLIENT_HEADERS_MAX && request->headers[i]; i++)
        list = curl_slist_append(list, request->headers[i]);
    return curl_slist_append(list, "Expect:"); /* no round trip before small bodies */
}

static void set_tls(CURL *curl, const struct http_request *request)
{
    if (*request->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca_file);
    if (*request->cert_file)
        curl_easy_setopt(curl, CURLOPT_SSLCERT, request->cert_file);
    if (*request->key_file)
        curl_easy_setopt(curl, CURLOPT_SSLKEY, request->key_file);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

void http_client_post(struct http_client *client, const struct http_request *request,
                      struct http_response *response)
{
    CURL *curl = client->curl;
    struct curl_slist *headers = headers_of(request);
    curl_off_t wait_s = 0;
    long status = 0;

    memset(response, 0, sizeof(*response));
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)request->body.at);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(request->timeout_ns / CLOCK_MS));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)(request->timeout_ns / CLOCK_MS));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "tramgac/" TRAMGAC_VERSION);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, response);
    set_tls(curl, request);
    CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait_s);
        response->status = (int)status;
        response->retry_after_s = wait_s > 0 ? (uint64_t)wait_s : 0;
    } else {
        snprintf(response->text, sizeof(response->text), "%s", curl_easy_strerror(code));
    }
    curl_slist_free_all(headers);
}
