/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/incident/why.h"
#include "common/clock.h"
#include "common/jsonw.h"

#include <stdio.h>
#include <stdlib.h>

enum { ENDS_TEXT = 400 };

static void text2(struct jsonw *w, const char *key, const char *en, const char *vi)
{
    jsonw_obj_open(w, key);
    jsonw_str(w, "en", en);
    jsonw_str(w, "vi", *vi ? vi : en);
    jsonw_obj_close(w);
}

/* "camera 10.20.4.17 → 10.30.1.8:502". */
static void ends_of(const struct fact *f, char out[ENDS_TEXT])
{
    const char *src = f->text[FACT_SRC_IP];
    const char *dst = f->text[FACT_DST_IP];
    char port[8] = "";

    if (f->dst_port)
        snprintf(port, sizeof(port), ":%u", f->dst_port);
    snprintf(out, ENDS_TEXT, "%.80s%s%.60s%s%.80s%s%.60s%s", f->text[FACT_SRC_NAME],
             *f->text[FACT_SRC_NAME] ? " " : "", src, *dst ? " → " : "", f->text[FACT_DST_NAME],
             *f->text[FACT_DST_NAME] ? " " : "", dst, *dst ? port : "");
}

/* ---- stages ---- */

static bool is_ot_tactic(const struct attack *attack, const char *id)
{
    const struct attack_tactic *t = attack_find_tactic(attack, id);
    return t && t->ics;
}

/* The fact of the other kind that is about the same group of alerts. */
static const struct fact *same_group(const struct story *story, const struct fact *fact,
                                     enum fact_kind kind)
{
    for (uint32_t i = 0; i < story->n_facts && fact->group_id; i++) {
        const struct fact *f = &story->facts[i];
        if (f->kind == kind && f->group_id == fact->group_id)
            return f;
    }
    return NULL;
}

/* A deviation is told by its reason, which has the numbers; anything else by its name. */
static void write_stage_text(struct jsonw *w, const struct fact *f)
{
    bool reason = strcmp(f->text[FACT_SOURCE], "deviation") == 0 && *f->text[FACT_DETAIL_EN];

    if (reason)
        text2(w, "text", f->text[FACT_DETAIL_EN], f->text[FACT_DETAIL_VI]);
    else
        text2(w, "text", f->text[FACT_TITLE_EN], f->text[FACT_TITLE_VI]);
}

/* Without a tactic: the lane of the hosts. */
static bool is_ot_host(const struct story *story, const struct fact *f)
{
    for (uint32_t i = 0; i < story->n_entities; i++) {
        const struct story_entity *e = &story->entities[i];
        if (e->ot &&
            (strcmp(e->ip, f->text[FACT_SRC_IP]) == 0 || strcmp(e->ip, f->text[FACT_DST_IP]) == 0))
            return true;
    }
    return f->ot;
}

static void write_stage(struct jsonw *w, const struct story *story, const struct fact *f,
                        const struct attack *attack)
{
    char tactic[16];
    char technique[16];
    const struct fact *proof = f->kind == FACT_STAGE ? f : same_group(story, f, FACT_STAGE);
    /* An alert without a technique has that of the rule it proved. */
    const struct fact *known = proof && !*f->text[FACT_TECHNIQUES] ? proof : f;

    score_tactic(known, attack, tactic);
    snprintf(technique, sizeof(technique), "%.*s", (int)strcspn(known->text[FACT_TECHNIQUES], " "),
             known->text[FACT_TECHNIQUES]);
    bool ot = *tactic ? is_ot_tactic(attack, tactic) : is_ot_host(story, f);
    jsonw_obj_open(w, NULL);
    jsonw_u64(w, "time", f->first_ns);
    jsonw_u64(w, "last", f->last_ns);
    jsonw_i64(w, "count", f->n);
    jsonw_str(w, "lane", ot ? "ot" : "it");
    jsonw_str(w, "tactic", tactic);
    jsonw_str(w, "technique", technique);
    jsonw_str(w, "severity", record_severity_name(f->severity));
    write_stage_text(w, f);
    jsonw_str(w, "src", f->text[FACT_SRC_IP]);
    jsonw_str(w, "dst", f->text[FACT_DST_IP]);
    jsonw_u64(w, "dst_port", f->dst_port);
    jsonw_i64(w, "group", f->group_id);
    jsonw_i64(w, "event", f->event_id);
    jsonw_bool(w, "proof", proof != NULL);
    jsonw_obj_close(w);
}

static int by_time(const void *a, const void *b)
{
    const struct fact *x = *(const struct fact *const *)a;
    const struct fact *y = *(const struct fact *const *)b;

    if (x->first_ns != y->first_ns)
        return x->first_ns < y->first_ns ? -1 : 1;
    return strcmp(x->key, y->key);
}

/* Facts of the kinds in `kinds`, oldest first; those whose group is there as a fact of the kind
 * `but_not` are left out. */
static uint32_t in_order(const struct story *story, uint32_t kinds, enum fact_kind but_not,
                         const struct fact **out)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < story->n_facts; i++) {
        const struct fact *f = &story->facts[i];
        if ((kinds >> f->kind & 1) && (f->kind == but_not || !same_group(story, f, but_not)))
            out[n++] = f;
    }
    qsort(out, n, sizeof(*out), by_time);
    return n;
}

static void write_stages(struct jsonw *w, const struct story *story, const struct attack *attack)
{
    const struct fact *shown[STORY_FACTS_MAX];
    /* A group of alerts has all of them, a stage only those that proved it. */
    uint32_t n = in_order(story, 1u << FACT_STAGE | 1u << FACT_ALERT, FACT_ALERT, shown);

    jsonw_arr_open(w, "stages");
    for (uint32_t i = 0; i < n; i++)
        write_stage(w, story, shown[i], attack);
    jsonw_arr_close(w);
}

/* ---- tree ---- */

static void write_node_head(struct jsonw *w, const struct fact *f, const char *kind)
{
    char when[CLOCK_TEXT_MAX];

    clock_text_rfc3339(f->first_ns, when);
    jsonw_obj_open(w, NULL);
    jsonw_str(w, "kind", kind);
    text2(w, "title", f->text[FACT_TITLE_EN], f->text[FACT_TITLE_VI]);
    if (*f->text[FACT_CODE])
        jsonw_str(w, "code", f->text[FACT_CODE]);
    jsonw_str(w, "time", when);
    jsonw_i64(w, "count", f->n);
    if (f->group_id)
        jsonw_i64(w, "group", f->group_id);
}

static void write_detail(struct jsonw *w, const struct fact *f)
{
    if (*f->text[FACT_DETAIL_EN])
        text2(w, "detail", f->text[FACT_DETAIL_EN], f->text[FACT_DETAIL_VI]);
}

static void write_event(struct jsonw *w, const struct fact *f)
{
    char ends[ENDS_TEXT];

    if (!f->event_id)
        return;
    ends_of(f, ends);
    jsonw_obj_open(w, NULL);
    jsonw_str(w, "kind", "event");
    text2(w, "title", ends, ends);
    jsonw_i64(w, "event", f->event_id);
    jsonw_obj_close(w);
    if (f->last_event_id == f->event_id)
        return;
    jsonw_obj_open(w, NULL);
    jsonw_str(w, "kind", "event");
    text2(w, "title", "Newest event", "Sự kiện mới nhất");
    jsonw_i64(w, "event", f->last_event_id);
    jsonw_obj_close(w);
}

/* `matches` and `numbers` of the proof, as they are: our own JSON, written from checked fields. */
static void write_proof(struct jsonw *w, const struct fact *f)
{
    struct json *proof = NULL;
    struct strbuf text;

    if (json_parse(slice_of_str(f->text[FACT_PROOF]), &proof, NULL) != ERR_OK)
        return;
    strbuf_init(&text, 0);
    for (const struct json *c = json_first(proof); c; c = json_next(c)) {
        bool matches = strcmp(json_key(c), "matches") == 0;
        if (!matches && strcmp(json_key(c), "numbers") != 0)
            continue;
        strbuf_clear(&text);
        json_write(c, &text);
        jsonw_raw(w, matches ? "matches" : "numbers", strbuf_view(&text));
    }
    strbuf_fini(&text);
    json_free(&proof);
}

static void write_leaf(struct jsonw *w, const struct fact *f)
{
    bool deviates = strcmp(f->text[FACT_SOURCE], "deviation") == 0;

    write_node_head(w, f, deviates ? "deviation" : "rule");
    write_detail(w, f);
    write_proof(w, f);
    jsonw_arr_open(w, "children");
    write_event(w, f);
    jsonw_arr_close(w);
    jsonw_obj_close(w);
}

static void write_hit(struct jsonw *w, const struct story *story, const struct fact *hit)
{
    write_node_head(w, hit, "correlation");
    write_detail(w, hit);
    jsonw_arr_open(w, "children");
    for (uint32_t i = 0; i < hit->n_children; i++)
        write_leaf(w, &story->facts[hit->children[i]]);
    jsonw_arr_close(w);
    jsonw_obj_close(w);
}

static void write_tree(struct jsonw *w, const struct story *story)
{
    const struct fact *shown[STORY_FACTS_MAX];
    const struct fact *head = story_title(story);

    jsonw_obj_open(w, "tree");
    jsonw_str(w, "kind", "incident");
    text2(w, "title", head ? head->text[FACT_TITLE_EN] : "", head ? head->text[FACT_TITLE_VI] : "");
    jsonw_arr_open(w, "children");
    uint32_t n = in_order(story, 1u << FACT_HIT, FACT_HIT, shown);
    for (uint32_t i = 0; i < n; i++)
        write_hit(w, story, shown[i]);
    n = in_order(story, 1u << FACT_ALERT, FACT_STAGE, shown);
    for (uint32_t i = 0; i < n; i++)
        write_leaf(w, shown[i]);
    jsonw_arr_close(w);
    jsonw_obj_close(w);
}

void why_write(const struct story *story, const struct score *score, const struct attack *attack,
               struct strbuf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_obj_open(&w, NULL);
    write_stages(&w, story, attack);
    jsonw_arr_open(&w, "reasons");
    for (uint32_t i = 0; i < score->n; i++) {
        jsonw_obj_open(&w, NULL);
        jsonw_num(&w, "points", score->reasons[i].points);
        text2(&w, "text", score->reasons[i].en, score->reasons[i].vi);
        jsonw_obj_close(&w);
    }
    jsonw_arr_close(&w);
    write_tree(&w, story);
    jsonw_arr_open(&w, "entities");
    for (uint32_t i = 0; i < story->n_entities; i++) {
        jsonw_obj_open(&w, NULL);
        jsonw_str(&w, "ip", story->entities[i].ip);
        jsonw_str(&w, "name", story->entities[i].name);
        jsonw_str(&w, "device", story->entities[i].device);
        jsonw_u64(&w, "criticality", story->entities[i].criticality);
        jsonw_obj_close(&w);
    }
    jsonw_arr_close(&w);
    jsonw_obj_close(&w);
}
