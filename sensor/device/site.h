/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The site file: zones, who plays which role, known assets (iot-profiles/schema.md, section 6).
 */
#ifndef TRAMGAC_SENSOR_DEVICE_SITE_H
#define TRAMGAC_SENSOR_DEVICE_SITE_H

#include "common/addr.h"
#include "common/err.h"

struct site;
struct strbuf;

enum { SITE_WORD_MAX = 48 };

struct site_asset {
    struct addr ip; /* family 0 = not given */
    struct mac mac;
    bool has_mac;
    char name[SITE_WORD_MAX];
    char profile[SITE_WORD_MAX]; /* "" = by evidence */
    uint8_t criticality, level;  /* 0 = not given */
};

/** Faults are appended to `report`, a line each with file and line; what is right is kept.
 * `path` empty: a site without zones, roles and assets. */
enum err site_new(const char *path, struct site **site, struct strbuf *report);
void site_free(struct site **site);

const char *site_name(const struct site *site);
/** In a zone of the file. */
bool site_zone(const struct site *site, const struct addr *addr);
/** The role has addresses here. */
bool site_role_bound(const struct site *site, const char *role);
bool site_role_has(const struct site *site, const char *role, const struct addr *addr);
/** Asset by MAC, else by address; NULL = not listed. Either may be NULL. */
const struct site_asset *site_find_asset(const struct site *site, const struct addr *addr,
                                         const struct mac *mac);

#endif
