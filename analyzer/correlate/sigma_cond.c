/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The condition language of Sigma (specification 2.1.0, "condition"): names, `and`, `or`, `not`,
 * parentheses, `1 of`, `any of`, `all of`, a number `of`, with `them` or a name with *.
 * `not` binds strongest, then `and`, then `or`. Aggregations behind | are the old form, not read.
 */
#include "analyzer/correlate/sigma_read.h"

#include <ctype.h>

enum { COND_KIDS_MAX = 256 };

struct cond {
    struct sigma_reader *rd;
    const struct json *at;
    const struct sigma_names *names;
    struct slice left;
    struct slice token; /* the one to look at; empty at the end */
    uint32_t depth;
};

static bool is_word(uint8_t c)
{
    return isalnum(c) || c == '_' || c == '-' || c == '*' || c == '.' || c >= 0x80;
}

static void advance(struct cond *c)
{
    uint32_t n = 0;

    while (c->left.len && isspace(c->left.at[0]))
        c->left = slice_from(c->left, 1);
    while (n < c->left.len && is_word(c->left.at[n]))
        n++;
    if (n == 0 && c->left.len)
        n = 1;
    c->token = slice_head(c->left, n);
    c->left = slice_from(c->left, n);
}

static bool word_is(const struct cond *c, const char *word)
{
    return slice_ieq(c->token, slice_of_str(word));
}

static bool take_word(struct cond *c, const char *word)
{
    bool is = word_is(c, word);
    if (is)
        advance(c);
    return is;
}

static bool name_fits(struct slice pattern, const char *name)
{
    uint16_t glob[SIGMA_NAME_MAX];

    if (slice_ieq(pattern, SLICE_LIT("them")))
        return name[0] != '_';
    if (pattern.len > SIGMA_NAME_MAX)
        return false;
    for (uint32_t i = 0; i < pattern.len; i++)
        glob[i] = pattern.at[i] == '*' ? (uint16_t)SIGMA_STAR : pattern.at[i];
    return sigma_match_glob(glob, pattern.len, true, slice_of_str(name));
}

/* "N of pattern": the token is the word behind `of`. */
static const struct sigma_node *read_of(struct cond *c, bool all, uint64_t need)
{
    const struct sigma_node *kids[COND_KIDS_MAX];
    uint32_t n = 0;

    for (uint32_t i = 0; i < c->names->n && n < COND_KIDS_MAX; i++) {
        if (name_fits(c->token, c->names->names[i]))
            kids[n++] = c->names->nodes[i];
    }
    if (n == 0 || need > n || (!all && need == 0)) {
        sigma_fault(c->rd, c->at, "condition: \"of %.*s\" fits %u selections", (int)c->token.len,
                    (const char *)c->token.at, n);
        return NULL;
    }
    advance(c);
    return sigma_join(c->rd->set, kids, n, all ? n : (uint32_t)need);
}

static const struct sigma_node *read_name(struct cond *c)
{
    for (uint32_t i = 0; i < c->names->n; i++) {
        if (slice_eq(slice_of_str(c->names->names[i]), c->token)) {
            advance(c);
            return c->names->nodes[i];
        }
    }
    if (c->token.len && c->token.at[0] == '|')
        sigma_fault(c->rd, c->at,
                    "condition: aggregation with | is the old form; write a correlation");
    else if (c->token.len)
        sigma_fault(c->rd, c->at, "condition: there is no selection \"%.*s\"",
                    (int)slice_head(c->token, 80).len, (const char *)c->token.at);
    else
        sigma_fault(c->rd, c->at, "condition: ends where a selection was expected");
    return NULL;
}

static bool is_quantity(const struct cond *c, bool *all, uint64_t *need)
{
    struct cond ahead = *c;

    *all = word_is(c, "all");
    *need = 1;
    if (!*all && !word_is(c, "any") && !slice_to_u64(c->token, need))
        return false;
    advance(&ahead);
    return word_is(&ahead, "of");
}

static const struct sigma_node *read_or(struct cond *c);

static const struct sigma_node *read_primary(struct cond *c)
{
    const struct sigma_node *node = NULL;
    bool all;
    uint64_t need;

    if (is_quantity(c, &all, &need)) {
        advance(c);
        advance(c);
        return read_of(c, all, need);
    }
    if (!take_word(c, "("))
        return read_name(c);
    if (++c->depth > SIGMA_DEPTH_MAX) {
        sigma_fault(c->rd, c->at, "condition: more than %d levels of parentheses", SIGMA_DEPTH_MAX);
        return NULL;
    }
    node = read_or(c);
    c->depth--;
    if (node && !take_word(c, ")")) {
        sigma_fault(c->rd, c->at, "condition: a parenthesis is not closed");
        return NULL;
    }
    return node;
}

static const struct sigma_node *read_not(struct cond *c)
{
    bool negated = false;

    while (take_word(c, "not"))
        negated = !negated;
    const struct sigma_node *node = read_primary(c);
    return node && negated ? sigma_not(c->rd->set, node) : node;
}

/* One level of the grammar: operands of `read` between words `word`. */
static const struct sigma_node *read_row(struct cond *c, const char *word, bool all,
                                         const struct sigma_node *(*read)(struct cond *))
{
    const struct sigma_node *kids[COND_KIDS_MAX];
    uint32_t n = 0;

    do {
        if (n == COND_KIDS_MAX) {
            sigma_fault(c->rd, c->at, "condition: more than %d operands", COND_KIDS_MAX);
            return NULL;
        }
        kids[n] = read(c);
        if (!kids[n++])
            return NULL;
    } while (take_word(c, word));
    return sigma_join(c->rd->set, kids, n, all ? n : 1);
}

static const struct sigma_node *read_and(struct cond *c)
{
    return read_row(c, "and", true, read_not);
}

static const struct sigma_node *read_or(struct cond *c)
{
    return read_row(c, "or", false, read_and);
}

const struct sigma_node *sigma_cond_read(struct sigma_reader *rd, const struct json *at,
                                         struct slice text, const struct sigma_names *names)
{
    struct cond c = {.rd = rd, .at = at, .names = names, .left = text};

    advance(&c);
    const struct sigma_node *node = read_or(&c);
    if (node && c.token.len) {
        sigma_fault(rd, at, "condition: \"%.*s\" was not expected here",
                    (int)slice_head(c.token, 80).len, (const char *)c.token.at);
        return NULL;
    }
    return node;
}
