/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files about mail share: a transaction of SMTP and the message it carries.
 */
#ifndef TRAMGAC_SENSOR_APP_SMTP_TX_H
#define TRAMGAC_SENSOR_APP_SMTP_TX_H

#include "sensor/app/proto.h"

enum { SMTP_SCHEMES_MAX = 8, SMTP_SCHEME_BYTES = 16 };

/** How far a message has come; the names are Suricata's. */
enum mail_status {
    MAIL_HEADER_READY,
    MAIL_HEADER_STARTED,
    MAIL_HEADER_DONE,
    MAIL_BODY_STARTED,
    MAIL_BODY_DONE,
    MAIL_BODY_END_BOUND,
    MAIL_PARSE_DONE,
};

struct mail_text {
    struct slice text;
};

struct mail_header {
    struct slice name, value; /* as sent, folded lines joined */
};

struct mail {
    bool begun, headers_done;
    bool failed;         /* its parts cannot be told apart: read on as one */
    uint8_t status;      /* enum mail_status */
    struct list headers; /* struct mail_header */
    struct list to, cc, received, attachments, urls; /* struct mail_text; urls: newest first */
    struct slice from, subject, date, message_id, x_mailer, to_raw, cc_raw;
    struct slice body_md5;
    bool url_ipv4, url_ipv6, url_exe;
};

struct smtp_tx {
    struct slice helo, mail_from;
    struct list recipients; /* struct mail_text */
    bool data;              /* DATA or BDAT was said */
    struct mail mail;
    const struct smtp_config *config;
};

enum { SMTP_VALUE_MAX = 2000 };

/** Options, read once. */
struct smtp_config {
    char scheme[SMTP_SCHEMES_MAX][SMTP_SCHEME_BYTES]; /* "http://" */
    uint32_t schemes;
    bool log_scheme, extended, body_md5, subject_md5;
    bool mime_off, raw, base64_off, quoted_off;
    uint32_t value_bytes; /* of a header field that are read */
    uint32_t custom;      /* bit i: i-th of the optional header fields (smtp_event.c) */
};

enum smtp_note {
    SMTP_INVALID_REPLY,
    SMTP_UNMATCHED_REPLY,
    SMTP_LONG_COMMAND,
    SMTP_LONG_REPLY,
    SMTP_BAD_PIPELINE,
    SMTP_LONG_CHUNK,
    SMTP_NO_WELCOME,
    SMTP_TLS_REJECTED,
    SMTP_DATA_REJECTED,
    SMTP_FAILED_CHANGE,
    SMTP_MIME_FAILED,
    SMTP_MIME_MALFORMED,
    SMTP_MIME_BASE64,
    SMTP_MIME_LONG_LINE,
    SMTP_MIME_LONG_ENCODED,
    SMTP_MIME_LONG_NAME,
    SMTP_MIME_LONG_VALUE,
    SMTP_MIME_LONG_BOUNDARY,
    SMTP_MIME_QP,
    SMTP_MIME_LONG_FILENAME,
    SMTP_DUPLICATE,
    SMTP_UNPARSABLE,
    SMTP_TRUNCATED,
};

/* smtp_fields.c */
extern const struct field smtp_fields_rows[];

/* smtp_event.c */
extern const struct option smtp_event_options[];
void smtp_event_configure(const struct conf *conf, void *config);
/** The `email` object beside `smtp`. */
void smtp_event_write_email(struct tx *tx, struct jsonw *w);

#endif
