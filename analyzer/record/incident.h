/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an incident is: the words shared by correlation, store, API and push.
 * Texts: as in record.h. Times are nanoseconds since 1970 UTC, 0 = not yet.
 */
#ifndef TRAMGAC_ANALYZER_RECORD_INCIDENT_H
#define TRAMGAC_ANALYZER_RECORD_INCIDENT_H

#include "analyzer/record/record.h"

enum incident_state {
    INCIDENT_NEW,
    INCIDENT_ASSIGNED,
    INCIDENT_IN_PROGRESS,
    INCIDENT_PENDING,
    INCIDENT_CLOSED,
    INCIDENT_MERGED,    /* `merged_into` says where it went on */
    INCIDENT_ESCALATED, /* handed to the operations centre; still open */
};
enum { INCIDENT_STATES = 7 };

enum disposition {
    DISPOSITION_NONE,
    DISPOSITION_FALSE_POSITIVE,
    DISPOSITION_TRUE_IMPACT,
    DISPOSITION_TRUE_NO_IMPACT,
    DISPOSITION_NOT_APPLICABLE,
    DISPOSITION_LEGITIMATE,
    DISPOSITION_UNKNOWN,
};
enum { DISPOSITIONS = 7 };

/** "new", "assigned", "in_progress", "pending", "closed", "merged", "escalated". */
const char *incident_state_name(enum incident_state state);
bool incident_state_parse(struct slice text, enum incident_state *state);
/** "", "false_positive", "true_positive_impact", "true_positive_no_impact", "not_applicable",
 * "legitimate", "unknown". */
const char *incident_disposition_name(enum disposition disposition);
bool incident_disposition_parse(struct slice text, enum disposition *disposition);
/** Neither closed nor merged. */
bool incident_is_open(enum incident_state state);

struct incident {
    int64_t id;       /* given by the store on first put; 0 before */
    int64_t version;  /* optimistic lock: rises with each put */
    int64_t revision; /* what the operations centre sees: rises when something it is told changed */
    const char *key;  /* identity of the story (rule, group, window start): a second put of the same
                         key never makes a second incident; at most RECORD_TEXT_MAX bytes */
    const char *site;
    const char *rule;   /* id or name of the correlation rule that opened it */
    const char *entity; /* the device or host it is about, as shown ("cam-ninh-kieu 10.20.4.12") */
    const char *entity_ip;
    const char *title_en, *title_vi;
    enum severity severity;
    int64_t score; /* 0..100 */
    enum incident_state state;
    enum disposition disposition;
    const char *assignee;
    const char *tlp; /* "clear", "green", "amber", "red" */
    bool personal_data;
    uint64_t first_ns, last_ns;                /* event time of what belongs to it */
    uint64_t opened_ns, updated_ns, closed_ns; /* wall clock */
    int64_t merged_into;
    bool hold;    /* legal hold; only db_incidents_hold changes it */
    bool serious; /* by decree: reported at once; set by a person, with the reason */
    const char *serious_reason, *personal_reason;
    uint64_t serious_ns, personal_ns; /* when that was found */
    uint64_t acked_ns;                /* somebody took it */
    uint64_t contained_ns;            /* it does no more harm */
    uint64_t reported_ns;             /* the report was sent */
    int64_t n_events, n_groups;
    const char *techniques; /* ids with blanks between */
    const char *tactics;
    const char *sensors;
    /* What the page "why" and the score show, built by incident/, "{}" when none:
     * {"reasons":[{"points":12.5,"text":{"en":"","vi":""}}],
     *  "entities":[{"ip":"","name":"","zone":""}],        all involved, the main one first
     *  "stages":[{"time":ns,"last":ns,"count":n,"lane":"it|ot","tactic":"TA0043","technique":"T1595",
     *             "severity":"high","text":{"en":"","vi":""},"src":"ip","dst":"ip","dst_port":n,"group":id}],
     *  "tree":{"kind":"incident|correlation|rule|deviation|event|fact","title":{"en":"","vi":""},"detail":{..},
     *          "code":"rule text or condition","matches":[{"buffer":"","offset":n,"length":n}],
     *          "numbers":[{"name":{"en":"","vi":""},"observed":"","expected":""}],
     *          "group":id,"event":id,"time":"RFC 3339","count":n,"children":[..the same..]}} */
    const char *why_json;
};

/** One line of an incident's history: what happened on the network or what a person did. */
struct incident_entry {
    int64_t id; /* given by the store */
    int64_t incident_id;
    uint64_t ts_ns; /* event time for network entries, wall clock for people's */
    const char
        *kind; /* "stage", "alert", "opened", "state", "assign", "comment", "merge", "split", ... */
    const char *actor; /* user name; "" = the analyzer */
    const char *text_en, *text_vi;
    const char *technique; /* ATT&CK id or "" */
    const char *tactic;
    enum severity severity;
    int64_t group_id;        /* 0 = none */
    int64_t event_id;        /* 0 = none */
    const char *detail_json; /* "{}" when none */
};

/** Evidence: this group or event belongs to that incident. One row per (incident, group, event). */
struct incident_link {
    int64_t incident_id;
    int64_t group_id;  /* 0 = none */
    int64_t event_id;  /* 0 = the group as a whole */
    const char *stage; /* name of the rule or stage it proves */
    uint64_t ts_ns;
    int64_t n; /* events it stands for; added up on a second put */
};

#endif
