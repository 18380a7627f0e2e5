/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is out of the ordinary in the heads of a request and a response, as named notes. Most of it
 * was seen while the lines were read (http_message.odd); the rest is asked here, once per message.
 */
#include "sensor/app/http_tx.h"

enum { NAME_LIMIT = 4096 };

const char *const http_notes[] = {
    [HTTP_NOTE_REQUEST_LINE] = "request_line_invalid",
    [HTTP_NOTE_RESPONSE_PROTOCOL] = "response_invalid_protocol",
    [HTTP_NOTE_REQUEST_LENGTH] = "invalid_content_length_field_in_request",
    [HTTP_NOTE_RESPONSE_LENGTH] = "invalid_content_length_field_in_response",
    [HTTP_NOTE_REQUEST_CHUNK] = "invalid_request_chunk_len",
    [HTTP_NOTE_RESPONSE_CHUNK] = "invalid_response_chunk_len",
    [HTTP_NOTE_TWO_LENGTHS] = "content_length_and_chunked",
    [HTTP_NOTE_UNPACKING] = "gzip_decompression_failed",
    [HTTP_NOTE_NO_HOST] = "missing_host_header",
    [HTTP_NOTE_NO_VERSION] = "request_line_missing_protocol",
    [HTTP_NOTE_LEADING_BLANK] = "request_line_leading_whitespace",
    [HTTP_NOTE_INCOMPLETE] = "request_line_incomplete",
    [HTTP_NOTE_METHOD_DELIMITER] = "method_delim_non_compliant",
    [HTTP_NOTE_URI_DELIMITER] = "uri_delim_non_compliant",
    [HTTP_NOTE_REQUEST_COLON] = "request_field_missing_colon",
    [HTTP_NOTE_RESPONSE_COLON] = "response_field_missing_colon",
    [HTTP_NOTE_REQUEST_HEADER] = "request_header_invalid",
    [HTTP_NOTE_RESPONSE_HEADER] = "response_header_invalid",
    [HTTP_NOTE_REQUEST_AGAIN] = "request_header_repetition",
    [HTTP_NOTE_RESPONSE_AGAIN] = "response_header_repetition",
    [HTTP_NOTE_REQUEST_LONG] = "request_field_too_long",
    [HTTP_NOTE_RESPONSE_LONG] = "response_field_too_long",
    [HTTP_NOTE_REQUEST_FOLDING] = "invalid_request_field_folding",
    [HTTP_NOTE_RESPONSE_FOLDING] = "invalid_response_field_folding",
    [HTTP_NOTE_REQUEST_MANY] = "request_too_many_headers",
    [HTTP_NOTE_RESPONSE_MANY] = "response_too_many_headers",
    [HTTP_NOTE_REQUEST_LENGTH_AGAIN] = "duplicate_content_length_field_in_request",
    [HTTP_NOTE_RESPONSE_LENGTH_AGAIN] = "duplicate_content_length_field_in_response",
    [HTTP_NOTE_REQUEST_CODING] = "invalid_transfer_encoding_value_in_request",
    [HTTP_NOTE_RESPONSE_CODING] = "invalid_transfer_encoding_value_in_response",
    [HTTP_NOTE_ABNORMAL_CODING] = "response_abnormal_transfer_encoding",
    [HTTP_NOTE_OLD_CHUNKED] = "response_chunked_old_proto",
    [HTTP_NOTE_STATUS] = "response_invalid_status",
    [HTTP_NOTE_BYTERANGES] = "response_multipart_byteranges",
    [HTTP_NOTE_CONTENT_CODING] = "abnormal_ce_header",
    [HTTP_NOTE_CODING_LAYERS] = "too_many_encoding_layers",
    [HTTP_NOTE_BOMB] = "compression_bomb",
    [HTTP_NOTE_LZMA] = "lzma_memlimit_reached",
    [HTTP_NOTE_HOST_INVALID] = "request_header_host_invalid",
    [HTTP_NOTE_URI_HOST_INVALID] = "request_uri_host_invalid",
    [HTTP_NOTE_HOST_AMBIGUOUS] = "host_header_ambiguous",
    [HTTP_NOTE_PORT] = "invalid_server_port_in_request",
    [HTTP_NOTE_AUTHORITY_PORT] = "invalid_authority_port",
    [HTTP_NOTE_PORT_MISMATCH] = "request_server_port_tcp_port_mismatch",
    [HTTP_NOTE_AUTHORIZATION] = "request_auth_unrecognized",
    [HTTP_NOTE_DOUBLE_ENCODED] = "double_encoded_uri",
    [HTTP_NOTE_CONTINUE_AGAIN] = "100_continue_already_seen",
    [HTTP_NOTE_NO_REQUEST] = "unable_to_match_response_to_request",
    [HTTP_NOTE_BODY_UNEXPECTED] = "request_body_unexpected",
    [HTTP_NOTE_CHUNK_EXTENSION] = "request_chunk_extension",
    [HTTP_NOTE_RANGE] = "range_invalid",
    [HTTP_NOTE_NAME_LONG] = "file_name_too_long",
    [HTTP_NOTE_MULTIPART] = "multipart_generic_error",
    [HTTP_NOTE_MULTIPART_NO_FILE] = "multipart_no_filedata",
    [HTTP_NOTE_MULTIPART_HEADER] = "multipart_invalid_header",
    [HTTP_NOTE_CHANGE_FAILED] = "failed_protocol_change",
    [HTTP_NOTE_WARNINGS] = "too_many_warnings",
    [HTTP_NOTE_ERROR] = "unknown_error",
    [HTTP_NOTE_COUNT] = NULL,
};

/* ---- both directions ---------------------------------------------------------------------- */

static void note_odd(struct app *app, struct tx *tx, const struct http_message *m, enum dir dir)
{
    static const struct {
        uint16_t bit;
        uint8_t note[2]; /* by direction */
    } rows[] = {
        {HTTP_ODD_COLON, {HTTP_NOTE_REQUEST_COLON, HTTP_NOTE_RESPONSE_COLON}},
        {HTTP_ODD_NAME, {HTTP_NOTE_REQUEST_HEADER, HTTP_NOTE_RESPONSE_HEADER}},
        {HTTP_ODD_AGAIN, {HTTP_NOTE_REQUEST_AGAIN, HTTP_NOTE_RESPONSE_AGAIN}},
        {HTTP_ODD_LONG, {HTTP_NOTE_REQUEST_LONG, HTTP_NOTE_RESPONSE_LONG}},
        {HTTP_ODD_FOLDING, {HTTP_NOTE_REQUEST_FOLDING, HTTP_NOTE_RESPONSE_FOLDING}},
        {HTTP_ODD_MANY, {HTTP_NOTE_REQUEST_MANY, HTTP_NOTE_RESPONSE_MANY}},
        {HTTP_ODD_LENGTH_AGAIN, {HTTP_NOTE_REQUEST_LENGTH_AGAIN, HTTP_NOTE_RESPONSE_LENGTH_AGAIN}},
    };

    for (uint32_t i = 0; m->odd && i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (m->odd & rows[i].bit)
            app_note(app, tx, rows[i].note[dir == TO_CLIENT]);
    }
}

/* "gzip, br": a coding nobody knows, or more of them than are unpacked. */
static void note_content_coding(struct app *app, struct tx *tx, struct slice coding)
{
    static const struct slice codings[] = {
        SLICE_LIT("gzip"),      SLICE_LIT("x-gzip"),   SLICE_LIT("deflate"),
        SLICE_LIT("x-deflate"), SLICE_LIT("br"),       SLICE_LIT("zstd"),
        SLICE_LIT("lzma"),      SLICE_LIT("identity"), SLICE_LIT("inflate")};
    uint32_t layers = 0;
    bool all = true;

    while (coding.len) {
        int64_t comma = slice_find_byte(coding, ',');
        struct slice one = slice_trim(comma < 0 ? coding : slice_head(coding, (uint32_t)comma));
        bool known = !one.len;
        for (uint32_t i = 0; i < sizeof(codings) / sizeof(codings[0]); i++)
            known |= slice_ieq(one, codings[i]);
        all = all && known;
        layers++;
        coding = comma < 0 ? SLICE_NONE : slice_from(coding, (uint32_t)comma + 1);
    }
    if (!all)
        app_note(app, tx, HTTP_NOTE_CONTENT_CODING);
    const struct http_config *config = ((struct http_tx *)tx_data(tx))->config;
    uint32_t most = config && config->layers < HTTP_CODINGS_MAX ? config->layers : HTTP_CODINGS_MAX;
    if (layers > most)
        app_note(app, tx, HTTP_NOTE_CODING_LAYERS);
}

/* ---- requests ----------------------------------------------------------------------------- */

static bool is_host_byte(uint8_t b)
{
    return (b >= '0' && b <= '9') || ((b | 32) >= 'a' && (b | 32) <= 'z') || b >= 0x80 ||
           b == '-' || b == '_' || b == '.';
}

static bool host_valid(struct slice host)
{
    if (host.len && host.at[0] == '[')
        return host.at[host.len - 1] == ']' && host.len > 3;
    for (uint32_t i = 0; i < host.len; i++) {
        uint8_t b = host.at[i];
        if (!is_host_byte(b) || (b == '.' && i > 0 && host.at[i - 1] == '.'))
            return false;
    }
    return host.len > 0;
}

/* The part behind the last colon; empty when there is none, or inside brackets only. */
static bool port_of(struct slice authority, struct slice *host, struct slice *port)
{
    uint32_t at = authority.len;

    while (at > 0 && authority.at[at - 1] != ':' && authority.at[at - 1] != ']')
        at--;
    bool has = at > 0 && authority.at[at - 1] == ':';
    *host = has ? slice_head(authority, at - 1) : authority;
    *port = has ? slice_from(authority, at) : SLICE_NONE;
    return has;
}

static bool port_valid(struct slice port)
{
    uint64_t v;

    return slice_to_u64(port, &v) && v > 0 && v <= UINT16_MAX;
}

static void note_host(struct app *app, struct tx *tx, const struct http_tx *http)
{
    struct slice header = slice_trim(http->request.known[HTTP_HOST]), host, port;
    struct http_uri uri =
        http_uri_split(http->uri_raw, slice_eq(http->method, SLICE_LIT("CONNECT")));

    bool has_port = port_of(header, &host, &port);
    if (header.at && (!host_valid(host) || (has_port && !port_valid(port))))
        app_note(app, tx, HTTP_NOTE_HOST_INVALID);
    if (!uri.authority.len)
        return;
    struct slice uri_host, uri_port;
    bool uri_has_port = port_of(uri.authority, &uri_host, &uri_port);
    if (!host_valid(uri_host) || (uri_has_port && !port_valid(uri_port)))
        app_note(app, tx, HTTP_NOTE_URI_HOST_INVALID);
    bool ports_differ = has_port && uri_has_port && !slice_eq(port, uri_port);
    if (header.at && (!slice_ieq(host, uri_host) || ports_differ))
        app_note(app, tx, HTTP_NOTE_HOST_AMBIGUOUS);
}

static bool is_hex(uint8_t b)
{
    return (b >= '0' && b <= '9') || ((b | 32) >= 'a' && (b | 32) <= 'f');
}

/* What was decoded once reads as encoded still. In a query that is the way addresses are carried.
 */
static bool double_encoded(const struct http_tx *http)
{
    struct slice u = http->uri;
    int64_t query = slice_find_byte(u, '?');

    u = query >= 0 ? slice_head(u, (uint32_t)query) : u;

    if (http->config && http->config->unsaid_twice)
        return false;
    if (slice_find(http->uri_raw, SLICE_LIT("%25")) < 0)
        return false;
    for (uint32_t i = 0; i + 2 < u.len; i++) {
        if (u.at[i] == '%' && is_hex(u.at[i + 1]) && is_hex(u.at[i + 2]))
            return true;
    }
    return false;
}

static void note_line(struct app *app, struct tx *tx, const struct http_tx *http)
{
    struct slice line = http->request.line;
    uint32_t method = http->method.len;

    if (line.len && (line.at[0] == ' ' || line.at[0] == '\t'))
        app_note(app, tx, HTTP_NOTE_LEADING_BLANK);
    if (!http->uri_raw.len)
        app_note(app, tx, HTTP_NOTE_INCOMPLETE);
    else if (method < line.len && line.at[method] == '\t')
        app_note(app, tx, HTTP_NOTE_METHOD_DELIMITER);
    if (!http->request.protocol.len)
        return;
    const uint8_t *behind = http->uri_raw.at + http->uri_raw.len;
    if (http->uri_raw.len && behind < http->request.protocol.at && *behind == '\t')
        app_note(app, tx, HTTP_NOTE_URI_DELIMITER);
}

static void note_authorization(struct app *app, struct tx *tx, struct slice value)
{
    static const struct slice schemes[] = {SLICE_LIT("basic"), SLICE_LIT("digest"),
                                           SLICE_LIT("bearer")};

    for (uint32_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (slice_ieq(slice_head(value, schemes[i].len), schemes[i]))
            return;
    }
    if (value.len)
        app_note(app, tx, HTTP_NOTE_AUTHORIZATION);
}

void http_notes_request(struct app *app, struct tx *tx)
{
    const struct http_tx *http = tx_data(tx);
    const struct http_message *m = &http->request;

    note_odd(app, tx, m, TO_SERVER);
    note_line(app, tx, http);
    note_host(app, tx, http);
    note_authorization(app, tx, m->known[HTTP_AUTHORIZATION]);
    if (http->encoded_twice || double_encoded(http))
        app_note(app, tx, HTTP_NOTE_DOUBLE_ENCODED);
    if (m->known[HTTP_TRANSFER_ENCODING].len &&
        !http_head_says(m->known[HTTP_TRANSFER_ENCODING], SLICE_LIT("chunked")))
        app_note(app, tx, HTTP_NOTE_REQUEST_CODING);
    if (http->path.len > NAME_LIMIT)
        app_note(app, tx, HTTP_NOTE_NAME_LONG);
}

/* ---- responses ---------------------------------------------------------------------------- */

static void note_response_coding(struct app *app, struct tx *tx, const struct http_message *m)
{
    struct slice coding = m->known[HTTP_TRANSFER_ENCODING];

    if (!coding.len)
        return;
    if (!http_head_says(coding, SLICE_LIT("chunked")))
        app_note(app, tx, HTTP_NOTE_RESPONSE_CODING);
    else if (!slice_ieq(slice_trim(coding), SLICE_LIT("chunked")))
        app_note(app, tx, HTTP_NOTE_ABNORMAL_CODING);
    else if (!slice_eq(m->protocol, SLICE_LIT("HTTP/1.1")))
        app_note(app, tx, HTTP_NOTE_OLD_CHUNKED);
}

/* "bytes 0-9/100", "bytes *" and so on (RFC 9110, section 14.4). */
static bool range_valid(struct slice range)
{
    if (!slice_starts(range, SLICE_LIT("bytes ")))
        return false;
    for (uint32_t i = 6; i < range.len; i++) {
        uint8_t b = range.at[i];
        if (!(b >= '0' && b <= '9') && b != '-' && b != '/' && b != '*')
            return false;
    }
    return range.len > 8;
}

void http_notes_response(struct app *app, struct tx *tx)
{
    const struct http_tx *http = tx_data(tx);
    const struct http_message *m = &http->response;
    struct slice range = slice_trim(m->known[HTTP_CONTENT_RANGE]);

    note_odd(app, tx, m, TO_CLIENT);
    note_response_coding(app, tx, m);
    note_content_coding(app, tx, m->known[HTTP_CONTENT_ENCODING]);
    if (!http->request.line.len)
        app_note(app, tx, HTTP_NOTE_NO_REQUEST);
    if (!slice_eq(m->protocol, SLICE_LIT("HTTP/1.1")) &&
        !slice_eq(m->protocol, SLICE_LIT("HTTP/1.0")))
        app_note(app, tx, HTTP_NOTE_RESPONSE_PROTOCOL);
    if (http->status < 100)
        app_note(app, tx, HTTP_NOTE_STATUS);
    if (slice_ieq(slice_head(m->known[HTTP_CONTENT_TYPE], 20), SLICE_LIT("multipart/byteranges")))
        app_note(app, tx, HTTP_NOTE_BYTERANGES);
    if (range.len && !range_valid(range))
        app_note(app, tx, HTTP_NOTE_RANGE);
}
