/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shapes that several routes answer with: times, parties, techniques, groups, incidents.
 */
#ifndef TRAMGAC_ANALYZER_API_SHAPE_H
#define TRAMGAC_ANALYZER_API_SHAPE_H

#include "analyzer/api/api.h"
#include "analyzer/record/incident.h"
#include "analyzer/search/search.h"
#include "analyzer/store/db_events.h"
#include "analyzer/store/db_groups.h"

/** Begins {"items":[ when `err` is ERR_OK; else answers with the failure and is false. Whoever
 * began closes both. */
bool shape_list_open(struct call *call, enum err err);
/** Text unless it is empty. */
void shape_opt(struct jsonw *w, const char *key, const char *text);
/** {"en":…,"vi":…}; the English text stands in for a missing Vietnamese one. */
void shape_text2(struct jsonw *w, const char *key, const char *en, const char *vi);
/** An address with what is known about it: name, zone, country, device. */
void shape_party(struct call *call, const char *key, const char *ip, int64_t port, const char *name,
                 const char *zone, const char *country);
/** [{"id":…,"name":{…}}] from ids with blanks between. */
void shape_techniques(struct call *call, const char *key, const char *ids);
void shape_technique(struct call *call, const char *key, const char *id);
void shape_group(struct call *call, const char *key, const struct group_row *g);
/** One event as an object: head, one-line summary, and the event itself. */
void shape_event(struct call *call, const struct event_row *e);
/** Time of the newest event of all sensors: a replayed capture has its own today. */
uint64_t shape_newest(struct call *call);
/** Parses a search; false when it cannot be read, and that is answered. */
bool shape_search(struct call *call, const char *text, struct search *search);
struct act;
struct task_row;
/** The whole page of an incident; `act`: with what takes it back; NULL = none. */
void api_incidents_write(struct call *call, int64_t id, const struct act *act);
void api_tasks_write(struct call *call, const char *key, const struct task_row *task);
/** Members into an open object. */
void shape_incident_head(struct call *call, const struct incident *i);

#endif
