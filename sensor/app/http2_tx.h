/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the HTTP/2 parser share: a stream, or one frame on the connection itself.
 */
#ifndef TRAMGAC_SENSOR_APP_HTTP2_TX_H
#define TRAMGAC_SENSOR_APP_HTTP2_TX_H

#include "sensor/app/http_tx.h"

enum http2_type {
    HTTP2_DATA,
    HTTP2_HEADERS,
    HTTP2_PRIORITY,
    HTTP2_RST_STREAM,
    HTTP2_SETTINGS,
    HTTP2_PUSH_PROMISE,
    HTTP2_PING,
    HTTP2_GOAWAY,
    HTTP2_WINDOW_UPDATE,
    HTTP2_CONTINUATION
};

struct http2_frame {
    uint8_t type;
    bool has_error, has_priority, has_window;
    uint8_t priority; /* weight */
    uint32_t error, window;
};

struct http2_setting {
    uint16_t id;
    uint32_t value;
};

struct http2_size {
    uint64_t bytes; /* of the dynamic table, as the sender announced it */
};

struct http2_tx {
    struct http_tx http; /* first: bodies and headers are treated as those of HTTP/1 */
    uint32_t stream;
    struct list frames[2];   /* struct http2_frame, by direction */
    struct list settings[2]; /* struct http2_setting */
    struct list sizes[2];    /* struct http2_size */
};

/* ---- http2_fields.c ----------------------------------------------------------------------- */

extern const struct field http2_fields[];
extern const struct label http2_fields_types[];
extern const struct label http2_fields_errors[];
extern const struct label http2_fields_settings[];

/* ---- http2_event.c ------------------------------------------------------------------------ */

uint32_t http2_event_count(const struct tx *tx);
void http2_event_write(struct tx *tx, uint32_t i, struct jsonw *w);

#endif
