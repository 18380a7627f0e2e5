/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Application layer of one worker: finds the protocol of a flow, feeds its parser, keeps its
 * transactions, and gives access to fields by name for rules, events and baselines.
 */
#ifndef TRAMGAC_SENSOR_APP_APP_H
#define TRAMGAC_SENSOR_APP_APP_H

#include "common/conf.h"
#include "common/stat.h"
#include "sensor/app/proto.h"
#include "sensor/stream/stream.h"

struct app_engine; /* one worker's */

enum { APP_REST_MOST = 16384 };
struct jsonw;

extern const struct option app_options[];
extern const struct counter app_counters[];
extern const struct counter app_stat_counters[];

struct app_engine *app_engine_new(const struct conf *conf, struct stats *stats);
void app_engine_free(struct app_engine **engine);
/** Flows are only named from here on: no parser sees their bytes. */
void app_name_only(struct app_engine *engine);
/** There are no rules and never will be: what only they read of bodies is not kept. */
void app_without_rules(struct app_engine *engine);
/** Nothing more is read of this flow: what it is was found or given up, or its parsing ended. */
bool app_over(const struct flow *flow);

/** Piece of a file a parser passed on, in order. Valid until app_clear. */
struct app_file {
    struct tx *tx;
    enum dir dir;
    enum { APP_FILE_BEGIN, APP_FILE_DATA, APP_FILE_END, APP_FILE_CUT } kind;
    struct slice bytes; /* name at BEGIN, data at DATA */
    /* DATA that its transaction keeps: `bytes` are those of `*body` from `body_at` on, where they
     * lie now, and `*body` is kept as long as the transaction; NULL: they are not kept there. */
    const struct slice *body;
    uint32_t body_at;
};

/** What recognition found odd about a flow, for the packet in hand: bits of flow->app_events. */
enum app_event {
    APP_EVENT_MISMATCH,        /* the two directions speak different protocols */
    APP_EVENT_WRONG_DIRECTION, /* the first data came from the side that answers */
    APP_EVENT_ONE_DIRECTION,   /* only one direction was recognised */
    APP_EVENT_SKIPPED,         /* nothing was recognised: given up */
    APP_EVENT_NO_TLS,          /* no TLS behind STARTTLS */
    APP_EVENT_UNEXPECTED,      /* another protocol than the one switched to */
    APP_EVENT_COUNT
};
/** "applayer_mismatch_protocol_both_directions" …; NULL behind the last. */
const char *app_event_name(uint32_t event);

/** Feeds ordered bytes (or a datagram) of a flow. Sets flow->app_name once known. */
void app_input(struct app_engine *engine, struct flow *flow, const struct packet *p,
               const struct chunk *chunk);

/** Bytes that a flow begins with were sent to `dir`: true when they are such as only the other end
 * sends. For sessions joined in their middle, whose client was guessed. */
bool app_ends_turned(const struct app_engine *engine, const struct flow *flow, enum dir dir,
                     struct slice head);

/** Transactions of the flow, oldest first (tx->touched says which this packet moved); NULL = none.
 */
struct tx *app_first_tx(struct flow *flow);
/** The connection goes on with a known protocol that no row is for (WebSocket). */
bool app_goes_on(const struct flow *flow);
/** Whether a parser wants rules to look at the direction's raw bytes; until app_clear. */
bool app_raw_due(const struct flow *flow, enum dir dir);
/** File pieces since the last app_clear. */
const struct app_file *app_files(const struct app_engine *engine, uint32_t *n);
/** Notes of the flow without a transaction, since the last app_clear. `names` may be NULL. */
uint32_t app_notes(const struct app_engine *engine, const char *const **names);
/** After the packet: clears touched marks of the directions that rules have looked at (bit by enum
 * dir), file pieces; frees transactions that are done, logged and without such marks. */
void app_clear(struct app_engine *engine, struct flow *flow, uint32_t looked);
/** Marks all transactions done in both directions (the flow ends) and touched where that is news.
 */
void app_end(struct app_engine *engine, struct flow *flow);
void app_drop(struct app_engine *engine, struct flow *flow);
/** Something of the flow waits to be looked at by rules. */
bool app_rest_due(const struct flow *flow);
/** The flow is silent: writes its parsing to `out` and lets go of it; transactions stay. Takes
 * APP_REST_MOST bytes of room at most, and always leaves something for app_rest_wake. */
void app_rest(struct app_engine *engine, struct flow *flow, struct sparse_out *out);
/** Reads it back; without memory the flow is as a new one, counted. */
const uint8_t *app_rest_wake(struct app_engine *engine, struct flow *flow, const uint8_t *from);
/** The flow's protocol row, or NULL. */
const struct proto_def *app_proto(const struct flow *flow);

/** Called for each transaction just before it is freed, whatever the cause: whoever hung something
 * on tx->detect or tx->files lets go of it there. One observer. */
void app_on_free(struct app_engine *engine, void (*gone)(void *context, struct tx *tx),
                 void *context);

/** True when both directions (one, for one-sided protocols) are done: time to write its events. */
bool app_tx_over(const struct tx *tx);
/** Events of a transaction: how many, and the members of the i-th into the open object of `w`. */
uint32_t app_events(const struct tx *tx);
void app_write_event(struct tx *tx, uint32_t i, struct jsonw *w);

/* ---- fields by name ----------------------------------------------------------------------- */

/** A field and, when it lies in a list, the list around it. */
struct field_ref {
    const struct proto_def *proto;
    const struct field *list; /* NULL = the transaction itself */
    const struct field *field;
};

/** Finds by name or alias over all protocols; `n`-th of several with the same name (0 first). */
bool field_find(struct slice name, uint32_t n, struct field_ref *ref);
/** Number of instances in a transaction: 1 without a list. */
uint32_t field_instances(const struct field_ref *ref, const struct tx *tx);
/** The i-th instance as bytes; false when absent. Numbers are not bytes. */
bool field_bytes(const struct field_ref *ref, struct tx *tx, uint32_t i, struct slice *out);
/** The i-th instance as a number (bool as 0/1); false when absent or not a number. */
bool field_number(const struct field_ref *ref, struct tx *tx, uint32_t i, uint64_t *out);
/** Name of a value, or NULL. */
const char *field_label(const struct field *field, uint64_t value);
/** Writes the fields with IN_EVE of a transaction into the open object of `w`. */
void field_write_eve(struct tx *tx, struct jsonw *w);

/* ---- breadth (nDPI) ----------------------------------------------------------------------- */

extern const struct option breadth_options[];
extern const struct counter breadth_counters[];
struct breadth;
struct breadth *breadth_new(const struct conf *conf, struct stats *stats);
void breadth_free(struct breadth **breadth);
/** Shows a packet to nDPI until it has decided; sets flow->ndpi_proto and the risks. */
void breadth_packet(struct breadth *breadth, struct flow *flow, const struct packet *p);
/** Final guess when the flow ends; name and risks stay readable until breadth_drop. */
void breadth_end(struct breadth *breadth, struct flow *flow);
void breadth_drop(struct breadth *breadth, struct flow *flow);
/** The flow pauses: what it holds for the bytes to come shrinks to what it needs now. */
void breadth_pause(struct flow *flow);
/** The flow is silent: what is known of it now is final. Writes it to `out` and lets go of it. */
void breadth_rest(struct breadth *breadth, struct flow *flow, struct sparse_out *out);
const uint8_t *breadth_wake(struct breadth *breadth, struct flow *flow, const uint8_t *from);
/** Name of what was found ("TLS.Google"); NULL when unknown. Risks as bits; their names by
 * breadth_risk. */
const char *breadth_name(const struct breadth *breadth, const struct flow *flow, char out[64]);
uint64_t breadth_risks(const struct flow *flow);
const char *breadth_risk(uint32_t bit);

#endif
