/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encrypted tunnels over UDP: WireGuard on any port, IPsec behind address translation, OpenVPN.
 * They stay datagrams; the finding is told.
 */
#include "sensor/decode/decode.h"

enum {
    PORT_IPSEC = 4500,
    PORT_OPENVPN = 1194,
    WIREGUARD_DATA = 4,
    WIREGUARD_HEAD = 16,
    WIREGUARD_MIN = 32,
    ESP_MIN = 20,
    OPENVPN_DATA_1 = 6,
    OPENVPN_DATA_2 = 9
};

static bool wireguard(struct slice in)
{
    return in.len >= WIREGUARD_MIN && in.at[0] == WIREGUARD_DATA &&
           memcmp(in.at + 1, "\0\0\0", 3) == 0 && (in.len - WIREGUARD_HEAD) % 16 == 0 &&
           memcmp(in.at + 13, "\0\0\0", 3) == 0; /* its counter has not come so far */
}

/* The key exchange on this port begins with four bytes of 0. */
static bool ipsec(struct slice in)
{
    return in.len >= ESP_MIN && memcmp(in.at, "\0\0\0\0", 4) != 0;
}

static bool openvpn(struct slice in)
{
    return in.len >= ESP_MIN &&
           (in.at[0] >> 3 == OPENVPN_DATA_1 || in.at[0] >> 3 == OPENVPN_DATA_2);
}

static bool on_port(const struct packet *p, uint16_t port)
{
    return p->dport == port || p->sport == port;
}

static struct dec_next vpn_decode(struct packet *p, struct slice in)
{
    if (wireguard(in) || (on_port(p, PORT_IPSEC) && ipsec(in)) ||
        (on_port(p, PORT_OPENVPN) && openvpn(in)))
        p->view |= VIEW_BIT(VIEW_OPAQUE);
    return dec_stop();
}

const struct decoder_def dec_vpn = {
    .name = "vpn",
    .doc = "WireGuard, ESP in UDP, OpenVPN",
    .spec = "www.wireguard.com/papers/wireguard.pdf, RFC 3948",
    .keys = {{DEC_UDP, PORT_IPSEC},
             {DEC_UDP, PORT_OPENVPN},
             {DEC_UDP, 51820},
             {DEC_SHAPE, WIREGUARD_DATA}},
    .decode = vpn_decode,
};
