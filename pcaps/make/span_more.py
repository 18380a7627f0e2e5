# SPDX-License-Identifier: Apache-2.0
"""More cases of span_matrix.py: variants of tunnels, links and headers that stand in the field beside the usual ones.

Each name says what is around the packets; expected is what span_matrix.py expects."""
import random
import struct

from span_matrix import (A6, ALL, ANY, B6, COLLECTOR, MAC, SWITCH, a4, checksum, each, eoip, erspan2, erspan3, fragments, geneve, gre,
                         gtp, ip4, ip6, link, mpls, over_ether, over_ip, over_ip6, over_udp, plain, snap, tag, tcp_with_sum, udp,
                         vxlan)


def E(make, told=()):
    return (each(make), ALL, told)


def pv(p):
    return 2048 if p.l3()[0] >> 4 == 4 else 34525


def u6(p, port, payload, sport=50000, csum=True):
    length = 8 + len(payload)
    head = struct.pack('>HHHH', sport, port, length, 0)
    s = 0
    if csum:
        s = checksum(A6 + B6 + struct.pack('>IHBB', length, 0, 0, 17) + head + payload) or 65535
    return [(p.ts, MAC + b'\x86\xdd' + ip6(A6, B6, 17, struct.pack('>HHHH', sport, port, length, s) + payload))]


def u0(p, port, payload, sport=50000):
    return over_ip(p, 17, struct.pack('>HHHH', sport, port, 8 + len(payload), 0) + payload)


def pppoe(inner, proto=33, sess=5):
    return struct.pack('>BBHHH', 17, 0, sess, len(inner) + 2, proto) + inner


def pppproto(p):
    return 33 if pv(p) == 2048 else 87


def wl(fc0, fc1, p, qos=b'', ht=b'', body=None, bssid=b'\x02\xbb\x00\x00\x00\x01'):
    to, fr = (fc1 & 1, fc1 & 2)
    d, s = (p.macs[:6], p.macs[6:])
    if to and fr:
        ad = bssid + bssid + d + b'\x00\x00' + s
    elif to:
        ad = bssid + s + d + b'\x00\x00'
    elif fr:
        ad = d + bssid + s + b'\x00\x00'
    else:
        ad = d + s + bssid + b'\x00\x00'
    return bytes([fc0, fc1]) + b'\x00\x00' + ad + qos + ht + (body if body is not None else snap(p.l3()))


def capw(payload, w=False, frag=None, radio=False, keep=False, rid=1, wbid=1):
    hl = 2
    opt = b''
    if radio:
        opt = b'\x06' + b'\x02\xaa\xbb\xcc\xdd\xee' + b'\x00'
        hl += len(opt) // 4
    w1 = hl << 19 | rid << 14 | wbid << 9
    if w:
        w1 |= 256
    if frag:
        w1 |= 128 | (64 if frag[2] else 0)
    if radio:
        w1 |= 16
    return b'\x00' + struct.pack('>I', w1)[1:] + struct.pack('>HH', frag[0] if frag else 0, frag[1] // 8 << 3 if frag else 0) + opt + payload


def capfrag(p, native=True, size=64 * 8, back=False):
    inner = wl(8, 1 if p.up else 2, p) if native else p.ether()
    parts = [inner[i:i + size] for i in range(0, len(inner), size)]
    fid = p.ts * 7 + p.up & 65535
    fr = []
    for i, d in enumerate(parts):
        if len(parts) == 1:
            fr += over_udp(p, 5247, capw(d, native))
        else:
            fr += over_udp(p, 5247, capw(d, native, (fid, i * size, i == len(parts) - 1)))
    if back:
        fr = fr[::-1]
    return [(p.ts + i, f[1]) for i, f in enumerate(fr)]


def nsh(inner, np, mdt=1):
    ln = 6 if mdt == 1 else 2
    return struct.pack('>HBB', 63 << 6 | ln, mdt, np) + struct.pack('>I', 100 << 8 | 255) + (b'\x00' * 16 if mdt == 1 else b'') + inner


def gpe(inner, np, vni=5):
    return struct.pack('>BBBBI', 12, 0, 0, np, vni << 8) + inner


def gue(p, variant=0):
    return struct.pack('>BBH', 0, 4 if pv(p) == 2048 else 41, 0) + p.l3()


def pktap(p):
    h = struct.pack('<II', 108, 1) + struct.pack('<I', 1) + b'en0'.ljust(24, b'\x00') + struct.pack('<IIII', 1, 2, 14, 0)
    h = h.ljust(108, b'\x00')
    return h + p.ether()


def ppi(p, link=105, body=None):
    return struct.pack('<BBHI', 0, 0, 8, link) + (body if body is not None else wl(8, 1 if p.up else 2, p))


def ppi2(p):
    return struct.pack('<BBHI', 0, 0, 8 + 4 + 12, 1) + struct.pack('<HH', 30002, 12) + bytes(12) + p.ether()


def rtap(fields, p, tail=b'', w=None):
    return fields + (w or wl(8, 1 if p.up else 2, p)) + tail


def rt(present, body, tail=False):
    h = struct.pack('<BBHI', 0, 0, 8 + len(body), present) + body
    return h


def amsdu(p, second=False):
    m = snap(p.l3())
    sub = p.macs + struct.pack('>H', len(m)) + m
    pad = b'\x00' * (-len(sub) % 4)
    decoy = p.macs + struct.pack('>H', 20) + b'\xaa\xaa\x03\x00\x00\x00\x88\x8e' + bytes(12)
    decoy += b'\x00' * (-len(decoy) % 4)
    return decoy + sub if second else sub + pad + decoy


def llc_oui(p, oui, tags=b''):
    m = b'\xaa\xaa\x03' + oui + struct.pack('>H', pv(p)) + p.l3()
    return p.macs + tags + struct.pack('>H', len(m)) + m


def ah(next_, inner):
    return struct.pack('>BBHII', next_, 4, 0, 1, 1) + bytes(12) + inner


def ip6ext(p, kinds, inner_proto, payload, src=A6, dst=B6):
    chain = b''
    nxt = inner_proto
    for k in reversed(kinds):
        if k == 44:
            body = struct.pack('>BBHI', nxt, 0, 0, 77)
        elif k == 0 or k == 60:
            body = bytes([nxt, 0, 1, 4, 0, 0, 0, 0])
        elif k == 43:
            body = bytes([nxt, 2, 4, 0]) + bytes(4) + bytes(16) if False else bytes([nxt, 0, 4, 0]) + bytes(4)
        elif k == 51:
            body = ah(nxt, b'')
        chain = body + chain
        nxt = k
    return [(p.ts, MAC + b'\x86\xdd' + ip6(src, dst, nxt, chain + payload))]


def ptcp(p, ext):
    if pv(p) == 2048:
        s, d = (b' \x01\r\xb8' + bytes(8) + x for x in (p.src, p.dst))
    else:
        s, d = (b' \x01\r\xb8' + bytes(8) + x for x in (p.src, p.dst))
    return [(t, p.macs + f[12:]) for t, f in ip6ext(p, ext, 6, tcp_with_sum(s, d, p.tcp), s, d)]


def ipopt(p):
    l = p.l3()
    if l[0] >> 4 != 4:
        return plain(p)
    o = b'\x94\x04\x00\x00'
    h = bytearray(l[:20])
    h[0] = 70
    struct.pack_into('>H', h, 2, len(l) + 4)
    h[10:12] = b'\x00\x00'
    full = bytes(h) + o
    cs = checksum(full)
    full = full[:10] + struct.pack('>H', cs) + full[12:]
    return [(p.ts, p.ether(l3=full + l[20:]))]


def l3frag(p, size=64, order=0):
    l = p.l3()
    if l[0] >> 4 == 4:
        fr = fragments(l, size)
    else:
        data = l[40:]
        fr = []
        parts = [data[i:i + size] for i in range(0, len(data), size)]
        ident = p.ts * 3 + p.up & 4294967295
        for i, d in enumerate(parts):
            fh = struct.pack('>BBHI', 6, 0, i * size | (1 if i + 1 < len(parts) else 0), ident)
            fr.append(ip6(l[8:24], l[24:40], 44, fh + d))
    if order == 1:
        fr = fr[::-1]
    if order == 2:
        random.Random(p.ts).shuffle(fr)
    return fr


def fragv(p, size=64, order=0, tags=None):
    q = p.copy(ident=p.ts * 5 + p.up * 3 & 65535 or 9)
    return [(p.ts + i, p.ether(l3=f, tags=tags(i) if tags else b'')) for i, f in enumerate(l3frag(q, size, order))]


OTV = lambda p: struct.pack('>II', 134217728, 5 << 8) + p.ether()


CASES = {
    "gre-csum": E(lambda p: over_ip(p, 47, gre(pv(p), p.l3(), csum=True))),
    "gre-key": E(lambda p: over_ip(p, 47, gre(pv(p), p.l3(), key=7))),
    "gre-seq": E(lambda p: over_ip(p, 47, gre(pv(p), p.l3(), seq=7))),
    "gre-over-v6": E(lambda p: over_ip6(p, 47, gre(pv(p), p.l3()))),
    "gre-teb-vlan": E(lambda p: over_ip(p, 47, gre(25944, p.ether(tags=tag(9))))),
    "gre-teb-key-seq-v6": E(lambda p: over_ip6(p, 47, gre(25944, p.ether(), key=1, seq=2, csum=True))),
    "gre-ppp":
        E(lambda p: over_ip(p, 47, struct.pack('>HHHHI', 12289, 34827, len(p.l3()) + 4, 9, 1) + b'\xff\x03' + struct.pack('>H', pppproto(p)) + p.l3())),
    "pptp-ack": E(lambda p: over_ip(p, 47, struct.pack('>HHHHII', 12417, 34827, len(p.l3()) + 2, 9, 1, 5) + struct.pack('>H', pppproto(p)) + p.l3())),
    "pptp-pfc": E(lambda p: over_ip(p, 47, struct.pack('>HHHHI', 12289, 34827, len(p.l3()) + 1, 9, 1) + bytes([pppproto(p)]) + p.l3())),
    "erspan1-v6": E(lambda p: over_ip6(p, 47, gre(35006, p.ether()))),
    "erspan2-v6": E(lambda p: over_ip6(p, 47, erspan2(p.ether()))),
    "erspan3-v6": E(lambda p: over_ip6(p, 47, erspan3(p.ether()))),
    "erspan2-vlan-inner": E(lambda p: over_ip(p, 47, erspan2(p.ether(tags=tag(33)), vlan=33))),
    "erspan3-vlan-inner-qinq": E(lambda p: over_ip(p, 47, erspan3(p.ether(tags=tag(33, 34984) + tag(4))))),
    "erspan2-key": E(lambda p: over_ip(p, 47, gre(35006, struct.pack('>HHI', 4096, 7, 0) + p.ether(), seq=1, key=4))),
    "erspan3-in-88be": E(lambda p: over_ip(p, 47, gre(35006, struct.pack('>HHIHH', 8192, 7, 1, 0, 0) + p.ether(), seq=1))),
    "erspan2-noseq": E(lambda p: over_ip(p, 47, gre(35006, struct.pack('>HHI', 4096, 7, 0) + p.ether()))),
    "erspan3-noseq": E(lambda p: over_ip(p, 47, gre(8939, struct.pack('>HHIHH', 8192, 7, 1, 0, 0) + p.ether()))),
    "erspan3-ft-ip": E(lambda p: over_ip(p, 47, gre(8939, struct.pack('>HHIHH', 8192, 7, 1, 0, 2 << 10 | 0) + p.l3(), seq=1))),
    "erspan-in-qinq": E(lambda p: [(p.ts, MAC + tag(5, 34984) + tag(6) + over_ip(p, 47, erspan3(p.ether()))[0][1][12:])]),
    "vxlan-csum0": E(lambda p: u0(p, 4789, vxlan(5, p.ether()))),
    "vxlan-v6": E(lambda p: u6(p, 4789, vxlan(5, p.ether()))),
    "vxlan-v6-csum0": E(lambda p: u6(p, 4789, vxlan(5, p.ether()), csum=False)),
    "vxlan-v6-odd": E(lambda p: u6(p, 12345, vxlan(5, p.ether()))),
    "vxlan-gbp": E(lambda p: over_udp(p, 4789, struct.pack('>BBHI', 136, 0, 77, 5 << 8) + p.ether())),
    "vxlan-gbp-odd": E(lambda p: over_udp(p, 24789, struct.pack('>BBHI', 136, 64, 77, 5 << 8) + p.ether())),
    "vxlan-inner-qinq": E(lambda p: over_udp(p, 4789, vxlan(5, p.ether(tags=tag(3, 34984) + tag(4))))),
    "vxlan-inner-qinq-odd": E(lambda p: over_udp(p, 14789, vxlan(5, p.ether(tags=tag(3, 34984) + tag(4))))),
    "vxlan-inner-pppoe-odd": E(lambda p: over_udp(p, 14789, vxlan(5, over_ether(p, 34916, pppoe(p.l3(), pppproto(p)))[0][1]))),
    "vxlan-inner-mpls-odd": E(lambda p: over_udp(p, 14789, vxlan(5, over_ether(p, 34887, mpls(3, 4) + p.l3())[0][1]))),
    "vxlan-250": E(lambda p: over_udp(p, 250, vxlan(5, p.ether()))),
    "vxlan-in-vxlan": E(lambda p: over_udp(p, 4789, vxlan(5, over_udp(p, 4789, vxlan(6, p.ether()))[0][1]))),
    "vxlan-in-geneve": E(lambda p: over_udp(p, 6081, geneve(5, over_udp(p, 8472, vxlan(6, p.ether()))[0][1]))),
    "vxlan-fcs": E(lambda p: over_udp(p, 4789, vxlan(5, p.ether() + b'\x01\x02\x03\x04'))),
    "gpe-ip": E(lambda p: over_udp(p, 4790, gpe(p.l3(), 1 if pv(p) == 2048 else 2))),
    "gpe-eth": E(lambda p: over_udp(p, 4790, gpe(p.ether(), 3))),
    "gpe-nsh-ip": E(lambda p: over_udp(p, 4790, gpe(nsh(p.l3(), 1 if pv(p) == 2048 else 2), 4))),
    "gpe-nsh-eth": E(lambda p: over_udp(p, 4790, gpe(nsh(p.ether(), 3), 4))),
    "gpe-nsh-md2-eth": E(lambda p: over_udp(p, 4790, gpe(nsh(p.ether(), 3, 2), 4))),
    "gpe-odd-eth": E(lambda p: over_udp(p, 14790, gpe(p.ether(), 3))),
    "gpe-odd-nsh": E(lambda p: over_udp(p, 14790, gpe(nsh(p.ether(), 3), 4))),
    "gpe-on-4789": E(lambda p: over_udp(p, 4789, gpe(p.l3(), 1 if pv(p) == 2048 else 2))),
    "gpe-mpls": E(lambda p: over_udp(p, 4790, gpe(mpls(5) + p.l3(), 5))),
    "nsh-eth-ip": E(lambda p: over_ether(p, 35151, nsh(p.l3(), 1 if pv(p) == 2048 else 2))),
    "nsh-eth-mpls": E(lambda p: over_ether(p, 35151, nsh(mpls(7) + p.l3(), 5))),
    "nsh-gre": E(lambda p: over_ip(p, 47, gre(35151, nsh(p.ether(), 3)))),
    "nsh-vlan": E(lambda p: [(p.ts, MAC + tag(7) + over_ether(p, 35151, nsh(p.ether(), 3))[0][1][12:])]),
    "geneve-v6": E(lambda p: u6(p, 6081, geneve(5, p.ether()))),
    "geneve-l3": E(lambda p: over_udp(p, 6081, struct.pack('>BBHI', 0, 0, pv(p), 5 << 8) + p.l3())),
    "geneve-opts": E(lambda p: over_udp(p, 6081, geneve(5, p.ether(), b'\x01\x02\x80\x01\x00\x00\x00\x00' * 4))),
    "geneve-opts-max": E(lambda p: over_udp(p, 6081, geneve(5, p.ether(), b'\x01\x02\x80\x01\x00\x00\x00\x00' * 31))),
    "geneve-crit-odd": E(lambda p: over_udp(p, 7000, struct.pack('>BBHI', 2, 64, 25944, 5 << 8) + b'\x01\x02\x80\x01\x00\x00\x00\x00' + p.ether())),
    "geneve-vlan": E(lambda p: over_udp(p, 6081, geneve(5, p.ether(tags=tag(12))))),
    "geneve-mpls": E(lambda p: over_udp(p, 6081, struct.pack('>BBHI', 0, 0, 34887, 5 << 8) + mpls(5) + p.l3())),
    "geneve-nsh": E(lambda p: over_udp(p, 6081, struct.pack('>BBHI', 0, 0, 35151, 5 << 8) + nsh(p.ether(), 3))),
    "gtp-seq": E(lambda p: over_udp(p, 2152, struct.pack('>BBHI', 50, 255, len(p.l3()) + 4, 8) + b'\x00\x01\x00\x00' + p.l3(), 2152)),
    "gtp-npdu": E(lambda p: over_udp(p, 2152, struct.pack('>BBHI', 49, 255, len(p.l3()) + 4, 8) + b'\x00\x00\x05\x00' + p.l3(), 2152)),
    "gtp-2ext":
        E(lambda p: over_udp(p, 2152, struct.pack('>BBHI', 52, 255, len(p.l3()) + 12, 8) + b'\x00\x00\x00\xc0\x01\x00\x01\x85\x01\x10\x01\x00' + p.l3(), 2152)),
    "gtp-v6": E(lambda p: u6(p, 2152, gtp(8, p.l3()), 2152)),
    "gtp-eth": E(lambda p: over_udp(p, 2152, gtp(8, p.ether()), 2152)),
    "gtp-odd": E(lambda p: over_udp(p, 32152, gtp(8, p.l3()), 41000)),
    "gtp-in-vlan-mpls": E(lambda p: [(p.ts, MAC + tag(8) + b'\x88G' + mpls(4) + over_udp(p, 2152, gtp(8, p.l3()), 2152)[0][1][14:])]),
    "gtp-vxlan": E(lambda p: over_udp(p, 4789, vxlan(9, over_udp(p, 2152, gtp(8, p.l3(), True))[0][1]))),
    "gtp-port-src": E(lambda p: over_udp(p, 40404, gtp(8, p.l3(), True), 2152)),
    "4in6-dstopt": E(lambda p: ip6ext(p, [60], 4 if pv(p) == 2048 else 41, p.l3())),
    "6to4": E(lambda p: over_ip(p, 41, p.l3v6(), dst=a4('192.88.99.1'))),
    "6rd-asym": E(lambda p: over_ip(p, 41, p.l3v6(), src=SWITCH if p.up else COLLECTOR, dst=COLLECTOR if p.up else SWITCH)),
    "isatap":
        E(lambda p: over_ip(p, 41, ip6(b'\xfe\x80' + bytes(6) + b'\x00\x00^\xfe' + p.src, b'\xfe\x80' + bytes(6) + b'\x00\x00^\xfe' + p.dst, 6, tcp_with_sum(b'\xfe\x80' + bytes(6) + b'\x00\x00^\xfe' + p.src, b'\xfe\x80' + bytes(6) + b'\x00\x00^\xfe' + p.dst, p.tcp)))),
    "teredo-plain": E(lambda p: over_udp(p, 3544, p.l3v6())),
    "teredo-auth": E(lambda p: over_udp(p, 3544, b'\x00\x01\x00\x00' + bytes(9) + p.l3v6())),
    "teredo-auth-origin": E(lambda p: over_udp(p, 3544, b'\x00\x01\x04\x04' + bytes(8) + bytes(9) + b'\x00\x00\x11"3DUf' + p.l3v6())),
    "teredo-src": E(lambda p: over_udp(p, 40000, p.l3v6(), sport=3544)),
    "teredo-odd": E(lambda p: over_udp(p, 40000, p.l3v6(), sport=41000)),
    "l2tp2-off":
        E(lambda p: over_udp(p, 1701, struct.pack('>HHHHHH', 16898, 14 + len(p.l3()) + 4, 3, 4, 2, 0) + b'\xff\x03' + struct.pack('>H', pppproto(p)) + p.l3(), 1701)),
    "l2tp2-noacfc": E(lambda p: over_udp(p, 1701, struct.pack('>HHH', 2, 3, 4) + struct.pack('>H', pppproto(p)) + p.l3(), 1701)),
    "l2tp2-pfc": E(lambda p: over_udp(p, 1701, struct.pack('>HHH', 2, 3, 4) + bytes([pppproto(p)]) + p.l3(), 1701)),
    "l2tp2-sport": E(lambda p: over_udp(p, 50123, struct.pack('>HHH', 2, 3, 4) + b'\xff\x03' + struct.pack('>H', pppproto(p)) + p.l3(), 1701)),
    "l2tp2-odd": E(lambda p: over_udp(p, 50123, struct.pack('>HHH', 2, 3, 4) + b'\xff\x03' + struct.pack('>H', pppproto(p)) + p.l3(), 50124)),
    "l2tp2-prio": E(lambda p: over_udp(p, 1701, struct.pack('>HHH', 258, 3, 4) + b'\xff\x03' + struct.pack('>H', pppproto(p)) + p.l3(), 1701)),
    "l2tp3-udp-cookie4": E(lambda p: over_udp(p, 1701, struct.pack('>HHII', 3, 0, 9, 1437226410) + b'\x00\x00\x00\x00' + p.ether(), 1701)),
    "l2tp3-udp-cookie8-sub":
        E(lambda p: over_udp(p, 1701, struct.pack('>HHI', 3, 0, 9) + b'\x01\x02\x03\x04\x05\x06\x07\x08' + b'@\x00\x00\x01' + p.ether(), 1701)),
    "l2tp3-udp-nocookie": E(lambda p: over_udp(p, 1701, struct.pack('>HHI', 3, 0, 9) + p.ether(), 1701)),
    "l2tp3-udp-vlan": E(lambda p: over_udp(p, 1701, struct.pack('>HHI', 3, 0, 9) + p.ether(tags=tag(4)), 1701)),
    "l2tp3-ip-v6": E(lambda p: over_ip6(p, 115, struct.pack('>I', 9) + p.ether())),
    "l2tp3-ip-cookie8": E(lambda p: over_ip(p, 115, struct.pack('>I', 9) + b'\x01\x02\x03\x04\x05\x06\x07\x08' + p.ether())),
    "l2tp3-ppp": E(lambda p: over_udp(p, 1701, struct.pack('>HHI', 3, 0, 9) + b'\xff\x03' + struct.pack('>H', pppproto(p)) + p.l3(), 1701)),
    "l2tp3-odd": E(lambda p: over_udp(p, 5555, struct.pack('>HHI', 3, 0, 9) + p.ether(), 5556)),
    "tzsp-tags":
        E(lambda p: over_udp(p, 37008, b'\x01\x00\x00\x01' + b'\n\x01 \x0b\x01\x05\x0c\x01\x06\r\x04\x00\x00\x00\x01(\x04\x00\x00\x01\x00\x00\x00\x01' + p.ether())),
    "tzsp-minimal": E(lambda p: over_udp(p, 37008, b'\x01\x00\x00\x01\x01' + p.ether())),
    "tzsp-transmit": E(lambda p: over_udp(p, 37008, b'\x01\x01\x00\x01\x01' + p.ether())),
    "tzsp-wlan": E(lambda p: over_udp(p, 37008, b'\x01\x00\x00\x12\x01' + wl(8, 1 if p.up else 2, p))),
    "tzsp-wlan-odd": E(lambda p: over_udp(p, 7008, b'\x01\x00\x00\x12\x01' + wl(8, 1 if p.up else 2, p))),
    "tzsp-vlan-odd": E(lambda p: over_udp(p, 7008, b'\x01\x00\x00\x01\x01' + p.ether(tags=tag(4)))),
    "capwap-radio": E(lambda p: over_udp(p, 5247, capw(p.ether(), radio=True))),
    "capwap-wlan-radio": E(lambda p: over_udp(p, 5247, capw(wl(8, 1 if p.up else 2, p), w=True, radio=True))),
    "capwap-wlan-qos": E(lambda p: over_udp(p, 5247, capw(wl(136, 1 if p.up else 2, p, qos=b'\x00\x00'), w=True))),
    "capwap-src": E(lambda p: over_udp(p, 33000, capw(p.ether()), sport=5247)),
    "capwap-v6": E(lambda p: u6(p, 5247, capw(p.ether()))),
    "capwap-frag-wlan": E(lambda p: capfrag(p)),
    "capwap-frag-eth": E(lambda p: capfrag(p, False)),
    "capwap-frag-small": E(lambda p: capfrag(p, True, 64)),
    "capwap-frag-back": E(lambda p: capfrag(p, True, 64, True)),
    "capwap-llc": E(lambda p: over_udp(p, 5247, capw(llc_oui(p, b'\x00\x00\x00')))),
    "lwapp": E(lambda p: over_udp(p, 12222, b'\x00\x00' + struct.pack('>H', len(p.ether())) + b'\x00\x00' + p.ether())),
    "eoip-vlan":
        E(lambda p: over_ip(p, 47, struct.pack('>HHH', 8193, 25600, len(p.ether(tags=tag(5)))) + struct.pack('<H', 42) + p.ether(tags=tag(5)))),
    "eoip-v6": E(lambda p: over_ip6(p, 97, b'\x03\x00' + p.ether())),
    "etherip-v6": E(lambda p: over_ip6(p, 97, b'0\x00' + p.ether())),
    "etherip-vlan": E(lambda p: over_ip(p, 97, b'0\x00' + p.ether(tags=tag(3)))),
    "vntag-vlan": E(lambda p: [(p.ts, p.macs + b'\x89&\x00\x01\x00\x02' + tag(5) + p.ether()[12:])]),
    "vlan-vntag": E(lambda p: [(p.ts, p.macs + tag(5) + b'\x89&\x00\x01\x00\x02' + p.ether()[12:])]),
    "pbb-qinq": E(lambda p: [(p.ts, MAC + tag(5, 34984) + b'\x88\xe7' + struct.pack('>I', 1000) + p.ether())]),
    "pbb-ctag": E(lambda p: [(p.ts, MAC + b'\x88\xe7' + struct.pack('>I', 1000) + p.ether(tags=tag(5)))]),
    "pbb-stag-ctag": E(lambda p: [(p.ts, MAC + tag(9, 34984) + b'\x88\xe7' + struct.pack('>I', 1000) + p.ether(tags=tag(5, 34984) + tag(6)))]),
    "macsec-clear": E(lambda p: over_ether(p, 35045, b'\x00\x00\x00\x00\x00\x01' + p.ether()[12:] + bytes(16))),
    "macsec-clear-sci": E(lambda p: [(p.ts, p.macs + b'\x88\xe5' + b' \x00\x00\x00\x00\x01' + bytes(8) + p.ether()[12:] + bytes(16))]),
    "macsec-clear-vlan": E(lambda p: [(p.ts, p.macs + tag(4) + b'\x88\xe5' + b'\x00\x00\x00\x00\x00\x01' + tag(5) + p.ether()[12:] + bytes(16))]),
    "pppoe-vlan": E(lambda p: [(p.ts, MAC + tag(4) + b'\x88d' + pppoe(p.l3(), pppproto(p)))]),
    "pppoe-qinq": E(lambda p: [(p.ts, MAC + tag(4, 34984) + tag(5) + b'\x88d' + pppoe(p.l3(), pppproto(p)))]),
    "pppoe-pfc": E(lambda p: [(p.ts, MAC + b'\x88d' + struct.pack('>BBHH', 17, 0, 5, len(p.l3()) + 1) + bytes([pppproto(p)]) + p.l3())]),
    "pppoe-pad": E(lambda p: [(p.ts, (MAC + b'\x88d' + pppoe(p.l3(), pppproto(p))).ljust(64, b'\x00'))]),
    "pppoe-mpls-pw": E(lambda p: over_ether(p, 34887, mpls(3, 4) + over_ether(p, 34916, pppoe(p.l3(), pppproto(p)))[0][1])),
    "mpls-1": E(lambda p: over_ether(p, 34887, mpls(16) + p.l3())),
    "mpls-5": E(lambda p: over_ether(p, 34887, mpls(1, 2, 3, 4, 5) + p.l3())),
    "mpls-8848": E(lambda p: over_ether(p, 34888, mpls(16) + p.l3())),
    "mpls-explicit-null": E(lambda p: over_ether(p, 34887, mpls(0 if pv(p) == 2048 else 2) + p.l3())),
    "mpls-entropy": E(lambda p: over_ether(p, 34887, mpls(16, 7, 100 + p.conn) + p.l3())),
    "mpls-vlan": E(lambda p: [(p.ts, MAC + tag(4) + b'\x88G' + mpls(16) + p.l3())]),
    "mpls-pw-vlan": E(lambda p: over_ether(p, 34887, mpls(16, 17) + p.ether(tags=tag(6)))),
    "mpls-pw-cw-vlan": E(lambda p: over_ether(p, 34887, mpls(16, 17) + b'\x00\x00\x00\x05' + p.ether(tags=tag(6)))),
    "mpls-pw-cw-seq": E(lambda p: over_ether(p, 34887, mpls(16, 17) + struct.pack('>I', p.ts & 65535) + p.ether())),
    "mpls-pw-mac4": E(lambda p: over_ether(p, 34887, mpls(16, 17) + b'DEFGHI' + p.ether()[6:])),
    "mpls-pw-mac6": E(lambda p: over_ether(p, 34887, mpls(16, 17) + b'dEFGHI' + p.ether()[6:])),
    "mpls-pw-mac0-cw": E(lambda p: over_ether(p, 34887, mpls(16, 17) + b'\x00\x00\x00\x00' + b'\x00EFGHI' + p.ether()[6:])),
    "mpls-pw-mac0": E(lambda p: over_ether(p, 34887, mpls(16, 17) + b'\x00EFGHI' + p.ether()[6:])),
    "mpls-ppp-pw": E(lambda p: over_ether(p, 34887, mpls(16, 17) + b'\xff\x03' + struct.pack('>H', pppproto(p)) + p.l3())),
    "mpls-pw-qinq": E(lambda p: over_ether(p, 34887, mpls(16, 17) + p.ether(tags=tag(6, 34984) + tag(3)))),
    "mpls-in-ip": E(lambda p: over_ip(p, 137, mpls(16) + p.l3())),
    "mpls-udp-v6": E(lambda p: u6(p, 6635, mpls(16) + p.l3())),
    "gre-udp-key": E(lambda p: over_udp(p, 4754, gre(25944, p.ether(), key=5))),
    "gue": E(lambda p: over_udp(p, 6080, gue(p))),
    "gue-v1-direct": E(lambda p: over_udp(p, 6080, p.l3())),
    "gue-fields": E(lambda p: over_udp(p, 6080, struct.pack('>BBH', 1, 4 if pv(p) == 2048 else 41, 32768) + b'\x00\x00\x00\x07' + p.l3())),
    "gue-gre": E(lambda p: over_udp(p, 6080, struct.pack('>BBH', 0, 47, 0) + gre(pv(p), p.l3()))),
    "fou-ipip": E(lambda p: over_udp(p, 5555, p.l3())),
    "fou-gre": E(lambda p: over_udp(p, 5556, gre(pv(p), p.l3()))),
    "fou-v6": E(lambda p: u6(p, 5555, p.l3())),
    "lisp-v6": E(lambda p: u6(p, 4341, b'\x80\x00\x00\x01\x00\x00\x00\x01' + p.l3())),
    "otv-8472": E(lambda p: over_udp(p, 8472, OTV(p))),
    "wccp-plain": E(lambda p: over_ip(p, 47, gre(34878, p.l3()))),
    "fabricpath-vlan": E(lambda p: [(p.ts, MAC + b'\x89\x03' + struct.pack('>H', 10 << 6 | 32) + p.ether(tags=tag(7)))]),
    "trill-opts": E(lambda p: over_ether(p, 8947, struct.pack('>HHH', 32 | 1 << 6, 1, 2) + bytes(4) + p.ether(tags=tag(3)))),
    "llc-snap-vlan": E(lambda p: [(p.ts, llc_oui(p, b'\x00\x00\x00', tag(5)))]),
    "llc-snap-rfc1042-bridge": E(lambda p: [(p.ts, llc_oui(p, b'\x00\x00\xf8'))]),
    "llc-isl":
        E(lambda p: [(p.ts, b'\x01\x00\x0c\x00\x00' + b'\x00' + p.macs[6:] + struct.pack('>H', len(p.ether()) + 12) + b'\xaa\xaa\x03' + p.macs[6:9] + struct.pack('>H', 5 << 1) + b'\x00\x00\x00\x00' + p.ether() + bytes(4))]),
    "raw-v": (link(b''), ALL, (), 228),
    "raw-12": (link(b''), ALL, (), 12),
    "raw-14": (link(b''), ALL, (), 14),
    "null-be": (link(b'\x00\x00\x00\x02'), ALL, (), 0),
    "sll-vlan":
        (each(lambda p: [(p.ts, b'\x00\x00\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00\x81\x00' + struct.pack('>HH', 5, pv(p)) + p.l3())]), ALL, (), 113),
    "sll2-vlan":
        (each(lambda p: [(p.ts, b'\x81\x00\x00\x00\x00\x00\x00\x02\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00' + struct.pack('>HH', 5, pv(p)) + p.l3())]), ALL, (), 276),
    "sll-gre": (each(lambda p: [(p.ts, struct.pack('>HHH', 0, 778, 4) + bytes(8) + struct.pack('>H', pv(p)) + p.l3())]), ALL, (), 113),
    "sll-radiotap":
        (each(lambda p: [(p.ts, struct.pack('>HHH', 0, 803, 6) + bytes(8) + struct.pack('>H', 4) + rt(0, b'') + wl(8, 1 if p.up else 2, p))]), ALL, (), 113),
    "ppp-hdlc": (link(b'\xff\x03' + struct.pack('>H', 33)), ALL, (), 50),
    "ppp-dir": (each(lambda p: [(p.ts, (b'\x00' if p.up else b'\x01') + b'\xff\x03' + struct.pack('>H', pppproto(p)) + p.l3())]), ALL, (), 204),
    "ppp-dir166": (each(lambda p: [(p.ts, (b'\x00' if p.up else b'\x01') + b'\x03' + struct.pack('>H', pppproto(p)) + p.l3())]), ALL, (), 166),
    "ppp-ether": (each(lambda p: [(p.ts, pppoe(p.l3(), pppproto(p)))]), ALL, (), 51),
    "ppp-pfc": (each(lambda p: [(p.ts, bytes([pppproto(p)]) + p.l3())]), ALL, (), 9),
    "ppp-mp": (each(lambda p: [(p.ts, b'\xff\x03\x00=\xc0\x00\x00\x01' + struct.pack('>H', pppproto(p)) + p.l3())]), ALL, (), 9),
    "chdlc-v": (link(b'\x8f\x00' + b'\x08\x00'), ALL, (), 104),
    "frelay-snap": (link(b'\x18A\x03\x80\x00\x00\x00' + b'\x08\x00'), ALL, (), 107),
    "frelay-bridged": (each(lambda p: [(p.ts, b'\x18A\x03\x00\x80\x00\x80\xc2\x00\x07' + p.ether())]), ALL, (), 107),
    "frelay-cisco": (link(b'\x18A' + b'\x08\x00'), ALL, (), 107),
    "ip-over-fc": (each(lambda p: [(p.ts, bytes(16) + snap(p.l3()))]), ALL, (), 122),
    "arcnet": (each(lambda p: [(p.ts, b'\x01\x02\xd4\x00\x00\x01' + p.l3())]), ALL, (), 7),
    "token-ring": (each(lambda p: [(p.ts, b'\x10@' + p.macs + snap(p.l3()))]), ALL, (), 6),
    "token-ring-rif":
        (each(lambda p: [(p.ts, b'\x10@' + p.macs[:6] + bytes([p.macs[6] | 128]) + p.macs[7:] + b'\x060\x00\x11\x00"' + snap(p.l3()))]), ALL, (), 6),
    "fddi": (each(lambda p: [(p.ts, b'P' + p.macs + snap(p.l3()))]), ALL, (), 10),
    "atm-rfc1483": (each(lambda p: [(p.ts, snap(p.l3()))]), ALL, (), 100),
    "atm-rfc1483-bridged": (each(lambda p: [(p.ts, b'\xaa\xaa\x03\x00\x80\xc2\x00\x07\x00\x00' + p.ether())]), ALL, (), 100),
    "sunatm": (each(lambda p: [(p.ts, b'\x02\x01\x00\x05' + snap(p.l3()))]), ALL, (), 123),
    "ieee1394": (each(lambda p: [(p.ts, bytes(16) + struct.pack('>H', pv(p)) + p.l3())]), ALL, (), 138),
    "docsis": (each(lambda p: [(p.ts, b'\x00\x00' + struct.pack('>H', len(p.ether())) + b'\x00\x00' + p.ether())]), ALL, (), 143),
    "ipoib": (each(lambda p: [(p.ts, bytes(40) + struct.pack('>HH', pv(p), 0) + p.l3())]), ALL, (), 242),
    "pktap": (each(lambda p: [(p.ts, pktap(p))]), ALL, (), 258),
    "ppi-wlan": (each(lambda p: [(p.ts, ppi(p))]), ALL, (), 192),
    "ppi-eth-fields": (each(lambda p: [(p.ts, ppi2(p))]), ALL, (), 192),
    "enc": (each(lambda p: [(p.ts, struct.pack('<III', 2, 1, 0) + p.l3())]), ALL, (), 109),
    "pflog": (each(lambda p: [(p.ts, bytes([61, 2, 0, 0]) + bytes(60) + p.l3())]), ALL, (), 117),
    "netanalyzer": (each(lambda p: [(p.ts, bytes(4) + p.ether())]), ALL, (), 240),
    "juniper-ethernet": (each(lambda p: [(p.ts, b'MGC' + bytes([not p.up]) + p.ether())]), ALL, (), 178),
    "juniper-extension": (each(lambda p: [(p.ts, b'MGC\x80\x00\x06' + b'\x01\x01\x01\x02\x01\x0e' + p.ether())]), ALL, (), 178),
    "juniper-no-link": (each(lambda p: [(p.ts, b'MGC\x02' + struct.pack('<I', 2) + p.l3())]), ALL, (), 178),
    "juniper-ppp": (each(lambda p: [(p.ts, b'MGC\x00' + b'\xff\x03' + struct.pack('>H', pppproto(p)) + p.l3())]), ALL, (), 179),
    "juniper-hdlc": (each(lambda p: [(p.ts, b'MGC\x00' + b'\x0f\x00' + struct.pack('>H', pv(p)) + p.l3())]), ALL, (), 181),
    "mpls-link": (each(lambda p: [(p.ts, mpls(4) + p.l3())]), ALL, (), 219),
    "dsa-tag": (each(lambda p: [(p.ts, p.macs + b'@\x08\x00\x01' + p.ether()[12:])]), ALL, (), 284),
    "dsa-edsa": (each(lambda p: [(p.ts, p.macs + b'\xda\xda\x00\x00@\x08\x00\x01' + p.ether()[12:])]), ALL, (), 285),
    "brcm-tag": (each(lambda p: [(p.ts, p.macs + b' \x00\x00\x01' + p.ether()[12:])]), ALL, (), 281),
    "edsa-on-ether": E(lambda p: [(p.ts, p.macs + b'\xda\xda\x00\x00@\x08\x00\x01' + p.ether()[12:])]),
    "marvell-dsa-on-ether": E(lambda p: [(p.ts, p.macs + b'@\x08\x00\x01' + p.ether()[12:])]),
    "radiotap-tsft-flags":
        (each(lambda p: [(p.ts, rt(47, bytes(8) + b'\x00\x02' + b'\x85\t\x80\x04' + b'\xd0\x00') + wl(8, 1 if p.up else 2, p))]), ALL, (), 127),
    "radiotap-fcs-2":
        (each(lambda p: [(p.ts, rt(47, bytes(8) + b'\x10\x02' + b'\x85\t\x80\x04' + b'\xd0\x00') + wl(136, 1 if p.up else 2, p, qos=b'\x00\x00') + b'\x01\x02\x03\x04')]), ALL, (), 127),
    "radiotap-datapad": (each(lambda p: [(p.ts, rt(2, b' ') + wl(136, 1 if p.up else 2, p, qos=b'\x00\x00' + b'\x00\x00'))]), ALL, (), 127),
    "radiotap-2words":
        (each(lambda p: [(p.ts, struct.pack('<BBHIII', 0, 0, 24, 2147483651, 2147483648 | 1, 0)[:16] + bytes(8) + wl(8, 1 if p.up else 2, p))]), ALL, (), 127),
    "wlan-4addr": (each(lambda p: [(p.ts, wl(8, 3, p))]), ALL, (), 105),
    "wlan-adhoc": (each(lambda p: [(p.ts, wl(8, 0, p))]), ALL, (), 105),
    "wlan-qos": (each(lambda p: [(p.ts, wl(136, 1 if p.up else 2, p, qos=b'\x00\x00'))]), ALL, (), 105),
    "wlan-qos-htc": (each(lambda p: [(p.ts, wl(136, 128 | (1 if p.up else 2), p, qos=b'\x00\x00', ht=bytes(4)))]), ALL, (), 105),
    "wlan-amsdu": (each(lambda p: [(p.ts, wl(136, 1 if p.up else 2, p, qos=b'\x80\x00', body=amsdu(p)))]), ALL, (), 105),
    "wlan-amsdu-second": (each(lambda p: [(p.ts, wl(136, 1 if p.up else 2, p, qos=b'\x80\x00', body=amsdu(p, True)))]), ALL, (), 105),
    "wlan-fcs": (each(lambda p: [(p.ts, wl(8, 1 if p.up else 2, p) + b'\x01\x02\x03\x04')]), ALL, (), 105),
    "wlan-vlan-snap":
        (each(lambda p: [(p.ts, wl(8, 1 if p.up else 2, p, body=b'\xaa\xaa\x03\x00\x00\x00\x81\x00' + struct.pack('>HH', 7, pv(p)) + p.l3()))]), ALL, (), 105),
    "v6-ext-hbh": E(lambda p: ptcp(p, [0])),
    "v6-ext-dst": E(lambda p: ptcp(p, [60])),
    "v6-ext-rt": E(lambda p: ptcp(p, [43])),
    "v6-ext-ah": E(lambda p: ptcp(p, [51])),
    "v6-ext-atomic": E(lambda p: ptcp(p, [44])),
    "v6-ext-all": E(lambda p: ptcp(p, [0, 60, 43, 44, 51, 60])),
    "ah-v4": E(lambda p: [(p.ts, p.macs + b'\x08\x00' + ip4(p.src, p.dst, 51, ah(6, tcp_with_sum(p.src, p.dst, p.tcp)), p.ident))]),
    "ah-tunnel": E(lambda p: over_ip(p, 51, ah(4 if pv(p) == 2048 else 41, p.l3()))),
    "esp-null":
        (each(lambda p: over_ip(p, 50, struct.pack('>II', 1, p.ts & 4294967295) + p.l3() + b'\x01\x02\x02' + (b'\x04' if pv(p) == 2048 else b')') + bytes(12))), (ANY,) * 4, ('encrypted_link',)),
    "esp":
        (each(lambda p: over_ip(p, 50, struct.pack('>II', 1, 1) + bytes((x * 7 + i * 13 & 255 for i, x in enumerate(p.l3()))))), (0, 0, 0, 0), ('encrypted_link',)),
    "esp-udp4500":
        (each(lambda p: over_udp(p, 4500, struct.pack('>II', 19088743, 1) + bytes((x * 7 + i * 13 & 255 for i, x in enumerate(p.l3()))), 4500)), (0, 0, 0, 0), ('encrypted_link',)),
    "wireguard":
        (each(lambda p: over_udp(p, 51820, b'\x04\x00\x00\x00' + struct.pack('<IQ', 77, 1) + bytes((x * 7 + i * 13 & 255 for i, x in enumerate(p.l3() + bytes(-len(p.l3()) % 16)))), 51820)), (0, 0, 0, 0), ('encrypted_link',)),
    "openvpn":
        (each(lambda p: over_udp(p, 1194, b'H\x00\x00\x01' + bytes((x * 7 + i * 13 & 255 for i, x in enumerate(p.l3()))), 1194)), (0, 0, 0, 0), ('encrypted_link',)),
    "capwap-dtls":
        (each(lambda p: over_udp(p, 5247, b'\x01\x00\x00\x00\x17\xfe\xfd\x00\x01' + bytes(6) + struct.pack('>H', 60) + bytes(60))), (0, 0, 0, 0), ('encrypted_link',)),
    "wlan-wpa":
        (each(lambda p: [(p.ts, wl(8, 64 | (1 if p.up else 2), p, body=bytes(8) + bytes((x ^ 90 for x in p.l3()))))]), (0, 0, 0, 0), ('encrypted_link',), 105),
    "unknown-udp": (each(lambda p: over_udp(p, 7777, b'HDRX\x01\x02\x03\x04\x05\x06\x07\x08' + p.ether())), ALL, ('unknown_encapsulation',)),
    "unknown-udp-ip": (each(lambda p: over_udp(p, 7777, b'\x99\x88wfUD' + p.l3())), ALL, ('unknown_encapsulation',)),
    "unknown-udp-odd-offset": (each(lambda p: over_udp(p, 7777, b'\x99\x88wfU' + p.l3())), ALL, ('unknown_encapsulation',)),
    "unknown-eth-far": (each(lambda p: over_ether(p, 39030, bytes(range(40)) + p.ether())), ALL, ('unknown_encapsulation',)),
    "unknown-eth-odd": (each(lambda p: over_ether(p, 39030, bytes(range(7)) + p.ether())), ALL, ('unknown_encapsulation',)),
    "ayiya": E(lambda p: over_udp(p, 5072, struct.pack('>BBBBI', 68, 82, 17, 41, p.ts // 10 ** 6) + bytes(16) + bytes(20) + p.l3v6())),
    "ipv6-flowlabel-mpls6": E(lambda p: over_ether(p, 34887, mpls(2) + p.l3v6())),
    "ipcomp-none": (each(lambda p: over_ip(p, 108, b'\x04\x00\x00\x02' + bytes(20))), (0, 0, 0, 0), ()),
    "six-layers":
        E(lambda p: over_udp(p, 4789, vxlan(1, over_ip(p, 47, gre(25944, over_udp(p, 6081, geneve(2, over_ip(p, 4, over_ip(p, 47, gre(pv(p), p.l3()))[0][1][14:])[0][1]))[0][1]))[0][1]))),
    "seven-layers":
        (each(lambda p: over_ip(p, 4, over_ip(p, 4, over_ip(p, 4, over_ip(p, 4, over_ip(p, 4, over_ip(p, 4, over_ip(p, 4 if pv(p) == 2048 else 41, p.l3())[0][1][14:])[0][1][14:])[0][1][14:])[0][1][14:])[0][1][14:])[0][1][14:])), (ANY,) * 4, ('nested_too_deep',)),
    "vlan-4tags": (each(lambda p: plain(p, tags=tag(1) + tag(2) + tag(3) + tag(4))), (ANY,) * 4, ()),
    "8100-88a8": E(lambda p: plain(p, tags=tag(1) + tag(2, 34984))),
    "9200": E(lambda p: plain(p, tags=tag(1, 37376) + tag(2))),
    "ethertype-fcs": E(lambda p: [(p.ts, p.ether() + b'\xde\xad\xbe\xef')]),
    "padding-60": E(lambda p: [(p.ts, p.ether().ljust(60, b'\xff'))]),
    "trailer-14": E(lambda p: [(p.ts, p.ether() + b'\x124Vx' * 4)]),
    "ip-options": E(ipopt),
    "frag-out-vxlan-v6":
        E(lambda p: [(p.ts + i, MAC + b'\x86\xdd' + f) for i, f in enumerate((lambda l: [ip6(l[8:24], l[24:40], 44, struct.pack('>BBHI', 17, 0, i * 96 | (1 if i * 96 + 96 < len(l[40:]) else 0), p.ts * 3 + p.up & 4294967295) + l[40:][i * 96:i * 96 + 96]) for i in range((len(l[40:]) + 95) // 96)])(u6(p, 4789, vxlan(5, p.ether()))[0][1][14:]))]),
    "frag-in-ipip":
        E(lambda p: [(p.ts + i, f) for i, x in enumerate(l3frag(p.copy(ident=p.ts * 5 + p.up & 65535 or 9), 72)) for _, f in over_ip(p, 4 if pv(p) == 2048 else 41, x)]),
    "gre-fabricpath": E(lambda p: over_ip(p, 47, gre(25944, over_ether(p, 35075, struct.pack('>H', 10 << 6 | 32) + p.ether())[0][1]))),
    "arista-dzgre": E(lambda p: over_ip(p, 47, gre(25944, p.ether(), key=74565))),
    "gre-8847-eth": E(lambda p: over_ip(p, 47, gre(34887, mpls(5) + p.ether()))),
    "cisco-erspan1-9k": E(lambda p: over_ip(p, 47, gre(35006, p.ether(tags=tag(20))))),
    "nvgre": E(lambda p: over_ip(p, 47, gre(25944, p.ether(), key=5001 << 8 | 7))),
    "vmware-8472-vlan": E(lambda p: [(p.ts, MAC + tag(100) + over_udp(p, 8472, vxlan(5001, p.ether(tags=tag(20))))[0][1][12:])]),
    "udplite-vxlan": E(lambda p: over_ip(p, 136, udp(SWITCH, COLLECTOR, 5000, 4789, vxlan(5, p.ether())))),
}
