/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message (RFC 5322) with MIME parts (RFC 2045 to 2047, 2183, 2231), decoded as it comes.
 * Named parts become files of the transaction; text is searched for URLs.
 */
#ifndef TRAMGAC_SENSOR_APP_MIME_H
#define TRAMGAC_SENSOR_APP_MIME_H

#include "sensor/app/smtp_tx.h"

struct mime;

/** A new message; its state lives in the transaction. NULL at its cap. */
struct mime *mime_begin(struct app *app, struct tx *tx);
/** The next bytes, cut anywhere. */
void mime_bytes(struct mime *mime, struct app *app, struct tx *tx, struct slice bytes);
/** The line that comes next was sent with a dot more, which the digest of the body counts. */
void mime_dot(struct mime *mime);
/** Nothing follows: what is open ends. */
void mime_end(struct mime *mime, struct app *app, struct tx *tx);

/* mime_header.c */
/** The value of a parameter ("boundary", "filename", "name") of a header field, joined from its
 * sections and decoded (RFC 2231), into `out`; its whole length in *len, which may exceed `room`.
 * False when there is none. */
bool mime_header_parameter(struct slice value, struct slice name, uint8_t *out, uint32_t room,
                           uint32_t *len);
/** "Text/Plain; x=y" → "Text/Plain" */
struct slice mime_header_word(struct slice value);

/* mime_decode.c */
/** Base64 across lines: bits that do not fill a byte yet. */
struct mime_base64 {
    uint32_t bits;
    uint8_t n;
    bool bad; /* bytes outside the alphabet were passed over */
};
/** Writes at most in.len bytes. */
uint32_t mime_decode_base64(struct mime_base64 *state, struct slice in, uint8_t *out);
/** One line without its end; `*soft` when the next one continues it. At most in.len bytes. */
uint32_t mime_decode_quoted(struct slice line, uint8_t *out, bool *soft, bool *bad);

/* mime_url.c */
/** Collects the URLs of a line of text. */
void mime_url_find(struct app *app, struct tx *tx, struct slice line);

#endif
