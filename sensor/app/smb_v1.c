/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB 1 (CIFS): messages. Spec: MS-CIFS section 2.2, MS-SMB.
 * Commands that are chained (AndX) are read one after the other, each its own transaction.
 */
#include "sensor/app/smb_tx.h"

enum command {
    CREATE_DIRECTORY = 0x00,
    CLOSE = 0x04,
    RENAME = 0x07,
    WRITE = 0x0b,
    LOCKING_ANDX = 0x24,
    TRANS = 0x25,
    WRITE_AND_CLOSE = 0x2c,
    OPEN_ANDX = 0x2d,
    READ_ANDX = 0x2e,
    WRITE_ANDX = 0x2f,
    TRANS2 = 0x32,
    TREE_DISCONNECT = 0x71,
    NEGOTIATE = 0x72,
    SESSION_SETUP = 0x73,
    LOGOFF = 0x74,
    TREE_CONNECT = 0x75,
    NT_CREATE = 0xa2,
    NONE = 0xff,
};

enum {
    FLAG_REPLY = 0x80,
    FLAG2_UNICODE = 0x8000,
    FLAG2_NT_STATUS = 0x4000,
    CHAIN_MAX = 8,
    DIALECT_BUFFER = 2,
    EXTENDED_SECURITY_WORDS = 12,
    NT_WORDS = 17,
    PIPE_TRANSACT = 0x26,
    SET_PATH_INFORMATION = 6,
    SET_FILE_INFORMATION = 8,
    LEVEL_DISPOSITION = 0x102,
    LEVEL_DISPOSITION_NT = 1013,
    LEVEL_RENAME_NT = 1010,
    OPTION_DIRECTORY = 1,
    OPTION_DELETE = 0x1000,
    BULK_HEAD = 64, /* header and words of a read's answer or a write, at most 14 words */
    STATUS_OVERFLOW = 0x80000005,
};

/** A command inside a message. */
struct block {
    struct slice in;     /* the whole message */
    struct cursor words; /* parameter words */
    struct cursor bytes; /* what follows them */
    uint32_t bytes_at;   /* where that begins in the message */
    uint8_t n_words;
    uint8_t next; /* of the chain; NONE = no more */
    uint16_t next_at;
};

bool smb_v1_header(struct slice in, struct smb_header *h)
{
    struct cursor c = cursor_of(in);

    cursor_skip(&c, 4);
    h->version = 1;
    h->command = cursor_u8(&c);
    h->status = cursor_le32(&c);
    uint8_t flags = cursor_u8(&c);
    uint16_t flags2 = cursor_le16(&c);
    cursor_skip(&c, 12);
    h->tree = cursor_le16(&c);
    uint32_t process = cursor_le16(&c);
    h->session = cursor_le16(&c);
    h->id = process << 16 | cursor_le16(&c);
    h->response = flags & FLAG_REPLY;
    h->unicode = flags2 & FLAG2_UNICODE;
    h->nt_status = flags2 & FLAG2_NT_STATUS;
    return cursor_ok(&c);
}

static bool is_chained(uint8_t command)
{
    return command == LOCKING_ANDX || command == OPEN_ANDX || command == READ_ANDX ||
           command == WRITE_ANDX || (command >= SESSION_SETUP && command <= TREE_CONNECT) ||
           command == NT_CREATE;
}

static bool read_block(struct slice in, uint32_t at, uint8_t command, struct block *b)
{
    struct cursor c = cursor_of(slice_from(in, at));

    *b = (struct block){.in = in, .next = NONE};
    b->n_words = cursor_u8(&c);
    b->words = cursor_of(cursor_take(&c, b->n_words * 2u));
    uint16_t count = cursor_le16(&c);
    if (!cursor_ok(&c))
        return false;
    b->bytes_at = at + 3 + b->n_words * 2u;
    /* the count lies about large reads and writes: what is there counts */
    b->bytes =
        cursor_of(count && count < cursor_left(&c) ? cursor_take(&c, count) : cursor_rest(&c));
    if (is_chained(command) && b->n_words >= 2) {
        b->next = cursor_u8(&b->words);
        cursor_skip(&b->words, 1);
        b->next_at = cursor_le16(&b->words);
    }
    return true;
}

static struct slice part(struct slice in, uint32_t offset, uint32_t length)
{
    return offset >= SMB1_HEADER && offset < in.len ? slice_head(slice_from(in, offset), length)
                                                    : SLICE_NONE;
}

/* UTF-16 begins at even places, counted from the header. */
static void align(struct block *b, bool unicode)
{
    uint32_t left = cursor_left(&b->bytes);
    uint32_t at = b->in.len >= left ? (uint32_t)(b->bytes.at - b->in.at) : 0;
    if (unicode && at % 2 && left)
        cursor_skip(&b->bytes, 1);
}

static struct slice next_text(struct app *app, struct tx *tx, struct block *b, bool unicode)
{
    align(b, unicode);
    return smb_state_text(app, tx, smb_state_string(&b->bytes, unicode), unicode);
}

/* Files of version 1 are numbers of two bytes. */
static struct slice guid_of(uint16_t fid, uint8_t room[2])
{
    room[0] = (uint8_t)fid;
    room[1] = (uint8_t)(fid >> 8);
    return (struct slice){room, 2};
}

static uint32_t handle_of(struct app *app, uint16_t fid)
{
    uint8_t room[2];
    return smb_state_handle(app_state(app), guid_of(fid, room));
}

static uint32_t handle_for_data(struct app *app, const struct smb_header *h, uint16_t fid)
{
    uint8_t room[2];
    uint32_t handle = handle_of(app, fid);
    return handle ? handle : smb_state_handle_add(app, guid_of(fid, room), h, SLICE_NONE, 0, false);
}

/* ---- how much of a message is wanted ------------------------------------------------------ */

static bool is_pipe(struct app *app, const struct smb_header *h, uint32_t handle)
{
    const struct smb_state *state = app_state(app);
    const struct smb_tree *tree = smb_state_tree(app_state(app), h->session, h->tree);

    return handle ? state->handle[handle - 1]->pipe : tree && tree->pipe;
}

uint32_t smb_v1_need(struct app *app, enum dir dir, struct slice in, uint32_t length)
{
    struct smb_state *state = app_state(app);
    struct smb_header h;

    if (!smb_v1_header(in, &h) || h.response != (dir == TO_CLIENT))
        return length;
    if (h.command == READ_ANDX && dir == TO_CLIENT) {
        const struct smb_read *read = smb_state_read(state, h.id);
        if (read && !state->handle[read->handle - 1]->pipe)
            return BULK_HEAD;
    }
    if (h.command != WRITE_ANDX || dir != TO_SERVER)
        return length;
    if (in.len < BULK_HEAD)
        return BULK_HEAD;
    uint32_t at = SMB1_HEADER + 5; /* count of words, chain */
    uint32_t handle = handle_of(app, (uint16_t)(in.at[at] | in.at[at + 1] << 8));
    return is_pipe(app, &h, handle) ? length : BULK_HEAD;
}

/* ---- negotiation -------------------------------------------------------------------------- */

static void negotiate_request(struct app *app, struct tx *tx, struct block *b)
{
    struct smb_state *state = app_state(app);
    struct smb_tx *smb = tx_data(tx);

    state->n_offered = 0;
    while (cursor_left(&b->bytes) && state->n_offered < SMB_DIALECTS_MAX) {
        if (cursor_u8(&b->bytes) != DIALECT_BUFFER) {
            smb_state_note(app, tx, SMB_NOTE_DIALECTS);
            return;
        }
        struct slice name = smb_state_string(&b->bytes, false);
        struct slice *item = app_append(app, tx, &smb->negotiate.dialects, sizeof *item);
        if (item)
            *item = smb_state_text(app, tx, name, false);
        uint8_t *room = state->offered[state->n_offered++];
        name = slice_head(name, sizeof state->offered[0] - 1);
        memset(room, 0, sizeof state->offered[0]);
        if (name.len)
            memcpy(room, name.at, name.len);
    }
}

static void negotiate_response(struct app *app, struct tx *tx, struct block *b)
{
    struct smb_state *state = app_state(app);
    struct smb_tx *smb = tx_data(tx);
    uint16_t index = cursor_le16(&b->words);

    if (!cursor_ok(&b->words))
        return;
    if (index < state->n_offered) {
        struct slice name = slice_of_str((const char *)state->offered[index]);
        name = slice_head(name, sizeof state->dialect_name);
        memcpy(state->dialect_name, name.at, name.len);
        state->dialect_len = (uint8_t)name.len;
        smb->dialect_name = app_keep(app, tx, name);
    }
    if (b->n_words != NT_WORDS)
        return;
    struct slice guid = cursor_take(&b->bytes, SMB_GUID);
    if (guid.len) {
        memcpy(smb->negotiate.server_guid, guid.at, SMB_GUID);
        smb->negotiate.has_server_guid = true;
    }
}

/* ---- sessions, trees ---------------------------------------------------------------------- */

static void session_request(struct app *app, struct tx *tx, const struct smb_header *h,
                            struct block *b)
{
    struct smb_session *s = &((struct smb_tx *)tx_data(tx))->auth;

    s->has_request = true;
    cursor_skip(&b->words, 10);
    uint16_t first = cursor_le16(&b->words);
    if (b->n_words == EXTENDED_SECURITY_WORDS) {
        smb_auth_read(app, tx, cursor_take(&b->bytes, first));
    } else { /* passwords, then account and domain in clear */
        uint16_t second = b->n_words == 13 ? cursor_le16(&b->words) : 0;
        cursor_skip(&b->bytes, (uint32_t)first + second);
        (void)next_text(app, tx, b, h->unicode);
        (void)next_text(app, tx, b, h->unicode);
    }
    s->os[TO_SERVER] = next_text(app, tx, b, h->unicode);
    s->lm[TO_SERVER] = next_text(app, tx, b, h->unicode);
}

static void session_response(struct app *app, struct tx *tx, const struct smb_header *h,
                             struct block *b)
{
    struct smb_tx *smb = tx_data(tx);

    smb->session = h->session;
    if (b->n_words != 3 && b->n_words != 4)
        return;
    cursor_skip(&b->words, 2);
    if (b->n_words == 4)
        cursor_skip(&b->bytes, cursor_le16(&b->words));
    smb->auth.has_response = true;
    smb->auth.os[TO_CLIENT] = next_text(app, tx, b, h->unicode);
    smb->auth.lm[TO_CLIENT] = next_text(app, tx, b, h->unicode);
}

static bool ends_ipc(struct slice name)
{
    return slice_ieq(slice_tail(name, 4), SLICE_LIT("IPC$"));
}

static void tree_request(struct app *app, struct tx *tx, const struct smb_header *h,
                         struct block *b)
{
    struct smb_tx *smb = tx_data(tx);

    cursor_skip(&b->words, 2);
    cursor_skip(&b->bytes, cursor_le16(&b->words));
    struct slice path = next_text(app, tx, b, h->unicode);
    smb->share = slice_from(path, path.len > 1 ? 1 : 0); /* as the reference does: one backslash */
    smb->service[TO_SERVER] = smb_state_text(app, tx, smb_state_string(&b->bytes, false), false);
    smb->pipe = slice_eq(smb->service[TO_SERVER], SLICE_LIT("IPC")) || ends_ipc(smb->share);
}

static void tree_response(struct app *app, struct tx *tx, const struct smb_header *h,
                          struct block *b)
{
    struct smb_tx *smb = tx_data(tx);

    smb->tree = h->tree;
    if (h->status)
        return;
    smb->service[TO_CLIENT] = smb_state_text(app, tx, smb_state_string(&b->bytes, false), false);
    smb->pipe = slice_eq(smb->service[TO_CLIENT], SLICE_LIT("IPC"));
    smb_state_tree_add(app, h->session, h->tree, smb->share, smb->pipe);
}

/* ---- files -------------------------------------------------------------------------------- */

static void create_request(struct app *app, struct tx *tx, const struct smb_header *h,
                           struct block *b)
{
    struct smb_create *create = &((struct smb_tx *)tx_data(tx))->create;

    cursor_skip(&b->words, 1);
    uint16_t length = cursor_le16(&b->words);
    cursor_skip(&b->words, 28);
    create->disposition = cursor_le32(&b->words);
    uint32_t options = cursor_le32(&b->words);
    create->directory = options & OPTION_DIRECTORY;
    create->delete_on_close = options & OPTION_DELETE;
    align(b, h->unicode);
    struct slice name = slice_head(cursor_rest(&b->bytes), length);
    create->name = smb_state_text(app, tx, name, h->unicode);
}

static void open_request(struct app *app, struct tx *tx, const struct smb_header *h,
                         struct block *b)
{
    struct smb_create *create = &((struct smb_tx *)tx_data(tx))->create;

    cursor_skip(&b->words, 12);
    uint16_t mode = cursor_le16(&b->words);
    create->disposition = mode & 0x10 ? 3 : 1; /* create when missing: OPEN_IF, else OPEN */
    create->name = next_text(app, tx, b, h->unicode);
}

static uint64_t le64(struct cursor *c)
{
    uint64_t low = cursor_le32(c);
    return low | (uint64_t)cursor_le32(c) << 32;
}

static uint64_t seconds(uint64_t filetime)
{
    uint64_t s = filetime / 10000000;
    return s > UINT64_C(11644473600) ? s - UINT64_C(11644473600) : 0;
}

static void opened(struct app *app, struct tx *tx, const struct smb_header *h, uint16_t fid)
{
    struct smb_tx *smb = tx_data(tx);
    uint8_t room[2];

    smb->dos_status = false;
    memcpy(smb->guid, guid_of(fid, room).at, 2);
    smb->guid_bytes = 2;
    smb->create.has_guid = true;
    smb_state_handle_add(app, guid_of(fid, room), h, smb->create.name, smb->create.size,
                         smb->create.directory);
}

static void create_response(struct app *app, struct tx *tx, const struct smb_header *h,
                            struct block *b)
{
    struct smb_create *create = &((struct smb_tx *)tx_data(tx))->create;

    if (h->status)
        return;
    cursor_skip(&b->words, 1);
    uint16_t fid = cursor_le16(&b->words);
    cursor_skip(&b->words, 4);
    create->created = seconds(le64(&b->words));
    create->accessed = seconds(le64(&b->words));
    create->written = seconds(le64(&b->words));
    create->changed = seconds(le64(&b->words));
    cursor_skip(&b->words, 4);
    create->size = le64(&b->words); /* room on the disk, as the reference prints it */
    if (cursor_ok(&b->words))
        opened(app, tx, h, fid);
}

static void open_response(struct app *app, struct tx *tx, const struct smb_header *h,
                          struct block *b)
{
    uint16_t fid = cursor_le16(&b->words);
    if (!h->status && cursor_ok(&b->words))
        opened(app, tx, h, fid);
}

static void read_request(struct app *app, const struct smb_header *h, struct block *b)
{
    uint16_t fid = cursor_le16(&b->words);
    uint64_t offset = cursor_le32(&b->words);
    uint32_t length = cursor_le16(&b->words);
    cursor_skip(&b->words, 2);
    uint32_t high = cursor_le32(&b->words); /* or a timeout */
    cursor_skip(&b->words, 2);
    if (!cursor_ok(&b->words)) {
        smb_state_note(app, NULL, SMB_NOTE_MALFORMED);
        return;
    }
    if (b->n_words >= 12)
        offset |= (uint64_t)cursor_le32(&b->words) << 32;
    length |= high < 0x100 ? high << 16 : 0;
    uint32_t handle = handle_for_data(app, h, fid);
    if (handle)
        smb_state_read_add(app_state(app), &(struct smb_read){h->id, offset, length, handle});
}

static void read_response(struct app *app, const struct smb_header *h, struct block *b,
                          struct smb_bulk *bulk, uint32_t *bulk_at)
{
    struct smb_state *state = app_state(app);
    struct smb_read *known = smb_state_read(state, h->id);

    struct smb_read read = known ? *known : (struct smb_read){.handle = 0};
    if (known)
        known->handle = 0;
    if (h->status && h->status != STATUS_OVERFLOW)
        return;
    cursor_skip(&b->words, 6);
    uint32_t length = cursor_le16(&b->words);
    uint16_t offset = cursor_le16(&b->words);
    length |= (uint32_t)cursor_le16(&b->words) << 16;
    if (!cursor_ok(&b->words)) {
        smb_state_note(app, NULL, SMB_NOTE_MALFORMED);
        return;
    }
    if (!read.handle || state->handle[read.handle - 1]->pipe) {
        smb_pipe_data(app, TO_CLIENT, h, read.handle, part(b->in, offset, length));
        return;
    }
    if (offset < b->bytes_at || !length)
        return;
    smb_file_chunk(app, TO_CLIENT, h, read.handle, read.offset);
    *bulk = (struct smb_bulk){.left = length, .handle = read.handle};
    *bulk_at = offset;
}

static void write_request(struct app *app, const struct smb_header *h, struct block *b,
                          struct smb_bulk *bulk, uint32_t *bulk_at)
{
    struct smb_state *state = app_state(app);
    uint16_t fid = cursor_le16(&b->words);
    uint64_t offset = cursor_le32(&b->words);
    cursor_skip(&b->words, 8);
    uint32_t length = (uint32_t)cursor_le16(&b->words) << 16;
    length |= cursor_le16(&b->words);
    uint16_t at = cursor_le16(&b->words);
    if (!cursor_ok(&b->words)) {
        smb_state_note(app, NULL, SMB_NOTE_MALFORMED);
        return;
    }
    if (b->n_words >= 14)
        offset |= (uint64_t)cursor_le32(&b->words) << 32;
    uint32_t handle = handle_for_data(app, h, fid);
    if (!handle)
        return;
    smb_state_read_add(state, &(struct smb_read){h->id, offset, length, handle});
    if (state->handle[handle - 1]->pipe) {
        if (!smb_pipe_data(app, TO_SERVER, h, handle, part(b->in, at, length)))
            smb_state_note(app, NULL, SMB_NOTE_MALFORMED);
        return;
    }
    if (at < b->bytes_at || !length)
        return;
    smb_file_chunk(app, TO_SERVER, h, handle, offset);
    *bulk = (struct smb_bulk){.left = length, .handle = handle};
    *bulk_at = at;
}

static void write_response(struct app *app, const struct smb_header *h)
{
    struct smb_read *known = smb_state_read(app_state(app), h->id);
    struct tx *tx = known ? smb_file_tx(app, TO_SERVER, known->handle) : NULL;

    if (tx)
        smb_state_answer(app, tx, h);
    if (known)
        known->handle = 0;
}

/* WRITE, WRITE_AND_CLOSE: short writes of old clients; `skip` bytes stand before the data. */
static void short_write(struct app *app, const struct smb_header *h, struct block *b, uint32_t skip)
{
    struct smb_state *state = app_state(app);
    uint16_t fid = cursor_le16(&b->words), count = cursor_le16(&b->words);
    uint64_t offset = cursor_le32(&b->words);
    uint32_t handle = cursor_ok(&b->words) ? handle_for_data(app, h, fid) : 0;

    cursor_skip(&b->bytes, skip);
    struct slice data = slice_head(cursor_rest(&b->bytes), count);
    if (!handle || !data.len)
        return;
    if (state->handle[handle - 1]->pipe) {
        smb_pipe_data(app, TO_SERVER, h, handle, data);
        return;
    }
    smb_file_chunk(app, TO_SERVER, h, handle, offset);
    smb_file_data(app, TO_SERVER, handle, data);
}

/* ---- transactions of the protocol --------------------------------------------------------- */

static void trans_request(struct app *app, const struct smb_header *h, struct block *b)
{
    cursor_skip(&b->words, 22);
    uint16_t count = cursor_le16(&b->words), at = cursor_le16(&b->words);
    uint8_t setups = cursor_u8(&b->words);
    cursor_skip(&b->words, 1);
    uint16_t function = cursor_le16(&b->words), fid = cursor_le16(&b->words);

    if (!cursor_ok(&b->words) || setups < 2 || function != PIPE_TRANSACT)
        return;
    uint32_t handle = handle_for_data(app, h, fid);
    if (handle)
        smb_state_read_add(app_state(app), &(struct smb_read){h->id, 0, count, handle});
    smb_pipe_data(app, TO_SERVER, h, handle, part(b->in, at, count));
}

static void trans_response(struct app *app, const struct smb_header *h, struct block *b)
{
    struct smb_read *known = smb_state_read(app_state(app), h->id);
    uint32_t handle = known ? known->handle : 0;

    if (known)
        known->handle = 0;
    cursor_skip(&b->words, 12);
    uint16_t count = cursor_le16(&b->words), at = cursor_le16(&b->words);
    if (cursor_ok(&b->words) && handle)
        smb_pipe_data(app, TO_CLIENT, h, handle, part(b->in, at, count));
}

/* What SET_INFORMATION of a path or of an open file is about. */
struct change {
    bool of_path, rename, known;
    uint16_t fid, level;
    struct cursor params, data;
};

static struct change read_change(struct block *b)
{
    struct change change = {.known = false};

    cursor_skip(&b->words, 18);
    uint16_t params = cursor_le16(&b->words), params_at = cursor_le16(&b->words);
    uint16_t count = cursor_le16(&b->words), at = cursor_le16(&b->words);
    cursor_skip(&b->words, 2);
    uint16_t sub = cursor_le16(&b->words);
    change.params = cursor_of(part(b->in, params_at, params));
    change.data = cursor_of(part(b->in, at, count));
    change.of_path = sub == SET_PATH_INFORMATION;
    if (!cursor_ok(&b->words) || (!change.of_path && sub != SET_FILE_INFORMATION))
        return change;
    change.fid = change.of_path ? 0 : cursor_le16(&change.params);
    change.level = cursor_le16(&change.params);
    cursor_skip(&change.params, change.of_path ? 4 : 2);
    change.rename = change.level == LEVEL_RENAME_NT;
    change.known =
        change.rename || change.level == LEVEL_DISPOSITION || change.level == LEVEL_DISPOSITION_NT;
    return change;
}

/* Deleting and renaming make a transaction. */
static void trans2_request(struct app *app, const struct smb_header *h, struct block *b)
{
    struct change change = read_change(b);
    enum smb_kind by = change.of_path ? SMB_SET_PATH : SMB_SET_FILE;
    struct tx *tx =
        change.known ? smb_state_tx(app, TO_SERVER, h, change.rename ? SMB_RENAME : by) : NULL;
    if (!tx)
        return;
    struct smb_tx *smb = tx_data(tx);
    smb->info_level = change.level;
    if (change.of_path)
        smb->name =
            smb_state_text(app, tx, smb_state_string(&change.params, h->unicode), h->unicode);
    else
        smb->name = smb_state_handle_name(app, tx, handle_of(app, change.fid));
    if (change.rename) {
        cursor_skip(&change.data, 8);
        uint32_t n = cursor_le32(&change.data);
        smb->new_name = smb_state_text(app, tx, cursor_take(&change.data, n), true);
    } else {
        smb->delete_on_close = cursor_u8(&change.data) & 1;
    }
    app_progress(app, tx, TO_SERVER, TX_DONE);
}

static void rename_request(struct app *app, struct tx *tx, const struct smb_header *h,
                           struct block *b)
{
    struct smb_tx *smb = tx_data(tx);

    cursor_skip(&b->bytes, 1); /* kind of the buffer */
    smb->name = next_text(app, tx, b, h->unicode);
    cursor_skip(&b->bytes, 1);
    smb->new_name = next_text(app, tx, b, h->unicode);
}

/* ---- commands ----------------------------------------------------------------------------- */

static enum smb_kind kind_of(uint8_t command)
{
    switch (command) {
    case NEGOTIATE:
        return SMB_NEGOTIATE;
    case SESSION_SETUP:
        return SMB_SESSION;
    case TREE_CONNECT:
        return SMB_TREE;
    case NT_CREATE:
    case OPEN_ANDX:
        return SMB_CREATE;
    case RENAME:
        return SMB_RENAME;
    default:
        return SMB_PLAIN;
    }
}

/* Commands that are no transaction by themselves. */
static bool moves_data(struct app *app, const struct smb_header *h, struct block *b,
                       struct smb_bulk *bulk, uint32_t *bulk_at)
{
    switch (h->command) {
    case READ_ANDX:
        read_request(app, h, b);
        return true;
    case WRITE_ANDX:
        write_request(app, h, b, bulk, bulk_at);
        return true;
    case TRANS:
        trans_request(app, h, b);
        return true;
    case TRANS2:
        trans2_request(app, h, b);
        return true;
    case WRITE:
        short_write(app, h, b, 3);
        return false;
    case WRITE_AND_CLOSE:
        short_write(app, h, b, 1);
        return false;
    default:
        return false;
    }
}

static void request(struct app *app, const struct smb_header *h, struct block *b,
                    struct smb_bulk *bulk, uint32_t *bulk_at)
{
    struct block again = *b;

    if (moves_data(app, h, &again, bulk, bulk_at))
        return;
    struct tx *tx = smb_state_tx(app, TO_SERVER, h, kind_of((uint8_t)h->command));
    if (!tx)
        return;
    switch (h->command) {
    case NEGOTIATE:
        negotiate_request(app, tx, b);
        break;
    case SESSION_SETUP:
        session_request(app, tx, h, b);
        break;
    case TREE_CONNECT:
        tree_request(app, tx, h, b);
        break;
    case NT_CREATE:
        create_request(app, tx, h, b);
        break;
    case OPEN_ANDX:
        open_request(app, tx, h, b);
        break;
    case RENAME:
        rename_request(app, tx, h, b);
        break;
    case TREE_DISCONNECT:
        smb_state_tree_drop(app_state(app), h->session, h->tree);
        break;
    case CLOSE:
    case WRITE_AND_CLOSE:
        smb_state_handle_drop(app, handle_of(app, cursor_le16(&b->words)));
        break;
    default:
        break;
    }
    if (!cursor_ok(&b->words))
        smb_state_note(app, tx, SMB_NOTE_MALFORMED);
    app_progress(app, tx, TO_SERVER, TX_DONE);
}

static void fill_response(struct app *app, struct tx *tx, const struct smb_header *h,
                          struct block *b)
{
    switch (h->command) {
    case NEGOTIATE:
        negotiate_response(app, tx, b);
        break;
    case SESSION_SETUP:
        session_response(app, tx, h, b);
        break;
    case TREE_CONNECT:
        tree_response(app, tx, h, b);
        break;
    case NT_CREATE:
        create_response(app, tx, h, b);
        break;
    case OPEN_ANDX:
        open_response(app, tx, h, b);
        break;
    default:
        break;
    }
}

static void response(struct app *app, const struct smb_header *h, struct block *b,
                     struct smb_bulk *bulk, uint32_t *bulk_at)
{
    if (h->command == READ_ANDX) {
        read_response(app, h, b, bulk, bulk_at);
        return;
    }
    if (h->command == WRITE_ANDX) {
        write_response(app, h);
        return;
    }
    if (h->command == TRANS) {
        trans_response(app, h, b);
        return;
    }
    struct tx *tx = smb_state_tx(app, TO_CLIENT, h, SMB_PLAIN);
    if (!tx)
        return;
    smb_state_answer(app, tx, h);
    if (((struct smb_tx *)tx_data(tx))->kind == kind_of((uint8_t)h->command))
        fill_response(app, tx, h, b);
    app_progress(app, tx, TO_CLIENT, TX_DONE);
}

void smb_v1_message(struct app *app, enum dir dir, struct slice in, uint32_t length,
                    struct smb_bulk *bulk, uint32_t *bulk_at)
{
    struct smb_header h = {0};
    struct block b;
    uint32_t at = SMB1_HEADER;

    (void)length;
    if (!smb_v1_header(in, &h)) {
        smb_state_note(app, NULL, SMB_NOTE_MALFORMED);
        return;
    }
    if (h.response != (dir == TO_CLIENT)) {
        smb_state_note(app, NULL, dir == TO_CLIENT ? SMB_NOTE_TO_CLIENT : SMB_NOTE_TO_SERVER);
        return;
    }
    for (uint32_t i = 0; i < CHAIN_MAX; i++) {
        if (!read_block(in, at, (uint8_t)h.command, &b)) {
            smb_state_note(app, NULL, SMB_NOTE_MALFORMED);
            return;
        }
        if (h.response)
            response(app, &h, &b, bulk, bulk_at);
        else
            request(app, &h, &b, bulk, bulk_at);
        if (b.next == NONE || b.next_at <= at || bulk->left)
            return;
        at = b.next_at;
        h.command = b.next;
    }
}
