/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling operations centres. What is to be told is written as a row of the outbox in the
 * transaction that changed the incident (connectors_queue); a thread per connector sends the rows
 * (sender.h). One way of telling a row: push_<name>.c.
 */
#ifndef TRAMGAC_ANALYZER_PUSH_PUSH_H
#define TRAMGAC_ANALYZER_PUSH_PUSH_H

#include "analyzer/push/courier.h"
#include "analyzer/record/incident.h"
#include "analyzer/store/db_outbox.h"
#include "common/strbuf.h"

enum { PUSH_SITES_MAX = 32, PUSH_TEXT_MAX = 200, PUSH_HEADERS_MAX = 8 };

struct push_def;

/** A receiver as configured. Texts live as long as the connectors. */
struct connector {
    const char *name; /* part of topics: letters, digits, . _ - */
    const struct push_def *def;
    /* scope */
    enum severity min_severity;
    const char *sites[PUSH_SITES_MAX];
    uint32_t n_sites; /* 0 = all */
    /* redaction */
    bool mask_internal; /* own addresses and names become stable pseudonyms */
    bool details;       /* stages and hosts, not only the head */
    /* what is said */
    const char *source;      /* CloudEvents source */
    const char *type_prefix; /* of the CloudEvents type */
    /* where it goes; "" and 0 = not used */
    const char *url, *secret, *token;
    struct courier_tls trust;
    const char *host, *topic, *user, *password;
    uint16_t port;
    bool tls, retain;
    const char *headers[PUSH_HEADERS_MAX]; /* "Name: value" for a receiver's gateway; NULL ends */
    const char *to[COURIER_TO_MAX];        /* of mail; NULL ends */
    const char *from;
    /* its form */
    const char *transport;    /* syslog: "udp", "tcp", "tls" */
    const char *template;     /* webhook: text with {{paths}} */
    const char *content_type; /* webhook */
    const char *context;      /* NGSI-LD: address of the @context */
    int64_t enterprise;       /* syslog: private enterprise number */
    /* how */
    uint64_t timeout_ns;
    uint64_t heartbeat_ns; /* 0 = none */
    int64_t max_tries;     /* 0 = until it works */
};

/** A change of an incident that a connector tells. */
struct telling {
    const struct connector *c;
    const struct incident *incident;
    const char *kind;   /* "opened", "updated", "closed"; "exercise": nothing happened,
                         * and every form says so */
    const char *before; /* what was told of this incident last; "" = nothing */
};

enum push_outcome {
    PUSH_SENT,
    PUSH_LATER,   /* not now: network, 5xx, 429, not allowed (yet) */
    PUSH_REFUSED, /* the receiver will never take this message */
};

struct push_answer {
    enum push_outcome outcome;
    uint64_t retry_after_ns;  /* the receiver's wish; 0 = none */
    char text[PUSH_TEXT_MAX]; /* status or reason, for people */
};

struct push_def {
    const char *name; /* value of `type` */
    const char *doc;
    const char *needs; /* keys of the configuration that must be given, with blanks between */
    /** Appends the message. Pure. */
    void (*render)(const struct telling *telling, struct strbuf *out);
    /** NULL: this form has none. */
    void (*render_heartbeat)(const struct connector *c, uint64_t now_ns, struct strbuf *out);
    /** Connection of one sending thread; touches the network at the earliest in send. */
    enum err (*open)(const struct connector *c, void **self, char fault[PUSH_TEXT_MAX]);
    /** Sends one message; takes at most about c->timeout_ns. `key`: the same message again has the
     * same. */
    void (*send)(void *self, const struct connector *c, const char *key, const char *kind,
                 struct slice payload, uint64_t now_ns, struct push_answer *answer);
    void (*close)(void **self);
};

extern const struct push_def *const push_rows[];

#endif
