/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract between sensor and analyzer: envelopes with events one way, control messages both
 * ways; the same bytes over MQTT, over a Unix socket (length-prefixed) and in files.
 *
 * Envelope: one header line, then `n` event lines (NDJSON), as a whole zstd-compressed above 1 KB:
 *
 *     {"v":1,"sensor":"s1","site":"ct","epoch":1790000000,"seq":17,"class":"alert","n":2}\n
 *     {...}\n{...}\n
 *
 * `seq` counts envelopes of one sensor and epoch, from 1, without a hole. A new epoch begins only
 * when the sensor lost its spool. An envelope that had to be shed keeps its number: it then comes
 * with "n":0 and "shed":k, the count of events that are gone for good. The receiver drops what it
 * has already by (sensor, epoch, seq), acknowledges cumulatively after its store has the events,
 * and asks again for a hole.
 *
 * Everything that arrives is hostile: sizes, counts and names are checked before anything is used.
 * Numbers stay below 2^53, so that every JSON reader keeps them exact.
 */
#ifndef TRAMGAC_COMMON_WIRE_H
#define TRAMGAC_COMMON_WIRE_H

#include "common/addr.h"
#include "common/err.h"
#include "common/strbuf.h"

/** What an event is for delivery; the lowest row is the first to be shed. */
enum event_class {
    CLASS_ALERT,
    CLASS_DEVICE, /* device, deviation, visibility */
    CLASS_TX,     /* transactions, files, anomalies */
    CLASS_FLOW,
    CLASS_STATS,
};

enum {
    WIRE_CLASSES = 5,
    WIRE_PARTITIONS = 64,
    WIRE_NAME_MAX = 64,         /* characters of a sensor or site name */
    WIRE_TOPIC_MAX = 256,       /* with the zero byte */
    WIRE_LINES_MAX = 4096,      /* events of one envelope */
    WIRE_LINE_MAX = 1 << 20,    /* bytes of one event */
    WIRE_PLAIN_MAX = 8 << 20,   /* bytes of an envelope before compression */
    WIRE_MESSAGE_MAX = 4 << 20, /* bytes of an envelope or control message on the wire */
    WIRE_COMPRESS_ABOVE = 1024,
};
#define WIRE_NUMBER_MAX ((UINT64_C(1) << 53) - 1)

/** "alert", "device", "tx", "flow", "stats". */
const char *wire_class_name(enum event_class cls);
bool wire_class_parse(struct slice text, enum event_class *cls);

/** Sensor and site names: 1..64 of A-Z a-z 0-9 . _ - (they become parts of topics and paths). */
bool wire_name_ok(const char *name);

/** Partition of an internal host: 0..63; 0 for no address. */
uint32_t wire_partition(const struct addr *host);

struct wire_envelope {
    char sensor[WIRE_NAME_MAX + 1];
    char site[WIRE_NAME_MAX + 1];
    uint64_t epoch;
    uint64_t seq; /* 1, 2, ... */
    enum event_class cls;
    uint32_t n;         /* events in `lines` */
    uint32_t shed;      /* events lost; then n is 0 */
    struct slice lines; /* n lines, each ends with '\n' */
};

/** Appends the message. ERR_INPUT: a field breaks the contract. ERR_FULL: too large. */
enum err wire_build(const struct wire_envelope *envelope, struct strbuf *out);

/**
 * Reads and checks a message. `room` (any strbuf, reused between calls) receives decompressed
 * bytes; `envelope->lines` points into `message` or `room`. ERR_INPUT for everything that is not
 * exactly an envelope; that each line is valid JSON is not checked.
 */
enum err wire_parse(struct slice message, struct strbuf *room, struct wire_envelope *envelope);

/** Next line of `lines`, without '\n'; false at the end. Moves `lines` behind it. */
bool wire_line(struct slice *lines, struct slice *line);

/*
 * Control messages, one JSON object: {"v":1,"t":"ack","epoch":...,"seq":...}.
 *
 *   hello   sensor -> analyzer, first message of a connection; over MQTT also the retained
 * `status`. sensor, site, epoch, from = oldest envelope still kept, to = newest (to < from: none)
 *           analyzer -> sensor: "I am here (again)"; the sensor answers with its own hello and
 * sends all that is not acknowledged bye     the sensor stops, or its last will: sensor, site,
 * epoch ack     analyzer -> sensor: all of `epoch` up to and with `seq` is stored (0: nothing yet)
 *   resend  analyzer -> sensor: `from`..`to` of `epoch` are missing
 *   others  (evidence, rules, exceptions) are read by their users with json_parse
 */
enum wire_control_type { WIRE_HELLO, WIRE_BYE, WIRE_ACK, WIRE_RESEND, WIRE_OTHER };

struct wire_control {
    enum wire_control_type type;
    char name[24]; /* the "t" itself, for WIRE_OTHER */
    char sensor[WIRE_NAME_MAX + 1];
    char site[WIRE_NAME_MAX + 1];
    uint64_t epoch;
    uint64_t seq;
    uint64_t from;
    uint64_t to;
};

/** Appends the message with the keys that its type has. Not for WIRE_OTHER. */
void wire_control_build(const struct wire_control *control, struct strbuf *out);
enum err wire_control_parse(struct slice message, struct wire_control *control);

/** Whether a message of a stream is a control message (true) or should be an envelope. */
bool wire_is_control(struct slice message);

/* Topics. Filters for an analyzer that reads all sensors: */
#define WIRE_FILTER_EVENTS "tramgac/v1/+/+/ev/+/+"
#define WIRE_FILTER_STATUS "tramgac/v1/+/+/status"

enum wire_topic_kind { WIRE_TOPIC_EVENTS, WIRE_TOPIC_STATUS, WIRE_TOPIC_CTL };

struct wire_topic {
    enum wire_topic_kind kind;
    char site[WIRE_NAME_MAX + 1];
    char sensor[WIRE_NAME_MAX + 1];
    uint32_t partition;   /* of WIRE_TOPIC_EVENTS */
    enum event_class cls; /* of WIRE_TOPIC_EVENTS */
};

void wire_topic_text(const struct wire_topic *topic, char out[WIRE_TOPIC_MAX]);
bool wire_topic_parse(struct slice text, struct wire_topic *topic);

/*
 * Framing on a byte stream: 4 bytes length (big-endian), then that many bytes of a message.
 */
struct wire_framer {
    struct strbuf in;
    size_t at; /* bytes of `in` already handed out */
};

void wire_framer_init(struct wire_framer *framer);
void wire_framer_fini(struct wire_framer *framer);
/** Bytes as they came from the stream. ERR_FULL: more than two messages are waiting. */
enum err wire_framer_feed(struct wire_framer *framer, struct slice bytes);
/** Next whole message (valid until the next feed). ERR_AGAIN: not all there. ERR_INPUT: a length
 * that is zero or above WIRE_MESSAGE_MAX; the stream must be closed. */
enum err wire_framer_next(struct wire_framer *framer, struct slice *message);
/** Appends length and message. */
void wire_frame(struct slice message, struct strbuf *out);

#endif
