/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/inspect.h"

#include "common/pcre.h"
#include "sensor/app/dcerpc_pdu.h"
#include "sensor/detect/content.h"
#include "sensor/detect/digits.h"

#include <stdio.h>

enum { PCRE_BYTES = 4, SEARCHED_BYTES = 64 }; /* that count as a step */
enum { PCRE_FREE = 65536 / PCRE_BYTES, PCRE_TIGHT = 350 };

/* How far one operation has come. */
struct step {
    uint32_t start; /* where the previous match ended */
    uint32_t retry; /* next place to try from; 0 = the first time */
    uint32_t end;   /* where this match ended */
};

struct walk {
    const struct group *group;
    struct inspection *in;
    struct slice data;
    uint64_t base;
    struct inspect_scratch *scratch;
    uint32_t steps;
    struct lack *lack;        /* of bytes that grow; or NULL */
    int32_t failed, farthest; /* operations: the last that failed, the last that was tried */
    struct step frames[RULE_OPS_MAX + 1];
};

/* ---- content ------------------------------------------------------------------------------ */

static int64_t value_or_var(const struct walk *w, int32_t value, bool is_var)
{
    if (!is_var)
        return value;
    uint64_t v = w->in->vars[value];
    return v > INT32_MAX ? INT32_MAX : (int64_t)v;
}

static void relative_span(const struct walk *w, const struct op *op, uint32_t start, int64_t *from,
                          int64_t *to)
{
    const struct content *c = &op->content;

    *from = start;
    if (op->flags & OP_DISTANCE)
        *from += value_or_var(w, c->distance, op->flags & OP_DISTANCE_VAR);
    if (op->flags & OP_WITHIN)
        *to = *from + value_or_var(w, c->within, op->flags & OP_WITHIN_VAR);
    if (op->flags & OP_DEPTH) {
        int64_t depth = (int64_t)start + value_or_var(w, c->depth, op->flags & OP_DEPTH_VAR);
        *to = depth < *to ? depth : *to;
    }
    if ((op->flags & OP_OFFSET) && c->offset > *from)
        *from = c->offset;
}

static void absolute_span(const struct walk *w, const struct op *op, int64_t *from, int64_t *to)
{
    const struct content *c = &op->content;
    int64_t base = (int64_t)w->base;

    if (op->flags & OP_OFFSET)
        *from = value_or_var(w, c->offset, op->flags & OP_OFFSET_VAR) - base;
    if (op->flags & OP_DEPTH) {
        *to = value_or_var(w, c->depth, op->flags & OP_DEPTH_VAR) - base;
        if (op->flags & OP_OFFSET && op->flags & (OP_OFFSET_VAR | OP_DEPTH_VAR))
            *to += *from + base;
    }
}

/* The part of the buffer the whole literal must lie in; false when it is impossible. */
static bool content_span(const struct walk *w, const struct op *op, uint32_t start, int64_t *from,
                         int64_t *to)
{
    const struct content *c = &op->content;
    int64_t len = w->data.len;

    *from = 0;
    *to = len;
    if (op->flags & OP_RELATIVE)
        relative_span(w, op, start, from, to);
    else
        absolute_span(w, op, from, to);
    if (*from < 0)
        *from = 0;
    if (*to > len)
        *to = len;
    if (op->flags & OP_ENDS) {
        bool there = !(op->flags & OP_NEGATED);
        if ((there && *to < len) || w->in->partial)
            return false;
        if (there && len - (int64_t)c->text.len > *from)
            *from = len - (int64_t)c->text.len;
    }
    return *to - *from >= (int64_t)c->text.len;
}

/* A content that may stand anywhere. */
static bool anywhere(const struct op *op)
{
    uint32_t other = OP_NEGATED | OP_ENDS | OP_RELATIVE | OP_DEPTH | OP_OFFSET | OP_DISTANCE |
                     OP_WITHIN | OP_DEPTH_VAR | OP_OFFSET_VAR;

    return op->kind == OP_CONTENT && !(op->flags & other);
}

/* Where the search for an operation's first place begins. */
static uint32_t first_look(const struct walk *w, int32_t i)
{
    return w->lack && i < LACK_FIRST && i < w->group->n_ops ? w->lack->none_before[i] : 0;
}

/* The first place of a content that may stand anywhere stays the first when bytes are added. */
static void note_first(struct walk *w, const struct op *op, int64_t from, int64_t at)
{
    int64_t i = op - w->group->ops;

    if (i >= LACK_FIRST || !anywhere(op) || from != w->lack->none_before[i])
        return;
    if (at >= 0)
        w->lack->none_before[i] = (uint32_t)(from + at);
    else
        w->lack->none_before[i] = w->data.len - op->content.text.len + 1;
}

static bool try_content(struct walk *w, const struct op *op, struct step *f)
{
    int64_t from, to;
    bool negated = op->flags & OP_NEGATED;

    f->end = f->start;
    if (negated && f->retry)
        return false;
    if (!content_span(w, op, f->start, &from, &to))
        return negated;
    if (f->retry > from)
        from = f->retry;
    if (to - from < (int64_t)op->content.text.len)
        return negated;
    struct slice part = {w->data.at + from, (uint32_t)(to - from)};
    int64_t at = content_find(part, op->content.text, op->content.rare, op->flags & OP_NOCASE);
    w->scratch->steps += (at < 0 ? part.len : (uint64_t)at) / SEARCHED_BYTES;
    if (w->lack)
        note_first(w, op, from, at);
    if (negated) /* at the end: as Suricata counts it, from where the search began */
        return at < 0 || (op->flags & OP_ENDS && at + op->content.text.len != w->data.len);
    if (at < 0)
        return false;
    f->retry = (uint32_t)(from + at) + 1;
    f->end = (uint32_t)(from + at) + op->content.text.len;
    return true;
}

/* ---- pcre --------------------------------------------------------------------------------- */

static bool spent(const struct inspect_scratch *s)
{
    return s->steps_stop && s->steps >= s->steps_stop;
}

/* What a rule shows to expressions beyond 64 KB of a packet is looked at less closely: repeats
 * inside repeats may take 40 us for each byte. */
static void limit_pcre(struct inspect_scratch *s, uint32_t steps)
{
    s->steps += steps;
    bool tight = s->steps - s->steps_start > PCRE_FREE;
    if (tight == s->tight)
        return;
    s->tight = tight;
    pcre_scratch_steps(s->pcre, tight ? PCRE_TIGHT : PCRE_STEPS);
}

/* The same name again, from a later place, takes the place of what was there. */
static void keep_captures(const struct walk *w, const struct captures *list, struct slice subject)
{
    struct inspection *in = w->in;
    uint32_t from, to;

    for (uint8_t i = 0; i < list->n; i++) {
        uint8_t k = 0;
        while (k < in->n_captured && (in->captured[k].var != list->at[i].var ||
                                      in->captured[k].of_flow != list->at[i].of_flow))
            k++;
        if (k == CAPTURES_MAX || !pcre_group(w->scratch->pcre, list->at[i].group, &from, &to))
            continue;
        in->captured[k].var = list->at[i].var;
        in->captured[k].of_flow = list->at[i].of_flow;
        in->captured[k].value = slice_head(slice_from(subject, from), to - from);
        if (k == in->n_captured)
            in->n_captured++;
    }
}

static bool try_pcre(struct walk *w, const struct op *op, struct step *f)
{
    uint32_t from, to;
    uint32_t shift = op->flags & OP_RELATIVE ? f->start : 0;
    bool negated = op->flags & OP_NEGATED;

    f->end = f->start;
    if (shift > w->data.len || (negated && f->retry))
        return false;
    struct slice subject = {w->data.at ? w->data.at + shift : NULL, w->data.len - shift};
    uint32_t start = f->retry > shift ? f->retry - shift : 0;
    if (start > subject.len)
        return negated;
    if (spent(w->scratch)) {
        w->steps = INSPECT_STEPS_MAX;
        w->scratch->pcre_limited++;
        return false;
    }
    if (!pcre_anchored(op->pcre))
        limit_pcre(w->scratch, (subject.len - start) / PCRE_BYTES);
    enum pcre_answer answer = pcre_run(op->pcre, w->scratch->pcre, subject, start, &from, &to);
    w->scratch->pcre_limited += answer == PCRE_LIMIT;
    if (negated)
        return answer == PCRE_NO;
    if (answer != PCRE_YES)
        return false;
    f->retry = shift + from + 1;
    f->end = shift + to;
    if (op->captures)
        keep_captures(w, op->captures, subject);
    return true;
}

/* ---- numbers in bytes --------------------------------------------------------------------- */

/* `dce`: as the message says whose arguments are looked at; big elsewhere. */
static bool is_little(const struct walk *w, const struct bytes_op *b)
{
    if (!b->dce)
        return b->little;
    const struct dcerpc_call *call = w->in->tx ? dcerpc_pdu_call(w->in->tx) : NULL;
    return call && w->group->buffer->kind == BUFFER_FIELD && call->little[w->in->dir];
}

/* Reads the number an operation speaks of; `end` is the place behind it. */
static bool read_number(const struct walk *w, const struct op *op, uint32_t start, uint64_t *value,
                        int64_t *end)
{
    const struct bytes_op *b = op->bytes;
    int64_t offset = b->offset_is_var ? value_or_var(w, b->offset, true) : b->offset;
    int64_t at = (op->flags & OP_RELATIVE ? (int64_t)start : 0) + offset;
    uint64_t n = b->n_is_var ? w->in->vars[b->n] : b->n;

    if (at < 0 || n > 23 || at + (int64_t)n > (int64_t)w->data.len)
        return false;
    struct slice s = {w->data.at + at, (uint32_t)n};
    *end = at + (int64_t)n;
    if (b->base) {
        uint32_t used;
        if (!n)
            s = slice_from(w->data, (uint32_t)at);
        if (!digits_text(s, b->base, value, &used))
            return false;
        *end = at + used;
    } else {
        if (n > 8)
            return false;
        *value = digits_binary(s, is_little(w, b));
    }
    if (b->mask)
        *value = (*value & b->mask) >> __builtin_ctzll(b->mask);
    return true;
}

static bool try_byte_test(struct walk *w, const struct op *op, struct step *f)
{
    const struct bytes_op *b = op->bytes;
    uint64_t v, other = b->value_is_var ? w->in->vars[b->value] : b->value;
    int64_t end;
    bool ok;

    f->end = f->start;
    if (!read_number(w, op, f->start, &v, &end))
        return false;
    switch (b->oper) {
    case '<':
        ok = v < other;
        break;
    case '>':
        ok = v > other;
        break;
    case 'l':
        ok = v <= other;
        break;
    case 'g':
        ok = v >= other;
        break;
    case '&':
        ok = (v & other) != 0;
        break;
    case '^':
        ok = (v ^ other) != 0;
        break;
    default:
        ok = v == other;
        break;
    }
    return ok != ((op->flags & OP_NEGATED) != 0);
}

static bool try_byte_jump(struct walk *w, const struct op *op, struct step *f)
{
    const struct bytes_op *b = op->bytes;
    uint64_t v = 0;
    int64_t end = 0;

    if (b->n || b->n_is_var || b->base) {
        if (!read_number(w, op, f->start, &v, &end))
            return false;
    } else {
        end = (op->flags & OP_RELATIVE ? (int64_t)f->start : 0) + b->offset;
    }
    if (v > UINT32_MAX)
        return false;
    if (b->multiplier)
        v *= b->multiplier;
    if (b->align_to)
        v = (v + b->align_to - 1) / b->align_to * b->align_to;
    int64_t to = b->from_beginning ? (int64_t)v
                 : b->from_end     ? (int64_t)w->data.len + (int64_t)v
                                   : end + (int64_t)v;
    to += b->post_offset;
    if (to > (int64_t)w->data.len)
        return false;
    f->end = to < 0 ? 0 : (uint32_t)to; /* a jump before the start ends there */
    return true;
}

static bool try_byte_extract(struct walk *w, const struct op *op, struct step *f)
{
    const struct bytes_op *b = op->bytes;
    uint64_t v;
    int64_t end;

    if (!read_number(w, op, f->start, &v, &end))
        return false;
    if (b->multiplier)
        v *= b->multiplier;
    if (b->align_to)
        v = (v + b->align_to - 1) / b->align_to * b->align_to;
    w->in->vars[b->var] = v;
    f->end = (uint32_t)end;
    return true;
}

static bool try_byte_math(struct walk *w, const struct op *op, struct step *f)
{
    const struct bytes_op *b = op->bytes;
    uint64_t v, r = b->value_is_var ? w->in->vars[b->value] : b->value;
    int64_t end;

    if (!read_number(w, op, f->start, &v, &end))
        return false;
    switch (b->oper) {
    case '+':
        v += r;
        break;
    case '-':
        v -= r;
        break;
    case '*':
        v *= r;
        break;
    case '/':
        if (!r)
            return false;
        v /= r;
        break;
    case 'L':
        v = r < 64 ? v << r : 0;
        break;
    default:
        v = r < 64 ? v >> r : 0;
        break;
    }
    w->in->vars[b->var] = v;
    f->end = (uint32_t)end;
    return true;
}

/* ---- others ------------------------------------------------------------------------------- */

/* Decodes up to the first byte that is no Base64; line ends inside are skipped (RFC 2045). */
static bool try_base64(struct walk *w, const struct op *op, struct step *f)
{
    const struct base64_op *b = op->base64;
    uint64_t at = (uint64_t)b->offset + (op->flags & OP_RELATIVE ? f->start : 0);

    f->end = f->start;
    if (at >= w->data.len)
        return false;
    struct slice s = slice_from(w->data, (uint32_t)at);
    if (b->bytes)
        s = slice_head(s, b->bytes);
    uint8_t *out = w->scratch->base64;
    w->in->base64 = (struct slice){out, digits_unbase64(s, DIGITS_RFC4648, out, BASE64_ROOM)};
    return w->in->base64.len > 0;
}

static bool try_data_at(const struct walk *w, const struct op *op, struct step *f)
{
    int64_t at = value_or_var(w, op->data_at.at, op->flags & OP_OFFSET_VAR);
    bool there = op->flags & OP_RELATIVE ? (int64_t)f->start + at <= (int64_t)w->data.len
                                         : at < (int64_t)w->data.len;

    f->end = f->start;
    return there != ((op->flags & OP_NEGATED) != 0);
}

/* Of bytes that go on behind what is there only a lower bound can be told. */
static bool size_ok(const struct walk *w, const struct num *num)
{
    if (w->in->partial && num->mode != NUM_GT && num->mode != NUM_GE)
        return false;
    return rule_num_ok(num, w->data.len + (w->group->buffer->kind == BUFFER_FRAME ? w->base : 0));
}

static bool try_op(struct walk *w, const struct op *op, struct step *f)
{
    switch (op->kind) {
    case OP_CONTENT:
        return try_content(w, op, f);
    case OP_PCRE:
        return try_pcre(w, op, f);
    case OP_DATA_AT:
        return try_data_at(w, op, f);
    case OP_SIZE:
        f->end = f->start;
        return size_ok(w, &op->num);
    case OP_BYTE_TEST:
        return try_byte_test(w, op, f);
    case OP_BYTE_JUMP:
        return try_byte_jump(w, op, f);
    case OP_BYTE_EXTRACT:
        return try_byte_extract(w, op, f);
    case OP_BYTE_MATH:
        return try_byte_math(w, op, f);
    case OP_BASE64:
        return try_base64(w, op, f);
    case OP_ABSENT:
        f->end = f->start;
        return op->or_else;
    case OP_CALL:
        f->end = f->start;
        w->in->data = w->data;
        w->in->data_at = f->start;
        return op->call.match(w->in, op->call.args);
    default:
        return false;
    }
}

static bool retryable(const struct op *op)
{
    return (op->kind == OP_CONTENT || op->kind == OP_PCRE) && !(op->flags & OP_NEGATED) &&
           (op->flags & OP_NEXT_RELATIVE);
}

/* Whether a later start can only give this operation a later end. */
static bool steady(const struct op *op)
{
    return op->kind == OP_CONTENT || op->kind == OP_DATA_AT || op->kind == OP_SIZE ||
           op->kind == OP_BYTE_TEST;
}

/* A content that may stand anywhere behind the previous match and does not will not be found
 * from a later place of that match either. */
static bool hopeless(const struct op *ops, int32_t i)
{
    uint32_t bounded = OP_NEGATED | OP_WITHIN | OP_DEPTH;

    if (ops[i].kind != OP_CONTENT || (ops[i].flags & bounded))
        return false;
    while (i > 0 && (ops[i].flags & OP_RELATIVE)) {
        if (!steady(&ops[--i]))
            return false;
    }
    return true;
}

/* The operation to try again after the one at `i` has failed; -1 when nothing can help. */
static int32_t back_from(const struct walk *w, int32_t i)
{
    const struct op *ops = w->group->ops;

    if (hopeless(ops, i))
        return -1;
    while (i > 0 && (ops[i].flags & OP_RELATIVE)) {
        i--;
        if (retryable(&ops[i]))
            return i;
    }
    return -1;
}

static void note_place(const struct walk *w, struct place *place)
{
    for (uint16_t i = 0; i < w->group->n_ops; i++) {
        const struct op *op = &w->group->ops[i];
        if (op->kind != OP_CONTENT || (op->flags & OP_NEGATED))
            continue;
        place->offset = w->frames[i].end - op->content.text.len;
        place->len = op->content.text.len;
        place->set = true;
        return;
    }
}

static bool walk_steps(struct walk *w)
{
    const struct group *group = w->group;
    int32_t i = 0;

    w->frames[0] = (struct step){.retry = first_look(w, 0)};
    while (i < group->n_ops) {
        if (++w->steps > INSPECT_STEPS_MAX) {
            w->scratch->steps_exceeded++;
            w->failed = -1;
            return false;
        }
        struct step *f = &w->frames[i];
        w->farthest = i > w->farthest ? i : w->farthest;
        if (try_op(w, &group->ops[i], f)) {
            i++;
            w->frames[i] = (struct step){.start = f->end, .retry = first_look(w, i)};
            continue;
        }
        w->failed = i;
        i = back_from(w, i);
        if (i < 0)
            return false;
    }
    return true;
}

static bool walk_all(struct walk *w)
{
    struct inspect_scratch *s = w->scratch;

    if (spent(s)) {
        s->steps_exceeded++;
        return false;
    }
    bool ok = walk_steps(w);
    s->steps += w->steps;
    return ok;
}

static void begin(struct walk *w, const struct group *group, struct inspection *in,
                  struct slice data, struct inspect_scratch *scratch)
{
    w->group = group;
    w->in = in;
    w->data = data;
    w->base = 0;
    w->scratch = scratch;
    w->steps = 0;
    w->lack = NULL;
    w->failed = -1;
    w->farthest = 0;
}

bool inspect_group(const struct group *group, struct inspection *in, struct slice data,
                   uint64_t base, struct inspect_scratch *scratch, struct place *place)
{
    struct walk w;

    begin(&w, group, in, data, scratch);
    w.base = base;
    if (!walk_all(&w))
        return false;
    if (place)
        note_place(&w, place);
    return true;
}

/* ---- bytes that grow ---------------------------------------------------------------------- */

/* A content whose places depend on nothing but the bytes up to them. */
static bool plain(const struct op *op)
{
    uint32_t other =
        OP_NEGATED | OP_ENDS | OP_DEPTH_VAR | OP_OFFSET_VAR | OP_DISTANCE_VAR | OP_WITHIN_VAR;

    return op->kind == OP_CONTENT && !(op->flags & other);
}

/* … or that must not stand within some bytes: what follows can only begin later for it. */
static bool settled(const struct op *op)
{
    struct op stands = *op;

    stands.flags &= ~(op->flags & OP_RELATIVE && op->flags & OP_WITHIN ? (uint32_t)OP_NEGATED : 0u);
    return plain(&stands);
}

/* All places of the content that failed last were tried, each with the contents that follow it
 * within some bytes: only places so near the end that those bytes were missing can still do. */
static void note_lack(const struct walk *w, struct lack *lack)
{
    const struct op *ops = w->group->ops;
    int32_t i = w->failed;

    lack->group = NULL;
    if (i < 0 || (ops[i].flags & (OP_WITHIN | OP_DEPTH)) || !plain(&ops[i]))
        return;
    uint64_t reach = ops[i].content.text.len;
    for (int32_t k = i + 1; k <= w->farthest; k++) {
        const struct content *c = &ops[k].content;
        if (!settled(&ops[k]) || !(ops[k].flags & OP_RELATIVE) || !(ops[k].flags & OP_WITHIN))
            return;
        reach += (ops[k].flags & OP_DISTANCE) && c->distance > 0 ? (uint32_t)c->distance : 0;
        reach += c->within > 0 ? (uint32_t)c->within : 0;
    }
    for (int32_t k = i; k > 0 && (ops[k].flags & OP_RELATIVE); k--) {
        if (!settled(&ops[k - 1]))
            return;
    }
    if (reach > UINT32_MAX)
        return;
    lack->group = w->group;
    lack->op = (uint16_t)i;
    lack->reach = (uint32_t)reach;
    lack->seen = w->data.len;
}

/* False: it stands at `at`, the first place where it can do. */
static bool still_lacking(const struct lack *lack, struct slice data, uint32_t *at)
{
    const struct op *op = &lack->group->ops[lack->op];
    uint32_t from = lack->seen >= lack->reach ? lack->seen - lack->reach + 1 : 0;
    int64_t found = content_find(slice_from(data, from), op->content.text, op->content.rare,
                                 op->flags & OP_NOCASE);

    *at = from + (uint32_t)(found < 0 ? 0 : found);
    return found < 0;
}

bool inspect_grown(const struct group *group, struct inspection *in, struct slice data,
                   struct inspect_scratch *scratch, struct place *place, struct lack *lack)
{
    struct walk w;
    uint32_t at = 0;
    bool lacked = lack->group == group && data.len >= lack->seen;

    if (lacked && still_lacking(lack, data, &at)) {
        lack->seen = data.len;
        return false;
    }
    begin(&w, group, in, data, scratch);
    if (lack->known != group || data.len < lack->len) {
        memset(lack->none_before, 0, sizeof(lack->none_before));
        lack->known = group;
    }
    if (lacked && lack->op < LACK_FIRST && at > lack->none_before[lack->op])
        lack->none_before[lack->op] = at; /* the walk goes on from there */
    lack->len = data.len;
    w.lack = lack;
    if (!walk_all(&w)) {
        note_lack(&w, lack);
        return false;
    }
    note_place(&w, place);
    return true;
}

/* ---- what matched where, for explain ------------------------------------------------------ */

static void why_content(const struct walk *w, const struct op *op, uint32_t start, char *why)
{
    int64_t from, to, len = w->data.len;
    bool room = content_span(w, op, start, &from, &to);
    int64_t at = content_find(w->data, op->content.text, op->content.rare, op->flags & OP_NOCASE);

    if (op->flags & OP_NEGATED)
        snprintf(why, INSPECT_WHY_MAX, "it stands there, at %lld, and must not", (long long)at);
    else if (at < 0)
        snprintf(why, INSPECT_WHY_MAX, "not in these %lld bytes", (long long)len);
    else if (!room)
        snprintf(why, INSPECT_WHY_MAX, "it stands at %lld; no room is left in %lld to %lld of %lld",
                 (long long)at, (long long)from, (long long)to, (long long)len);
    else
        snprintf(why, INSPECT_WHY_MAX, "it stands at %lld, not in bytes %lld to %lld of %lld",
                 (long long)at, (long long)from, (long long)to, (long long)len);
}

static void why_number(const struct walk *w, const struct op *op, uint32_t start, char *why)
{
    uint64_t value;
    int64_t end;

    if (read_number(w, op, start, &value, &end))
        snprintf(why, INSPECT_WHY_MAX, "the number that ends at %lld is %llu (0x%llx)",
                 (long long)end, (unsigned long long)value, (unsigned long long)value);
    else
        snprintf(why, INSPECT_WHY_MAX, "no number can be read there: %u bytes, counted from %u",
                 w->data.len, op->flags & OP_RELATIVE ? start : 0);
}

static void why_not(const struct walk *w, const struct op *op, uint32_t start, char *why)
{
    switch (op->kind) {
    case OP_CONTENT:
        why_content(w, op, start, why);
        break;
    case OP_PCRE:
        snprintf(why, INSPECT_WHY_MAX, "%s the %u bytes from %u on",
                 op->flags & OP_NEGATED ? "it matches" : "it does not match",
                 w->data.len - (op->flags & OP_RELATIVE ? start : 0),
                 op->flags & OP_RELATIVE ? start : 0);
        break;
    case OP_SIZE:
    case OP_DATA_AT:
        snprintf(why, INSPECT_WHY_MAX, "there are %u bytes%s", w->data.len,
                 op->flags & OP_RELATIVE ? " in all" : "");
        break;
    case OP_BYTE_TEST:
    case OP_BYTE_JUMP:
    case OP_BYTE_EXTRACT:
    case OP_BYTE_MATH:
        why_number(w, op, start, why);
        break;
    default:
        snprintf(why, INSPECT_WHY_MAX, "does not hold");
        break;
    }
}

static void place_of(const struct walk *w, uint16_t i, struct inspect_place *place)
{
    const struct op *op = &w->group->ops[i];
    const struct step *f = &w->frames[i];
    bool reads = op->kind == OP_BYTE_TEST || op->kind == OP_BYTE_JUMP ||
                 op->kind == OP_BYTE_EXTRACT || op->kind == OP_BYTE_MATH;
    int64_t end;

    *place = (struct inspect_place){.from = f->start, .to = f->start};
    if ((op->kind == OP_CONTENT || op->kind == OP_PCRE) && !(op->flags & OP_NEGATED) && f->retry)
        *place = (struct inspect_place){.from = f->retry - 1, .to = f->end, .placed = true};
    if (!reads || !read_number(w, op, f->start, &place->value, &end))
        return;
    int64_t n = op->bytes->n_is_var ? (int64_t)w->in->vars[op->bytes->n] : op->bytes->n;
    place->has_value = true;
    place->placed = n > 0 && n <= end;
    place->to = (uint32_t)end;
    place->from = (uint32_t)(end - (n <= end ? n : end));
}

uint16_t inspect_places(const struct group *group, struct inspection *in, struct slice data,
                        uint64_t base, struct inspect_scratch *scratch,
                        struct inspect_place *places, char why[INSPECT_WHY_MAX])
{
    uint64_t exceeded = scratch->steps_exceeded, limited = scratch->pcre_limited;
    uint64_t steps = scratch->steps, stop = scratch->steps_stop;
    struct group held = *group; /* those operations that hold together */
    struct walk w;

    why[0] = '\0';
    scratch->steps_stop = 0;
    begin(&w, group, in, data, scratch);
    w.base = base;
    if (!walk_all(&w)) {
        bool given_up = scratch->steps_exceeded != exceeded;
        held.n_ops = (uint16_t)w.farthest;
        begin(&w, &held, in, data, scratch);
        w.base = base;
        held.n_ops = walk_all(&w) ? held.n_ops : 0;
        w.group = group;
        why_not(&w, &group->ops[held.n_ops], held.n_ops ? w.frames[held.n_ops].start : 0, why);
        if (given_up)
            snprintf(why, INSPECT_WHY_MAX, "given up after %d steps", INSPECT_STEPS_MAX);
    }
    for (uint16_t i = 0; i < held.n_ops; i++)
        place_of(&w, i, &places[i]);
    scratch->steps_exceeded = exceeded;
    scratch->pcre_limited = limited;
    scratch->steps = steps;
    scratch->steps_stop = stop;
    return held.n_ops;
}
