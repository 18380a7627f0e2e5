#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A substation RTU and its control centre in miniature: IEC 60870-5-104 on 2404, DNP3 (IEEE 1815) on 20000.

telecontrol.py serve
telecontrol.py centre104 ADDRESS CYCLES SECONDS   start, interrogation, then measured values are acknowledged
telecontrol.py command104 ADDRESS                 a stranger: start, single command C_SC_NA_1
telecontrol.py centrednp3 ADDRESS CYCLES SECONDS  class 1, 2, 3 and 0 polls
telecontrol.py operatednp3 ADDRESS                a stranger: direct operate (5), then cold restart (13)
"""
import pathlib
import socket
import socketserver
import struct
import sys
import threading
import time

STARTDT_ACT, STARTDT_CON, TESTFR_ACT, TESTFR_CON = 0x07, 0x0B, 0x43, 0x83
M_ME_NC, C_SC_NA, C_IC_NA = 13, 45, 100


def pace():
    try:
        return float(pathlib.Path("pace").read_text())
    except (OSError, ValueError):
        return 1.0


def u_frame(what):
    return bytes([0x68, 4, what, 0, 0, 0])


def i_frame(sent, received, kind, cause, objects):
    asdu = struct.pack("<BBBBH", kind, 1, cause, 0, 1) + objects
    return struct.pack("<BBHH", 0x68, 4 + len(asdu), sent << 1, received << 1) + asdu


def s_frame(received):
    return struct.pack("<BBHH", 0x68, 4, 1, received << 1)


def read_apdu(f):
    head = f.read(2)
    return head + f.read(head[1]) if len(head) == 2 else None


def measured(address, value):
    return struct.pack("<HBfB", address, 0, value, 0)


class Station104(socketserver.StreamRequestHandler):
    def handle(self):
        sent = received = 0
        while apdu := read_apdu(self.rfile):
            control = apdu[2]
            if control == STARTDT_ACT:
                self.wfile.write(u_frame(STARTDT_CON))
            elif control == TESTFR_ACT:
                self.wfile.write(u_frame(TESTFR_CON))
            elif not control & 1:
                received += 1
                kind, objects = apdu[6], apdu[12:]
                if kind in (C_IC_NA, C_SC_NA):
                    self.wfile.write(i_frame(sent, received, kind, 7, objects))
                    sent += 1
            if control in (1, STARTDT_ACT) or not control & 1:
                self.wfile.write(i_frame(sent, received, M_ME_NC, 3, measured(100 + sent % 4, 22.0 + sent % 7 / 10)))
                sent += 1


def client104(address, cycles, seconds, command):
    with socket.create_connection((address, 2404), 5) as sock:
        f = sock.makefile("rb")
        sock.sendall(u_frame(STARTDT_ACT))
        read_apdu(f)
        read_apdu(f)
        if command:
            sock.sendall(i_frame(0, 1, C_SC_NA, 6, struct.pack("<HBB", 1001, 0, 1)))
        else:
            sock.sendall(i_frame(0, 1, C_IC_NA, 6, struct.pack("<HBB", 0, 0, 20)))
        received = 1
        for _ in range(2):
            read_apdu(f)
            received += 1
        for n in range(cycles):
            time.sleep(seconds * pace())
            sock.sendall(s_frame(received))
            read_apdu(f)
            received += 1
            if n % 5 == 4:
                sock.sendall(u_frame(TESTFR_ACT))
                read_apdu(f)


def crc(data):
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA6BC if value & 1 else value >> 1
    return struct.pack("<H", value ^ 0xFFFF)


def dnp3(control, target, source, user):
    head = struct.pack("<BBBBHH", 0x05, 0x64, 5 + len(user), control, target, source)
    out = head + crc(head)
    for i in range(0, len(user), 16):
        out += user[i:i + 16] + crc(user[i:i + 16])
    return out


def read_dnp3(f):
    head = f.read(10)
    if len(head) < 10:
        return None
    left = head[2] - 5
    user = b""
    while left > 0:
        n = min(16, left)
        user += f.read(n + 2)[:n]
        left -= n
    return user


class StationDnp3(socketserver.StreamRequestHandler):
    def handle(self):
        while (user := read_dnp3(self.rfile)) is not None:
            sequence = user[1] & 15
            values = bytes.fromhex("1e05000002") + b"".join(struct.pack("<Bf", 1, 110.5 + i) for i in range(3))
            body = values if user[2] == 1 else user[3:]
            self.wfile.write(dnp3(0x44, 1, 10, bytes([0xC0 | sequence, 0xC0 | sequence, 0x81, 0, 0]) + body))


def clientdnp3(address, requests, seconds):
    with socket.create_connection((address, 20000), 5) as sock:
        f = sock.makefile("rb")
        for n, (function, objects) in enumerate(requests):
            sock.sendall(dnp3(0xC4, 10, 1, bytes([0xC0 | n & 15, 0xC0 | n & 15, function]) + objects))
            read_dnp3(f)
            time.sleep(seconds * pace())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


CLASS_POLL = bytes.fromhex("3c02063c03063c04063c0106")
OPERATE = bytes.fromhex("0c0128010000000301640000006400000000")
what = sys.argv[1]
if what == "serve":
    threading.Thread(target=Server(("", 20000), StationDnp3).serve_forever, daemon=True).start()
    Server(("", 2404), Station104).serve_forever()
elif what == "centre104":
    client104(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), False)
elif what == "command104":
    client104(sys.argv[2], 1, 0.5, True)
elif what == "centrednp3":
    clientdnp3(sys.argv[2], [(1, CLASS_POLL)] * int(sys.argv[3]), float(sys.argv[4]))
else:
    clientdnp3(sys.argv[2], [(5, OPERATE), (13, b"")], 0.3)
