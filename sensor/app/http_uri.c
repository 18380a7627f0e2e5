/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request targets (RFC 3986, RFC 9112 section 3.2) and the normal form rules look at: the path
 * percent-decoded (%u too, as IIS does), backslashes as slashes, runs of slashes and dot segments
 * removed, as far as the server's manner does; query and fragment percent-decoded once. What is not
 * valid coding stays as it is.
 */
#include "sensor/app/http_tx.h"

static const struct http_manner ours = {.slashes = true, .squash = true, .units = true};

static int hex_value(uint8_t b)
{
    if (b >= '0' && b <= '9')
        return b - '0';
    b |= 0x20;
    return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

/* `n` hexadecimal digits at `at`, or -1. */
static int32_t hex_at(struct slice s, uint32_t at, uint32_t n)
{
    int32_t value = 0;
    if (at + n > s.len)
        return -1;
    for (uint32_t i = 0; i < n; i++) {
        int digit = hex_value(s.at[at + i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* One byte for a code point: Latin-1, full-width forms as ASCII, letters with marks as without (the
 * first of Latin Extended), else '?'. */
static uint8_t best_fit(int32_t unit)
{
    static const char letters[] =
        "AaAaAaCcCcCcCcDd?dEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi?\?JjKk?LlL"
        "lLl?\?LlNnNnNn?\??OoOoOo?\?RrRrRrSsSsSs?\?TtTtTtUuUuUuUuUuUuWwYy"
        "?Z?Zz?\??b?\??\??\??\??\??\??\??\??\??\??\?I?\?l?\??\?OOo?\??\??\??\??t?\?TUu?\??"
        "?\?z?\??\??\??\??|?\?!?\??\??\??\??AaIiOoUuUuUuUuUu?Aa?\??\?GgGgKkOoOo?\?"
        "j";

    if (unit < 0x100)
        return (uint8_t)unit;
    if (unit < 0x100 + (int32_t)sizeof(letters) - 1)
        return (uint8_t)letters[unit - 0x100];
    return unit >= 0xff01 && unit <= 0xff5e ? (uint8_t)(unit - 0xff01 + 0x21) : '?';
}

/* Decodes the coding at `*i`; moves `*i` behind it. */
static uint8_t decoded(struct slice s, uint32_t *i, const struct http_manner *how)
{
    uint8_t b = s.at[*i];
    bool units = how && how->units;
    if (b == '%') {
        int32_t value = hex_at(s, *i + 1, 2);
        if (value >= 0 && (value != '/' || !how || how->slashes)) {
            *i += 3;
            return (uint8_t)value;
        }
        if (units && *i + 1 < s.len && (s.at[*i + 1] | 0x20) == 'u' &&
            (value = hex_at(s, *i + 2, 4)) >= 0) {
            *i += 6;
            return best_fit(value);
        }
    }
    (*i)++;
    return b;
}

/* Length of `out` without its last segment ("/a/b" → "/a"). */
static uint32_t without_last(const uint8_t *out, uint32_t n)
{
    while (n && out[n - 1] != '/')
        n--;
    return n ? n - 1 : 0;
}

/* Removes "." and ".." segments in place (RFC 3986, 5.2.4). */
static uint32_t remove_dots(uint8_t *text, uint32_t len)
{
    uint32_t n = 0, i = 0;

    while (i < len) {
        uint32_t end = i + (text[i] == '/');
        while (end < len && text[end] != '/')
            end++;
        uint32_t start = i + (text[i] == '/'), size = end - start;
        bool dot = size == 1 && text[start] == '.';
        bool dots = size == 2 && text[start] == '.' && text[start + 1] == '.';
        if (dots)
            n = without_last(text, n);
        if (dot || dots) {
            if (end == len && (n == 0 || text[n - 1] != '/'))
                text[n++] = '/';
        } else {
            memmove(&text[n], &text[i], end - i);
            n += end - i;
        }
        i = end;
    }
    return n;
}

/* The code point of the sequence at `*i`, overlong ones too; -1 when there is none. */
static int32_t utf8_at(struct slice s, uint32_t *i)
{
    uint8_t b = s.at[*i];
    uint32_t more = b < 0x80 ? 0 : b >= 0xf0 ? 3 : b >= 0xe0 ? 2 : 1;
    int32_t value = more ? b & (0x3f >> more) : b;

    if ((b >= 0x80 && b < 0xc0) || b >= 0xf8 || more >= s.len - *i)
        return -1;
    for (uint32_t k = 1; k <= more; k++) {
        if ((s.at[*i + k] & 0xc0) != 0x80)
            return -1;
        value = value << 6 | (s.at[*i + k] & 0x3f);
    }
    *i += more + 1;
    return value;
}

/* In place: each sequence becomes one byte, and so does each byte that belongs to none. */
static uint32_t without_utf8(uint8_t *text, uint32_t len)
{
    struct slice s = {text, len};
    uint32_t n = 0;

    for (uint32_t i = 0; i < len;) {
        int32_t value = utf8_at(s, &i);
        i += value < 0;
        text[n++] = value < 0 ? '?' : best_fit(value);
    }
    return n;
}

static uint32_t normal_path(struct slice path, const struct http_manner *how, uint8_t *out)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < path.len;) {
        uint8_t b = decoded(path, &i, how);
        if (b == '\\' && how->slashes)
            b = '/';
        if (b == '/' && how->squash && n && out[n - 1] == '/')
            continue;
        out[n++] = b;
    }
    return remove_dots(out, how->utf8 ? without_utf8(out, n) : n);
}

static uint32_t decode_into(struct slice s, uint8_t *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s.len;)
        out[n++] = decoded(s, &i, NULL);
    return n;
}

/* In place: what is decoded is never longer. */
static uint32_t decode_again(struct http_tx *http, uint8_t *text, uint32_t n, bool again)
{
    uint32_t left = again ? decode_into((struct slice){text, n}, text) : n;

    http->encoded_twice = http->encoded_twice || left < n;
    return left;
}

struct slice http_uri_normal(struct tx *tx, const struct http_uri *uri, struct slice *path)
{
    struct http_tx *http = tx_data(tx);
    const struct http_manner *how = http->manner ? http->manner : &ours;
    uint8_t *out = app_tx_alloc(tx, (size_t)uri->path.len + uri->query.len + uri->fragment.len + 3);
    uint32_t n;

    *path = SLICE_NONE;
    if (!out)
        return SLICE_NONE;
    n = decode_again(http, out, normal_path(uri->path, how, out), how->path_twice);
    *path = (struct slice){out, n};
    if (uri->has_query) {
        out[n++] = '?';
        n += decode_again(http, &out[n], decode_into(uri->query, &out[n]), how->query_twice);
    }
    if (uri->has_fragment) {
        out[n++] = '#';
        n += decode_into(uri->fragment, &out[n]);
    }
    return (struct slice){out, n};
}

/* Length of "scheme://", or 0. */
static uint32_t scheme_length(struct slice target)
{
    uint32_t i = 0;
    while (i < target.len && i < 16 && target.at[i] != ':' && target.at[i] != '/')
        i++;
    return i && slice_starts(slice_from(target, i), SLICE_LIT("://")) ? i + 3 : 0;
}

static struct slice until(struct slice s, uint8_t stop, bool *found, struct slice *rest)
{
    int64_t at = slice_find_byte(s, stop);
    *found = at >= 0;
    *rest = at >= 0 ? slice_from(s, (uint32_t)at + 1) : SLICE_NONE;
    return at >= 0 ? slice_head(s, (uint32_t)at) : s;
}

struct http_uri http_uri_split(struct slice target, bool is_connect)
{
    struct http_uri uri = {.authority = SLICE_NONE};
    uint32_t scheme = scheme_length(target);

    if (is_connect) {
        uri.authority = target;
        return uri;
    }
    if (scheme) {
        struct slice rest = slice_from(target, scheme);
        uint32_t end = 0;
        while (end < rest.len && rest.at[end] != '/' && rest.at[end] != '?' && rest.at[end] != '#')
            end++;
        uri.authority = slice_head(rest, end);
        target = slice_from(rest, end);
    }
    target = until(target, '#', &uri.has_fragment, &uri.fragment);
    uri.path = until(target, '?', &uri.has_query, &uri.query);
    return uri;
}

struct slice http_uri_host(struct tx *tx, struct slice authority, uint16_t *port)
{
    int64_t at = slice_find_byte(authority, '@');
    struct slice host = slice_trim(at >= 0 ? slice_from(authority, (uint32_t)at + 1) : authority);
    int64_t bracket = host.len && host.at[0] == '[' ? slice_find_byte(host, ']') : -1;
    struct slice tail = bracket >= 0 ? slice_from(host, (uint32_t)bracket) : host;
    int64_t colon = slice_find_byte(tail, ':');
    uint64_t number;

    *port = 0;
    if (colon >= 0) {
        uint32_t end = (uint32_t)colon + (bracket >= 0 ? (uint32_t)bracket : 0);
        if (slice_to_u64(slice_from(host, end + 1), &number) && number <= 65535)
            *port = (uint16_t)number;
        host = slice_head(host, end);
    }
    uint8_t *lower = host.len ? app_tx_alloc(tx, host.len) : NULL;
    if (!lower)
        return SLICE_NONE;
    for (uint32_t i = 0; i < host.len; i++)
        lower[i] = host.at[i] >= 'A' && host.at[i] <= 'Z' ? host.at[i] | 0x20 : host.at[i];
    return (struct slice){lower, host.len};
}
