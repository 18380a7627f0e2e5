/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The receivers of the configuration, and what of an incident each of them is told.
 *
 *     push:
 *       - {name: ioc, type: cloudevents-http, url: "https://ioc.example/hook", secret: s3cret,
 *          min_severity: high, sites: [can-tho]}
 *       - {name: district, type: cloudevents-mqtt, host: broker.example, port: 8883, tls: true}
 */
#ifndef TRAMGAC_ANALYZER_PUSH_CONNECTORS_H
#define TRAMGAC_ANALYZER_PUSH_CONNECTORS_H

#include "analyzer/push/push.h"
#include "common/conf.h"

enum { CONNECTORS_MAX = 32 };

extern const struct option connectors_options[];

struct connectors;

/** Reads `push`. What is wrong is a line in `report` each; that connector is left out and the
 * result is ERR_INPUT. */
enum err connectors_new(const struct conf *conf, struct connectors **connectors,
                        struct strbuf *report);
void connectors_free(struct connectors **connectors);
uint32_t connectors_count(const struct connectors *connectors);
const struct connector *connectors_at(const struct connectors *connectors, uint32_t i);

/**
 * Queues an incident that changed for all connectors that it concerns; inside the transaction of
 * the change. `kind`: "opened", "updated", "closed". Who was told of an incident once is told of
 * all its further revisions; whom it reaches late hears "opened" first.
 */
enum err connectors_queue(const struct connectors *connectors, struct store *store,
                          const struct incident *incident, const char *kind, uint64_t now_ns);

/** The same after a person changed it: the kind follows from the state. */
enum err connectors_queue_change(const struct connectors *connectors, struct store *store,
                                 const struct incident *incident, uint64_t now_ns);

#endif
