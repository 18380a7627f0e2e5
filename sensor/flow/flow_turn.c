/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/flow/flow_turn.h"

#define SWAP(type, a, b)                                                                           \
    do {                                                                                           \
        type was = a;                                                                              \
        (a) = b;                                                                                   \
        (b) = was;                                                                                 \
    } while (0)

static uint8_t swap_bits(uint8_t bits)
{
    enum { FIRST = 0x55, SECOND = 0xaa };
    return (uint8_t)((bits & FIRST) << 1 | (bits & SECOND) >> 1);
}

bool flow_turn(struct flow *f)
{
    if (f->proto == IPPROTO_TCP4 && f->server_port < SYSTEM_PORTS)
        return false;
    SWAP(struct addr, f->client, f->server);
    SWAP(uint16_t, f->client_port, f->server_port);
    SWAP(struct mac, f->client_mac, f->server_mac);
    SWAP(struct tcp_side, f->tcp.side[0], f->tcp.side[1]);
    SWAP(struct flow_at, f->at[0], f->at[1]);
    SWAP(uint64_t, f->pkts[0], f->pkts[1]);
    SWAP(uint64_t, f->bytes[0], f->bytes[1]);
    SWAP(uint8_t, f->tcp_flags[0], f->tcp_flags[1]);
    f->app_mute = swap_bits(f->app_mute);
    f->asked_ip = swap_bits(f->asked_ip);
    f->asked_app = swap_bits(f->asked_app);
    f->asked_empty = 0;
    f->dir = (uint8_t)dir_other((enum dir)f->dir);
    f->swapped = !f->swapped;
    return true;
}
