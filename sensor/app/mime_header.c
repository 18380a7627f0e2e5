/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of MIME header fields: RFC 2045, 5.1 (parameters), RFC 2231 (sections, percent encoding).
 * Lenient as mail programs are: blanks around signs, missing quotes and missing semicolons.
 */
#include "sensor/app/mime.h"

struct sink {
    uint8_t *out;
    uint32_t room, len;
};

static void put(struct sink *sink, uint8_t b)
{
    if (sink->len < sink->room)
        sink->out[sink->len] = b;
    sink->len++;
}

struct slice mime_header_word(struct slice value)
{
    uint32_t n = 0;

    value = slice_trim(value);
    while (n < value.len && value.at[n] != ';' && value.at[n] != ' ' && value.at[n] != '\t')
        n++;
    return slice_head(value, n);
}

static bool is_blank(uint8_t b)
{
    return b == ' ' || b == '\t';
}

static struct slice skip_blanks(struct slice s)
{
    uint32_t n = 0;
    while (n < s.len && is_blank(s.at[n]))
        n++;
    return slice_from(s, n);
}

static uint32_t hex(uint8_t b)
{
    if (b >= '0' && b <= '9')
        return b - (uint32_t)'0';
    b |= 0x20;
    return b >= 'a' && b <= 'f' ? b - (uint32_t)'a' + 10 : 16;
}

/* charset'language'text%20 */
static void put_extended(struct sink *sink, struct slice value, bool first)
{
    int64_t quote = first ? slice_find_byte(value, '\'') : -1;

    if (quote >= 0) {
        struct slice rest = slice_from(value, (uint32_t)quote + 1);
        int64_t second = slice_find_byte(rest, '\'');
        if (second >= 0)
            value = slice_from(rest, (uint32_t)second + 1);
    }
    for (uint32_t i = 0; i < value.len; i++) {
        if (value.at[i] == '%' && i + 2 < value.len && hex(value.at[i + 1]) < 16 &&
            hex(value.at[i + 2]) < 16) {
            put(sink, (uint8_t)(hex(value.at[i + 1]) << 4 | hex(value.at[i + 2])));
            i += 2;
        } else {
            put(sink, value.at[i]);
        }
    }
}

/* Takes "value" or value; what is behind it stays in *rest. */
static struct slice take_value(struct slice *rest, bool *quoted)
{
    struct slice s = skip_blanks(*rest);
    uint32_t n = 0;

    *quoted = s.len && s.at[0] == '"';
    if (*quoted) {
        s = slice_from(s, 1);
        while (n < s.len && s.at[n] != '"')
            n += s.at[n] == '\\' && n + 1 < s.len ? 2 : 1;
        n = n < s.len ? n : s.len;
        *rest = slice_from(s, n + 1);
        return slice_head(s, n);
    }
    while (n < s.len && s.at[n] != ';' && !is_blank(s.at[n]))
        n++;
    *rest = slice_from(s, n);
    return slice_head(s, n);
}

static void put_value(struct sink *sink, struct slice value, bool quoted, bool extended, bool first)
{
    if (extended) {
        put_extended(sink, value, first);
        return;
    }
    for (uint32_t i = 0; i < value.len; i++) {
        if (quoted && value.at[i] == '\\' && i + 1 < value.len)
            i++;
        put(sink, value.at[i]);
    }
}

/* "name", "name*", "name*0", "name*0*": whether it is the one wanted, and how. */
static bool is_wanted(struct slice key, struct slice name, bool *extended)
{
    if (key.len < name.len || !slice_ieq(slice_head(key, name.len), name))
        return false;
    struct slice rest = slice_from(key, name.len);
    *extended = rest.len && rest.at[rest.len - 1] == '*';
    return !rest.len || rest.at[0] == '*';
}

bool mime_header_parameter(struct slice value, struct slice name, uint8_t *out, uint32_t room,
                           uint32_t *len)
{
    struct sink sink = {out, room, 0};
    struct slice rest = slice_from(value, mime_header_word(value).len);
    bool found = false;

    while (rest.len) {
        uint32_t n = 0;
        while (rest.len && (rest.at[0] == ';' || is_blank(rest.at[0])))
            rest = slice_from(rest, 1);
        while (n < rest.len && rest.at[n] != '=' && rest.at[n] != ';' && !is_blank(rest.at[n]))
            n++;
        struct slice key = slice_head(rest, n);
        rest = skip_blanks(slice_from(rest, n));
        if (!rest.len || rest.at[0] != '=')
            continue;
        bool quoted, extended;
        rest = slice_from(rest, 1);
        struct slice text = take_value(&rest, &quoted);
        if (!is_wanted(key, name, &extended))
            continue;
        put_value(&sink, text, quoted, extended, !found);
        found = true;
        if (key.len == name.len)
            break;
    }
    *len = sink.len;
    return found;
}
