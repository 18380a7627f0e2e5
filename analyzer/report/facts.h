/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reports can say, as one tree of JSON; forms (rules/reports) name its members. Texts that
 * differ by language are {"vi":…,"en":…}; times are written for people, in the zone of the
 * configuration ("21/11/2026 10:05:10").
 *
 *   now, number, user, soc.{unit,address,phone,email,authority}, period.{from,to}
 *   incident.{id,title,severity,state,disposition,score,entity,entity_ip,site,assignee,tlp,
 *             personal_data,first,last,opened,closed,lasted,techniques,events,groups,sensors,rule}
 *   stages[].{time,text,src,dst,technique,tactic,severity,count}   hosts[].{ip,name,criticality}
 *   alerts[].{signature,src,dst,count,first,last,severity}   reasons[].{points,text}
 *   history[].{time,user,action,text}   told[].{connector,revision,time,state,answer}
 *   totals.{alerts,groups,incidents,opened,closed,open,escalated,personal_data,acknowledged_after,
 *           closed_after}
 *   severities[], states[], dispositions[], sites[].{name,count}
 *   incidents[].{id,title,severity,state,disposition,entity,site,opened,closed,assignee}
 *   rules[], hosts_attacked[], techniques[].{name,count}   sensors[].{name,site,state,seen,missing}
 */
#ifndef TRAMGAC_ANALYZER_REPORT_FACTS_H
#define TRAMGAC_ANALYZER_REPORT_FACTS_H

#include "analyzer/record/incident.h"
#include "analyzer/store/store.h"
#include "common/conf.h"
#include "common/json.h"

struct attack;

extern const struct option facts_options[];

struct facts_query {
    struct store *store;
    const struct conf *conf;
    const struct attack *attack; /* may be NULL */
    const char *user;            /* who asks */
    uint64_t now_ns;
};

/** Of one incident. *facts must be freed. */
enum err facts_incident(const struct facts_query *query, const struct incident *incident,
                        struct json **facts);
/** Of a time, by when incidents were opened or last seen; `site` "" = all. */
enum err facts_period(const struct facts_query *query, uint64_t from_ns, uint64_t to_ns,
                      const char *site, struct json **facts);

/** "21/11/2026 10:05:10" in the zone of the configuration; "" for 0. */
enum { FACTS_TIME_MAX = 32 };
void facts_time(const struct conf *conf, uint64_t ts_ns, char out[FACTS_TIME_MAX]);

#endif
