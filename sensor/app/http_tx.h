/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the HTTP parser share: a transaction and its two messages.
 */
#ifndef TRAMGAC_SENSOR_APP_HTTP_TX_H
#define TRAMGAC_SENSOR_APP_HTTP_TX_H

#include "sensor/app/proto.h"

/** Headers with a place of their own; their names are in http_head.c in this order. */
enum http_header {
    HTTP_HOST,
    HTTP_USER_AGENT,
    HTTP_COOKIE, /* Set-Cookie in responses */
    HTTP_CONTENT_TYPE,
    HTTP_CONTENT_LENGTH,
    HTTP_ACCEPT,
    HTTP_ACCEPT_LANGUAGE,
    HTTP_ACCEPT_ENCODING,
    HTTP_REFERER,
    HTTP_CONNECTION,
    HTTP_LOCATION,
    HTTP_SERVER,
    HTTP_TRANSFER_ENCODING,
    HTTP_CONTENT_ENCODING,
    HTTP_CONTENT_DISPOSITION,
    HTTP_CONTENT_RANGE,
    HTTP_UPGRADE,
    HTTP_AUTHORIZATION,
    HTTP_X_FORWARDED_FOR,
    HTTP_HEADERS
};

struct http_multipart;

struct http_field {
    struct slice name, value; /* value: trimmed, folded lines joined, repeats joined by ", " */
    struct slice text;        /* "Name: value" */
};

/** What was odd while the header lines were read. */
enum http_odd {
    HTTP_ODD_COLON = 1,         /* a line without one */
    HTTP_ODD_NAME = 2,          /* empty, or with bytes that no name has */
    HTTP_ODD_AGAIN = 4,         /* headers come again and again */
    HTTP_ODD_LONG = 8,          /* a line longer than HTTP_LINE_MAX */
    HTTP_ODD_FOLDING = 16,      /* the first line continues another */
    HTTP_ODD_MANY = 32,         /* more headers than are looked at */
    HTTP_ODD_LENGTH_AGAIN = 64, /* Content-Length came twice */
};
enum { HTTP_LINE_MAX = 18000, HTTP_CODINGS_MAX = 2 };

struct http_message {
    uint16_t odd;          /* enum http_odd */
    uint16_t repeated;     /* headers that came before */
    struct slice line;     /* first line without its end */
    struct slice protocol; /* "HTTP/1.1" */
    struct slice raw;      /* header lines as sent, with the blank line */
    struct list fields;    /* struct http_field */
    struct slice known[HTTP_HEADERS];
    struct slice block, names, start; /* made when asked for */
    struct slice body;                /* decoded, its first bytes; only with rules */
    uint32_t body_seen;               /* how many they are */
    uint64_t length;                  /* of the body on the wire, chunk framing included */
};

enum { HTTP_CUSTOM_MAX = 64, HTTP_CUSTOM_BYTES = 48, HTTP_BODY_MAX = 64 << 20 };

/** How a server reads what it is sent. */
struct http_manner {
    bool slashes;                 /* %2f is a slash, and so is a backslash */
    bool squash;                  /* of slashes in a row one is left */
    bool units;                   /* %u0041 is A */
    bool utf8;                    /* UTF-8 becomes what is like it in one byte */
    bool path_twice, query_twice; /* decoded once more */
    uint32_t kept[2];             /* bytes of a body that rules see, by direction */
};

enum { HTTP_MANNERS_MAX = 32, HTTP_NETWORKS_MAX = 128, HTTP_LAYERS_MAX = 4, HTTP_LAYERS = 3 };

struct http_network {
    struct prefix prefix;
    uint32_t manner; /* its number */
};

/** What options leave out of events, and want in them. */
struct http_config {
    bool basic, all[2];
    bool unsaid_twice; /* what only could be decoded once more is not noted */
    bool short_files;  /* files are as long as the bodies that rules see */
    uint32_t layers;   /* of coded bodies */
    struct http_manner manners[HTTP_MANNERS_MAX]; /* the first is of all others */
    struct http_network networks[HTTP_NETWORKS_MAX];
    uint32_t n_manners, n_networks;
    char custom[HTTP_CUSTOM_MAX][HTTP_CUSTOM_BYTES];
    uint32_t customs;
};

struct http_tx {
    struct http_message request, response;
    struct slice method, uri, uri_raw, host, host_raw;
    struct slice path; /* of the normalised uri */
    struct slice status_text, status_message;
    struct slice content_type; /* for EVE: without parameters; made when asked for */
    uint16_t status;
    uint16_t port;                /* in the Host header or URI; 0 = none */
    struct http_multipart *parts; /* of a form that is sent; NULL = none */
    bool port_zero;               /* no blank line was seen: port 0, as Suricata has it */
    bool encoded_twice;           /* a second decoding has found something */
    const struct http_config *config;
    const struct http_manner *manner; /* of its server */
};

static inline struct http_message *http_tx_message(struct tx *tx, enum dir dir)
{
    struct http_tx *http = tx_data(tx);
    return dir == TO_SERVER ? &http->request : &http->response;
}

/* The body is a form whose parts are files, and none itself. */
static inline bool http_tx_is_form(struct tx *tx, enum dir dir)
{
    return dir == TO_SERVER && ((struct http_tx *)tx_data(tx))->parts;
}

/* ---- http_notes.c ------------------------------------------------------------------------- */

enum http_note {
    HTTP_NOTE_REQUEST_LINE,
    HTTP_NOTE_RESPONSE_PROTOCOL,
    HTTP_NOTE_REQUEST_LENGTH,
    HTTP_NOTE_RESPONSE_LENGTH,
    HTTP_NOTE_REQUEST_CHUNK,
    HTTP_NOTE_RESPONSE_CHUNK,
    HTTP_NOTE_TWO_LENGTHS,
    HTTP_NOTE_UNPACKING,
    HTTP_NOTE_NO_HOST,
    HTTP_NOTE_NO_VERSION,
    HTTP_NOTE_LEADING_BLANK,
    HTTP_NOTE_INCOMPLETE,
    HTTP_NOTE_METHOD_DELIMITER,
    HTTP_NOTE_URI_DELIMITER,
    HTTP_NOTE_REQUEST_COLON,
    HTTP_NOTE_RESPONSE_COLON,
    HTTP_NOTE_REQUEST_HEADER,
    HTTP_NOTE_RESPONSE_HEADER,
    HTTP_NOTE_REQUEST_AGAIN,
    HTTP_NOTE_RESPONSE_AGAIN,
    HTTP_NOTE_REQUEST_LONG,
    HTTP_NOTE_RESPONSE_LONG,
    HTTP_NOTE_REQUEST_FOLDING,
    HTTP_NOTE_RESPONSE_FOLDING,
    HTTP_NOTE_REQUEST_MANY,
    HTTP_NOTE_RESPONSE_MANY,
    HTTP_NOTE_REQUEST_LENGTH_AGAIN,
    HTTP_NOTE_RESPONSE_LENGTH_AGAIN,
    HTTP_NOTE_REQUEST_CODING,
    HTTP_NOTE_RESPONSE_CODING,
    HTTP_NOTE_ABNORMAL_CODING,
    HTTP_NOTE_OLD_CHUNKED,
    HTTP_NOTE_STATUS,
    HTTP_NOTE_BYTERANGES,
    HTTP_NOTE_CONTENT_CODING,
    HTTP_NOTE_CODING_LAYERS,
    HTTP_NOTE_BOMB,
    HTTP_NOTE_LZMA,
    HTTP_NOTE_HOST_INVALID,
    HTTP_NOTE_URI_HOST_INVALID,
    HTTP_NOTE_HOST_AMBIGUOUS,
    HTTP_NOTE_PORT,
    HTTP_NOTE_AUTHORITY_PORT,
    HTTP_NOTE_PORT_MISMATCH,
    HTTP_NOTE_AUTHORIZATION,
    HTTP_NOTE_DOUBLE_ENCODED,
    HTTP_NOTE_CONTINUE_AGAIN,
    HTTP_NOTE_NO_REQUEST,
    HTTP_NOTE_BODY_UNEXPECTED,
    HTTP_NOTE_CHUNK_EXTENSION,
    HTTP_NOTE_RANGE,
    HTTP_NOTE_NAME_LONG,
    HTTP_NOTE_MULTIPART,
    HTTP_NOTE_MULTIPART_NO_FILE,
    HTTP_NOTE_MULTIPART_HEADER,
    HTTP_NOTE_CHANGE_FAILED,
    HTTP_NOTE_WARNINGS,
    HTTP_NOTE_ERROR,
    HTTP_NOTE_COUNT,
};
extern const char *const http_notes[];
/** Notes on the head of a message, once it is whole. */
void http_notes_request(struct app *app, struct tx *tx);
void http_notes_response(struct app *app, struct tx *tx);

/* ---- http_fields.c ------------------------------------------------------------------------ */

extern const struct field http_fields[];

/* ---- http_event.c ------------------------------------------------------------------------- */

extern const struct option http_event_options[];
void http_event_configure(const struct conf *conf, void *config);
void http_event_write(struct tx *tx, uint32_t i, struct jsonw *w);
/** Whether what `http.extended` can take out of events is written now. */
bool http_event_extended(const struct tx *tx, const void *item);
/** A header line as an object of name and value. */
void http_event_header(struct jsonw *w, const struct http_field *field);

/* ---- http_manner.c ------------------------------------------------------------------------ */

void http_manner_configure(const struct conf *conf, struct http_config *config);
const struct http_manner *http_manner_of(const struct http_config *config,
                                         const struct addr *server);

/* ---- http_line.c -------------------------------------------------------------------------- */

/** Takes the first word and the blanks behind it. */
struct slice http_line_word(struct slice *rest);
/** A line without the CR at its end. */
struct slice http_line_bare(struct slice line);
/** "method target protocol"; the target may hold blanks, the protocol is the last word. Of two
 * words the second is the target, whatever it looks like. */
void http_line_split(struct slice line, struct slice *method, struct slice *target,
                     struct slice *protocol);
/** Could be a method, or a header's name. */
bool http_is_token(struct slice method);
bool http_is_common(struct slice method);
enum probe http_probe(struct slice head, enum dir dir);

/* ---- http_uri.c --------------------------------------------------------------------------- */

struct http_uri {
    struct slice authority; /* of an absolute URI; empty otherwise */
    struct slice path, query, fragment;
    bool has_query, has_fragment;
};

/** Splits a request target; nothing is decoded. */
struct http_uri http_uri_split(struct slice target, bool is_connect);
/** Host (lower case) and port of "user@host:port"; the host is kept in the transaction. */
struct slice http_uri_host(struct tx *tx, struct slice authority, uint16_t *port);
/** Path decoded and cleaned, query and fragment percent-decoded; `*path` is its first part. */
struct slice http_uri_normal(struct tx *tx, const struct http_uri *uri, struct slice *path);

/* ---- http_head.c -------------------------------------------------------------------------- */

/** Reads header lines (the slice stays valid as long as the transaction). False: a cap. */
bool http_head_read(struct app *app, struct tx *tx, enum dir dir, struct slice lines);
/** The first line of `lines` without its end; returns where the next one begins. In responses a
 * lone CR ends a line too, as it does for browsers. */
uint32_t http_head_line(enum dir dir, struct slice lines, struct slice *line);
/** Adds one header that is whole and kept already (HTTP/2); repeated ones stay apart in the list
 * and are joined where a header has a place of its own. False: a cap. */
bool http_head_add(struct app *app, struct tx *tx, enum dir dir, struct slice name,
                   struct slice value);
/** Whether the first bytes of a direction tell HTTP by themselves: SUBSCRIBE, say, is not HTTP's.
 */
enum probe http_head_alone(struct slice head, enum dir dir);
/** Buffers made from the headers once and kept. */
bool http_head_block(struct tx *tx, enum dir dir, struct slice *out);
bool http_head_names(struct tx *tx, enum dir dir, struct slice *out);
bool http_head_start(struct tx *tx, enum dir dir, struct slice *out);
/** True when `text` holds `word` (lower case), whatever the case and with zero bytes passed over.
 */
bool http_head_says(struct slice text, struct slice word);
enum { HTTP_CR_MAX = 2 }; /* in a blank line */
/** Bytes of the head up to and with its blank line; 0 when that has not come. Nothing of it ends
 * before `scanned`. */
uint32_t http_head_length(struct slice in, uint32_t scanned, bool at_end);
/** Value of a parameter of a header: `filename` of `attachment; filename="x"`; empty = none. */
struct slice http_head_parameter(struct slice value, struct slice name);

/* ---- http_multipart.c --------------------------------------------------------------------- */

/** `tx` may send a form (POST, multipart/form-data): then tx->parts is there, and parts that name a
 * file are files. */
void http_multipart_begin(struct app *app, struct tx *tx);
/** The form ends here, wherever it is. */
void http_multipart_end(struct app *app, struct tx *tx);
/** Its next bytes, cut anyhow; nothing when no form is sent. */
void http_multipart_data(struct app *app, struct tx *tx, struct slice data);

/* ---- http_body.c -------------------------------------------------------------------------- */

struct http_body;

/** Decoder for a Content-Encoding, a list perhaps, of which so many are removed; NULL when there is
 * none or it is unknown. */
struct http_body *http_body_new(struct slice encoding, uint32_t layers);
void http_body_free(struct http_body **body);
/** True when few bytes turned out to be very many: the reason why http_body_data said no. */
bool http_body_is_bomb(const struct http_body *body);
/** Takes body bytes (decoded by `body`, or as they are when NULL) into buffers and file. False
 * when the coding is damaged or unpacks to too much: the rest is not decoded. */
bool http_body_data(struct http_body *body, struct app *app, struct tx *tx, enum dir dir,
                    struct slice data);

#endif
