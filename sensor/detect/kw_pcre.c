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
    if (!name)
        return draft_near(d, relative);
    const struct buffer *b = buffer_field(d->loader, slice_of_str(name));
    if (!b)
        draft_fail(d, "no parser gives %s", name);
    return b;
}

static bool pcre_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    uint32_t flags = 0;
    bool relative = false;
    const char *name = NULL;

    (void)kw;
    value = slice_trim(value);
    bool negated = value.len && value.at[0] == '!';
    if (negated)
        value = slice_trim(slice_from(value, 1));
    value = draft_unquote(value);
    uint32_t end = value.len;
    while (end > 0 && value.at[end - 1] != '/')
        end--;
    if (end < 2 || value.at[0] != '/')
        return draft_fail(d, "a regular expression is written \"/…/flags\"");
    for (uint32_t i = end; i < value.len; i++) {
        /* parameters behind a comma name variables that are not kept */
        if (value.at[i] == ',')
            break;
        if (!read_letter(d, (char)value.at[i], &flags, &relative, &name))
            return false;
    }
    struct slice pattern = {value.at + 1, end - 2};
    const struct pcre *code = compiled(d, pattern, flags);
    const struct buffer *b = code ? target(d, name, relative) : NULL;
    struct op *op = b ? draft_op(d, b, OP_PCRE) : NULL;
    if (!op)
        return false;
    op->pcre = code;
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
         "S Y for buffers of HTTP"},
    KEYWORD_END,
};

const struct kw_family kw_pcre = {.doc = "Regular expressions", .rows = rows};
