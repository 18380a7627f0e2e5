# SPDX-License-Identifier: Apache-2.0
"""Still more cases of span_matrix.py: disorder, clocks and copies of dirty mirrors, and headers that few networks have.

Each name says what is around the packets or what became of them; expected is what span_matrix.py expects."""
import random
import struct

from span_matrix import (A6, ALL, ANY, B6, CONNS, DOUBLE, MAC, PACKETS, a4, by_time, checksum, chopped, each, erspan3, gre, ip4, ip6, mpls, over_ether, over_ip,
                         over_ip6, over_udp, plain, routed, snap, tag, tcp_with_sum, vxlan, wlan)
from span_more import E, pppoe, pppproto, pv, rt, u6, wl

HALF = (None,) * 4


# ---- mirrors -----------------------------------------------------------------------------------

def disordered(far, part=1.0, wrap=plain, restamp=True):
    """Frames in another place, at most `far` away. `restamp`: the stamps are those of the mirror, in order; else the true ones."""
    def make():
        r = random.Random(far)
        frames = [f for p in PACKETS for f in wrap(p)]
        places = sorted(range(len(frames)), key=lambda i: i + (r.uniform(-far, far) if r.random() < part else 0))
        return [(frames[i][0] if restamp else frames[k][0], frames[k][1]) for i, k in enumerate(places)]
    return make


def disordered_pieces(far, size=120, seed=1):
    """Requests and responses in several segments each, their frames up to `far` places away from where they belong."""
    def make():
        r, out = random.Random(seed), []
        for p in PACKETS:
            out += [f for q in chopped(p, size) for f in plain(q)]
        places = sorted(range(len(out)), key=lambda i: i + r.uniform(-far, far))
        return [(out[i][0], out[k][1]) for i, k in enumerate(places)]
    return make


def of_each_flow(far):
    """Disorder within each connection, its frames keep their times."""
    def make():
        r, out = random.Random(11), []
        for conn in range(CONNS):
            mine = [p for p in PACKETS if p.conn == conn]
            places = sorted(range(len(mine)), key=lambda i: i + r.uniform(-far, far))
            out += [(mine[i].ts, mine[k].ether()) for i, k in enumerate(places)]
        return by_time(out)
    return make


def stamped(change):
    return lambda: [(change(i, p.ts), p.ether()) for i, p in enumerate(PACKETS)]


def half_lost(up, share):
    def make():
        r = random.Random(13)
        return [f for p in PACKETS for f in plain(p) if p.up != up or r.random() >= share]
    return make


def early(usec):
    return lambda: by_time(f for p in PACKETS for f in plain(p.copy(ts=p.ts if p.up else p.ts - usec)))


def late_copies(usec, change=lambda p: p):
    return lambda: by_time([f for p in PACKETS for f in plain(p)] + [f for p in PACKETS for f in plain(change(p.copy(ts=p.ts + usec)))])


def other_tos(p):
    f = p.ether()
    head = f[14:15] + b"\xb8" + f[16:24] + b"\0\0" + f[26:34]
    return [(p.ts, f[:14] + head[:10] + struct.pack(">H", checksum(head)) + head[12:] + f[34:])]


def translated(p):
    """Behind the router that translates addresses."""
    nat = a4("198.51.100.7")
    q = p.copy(ts=p.ts + 15, ttl=p.ttl - 1, macs=MAC, src=nat if p.up else p.src, dst=p.dst if p.up else nat)
    port = struct.pack(">H", 30000 + p.conn)
    return q.copy(tcp=port + q.tcp[2:] if p.up else q.tcp[:2] + port + q.tcp[4:])


def renumbered(p):
    """Behind a firewall that gives connections numbers of its own."""
    seq, ack = struct.unpack_from(">II", p.tcp, 4)
    add = 0x3C3C3C3C
    seq, ack = (seq + add, ack) if p.up else (seq, ack + add if p.flags & 16 else ack)
    return p.copy(ts=p.ts + 15, ttl=p.ttl - 1, macs=MAC, tcp=p.tcp[:4] + struct.pack(">II", seq & 0xFFFFFFFF, ack & 0xFFFFFFFF) + p.tcp[12:])


def clamped(p):
    """Behind a router that lowers the segment size."""
    tcp = p.tcp
    at = tcp[:p.head].find(b"\x02\x04", 20)
    if p.flags & 2 and at > 0:
        tcp = tcp[:at + 2] + struct.pack(">H", 1360) + tcp[at + 4:]
    return routed(p).copy(tcp=tcp)


def some_tagged():
    r = random.Random(17)
    return [f for p in PACKETS for f in plain(p, tags=tag(10) if r.random() < .5 else b"")]


def cut_in_the_broker(p, most=200):
    f = p.ether()
    return [(p.ts, f[:most])]


def no_acks():
    """A mirror that drops the smallest frames: bare acknowledgements."""
    return [f for p in PACKETS for f in plain(p) if p.data or p.flags & 7]


def keep_alives():
    """Before each request a byte that was sent already."""
    out = []
    for p in PACKETS:
        if p.data:
            seq = struct.unpack_from(">I", p.tcp, 4)[0]
            tcp = p.tcp[:4] + struct.pack(">I", (seq - 1) & 0xFFFFFFFF) + p.tcp[8:p.head] + b"\0"
            out += plain(p.copy(ts=p.ts - 1, tcp=tcp, ident=(p.ident + 7) & 0xFFFF))
        out += plain(p)
    return out


def two_taps(p):
    """The halves of a tap in tags of the packet broker, with stamps at the end of each frame."""
    return [(p.ts, p.ether(tags=tag(101 if p.up else 102)) + struct.pack(">IIIH", p.ts // 10**6, p.ts % 10**6 * 1000, 0, 7))]


PATHOLOGIES = {
    "disorder-2": (disordered(2), ALL, ("directions_out_of_order",)),
    "disorder-5": (disordered(5), ALL, ("directions_out_of_order",)),
    "disorder-20": (disordered(20), ALL, ("directions_out_of_order",)),
    "disorder-some": (disordered(8, .1), ALL, ("directions_out_of_order",)),
    "disorder-true-stamps": (disordered(3, restamp=False), ALL, ("time_backwards",)),
    "disorder-of-pieces-2": (disordered_pieces(2), HALF, ("directions_out_of_order",)),
    "disorder-of-pieces-5": (disordered_pieces(5), HALF, ("directions_out_of_order",)),
    "disorder-in-flows-2": (of_each_flow(1.6), ALL, ("directions_out_of_order",)),
    "disorder-in-flows-4": (of_each_flow(4), ALL, ("directions_out_of_order",)),
    "disorder-in-erspan": (disordered(4, wrap=lambda p: over_ip(p, 47, erspan3(p.ether()))), ALL, ("directions_out_of_order",)),
    "disorder-and-copies": (disordered(3, wrap=lambda p: plain(p) + plain(p)), ALL, ("duplicate_packets",)),
    "responses-early-5ms": (early(5000), ALL, ()),
    "responses-early-20ms": (early(20000), ALL, ()),
    "stamps-of-seconds": (stamped(lambda i, ts: ts // 10**6 * 10**6), ALL, ()),
    "stamps-zero": (stamped(lambda i, ts: 0), ALL, ()),
    "stamps-step-back": (stamped(lambda i, ts: ts - (5 * 10**6 if i > len(PACKETS) // 2 else 0)), ALL, ("time_backwards",)),
    "stamps-step-ahead": (stamped(lambda i, ts: ts + (20 * 10**6 if i > len(PACKETS) // 2 else 0)), ALL, ()),
    "half-of-requests-lost": (half_lost(True, .5), (ANY,) * 4, ()),
    "fifth-of-responses-lost": (half_lost(False, .2), (None, None, ANY, ANY), ()),
    "copies-after-1ms": (late_copies(1000), ALL, ("duplicate_packets",)),
    "copies-after-20ms": (late_copies(20000), (CONNS, ANY, CONNS, ANY), ()),
    "copies-remarked": (each(lambda p: plain(p) + other_tos(p.copy(ts=p.ts + 9))), ALL, ()),
    "copies-routed-remarked": (each(lambda p: plain(p) + other_tos(routed(p))), ALL, ()),
    "copies-without-ident": (late_copies(9, lambda p: p), ALL, ("duplicate_packets",)),
    "copies-ident-0": (each(lambda p: plain(p.copy(ident=0)) + plain(p.copy(ident=0, ts=p.ts + 9))), ALL, ("duplicate_packets",)),
    "copies-other-macs": (each(lambda p: plain(p) + plain(p.copy(ts=p.ts + 9, macs=MAC))), ALL, ("duplicate_packets",)),
    "copies-cut": (each(lambda p: plain(p) + [(p.ts + 9, p.ether()[:80])]), ALL, ()),
    "copies-cut-first": (each(lambda p: [(p.ts, p.ether()[:80]), (p.ts + 9, p.ether())]), (ANY,) * 4, ()),
    "copies-in-tunnel": (each(lambda p: plain(p) + over_udp(p.copy(ts=p.ts + 9), 4789, vxlan(5, p.ether()))), ALL, ()),
    "both-sides-of-nat": (each(lambda p: plain(p) + plain(translated(p))), DOUBLE, ()),
    "both-sides-of-firewall": (each(lambda p: plain(p) + plain(renumbered(p))), (ANY,) * 4, ()),
    "both-sides-clamped": (each(lambda p: plain(p) + plain(clamped(p))), ALL, ("duplicate_routed",)),
    "routed-thrice": (each(lambda p: plain(p) + plain(routed(p)) + plain(routed(routed(p)))), ALL, ("duplicate_routed",)),
    "tags-at-random": (some_tagged, ALL, ()),
    "cut-without-word": (each(cut_in_the_broker), (ANY, None, ANY, ANY), ("truncated_packets",)),
    "no-bare-acks": (no_acks, ALL, ()),
    "keep-alives": (keep_alives, ALL, ()),
    "tap-halves-stamped": (each(two_taps), ALL, ("tags_differ_by_direction",)),
    "no-ethernet-padding": (each(lambda p: [(p.ts, p.ether().ljust(60, b"\0") + b"\1\2\3\4")]), ALL, ()),
    "stamps-in-front": (each(lambda p: [(p.ts, p.macs + b"\xd2\x8b\0\1\0\x10" + struct.pack(">II", p.ts // 10**6, p.ts % 10**6) + p.ether()[12:])]), ALL, ()),
    "stamps-in-front-48": (each(lambda p: [(p.ts, p.macs + b"\xd2\x8b\0\1\x01\x20" + struct.pack(">HI", 7, p.ts % 10**6) + p.ether()[12:])]), ALL, ()),
}


# ---- encapsulations ----------------------------------------------------------------------------

def stt(inner, ident, size=None):
    """Stateless transport: in segments of `size`, as a card that thinks it is TCP cuts them."""
    body = struct.pack(">BBBBHHQH", 0, 0x0E, 54, 0, 1400, 0, 7, 0) + inner
    size, out = size or len(body), []
    for at in range(0, len(body), size):
        out.append(struct.pack(">HHIIBBHHH", 50000, 7471, len(body) << 16 | at, ident, 0x50, 0x18, 65535, 0, 0) + body[at:at + size])
    return out


def over_stt(p, size=None, back=False, v6=False):
    parts = stt(p.ether(), (p.ts * 2 + p.up) & 0xFFFFFFFF, size)
    frames = [(over_ip6 if v6 else over_ip)(p.copy(ts=p.ts + i), 6, x)[0] for i, x in enumerate(parts)]
    return [(t, f[1]) for (t, _), f in zip(frames, frames[::-1] if back else frames)]


def batman(p, kind=0x40):
    heads = {0x40: b"\x40\x0f\x32\1" + bytes(6), 0x42: b"\x42\x0f\x32\1" + bytes(6) + bytes(6) + b"\1\0", 1: b"\1\x0f\x32\0" + bytes(4) + bytes(6)}
    return over_ether(p, 0x4305, heads[kind] + p.ether())


def srv6(p, next_, inner):
    return over_ip6(p, 43, struct.pack(">BBBBBBH", next_, 2, 4, 0, 0, 0, 0) + B6 + inner)


def erf(p, kind=2, more=b""):
    body = b"\0\0" + p.ether()
    return [(p.ts, struct.pack("<Q", 0) + struct.pack(">BBHHH", kind | (0x80 if more else 0), 4, 16 + len(more) + len(body), 0, len(body)) + more + body)]


def nflog(p):
    l3 = p.l3()
    part = lambda kind, value: struct.pack("<HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
    return [(p.ts, b"\x02\0\0\0" + part(1, b"\x08\0\0\0") + part(10, b"log\0") + part(9, l3))]


def minimal(p):
    """RFC 2004: the header of the inner packet is folded into a small one."""
    body = struct.pack(">BBH", 6, 0x80, 0) + p.dst + p.src
    body = body[:2] + struct.pack(">H", checksum(body)) + body[4:]
    return [(p.ts, MAC + b"\x08\0" + ip4(a4("192.0.2.1"), a4("192.0.2.2"), 55, body + tcp_with_sum(p.src, p.dst, p.tcp), p.ident))]


def peekremote(p):
    return over_udp(p, 5000, b"\0\xff\xab\xcd\2\0\0\0\x37" + bytes(46) + wl(8, 1 if p.up else 2, p))


def L(head, linktype):
    return (each(lambda p: [(p.ts, head + p.l3())]), ALL, (), linktype)


def F(head, linktype, tail=b""):
    return (each(lambda p: [(p.ts, head + p.ether() + tail)]), ALL, (), linktype)


PRP = lambda p: struct.pack(">HHH", p.ts & 0xFFFF, 0xA000 | (len(p.ether()) - 8) & 0xFFF, 0x88FB)
UNKNOWN = ("unknown_encapsulation",)
ENCAPSULATIONS = {
    "stt": E(over_stt),
    "stt-v6": E(lambda p: over_stt(p, v6=True)),
    "stt-segments": E(lambda p: over_stt(p, 128)),
    "stt-segments-back": E(lambda p: over_stt(p, 128, True)),
    "stt-vlan": E(lambda p: [(t, MAC + tag(5) + f[12:]) for t, f in over_stt(p)]),
    "batman-unicast": E(batman),
    "batman-4addr": E(lambda p: batman(p, 0x42)),
    "batman-broadcast": E(lambda p: batman(p, 1)),
    "srv6-ip": E(lambda p: srv6(p, 4 if pv(p) == 2048 else 41, p.l3())),
    "srv6-ethernet": E(lambda p: srv6(p, 143, p.ether())),
    "ip6-ethernet": E(lambda p: over_ip6(p, 143, p.ether())),
    "ip4-ethernet": E(lambda p: over_ip(p, 143, p.ether())),
    "prp": (each(lambda p: [(p.ts, p.ether() + PRP(p))]), ALL, ()),
    "prp-both": (each(lambda p: [(p.ts, p.ether() + PRP(p)), (p.ts + 20, p.ether() + PRP(p)[:2] + b"\xb0" + PRP(p)[3:])]), ALL, ("duplicate_packets",)),
    "hsr-vlan": E(lambda p: [(p.ts, p.macs + b"\x89\x2f\0\x50\0\1" + tag(4) + p.ether()[12:])]),
    "vlan-hsr": E(lambda p: [(p.ts, p.macs + tag(4) + b"\x89\x2f\0\x50\0\1" + p.ether()[12:])]),
    "hsr-both": (each(lambda p: [(p.ts + i, p.macs + b"\x89\x2f" + bytes([i << 4]) + b"\x50" + struct.pack(">H", p.ts & 0xFFFF) + p.ether()[12:]) for i in (0, 1)]),
                 ALL, ("duplicate_packets",)),
    "r-tag": E(lambda p: [(p.ts, p.macs + b"\xf1\xc1\0\0\0\7" + p.ether()[12:])]),
    "vlan-r-tag": E(lambda p: [(p.ts, p.macs + tag(4) + b"\xf1\xc1\0\0\0\7" + p.ether()[12:])]),
    "vlan-e-tag": E(lambda p: [(p.ts, p.macs + tag(4) + b"\x89\x3f\0\1\0\2\0\0" + p.ether()[12:])]),
    "metadata-vlan": E(lambda p: [(p.ts, p.macs + b"\x89\x09\1\1\0\1\0\x10" + tag(5) + p.ether()[12:])]),
    "9300": E(lambda p: plain(p, tags=tag(100, 0x9300) + tag(10))),
    "gre-routing": E(lambda p: over_ip(p, 47, struct.pack(">HHHH", 0x4000, pv(p), 0, 0) + struct.pack(">HBBI", 0x0800, 0, 4, 7) + bytes(4) + p.l3())),
    "gre-pppoe": E(lambda p: over_ip(p, 47, gre(0x8864, pppoe(p.l3(), pppproto(p))))),
    "gre-vlan": E(lambda p: over_ip(p, 47, gre(0x8100, struct.pack(">HH", 5, pv(p)) + p.l3()))),
    "gre-ppp-plain": E(lambda p: over_ip(p, 47, gre(0x880B, b"\xff\3" + struct.pack(">H", pppproto(p)) + p.l3()))),
    "gre-aruba-wlan": E(lambda p: over_ip(p, 47, gre(0x9000, wl(8, 1 if p.up else 2, p)))),
    "gre-wlan-8200": E(lambda p: over_ip(p, 47, gre(0x8200, wl(8, 1 if p.up else 2, p)))),
    "gtp-0": E(lambda p: over_udp(p, 3386, struct.pack(">BBHHHIQ", 0x1E, 255, len(p.l3()), 1, 2, 0xFFFFFF01, 77) + p.l3(), 3386)),
    "gtp-prime-port": E(lambda p: over_udp(p, 2152, struct.pack(">BBHI", 0x30, 255, len(p.l3()), 9) + p.l3(), 40000)),
    "minimal-55": (each(minimal), (ANY,) * 4, ()),
    "ipip-94": E(lambda p: over_ip(p, 94, p.l3())),
    "ipip-98": E(lambda p: over_ip(p, 98, p.l3())),
    "pim-register": (each(lambda p: over_ip(p, 103, b"\x21\0\xde\xff\0\0\0\0" + p.l3())), ALL, ()),
    "airopeek-remote": (each(peekremote), ALL, ()),
    "packet-mirror-30030": (each(lambda p: over_udp(p, 30030, b"\x01\x23\x45\x67\x89\xab\xcd\xef\0\0\0\1" + p.l3())), ALL, ()),
    "udp-then-ethernet": (each(lambda p: over_udp(p, 9899, p.ether())), ALL, ()),
    "gsmtap-ip": (each(lambda p: over_udp(p, 4729, b"\2\4\x12\0" + bytes(12) + p.l3())), ALL, ()),
    "vxlan-policy-id": E(lambda p: over_udp(p, 4789, struct.pack(">BBHI", 0x88, 8, 513, 5 << 8 | 0x80) + p.ether())),
    "mpls-in-l2tp3": E(lambda p: over_ip(p, 115, struct.pack(">I", 9) + mpls(5) + p.l3())),
    "mpls-pw-cw-pppoe": E(lambda p: over_ether(p, 0x8847, mpls(16, 17) + bytes(4) + over_ether(p, 0x8864, pppoe(p.l3(), pppproto(p)))[0][1])),
    "mpls-pw-pbb": E(lambda p: over_ether(p, 0x8847, mpls(16, 17) + bytes(4) + over_ether(p, 0x88E7, struct.pack(">I", 1000) + p.ether())[0][1])),
    "mpls-gal-ach": (each(lambda p: over_ether(p, 0x8847, mpls(16, 13) + b"\x10\0\0\x21" + p.l3())), (ANY,) * 4, ()),
    "pbb-mpls": E(lambda p: over_ether(p, 0x88E7, struct.pack(">I", 1000) + over_ether(p, 0x8847, mpls(16) + p.l3())[0][1])),
    "pppoe-v6-ipcp": E(lambda p: over_ether(p, 0x8864, pppoe(p.l3v6(), 87))),
    "etherip-qinq": E(lambda p: over_ip(p, 97, b"\x30\0" + p.ether(tags=tag(3, 0x88A8) + tag(4)))),
    "nflog": (each(nflog), ALL, (), 239),
    "erf": (each(erf), ALL, (), 197),
    "erf-extension": (each(lambda p: erf(p, more=b"\5" + bytes(7))), ALL, (), 197),
    "erf-color": (each(lambda p: erf(p, 11)), ALL, (), 197),
    "erf-dsm-color": (each(lambda p: erf(p, 16)), ALL, (), 197),
    "slip-bsdos": L(bytes(24), 102),
    "ppp-bsdos": (each(lambda p: [(p.ts, bytes(24) + b"\xff\3" + struct.pack(">H", pppproto(p)) + p.l3())]), (ANY,) * 4, (), 103),
    "atm-clip": (each(lambda p: [(p.ts, snap(p.l3()))]), ALL, (), 106),
    "atm-clip-ip": L(b"", 106),
    "chdlc-dir": (each(lambda p: [(p.ts, bytes([p.up]) + b"\x0f\0" + struct.pack(">H", pv(p)) + p.l3())]), ALL, (), 205),
    "frelay-dir": (each(lambda p: [(p.ts, bytes([p.up]) + b"\x18\x41\3\xcc" + p.l3())]), ALL, (), 206),
    "raw-ip6-link": (each(lambda p: [(p.ts, p.l3v6())]), ALL, (), 229),
    "netanalyzer-transparent": F(bytes(4) + b"\x55" * 7 + b"\xd5", 241),
    "mpacket": F(b"\x55" * 7 + b"\xd5", 274, b"\1\2\3\4"),
    "epon": F(b"\x55\x55\xd5\x55\x55\0\1\x99", 259),
    "rtac-serial-no": (each(lambda p: [(p.ts, bytes(12) + p.l3())]), (ANY,) * 4, (), 250),
    "juniper-atm1": (each(lambda p: [(p.ts, b"MGC\0" + b"\0\0\0\0" + snap(p.l3()))]), ALL, (), 137),
    "juniper-atm2": (each(lambda p: [(p.ts, b"MGC\0" + bytes(8) + snap(p.l3()))]), ALL, (), 135),
    "juniper-mlppp": (each(lambda p: [(p.ts, b"MGC\0" + b"\0\0" + struct.pack(">H", pppproto(p)) + p.l3())]), ALL, (), 130),
    "juniper-pppoe": (each(lambda p: [(p.ts, b"MGC\0" + over_ether(p, 0x8864, pppoe(p.l3(), pppproto(p)))[0][1])]), ALL, (), 167),
    "juniper-frelay": (each(lambda p: [(p.ts, b"MGC\0" + b"\x18\x41\3\xcc" + p.l3())]), ALL, (), 180),
    "juniper-ggsn": (each(lambda p: [(p.ts, b"MGC\0" + bytes(4) + p.l3())]), ALL, (), 133),
    "user0-ip": L(b"", 147),
    "user5-ethernet": F(b"\1\2\3\4\5\6", 152),
    "unheard-link-ip": L(b"\1\2\3\4\5\6\7\x08", 299),
    "unheard-link-ethernet": F(b"\1\2\3\4", 298),
    "linux-sll-ethernet": (each(lambda p: [(p.ts, struct.pack(">HHHQH", 0, 778, 4, 0, 0x6558) + p.ether())]), ALL, (), 113),
    "linux-sll-pppoe": (each(lambda p: [(p.ts, struct.pack(">HHHQH", 0, 1, 6, 0, 0x8864) + pppoe(p.l3(), pppproto(p)))]), ALL, (), 113),
    "linux-sll-mpls": (each(lambda p: [(p.ts, struct.pack(">HHHQH", 0, 1, 6, 0, 0x8847) + mpls(7) + p.l3())]), ALL, (), 113),
    "linux-sll2-wlan": (each(lambda p: [(p.ts, struct.pack(">HHIHBBQ", 4, 0, 2, 803, 0, 6, 0) + rt(0, b"") + wl(8, 1 if p.up else 2, p))]), ALL, (), 276),
    "raw-ip-frame": (each(lambda p: [(p.ts, p.l3v6() if p.conn & 1 else p.l3())]), ALL, (), 101),
    "udp-vxlan-inner-macsec-clear": E(lambda p: over_udp(p, 4789, vxlan(5, p.macs + b"\x88\xe5\0\0\0\0\0\1" + p.ether()[12:] + bytes(16)))),
    "vxlan-llc": E(lambda p: over_udp(p, 4789, vxlan(5, p.macs + struct.pack(">H", len(snap(p.l3()))) + snap(p.l3())))),
    "vxlan-batman": E(lambda p: over_udp(p, 4789, vxlan(5, batman(p)[0][1]))),
    "geneve-over-gtp": E(lambda p: over_udp(p, 2152, struct.pack(">BBHI", 0x30, 255, len(over_udp(p, 6081, struct.pack(">BBHI", 0, 0, 0x6558, 5 << 8) + p.ether())[0][1]) - 14, 8)
                                           + over_udp(p, 6081, struct.pack(">BBHI", 0, 0, 0x6558, 5 << 8) + p.ether())[0][1][14:], 2152)),
    "ipv6-frag-of-gre": E(lambda p: [(p.ts + i, MAC + b"\x86\xdd" + ip6(A6, B6, 44, struct.pack(">BBHI", 47, 0, i * 96 | (1 if i * 96 + 96 < len(x) else 0), (p.ts * 3 + p.up) & 0xFFFFFFFF)
                                                                       + x[i * 96:i * 96 + 96])) for x in [gre(pv(p), p.l3())] for i in range((len(x) + 95) // 96)]),
    "udp-checksum-of-card": E(lambda p: [(t, f[:40] + b"\x12\x34" + f[42:]) for t, f in over_udp(p, 4789, vxlan(5, p.ether()))]),
    "vxlan-v6-link-local": E(lambda p: u6(p, 8472, vxlan(5, p.ether(tags=tag(7))))),
}
CASES = {**PATHOLOGIES, **ENCAPSULATIONS}
