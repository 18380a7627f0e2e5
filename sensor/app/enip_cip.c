/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CIP messages in EtherNet/IP (ODVA, CIP Networks Library Volume 1, chapter 2 and appendix C):
 * service, path to class, instance and attribute, status; multiple service packets.
 * Limits: SERVICES_MAX services of a message, packets within packets DEPTH_MAX deep.
 */
#include "sensor/app/enip_tx.h"

enum {
    SERVICES_MAX = 64,
    DEPTH_MAX = 2,
    RESPONSE = 0x80,
    GET_LIST = 3,
    MULTIPLE = 10,
};

/* A segment of a path: what it names, in 8, 16 or 32 bits. */
static void read_segment(struct cursor *path, struct enip_cip *cip)
{
    uint8_t type = cursor_u8(path), width = type & 3;

    if ((type & 0xe0) != 0x20) { /* not a logical segment: a port, symbol or key ends the path */
        cursor_skip(path, cursor_left(path));
        return;
    }
    if (width)
        cursor_skip(path, 1);
    uint32_t value = width == 0   ? cursor_u8(path)
                     : width == 1 ? enip_tx_u16(path)
                                  : enip_tx_u32(path);
    if (!cursor_ok(path))
        return;
    switch (type & 0x1c) {
    case 0x00:
        cip->class = value;
        cip->has_class = true;
        break;
    case 0x04:
        cip->instance = value;
        cip->has_instance = true;
        break;
    case 0x10:
        cip->attribute = value;
        cip->has_attribute = true;
        break;
    default:
        break;
    }
}

static struct enip_cip *add(struct app *app, struct tx *tx, const struct enip_cip *cip)
{
    struct enip_tx *enip = tx_data(tx);
    struct enip_cip *kept =
        enip->cips.n < SERVICES_MAX ? app_append(app, tx, &enip->cips, sizeof *kept) : NULL;
    if (kept)
        *kept = *cip;
    return kept;
}

/* A list of attributes counts as one service for each. */
static void add_attributes(struct app *app, struct tx *tx, struct enip_cip *cip, struct cursor c)
{
    uint32_t n = enip_tx_u16(&c);

    while (n-- && cursor_left(&c) >= 2) {
        cip->attribute = enip_tx_u16(&c);
        cip->has_attribute = true;
        if (!add(app, tx, cip))
            return;
    }
}

static bool read_one(struct app *app, struct tx *tx, struct slice message, struct slice *inner)
{
    struct cursor c = cursor_of(message);
    uint8_t service = cursor_u8(&c);
    struct enip_cip cip = {.service = service & 0x7f, .is_response = (service & RESPONSE) != 0};

    *inner = SLICE_NONE;
    if (cip.is_response) {
        cursor_skip(&c, 1);
        cip.status = cursor_u8(&c);
        cursor_skip(&c, cursor_u8(&c) * 2u);
    } else {
        struct cursor path = cursor_of(cursor_take(&c, cursor_u8(&c) * 2u));
        while (cursor_left(&path))
            read_segment(&path, &cip);
    }
    if (!cursor_ok(&c))
        return false;
    if (cip.service == GET_LIST && !cip.is_response)
        add_attributes(app, tx, &cip, c);
    else
        (void)add(app, tx, &cip);
    if (cip.service == MULTIPLE)
        *inner = cursor_rest(&c);
    return true;
}

/* Number of services, offset of each from the number on, services. */
static void read_inner(struct app *app, struct tx *tx, struct slice packet, uint32_t depth)
{
    struct cursor c = cursor_of(packet);
    uint32_t n = enip_tx_u16(&c);

    for (uint32_t i = 0; i < n && i < SERVICES_MAX && cursor_left(&c) >= 2; i++) {
        struct cursor next = c;
        uint32_t at = enip_tx_u16(&c);
        cursor_skip(&next, 2);
        uint32_t end = i + 1 < n ? enip_tx_u16(&next) : packet.len;
        struct slice inner;
        if (at >= packet.len || end < at ||
            !read_one(app, tx, slice_head(slice_from(packet, at), end - at), &inner))
            return;
        if (inner.len && depth < DEPTH_MAX)
            read_inner(app, tx, inner, depth + 1);
    }
}

bool enip_cip_read(struct app *app, struct tx *tx, struct slice message)
{
    struct slice inner;

    if (!read_one(app, tx, message, &inner))
        return false;
    if (inner.len)
        read_inner(app, tx, inner, 1);
    return true;
}
