/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/incident/score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { TACTIC_POINTS = 3, TACTIC_POINTS_MAX = 20, TACTICS_SEEN_MAX = 32 };
#define LEAST_SHOWN 0.5

static const double hit_points[SEVERITY_LEVELS] = {2, 10, 20, 35, 50};
static const double alert_points[SEVERITY_LEVELS] = {0, 2, 5, 10, 15};
/* Factor by criticality 0 (not an asset) to 5. */
static const double criticality_factor[] = {1.0, 0.8, 0.9, 1.0, 1.2, 1.4};

static const char *const severity_vi[SEVERITY_LEVELS] = {"thông tin", "thấp", "trung bình", "cao",
                                                         "nghiêm trọng"};

static struct score_reason *reason_add(struct score *score, double points)
{
    if (score->n == SCORE_REASONS_MAX)
        return NULL;
    struct score_reason *r = &score->reasons[score->n++];
    r->points = round(points * 10) / 10;
    return r;
}

static double faded(const struct story *story, const struct fact *f, uint64_t half_life_ns)
{
    double age = (double)(story->last_ns - f->last_ns);
    return half_life_ns ? pow(0.5, age / (double)half_life_ns) : 1;
}

/* Has an earlier fact the same rule? Then this one is counted there. */
static bool counted_before(const struct story *story, uint32_t at)
{
    const struct fact *f = &story->facts[at];

    for (uint32_t i = 0; i < at; i++) {
        const struct fact *g = &story->facts[i];
        if (g->kind == f->kind && strcmp(g->text[FACT_TITLE_EN], f->text[FACT_TITLE_EN]) == 0)
            return true;
    }
    return false;
}

/* Points of one rule: the first fact full, each repeat half of the one before. */
static double points_of_rule(const struct story *story, uint32_t at, uint64_t half_life_ns,
                             uint32_t *facts, int64_t *n)
{
    const struct fact *f = &story->facts[at];
    double weight = 1;
    double sum = 0;

    *facts = 0;
    *n = 0;
    for (uint32_t i = at; i < story->n_facts; i++) {
        const struct fact *g = &story->facts[i];
        if (g->kind != f->kind || strcmp(g->text[FACT_TITLE_EN], f->text[FACT_TITLE_EN]) != 0)
            continue;
        const double *points = g->kind == FACT_HIT ? hit_points : alert_points;
        sum += points[g->severity] * weight * faded(story, g, half_life_ns);
        weight /= 2;
        (*facts)++;
        *n += g->n;
    }
    return sum;
}

/** One rule of the story: its first fact and what it gives. */
struct share {
    const struct fact *fact;
    double points;
    uint32_t facts;
    int64_t n;
};

static int by_points(const void *a, const void *b)
{
    const struct share *x = a;
    const struct share *y = b;

    if (x->points != y->points)
        return x->points > y->points ? -1 : 1;
    return strcmp(x->fact->key, y->fact->key);
}

static void add_share(struct score *score, const struct share *s, double weight)
{
    struct score_reason *r =
        s->points * weight >= LEAST_SHOWN ? reason_add(score, s->points * weight) : NULL;
    char times[32] = "";

    if (!r)
        return;
    bool hit = s->fact->kind == FACT_HIT;
    if (s->n > 1)
        snprintf(times, sizeof(times), ", × %lld", (long long)s->n);
    snprintf(r->en, sizeof(r->en), "%.200s (%s %s%s)", s->fact->text[FACT_TITLE_EN],
             record_severity_name(s->fact->severity), hit ? "correlation" : "alert", times);
    snprintf(r->vi, sizeof(r->vi), "%.200s (%s mức %s%s)", s->fact->text[FACT_TITLE_VI],
             hit ? "tương quan" : "cảnh báo", severity_vi[s->fact->severity], times);
}

/* The rules of one kind, the highest whole, each further one half of the one before. */
static double add_rules(const struct story *story, enum fact_kind kind, uint64_t half_life_ns,
                        struct score *score)
{
    struct share shares[STORY_FACTS_MAX];
    double weight = 1;
    double sum = 0;
    uint32_t n = 0;

    for (uint32_t i = 0; i < story->n_facts; i++) {
        struct share s = {.fact = &story->facts[i]};
        if (s.fact->kind != kind || counted_before(story, i))
            continue;
        s.points = points_of_rule(story, i, half_life_ns, &s.facts, &s.n);
        shares[n++] = s;
    }
    qsort(shares, n, sizeof(*shares), by_points);
    for (uint32_t i = 0; i < n; i++, weight /= 2) {
        sum += shares[i].points * weight;
        add_share(score, &shares[i], weight);
    }
    return sum;
}

const char *score_tactic(const struct fact *fact, const struct attack *attack, char room[16])
{
    const char *ids = fact->text[FACT_TACTICS];
    char technique[16];

    if (!*ids) {
        snprintf(technique, sizeof(technique), "%.*s",
                 (int)strcspn(fact->text[FACT_TECHNIQUES], " "), fact->text[FACT_TECHNIQUES]);
        const struct attack_technique *t = attack_find(attack, technique);
        ids = t ? t->tactics : "";
    }
    snprintf(room, 16, "%.*s", (int)strcspn(ids, " "), ids);
    return room;
}

static double add_tactics(const struct story *story, const struct attack *attack,
                          struct score *score)
{
    char seen[TACTICS_SEEN_MAX][16];
    char room[16];
    uint32_t n = 0;

    for (uint32_t i = 0; i < story->n_facts && n < TACTICS_SEEN_MAX; i++) {
        const char *id = score_tactic(&story->facts[i], attack, room);
        bool known = !*id;
        for (uint32_t k = 0; k < n && !known; k++)
            known = strcmp(seen[k], id) == 0;
        if (!known)
            memcpy(seen[n++], room, sizeof(room));
    }
    double points = n < 2 ? 0 : (n - 1) * TACTIC_POINTS;
    points = points > TACTIC_POINTS_MAX ? TACTIC_POINTS_MAX : points;
    struct score_reason *r = points > 0 ? reason_add(score, points) : NULL;
    if (r) {
        snprintf(r->en, sizeof(r->en), "%u different ATT&CK tactics", n);
        snprintf(r->vi, sizeof(r->vi), "%u chiến thuật ATT&CK khác nhau", n);
    }
    return points;
}

static double add_criticality(const struct story *story, double sum, struct score *score)
{
    const struct story_entity *most = NULL;

    for (uint32_t i = 0; i < story->n_entities; i++) {
        if (!most || story->entities[i].criticality > most->criticality)
            most = &story->entities[i];
    }
    uint8_t level = most && most->criticality <= 5 ? most->criticality : 0;
    double more = sum * (criticality_factor[level] - 1);
    struct score_reason *r = fabs(more) >= 0.05 ? reason_add(score, more) : NULL;
    if (r) {
        const char *name = *most->name ? most->name : most->ip;
        snprintf(r->en, sizeof(r->en), "%.120s has criticality %u of 5 (× %.1f)", name, level,
                 criticality_factor[level]);
        snprintf(r->vi, sizeof(r->vi), "%.120s có mức quan trọng %u/5 (× %.1f)", name, level,
                 criticality_factor[level]);
    }
    return more;
}

/* At least what its highest correlation says; more when much comes together. */
static enum severity severity_of(const struct story *story, int64_t points)
{
    enum severity severity = points >= 90   ? SEVERITY_CRITICAL
                             : points >= 60 ? SEVERITY_HIGH
                             : points >= 25 ? SEVERITY_MEDIUM
                                            : SEVERITY_LOW;
    const struct fact *head = story_head(story);

    return head && head->severity > severity ? head->severity : severity;
}

void score_of(const struct story *story, const struct attack *attack, uint64_t half_life_ns,
              struct score *score)
{
    score->n = 0;
    double sum = add_rules(story, FACT_HIT, half_life_ns, score);
    sum += add_rules(story, FACT_ALERT, half_life_ns, score);
    sum += add_tactics(story, attack, score);
    sum += add_criticality(story, sum, score);
    score->points = sum > SCORE_MAX ? SCORE_MAX : sum < 0 ? 0 : (int64_t)lround(sum);
    struct score_reason *r = sum > SCORE_MAX ? reason_add(score, SCORE_MAX - sum) : NULL;
    if (r) {
        snprintf(r->en, sizeof(r->en), "The score ends at %d", SCORE_MAX);
        snprintf(r->vi, sizeof(r->vi), "Điểm tối đa là %d", SCORE_MAX);
    }
    score->severity = severity_of(story, score->points);
}
