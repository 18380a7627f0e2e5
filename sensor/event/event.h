/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: what leaves the sensor, as EVE JSON lines. One event type a row (ev_*.c); protocol events
 * are written from the protocols' own fields.
 */
#ifndef TRAMGAC_SENSOR_EVENT_EVENT_H
#define TRAMGAC_SENSOR_EVENT_EVENT_H

#include "sensor/detect/detect.h"
#include "sensor/device/device.h"
#include "sensor/event/choice.h"
#include "sensor/event/closings.h"
#include "sensor/event/heads.h"

/** What a stats event tells. */
struct stats_event {
    const struct stats *now;
    const struct stats *before; /* at the last event: an empty one at first */
    const struct stats *thread; /* of each: the reader's, the workers', the rest */
    uint32_t threads;
    struct slice engines; /* JSON: the rules in force */
};

/** Everything an event may speak of; what does not apply is NULL. */
struct event_ctx {
    const char *sensor; /* name of this sensor */
    uint64_t ts_ns;
    const struct packet *packet;
    struct flow *flow;
    enum dir dir; /* of the packet, transaction or hit: who is "src" */
    struct tx *tx;
    uint32_t part; /* tx: which of its app_events; yara: which of the file's hits */
    struct file *file;
    const struct hit *hit;
    const struct finding *finding;
    const struct stats_event *stats;
    const struct breadth *breadth;
    const struct detect *detect; /* for marks of the flow; NULL = none */
    const char *note;            /* anomaly, visibility: name of the note */
    const char *note_layer;      /* "decode", "stream", "applayer"; visibility: what is affected */
    struct slice detail_json;    /* visibility, stats: more members, without braces */
    struct addr forwarded;       /* alert: for whom a proxy speaks; family 0 = nobody */
    const char *iface;           /* live: name of the interface; NULL in a replay */
    const char *file_name;       /* of the capture, where it is one; else NULL */
    uint64_t uptime_s;
    struct heads *heads; /* of the thread that writes; NULL = none */
    const struct event_options *options;
};

/** Settings of the events, read once from the conf. */
struct event_options {
    bool payload, payload_printable, packet, http_body; /* alert details */
    bool references, reason; /* alerts carry the rule's references, and where its contents were */
    bool blocked, rejected;  /* alerts of drop and reject say so; those of reject */
    bool matches;            /* alerts tell all conditions with the bytes that matched */
    bool as_suricata;        /* decode.as-suricata */
    bool stats_totals, stats_threads, stats_deltas;
    bool community_id;
    uint16_t community_seed;
    bool packet_ends; /* protocol events of single messages stand under their packet's ends */
    bool metadata;    /* alerts carry the transaction's protocol object */
    bool decode_notes, stream_notes, app_notes; /* anomaly by layer */
    uint32_t types;                             /* bit i: row i of ev_rows is written */
    uint8_t tx_row;                             /* of ev_rows: protocol events */
    uint8_t first_row[32]; /* of ev_rows, by the name's first letter & 31; 0: none, or the first */
    struct choice choice;
    uint64_t protocols; /* bit i: events of proto_rows[i] are written */
    bool all_protocols; /* all of these bits */
};

/** Which end stands as `src` in the common head. */
enum event_ends {
    EVENT_ENDS_NONE,   /* no addresses */
    EVENT_ENDS_PACKET, /* as in the packet; without one by `dir` */
    EVENT_ENDS_CLIENT, /* client is src */
    EVENT_ENDS_SENDER, /* who sent the file */
    EVENT_ENDS_FACT,   /* as in the finding's fact: client is src */
};

struct event_def {
    const char *name;
    const char *type; /* event_type when it is not the name; the row "tx": the protocol's */
    const char *doc;
    enum event_ends ends;
    /** The event's own part for the documents: "key|type|text" lines, keys dotted. */
    const char *schema;
    /** Writes the members behind the common head. */
    void (*write)(struct jsonw *w, const struct event_ctx *ctx);
};

extern const struct event_def *const ev_rows[];

/* ---- pieces shared by rows --------------------------------------------------------------- */

/** event_type and object name of a protocol: its `eve`, else its name. */
const char *event_proto_name(const struct proto_def *proto);
/** The transaction as the object of its protocol, as it stands in other events. */
void event_write_tx(struct jsonw *w, struct tx *tx);
/** Its members only, into the open object. */
void event_write_tx_members(struct jsonw *w, struct tx *tx);
/** Members filename, magic, gaps, state, digests, stored, size, tx_id, yara into the open object.
 */
void event_write_file(struct jsonw *w, const struct file *file);

extern const struct event_def ev_flow, ev_netflow;
/** TCP flags that the event tells of one direction. */
uint8_t ev_flow_seen(const struct event_ctx *ctx, enum dir dir);
/** Members tcp_flags and those of the flags that are set, into the open object. */
void ev_flow_flags(struct jsonw *w, uint8_t flags);

struct match_step;
/** One of alert.matches, into the open list. */
void ev_alert_step(struct jsonw *w, const struct match_step *step);

/** Members packet and packet_info: the frame, at most `most` bytes of it. */
void ev_packet_bytes(struct jsonw *w, const struct packet *packet, uint32_t most);
/** The packet as it came; one that was put together from fragments as a whole. */
struct slice event_packet_bytes(const struct packet *packet);

extern const struct option event_options_rows[];
void event_options_read(const struct conf *conf, struct event_options *options);

/** False when events of this row (for "tx": of this protocol) are switched off. */
bool event_wanted(const char *name, const struct event_ctx *ctx);

/** A whole event line without newline and WITHOUT the closing brace: the host tier adds `device`,
 * geo and the brace (see event_close). False when the type is switched off. */
bool event_write(const char *name, const struct event_ctx *ctx, struct strbuf *out);

struct geo;
/** What only the host tier knows. */
struct event_tail {
    const struct devices *devices; /* NULL: say nothing of devices */
    const struct geo *geo;         /* NULL: no places */
    bool brief;                    /* devices by id, name and profile only */
};

/** Adds what the host tier knows about both ends (NULL: none), and closes the object. */
void event_close(struct strbuf *out, const struct event_tail *tail, const struct addr *src,
                 const struct addr *dst);
/** The same as text alone: one that is kept (`kept` may be NULL), else what `room` then holds.
 * Valid until either changes. */
struct slice event_closing(struct closings *kept, struct strbuf *room,
                           const struct event_tail *tail, const struct addr *src,
                           const struct addr *dst);

#endif
