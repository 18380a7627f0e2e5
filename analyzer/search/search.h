/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search language: one for the page, the API, exceptions and saved views.
 *
 *   words and "quoted words"       somewhere in the texts; case and diacritics do not matter
 *   field:value                    equal; for signature and name: contains; * and ? are wildcards
 *   field:>5  field:>=5  field:5..9   numbers, severities, times
 *   src:10.20.0.0/16               networks; @ip, ip, port, zone, name: either end
 *   field:(a,b,c)                  one of them       field:*   is there at all
 *   a b   a AND b   a OR b   NOT a   -a   !a   ( … )
 *   @from:-24h  @to:2026-11-21T10:00:00Z     also @after, @before
 *   is:open  is:archived  is:escalated
 *   … | groupby src, dport | top 10     | histogram 1h     | top 20 dns.rrname
 *
 * Fields: time src dst ip sport dport port mac device sid gid signature severity sensor site zone
 * country name proto app type technique tactic flow group incident state assignee criticality
 * source exception (is:excepted: any), with EveBox's @sid @sig @ip @mac; anything else is a path of
 * the EVE event (dns.rrname).
 */
#ifndef TRAMGAC_ANALYZER_SEARCH_SEARCH_H
#define TRAMGAC_ANALYZER_SEARCH_SEARCH_H

#include "analyzer/record/record.h"
#include "common/err.h"

enum {
    SEARCH_TEXT_MAX = 2000, /* bytes of a query */
    SEARCH_NODES_MAX = 200,
    SEARCH_DEPTH_MAX = 20,
    SEARCH_FIELDS_MAX = 4, /* of a groupby */
    SEARCH_FAULT_MAX = 200,
};

enum search_kind { SEARCH_ALL, SEARCH_AND, SEARCH_OR, SEARCH_NOT, SEARCH_TEST };
enum search_op {
    SEARCH_WORD,    /* `text` stands in any text */
    SEARCH_EQUAL,   /* or matches as wildcard */
    SEARCH_EXISTS,  /* has a value */
    SEARCH_BETWEEN, /* low <= value <= high */
    SEARCH_NETWORK,
};

struct search_node {
    enum search_kind kind;
    const struct search_node *first, *next; /* children; next sibling */
    /* SEARCH_TEST */
    enum search_op op;
    const char *field; /* canonical name, or path of the event; "" for words */
    const char *text;  /* folded */
    const char *given; /* as written */
    bool wildcard;     /* `text` holds * or ? */
    bool contains;     /* equal means contains (signature, name) */
    double low, high; /* SEARCH_BETWEEN; numbers equal: low == high; severities 0…4; times in ns */
    bool number;      /* low and high count; a SEARCH_EQUAL of a number has them too */
    struct prefix network; /* SEARCH_NETWORK */
};

enum search_shape { SEARCH_ROWS, SEARCH_GROUPBY, SEARCH_HISTOGRAM };

struct search {
    const struct search_node *root;
    enum search_shape shape;
    const char *by[SEARCH_FIELDS_MAX];
    uint32_t n_by;
    uint32_t top;     /* most rows of a groupby */
    uint64_t step_ns; /* of a histogram; 0 = chosen by the reader */
};

/** What cannot be read, and at which place. */
struct search_fault {
    char en[SEARCH_FAULT_MAX], vi[SEARCH_FAULT_MAX];
};

/** Parses; everything lives in `arena`. ERR_INPUT: `fault` says why; else it is empty. */
enum err search_parse(const char *text, uint64_t now_ns, struct arena *arena, struct search *search,
                      struct search_fault *fault);

/** Whether both ends of an event are meant: ip, port, zone, name, country, mac. Then *src and *dst
 * name them. */
bool search_is_pair(const char *field, const char **src, const char **dst);

/** Whether the search asks for a field anywhere. */
bool search_asks(const struct search_node *node, const char *field);

#endif
