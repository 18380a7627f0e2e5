/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a batch says about devices, summed up: one write a device and batch, not one a record.
 */
#ifndef TRAMGAC_ANALYZER_RUN_SIGHTINGS_H
#define TRAMGAC_ANALYZER_RUN_SIGHTINGS_H

#include "analyzer/record/record.h"
#include "analyzer/store/db_devices.h"

struct sightings;

struct sightings *sightings_new(void);
void sightings_free(struct sightings **sightings);

void sightings_begin(struct sightings *s);
/** Both ends of a record; texts are borrowed from its batch. */
void sightings_add(struct sightings *s, struct batch *batch, const struct record *r);
/** Devices and their addresses. */
enum err sightings_save(struct sightings *s, struct store *store);
/** The transaction failed: what was remembered as written is not. */
void sightings_undo(struct sightings *s);
const struct device_row *sightings_rows(const struct sightings *s, uint32_t *n);

#endif
