#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A sluice PLC in miniature: S7 communication (ISO on TCP, RFC 1006) on 102 and EtherNet/IP on 44818.

plc.py serve
plc.py hmi ADDRESS CYCLES SECONDS WRITE_EVERY   reads data block 1 each cycle, writes now and then
plc.py enip ADDRESS CYCLES SECONDS              registers a session, reads the identity object each cycle
plc.py stop ADDRESS                             a stranger: connects and sends PLC stop (0x29)
plc.py download ADDRESS                         a stranger: request download (0x1a)
"""
import pathlib
import socket
import socketserver
import struct
import sys
import threading
import time

COTP_CONNECT = bytes.fromhex("11e00000000100c0010ac1020100c2020102")
COTP_CONFIRM = bytes.fromhex("11d00001000100c0010ac1020100c2020102")
COTP_DATA = bytes.fromhex("02f080")
SETUP = bytes.fromhex("f0000001000101e0")
READ = bytes.fromhex("0401120a10020010000184000000")
WRITE = bytes.fromhex("0501120a100200020001840000100004001000ff")
STOP = bytes.fromhex("29000000000009505f50524f4752414d")
DOWNLOAD = bytes.fromhex("1a00010000000000095f30413030303031500d31303030313030303030313030")


def pace():
    try:
        return float(pathlib.Path("pace").read_text())
    except (OSError, ValueError):
        return 1.0


def tpkt(body):
    return struct.pack(">BBH", 3, 0, 4 + len(body)) + body


def s7(kind, reference, parameter, data=b""):
    error = b"\0\0" if kind == 3 else b""
    return tpkt(COTP_DATA + struct.pack(">BBHHHH", 0x32, kind, 0, reference, len(parameter), len(data)) + error + parameter + data)


def read_tpkt(f):
    head = f.read(4)
    if len(head) < 4:
        return None
    return f.read(struct.unpack(">BBH", head)[2] - 4)


class S7Server(socketserver.StreamRequestHandler):
    def handle(self):
        level = 0
        while body := read_tpkt(self.rfile):
            if body[1] == 0xE0:
                self.wfile.write(tpkt(COTP_CONFIRM))
                continue
            reference = struct.unpack_from(">H", body, 7)[0]
            function = body[13]
            if function == 0xF0:
                self.wfile.write(s7(3, reference, SETUP))
            elif function == 0x04:
                level += 1
                self.wfile.write(s7(3, reference, b"\x04\x01", b"\xff\x04\x00\x80" + struct.pack(">8H", *range(level % 9, level % 9 + 8))))
            elif function == 0x05:
                self.wfile.write(s7(3, reference, b"\x05\x01", b"\xff"))
            else:
                self.wfile.write(s7(3, reference, bytes([function])))


def enip(command, session, data=b"", context=b"tramgac\0"):
    return struct.pack("<HHII", command, len(data), session, 0) + context + bytes(4) + data


IDENTITY = struct.pack("<HHHBBHI", 1, 14, 55, 20, 11, 0x60, 0x00C0FFEE) + b"\x0d1769-SLUICE01"


class EnipServer(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            head = self.rfile.read(24)
            if len(head) < 24:
                return
            command, size, session, _ = struct.unpack_from("<HHII", head)
            self.rfile.read(size)
            if command == 0x65:
                self.wfile.write(enip(0x65, 0x1A2B, b"\1\0\0\0"))
            elif command == 0x6F:
                cip = b"\x81\0\0\0" + IDENTITY
                self.wfile.write(enip(0x6F, session, struct.pack("<IHHHHHH", 0, 0, 2, 0, 0, 0xB2, len(cip)) + cip))
            elif command == 0x66:
                return


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def serve():
    threading.Thread(target=Server(("", 44818), EnipServer).serve_forever, daemon=True).start()
    Server(("", 102), S7Server).serve_forever()


class S7Client:
    def __init__(self, address):
        self.sock = socket.create_connection((address, 102), 5)
        self.f = self.sock.makefile("rb")
        self.reference = 0
        self.sock.sendall(tpkt(COTP_CONNECT))
        read_tpkt(self.f)
        self.job(SETUP)

    def job(self, parameter, data=b""):
        self.reference += 1
        self.sock.sendall(s7(1, self.reference, parameter, data))
        return read_tpkt(self.f)


def hmi(address, cycles, seconds, every):
    plc = S7Client(address)
    for n in range(1, cycles + 1):
        plc.job(READ)
        if every and n % every == 0:
            plc.job(WRITE[:14], b"\x00\x04\x00\x10\x00\x01")
        time.sleep(seconds * pace())


def enip_client(address, cycles, seconds):
    with socket.create_connection((address, 44818), 5) as sock:
        f = sock.makefile("rb")

        def ask(message):
            sock.sendall(message)
            head = f.read(24)
            f.read(struct.unpack_from("<H", head, 2)[0])
            return struct.unpack_from("<I", head, 4)[0]

        session = ask(enip(0x65, 0, b"\1\0\0\0"))
        cip = bytes.fromhex("010220012401")
        for _ in range(cycles):
            ask(enip(0x6F, session, struct.pack("<IHHHHHH", 0, 5, 2, 0, 0, 0xB2, len(cip)) + cip))
            time.sleep(seconds * pace())
        sock.sendall(enip(0x66, session))


what = sys.argv[1]
if what == "serve":
    serve()
elif what == "hmi":
    hmi(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
elif what == "enip":
    enip_client(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
elif what == "stop":
    S7Client(sys.argv[2]).job(STOP)
else:
    S7Client(sys.argv[2]).job(DOWNLOAD)
