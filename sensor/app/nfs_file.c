/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NFS: handles with the names seen for them, and contents of files from reads and writes in the
 * order in which they pass. One transaction a file and direction. Behind a hole the rest is not
 * taken; bytes that were there before are left out.
 * Limits: NFS_HANDLES_MAX handles of a flow, the oldest gives way.
 */
#include "sensor/app/nfs_tx.h"

enum { KEY_FILE = 63, KEY_DIR = 62 };

uint32_t nfs_file_hash(struct slice bytes)
{
    uint32_t crc = UINT32_MAX;

    for (uint32_t i = 0; i < bytes.len; i++) {
        crc ^= bytes.at[i];
        for (uint32_t bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ UINT32_C(0xedb88320) : crc >> 1;
    }
    return ~crc;
}

static struct nfs_handle *handle_of(struct app *app, uint32_t file)
{
    struct nfs_state *state = app_state(app);

    return file ? state->handle[file - 1] : NULL;
}

static uint64_t key_of(enum dir dir, const struct nfs_handle *handle)
{
    return UINT64_C(1) << KEY_FILE | (uint64_t)dir << KEY_DIR | handle->serial;
}

static struct tx *file_tx(struct app *app, enum dir dir, uint32_t file)
{
    const struct nfs_handle *handle = handle_of(app, file);

    return handle && handle->file[dir].open ? app_tx_find(app, key_of(dir, handle)) : NULL;
}

uint32_t nfs_file_handle(struct app *app, struct slice bytes)
{
    struct nfs_state *state = app_state(app);
    struct slice kept = slice_head(bytes, NFS_HANDLE_MAX);

    if (!kept.len)
        return 0;
    for (uint32_t i = 0; i < NFS_HANDLES_MAX && state->handle[i]; i++) {
        const struct nfs_handle *h = state->handle[i];
        if (slice_eq(kept, (struct slice){h->bytes, h->len}))
            return i + 1;
    }
    uint32_t at = state->next++ % NFS_HANDLES_MAX;
    if (state->handle[at]) {
        nfs_file_close(app, TO_SERVER, at + 1);
        nfs_file_close(app, TO_CLIENT, at + 1);
    } else {
        state->handle[at] = app_state_alloc(app, sizeof **state->handle);
    }
    if (!state->handle[at])
        return 0;
    *state->handle[at] =
        (struct nfs_handle){.len = (uint8_t)kept.len, .serial = ++state->serial & 0x3fffffff};
    memcpy(state->handle[at]->bytes, kept.at, kept.len);
    return at + 1;
}

void nfs_file_name(struct app *app, uint32_t file, struct slice name)
{
    struct nfs_handle *handle = handle_of(app, file);

    if (!handle || !name.len)
        return;
    name = slice_head(name, NFS_NAME_MAX);
    handle->name_len = (uint8_t)name.len;
    memcpy(handle->name, name.at, name.len);
}

struct slice nfs_file_name_of(struct app *app, struct tx *tx, uint32_t file)
{
    const struct nfs_handle *handle = handle_of(app, file);

    return handle && handle->name_len
               ? app_keep(app, tx, (struct slice){handle->name, handle->name_len})
               : SLICE_NONE;
}

static struct tx *begin(struct app *app, enum dir dir, uint32_t file, const struct nfs_tx *call)
{
    const struct nfs_handle *handle = handle_of(app, file);
    struct tx *tx = app_tx_new(app, key_of(dir, handle));

    if (!tx)
        return NULL;
    struct nfs_tx *nfs = tx_data(tx);
    nfs->is_file = true;
    nfs->xid = call->xid;
    nfs->version = call->version;
    nfs->procedure = call->version < 4  ? call->procedure
                     : dir == TO_SERVER ? NFS_4_WRITE
                                        : NFS_4_READ;
    nfs->name = nfs_file_name_of(app, tx, file);
    nfs->has_handle = true;
    nfs->handle_hash = nfs_file_hash((struct slice){handle->bytes, handle->len});
    nfs->has_reply = nfs->has_status = true;
    app_progress(app, tx, dir, TX_LINE);
    app_file_begin(app, tx, dir, nfs->name);
    return tx;
}

void nfs_file_chunk(struct app *app, enum dir dir, uint32_t file, uint64_t offset,
                    const struct nfs_tx *call)
{
    struct nfs_handle *handle = handle_of(app, file);
    struct tx *tx = file_tx(app, dir, file);

    if (!handle)
        return;
    struct nfs_progress *p = &handle->file[dir];
    if (!tx) {
        tx = begin(app, dir, file, call);
        *p = (struct nfs_progress){.open = tx != NULL, .offset = offset};
    }
    if (!tx)
        return;
    struct nfs_tx *nfs = tx_data(tx);
    nfs->last_xid = call->xid;
    nfs->chunks++;
    if (offset == p->offset || p->cut)
        return;
    p->cut = true;
    app_file_end(app, tx, dir, false);
}

void nfs_file_data(struct app *app, enum dir dir, uint32_t file, struct slice data)
{
    struct nfs_handle *handle = handle_of(app, file);
    struct tx *tx = file_tx(app, dir, file);

    if (!tx || handle->file[dir].cut)
        return;
    handle->file[dir].offset += data.len;
    app_file_data(app, tx, dir, data);
}

void nfs_file_close(struct app *app, enum dir dir, uint32_t file)
{
    struct nfs_handle *handle = handle_of(app, file);
    struct tx *tx = file_tx(app, dir, file);

    if (handle)
        handle->file[dir].open = false;
    if (!tx)
        return;
    ((struct nfs_tx *)tx_data(tx))->complete = true;
    if (!handle->file[dir].cut)
        app_file_end(app, tx, dir, true);
    app_progress(app, tx, TO_SERVER, TX_DONE);
    app_progress(app, tx, TO_CLIENT, TX_DONE);
}

void nfs_file_lost(struct app *app, enum dir dir)
{
    struct nfs_state *state = app_state(app);
    uint32_t file = state->side[dir].file;
    struct tx *tx = file_tx(app, dir, file);

    state->side[dir] = (struct nfs_side){0};
    if (!tx || handle_of(app, file)->file[dir].cut)
        return;
    handle_of(app, file)->file[dir].cut = true;
    app_file_end(app, tx, dir, false);
}
