/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/search/match.h"
#include "analyzer/record/utf8.h"

#include <stdio.h>
#include <stdlib.h>

enum { FOLD_MAX = 1 << 20, NUMBER_ROOM = 32 };

/* ---- texts ---- */

static bool glob(const char *p, const char *t)
{
    const char *star = NULL;
    const char *back = NULL;

    while (*t) {
        if (*p == '*') {
            star = ++p;
            back = t;
        } else if (*p && (*p == '?' || *p == *t)) {
            p++;
            t++;
        } else if (star) {
            p = star;
            t = ++back;
        } else {
            return false;
        }
    }
    while (*p == '*')
        p++;
    return !*p;
}

static bool text_fits(const struct search_node *node, struct slice text)
{
    struct strbuf folded;

    strbuf_init(&folded, FOLD_MAX);
    utf8_fold(text, &folded);
    const char *t = folded.at ? folded.at : "";
    bool fits = node->wildcard                              ? glob(node->text, t)
                : node->contains || node->op == SEARCH_WORD ? strstr(t, node->text) != NULL
                                                            : strcmp(t, node->text) == 0;
    strbuf_fini(&folded);
    return fits;
}

/* ---- numbers, addresses ---- */

static bool number_of(struct record_value v, const char *field, double *number)
{
    char text[NUMBER_ROOM];
    char *end = NULL;
    enum severity severity = SEVERITY_INFO;

    if (v.kind == VALUE_NUMBER || v.kind == VALUE_BOOL) {
        *number = v.number;
        return true;
    }
    if (v.kind != VALUE_TEXT || v.text.len == 0 || v.text.len >= sizeof(text))
        return false;
    if (strcmp(field, "severity") == 0 && record_severity_parse(v.text, &severity)) {
        *number = severity;
        return true;
    }
    snprintf(text, sizeof(text), "%.*s", (int)v.text.len, (const char *)v.text.at);
    *number = strtod(text, &end);
    return end != text && !*end;
}

static bool address_fits(const struct search_node *node, struct record_value v)
{
    struct addr addr;

    return v.kind == VALUE_TEXT && addr_parse(v.text, &addr) && prefix_has(&node->network, &addr);
}

static bool one_fits(const struct search_node *node, struct record_value v)
{
    char text[NUMBER_ROOM];
    double number = 0;

    if (node->op == SEARCH_NETWORK)
        return address_fits(node, v);
    if (node->number && number_of(v, node->field, &number))
        return number >= node->low && number <= node->high;
    if (node->op == SEARCH_BETWEEN)
        return false;
    if (v.kind == VALUE_TEXT)
        return text_fits(node, v.text);
    if (v.kind == VALUE_BOOL)
        return text_fits(node, v.number != 0 ? SLICE_LIT("true") : SLICE_LIT("false"));
    if (v.kind != VALUE_NUMBER)
        return false;
    snprintf(text, sizeof(text), "%.15g", v.number);
    return text_fits(node, slice_of_str(text));
}

static bool value_fits(const struct search_node *node, struct record_value v)
{
    if (v.kind == VALUE_NONE)
        return false;
    if (node->op == SEARCH_EXISTS)
        return v.kind != VALUE_TEXT || v.text.len > 0;
    if (v.kind != VALUE_LIST)
        return one_fits(node, v);
    for (const struct json *item = json_first(v.list); item; item = json_next(item)) {
        if (one_fits(node, record_value_of(item)))
            return true;
    }
    return false;
}

/* Ids of techniques and tactics stand in one text with blanks between. */
static bool words_fit(const struct search_node *node, struct record_value v)
{
    struct slice left = v.kind == VALUE_TEXT ? v.text : SLICE_NONE;

    if (node->op == SEARCH_EXISTS)
        return left.len > 0;
    for (struct slice one = slice_word(&left); one.len; one = slice_word(&left))
        if (text_fits(node, one))
            return true;
    return false;
}

static bool field_fits(const struct search_node *node, const struct match_of *of, const char *field)
{
    struct record_value v = of->field(of->ctx, field);

    if (strcmp(field, "technique") == 0 || strcmp(field, "tactic") == 0)
        return words_fit(node, v);
    return value_fits(node, v);
}

static bool test_fits(const struct search_node *node, const struct match_of *of)
{
    const char *src = NULL;
    const char *dst = NULL;

    if (node->op == SEARCH_WORD)
        return text_fits(node, of->texts(of->ctx));
    if (search_is_pair(node->field, &src, &dst))
        return field_fits(node, of, src) || field_fits(node, of, dst);
    return field_fits(node, of, node->field);
}

bool match_node(const struct search_node *node, const struct match_of *of)
{
    const struct search_node *child = node->first;

    switch (node->kind) {
    case SEARCH_ALL:
        return true;
    case SEARCH_NOT:
        return !match_node(child, of);
    case SEARCH_TEST:
        return test_fits(node, of);
    default:
        break;
    }
    bool any = node->kind == SEARCH_OR;
    while (child && match_node(child, of) != any)
        child = child->next;
    return any ? child != NULL : child == NULL;
}

/* ---- records ---- */

/* Our names for what record_field knows under another. */
static const struct {
    const char *ours, *theirs;
} names[] = {
    {"src", "src.ip"},
    {"dst", "dest.ip"},
    {"src_mac", "src.mac"},
    {"dst_mac", "dest.mac"},
    {"src_zone", "src.zone"},
    {"dst_zone", "dest.zone"},
    {"src_name", "src.name"},
    {"dst_name", "dest.name"},
    {"src_country", "src.country"},
    {"dst_country", "dest.country"},
    {"device", "src.device"},
    {"technique", "attack.technique"},
    {"tactic", "attack.tactic"},
};

static bool number_field(const struct record *r, const char *field, struct record_value *value)
{
    uint8_t criticality =
        r->src.criticality > r->dst.criticality ? r->src.criticality : r->dst.criticality;
    const struct {
        const char *name;
        double number;
    } numbers[] = {
        {"time", (double)r->ts_ns},
        {"group", (double)r->group_id},
        {"flow", (double)r->flow_id},
        {"criticality", criticality},
        {"sid", (double)r->alert.sid},
        {"gid", (double)r->alert.gid},
        {"sport", (double)r->src.port},
        {"dport", (double)r->dst.port},
        {"exception", (double)r->exception_id},
    };

    for (uint32_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(numbers[i].name, field) == 0) {
            *value = (struct record_value){.kind = VALUE_NUMBER, .number = numbers[i].number};
            return true;
        }
    }
    return false;
}

static bool text_field(const struct record *r, const char *field, struct record_value *value)
{
    const struct {
        const char *name, *text;
    } texts[] = {
        {"signature", r->alert.signature}, {"proto", r->proto},   {"app", r->app_proto},
        {"type", r->event_type},           {"sensor", r->sensor}, {"site", r->site},
    };

    for (uint32_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(texts[i].name, field) == 0) {
            *value = (struct record_value){.kind = VALUE_TEXT, .text = slice_of_str(texts[i].text)};
            return true;
        }
    }
    return false;
}

struct record_value match_record_field(const void *record, const char *field)
{
    const struct record *r = record;
    struct record_value v;

    if (number_field(r, field, &v) || text_field(r, field, &v))
        return v;
    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i].ours, field) == 0)
            return record_field(r, names[i].theirs);
    }
    return record_field(r, field);
}

static struct slice record_texts(const void *record)
{
    return ((const struct record *)record)->raw;
}

bool match_record(const struct search_node *node, const struct record *record)
{
    struct match_of of = {match_record_field, record_texts, record};

    return match_node(node, &of);
}
