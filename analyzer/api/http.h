/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The web server: routes of the tables, the live stream, the built web application. Only this file
 * knows libmicrohttpd. Every answer carries a strict content security policy; nothing is cached but
 * the application's own hashed files.
 */
#ifndef TRAMGAC_ANALYZER_API_HTTP_H
#define TRAMGAC_ANALYZER_API_HTTP_H

#include "analyzer/api/api.h"

struct http;

enum { HTTP_FAULT_MAX = 256 };

/** Listens on services->listen ("127.0.0.1:8080", "[::1]:8080"). A fault is a sentence for the
 * operator. */
enum err http_start(const struct services *services, struct http **http,
                    char fault[HTTP_FAULT_MAX]);
/** Ends all streams and requests. */
void http_stop(struct http **http);
/** The port that is listened on: asked for 0, the system chose one. */
uint16_t http_port(const struct http *http);

#endif
