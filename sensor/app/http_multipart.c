/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms with files (multipart/form-data, RFC 7578): faults of their parts as named notes. A part
 * header without a colon; a part that names a file and has no line of data at all.
 * Limits: of a line the first LINE_KEPT bytes are looked at; boundaries of BOUNDARY_MAX bytes.
 */
#include "sensor/app/http_tx.h"

enum { LINE_KEPT = 512, BOUNDARY_MAX = 128 };

enum at { BEFORE, IN_HEADERS, BEHIND_HEADERS, IN_DATA };

struct http_multipart {
    struct slice boundary; /* in the transaction */
    enum at at;
    bool has_file; /* the part names one */
    bool colon;    /* the line in hand has one */
    uint32_t len;  /* of the line in hand, as far as kept */
    uint8_t line[LINE_KEPT];
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

static bool is_boundary(const struct http_multipart *parts, struct slice line)
{
    struct slice mark = slice_head(line, 2);

    return slice_eq(mark, SLICE_LIT("--")) && slice_starts(slice_from(line, 2), parts->boundary);
}

static void take_header(struct app *app, struct tx *tx, struct http_multipart *parts,
                        struct slice line)
{
    static const struct slice name = SLICE_LIT("content-disposition:");

    if (!line.len)
        parts->at = BEHIND_HEADERS;
    else if (!parts->colon)
        app_note(app, tx, HTTP_NOTE_MULTIPART_HEADER);
    else if (slice_ieq(slice_head(line, name.len), name))
        parts->has_file |=
            http_head_parameter(slice_from(line, name.len), SLICE_LIT("filename")).len > 0;
}

static void take_line(struct app *app, struct tx *tx, struct http_multipart *parts)
{
    struct slice line = {parts->line, parts->len};

    if (line.len && line.at[line.len - 1] == '\r')
        line.len--;
    if (is_boundary(parts, line)) {
        if (parts->at == BEHIND_HEADERS && parts->has_file)
            app_note(app, tx, HTTP_NOTE_MULTIPART_NO_FILE);
        parts->at = IN_HEADERS;
        parts->has_file = false;
    } else if (parts->at == IN_HEADERS) {
        take_header(app, tx, parts, line);
    } else if (parts->at == BEHIND_HEADERS) {
        parts->at = IN_DATA;
    }
    parts->len = 0;
    parts->colon = false;
}

void http_multipart_data(struct app *app, struct tx *tx, struct slice data)
{
    struct http_multipart *parts = ((struct http_tx *)tx_data(tx))->parts;

    while (parts && data.len) {
        int64_t eol = slice_find_byte(data, '\n');
        struct slice piece = eol < 0 ? data : slice_head(data, (uint32_t)eol);
        struct slice kept = slice_head(piece, LINE_KEPT - parts->len);

        if (parts->at == IN_HEADERS)
            parts->colon |= slice_find_byte(piece, ':') >= 0;
        if (kept.len)
            memcpy(parts->line + parts->len, kept.at, kept.len);
        parts->len += kept.len;
        if (eol < 0)
            return;
        take_line(app, tx, parts);
        data = slice_from(data, (uint32_t)eol + 1);
    }
}
