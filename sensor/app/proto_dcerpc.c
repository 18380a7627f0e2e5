/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DCE/RPC over TCP (version 5) and UDP (version 4): remote calls of Windows and of PROFINET.
 * Spec: C706 (DCE 1.1 RPC) chapter 12, MS-RPCE.
 * One transaction = a call: its request and response with all their fragments, or a bind.
 */
#include "sensor/app/dcerpc_tx.h"

enum {
    UDP_HEADER = 80,
    UDP_VERSION = 4,
    FRAGMENT_MAX = 65535,
    TYPE_MAX = DCERPC_TYPE_LAST,
    UDP_TYPE_MAX = 10,
    UDP_LAST_FRAGMENT = 0x02,
    UDP_FRAGMENT = 0x04,
    FAULT = DCERPC_FAULT,
};

enum { NOTE_MALFORMED };
static const char *const dcerpc_notes[] = {"malformed_data", NULL};

struct dcerpc_state {
    bool begun;
    bool turned;  /* the flow was taken up midway and its ends for each other: ports told nothing */
    bool unusual; /* a message came that is neither a call nor a bind nor its answer */
    struct dcerpc_contexts contexts;
};

/* ---- TCP ---------------------------------------------------------------------------------- */

static bool answers(uint8_t type)
{
    return type == DCERPC_RESPONSE || type == DCERPC_FAULT || type == DCERPC_BIND_ACK ||
           type == DCERPC_BIND_NAK || type == DCERPC_ALTER_RESPONSE;
}

static bool asks(uint8_t type)
{
    return type == DCERPC_REQUEST || type == DCERPC_BIND || type == DCERPC_ALTER ||
           type == DCERPC_AUTH3;
}

/* The call a message belongs to; a new one for a first fragment. */
static struct tx *call_of(struct app *app, enum dir dir, const struct dcerpc_header *h)
{
    struct tx *tx = app_tx_find(app, h->call_id);

    if (tx && dir == TO_SERVER && tx->progress[TO_SERVER] == TX_DONE)
        tx = NULL; /* the number is used again: the newest call answers */
    if (tx && dir == TO_SERVER && (h->flags & DCERPC_FIRST)) {
        const struct dcerpc_tx *rpc = tx_data_const(tx);
        if (rpc->call.seen[TO_SERVER])
            tx = NULL;
    }
    if (tx)
        return tx;
    if (dir == TO_SERVER) { /* what is older stays unanswered */
        struct tx *old = app_tx_find(app, h->call_id);
        if (old)
            app_progress(app, old, TO_CLIENT, TX_DONE);
    }
    tx = app_tx_new(app, h->call_id);
    if (tx && dir == TO_CLIENT)
        app_progress(app, tx, TO_SERVER, TX_DONE);
    return tx;
}

/* Rules look at raw bytes where a message ends, until one comes that Suricata does not know. */
static void look_at_end(struct app *app, struct dcerpc_state *state, enum dir dir, uint8_t type)
{
    state->unusual |= type != DCERPC_REQUEST && type != DCERPC_RESPONSE && type != DCERPC_BIND &&
                      type != DCERPC_BIND_ACK && type != DCERPC_ALTER &&
                      type != DCERPC_ALTER_RESPONSE;
    if (!state->unusual)
        app_raw_look(app, dir);
}

/* Who speaks, by the first message of the flow: asking and answering cannot be mistaken. */
static enum dir side_of(struct dcerpc_state *state, enum dir dir, enum dir way)
{
    if (!state->begun)
        state->turned = way != dir;
    state->begun = true;
    return state->turned ? dir_other(dir) : dir;
}

static struct parsed tcp_parse(struct app *app, enum dir dir, struct slice in)
{
    struct dcerpc_state *state = app_state(app);
    struct dcerpc_header h;

    if (in.len < DCERPC_HEADER)
        return parse_more(DCERPC_HEADER);
    if (!dcerpc_pdu_header(in, &h) || h.length < DCERPC_HEADER)
        return parse_bad();
    if (in.len < h.length)
        return parse_more(h.length);
    look_at_end(app, state, dir, h.type);
    enum dir way = answers(h.type) ? TO_CLIENT : h.type <= TYPE_MAX ? TO_SERVER : dir;
    dir = side_of(state, dir, way);
    if (way != dir || h.type == DCERPC_AUTH3) /* the last step of a logon has no answer */
        return parse_done(h.length);
    struct tx *tx = call_of(app, dir, &h);
    if (!tx)
        return parse_full();
    struct dcerpc_tx *rpc = tx_data(tx);
    rpc->version = h.version;
    rpc->minor = h.minor;
    rpc->call.whole_result = true;
    if (!dcerpc_pdu_add(app, tx, &rpc->call, &state->contexts, dir, &h, slice_head(in, h.length)))
        app_note(app, tx, NOTE_MALFORMED);
    if ((h.flags & DCERPC_LAST) || (h.type != DCERPC_REQUEST && h.type != DCERPC_RESPONSE))
        app_progress(app, tx, dir, TX_DONE);
    return parse_done(h.length);
}

/* ---- UDP ---------------------------------------------------------------------------------- */

struct udp_header {
    uint8_t version, type, flags;
    bool little;
    uint8_t iface[DCERPC_UUID], activity[DCERPC_UUID];
    uint32_t iface_version, sequence;
    uint16_t opnum, length, fragment;
};

static bool udp_header(struct slice in, struct udp_header *h)
{
    struct cursor c = cursor_of(in);

    h->version = cursor_u8(&c);
    h->type = cursor_u8(&c);
    h->flags = cursor_u8(&c);
    cursor_skip(&c, 1);
    h->little = cursor_u8(&c) & 0x10;
    cursor_skip(&c, 3);
    cursor_skip(&c, DCERPC_UUID); /* object */
    dcerpc_pdu_uuid(&c, h->little, h->iface);
    dcerpc_pdu_uuid(&c, h->little, h->activity);
    cursor_skip(&c, 4); /* server boot time */
    h->iface_version = h->little ? cursor_le32(&c) : cursor_be32(&c);
    h->sequence = h->little ? cursor_le32(&c) : cursor_be32(&c);
    h->opnum = h->little ? cursor_le16(&c) : cursor_be16(&c);
    cursor_skip(&c, 4); /* hints */
    h->length = h->little ? cursor_le16(&c) : cursor_be16(&c);
    h->fragment = h->little ? cursor_le16(&c) : cursor_be16(&c);
    cursor_skip(&c, 2);
    return cursor_ok(&c) && h->version == UDP_VERSION;
}

static uint64_t udp_key(const struct udp_header *h)
{
    uint64_t key = h->sequence;
    for (uint32_t i = 0; i < DCERPC_UUID; i++)
        key = key * UINT64_C(1099511628211) ^ h->activity[i];
    return key;
}

static void udp_first(struct app *app, struct tx *tx, const struct udp_header *h, enum dir dir)
{
    struct dcerpc_tx *rpc = tx_data(tx);
    struct dcerpc_call *call = &rpc->call;

    rpc->version = 4;
    rpc->datagram = true;
    rpc->sequence = h->sequence;
    memcpy(rpc->activity, h->activity, DCERPC_UUID);
    call->seen[dir] = true;
    call->type[dir] = h->type;
    call->little[dir] = h->little;
    if (dir != TO_SERVER)
        return;
    call->has_opnum = true;
    call->opnum = h->opnum;
    struct dcerpc_iface *iface = app_append(app, tx, &call->ifaces, sizeof *iface);
    if (!iface)
        return;
    memcpy(iface->uuid, h->iface, DCERPC_UUID);
    iface->major = (uint16_t)h->iface_version;
    iface->minor = (uint16_t)(h->iface_version >> 16);
    iface->acked = iface->first_fragment = true;
}

static struct parsed udp_parse(struct app *app, struct slice in)
{
    struct udp_header h;

    if (!udp_header(in, &h) || h.type > UDP_TYPE_MAX || h.length > in.len - UDP_HEADER)
        return parse_bad();
    if (h.type > DCERPC_FAULT || h.type == DCERPC_PING)
        return parse_done(in.len); /* acknowledgements and the like */
    enum dir way = h.type == DCERPC_REQUEST ? TO_SERVER : TO_CLIENT;
    struct tx *tx = app_tx(app, udp_key(&h));
    if (!tx)
        return parse_full();
    struct dcerpc_call *call = &((struct dcerpc_tx *)tx_data(tx))->call;
    if (way == TO_CLIENT)
        app_progress(app, tx, TO_SERVER, TX_DONE);
    if (!call->seen[way])
        udp_first(app, tx, &h, way);
    call->fragments[way]++;
    struct slice body = slice_head(slice_from(in, UDP_HEADER), h.length);
    dcerpc_pdu_stub(app, tx, call, way, body);
    if (!(h.flags & UDP_FRAGMENT) || (h.flags & UDP_LAST_FRAGMENT))
        app_progress(app, tx, way, TX_DONE);
    return parse_done(in.len);
}

/* ---- both --------------------------------------------------------------------------------- */

static struct parsed dcerpc_parse(struct app *app, enum dir dir, struct slice in)
{
    if (!in.len)
        return parse_done(0);
    return app_is_datagram(app) ? udp_parse(app, in) : tcp_parse(app, dir, in);
}

static enum probe dcerpc_probe(struct slice head, enum dir dir)
{
    struct dcerpc_header h;

    (void)dir;
    if ((head.len >= 1 && head.at[0] != 5) || (head.len >= 2 && head.at[1] > 1) ||
        (head.len >= 3 && head.at[2] > TYPE_MAX))
        return PROBE_NO;
    if (head.len < DCERPC_HEADER)
        return PROBE_MORE;
    /* integers little or big, characters ASCII or EBCDIC, floats of four kinds */
    if (!dcerpc_pdu_header(head, &h) || (head.at[4] & 0xee) || head.at[5] > 3 ||
        h.length < DCERPC_HEADER || h.auth_length > h.length)
        return PROBE_NO;
    return PROBE_YES;
}

/* Less is asked than to be read: answers of SOCKS 5 fit, too. */
static enum probe dcerpc_alone(struct slice head, enum dir dir)
{
    static const uint8_t mark[] = {5, 0};
    uint32_t n = head.len < sizeof mark ? head.len : (uint32_t)sizeof mark;

    (void)dir;
    if (n && memcmp(head.at, mark, n) != 0)
        return PROBE_NO;
    if (head.len < DCERPC_HEADER)
        return PROBE_MORE;
    return (head.at[4] & 0xee) || head.at[5] > 3 ? PROBE_NO : PROBE_YES;
}

static bool dcerpc_turned(struct slice head, enum dir dir)
{
    return head.len >= DCERPC_HEADER && (dir == TO_SERVER ? answers(head.at[2]) : asks(head.at[2]));
}

static enum probe dcerpc_probe_udp(struct slice head, enum dir dir)
{
    struct udp_header h;

    (void)dir;
    if (head.len < UDP_HEADER || head.at[0] != UDP_VERSION || !udp_header(head, &h) ||
        h.type > UDP_TYPE_MAX || (head.at[4] & 0xee) || head.at[5] > 3 ||
        h.length > head.len - UDP_HEADER)
        return PROBE_NO;
    return PROBE_YES;
}

static bool stub_client(struct tx *tx, struct slice *out)
{
    *out = ((const struct dcerpc_tx *)tx_data_const(tx))->call.stub[TO_SERVER];
    return out->len > 0;
}

static bool stub_server(struct tx *tx, struct slice *out)
{
    *out = ((const struct dcerpc_tx *)tx_data_const(tx))->call.stub[TO_CLIENT];
    return out->len > 0;
}

static const struct field dcerpc_fields[] = {
    {.name = "dcerpc.stub_data",
     .alias = "dce_stub_data",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .get = stub_client,
     .doc = "Arguments of a call, all fragments together"},
    {.name = "dcerpc.stub_data",
     .alias = "dce_stub_data",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .get = stub_server,
     .doc = "Result of a call, all fragments together"},
    FIELD_END,
};

const struct proto_def proto_dcerpc = {
    .name = "dcerpc",
    .spec = "C706, MS-RPCE",
    .doc = "Remote calls of Windows and of PROFINET",
    .l4 = L4_TCP | L4_UDP,
    .ports = {135},
    .tx_size = sizeof(struct dcerpc_tx),
    .state_size = sizeof(struct dcerpc_state),
    .buffer_max = FRAGMENT_MAX,
    .resyncs = true,
    .probe = dcerpc_probe,
    .probe_udp = dcerpc_probe_udp,
    .alone = dcerpc_alone,
    .turned = dcerpc_turned,
    .parse = dcerpc_parse,
    .write_event = dcerpc_event_write,
    .fields = dcerpc_fields,
    .notes = dcerpc_notes,
};
