#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a dirty mirror port and a tunnel make of a clean capture: one file a case, with what must be found in it.

  span_matrix.py OUTDIR [CASE...]     writes OUTDIR/<case>.pcap and OUTDIR/span.rules
  span_matrix.py --list

The base is ../http/exploits.pcap (six HTTP attacks on a camera, recorded with real stacks), repeated with other client
addresses and sequence numbers. The same output each time."""
import os
import random
import struct
import sys

BASE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../http/exploits.pcap")
COPIES = 6
ETHERNET = 1
RULES = r"""
alert http any any -> any any (msg:"uri"; flow:established,to_server; http.uri; content:"/"; sid:1;)
alert tcp any any -> any any (msg:"raw response"; flow:established,to_client,only_stream; content:"HTTP/1.1 "; depth:9; sid:2;)
alert http any any -> any any (msg:"body"; flow:established,to_client; file.data; content:"</html>"; sid:3;)
alert tcp any any -> any 80 (msg:"raw request"; content:"Host: "; sid:4;)
"""


# ---- packets --------------------------------------------------------------------------------------------------------

def checksum(data):
    if len(data) & 1:
        data += b"\0"
    s = sum(struct.unpack(f">{len(data) // 2}H", data))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


def tcp_with_sum(src, dst, tcp, proto=6):
    """The segment with a right checksum."""
    tcp = tcp[:16] + b"\0\0" + tcp[18:]
    if len(src) == 4:
        pseudo = src + dst + struct.pack(">BBH", 0, proto, len(tcp))
    else:
        pseudo = src + dst + struct.pack(">IHBB", len(tcp), 0, 0, proto)
    return tcp[:16] + struct.pack(">H", checksum(pseudo + tcp)) + tcp[18:]


def ip4(src, dst, proto, payload, ident=0, ttl=64, frag=0):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ident, frag, ttl, proto, 0) + src + dst
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ip6(src, dst, proto, payload, hops=64):
    return struct.pack(">IHBB", 0x60000000, len(payload), proto, hops) + src + dst + payload


def udp(src, dst, sport, dport, payload):
    length = 8 + len(payload)
    head = struct.pack(">HHHH", sport, dport, length, 0)
    s = checksum(src + dst + struct.pack(">BBH", 0, 17, length) + head + payload) or 0xFFFF
    return struct.pack(">HHHH", sport, dport, length, s) + payload


def a4(text):
    return bytes(int(x) for x in text.split("."))


class Packet:
    """A TCP packet of the base. `up` = from the client."""

    def __init__(self, ts, macs, src, dst, tcp, ident, ttl, up, conn):
        self.ts, self.macs, self.src, self.dst, self.tcp = ts, macs, src, dst, tcp
        self.ident, self.ttl, self.up, self.conn = ident, ttl, up, conn

    def copy(self, **changes):
        other = Packet(self.ts, self.macs, self.src, self.dst, self.tcp, self.ident, self.ttl, self.up, self.conn)
        other.__dict__.update(changes)
        return other

    @property
    def flags(self):
        return self.tcp[13]

    @property
    def head(self):
        return (self.tcp[12] >> 4) * 4

    @property
    def data(self):
        return self.tcp[self.head:]

    def l3(self):
        return ip4(self.src, self.dst, 6, tcp_with_sum(self.src, self.dst, self.tcp), self.ident, self.ttl)

    def l3v6(self):
        src, dst = (b"\x20\x01\x0d\xb8" + bytes(8) + x for x in (self.src, self.dst))
        return ip6(src, dst, 6, tcp_with_sum(src, dst, self.tcp), self.ttl)

    def ether(self, tags=b"", l3=None):
        l3 = l3 or self.l3()
        return self.macs + tags + (b"\x08\0" if l3[0] >> 4 == 4 else b"\x86\xdd") + l3


def read_base():
    raw = open(BASE, "rb").read()
    at, packets, conns = 24, [], {}
    while at + 16 <= len(raw):
        sec, usec, cap, _ = struct.unpack_from("<IIII", raw, at)
        f = raw[at + 16:at + 16 + cap]
        at += 16 + cap
        if f[12:14] != b"\x08\0" or f[23] != 6:
            continue
        ip = f[14:14 + struct.unpack_from(">H", f, 16)[0]]
        tcp = ip[(ip[0] & 15) * 4:]
        up = struct.unpack_from(">H", tcp, 2)[0] == 80
        port = struct.unpack_from(">H", tcp, 0 if up else 2)[0]
        conn = conns.setdefault(port, len(conns))
        ident, ttl = struct.unpack_from(">H", ip, 4)[0], ip[8]
        packets.append(Packet(sec * 10**6 + usec, f[:12], ip[12:16], ip[16:20], tcp, ident, ttl, up, conn))
    return packets, len(conns)


def shifted(p, copy, conns):
    """The packet in another copy of the base: other client, other numbers, later."""
    add = {True: 0x01234567 * copy & 0xFFFFFFFF, False: 0x07654321 * copy & 0xFFFFFFFF}
    seq, ack = struct.unpack_from(">II", p.tcp, 4)
    seq = (seq + add[p.up]) & 0xFFFFFFFF
    ack = (ack + add[not p.up]) & 0xFFFFFFFF if p.flags & 16 else 0
    client = lambda a: a[:3] + bytes([a[3] + copy])
    return p.copy(ts=p.ts + copy * 200000, src=client(p.src) if p.up else p.src, dst=p.dst if p.up else client(p.dst),
                  tcp=p.tcp[:4] + struct.pack(">II", seq, ack) + p.tcp[12:], ident=(p.ident + 977 * copy) & 0xFFFF,
                  conn=p.conn + copy * conns)


def base():
    packets, conns = read_base()
    out = [shifted(p, k, conns) for k in range(COPIES) for p in packets]
    return sorted(out, key=lambda p: p.ts), conns * COPIES


PACKETS, CONNS = base()
SWITCH, COLLECTOR = a4("192.0.2.1"), a4("192.0.2.2")
MAC = bytes.fromhex("02aa0000000202aa00000001")


def write(path, frames, linktype=ETHERNET, snaplen=262144, nano=False):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, snaplen, linktype))
        for ts, data in frames:
            f.write(struct.pack("<IIII", ts // 10**6, ts % 10**6, min(len(data), snaplen), len(data)) + data[:snaplen])


# ---- pathologies ----------------------------------------------------------------------------------------------------

def tag(vid, tpid=0x8100):
    return struct.pack(">HH", tpid, vid)


def plain(p, **k):
    return [(p.ts, p.ether(**k))]


def each(make):
    """A case from a function that gives the frames of one packet."""
    return lambda: [f for p in PACKETS for f in make(p)]


def by_time(frames):
    return sorted(frames, key=lambda f: f[0])


def routed(p):
    return p.copy(ttl=p.ttl - 1, macs=MAC, ts=p.ts + 12)


def bad_sum(p, bad):
    f = p.ether()
    if not bad:
        return [(p.ts, f)]
    half = checksum(p.src + p.dst + struct.pack(">BBH", 0, 6, len(p.tcp))) ^ 0xFFFF  # what an offloading stack leaves
    at = 14 + 20 + 16
    return [(p.ts, f[:at] + struct.pack(">H", half) + f[at + 2:])]


def first_of(flags, mask):
    """Leaves out handshake packets: the packet of each connection whose flags are these."""
    return each(lambda p: [] if p.flags & mask == flags else plain(p))


def handshake_ack_lost():
    out, state = [], {}
    for p in PACKETS:
        if p.flags & 2 and p.flags & 16:
            state[p.conn] = 1
        elif p.up and state.get(p.conn) == 1 and not p.data:
            state[p.conn] = 2
            continue
        out += plain(p)
    return out


def no_handshake():
    seen, out = set(), []
    for p in PACKETS:
        if p.conn in seen or (p.up and p.data):
            seen.add(p.conn)
            out += plain(p)
    return out


def response_segment_lost():
    """Responses in two segments, the second one lost."""
    out = []
    for p in PACKETS:
        if p.up or len(p.data) < 200:
            out += plain(p)
        else:
            cut = p.head + len(p.data) - 100
            out += plain(p.copy(tcp=p.tcp[:cut]))
    return out


def early(usec):
    return lambda: by_time(f for p in PACKETS for f in plain(p.copy(ts=p.ts if p.up else p.ts - usec)))


def lossy(share):
    def make():
        r = random.Random(7)
        return [f for p in PACKETS for f in plain(p) if r.random() >= share]
    return make


def chopped(p, size=80):
    """A data packet as several segments."""
    out, seq, data = [], struct.unpack_from(">I", p.tcp, 4)[0], p.data
    for i in range(0, max(len(data), 1), size):
        tcp = p.tcp[:4] + struct.pack(">I", (seq + i) & 0xFFFFFFFF) + p.tcp[8:p.head] + data[i:i + size]
        out.append(p.copy(tcp=tcp, ts=p.ts + i // size, ident=(p.ident + i) & 0xFFFF))
    return out


def sampled():
    r = random.Random(3)
    return [f for p in PACKETS for q in chopped(p) for f in plain(q) if p.flags & 2 or not p.data or r.random() < 0.4]


def time_back():
    r = random.Random(5)
    return [(p.ts - r.choice((0, 0, 1500, 40000)), p.ether()) for p in PACKETS]


def two_tenants():
    """The same addresses and ports twice, with other numbers: (which, packet)."""
    out = []
    for p in PACKETS:
        numbers = struct.pack(">II", *((x + 0x5A5A5A5A) & 0xFFFFFFFF for x in struct.unpack_from(">II", p.tcp, 4)))
        q = p.copy(tcp=p.tcp[:4] + numbers + p.tcp[12:], ident=(p.ident + 31337) & 0xFFFF, ts=p.ts + 30, macs=MAC)
        out += [(0, p), (1, q)]
    return sorted(out, key=lambda x: x[1].ts)


def tenants(tags_a, tags_b):
    return [(p.ts, p.ether(tags=(tags_a, tags_b)[who])) for who, p in two_tenants()]


def fragments(l3, size=64):
    head, data = l3[:20], l3[20:]
    src, dst, ident, ttl, proto = head[12:16], head[16:20], struct.unpack_from(">H", head, 4)[0], head[8], head[9]
    parts = [data[i:i + size] for i in range(0, len(data), size)]
    return [ip4(src, dst, proto, d, ident or 1, ttl, (i * size // 8) | (0x2000 if i + 1 < len(parts) else 0))
            for i, d in enumerate(parts)]


def fragmented(p, backwards=False):
    parts = fragments(p.l3())
    return [(p.ts + i, p.ether(l3=l3)) for i, l3 in enumerate(parts[::-1] if backwards else parts)]


def merged():
    """Responses that are larger than a frame may be, as a merging network card hands them up."""
    fill, out, grown = b"\r\nX-Fill: " + b"x" * 4000, [], set()
    for p in PACKETS:
        tcp = p.tcp
        if p.conn in grown:
            seq, ack = struct.unpack_from(">II", tcp, 4)
            seq, ack = (seq, ack + len(fill)) if p.up else (seq + len(fill), ack)
            tcp = tcp[:4] + struct.pack(">II", seq & 0xFFFFFFFF, ack & 0xFFFFFFFF) + tcp[12:]
        if not p.up and p.data.startswith(b"HTTP/1.1"):
            tcp = tcp.replace(b"\r\nServer:", fill + b"\r\nServer:", 1)
            grown.add(p.conn)
        out += plain(p.copy(tcp=tcp))
    return out


def retransmitted():
    """Each data segment twice, the second with another identification after 220 ms: nothing is left out."""
    out = [f for p in PACKETS for f in plain(p)]
    out += [(p.ts + 220000, p.copy(ident=(p.ident + 1) & 0xFFFF).ether()) for p in PACKETS if p.data]
    return by_time(out)


ALL = (CONNS, CONNS, CONNS, CONNS)
REQUESTS, RESPONSES = (CONNS, 0, 0, CONNS), (0, CONNS, CONNS, 0)
ANY = -1
DOUBLE = tuple(2 * n for n in ALL)
# name: (frames, alerts expected of sid 1-4 (None: at least half; ANY), findings that must be told)
PATHOLOGIES = {
    "clean": (each(plain), ALL, ()),
    "duplicate": (each(lambda p: [(p.ts, p.ether()), (p.ts + 9, p.ether())]), ALL, ("duplicate_packets",)),
    "triplicate": (each(lambda p: [(p.ts + i, p.ether()) for i in (0, 5, 11)]), ALL, ("duplicate_packets",)),
    "vlan-on-requests": (each(lambda p: plain(p, tags=tag(10) if p.up else b"")), ALL, ("tag_on_one_direction",)),
    "vlan-on-responses": (each(lambda p: plain(p, tags=b"" if p.up else tag(10))), ALL, ("tag_on_one_direction",)),
    "vlan-10-20": (each(lambda p: plain(p, tags=tag(10 if p.up else 20))), ALL, ("tags_differ_by_direction",)),
    "routed-vlan-10-20": (each(lambda p: plain(p, tags=tag(10)) + plain(routed(p), tags=tag(20))), ALL,
                          ("duplicate_routed",)),
    "routed-untagged": (each(lambda p: plain(p) + plain(routed(p))), ALL, ("duplicate_routed",)),
    "copied-to-vlan": (each(lambda p: plain(p, tags=tag(10)) + plain(p.copy(ts=p.ts + 4), tags=tag(11))), ALL,
                       ("duplicate_vlan",)),
    "no-handshake": (no_handshake, ALL, ("no_handshake",)),
    "requests-only": (each(lambda p: plain(p) if p.up else []), REQUESTS, ("one_direction",)),
    "responses-only": (each(lambda p: [] if p.up else plain(p)), RESPONSES, ("one_direction",)),
    "offload-all": (each(lambda p: bad_sum(p, True)), ALL, ("checksum_offload",)),
    "offload-some": (each(lambda p: bad_sum(p, p.conn % 7 == 0)), ALL, ()),
    "offload-server": (each(lambda p: bad_sum(p, not p.up)), ALL, ("checksum_offload",)),
    "syn-lost": (first_of(2, 0x12), ALL, ("syn_missing",)),
    "syn-ack-lost": (first_of(0x12, 0x12), ALL, ("syn_ack_missing",)),
    "handshake-ack-lost": (handshake_ack_lost, ALL, ("handshake_ack_missing",)),
    "response-segment-lost": (response_segment_lost, (CONNS, CONNS, 0, CONNS), ("packets_lost",)),
    "responses-early-300us": (early(300), ALL, ("directions_out_of_order",)),
    "responses-early-1ms": (early(1000), ALL, ("directions_out_of_order",)),
    "loss-1": (lossy(0.01), (None,) * 4, ()),
    "loss-5": (lossy(0.05), (None,) * 4, ()),
    "sampled": (sampled, (ANY,) * 4, ("packets_lost", "sampled_mirror")),
    "time-backwards": (time_back, ALL, ("time_backwards",)),
    "tenants-vlan": (lambda: tenants(tag(10), tag(20)), DOUBLE, ("overlapping_addresses",)),
    "tenants-vlan-untagged": (lambda: tenants(b"", tag(20)), DOUBLE, ("overlapping_addresses",)),
    "tenants-qinq": (lambda: tenants(tag(7, 0x88A8) + tag(10), tag(8, 0x88A8) + tag(10)), DOUBLE,
                     ("overlapping_addresses",)),
    "snaplen-128": (each(plain), (ANY, None, 0, ANY), ("truncated_packets",)),
    "fragments": (each(fragmented), ALL, ()),
    "fragments-backwards": (each(lambda p: fragmented(p, True)), ALL, ()),
    "fragments-duplicate": (each(lambda p: [g for f in fragmented(p) for g in (f, (f[0] + 1, f[1]))]), ALL,
                            ("duplicate_packets",)),
    "merged-segments": (merged, ALL, ("superframes",)),
    "retransmitted": (retransmitted, (CONNS, ANY, CONNS, CONNS), ()),
    "priority-tag-one-side": (each(lambda p: plain(p, tags=tag(0x6000) if p.up else b"")), ALL, ()),
}


# ---- encapsulations -------------------------------------------------------------------------------------------------

def over_ip(p, proto, payload, src=SWITCH, dst=COLLECTOR):
    return [(p.ts, MAC + b"\x08\0" + ip4(src, dst, proto, payload, p.ident ^ 0x5555))]


def over_udp(p, port, payload, sport=50000):
    return over_ip(p, 17, udp(SWITCH, COLLECTOR, sport, port, payload))


def over_ether(p, ethertype, payload):
    return [(p.ts, MAC + struct.pack(">H", ethertype) + payload)]


def vxlan(vni, inner):
    return struct.pack(">II", 0x08000000, vni << 8) + inner


def geneve(vni, inner, options=b""):
    return struct.pack(">BBHI", len(options) // 4, 0, 0x6558, vni << 8) + options + inner


def gre(kind, inner, key=None, seq=None, csum=False):
    flags = (0x2000 if key is not None else 0) | (0x1000 if seq is not None else 0) | (0x8000 if csum else 0)
    body = struct.pack(">HH", flags, kind) + (b"\0\0\0\0" if csum else b"")
    body += struct.pack(">I", key) if key is not None else b""
    body += struct.pack(">I", seq) if seq is not None else b""
    return body + inner


def erspan2(inner, session=7, vlan=0):
    return gre(0x88BE, struct.pack(">HHI", 0x1000 | vlan, session, 0) + inner, seq=1)


def erspan3(inner, session=7, sub=False):
    head = struct.pack(">HHIHH", 0x2000, session, 12345, 0, 1 if sub else 0) + (b"\0" * 8 if sub else b"")
    return gre(0x22EB, head + inner, seq=1)


def gtp(teid, inner, ext=False):
    more = b"\0\0\0\x85\x01\x10\x01\0" if ext else b""
    return struct.pack(">BBHI", 0x34 if ext else 0x30, 255, len(inner) + len(more), teid) + more + inner


def mpls(*labels):
    return b"".join(struct.pack(">I", x << 12 | (0x100 if i + 1 == len(labels) else 0) | 64) for i, x in enumerate(labels))


def snap(l3):
    return b"\xaa\xaa\3\0\0\0" + (b"\x08\0" if l3[0] >> 4 == 4 else b"\x86\xdd") + l3


def wlan(p, swapped=False):
    fc = b"\x08\x01" if p.up else b"\x08\x02"
    bssid, dst, src = b"\x02\xbb\0\0\0\1", p.macs[:6], p.macs[6:]
    addresses = bssid + src + dst if p.up else dst + bssid + src
    return (fc[::-1] if swapped else fc) + b"\0\0" + addresses + b"\0\0" + snap(p.l3())


def capwap(p, native):
    hlen = 2
    head = struct.pack(">I", hlen << 19 | (1 << 9 if native else 0) | (1 << 8 if native else 0))[1:]
    return b"\0" + head + b"\0\0\0\0" + (wlan(p, native == "swapped") if native else p.ether())


def eoip(p):
    inner = p.ether()
    return struct.pack(">HHH", 0x2001, 0x6400, len(inner)) + struct.pack("<H", 42) + inner


def pptp(p):
    ppp = b"\xff\x03\x00\x21" + p.l3()
    return struct.pack(">HHHHI", 0x3001, 0x880B, len(ppp), 9, 1) + ppp


def tzsp(inner):
    return b"\x01\x00\x00\x01" + b"\x0a\x01\x20" + b"\x01" + inner


A6, B6 = b"\x20\x01\x0d\xb8" + bytes(11) + b"\1", b"\x20\x01\x0d\xb8" + bytes(11) + b"\2"


def over_ip6(p, proto, payload):
    return [(p.ts, MAC + b"\x86\xdd" + ip6(A6, B6, proto, payload))]


def radio(head, tail=b""):
    return each(lambda p: [(p.ts, head + wlan(p) + tail)])


def link(head):
    return each(lambda p: [(p.ts, head + p.l3())])


def outer_fragments(p):
    l3 = over_udp(p, 4789, vxlan(5, p.ether()))[0][1][14:]
    return [(p.ts + i, MAC + b"\x08\0" + f) for i, f in enumerate(fragments(l3, 96))]


def inner_fragments(p):
    return [(p.ts + i, over_udp(p, 2152, gtp(8 if p.up else 9, f))[0][1]) for i, f in enumerate(fragments(p.l3(), 80))]


def tenants_in(wrap):
    return lambda: [f for who, p in two_tenants() for f in wrap(p, who)]


E = lambda f: (each(f), ALL, ())
UNKNOWN = ("unknown_encapsulation",)
ENCAPSULATIONS = {
    "qinq-88a8": E(lambda p: plain(p, tags=tag(100, 0x88A8) + tag(10))),
    "qinq-8100": E(lambda p: plain(p, tags=tag(100) + tag(10))),
    "qinq-9100": E(lambda p: plain(p, tags=tag(100, 0x9100) + tag(10))),
    "three-tags": E(lambda p: plain(p, tags=tag(100, 0x88A8) + tag(20) + tag(10))),
    "own-tpid": E(lambda p: plain(p, tags=tag(100, 0x1234))),
    "mpls": E(lambda p: over_ether(p, 0x8847, mpls(16, 17 if p.up else 18) + p.l3())),
    "mpls-pseudowire": E(lambda p: over_ether(p, 0x8847, mpls(16, 17) + p.ether())),
    "mpls-control-word": E(lambda p: over_ether(p, 0x8847, mpls(16, 17) + b"\0\0\0\1" + p.ether())),
    "pppoe": E(lambda p: over_ether(p, 0x8864, struct.pack(">BBHHH", 0x11, 0, 5, len(p.l3()) + 2, 0x21) + p.l3())),
    "gre": E(lambda p: over_ip(p, 47, gre(0x0800, p.l3()))),
    "gre-options": E(lambda p: over_ip(p, 47, gre(0x0800, p.l3(), key=5, seq=6, csum=True))),
    "gre-bridged": E(lambda p: over_ip(p, 47, gre(0x6558, p.ether()))),
    "pptp": E(lambda p: over_ip(p, 47, pptp(p))),
    "erspan-1": E(lambda p: over_ip(p, 47, gre(0x88BE, p.ether()))),
    "erspan-2": E(lambda p: over_ip(p, 47, erspan2(p.ether()))),
    "erspan-3": E(lambda p: over_ip(p, 47, erspan3(p.ether()))),
    "erspan-3-subheader": E(lambda p: over_ip(p, 47, erspan3(p.ether(), sub=True))),
    "vxlan-4789": E(lambda p: over_udp(p, 4789, vxlan(5, p.ether()))),
    "vxlan-8472": E(lambda p: over_udp(p, 8472, vxlan(5, p.ether()))),
    "vxlan-odd-port": E(lambda p: over_udp(p, 31234, vxlan(5, p.ether()))),
    "vxlan-inner-vlan": E(lambda p: over_udp(p, 4789, vxlan(5, p.ether(tags=tag(10))))),
    "vxlan-gpe": E(lambda p: over_udp(p, 4790, struct.pack(">II", 0x0C000001, 5 << 8) + p.l3())),
    "geneve": E(lambda p: over_udp(p, 6081, geneve(5, p.ether(), b"\1\2\3\1\0\0\0\0"))),
    "geneve-odd-port": E(lambda p: over_udp(p, 16081, geneve(5, p.ether()))),
    "gtp-u": E(lambda p: over_udp(p, 2152, gtp(8, p.l3()), 2152)),
    "gtp-u-extension": E(lambda p: over_udp(p, 2152, gtp(8 if p.up else 9, p.l3(), True), 2152)),
    "4-in-4": E(lambda p: over_ip(p, 4, p.l3())),
    "6-in-4": E(lambda p: over_ip(p, 41, p.l3v6())),
    "4-in-6": E(lambda p: over_ip6(p, 4, p.l3())),
    "6-in-6": E(lambda p: over_ip6(p, 41, p.l3v6())),
    "teredo": E(lambda p: over_udp(p, 3544, b"\0\0\x11\x22\x33\x44\x55\x66" + p.l3v6())),
    "l2tp-2": E(lambda p: over_udp(p, 1701, struct.pack(">HHH", 2, 3, 4) + b"\xff\x03\0\x21" + p.l3(), 1701)),
    "l2tp-2-length": E(lambda p: over_udp(p, 1701, struct.pack(">HHHHHH", 0x4802, 16 + len(p.l3()), 3, 4, 0, 0) + b"\xff\x03\0\x21" + p.l3(), 1701)),
    "l2tp-3-udp": E(lambda p: over_udp(p, 1701, struct.pack(">HHII", 3, 0, 9, 0x55) + p.ether(), 1701)),
    "l2tp-3-ip": E(lambda p: over_ip(p, 115, struct.pack(">II", 9, 0) + p.ether())),
    "tzsp": E(lambda p: over_udp(p, 37008, tzsp(p.ether()))),
    "tzsp-odd-port": E(lambda p: over_udp(p, 9000, tzsp(p.ether()))),
    "capwap": E(lambda p: over_udp(p, 5247, capwap(p, None))),
    "capwap-802.11": E(lambda p: over_udp(p, 5247, capwap(p, True))),
    "capwap-802.11-swapped": E(lambda p: over_udp(p, 5247, capwap(p, "swapped"))),
    "eoip": E(lambda p: over_ip(p, 47, eoip(p))),
    "etherip": E(lambda p: over_ip(p, 97, b"\x30\0" + p.ether())),
    "lisp": E(lambda p: over_udp(p, 4341, b"\x80\0\0\1\0\0\0\1" + p.l3())),
    "nsh": E(lambda p: over_ether(p, 0x894F, struct.pack(">HBBII", 0x0FC2, 2, 3, 0x000064FF, 0)[:8] + p.ether())),
    "vn-tag": E(lambda p: [(p.ts, p.macs + b"\x89\x26\0\1\0\2" + p.ether()[12:])]),
    "e-tag": E(lambda p: [(p.ts, p.macs + b"\x89\x3f\0\1\0\2\0\0" + p.ether()[12:])]),
    "hsr": E(lambda p: [(p.ts, p.macs + b"\x89\x2f\0\x50\0\1" + p.ether()[12:])]),
    "cisco-metadata": E(lambda p: [(p.ts, p.macs + b"\x89\x09\1\1\0\1\0\x10" + p.ether()[12:])]),
    "pbb": E(lambda p: over_ether(p, 0x88E7, struct.pack(">I", 1000) + p.ether())),
    "fabricpath": E(lambda p: over_ether(p, 0x8903, struct.pack(">H", 10 << 6 | 32) + p.ether())),
    "trill": E(lambda p: over_ether(p, 0x22F3, struct.pack(">HHH", 0x20, 1, 2) + p.ether())),
    "llc-snap": E(lambda p: [(p.ts, p.macs + struct.pack(">H", len(snap(p.l3()))) + snap(p.l3()))]),
    "mpls-in-gre": E(lambda p: over_ip(p, 47, gre(0x8847, mpls(99) + p.l3()))),
    "gre-in-udp": E(lambda p: over_udp(p, 4754, gre(0x0800, p.l3()))),
    "mpls-in-udp": E(lambda p: over_udp(p, 6635, mpls(99) + p.l3())),
    "wccp": E(lambda p: over_ip(p, 47, gre(0x883E, b"\0\0\0\0" + p.l3()))),
    "radiotap": (radio(b"\0\0\x08\0\0\0\0\0"), ALL, (), 127),
    "radiotap-fcs": (radio(b"\0\0\x12\0\x03\0\0\0" + bytes(8) + b"\x10\0", b"\1\2\3\4"), ALL, (), 127),
    "802.11": (radio(b""), ALL, (), 105),
    "prism": (radio(struct.pack("<II", 0x44, 144) + bytes(136)), ALL, (), 119),
    "avs": (radio(struct.pack(">II", 0x80211001, 64) + bytes(56)), ALL, (), 163),
    "ppp": (link(b"\xff\x03\0\x21"), ALL, (), 9),
    "cisco-hdlc": (link(b"\x0f\0\x08\0"), ALL, (), 104),
    "frame-relay": (link(b"\x18\x41\x03\xcc"), ALL, (), 107),
    "slip": (link(bytes(16)), ALL, (), 8),
    "linux-sll": (link(b"\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x08\0"), ALL, (), 113),
    "linux-sll2": (link(b"\x08\0\0\0\0\0\0\2\0\1\0\6\2\0\0\0\0\1\0\0"), ALL, (), 276),
    "bsd-null": (link(b"\2\0\0\0"), ALL, (), 0),
    "bsd-loop": (link(b"\0\0\0\2"), ALL, (), 108),
    "raw-ip": (link(b""), ALL, (), 101),
    "unknown-ethertype": (each(lambda p: over_ether(p, 0x6699, b"\1\2\3\4\5\6\7\x08" + p.ether())), ALL, UNKNOWN),
    "unknown-ip-protocol": (each(lambda p: over_ip(p, 253, b"\1\2\3\4" + p.l3())), ALL, UNKNOWN),
    "macsec": (each(lambda p: over_ether(p, 0x88E5, b"\x2c\0\0\0\0\1" + bytes(8) + bytes(x ^ 0xA5 for x in p.ether()))),
               (0, 0, 0, 0), ("encrypted_link",)),
}
COMBINATIONS = {
    "vxlan-in-gre": E(lambda p: over_ip(p, 47, gre(0x0800, over_udp(p, 4789, vxlan(5, p.ether()))[0][1][14:]))),
    "qinq-vxlan-odd-port": E(lambda p: [(p.ts, MAC + tag(5, 0x88A8) + tag(6) + over_udp(p, 31234, vxlan(5, p.ether()))[0][1][12:])]),
    "qinq-vxlan-qinq": E(lambda p: [(p.ts, MAC + tag(5, 0x88A8) + tag(6) + over_udp(p, 4789, vxlan(5, p.ether(tags=tag(7, 0x88A8) + tag(8))))[0][1][12:])]),
    "erspan-3-requests-only": (each(lambda p: over_ip(p, 47, erspan3(p.ether())) if p.up else []), REQUESTS,
                               ("one_direction",)),
    "erspan-2-in-vlan": E(lambda p: [(p.ts, MAC + tag(30) + over_ip(p, 47, erspan2(p.ether()))[0][1][12:])]),
    "erspan-two-sessions": (each(lambda p: over_ip(p, 47, erspan2(p.ether(), 1 if p.up else 2))), ALL,
                            ("tags_differ_by_direction",)),
    "erspan-duplicate": (each(lambda p: over_ip(p, 47, erspan3(p.ether())) + over_ip(p.copy(ts=p.ts + 15), 47, erspan3(p.ether()))),
                         ALL, ("duplicate_packets",)),
    "gtp-u-fragments-inside": (each(inner_fragments), ALL, ()),
    "vxlan-fragments-outside": (each(outer_fragments), ALL, ()),
    "gtp-u-in-vlan-one-side": (each(lambda p: [(p.ts, MAC + (tag(10) if p.up else b"") + over_udp(p, 2152, gtp(8, p.l3()))[0][1][12:])]),
                               ALL, ("tags_differ_by_direction",)),
    "tunnel-on-requests": (each(lambda p: over_udp(p, 4789, vxlan(5, p.ether())) if p.up else plain(p)), ALL,
                           ("tag_on_one_direction",)),
    "vxlan-no-handshake-offload": (each(lambda p: [] if p.flags & 2 else over_udp(p, 4789, vxlan(5, bad_sum(p, True)[0][1]))),
                                   ALL, ("checksum_offload", "no_handshake")),
    "vxlan-tenants": (tenants_in(lambda p, who: over_udp(p, 4789, vxlan(5 + who, p.ether()))), DOUBLE, ("overlapping_addresses",)),
    "gre-key-tenants": (tenants_in(lambda p, who: over_ip(p, 47, gre(0x6558, p.ether(), key=5 + who))), DOUBLE, ("overlapping_addresses",)),
    "ipip-tenants": (tenants_in(lambda p, who: over_ip(p, 4, p.l3(), dst=a4(f"192.0.2.{10 + who}"))), DOUBLE, ("overlapping_addresses",)),
    "mpls-pppoe-qinq": E(lambda p: [(p.ts, MAC + tag(5, 0x88A8) + b"\x88\x47" + mpls(16, 17) + MAC + tag(9)
                                    + over_ether(p, 0x8864, struct.pack(">BBHHH", 0x11, 0, 5, len(p.l3()) + 2, 0x21) + p.l3())[0][1][12:])]),
    "6-in-4-in-gre-in-vxlan": E(lambda p: over_udp(p, 4789, vxlan(5, over_ip(p, 47, gre(0x0800, over_ip(p, 41, p.l3v6())[0][1][14:]))[0][1]))),
    "vxlan-in-erspan-early": (lambda: by_time(f for p in PACKETS for f in over_ip(p.copy(ts=p.ts - (0 if p.up else 700)), 47,
                                                                                 erspan3(over_udp(p, 4789, vxlan(5, p.ether()))[0][1]))),
                              ALL, ("directions_out_of_order",)),
    "capwap-one-side-radiotap": (each(lambda p: over_udp(p, 5247, capwap(p, True)) if p.up else plain(p)), ALL,
                                 ("tag_on_one_direction",)),
}
CASES = {**PATHOLOGIES, **ENCAPSULATIONS, **COMBINATIONS}


def make(name, path):
    case = CASES[name]
    write(path, case[0](), case[3] if len(case) > 3 else ETHERNET, 128 if name == "snaplen-128" else 262144)


def main():
    if len(sys.argv) < 2 or sys.argv[1] == "--list":
        print("\n".join(CASES))
        return
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "span.rules"), "w", encoding="utf-8") as f:
        f.write(RULES)
    for name in sys.argv[2:] or CASES:
        make(name, os.path.join(out, name + ".pcap"))


if __name__ == "__main__":
    main()
