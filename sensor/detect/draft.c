/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helpers of keyword parsers: adding to the rule being read, and reading the texts of options.
 */
#include "sensor/detect/draft.h"

#include "common/log.h"

#include "sensor/detect/buffer.h"

#include <stdarg.h>
#include <stdio.h>

bool draft_fail(struct draft *draft, const char *format, ...)
{
    va_list args;

    if (draft->failed)
        return false;
    draft->failed = true;
    va_start(args, format);
    vsnprintf(draft->reason, sizeof(draft->reason), format, args);
    log_tame(draft->reason, strlen(draft->reason));
    va_end(args);
    return false;
}

void *draft_alloc(struct draft *draft, size_t bytes)
{
    void *at = arena_alloc(draft->loader->arena, bytes);

    if (!at)
        draft_fail(draft, "out of memory");
    return at;
}

/* ---- buffers and operations --------------------------------------------------------------- */

const struct buffer *draft_buffer(struct draft *draft)
{
    if (draft->n_transforms && draft->transforming) {
        draft->sticky = buffer_transformed(draft->loader, draft->transforming, draft->transforms,
                                           draft->n_transforms);
        draft->n_transforms = 0;
        draft->transforming = draft->sticky;
    }
    return draft->sticky ? draft->sticky : buffer_payload(draft->loader);
}

const struct buffer *draft_near(struct draft *draft, bool relative)
{
    if (relative && !draft->sticky && draft->last_group >= 0 && draft->groups[draft->last_group].n)
        return draft->groups[draft->last_group].buffer;
    return draft_buffer(draft);
}

/* A sticky buffer with several instances, named once more, asks for another of them. */
static bool begins_anew(const struct draft *draft, const struct buffer *buffer)
{
    return draft->sticky && !draft->sticky_used && buffer->kind == BUFFER_FIELD && buffer->n_refs &&
           buffer->refs[0].list;
}

static int group_of(struct draft *draft, const struct buffer *buffer)
{
    for (int i = draft->n_groups - 1; i >= 0 && !begins_anew(draft, buffer); i--) {
        if (draft->groups[i].buffer == buffer)
            return i;
    }
    if (draft->n_groups == RULE_GROUPS_MAX) {
        draft_fail(draft, "more than %d buffers in one rule", RULE_GROUPS_MAX);
        return -1;
    }
    draft->groups[draft->n_groups].buffer = buffer;
    draft->groups[draft->n_groups].n = 0;
    return draft->n_groups++;
}

struct op *draft_op(struct draft *draft, const struct buffer *buffer, enum op_kind kind)
{
    int i = group_of(draft, buffer);

    if (i < 0)
        return NULL;
    struct draft_group *g = &draft->groups[i];
    if (g->n == RULE_OPS_MAX) {
        draft_fail(draft, "more than %d matches on one buffer", RULE_OPS_MAX);
        return NULL;
    }
    struct op *op = &g->ops[g->n++];
    *op = (struct op){.kind = (uint8_t)kind,
                      .column = (uint16_t)(draft->column > UINT16_MAX ? 0 : draft->column)};
    draft->last_group = (int8_t)i;
    draft->last_is_content = kind == OP_CONTENT;
    draft->sticky_used = draft->sticky_used || buffer == draft->sticky;
    return op;
}

struct op *draft_content(struct draft *draft, const char *modifier)
{
    struct draft_group *g = draft->last_group < 0 ? NULL : &draft->groups[draft->last_group];

    for (uint16_t i = g ? g->n : 0; g && i-- > 0;) {
        if (g->ops[i].kind == OP_CONTENT)
            return &g->ops[i];
    }
    draft_fail(draft, "\"%s\" needs a content before it", modifier);
    return NULL;
}

bool draft_move(struct draft *draft, const struct buffer *to)
{
    struct draft_group *g = draft->last_group < 0 ? NULL : &draft->groups[draft->last_group];

    if (!g || !g->n || g->ops[g->n - 1].kind != OP_CONTENT)
        return draft_fail(draft, "\"%s\" needs a content before it", to->name);
    if (g->buffer->kind != BUFFER_PAYLOAD)
        return draft_fail(draft, "the content belongs to the buffer %s already", g->buffer->name);
    struct op moved = g->ops[--g->n];
    struct op *op = draft_op(draft, to, OP_CONTENT);
    if (op)
        *op = moved;
    return op != NULL;
}

bool draft_test(struct draft *draft, const struct keyword *kw, const void *args)
{
    if (draft->rule.n_tests == RULE_TESTS_MAX)
        return draft_fail(draft, "more than %d tests in one rule", RULE_TESTS_MAX);
    draft->tests[draft->rule.n_tests++] = (struct test){kw->match, args, draft->column};
    return true;
}

bool draft_act(struct draft *draft, void (*run)(const struct inspection *, const void *),
               const void *args)
{
    if (draft->rule.n_acts == RULE_ACTS_MAX)
        return draft_fail(draft, "more than %d effects in one rule", RULE_ACTS_MAX);
    draft->acts[draft->rule.n_acts++] = (struct act){run, args};
    return true;
}

bool draft_has(const struct draft *draft, const struct buffer *buffer)
{
    for (int i = 0; i < draft->n_groups; i++) {
        if (draft->groups[i].buffer == buffer && draft->groups[i].n)
            return true;
    }
    return false;
}

bool draft_app(struct draft *draft, const char *proto)
{
    int index = proto_index(slice_of_str(proto));

    if (index < 0)
        return draft_fail(draft, "no parser for the protocol \"%s\"", proto);
    const char *named = draft->rule.app ? proto_rows[draft->rule.app - 1]->name : NULL;
    if (named && strcmp(named, proto) != 0 &&
        !(strcmp(named, "smb") == 0 && strcmp(proto, "dcerpc") == 0))
        return draft_fail(draft, "the rule is for %s, this option for %s", named, proto);
    if (!named)
        draft->rule.app = (uint16_t)(index + 1);
    return true;
}

void draft_of_packet(struct draft *draft, const char *keyword)
{
    draft->need_packet = true;
    draft->of_packet = keyword;
}

bool draft_stick(struct draft *draft, const struct buffer *buffer)
{
    if (draft->sticky && !draft->sticky_used && draft->sticky->kind != BUFFER_PACKET)
        return draft_fail(draft, "the buffer %s before it has no content, pcre or other match",
                          draft->sticky->name);
    draft->sticky = buffer;
    draft->sticky_used = false;
    draft->n_transforms = 0;
    draft->transforming = buffer;
    return true;
}

int draft_var(const struct draft *draft, struct slice name)
{
    for (int i = 0; i < draft->rule.n_vars; i++) {
        if (slice_eq(slice_of_str(draft->var_names[i]), name))
            return i;
    }
    return -1;
}

int draft_var_new(struct draft *draft, struct slice name)
{
    int i = draft_var(draft, name);

    if (i >= 0)
        return i;
    if (!name.len || draft->rule.n_vars == RULE_VARS_MAX) {
        draft_fail(draft, "more than %d variables in one rule", RULE_VARS_MAX);
        return -1;
    }
    draft->var_names[draft->rule.n_vars] = loader_str(draft->loader, name);
    return draft->rule.n_vars++;
}

/* ---- reading of values -------------------------------------------------------------------- */

bool draft_part(struct slice *rest, char sep, struct slice *part)
{
    if (!rest->at)
        return false;
    int64_t at = slice_find_byte(*rest, (uint8_t)sep);
    if (at < 0) {
        *part = slice_trim(*rest);
        *rest = SLICE_NONE;
        return part->len > 0;
    }
    *part = slice_trim(slice_head(*rest, (uint32_t)at));
    *rest = (struct slice){rest->at + at + 1, rest->len - (uint32_t)at - 1};
    return true;
}

bool draft_u64(struct slice text, uint64_t *value)
{
    if (text.len > 2 && text.at[0] == '0' && (text.at[1] | 32) == 'x') {
        uint64_t v = 0;
        for (uint32_t i = 2; i < text.len; i++) {
            uint8_t c = text.at[i] | 32;
            uint32_t digit = c >= '0' && c <= '9' ? c - 48u : c >= 'a' && c <= 'f' ? c - 87u : 99u;
            if (digit > 15 || v >> 60)
                return false;
            v = v << 4 | digit;
        }
        *value = v;
        return true;
    }
    return slice_to_u64(text, value);
}

bool draft_i32(struct slice text, int32_t *value)
{
    uint64_t v;
    bool minus = text.len && text.at[0] == '-';

    if (text.len && (minus || text.at[0] == '+'))
        text = slice_from(text, 1);
    if (!draft_u64(text, &v) || v > INT32_MAX)
        return false;
    *value = minus ? -(int32_t)v : (int32_t)v;
    return true;
}

/* A number, with a unit of size or a name. */
static bool num_value(struct slice text, const struct label *labels, uint64_t *value)
{
    for (; labels && labels->name; labels++) {
        if (slice_ieq(text, slice_of_str(labels->name))) {
            *value = labels->value;
            return true;
        }
    }
    uint32_t shift = 0;
    if (text.len > 1) {
        struct slice unit = slice_tail(text, 2);
        if (slice_ieq(unit, SLICE_LIT("kb")) || slice_ieq(unit, SLICE_LIT("kib")))
            shift = 10;
        else if (slice_ieq(unit, SLICE_LIT("mb")))
            shift = 20;
        else if (slice_ieq(unit, SLICE_LIT("gb")))
            shift = 30;
        if (shift)
            text = slice_trim(slice_head(text, text.len - 2));
    }
    if (!draft_u64(text, value) || (shift && *value >> (64 - shift)))
        return false;
    *value <<= shift;
    return true;
}

static bool num_range(struct slice text, const struct label *labels, struct num *num)
{
    int64_t at = slice_find(text, SLICE_LIT("<>"));
    uint32_t width = 2;

    if (at <= 0) {
        at = slice_find_byte(text, '-');
        width = 1;
    }
    return at > 0 && num_value(slice_trim(slice_head(text, (uint32_t)at)), labels, &num->a) &&
           num_value(slice_trim(slice_from(text, (uint32_t)at + width)), labels, &num->b);
}

bool draft_num(struct slice text, const struct label *labels, struct num *num)
{
    static const struct {
        const char *sign;
        enum num_mode mode;
    } signs[] = {{"<=", NUM_LE},       {">=", NUM_GE}, {"!=", NUM_NE},
                 {"!&", NUM_NOT_MASK}, {"<", NUM_LT},  {">", NUM_GT},
                 {"&", NUM_MASK},      {"=", NUM_EQ},  {"!", NUM_NE}};
    text = slice_trim(text);
    *num = (struct num){.mode = NUM_EQ};
    for (uint32_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        struct slice sign = slice_of_str(signs[i].sign);
        if (!slice_starts(text, sign))
            continue;
        struct slice rest = slice_trim(slice_from(text, sign.len));
        num->mode = signs[i].mode;
        int64_t equal =
            num->mode == NUM_MASK || num->mode == NUM_NOT_MASK ? slice_find_byte(rest, '=') : -1;
        if (equal > 0)
            return num_value(slice_trim(slice_head(rest, (uint32_t)equal)), NULL, &num->a) &&
                   num_value(slice_trim(slice_from(rest, (uint32_t)equal + 1)), NULL, &num->b);
        if (num->mode == NUM_NE && num_range(rest, labels, num)) {
            num->mode = NUM_NOT_RANGE;
            return true;
        }
        return num_value(rest, labels, &num->a);
    }
    if (num_value(text, labels, &num->a))
        return true;
    num->mode = NUM_RANGE;
    return num_range(text, labels, num) && num->a < num->b;
}

bool draft_fits(struct draft *draft, const char *name, const struct num *num, uint64_t most)
{
    bool range = num->mode == NUM_RANGE;

    if (num->a > most || ((range || num->mode == NUM_NOT_RANGE) && num->b > most))
        return draft_fail(draft, "\"%s\" is %llu at most", name, (unsigned long long)most);
    if (num->mode == NUM_LT && !num->a)
        return draft_fail(draft, "no \"%s\" is below 0", name);
    if (range && num->b - num->a < 2)
        return draft_fail(draft, "nothing lies between %llu and %llu: the ends do not count",
                          (unsigned long long)num->a, (unsigned long long)num->b);
    return true;
}

bool draft_flags(struct slice text, const struct label *labels, struct num *num)
{
    uint64_t asked = 0, set = 0, bit;
    struct slice rest = text, part;

    while (draft_part(&rest, ',', &part)) {
        bool negated = part.len && part.at[0] == '!';
        if (!num_value(negated ? slice_trim(slice_from(part, 1)) : part, labels, &bit))
            return draft_num(text, NULL, num);
        asked |= bit;
        set |= negated ? 0 : bit;
    }
    *num = (struct num){.mode = set ? NUM_MASK : NUM_NOT_MASK, .a = asked, .b = set};
    return asked != 0;
}

struct slice draft_unquote(struct slice text)
{
    text = slice_trim(text);
    if (text.len >= 2 && text.at[0] == '"' && text.at[text.len - 1] == '"')
        return (struct slice){text.at + 1, text.len - 2};
    return text;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The inside of |..|: digits in pairs, blanks anywhere. Returns what it used, 0 when wrong. */
static uint32_t hex_run(struct draft *draft, struct slice s, uint8_t *out, uint32_t *n,
                        uint32_t max)
{
    uint32_t i = 0;
    int high = -1;

    while (i < s.len && s.at[i] != '|') {
        if (s.at[i] == ' ' || s.at[i] == '\t') {
            i++;
            continue;
        }
        int digit = hex_digit(s.at[i++]);
        if (digit < 0 || *n == max) {
            draft_fail(draft, "bad hexadecimal bytes between bars");
            return 0;
        }
        if (high < 0) {
            high = digit;
            continue;
        }
        out[(*n)++] = (uint8_t)(high << 4 | digit);
        high = -1;
    }
    if (i == s.len || high >= 0) {
        draft_fail(draft, "hexadecimal bytes without the closing bar");
        return 0;
    }
    return i + 1;
}

int32_t draft_bytes(struct draft *draft, struct slice quoted, uint8_t *out, uint32_t max, bool hex)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < quoted.len; i++) {
        uint8_t c = quoted.at[i];
        if (hex && c == '|') {
            uint32_t used = hex_run(draft, slice_from(quoted, i + 1), out, &n, max);
            if (!used)
                return -1;
            i += used;
            continue;
        }
        if (c == '"') {
            draft_fail(draft, "a quote inside of the quotes is written \\\"");
            return -1;
        }
        if (c == '\\') {
            if (++i == quoted.len) {
                draft_fail(draft, "a backslash stands at the end");
                return -1;
            }
            c = quoted.at[i];
            if (c != '"' && c != ';' && c != '\\' && c != ':' && c != '|') {
                draft_fail(draft, "\\%c is no escape: only \\\" \\; \\\\ \\: are", c);
                return -1;
            }
        }
        if (n == max) {
            draft_fail(draft, "longer than %u bytes", max);
            return -1;
        }
        out[n++] = c;
    }
    return (int32_t)n;
}
