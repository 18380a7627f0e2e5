/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/app/dcerpc_pdu.h"

#include "common/pen.h"
#include "sensor/app/dcerpc_tx.h"
#include "sensor/app/smb_tx.h"

enum {
    LITTLE_ENDIAN_BIT = 0x10,
    SYNTAX_BYTES = 20,
    RESPONSE_HEAD = 8, /* size hint, context, cancels */
};

/* ---- small readers ------------------------------------------------------------------------ */

static uint16_t u16(struct cursor *c, bool little)
{
    return little ? cursor_le16(c) : cursor_be16(c);
}

static uint32_t u32(struct cursor *c, bool little)
{
    return little ? cursor_le32(c) : cursor_be32(c);
}

static void put(uint8_t *out, uint32_t value, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

void dcerpc_pdu_uuid(struct cursor *c, bool little, uint8_t out[DCERPC_UUID])
{
    put(out, u32(c, little), 4);
    put(out + 4, u16(c, little), 2);
    put(out + 6, u16(c, little), 2);
    struct slice rest = cursor_take(c, 8);
    if (rest.len)
        memcpy(out + 8, rest.at, 8);
    else
        memset(out + 8, 0, 8);
}

void dcerpc_pdu_uuid_text(const uint8_t u[DCERPC_UUID], char out[37])
{
    for (uint32_t i = 0; i < DCERPC_UUID; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        out = pen_hex(out, u[i]);
    }
    *out = '\0';
}

const char *dcerpc_pdu_type_name(uint8_t type, char room[8])
{
    static const char *const names[] = {
        "REQUEST",   "PING",     "RESPONSE",      "FAULT",
        "WORKING",   "NOCALL",   "REJECT",        "ACK",
        "CL_CANCEL", "FACK",     "CANCEL_ACK",    "BIND",
        "BINDACK",   "BINDNAK",  "ALTER_CONTEXT", "ALTER_CONTEXT_RESP",
        "AUTH3",     "SHUTDOWN", "CO_CANCEL",     "ORPHANED",
        "RTS",
    };
    if (type < sizeof names / sizeof *names)
        return names[type];
    fmt_text(room, 8, "%u", type);
    return room;
}

bool dcerpc_pdu_header(struct slice in, struct dcerpc_header *h)
{
    struct cursor c = cursor_of(in);

    h->version = cursor_u8(&c);
    h->minor = cursor_u8(&c);
    h->type = cursor_u8(&c);
    h->flags = cursor_u8(&c);
    h->little = cursor_u8(&c) & LITTLE_ENDIAN_BIT;
    cursor_skip(&c, 3);
    h->length = u16(&c, h->little);
    h->auth_length = u16(&c, h->little);
    h->call_id = u32(&c, h->little);
    return cursor_ok(&c) && h->version == 5;
}

/* ---- interfaces --------------------------------------------------------------------------- */

/* A context asked for again replaces the older one. */
static void remember(struct dcerpc_contexts *contexts, const struct dcerpc_iface *iface)
{
    uint32_t i = 0;

    while (i < contexts->n && contexts->at[i].context != iface->context)
        i++;
    if (i == DCERPC_CONTEXTS_MAX)
        return;
    contexts->at[i] = *iface;
    contexts->n += i == contexts->n;
}

static void list_iface(struct app *app, struct tx *tx, struct dcerpc_call *call,
                       const struct dcerpc_iface *iface)
{
    if (call->ifaces.n >= DCERPC_CONTEXTS_MAX)
        return;
    struct dcerpc_iface *item = app_append(app, tx, &call->ifaces, sizeof *item);
    if (item)
        *item = *iface;
}

static bool add_bind(struct app *app, struct tx *tx, struct dcerpc_call *call,
                     struct dcerpc_contexts *contexts, const struct dcerpc_header *h,
                     struct cursor *c)
{
    cursor_skip(c, 8); /* fragment sizes, association group */
    uint8_t n = cursor_u8(c);
    cursor_skip(c, 3);
    if (h->type == DCERPC_BIND)
        contexts->n = 0;
    for (uint8_t i = 0; i < n; i++) {
        struct dcerpc_iface iface = {.first_fragment = h->flags & DCERPC_FIRST};
        iface.context = u16(c, h->little);
        uint8_t syntaxes = cursor_u8(c);
        cursor_skip(c, 1);
        dcerpc_pdu_uuid(c, h->little, iface.uuid);
        iface.major = u16(c, h->little);
        iface.minor = u16(c, h->little);
        cursor_skip(c, (uint32_t)syntaxes * SYNTAX_BYTES);
        if (!cursor_ok(c))
            return false;
        remember(contexts, &iface);
        list_iface(app, tx, call, &iface);
    }
    return cursor_ok(c);
}

static void set_result(struct dcerpc_iface *iface, uint16_t result, uint16_t reason)
{
    iface->acked = true;
    iface->result = result;
    iface->reason = reason;
}

/* Results come in the order of the contexts of the bind (or alter) that is answered. */
static bool add_ack(struct dcerpc_call *call, struct dcerpc_contexts *contexts,
                    const struct dcerpc_header *h, struct cursor *c)
{
    struct dcerpc_iface *asked = call->ifaces.at;

    cursor_skip(c, 8);
    uint16_t address = u16(c, h->little);
    cursor_skip(c, address);
    cursor_skip(c, (4 - (address + 2u) % 4) % 4);
    uint8_t n = cursor_u8(c);
    cursor_skip(c, 3);
    for (uint8_t i = 0; i < n; i++) {
        uint16_t result = u16(c, h->little), reason = u16(c, h->little);
        cursor_skip(c, SYNTAX_BYTES);
        if (!cursor_ok(c))
            return false;
        if (i >= call->ifaces.n)
            continue;
        set_result(&asked[i], result, reason);
        for (uint32_t k = 0; k < contexts->n; k++) {
            if (contexts->at[k].context == asked[i].context)
                set_result(&contexts->at[k], result, reason);
        }
    }
    return cursor_ok(c);
}

/* ---- calls -------------------------------------------------------------------------------- */

void dcerpc_pdu_stub(struct app *app, struct tx *tx, struct dcerpc_call *call, enum dir dir,
                     struct slice more)
{
    call->stub_bytes[dir] += more.len;
    app_grow(app, tx, &call->stub[dir], more, DCERPC_STUB_MAX);
}

static void may_use(struct app *app, struct tx *tx, struct dcerpc_call *call,
                    const struct dcerpc_contexts *contexts)
{
    for (uint32_t i = 0; i < contexts->n && !call->ifaces.n; i++) {
        if (contexts->at[i].context == call->context)
            list_iface(app, tx, call, &contexts->at[i]);
    }
    for (uint32_t i = 0; i < contexts->n; i++) {
        if (contexts->at[i].context != call->context && contexts->at[i].acked &&
            !contexts->at[i].result)
            list_iface(app, tx, call, &contexts->at[i]);
    }
}

static bool add_request(struct app *app, struct tx *tx, struct dcerpc_call *call,
                        const struct dcerpc_contexts *contexts, const struct dcerpc_header *h,
                        struct cursor *c)
{
    cursor_skip(c, 4); /* size hint */
    uint16_t context = u16(c, h->little), opnum = u16(c, h->little);

    if (!cursor_ok(c))
        return false;
    if (!call->has_opnum) {
        call->has_opnum = true;
        call->opnum = opnum;
        call->context = context;
        may_use(app, tx, call, contexts);
    }
    call->fragments[TO_SERVER]++;
    dcerpc_pdu_stub(app, tx, call, TO_SERVER, cursor_rest(c));
    return true;
}

/* Over TCP the result begins with the size hint, as the reference has it; on pipes behind it. */
static bool add_response(struct app *app, struct tx *tx, struct dcerpc_call *call, struct cursor *c)
{
    cursor_skip(c, call->whole_result ? 0 : RESPONSE_HEAD);
    if (!cursor_ok(c))
        return false;
    call->fragments[TO_CLIENT]++;
    dcerpc_pdu_stub(app, tx, call, TO_CLIENT, cursor_rest(c));
    return true;
}

bool dcerpc_pdu_add(struct app *app, struct tx *tx, struct dcerpc_call *call,
                    struct dcerpc_contexts *contexts, enum dir dir, const struct dcerpc_header *h,
                    struct slice pdu)
{
    struct cursor c = cursor_of(pdu);

    cursor_skip(&c, DCERPC_HEADER);
    if (!call->seen[dir]) {
        call->seen[dir] = true;
        call->type[dir] = h->type;
        call->call_id = h->call_id;
        call->little[dir] = h->little;
    }
    if (dir == TO_SERVER) {
        if (h->type == DCERPC_BIND || h->type == DCERPC_ALTER)
            return add_bind(app, tx, call, contexts, h, &c);
        return h->type != DCERPC_REQUEST || add_request(app, tx, call, contexts, h, &c);
    }
    if (h->type == DCERPC_BIND_ACK || h->type == DCERPC_ALTER_RESPONSE)
        return add_ack(call, contexts, h, &c);
    return h->type != DCERPC_RESPONSE || add_response(app, tx, call, &c);
}

/* ---- for rules ---------------------------------------------------------------------------- */

const struct dcerpc_iface *dcerpc_pdu_iface(const struct dcerpc_call *call,
                                            const uint8_t uuid[DCERPC_UUID], bool strict,
                                            const struct dcerpc_iface *after)
{
    const struct dcerpc_iface *at = call->ifaces.at;

    for (uint32_t i = after ? (uint32_t)(after - at) + 1 : 0; i < call->ifaces.n; i++) {
        if (at[i].acked && at[i].result == 0 && memcmp(at[i].uuid, uuid, DCERPC_UUID) == 0 &&
            (!strict || at[i].context == call->context))
            return &at[i];
    }
    return NULL;
}

const struct dcerpc_call *dcerpc_pdu_call(const struct tx *tx)
{
    if (strcmp(tx->proto->name, "dcerpc") == 0)
        return &((const struct dcerpc_tx *)tx_data_const(tx))->call;
    if (strcmp(tx->proto->name, "smb") != 0)
        return NULL;
    const struct smb_tx *smb = tx_data_const(tx);
    return smb->kind == SMB_DCERPC ? &smb->call : NULL;
}
