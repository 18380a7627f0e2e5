/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calendar arithmetic is our own (proleptic Gregorian, no leap seconds), so text forms do not
 * depend on locale or time zone and cost no system call.
 */
#include "common/clock.h"
#include "common/fmt.h"

#include <stdio.h>
#include <time.h>

static uint64_t read_clock(clockid_t id)
{
    struct timespec ts = {0};

    clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * CLOCK_S + (uint64_t)ts.tv_nsec;
}

uint64_t clock_now_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

uint64_t clock_mono_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

struct civil {
    uint32_t year, month, day, hour, minute, second;
};

/* Days since 1970-01-01 to a date: eras of 400 years, years beginning in March. */
static struct civil civil_of(uint64_t seconds)
{
    uint64_t shifted = seconds / 86400 + 719468; /* days since 0000-03-01 */
    uint32_t rest = (uint32_t)(seconds % 86400);
    uint64_t era = shifted / 146097;
    uint32_t day_of_era = (uint32_t)(shifted % 146097);
    uint32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t march_month = (5 * day_of_year + 2) / 153;
    uint32_t month = march_month < 10 ? march_month + 3 : march_month - 9;

    return (struct civil){
        .year = (uint32_t)(era * 400) + year_of_era + (month <= 2),
        .month = month,
        .day = day_of_year - (153 * march_month + 2) / 5 + 1,
        .hour = rest / 3600,
        .minute = rest / 60 % 60,
        .second = rest % 60,
    };
}

static int64_t days_from(int64_t year, uint32_t month, uint32_t day)
{
    year -= month <= 2;
    int64_t era = year / 400;
    uint32_t year_of_era = (uint32_t)(year % 400);
    uint32_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    uint32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + (int64_t)day_of_era - 719468;
}

static char *put_date_time(char *at, const struct civil *c)
{
    at = fmt_two(at, c->year / 100 % 100);
    at = fmt_two(at, c->year % 100);
    *at++ = '-';
    at = fmt_two(at, c->month);
    *at++ = '-';
    at = fmt_two(at, c->day);
    *at++ = 'T';
    at = fmt_two(at, c->hour);
    *at++ = ':';
    at = fmt_two(at, c->minute);
    *at++ = ':';
    at = fmt_two(at, c->second);
    *at++ = '.';
    return at;
}

uint32_t clock_text(uint64_t ts_ns, char out[CLOCK_TEXT_MAX])
{
    struct civil c = civil_of(ts_ns / CLOCK_S);
    char *at = put_date_time(out, &c);

    uint32_t us = (uint32_t)(ts_ns % CLOCK_S / CLOCK_US);
    at = fmt_two(at, us / 10000);
    at = fmt_two(at, us / 100 % 100);
    at = fmt_two(at, us % 100);
    memcpy(at, "+0000", 6);
    return (uint32_t)(at + 5 - out);
}

void clock_text_rfc3339(uint64_t ts_ns, char out[CLOCK_TEXT_MAX])
{
    struct civil c = civil_of(ts_ns / CLOCK_S);
    char *at = put_date_time(out, &c);

    uint32_t ms = (uint32_t)(ts_ns % CLOCK_S / CLOCK_MS);
    *at++ = (char)('0' + ms / 100);
    at = fmt_two(at, ms % 100);
    memcpy(at, "Z", 2);
}

/* Exactly `digits` decimal digits at the head of `s`, which moves behind them. */
static bool take_digits(struct slice *s, uint32_t digits, uint32_t *value)
{
    uint32_t sum = 0;

    if (s->len < digits)
        return false;
    for (uint32_t i = 0; i < digits; i++) {
        if (s->at[i] < '0' || s->at[i] > '9')
            return false;
        sum = sum * 10 + (uint32_t)(s->at[i] - '0');
    }
    *value = sum;
    *s = slice_from(*s, digits);
    return true;
}

static bool take_byte(struct slice *s, const char *any)
{
    if (s->len == 0 || !s->at[0] || !strchr(any, s->at[0]))
        return false;
    *s = slice_from(*s, 1);
    return true;
}

static uint32_t take_fraction(struct slice *s)
{
    uint32_t ns = 0;
    uint32_t scale = 100000000;

    while (s->len && s->at[0] >= '0' && s->at[0] <= '9') {
        ns += (uint32_t)(s->at[0] - '0') * scale;
        scale /= 10;
        *s = slice_from(*s, 1);
    }
    return ns;
}

/* "Z", "+0700", "+07:00", "+07" or nothing (UTC). */
static bool take_offset(struct slice s, int64_t *seconds)
{
    uint32_t hours = 0;
    uint32_t minutes = 0;

    *seconds = 0;
    if (s.len == 0)
        return true;
    if (take_byte(&s, "Zz"))
        return s.len == 0;
    int64_t sign = s.at[0] == '-' ? -1 : 1;
    if (!take_byte(&s, "+-") || !take_digits(&s, 2, &hours))
        return false;
    take_byte(&s, ":");
    if (s.len && !take_digits(&s, 2, &minutes))
        return false;
    *seconds = sign * (int64_t)(hours * 3600 + minutes * 60);
    return s.len == 0 && hours < 24 && minutes < 60;
}

/* "2026-11-21T03:05:10", or with a blank for the T. */
static bool take_civil(struct slice *s, struct civil *c)
{
    static const struct {
        uint32_t digits;
        const char *behind; /* one of these follows; NULL: nothing */
    } parts[6] = {{4, "-"}, {2, "-"}, {2, "Tt "}, {2, ":"}, {2, ":"}, {2, NULL}};
    uint32_t *const fields[6] = {&c->year, &c->month, &c->day, &c->hour, &c->minute, &c->second};

    for (uint32_t i = 0; i < 6; i++) {
        if (!take_digits(s, parts[i].digits, fields[i]) ||
            (parts[i].behind && !take_byte(s, parts[i].behind)))
            return false;
    }
    return true;
}

static bool civil_ok(const struct civil *c)
{
    bool date = c->year >= 1970 && c->year <= 2500 && c->month >= 1 && c->month <= 12 &&
                c->day >= 1 && c->day <= 31;
    return date && c->hour <= 24 && c->minute <= 59 && c->second <= 60;
}

bool clock_parse(struct slice text, uint64_t *ts_ns)
{
    struct civil c = {0};
    uint32_t fraction = 0;
    int64_t offset = 0;

    if (!take_civil(&text, &c))
        return false;
    if (take_byte(&text, ".,"))
        fraction = take_fraction(&text);
    if (!take_offset(text, &offset) || !civil_ok(&c))
        return false;
    int64_t seconds = days_from(c.year, c.month, c.day) * 86400 + c.hour * 3600 + c.minute * 60 +
                      c.second - offset;
    if (seconds < 0)
        return false;
    *ts_ns = (uint64_t)seconds * CLOCK_S + fraction;
    return true;
}

static const struct {
    const char *name;
    uint64_t ns;
} units[] = {
    {"", CLOCK_S},
    {"s", CLOCK_S},
    {"ms", CLOCK_MS},
    {"us", CLOCK_US},
    {"ns", 1},
    {"m", 60 * CLOCK_S},
    {"min", 60 * CLOCK_S},
    {"h", 3600 * CLOCK_S},
    {"d", 86400 * CLOCK_S},
    {"w", 604800 * CLOCK_S},
};

bool clock_parse_span(struct slice text, uint64_t *span_ns)
{
    text = slice_trim(text);
    uint32_t digits = 0;
    while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9')
        digits++;
    uint64_t value = 0;
    if (!slice_to_u64(slice_head(text, digits), &value))
        return false;
    struct slice unit = slice_trim(slice_from(text, digits));
    for (uint32_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (!slice_eq(unit, slice_of_str(units[i].name)))
            continue;
        if (value > UINT64_MAX / units[i].ns)
            return false;
        *span_ns = value * units[i].ns;
        return true;
    }
    return false;
}
