/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/app/der.h"
#include "common/pen.h"

bool der_next(struct cursor *c, struct der *element)
{
    if (!cursor_left(c))
        return false;
    element->tag = cursor_u8(c);
    uint32_t len = cursor_u8(c);
    if ((element->tag & 0x1f) == 0x1f) /* a tag of several bytes */
        return false;
    if (len & 0x80) {
        uint32_t bytes = len & 0x7f;
        if (bytes == 0 || bytes > 4)
            return false;
        for (len = 0; bytes; bytes--)
            len = len << 8 | cursor_u8(c);
    }
    element->body = cursor_take(c, len);
    return cursor_ok(c);
}

bool der_expect(struct cursor *c, enum der_tag tag, struct slice *body)
{
    struct der element;
    if (!der_next(c, &element) || element.tag != tag)
        return false;
    *body = element.body;
    return true;
}

uint32_t der_oid_text(struct slice oid, char *out, uint32_t room)
{
    struct cursor c = cursor_of(oid);
    uint32_t len = 0;
    uint64_t arc = 0;
    bool first = true;

    while (cursor_left(&c) && len < room) {
        uint8_t b = cursor_u8(&c);
        arc = arc << 7 | (b & 0x7f);
        if (b & 0x80)
            continue;
        char part[2 * FMT_U64_MAX + 1], *at = part;
        uint64_t top = arc < 80 ? arc / 40 : 2;
        if (first)
            at = pen_u64(at, top);
        *at++ = '.';
        at = pen_u64(at, first ? arc - top * 40 : arc);
        uint32_t n = (uint32_t)(at - part), fits = n < room - len ? n : room - len - 1;
        memcpy(out + len, part, fits);
        out[len + fits] = '\0';
        len = n < room - len ? len + n : room;
        first = false;
        arc = 0;
    }
    return len < room ? len : room ? room - 1 : 0;
}

static bool two_digits(struct cursor *c, uint32_t *value)
{
    uint8_t a = cursor_u8(c), b = cursor_u8(c);
    if (!cursor_ok(c) || a < '0' || a > '9' || b < '0' || b > '9')
        return false;
    *value = (uint32_t)(a - '0') * 10 + (uint32_t)(b - '0');
    return true;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days_to(int64_t year, uint32_t month, uint32_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t in_era = y - era * 400;
    int64_t in_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static bool read_year(struct cursor *c, uint8_t tag, int64_t *year)
{
    uint32_t century, rest;

    if (tag == DER_TIME) {
        if (!two_digits(c, &century) || !two_digits(c, &rest))
            return false;
        *year = (int64_t)century * 100 + rest;
        return true;
    }
    if (tag != DER_UTC_TIME || !two_digits(c, &rest))
        return false;
    *year = (rest >= 50 ? 1900 : 2000) + (int64_t)rest; /* RFC 5280, 4.1.2.5.1 */
    return true;
}

bool der_time(const struct der *element, int64_t *seconds)
{
    struct cursor c = cursor_of(element->body);
    uint32_t part[5] = {0}; /* month, day, hour, minute, second */
    int64_t year;

    if (!read_year(&c, element->tag, &year))
        return false;
    for (uint32_t i = 0; i < 5; i++)
        if (!two_digits(&c, &part[i]) && i < 4) /* seconds may be missing */
            return false;
    if (part[0] < 1 || part[0] > 12 || part[1] < 1 || part[1] > 31 || part[2] > 23 || part[3] > 59)
        return false;
    int64_t days = days_to(year, part[0], part[1]);
    *seconds = days * 86400 + part[2] * 3600 + part[3] * 60 + part[4];
    return true;
}
