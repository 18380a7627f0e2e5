/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the SIP parser share: one message, a request or a response.
 */
#ifndef TRAMGAC_SENSOR_APP_SIP_TX_H
#define TRAMGAC_SENSOR_APP_SIP_TX_H

#include "sensor/app/proto.h"

/** A header that may come several times; compact forms count as the long ones. */
struct sip_value {
    struct slice value;
};

struct sip_attribute {
    struct slice value;
};

/** A description of media: its own lines follow "m=". */
struct sip_media {
    struct slice media, info, connection, key;
    struct list attributes; /* struct sip_attribute */
};

/** Session description (RFC 8866), as text. */
struct sip_sdp {
    bool seen;
    struct slice version, origin, session_name, session_info, uri, email, phone, connection;
    struct slice time, repeat, zone, key;
    struct list bandwidths, attributes; /* struct sip_attribute */
    struct list media;                  /* struct sip_media */
};

struct sip_tx {
    struct slice request_line, method, uri;
    struct slice response_line, code, reason;
    struct slice version;
    struct list from, to, via, user_agent, content_type, content_length; /* struct sip_value */
    struct sip_sdp sdp;
};

/* ---- sip_fields.c ------------------------------------------------------------------------- */

extern const struct field sip_fields[];
void sip_fields_event(struct tx *tx, uint32_t i, struct jsonw *w);

/* ---- sip_sdp.c ---------------------------------------------------------------------------- */

/** Reads a session description; `body` is kept in the transaction already. */
void sip_sdp_read(struct app *app, struct tx *tx, struct slice body);

#endif
