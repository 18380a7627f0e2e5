/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of the packet's addresses: reputation (iprep) and country (geoip).
 */
#include "sensor/detect/draft.h"
#include "sensor/detect/reputation.h"

#include "common/geo.h"

#include <stdio.h>

enum side { SIDE_ANY, SIDE_SRC, SIDE_DST, SIDE_EACH };

/* "any", "src", "dst", "both"; false when it is none of them. */
static bool side_of(struct slice text, enum side *side)
{
    static const char *const names[] = {"any", "src", "dst", "both"};

    for (int i = 0; i < 4; i++) {
        if (slice_ieq(text, slice_of_str(names[i]))) {
            *side = (enum side)i;
            return true;
        }
    }
    return false;
}

/* Answers for the two ends as the side asks for them. */
static bool joined(enum side side, bool src, bool dst)
{
    switch (side) {
    case SIDE_SRC:
        return src;
    case SIDE_DST:
        return dst;
    case SIDE_EACH:
        return src && dst;
    case SIDE_ANY:
        break;
    }
    return src || dst;
}

/* ---- iprep -------------------------------------------------------------------------------- */

struct iprep_args {
    const struct reputation *reputation;
    enum side side;
    int category;
    enum { IPREP_COMPARE, IPREP_ISSET, IPREP_ISNOTSET } what;
    struct num score;
};

static bool iprep_one(const struct iprep_args *a, const struct addr *addr)
{
    int score = reputation_of(a->reputation, a->category, addr);
    bool one_side = a->side == SIDE_SRC || a->side == SIDE_DST;

    if (a->what == IPREP_ISSET)
        return score != REPUTATION_NONE;
    if (a->what == IPREP_ISNOTSET) /* of one side a score of 0 counts as none, as in Suricata */
        return score == REPUTATION_NONE || (one_side && score == 0);
    return score != REPUTATION_NONE && rule_num_ok(&a->score, (uint64_t)score);
}

static bool iprep_match(const struct inspection *in, const void *args)
{
    const struct iprep_args *a = args;
    const struct packet *p = in->packet;

    return p && p->ip_version && joined(a->side, iprep_one(a, &p->src), iprep_one(a, &p->dst));
}

static bool iprep_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct iprep_args *a = draft_alloc(d, sizeof(*a));
    struct slice side, category, sign, score;
    char text[32];

    if (!a || !draft_part(&value, ',', &side) || !draft_part(&value, ',', &category) ||
        !draft_part(&value, ',', &sign) || !side_of(side, &a->side))
        return draft_fail(d, "iprep wants any, src, dst or both, a category, a comparison and a "
                             "score");
    a->reputation = d->loader->reputation;
    d->rule.beside = true;
    if (!a->reputation)
        return draft_fail(d, "iprep needs reputation-categories-file and reputation-files in the "
                             "configuration");
    a->category = reputation_category(a->reputation, category);
    if (a->category < 0)
        return draft_fail(d, "no reputation category is called \"%.*s\"", (int)(category.len & 63),
                          (const char *)category.at);
    if (slice_eq(sign, SLICE_LIT("isset")) || slice_eq(sign, SLICE_LIT("isnotset"))) {
        a->what = sign.len == 5 ? IPREP_ISSET : IPREP_ISNOTSET;
        return draft_test(d, kw, a);
    }
    if (!draft_part(&value, ',', &score))
        return draft_fail(d, "iprep wants a score");
    snprintf(text, sizeof(text), "%.*s%.*s", (int)(sign.len & 3), (const char *)sign.at,
             (int)(score.len & 7), (const char *)score.at);
    if (!draft_num(slice_of_str(text), NULL, &a->score))
        return draft_fail(d, "iprep compares with <, >, <=, >= or =");
    return draft_test(d, kw, a);
}

/* ---- geoip -------------------------------------------------------------------------------- */

enum { COUNTRIES_MAX = 64 };
struct geoip_args {
    const struct geo *geo;
    enum side side;
    bool negated; /* the country is none of these */
    uint8_t n;
    char country[COUNTRIES_MAX][3];
};

static bool geoip_one(const struct geoip_args *a, const struct addr *addr)
{
    struct geo_place place;

    if (!geo_find(a->geo, addr, &place) || !place.country[0])
        return false;
    for (uint8_t i = 0; i < a->n; i++) {
        if (strcmp(place.country, a->country[i]) == 0)
            return !a->negated;
    }
    return a->negated;
}

static bool geoip_match(const struct inspection *in, const void *args)
{
    const struct geoip_args *a = args;
    const struct packet *p = in->packet;

    return p && p->ip_version && joined(a->side, geoip_one(a, &p->src), geoip_one(a, &p->dst));
}

static bool add_country(struct draft *d, struct geoip_args *a, struct slice text)
{
    bool negated = text.len && text.at[0] == '!';

    text = slice_trim(slice_from(text, negated ? 1 : 0));
    if (text.len != 2)
        return draft_fail(d, "a country is two letters");
    if (a->n && a->negated != negated)
        return draft_fail(d, "geoip lists countries either all with ! or all without");
    if (a->n == COUNTRIES_MAX)
        return draft_fail(d, "more than %d countries", COUNTRIES_MAX);
    a->negated = negated;
    for (uint32_t i = 0; i < 2; i++) {
        char c = (char)text.at[i];
        a->country[a->n][i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    a->n++;
    return true;
}

static bool geoip_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct geoip_args *a = draft_alloc(d, sizeof(*a));
    struct slice part;

    if (!a)
        return false;
    a->geo = d->loader->geo;
    d->rule.beside = true;
    if (!a->geo)
        return draft_fail(d, "geoip needs a country database: geo.country in the configuration");
    while (draft_part(&value, ',', &part)) {
        if (side_of(part, &a->side))
            continue;
        if (!add_country(d, a, part))
            return false;
    }
    return a->n ? draft_test(d, kw, a) : draft_fail(d, "geoip wants a country");
}

static const struct keyword rows[] = {
    {.name = "iprep",
     .stage = AT_PACKET,
     .value = VALUE_WANTED,
     .parse = iprep_parse,
     .match = iprep_match,
     .by_addresses = true,
     .example = "iprep:src,Botnet,>,30",
     .doc = "Reputation of an address (any, src, dst, both) in a category, as the files of "
            "reputation-files say; isset, isnotset"},
    {.name = "geoip",
     .stage = AT_PACKET,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = geoip_parse,
     .match = geoip_match,
     .example = "geoip:src,!VN,!LA",
     .doc = "Country of an address (any, src, dst, both): one of these, or with ! none of them; "
            "from geo.country"},
    KEYWORD_END,
};

const struct kw_family kw_reputation = {.doc = "Reputation and place of addresses", .rows = rows};
