/* SPDX-License-Identifier: Apache-2.0 */
#include "common/jsonw.h"

#include "common/clock.h"
#include "common/pen.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <math.h>

void jsonw_init(struct jsonw *w, struct strbuf *out)
{
    *w = (struct jsonw){.out = out};
}

/* Comma and key, with room for `more` bytes and a zero behind them; the place of the value, or NULL
 * when that breaks the cap. The caller writes and says by end() how far. */
static char *begin(struct jsonw *w, struct slice key, size_t more)
{
    struct strbuf *out = w->out;
    size_t need = w->comma + (key.at ? key.len + 3 : 0) + more;

    if ((need >= out->room - out->len && !strbuf_grow(out, need)) || out->full)
        return NULL;
    char *at = pen_comma(w, out->at + out->len);
    w->comma = true;
    if (!key.at)
        return at;
    *at++ = '"';
    at = pen_bytes(at, key);
    return PEN_LIT(at, "\":");
}

/* The same without calls where there is plenty of room; NULL: the long way. */
static inline char *quick(struct jsonw *w, struct slice key, size_t more)
{
    const struct strbuf *out = w->out;

    if (key.len + more + 4 >= out->room - out->len || key.len > PEN_SHORT || out->full)
        return NULL;
    char *at = pen_comma(w, out->at + out->len);
    w->comma = true;
    if (!key.at)
        return at;
    *at++ = '"';
    at = pen_short(at, key.at, key.len);
    return PEN_LIT(at, "\":");
}

static inline void end(struct jsonw *w, char *at)
{
    *at = '\0';
    w->out->len = (size_t)(at - w->out->at);
}

/* Value that begins with a byte; what follows is written to the strbuf. */
static inline bool begin_with(struct jsonw *w, struct slice key, char c)
{
    char *at = begin(w, key, 1);

    if (!at)
        return false;
    *at++ = c;
    end(w, at);
    return true;
}

static inline bool begin_at(struct jsonw *w, struct slice key)
{
    char *at = begin(w, key, 0);

    if (at)
        end(w, at);
    return at != NULL;
}

void jsonw_put_open(struct jsonw *w, struct slice key, char c)
{
    char *at = quick(w, key, 1);

    if (at) {
        *at = c;
        end(w, at + 1);
    } else {
        begin_with(w, key, c);
    }
    w->comma = false;
}

void jsonw_put_close(struct jsonw *w, char c)
{
    strbuf_char(w->out, c);
    w->comma = true;
}

static void put_long(struct jsonw *w, struct slice key, struct slice json)
{
    char *at = begin(w, key, json.len);

    if (at)
        end(w, pen_bytes(at, json));
}

void jsonw_put_raw(struct jsonw *w, struct slice key, struct slice json)
{
    char *at = json.len <= PEN_SHORT ? quick(w, key, PEN_SHORT) : NULL;

    if (at)
        end(w, pen_short(at, json.at, json.len));
    else
        put_long(w, key, json);
}

static const char hex_digits[] = "0123456789abcdef";

/* A byte that is no UTF-8 stands as text, \xNN, as in Suricata's events. */
static void escape_byte(struct strbuf *out, uint8_t c)
{
    char odd[5] = {'\\', '\\', 'x', hex_digits[c >> 4], hex_digits[c & 15]};
    char code[6] = {'\\', 'u', '0', '0', hex_digits[c >> 4], hex_digits[c & 15]};
    const char *at = c == '"'    ? "\\\""
                     : c == '\\' ? "\\\\"
                     : c == '\n' ? "\\n"
                     : c == '\r' ? "\\r"
                     : c == '\t' ? "\\t"
                                 : NULL;
    if (at)
        strbuf_bytes(out, at, 2);
    else if (c >= 0x80)
        strbuf_bytes(out, odd, sizeof(odd));
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

typedef uint8_t sixteen __attribute__((vector_size(16)));
typedef int8_t signs __attribute__((vector_size(16)));

/* A bit for each byte whose highest bit is set, or for all of them one that is not zero. */
static inline uint64_t high_bits(signs x)
{
#ifdef __SSE2__
    return (uint64_t)_mm_movemask_epi8((__m128i)x);
#else
    uint64_t half[2];

    memcpy(half, &x, sizeof(half));
    return half[0] | half[1];
#endif
}

/* None of the bytes has to be looked at: all are printable ASCII as they are. One more makes 0x7f
 * and all above it negative or zero. */
static inline bool all_plain(sixteen x)
{
    signs odd = ((signs)(x + 1) < 0x21) | (x == '"') | (x == '\\');

    return !high_bits(odd);
}

static inline bool plain(const uint8_t *at)
{
    sixteen x;

    memcpy(&x, at, sizeof(x));
    return all_plain(x);
}

static inline bool words_plain(uint64_t a, uint64_t b)
{
    uint64_t half[2] = {a, b};

    return plain((const uint8_t *)half);
}

/* copy_plain() of less than 16 bytes: overlapping halves, or three bytes. */
static inline uint32_t copy_short(char *out, const uint8_t *at, uint32_t len)
{
    uint64_t word[2];
    uint32_t half[2];

    if (len >= 8) {
        memcpy(&word[0], at, 8);
        memcpy(&word[1], at + len - 8, 8);
        memcpy(out, &word[0], 8);
        memcpy(out + len - 8, &word[1], 8);
        return words_plain(word[0], word[1]) ? len : 0;
    }
    if (len >= 4) {
        memcpy(&half[0], at, 4);
        memcpy(&half[1], at + len - 4, 4);
        memcpy(out, &half[0], 4);
        memcpy(out + len - 4, &half[1], 4);
        word[0] = (uint64_t)half[0] << 32 | half[1];
        return words_plain(word[0], word[0]) ? len : 0;
    }
    if (len == 0)
        return 0;
    out[0] = (char)at[0];
    out[len / 2] = (char)at[len / 2];
    out[len - 1] = (char)at[len - 1];
    word[0] = UINT64_C(0x2020202020000000) | (uint64_t)at[0] << 16 | (uint64_t)at[len / 2] << 8 |
              at[len - 1];
    return words_plain(word[0], word[0]) ? len : 0;
}

/* Copies `len` bytes as far as they are plain; returns how many that were at least. The last block
 * overlaps the one before it. */
static inline uint32_t copy_plain(char *out, const uint8_t *at, uint32_t len)
{
    uint32_t i = 0;

    if (len < 16)
        return copy_short(out, at, len);
    for (; i + 16 <= len; i += 16) {
        memcpy(out + i, at + i, 16);
        if (!plain(at + i))
            return i;
    }
    if (i == len)
        return len;
    memcpy(out + len - 16, at + len - 16, 16);
    return plain(at + len - 16) ? len : i;
}

/* The same; first the two forms of nearly all letters. */
static inline uint32_t utf8_at(const uint8_t *at, uint32_t left)
{
    if (left >= 2 && at[0] >= 0xc2 && at[0] <= 0xdf && at[1] >> 6 == 2)
        return 2;
    if (left >= 3 && at[0] >= 0xe1 && at[0] <= 0xec && at[1] >> 6 == 2 && at[2] >> 6 == 2)
        return 3;
    return utf8_len(at, left);
}

/* From the first byte that may not stand as it is. */
static void escaped(struct strbuf *out, struct slice s)
{
    uint32_t from = 0, i = 0, again = 0; /* where it is worth to look at a block */

    while (i < s.len) {
        if (i >= again && s.len - i >= 16) {
            again = i + 16;
            if (plain(s.at + i)) {
                i = again;
                continue;
            }
        }
        uint8_t c = s.at[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            i++;
            continue;
        }
        uint32_t n = c >= 0x80 ? utf8_at(s.at + i, s.len - i) : 0;
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

/* From the first byte of the text on that may not stand as it is; the quote before it stands. */
__attribute__((noinline)) static void put_escaped(struct jsonw *w, char *at, struct slice text)
{
    end(w, at);
    escaped(w->out, text);
}

__attribute__((noinline)) static void put_text_long(struct jsonw *w, struct slice key,
                                                    struct slice text)
{
    char *at = begin(w, key, (size_t)text.len + 2);

    if (!at)
        return;
    *at++ = '"';
    uint32_t n = copy_plain(at, text.at, text.len);
    put_escaped(w, at + n, slice_from(text, n));
}

void jsonw_put_text(struct jsonw *w, struct slice key, struct slice text)
{
    char *at = quick(w, key, (size_t)text.len + 2);

    if (!at) {
        put_text_long(w, key, text);
        return;
    }
    *at++ = '"';
    uint32_t n = copy_plain(at, text.at, text.len);
    at += n;
    if (n < text.len) {
        put_escaped(w, at, slice_from(text, n));
        return;
    }
    *at++ = '"';
    end(w, at);
}

char *jsonw_plain(char *at, struct slice text)
{
    return copy_plain(at, text.at, text.len) == text.len ? at + text.len : NULL;
}

static void put_u64_long(struct jsonw *w, struct slice key, uint64_t value)
{
    uint32_t n = fmt_u64_len(value);
    char *at = begin(w, key, n);

    if (!at)
        return;
    fmt_u64_put(at, value, n);
    end(w, at + n);
}

void jsonw_put_u64(struct jsonw *w, struct slice key, uint64_t value)
{
    char *at = quick(w, key, FMT_U64_MAX);

    if (at)
        end(w, pen_u64(at, value));
    else
        put_u64_long(w, key, value);
}

void jsonw_i64(struct jsonw *w, const char *key, int64_t value)
{
    uint64_t size = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
    uint32_t n = fmt_u64_len(size);
    char *at = begin(w, slice_of_str(key), n + (value < 0));

    if (!at)
        return;
    if (value < 0)
        *at++ = '-';
    fmt_u64_put(at, size, n);
    end(w, at + n);
}

void jsonw_num(struct jsonw *w, const char *key, double value)
{
    if (!begin_at(w, slice_of_str(key)))
        return;
    if (!isfinite(value))
        strbuf_str(w->out, "null");
    else if (value == floor(value) && fabs(value) < 1e15)
        strbuf_fmt(w->out, "%.0f", value);
    else
        strbuf_fmt(w->out, "%.3f", value);
}

/* Text of ours that needs no escapes. */
static void put_clean(struct jsonw *w, struct slice key, const char *text, uint32_t len)
{
    char *at = quick(w, key, (size_t)len + 2);

    if (!at)
        at = begin(w, key, (size_t)len + 2);
    if (!at)
        return;
    *at++ = '"';
    at = pen_bytes(at, (struct slice){(const uint8_t *)text, len});
    *at++ = '"';
    end(w, at);
}

void jsonw_put_word(struct jsonw *w, struct slice key, struct slice word)
{
    put_clean(w, key, (const char *)word.at, word.len);
}

void jsonw_put_addr(struct jsonw *w, struct slice key, const struct addr *addr)
{
    char text[ADDR_TEXT_MAX];

    put_clean(w, key, text, addr_text_full(addr, text));
}

void jsonw_put_mac(struct jsonw *w, struct slice key, const struct mac *mac)
{
    char *at = begin(w, key, MAC_TEXT_MAX + 2);

    if (!at)
        return;
    *at++ = '"';
    at += mac_text(mac, at);
    *at++ = '"';
    end(w, at);
}

void jsonw_hex(struct jsonw *w, const char *key, struct slice bytes, char sep)
{
    char *at = begin(w, slice_of_str(key), (size_t)bytes.len * (sep ? 3 : 2) + 2);

    if (!at)
        return;
    *at++ = '"';
    for (uint32_t i = 0; i < bytes.len; i++) {
        *at = sep;
        at += i && sep;
        *at++ = hex_digits[bytes.at[i] >> 4];
        *at++ = hex_digits[bytes.at[i] & 15];
    }
    *at++ = '"';
    end(w, at);
}

void jsonw_base64(struct jsonw *w, const char *key, struct slice bytes)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    if (!begin_with(w, slice_of_str(key), '"'))
        return;
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
    if (!begin_with(w, slice_of_str(key), '"'))
        return;
    for (uint32_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.at[i];
        if (c == '"' || c == '\\' || c == '\n' || c == '\r')
            escape_byte(w->out, c);
        else
            strbuf_char(w->out, c >= 0x20 && c < 0x7f ? (char)c : '.');
    }
    strbuf_char(w->out, '"');
}

void jsonw_members(struct jsonw *w, struct slice members)
{
    if (members.len == 0)
        return;
    jsonw_put_raw(w, SLICE_NONE, members);
}

void jsonw_put_time(struct jsonw *w, struct slice key, uint64_t ts_ns)
{
    char text[CLOCK_TEXT_MAX];

    put_clean(w, key, text, clock_text(ts_ns, text));
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
