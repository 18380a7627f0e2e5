/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an RDP client says of itself: core data and the channels it wants.
 * Spec: MS-RDPBCGR 2.2.1.3.2 (core), 2.2.1.3.4 (network).
 * Everything behind the IME's name is optional, in order; the first value that the specification
 * does not know ends the reading.
 */
#include "sensor/app/rdp_tx.h"

enum {
    CORE = 0xc001,
    NETWORK = 0xc003,
    BLOCK_HEADER = 4,
    NAME_BYTES = 32,
    LONG_BYTES = 64,
    CHANNEL_NAME = 8,
    CHANNELS_MAX = 31,
    CAPABILITIES = 0x07ff,
    SIDE_LEAST = 10, /* millimetres */
    SIDE_MOST = 10000,
    SCALE_LEAST = 100, /* per cent */
    SCALE_MOST = 500,
    TEXT_MAX = 3 * LONG_BYTES / 2,
};

/* UTF-16, little-endian, up to a zero. */
static struct slice text_of(struct app *app, struct tx *tx, struct slice units)
{
    uint8_t text[TEXT_MAX];
    uint32_t n = 0;
    struct cursor c = cursor_of(units);

    while (cursor_left(&c) >= 2 && n + 3 <= TEXT_MAX) {
        uint16_t unit = cursor_le16(&c);
        if (!unit)
            break;
        if (unit < 0x80) {
            text[n++] = (uint8_t)unit;
        } else if (unit < 0x800) {
            text[n++] = (uint8_t)(0xc0 | unit >> 6);
            text[n++] = (uint8_t)(0x80 | (unit & 0x3f));
        } else {
            text[n++] = (uint8_t)(0xe0 | unit >> 12);
            text[n++] = (uint8_t)(0x80 | (unit >> 6 & 0x3f));
            text[n++] = (uint8_t)(0x80 | (unit & 0x3f));
        }
    }
    return app_keep(app, tx, (struct slice){text, n});
}

static bool known_depth(uint16_t depth)
{
    return depth == 0 || depth == 4 || depth == 8 || depth == 15 || depth == 16 || depth == 24;
}

static bool is_side(uint32_t millimetres)
{
    return millimetres >= SIDE_LEAST && millimetres <= SIDE_MOST;
}

/* How the screen stands and how large things are on it; each needs the one before. */
static void read_view(struct cursor *c, struct rdp_client *client)
{
    uint16_t orientation = cursor_le16(c);
    if (!cursor_ok(c) || orientation > 270 || orientation % 90)
        return;
    client->orientation = orientation;
    client->has |= RDP_HAS_ORIENTATION;
    uint32_t scale = cursor_le32(c);
    if (scale < SCALE_LEAST || scale > SCALE_MOST)
        return;
    client->scale = scale;
    uint32_t device = cursor_le32(c);
    if (device == 100 || device == 140 || device == 180)
        client->device_scale = device;
}

static void read_screen(struct cursor *c, struct rdp_client *client)
{
    uint32_t width = cursor_le32(c);
    if (!is_side(width))
        return;
    client->physical_width = width;
    uint32_t height = cursor_le32(c);
    if (!is_side(height))
        return;
    client->physical_height = height;
    read_view(c, client);
}

static void read_optional(struct app *app, struct tx *tx, struct cursor *c,
                          struct rdp_client *client)
{
    uint16_t beta = cursor_le16(c);
    client->beta_color = cursor_ok(c) ? beta : 0;
    client->product = cursor_le16(c);
    client->has |= cursor_ok(c) ? RDP_HAS_PRODUCT : 0;
    client->serial = cursor_le32(c);
    client->has |= cursor_ok(c) ? RDP_HAS_SERIAL : 0;
    uint16_t high = cursor_le16(c);
    if (!cursor_ok(c) || !known_depth(high))
        return;
    client->high_color = high;
    cursor_skip(c, 2); /* supported depths */
    uint16_t capabilities = cursor_le16(c);
    if (!cursor_ok(c) || capabilities & ~CAPABILITIES)
        return;
    client->capabilities = capabilities;
    client->has |= RDP_HAS_CAPABILITIES;
    struct slice id = cursor_take(c, LONG_BYTES);
    if (!cursor_ok(c))
        return;
    client->id = text_of(app, tx, id);
    client->connection = cursor_u8(c);
    cursor_skip(c, 5); /* padding, the protocol chosen before */
    read_screen(c, client);
}

static void read_core(struct app *app, struct tx *tx, struct slice body)
{
    struct rdp_tx *rdp = tx_data(tx);
    struct rdp_client *client = &rdp->client;
    struct cursor c = cursor_of(body);

    client->version = cursor_le32(&c);
    client->width = cursor_le16(&c);
    client->height = cursor_le16(&c);
    client->color = cursor_le16(&c);
    cursor_skip(&c, 2); /* secure access sequence */
    client->layout = cursor_le32(&c);
    client->build = cursor_le32(&c);
    struct slice name = cursor_take(&c, NAME_BYTES);
    client->keyboard = cursor_le32(&c);
    cursor_skip(&c, 4); /* subtype */
    client->function_keys = cursor_le32(&c);
    struct slice ime = cursor_take(&c, LONG_BYTES);
    client->name = text_of(app, tx, name);
    client->ime = text_of(app, tx, ime);
    if (cursor_ok(&c))
        read_optional(app, tx, &c, client);
}

static void read_channels(struct app *app, struct tx *tx, struct slice body)
{
    struct rdp_tx *rdp = tx_data(tx);
    struct cursor c = cursor_of(body);
    uint32_t n = cursor_le32(&c);

    for (uint32_t i = 0; i < n && i < CHANNELS_MAX; i++) {
        struct slice name = cursor_take(&c, CHANNEL_NAME);
        cursor_skip(&c, 4); /* options */
        struct rdp_text *item =
            cursor_ok(&c) ? app_append(app, tx, &rdp->channels, sizeof *item) : NULL;
        if (!item)
            return;
        int64_t end = slice_find_byte(name, 0);
        item->text = app_keep(app, tx, end < 0 ? name : slice_head(name, (uint32_t)end));
    }
}

void rdp_client_read(struct app *app, struct tx *tx, struct slice blocks)
{
    struct cursor c = cursor_of(blocks);

    while (cursor_left(&c) >= BLOCK_HEADER) {
        uint16_t type = cursor_le16(&c);
        uint16_t length = cursor_le16(&c);
        if (length < BLOCK_HEADER)
            return;
        struct slice body = cursor_take(&c, length - BLOCK_HEADER);
        if (!cursor_ok(&c))
            return;
        if (type == CORE)
            read_core(app, tx, body);
        else if (type == NETWORK)
            read_channels(app, tx, body);
    }
}
