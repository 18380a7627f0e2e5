/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CEF in syslog over UDP (RFC 5426), TCP (octet counting, RFC 6587) or TLS (RFC 5425), by
 * `transport`. Syslog confirms nothing: a row counts as sent when the network took it.
 */
#include "analyzer/push/cef.h"
#include "analyzer/push/post.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT_PLAIN = 514, PORT_TLS = 6514, DATAGRAM_MAX = 60000 };

static enum err syslog_cef_open(const struct connector *c, void **self, char fault[PUSH_TEXT_MAX])
{
    if (strcmp(c->transport, "udp") != 0 && strcmp(c->transport, "tcp") != 0 &&
        strcmp(c->transport, "tls") != 0) {
        snprintf(fault, PUSH_TEXT_MAX, "transport must be udp, tcp or tls");
        return ERR_INPUT;
    }
    *self = courier_new();
    return ERR_OK;
}

static void send_datagram(const struct connector *c, uint16_t port, struct slice line,
                          struct push_answer *answer)
{
    struct addrinfo *found = NULL;
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    char service[8];
    int fd = -1;

    snprintf(service, sizeof(service), "%u", port);
    int failed = getaddrinfo(c->host, service, &hints, &found);
    if (failed) {
        snprintf(answer->text, sizeof(answer->text), "%s: %s", c->host, gai_strerror(failed));
        return;
    }
    fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
        sendto(fd, line.at, line.len, 0, found->ai_addr, found->ai_addrlen) == (ssize_t)line.len) {
        answer->outcome = PUSH_SENT;
        snprintf(answer->text, sizeof(answer->text), "datagram sent");
    } else {
        snprintf(answer->text, sizeof(answer->text), "UDP: %s", strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    freeaddrinfo(found);
}

static void send_stream(struct courier *courier, const struct courier_stream *to, struct slice line,
                        struct push_answer *answer)
{
    struct courier_answer got;
    struct strbuf framed;

    strbuf_init(&framed, 0);
    strbuf_fmt(&framed, "%u ", line.len);
    strbuf_slice(&framed, line);
    courier_stream(courier, to, strbuf_view(&framed), &got);
    answer->outcome = got.status ? PUSH_SENT : PUSH_LATER;
    snprintf(answer->text, sizeof(answer->text), "%.150s", got.text);
    strbuf_fini(&framed);
}

static void syslog_cef_send(void *self, const struct connector *c, const char *key,
                            const char *kind, struct slice payload, uint64_t now_ns,
                            struct push_answer *answer)
{
    bool encrypted = strcmp(c->transport, "tls") == 0;
    struct courier_stream to = {
        .host = c->host,
        .port = c->port     ? c->port
                : encrypted ? PORT_TLS
                            : PORT_PLAIN,
        .encrypted = encrypted,
        .tls = c->trust,
        .timeout_ns = c->timeout_ns,
    };

    (void)key;
    (void)kind;
    (void)now_ns;
    answer->outcome = PUSH_LATER;
    if (strcmp(c->transport, "udp") == 0)
        send_datagram(c, to.port, slice_head(payload, DATAGRAM_MAX), answer);
    else
        send_stream(self, &to, payload, answer);
}

const struct push_def push_syslog_cef = {
    .name = "syslog-cef",
    .doc = "CEF in syslog (RFC 5424) over UDP, TCP or TLS",
    .needs = "host",
    .render = cef_incident,
    .render_heartbeat = cef_heartbeat,
    .open = syslog_cef_open,
    .send = syslog_cef_send,
    .close = post_close,
};
