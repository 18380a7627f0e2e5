/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EtherNet/IP with CIP: controllers, drives and I/O of Rockwell and others, port 44818.
 * Spec: ODVA, CIP Networks Library Volume 2, chapter 2 (encapsulation); enip_cip.c.
 * One transaction = one encapsulated message. Limits: ITEMS_MAX items of a message.
 */
#include "sensor/app/enip_tx.h"

enum {
    HEADER_BYTES = 24,
    ITEMS_MAX = 16,
    LIST_IDENTITY = 0x63,
    SEND_RR_DATA = 0x6f,
    SEND_UNIT_DATA = 0x70,
    ITEM_IDENTITY = 0x0c,
    ITEM_CONNECTED = 0xb1,
    ITEM_UNCONNECTED = 0xb2,
    LENGTH_MAX = 65511,
    SOCKET_BYTES = 16,
};

enum { NOTE_MALFORMED };
static const char *const enip_notes[] = {"malformed_data", NULL};

static bool is_command(uint16_t command)
{
    static const uint16_t known[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x63,
                                     0x64, 0x65, 0x66, 0x6f, 0x70, 0x72, 0x73};
    for (uint32_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i] == command)
            return true;
    return false;
}

static void read_identity(struct app *app, struct tx *tx, struct slice item)
{
    struct enip_identity *id = &((struct enip_tx *)tx_data(tx))->identity;
    struct cursor c = cursor_of(item);

    id->protocol = enip_tx_u16(&c);
    cursor_skip(&c, SOCKET_BYTES);
    id->vendor = enip_tx_u16(&c);
    id->type = enip_tx_u16(&c);
    id->product = enip_tx_u16(&c);
    id->major = cursor_u8(&c);
    id->minor = cursor_u8(&c);
    id->status = enip_tx_u16(&c);
    id->serial = enip_tx_u32(&c);
    id->name = app_keep(app, tx, cursor_take(&c, cursor_u8(&c)));
    id->state = cursor_u8(&c);
    id->seen = cursor_ok(&c);
    if (!id->seen)
        app_note(app, tx, NOTE_MALFORMED);
}

static void read_item(struct app *app, struct tx *tx, uint16_t type, struct slice item)
{
    bool good = true;

    if (type == ITEM_IDENTITY)
        read_identity(app, tx, item);
    else if (type == ITEM_UNCONNECTED)
        good = !item.len || enip_cip_read(app, tx, item);
    else if (type == ITEM_CONNECTED && item.len > 2) /* a sequence number comes first */
        good = enip_cip_read(app, tx, slice_from(item, 2));
    if (!good)
        app_note(app, tx, NOTE_MALFORMED);
}

static void read_items(struct app *app, struct tx *tx, struct cursor *c)
{
    uint32_t n = enip_tx_u16(c);

    for (uint32_t i = 0; i < n && i < ITEMS_MAX; i++) {
        uint16_t type = enip_tx_u16(c);
        struct slice item = cursor_take(c, enip_tx_u16(c));
        if (!cursor_ok(c)) {
            app_note(app, tx, NOTE_MALFORMED);
            return;
        }
        read_item(app, tx, type, item);
    }
}

static struct parsed enip_parse(struct app *app, enum dir dir, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint16_t command = enip_tx_u16(&c), length = enip_tx_u16(&c);
    uint32_t session = enip_tx_u32(&c), status = enip_tx_u32(&c);

    cursor_skip(&c, 12); /* sender's context, options */
    if (!cursor_ok(&c))
        return parse_more(HEADER_BYTES);
    if (length > LENGTH_MAX || !is_command(command))
        return parse_bad();
    struct cursor body = cursor_of(cursor_take(&c, length));
    if (!cursor_ok(&c))
        return parse_more(HEADER_BYTES + (uint32_t)length);
    struct tx *tx = app_tx_new(app, 0);
    if (!tx)
        return parse_full();
    struct enip_tx *enip = tx_data(tx);
    enip->command = command;
    enip->status = status;
    enip->session = session;
    if (command == SEND_RR_DATA || command == SEND_UNIT_DATA) {
        cursor_skip(&body, 6); /* interface handle, timeout */
        read_items(app, tx, &body);
    } else if (command == LIST_IDENTITY && length) {
        read_items(app, tx, &body);
    }
    app_progress(app, tx, dir, TX_DONE);
    return parse_done(HEADER_BYTES + (uint32_t)length);
}

static enum probe enip_probe(struct slice head, enum dir dir)
{
    struct cursor c = cursor_of(head);
    uint16_t command = enip_tx_u16(&c), length = enip_tx_u16(&c);

    (void)dir;
    if (head.len >= 2 && !is_command(command))
        return PROBE_NO;
    cursor_skip(&c, 4);
    uint32_t status = enip_tx_u32(&c);
    cursor_skip(&c, 8);
    uint32_t options = enip_tx_u32(&c);
    if (!cursor_ok(&c))
        return PROBE_MORE;
    if (options || status > 0x69 || length > LENGTH_MAX)
        return PROBE_NO;
    bool registers = command == 0x65 && length == 4;
    return registers || (command == LIST_IDENTITY && !length) ? PROBE_YES : PROBE_LIKELY;
}

const struct proto_def proto_enip = {
    .name = "enip",
    .spec = "CIP Networks Library, Volumes 1 and 2",
    .doc = "Commands to controllers and drives (EtherNet/IP, CIP)",
    .l4 = L4_TCP | L4_UDP,
    .ports = {44818, 2222},
    .breadth = "EthernetIP",
    .tx_size = sizeof(struct enip_tx),
    .one_sided = true,
    .resyncs = true,
    .probe = enip_probe,
    .parse = enip_parse,
    .fields = enip_fields,
    .notes = enip_notes,
};
