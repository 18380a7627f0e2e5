/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What carries messages to receivers (libcurl stays inside courier.c): requests over HTTP and
 * HTTPS, mail over SMTP, and plain or TLS streams. One courier is one thread's; it keeps its
 * connection. No redirects: a receiver that moved is a change of the configuration.
 */
#ifndef TRAMGAC_ANALYZER_PUSH_COURIER_H
#define TRAMGAC_ANALYZER_PUSH_COURIER_H

#include "common/err.h"
#include "common/slice.h"
#include "common/strbuf.h"

enum { COURIER_HEADERS_MAX = 16, COURIER_TEXT_MAX = 1024, COURIER_TO_MAX = 16 };

struct courier;

/** Whom to trust and who we are; "" = the system's authorities, no certificate. */
struct courier_tls {
    const char *ca_file, *cert_file, *key_file;
};

struct courier_request {
    const char *url;
    struct slice body;
    const char *headers[COURIER_HEADERS_MAX]; /* "Name: value"; ended by NULL */
    struct courier_tls tls;
    uint64_t timeout_ns;
    bool get;             /* instead of POST; the body is not sent */
    struct strbuf *whole; /* gets all of the answer's body, up to its cap; NULL = not wanted */
};

struct courier_answer {
    int status;                  /* of HTTP or SMTP; 0: there was no answer, see text */
    uint64_t retry_after_s;      /* 0 = not said */
    char text[COURIER_TEXT_MAX]; /* begin of the body, printable; or why there is no answer */
};

struct courier *courier_new(void);
void courier_free(struct courier **courier);
/** One request. */
void courier_request(struct courier *courier, const struct courier_request *request,
                     struct courier_answer *answer);

struct courier_mail {
    const char *url; /* smtp://host:port or smtps://host:port */
    const char *from;
    const char *to[COURIER_TO_MAX]; /* ended by NULL */
    const char *user, *password;    /* "" = none */
    bool tls;                       /* STARTTLS is demanded */
    struct slice message;           /* RFC 5322, lines end in CR LF */
    struct courier_tls trust;
    uint64_t timeout_ns;
};
/** Hands one message over. status 250 = taken; 0 = there was no server. */
void courier_mail(struct courier *courier, const struct courier_mail *mail,
                  struct courier_answer *answer);

struct courier_stream {
    const char *host;
    uint16_t port;
    bool encrypted;
    struct courier_tls tls;
    uint64_t timeout_ns;
};
/**
 * Writes all bytes to a stream that stays open between calls, and is opened anew when the other
 * side closed it. status 200 = handed to the network, 0 = not. Nobody confirms: what was under way
 * when the receiver died is not known to be lost (RFC 5425, 4.4).
 */
void courier_stream(struct courier *courier, const struct courier_stream *to, struct slice bytes,
                    struct courier_answer *answer);

#endif
