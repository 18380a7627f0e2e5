/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record is one event inside the analyzer: what every stage from normalise to push speaks of.
 *
 * All texts are valid UTF-8, bounded (RECORD_TEXT_MAX, cut at a character), terminated and never
 * NULL ("" = not there), but they are the attacker's words: never markup, never a path, never SQL.
 * A record and all it points to live in the arena of its batch (struct batch) and die with it;
 * who keeps something copies it.
 */
#ifndef TRAMGAC_ANALYZER_RECORD_RECORD_H
#define TRAMGAC_ANALYZER_RECORD_RECORD_H

#include "common/addr.h"
#include "common/arena.h"
#include "common/json.h"

enum { RECORD_TEXT_MAX = 512, RECORD_TECHNIQUES_MAX = 8, RECORD_TACTICS_MAX = 8 };

/** One scale for everything a person sees. EVE's alert.severity is 1 high .. 4 info. */
enum severity { SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL };
enum { SEVERITY_LEVELS = 5 };

/** "info", "low", "medium", "high", "critical". */
const char *record_severity_name(enum severity severity);
/** Also Sigma's "informational". */
bool record_severity_parse(struct slice text, enum severity *severity);

/** What kind of event it is, as far as stages care. */
enum record_kind {
    RECORD_ALERT,     /* event_type alert: a rule's or a detector's hit */
    RECORD_DEVIATION, /* event_type deviation: also an alert (alert.source "deviation") */
    RECORD_DEVICE,    /* event_type device: inventory change */
    RECORD_FLOW,
    RECORD_TX,         /* dns, http, mqtt, modbus, fileinfo, anomaly, ... */
    RECORD_VISIBILITY, /* what the sensor cannot see */
    RECORD_STATS,
    RECORD_OTHER,
};

/** Who delivered it: envelope `seq` of (sensor, epoch), line `index` in it. For files `sensor` is
 * "file:<digest>" and `seq` the block number in the file, so that reading twice doubles nothing. */
struct record_id {
    const char *sensor;
    const char *site;
    uint64_t epoch;
    uint64_t seq;
    uint32_t index;
};

struct record_alert {
    int64_t gid, sid, rev;
    const char *signature;
    const char *signature_vi; /* the rule's title_vi; "" when it has none */
    const char *category;
    const char *source; /* "rule", "deviation", "yara", "policy", ... where it came from */
    const char *action; /* "allowed", "blocked" */
    uint8_t confidence; /* 0-100 percent; 50 when nobody says */
    const char *reason_en, *reason_vi; /* sentences; "" when none */
};

/** One end of an event, with what enrichment knows about it. */
struct record_end {
    struct addr addr;
    uint16_t port;
    char addr_text[ADDR_TEXT_MAX];
    const char *mac;
    const char *device; /* stable device id ("" = unknown) */
    const char *name;   /* asset name, else device or DNS name */
    const char *owner_en, *owner_vi;
    const char *zone;
    const char *zone_kind; /* "it", "ot", "iot" */
    const char *role;      /* "hmi", "ntp", ... of site.yaml; the first that fits */
    const char *profile;   /* device profile id */
    uint8_t criticality;   /* 1..5; 0 = not an asset */
    uint8_t level;         /* system level 1..5; 0 = unknown */
    bool internal;         /* in a zone or a private range */
    char country[3];       /* ISO 3166 alpha-2; "" unknown */
    uint32_t asn;
    const char *as_name;
};

/** An indicator of threat intelligence that the event holds. */
struct record_intel {
    const char *value; /* NULL = none */
    const char *source, *kind, *where;
    uint8_t confidence;
};

struct record {
    struct record_id id;
    int64_t
        event_id;   /* row of the store, rising with arrival; set by dedup; 0 = not stored (yet) */
    uint64_t ts_ns; /* event time, corrected for the sensor's clock only if it was impossible */
    uint64_t received_ns;
    enum record_kind kind;
    const char *event_type;
    const char *sensor; /* name of the sensor shown to people (event's own, else envelope's) */
    const char *site;
    struct record_end src, dst;
    const char *proto;     /* "TCP", "UDP", "ICMP", ... */
    const char *app_proto; /* "http", "modbus", ... */
    uint64_t flow_id;
    const char *community_id;
    bool is_alert; /* `alert` and `severity` count: alerts and deviations */
    enum severity severity;
    struct record_alert alert;
    const char *techniques[RECORD_TECHNIQUES_MAX]; /* ATT&CK ids, upper case, distinct */
    const char *tactics[RECORD_TACTICS_MAX];       /* ATT&CK ids "TA0108" */
    uint8_t n_techniques, n_tactics;
    struct record_intel intel;
    const char *technique_words, *tactic_words; /* the same with blanks between */
    const struct json *eve;                     /* the whole event */
    struct slice raw;                           /* its line: valid UTF-8, valid JSON, no newline */
    uint64_t content;                           /* alerts: a hash of all it says but when */
    const struct record *twin; /* the same for all that differ in what passes only; NULL: unknown.
                                * A name, not to be looked into */
    /* Set by dedup (exception_id before the rest): */
    int64_t group_id;  /* alerts: the group it was counted in; a function of the group's key */
    bool group_is_new; /* first alert of that group since the start (or since it was forgotten) */
    int64_t exception_id; /* the exception that hides it; 0 = none */
    bool said_before;     /* not kept, because it says the same as the kept one before it */
    bool opens_group;     /* the store had no such group: this row is found through it */
    bool sampled_out;     /* storm: counted in group and rollups, its row is not kept */
};

/** Value of a field, as Sigma rules and searches see it. */
enum value_kind { VALUE_NONE, VALUE_TEXT, VALUE_NUMBER, VALUE_BOOL, VALUE_LIST };

struct record_value {
    enum value_kind kind;
    struct slice text;       /* VALUE_TEXT; valid as long as the record */
    double number;           /* VALUE_NUMBER; VALUE_BOOL as 0 or 1 */
    const struct json *list; /* VALUE_LIST: array; look at its items with record_value_of */
};

/**
 * Field by dotted path. First our own names: `site`, `sensor`, `severity` (text), `source`,
 * `attack.technique`, `attack.tactic` (several: a text with blanks between; see record_has),
 * `src.*` and `dest.*` with ip port mac device name zone zone_kind role profile criticality level
 * internal country asn owner, and `intel.value`, `intel.source`, `intel.kind`, `intel.where`,
 * `intel.confidence` of an indicator. Then any path of the EVE event ("dns.rrname", "src_ip",
 * "alert.signature_id"); inside arrays "a.0.b" or "a.b" (VALUE_LIST when there are several).
 */
struct record_value record_field(const struct record *r, const char *path);
struct record_value record_value_of(const struct json *v);
/** Members of EVE that twins (record.twin) may differ in, as paths; ended by NULL. */
extern const char *const record_passing[];
/** Whether two twins that go to the same port may differ in the field: in one of these, or in what
 * enrichment says of the time of the event. */
bool record_passes(const char *path);
bool record_has_technique(const struct record *r, const char *technique);

/** The records of one transaction of the store, in order of arrival. */
struct batch {
    struct arena arena;
    struct record *records;
    uint32_t n;
    uint32_t room;
};

enum { BATCH_RECORDS_MAX = 8192 };

void batch_init(struct batch *batch);
/** For at most `room` records. */
void batch_init_for(struct batch *batch, uint32_t room);
void batch_fini(struct batch *batch);
/** Forgets all records, resets the arena. */
void batch_clear(struct batch *batch);
/** A zeroed record whose texts are ""; NULL when there is no room. */
struct record *batch_add(struct batch *batch);
/** A copy of a record of the same lifetime; NULL when there is no room. */
struct record *batch_add_like(struct batch *batch, const struct record *like);
/** Takes the last one back: it was not wanted. */
void batch_drop_last(struct batch *batch);

/** Writes technique_words and tactic_words from the lists. */
void batch_words(struct batch *batch, struct record *r);

/** Bounded copy in the batch's arena, cut to RECORD_TEXT_MAX at a character; never NULL. */
const char *batch_text(struct batch *batch, struct slice text);
/** The same of a value whose tree lives as long as the batch: a text that is short enough is not
 * copied. */
const char *batch_value(struct batch *batch, const struct json *value);

#endif
