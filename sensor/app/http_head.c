/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP header lines (RFC 9112 section 5) and the buffers rules see of them: the normalised block,
 * the names, the rebuilt start. Limits: FIELDS_MAX headers a message, the rest is not looked at.
 */
#include "sensor/app/http_tx.h"

enum { FIELDS_MAX = 256, REPEATED_MAX = 64 };

static const struct {
    struct slice name;
    enum http_header header;
} known[] = {
    {SLICE_LIT("host"), HTTP_HOST},
    {SLICE_LIT("user-agent"), HTTP_USER_AGENT},
    {SLICE_LIT("cookie"), HTTP_COOKIE},
    {SLICE_LIT("set-cookie"), HTTP_COOKIE},
    {SLICE_LIT("content-type"), HTTP_CONTENT_TYPE},
    {SLICE_LIT("content-length"), HTTP_CONTENT_LENGTH},
    {SLICE_LIT("accept"), HTTP_ACCEPT},
    {SLICE_LIT("accept-language"), HTTP_ACCEPT_LANGUAGE},
    {SLICE_LIT("accept-encoding"), HTTP_ACCEPT_ENCODING},
    {SLICE_LIT("referer"), HTTP_REFERER},
    {SLICE_LIT("connection"), HTTP_CONNECTION},
    {SLICE_LIT("location"), HTTP_LOCATION},
    {SLICE_LIT("server"), HTTP_SERVER},
    {SLICE_LIT("transfer-encoding"), HTTP_TRANSFER_ENCODING},
    {SLICE_LIT("content-encoding"), HTTP_CONTENT_ENCODING},
    {SLICE_LIT("content-disposition"), HTTP_CONTENT_DISPOSITION},
    {SLICE_LIT("content-range"), HTTP_CONTENT_RANGE},
    {SLICE_LIT("upgrade"), HTTP_UPGRADE},
    {SLICE_LIT("authorization"), HTTP_AUTHORIZATION},
    {SLICE_LIT("x-forwarded-for"), HTTP_X_FORWARDED_FOR},
};

static struct http_field *field_at(const struct http_message *m, uint32_t i)
{
    struct http_field *all = m->fields.at;
    return &all[i];
}

/* `a` + `between` + `b`, kept; `a` alone when there is no room. */
static struct slice joined(struct tx *tx, struct slice a, struct slice between, struct slice b)
{
    uint32_t len = a.len + between.len + b.len;
    uint8_t *at = app_tx_alloc(tx, len);
    if (!at)
        return a;
    if (a.len)
        memcpy(at, a.at, a.len);
    if (between.len)
        memcpy(at + a.len, between.at, between.len);
    if (b.len)
        memcpy(at + a.len + between.len, b.at, b.len);
    return (struct slice){at, len};
}

static struct http_field *find(const struct http_message *m, struct slice name)
{
    for (uint32_t i = 0; i < m->fields.n; i++)
        if (slice_ieq(field_at(m, i)->name, name))
            return field_at(m, i);
    return NULL;
}

bool http_head_says(struct slice text, struct slice word)
{
    for (uint32_t start = 0; start + word.len <= text.len; start++) {
        uint32_t hit = 0;
        for (uint32_t i = start; i < text.len && hit < word.len; i++) {
            uint8_t b = text.at[i];
            if (b == 0)
                continue;
            b = b >= 'A' && b <= 'Z' ? (uint8_t)(b | 0x20) : b;
            if (b != word.at[hit])
                break;
            hit++;
        }
        if (hit == word.len)
            return true;
    }
    return false;
}

static bool is_control(uint8_t b)
{
    return b <= ' ';
}

/* A name as receivers understand it: without zero bytes, and control characters at its ends. */
static struct slice clean_name(struct tx *tx, struct slice name)
{
    while (name.len && is_control(name.at[0]))
        name = slice_from(name, 1);
    while (name.len && is_control(name.at[name.len - 1]))
        name.len--;
    if (slice_find_byte(name, 0) < 0)
        return name;
    uint8_t *at = app_tx_alloc(tx, name.len);
    if (!at)
        return name;
    uint32_t len = 0;
    for (uint32_t i = 0; i < name.len; i++)
        if (name.at[i])
            at[len++] = name.at[i];
    return (struct slice){at, len};
}

static bool is_name(struct slice name)
{
    static const bool parts[128] = {
        ['('] = true, [')'] = true, ['<'] = true, ['>'] = true, ['@'] = true,  [','] = true,
        [';'] = true, ['"'] = true, ['/'] = true, ['['] = true, ['\\'] = true, [']'] = true,
        ['?'] = true, ['='] = true, ['{'] = true, ['}'] = true,
    };

    for (uint32_t i = 0; i < name.len; i++) {
        if (name.at[i] <= ' ' || name.at[i] >= 0x7f || parts[name.at[i]])
            return false;
    }
    return name.len > 0;
}

static void note_odd(struct http_message *m, struct slice line, int64_t colon, struct slice name)
{
    if (colon < 0)
        m->odd |= HTTP_ODD_COLON;
    else if (!is_name(name) || name.len != (uint32_t)colon)
        m->odd |= HTTP_ODD_NAME;
    if (line.len > HTTP_LINE_MAX)
        m->odd |= HTTP_ODD_LONG;
}

/* A header, unfolded. */
static bool take_header(struct app *app, struct tx *tx, struct http_message *m, struct slice line)
{
    int64_t colon = slice_find_byte(line, ':');
    struct slice name = colon < 0 ? slice_head(line, 0) : slice_head(line, (uint32_t)colon);
    struct slice value = slice_trim(colon < 0 ? line : slice_from(line, (uint32_t)colon + 1));
    if (!value.at)
        value.at = line.at;
    name = clean_name(tx, name);
    if (!name.at)
        name.at = line.at;
    note_odd(m, line, colon, name);
    struct http_field *same = find(m, name);
    if (same) {
        if (slice_ieq(name, SLICE_LIT("content-length")))
            m->odd |= HTTP_ODD_LENGTH_AGAIN;
        if (m->repeated++ >= REPEATED_MAX)
            m->odd |= HTTP_ODD_AGAIN;
        same->value = joined(tx, same->value, SLICE_LIT(", "), value);
        return true;
    }
    struct http_field *field = app_append(app, tx, &m->fields, sizeof *field);
    if (!field)
        return false;
    field->name = name;
    field->value = value;
    return true;
}

/* A line that begins with a blank continues the one before, unless it reads as a header that
 * receivers are known to act on all the same. */
static bool is_folded(struct slice line)
{
    if (line.at[0] != ' ' && line.at[0] != '\t' && line.at[0] != 0)
        return false;
    line = slice_trim(line);
    int64_t colon = slice_find_byte(line, ':');
    for (uint32_t i = 0; colon > 0 && i < sizeof known / sizeof *known; i++)
        if (slice_ieq(slice_head(line, (uint32_t)colon), known[i].name))
            return false;
    return true;
}

uint32_t http_head_line(enum dir dir, struct slice lines, struct slice *line)
{
    int64_t eol = slice_find_byte(lines, '\n');
    uint32_t end = eol < 0 ? lines.len : (uint32_t)eol, next = eol < 0 ? end : end + 1;

    *line = slice_head(lines, end);
    if (line->len && line->at[line->len - 1] == '\r')
        line->len--;
    int64_t cr = dir == TO_CLIENT ? slice_find_byte(*line, '\r') : -1;
    if (cr >= 0) {
        *line = slice_head(*line, (uint32_t)cr);
        next = (uint32_t)cr + 1;
    }
    return next;
}

/* "Name: value"; mostly it stands so in the message. */
static struct slice text_of(struct tx *tx, const struct http_field *field)
{
    struct slice raw = {field->name.at, field->name.len + 2 + field->value.len};
    bool as_sent = field->value.at == field->name.at + field->name.len + 2 &&
                   slice_eq(slice_head(slice_from(raw, field->name.len), 2), SLICE_LIT(": "));
    return as_sent ? raw : joined(tx, field->name, SLICE_LIT(": "), field->value);
}

static void fill_known(struct tx *tx, struct http_message *m)
{
    for (uint32_t i = 0; i < m->fields.n; i++) {
        struct http_field *field = field_at(m, i);
        field->text = text_of(tx, field);
        for (uint32_t j = 0; j < sizeof known / sizeof *known; j++)
            if (slice_ieq(field->name, known[j].name))
                m->known[known[j].header] = field->value;
    }
}

bool http_head_read(struct app *app, struct tx *tx, enum dir dir, struct slice lines)
{
    struct http_message *m = http_tx_message(tx, dir);
    struct slice header = SLICE_NONE, line;
    bool good = true;

    m->raw = lines;
    while (lines.len && good && m->fields.n < FIELDS_MAX) {
        lines = slice_from(lines, http_head_line(dir, lines, &line));
        if (!line.len)
            continue;
        if (!header.len && !m->fields.n && (line.at[0] == ' ' || line.at[0] == '\t'))
            m->odd |= HTTP_ODD_FOLDING;
        if (header.len && is_folded(line)) {
            header = joined(tx, header, SLICE_LIT(" "), slice_trim(line));
            continue;
        }
        good = !header.len || take_header(app, tx, m, header);
        header = slice_trim(line);
    }
    if (m->fields.n >= FIELDS_MAX)
        m->odd |= HTTP_ODD_MANY;
    good = good && (!header.len || take_header(app, tx, m, header));
    fill_known(tx, m);
    return good;
}

bool http_head_add(struct app *app, struct tx *tx, enum dir dir, struct slice name,
                   struct slice value)
{
    struct http_message *m = http_tx_message(tx, dir);

    if (m->fields.n >= FIELDS_MAX)
        return false;
    struct http_field *field = app_append(app, tx, &m->fields, sizeof *field);
    if (!field)
        return false;
    field->name = name;
    field->value = value;
    field->text = joined(tx, name, SLICE_LIT(": "), value);
    for (uint32_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct slice *place = &m->known[known[i].header];
        if (slice_ieq(name, known[i].name))
            *place = place->at ? joined(tx, *place, SLICE_LIT(", "), value) : value;
    }
    return true;
}

static bool is_cookie(struct slice name)
{
    return slice_ieq(name, SLICE_LIT("cookie")) || slice_ieq(name, SLICE_LIT("set-cookie"));
}

/* Writer over bytes whose number was counted before. */
struct out {
    uint8_t *at;
    uint32_t len;
};

static void put(struct out *out, struct slice s)
{
    if (s.len)
        memcpy(out->at + out->len, s.at, s.len);
    out->len += s.len;
}

static void put_field(struct out *out, const struct http_field *field)
{
    put(out, field->name);
    put(out, SLICE_LIT(": "));
    put(out, field->value);
    put(out, SLICE_LIT("\r\n"));
}

static uint32_t fields_bytes(const struct http_message *m)
{
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < m->fields.n; i++)
        bytes += field_at(m, i)->name.len + field_at(m, i)->value.len + 4;
    return bytes;
}

bool http_head_block(struct tx *tx, enum dir dir, struct slice *out)
{
    struct http_message *m = http_tx_message(tx, dir);

    if (!m->block.at && m->fields.n) {
        struct out block = {.at = app_tx_alloc(tx, fields_bytes(m))};
        if (!block.at)
            return false;
        for (uint32_t i = 0; i < m->fields.n; i++)
            if (!is_cookie(field_at(m, i)->name))
                put_field(&block, field_at(m, i));
        m->block = (struct slice){block.at, block.len};
    }
    *out = m->block;
    return out->at != NULL;
}

bool http_head_names(struct tx *tx, enum dir dir, struct slice *out)
{
    struct http_message *m = http_tx_message(tx, dir);

    if (!m->names.at && m->line.len) {
        struct out names = {.at = app_tx_alloc(tx, fields_bytes(m) + 4)};
        if (!names.at)
            return false;
        put(&names, SLICE_LIT("\r\n"));
        for (uint32_t i = 0; i < m->fields.n; i++) {
            put(&names, field_at(m, i)->name);
            put(&names, SLICE_LIT("\r\n"));
        }
        put(&names, SLICE_LIT("\r\n"));
        m->names = (struct slice){names.at, names.len};
    }
    *out = m->names;
    return out->at != NULL;
}

bool http_head_start(struct tx *tx, enum dir dir, struct slice *out)
{
    struct http_message *m = http_tx_message(tx, dir);

    if (!m->start.at && m->line.len) {
        struct out start = {.at = app_tx_alloc(tx, (size_t)m->line.len + fields_bytes(m) + 4)};
        if (!start.at)
            return false;
        put(&start, m->line);
        put(&start, SLICE_LIT("\r\n"));
        for (uint32_t i = 0; i < m->fields.n; i++)
            put_field(&start, field_at(m, i));
        put(&start, SLICE_LIT("\r\n"));
        m->start = (struct slice){start.at, start.len};
    }
    *out = m->start;
    return out->at != NULL;
}

static struct slice unquoted(struct slice s)
{
    s = slice_trim(s);
    if (s.len < 1 || s.at[0] != '"')
        return s;
    s = slice_from(s, 1);
    int64_t end = slice_find_byte(s, '"');
    return end < 0 ? s : slice_head(s, (uint32_t)end);
}

struct slice http_head_parameter(struct slice value, struct slice name)
{
    int64_t at = slice_find_byte(value, ';');

    while (at >= 0) {
        value = slice_from(value, (uint32_t)at + 1);
        at = slice_find_byte(value, ';');
        struct slice part = slice_trim(at < 0 ? value : slice_head(value, (uint32_t)at));
        int64_t equals = slice_find_byte(part, '=');
        if (equals > 0 && slice_ieq(slice_trim(slice_head(part, (uint32_t)equals)), name))
            return unquoted(slice_from(part, (uint32_t)equals + 1));
    }
    return SLICE_NONE;
}

/* Words that are no methods elsewhere: those of RFC 9110, of WebDAV and of versioning. */
static bool is_known(struct slice method)
{
    static const char *const methods[] = {
        "GET",
        "PUT",
        "POST",
        "HEAD",
        "TRACE",
        "OPTIONS",
        "CONNECT",
        "DELETE",
        "PATCH",
        "PROPFIND",
        "MKCOL",
        "PROPPATCH",
        "COPY",
        "MOVE",
        "LOCK",
        "UNLOCK",
        "CHECKOUT",
        "CHECKIN",
        "UNCHECKOUT",
        "UPDATE",
        "LABEL",
        "REPORT",
        "MKWORKSPACE",
        "MKACTIVITY",
        "MERGE",
        "INVALID",
        "VERSION-CONTROL",
        "BASELINE-CONTROL",
    };
    for (uint32_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (slice_ieq(method, slice_of_str(methods[i])))
            return true;
    return false;
}

enum probe http_head_alone(struct slice head, enum dir dir)
{
    static const struct slice version = SLICE_LIT("HTTP/");
    int64_t end = slice_find_byte(head, ' ');

    if (dir == TO_CLIENT)
        return slice_ieq(slice_head(head, version.len), version) ? PROBE_YES : PROBE_NO;
    return end > 0 && is_known(slice_head(head, (uint32_t)end)) ? PROBE_YES : PROBE_NO;
}

/* ---- where a head ends -------------------------------------------------------------------- */

/* Bytes of the blank line `in` begins with, 0 when it is none. Accepted besides LF and CR LF: one
 * blank before a bare LF when no further LF follows, and behind a bare LF two CR. */
static uint32_t blank_line(struct slice in, bool after_bare, bool at_end)
{
    uint32_t n = 0, max = after_bare ? HTTP_CR_MAX : 1;

    if (in.len >= 2 && (in.at[0] == ' ' || in.at[0] == '\t') && in.at[1] == '\n') {
        bool ends = in.len > 2 ? in.at[2] != '\n' : at_end;
        return ends ? 2 : 0;
    }
    while (n < in.len && n < max && in.at[n] == '\r')
        n++;
    return n < in.len && in.at[n] == '\n' ? n + 1 : 0;
}

uint32_t http_head_length(struct slice in, uint32_t scanned, bool at_end)
{
    for (uint32_t at = scanned; at < in.len;) {
        int64_t eol = slice_find_byte(slice_from(in, at), '\n');
        if (eol < 0)
            return 0;
        uint32_t next = at + (uint32_t)eol + 1;
        bool bare = next < 2 || in.at[next - 2] != '\r';
        uint32_t blank = blank_line(slice_from(in, next), bare, at_end);
        if (blank)
            return next + blank;
        at = next;
    }
    return 0;
}
