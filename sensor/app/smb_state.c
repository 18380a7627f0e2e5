/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB: trees, open files, reads under way and transactions of a flow. All tables are bounded; the
 * oldest entry gives way to a new one.
 */
#include "sensor/app/smb_tx.h"

enum { KEY_SHIFT = 60, KEY_V1 = 1, KEY_V2 = 2 };

/* ---- trees -------------------------------------------------------------------------------- */

struct smb_tree *smb_state_tree(struct smb_state *state, uint64_t session, uint32_t id)
{
    for (uint32_t i = 0; i < SMB_TREES_MAX; i++) {
        struct smb_tree *tree = state->tree[i];
        if (tree && tree->used && tree->id == id && (tree->session == session || !session))
            return tree;
    }
    return NULL;
}

void smb_state_tree_add(struct app *app, uint64_t session, uint32_t id, struct slice name,
                        bool pipe)
{
    struct smb_state *state = app_state(app);
    uint32_t at = state->next_tree++ % SMB_TREES_MAX;

    smb_state_tree_drop(state, session, id);
    if (!state->tree[at])
        state->tree[at] = app_state_alloc(app, sizeof(struct smb_tree));
    struct smb_tree *tree = state->tree[at];
    if (!tree)
        return;
    *tree = (struct smb_tree){.used = true, .pipe = pipe, .id = id, .session = session};
    name = slice_head(name, SMB_NAME_MAX);
    tree->name_len = (uint16_t)name.len;
    if (name.len)
        memcpy(tree->name, name.at, name.len);
}

void smb_state_tree_drop(struct smb_state *state, uint64_t session, uint32_t id)
{
    struct smb_tree *tree = smb_state_tree(state, session, id);
    if (tree)
        tree->used = false;
}

/* ---- open files --------------------------------------------------------------------------- */

uint32_t smb_state_handle(const struct smb_state *state, struct slice guid)
{
    for (uint32_t i = 0; i < SMB_HANDLES_MAX; i++) {
        const struct smb_handle *handle = state->handle[i];
        if (handle && handle->used && handle->guid_bytes == guid.len &&
            memcmp(handle->guid, guid.at, guid.len) == 0)
            return i + 1;
    }
    return 0;
}

static uint32_t free_slot(struct app *app)
{
    struct smb_state *state = app_state(app);

    for (uint32_t i = 0; i < SMB_HANDLES_MAX; i++) {
        if (state->handle[i] && !state->handle[i]->used)
            return i;
    }
    for (uint32_t i = 0; i < SMB_HANDLES_MAX; i++) {
        if (!state->handle[i] &&
            (state->handle[i] = app_state_alloc(app, sizeof(struct smb_handle))))
            return i;
    }
    for (uint32_t i = 0; i < SMB_HANDLES_MAX; i++) {
        uint32_t at = state->next_handle++ % SMB_HANDLES_MAX;
        if (state->handle[at]) {
            smb_file_close(app, at + 1, false);
            return at;
        }
    }
    return SMB_HANDLES_MAX;
}

uint32_t smb_state_handle_add(struct app *app, struct slice guid, const struct smb_header *h,
                              struct slice name, uint64_t size, bool directory)
{
    struct smb_state *state = app_state(app);
    uint32_t old = smb_state_handle(state, guid);

    if (old)
        smb_state_handle_drop(app, old);
    uint32_t at = free_slot(app);
    if (at == SMB_HANDLES_MAX || guid.len > SMB_GUID)
        return 0;
    struct smb_handle *handle = state->handle[at];
    struct dcerpc_contexts *contexts = handle->contexts;
    const struct smb_tree *tree = smb_state_tree(state, h->session, h->tree);
    memset(handle, 0, sizeof *handle);
    if (contexts)
        contexts->n = 0;
    handle->contexts = contexts;
    handle->used = true;
    handle->pipe = tree && tree->pipe;
    handle->directory = directory;
    handle->version = h->version;
    handle->guid_bytes = (uint8_t)guid.len;
    memcpy(handle->guid, guid.at, guid.len);
    handle->serial = ++state->serial;
    handle->tree = h->tree;
    handle->size = size;
    name = slice_head(name, SMB_NAME_MAX);
    handle->name_len = (uint16_t)name.len;
    if (name.len)
        memcpy(handle->name, name.at, name.len);
    return at + 1;
}

struct slice smb_state_handle_name(struct app *app, struct tx *tx, uint32_t handle)
{
    const struct smb_state *state = app_state(app);
    const struct smb_handle *at = handle ? state->handle[handle - 1] : NULL;

    return at ? app_keep(app, tx, (struct slice){at->name, at->name_len}) : SLICE_NONE;
}

void smb_state_handle_drop(struct app *app, uint32_t handle)
{
    struct smb_state *state = app_state(app);

    if (!handle)
        return;
    smb_file_close(app, handle, true);
    state->handle[handle - 1]->used = false;
    for (uint32_t i = 0; i < SMB_READS_MAX; i++) {
        if (state->read[i].handle == handle)
            state->read[i].handle = 0;
    }
}

/* ---- reads and writes under way ----------------------------------------------------------- */

void smb_state_read_add(struct smb_state *state, const struct smb_read *read)
{
    state->read[state->next_read++ % SMB_READS_MAX] = *read;
}

struct smb_read *smb_state_read(struct smb_state *state, uint64_t id)
{
    for (uint32_t i = 0; i < SMB_READS_MAX; i++) {
        if (state->read[i].handle && state->read[i].id == id)
            return &state->read[i];
    }
    return NULL;
}

/* ---- transactions ------------------------------------------------------------------------- */

/* A message of version 1 may hold several commands under one number. */
static uint64_t key_of(const struct smb_header *h)
{
    uint64_t number = h->id & ((UINT64_C(1) << 48) - 1);
    if (h->version == 2)
        return (uint64_t)KEY_V2 << KEY_SHIFT | number;
    return (uint64_t)KEY_V1 << KEY_SHIFT | (uint64_t)(h->command & 0xff) << 48 | number;
}

struct tx *smb_state_tx_new(struct app *app, uint64_t key, const struct smb_header *h,
                            enum smb_kind kind)
{
    const struct smb_state *state = app_state(app);
    struct tx *tx = app_tx_new(app, key);
    if (!tx)
        return NULL;
    struct smb_tx *smb = tx_data(tx);
    smb->version = h->version;
    smb->kind = (uint8_t)kind;
    smb->command = h->command;
    smb->session = h->session;
    smb->tree = h->tree;
    smb->dialect = state->dialect;
    smb->dialect_name = app_keep(app, tx, (struct slice){state->dialect_name, state->dialect_len});
    return tx;
}

struct tx *smb_state_tx(struct app *app, enum dir dir, const struct smb_header *h,
                        enum smb_kind kind)
{
    struct tx *tx = app_tx_find(app, key_of(h));

    if (dir == TO_CLIENT)
        return tx;
    if (tx) /* the number is used again: no answer will come */
        app_progress(app, tx, TO_CLIENT, TX_DONE);
    tx = smb_state_tx_new(app, key_of(h), h, kind);
    if (tx)
        app_progress(app, tx, TO_SERVER, TX_LINE);
    return tx;
}

void smb_state_answer(struct app *app, struct tx *tx, const struct smb_header *h)
{
    const struct smb_state *state = app_state(app);
    struct smb_tx *smb = tx_data(tx);

    smb->has_status = true;
    smb->status = h->status;
    smb->dos_status = !h->nt_status;
    smb->dialect = state->dialect;
    if (!smb->dialect_name.len)
        smb->dialect_name =
            app_keep(app, tx, (struct slice){state->dialect_name, state->dialect_len});
}

void smb_state_note(struct app *app, struct tx *tx, enum smb_note note)
{
    app_note(app, tx ? tx : app_tx_last(app), note);
}

/* ---- text --------------------------------------------------------------------------------- */

static uint32_t put_utf8(uint32_t code, uint8_t *room, uint32_t max)
{
    uint32_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    if (n > max)
        return 0;
    if (n == 1) {
        room[0] = (uint8_t)code;
        return 1;
    }
    for (uint32_t i = n - 1; i > 0; i--, code >>= 6)
        room[i] = (uint8_t)(0x80 | (code & 0x3f));
    room[0] = (uint8_t)((0xf0u << (4 - n) & 0xff) | code);
    return n;
}

static uint32_t next_code(struct cursor *c)
{
    uint32_t code = cursor_le16(c);

    if (code >= 0xd800 && code < 0xdc00 && cursor_left(c) >= 2) {
        struct cursor ahead = *c;
        uint32_t low = cursor_le16(&ahead);
        if (low >= 0xdc00 && low < 0xe000) {
            *c = ahead;
            return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return code >= 0xd800 && code < 0xe000 ? 0xfffd : code;
}

uint32_t smb_state_text_into(struct slice bytes, bool unicode, uint8_t *room, uint32_t max)
{
    struct cursor c = cursor_of(bytes);
    uint32_t len = 0;

    while (cursor_left(&c) >= (unicode ? 2u : 1u)) {
        uint32_t code = unicode ? next_code(&c) : cursor_u8(&c);
        if (!code)
            continue;
        if (!unicode && code >= 0x80)
            code = 0xfffd;
        uint32_t n = put_utf8(code, room + len, max - len);
        if (!n)
            break;
        len += n;
    }
    return len;
}

struct slice smb_state_text(struct app *app, struct tx *tx, struct slice bytes, bool unicode)
{
    enum { TEXT_MAX = 2048 };
    uint8_t room[TEXT_MAX];
    uint32_t len = smb_state_text_into(bytes, unicode, room, TEXT_MAX);

    return app_keep(app, tx, (struct slice){room, len});
}

struct slice smb_state_string(struct cursor *c, bool unicode)
{
    struct cursor ahead = *c;
    uint32_t len = 0, unit = unicode ? 2 : 1;

    while (cursor_left(&ahead) >= unit) {
        if ((unicode ? cursor_le16(&ahead) : cursor_u8(&ahead)) == 0) {
            struct slice text = cursor_take(c, len);
            cursor_skip(c, unit);
            return text;
        }
        len += unit;
    }
    return cursor_rest(c);
}
