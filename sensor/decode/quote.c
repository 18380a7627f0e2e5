/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/decode/quote.h"

enum { ICMP4_UNREACHABLE = 3 }; /* the one error that Suricata takes to the flow it quotes */

void quote_read(struct packet *p, struct slice quoted)
{
    struct cursor c = cursor_of(quoted);
    uint8_t version = quoted.len ? quoted.at[0] >> 4 : 0;

    if (version != p->ip_version)
        return;
    cursor_skip(&c, version == 4 ? 9 : 6);
    p->quoted.proto = cursor_u8(&c);
    cursor_skip(&c, version == 4 ? 2 : 1);
    p->quoted.src = addr_from_bytes(cursor_take(&c, version == 4 ? 4 : 16));
    p->quoted.dst = addr_from_bytes(cursor_take(&c, version == 4 ? 4 : 16));
    if (version == 4)
        cursor_skip(&c, (quoted.at[0] & 0x0fu) * 4 - 20);
    p->quoted.sport = cursor_be16(&c);
    p->quoted.dport = cursor_be16(&c);
    p->quotes = cursor_ok(&c) && packet_has_ports(p->quoted.proto) &&
                (!p->as_suricata || (version == 4 && p->icmp_type == ICMP4_UNREACHABLE));
}
