/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers inside buffers: byte_test, byte_jump, byte_extract, byte_math; base64_decode.
 */
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

#include <string.h>

enum { BYTES_MAX = 23 };

static bool starts(struct slice s, const char *word)
{
    return slice_starts(s, slice_of_str(word));
}

/* Value behind "word" and blanks: "multiplier 4". */
static bool after(struct slice part, const char *word, struct slice *rest)
{
    struct slice w = slice_of_str(word);

    if (!slice_starts(part, w) || part.len == w.len)
        return false;
    *rest = slice_trim(slice_from(part, w.len));
    return part.at[w.len] == ' ' || part.at[w.len] == '\t';
}

struct bytes_draft {
    struct bytes_op *op;
    const char *unknown; /* words that this keyword does not have, separated by blanks */
    bool relative, string, ordered;
};

static void take_relative(struct bytes_draft *b)
{
    b->relative = true;
}

static void take_string(struct bytes_draft *b)
{
    b->string = true;
}

static void take_little(struct bytes_draft *b)
{
    b->op->little = true;
    b->ordered = true;
}

static void take_big(struct bytes_draft *b)
{
    b->op->little = false;
    b->ordered = true;
}

static void take_dce(struct bytes_draft *b)
{
    b->op->dce = true;
}

static void take_hex(struct bytes_draft *b)
{
    b->op->base = 16;
}

static void take_dec(struct bytes_draft *b)
{
    b->op->base = 10;
}

static void take_oct(struct bytes_draft *b)
{
    b->op->base = 8;
}

static void take_beginning(struct bytes_draft *b)
{
    b->op->from_beginning = true;
}

static void take_end(struct bytes_draft *b)
{
    b->op->from_end = true;
}

static void take_align(struct bytes_draft *b)
{
    b->op->align_to = 4;
}

/* Options of one word, and as the value of "endian" or "string". */
static const struct {
    const char *word, *of;
    void (*take)(struct bytes_draft *b);
} words[] = {
    {"relative", NULL, take_relative},
    {"string", NULL, take_string},
    {"little", "endian", take_little},
    {"big", "endian", take_big},
    {"dce", "endian", take_dce},
    {"hex", "string", take_hex},
    {"dec", "string", take_dec},
    {"oct", "string", take_oct},
    {"from_beginning", NULL, take_beginning},
    {"from_end", NULL, take_end},
    {"align", NULL, take_align},
};

static bool word_of(struct bytes_draft *b, struct slice part)
{
    struct slice value;

    for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        bool valued =
            words[i].of && after(part, words[i].of, &value) && starts(value, words[i].word);
        if (!valued && !slice_eq(part, slice_of_str(words[i].word)))
            continue;
        b->string |= valued && words[i].of[0] == 's';
        words[i].take(b);
        return true;
    }
    return false;
}

/* Hexadecimal, with or without 0x. */
static bool mask_of(struct slice text, uint64_t *mask)
{
    uint8_t hex[2 + 16] = {'0', 'x'};

    if (slice_starts(text, SLICE_LIT("0x")) || slice_starts(text, SLICE_LIT("0X")))
        return draft_u64(text, mask);
    if (!text.len || text.len > sizeof(hex) - 2)
        return false;
    memcpy(hex + 2, text.at, text.len);
    return draft_u64((struct slice){hex, 2 + text.len}, mask);
}

/* An option that other keywords of the family have. */
static bool is_foreign(struct draft *d, const struct bytes_draft *b, struct slice part)
{
    struct slice rest = slice_of_str(b->unknown), word;

    while (draft_part(&rest, ' ', &word)) {
        if (slice_eq(part, word) || (slice_starts(part, word) && part.at[word.len] == ' '))
            return !draft_fail(d, "\"%.*s\" is no option here", (int)word.len,
                               (const char *)word.at);
    }
    return false;
}

static bool option_of(struct draft *d, struct bytes_draft *b, struct slice part)
{
    struct slice rest;
    uint64_t v;

    if (is_foreign(d, b, part))
        return false;
    if (word_of(b, part))
        return true;
    if (after(part, "bitmask", &rest) && mask_of(rest, &v))
        b->op->mask = v;
    else if (after(part, "align", &rest) && draft_u64(rest, &v) && (v == 2 || v == 4))
        b->op->align_to = (uint8_t)v;
    else if (after(part, "multiplier", &rest) && draft_u64(rest, &v) && v > 0 && v < 65536)
        b->op->multiplier = (uint32_t)v;
    else if (!after(part, "post_offset", &rest) || !draft_i32(rest, &b->op->post_offset))
        return draft_fail(d, "unknown option \"%.*s\"", (int)(part.len & 63),
                          (const char *)part.at);
    return true;
}

static bool options_of(struct draft *d, struct bytes_draft *b, struct slice rest)
{
    struct slice part;

    while (draft_part(&rest, ',', &part)) {
        if (!option_of(d, b, part))
            return false;
    }
    if (b->op->post_offset < -65535 || b->op->post_offset > 65535)
        return draft_fail(d, "post_offset lies between -65535 and 65535");
    if (b->op->base && !b->string)
        return draft_fail(d, "hex, dec and oct stand behind \"string\"");
    if (b->op->dce && (b->ordered || b->string))
        return draft_fail(d, "dce goes with no order of bytes and no string");
    if (b->string && !b->op->base)
        b->op->base = 10;
    return true;
}

static bool count_of(struct draft *d, struct bytes_op *op, struct slice part)
{
    uint64_t v;

    if (draft_u64(part, &v)) {
        if (v > BYTES_MAX)
            return draft_fail(d, "at most %d bytes can be read", BYTES_MAX);
        op->n = (uint8_t)v;
        return true;
    }
    int var = draft_var(d, part);
    if (var < 0)
        return draft_fail(d, "unknown variable \"%.*s\"", (int)(part.len & 63),
                          (const char *)part.at);
    op->n = (uint8_t)var;
    op->n_is_var = true;
    return true;
}

enum { PLACE_MAX = 65535 };

static bool offset_of(struct draft *d, struct bytes_op *op, struct slice part, int32_t most)
{
    if (draft_i32(part, &op->offset))
        return (op->offset >= -most && op->offset <= most) ||
               draft_fail(d, "the offset lies between -%d and %d", most, most);
    op->offset = draft_var(d, part);
    op->offset_is_var = true;
    return op->offset >= 0 ||
           draft_fail(d, "unknown variable \"%.*s\"", (int)(part.len & 63), (const char *)part.at);
}

static bool value_of(struct draft *d, struct bytes_op *op, struct slice part)
{
    if (draft_u64(part, &op->value))
        return true;
    int var = draft_var(d, part);
    if (var < 0)
        return draft_fail(d, "unknown variable \"%.*s\"", (int)(part.len & 63),
                          (const char *)part.at);
    op->value = (uint64_t)var;
    op->value_is_var = true;
    return true;
}

static bool add(struct draft *d, struct bytes_draft *b, enum op_kind kind, uint32_t flags)
{
    bool none = b->op->n == 0 && kind != OP_BYTE_TEST && kind != OP_BYTE_JUMP; /* its value is 0 */
    if (!b->op->base && !b->op->n_is_var && (none || b->op->n > 8))
        return draft_fail(d, "between 1 and 8 bytes make a number; more as a string");
    if (b->op->from_beginning && b->op->from_end)
        return draft_fail(d, "from_beginning and from_end exclude each other");
    if (b->op->dce && !draft_app(d, "dcerpc"))
        return false;
    struct op *op = draft_op(d, draft_near(d, b->relative), kind);
    if (!op)
        return false;
    op->bytes = b->op;
    op->flags = flags | (b->relative ? OP_RELATIVE : 0u);
    return true;
}

static bool start(struct draft *d, struct bytes_draft *b, const char *unknown)
{
    *b = (struct bytes_draft){.op = draft_alloc(d, sizeof(*b->op)), .unknown = unknown};
    return b->op != NULL;
}

/* ---- byte_test ---------------------------------------------------------------------------- */

static bool comparison(struct draft *d, struct bytes_op *op, struct slice part, uint32_t *flags)
{
    if (part.len && part.at[0] == '!') {
        *flags = OP_NEGATED;
        part = slice_trim(slice_from(part, 1));
        if (!part.len)
            part = SLICE_LIT("=");
    }
    if (slice_eq(part, SLICE_LIT("<=")))
        op->oper = 'l';
    else if (slice_eq(part, SLICE_LIT(">=")))
        op->oper = 'g';
    else if (part.len == 1 && strchr("<>=&^", part.at[0]))
        op->oper = part.at[0];
    else
        return draft_fail(d, "unknown comparison \"%.*s\"", (int)(part.len & 63),
                          (const char *)part.at);
    return true;
}

static bool byte_test_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct bytes_draft b;
    struct slice part[4];
    uint32_t flags = 0;

    (void)kw;
    if (!start(d, &b, "align from_beginning from_end post_offset multiplier endian"))
        return false;
    for (int i = 0; i < 4; i++) {
        if (!draft_part(&value, ',', &part[i]))
            return draft_fail(d, "byte_test wants bytes, comparison, value and offset");
    }
    return count_of(d, b.op, part[0]) && comparison(d, b.op, part[1], &flags) &&
           value_of(d, b.op, part[2]) && offset_of(d, b.op, part[3], INT32_MAX) &&
           options_of(d, &b, value) && add(d, &b, OP_BYTE_TEST, flags);
}

static bool byte_jump_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct bytes_draft b;
    struct slice part[2];

    (void)kw;
    if (!start(d, &b, "endian bitmask"))
        return false;
    for (int i = 0; i < 2; i++) {
        if (!draft_part(&value, ',', &part[i]))
            return draft_fail(d, "byte_jump wants bytes and offset");
    }
    return count_of(d, b.op, part[0]) && offset_of(d, b.op, part[1], PLACE_MAX) &&
           options_of(d, &b, value) && add(d, &b, OP_BYTE_JUMP, 0);
}

static bool byte_extract_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct bytes_draft b;
    struct slice part[3];

    (void)kw;
    if (!start(d, &b, "from_beginning from_end post_offset bitmask endian"))
        return false;
    for (int i = 0; i < 3; i++) {
        if (!draft_part(&value, ',', &part[i]))
            return draft_fail(d, "byte_extract wants bytes, offset and a name");
    }
    if (!count_of(d, b.op, part[0]) || !offset_of(d, b.op, part[1], PLACE_MAX) ||
        !options_of(d, &b, value))
        return false;
    int var = draft_var_new(d, part[2]);
    b.op->var = (uint8_t)var;
    return var >= 0 && add(d, &b, OP_BYTE_EXTRACT, 0);
}

static bool math_oper(struct draft *d, struct bytes_op *op, struct slice part)
{
    if (slice_eq(part, SLICE_LIT("<<")))
        op->oper = 'L';
    else if (slice_eq(part, SLICE_LIT(">>")))
        op->oper = 'R';
    else if (part.len == 1 && strchr("+-*/", part.at[0]))
        op->oper = part.at[0];
    else
        return draft_fail(d, "unknown operation in byte_math");
    return true;
}

static bool byte_math_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct bytes_draft b;
    struct slice part, rest;
    uint32_t seen = 0;

    (void)kw;
    if (!start(d, &b, "from_beginning from_end post_offset align multiplier"))
        return false;
    while (draft_part(&value, ',', &part)) {
        bool ok = true;
        if (after(part, "bytes", &rest))
            ok = count_of(d, b.op, rest), seen |= 1;
        else if (after(part, "offset", &rest))
            ok = offset_of(d, b.op, rest, PLACE_MAX), seen |= 2;
        else if (after(part, "oper", &rest))
            ok = math_oper(d, b.op, rest), seen |= 4;
        else if (after(part, "rvalue", &rest))
            ok = value_of(d, b.op, rest), seen |= 8;
        else if (after(part, "result", &rest)) {
            int var = draft_var_new(d, rest);
            b.op->var = (uint8_t)var;
            ok = var >= 0;
            seen |= 16;
        } else
            ok = option_of(d, &b, part);
        if (!ok)
            return false;
    }
    if (seen != 31)
        return draft_fail(d, "byte_math wants bytes, offset, oper, rvalue and result");
    return options_of(d, &b, SLICE_NONE) && add(d, &b, OP_BYTE_MATH, 0);
}

/* ---- base64 ------------------------------------------------------------------------------- */

static bool base64_decode_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct base64_op *b = draft_alloc(d, sizeof(*b));
    struct slice part, rest;
    bool relative = false;
    uint64_t v;

    (void)kw;
    if (!b)
        return false;
    while (draft_part(&value, ',', &part)) {
        if (slice_eq(part, SLICE_LIT("relative")))
            relative = true;
        else if (after(part, "bytes", &rest) && slice_to_u64(rest, &v) && v <= PLACE_MAX)
            b->bytes = (uint32_t)v;
        else if (after(part, "offset", &rest) && slice_to_u64(rest, &v) && v <= UINT32_MAX)
            b->offset = (uint32_t)v;
        else
            return draft_fail(d, "base64_decode knows bytes, offset and relative");
    }
    struct op *op = draft_op(d, draft_near(d, relative), OP_BASE64);
    if (!op)
        return false;
    op->base64 = b;
    d->decoded = true;
    op->flags = relative ? OP_RELATIVE : 0;
    return true;
}

static bool base64_data_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)value;
    if (!d->decoded)
        return draft_fail(d, "base64_data needs a base64_decode of its own before it");
    d->decoded = false;
    return draft_stick(d, buffer_special(d->loader, kw->name, BUFFER_BASE64, SIDE_BOTH));
}

static const struct keyword rows[] = {
    {.name = "byte_test",
     .stage = AT_BUFFER,
     .parse = byte_test_parse,
     .example = "byte_test:2,>,1024,0,relative",
     .doc = "Compares a number in the buffer"},
    {.name = "byte_jump",
     .stage = AT_BUFFER,
     .parse = byte_jump_parse,
     .example = "byte_jump:2,0,relative",
     .doc = "Moves by a number in the buffer"},
    {.name = "byte_extract",
     .stage = AT_BUFFER,
     .parse = byte_extract_parse,
     .example = "byte_extract:1,0,length",
     .doc = "Keeps a number of the buffer under a name"},
    {.name = "byte_math",
     .stage = AT_BUFFER,
     .parse = byte_math_parse,
     .example = "byte_math:bytes 1, offset 0, oper +, rvalue 2, result length",
     .doc = "Computes with a number of the buffer and keeps the result"},
    {.name = "base64_decode",
     .stage = AT_BUFFER,
     .value = VALUE_PLAIN,
     .parse = base64_decode_parse,
     .example = "base64_decode:bytes 64, offset 0, relative",
     .doc = "Decodes Base64 for base64_data"},
    {.name = "base64_data",
     .stage = AT_BUFFER,
     .value = VALUE_NONE,
     .parse = base64_data_parse,
     .example = "base64_decode:relative; base64_data; content:\"cmd\"",
     .doc = "Buffer: what base64_decode produced"},
    KEYWORD_END,
};

const struct kw_family kw_bytes = {.doc = "Numbers in buffers", .rows = rows};
