/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of Sigma detections and the modifiers behind their field (specification 2.1.0,
 * "modifiers"), as tests. Each modifier is one row: what it does to the text of a value, or how
 * the value is compared.
 *
 * Texts: * is any run, ? any one character, \ takes the meaning from the next of these three.
 * Values that were encoded (base64, wide, ...) have no wildcards left.
 */
#include "analyzer/correlate/sigma_read.h"
#include "common/json_build.h"
#include "common/strbuf.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    VARIANTS_MAX = 64,
    MODIFIERS_MAX = 12,
    VALUES_MAX = 20000,
    TEXT_MAX = 16384,
    REGEXES_MAX = 8192,
};

enum shape { SHAPE_WHOLE, SHAPE_CONTAINS, SHAPE_STARTS, SHAPE_ENDS };

/** What the modifiers of one field add up to. */
struct spec {
    enum sigma_test_kind kind;
    enum shape shape;
    enum corr_op op;
    enum sigma_time_part part;
    unsigned regex_flags;
    bool all, cased, negated, wide_bom, encoded, expand, shaped;
};

/** Texts one value stands for. */
struct variants {
    struct slice at[VARIANTS_MAX];
    uint32_t n;
};

struct modifier {
    const char *name;
    /** Changes the texts; NULL for those that only change the comparison. */
    void (*encode)(struct sigma_set *set, struct variants *v);
    /** Changes the comparison. */
    void (*apply)(struct spec *spec, int arg);
    int arg;
};

static void set_shape(struct spec *spec, int arg)
{
    spec->shape = (enum shape)arg;
    spec->shaped = true;
}

static void set_kind(struct spec *spec, int arg)
{
    spec->kind = (enum sigma_test_kind)arg;
}

static void set_op(struct spec *spec, int arg)
{
    spec->kind = SIGMA_NUMBER;
    spec->op = (enum corr_op)arg;
}

static void set_part(struct spec *spec, int arg)
{
    spec->kind = SIGMA_NUMBER;
    spec->part = (enum sigma_time_part)arg;
}

static void set_regex_flag(struct spec *spec, int arg)
{
    spec->regex_flags |= (unsigned)arg;
}

enum spec_flag { FLAG_ALL, FLAG_CASED, FLAG_NEGATED, FLAG_EXPAND };

static void set_flag(struct spec *spec, int arg)
{
    spec->all |= arg == FLAG_ALL;
    spec->cased |= arg == FLAG_CASED;
    spec->negated |= arg == FLAG_NEGATED;
    spec->expand |= arg == FLAG_EXPAND;
}

static struct slice keep(struct sigma_set *set, const struct strbuf *buf)
{
    struct slice view = strbuf_view(buf);
    return (struct slice){(const uint8_t *)sigma_text(set, view), view.len};
}

static void base64_of(struct slice in, struct strbuf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (uint32_t i = 0; i < in.len; i += 3) {
        uint32_t left = in.len - i;
        uint32_t bits = (uint32_t)in.at[i] << 16 | (left > 1 ? (uint32_t)in.at[i + 1] << 8 : 0) |
                        (left > 2 ? in.at[i + 2] : 0);
        strbuf_char(out, digits[bits >> 18 & 63]);
        strbuf_char(out, digits[bits >> 12 & 63]);
        strbuf_char(out, left > 1 ? digits[bits >> 6 & 63] : '=');
        strbuf_char(out, left > 2 ? digits[bits & 63] : '=');
    }
}

static void each_text(struct sigma_set *set, struct variants *v,
                      void (*change)(struct slice in, struct strbuf *out))
{
    for (uint32_t i = 0; i < v->n; i++) {
        struct strbuf buf;
        strbuf_init(&buf, 0);
        change(v->at[i], &buf);
        v->at[i] = keep(set, &buf);
        strbuf_fini(&buf);
    }
}

static void encode_base64(struct sigma_set *set, struct variants *v)
{
    each_text(set, v, base64_of);
}

/* The text at one of three positions inside a longer one; what depends on neighbours is cut off. */
static struct slice base64_at(struct sigma_set *set, struct slice in, uint32_t offset)
{
    static const uint32_t from[] = {0, 2, 3};
    static const uint32_t less[] = {0, 3, 2};
    struct strbuf padded;
    struct strbuf buf;

    strbuf_init(&padded, 0);
    strbuf_init(&buf, 0);
    for (uint32_t i = 0; i < offset; i++)
        strbuf_char(&padded, ' ');
    strbuf_slice(&padded, in);
    base64_of(strbuf_view(&padded), &buf);
    struct slice all = keep(set, &buf);
    uint32_t cut = from[offset] + less[(in.len + offset) % 3];
    struct slice part = slice_from(all, from[offset]);
    part.len = all.len > cut ? all.len - cut : 0;
    strbuf_fini(&padded);
    strbuf_fini(&buf);
    return part;
}

static void encode_base64offset(struct sigma_set *set, struct variants *v)
{
    struct variants out = {.n = 0};

    for (uint32_t i = 0; i < v->n; i++) {
        for (uint32_t offset = 0; offset < 3 && out.n < VARIANTS_MAX; offset++)
            out.at[out.n++] = base64_at(set, v->at[i], offset);
    }
    *v = out;
}

static void wide_le(struct slice in, struct strbuf *out)
{
    for (uint32_t i = 0; i < in.len; i++) {
        strbuf_char(out, (char)in.at[i]);
        strbuf_char(out, '\0');
    }
}

static void wide_be(struct slice in, struct strbuf *out)
{
    for (uint32_t i = 0; i < in.len; i++) {
        strbuf_char(out, '\0');
        strbuf_char(out, (char)in.at[i]);
    }
}

static void wide_bom(struct slice in, struct strbuf *out)
{
    strbuf_str(out, "\xff\xfe");
    wide_le(in, out);
}

static void encode_utf16le(struct sigma_set *set, struct variants *v)
{
    each_text(set, v, wide_le);
}

static void encode_utf16be(struct sigma_set *set, struct variants *v)
{
    each_text(set, v, wide_be);
}

static void encode_utf16(struct sigma_set *set, struct variants *v)
{
    each_text(set, v, wide_bom);
}

/* A dash that begins a word may be written in five ways. */
static void encode_windash(struct sigma_set *set, struct variants *v)
{
    static const char *const dashes[] = {"-", "/", "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x95"};
    struct variants out = {.n = 0};

    for (uint32_t i = 0; i < v->n; i++) {
        for (uint32_t d = 0; d < 5 && out.n < VARIANTS_MAX; d++) {
            struct strbuf buf;
            strbuf_init(&buf, 0);
            for (uint32_t k = 0; k < v->at[i].len; k++) {
                uint8_t c = v->at[i].at[k];
                bool begins = k == 0 || v->at[i].at[k - 1] == ' ';
                if ((c == '-' || c == '/') && begins)
                    strbuf_str(&buf, dashes[d]);
                else
                    strbuf_char(&buf, (char)c);
            }
            out.at[out.n++] = keep(set, &buf);
            strbuf_fini(&buf);
        }
    }
    *v = out;
}

static const struct modifier modifiers[] = {
    {"contains", NULL, set_shape, SHAPE_CONTAINS},
    {"startswith", NULL, set_shape, SHAPE_STARTS},
    {"endswith", NULL, set_shape, SHAPE_ENDS},
    {"all", NULL, set_flag, FLAG_ALL},
    {"cased", NULL, set_flag, FLAG_CASED},
    {"neq", NULL, set_flag, FLAG_NEGATED},
    {"expand", NULL, set_flag, FLAG_EXPAND},
    {"exists", NULL, set_kind, SIGMA_EXISTS},
    {"re", NULL, set_kind, SIGMA_REGEX},
    {"i", NULL, set_regex_flag, REGEX_NOCASE},
    {"m", NULL, set_regex_flag, REGEX_MULTILINE},
    {"s", NULL, set_regex_flag, REGEX_DOTALL},
    {"cidr", NULL, set_kind, SIGMA_CIDR},
    {"fieldref", NULL, set_kind, SIGMA_FIELDREF},
    {"lt", NULL, set_op, CORR_LT},
    {"lte", NULL, set_op, CORR_LTE},
    {"gt", NULL, set_op, CORR_GT},
    {"gte", NULL, set_op, CORR_GTE},
    {"minute", NULL, set_part, SIGMA_PART_MINUTE},
    {"hour", NULL, set_part, SIGMA_PART_HOUR},
    {"day", NULL, set_part, SIGMA_PART_DAY},
    {"week", NULL, set_part, SIGMA_PART_WEEK},
    {"month", NULL, set_part, SIGMA_PART_MONTH},
    {"year", NULL, set_part, SIGMA_PART_YEAR},
    {"base64", encode_base64, NULL, 0},
    {"base64offset", encode_base64offset, NULL, 0},
    {"utf16le", encode_utf16le, NULL, 0},
    {"wide", encode_utf16le, NULL, 0},
    {"utf16be", encode_utf16be, NULL, 0},
    {"utf16", encode_utf16, NULL, 0},
    {"windash", encode_windash, NULL, 0},
};

struct field_key {
    struct slice field;
    struct spec spec;
    const struct modifier *chain[MODIFIERS_MAX]; /* those that encode, in order */
    uint32_t n_chain;
};

static const struct modifier *modifier_find(struct slice name)
{
    for (uint32_t i = 0; i < sizeof(modifiers) / sizeof(modifiers[0]); i++) {
        if (slice_eq(name, slice_of_str(modifiers[i].name)))
            return &modifiers[i];
    }
    return NULL;
}

static bool read_key(struct sigma_reader *rd, const struct json *at, struct slice key,
                     struct field_key *out)
{
    int64_t bar = slice_find_byte(key, '|');

    *out = (struct field_key){.spec = {.kind = SIGMA_GLOB, .op = CORR_EQ}};
    out->field = bar < 0 ? key : slice_head(key, (uint32_t)bar);
    while (bar >= 0) {
        key = slice_from(key, (uint32_t)bar + 1);
        bar = slice_find_byte(key, '|');
        struct slice name = bar < 0 ? key : slice_head(key, (uint32_t)bar);
        const struct modifier *m = modifier_find(name);
        if (!m || out->n_chain == MODIFIERS_MAX) {
            sigma_fault(rd, at, m ? "too many modifiers" : "unknown modifier \"%.*s\"",
                        (int)slice_head(name, 60).len, (const char *)name.at);
            return false;
        }
        if (m->encode)
            out->chain[out->n_chain++] = m;
        else
            m->apply(&out->spec, m->arg);
    }
    out->spec.encoded = out->n_chain > 0 && out->chain[out->n_chain - 1]->encode != encode_windash;
    return true;
}

/* How a scalar stands in the file, as text. */
static struct slice text_of(const struct json *v)
{
    const char *source = json_kind(v) == JSON_STR ? NULL : json_build_source(v);
    return source ? slice_of_str(source) : json_text(v);
}

/* One byte of a text, which may be a wildcard or take the meaning from the next. */
static uint16_t glob_char(struct slice text, uint32_t *i, const struct spec *spec)
{
    uint8_t c = text.at[*i];
    uint8_t next = *i + 1 < text.len ? text.at[*i + 1] : 0;

    if (spec->encoded)
        return spec->cased ? c : (uint16_t)tolower(c);
    if (c == '\\' && (next == '*' || next == '?' || next == '\\'))
        return text.at[++*i];
    if (c == '*')
        return SIGMA_STAR;
    if (c == '?')
        return SIGMA_ONE;
    return spec->cased ? c : (uint16_t)tolower(c);
}

static void glob_of(struct sigma_set *set, struct slice text, const struct spec *spec,
                    struct sigma_test *test)
{
    uint16_t *glob = sigma_alloc(set, ((size_t)text.len + 2) * sizeof(*glob));
    uint32_t n = 0;

    if (spec->shape == SHAPE_CONTAINS || spec->shape == SHAPE_ENDS)
        glob[n++] = SIGMA_STAR;
    for (uint32_t i = 0; i < text.len; i++)
        glob[n++] = glob_char(text, &i, spec);
    if (spec->shape == SHAPE_CONTAINS || spec->shape == SHAPE_STARTS)
        glob[n++] = SIGMA_STAR;
    test->glob = glob;
    test->glob_len = n;
    test->cased = spec->cased;
}

static const struct sigma_node *read_texts(struct sigma_reader *rd, const struct field_key *key,
                                           struct slice text, struct sigma_test test)
{
    const struct sigma_node *nodes[VARIANTS_MAX];
    struct variants v = {.at = {text}, .n = 1};

    for (uint32_t i = 0; i < key->n_chain; i++)
        key->chain[i]->encode(rd->set, &v);
    for (uint32_t i = 0; i < v.n; i++) {
        test.kind = SIGMA_GLOB;
        glob_of(rd->set, v.at[i], &key->spec, &test);
        nodes[i] = sigma_leaf(rd->set, &test);
    }
    return sigma_join(rd->set, nodes, v.n, 1);
}

static bool read_regex(struct sigma_reader *rd, const struct json *v, const struct spec *spec,
                       struct sigma_test *test)
{
    char fault[REGEX_FAULT_MAX] = "";
    struct regex *regex = NULL;

    if (rd->set->n_regexes == REGEXES_MAX) {
        sigma_fault(rd, v, "more than %d regular expressions", REGEXES_MAX);
        return false;
    }
    if (regex_new(text_of(v), spec->regex_flags, &regex, fault)) {
        sigma_fault(rd, v, "regular expression: %s", fault);
        return false;
    }
    rd->set->regexes[rd->set->n_regexes++] = regex;
    test->regex = regex;
    return true;
}

static bool read_number(struct sigma_reader *rd, const struct json *v, struct sigma_test *test)
{
    struct slice text = text_of(v);
    char *end = NULL;

    test->number = json_kind(v) == JSON_NUM ? json_num(v, 0) : strtod((const char *)text.at, &end);
    if (json_kind(v) != JSON_NUM && (text.len == 0 || *end)) {
        sigma_fault(rd, v, "a number was expected, not \"%.*s\"", (int)slice_head(text, 60).len,
                    (const char *)text.at);
        return false;
    }
    return true;
}

static bool read_prefix(struct sigma_reader *rd, const struct json *v, struct sigma_test *test)
{
    struct slice text = text_of(v);
    if (prefix_parse(text, &test->prefix))
        return true;
    sigma_fault(rd, v, "an address or prefix was expected, not \"%.*s\"",
                (int)slice_head(text, 60).len, (const char *)text.at);
    return false;
}

static bool read_fieldref(struct sigma_reader *rd, const struct json *v, struct sigma_test *test)
{
    struct slice text = text_of(v);
    test->other = text.len ? sigma_field(rd->set, text) : UINT32_MAX;
    if (test->other == UINT32_MAX)
        sigma_fault(rd, v, "fieldref takes the name of a field");
    return test->other != UINT32_MAX;
}

/* A value without modifiers that change its comparison. */
static const struct sigma_node *read_plain(struct sigma_reader *rd, const struct field_key *key,
                                           const struct json *v, struct sigma_test test)
{
    struct slice text = text_of(v);

    if (text.len > TEXT_MAX) {
        sigma_fault(rd, v, "a value longer than %d bytes", TEXT_MAX);
        return NULL;
    }
    if (json_kind(v) == JSON_NULL) {
        test.kind = SIGMA_EMPTY;
    } else if (json_kind(v) == JSON_BOOL) {
        test.kind = SIGMA_BOOL;
        test.wanted = json_bool(v, false);
    } else if (json_kind(v) == JSON_NUM && !key->spec.shaped && !key->n_chain) {
        test.kind = SIGMA_NUMBER;
        test.number = json_num(v, 0);
    } else {
        return read_texts(rd, key, text, test);
    }
    return sigma_leaf(rd->set, &test);
}

static const struct sigma_node *read_scalar(struct sigma_reader *rd, const struct field_key *key,
                                            const struct json *v, struct sigma_test test)
{
    bool good = true;

    if (json_kind(v) == JSON_ARR || json_kind(v) == JSON_OBJ) {
        sigma_fault(rd, v, "a text, number or list of these was expected");
        return NULL;
    }
    test.kind = key->spec.kind;
    switch (key->spec.kind) {
    case SIGMA_REGEX:
        good = read_regex(rd, v, &key->spec, &test);
        break;
    case SIGMA_NUMBER:
        good = read_number(rd, v, &test);
        break;
    case SIGMA_CIDR:
        good = read_prefix(rd, v, &test);
        break;
    case SIGMA_FIELDREF:
        good = read_fieldref(rd, v, &test);
        break;
    case SIGMA_EXISTS:
        test.wanted = json_bool(v, true);
        break;
    default:
        return read_plain(rd, key, v, test);
    }
    return good ? sigma_leaf(rd->set, &test) : NULL;
}

struct collected {
    const struct sigma_node **at;
    uint32_t n, room;
};

static bool collect(struct sigma_reader *rd, const struct field_key *key, const struct json *v,
                    const struct sigma_test *test, struct collected *out)
{
    const struct sigma_node *node = read_scalar(rd, key, v, *test);

    if (!node)
        return false;
    if (out->n == VALUES_MAX) {
        sigma_fault(rd, v, "more than %d values", VALUES_MAX);
        return false;
    }
    if (out->n == out->room) {
        out->room = out->room ? out->room * 2 : 16;
        const struct sigma_node **more = sigma_alloc(rd->set, out->room * sizeof(*more));
        if (out->n)
            memcpy(more, out->at, out->n * sizeof(*more));
        out->at = more;
    }
    out->at[out->n++] = node;
    return true;
}

/* "%name%" with `expand`: the values of the operator's list of that name. */
static bool collect_expanded(struct sigma_reader *rd, const struct field_key *key,
                             const struct json *v, const struct sigma_test *test,
                             struct collected *out)
{
    struct slice text = text_of(v);
    char name[SIGMA_NAME_MAX];

    if (!key->spec.expand || text.len < 3 || text.at[0] != '%' || text.at[text.len - 1] != '%')
        return collect(rd, key, v, test, out);
    snprintf(name, sizeof(name), "%.*s", (int)text.len - 2, (const char *)text.at + 1);
    const struct json *list = json_get(rd->set->expand, name);
    if (!json_first(list)) {
        sigma_fault(rd, v, "there is no list for the placeholder %%%s%%", name);
        return false;
    }
    for (const struct json *each = json_first(list); each; each = json_next(each)) {
        if (!collect(rd, key, each, test, out))
            return false;
    }
    return true;
}

const struct sigma_node *sigma_value_read(struct sigma_reader *rd, struct slice key,
                                          const struct json *value)
{
    struct field_key k;
    struct collected out = {0};
    struct sigma_test test = {0};
    bool good = true;

    if (!read_key(rd, value, key, &k))
        return NULL;
    test.op = k.spec.op;
    test.part = k.spec.part;
    test.field = k.field.len ? sigma_field(rd->set, k.field) : (uint32_t)SIGMA_ANY_TEXT;
    if (k.field.len && test.field == UINT32_MAX) {
        sigma_fault(rd, value, "more than %d different fields in all rules", SIGMA_FIELDS_MAX);
        return NULL;
    }
    if (json_kind(value) != JSON_ARR)
        good = collect_expanded(rd, &k, value, &test, &out);
    for (const struct json *v = json_kind(value) == JSON_ARR ? json_first(value) : NULL; v && good;
         v = json_next(v))
        good = collect_expanded(rd, &k, v, &test, &out);
    if (!good)
        return NULL;
    if (out.n == 0) {
        sigma_fault(rd, value, "an empty list of values");
        return NULL;
    }
    const struct sigma_node *node = sigma_join(rd->set, out.at, out.n, k.spec.all ? out.n : 1);
    return k.spec.negated ? sigma_not(rd->set, node) : node;
}
