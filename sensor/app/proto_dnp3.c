/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNP3: telemetry and control of substations, waterworks and pumps, port 20000.
 * Spec: IEEE 1815-2012: link layer (clause 9), transport function (8), application layer (4, 11).
 * One transaction = one application message, a request or a response.
 * Limits: MESSAGE_MAX bytes of a message.
 */
#include "sensor/app/dnp3_tx.h"

enum {
    HEADER_BYTES = 10,
    LENGTH_MIN = 5, /* control and addresses */
    BLOCK_BYTES = 16,
    USER_MAX = 250,
    CRC_BYTES = 2,
    MESSAGE_MAX = 64 * 249, /* segments that numbers can tell apart */
    UNANSWERED_MAX = 500,
    LINK_USER_DATA = 3, /* function codes of primary frames: confirmed, */
    LINK_UNCONFIRMED = 4,
    LINK_PRIMARY = 0x40,
    TRANSPORT_FIN = 0x80,
    TRANSPORT_FIR = 0x40,
};

static const char *const dnp3_notes[] = {
    [DNP3_FLOODED] = "flooded",
    [DNP3_TOO_SMALL] = "len_too_small",
    [DNP3_LINK_CRC] = "bad_link_crc",
    [DNP3_TRANSPORT_CRC] = "bad_transport_crc",
    [DNP3_MALFORMED] = "malformed",
    [DNP3_UNKNOWN_OBJECT] = "unknown_object",
    [DNP3_MANY_POINTS] = "too_many_points",
    [DNP3_MANY_OBJECTS] = "too_many_objects",
    [DNP3_LONG] = "too_long_reassembly",
    NULL,
};

struct dnp3_state {
    bool open[2];        /* a message is being put together */
    uint8_t sequence[2]; /* of its last segment */
    uint64_t number[2];  /* of messages: key of the transaction */
    uint32_t unanswered; /* requests */
};

struct link {
    uint8_t length, control;
    uint16_t source, destination;
};

/* ---- link layer --------------------------------------------------------------------------- */

/* IEEE 1815, 9.2.4.3: the polynomial is 0x3d65, low bits first; four bits in one step. */
static bool crc_good(struct slice bytes, struct slice crc)
{
    static const uint16_t steps[16] = {0x0000, 0xb26b, 0x29af, 0x9bc4, 0x535e, 0xe135,
                                       0x7af1, 0xc89a, 0xa6bc, 0x14d7, 0x8f13, 0x3d78,
                                       0xf5e2, 0x4789, 0xdc4d, 0x6e26};
    uint32_t sum = 0;

    for (uint32_t i = 0; i < bytes.len; i++) {
        sum ^= bytes.at[i];
        sum = sum >> 4 ^ steps[sum & 15];
        sum = sum >> 4 ^ steps[sum & 15];
    }
    sum ^= 0xffff;
    return crc.len == CRC_BYTES && crc.at[0] == (sum & 0xff) && crc.at[1] == sum >> 8;
}

static uint16_t little16(struct cursor *c)
{
    uint8_t low = cursor_u8(c);
    return (uint16_t)(low | cursor_u8(c) << 8);
}

static bool read_link(struct slice in, struct link *link)
{
    struct cursor c = cursor_of(in);
    bool start = cursor_be16(&c) == 0x0564;

    link->length = cursor_u8(&c);
    link->control = cursor_u8(&c);
    link->destination = little16(&c);
    link->source = little16(&c);
    cursor_skip(&c, CRC_BYTES);
    return cursor_ok(&c) && start;
}

/* Of the whole frame. */
static uint32_t frame_length(const struct link *link)
{
    uint32_t user = link->length >= LENGTH_MIN ? link->length - (uint32_t)LENGTH_MIN : 0;
    return HEADER_BYTES + user + (user + BLOCK_BYTES - 1) / BLOCK_BYTES * CRC_BYTES;
}

/* Copies the blocks without their checksums; 0 when one does not fit. */
static uint32_t join_blocks(struct slice blocks, uint8_t out[USER_MAX])
{
    struct cursor c = cursor_of(blocks);
    uint32_t n = 0;

    while (cursor_left(&c) > CRC_BYTES) {
        uint32_t left = cursor_left(&c) - CRC_BYTES;
        struct slice block = cursor_take(&c, left < BLOCK_BYTES ? left : BLOCK_BYTES);
        if (!crc_good(block, cursor_take(&c, CRC_BYTES)) || n + block.len > USER_MAX)
            return 0;
        memcpy(&out[n], block.at, block.len);
        n += block.len;
    }
    return n;
}

/* ---- application layer -------------------------------------------------------------------- */

/* Functions whose objects carry values; the others only name objects. */
static bool has_points(uint8_t function)
{
    return (function >= 2 && function <= 6) || (function >= 25 && function <= 33) ||
           function >= DNP3_RESPONSE;
}

static void count_unanswered(struct app *app, struct tx *tx)
{
    struct dnp3_state *state = app_state(app);
    const struct dnp3_tx *dnp3 = tx_data(tx);

    if (dnp3->is_response)
        state->unanswered = 0;
    else if (++state->unanswered > UNANSWERED_MAX)
        app_note(app, tx, DNP3_FLOODED);
}

static void take_message(struct app *app, struct tx *tx, enum dir dir)
{
    struct dnp3_tx *dnp3 = tx_data(tx);
    struct cursor c = cursor_of(dnp3->message);
    uint32_t note = DNP3_MALFORMED;

    dnp3->control = cursor_u8(&c);
    dnp3->function = cursor_u8(&c);
    dnp3->is_response = dnp3->function >= DNP3_RESPONSE;
    if (dnp3->is_response)
        dnp3->indications = cursor_be16(&c);
    if (!cursor_ok(&c))
        app_note(app, tx, DNP3_TOO_SMALL);
    else if (dnp3_object_read(app, tx, &c, has_points(dnp3->function), &note))
        dnp3->is_complete = true;
    else
        app_note(app, tx, note);
    count_unanswered(app, tx);
    app_progress(app, tx, dir, TX_DONE);
}

/* A message that only says that another one arrived is no transaction. */
static bool is_confirmation(struct slice segment)
{
    struct cursor c = cursor_of(segment);
    bool single =
        (cursor_u8(&c) & (TRANSPORT_FIR | TRANSPORT_FIN)) == (TRANSPORT_FIR | TRANSPORT_FIN);

    cursor_skip(&c, 1);
    return single && cursor_u8(&c) == 0 && cursor_ok(&c);
}

/* One segment of the transport function; a message of one segment is the rule. */
static struct tx *take_segment(struct app *app, enum dir dir, const struct link *link,
                               struct slice segment)
{
    struct dnp3_state *state = app_state(app);
    uint8_t transport = segment.at[0];
    uint64_t key = state->number[dir] * 2 + dir;
    struct tx *tx = state->open[dir] ? app_tx_find(app, key) : NULL;

    if (is_confirmation(segment))
        return tx;
    if (transport & TRANSPORT_FIR) {
        if (tx)
            app_progress(app, tx, dir, TX_DONE);
        tx = app_tx_new(app, ++state->number[dir] * 2 + dir);
    } else if (!tx || transport % 64 != (state->sequence[dir] + 1) % 64) {
        return tx;
    }
    if (!tx)
        return NULL;
    struct dnp3_tx *dnp3 = tx_data(tx);
    if (!dnp3->message.len) {
        dnp3->link_control = link->control;
        dnp3->source = link->source;
        dnp3->destination = link->destination;
    }
    state->sequence[dir] = transport % 64;
    state->open[dir] = !(transport & TRANSPORT_FIN);
    if (dnp3->message.len + segment.len - 1 > MESSAGE_MAX) {
        app_note(app, tx, DNP3_LONG);
        app_progress(app, tx, dir, TX_DONE);
        state->open[dir] = false;
        return tx;
    }
    app_grow(app, tx, &dnp3->message, slice_from(segment, 1), MESSAGE_MAX);
    if (!state->open[dir])
        take_message(app, tx, dir);
    return tx;
}

static void take_fault(struct app *app, enum dnp3_note note)
{
    struct tx *tx = app_tx_last(app);

    if (tx || !app_as_suricata(app)) /* it has no place for faults outside a message */
        app_note(app, tx, note);
}

static struct parsed dnp3_parse(struct app *app, enum dir dir, struct slice in)
{
    struct link link;
    uint8_t user[USER_MAX];

    if (in.len < HEADER_BYTES)
        return parse_more(HEADER_BYTES);
    if (!read_link(in, &link))
        return parse_bad();
    uint32_t length = frame_length(&link);
    if (in.len < length)
        return parse_more(length);
    struct slice head = slice_head(in, HEADER_BYTES - CRC_BYTES);
    if (!crc_good(head, slice_head(slice_from(in, head.len), CRC_BYTES))) {
        take_fault(app, DNP3_LINK_CRC);
        return parse_done(length);
    }
    uint8_t function = link.control & 15;
    bool data = (link.control & LINK_PRIMARY) &&
                (function == LINK_USER_DATA || function == LINK_UNCONFIRMED);
    if (link.length < LENGTH_MIN || (data && link.length < LENGTH_MIN + 2)) {
        take_fault(app, DNP3_TOO_SMALL);
    } else if (data) {
        uint32_t n = join_blocks(slice_from(slice_head(in, length), HEADER_BYTES), user);
        if (!n)
            take_fault(app, DNP3_TRANSPORT_CRC);
        else if (!take_segment(app, dir, &link, (struct slice){user, n}) &&
                 (user[0] & TRANSPORT_FIR) && !is_confirmation((struct slice){user, n}))
            return parse_full();
    }
    return parse_done(length);
}

static enum probe dnp3_probe(struct slice head, enum dir dir)
{
    struct link link;

    (void)dir;
    if (head.at[0] != 0x05 || (head.len > 1 && head.at[1] != 0x64))
        return PROBE_NO;
    if (head.len < HEADER_BYTES)
        return PROBE_MORE;
    struct slice bytes = slice_head(head, HEADER_BYTES - CRC_BYTES);
    bool good = crc_good(bytes, slice_head(slice_from(head, bytes.len), CRC_BYTES));
    return read_link(head, &link) && link.length >= LENGTH_MIN ? good ? PROBE_YES : PROBE_LIKELY
                                                               : PROBE_NO;
}

const struct proto_def proto_dnp3 = {
    .name = "dnp3",
    .spec = "IEEE 1815-2012",
    .doc = "Telemetry and control of substations and waterworks",
    .l4 = L4_TCP | L4_UDP,
    .ports = {20000, 19999},
    .breadth = "DNP3",
    .tx_size = sizeof(struct dnp3_tx),
    .state_size = sizeof(struct dnp3_state),
    .one_sided = true,
    .resyncs = true,
    .probe = dnp3_probe,
    .parse = dnp3_parse,
    .write_event = dnp3_fields_event,
    .fields = dnp3_fields,
    .notes = dnp3_notes,
};
