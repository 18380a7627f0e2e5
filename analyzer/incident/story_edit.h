/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people do to stories: parts are split off, and what was split stays apart.
 */
#ifndef TRAMGAC_ANALYZER_INCIDENT_STORY_EDIT_H
#define TRAMGAC_ANALYZER_INCIDENT_STORY_EDIT_H

#include "analyzer/incident/story.h"

/** Moves the alerts of these groups from one story to another, with the hosts they touch. Rules
 * that rest on them stay where they are. Returns how many groups were moved. */
uint32_t story_edit_part(struct story *from, struct story *into, const int64_t *groups, uint32_t n);
/** A group of alerts that a person adds, with its own hosts: the inner ends, else its source. */
void story_edit_add(struct story *story, const struct group_row *group);
/** Takes away every fact whose key one of the others has. */
void story_edit_subtract(struct story *story, const struct story *other);

/** Did people split one from the other? Both ids must be known. */
bool story_edit_apart(const struct story *a, const struct story *b);
void story_edit_set_apart(struct story *a, struct story *b);
/** Is the group of alerts part of it? */
bool story_edit_has(const struct story *story, int64_t group_id);

#endif
