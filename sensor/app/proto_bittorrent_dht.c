/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BitTorrent's distributed hash table (Mainline): who looks for which file, over UDP on any port.
 * Spec: BEP 5 (messages), BEP 3 (bencoding), BEP 32 (IPv6).
 * One transaction = one message.
 * Limits: PEERS_MAX nodes or peers of a message, DEPTH_MAX levels of nesting.
 */
#include "sensor/app/proto.h"

#include "common/jsonw.h"

enum {
    PEERS_MAX = 64,
    DEPTH_MAX = 16,
    LENGTH_DIGITS_MAX = 5,
    NUMBER_MAX = 20,
    ID_BYTES = 20,
    PEER_4 = 6,
    PEER_6 = 18,
};

enum { NOTE_MALFORMED };
static const char *const dht_notes[] = {[NOTE_MALFORMED] = "malformed_packet", NULL};

/** What of a message is there. */
enum dht_has {
    HAS_VERSION = 1,
    HAS_REQUEST = 2,
    HAS_RESPONSE = 4,
    HAS_ERROR = 8,
    HAS_TOKEN = 16,
    HAS_PORT = 32,
    HAS_IMPLIED = 64,
};

struct dht_peer {
    struct slice id; /* empty: a peer that has the file */
    struct addr addr;
    uint16_t port;
};

struct dht_tx {
    uint32_t has; /* enum dht_has */
    struct slice transaction, version, request;
    struct slice id, target, info_hash, token;
    uint64_t implied_port, port, error;
    struct slice message;
    struct list nodes, nodes6, values; /* struct dht_peer */
};

/* ---- bencoding ---------------------------------------------------------------------------- */

static uint8_t peek(const struct cursor *c)
{
    struct cursor ahead = *c;
    return cursor_u8(&ahead);
}

/* Digits up to `end`; anything else breaks the cursor. */
static uint64_t take_digits(struct cursor *c, uint8_t end, uint32_t most)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i <= most; i++) {
        uint8_t digit = cursor_u8(c);
        if (digit == end && i)
            return value;
        if (digit < '0' || digit > '9')
            break;
        value = value * 10 + (uint64_t)(digit - '0');
    }
    c->short_read = true;
    return 0;
}

static struct slice take_string(struct cursor *c)
{
    uint64_t length = take_digits(c, ':', LENGTH_DIGITS_MAX);
    return cursor_take(c, (uint32_t)length);
}

static uint64_t take_number(struct cursor *c)
{
    if (cursor_u8(c) != 'i') {
        c->short_read = true;
        return 0;
    }
    if (peek(c) == '-')
        cursor_skip(c, 1);
    return take_digits(c, 'e', NUMBER_MAX);
}

/* Passes over one value with all that is in it. */
static void skip_value(struct cursor *c)
{
    uint32_t depth = 0;

    do {
        uint8_t kind = peek(c);
        if (kind == 'd' || kind == 'l') {
            cursor_skip(c, 1);
            c->short_read |= ++depth > DEPTH_MAX;
        } else if (kind == 'e' && depth) {
            cursor_skip(c, 1);
            depth--;
        } else if (kind == 'i') {
            (void)take_number(c);
        } else {
            (void)take_string(c);
        }
    } while (depth && cursor_ok(c));
}

/* True as long as a dictionary has another key. */
static bool next_key(struct cursor *c, struct slice *key)
{
    if (!cursor_ok(c) || !cursor_left(c) || peek(c) == 'e')
        return false;
    *key = take_string(c);
    return cursor_ok(c);
}

static bool open_dict(struct cursor *c)
{
    return cursor_u8(c) == 'd' && cursor_ok(c);
}

static bool close_dict(struct cursor *c)
{
    return cursor_u8(c) == 'e' && cursor_ok(c);
}

/* ---- messages ----------------------------------------------------------------------------- */

static void take_peer(struct app *app, struct tx *tx, struct list *list, struct cursor *c,
                      bool has_id, uint32_t bytes)
{
    struct slice id = has_id ? cursor_take(c, ID_BYTES) : SLICE_NONE;
    struct slice addr = cursor_take(c, bytes - 2);
    uint16_t port = cursor_be16(c);
    struct dht_peer *peer =
        cursor_ok(c) && list->n < PEERS_MAX ? app_append(app, tx, list, sizeof *peer) : NULL;
    if (!peer)
        return;
    peer->id = app_keep(app, tx, id);
    peer->addr = addr_from_bytes(addr);
    peer->port = port;
}

static void take_nodes(struct app *app, struct tx *tx, struct list *list, struct slice packed,
                       uint32_t bytes)
{
    struct cursor c = cursor_of(packed);

    while (cursor_left(&c) >= ID_BYTES + bytes)
        take_peer(app, tx, list, &c, true, bytes);
}

static void take_values(struct app *app, struct tx *tx, struct cursor *c)
{
    struct dht_tx *dht = tx_data(tx);

    if (cursor_u8(c) != 'l')
        c->short_read = true;
    while (cursor_ok(c) && cursor_left(c) && peek(c) != 'e') {
        struct cursor peer = cursor_of(take_string(c));
        uint32_t bytes = cursor_left(&peer) >= PEER_6 ? PEER_6 : PEER_4;
        if (cursor_left(&peer) >= bytes)
            take_peer(app, tx, &dht->values, &peer, false, bytes);
    }
    cursor_skip(c, 1);
}

/* A member that requests and responses may have; unknown ones are passed over. */
static void take_member(struct app *app, struct tx *tx, struct cursor *c, struct slice key)
{
    struct dht_tx *dht = tx_data(tx);
    const struct {
        struct slice key;
        struct slice *to;
        uint32_t has;
    } texts[] = {{SLICE_LIT("id"), &dht->id, 0},
                 {SLICE_LIT("target"), &dht->target, 0},
                 {SLICE_LIT("info_hash"), &dht->info_hash, 0},
                 {SLICE_LIT("token"), &dht->token, HAS_TOKEN}};

    for (uint32_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!slice_eq(key, texts[i].key))
            continue;
        *texts[i].to = app_keep(app, tx, take_string(c));
        dht->has |= texts[i].has;
        return;
    }
    if (slice_eq(key, SLICE_LIT("port"))) {
        dht->port = take_number(c);
        dht->has |= HAS_PORT;
    } else if (slice_eq(key, SLICE_LIT("implied_port"))) {
        dht->implied_port = take_number(c);
        dht->has |= HAS_IMPLIED;
    } else if (slice_eq(key, SLICE_LIT("nodes"))) {
        take_nodes(app, tx, &dht->nodes, take_string(c), PEER_4);
    } else if (slice_eq(key, SLICE_LIT("nodes6"))) {
        take_nodes(app, tx, &dht->nodes6, take_string(c), PEER_6);
    } else if (slice_eq(key, SLICE_LIT("values"))) {
        take_values(app, tx, c);
    } else {
        skip_value(c);
    }
}

static void take_body(struct app *app, struct tx *tx, struct cursor *c)
{
    struct slice key;

    if (!open_dict(c))
        c->short_read = true;
    while (next_key(c, &key))
        take_member(app, tx, c, key);
    if (!close_dict(c))
        c->short_read = true;
}

static void take_error(struct app *app, struct tx *tx, struct cursor *c)
{
    struct dht_tx *dht = tx_data(tx);

    if (cursor_u8(c) != 'l')
        c->short_read = true;
    dht->error = take_number(c);
    dht->message = app_keep(app, tx, take_string(c));
    if (cursor_u8(c) != 'e')
        c->short_read = true;
}

/* A member of the message itself. */
static void take_top(struct app *app, struct tx *tx, struct cursor *c, uint8_t key, uint8_t *kind)
{
    struct dht_tx *dht = tx_data(tx);
    struct slice type;

    switch (key) {
    case 't':
        dht->transaction = app_keep(app, tx, take_string(c));
        return;
    case 'v':
        dht->version = app_keep(app, tx, take_string(c));
        dht->has |= HAS_VERSION;
        return;
    case 'q':
        dht->request = app_keep(app, tx, take_string(c));
        return;
    case 'y':
        type = take_string(c);
        *kind = type.len == 1 ? type.at[0] : 0;
        return;
    case 'a':
    case 'r':
        take_body(app, tx, c);
        dht->has |= key == 'a' ? HAS_REQUEST : HAS_RESPONSE;
        return;
    case 'e':
        take_error(app, tx, c);
        dht->has |= HAS_ERROR;
        return;
    default:
        skip_value(c);
    }
}

static bool read_message(struct app *app, struct tx *tx, struct slice in)
{
    struct dht_tx *dht = tx_data(tx);
    struct cursor c = cursor_of(in);
    struct slice key;
    uint8_t kind = 0;

    if (!open_dict(&c))
        return false;
    while (next_key(&c, &key)) {
        if (key.len == 1)
            take_top(app, tx, &c, key.at[0], &kind);
        else
            skip_value(&c);
    }
    if (!close_dict(&c))
        return false;
    uint32_t needs = kind == 'q'   ? HAS_REQUEST
                     : kind == 'r' ? HAS_RESPONSE
                     : kind == 'e' ? HAS_ERROR
                                   : 0;
    return dht->has & needs;
}

/* Keys are sorted: the body of a message comes first, or the address it was sent to. */
static bool begins_message(struct slice in)
{
    return slice_starts(in, SLICE_LIT("d1:a")) || slice_starts(in, SLICE_LIT("d1:r")) ||
           slice_starts(in, SLICE_LIT("d1:e")) || slice_starts(in, SLICE_LIT("d2:ip"));
}

static struct parsed dht_parse(struct app *app, enum dir dir, struct slice in)
{
    if (!in.len)
        return parse_more(1);
    if (!begins_message(in)) /* the files themselves go over the same port */
        return parse_done(in.len);
    struct tx *tx = app_tx_new(app, 0);
    if (!tx)
        return parse_full();
    if (!read_message(app, tx, in)) {
        memset(tx_data(tx), 0, sizeof(struct dht_tx));
        app_note(app, tx, NOTE_MALFORMED);
    }
    app_progress(app, tx, dir, TX_DONE);
    return parse_done(in.len);
}

/* The body begins with the sender's id. */
static enum probe dht_probe(struct slice head, enum dir dir)
{
    if (dir == TO_SERVER)
        return slice_starts(head, SLICE_LIT("d1:ad2:id20:")) ? PROBE_YES : PROBE_NO;
    return slice_starts(head, SLICE_LIT("d1:rd2:id20:")) ? PROBE_YES : PROBE_NO;
}

/* ---- what is shown ------------------------------------------------------------------------ */

static const struct field dht_fields[] = {
    {.name = "bittorrent_dht.request_type",
     .uses = IN_RULES | IN_BASELINE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dht_tx, request),
     .progress = TX_DONE,
     .doc = "What is asked: ping, find_node, get_peers, announce_peer"},
    {.name = "bittorrent_dht.info_hash",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dht_tx, info_hash),
     .progress = TX_DONE,
     .doc = "SHA-1 of the file that is looked for or offered, 20 bytes"},
    FIELD_END,
};

static void write_hex(struct jsonw *w, const char *key, struct slice bytes)
{
    if (bytes.len)
        jsonw_hex(w, key, bytes, 0);
}

static void write_peers(struct jsonw *w, const char *key, const struct list *list)
{
    const struct dht_peer *all = list->at;

    if (!list->n)
        return;
    jsonw_arr_open(w, key);
    for (uint32_t i = 0; i < list->n; i++) {
        jsonw_obj_open(w, NULL);
        write_hex(w, "id", all[i].id);
        jsonw_addr(w, "ip", &all[i].addr);
        jsonw_u64(w, "port", all[i].port);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

static void write_body(struct jsonw *w, const char *key, const struct dht_tx *dht)
{
    jsonw_obj_open(w, key);
    write_hex(w, "id", dht->id);
    write_hex(w, "target", dht->target);
    write_hex(w, "info_hash", dht->info_hash);
    write_peers(w, "nodes", &dht->nodes);
    write_peers(w, "nodes6", &dht->nodes6);
    write_peers(w, "values", &dht->values);
    if (dht->has & HAS_TOKEN)
        jsonw_hex(w, "token", dht->token, 0);
    if (dht->has & HAS_IMPLIED)
        jsonw_u64(w, "implied_port", dht->implied_port);
    if (dht->has & HAS_PORT)
        jsonw_u64(w, "port", dht->port);
    jsonw_obj_close(w);
}

static void dht_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct dht_tx *dht = tx_data_const(tx);

    (void)i;
    jsonw_hex(w, "transaction_id", dht->transaction, 0);
    if (dht->has & HAS_VERSION)
        jsonw_hex(w, "client_version", dht->version, 0);
    if (dht->has & HAS_ERROR) {
        jsonw_obj_open(w, "error");
        jsonw_u64(w, "num", dht->error);
        jsonw_text(w, "msg", dht->message);
        jsonw_obj_close(w);
    }
    if (dht->has & HAS_REQUEST) {
        jsonw_text(w, "request_type", dht->request);
        write_body(w, "request", dht);
    } else if (dht->has & HAS_RESPONSE) {
        write_body(w, "response", dht);
    }
}

const struct proto_def proto_bittorrent_dht = {
    .name = "bittorrent-dht",
    .eve = "bittorrent_dht",
    .spec = "BEP 5, BEP 32",
    .doc = "Who looks for which file in BitTorrent's network",
    .l4 = L4_UDP,
    .ports = {6881},
    .tx_size = sizeof(struct dht_tx),
    .one_sided = true,
    .ends = TX_ENDS_PACKET,
    .probe = dht_probe,
    .parse = dht_parse,
    .write_event = dht_write,
    .fields = dht_fields,
    .notes = dht_notes,
};
