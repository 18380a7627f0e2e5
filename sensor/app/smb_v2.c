/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB 2 and 3: messages. Spec: MS-SMB2 section 2.2.
 */
#include "sensor/app/smb_tx.h"

enum command {
    NEGOTIATE,
    SESSION_SETUP,
    LOGOFF,
    TREE_CONNECT,
    TREE_DISCONNECT,
    CREATE,
    CLOSE,
    FLUSH,
    READ,
    WRITE,
    LOCK,
    IOCTL,
    CANCEL,
    ECHO,
    QUERY_DIRECTORY,
    CHANGE_NOTIFY,
    QUERY_INFO,
    SET_INFO,
    OPLOCK_BREAK,
    COMMANDS,
};

enum {
    FLAG_RESPONSE = 1,
    FLAG_ASYNC = 2,
    FLAG_RELATED = 4,
    STATUS_PENDING = 0x103,
    STATUS_OVERFLOW = 0x80000005,
    STATUS_MORE = 0xc0000016,
    READ_HEAD = SMB2_HEADER + 16,
    WRITE_HEAD = SMB2_HEADER + 48,
    PIPE_TRANSCEIVE = 0x0011c017,
    OPTION_DIRECTORY = 1,
    OPTION_DELETE = 0x1000,
    SHARE_PIPE = 2,
    INFO_FILE = 1,
    CLASS_RENAME = 10,
    CLASS_DISPOSITION = 13,
    DIALECT_WILDCARD = 0x2ff,
    IO_MOST = 8 << 20, /* what servers of today allow at most */
};

bool smb_v2_header(struct slice in, struct smb_header *h)
{
    struct cursor c = cursor_of(in);

    cursor_skip(&c, 4);
    h->version = 2;
    h->structure = cursor_le16(&c);
    cursor_skip(&c, 2);
    h->status = cursor_le32(&c);
    h->command = cursor_le16(&c);
    cursor_skip(&c, 2);
    uint32_t flags = cursor_le32(&c);
    h->next = cursor_le32(&c);
    h->id = cursor_le32(&c);
    h->id |= (uint64_t)cursor_le32(&c) << 32;
    cursor_skip(&c, 4);
    h->tree = cursor_le32(&c);
    h->session = cursor_le32(&c);
    h->session |= (uint64_t)cursor_le32(&c) << 32;
    h->response = flags & FLAG_RESPONSE;
    h->related = flags & FLAG_RELATED;
    h->unicode = h->nt_status = true;
    if (flags & FLAG_ASYNC)
        h->tree = 0;
    return cursor_left(&c) >= 16 && cursor_ok(&c);
}

/* A message of a compound that belongs to the one before it. */
static void inherit(struct smb_side *side, struct smb_header *h)
{
    if (h->related && !h->response) {
        h->session = h->session == UINT64_MAX ? side->last.session : h->session;
        h->tree = h->tree == UINT32_MAX ? side->last.tree : h->tree;
    }
    side->last = *h;
}

/* The open file that a message names; all ones: the one that the compound has opened. */
static uint32_t handle_of(struct app *app, struct slice guid)
{
    return guid.len ? smb_state_handle(app_state(app), guid) : 0;
}

static bool pipe_tree(struct app *app, const struct smb_header *h)
{
    const struct smb_tree *tree = smb_state_tree(app_state(app), h->session, h->tree);
    return tree && tree->pipe;
}

/* ---- how much of a message is wanted ------------------------------------------------------ */

/* A write says which file at a fixed place. */
static uint32_t need_of_write(struct app *app, struct smb_header *h, struct slice in,
                              uint32_t length)
{
    struct smb_state *state = app_state(app);

    if (in.len < WRITE_HEAD)
        return WRITE_HEAD;
    struct slice guid = slice_head(slice_from(in, SMB2_HEADER + 16), SMB_GUID);
    uint32_t handle = smb_state_handle(state, guid);
    if (h->related && h->tree == UINT32_MAX)
        h->tree = state->side[TO_SERVER].last.tree;
    bool pipe = handle ? state->handle[handle - 1]->pipe : pipe_tree(app, h);
    return pipe ? length : WRITE_HEAD;
}

uint32_t smb_v2_need(struct app *app, enum dir dir, struct slice in, uint32_t length)
{
    struct smb_state *state = app_state(app);
    struct smb_header h = {0};

    if (!smb_v2_header(in, &h) || h.response != (dir == TO_CLIENT))
        return length;
    if (h.command == WRITE && dir == TO_SERVER)
        return need_of_write(app, &h, in, length);
    if (h.command != READ || dir == TO_SERVER)
        return length;
    const struct smb_read *read = smb_state_read(state, h.id);
    return read && !state->handle[read->handle - 1]->pipe ? READ_HEAD : length;
}

/* ---- negotiation, sessions, trees --------------------------------------------------------- */

static void add_dialect(struct app *app, struct tx *tx, uint16_t dialect)
{
    struct smb_tx *smb = tx_data(tx);
    const char *name = smb_names_dialect(dialect);
    struct slice *item = app_append(app, tx, &smb->negotiate.dialects, sizeof *item);
    if (item)
        *item = slice_of_str(name ? name : "unknown");
}

static void negotiate_request(struct app *app, struct tx *tx, struct cursor *c)
{
    struct smb_tx *smb = tx_data(tx);
    uint16_t n = cursor_le16(c);

    cursor_skip(c, 8);
    struct slice guid = cursor_take(c, SMB_GUID);
    cursor_skip(c, 8);
    if (guid.len) {
        memcpy(smb->negotiate.client_guid, guid.at, SMB_GUID);
        smb->negotiate.has_client_guid = true;
    }
    for (uint16_t i = 0; i < n && i < SMB_DIALECTS_MAX && cursor_left(c) >= 2; i++)
        add_dialect(app, tx, cursor_le16(c));
    if (!cursor_ok(c))
        smb_state_note(app, tx, SMB_NOTE_DIALECTS);
}

static void negotiate_response(struct app *app, struct tx *tx, const struct smb_header *h,
                               struct cursor *c)
{
    struct smb_state *state = app_state(app);

    cursor_skip(c, 2);
    uint16_t dialect = cursor_le16(c);
    cursor_skip(c, 2);
    struct slice guid = cursor_take(c, SMB_GUID);
    cursor_skip(c, 8);
    uint32_t max_read = cursor_le32(c), max_write = cursor_le32(c);
    if (!cursor_ok(c) || h->status)
        return;
    state->dialect = dialect;
    struct smb_tx *smb = tx_data(tx);
    smb->dialect = dialect;
    smb->negotiate.max_read = max_read;
    smb->negotiate.max_write = max_write;
    memcpy(smb->negotiate.server_guid, guid.at, SMB_GUID);
    smb->negotiate.has_server_guid = true;
    if (max_read > IO_MOST)
        app_note(app, tx, SMB_NOTE_MAX_READ);
    if (max_write > IO_MOST)
        app_note(app, tx, SMB_NOTE_MAX_WRITE);
}

/* The part of a message that offset and length name, counted from its header. */
static struct slice part(struct slice in, uint32_t offset, uint32_t length)
{
    return offset >= SMB2_HEADER && offset < in.len ? slice_head(slice_from(in, offset), length)
                                                    : SLICE_NONE;
}

static void session_request(struct app *app, struct tx *tx, struct slice in, struct cursor *c)
{
    cursor_skip(c, 10);
    uint16_t offset = cursor_le16(c), length = cursor_le16(c);
    smb_auth_read(app, tx, part(in, offset, length));
}

static bool ends_ipc(struct slice name)
{
    return slice_ieq(slice_tail(name, 4), SLICE_LIT("IPC$"));
}

static void tree_request(struct app *app, struct tx *tx, struct slice in, struct cursor *c)
{
    struct smb_tx *smb = tx_data(tx);

    cursor_skip(c, 2);
    uint16_t offset = cursor_le16(c), length = cursor_le16(c);
    smb->share = smb_state_text(app, tx, part(in, offset, length), true);
    smb->pipe = ends_ipc(smb->share);
}

static void tree_response(struct app *app, struct tx *tx, const struct smb_header *h,
                          struct cursor *c)
{
    struct smb_tx *smb = tx_data(tx);
    uint8_t type = cursor_u8(c);

    smb->tree = h->tree;
    if (h->status || !cursor_ok(c))
        return;
    smb->share_type = type;
    smb->pipe = type == SHARE_PIPE;
    smb_state_tree_add(app, h->session, h->tree, smb->share, smb->pipe);
}

/* ---- files -------------------------------------------------------------------------------- */

static void create_request(struct app *app, struct tx *tx, struct slice in, struct cursor *c)
{
    struct smb_tx *smb = tx_data(tx);

    cursor_skip(c, 34);
    smb->create.disposition = cursor_le32(c);
    uint32_t options = cursor_le32(c);
    uint16_t offset = cursor_le16(c), length = cursor_le16(c);
    smb->create.name = smb_state_text(app, tx, part(in, offset, length), true);
    smb->create.directory = options & OPTION_DIRECTORY;
    smb->create.delete_on_close = options & OPTION_DELETE;
}

static uint64_t le64(struct cursor *c)
{
    uint64_t low = cursor_le32(c);
    return low | (uint64_t)cursor_le32(c) << 32;
}

/* From units of 100 ns since 1601. */
static uint64_t seconds(uint64_t filetime)
{
    uint64_t s = filetime / 10000000;
    return s > UINT64_C(11644473600) ? s - UINT64_C(11644473600) : 0;
}

static void create_response(struct app *app, struct tx *tx, const struct smb_header *h,
                            struct cursor *c)
{
    struct smb_tx *smb = tx_data(tx);
    struct smb_create *create = &smb->create;

    if (h->status)
        return;
    cursor_skip(c, 6);
    create->created = seconds(le64(c));
    create->accessed = seconds(le64(c));
    create->written = seconds(le64(c));
    create->changed = seconds(le64(c));
    cursor_skip(c, 8);
    create->size = le64(c);
    cursor_skip(c, 8);
    struct slice guid = cursor_take(c, SMB_GUID);
    if (!guid.len)
        return;
    memcpy(smb->guid, guid.at, SMB_GUID);
    smb->guid_bytes = SMB_GUID;
    create->has_guid = true;
    struct smb_header of = *h;
    of.tree = smb->tree;
    of.session = smb->session;
    smb_state_handle_add(app, guid, &of, create->name, create->size, create->directory);
}

/* A file nobody saw being opened gets its entry now. */
static uint32_t handle_for_data(struct app *app, const struct smb_header *h, struct slice guid)
{
    uint32_t handle = handle_of(app, guid);
    return handle || !guid.len ? handle : smb_state_handle_add(app, guid, h, SLICE_NONE, 0, false);
}

static void read_request(struct app *app, const struct smb_header *h, struct cursor *c)
{
    cursor_skip(c, 2);
    uint32_t length = cursor_le32(c);
    uint64_t offset = le64(c);
    uint32_t handle = handle_for_data(app, h, cursor_take(c, SMB_GUID));
    if (length > IO_MOST)
        smb_state_note(app, NULL, SMB_NOTE_READ_REQUEST);
    if (handle)
        smb_state_read_add(app_state(app), &(struct smb_read){h->id, offset, length, handle});
}

static void read_response(struct app *app, const struct smb_header *h, struct slice in,
                          struct cursor *c, struct smb_bulk *bulk, uint32_t *bulk_at)
{
    struct smb_state *state = app_state(app);
    struct smb_read *known = smb_state_read(state, h->id);
    uint32_t offset = cursor_u8(c);

    cursor_skip(c, 1);
    uint32_t length = cursor_le32(c);
    if (!cursor_ok(c) || h->status == STATUS_PENDING)
        return;
    struct smb_read read = known ? *known : (struct smb_read){.handle = 0};
    if (known)
        known->handle = 0;
    if (h->status && h->status != STATUS_OVERFLOW)
        return;
    bool pipe = read.handle ? state->handle[read.handle - 1]->pipe : true;
    if (pipe) {
        smb_pipe_data(app, TO_CLIENT, h, read.handle, part(in, offset, length));
        return;
    }
    if (length > read.length && read.length)
        smb_state_note(app, NULL, SMB_NOTE_READ_RESPONSE);
    if (offset < READ_HEAD || !length)
        return;
    smb_file_chunk(app, TO_CLIENT, h, read.handle, read.offset);
    *bulk = (struct smb_bulk){.left = length, .handle = read.handle};
    *bulk_at = offset;
}

static void write_request(struct app *app, const struct smb_header *h, struct slice in,
                          struct cursor *c, struct smb_bulk *bulk, uint32_t *bulk_at)
{
    struct smb_state *state = app_state(app);
    uint16_t at = cursor_le16(c);
    uint32_t length = cursor_le32(c);
    uint64_t offset = le64(c);
    uint32_t handle = handle_for_data(app, h, cursor_take(c, SMB_GUID));

    if (!handle)
        return;
    if (length > IO_MOST)
        smb_state_note(app, NULL, SMB_NOTE_WRITE_REQUEST);
    smb_state_read_add(state, &(struct smb_read){h->id, offset, length, handle});
    if (state->handle[handle - 1]->pipe) {
        smb_pipe_data(app, TO_SERVER, h, handle, part(in, at, length));
        return;
    }
    if (at < WRITE_HEAD || !length)
        return;
    smb_file_chunk(app, TO_SERVER, h, handle, offset);
    *bulk = (struct smb_bulk){.left = length, .handle = handle};
    *bulk_at = at;
}

static void write_response(struct app *app, const struct smb_header *h)
{
    struct smb_read *known = smb_state_read(app_state(app), h->id);

    if (!known || h->status == STATUS_PENDING)
        return;
    struct tx *tx = smb_file_tx(app, TO_SERVER, known->handle);
    if (tx)
        smb_state_answer(app, tx, h);
    known->handle = 0;
}

/* ---- control codes, information ----------------------------------------------------------- */

static bool ioctl_request(struct app *app, const struct smb_header *h, struct slice in,
                          struct cursor *c, uint32_t *function)
{
    struct smb_state *state = app_state(app);

    cursor_skip(c, 2);
    *function = cursor_le32(c);
    uint32_t handle = handle_of(app, cursor_take(c, SMB_GUID));
    uint32_t offset = cursor_le32(c), length = cursor_le32(c);
    bool pipe = handle ? state->handle[handle - 1]->pipe : pipe_tree(app, h);
    if (!pipe || *function != PIPE_TRANSCEIVE ||
        !smb_pipe_data(app, TO_SERVER, h, handle, part(in, offset, length)))
        return false;
    if (handle)
        smb_state_read_add(state, &(struct smb_read){h->id, 0, length, handle});
    return true;
}

/* True when it was (the failure of) a call. */
static bool ioctl_response(struct app *app, const struct smb_header *h, struct slice in,
                           struct cursor *c)
{
    struct smb_read *known = smb_state_read(app_state(app), h->id);

    cursor_skip(c, 2);
    uint32_t function = cursor_le32(c);
    cursor_skip(c, SMB_GUID + 8);
    uint32_t offset = cursor_le32(c), length = cursor_le32(c);
    if (h->status == STATUS_PENDING)
        return known != NULL;
    uint32_t handle = known ? known->handle : 0;
    if (known)
        known->handle = 0;
    if (handle || function == PIPE_TRANSCEIVE)
        smb_pipe_data(app, TO_CLIENT, h, handle, part(in, offset, length));
    return handle != 0;
}

/* Renaming and deleting: what of SET_INFO makes a transaction. */
static void set_info_request(struct app *app, enum dir dir, const struct smb_header *h,
                             struct slice in, struct cursor *c)
{
    uint8_t type = cursor_u8(c), class_ = cursor_u8(c);
    uint32_t length = cursor_le32(c);
    uint16_t offset = cursor_le16(c);
    cursor_skip(c, 6);
    struct slice guid = cursor_take(c, SMB_GUID);
    struct cursor data = cursor_of(part(in, offset, length));

    if (!guid.len || type != INFO_FILE || (class_ != CLASS_RENAME && class_ != CLASS_DISPOSITION))
        return;
    struct tx *tx = smb_state_tx(app, dir, h, class_ == CLASS_RENAME ? SMB_RENAME : SMB_SET_FILE);
    if (!tx)
        return;
    struct smb_tx *smb = tx_data(tx);
    smb->name = smb_state_handle_name(app, tx, handle_of(app, guid));
    memcpy(smb->guid, guid.at, SMB_GUID);
    smb->guid_bytes = SMB_GUID;
    smb->info_level = class_;
    if (class_ == CLASS_DISPOSITION) {
        smb->delete_on_close = cursor_u8(&data) & 1;
    } else {
        cursor_skip(&data, 16);
        uint32_t n = cursor_le32(&data);
        smb->new_name = smb_state_text(app, tx, cursor_take(&data, n), true);
    }
    app_progress(app, tx, dir, TX_DONE);
}

/* ---- messages ----------------------------------------------------------------------------- */

static enum smb_kind kind_of(uint16_t command)
{
    static const uint8_t kinds[COMMANDS] = {
        [NEGOTIATE] = SMB_NEGOTIATE, [SESSION_SETUP] = SMB_SESSION, [TREE_CONNECT] = SMB_TREE,
        [CREATE] = SMB_CREATE,       [IOCTL] = SMB_IOCTL,
    };
    return command < COMMANDS ? kinds[command] : SMB_PLAIN;
}

static void fill_request(struct app *app, struct tx *tx, const struct smb_header *h,
                         struct slice in, struct cursor *c)
{
    struct smb_side *side = &((struct smb_state *)app_state(app))->side[TO_SERVER];

    switch (h->command) {
    case NEGOTIATE:
        negotiate_request(app, tx, c);
        break;
    case SESSION_SETUP:
        session_request(app, tx, in, c);
        break;
    case TREE_CONNECT:
        tree_request(app, tx, in, c);
        break;
    case CREATE:
        create_request(app, tx, in, c);
        break;
    case TREE_DISCONNECT:
        smb_state_tree_drop(app_state(app), h->session, h->tree);
        break;
    case CLOSE:
        cursor_skip(c, 6);
        side->last_handle = handle_of(app, cursor_take(c, SMB_GUID));
        smb_state_handle_drop(app, side->last_handle);
        break;
    default:
        break;
    }
}

static void request(struct app *app, const struct smb_header *h, struct slice in, struct cursor *c,
                    struct smb_bulk *bulk, uint32_t *bulk_at)
{
    uint32_t function = 0;

    if (h->command == READ) {
        read_request(app, h, c);
        return;
    }
    if (h->command == WRITE) {
        write_request(app, h, in, c, bulk, bulk_at);
        return;
    }
    if (h->command == SET_INFO) {
        set_info_request(app, TO_SERVER, h, in, c);
        return;
    }
    if (h->command == QUERY_INFO ||
        (h->command == IOCTL && ioctl_request(app, h, in, c, &function)))
        return;
    struct tx *tx = smb_state_tx(app, TO_SERVER, h, kind_of(h->command));
    if (!tx)
        return;
    ((struct smb_tx *)tx_data(tx))->function = function;
    fill_request(app, tx, h, in, c);
    if (!cursor_ok(c))
        smb_state_note(app, tx, SMB_NOTE_MALFORMED);
    app_progress(app, tx, TO_SERVER, TX_DONE);
    if (h->command == CANCEL)
        app_progress(app, tx, TO_CLIENT, TX_DONE); /* the request it names is answered instead */
}

/* A negotiation in SMB 1 may be answered in SMB 2. */
static struct tx *negotiation(struct app *app, const struct smb_header *h)
{
    enum { SMB1_NEGOTIATE = 0x72 };
    struct smb_header first = *h;
    first.version = 1;
    first.command = SMB1_NEGOTIATE;
    struct tx *tx = smb_state_tx(app, TO_CLIENT, &first, SMB_NEGOTIATE);
    if (tx)
        return tx;
    for (tx = app_tx_last(app); tx; tx = NULL) { /* its number is not echoed */
        const struct smb_tx *smb = tx_data_const(tx);
        if (smb->version == 1 && smb->kind == SMB_NEGOTIATE && tx->progress[TO_CLIENT] != TX_DONE)
            return tx;
    }
    return NULL;
}

static void fill_response(struct app *app, struct tx *tx, const struct smb_header *h,
                          struct cursor *c)
{
    struct smb_tx *smb = tx_data(tx);

    if (h->command == NEGOTIATE && smb->kind == SMB_NEGOTIATE)
        negotiate_response(app, tx, h, c);
    else if (h->command == SESSION_SETUP)
        smb->session = h->session;
    else if (h->command == TREE_CONNECT && smb->kind == SMB_TREE)
        tree_response(app, tx, h, c);
    else if (h->command == CREATE && smb->kind == SMB_CREATE)
        create_response(app, tx, h, c);
}

static void response(struct app *app, const struct smb_header *h, struct slice in, struct cursor *c,
                     struct smb_bulk *bulk, uint32_t *bulk_at)
{
    if (h->command == READ) {
        read_response(app, h, in, c, bulk, bulk_at);
        return;
    }
    if (h->command == WRITE) {
        write_response(app, h);
        return;
    }
    if (h->command == IOCTL && ioctl_response(app, h, in, c))
        return;
    struct tx *tx = smb_state_tx(app, TO_CLIENT, h, SMB_PLAIN);
    if (!tx && h->command == NEGOTIATE)
        tx = negotiation(app, h);
    if (!tx)
        return;
    smb_state_answer(app, tx, h);
    if (h->status == STATUS_PENDING)
        return;
    fill_response(app, tx, h, c);
    app_progress(app, tx, TO_CLIENT, TX_DONE);
}

void smb_v2_message(struct app *app, enum dir dir, struct slice in, uint32_t length,
                    struct smb_bulk *bulk, uint32_t *bulk_at)
{
    struct smb_state *state = app_state(app);
    struct smb_header h = {0};
    struct cursor c = cursor_of(in);

    (void)length;
    if (!smb_v2_header(in, &h) || h.structure != SMB2_HEADER || h.command >= COMMANDS) {
        smb_state_note(app, NULL, SMB_NOTE_MALFORMED);
        return;
    }
    if (h.response != (dir == TO_CLIENT)) {
        smb_state_note(app, NULL, dir == TO_CLIENT ? SMB_NOTE_TO_CLIENT : SMB_NOTE_TO_SERVER);
        if (h.command != OPLOCK_BREAK)
            return;
    }
    inherit(&state->side[dir], &h);
    cursor_skip(&c, SMB2_HEADER + 2); /* size of the structure */
    if (h.response)
        response(app, &h, in, &c, bulk, bulk_at);
    else if (dir == TO_SERVER)
        request(app, &h, in, &c, bulk, bulk_at);
}
