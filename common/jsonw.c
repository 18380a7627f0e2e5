/* SPDX-License-Identifier: Apache-2.0 */
#include "common/jsonw.h"

#include "common/clock.h"

#include <math.h>

void jsonw_init(struct jsonw *w, struct strbuf *out)
{
    *w = (struct jsonw){.out = out};
}

static void begin(struct jsonw *w, const char *key)
{
    struct strbuf *out = w->out;
    size_t len = key ? strlen(key) : 0;

    if (w->comma)
        strbuf_char(out, ',');
    w->comma = true;
    if (!key)
        return;
    if ((len + 4 > out->room - out->len && !strbuf_grow(out, len + 3)) || out->full)
        return;
    char *at = out->at + out->len;
    *at = '"';
    memcpy(at + 1, key, len);
    memcpy(at + 1 + len, "\":", 3);
    out->len += len + 3;
}

static void open_with(struct jsonw *w, const char *key, char c)
{
    begin(w, key);
    strbuf_char(w->out, c);
    w->comma = false;
}

static void close_with(struct jsonw *w, char c)
{
    strbuf_char(w->out, c);
    w->comma = true;
}

void jsonw_obj_open(struct jsonw *w, const char *key)
{
    open_with(w, key, '{');
}

void jsonw_obj_close(struct jsonw *w)
{
    close_with(w, '}');
}

void jsonw_arr_open(struct jsonw *w, const char *key)
{
    open_with(w, key, '[');
}

void jsonw_arr_close(struct jsonw *w)
{
    close_with(w, ']');
}

static const char hex_digits[] = "0123456789abcdef";

static void escape_byte(struct strbuf *out, uint8_t c)
{
    char code[6] = {'\\', 'u', '0', '0', hex_digits[c >> 4], hex_digits[c & 15]};
    const char *at = c == '"'    ? "\\\""
                     : c == '\\' ? "\\\\"
                     : c == '\n' ? "\\n"
                     : c == '\r' ? "\\r"
                     : c == '\t' ? "\\t"
                                 : NULL;
    if (at)
        strbuf_bytes(out, at, 2);
    else
        strbuf_bytes(out, code, sizeof(code));
}

static bool continues(const uint8_t *at, uint32_t left, uint32_t n)
{
    if (left <= n)
        return false;
    for (uint32_t i = 1; i <= n; i++)
        if (at[i] >> 6 != 2)
            return false;
    return true;
}

/* Length of a well-formed UTF-8 sequence at `at` (RFC 3629, table of section 4), 0 for anything
 * else. */
static uint32_t utf8_len(const uint8_t *at, uint32_t left)
{
    static const struct {
        uint8_t first, last, second_from, second_to, more;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2}, {0xe1, 0xec, 0x80, 0xbf, 2},
        {0xed, 0xed, 0x80, 0x9f, 2}, {0xee, 0xef, 0x80, 0xbf, 2}, {0xf0, 0xf0, 0x90, 0xbf, 3},
        {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3},
    };

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (at[0] < forms[i].first || at[0] > forms[i].last)
            continue;
        bool fits = continues(at, left, forms[i].more) && at[1] >= forms[i].second_from &&
                    at[1] <= forms[i].second_to;
        return fits ? forms[i].more + 1u : 0;
    }
    return 0;
}

/* True when one of eight bytes is `c`; or, wrongly, when one behind such a byte is near it. */
static inline uint64_t holds(uint64_t eight, uint8_t c)
{
    uint64_t ones = UINT64_C(0x0101010101010101), x = eight ^ ones * c;

    return (x - ones) & ~x;
}

/* None of the eight bytes at `at` has to be looked at: all are printable ASCII as they are. */
static inline bool plain(const uint8_t *at)
{
    uint64_t ones = UINT64_C(0x0101010101010101), x;

    memcpy(&x, at, sizeof(x));
    uint64_t odd = x | ((x - ones * 0x20) & ~x) | holds(x, '"') | holds(x, '\\') | holds(x, 0x7f);
    return !(odd & ones * 0x80);
}

static void quoted(struct strbuf *out, struct slice s)
{
    uint32_t from = 0, i = 0;

    strbuf_char(out, '"');
    while (i < s.len) {
        if (s.len - i >= 8 && plain(s.at + i)) {
            i += 8;
            continue;
        }
        uint8_t c = s.at[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            i++;
            continue;
        }
        uint32_t n = c >= 0x80 ? utf8_len(s.at + i, s.len - i) : 0;
        if (n) {
            i += n;
            continue;
        }
        strbuf_bytes(out, s.at + from, i - from);
        escape_byte(out, c);
        from = ++i;
    }
    if (from < s.len)
        strbuf_bytes(out, s.at + from, s.len - from);
    strbuf_char(out, '"');
}

void jsonw_text(struct jsonw *w, const char *key, struct slice text)
{
    begin(w, key);
    quoted(w->out, text);
}

void jsonw_str(struct jsonw *w, const char *key, const char *text)
{
    jsonw_text(w, key, slice_of_str(text));
}

void jsonw_u64(struct jsonw *w, const char *key, uint64_t value)
{
    begin(w, key);
    strbuf_u64(w->out, value);
}

void jsonw_i64(struct jsonw *w, const char *key, int64_t value)
{
    begin(w, key);
    if (value < 0)
        strbuf_char(w->out, '-');
    strbuf_u64(w->out, value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value);
}

void jsonw_num(struct jsonw *w, const char *key, double value)
{
    begin(w, key);
    if (!isfinite(value))
        strbuf_str(w->out, "null");
    else if (value == floor(value) && fabs(value) < 1e15)
        strbuf_fmt(w->out, "%.0f", value);
    else
        strbuf_fmt(w->out, "%.3f", value);
}

void jsonw_bool(struct jsonw *w, const char *key, bool value)
{
    begin(w, key);
    strbuf_str(w->out, value ? "true" : "false");
}

void jsonw_null(struct jsonw *w, const char *key)
{
    begin(w, key);
    strbuf_str(w->out, "null");
}

void jsonw_addr(struct jsonw *w, const char *key, const struct addr *addr)
{
    char text[ADDR_TEXT_MAX];
    uint32_t len = addr_text_full(addr, text);

    jsonw_text(w, key, (struct slice){(const uint8_t *)text, len});
}

void jsonw_mac(struct jsonw *w, const char *key, const struct mac *mac)
{
    char text[MAC_TEXT_MAX];
    uint32_t len = mac_text(mac, text);

    jsonw_text(w, key, (struct slice){(const uint8_t *)text, len});
}

void jsonw_hex(struct jsonw *w, const char *key, struct slice bytes, char sep)
{
    begin(w, key);
    strbuf_char(w->out, '"');
    for (uint32_t i = 0; i < bytes.len; i++) {
        if (i && sep)
            strbuf_char(w->out, sep);
        strbuf_char(w->out, hex_digits[bytes.at[i] >> 4]);
        strbuf_char(w->out, hex_digits[bytes.at[i] & 15]);
    }
    strbuf_char(w->out, '"');
}

void jsonw_base64(struct jsonw *w, const char *key, struct slice bytes)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    begin(w, key);
    strbuf_char(w->out, '"');
    for (uint32_t i = 0; i < bytes.len; i += 3) {
        uint32_t left = bytes.len - i;
        uint32_t v = (uint32_t)bytes.at[i] << 16 | (left > 1 ? (uint32_t)bytes.at[i + 1] << 8 : 0) |
                     (left > 2 ? bytes.at[i + 2] : 0);
        char four[4] = {set[v >> 18], set[v >> 12 & 63], left > 1 ? set[v >> 6 & 63] : '=',
                        left > 2 ? set[v & 63] : '='};
        strbuf_bytes(w->out, four, 4);
    }
    strbuf_char(w->out, '"');
}

void jsonw_printable(struct jsonw *w, const char *key, struct slice bytes)
{
    begin(w, key);
    strbuf_char(w->out, '"');
    for (uint32_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.at[i];
        if (c == '"' || c == '\\' || c == '\n' || c == '\r')
            escape_byte(w->out, c);
        else
            strbuf_char(w->out, c >= 0x20 && c < 0x7f ? (char)c : '.');
    }
    strbuf_char(w->out, '"');
}

void jsonw_raw(struct jsonw *w, const char *key, struct slice json)
{
    begin(w, key);
    strbuf_slice(w->out, json);
}

void jsonw_members(struct jsonw *w, struct slice members)
{
    if (members.len == 0)
        return;
    begin(w, NULL);
    strbuf_slice(w->out, members);
}

void jsonw_time(struct jsonw *w, const char *key, uint64_t ts_ns)
{
    char text[CLOCK_TEXT_MAX];

    clock_text(ts_ns, text);
    jsonw_str(w, key, text);
}

void jsonw_rfc3339(struct jsonw *w, const char *key, uint64_t ts_ns)
{
    char text[CLOCK_TEXT_MAX];

    if (ts_ns == 0)
        return;
    clock_text_rfc3339(ts_ns, text);
    jsonw_str(w, key, text);
}

void jsonw_words(struct jsonw *w, const char *key, const char *words)
{
    struct slice left = slice_of_str(words);

    jsonw_arr_open(w, key);
    for (struct slice one = slice_word(&left); one.len; one = slice_word(&left))
        jsonw_text(w, NULL, one);
    jsonw_arr_close(w);
}
