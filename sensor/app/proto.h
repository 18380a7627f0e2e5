/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a protocol is: one file proto_<name>.c that ends in one row. Its fields become rule buffers,
 * EVE keys, baseline features, schema and documentation; nothing else has to be edited.
 */
#ifndef TRAMGAC_SENSOR_APP_PROTO_H
#define TRAMGAC_SENSOR_APP_PROTO_H

#include "common/conf.h"
#include "common/cursor.h"
#include "common/err.h"
#include "sensor/decode/packet.h"

#include <stddef.h>

/* ---- fields ------------------------------------------------------------------------------- */

enum field_use {
    IN_RULES = 1,    /* a sticky buffer (bytes) or an integer keyword (numbers) */
    IN_EVE = 2,      /* written into the protocol's event */
    IN_BASELINE = 4, /* a command or identity worth learning per device */
    IN_IDENTITY = 8, /* tells what kind of device sent it */
};

enum field_type {
    FIELD_BOOL,
    FIELD_U8,
    FIELD_U16,
    FIELD_U32,
    FIELD_U64,
    FIELD_BYTES,
    FIELD_ADDR,
    FIELD_MAC,
    FIELD_LIST
};

/** How bytes are written in EVE. */
enum field_form { FORM_TEXT, FORM_HEX, FORM_HEX_COLON, FORM_BASE64, FORM_PRINTABLE };

/** Side of the conversation a field belongs to: which rules (by direction) look at it. */
enum field_side { SIDE_BOTH, SIDE_CLIENT, SIDE_SERVER };

/** A value's name: rules and EVE show the name, e.g. DNS type 28 "AAAA". Ends with {0, NULL}. */
struct label {
    uint64_t value;
    const char *name;
};

/** Items of a FIELD_LIST member; `at` is an array of the sub-table's structs, kept in the
 * transaction. A sub-table of one row whose eve is "" is written as an array of plain values. */
struct list {
    void *at;
    uint32_t n;
    uint32_t room;
};

struct tx;
struct jsonw;

struct field {
    const char *name; /* in rules and documents: "dns.query", "mqtt.connect.clientid" */
    const char *eve;  /* dotted path below the event's object; NULL: not in EVE */
    uint32_t uses;    /* enum field_use */
    enum field_type type;
    uint32_t offset; /* of the member in the transaction's (or list item's) struct */
    enum field_side side;
    uint8_t progress; /* the value is complete from this enum tx_progress on */
    enum field_form form;
    bool zero; /* EVE: write also when 0, false or empty */
    const struct label *labels;
    bool early;                /* there is a value before: it may change until then */
    bool flags;                /* the labels name bits: rules write "retain,!dup" */
    bool filled;               /* rules have no buffer of an empty value */
    const struct field *items; /* FIELD_LIST: its sub-table, ended by FIELD_END */
    uint32_t item_size;
    const char *alias; /* other names in rules, separated by blanks: "dns_query" */
    /** Computed bytes instead of a member: fills `*out` (kept in the transaction's arena; the
     * getter caches). With FIELD_BYTES outside lists only. */
    bool (*get)(struct tx *tx, struct slice *out);
    /** The member is only meaningful when this says so; NULL = always. */
    bool (*has)(const struct tx *tx, const void *item);
    const char *doc;
};
#define FIELD_END                                                                                  \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* ---- transactions ------------------------------------------------------------------------- */

/** How far one direction of a transaction has come. */
enum tx_progress { TX_NONE, TX_LINE, TX_HEADERS, TX_BODY, TX_DONE };

enum { TX_NOTES_MAX = 8 };

/** Head of every transaction; the protocol's own struct follows at tx_data. */
struct tx {
    const struct proto_def *proto;
    uint64_t id;           /* 0, 1, 2 … within the flow */
    uint64_t key;          /* the parser's: ties a response to its request */
    uint64_t first_number; /* frame that began it */
    uint64_t first_ns;
    uint8_t progress[2]; /* enum tx_progress by enum dir */
    bool touched[2];     /* progressed since detection looked at it */
    bool logged;
    bool told;         /* all that its event says is known, though it is not over */
    bool silent;       /* a rule wants no event of it */
    bool truncated;    /* a cap cut something */
    bool writes_event; /* its own event is being written: options of that event count */
    uint8_t opener;    /* enum dir of who began it */
    uint8_t turns;     /* so often app_stir() was called */
    uint32_t stirred;  /* … last with this packet: low bits of its number */
    uint8_t notes;
    uint8_t noted;              /* so many notes are written */
    uint8_t note[TX_NOTES_MAX]; /* indices into the protocol's own notes table */
    uint8_t late;               /* bit i: note i came from the server's last bytes, at the end */
    void *detect;               /* detection's state of this transaction */
    void *files[2];             /* file being carried, by direction (files/) */
    struct tx *next;            /* of the flow, oldest first */
};

static inline void *tx_data(struct tx *tx)
{
    return (void *)((char *)tx + (sizeof(struct tx) + 15) / 16 * 16);
}

static inline const void *tx_data_const(const struct tx *tx)
{
    return (const char *)tx + (sizeof(struct tx) + 15) / 16 * 16;
}

/* ---- parsers ------------------------------------------------------------------------------ */

/** PROBE_LIKELY: fits, but so little was checked that it only counts on the row's own ports. */
enum probe { PROBE_NO, PROBE_YES, PROBE_MORE, PROBE_LIKELY };

enum parsed_kind { PARSED_DONE, PARSED_MORE, PARSED_BAD, PARSED_FULL, PARSED_OFF };

/** A parser's answer: how much it used, how much it needs, or why it stops. */
struct parsed {
    enum parsed_kind kind;
    /* DONE: used; more than `in` holds: the engine skips the rest when it comes (bulk data).
     * MORE: wanted in all, counted from the start of `in` */
    uint32_t bytes;
};

static inline struct parsed parse_done(uint32_t used)
{
    return (struct parsed){PARSED_DONE, used};
}
static inline struct parsed parse_more(uint32_t wanted)
{
    return (struct parsed){PARSED_MORE, wanted};
}
/** Not this protocol (any more): the flow's parsing ends with a note. */
static inline struct parsed parse_bad(void)
{
    return (struct parsed){PARSED_BAD, 0};
}
/** A cap was reached: the flow's parsing ends, counted. */
static inline struct parsed parse_full(void)
{
    return (struct parsed){PARSED_FULL, 0};
}
/** Nothing more to learn here (encrypted from now on): parsing ends quietly. */
static inline struct parsed parse_off(void)
{
    return (struct parsed){PARSED_OFF, 0};
}

struct app; /* one flow's parsing, as a parser sees it */

/** The transaction with this key; a new one (zeroed) when there is none. NULL at the flow's cap. */
struct tx *app_tx(struct app *app, uint64_t key);
/** Always a new one. */
struct tx *app_tx_new(struct app *app, uint64_t key);
/** Only an existing one that is not done in both directions; NULL otherwise. */
struct tx *app_tx_find(struct app *app, uint64_t key);
/** The newest transaction of this protocol, or NULL. */
struct tx *app_tx_last(struct app *app);
/** Per-flow state of the protocol (proto_def.state_size bytes, zeroed at first). */
void *app_state(struct app *app);
/** Zeroed bytes that live as long as the flow's state, freed with it as a whole; NULL at their cap.
 * For what few flows need and would make every state large. */
void *app_state_alloc(struct app *app, size_t bytes);
/** Copy into the transaction's arena; an empty slice at its cap (and tx->truncated). */
struct slice app_keep(struct app *app, struct tx *tx, struct slice bytes);
/** Zeroed bytes in the transaction's arena; NULL at its cap. */
void *app_alloc(struct app *app, struct tx *tx, size_t bytes);
/** The same for getters, which have no `app`. */
void *app_tx_alloc(struct tx *tx, size_t bytes);
struct slice app_tx_keep(struct tx *tx, struct slice bytes);
/** Zeroed new item at the end of a list of `item_size`; NULL at the cap. */
void *app_append(struct app *app, struct tx *tx, struct list *list, uint32_t item_size);
/** Appends to a kept slice that grows (bodies): at most `cap` bytes in all. */
void app_grow(struct app *app, struct tx *tx, struct slice *kept, struct slice more, uint32_t cap);
/** Raises the progress of one direction; TX_DONE ends it. */
void app_progress(struct app *app, struct tx *tx, enum dir dir, enum tx_progress progress);
/** Rules look at both directions anew, though none has come further. True for the first time with
 * the packet in hand. */
bool app_stir(struct app *app, struct tx *tx);
/** A named protocol fault: index into proto_def.notes. `tx` may be NULL. */
void app_note(struct app *app, struct tx *tx, uint32_t note);

/** A file carried by the protocol: begin, any number of data, end. `name` may be empty. */
void app_file_begin(struct app *app, struct tx *tx, enum dir dir, struct slice name);
void app_file_data(struct app *app, struct tx *tx, enum dir dir, struct slice data);
/** The same for a body that is a file (`is_file`) and that rules look at: `data` is appended to
 * `*kept`, which must live as long as the transaction, at most `cap` bytes in all; the file's bytes
 * are those. Without rules `*kept` stays empty. `*seen`: its bytes so far, at most `cap`, whether
 * they are kept or not. */
void app_file_body(struct app *app, struct tx *tx, enum dir dir, bool is_file, struct slice data,
                   struct slice *kept, uint32_t *seen, uint32_t cap);
void app_file_end(struct app *app, struct tx *tx, enum dir dir, bool complete);

/** A fault is what Suricata calls one, also where a standard says otherwise. */
bool app_as_suricata(const struct app *app);
/** Bytes lost before the input now given (a gap), cleared by the engine afterwards. */
uint32_t app_gap(const struct app *app);
/** True when `in` is all there will ever be of this direction. */
bool app_at_end(const struct app *app);
/** True when `in` is a datagram, complete by itself; false for a stream. */
bool app_is_datagram(const struct app *app);
/** The rest of both directions belongs to this protocol (STARTTLS, Upgrade); NULL: probe anew
 * (CONNECT). Takes effect when the parser returns. */
void app_switch(struct app *app, const char *proto_name);
/** TLS was agreed on: what comes is recognised anew, and told when it is something else. */
void app_upgrade(struct app *app);
/** From here on the flow carries encrypted data: rules look at its payload no more. */
void app_dark(struct app *app);
/** Both sides encrypt from here on: rules look at no bytes behind the packet in hand. */
void app_hush(struct app *app);
/** Another TCP flow between the same two hosts, to this port, will be of `proto_name`. `says` (at
 * most 4 KB) is kept for it; its parser gets it by app_expected. */
void app_expect(struct app *app, uint16_t port, const char *proto_name, struct slice says);
/** What the flow that announced this one said of it; empty when none did. */
struct slice app_expected(const struct app *app);
/** Rules look at the direction's raw bytes up to here with its next packet, and do not wait until
 * there are more: where Suricata does, so that alerts are as many. */
void app_raw_look(struct app *app, enum dir dir);
/** What the row's `configure` made of the options; NULL when it has none. */
const void *app_config(const struct app *app);
/** The host that was spoken to. */
const struct addr *app_server(const struct app *app);

enum { PROTO_PORTS_MAX = 12 };
enum { L4_TCP = 1, L4_UDP = 2 };

/** Whose end is src in an event. */
enum tx_ends {
    TX_ENDS_CLIENT,
    TX_ENDS_PACKET, /* who sent the packet that ended the transaction */
    TX_ENDS_OPENER, /* who began the transaction */
};

struct proto_def {
    const char *name; /* in rules ("alert mqtt …"), EVE app_proto and event_type */
    const char
        *eve; /* event_type and object when they differ from name; NULL = name; "" = no event */
    const char *spec;
    const char *doc;
    uint32_t l4;                     /* L4_TCP | L4_UDP */
    uint16_t ports[PROTO_PORTS_MAX]; /* usual server ports: probed there first; recognised anywhere
                                        by probe */
    size_t tx_size;
    size_t state_size;
    uint32_t buffer_max; /* most bytes of one direction kept for an incomplete unit; 0 = 64 KB */
    bool one_sided;    /* a transaction ends with one direction done (DHCP message, MQTT publish) */
    bool lines;        /* text: a direction that begins with something else is read, too */
    bool deep;         /* read beyond stream.depth */
    enum tx_ends ends; /* of its events, with event.ends: packet */
    bool survives_gaps; /* parse is called after a gap (see app_gap) instead of ending */
    bool resyncs;       /* after a gap: chunks are dropped until one passes the probe again */
    /** What nDPI calls it, when that is all it ever says of it: flows on its ports that this row
     * knows by their first bytes are not shown to nDPI. NULL: they are. */
    const char *breadth;
    /** nDPI knows it by its first bytes or never: it is not shown more when it did not. */
    bool breadth_at_once;
    /** Ports where lookalikes live: never recognised there. Ends with 0. */
    const uint16_t *foreign_ports;
    /** On the first bytes of a direction (or a datagram); must not depend on later bytes. */
    enum probe (*probe)(struct slice head, enum dir dir);
    /** Whether the first bytes of this direction tell the protocol without those of the other;
     * NULL = as the probe says. */
    enum probe (*alone)(struct slice head, enum dir dir);
    bool only_here; /* Suricata has no such protocol, and may take its words for another's */
    /** On bytes that the probe knows in either direction: only the other end sends such; NULL = the
     * probe tells directions apart. */
    bool (*turned)(struct slice head, enum dir dir);
    /** The same of a datagram. */
    bool (*turned_udp)(struct slice head, enum dir dir);
    /** The probe of datagrams where they begin otherwise; NULL = probe. */
    enum probe (*probe_udp)(struct slice head, enum dir dir);
    /** `in` is never empty, except once when the direction ends (app_at_end). The result must not
     * depend on how the bytes were cut. */
    struct parsed (*parse)(struct app *app, enum dir dir, struct slice in);
    /** Called once when another protocol's flow goes on as this one (app_switch), with its newest
     * transaction or NULL; NULL = needs nothing of it. */
    void (*take_over)(struct app *app, struct tx *before);
    /** Lets go of what the flow's state holds outside the arenas; NULL = nothing. */
    void (*state_fini)(void *state);
    /** Only when a transaction is not one event made of its fields: how many events it is, and the
     * members of the i-th into the open object. Called through app_events, app_write_event. */
    uint32_t (*events)(const struct tx *tx);
    void (*write_event)(struct tx *tx, uint32_t i, struct jsonw *w);
    /** Members that stand beside the protocol's object in its event, in alerts and in fileinfo
     * (Suricata's `email` beside `smtp`). NULL = none. */
    void (*write_beside)(struct tx *tx, struct jsonw *w);
    /** Options of the protocol and what is made of them once, for app_config. */
    const struct option *options;
    size_t config_size;
    void (*configure)(const struct conf *conf, void *config);
    const struct field *fields;
    const char *const *notes; /* names, ended by NULL: rules' app-layer-event, EVE anomaly */
    const char *crowded;      /* the note on a transaction that was ended to make room for others */
};

extern const struct proto_def *const proto_rows[];
/** Index of the row of this name; -1: none has it. */
static inline int proto_index(struct slice name)
{
    for (int i = 0; proto_rows[i]; i++) {
        if (slice_eq(name, slice_of_str(proto_rows[i]->name)))
            return i;
    }
    return -1;
}
/** Index of a row; -1: none, as of NULL. */
static inline int proto_row(const struct proto_def *proto)
{
    for (int i = 0; proto && proto_rows[i]; i++) {
        if (proto_rows[i] == proto)
            return i;
    }
    return -1;
}

#endif
