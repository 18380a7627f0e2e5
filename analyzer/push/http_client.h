/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST over HTTP and HTTPS (libcurl stays inside http_client.c). One client is one thread's; it
 * keeps its connection. No redirects: a receiver that moved is a change of the configuration.
 */
#ifndef TRAMGAC_ANALYZER_PUSH_HTTP_CLIENT_H
#define TRAMGAC_ANALYZER_PUSH_HTTP_CLIENT_H

#include "common/err.h"
#include "common/slice.h"

enum { HTTP_CLIENT_HEADERS_MAX = 12, HTTP_CLIENT_TEXT_MAX = 160 };

struct http_client;

struct http_request {
    const char *url;
    struct slice body;
    const char *headers[HTTP_CLIENT_HEADERS_MAX]; /* "Name: value"; ended by NULL */
    const char *ca_file, *cert_file, *key_file;   /* "" = the system's, none */
    uint64_t timeout_ns;
};

struct http_response {
    int status;                      /* 0: there was no answer, see text */
    uint64_t retry_after_s;          /* 0 = not said */
    char text[HTTP_CLIENT_TEXT_MAX]; /* begin of the body, printable; or why there is no answer */
};

struct http_client *http_client_new(void);
void http_client_free(struct http_client **client);
void http_client_post(struct http_client *client, const struct http_request *request,
                      struct http_response *response);

#endif
