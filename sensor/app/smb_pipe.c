/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB: DCE/RPC calls on named pipes. A call is known by its tree and number. A write, read or
 * control code may hold several messages, or a part of one; the rest of it then comes with the next
 * bytes of the same pipe.
 */
#include "sensor/app/smb_tx.h"

enum { KEY_CALL = 3, KEY_SHIFT = 60, FRAGMENTS_MAX = 64 };

static uint64_t key_of(const struct smb_header *h, uint32_t call_id)
{
    return (uint64_t)KEY_CALL << KEY_SHIFT | (uint64_t)(h->tree & 0xfffffff) << 32 | call_id;
}

static bool answers(uint8_t type)
{
    return type == DCERPC_RESPONSE || type == DCERPC_FAULT || type == DCERPC_BIND_ACK ||
           type == DCERPC_BIND_NAK || type == DCERPC_ALTER_RESPONSE;
}

static struct tx *call_of(struct app *app, enum dir dir, const struct smb_header *h,
                          const struct dcerpc_header *rpc)
{
    struct tx *tx = app_tx_find(app, key_of(h, rpc->call_id));
    bool fresh = dir == TO_SERVER && tx &&
                 ((rpc->flags & DCERPC_FIRST) || tx->progress[TO_SERVER] == TX_DONE);

    if (fresh && rpc->type != DCERPC_AUTH3)
        app_progress(app, tx, TO_CLIENT, TX_DONE); /* the number is used again */
    if (tx && !fresh)
        return tx;
    tx = smb_state_tx_new(app, key_of(h, rpc->call_id), h, SMB_DCERPC);
    if (tx && dir == TO_CLIENT)
        app_progress(app, tx, TO_SERVER, TX_DONE);
    if (tx && rpc->type == DCERPC_AUTH3)
        app_progress(app, tx, TO_CLIENT, TX_DONE); /* has no answer */
    return tx;
}

static struct dcerpc_contexts *contexts_of(struct app *app, struct smb_handle *pipe)
{
    struct smb_state *state = app_state(app);
    struct dcerpc_contexts **at = pipe ? &pipe->contexts : &state->contexts;

    if (!*at)
        *at = app_state_alloc(app, sizeof **at);
    if (!*at && pipe) /* no room: pipes share one table */
        return contexts_of(app, NULL);
    return *at;
}

static bool message(struct app *app, enum dir dir, const struct smb_header *h,
                    struct smb_handle *pipe, const struct dcerpc_header *rpc, struct slice pdu)
{
    struct dcerpc_contexts *contexts = contexts_of(app, pipe);
    struct tx *tx = contexts ? call_of(app, dir, h, rpc) : NULL;
    if (!tx)
        return false;
    struct smb_tx *smb = tx_data(tx);

    if (h->response)
        smb_state_answer(app, tx, h);
    if (rpc->type > DCERPC_TYPE_LAST)
        smb_state_note(app, tx, SMB_NOTE_MALFORMED);
    if (!dcerpc_pdu_add(app, tx, &smb->call, contexts, dir, rpc, pdu))
        smb_state_note(app, tx, SMB_NOTE_MALFORMED);
    bool last = (rpc->flags & DCERPC_LAST) ||
                rpc->type != (dir == TO_SERVER ? DCERPC_REQUEST : DCERPC_RESPONSE);
    if (pipe && pdu.len < rpc->length) {
        pipe->left[dir] = rpc->length - pdu.len;
        pipe->call[dir] = rpc->call_id;
    } else if (last) {
        app_progress(app, tx, dir, TX_DONE);
    }
    return true;
}

/* The rest of a message whose beginning came before. */
static struct slice rest_of_message(struct app *app, enum dir dir, const struct smb_header *h,
                                    struct smb_handle *pipe, struct slice data)
{
    uint32_t n = data.len < pipe->left[dir] ? data.len : pipe->left[dir];
    struct tx *tx = app_tx_find(app, key_of(h, pipe->call[dir]));

    pipe->left[dir] -= n;
    if (tx) {
        struct smb_tx *smb = tx_data(tx);
        if (h->response)
            smb_state_answer(app, tx, h);
        if (smb->call.fragments[dir])
            dcerpc_pdu_stub(app, tx, &smb->call, dir, slice_head(data, n));
        if (!pipe->left[dir])
            app_progress(app, tx, dir, TX_DONE);
    }
    return slice_from(data, n);
}

bool smb_pipe_data(struct app *app, enum dir dir, const struct smb_header *h, uint32_t handle,
                   struct slice data)
{
    struct smb_state *state = app_state(app);
    struct smb_handle *pipe = handle ? state->handle[handle - 1] : NULL;
    struct smb_header in_tree = *h;
    bool any = false;

    if (pipe) { /* an answer that comes late does not name its tree */
        in_tree.tree = pipe->tree;
        h = &in_tree;
    }
    if (pipe && pipe->left[dir]) {
        data = rest_of_message(app, dir, h, pipe, data);
        any = true;
    }
    for (uint32_t i = 0; data.len && i < FRAGMENTS_MAX; i++) {
        struct dcerpc_header rpc;
        if (!dcerpc_pdu_header(data, &rpc) || rpc.length < DCERPC_HEADER)
            break;
        if (answers(rpc.type) != (dir == TO_CLIENT) && rpc.type <= DCERPC_TYPE_LAST && any)
            break;
        if (!message(app, dir, h, pipe, &rpc, slice_head(data, rpc.length)))
            break;
        any = true;
        data = slice_from(data, rpc.length);
    }
    return any;
}
