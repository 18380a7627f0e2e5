/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices learnt from the sensors' `device` events, and which address was whose when.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_DEVICES_H
#define TRAMGAC_ANALYZER_STORE_DB_DEVICES_H

#include "analyzer/store/store.h"

struct device_row {
    const char *id; /* as the sensor names it; stable (MAC where there is one) */
    const char *mac, *vendor, *name, *profile;
    const char *state; /* "learning", "enforcing", "" */
    const char *ip;    /* newest address */
    const char *zone, *owner_en, *owner_vi;
    uint8_t criticality, level;
    const char *sensor, *site;
    uint64_t first_ns, last_ns;
    int64_t n_alerts, n_deviations;
    uint64_t deviation_ns; /* newest deviation; 0 none */
    uint8_t severity;      /* highest of its alerts and deviations */
    const char *json;      /* newest `device` object; "{}" */
};

/** Adds or updates: empty texts and zeros stay as they are, counts are added, times widen. */
enum err db_devices_add(struct store *store, const struct device_row *row);
/** By id; ERR_NOTFOUND. */
enum err db_devices_get(struct store *store, const char *id, struct arena *arena,
                        struct device_row *row);
/** Who had this address at this time (0 = last). */
enum err db_devices_by_ip(struct store *store, const char *ip, uint64_t at_ns, struct arena *arena,
                          struct device_row *row);

struct devices_query {
    const char *text; /* words of name, address, MAC, vendor, profile, zone */
    const char *zone, *site;
    const char *const *sites; /* only these; NULL = all; ended by NULL */
    bool deviating;           /* only with deviations */
    uint64_t before_ns;       /* page: after the row (last_ns, id) */
    const char *before_id;
    uint32_t limit; /* 0 = 100, at most 1000 */
};
/** Newest first. */
enum err db_devices_list(struct store *store, const struct devices_query *query,
                         struct arena *arena, struct device_row **rows, uint32_t *n);

/** All that fit the query, whatever its page. */
enum err db_devices_count(struct store *store, const struct devices_query *query, int64_t *n);

/** Devices of one site. */
struct devices_sum {
    const char *site;
    int64_t n, learning, enforcing, deviating;
};
enum err db_devices_sums(struct store *store, const char *const *sites, struct arena *arena,
                         struct devices_sum **rows, uint32_t *n);

struct binding_row {
    const char *device, *ip;
    uint64_t first_ns, last_ns;
};
enum err db_devices_bind(struct store *store, const struct binding_row *row);
/** Addresses of one device, newest first. */
enum err db_devices_bindings(struct store *store, const char *device, struct arena *arena,
                             struct binding_row **rows, uint32_t *n);

#endif
