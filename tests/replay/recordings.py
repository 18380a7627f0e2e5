# SPDX-License-Identifier: Apache-2.0
"""Recorded conversations of tests/fuzz/corpus/proto as a capture: one flow each, between hosts of its own."""
import os
import struct

from rule_cases import Capture

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fuzz/corpus/proto")
UDP, SERVER, LOST, DATA, DATA_PORT, GAP = 1, 1, 2, 4, 5001, 4000  # as in tests/lib/proto_feed.h


def read(name):
    """(UDP?, server's port, [(mark, bytes)])"""
    with open(os.path.join(FOLDER, name + ".bin"), "rb") as f:
        data = f.read()
    pieces, at = [], 4
    while at + 3 <= len(data):
        mark, length = data[at], struct.unpack_from(">H", data, at + 1)[0]
        pieces.append((mark, data[at + 3:at + 3 + length]))
        at += 3 + length
    return data[0] & UDP, struct.unpack_from(">H", data, 2)[0], pieces


class Conversation:
    """One TCP connection that is added to piece by piece."""

    def __init__(self, capture, client, server, sport, port):
        self.c, self.ends, self.ports = capture, (client, server), (sport, port)
        self.next = [1000, 5000]
        self.segment(0, 2)
        self.segment(1, 0x12)
        self.segment(0, 0x10)

    def segment(self, side, flags, data=b""):
        ack = 0 if flags == 2 else self.next[1 - side]
        self.c.tcp_segment(self.ends[side], self.ends[1 - side], self.ports[side], self.ports[1 - side], self.next[side], ack, flags, data)
        self.next[side] = (self.next[side] + len(data) + (flags & 3 != 0)) & 0xFFFFFFFF

    def say(self, side, data):
        for i in range(0, len(data), 1400):
            self.segment(side, 0x18, data[i:i + 1400])
            self.segment(1 - side, 0x10)

    def end(self):
        self.segment(0, 0x11)
        self.segment(1, 0x11)
        self.segment(0, 0x10)


def add(c, name, client, server):
    udp, port, pieces = read(name)
    first = data = None
    if not udp:
        first = Conversation(c, client, server, 40000, port)
    for mark, text in pieces:
        side = 1 if mark & SERVER else 0
        if udp:
            c.udp(*((client, server, port, text, 40000) if side == 0 else (server, client, 40000, text, port)))
            continue
        if mark & DATA and not data:
            data = Conversation(c, client, server, 40001, DATA_PORT)
        flow = data if mark & DATA else first
        if mark & LOST:
            flow.next[side] += GAP
        flow.say(side, text)
    for flow in (data, first):
        if flow:
            flow.end()


def capture(names):
    c = Capture()
    c.ts = 1796000000.0
    for i, name in enumerate(names):
        add(c, name, f"10.50.{i}.1", f"10.60.{i}.1")
    return c
