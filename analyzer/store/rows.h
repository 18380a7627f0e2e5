/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of a row in the order in which its reader takes them, for the db_*.c files only.
 */
#ifndef TRAMGAC_ANALYZER_STORE_ROWS_H
#define TRAMGAC_ANALYZER_STORE_ROWS_H

#include "analyzer/store/db_events.h"
#include "analyzer/store/db_groups.h"
#include "analyzer/store/sql.h"

#define ROWS_EVENT                                                                                 \
    "id,ts,received,kind,type,sensor,site,src,dst,sport,dport,src_name,dst_name,proto,app,"        \
    "device,severity,grp,flow,signature,gid,sid,raw"
enum { ROWS_EVENT_COLUMNS = 23 };
void db_events_read(struct sql *q, struct arena *arena, struct event_row *row);

/* Of the events of groups, those with a place in the index by group: all but the first of each,
 * which stands in grp.first_event. (The words of the index itself.) */
#define ROWS_AGAIN "again<>0 AND grp<>0"

/* A condition on `event`: an incident that is open or on legal hold needs it. */
#define ROWS_SPARED                                                                                \
    "EXISTS (SELECT 1 FROM link l JOIN incident i ON i.id=l.incident WHERE l.event<>0 AND "        \
    "l.event=event.id AND (i.state NOT IN (4,5) OR i.hold<>0)) OR (event.grp<>0 AND "              \
    "EXISTS (SELECT 1 FROM link l JOIN incident i ON i.id=l.incident WHERE l.grp<>0 AND "          \
    "l.grp=event.grp AND i.hold<>0))"

#define ROWS_GROUP                                                                                 \
    "id,gid,sid,signature,signature_vi,category,source,severity,src,dst,src_name,dst_name,"        \
    "src_zone,dst_zone,src_country,dst_country,dport,proto,app,criticality,sensor,site,"           \
    "techniques,reason_en,reason_vi,n,n_kept,n_done,first,last,state,assignee,incident,"           \
    "last_event,version,words,exception"
/* The sparkline of group $1: columns hour and n, an hour maybe twice. */
#define ROWS_HOURS                                                                                 \
    "(SELECT hour,n FROM spark WHERE grp=$1 UNION ALL SELECT hour,hour_n FROM grp WHERE id=$1 "    \
    "AND hour_n<>0)"
void db_groups_read(struct sql *q, struct arena *arena, struct group_row *row);

#endif
