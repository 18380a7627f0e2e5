/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: what leaves the sensor, as EVE JSON lines. One event type a row (ev_*.c); protocol events
 * are written from the protocols' own fields.
 */
#ifndef TRAMGAC_SENSOR_EVENT_EVENT_H
#define TRAMGAC_SENSOR_EVENT_EVENT_H

#include "sensor/detect/detect.h"
#include "sensor/device/device.h"

/** Everything an event may speak of; what does not apply is NULL. */
struct event_ctx {
    const char *sensor; /* name of this sensor */
    uint64_t ts_ns;
    const struct packet *packet;
    struct flow *flow;
    enum dir dir; /* of the packet, transaction or hit: who is "src" */
    struct tx *tx;
    struct file *file;
    const struct hit *hit;
    const struct finding *finding;
    const struct stats *stats;
    const struct breadth *breadth;
    const char *note;       /* anomaly: name of the protocol or decoder note */
    const char *note_layer; /* "decode", "stream", "applayer" */
    uint64_t uptime_s;
    const struct event_options *options;
};

/** Settings of the events, read once from the conf. */
struct event_options {
    bool payload, payload_printable, packet, http_body; /* alert details */
    bool community_id;
    uint32_t types; /* bit i: row i of ev_rows is written */
};

struct event_def {
    const char *name; /* event_type */
    const char *doc;
    const struct option *options;
    const char
        *schema; /* JSON object members of the event's own part: "key: type doc" lines for docs */
    /** Writes the members behind the common head. */
    void (*write)(struct jsonw *w, const struct event_ctx *ctx);
};

extern const struct event_def *const ev_rows[];

extern const struct option event_options_rows[];
void event_options_read(const struct conf *conf, struct event_options *options);

/** A whole event line without newline and WITHOUT the closing brace: the host tier adds `device`,
 * geo and the brace (see event_close). False when the type is switched off. */
bool event_write(const char *name, const struct event_ctx *ctx, struct strbuf *out);

struct geo;
/** Adds what only the host tier knows about both ends, and closes the object. */
void event_close(struct strbuf *out, const struct devices *devices, const struct geo *geo,
                 const struct addr *src, const struct addr *dst);

#endif
