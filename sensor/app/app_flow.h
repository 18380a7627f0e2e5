/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the application engine share: a flow's parsing state and the hidden head of a
 * transaction. Nobody else includes this.
 */
#ifndef TRAMGAC_SENSOR_APP_APP_FLOW_H
#define TRAMGAC_SENSOR_APP_APP_FLOW_H

#include "common/arena.h"
#include "sensor/app/app.h"
#include "sensor/app/pool.h"

enum {
    APP_ROWS_MAX = 64,          /* bits of app.excluded */
    APP_NOTES_MAX = 16,         /* notes without a transaction, per packet */
    APP_TX_OPEN_MAX = 256,      /* unfinished transactions of a flow; beyond, the oldest is ended */
    APP_TX_MAX = 4096,          /* transactions one packet may hold alive in a flow */
    APP_TX_BYTES = 2 << 20,     /* memory of one transaction */
    APP_STATE_BYTES = 96 << 10, /* what a flow's state may add to itself */
    APP_HEAD_MAX = 4096,        /* bytes shown to the probes */
    APP_STRANGE_MAX = 1024,     /* kept of a direction that no row knows, for the other's parser */
    APP_DOUBTED_MAX = 16,       /* … to those that do not know the other side's */
    APP_FIRST_BYTES = 17,       /* kept of a direction for what it says by itself */
    APP_TRIES_MAX = 8,      /* chunks or datagrams of a direction tried where starts are unclear */
    APP_BUFFER_MAX = 65536, /* an incomplete unit, unless the row says otherwise */
    APP_EXPECT_BUCKETS = 256,
    APP_EXPECT_BYTES = 4096, /* kept of what one flow says of another */
    APP_EXPECT_MAX = 8, /* announced and not come, between two hosts; beyond, the oldest goes */
};

enum app_count {
    APP_RECOGNISED,
    APP_FAILED,
    APP_BAD,
    APP_FULL,
    APP_LONG,
    APP_GAPS,
    APP_RESYNCS,
    APP_INCOMPLETE,
    APP_TX,
    APP_TX_FORCED,
    APP_TX_CUT,
    APP_NOTES,
    APP_MEMORY,
    APP_EXPECTED,
};

/** One direction of a flow. */
struct app_side {
    uint8_t *buffer; /* an incomplete unit */
    size_t room;
    uint32_t len;
    uint32_t wanted; /* parse again when the buffer has so many */
    uint64_t skip;   /* bytes to drop: the parser needs no more of a unit */
    bool lost;       /* after a gap: looking for the start of a unit */
    bool ended;
    uint8_t tries;
};

/** A flow that another one announced. */
struct app_expectation {
    struct app_expectation *next;
    struct addr a, b; /* the two hosts, either order */
    uint16_t port;
    const struct proto_def *proto;
    uint64_t parent; /* flow_id of the flow that announced it */
    uint64_t until_ns;
    size_t room;
    struct slice says; /* lies behind this struct */
};

/** What the first bytes of a direction say by themselves. */
enum first {
    FIRST_NONE,   /* not enough there */
    FIRST_SILENT, /* nothing */
    FIRST_TELLS,  /* the flow's protocol */
    FIRST_OTHER,  /* another protocol */
};

/** The first bytes of a direction, until they were judged. */
struct app_first {
    uint8_t says; /* enum first */
    uint8_t len;
    uint8_t head[APP_FIRST_BYTES];
};

struct app {
    struct app_engine *engine;
    struct flow *flow;
    const struct proto_def *proto; /* NULL = not known yet */
    void *state;
    size_t state_room, room;
    struct tx_block *state_blocks; /* of app_state_alloc, newest first */
    uint32_t state_used;           /* of the newest */
    uint32_t state_bytes;          /* of all */
    struct app_side side[2];
    struct app_expectation *expected; /* what announced this flow; NULL = nothing */
    struct tx *first, *last;
    uint32_t n_tx, n_open;
    uint64_t next_id;
    uint64_t excluded[2]; /* rows whose probe said no, by index; of each direction */
    bool unclear;         /* a chunk may begin inside a unit: midstream, datagrams, lost bytes */
    bool off;             /* nothing is parsed any more */
    bool dirty;           /* app_clear has work */
    uint8_t raw_look;     /* rules look at the raw bytes: a bit by direction */
    uint8_t strange;      /* no row knows its first bytes: a bit by direction */
    uint8_t deaf;         /* … nor can the flow's parser begin there: it is not parsed */
    struct app_first first_bytes[2];
    uint8_t stat_place; /* of the protocol among the counters of app_stat.c; 0 = none */
    bool as_suricata;   /* faults are judged as Suricata does */
    bool cut;           /* a datagram whose end was not captured: no fault of who sent it */
    bool upgraded;      /* TLS was announced; its first bytes are still to come */
    bool switching;
    const char *switch_to;
    enum dir dir; /* of the call in hand */
    uint32_t gap;
    bool at_end;
    uint64_t number, ts_ns;
};

enum app_stat_kind {
    APP_STAT_FLOW,
    APP_STAT_TX,
    APP_STAT_GAP,
    APP_STAT_ALLOC,
    APP_STAT_PARSER,
    APP_STAT_KINDS
};

struct app_engine {
    struct pool pool;
    struct arena scratch; /* copies of file pieces, per packet */
    uint64_t *count;
    uint64_t *stat;                   /* of app_stat.c */
    uint8_t stat_at[APP_ROWS_MAX][2]; /* place among its names + 1; by row, TCP or UDP */
    uint32_t n_rows;
    uint64_t off[4];       /* rows that are switched off, by index; by L4_TCP and L4_UDP */
    uint64_t named;        /* rows that are only recognised */
    struct app_rows *rows; /* of app_probe.c: which rows may be asked, by transport and port */
    bool name_only, without_rules;
    struct app_file *files;
    uint32_t n_files, files_room;
    const char *notes[APP_NOTES_MAX];
    uint32_t n_notes;
    struct app_expectation *expect[APP_EXPECT_BUCKETS]; /* newest first */
    uint32_t n_expect;
    void **config;                 /* of the rows, by index */
    const struct proto_def *asked; /* by app_config the last time, and what it got */
    const void *asked_config;
    struct slice chunk; /* the input in hand: stays valid until app_clear */
    void (*gone)(void *context, struct tx *tx);
    void *gone_context;
};

struct tx_block {
    struct tx_block *next;
    size_t room;
};

/** Lies before each transaction. */
struct tx_box {
    struct app_engine *engine;
    struct app *app;
    struct tx_block *blocks; /* newest first; the last holds the box itself */
    uint8_t *at, *end;
    size_t used_bytes;
    bool file_open[2];
    bool body_shown[2]; /* files may look at a body of this direction where it lies */
    _Alignas(16) struct tx tx;
};

static inline struct tx_box *app_flow_box(struct tx *tx)
{
    return (struct tx_box *)(void *)((char *)tx - offsetof(struct tx_box, tx));
}

static inline void app_flow_event(struct app *app, enum app_event event)
{
    app->flow->app_events |= (uint8_t)(1u << event);
}

/* app_side.c */
/** False without memory. */
bool app_side_append(struct app *app, enum dir dir, struct slice in);
/** Keeps `rest` (which may lie in the buffer already) for later; false without memory. */
bool app_side_keep(struct app *app, enum dir dir, struct slice rest);
void app_side_release(struct app *app, enum dir dir);
/** More bytes of a direction that no row knows: some are kept for the parser that the other
 * direction may tell. */
void app_side_strange(struct app *app, enum dir dir, struct slice bytes);
/** The protocol was told by one direction: does the other's that waits begin as it does? */
void app_side_judge(struct app *app, enum dir other);
/** … what does not is parsed only when the protocol is one of lines. */
void app_side_found(struct app *app, enum dir other);

/* app_off.c */
void app_off_read(struct app_engine *engine, const struct conf *conf);
/** The protocol's name is all that is wanted of this flow. */
bool app_off_named(const struct app *app);

/* app_alone.c */
/** The protocol was found in `head`, the first bytes of a direction; the other's may be waiting. */
void app_alone_found(struct app *app, enum dir dir, struct slice head);
/** More bytes of a direction, until its first ones were judged. */
void app_alone_weigh(struct app *app, enum dir dir, struct slice head);
/** No row knows the flow, whose first bytes these are. */
void app_alone_failed(struct app *app, enum dir dir, struct slice head);
/** Bytes of a flow that is not parsed any more. */
void app_alone_off(struct app *app, const struct chunk *chunk);

/* app_probe.c */
/** NULL without memory. */
struct app_rows *app_rows_new(uint32_t n_rows);
void app_rows_free(struct app_rows **rows);
/** Index of the row that knows the first bytes of a flow on one of its usual ports; -1 = none is
 * sure. */
int32_t app_rows_usual(const struct app_rows *rows, const struct flow *flow, enum dir dir,
                       struct slice head);

/* app_tx.c */
/** Clears the marks of the directions looked at; frees the transactions that `all` or being over,
 * logged and unmarked allows. True when some keep a mark. */
bool app_tx_sweep(struct app *app, bool all, uint32_t looked);
/** Ends one direction of every transaction. */
void app_tx_end_dir(struct app *app, enum dir dir);

/** As app_grow. What the bytes grow out of is freed when nobody else looks at them there. */
enum app_grown { APP_GROWN_SHARED, APP_GROWN_OWN };
void app_tx_grow(struct app *app, struct tx *tx, struct slice *kept, struct slice more,
                 uint32_t cap, enum app_grown whose);

/** Frees what app_state_alloc gave. */
void app_tx_free_state(struct app *app);

/* app_file.c */
/** Says that an open file ends early because its transaction does. */
void app_file_cut(struct app *app, struct tx *tx, enum dir dir);

/* app_expect.c */
/** Takes out what announced this new flow; NULL when nothing did. */
struct app_expectation *app_expect_take(struct app *app);
void app_expect_free(struct app_engine *engine, struct app_expectation *expectation);
void app_expect_free_all(struct app_engine *engine);

/* app_probe.c */
enum app_probing {
    PROBING_FOUND,    /* app->proto is set */
    PROBING_MORE,     /* some row wants more bytes */
    PROBING_NEXT,     /* not here; a later chunk may begin a unit */
    PROBING_HOPELESS, /* nothing will be recognised any more */
};
/** Another row than the flow's knows the first bytes of a direction. */
bool app_probe_other(const struct app *app, enum dir dir, struct slice head);
/** Tries the rows on the first bytes of a direction. */
enum app_probing app_probe(struct app *app, enum dir dir, struct slice head);

void app_stat_read(struct app_engine *engine, struct stats *stats);
/** The flow's protocol is known: counts it. */
void app_stat_begin(struct app *app);
/** One more of the flow's protocol. */
void app_stat(struct app *app, enum app_stat_kind kind);
/** Its protocol could not be told. */
void app_stat_failed(struct app *app);

#endif
