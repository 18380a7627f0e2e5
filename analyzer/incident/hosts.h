/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which open stories a host is part of: by address and by device, within its site. Bounded: a host
 * in more than HOSTS_STORIES_MAX stories loses the one longest untouched; beyond 65,536 keys a new
 * host is not found.
 */
#ifndef TRAMGAC_ANALYZER_INCIDENT_HOSTS_H
#define TRAMGAC_ANALYZER_INCIDENT_HOSTS_H

#include "analyzer/incident/story.h"

enum { HOSTS_STORIES_MAX = 16, HOSTS_FOUND_MAX = 2 * HOSTS_STORIES_MAX };

struct hosts;

struct hosts *hosts_new(void);
void hosts_free(struct hosts **hosts);
void hosts_clear(struct hosts *hosts);

/** The entities of the story that are not in yet (story->n_indexed). */
void hosts_add(struct hosts *hosts, struct story *story);
/** All of its entities; before the story is freed. */
void hosts_drop(struct hosts *hosts, const struct story *story);
/** Stories about this host, each once. */
uint32_t hosts_find(const struct hosts *hosts, const char *site, const struct story_entity *e,
                    struct story *out[HOSTS_FOUND_MAX]);

#endif
