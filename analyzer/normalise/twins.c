/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Twins. See twins.h.
 *
 * A line is cut at the values that pass: "pieces". Another line is a twin when all between them is
 * the same bytes, and the values are of the same plain kind: texts of ASCII without escapes, whole
 * numbers. So it is as valid as the first one, and its tree differs in these scalars only.
 */
#include "analyzer/normalise/twins.h"
#include "analyzer/normalise/normalise.h"
#include "common/hash.h"
#include "common/json_mould.h"

enum { KEY_BYTES = 64, DIGITS_MOST = 18, TEXT_MOST = 128, IN_VAIN_MOST = 3 };

struct piece {
    uint32_t from, to; /* in the line of the first */
    bool text;
    bool says; /* part of record.content */
};

struct twin {
    uint64_t key;
    struct record *first;
    const struct json_mould *mould; /* NULL: no second line was seen yet */
    bool hopeless;
    uint32_t casts, in_vain; /* in_vain: moulds of this key that nothing was cast from */
    uint32_t n;
    struct piece pieces[JSON_MOULD_MOST];
};

/* ---- keys */

/* Hashes what stands behind `name`, up to a quote or comma; `line` goes on behind it. */
static bool hash_value(struct slice *line, struct slice name, uint64_t *key)
{
    int64_t at = slice_find(*line, name);
    uint32_t n = 0;

    if (at < 0)
        return false;
    *line = slice_from(*line, (uint32_t)at + name.len);
    while (n < line->len && n < KEY_BYTES && line->at[n] != '"' && line->at[n] != ',')
        n++;
    *key = hash_bytes(slice_head(*line, n), *key);
    return true;
}

bool twins_key(struct slice line, uint64_t *key)
{
    *key = 0;
    return hash_value(&line, SLICE_LIT("\"src_ip\":\""), key) &&
           hash_value(&line, SLICE_LIT("\"dest_ip\":\""), key) &&
           hash_value(&line, SLICE_LIT("\"signature_id\":"), key);
}

/* ---- the first of a family */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Length of a plain value at the beginning of `rest`; 0: there is none. */
static uint32_t plain_length(struct slice rest, bool text)
{
    uint32_t most = text ? TEXT_MOST : DIGITS_MOST;
    uint32_t n = 0;

    while (n < rest.len && n <= most && (text ? is_plain(rest.at[n]) : is_digit(rest.at[n])))
        n++;
    if (n == 0 || n > most || n == rest.len)
        return 0;
    if (text)
        return rest.at[n] == '"' ? n : 0;
    bool ends = rest.at[n] == ',' || rest.at[n] == '}';
    return ends && (rest.at[0] != '0' || n == 1) ? n : 0;
}

/* Where in the line the value of a member is. The tree was read in place from a copy of the line,
 * so that a key lies in the copy where it lies in the line. */
static bool locate(struct slice line, const char *copy, const struct json *v, struct piece *piece)
{
    const char *key = json_key(v);
    uint32_t len = (uint32_t)strlen(key);
    uint64_t at = (uint64_t)(key - copy);
    bool text = json_kind(v) == JSON_STR;

    if ((!text && json_kind(v) != JSON_NUM) || at + len + 4 > line.len)
        return false;
    const uint8_t *behind = line.at + at + len;
    if (memcmp(line.at + at, key, len) != 0 || behind[0] != '"' || behind[1] != ':' ||
        (text && behind[2] != '"'))
        return false;
    piece->text = text;
    piece->from = (uint32_t)at + len + (text ? 3 : 2);
    piece->to = piece->from + plain_length(slice_from(line, piece->from), text);
    return piece->to > piece->from;
}

/* In the order in which they lie in the line. */
static void insert(struct twin *t, const struct json **values, struct piece piece,
                   const struct json *value)
{
    uint32_t i = t->n++;

    for (; i > 0 && t->pieces[i - 1].from > piece.from; i--) {
        t->pieces[i] = t->pieces[i - 1];
        values[i] = values[i - 1];
    }
    t->pieces[i] = piece;
    values[i] = value;
}

/* The mould, when a second line may want it. */
static bool prepare(struct twin *t, struct batch *batch)
{
    const struct json *values[JSON_MOULD_MOST];
    struct slice line = t->first->raw;
    const char *key = json_key(json_first(t->first->eve));

    if (t->mould || t->hopeless || t->in_vain >= IN_VAIN_MOST)
        return t->mould;
    t->hopeless = true;
    if (!key || line.len < 2 || line.at[0] != '{' || line.at[1] != '"')
        return false;
    for (uint32_t i = 0; record_passing[i] && t->n < JSON_MOULD_MOST; i++) {
        const struct json *v = json_path(t->first->eve, record_passing[i]);
        struct piece piece = {.says = normalise_says(record_passing[i])};
        if (v && locate(line, key - 2, v, &piece))
            insert(t, values, piece, v);
    }
    t->mould = json_mould_of(t->first->eve, values, t->n, &batch->arena);
    return t->mould;
}

void twins_learn(struct twins *twins, struct batch *batch, uint64_t key, struct slice line,
                 struct record *first)
{
    uint32_t *oldest = &twins->oldest[key % TWINS_KEYS];
    struct twin **slot = &twins->at[key % TWINS_KEYS][*oldest];

    if (!slice_eq(first->raw, line))
        return; /* it had to be repaired */
    struct twin *t = *slot ? *slot : arena_alloc(&batch->arena, sizeof(*t));
    if (!t)
        return;
    uint32_t in_vain = t->key == key ? t->in_vain + (t->mould && t->casts == 0) : 0;
    *t = (struct twin){.key = key, .first = first, .in_vain = in_vain};
    *slot = t;
    *oldest = (*oldest + 1) % TWINS_WAYS;
    first->twin = first;
}

/* ---- the others */

static uint64_t digits(struct slice s)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < s.len; i++)
        value = value * 10 + (uint64_t)(s.at[i] - '0');
    return value;
}

/* The values of the line; false: it is no twin. */
static bool cut(const struct twin *t, struct slice line, struct slice *values, bool *says)
{
    struct slice first = t->first->raw;
    uint32_t done = 0; /* of the first one's line */

    *says = false;
    for (uint32_t i = 0; i < t->n; i++) {
        const struct piece *p = &t->pieces[i];
        uint32_t same = p->from - done;
        if (line.len < same || memcmp(line.at, first.at + done, same) != 0)
            return false;
        line = slice_from(line, same);
        values[i] = slice_head(line, plain_length(line, p->text));
        if (values[i].len == 0)
            return false;
        *says = *says || (p->says && !slice_eq(values[i], slice_head(slice_from(first, p->from),
                                                                     p->to - p->from)));
        line = slice_from(line, values[i].len);
        done = p->to;
    }
    return slice_eq(line, slice_from(first, done));
}

static const struct json *cast(const struct twin *t, struct batch *batch,
                               const struct slice *values)
{
    struct json_cast casts[JSON_MOULD_MOST];

    for (uint32_t i = 0; i < t->n; i++) {
        bool text = t->pieces[i].text;
        casts[i] = (struct json_cast){text ? arena_str(&batch->arena, values[i]) : NULL,
                                      values[i].len, text ? 0 : (double)digits(values[i])};
        if (text && !casts[i].text)
            return NULL;
    }
    return json_mould_cast(t->mould, casts, &batch->arena);
}

/* The family that the line is of, with its values. */
static struct twin *family_of(struct twins *twins, struct batch *batch, uint64_t key,
                              struct slice line, struct slice *values, bool *says)
{
    for (uint32_t i = 0; i < TWINS_WAYS; i++) {
        struct twin *t = twins->at[key % TWINS_KEYS][i];
        if (t && t->key == key && prepare(t, batch) && cut(t, line, values, says))
            return t;
    }
    return NULL;
}

struct record *twins_cast(struct twins *twins, struct batch *batch, uint64_t key, struct slice line,
                          bool *says)
{
    struct slice values[JSON_MOULD_MOST];
    struct twin *t = family_of(twins, batch, key, line, values, says);
    const struct json *eve = t ? cast(t, batch, values) : NULL;
    struct record *r = eve ? batch_add_like(batch, t->first) : NULL;

    if (!r)
        return NULL;
    t->casts++;
    r->eve = eve;
    r->raw = arena_keep(&batch->arena, line);
    return r;
}
