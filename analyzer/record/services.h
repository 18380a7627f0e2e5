/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What run/ hands to the parts with threads of their own (API, push) when it starts them. All of it
 * is borrowed and valid until they were stopped.
 */
#ifndef TRAMGAC_ANALYZER_RECORD_SERVICES_H
#define TRAMGAC_ANALYZER_RECORD_SERVICES_H

#include "analyzer/record/hub.h"
#include "common/conf.h"

struct store;
struct incident;
struct attack;

struct services {
    const struct conf *conf;
    const struct store
        *store; /* open your own connection: store_again() (analyzer/store/store.h) */
    struct hub *hub;
    const struct attack *attack; /* names of techniques (analyzer/enrich/attack.h); may be NULL */
    const char *listen;          /* "127.0.0.1:8080" */
    const char *dashboard_dir;   /* the built web application */
    const char *data_dir;
    /** Appends one JSON object: uptime, version, queue, counters, store, sources. Any thread. */
    void (*health)(void *run, struct strbuf *json);
    /** Queues what operations centres are told of a changed incident, in the open transaction of
     * `store`. */
    enum err (*incident_changed)(void *run, struct store *store, const struct incident *incident);
    /** Appends members of an object: what the analyzer is set up with and how it does. Any thread.
     */
    void (*about)(void *run, struct strbuf *json);
    /** Sends a message that means nothing through a connector, now; waits for the answer, which is
     * for people. ERR_NOTFOUND: no such connector; ERR_UNSUPPORTED: its form has no such message;
     * ERR_AGAIN: the receiver did not take it. */
    enum err (*connector_test)(void *run, const char *name, struct strbuf *answer);
    /** Appends what the reading of the correlation rules changed, one object; false: it has not
     * happened yet, but will. */
    bool (*reload_rules)(void *run, struct strbuf *json);
    /** Appends one object: the rules in use, and what the last reading changed. */
    void (*list_rules)(void *run, struct strbuf *json);
    void *run;
};

#endif
