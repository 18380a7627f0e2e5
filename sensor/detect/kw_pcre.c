/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcre: "/expression/flags". Letters i s m x A E G are the expression's own, R makes it relative,
 * capital letters name a buffer of HTTP.
 */
#include "common/pcre.h"
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

#include <stdio.h>

static const struct {
    char letter;
    const char *buffer;
} buffers[] = {{'U', "http.uri"},           {'I', "http.uri.raw"},  {'P', "http.request_body"},
               {'Q', "http.response_body"}, {'H', "http.header"},   {'D', "http.header.raw"},
               {'M', "http.method"},        {'C', "http.cookie"},   {'V', "http.user_agent"},
               {'W', "http.host"},          {'Z', "http.host.raw"}, {'S', "http.stat_code"},
               {'Y', "http.stat_msg"}};

static const struct {
    char letter;
    uint32_t flag;
} letters[] = {{'i', PCRE_NOCASE},   {'s', PCRE_DOTALL},   {'m', PCRE_MULTILINE},
               {'x', PCRE_EXTENDED}, {'A', PCRE_ANCHORED}, {'E', PCRE_DOLLAR_END},
               {'G', PCRE_UNGREEDY}};

static bool read_letter(struct draft *d, char c, uint32_t *flags, bool *relative,
                        const char **buffer)
{
    for (uint32_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        if (letters[i].letter == c) {
            *flags |= letters[i].flag;
            return true;
        }
    }
    for (uint32_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
        if (buffers[i].letter == c) {
            if (*buffer)
                return draft_fail(d, "two letters name a buffer: one regular expression has one");
            *buffer = buffers[i].buffer;
            return true;
        }
    }
    if (c == 'R')
        *relative = true;
    else if (c != 'B' && c != 'O')
        return draft_fail(d, "unknown flag '%c' of the regular expression", c);
    return true;
}

/* Equal expressions are compiled once. */
static const struct pcre *compiled(struct draft *d, struct slice pattern, uint32_t flags)
{
    char key[24], fault[160];
    struct loader *loader = d->loader;

    strbuf_clear(&d->json);
    int n = snprintf(key, sizeof(key), "%u/", flags);
    strbuf_bytes(&d->json, key, (size_t)n);
    strbuf_slice(&d->json, pattern);
    struct intern_entry *entry = intern_get(&loader->pcres, strbuf_view(&d->json));
    if (!entry->value) {
        struct pcre *p = pcre_new(pattern, flags, loader->pcre_list, fault);
        if (!p) {
            draft_fail(d, "%s", fault);
            return NULL;
        }
        loader->pcre_list = p;
        entry->value = p;
    }
    return entry->value;
}

static const struct buffer *target(struct draft *d, const char *name, bool relative)
{
    const struct buffer *b =
        name ? buffer_field(d->loader, slice_of_str(name)) : draft_near(d, relative);

    if (!b)
        draft_fail(d, "no parser gives %s", name);
    if (!b || !relative || d->sticky || draft_has(d, b))
        return b;
    draft_fail(d, "R counts from the match before, and %s has none", b->name);
    return NULL;
}

static bool add_capture(struct draft *d, struct captures *list, uint32_t group, bool of_flow,
                        struct slice name)
{
    if (list->n == CAPTURES_MAX || group > PCRE_GROUPS_MAX)
        return draft_fail(d, "more than %d captures in one expression", CAPTURES_MAX);
    list->at[list->n].group = (uint8_t)group;
    list->at[list->n].of_flow = of_flow;
    list->at[list->n++].var = (uint16_t)intern_get(&d->loader->vars, name)->id;
    return true;
}

/* "flow:user", "pkt:path": names of the parentheses in their order. */
static bool named_behind(struct draft *d, struct captures *list, struct slice rest)
{
    struct slice part;

    for (uint32_t group = 1; draft_part(&rest, ',', &part); group++) {
        bool of_flow = slice_starts(part, SLICE_LIT("flow:"));
        if (!of_flow && !slice_starts(part, SLICE_LIT("pkt:")))
            return draft_fail(d, "what is captured is named flow:name or pkt:name");
        if (!add_capture(d, list, group, of_flow, slice_from(part, of_flow ? 5 : 4)))
            return false;
    }
    return true;
}

static bool named_inside(struct draft *d, struct captures *list, const struct pcre *code)
{
    const char *name;
    uint32_t group;

    for (uint32_t i = 0; (name = pcre_group_name(code, i, &group)); i++) {
        struct slice s = slice_of_str(name);
        bool of_flow = slice_starts(s, SLICE_LIT("flow_"));
        if (!of_flow && !slice_starts(s, SLICE_LIT("pkt_")))
            continue;
        if (!add_capture(d, list, group, of_flow, slice_from(s, of_flow ? 5 : 4)))
            return false;
    }
    return true;
}

/* NULL in `*kept` when nothing is. `rest`: what stands behind the flags. */
static bool find_captures(struct draft *d, const struct pcre *code, struct slice rest,
                          const struct captures **kept)
{
    struct captures list = {0};

    *kept = NULL;
    if (!named_inside(d, &list, code) || !named_behind(d, &list, rest))
        return false;
    if (!list.n)
        return true;
    struct captures *copy = draft_alloc(d, sizeof(*copy));
    if (copy)
        *copy = list;
    *kept = copy;
    for (uint8_t i = 0; i < list.n; i++)
        d->rule.writes |= (uint8_t)(1u << (list.at[i].of_flow ? STATE_FLOW_VARS : STATE_VARS));
    return copy != NULL;
}

/* True behind a "!"; leaves what stands in the quotes. */
static bool take_sign(struct slice *value)
{
    struct slice text = slice_trim(*value);
    bool negated = text.len && text.at[0] == '!';

    *value = draft_unquote(negated ? slice_trim(slice_from(text, 1)) : text);
    return negated;
}

/* A capital letter that stands for itself. */
static bool names_capital(struct slice pattern)
{
    for (uint32_t i = 0; i < pattern.len; i++) {
        if (pattern.at[i] == '\\')
            i++;
        else if (pattern.at[i] >= 'A' && pattern.at[i] <= 'Z' && (!i || pattern.at[i - 1] != '?'))
            return true;
    }
    return false;
}

static bool fits_letter(struct draft *d, const char *buffer, uint32_t flags, struct slice pattern)
{
    bool host = buffer && strcmp(buffer, "http.host") == 0;

    return !host || flags & PCRE_NOCASE || !names_capital(pattern) ||
           draft_fail(d, "http.host is in small letters: write the expression so, or with i");
}

/* The slash behind the expression: its end, 0 when there is none. */
static uint32_t expression_end(struct slice value)
{
    uint32_t end = value.len;

    while (end > 0 && value.at[end - 1] != '/')
        end--;
    return end < 2 || value.at[0] != '/' ? 0 : end;
}

static bool pcre_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    uint32_t flags = 0;
    bool relative = false;
    const char *name = NULL;

    (void)kw;
    bool negated = take_sign(&value);
    if (slice_starts(value, SLICE_LIT("m/"))) /* as Perl has it */
        value = slice_from(value, 1);
    uint32_t end = expression_end(value);
    if (!end)
        return draft_fail(d, "a regular expression is written \"/…/flags\"");
    struct slice names = SLICE_NONE;
    int64_t comma = slice_find_byte(slice_from(value, end), ',');
    if (comma >= 0) {
        names = slice_from(value, end + (uint32_t)comma + 1);
        value = slice_head(value, end + (uint32_t)comma);
    }
    for (uint32_t i = end; i < value.len; i++) {
        if (!read_letter(d, (char)value.at[i], &flags, &relative, &name))
            return false;
    }
    struct slice pattern = {value.at + 1, end - 2};
    const struct pcre *code = compiled(d, pattern, flags);
    const struct buffer *b =
        code && fits_letter(d, name, flags, pattern) ? target(d, name, relative) : NULL;
    struct op *op = b ? draft_op(d, b, OP_PCRE) : NULL;
    if (!op)
        return false;
    op->pcre = code;
    if (!find_captures(d, code, names, &op->captures))
        return false;
    op->flags = (negated ? OP_NEGATED : 0u) | (relative ? OP_RELATIVE : 0u);
    return true;
}

static const struct keyword rows[] = {
    {.name = "pcre",
     .stage = AT_BUFFER,
     .parse = pcre_parse,
     .example = "pcre:\"/^\\/[a-z]{5}$/i\"",
     .doc =
         "Regular expression on the buffer; flags i s m x A E G, R relative, U I P Q H D M C V W Z "
         "S Y for buffers of HTTP; (?P<flow_name>…) and (?P<pkt_name>…) are kept for flowvar, "
         "pktvar "
         "and the events"},
    KEYWORD_END,
};

const struct kw_family kw_pcre = {.doc = "Regular expressions", .rows = rows};
