/* SPDX-License-Identifier: Apache-2.0 */
#include "common/fmt.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

const char fmt_pairs[201] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

const uint64_t fmt_powers[FMT_U64_MAX] = {0,
                                          UINT64_C(10),
                                          UINT64_C(100),
                                          UINT64_C(1000),
                                          UINT64_C(10000),
                                          UINT64_C(100000),
                                          UINT64_C(1000000),
                                          UINT64_C(10000000),
                                          UINT64_C(100000000),
                                          UINT64_C(1000000000),
                                          UINT64_C(10000000000),
                                          UINT64_C(100000000000),
                                          UINT64_C(1000000000000),
                                          UINT64_C(10000000000000),
                                          UINT64_C(100000000000000),
                                          UINT64_C(1000000000000000),
                                          UINT64_C(10000000000000000),
                                          UINT64_C(100000000000000000),
                                          UINT64_C(1000000000000000000),
                                          UINT64_C(10000000000000000000)};

struct sink {
    char *at;
    size_t room; /* without the zero at the end */
    size_t len;  /* of the whole text */
};

static void put(struct sink *s, const char *text, size_t n)
{
    if (s->len < s->room) {
        size_t fits = s->room - s->len < n ? s->room - s->len : n;
        memcpy(s->at + s->len, text, fits);
    }
    s->len += n;
}

static void put_number(struct sink *s, uint64_t value, bool hex, uint32_t width)
{
    char digits[24];
    size_t n = sizeof(digits);

    do {
        digits[--n] = "0123456789abcdef"[hex ? value & 15 : value % 10];
        value = hex ? value >> 4 : value / 10;
    } while (value);
    while (sizeof(digits) - n < width)
        digits[--n] = '0';
    put(s, digits + n, sizeof(digits) - n);
}

/* What stands behind a '%'. */
struct conversion {
    uint32_t width; /* filled with zeros */
    bool precise;   /* .* */
    bool rounded;   /* .0 to .3, only with 'f' */
    uint8_t decimals;
    bool wide; /* ll */
    char kind;
    const char *behind;
};

static struct conversion conversion_at(const char *at)
{
    struct conversion c = {0};

    if (at[0] == '0' && at[1] >= '1' && at[1] <= '9') {
        c.width = (uint32_t)(at[1] - '0');
        at += 2;
    } else if (at[0] == '.' && at[1] == '*') {
        c.precise = true;
        at += 2;
    } else if (at[0] == '.' && at[1] >= '0' && at[1] <= '3') {
        c.rounded = true;
        c.decimals = (uint8_t)(at[1] - '0');
        at += 2;
    }
    if (at[0] == 'l' && at[1] == 'l') {
        c.wide = true;
        at += 2;
    }
    c.kind = *at;
    c.behind = at + (*at != '\0');
    return c;
}

/* As the C library rounds; false where that needs more than a double: large, negative, near a tie.
 */
static bool put_rounded(struct sink *s, double value, uint32_t decimals)
{
    static const uint32_t scales[] = {1, 10, 100, 1000};
    double scaled = value * scales[decimals];

    if (signbit(value) || !(scaled < 1e9))
        return false;
    uint64_t whole = (uint64_t)scaled;
    double rest = scaled - (double)whole;
    if (fabs(rest - 0.5) < 1e-6)
        return false;
    whole += rest > 0.5;
    put_number(s, whole / scales[decimals], false, 0);
    if (!decimals)
        return true;
    put(s, ".", 1);
    put_number(s, whole % scales[decimals], false, decimals);
    return true;
}

static bool put_text(struct sink *s, bool precise, va_list *args)
{
    int most = precise ? va_arg(*args, int) : -1;
    const char *text = va_arg(*args, const char *);

    if (text)
        put(s, text, most < 0 ? strlen(text) : strnlen(text, (size_t)most));
    return text != NULL;
}

/* False when it is none of those known here. */
static bool convert(struct sink *s, const struct conversion *c, va_list *args)
{
    bool number = c->kind == 'u' || c->kind == 'x';

    if (c->rounded)
        return c->kind == 'f' && !c->wide && put_rounded(s, va_arg(*args, double), c->decimals);
    if (number && !c->precise) {
        uint64_t value =
            c->wide ? va_arg(*args, unsigned long long) : (uint64_t)va_arg(*args, unsigned);
        put_number(s, value, c->kind == 'x', c->width);
        return true;
    }
    if (c->wide || c->width || (c->precise && c->kind != 's'))
        return false;
    if (c->kind == 's')
        return put_text(s, c->precise, args);
    if (c->kind == 'c') {
        char one = (char)va_arg(*args, int);
        put(s, &one, 1);
        return true;
    }
    put(s, "%", c->kind == '%');
    return c->kind == '%';
}

static bool quickly(struct sink *s, const char *format, va_list *args)
{
    for (;;) {
        size_t plain = strcspn(format, "%");
        put(s, format, plain);
        if (!format[plain])
            return true;
        struct conversion c = conversion_at(format + plain + 1);
        if (!convert(s, &c, args))
            return false;
        format = c.behind;
    }
}

int fmt_textv(char *out, size_t room, const char *format, va_list args)
{
    struct sink s = {.at = out, .room = room ? room - 1 : 0};
    va_list copy;

    va_copy(copy, args);
    bool known = quickly(&s, format, &copy);
    va_end(copy);
    if (!known)
        return vsnprintf(out, room, format, args);
    if (room)
        out[s.len < s.room ? s.len : s.room] = '\0';
    return (int)s.len;
}

int fmt_text(char *out, size_t room, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = fmt_textv(out, room, format, args);
    va_end(args);
    return n;
}
