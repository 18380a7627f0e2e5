/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How evenly the bytes of a buffer are spread: Shannon's entropy in bits a byte, 0 to 8. Suricata
 * has it from version 8 on.
 */
#include "sensor/detect/draft.h"

#include <math.h>
#include <stdlib.h>

struct entropy_args {
    uint32_t bytes, offset; /* bytes 0: to the end */
    enum num_mode mode;
    double value;
};

static double entropy_of(struct slice s)
{
    uint32_t count[256] = {0};
    double sum = 0;

    for (uint32_t i = 0; i < s.len; i++)
        count[s.at[i]]++;
    for (uint32_t i = 0; i < 256; i++) {
        double share = (double)count[i] / s.len;
        if (count[i])
            sum -= share * log2(share);
    }
    return sum;
}

static bool entropy_match(const struct inspection *in, const void *args)
{
    const struct entropy_args *a = args;
    struct slice s = slice_from(in->data, a->offset);

    if (a->bytes)
        s = slice_head(s, a->bytes);
    if (!s.len)
        return false;
    double v = entropy_of(s);
    switch (a->mode) {
    case NUM_LT:
        return v < a->value;
    case NUM_LE:
        return v <= a->value;
    case NUM_GT:
        return v > a->value;
    case NUM_GE:
        return v >= a->value;
    case NUM_NE:
        return fabs(v - a->value) >= 1e-6;
    default:
        return fabs(v - a->value) < 1e-6;
    }
}

static bool read_value(struct slice text, struct entropy_args *a)
{
    static const struct {
        const char *sign;
        enum num_mode mode;
    } signs[] = {{"<=", NUM_LE}, {">=", NUM_GE}, {"!=", NUM_NE}, {"<", NUM_LT},
                 {">", NUM_GT},  {"=", NUM_EQ},  {"!", NUM_NE},  {"", NUM_EQ}};
    char number[16], *end;
    uint32_t i = 0;

    while (!slice_starts(text, slice_of_str(signs[i].sign)))
        i++;
    text = slice_trim(slice_from(text, (uint32_t)strlen(signs[i].sign)));
    if (!text.len || text.len >= sizeof(number))
        return false;
    memcpy(number, text.at, text.len);
    number[text.len] = '\0';
    a->mode = signs[i].mode;
    a->value = strtod(number, &end);
    return !*end && a->value >= 0 && a->value <= 8;
}

static bool entropy_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct entropy_args *a = draft_alloc(d, sizeof(*a));
    struct slice part;
    bool has_value = false;

    if (!a)
        return false;
    while (draft_part(&value, ',', &part)) {
        int64_t blank = slice_find_byte(part, ' ');
        struct slice name = blank < 0 ? part : slice_head(part, (uint32_t)blank);
        struct slice text = slice_trim(slice_from(part, name.len));
        uint64_t number = 0;
        if (slice_eq(name, SLICE_LIT("value")) && read_value(text, a))
            has_value = true;
        else if (!draft_u64(text, &number) || number > UINT16_MAX)
            return draft_fail(d, "%s knows bytes and offset, up to 65535, and value, 0 to 8",
                              kw->name);
        else if (slice_eq(name, SLICE_LIT("bytes")))
            a->bytes = (uint32_t)number;
        else if (slice_eq(name, SLICE_LIT("offset")))
            a->offset = (uint32_t)number;
        else
            return draft_fail(d, "%s knows bytes, offset and value", kw->name);
    }
    if (!has_value)
        return draft_fail(d, "%s wants a value to compare with", kw->name);
    struct op *op = draft_op(d, draft_buffer(d), OP_CALL);
    if (!op)
        return false;
    op->call.match = entropy_match;
    op->call.args = a;
    return true;
}

static const struct keyword rows[] = {
    {.name = "entropy",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = entropy_parse,
     .example = "http.request_body; entropy:bytes 256, offset 0, value >= 7.5",
     .doc = "Entropy of the buffer in bits a byte: below 5 text, above 7.5 packed or encrypted"},
    KEYWORD_END,
};

const struct kw_family kw_entropy = {.doc = "Entropy", .rows = rows};
