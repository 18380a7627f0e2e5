/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be pushed to operations centres: written in the transaction that changed the incident,
 * so that neither can exist without the other. Rows stay as the log of what was sent.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_OUTBOX_H
#define TRAMGAC_ANALYZER_STORE_DB_OUTBOX_H

#include "analyzer/store/store.h"

enum outbox_state { OUTBOX_WAITING, OUTBOX_SENT, OUTBOX_GIVEN_UP };

struct outbox_row {
    int64_t id; /* given by the store; order of delivery within (connector, incident) */
    const char *connector;
    int64_t incident_id;
    int64_t revision;
    const char *kind; /* "opened", "updated", "closed", "heartbeat" */
    const char *payload;
    uint64_t created_ns;
    enum outbox_state state;
    int64_t tries;
    uint64_t next_ns; /* not before */
    uint64_t sent_ns;
    const char *answer; /* last status or error, for people */
};

/** Queues; the same (connector, incident, revision) again is ERR_OK and changes nothing. */
enum err db_outbox_add(struct store *store, const struct outbox_row *row);
/** Rows that are due at `now_ns`: for each incident only its oldest waiting row, so order is kept.
 * `connector` NULL = all. */
enum err db_outbox_due(struct store *store, const char *connector, uint64_t now_ns, uint32_t limit,
                       struct arena *arena, struct outbox_row **rows, uint32_t *n);
enum err db_outbox_sent(struct store *store, int64_t id, uint64_t now_ns, const char *answer);
enum err db_outbox_failed(struct store *store, int64_t id, uint64_t next_ns, const char *answer);
enum err db_outbox_give_up(struct store *store, int64_t id, uint64_t now_ns, const char *answer);
/** Newest first; incident_id 0 = all. */
enum err db_outbox_list(struct store *store, int64_t incident_id, uint32_t limit,
                        struct arena *arena, struct outbox_row **rows, uint32_t *n);
/** What became of the rows of one connector. */
struct outbox_depth {
    const char *connector;
    int64_t waiting, sent, given_up;
    uint64_t oldest_ns; /* that waits; 0 = none */
    uint64_t sent_ns;   /* the last delivery; 0 = none */
};
enum err db_outbox_depths(struct store *store, struct arena *arena, struct outbox_depth **rows,
                          uint32_t *n);
/** Rows that wait, of all connectors or one (NULL = all). */
enum err db_outbox_waiting(struct store *store, const char *connector, int64_t *n);

#endif
