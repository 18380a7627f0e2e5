/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TFTP over UDP: requests. The transfer itself goes on between other ports (RFC 1350, 4).
 * Spec: RFC 1350; options of RFC 2347 are passed over.
 * One transaction = a read or write request.
 */
#include "sensor/app/proto.h"

enum { READ = 1, WRITE = 2, DATA = 3, ERROR = 5, NAME_MAX_BYTES = 512 };

struct tftp_tx {
    uint8_t packet;
    struct slice file, mode;
};

static const struct label packets[] = {{READ, "read"}, {WRITE, "write"}, {0, NULL}};

static const struct field tftp_fields[] = {
    {.name = "tftp.packet",
     .eve = "packet",
     .uses = IN_RULES | IN_EVE | IN_BASELINE,
     .type = FIELD_U8,
     .offset = offsetof(struct tftp_tx, packet),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .labels = packets,
     .doc = "Kind of the request"},
    {.name = "tftp.file",
     .eve = "file",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tftp_tx, file),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "Name of the file"},
    {.name = "tftp.mode",
     .eve = "mode",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tftp_tx, mode),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "netascii, octet or mail"},
    FIELD_END,
};

static struct slice take_text(struct cursor *c)
{
    struct cursor ahead = *c;
    int64_t end = slice_find_byte(cursor_rest(&ahead), 0);
    struct slice text = cursor_take(c, end < 0 ? UINT32_MAX : (uint32_t)end);
    cursor_skip(c, 1);
    return text;
}

static bool is_mode(struct slice mode)
{
    return slice_ieq(mode, SLICE_LIT("octet")) || slice_ieq(mode, SLICE_LIT("netascii")) ||
           slice_ieq(mode, SLICE_LIT("mail"));
}

static bool read_request(struct slice in, struct tftp_tx *request)
{
    struct cursor c = cursor_of(in);
    uint16_t packet = cursor_be16(&c);

    if (packet != READ && packet != WRITE)
        return false;
    request->file = take_text(&c);
    request->mode = take_text(&c);
    request->packet = (uint8_t)packet;
    return cursor_ok(&c) && request->file.len && request->file.len <= NAME_MAX_BYTES &&
           is_mode(request->mode);
}

static struct parsed tftp_parse(struct app *app, enum dir dir, struct slice in)
{
    struct tftp_tx request;
    struct cursor c = cursor_of(in);
    uint16_t packet = cursor_be16(&c);

    if (packet >= DATA && packet <= ERROR)
        return parse_done(in.len ? in.len : 1);
    if (!read_request(in, &request))
        return parse_bad();
    struct tx *tx = app_tx_new(app, 0);
    if (!tx)
        return parse_full();
    struct tftp_tx *tftp = tx_data(tx);
    tftp->packet = request.packet;
    tftp->file = app_keep(app, tx, request.file);
    tftp->mode = app_keep(app, tx, request.mode);
    app_progress(app, tx, dir, TX_DONE);
    return parse_done(in.len);
}

static enum probe tftp_probe(struct slice head, enum dir dir)
{
    struct tftp_tx request;
    return dir == TO_SERVER && read_request(head, &request) ? PROBE_YES : PROBE_NO;
}

const struct proto_def proto_tftp = {
    .name = "tftp",
    .spec = "RFC 1350",
    .doc = "Trivial file transfer: requests",
    .l4 = L4_UDP,
    .ports = {69},
    .breadth = "TFTP",
    .tx_size = sizeof(struct tftp_tx),
    .one_sided = true,
    .probe = tftp_probe,
    .parse = tftp_parse,
    .fields = tftp_fields,
};
