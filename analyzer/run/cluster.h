/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several analyzers at one PostgreSQL store, fed by one broker.
 *
 * Each of them carries: it takes what messages it gets, in a thread of its own, and stores their
 * events. One of them keeps (the lease "keeper"): ledgers, acknowledgements, groups, rollups,
 * devices, correlation, incidents, the outbox's rows, expiry; all in the order of the sensors. One
 * of them sends to operations centres (the lease "push"). All serve pages and API.
 *
 *     cluster_new, cluster_start; cluster_take again and again; cluster_end, cluster_free
 */
#ifndef TRAMGAC_ANALYZER_RUN_CLUSTER_H
#define TRAMGAC_ANALYZER_RUN_CLUSTER_H

#include "analyzer/record/hub.h"
#include "analyzer/run/pipeline.h"

extern const struct option cluster_options[];

struct cluster;

/** Whether store and sources can be those of a cluster; what cannot is a line in `report`. */
bool cluster_possible(const struct conf *conf, const struct store *store, struct strbuf *report);
/** ERR_NOTFOUND: not asked for. A fault is a line in `report`. Joins, and takes what is free. */
enum err cluster_new(const struct conf *conf, const char *data_dir, const struct store *store,
                     struct cluster **cluster, struct strbuf *report);
/** Makes a keeper of `pipeline`, and starts the carrier on `queue` and the leases. `hub`: for news
 * that others made. */
enum err cluster_start(struct cluster *cluster, struct queue *queue, struct pipeline *pipeline,
                       struct hub *hub, struct strbuf *report);
/** What the keeper is to store now; waits a little when there is nothing. NULL: nothing, or
 * somebody else keeps. `source`: to answer sensors through. */
struct message *cluster_take(struct cluster *cluster, struct source *source);
/** Whether we keep, or send. */
bool cluster_keeps(struct cluster *cluster);
bool cluster_pushes(struct cluster *cluster);
/** The queue is closed: the carrier stores what is in it, and leases are given back. */
void cluster_end(struct cluster *cluster);
void cluster_free(struct cluster **cluster);
/** The member "cluster" of the health object. */
void cluster_health(struct cluster *cluster, struct strbuf *json);

#endif
