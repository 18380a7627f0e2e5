/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of protocols whose units depend on earlier ones: NFS in ONC RPC messages (RFC 5531, 7530),
 * RFB's handshake (RFC 6143 7.1 to 7.3; what follows it is not cut).
 */
#include "sensor/app/frame.h"

/* ---- NFS ---------------------------------------------------------------------------------- */

enum {
    RPC_PDU,
    RPC_HDR,
    RPC_DATA,
    RPC_CREDS,
    NFS_PDU,
    NFS_STATUS,
    NFS4_PDU,
    NFS4_HDR,
    NFS4_OPS,
    NFS4_STATUS
};
enum { CALLS_MAX = 7, NFS_PROGRAM = 100003 };

/* What a reply does not say itself: the version that was called, of the last few calls. */
struct nfs_memory {
    struct {
        uint32_t xid;
        uint8_t version; /* 0 = other program or procedure */
    } call[CALLS_MAX];
    uint8_t next;
};
_Static_assert(sizeof(struct nfs_memory) <= FRAME_MEMORY, "memory of a flow's frames");

static uint32_t padded(uint32_t len)
{
    return (len + 3) & ~3u;
}

/* Tag and minor version (calls) or status and tag (replies), then operations. */
static void nfs4_parts(struct frame_cut *cut, struct slice message, uint32_t at, bool reply)
{
    struct cursor c = cursor_of(slice_from(cut->in, at)); /* what there is of the message */

    if (reply)
        cursor_skip(&c, 4);
    uint32_t tag = cursor_be32(&c);
    if (!cursor_ok(&c) || tag > message.len)
        return;
    uint32_t head = 8 + padded(tag), len = message.len - at;
    if (head > len)
        return;
    frame_found(cut, NFS4_PDU, at, len);
    if (reply)
        frame_found(cut, NFS4_STATUS, at, 4);
    frame_found(cut, NFS4_HDR, at, head);
    if (len > head)
        frame_found(cut, NFS4_OPS, at + head, len - head);
}

static void nfs_parts(struct frame_cut *cut, struct slice message, uint32_t at, uint8_t version,
                      bool reply)
{
    if (!version || at >= message.len)
        return;
    if (version == 4) {
        nfs4_parts(cut, message, at, reply);
        return;
    }
    frame_found(cut, NFS_PDU, at, message.len - at);
    if (reply && message.len - at >= 4)
        frame_found(cut, NFS_STATUS, at, 4);
}

/* `c` stands behind the type of message. */
static void rpc_call(struct frame_cut *cut, struct slice message, struct cursor c, uint32_t xid)
{
    struct nfs_memory *m = cut->memory;

    cursor_skip(&c, 4); /* version of RPC */
    uint32_t program = cursor_be32(&c), version = cursor_be32(&c), procedure = cursor_be32(&c);
    uint32_t creds_at = (uint32_t)(c.at - message.at);
    cursor_skip(&c, 4);
    cursor_skip(&c, padded(cursor_be32(&c)));
    uint32_t creds_end = (uint32_t)(c.at - message.at);
    cursor_skip(&c, 4);
    cursor_skip(&c, padded(cursor_be32(&c)));
    if (!cursor_ok(&c))
        return;
    frame_found(cut, RPC_CREDS, creds_at, creds_end - creds_at);
    bool known =
        program == NFS_PROGRAM && version >= 2 && version <= 4 && (version < 4 || procedure == 1);
    m->call[m->next].xid = xid;
    m->call[m->next].version = known ? (uint8_t)version : 0;
    m->next = (uint8_t)((m->next + 1) % CALLS_MAX);
    nfs_parts(cut, message, (uint32_t)(c.at - message.at), known ? (uint8_t)version : 0, false);
}

static void rpc_reply(struct frame_cut *cut, struct slice message, struct cursor c, uint32_t xid)
{
    struct nfs_memory *m = cut->memory;
    uint32_t head = (uint32_t)(c.at - message.at);
    uint8_t version = 0;

    frame_found(cut, RPC_HDR, 0, head);
    if (message.len > head)
        frame_found(cut, RPC_DATA, head, message.len - head);
    uint32_t denied = cursor_be32(&c);
    cursor_skip(&c, 4);
    cursor_skip(&c, padded(cursor_be32(&c)));
    uint32_t refused = cursor_be32(&c);
    if (!cursor_ok(&c) || denied || refused)
        return;
    for (uint32_t i = 0; i < CALLS_MAX; i++)
        version = m->call[i].xid == xid && m->call[i].version ? m->call[i].version : version;
    nfs_parts(cut, message, (uint32_t)(c.at - message.at), version, true);
}

uint32_t frame_nfs_cut(struct frame_cut *cut)
{
    enum { LAST = 0x80000000, LONGEST = 1 << 25, LOOK = 512 };
    struct cursor c = cursor_of(cut->in);
    uint32_t len = cut->in.len;

    if (!cut->datagram) {
        uint32_t mark = cursor_be32(&c);
        len = (mark & ~(uint32_t)LAST) + 4;
        if (cursor_ok(&c) && (len < 12 || len > LONGEST))
            return FRAME_LOST;
        if (!cursor_ok(&c) || (cut->in.len < len && cut->in.len < LOOK))
            return FRAME_MORE;
    }
    uint32_t xid = cursor_be32(&c), type = cursor_be32(&c);
    if (!cursor_ok(&c) || type > 1)
        return FRAME_LOST;
    frame_found(cut, RPC_PDU, 0, len);
    struct slice message = {cut->in.at, len};
    c.end = cut->in.at + (len < cut->in.len ? len : cut->in.len);
    if (type == 0)
        rpc_call(cut, message, c, xid);
    else
        rpc_reply(cut, message, c, xid);
    return len;
}

/* ---- RFB ---------------------------------------------------------------------------------- */

enum rfb_step { RFB_VERSION, RFB_SECURITY, RFB_AUTH, RFB_RESULT, RFB_INIT, RFB_OVER };

struct rfb_memory {
    uint8_t step[2]; /* enum rfb_step */
    uint8_t minor;   /* version that the client asked for: 3, 7, 8 */
    uint8_t type;    /* of security: 1 none, 2 by challenge */
};
_Static_assert(sizeof(struct rfb_memory) <= FRAME_MEMORY, "memory of a flow's frames");

enum { RFB_NONE = 1, RFB_CHALLENGE = 2 };

static uint32_t rfb_version(struct frame_cut *cut, struct rfb_memory *m)
{
    enum { LEN = 12, MINOR_AT = 10 };

    if (cut->in.len < LEN)
        return FRAME_MORE;
    if (!slice_starts(cut->in, SLICE_LIT("RFB ")))
        return FRAME_LOST;
    if (cut->dir == TO_SERVER)
        m->minor = (uint8_t)(cut->in.at[MINOR_AT] - '0');
    m->step[cut->dir] = cut->dir == TO_SERVER && m->minor < 7 ? RFB_AUTH : RFB_SECURITY;
    return LEN;
}

static uint32_t rfb_server(struct frame_cut *cut, struct rfb_memory *m)
{
    enum { CHALLENGE = 16, RESULT = 4, INIT = 24, NAME_AT = 20 };
    struct cursor c = cursor_of(cut->in);
    uint8_t *step = &m->step[TO_CLIENT];
    uint32_t n;

    switch (*step) {
    case RFB_SECURITY:
        if (m->minor < 7)
            m->type = (uint8_t)cursor_be32(&c);
        n = m->minor < 7 ? 4 : 1 + cursor_u8(&c);
        *step = RFB_AUTH;
        return cursor_ok(&c) ? n : FRAME_MORE;
    case RFB_AUTH:
        *step = m->type == RFB_NONE && m->minor < 8 ? RFB_INIT : RFB_RESULT;
        return m->type == RFB_CHALLENGE ? CHALLENGE : m->type == RFB_NONE ? FRAME_MORE : FRAME_OFF;
    case RFB_RESULT:
        *step = RFB_INIT;
        return RESULT;
    case RFB_INIT:
        cursor_skip(&c, NAME_AT);
        n = cursor_be32(&c);
        if (!cursor_ok(&c))
            return FRAME_MORE;
        *step = RFB_OVER;
        return n < FRAME_OFF - INIT ? INIT + n : FRAME_LOST;
    default:
        return FRAME_OFF;
    }
}

static uint32_t rfb_client(struct rfb_memory *m, struct slice in)
{
    enum { RESPONSE = 16 };
    uint8_t *step = &m->step[TO_SERVER];

    switch (*step) {
    case RFB_SECURITY:
        m->type = in.at[0];
        *step = m->type == RFB_CHALLENGE ? RFB_AUTH : RFB_INIT;
        return 1;
    case RFB_AUTH:
        *step = RFB_INIT;
        return m->type == RFB_CHALLENGE ? RESPONSE : FRAME_MORE;
    case RFB_INIT:
        *step = RFB_OVER;
        return 1;
    default:
        return FRAME_OFF;
    }
}

uint32_t frame_rfb_cut(struct frame_cut *cut)
{
    struct rfb_memory *m = cut->memory, before = *m;
    uint8_t *step = &m->step[cut->dir];
    uint32_t used;

    do { /* a step without bytes leads to the next */
        uint8_t at = *step;
        used = at == RFB_VERSION       ? rfb_version(cut, m)
               : cut->dir == TO_CLIENT ? rfb_server(cut, m)
                                       : rfb_client(m, cut->in);
        if (used == FRAME_MORE && at == RFB_SECURITY)
            *m = before;
        if (*step == at)
            break;
    } while (used == FRAME_MORE);
    if (used != FRAME_MORE && used < FRAME_OFF)
        frame_found(cut, 0, 0, used);
    return used;
}
