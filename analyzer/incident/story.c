/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts and entities of an incident. Adding is idempotent in kind: the same rule with the same
 * values, or the same group of alerts, is one fact that counts.
 */
#include "analyzer/incident/story.h"
#include "analyzer/record/title.h"
#include "common/check.h"
#include "common/jsonw.h"

#include <stdio.h>
#include <stdlib.h>

enum { STORY_BLOCK = 4096, STORY_ARENA_MAX = 8 << 20, KEY_TEXT = 640 };

const char *story_keep(struct story *story, const char *text)
{
    const char *copy = *text ? arena_str(&story->arena, slice_of_str(text)) : "";
    return copy ? copy : "";
}

struct story *story_new(const char *key, const char *site, const char *rule)
{
    struct story *story = calloc(1, sizeof(*story));

    CHECK(story);
    arena_init(&story->arena, STORY_BLOCK, STORY_ARENA_MAX);
    story->facts = calloc(STORY_FACTS_MAX, sizeof(*story->facts));
    CHECK(story->facts);
    story->key = story_keep(story, key);
    story->site = story_keep(story, site);
    story->rule = story_keep(story, rule);
    story->told_title = "";
    return story;
}

void story_free(struct story **story)
{
    if (*story) {
        arena_fini(&(*story)->arena);
        free((*story)->facts);
        free(*story);
    }
    *story = NULL;
}

/* ---- entities ---- */

static bool is_address(const char *text, bool *internal)
{
    struct addr addr;
    bool good = addr_parse(slice_of_str(text), &addr);

    *internal = good && addr_is_private(&addr);
    return good;
}

static uint32_t add_unique(struct story_entity *out, uint32_t n, struct story_entity e)
{
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(out[i].ip, e.ip) == 0 && (*e.ip || strcmp(out[i].device, e.device) == 0))
            return n;
    }
    if (n == STORY_ENTITIES_MAX || (!*e.ip && !*e.device))
        return n;
    out[n] = e;
    return n + 1;
}

static struct story_entity source_of(const struct evidence *e)
{
    return (struct story_entity){e->text[EVIDENCE_SRC_IP], e->text[EVIDENCE_SRC_NAME],
                                 e->text[EVIDENCE_SRC_DEVICE], e->src_criticality, e->src_ot};
}

static struct story_entity target_of(const struct evidence *e)
{
    return (struct story_entity){e->text[EVIDENCE_DST_IP], e->text[EVIDENCE_DST_NAME],
                                 e->text[EVIDENCE_DST_DEVICE], e->dst_criticality, e->dst_ot};
}

/* What is known about an address of a group-by: as an end of one of the proofs. */
static bool describe(const struct corr_hit *hit, const char *ip, struct story_entity *out)
{
    for (uint32_t i = 0; i < hit->n_proofs; i++) {
        const struct evidence *e = hit->proofs[i].evidence;
        if (strcmp(e->text[EVIDENCE_SRC_IP], ip) == 0 ||
            strcmp(e->text[EVIDENCE_SRC_DEVICE], ip) == 0) {
            *out = source_of(e);
            return e->src_internal;
        }
        if (strcmp(e->text[EVIDENCE_DST_IP], ip) == 0 ||
            strcmp(e->text[EVIDENCE_DST_DEVICE], ip) == 0) {
            *out = target_of(e);
            return e->dst_internal;
        }
    }
    *out = (struct story_entity){.ip = ip, .name = "", .device = ""};
    bool internal;
    is_address(ip, &internal);
    return internal;
}

/* Ends of a proof that are inside; `all`: both ends whatever they are. */
static uint32_t add_ends(const struct evidence *e, bool all, struct story_entity *out, uint32_t n)
{
    if (all || e->src_internal)
        n = add_unique(out, n, source_of(e));
    if (all || e->dst_internal)
        n = add_unique(out, n, target_of(e));
    return n;
}

uint32_t story_entities_of_hit(const struct corr_hit *hit, struct story_entity *out)
{
    const struct sigma_correlation *c = hit->rule->correlation;
    const struct evidence *last = hit->proofs[hit->n_proofs - 1].evidence;
    uint32_t n = 0;

    for (uint32_t g = 0; g < hit->n_groups; g++) {
        struct story_entity e;
        if (describe(hit, hit->group_values[g], &e))
            n = add_unique(out, n, e);
    }
    /* Stages of an attack: each of their targets is part of it. Of a count, only what it is by. */
    for (uint32_t i = 0; c && c->def->stages && i < hit->n_proofs; i++)
        n = add_ends(hit->proofs[i].evidence, false, out, n);
    /* A count about a stranger is about him, not about whom its last event happened to meet. */
    bool internal;
    for (uint32_t g = 0; n == 0 && c && !c->def->stages && g < hit->n_groups; g++) {
        struct story_entity e;
        if (is_address(hit->group_values[g], &internal)) {
            (void)describe(hit, hit->group_values[g], &e);
            n = add_unique(out, n, e);
        }
    }
    if (n == 0)
        n = add_ends(last, false, out, n);
    return n ? n : add_ends(last, true, out, n);
}

static struct story_entity entity_of_end(const struct record_end *end)
{
    return (struct story_entity){end->addr_text, end->name, end->device, end->criticality,
                                 strcmp(end->zone_kind, "ot") == 0};
}

uint32_t story_entities_of_record(const struct record *r, struct story_entity *out)
{
    uint32_t n = 0;

    if (r->src.internal)
        n = add_unique(out, n, entity_of_end(&r->src));
    if (r->dst.internal)
        n = add_unique(out, n, entity_of_end(&r->dst));
    if (n == 0) {
        n = add_unique(out, n, entity_of_end(&r->src));
        n = add_unique(out, n, entity_of_end(&r->dst));
    }
    return n;
}

bool story_add_entity(struct story *story, const struct story_entity *entity)
{
    uint32_t n = add_unique(story->entities, story->n_entities, *entity);

    if (n == story->n_entities)
        return false;
    struct story_entity *e = &story->entities[story->n_entities++];
    e->ip = story_keep(story, entity->ip);
    e->name = story_keep(story, entity->name);
    e->device = story_keep(story, entity->device);
    story->dirty = true;
    return true;
}

/* ---- facts ---- */

static struct fact *fact_find(struct story *story, const char *key)
{
    for (uint32_t i = 0; i < story->n_facts; i++) {
        if (strcmp(story->facts[i].key, key) == 0)
            return &story->facts[i];
    }
    return NULL;
}

static void widen(struct story *story, struct fact *fact, uint64_t first_ns, uint64_t last_ns)
{
    if (!fact->first_ns || first_ns < fact->first_ns)
        fact->first_ns = first_ns;
    fact->last_ns = last_ns > fact->last_ns ? last_ns : fact->last_ns;
    if (!story->first_ns || first_ns < story->first_ns)
        story->first_ns = first_ns;
    story->last_ns = last_ns > story->last_ns ? last_ns : story->last_ns;
}

/* The fact of that key, made from `like` when it is new; NULL when the story is full. */
static struct fact *fact_take(struct story *story, const char *key, const struct fact *like)
{
    struct fact *fact = fact_find(story, key);

    story->dirty = true;
    if (fact || story->n_facts == STORY_FACTS_MAX)
        return fact;
    fact = &story->facts[story->n_facts++];
    *fact = *like;
    fact->key = story_keep(story, key);
    for (uint32_t i = 0; i < FACT_TEXTS; i++)
        fact->text[i] = story_keep(story, like->text[i] ? like->text[i] : "");
    fact->n = fact->n_unsaved = 0;
    fact->first_ns = fact->last_ns = 0;
    fact->n_children = 0;
    fact->n_seen = 0;
    fact->filled = false;
    fact->fresh = true;
    return fact;
}

static void count(struct fact *fact, int64_t n, int64_t event_id)
{
    fact->n += n;
    fact->n_unsaved += n;
    if (!fact->event_id)
        fact->event_id = event_id;
    if (event_id > fact->last_event_id)
        fact->last_event_id = event_id;
}

static void add_sensor(struct story *story, const char *sensor)
{
    for (uint32_t i = 0; i < story->n_sensors; i++) {
        if (strcmp(story->sensors[i], sensor) == 0)
            return;
    }
    if (*sensor && story->n_sensors < STORY_SENSORS_MAX)
        story->sensors[story->n_sensors++] = story_keep(story, sensor);
}

/* Ids of a rule with blanks between: techniques "T....", tactics "TA....". */
static const char *ids_of(const struct sigma_rule *rule, bool tactics, char *room, size_t size)
{
    size_t used = 0;

    room[0] = '\0';
    for (uint32_t i = 0; i < rule->n_attack && used + 16 < size; i++) {
        if ((rule->attack[i][1] == 'A') == tactics)
            used += (size_t)snprintf(room + used, size - used, "%s%s", used ? " " : "",
                                     rule->attack[i]);
    }
    return room;
}

static const char *either(const char *a, const char *b)
{
    return a && *a ? a : b;
}

static void describe_rule(const struct sigma_rule *rule, struct fact *like)
{
    like->text[FACT_RULE] = either(rule->name, rule->id);
    like->text[FACT_TITLE_EN] = rule->title;
    like->text[FACT_TITLE_VI] = rule->title_vi;
    like->text[FACT_DETAIL_EN] = rule->description;
    like->text[FACT_DETAIL_VI] = either(rule->description_vi, rule->description);
    like->text[FACT_CODE] = rule->condition;
}

static void describe_ends(const struct evidence *e, struct fact *like)
{
    like->text[FACT_SRC_IP] = e->text[EVIDENCE_SRC_IP];
    like->text[FACT_SRC_NAME] = e->text[EVIDENCE_SRC_NAME];
    like->text[FACT_DST_IP] = e->text[EVIDENCE_DST_IP];
    like->text[FACT_DST_NAME] = e->text[EVIDENCE_DST_NAME];
    like->text[FACT_SOURCE] = e->text[EVIDENCE_SOURCE];
    like->text[FACT_PROOF] = e->text[EVIDENCE_PROOF];
    like->dst_port = e->dst_port;
}

/* Also remembers it. */
static bool was_seen(struct fact *fact, int64_t event_id)
{
    uint32_t kept = fact->n_seen < FACT_SEEN_MAX ? fact->n_seen : FACT_SEEN_MAX;

    for (uint32_t i = 0; i < kept; i++) {
        if (event_id && fact->seen[i] == event_id)
            return true;
    }
    fact->seen[fact->n_seen++ % FACT_SEEN_MAX] = event_id;
    return false;
}

/* One proof of a hit; of a count all of them are one stage. Returns its place, or UINT32_MAX. */
static uint32_t add_stage(struct story *story, const struct corr_hit *hit,
                          const struct corr_proof *proof, int64_t n)
{
    const struct evidence *e = proof->evidence;
    char techniques[EVIDENCE_TEXT_MAX];
    char tactics[EVIDENCE_TEXT_MAX];
    char key[KEY_TEXT];
    char title[TITLE_MAX];
    bool one = hit->rule->correlation && !hit->rule->correlation->def->stages;
    struct fact like = {.kind = FACT_STAGE,
                        .severity = proof->rule->level,
                        .group_id = e->group_id,
                        .ot = e->src_ot || e->dst_ot};

    describe_rule(proof->rule, &like);
    describe_ends(e, &like);
    like.text[FACT_TECHNIQUES] = either(ids_of(proof->rule, false, techniques, sizeof(techniques)),
                                        e->text[EVIDENCE_TECHNIQUES]);
    like.text[FACT_TACTICS] =
        either(ids_of(proof->rule, true, tactics, sizeof(tactics)), e->text[EVIDENCE_TACTICS]);
    /* A rule without words of its own for both languages lets the alert speak. */
    if (proof->rule->title_vi == proof->rule->title && *e->text[EVIDENCE_SIGNATURE]) {
        like.text[FACT_TITLE_EN] = e->text[EVIDENCE_SIGNATURE];
        like.text[FACT_TITLE_VI] =
            either(e->text[EVIDENCE_SIGNATURE_VI], e->text[EVIDENCE_SIGNATURE]);
    }
    if (*e->text[EVIDENCE_REASON_EN]) {
        like.text[FACT_DETAIL_EN] = e->text[EVIDENCE_REASON_EN];
        like.text[FACT_DETAIL_VI] =
            either(e->text[EVIDENCE_REASON_VI], e->text[EVIDENCE_REASON_EN]);
    }
    snprintf(key, sizeof(key), "s:%.160s|%lld|%s|%s", like.text[FACT_TITLE_EN], (long long)e->sid,
             e->text[EVIDENCE_SRC_IP], one && hit->n_groups < 2 ? "" : e->text[EVIDENCE_DST_IP]);
    title_pair(like.text[FACT_TITLE_EN], like.text[FACT_TITLE_VI], title,
               like.text + FACT_TITLE_EN);
    struct fact *fact = fact_take(story, key, &like);
    if (!fact)
        return UINT32_MAX;
    story->material = story->material || fact->fresh;
    widen(story, fact, e->ts_ns, e->ts_ns);
    if (!was_seen(fact, e->event_id)) /* it may have proved another hit before */
        count(fact, n, e->event_id);
    add_sensor(story, e->text[EVIDENCE_SENSOR]);
    uint32_t at = (uint32_t)(fact - story->facts);
    if (e->event_id && story->n_proofs < STORY_PROOFS_MAX)
        story->proofs[story->n_proofs++] = (struct story_proof){e->event_id, e->ts_ns, at};
    return at;
}

static void add_child(struct fact *fact, uint32_t child)
{
    for (uint32_t i = 0; i < fact->n_children; i++) {
        if (fact->children[i] == child)
            return;
    }
    if (child != UINT32_MAX && fact->n_children < STORY_CHILDREN_MAX)
        fact->children[fact->n_children++] = child;
}

static void hit_key(const struct corr_hit *hit, char key[KEY_TEXT])
{
    int n = snprintf(key, KEY_TEXT, "h:%.160s", hit->rule->title);

    for (uint32_t g = 0; g < hit->n_groups && n > 0 && n < KEY_TEXT; g++)
        n += snprintf(key + n, (size_t)(KEY_TEXT - n), "|%.120s", hit->group_values[g]);
}

void story_add_hit(struct story *story, const struct corr_hit *hit)
{
    const struct evidence *last = hit->proofs[hit->n_proofs - 1].evidence;
    char techniques[EVIDENCE_TEXT_MAX];
    char tactics[EVIDENCE_TEXT_MAX];
    char key[KEY_TEXT];
    struct fact like = {.kind = FACT_HIT,
                        .severity = hit->rule->level,
                        .value = hit->value,
                        .ot = last->src_ot || last->dst_ot};
    bool counted = hit->rule->correlation && !hit->rule->correlation->def->stages;

    like.sums = hit->rule->correlation && hit->rule->correlation->def->sums;
    describe_rule(hit->rule, &like);
    describe_ends(last, &like);
    like.text[FACT_SOURCE] = "correlation";
    like.text[FACT_PROOF] = "";
    like.text[FACT_TECHNIQUES] = ids_of(hit->rule, false, techniques, sizeof(techniques));
    like.text[FACT_TACTICS] = ids_of(hit->rule, true, tactics, sizeof(tactics));
    hit_key(hit, key);
    struct fact *fact = fact_take(story, key, &like);
    for (uint32_t i = 0; i < hit->n_proofs; i++) {
        /* The events of a window that has no room among the proofs count for the last stage. */
        int64_t n = counted && i + 1 == hit->n_proofs ? (int64_t)(hit->n - hit->n_proofs + 1) : 1;
        uint32_t child = add_stage(story, hit, &hit->proofs[i], n);
        if (fact)
            add_child(fact, child);
    }
    if (!fact)
        return;
    story->material = story->material || fact->fresh;
    fact->value = hit->value;
    widen(story, fact, hit->first_ns, hit->ts_ns);
    fact->n++;
}

void story_add_record(struct story *story, const struct record *r)
{
    struct fact like = {.kind = FACT_ALERT, .severity = r->severity, .group_id = r->group_id};
    char key[KEY_TEXT];
    char rule[48], title[TITLE_MAX];
    struct evidence *e = evidence_new(r, NULL, 0);

    CHECK(e);
    snprintf(rule, sizeof(rule), "%lld:%lld", (long long)e->gid, (long long)e->sid);
    snprintf(key, sizeof(key), "a:%lld", (long long)r->group_id);
    describe_ends(e, &like);
    like.ot = e->src_ot || e->dst_ot;
    like.text[FACT_RULE] = rule;
    title_pair(e->text[EVIDENCE_SIGNATURE], e->text[EVIDENCE_SIGNATURE_VI], title,
               like.text + FACT_TITLE_EN);
    like.text[FACT_DETAIL_EN] = e->text[EVIDENCE_REASON_EN];
    like.text[FACT_DETAIL_VI] = either(e->text[EVIDENCE_REASON_VI], e->text[EVIDENCE_REASON_EN]);
    like.text[FACT_TECHNIQUES] = e->text[EVIDENCE_TECHNIQUES];
    if (!*e->text[EVIDENCE_TECHNIQUES]) /* else they follow from it, as they do for a group */
        like.text[FACT_TACTICS] = e->text[EVIDENCE_TACTICS];
    struct fact *fact = fact_take(story, key, &like);
    if (fact) {
        widen(story, fact, r->ts_ns, r->ts_ns);
        count(fact, 1, r->event_id);
        fact->severity = r->severity > fact->severity ? r->severity : fact->severity;
    }
    add_sensor(story, r->sensor);
    evidence_drop(&e);
}

void story_add_group(struct story *story, const struct group_row *row, uint64_t from_ns)
{
    struct fact like = {.kind = FACT_ALERT,
                        .severity = row->severity,
                        .group_id = row->id,
                        .dst_port = (uint16_t)row->dst_port};
    char key[KEY_TEXT];
    char rule[48], title[TITLE_MAX];

    snprintf(rule, sizeof(rule), "%lld:%lld", (long long)row->gid, (long long)row->sid);
    snprintf(key, sizeof(key), "a:%lld", (long long)row->id);
    struct fact *known = fact_find(story, key);
    if (known && (!known->fresh || known->filled))
        return; /* counted before, or all of it as its alerts came */
    like.text[FACT_RULE] = rule;
    title_pair(row->signature, row->signature_vi, title, like.text + FACT_TITLE_EN);
    like.text[FACT_DETAIL_EN] = row->reason_en;
    like.text[FACT_DETAIL_VI] = either(row->reason_vi, row->reason_en);
    like.text[FACT_SOURCE] = row->source;
    like.text[FACT_TECHNIQUES] = row->techniques;
    like.text[FACT_SRC_IP] = row->src_ip;
    like.text[FACT_SRC_NAME] = row->src_name;
    like.text[FACT_DST_IP] = row->dst_ip;
    like.text[FACT_DST_NAME] = row->dst_name;
    struct fact *fact = fact_take(story, key, &like);
    if (!fact)
        return;
    fact->filled = true;
    widen(story, fact, row->first_ns > from_ns ? row->first_ns : from_ns, row->last_ns);
    count(fact, row->n, row->last_event_id);
    add_sensor(story, row->sensor);
}

/* Counts of one fact that both stories have: alerts touched both, hits belong to one. */
static void join_fact(struct story *into, struct fact *fact, const struct fact *old)
{
    bool twice = fact->kind == FACT_ALERT && !fact->fresh;

    widen(into, fact, old->first_ns, old->last_ns);
    fact->n = twice ? (fact->n > old->n ? fact->n : old->n) : fact->n + old->n;
    fact->n_unsaved += old->n_unsaved;
    fact->fresh = fact->fresh && old->fresh;
    fact->filled = fact->filled || old->filled;
}

void story_add_fact(struct story *story, const struct fact *fact)
{
    struct fact *mine = fact_take(story, fact->key, fact);

    if (mine) {
        join_fact(story, mine, fact);
        mine->last_event_id = fact->last_event_id;
    }
}

void story_join(struct story *into, const struct story *from)
{
    struct fact *moved[STORY_FACTS_MAX];

    for (uint32_t i = 0; i < from->n_facts; i++) {
        moved[i] = fact_take(into, from->facts[i].key, &from->facts[i]);
        if (moved[i])
            join_fact(into, moved[i], &from->facts[i]);
    }
    for (uint32_t i = 0; i < from->n_facts; i++) {
        for (uint32_t k = 0; moved[i] && k < from->facts[i].n_children; k++) {
            const struct fact *child = moved[from->facts[i].children[k]];
            add_child(moved[i], child ? (uint32_t)(child - into->facts) : UINT32_MAX);
        }
    }
    for (uint32_t i = 0; i < from->n_proofs && into->n_proofs < STORY_PROOFS_MAX; i++) {
        const struct fact *fact = moved[from->proofs[i].fact];
        if (fact)
            into->proofs[into->n_proofs++] = (struct story_proof){
                from->proofs[i].event_id, from->proofs[i].ts_ns, (uint32_t)(fact - into->facts)};
    }
    for (uint32_t i = 0; i < from->n_entities; i++)
        story_add_entity(into, &from->entities[i]);
    for (uint32_t i = 0; i < from->n_sensors; i++)
        add_sensor(into, from->sensors[i]);
    for (uint32_t i = 0; i < from->n_apart && into->n_apart < STORY_APART_MAX; i++)
        into->apart[into->n_apart++] = from->apart[i];
    into->dirty = true;
    into->material = true;
}

/* ---- what it adds up to ---- */

static bool ranks_above(const struct fact *a, const struct fact *b)
{
    if ((a->kind == FACT_HIT) != (b->kind == FACT_HIT))
        return a->kind == FACT_HIT;
    if (a->severity != b->severity)
        return a->severity > b->severity;
    if (a->sums != b->sums)
        return b->sums;
    if (a->n_children != b->n_children)
        return a->n_children > b->n_children;
    return strcmp(a->key, b->key) < 0;
}

const struct fact *story_head(const struct story *story)
{
    const struct fact *head = NULL;

    for (uint32_t i = 0; i < story->n_facts; i++) {
        const struct fact *f = &story->facts[i];
        if (f->kind != FACT_STAGE && (!head || ranks_above(f, head)))
            head = f;
    }
    return head;
}

const struct fact *story_title(const struct story *story)
{
    const struct fact *head = story_head(story);
    const struct fact *worst = NULL;

    if (!head || !head->sums)
        return head;
    for (uint32_t i = 0; i < story->n_facts; i++) {
        const struct fact *f = &story->facts[i];
        if (f->kind == FACT_ALERT && (!worst || ranks_above(f, worst)))
            worst = f;
    }
    return worst ? worst : head;
}

static uint32_t facts_about(const struct story *story, const struct story_entity *e)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < story->n_facts; i++) {
        const struct fact *f = &story->facts[i];
        n += strcmp(f->text[FACT_SRC_IP], e->ip) == 0 || strcmp(f->text[FACT_DST_IP], e->ip) == 0;
    }
    return n;
}

const struct story_entity *story_main_entity(const struct story *story)
{
    const struct story_entity *most = NULL;
    uint32_t most_facts = 0;

    for (uint32_t i = 0; i < story->n_entities; i++) {
        const struct story_entity *e = &story->entities[i];
        uint32_t n = facts_about(story, e);
        bool better = !most || n > most_facts ||
                      (n == most_facts &&
                       (e->criticality > most->criticality ||
                        (e->criticality == most->criticality && strcmp(e->ip, most->ip) < 0)));
        most = better ? e : most;
        most_facts = better ? n : most_facts;
    }
    return most;
}

void story_ids(const struct story *story, enum fact_text which, struct strbuf *out)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < story->n_facts && n < STORY_IDS_MAX; i++) {
        struct slice left = slice_of_str(story->facts[i].text[which]);
        while (n < STORY_IDS_MAX) {
            struct slice one = slice_word(&left);
            if (!one.len)
                break;
            if (slice_has_word(strbuf_view(out), one))
                continue;
            if (out->len)
                strbuf_char(out, ' ');
            strbuf_slice(out, one);
            n++;
        }
    }
}

/* ---- as text ---- */

static void time_out(struct jsonw *w, const char *key, uint64_t ts_ns)
{
    char text[24]; /* numbers of JSON do not hold nanoseconds */
    snprintf(text, sizeof(text), "%llu", (unsigned long long)ts_ns);
    jsonw_str(w, key, text);
}

static void fact_out(struct jsonw *w, const struct fact *f)
{
    char group[24];

    snprintf(group, sizeof(group), "%lld", (long long)f->group_id);
    jsonw_obj_open(w, NULL);
    jsonw_u64(w, "kind", f->kind);
    jsonw_str(w, "key", f->key);
    jsonw_u64(w, "severity", f->severity);
    time_out(w, "first", f->first_ns);
    time_out(w, "last", f->last_ns);
    jsonw_i64(w, "n", f->n);
    jsonw_str(w, "group", group);
    jsonw_i64(w, "event", f->event_id);
    jsonw_i64(w, "last_event", f->last_event_id);
    jsonw_u64(w, "port", f->dst_port);
    jsonw_bool(w, "ot", f->ot);
    jsonw_bool(w, "sums", f->sums);
    jsonw_num(w, "value", f->value);
    jsonw_arr_open(w, "text");
    for (uint32_t i = 0; i < FACT_TEXTS; i++)
        jsonw_str(w, NULL, f->text[i]);
    jsonw_arr_close(w);
    jsonw_arr_open(w, "children");
    for (uint32_t i = 0; i < f->n_children; i++)
        jsonw_u64(w, NULL, f->children[i]);
    jsonw_arr_close(w);
    jsonw_arr_open(w, "seen");
    for (uint32_t i = 0; i < f->n_seen && i < FACT_SEEN_MAX; i++)
        jsonw_i64(w, NULL, f->seen[i]);
    jsonw_arr_close(w);
    jsonw_obj_close(w);
}

static void head_out(struct jsonw *w, const struct story *story)
{
    jsonw_i64(w, "id", story->id);
    jsonw_str(w, "key", story->key);
    jsonw_str(w, "site", story->site);
    jsonw_str(w, "rule", story->rule);
    time_out(w, "first", story->first_ns);
    time_out(w, "last", story->last_ns);
    jsonw_u64(w, "told_severity", story->told_severity);
    jsonw_str(w, "told_title", story->told_title);
}

void story_checkpoint(int64_t id, char name[48])
{
    snprintf(name, 48, "incident/%012lld", (long long)id);
}

void story_write(const struct story *story, struct strbuf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_obj_open(&w, NULL);
    head_out(&w, story);
    jsonw_arr_open(&w, "entities");
    for (uint32_t i = 0; i < story->n_entities; i++) {
        const struct story_entity *e = &story->entities[i];
        jsonw_obj_open(&w, NULL);
        jsonw_str(&w, "ip", e->ip);
        jsonw_str(&w, "name", e->name);
        jsonw_str(&w, "device", e->device);
        jsonw_u64(&w, "criticality", e->criticality);
        jsonw_bool(&w, "ot", e->ot);
        jsonw_obj_close(&w);
    }
    jsonw_arr_close(&w);
    jsonw_arr_open(&w, "sensors");
    for (uint32_t i = 0; i < story->n_sensors; i++)
        jsonw_str(&w, NULL, story->sensors[i]);
    jsonw_arr_close(&w);
    jsonw_arr_open(&w, "apart");
    for (uint32_t i = 0; i < story->n_apart; i++)
        jsonw_i64(&w, NULL, story->apart[i]);
    jsonw_arr_close(&w);
    jsonw_arr_open(&w, "facts");
    for (uint32_t i = 0; i < story->n_facts; i++)
        fact_out(&w, &story->facts[i]);
    jsonw_arr_close(&w);
    jsonw_obj_close(&w);
}

static uint64_t time_in(const struct json *v, const char *key)
{
    return strtoull(json_str(json_get(v, key), "0"), NULL, 10);
}

static enum severity severity_in(const struct json *v, const char *key)
{
    int64_t n = json_i64(json_get(v, key), 0);
    return n > 0 && n < SEVERITY_LEVELS ? (enum severity)n : SEVERITY_INFO;
}

static void fact_in(struct story *story, const struct json *v)
{
    struct fact like = {0};
    uint32_t i = 0;
    int64_t kind = json_i64(json_get(v, "kind"), FACT_ALERT);

    for (const struct json *c = json_first(json_get(v, "text")); c && i < FACT_TEXTS;
         c = json_next(c))
        like.text[i++] = json_str(c, "");
    like.kind = kind == FACT_HIT || kind == FACT_STAGE ? (enum fact_kind)kind : FACT_ALERT;
    like.severity = severity_in(v, "severity");
    like.group_id = strtoll(json_str(json_get(v, "group"), "0"), NULL, 10);
    like.event_id = json_i64(json_get(v, "event"), 0);
    like.last_event_id = json_i64(json_get(v, "last_event"), 0);
    like.dst_port = (uint16_t)json_i64(json_get(v, "port"), 0);
    like.ot = json_bool(json_get(v, "ot"), false);
    like.sums = json_bool(json_get(v, "sums"), false);
    like.value = json_num(json_get(v, "value"), 0);
    struct fact *f = fact_take(story, json_str(json_get(v, "key"), ""), &like);
    if (!f)
        return;
    widen(story, f, time_in(v, "first"), time_in(v, "last"));
    f->n = json_i64(json_get(v, "n"), 0);
    f->fresh = false;
    for (const struct json *c = json_first(json_get(v, "seen")); c; c = json_next(c))
        (void)was_seen(f, json_i64(c, 0));
    for (const struct json *c = json_first(json_get(v, "children")); c; c = json_next(c)) {
        int64_t child = json_i64(c, -1);
        if (child >= 0 && child < STORY_FACTS_MAX)
            add_child(f, (uint32_t)child);
    }
}

static void entity_in(struct story *story, const struct json *v)
{
    struct story_entity e = {
        .ip = json_str(json_get(v, "ip"), ""),
        .name = json_str(json_get(v, "name"), ""),
        .device = json_str(json_get(v, "device"), ""),
        .criticality = (uint8_t)json_i64(json_get(v, "criticality"), 0),
        .ot = json_bool(json_get(v, "ot"), false),
    };
    story_add_entity(story, &e);
}

/* A child that is not there (the text was cut) must not be followed. */
static void check_children(struct story *story)
{
    for (uint32_t i = 0; i < story->n_facts; i++) {
        struct fact *f = &story->facts[i];
        uint32_t kept = 0;
        for (uint32_t k = 0; k < f->n_children; k++) {
            if (f->children[k] < story->n_facts)
                f->children[kept++] = f->children[k];
        }
        f->n_children = kept;
    }
}

enum err story_read(struct slice bytes, struct story **out)
{
    struct json *v = NULL;

    *out = NULL;
    enum err err = json_parse(bytes, &v, NULL);
    if (err)
        return err;
    struct story *story =
        story_new(json_str(json_get(v, "key"), ""), json_str(json_get(v, "site"), ""),
                  json_str(json_get(v, "rule"), ""));
    story->id = json_i64(json_get(v, "id"), 0);
    for (const struct json *c = json_first(json_get(v, "facts")); c; c = json_next(c))
        fact_in(story, c);
    for (const struct json *c = json_first(json_get(v, "entities")); c; c = json_next(c))
        entity_in(story, c);
    for (const struct json *c = json_first(json_get(v, "sensors")); c; c = json_next(c))
        add_sensor(story, json_str(c, ""));
    for (const struct json *c = json_first(json_get(v, "apart"));
         c && story->n_apart < STORY_APART_MAX; c = json_next(c))
        story->apart[story->n_apart++] = json_i64(c, 0);
    check_children(story);
    story->first_ns = time_in(v, "first");
    story->last_ns = time_in(v, "last");
    story->told_severity = severity_in(v, "told_severity");
    story->told_title = story_keep(story, json_str(json_get(v, "told_title"), ""));
    story->dirty = false;
    story->material = false;
    json_free(&v);
    *out = story;
    return ERR_OK;
}
