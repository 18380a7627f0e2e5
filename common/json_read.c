/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json_read.h"
#include "common/json_build.h"
#include "common/json_tree.h"

#include <stdlib.h>

/* The copy ends with a zero byte, which nothing in JSON may be: it stops every loop. */
struct reader {
    char *at;
    struct arena *arena;
    const char *wrong; /* NULL: nothing so far */
    uint32_t depth;
};

enum { EXACT_DIGITS = 15, EXACT_POWER = 22 };

static bool fail(struct reader *r, const char *what)
{
    if (!r->wrong)
        r->wrong = what;
    return false;
}

static void skip_blanks(struct reader *r)
{
    while (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')
        r->at++;
}

/* ---- texts */

static bool ends_run(char c)
{
    return c == '"' || c == '\\' || (uint8_t)c < 0x20;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four digits behind "\u"; -1: they are not there. */
static int32_t unit_at(const char *at)
{
    int32_t unit = 0;

    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    } else {
        *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    return to;
}

/* At "\u"; the six or twelve bytes become at most four. */
static bool read_unit(struct reader *r, char **to)
{
    int32_t unit = unit_at(r->at + 2);

    if (unit < 0)
        return fail(r, "four hexadecimal digits were expected behind \\u");
    r->at += 6;
    bool high = unit >= 0xd800 && unit < 0xdc00;
    int32_t low = high && r->at[0] == '\\' && r->at[1] == 'u' ? unit_at(r->at + 2) : -1;
    if (low >= 0xdc00 && low < 0xe000) {
        r->at += 6;
        unit = 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00));
    } else if (unit == 0 || (unit >= 0xd800 && unit < 0xe000)) {
        unit = 0xfffd;
    }
    *to = put_utf8(*to, (uint32_t)unit);
    return true;
}

static bool read_escape(struct reader *r, char **to)
{
    static const char from[] = "\"\\/bfnrt", is[] = "\"\\/\b\f\n\r\t";
    char c = r->at[1];

    if (c == 'u')
        return read_unit(r, to);
    for (uint32_t i = 0; from[i]; i++) {
        if (from[i] == c) {
            *(*to)++ = is[i];
            r->at += 2;
            return true;
        }
    }
    return fail(r, "no such escape");
}

/* Behind the opening quote. The text stays where it is, with a zero byte over its end. */
static bool read_text(struct reader *r, const char **text, uint32_t *len)
{
    char *begin = r->at, *to;

    while (!ends_run(*r->at))
        r->at++;
    to = r->at;
    while (*r->at != '"') {
        if (*r->at == '\\') {
            if (!read_escape(r, &to))
                return false;
        } else if ((uint8_t)*r->at < 0x20) {
            return fail(r, *r->at ? "a control character in a text" : "the text has no end");
        } else {
            *to++ = *r->at++;
        }
    }
    r->at++;
    *to = '\0';
    *text = begin;
    *len = (uint32_t)(to - begin);
    return true;
}

/* ---- numbers */

struct digits {
    uint64_t value; /* of the first 19 */
    uint32_t n;     /* that count, without leading zeros */
    int32_t power;  /* of ten, that the value must be multiplied by */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_digits(struct reader *r, struct digits *d, int32_t power_each)
{
    if (!is_digit(*r->at))
        return fail(r, "a digit was expected");
    for (; is_digit(*r->at); r->at++) {
        if (d->n < 19)
            d->value = d->value * 10 + (uint64_t)(*r->at - '0');
        d->n += d->n || *r->at != '0';
        if (d->power > -1000)
            d->power += power_each;
    }
    return true;
}

static bool take_exponent(struct reader *r, struct digits *d)
{
    bool minus = *r->at == '-';
    int32_t power = 0;

    r->at += *r->at == '-' || *r->at == '+';
    if (!is_digit(*r->at))
        return fail(r, "a digit was expected");
    for (; is_digit(*r->at); r->at++)
        power = power < 100000 ? power * 10 + (*r->at - '0') : power;
    d->power += minus ? -power : power;
    return true;
}

/* Both the digits and the power of ten are exact doubles: one operation rounds once. */
static double exact(const struct digits *d)
{
    static const double tens[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double value = (double)d->value;
    return d->power < 0 ? value / tens[-d->power] : value * tens[d->power];
}

static bool read_number(struct reader *r, struct json *v)
{
    const char *begin = r->at;
    struct digits d = {0, 0, 0};
    bool minus = *r->at == '-';

    r->at += minus;
    bool zero = *r->at == '0';
    if (!take_digits(r, &d, 0))
        return false;
    if (zero && r->at - begin > 1 + minus)
        return fail(r, "a number that begins with 0");
    if (*r->at == '.') {
        r->at++;
        if (!take_digits(r, &d, -1))
            return false;
    }
    if (*r->at == 'e' || *r->at == 'E') {
        r->at++;
        if (!take_exponent(r, &d))
            return false;
    }
    bool simple = d.n <= EXACT_DIGITS && d.power >= -EXACT_POWER && d.power <= EXACT_POWER;
    v->kind = JSON_NUM;
    v->number = !simple ? strtod(begin, NULL) : minus ? -exact(&d) : exact(&d);
    return true;
}

/* ---- values */

static bool read_word(struct reader *r, const char *word, struct json *v, enum json_kind kind)
{
    size_t len = strlen(word);

    if (strncmp(r->at, word, len) != 0)
        return fail(r, *r->at ? "not valid JSON from here on" : "a JSON value was expected");
    r->at += len;
    v->kind = (uint8_t)kind;
    v->number = *word == 't';
    return true;
}

static bool read_value(struct reader *r, struct json *v);

static struct json *add_child(struct reader *r, struct json *parent)
{
    struct json *child = arena_alloc(r->arena, sizeof(*child));

    if (!child) {
        fail(r, "larger than the memory for it");
        return NULL;
    }
    if (parent->last)
        parent->last->next = child;
    else
        parent->child = child;
    parent->last = child;
    return child;
}

static bool read_key(struct reader *r, struct json *child)
{
    if (*r->at != '"')
        return fail(r, "a key in quotes was expected");
    r->at++;
    if (!read_text(r, &child->key, &child->key_len))
        return false;
    skip_blanks(r);
    if (*r->at != ':')
        return fail(r, "':' was expected behind the key");
    r->at++;
    skip_blanks(r);
    return true;
}

/* Behind the opening bracket, to behind the closing one. */
static bool read_children(struct reader *r, struct json *v, char close)
{
    if (r->depth == JSON_DEPTH_MAX)
        return fail(r, "nested deeper than 64 levels");
    r->depth++;
    skip_blanks(r);
    bool more = *r->at != close;
    while (more) {
        struct json *child = add_child(r, v);
        if (!child || (close == '}' && !read_key(r, child)) || !read_value(r, child))
            return false;
        skip_blanks(r);
        more = *r->at == ',';
        if (!more && *r->at != close)
            return fail(r, "',' or the closing bracket was expected");
        if (more) {
            r->at++;
            skip_blanks(r);
        }
    }
    r->at++;
    r->depth--;
    return true;
}

static bool read_value(struct reader *r, struct json *v)
{
    switch (*r->at) {
    case '"':
        r->at++;
        v->kind = JSON_STR;
        return read_text(r, &v->text, &v->text_len);
    case '{':
        r->at++;
        v->kind = JSON_OBJ;
        return read_children(r, v, '}');
    case '[':
        r->at++;
        v->kind = JSON_ARR;
        return read_children(r, v, ']');
    case 't':
        return read_word(r, "true", v, JSON_BOOL);
    case 'f':
        return read_word(r, "false", v, JSON_BOOL);
    case '-':
        return read_number(r, v);
    default:
        return is_digit(*r->at) ? read_number(r, v) : read_word(r, "null", v, JSON_NULL);
    }
}

static void fault_at(struct json_fault *fault, struct slice text, uint32_t at, const char *what)
{
    uint32_t line = 1, column = 1;

    for (uint32_t i = 0; fault && i < at && i < text.len; i++) {
        column = text.at[i] == '\n' ? 1 : column + 1;
        line += text.at[i] == '\n';
    }
    json_build_fault(fault, line, column, "%s", what);
}

enum err json_read(struct slice text, struct arena *arena, struct json *root,
                   struct json_fault *fault)
{
    char *copy = arena_str(arena, text);
    struct reader r = {.at = copy, .arena = arena};

    if (!copy) {
        fault_at(fault, text, 0, "larger than the memory for it");
        return ERR_FULL;
    }
    skip_blanks(&r);
    if (!*r.at && text.len == 0)
        fail(&r, "empty, a JSON value was expected");
    else if (read_value(&r, root))
        skip_blanks(&r);
    uint32_t at = (uint32_t)(r.at - copy);
    if (!r.wrong && at < text.len)
        fail(&r, "more text behind the JSON value");
    if (!r.wrong)
        return ERR_OK;
    fault_at(fault, text, at, r.wrong);
    return ERR_INPUT;
}
