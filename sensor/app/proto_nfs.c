/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NFS, versions 2, 3 and 4, over UDP and TCP: files shared over the network.
 * Spec: RFC 5531 (calls; section 11 records of TCP), RFC 1094, RFC 1813, RFC 7531.
 * One transaction = a call and its answer; a file that is read or written has one more.
 * Limits: HEAD_MAX bytes of a record are read, contents of files apart, which are passed on as they
 * come.
 */
#include "sensor/app/nfs_tx.h"

enum {
    MARK = 4,
    LAST_FRAGMENT = 0x80000000,
    FRAME = 8,       /* transaction id, type */
    CALL_LEAST = 24, /* up to the procedure */
    REPLY_LEAST = 12,
    HEAD_MAX = 1400,
    RECORD_MAX = 4 << 20,
    CALL = 0,
    REPLY = 1,
    RPC_VERSION = 2,
    PROGRAM_NFS = 100003,
    PROCEDURE_GETATTR = 1,
    PROCEDURE_COMPOUND = 1,
    AUTH_UNIX = 1,
    AUTH_LONGEST = 400, /* RFC 5531, 8.2 */
    HANDLE_2 = 32,
    ATTRIBUTES_2 = 68,
    ATTRIBUTES_3 = 84,
};

/* Procedures, told apart by what their arguments begin with (RFC 1094, RFC 1813). */
enum shape { SHAPE_NONE, SHAPE_HANDLE, SHAPE_NAME, SHAPE_RENAME, SHAPE_READ, SHAPE_WRITE };

enum { NOTE_MALFORMED, NOTE_NON_EXISTING, NOTE_UNKNOWN, NOTE_TRANSACTIONS };
static const char *const nfs_notes[] = {"malformed_data", "non_existing_version",
                                        "unsupported_version", "too_many_transactions", NULL};

static enum shape shape_of(const struct nfs_tx *nfs)
{
    static const uint8_t shapes_2[] = {
        [2] = SHAPE_HANDLE,  [4] = SHAPE_NAME,  [6] = SHAPE_READ,
        [8] = SHAPE_WRITE,   [9] = SHAPE_NAME,  [10] = SHAPE_NAME,
        [11] = SHAPE_RENAME, [14] = SHAPE_NAME, [15] = SHAPE_NAME,
    };
    static const uint8_t shapes_3[] = {
        [3] = SHAPE_NAME,    [4] = SHAPE_HANDLE,  [6] = SHAPE_READ,    [7] = SHAPE_WRITE,
        [8] = SHAPE_NAME,    [9] = SHAPE_NAME,    [12] = SHAPE_NAME,   [13] = SHAPE_NAME,
        [14] = SHAPE_RENAME, [17] = SHAPE_HANDLE, [21] = SHAPE_HANDLE,
    };
    const uint8_t *shapes = nfs->version == 2 ? shapes_2 : shapes_3;
    uint32_t n = nfs->version == 2 ? sizeof shapes_2 : nfs->version == 3 ? sizeof shapes_3 : 0;

    return nfs->procedure < n ? (enum shape)shapes[nfs->procedure] : SHAPE_NONE;
}

/* XDR: a length and bytes, filled up to four. */
static struct slice take_opaque(struct cursor *c)
{
    uint32_t length = cursor_be32(c);
    struct slice bytes = cursor_take(c, length);

    cursor_skip(c, (0 - length) & 3);
    return cursor_ok(c) ? bytes : SLICE_NONE;
}

static struct slice take_handle(struct cursor *c, uint32_t version)
{
    return version == 2 ? cursor_take(c, HANDLE_2) : take_opaque(c);
}

/* ---- calls -------------------------------------------------------------------------------- */

static void read_credentials(struct app *app, struct tx *tx, struct cursor *c)
{
    struct nfs_tx *nfs = tx_data(tx);

    nfs->auth = cursor_be32(c);
    struct cursor creds = cursor_of(take_opaque(c));
    if (nfs->auth == AUTH_UNIX) {
        cursor_skip(&creds, 4); /* stamp */
        nfs->as_suricata = app_as_suricata(app);
        uint32_t length = cursor_be32(&creds);
        nfs->machine = app_keep(app, tx, cursor_take(&creds, length));
        if (!nfs->as_suricata) /* it does not know that names are filled up */
            cursor_skip(&creds, (0 - length) & 3);
        nfs->uid = cursor_be32(&creds);
        nfs->gid = cursor_be32(&creds);
        nfs->unix_auth = cursor_ok(&creds);
    }
    cursor_skip(c, 4); /* kind of the verifier */
    (void)take_opaque(c);
}

static void read_data_call(struct app *app, enum dir dir, struct nfs_tx *nfs, struct cursor *c,
                           bool is_write, struct nfs_bulk *bulk)
{
    if (nfs->version == 2) {
        if (is_write)
            cursor_skip(c, 4);
        nfs->offset = cursor_be32(c);
        nfs->count = cursor_be32(c);
    } else {
        nfs->offset = cursor_be64(c);
        nfs->count = cursor_be32(c);
        if (is_write)
            cursor_skip(c, 4); /* how stable */
    }
    if (!is_write)
        return;
    uint32_t length = cursor_be32(c);
    if (!cursor_ok(c))
        return;
    *bulk = (struct nfs_bulk){.length = length, .file = nfs->file};
    nfs_file_chunk(app, dir, nfs->file, nfs->offset, nfs);
}

static void read_arguments(struct app *app, enum dir dir, struct tx *tx, struct cursor *c,
                           struct nfs_bulk *bulk)
{
    struct nfs_tx *nfs = tx_data(tx);
    enum shape shape = shape_of(nfs);

    if (shape == SHAPE_NONE)
        return;
    struct slice handle = take_handle(c, nfs->version);
    nfs->has_handle = handle.len > 0;
    nfs->handle_hash = nfs_file_hash(handle);
    if (shape == SHAPE_NAME || shape == SHAPE_RENAME)
        nfs->name = app_keep(app, tx, take_opaque(c));
    if (shape == SHAPE_RENAME) {
        (void)take_handle(c, nfs->version);
        nfs->to = app_keep(app, tx, take_opaque(c));
    }
    if (!cursor_ok(c)) {
        app_note(app, tx, NOTE_MALFORMED);
        return;
    }
    if (shape == SHAPE_NAME || shape == SHAPE_RENAME)
        return;
    nfs->file = nfs_file_handle(app, handle);
    if (shape == SHAPE_HANDLE)
        nfs->name = nfs_file_name_of(app, tx, nfs->file);
    else
        read_data_call(app, dir, nfs, c, shape == SHAPE_WRITE, bulk);
    if (!cursor_ok(c))
        app_note(app, tx, NOTE_MALFORMED);
}

static bool read_call(struct app *app, enum dir dir, uint32_t xid, struct cursor *c,
                      struct nfs_bulk *bulk)
{
    cursor_skip(c, 8); /* version of RPC, program: seen before */
    uint32_t version = cursor_be32(c), procedure = cursor_be32(c);
    bool again = app_tx_find(app, xid) != NULL;

    if (again) /* sent once more */
        return true;
    struct tx *tx = app_tx_new(app, xid);

    if (!tx)
        return false;
    struct nfs_tx *nfs = tx_data(tx);
    nfs->xid = xid;
    nfs->version = version;
    nfs->procedure = procedure;
    read_credentials(app, tx, c);
    if (!cursor_ok(c))
        app_note(app, tx, NOTE_MALFORMED);
    else if (version < 2 || version > 4)
        app_note(app, tx, NOTE_NON_EXISTING);
    else if (version == 4 && procedure == PROCEDURE_COMPOUND)
        nfs_4_call(app, dir, tx, c, bulk);
    else
        read_arguments(app, dir, tx, c, bulk);
    enum shape shape = shape_of(nfs);
    tx->silent = version == 4 || procedure == PROCEDURE_GETATTR || shape == SHAPE_READ ||
                 shape == SHAPE_WRITE;
    app_progress(app, tx, dir, TX_DONE);
    return true;
}

/* ---- answers ------------------------------------------------------------------------------ */

static void read_data_reply(struct app *app, enum dir dir, struct nfs_tx *nfs, struct cursor *c,
                            struct nfs_bulk *bulk)
{
    bool ends = false;

    if (nfs->version == 2) {
        cursor_skip(c, ATTRIBUTES_2);
    } else {
        cursor_skip(c, cursor_be32(c) ? ATTRIBUTES_3 + 4 : 4); /* and the count */
        ends = cursor_be32(c) != 0;
    }
    uint32_t length = cursor_be32(c);
    if (!cursor_ok(c) || !nfs->file)
        return;
    ends = ends || (nfs->version == 2 && length < nfs->count);
    *bulk = (struct nfs_bulk){.length = length, .file = nfs->file, .ends = ends};
    nfs_file_chunk(app, dir, nfs->file, nfs->offset, nfs);
}

/* What a lookup or a creation finds gets the name that was asked for. */
static void learn_name(struct app *app, const struct nfs_tx *nfs, struct cursor *c)
{
    bool creates = nfs->procedure == (nfs->version == 2 ? 9 : 8);
    bool looks_up = nfs->procedure == (nfs->version == 2 ? 4 : 3);

    if ((!creates && !looks_up) || (nfs->version == 3 && creates && !cursor_be32(c)))
        return;
    struct slice handle = take_handle(c, nfs->version);
    if (cursor_ok(c))
        nfs_file_name(app, nfs_file_handle(app, handle), nfs->name);
}

static void read_results(struct app *app, enum dir dir, struct tx *tx, struct cursor *c,
                         struct nfs_bulk *bulk)
{
    struct nfs_tx *nfs = tx_data(tx);
    enum shape shape = shape_of(nfs);

    if (nfs->procedure)
        nfs->status = cursor_be32(c);
    nfs->has_status = cursor_ok(c);
    if (!cursor_ok(c) && nfs->version < 4)
        app_note(app, tx, NOTE_MALFORMED);
    if (!cursor_ok(c) || nfs->status)
        return;
    if (nfs->version == 4)
        nfs_4_reply(app, dir, tx, c, bulk);
    else if (shape == SHAPE_READ)
        read_data_reply(app, dir, nfs, c, bulk);
    else if (shape == SHAPE_NAME)
        learn_name(app, nfs, c);
    else if (nfs->version == 3 && nfs->procedure == 21) /* commit */
        nfs_file_close(app, dir == TO_SERVER ? TO_CLIENT : TO_SERVER, nfs->file);
}

static bool read_reply(struct app *app, enum dir dir, uint32_t xid, struct cursor *c,
                       struct nfs_bulk *bulk)
{
    struct tx *tx = app_tx_find(app, xid);

    if (!tx)
        return true; /* its call was not seen */
    struct nfs_tx *nfs = tx_data(tx);
    nfs->has_reply = true;
    nfs->denied = cursor_be32(c) != 0;
    if (!nfs->denied) {
        cursor_skip(c, 4);
        (void)take_opaque(c);
        if (!cursor_be32(c))
            read_results(app, dir, tx, c, bulk);
    }
    app_progress(app, tx, dir, TX_DONE);
    return true;
}

/* ---- messages ----------------------------------------------------------------------------- */

static bool is_message(struct slice in)
{
    struct cursor c = cursor_of(in);

    cursor_skip(&c, 4);
    uint32_t type = cursor_be32(&c);
    if (type == CALL)
        return cursor_be32(&c) == RPC_VERSION && cursor_be32(&c) == PROGRAM_NFS && cursor_ok(&c);
    return type == REPLY && cursor_be32(&c) <= 1 && cursor_ok(&c);
}

/* `in` holds the message's first bytes. Fills where a file's bytes are. */
static bool read_message(struct app *app, enum dir dir, struct slice in, struct nfs_bulk *bulk)
{
    struct cursor c = cursor_of(in);
    uint32_t xid = cursor_be32(&c), type = cursor_be32(&c);

    bool rpc = type == REPLY || (type == CALL && cursor_be32(&c) == RPC_VERSION);
    if (!is_message(in)) { /* other programs share the port */
        if (!rpc)
            app_note(app, app_tx_last(app), NOTE_MALFORMED);
        return true;
    }
    c = cursor_of(slice_from(in, FRAME));
    if (!(type == CALL ? read_call : read_reply)(app, dir, xid, &c, bulk))
        return false;
    bulk->at = in.len - cursor_left(&c);
    return true;
}

static struct parsed parse_datagram(struct app *app, enum dir dir, struct slice in)
{
    struct nfs_bulk bulk = {0};

    if (!read_message(app, dir, in, &bulk))
        return parse_full();
    if (bulk.file) {
        nfs_file_data(app, dir, bulk.file, slice_head(slice_from(in, bulk.at), bulk.length));
        if (bulk.ends)
            nfs_file_close(app, dir, bulk.file);
    }
    return parse_done(in.len);
}

static struct parsed parse_bulk(struct app *app, enum dir dir, struct nfs_side *side,
                                struct slice in)
{
    struct slice data = slice_head(in, side->left);

    nfs_file_data(app, dir, side->file, data);
    side->left -= data.len;
    if (side->left)
        return parse_done(data.len);
    uint32_t pad = side->pad;
    if (side->ends)
        nfs_file_close(app, dir, side->file);
    *side = (struct nfs_side){0};
    return parse_done(data.len + pad);
}

static struct parsed parse_record(struct app *app, enum dir dir, struct nfs_side *side,
                                  struct slice in)
{
    struct cursor c = cursor_of(in);
    uint32_t mark = cursor_be32(&c), length = mark & (LAST_FRAGMENT - 1U);
    uint32_t head = length < HEAD_MAX ? length : HEAD_MAX;
    struct nfs_bulk bulk = {0};

    if (!cursor_ok(&c))
        return parse_more(MARK);
    if (length < REPLY_LEAST || length > RECORD_MAX)
        return parse_bad();
    struct slice message = cursor_take(&c, head);
    if (!cursor_ok(&c))
        return parse_more(MARK + head);
    if (!read_message(app, dir, message, &bulk))
        return parse_full();
    if (!bulk.file || bulk.at > length)
        return parse_done(MARK + length);
    if (bulk.length > length - bulk.at)
        bulk.length = length - bulk.at;
    *side = (struct nfs_side){.left = bulk.length,
                              .pad = length - bulk.at - bulk.length,
                              .file = bulk.file,
                              .ends = bulk.ends};
    return parse_done(MARK + bulk.at);
}

static struct parsed nfs_parse(struct app *app, enum dir dir, struct slice in)
{
    struct nfs_state *state = app_state(app);
    struct nfs_side *side = &state->side[dir];

    if (app_gap(app))
        nfs_file_lost(app, dir);
    if (!in.len)
        return parse_done(0);
    if (app_is_datagram(app))
        return parse_datagram(app, dir, in);
    return side->file ? parse_bulk(app, dir, side, in) : parse_record(app, dir, side, in);
}

static enum probe probe_message(struct slice head, enum dir dir)
{
    struct cursor c = cursor_of(head);

    cursor_skip(&c, 4);
    uint32_t type = cursor_be32(&c);
    (void)dir;
    if (!cursor_ok(&c) || !is_message(head))
        return PROBE_NO;
    if (type == REPLY)
        return PROBE_LIKELY;
    cursor_skip(&c, 8);
    uint32_t version = cursor_be32(&c), procedure = cursor_be32(&c), auth = cursor_be32(&c);
    uint32_t length = cursor_be32(&c);
    bool sane = version >= 2 && version <= 4 && nfs_event_procedure(version, procedure);
    return cursor_ok(&c) && sane && auth < 400000 && length <= AUTH_LONGEST ? PROBE_YES : PROBE_NO;
}

static enum probe nfs_probe(struct slice head, enum dir dir)
{
    struct cursor c = cursor_of(head);
    uint32_t mark = cursor_be32(&c), length = mark & (LAST_FRAGMENT - 1U);

    if (head.len && !(head.at[0] & 0x80))
        return PROBE_NO;
    if (!cursor_ok(&c))
        return PROBE_MORE;
    if (length < REPLY_LEAST || length > RECORD_MAX)
        return PROBE_NO;
    uint32_t least = dir == TO_SERVER ? CALL_LEAST + 8 : REPLY_LEAST;
    struct slice message = cursor_rest(&c);
    return message.len < least ? PROBE_MORE : probe_message(message, dir);
}

/* ---- fields ------------------------------------------------------------------------------- */

static const struct field nfs_fields[] = {
    {.name = "nfs.procedure",
     .alias = "nfs_procedure",
     .uses = IN_RULES | IN_BASELINE,
     .type = FIELD_U32,
     .offset = offsetof(struct nfs_tx, procedure),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .zero = true,
     .doc = "Number of the procedure in its version"},
    {.name = "nfs.version",
     .alias = "nfs_version",
     .uses = IN_RULES,
     .type = FIELD_U32,
     .offset = offsetof(struct nfs_tx, version),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .zero = true,
     .doc = "Version: 2, 3, 4"},
    {.name = "nfs.filename",
     .uses = IN_RULES | IN_BASELINE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct nfs_tx, name),
     .progress = TX_DONE,
     .doc = "Name of the file, where the call tells it or its handle is known"},
    FIELD_END,
};

const struct proto_def proto_nfs = {
    .name = "nfs",
    .spec = "RFC 5531, RFC 1094, RFC 1813, RFC 7531",
    .doc = "Files shared over the network",
    .l4 = L4_UDP | L4_TCP,
    .ports = {2049},
    .breadth = "NFS",
    .tx_size = sizeof(struct nfs_tx),
    .state_size = sizeof(struct nfs_state),
    .ends = TX_ENDS_PACKET,
    .resyncs = true,
    .probe = nfs_probe,
    .probe_udp = probe_message,
    .parse = nfs_parse,
    .write_event = nfs_event_write,
    .write_beside = nfs_event_write_rpc,
    .fields = nfs_fields,
    .notes = nfs_notes,
    .crowded = "too_many_transactions",
};
