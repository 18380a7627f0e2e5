/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Country and autonomous system of an address, from MMDB files (libmaxminddb stays inside geo.c).
 * Two shapes of country data are understood: flat "country_code", and "country": {"iso_code"}.
 * Without a file there is no geography: nothing is found, nothing fails.
 * For a newer file open it beside the old one and swap.
 */
#ifndef TRAMGAC_COMMON_GEO_H
#define TRAMGAC_COMMON_GEO_H

#include "common/addr.h"
#include "common/err.h"

struct geo;

struct geo_place {
    char country[3];  /* ISO 3166 alpha-2, or "" */
    uint32_t asn;     /* 0: unknown */
    struct slice org; /* name of the autonomous system; belongs to the geo */
};

/** Either path may be NULL, empty or absent. ERR_INPUT: a file is there but is no MMDB; `*geo` then
 * works with the other one. */
enum err geo_open(const char *country_path, const char *asn_path, struct geo **geo);
void geo_free(struct geo **geo);

/** False when nothing is known of the address, or `geo` is NULL. No allocation; thread-safe. */
bool geo_find(const struct geo *geo, const struct addr *addr, struct geo_place *place);
/** A file of this geo was replaced on disk since it was opened. */
bool geo_is_old(const struct geo *geo);

#endif
