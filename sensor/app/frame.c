/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocols that have frames, and how those with a length in front are cut: DNS over TCP (RFC
 * 1035 4.2.2), MQTT (OASIS MQTT 5.0, 2.1), TLS records (RFC 8446 5.1; SSL 2), SMB over NetBIOS
 * sessions (RFC 1002 4.3, MS-CIFS, MS-SMB2).
 */
#include "sensor/app/frame.h"

void frame_found(struct frame_cut *cut, uint8_t type, uint32_t at, uint32_t len)
{
    if (cut->n < FRAME_FOUND_MAX)
        cut->found[cut->n++] = (struct frame_found){type, false, at, len};
}

void frame_closes(struct frame_cut *cut, uint8_t type, uint32_t at)
{
    if (cut->n < FRAME_FOUND_MAX)
        cut->found[cut->n++] = (struct frame_found){type, true, at, 0};
}

/* ---- DNS ---------------------------------------------------------------------------------- */

static const char *const dns_names[] = {"pdu", NULL};

static uint32_t dns_cut(struct frame_cut *cut)
{
    struct cursor c = cursor_of(cut->in);

    if (cut->datagram) {
        frame_found(cut, 0, 0, cut->in.len);
        return cut->in.len;
    }
    uint32_t len = cursor_be16(&c);
    if (!cursor_ok(&c))
        return FRAME_MORE;
    frame_found(cut, 0, 2, len);
    return 2 + len;
}

/* ---- MQTT --------------------------------------------------------------------------------- */

enum { MQTT_PDU, MQTT_HEADER, MQTT_DATA };
static const char *const mqtt_names[] = {"pdu", "header", "data", NULL};

static uint32_t mqtt_cut(struct frame_cut *cut)
{
    enum { LENGTH_BYTES_MAX = 4 };
    struct cursor c = cursor_of(cut->in);
    uint32_t len = 0, head = 1;
    uint8_t type = cursor_u8(&c) >> 4, byte = 0x80;

    while (byte & 0x80 && head <= LENGTH_BYTES_MAX) {
        byte = cursor_u8(&c);
        len |= (uint32_t)(byte & 0x7f) << 7 * (head - 1);
        head++;
    }
    if (!cursor_ok(&c))
        return FRAME_MORE;
    if (byte & 0x80 || !type)
        return FRAME_LOST;
    frame_found(cut, MQTT_PDU, 0, head + len);
    frame_found(cut, MQTT_HEADER, 0, head);
    if (len)
        frame_found(cut, MQTT_DATA, head, len);
    return head + len;
}

/* ---- TLS ---------------------------------------------------------------------------------- */

enum { TLS_PDU, TLS_HDR, TLS_DATA, TLS_SSL2_HDR, TLS_SSL2_PDU, TLS_ALERT };
static const char *const tls_names[] = {"pdu",      "hdr",   "data", "ssl2.hdr",
                                        "ssl2.pdu", "alert", NULL};

static uint32_t ssl2_cut(struct frame_cut *cut)
{
    struct cursor c = cursor_of(cut->in);
    uint32_t len = cursor_be16(&c) & 0x7fff;
    uint8_t type = cursor_u8(&c);

    if (!cursor_ok(&c))
        return FRAME_MORE;
    if (len < 3 || type > 8)
        return FRAME_LOST;
    frame_found(cut, TLS_SSL2_HDR, 0, 3);
    frame_found(cut, TLS_SSL2_PDU, 0, 2 + len);
    return 2 + len;
}

static uint32_t tls_cut(struct frame_cut *cut)
{
    enum { HEADER = 5, FIRST = 20, ALERT = 21, LAST = 24, LONGEST = 16384 + 2048 };
    struct cursor c = cursor_of(cut->in);
    uint8_t type = cursor_u8(&c), major = cursor_u8(&c);

    if (cut->in.len && cut->in.at[0] & 0x80)
        return ssl2_cut(cut);
    cursor_u8(&c);
    uint32_t len = cursor_be16(&c);
    if (!cursor_ok(&c))
        return FRAME_MORE;
    if (type < FIRST || type > LAST || major != 3 || len > LONGEST)
        return FRAME_LOST;
    frame_found(cut, TLS_PDU, 0, HEADER + len);
    frame_found(cut, TLS_HDR, 0, HEADER);
    if (len)
        frame_found(cut, TLS_DATA, HEADER, len);
    if (len && type == ALERT)
        frame_found(cut, TLS_ALERT, HEADER, len);
    return HEADER + len;
}

/* ---- SMB ---------------------------------------------------------------------------------- */

enum { NBSS_PDU, NBSS_HDR, NBSS_DATA, SMB_FIRST }; /* then pdu, hdr, data of versions 1, 2, 3 */
static const char *const smb_names[] = {
    "nbss.pdu", "nbss.hdr",  "nbss.data", "smb1.pdu", "smb1.hdr",  "smb1.data", "smb2.pdu",
    "smb2.hdr", "smb2.data", "smb3.pdu",  "smb3.hdr", "smb3.data", NULL};

static void smb_message(struct frame_cut *cut, uint32_t version, uint32_t at, uint32_t len)
{
    static const uint8_t header[] = {0, 32, 64, 52};
    uint32_t head = len < header[version] ? len : header[version];
    uint8_t first = (uint8_t)(SMB_FIRST + 3 * (version - 1));

    frame_found(cut, first, at, len);
    frame_found(cut, (uint8_t)(first + 1), at, head);
    if (len > head)
        frame_found(cut, (uint8_t)(first + 2), at + head, len - head);
}

/* Messages of version 2 may stand in a row; the first names the place of the next. */
static void smb2_messages(struct frame_cut *cut, uint32_t len)
{
    enum { HEADER = 64, NEXT_AT = 20, CHAIN_MAX = 12 };
    uint32_t at = 4, left = len;

    for (uint32_t i = 0; i < CHAIN_MAX; i++) {
        struct cursor c = cursor_of(slice_from(cut->in, at));
        cursor_take(&c, NEXT_AT);
        uint32_t next = cursor_le32(&c);
        bool last = !cursor_ok(&c) || next < HEADER || next >= left;
        smb_message(cut, 2, at, last ? left : next);
        if (last)
            return;
        at += next;
        left -= next;
    }
}

/* All of a chain is waited for, unless it is longer than what is kept. */
static bool chained(struct slice in, uint32_t len)
{
    enum { NEXT_AT = 4 + 20, LONGEST = 60 * 1024 };
    struct cursor c = cursor_of(slice_from(in, NEXT_AT));

    return len <= LONGEST && in.len > NEXT_AT && in.at[4] == 0xfe && cursor_le32(&c) != 0;
}

/* The message that a session packet carries; false when it is none of this protocol. */
static bool smb_parts(struct frame_cut *cut, struct slice magic, uint32_t len)
{
    if (magic.at[0] < 0xfc || memcmp(magic.at + 1, "SMB", 3) != 0)
        return false;
    frame_found(cut, NBSS_PDU, 0, 4 + len);
    frame_found(cut, NBSS_HDR, 0, 4);
    frame_found(cut, NBSS_DATA, 4, len);
    if (magic.at[0] == 0xff)
        smb_message(cut, 1, 4, len);
    else if (magic.at[0] == 0xfe)
        smb2_messages(cut, len);
    else if (magic.at[0] == 0xfd)
        smb_message(cut, 3, 4, len);
    return true;
}

static uint32_t smb_cut(struct frame_cut *cut)
{
    enum { MAGIC = 4, HEAD = 4 + 24, CONTROL_FIRST = 0x81, CONTROL_LAST = 0x85 };
    struct cursor c = cursor_of(cut->in);
    uint8_t type = cursor_u8(&c);
    uint32_t len = cursor_be24(&c);
    uint32_t want = len < HEAD - 4 ? 4 + len : HEAD;

    if (!cursor_ok(&c))
        return FRAME_MORE;
    if (type && (type < CONTROL_FIRST || type > CONTROL_LAST))
        return FRAME_LOST;
    if (cut->in.len < want || (chained(cut->in, len) && cut->in.len < 4 + len))
        return FRAME_MORE;
    if (!type && len >= MAGIC)
        return smb_parts(cut, cursor_take(&c, MAGIC), len) ? 4 + len : FRAME_LOST;
    frame_found(cut, NBSS_PDU, 0, 4 + len);
    frame_found(cut, NBSS_HDR, 0, 4);
    if (len)
        frame_found(cut, NBSS_DATA, 4, len);
    return 4 + len;
}

/* ---- rows --------------------------------------------------------------------------------- */

static const char *const http_names[] = {"request", "response", NULL};
static const char *const sip_names[] = {
    "pdu",           "request.line",     "request.headers", "request.body",
    "response.line", "response.headers", "response.body",   NULL};
static const char *const telnet_names[] = {"pdu", "ctl", "data", NULL};
static const char *const rfb_names[] = {"pdu", NULL};
static const char *const nfs_names[] = {"rpc.pdu",  "rpc.hdr",     "rpc.data", "rpc.creds",
                                        "nfs.pdu",  "nfs.status",  "nfs4.pdu", "nfs4.hdr",
                                        "nfs4.ops", "nfs4.status", NULL};

static const struct frame_def rows[] = {
    {"http", http_names, L4_TCP, frame_http_cut, .grows = true},
    {"dns", dns_names, L4_TCP | L4_UDP, dns_cut},
    {"mqtt", mqtt_names, L4_TCP, mqtt_cut},
    {"sip", sip_names, L4_TCP | L4_UDP, frame_sip_cut},
    {"smb", smb_names, L4_TCP, smb_cut},
    {"tls", tls_names, L4_TCP, tls_cut},
    {"telnet", telnet_names, L4_TCP, frame_telnet_cut},
    {"rfb", rfb_names, L4_TCP, frame_rfb_cut},
    {"nfs", nfs_names, L4_TCP | L4_UDP, frame_nfs_cut},
};

const struct frame_def *frame_at(uint32_t i)
{
    return i < sizeof(rows) / sizeof(rows[0]) ? &rows[i] : NULL;
}

const struct frame_def *frame_of(const struct proto_def *proto)
{
    for (uint32_t i = 0; proto && i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].proto, proto->name) == 0)
            return &rows[i];
    }
    return NULL;
}

int frame_type(const struct proto_def *proto, struct slice name)
{
    const struct frame_def *def = frame_of(proto);

    for (int i = 0; def && def->names[i]; i++) {
        if (slice_eq(slice_of_str(def->names[i]), name))
            return i;
    }
    return proto && proto->l4 & L4_TCP && slice_eq(name, SLICE_LIT("stream")) ? FRAME_STREAM : -1;
}

const char *frame_name(const struct proto_def *proto, uint8_t type)
{
    const struct frame_def *def = frame_of(proto);

    return type == FRAME_STREAM || !def ? "stream" : def->names[type];
}
