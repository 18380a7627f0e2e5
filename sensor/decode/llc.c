/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IEEE 802.2, RFC 1042; bridged frames of RFC 2684.
 */
#include "sensor/decode/llc.h"

enum {
    SNAP = 0xaaaa03,
    IP = 0x060603,
    BRIDGED = 0x0080c2,
    WITH_FCS = 0x0001,
    WITHOUT_FCS = 0x0007
};

struct dec_next llc_next(struct slice in)
{
    struct cursor c = cursor_of(in);
    uint32_t head = cursor_be24(&c);

    if (head == IP && cursor_ok(&c))
        return (struct dec_next){DEC_ETHER, 0x0800, cursor_rest(&c)};
    if (head != SNAP)
        return dec_stop();
    uint32_t organisation = cursor_be24(&c);
    uint16_t type = cursor_be16(&c);
    if (organisation == BRIDGED && (type == WITH_FCS || type == WITHOUT_FCS)) {
        cursor_skip(&c, 2); /* padding */
        type = 0x6558;
    }
    return cursor_ok(&c) ? (struct dec_next){DEC_ETHER, type, cursor_rest(&c)} : dec_stop();
}
