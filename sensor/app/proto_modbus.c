/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modbus/TCP: commands to controllers and meters, port 502.
 * Spec: Modbus Application Protocol V1.1b3, Modbus Messaging on TCP/IP V1.0b.
 * One transaction = a request and the response with its transaction identifier.
 * Limits: PDUs beyond the standard's 253 bytes are noted, beyond LENGTH_MOST refused; WRITES_MAX
 * values of a request are kept.
 */
#include "sensor/app/modbus_tx.h"

enum {
    HEADER_BYTES = 6, /* transaction, protocol, length */
    LENGTH_MIN = 2,   /* unit and function */
    LENGTH_MAX = 254,
    LENGTH_MOST = 2048, /* makers' own functions go beyond the standard */
    WRITES_MAX = 2000,
    COIL_ON = 0xff00,
    EXCEPTION_LAST = 11,
};

enum {
    NOTE_PROTOCOL,
    NOTE_UNSOLICITED,
    NOTE_LENGTH,
    NOTE_VALUE,
    NOTE_MISMATCH,
    NOTE_EXCEPTION,
    NOTE_FUNCTION,
    NOTE_FLOOD
};
enum { OPEN_MAX = 500 };
static const char *const modbus_notes[] = {
    "invalid_protocol_id",
    "unsolicited_response",
    "invalid_length",
    "invalid_value",
    "value_mismatch",
    "invalid_exception_code",
    "invalid_function_code",
    "flooded",
    NULL,
};

struct modbus_state {
    bool begun[2]; /* by direction */
    bool known;    /* to Suricata, too */
    uint8_t held;  /* a bit by note */
};

static void note(struct app *app, struct tx *tx, uint32_t which)
{
    struct modbus_state *state = app_state(app);

    if (!app_as_suricata(app) || state->known)
        app_note(app, tx, which);
    else
        state->held |= (uint8_t)(1u << which);
}

/* What a function touches. */
static void classify(struct modbus_message *m)
{
    static const struct {
        uint8_t function, access, table;
        bool multiple;
    } known[] = {
        {MODBUS_READ_COILS, MODBUS_READ, MODBUS_COILS, false},
        {MODBUS_READ_DISCRETES, MODBUS_READ, MODBUS_DISCRETES, false},
        {MODBUS_READ_HOLDING, MODBUS_READ, MODBUS_HOLDING, false},
        {MODBUS_READ_INPUT, MODBUS_READ, MODBUS_INPUT, false},
        {MODBUS_WRITE_COIL, MODBUS_WRITE, MODBUS_COILS, false},
        {MODBUS_WRITE_REGISTER, MODBUS_WRITE, MODBUS_HOLDING, false},
        {MODBUS_WRITE_COILS, MODBUS_WRITE, MODBUS_COILS, true},
        {MODBUS_WRITE_REGISTERS, MODBUS_WRITE, MODBUS_HOLDING, true},
        {MODBUS_MASK_WRITE, MODBUS_WRITE, MODBUS_HOLDING, false},
        {MODBUS_READ_WRITE, MODBUS_READ | MODBUS_WRITE, MODBUS_HOLDING, true},
        {MODBUS_READ_FIFO, MODBUS_READ, MODBUS_HOLDING, false},
    };
    for (uint32_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].function == m->function) {
            m->access = known[i].access;
            m->table = known[i].table;
            m->multiple = known[i].multiple;
        }
    }
}

/* ---- requests ----------------------------------------------------------------------------- */

static void add_write(struct app *app, struct tx *tx, uint32_t address, uint16_t value)
{
    struct modbus_tx *modbus = tx_data(tx);
    if (modbus->writes.n >= WRITES_MAX)
        return;
    struct modbus_write *write = app_append(app, tx, &modbus->writes, sizeof *write);
    if (write)
        *write = (struct modbus_write){(uint16_t)address, value};
}

static void single_write(struct app *app, struct tx *tx, struct modbus_message *m, struct cursor *c)
{
    m->write_address = cursor_be16(c);
    m->value = cursor_be16(c);
    m->has_value = m->has_write_range = cursor_ok(c);
    m->write_quantity = 1;
    if (m->function == MODBUS_WRITE_COIL && m->value != 0 && m->value != COIL_ON)
        m->bad_value = true;
    bool coil = m->function == MODBUS_WRITE_COIL;
    if (m->has_value && app)
        add_write(app, tx, m->write_address, coil ? m->value == COIL_ON : m->value);
}

/* Address, quantity, byte count, values. */
static void multiple_write(struct app *app, struct tx *tx, struct modbus_message *m,
                           struct cursor *c)
{
    bool coils = m->function == MODBUS_WRITE_COILS;
    m->write_address = cursor_be16(c);
    m->write_quantity = cursor_be16(c);
    m->has_write_range = cursor_ok(c);
    struct slice data = cursor_take(c, cursor_u8(c));
    uint32_t need = coils ? (m->write_quantity + 7U) / 8 : m->write_quantity * 2U;

    if (!cursor_ok(c))
        return;
    m->data = app_keep(app, tx, data);
    if (data.len != need || !m->write_quantity) {
        m->bad_value = true;
        return;
    }
    struct cursor values = cursor_of(data);
    for (uint32_t i = 0; i < m->write_quantity; i++) {
        uint16_t value = coils ? (uint16_t)(data.at[i / 8] >> (i % 8) & 1) : cursor_be16(&values);
        add_write(app, tx, m->write_address + i, value);
    }
}

static void read_range(struct modbus_message *m, struct cursor *c)
{
    uint32_t most = m->table == MODBUS_COILS || m->table == MODBUS_DISCRETES ? 2000 : 125;
    m->address = cursor_be16(c);
    m->quantity = cursor_be16(c);
    m->has_range = cursor_ok(c);
    if (m->quantity == 0 || m->quantity > most)
        m->bad_value = true;
}

static void mask_write(struct modbus_message *m, struct cursor *c)
{
    m->write_address = cursor_be16(c);
    m->and_mask = cursor_be16(c);
    m->or_mask = cursor_be16(c);
    m->write_quantity = 1;
    m->has_mask = m->has_write_range = cursor_ok(c);
}

static void sub_function(struct modbus_message *m, struct cursor *c)
{
    m->sub = m->function == MODBUS_DIAGNOSTIC ? cursor_be16(c) : cursor_u8(c);
    m->has_sub = cursor_ok(c);
}

static void read_request(struct app *app, struct tx *tx, struct modbus_message *m, struct cursor *c)
{
    switch (m->function) {
    case MODBUS_READ_COILS:
    case MODBUS_READ_DISCRETES:
    case MODBUS_READ_HOLDING:
    case MODBUS_READ_INPUT:
        read_range(m, c);
        break;
    case MODBUS_WRITE_COIL:
    case MODBUS_WRITE_REGISTER:
        single_write(app, tx, m, c);
        break;
    case MODBUS_WRITE_COILS:
    case MODBUS_WRITE_REGISTERS:
        multiple_write(app, tx, m, c);
        break;
    case MODBUS_MASK_WRITE:
        mask_write(m, c);
        break;
    case MODBUS_READ_WRITE:
        read_range(m, c);
        multiple_write(app, tx, m, c);
        break;
    case MODBUS_READ_FIFO:
        m->address = cursor_be16(c);
        m->quantity = 1;
        m->has_range = cursor_ok(c);
        break;
    case MODBUS_DIAGNOSTIC:
    case MODBUS_MEI:
        sub_function(m, c);
        break;
    default:
        break;
    }
}

/* ---- responses ---------------------------------------------------------------------------- */

static void read_exception(struct app *app, struct tx *tx, struct modbus_message *m,
                           struct cursor *c)
{
    m->exception = cursor_u8(c);
    m->has_exception = cursor_ok(c);
    if (m->has_exception && (m->exception == 0 || m->exception > EXCEPTION_LAST))
        note(app, tx, NOTE_EXCEPTION);
}

/* What was written is repeated: a value, a mask or a range. */
static void read_echo(struct modbus_message *m, struct cursor *c)
{
    if (m->function == MODBUS_MASK_WRITE) {
        mask_write(m, c);
        return;
    }
    if (!m->multiple) {
        single_write(NULL, NULL, m, c);
        return;
    }
    m->write_address = cursor_be16(c);
    m->write_quantity = cursor_be16(c);
    m->has_write_range = cursor_ok(c);
}

static void read_response(struct app *app, struct tx *tx, struct modbus_message *m,
                          struct cursor *c)
{
    if (m->function & MODBUS_ERROR)
        read_exception(app, tx, m, c);
    else if (m->function == MODBUS_READ_FIFO)
        m->data = app_keep(app, tx, cursor_take(c, cursor_be16(c)));
    else if (m->access & MODBUS_READ)
        m->data = app_keep(app, tx, cursor_take(c, cursor_u8(c)));
    else if (m->access)
        read_echo(m, c);
    else if (m->function == MODBUS_DIAGNOSTIC || m->function == MODBUS_MEI)
        sub_function(m, c);
}

/* To Suricata the bytes of registers are as many as the registers, which never holds. */
static bool matches_there(const struct app *app, const struct modbus_tx *modbus)
{
    const struct modbus_message *q = &modbus->request, *r = &modbus->response;

    return !app_as_suricata(app) || !q->seen || r->has_exception || !q->has_range ||
           q->function == MODBUS_READ_FIFO || q->function == MODBUS_READ_WRITE ||
           q->table == MODBUS_COILS || q->table == MODBUS_DISCRETES;
}

/* A response has to say what the request asked for. */
static bool matches(const struct modbus_tx *modbus)
{
    const struct modbus_message *q = &modbus->request, *r = &modbus->response;

    if (!q->seen || r->has_exception)
        return true;
    if ((r->function & 0x7f) != q->function)
        return false;
    if (r->has_write_range && (r->write_address != q->write_address ||
                               (!r->has_mask && r->write_quantity != q->write_quantity)))
        return false;
    if (!q->has_range || q->function == MODBUS_READ_FIFO)
        return true;
    bool bits = q->table == MODBUS_COILS || q->table == MODBUS_DISCRETES;
    return r->data.len == (bits ? (q->quantity + 7U) / 8 : q->quantity * 2U);
}

static void note_mismatch(struct app *app, struct tx *tx)
{
    const struct modbus_tx *modbus = tx_data(tx);

    if (!matches(modbus) || !matches_there(app, modbus))
        note(app, tx, NOTE_MISMATCH);
}

/* ---- messages ----------------------------------------------------------------------------- */

/* Its requests have a length of their own. */
static bool sized(const struct modbus_message *m)
{
    return m->access || m->function == MODBUS_READ_EXCEPTION ||
           m->function == MODBUS_EVENT_COUNTER || m->function == MODBUS_EVENT_LOG ||
           m->function == MODBUS_REPORT_SERVER;
}

static struct tx *exchange(struct app *app, enum dir dir, uint16_t id)
{
    struct tx *tx = app_tx_find(app, id);

    if (dir == TO_CLIENT) {
        if (!tx && (tx = app_tx_new(app, id))) {
            note(app, tx, NOTE_UNSOLICITED);
            app_progress(app, tx, TO_SERVER, TX_DONE);
        }
        return tx;
    }
    if (tx) /* the identifier is used again: no answer will come */
        app_progress(app, tx, TO_CLIENT, TX_DONE);
    return app_tx_new(app, id);
}

static void note_faults(struct app *app, struct tx *tx, const struct modbus_message *m)
{
    if (m->bad_length)
        note(app, tx, NOTE_LENGTH);
    if (m->bad_value)
        note(app, tx, NOTE_VALUE);
    if (m->function == 0 || (m->function > 0x7f && !m->has_exception))
        note(app, tx, NOTE_FUNCTION);
}

/* Suricata takes a connection for Modbus when one side begins with a function that it knows. */
static bool begins_there(const struct modbus_message *m, uint16_t length)
{
    uint8_t function = m->function & (m->has_exception ? 0x7f : 0xff);
    bool known =
        (function >= MODBUS_READ_COILS && function <= MODBUS_READ_FIFO) || function == MODBUS_MEI;

    return known && length <= LENGTH_MAX &&
           (!m->has_exception || (m->exception && m->exception <= EXCEPTION_LAST));
}

/* What was held back is told when the connection is one. */
static void judge_there(struct app *app, struct tx *tx, enum dir dir,
                        const struct modbus_message *m, uint16_t length)
{
    struct modbus_state *state = app_state(app);

    if (!state->begun[dir])
        state->known |= begins_there(m, length);
    state->begun[dir] = true;
    for (; state->known && state->held; state->held &= (uint8_t)(state->held - 1))
        app_note(app, tx, (uint32_t)__builtin_ctz(state->held));
}

/* `body` is read as far as the function needs it. */
static void weigh_length(const struct app *app, enum dir dir, struct modbus_message *m,
                         uint16_t length, const struct cursor *body)
{
    m->bad_length = !cursor_ok(body) || length > LENGTH_MAX;
    if (dir == TO_SERVER && app_as_suricata(app) && cursor_left(body))
        m->bad_length |= sized(m);
}

static struct parsed modbus_parse(struct app *app, enum dir dir, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint16_t id = cursor_be16(&c);
    uint16_t protocol = cursor_be16(&c);
    uint16_t length = cursor_be16(&c);

    if (!cursor_ok(&c))
        return parse_more(HEADER_BYTES);
    if (protocol != 0 || length < LENGTH_MIN || length > LENGTH_MOST) {
        note(app, NULL, protocol ? NOTE_PROTOCOL : NOTE_LENGTH);
        return parse_bad();
    }
    struct cursor body = cursor_of(cursor_take(&c, length));
    if (!cursor_ok(&c))
        return parse_more(HEADER_BYTES + (uint32_t)length);

    struct tx *tx = exchange(app, dir, id);
    if (!tx)
        return parse_full();
    struct modbus_tx *modbus = tx_data(tx);
    struct modbus_message *m = dir == TO_SERVER ? &modbus->request : &modbus->response;
    *m = (struct modbus_message){.seen = true, .transaction = id, .protocol = protocol};
    m->unit = cursor_u8(&body);
    m->function = cursor_u8(&body);
    classify(m);
    if (dir == TO_SERVER)
        read_request(app, tx, m, &body);
    else
        read_response(app, tx, m, &body);
    weigh_length(app, dir, m, length, &body);
    if (!m->access && !m->has_exception)
        m->data = app_keep(app, tx, cursor_rest(&body));
    judge_there(app, tx, dir, m, length);
    note_faults(app, tx, m);
    if (dir == TO_CLIENT)
        note_mismatch(app, tx);
    app_progress(app, tx, dir, TX_DONE);
    return parse_done(HEADER_BYTES + (uint32_t)length);
}

/* ---- recognising -------------------------------------------------------------------------- */

/* The length the function must have; 0 = any. `count`: the byte a count would be in. */
static uint32_t exact_length(enum dir dir, uint8_t function, struct cursor *pdu)
{
    if (function & MODBUS_ERROR)
        return dir == TO_CLIENT ? 3 : 1;
    if (function == MODBUS_WRITE_COIL || function == MODBUS_WRITE_REGISTER)
        return 6;
    if (function == MODBUS_WRITE_COILS || function == MODBUS_WRITE_REGISTERS) {
        cursor_skip(pdu, 4);
        return dir == TO_CLIENT ? 6 : 7 + (uint32_t)cursor_u8(pdu);
    }
    if (function >= MODBUS_READ_COILS && function <= MODBUS_READ_INPUT)
        return dir == TO_SERVER ? 6 : 3 + (uint32_t)cursor_u8(pdu);
    return 0;
}

static enum probe modbus_probe(struct slice head, enum dir dir)
{
    struct cursor c = cursor_of(head);
    cursor_skip(&c, 2);
    uint16_t protocol = cursor_be16(&c);
    uint16_t length = cursor_be16(&c);

    if ((head.len >= 3 && head.at[2] != 0) || (head.len >= 4 && protocol != 0))
        return PROBE_NO;
    if (!cursor_ok(&c))
        return PROBE_MORE;
    if (length < LENGTH_MIN || length > LENGTH_MOST)
        return PROBE_NO;
    struct cursor pdu = cursor_of(cursor_take(&c, length));
    if (!cursor_ok(&c))
        return PROBE_MORE;
    cursor_skip(&pdu, 1); /* unit */
    uint8_t function = cursor_u8(&pdu);
    uint32_t exact = exact_length(dir, function, &pdu);
    if (length > LENGTH_MAX || (exact && exact != length))
        return PROBE_LIKELY;
    return exact && !(function & MODBUS_ERROR) && cursor_ok(&pdu) ? PROBE_YES : PROBE_LIKELY;
}

const struct proto_def proto_modbus = {
    .name = "modbus",
    .spec = "Modbus Application Protocol V1.1b3",
    .doc = "Commands to controllers and meters",
    .l4 = L4_TCP,
    .ports = {502},
    .breadth = "Modbus",
    .tx_size = sizeof(struct modbus_tx),
    .state_size = sizeof(struct modbus_state),
    .resyncs = true,
    .probe = modbus_probe,
    .parse = modbus_parse,
    .write_event = modbus_event_write,
    .fields = modbus_fields,
    .notes = modbus_notes,
};
