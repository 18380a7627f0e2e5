/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB: contents of files, from reads and writes in the order in which they pass. One transaction a
 * file and direction, from its first bytes to its close. What was there before is noted and left
 * out; behind a hole the rest is not taken.
 */
#include "sensor/app/smb_tx.h"

enum { KEY_FILE = 4, KEY_SHIFT = 60, KEY_DIR = 40 };

static struct smb_handle *handle_of(struct app *app, uint32_t handle)
{
    struct smb_state *state = app_state(app);
    struct smb_handle *at = handle ? state->handle[handle - 1] : NULL;
    return at && at->used ? at : NULL;
}

struct tx *smb_file_tx(struct app *app, enum dir dir, uint32_t handle)
{
    const struct smb_handle *at = handle_of(app, handle);

    if (!at || !at->file[dir].open)
        return NULL;
    return app_tx_find(app,
                       (uint64_t)KEY_FILE << KEY_SHIFT | (uint64_t)dir << KEY_DIR | at->serial);
}

static struct tx *begin(struct app *app, enum dir dir, const struct smb_header *h,
                        const struct smb_handle *at)
{
    struct smb_state *state = app_state(app);
    uint64_t key = (uint64_t)KEY_FILE << KEY_SHIFT | (uint64_t)dir << KEY_DIR | at->serial;
    struct tx *tx = smb_state_tx_new(app, key, h, SMB_FILE);
    if (!tx)
        return NULL;
    struct smb_tx *smb = tx_data(tx);
    const struct smb_tree *tree = smb_state_tree(state, 0, at->tree);
    smb->name = app_keep(app, tx, (struct slice){at->name, at->name_len});
    if (tree)
        smb->share = app_keep(app, tx, (struct slice){tree->name, tree->name_len});
    smb->guid_bytes = at->guid_bytes;
    memcpy(smb->guid, at->guid, at->guid_bytes);
    app_progress(app, tx, dir, TX_LINE);
    app_file_begin(app, tx, dir, smb->name);
    return tx;
}

void smb_file_chunk(struct app *app, enum dir dir, const struct smb_header *h, uint32_t handle,
                    uint64_t offset)
{
    struct smb_handle *at = handle_of(app, handle);
    if (!at)
        return;
    struct smb_progress *p = &at->file[dir];
    struct tx *tx = smb_file_tx(app, dir, handle);

    p->again = 0;
    if (!tx) {
        tx = begin(app, dir, h, at);
        *p = (struct smb_progress){.open = tx != NULL, .offset = offset};
        if (!tx)
            return;
    }
    if (h->response)
        smb_state_answer(app, tx, h);
    if (offset > p->offset && !p->cut) {
        p->cut = true;
        app_file_end(app, tx, dir, false);
    }
    if (offset < p->offset) {
        p->again = p->offset - offset;
        app_note(app, tx, SMB_NOTE_OVERLAP);
    }
}

void smb_file_data(struct app *app, enum dir dir, uint32_t handle, struct slice data)
{
    struct smb_handle *at = handle_of(app, handle);
    struct tx *tx = smb_file_tx(app, dir, handle);

    if (!tx)
        return;
    struct smb_progress *p = &at->file[dir];
    uint32_t old = p->again < data.len ? (uint32_t)p->again : data.len;
    p->again -= old;
    data = slice_from(data, old);
    p->offset += data.len;
    app_file_data(app, tx, dir, data);
}

void smb_file_hole(struct app *app, enum dir dir, uint32_t handle)
{
    struct smb_handle *at = handle_of(app, handle);
    struct tx *tx = smb_file_tx(app, dir, handle);

    if (!tx)
        return;
    at->file[dir].cut = true;
    app_file_end(app, tx, dir, false);
}

void smb_file_close(struct app *app, uint32_t handle, bool complete)
{
    struct smb_handle *at = handle_of(app, handle);

    for (uint32_t dir = 0; at && dir < 2; dir++) {
        struct tx *tx = smb_file_tx(app, (enum dir)dir, handle);
        at->file[dir].open = false;
        if (!tx)
            continue;
        app_file_end(app, tx, (enum dir)dir, complete && !at->file[dir].cut);
        app_progress(app, tx, TO_SERVER, TX_DONE);
        app_progress(app, tx, TO_CLIENT, TX_DONE);
    }
}
