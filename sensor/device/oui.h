/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makers of network cards by the first three bytes of the MAC address (IEEE registry, CSV as in
 * Debian's ieee-data). Nothing is shipped: without the file makers are unknown.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_OUI_H
#define TRAMGAC_SENSOR_DEVICE_OUI_H

#include "common/addr.h"
#include "common/err.h"

struct oui;

/** ERR_IO when the file cannot be read; lines that are not understood are skipped. */
enum err oui_new(const char *path, struct oui **oui);
void oui_free(struct oui **oui);
/** Maker, or NULL. Locally administered addresses have none. `oui` may be NULL. */
const char *oui_find(const struct oui *oui, const struct mac *mac);
uint32_t oui_count(const struct oui *oui);

#endif
