/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rule says about itself. Nothing here changes what matches, except `requires`.
 */
#include "sensor/detect/draft.h"

#include <stdio.h>

static bool u32_value(struct draft *d, const struct keyword *kw, struct slice value, uint32_t *out)
{
    uint64_t v;

    if (!slice_to_u64(draft_unquote(value), &v) || v > UINT32_MAX)
        return draft_fail(d, "\"%s\" wants a number", kw->name);
    *out = (uint32_t)v;
    return true;
}

static bool msg_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    uint8_t text[1024];
    uint32_t n = 0;

    (void)kw;
    value = slice_trim(value);
    if (value.len < 2 || value.at[0] != '"' || value.at[value.len - 1] != '"')
        return draft_fail(d, "the message must stand in quotes");
    value = draft_unquote(value);
    for (uint32_t i = 0; i < value.len && n < sizeof(text); i++) {
        if (value.at[i] == '\\' && i + 1 < value.len)
            i++;
        text[n++] = value.at[i];
    }
    d->rule.info.msg = arena_str(d->loader->arena, (struct slice){text, n});
    return true;
}

static bool sid_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    d->has_sid = u32_value(d, kw, value, &d->rule.info.sid);
    if (d->has_sid && d->rule.info.sid == 0)
        return draft_fail(d, "sid 0 is not allowed");
    return d->has_sid;
}

static bool rev_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    return u32_value(d, kw, value, &d->rule.info.rev) &&
           (d->rule.info.rev > 0 || draft_fail(d, "revisions begin with 1"));
}

static bool gid_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    return u32_value(d, kw, value, &d->rule.info.gid);
}

static bool classtype_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    value = draft_unquote(value);
    const struct intern_entry *entry = intern_find(&d->loader->classes, value);

    (void)kw;
    if (slice_find_byte(value, ' ') >= 0 || slice_find_byte(value, ',') >= 0 ||
        slice_find_byte(value, '!') >= 0)
        return draft_fail(d, "a classtype is one word");
    d->classtype = loader_str(d->loader, value);
    if (!entry || !entry->value) {
        /* a classtype nobody defined: the rule counts, with the default priority */
        d->rule.info.category = "";
        return true;
    }
    const struct class_row *row = entry->value;
    d->rule.info.category = row->text;
    if (!d->priority_set)
        d->rule.info.priority = row->priority;
    return true;
}

static bool priority_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    uint32_t v = 0;

    if (!u32_value(d, kw, value, &v))
        return false;
    d->rule.info.priority = v;
    d->priority_set = true;
    return true;
}

static bool reference_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct slice rest = draft_unquote(value), key;

    (void)kw;
    if (!draft_part(&rest, ',', &key) || !rest.len)
        return draft_fail(d, "a reference is \"type,value\"");
    if (d->n_references < DRAFT_META_MAX)
        d->references[d->n_references++] = (struct draft_pair){key, slice_trim(rest)};
    return true;
}

static bool metadata_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct slice rest = value, part;

    (void)kw;
    while (draft_part(&rest, ',', &part) || rest.at) {
        uint32_t space = 0;
        while (space < part.len && part.at[space] != ' ' && part.at[space] != '\t')
            space++;
        struct slice word = slice_trim(slice_from(part, space));
        if (part.len && word.len && d->n_metadata < DRAFT_META_MAX)
            d->metadata[d->n_metadata++] = (struct draft_pair){slice_head(part, space), word};
    }
    return true;
}

static bool target_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)kw;
    d->rule.info.target_src |= slice_eq(value, SLICE_LIT("src_ip"));
    d->rule.info.target_dst |= slice_eq(value, SLICE_LIT("dest_ip"));
    if (d->rule.info.target_src && d->rule.info.target_dst)
        return draft_fail(d, "a rule has one target: src_ip or dest_ip");
    return d->rule.info.target_src || d->rule.info.target_dst ||
           draft_fail(d, "the target is src_ip or dest_ip");
}

static bool noalert_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)kw;
    (void)value;
    d->rule.info.noalert = true;
    return true;
}

static bool nothing_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)d;
    (void)kw;
    (void)value;
    return true;
}

static bool prefilter_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)value;
    return d->n_groups || d->rule.n_tests ||
           draft_fail(d, "\"%s\" needs a match before it", kw->name);
}

/* ---- requires ----------------------------------------------------------------------------- */

enum { LANGUAGE_VERSION = 70010 }; /* the language is that of Suricata 7.0.10 */

static bool version_of(struct slice text, uint32_t *out)
{
    uint32_t part[3] = {0};
    struct slice piece;

    for (int i = 0; i < 3 && draft_part(&text, '.', &piece); i++) {
        uint64_t v = 0;
        uint32_t digits = 0;
        while (digits < piece.len && piece.at[digits] >= '0' && piece.at[digits] <= '9')
            digits++;
        if (!slice_to_u64(slice_head(piece, digits), &v) || v > 99)
            return false;
        part[i] = (uint32_t)v;
    }
    *out = part[0] * 10000 + part[1] * 100 + part[2];
    return true;
}

/* The next comparison, ">= 7.0.3"; the blank behind its sign belongs to it. */
static bool version_term(struct slice *rest, struct slice *term)
{
    uint32_t len = 0;

    *rest = slice_trim(*rest);
    while (len < rest->len && rest->at[len] != ' ')
        len++;
    if (len && len <= 2 && (rest->at[0] == '<' || rest->at[0] == '>')) {
        while (len < rest->len && rest->at[len] == ' ')
            len++;
        while (len < rest->len && rest->at[len] != ' ')
            len++;
    }
    *term = slice_head(*rest, len);
    *rest = slice_from(*rest, len);
    return len > 0;
}

static bool version_compare(struct slice term, bool *holds)
{
    static const uint32_t own = LANGUAGE_VERSION / 10000 * 10000 + 10;
    bool less = term.at[0] == '<', more = term.at[0] == '>';
    bool equal = term.len > 1 && term.at[1] == '=';
    uint32_t v = 0;

    term = slice_trim(slice_from(term, (less || more ? 1u : 0u) + (equal ? 1u : 0u)));
    if (!term.len || !version_of(term, &v))
        return false;
    if (own == v)
        *holds = equal || (!less && !more);
    else
        *holds = less ? own < v : own > v;
    return true;
}

static bool version_holds(struct slice text, bool *holds)
{
    struct slice any = text, all, term;

    *holds = false;
    while (draft_part(&any, '|', &all)) {
        bool each = true, one = false;
        while (version_term(&all, &term)) {
            if (!version_compare(term, &one))
                return false;
            each = each && one;
        }
        *holds = *holds || each;
    }
    return true;
}

static bool feature_holds(const struct draft *d, struct slice name)
{
    if (slice_eq(name, SLICE_LIT("ja3")))
        return !d->loader->ja3_off;
    if (slice_eq(name, SLICE_LIT("ja4")))
        return !d->loader->ja4_off;
    return false; /* output::file-store: no files are stored; others are not known */
}

static bool requires_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct slice rest = value, part;

    (void)kw;
    while (draft_part(&rest, ',', &part)) {
        bool holds = true;
        if (slice_starts(part, SLICE_LIT("feature"))) {
            holds = feature_holds(d, slice_trim(slice_from(part, 7)));
        } else if (slice_starts(part, SLICE_LIT("version"))) {
            if (!version_holds(slice_trim(slice_from(part, 7)), &holds))
                return draft_fail(d, "bad version in \"requires\"");
        } else if (slice_starts(part, SLICE_LIT("keyword"))) {
            struct slice name = slice_trim(slice_from(part, 7));
            struct field_ref ref;
            holds = keyword_find(name) || field_find(name, 0, &ref);
        } else { /* what is not known is not there */
            holds = false;
        }
        d->skip |= !holds;
    }
    return true;
}

static const struct keyword rows[] = {
    {.name = "msg",
     .stage = AT_META,
     .value = VALUE_WANTED | VALUE_QUOTED | VALUE_ONCE,
     .parse = msg_parse,
     .example = "msg:\"Telnet login\"",
     .doc = "Text of the alert"},
    {.name = "sid",
     .stage = AT_META,
     .value = VALUE_PLAIN | VALUE_ONCE,
     .parse = sid_parse,
     .example = "sid:9000001",
     .doc = "Number of the rule, unique within its gid"},
    {.name = "rev",
     .stage = AT_META,
     .value = VALUE_WANTED | VALUE_PLAIN | VALUE_ONCE,
     .parse = rev_parse,
     .example = "rev:2",
     .doc = "Revision of the rule: the highest wins when a sid occurs twice"},
    {.name = "gid",
     .stage = AT_META,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = gid_parse,
     .example = "gid:1",
     .doc = "Generator: 1 for rules"},
    {.name = "classtype",
     .stage = AT_META,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = classtype_parse,
     .example = "classtype:trojan-activity",
     .doc = "Class of the alert: text and priority come from classification.config"},
    {.name = "priority",
     .stage = AT_META,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = priority_parse,
     .example = "priority:1",
     .doc = "Severity, 1 highest to 255 (0 is before 1)"},
    {.name = "reference",
     .stage = AT_META,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = reference_parse,
     .example = "reference:cve,2016-10401",
     .doc = "Where to read more"},
    {.name = "metadata",
     .stage = AT_META,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = metadata_parse,
     .example = "metadata:attack_target IoT, mitre_technique_id T0883",
     .doc = "Pairs of key and value that go into the alert"},
    {.name = "target",
     .stage = AT_META,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = target_parse,
     .example = "target:dest_ip",
     .doc = "Which end is the victim: src_ip or dest_ip"},
    {.name = "noalert",
     .stage = AT_META,
     .value = VALUE_NONE,
     .parse = noalert_parse,
     .example = "noalert",
     .doc = "Match and take effect, but never alert"},
    {.name = "alert",
     .stage = AT_META,
     .value = VALUE_NONE,
     .parse = nothing_parse,
     .example = "alert",
     .doc = "Alert on a match (as rules do anyway)"},
    {.name = "requires",
     .stage = AT_META,
     .value = VALUE_WANTED,
     .parse = requires_parse,
     .example = "requires:version >= 6",
     .doc = "Leave the rule out unless version, keyword or feature is there"},
    {.name = "prefilter",
     .stage = AT_META,
     .value = VALUE_NONE,
     .parse = prefilter_parse,
     .example = "content:\"evil\"; prefilter",
     .doc = "Accepted; the prefilter is chosen by cost"},
    KEYWORD_END,
};

const struct kw_family kw_meta = {.doc = "About the rule", .rows = rows};
