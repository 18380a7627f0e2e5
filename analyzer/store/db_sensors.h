/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensors: what has come from them (ledger per sensor and epoch) and how they are.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_SENSORS_H
#define TRAMGAC_ANALYZER_STORE_DB_SENSORS_H

#include "analyzer/store/store.h"

/** Envelopes of one (sensor, epoch). Written in the transaction of the events it counts. */
struct ledger_row {
    const char *sensor, *site;
    uint64_t epoch;
    uint64_t upto;      /* all envelopes 1..upto are stored: what is acknowledged */
    const char *beyond; /* stored ones above upto: "19-22,25-25" */
    uint64_t highest;   /* highest envelope number heard of */
    int64_t received;   /* envelopes stored */
    int64_t events;     /* events in them */
    int64_t duplicate;  /* envelopes that came again and were dropped */
    int64_t resent;     /* envelopes asked for again that came */
    int64_t given_up;   /* envelopes that the sensor no longer has */
    int64_t shed;       /* events the sensor says it had to drop */
    int64_t bad;        /* lines that were not events */
    int64_t skew_ns;    /* our clock minus the sensor's, least seen; above 0: its clock is behind */
    uint64_t first_ns, last_ns; /* wall clock of arrival */
    uint64_t event_ns;          /* newest event time */
};
enum err db_sensors_ledger_put(struct store *store, const struct ledger_row *row);
enum err db_sensors_ledger_get(struct store *store, const char *sensor, uint64_t epoch,
                               struct arena *arena, struct ledger_row *row);
/** Newest epoch first; sensor NULL = all. */
enum err db_sensors_ledgers(struct store *store, const char *sensor, struct arena *arena,
                            struct ledger_row **rows, uint32_t *n);

/** One line of the page "sensors". */
struct sensor_row {
    const char *sensor, *site;
    const char *source;          /* "mqtt", "unix", "file" */
    bool online;                 /* told by hello and bye; a file is never online */
    uint64_t seen_ns;            /* wall clock of the last message */
    uint64_t status_ns;          /* wall clock of the last hello or bye */
    const char *stats_json;      /* newest `stats` event; "{}" */
    const char *visibility_json; /* newest `visibility` event; "{}" */
    struct ledger_row ledger;    /* newest epoch; missing = highest - upto - stored beyond */
    int64_t missing;
};
/** Adds or updates; NULL texts stay as they are. */
enum err db_sensors_seen(struct store *store, const struct sensor_row *row);
enum err db_sensors_online(struct store *store, const char *sensor, bool online, uint64_t now_ns);
/** By name. */
enum err db_sensors_list(struct store *store, struct arena *arena, struct sensor_row **rows,
                         uint32_t *n);

#endif
