/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms with files (multipart/form-data, RFC 7578; delimiters RFC 2046, 5.1.1): each part that
 * names a file is one. Faults of parts are named notes: a part header without a colon; a part that
 * names a file and has no line of data at all.
 * Limits: of a header line the first LINE_KEPT bytes are looked at; boundaries of BOUNDARY_MAX
 * bytes.
 */
#include "sensor/app/http_tx.h"

enum { LINE_KEPT = 512, BOUNDARY_MAX = 128, MARK_MAX = BOUNDARY_MAX + 4 };

enum at { BEFORE, IN_BOUNDARY, IN_HEADERS, IN_DATA };

struct http_multipart {
    struct slice boundary; /* in the transaction */
    enum at at;
    bool names_file; /* the part in hand; its name is kept in `name` */
    bool begun;      /* some byte or line end of the part's data was seen */
    bool colon;      /* the line in hand has one */
    struct slice name;
    uint32_t len; /* of the line in hand, as far as kept */
    uint8_t line[LINE_KEPT];
    uint32_t held; /* bytes of data that may begin a delimiter */
    uint8_t hold[MARK_MAX];
};

void http_multipart_begin(struct app *app, struct tx *tx)
{
    struct http_tx *http = tx_data(tx);
    struct slice type = http->request.known[HTTP_CONTENT_TYPE];
    struct slice form = SLICE_LIT("multipart/form-data");

    if (!slice_ieq(slice_head(type, form.len), form) || !slice_eq(http->method, SLICE_LIT("POST")))
        return;
    struct slice boundary = http_head_parameter(type, SLICE_LIT("boundary"));
    if (!boundary.len || boundary.len > BOUNDARY_MAX)
        return;
    http->parts = app_alloc(app, tx, sizeof *http->parts);
    if (http->parts)
        http->parts->boundary = boundary;
}

/* ---- delimiters --------------------------------------------------------------------------- */

enum fit { FIT_NOT, FIT_PARTLY, FIT_WHOLE };

static enum fit fit_text(struct slice *in, struct slice text)
{
    struct slice head = slice_head(*in, text.len);

    if (!slice_starts(text, head))
        return FIT_NOT;
    *in = slice_from(*in, text.len);
    return head.len < text.len ? FIT_PARTLY : FIT_WHOLE;
}

/* A line end, two dashes and the boundary; the line end may lack where the part's data begins. */
static enum fit fit_delimiter(const struct http_multipart *parts, struct slice in)
{
    bool has_end = in.len && (in.at[0] == '\r' || in.at[0] == '\n');

    if (!has_end && parts->begun)
        return FIT_NOT;
    if (in.len && in.at[0] == '\r')
        in = slice_from(in, 1);
    enum fit fit = has_end ? fit_text(&in, SLICE_LIT("\n")) : FIT_WHOLE;
    if (fit == FIT_WHOLE)
        fit = fit_text(&in, SLICE_LIT("--"));
    return fit == FIT_WHOLE ? fit_text(&in, parts->boundary) : fit;
}

/* ---- lines -------------------------------------------------------------------------------- */

static void take_header(struct app *app, struct tx *tx, struct http_multipart *parts,
                        struct slice line)
{
    static const struct slice name = SLICE_LIT("content-disposition:");

    if (!line.len) {
        parts->at = IN_DATA;
        if (parts->names_file)
            app_file_begin(app, tx, TO_SERVER, parts->name);
    } else if (!parts->colon) {
        app_note(app, tx, HTTP_NOTE_MULTIPART_HEADER);
    } else if (slice_ieq(slice_head(line, name.len), name)) {
        struct slice file = http_head_parameter(slice_from(line, name.len), SLICE_LIT("filename"));
        if (file.at && !parts->names_file)
            parts->name = app_keep(app, tx, file);
        parts->names_file |= file.at != NULL;
    }
}

static void take_line(struct app *app, struct tx *tx, struct http_multipart *parts)
{
    struct slice line = {parts->line, parts->len}, rest = line;

    if (line.len && line.at[line.len - 1] == '\r')
        line.len--;
    if (parts->at == IN_BOUNDARY || (fit_text(&rest, SLICE_LIT("--")) == FIT_WHOLE &&
                                     fit_text(&rest, parts->boundary) == FIT_WHOLE)) {
        parts->at = IN_HEADERS;
        parts->names_file = parts->begun = false;
        parts->name = SLICE_NONE;
    } else if (parts->at == IN_HEADERS) {
        take_header(app, tx, parts, line);
    }
    parts->len = 0;
    parts->colon = false;
}

/* Everything but data, up to the end of a line; returns what is left. */
static struct slice take_text(struct app *app, struct tx *tx, struct http_multipart *parts,
                              struct slice data)
{
    int64_t eol = slice_find_byte(data, '\n');
    struct slice piece = eol < 0 ? data : slice_head(data, (uint32_t)eol);
    struct slice kept = slice_head(piece, LINE_KEPT - parts->len);

    if (parts->at == IN_HEADERS)
        parts->colon |= slice_find_byte(piece, ':') >= 0;
    if (kept.len)
        memcpy(parts->line + parts->len, kept.at, kept.len);
    parts->len += kept.len;
    if (eol < 0)
        return SLICE_NONE;
    take_line(app, tx, parts);
    return slice_from(data, (uint32_t)eol + 1);
}

/* ---- data --------------------------------------------------------------------------------- */

static void end_part(struct app *app, struct tx *tx, struct http_multipart *parts)
{
    bool no_line = !parts->begun && parts->hold[0] == '-';

    if (parts->names_file && no_line)
        app_note(app, tx, HTTP_NOTE_MULTIPART_NO_FILE);
    app_file_end(app, tx, TO_SERVER, true);
    parts->held = 0;
    parts->at = IN_BOUNDARY;
}

static void emit(struct app *app, struct tx *tx, struct http_multipart *parts, struct slice data)
{
    parts->begun |= data.len > 0;
    app_file_data(app, tx, TO_SERVER, data);
}

/* No delimiter after all: what is held is data, but for its end that may begin another one. */
static void release(struct app *app, struct tx *tx, struct http_multipart *parts)
{
    struct slice all = {parts->hold, parts->held};
    uint32_t at = 1;

    parts->begun = true;
    while (at < all.len && fit_delimiter(parts, slice_from(all, at)) == FIT_NOT)
        at++;
    emit(app, tx, parts, slice_head(all, at));
    parts->held -= at;
    memmove(parts->hold, parts->hold + at, parts->held);
}

/* Where the next delimiter may begin; all of it when none does. */
static uint32_t find_mark(const struct http_multipart *parts, struct slice data)
{
    for (uint32_t at = parts->begun ? 0 : data.len; at < data.len; at++) {
        int64_t eol = slice_find_byte(slice_from(data, at), '\n');
        uint32_t found = eol < 0 ? data.len : at + (uint32_t)eol;
        bool pair = found > at && data.at[found - 1] == '\r';
        uint32_t begins = found - (pair ? 1 : 0);
        if (eol < 0 || fit_delimiter(parts, slice_from(data, begins)) != FIT_NOT)
            return begins;
        at = found;
    }
    return parts->begun ? data.len : 0;
}

static struct slice take_data(struct app *app, struct tx *tx, struct http_multipart *parts,
                              struct slice data)
{
    if (!parts->held) {
        uint32_t mark = find_mark(parts, data);
        emit(app, tx, parts, slice_head(data, mark));
        data = slice_from(data, mark);
    }
    while (data.len && parts->at == IN_DATA) {
        parts->hold[parts->held++] = data.at[0];
        data = slice_from(data, 1);
        enum fit fit = fit_delimiter(parts, (struct slice){parts->hold, parts->held});
        if (fit == FIT_WHOLE) {
            end_part(app, tx, parts);
        } else if (fit == FIT_NOT) {
            release(app, tx, parts);
            if (!parts->held)
                break;
        }
    }
    return data;
}

void http_multipart_data(struct app *app, struct tx *tx, struct slice data)
{
    struct http_multipart *parts = ((struct http_tx *)tx_data(tx))->parts;

    while (parts && data.len)
        data = parts->at == IN_DATA ? take_data(app, tx, parts, data)
                                    : take_text(app, tx, parts, data);
}

void http_multipart_end(struct app *app, struct tx *tx)
{
    struct http_multipart *parts = ((struct http_tx *)tx_data(tx))->parts;

    if (parts && parts->held && parts->at == IN_DATA)
        emit(app, tx, parts, (struct slice){parts->hold, parts->held});
    if (parts)
        parts->held = 0;
}
