/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one incident is made of: entities (own hosts it is about) and facts (hits of correlation
 * rules, the stages that proved them, groups of alerts). Pure: no store, no clock.
 * Bounded: beyond STORY_FACTS_MAX facts only known ones are counted on.
 */
#ifndef TRAMGAC_ANALYZER_INCIDENT_STORY_H
#define TRAMGAC_ANALYZER_INCIDENT_STORY_H

#include "analyzer/correlate/correlate.h"
#include "analyzer/record/incident.h"
#include "analyzer/store/db_groups.h"

enum {
    STORY_FACTS_MAX = 400,
    STORY_ENTITIES_MAX = 64,
    STORY_CHILDREN_MAX = 24,
    STORY_SENSORS_MAX = 16,
    STORY_PROOFS_MAX = 256,
    FACT_SEEN_MAX = 16,
    STORY_IDS_MAX = 48, /* distinct techniques or tactics */
    STORY_APART_MAX = 16,
};

enum fact_kind {
    FACT_HIT,   /* a correlation rule fired; its children are the stages */
    FACT_STAGE, /* a rule that a hit rests on */
    FACT_ALERT, /* a group of alerts or deviations */
};

enum fact_text {
    FACT_RULE, /* name or id of the rule; of alerts "gid:sid" */
    FACT_TITLE_EN,
    FACT_TITLE_VI,
    FACT_DETAIL_EN, /* description of the rule, reason of a deviation */
    FACT_DETAIL_VI,
    FACT_CODE, /* condition as written */
    FACT_SOURCE,
    FACT_PROOF, /* JSON object, see EVIDENCE_PROOF */
    FACT_TECHNIQUES,
    FACT_TACTICS,
    FACT_SRC_IP,
    FACT_SRC_NAME,
    FACT_DST_IP,
    FACT_DST_NAME,
    FACT_TEXTS,
};

struct fact {
    enum fact_kind kind;
    const char *key; /* the same thing again has the same key */
    enum severity severity;
    uint64_t first_ns, last_ns;
    int64_t n;
    int64_t group_id, event_id, last_event_id;
    uint16_t dst_port;
    bool ot;
    bool sums;    /* a hit that says that there is enough, not of what */
    double value; /* of a hit: what was held against the limits */
    const char *text[FACT_TEXTS];
    uint32_t children[STORY_CHILDREN_MAX];
    uint32_t n_children;
    int64_t seen[FACT_SEEN_MAX]; /* newest events that were counted, of stages */
    uint32_t n_seen;
    bool fresh;        /* not yet in the history */
    bool filled;       /* of a fresh one: what came before this batch is counted */
    int64_t n_unsaved; /* events not yet linked */
};

struct story_entity {
    const char *ip, *name, *device;
    uint8_t criticality;
    bool ot;
};

/** An event that proved something and is not yet linked in the store. */
struct story_proof {
    int64_t event_id;
    uint64_t ts_ns;
    uint32_t fact;
};

struct story {
    struct arena arena;
    int64_t id; /* of the store; 0 before it is written */
    const char *key, *site, *rule;
    uint64_t first_ns, last_ns;
    struct story_entity entities[STORY_ENTITIES_MAX];
    uint32_t n_entities;
    struct fact *facts;
    uint32_t n_facts;
    const char *sensors[STORY_SENSORS_MAX];
    uint32_t n_sensors;
    struct story_proof proofs[STORY_PROOFS_MAX];
    uint32_t n_proofs;
    int64_t apart[STORY_APART_MAX]; /* incidents that people split off: never joined again */
    uint32_t n_apart;
    enum severity told_severity; /* as last written: another value was set by a person */
    const char *told_title;
    bool dirty;    /* something changed */
    bool material; /* something that operations centres are told changed */
    bool gone;     /* closed or merged: not to be extended any more */
    /* Of the book: numbers of batches. */
    uint64_t touched;   /* touched last in */
    uint64_t checked;   /* seen to be open in */
    uint32_t n_indexed; /* entities that are in the index */
    uint32_t n_filled;  /* entities whose older alerts were fetched */
};

struct story *story_new(const char *key, const char *site, const char *rule);
void story_free(struct story **story);

/** Own hosts that a hit or an alert is about: inside own networks; both ends when neither is. Texts
 * are borrowed. Returns how many (at most STORY_ENTITIES_MAX). */
uint32_t story_entities_of_hit(const struct corr_hit *hit, struct story_entity *out);
uint32_t story_entities_of_record(const struct record *r, struct story_entity *out);
/** True when it is new (copied). */
bool story_add_entity(struct story *story, const struct story_entity *entity);
/** A text that lives as long as the story. */
const char *story_keep(struct story *story, const char *text);

void story_add_hit(struct story *story, const struct corr_hit *hit);
/** An alert or deviation that touches an entity. */
void story_add_record(struct story *story, const struct record *r);
/** A group as it stood before this batch, of a host that is new in the story; alerts of the batch
 * may have been added already. What is older than `from_ns` does not make the story longer. */
void story_add_group(struct story *story, const struct group_row *row, uint64_t from_ns);
/** A fact as another story has it, without its children; counts of a known one add up. */
void story_add_fact(struct story *story, const struct fact *fact);
/** Everything of `from` becomes part of `into`. */
void story_join(struct story *into, const struct story *from);

/** The fact that names the story: the highest, of equals the one with most stages; NULL when it has
 * none. The same for the same facts, in whatever order they came. */
const struct fact *story_head(const struct story *story);

/** The fact whose title is the story's: the head, or where that only says that there is enough, the
 * worst alert. */
const struct fact *story_title(const struct story *story);
/** The host it is most about: in most facts, then the most critical; NULL when it has none. */
const struct story_entity *story_main_entity(const struct story *story);
/** Distinct ids of techniques or tactics with blanks between, in order of first fact. */
void story_ids(const struct story *story, enum fact_text which, struct strbuf *out);

/** Where the incident's story is kept in the store. */
void story_checkpoint(int64_t id, char name[48]);
/** As one JSON object, and back. */
void story_write(const struct story *story, struct strbuf *out);
enum err story_read(struct slice bytes, struct story **story);

#endif
