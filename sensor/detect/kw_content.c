/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content and its modifiers, tests of length.
 */
#include "sensor/detect/buffer.h"
#include "sensor/detect/detect.h"
#include "sensor/detect/draft.h"
#include "sensor/detect/match.h"

#include <stdlib.h>

enum { CONTENT_MAX = 8192 };

/* Buffers whose letters have one case: contents on them are understood in that case. */
static void fold(const struct buffer *b, uint8_t *bytes, int32_t n)
{
    static const char *const small[] = {"ja3.hash", "ja3s.hash", "ssh.hassh", "ssh.hassh.server",
                                        "tls.cert_fingerprint"};
    bool capitals = strcmp(b->name, "tls.cert_serial") == 0, letters = false;

    for (uint32_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
        letters = letters || strcmp(b->name, small[i]) == 0;
    for (int32_t i = 0; i < n && (capitals || letters); i++) {
        bool upper = bytes[i] >= 'A' && bytes[i] <= 'Z', lower = bytes[i] >= 'a' && bytes[i] <= 'z';
        if (capitals ? lower : upper)
            bytes[i] ^= 32;
    }
}

static bool content_add(struct draft *d, const struct buffer *b, struct slice value)
{
    uint8_t bytes[CONTENT_MAX];
    bool negated = false;

    value = slice_trim(value);
    if (value.len && value.at[0] == '!') {
        negated = true;
        value = slice_trim(slice_from(value, 1));
    }
    if (value.len < 2 || value.at[0] != '"' || value.at[value.len - 1] != '"')
        return draft_fail(d, "the content must stand in quotes");
    int32_t n = draft_bytes(d, draft_unquote(value), bytes, sizeof(bytes), true);
    if (n < 0)
        return false;
    if (n == 0)
        return draft_fail(d, "the content is empty");
    struct op *op = draft_op(d, b, OP_CONTENT);
    if (!op)
        return false;
    fold(b, bytes, n);
    op->content.text = arena_keep(d->loader->arena, (struct slice){bytes, (uint32_t)n});
    op->flags = negated ? OP_NEGATED : 0;
    return true;
}

static bool content_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)kw;
    return content_add(d, draft_buffer(d), value);
}

static bool uricontent_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    const struct buffer *b = buffer_field(d->loader, SLICE_LIT("http.uri"));

    (void)kw;
    return b ? content_add(d, b, value) : draft_fail(d, "no parser gives http.uri");
}

static bool nocase_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct op *op = draft_content(d, kw->name);

    (void)value;
    if (!op)
        return false;
    if (op->flags & OP_NOCASE)
        return draft_fail(d, "the content has nocase already");
    struct slice text = op->content.text;
    uint8_t *lower = draft_alloc(d, text.len);
    if (!lower)
        return false;
    for (uint32_t i = 0; i < text.len; i++)
        lower[i] = text.at[i] >= 'A' && text.at[i] <= 'Z' ? text.at[i] | 32 : text.at[i];
    op->content.text.at = lower;
    op->flags |= OP_NOCASE;
    return true;
}

/* A number, or the name of a variable that byte_extract has set. */
static bool number_or_var(struct draft *d, const char *name, struct slice value, int32_t *out,
                          bool *is_var)
{
    value = draft_unquote(value);
    *is_var = false;
    if (draft_i32(value, out))
        return true;
    *out = draft_var(d, value);
    *is_var = true;
    return *out >= 0 || draft_fail(d, "\"%s\" wants a number or a variable set before", name);
}

/* A place counted from the buffer's start, and one counted from the match before, exclude each
 * other. */
static bool takes_place(struct draft *d, const struct op *op, const char *name, bool relative)
{
    if (op->flags & OP_FAST_ONLY)
        return draft_fail(d, "\"%s\" and fast_pattern:only exclude each other", name);
    if (relative && op->flags & (OP_DEPTH | OP_OFFSET))
        return draft_fail(d,
                          "\"%s\" counts from the match before, depth, offset and startswith "
                          "from the start: one content has one of both",
                          name);
    if (!relative && op->flags & OP_RELATIVE)
        return draft_fail(d,
                          "\"%s\" counts from the start, distance and within from the match "
                          "before: one content has one of both",
                          name);
    return true;
}

enum { PLACE_MAX = 65535, STEP_MAX = 1048576 };

static bool in_bounds(struct draft *d, const char *name, int32_t v, int32_t least, int32_t most)
{
    return (v >= least && v <= most) ||
           draft_fail(d, "\"%s\" lies between %d and %d", name, least, most);
}

static bool depth_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct op *op = draft_content(d, kw->name);
    bool var;

    if (!op || !number_or_var(d, kw->name, value, &op->content.depth, &var) ||
        !takes_place(d, op, kw->name, false))
        return false;
    if (op->flags & OP_DEPTH)
        return draft_fail(d, "the content has two depths");
    op->flags |= OP_DEPTH | (var ? OP_DEPTH_VAR : 0u);
    return var || in_bounds(d, kw->name, op->content.depth, 0, PLACE_MAX);
}

static bool offset_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct op *op = draft_content(d, kw->name);
    bool var;

    if (!op || !number_or_var(d, kw->name, value, &op->content.offset, &var) ||
        !takes_place(d, op, kw->name, false))
        return false;
    if (op->flags & OP_OFFSET)
        return draft_fail(d, "the content has two offsets");
    if (op->flags & OP_STARTS)
        return draft_fail(d, "startswith and an offset exclude each other");
    op->flags |= OP_OFFSET | (var ? OP_OFFSET_VAR : 0u);
    return var || in_bounds(d, kw->name, op->content.offset, 0, PLACE_MAX);
}

static bool distance_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct op *op = draft_content(d, kw->name);
    bool var;

    if (!op || !number_or_var(d, kw->name, value, &op->content.distance, &var) ||
        !takes_place(d, op, kw->name, true))
        return false;
    if (op->flags & OP_DISTANCE)
        return draft_fail(d, "the content has two distances");
    op->flags |= OP_DISTANCE | OP_RELATIVE | (var ? OP_DISTANCE_VAR : 0u);
    return var || in_bounds(d, kw->name, op->content.distance, -STEP_MAX, STEP_MAX);
}

static bool within_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct op *op = draft_content(d, kw->name);
    bool var;

    if (!op || !number_or_var(d, kw->name, value, &op->content.within, &var) ||
        !takes_place(d, op, kw->name, true))
        return false;
    if (op->flags & OP_WITHIN)
        return draft_fail(d, "the content has two withins");
    op->flags |= OP_WITHIN | OP_RELATIVE | (var ? OP_WITHIN_VAR : 0u);
    return var || in_bounds(d, kw->name, op->content.within, -STEP_MAX, STEP_MAX);
}

static bool starts_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct op *op = draft_content(d, kw->name);

    (void)value;
    if (!op || !takes_place(d, op, kw->name, false))
        return false;
    if (op->flags & (OP_DEPTH | OP_OFFSET))
        return draft_fail(d, "startswith goes with no depth and no offset");
    op->flags |= OP_DEPTH | OP_STARTS;
    op->content.depth = (int32_t)op->content.text.len;
    return true;
}

static bool ends_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct op *op = draft_content(d, kw->name);

    (void)value;
    if (op)
        op->flags |= OP_ENDS;
    return op != NULL;
}

/* It stands at a content of the payload. */
static bool fast_in_payload(const struct draft *d)
{
    bool fast = false;

    for (int g = 0; g < d->n_groups; g++) {
        for (uint16_t i = 0; i < d->groups[g].n; i++)
            fast |=
                d->groups[g].buffer->kind == BUFFER_PAYLOAD && d->groups[g].ops[i].flags & OP_FAST;
    }
    return fast;
}

/* Why it may not stand here; NULL = it may. */
static const char *fast_fault(const struct draft *d, const struct op *op, struct slice value)
{
    if (value.len)
        return NULL;
    if (op->flags & OP_FAST)
        return "fast_pattern twice on one content";
    return fast_in_payload(d) ? "fast_pattern stands behind one of the payload's" : NULL;
}

static bool fast_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct op *op = draft_content(d, kw->name);
    struct slice part;
    uint64_t offset, len;

    if (!op)
        return false;
    const char *fault = fast_fault(d, op, value);
    if (fault)
        return draft_fail(d, "%s", fault);
    op->flags |= OP_FAST;
    if (!value.len)
        return true;
    if (slice_eq(value, SLICE_LIT("only"))) {
        if (op->flags & (OP_NEGATED | OP_DEPTH | OP_OFFSET | OP_RELATIVE))
            return draft_fail(d,
                              "fast_pattern:only goes with no !, depth, offset, distance, within "
                              "or startswith: leave \":only\" out");
        op->flags |= OP_FAST_ONLY;
        return true;
    }
    if (!draft_part(&value, ',', &part) || !slice_to_u64(part, &offset) ||
        !draft_part(&value, ',', &part) || !slice_to_u64(part, &len) || len == 0 ||
        offset + len > op->content.text.len)
        return draft_fail(d, "fast_pattern:offset,length must lie inside the content");
    op->content.fast_offset = (uint16_t)offset;
    op->content.fast_len = (uint16_t)len;
    return true;
}

static bool rawbytes_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct op *op = draft_content(d, kw->name);

    (void)value;
    if (!op)
        return false;
    if (d->sticky)
        return draft_fail(d, "rawbytes is of the payload: %s has no other form", d->sticky->name);
    if (op->flags & OP_RAWBYTES)
        return draft_fail(d, "the content has rawbytes already");
    op->flags |= OP_RAWBYTES;
    return true;
}

/* That nothing is behind a content that must not be there is of the content: not at the end. */
static void join_end(struct draft *d, const struct op *op)
{
    struct draft_group *g = &d->groups[d->last_group];
    uint32_t asked = OP_RELATIVE | OP_NEGATED;

    if (g->n < 2 || op->flags != asked || op->data_at.at != 1)
        return;
    struct op *before = &g->ops[g->n - 2];
    if (before->kind != OP_CONTENT || !(before->flags & OP_NEGATED))
        return;
    before->flags |= OP_ENDS;
    g->n--;
    d->last_is_content = true;
}

/* ---- lengths ------------------------------------------------------------------------------ */

static bool isdataat_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct slice part;
    bool var;

    value = draft_unquote(value);
    bool negated = value.len && value.at[0] == '!';
    if (negated)
        value = slice_trim(slice_from(value, 1));
    bool relative = slice_find(value, SLICE_LIT("relative")) >= 0;
    struct op *op = draft_op(d, draft_near(d, relative), OP_DATA_AT);
    if (!op)
        return false;
    op->flags = negated ? OP_NEGATED : 0;
    if (!draft_part(&value, ',', &part) ||
        !number_or_var(d, "isdataat", part, &op->data_at.at, &var))
        return draft_fail(d, "isdataat wants a number");
    if (!var && !in_bounds(d, kw->name, op->data_at.at, 0, PLACE_MAX))
        return false;
    if (var)
        op->flags |= OP_OFFSET_VAR;
    while (draft_part(&value, ',', &part)) {
        if (slice_eq(part, SLICE_LIT("relative")))
            op->flags |= OP_RELATIVE;
        else if (!slice_eq(part, SLICE_LIT("rawbytes")))
            return draft_fail(d, "isdataat knows only relative and rawbytes");
    }
    join_end(d, op);
    return true;
}

static bool bsize_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    const struct buffer *b = draft_buffer(d);

    if (b->kind == BUFFER_PAYLOAD)
        return draft_fail(d, "bsize is of a sticky buffer: take dsize for a packet's payload");
    struct op *op = draft_op(d, b, OP_SIZE);
    if (!op)
        return false;
    return (draft_num(value, NULL, &op->num) ||
            draft_fail(d, "\"%s\" wants a length: 5, >5, <5 or 5<>10", kw->name)) &&
           draft_fits(d, kw->name, &op->num, UINT64_MAX);
}

/* As Suricata 8 has it. */
static bool absent_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    const struct buffer *b = draft_buffer(d);
    bool or_else = slice_eq(value, SLICE_LIT("or_else"));

    if (value.len && !or_else)
        return draft_fail(d, "%s takes nothing, or or_else", kw->name);
    if ((b->kind != BUFFER_FIELD && b->kind != BUFFER_FILE) || d->sticky_used)
        return draft_fail(d, "%s stands right behind a buffer of a transaction or a file",
                          kw->name);
    struct op *op = draft_op(d, b, OP_ABSENT);
    if (op)
        op->or_else = or_else;
    return op != NULL;
}

static bool urilen_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct slice part;
    bool raw = false;

    (void)kw;
    struct slice rest = value;
    draft_part(&rest, ',', &value);
    if (draft_part(&rest, ',', &part)) {
        raw = slice_eq(part, SLICE_LIT("raw"));
        if (!raw && !slice_eq(part, SLICE_LIT("norm")))
            return draft_fail(d, "urilen is of the raw or the norm uri");
    }
    const struct buffer *b = raw ? buffer_field(d->loader, SLICE_LIT("http.uri.raw"))
                                 : buffer_field(d->loader, SLICE_LIT("http.uri"));
    if (!b)
        return draft_fail(d, "no parser gives the uri");
    int8_t last = d->last_group;
    bool last_is_content = d->last_is_content;
    struct op *op = draft_op(d, b, OP_SIZE);
    d->last_group = last;
    d->last_is_content = last_is_content;
    /* limits in the wrong order are a range without a length, as Suricata reads them */
    return op && (draft_num(value, NULL, &op->num) || (op->num.b && op->num.a >= op->num.b) ||
                  draft_fail(d, "bad length in urilen"));
}

/* A length that no packet without payload has: bytes are wanted, the packet's or of its stream. */
static bool wants_bytes(const struct num *num)
{
    switch (num->mode) {
    case NUM_EQ:
        return num->a > 0;
    case NUM_NE:
    case NUM_GT:
    case NUM_RANGE:
        return true;
    default:
        return false;
    }
}

static bool dsize_match(const struct inspection *in, const void *args)
{
    const struct num *num = args;
    bool bytes = match_payload_bytes(in->detect);

    if (!in->packet || (wants_bytes(num) && !bytes) || (num->mode == NUM_EQ && !num->a && bytes))
        return false;
    return rule_num_ok(num, in->packet->payload.len);
}

static bool dsize_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct num *num = draft_alloc(d, sizeof(*num));

    draft_of_packet(d, kw->name);
    d->dsize = num;
    if (!num)
        return false;
    return (draft_num(value, NULL, num) || draft_fail(d, "bad length in dsize")) &&
           draft_fits(d, kw->name, num, UINT16_MAX) && draft_test(d, kw, num);
}

static const struct keyword rows[] = {
    {.name = "content",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED | VALUE_QUOTED,
     .parse = content_parse,
     .example = "content:\"root|3a|admin\"",
     .doc = "Bytes that must (with ! must not) be in the buffer; |..| holds hexadecimal"},
    {.name = "uricontent",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED | VALUE_QUOTED,
     .parse = uricontent_parse,
     .example = "uricontent:\"/cgi-bin/\"",
     .doc = "content on http.uri (old form)"},
    {.name = "nocase",
     .stage = AT_BUFFER,
     .value = VALUE_NONE,
     .parse = nocase_parse,
     .example = "content:\"GET\"; nocase",
     .doc = "The content before it in any case"},
    {.name = "depth",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = depth_parse,
     .example = "content:\"GET\"; depth:3",
     .doc = "The content lies within so many bytes, counted from the offset"},
    {.name = "offset",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = offset_parse,
     .example = "content:\"GET\"; offset:4",
     .doc = "The search for the content begins behind so many bytes"},
    {.name = "distance",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = distance_parse,
     .example = "content:\"a\"; content:\"b\"; distance:2",
     .doc = "The content begins at least so many bytes behind the previous match"},
    {.name = "within",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = within_parse,
     .example = "content:\"a\"; content:\"b\"; within:10",
     .doc = "The content ends within so many bytes behind the previous match (plus distance)"},
    {.name = "startswith",
     .stage = AT_BUFFER,
     .value = VALUE_NONE,
     .parse = starts_parse,
     .example = "content:\"GET\"; startswith",
     .doc = "The content stands at the buffer's start"},
    {.name = "endswith",
     .stage = AT_BUFFER,
     .value = VALUE_NONE,
     .parse = ends_parse,
     .example = "content:\".exe\"; endswith",
     .doc = "The content stands at the buffer's end"},
    {.name = "fast_pattern",
     .stage = AT_BUFFER,
     .parse = fast_parse,
     .example = "content:\"evil\"; fast_pattern",
     .doc = "Hint for the prefilter"},
    {.name = "rawbytes",
     .stage = AT_BUFFER,
     .value = VALUE_NONE,
     .parse = rawbytes_parse,
     .example = "content:\"a\"; rawbytes",
     .doc = "Accepted; payload is never decoded here"},
    {.name = "isdataat",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = isdataat_parse,
     .example = "content:\"USER\"; isdataat:50,relative",
     .doc = "There is (with ! is not) data at this position"},
    {.name = "bsize",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = bsize_parse,
     .example = "http.uri; bsize:1",
     .doc = "Length of the buffer"},
    {.name = "absent",
     .stage = AT_BUFFER,
     .value = VALUE_PLAIN,
     .parse = absent_parse,
     .example = "http.user_agent; absent",
     .doc = "There is no such buffer; with or_else there is none, or what follows holds of it"},
    {.name = "urilen",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = urilen_parse,
     .example = "urilen:>200",
     .doc = "Length of http.uri, or with ,raw of http.uri.raw"},
    {.name = "dsize",
     .stage = AT_PACKET,
     .value = VALUE_WANTED | VALUE_PLAIN | VALUE_ONCE,
     .parse = dsize_parse,
     .match = dsize_match,
     .example = "dsize:>100",
     .doc = "Length of the packet's payload"},
    KEYWORD_END,
};

const struct kw_family kw_content = {.doc = "Bytes and lengths", .rows = rows};
