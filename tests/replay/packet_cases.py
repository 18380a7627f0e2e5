#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Which packets of a small capture carry the alerts of rules whose answer is not plain.

  packet_cases.py SENSOR [--keep DIR]
  packet_cases.py --write DIR             the capture and the rules, for another engine to read

Packets 1 to 8 are a conversation of HTTP that both sides close, 9 to 14 questions and answers of DNS, 15 to 19 a conversation of no
known protocol whose server says nothing. CUT has a capture of its own: conversations of HTTP whose response only the end of the connection
ends, cut inside a chunk (1 to 8, the client closes first; 9 to 17, the server does) and of no length (18 to 25); 26 to 33 a whole one. WAY_CASES has one too: who speaks first from a port of services (1 and 2), a question of IPv6 (3),
an announcement of listeners (4), and a conversation of HTTP (5 to 11) whose client thinks 20 s before it closes, and another one (12 to 57) that is silent for a
minute with 56 KB of one side acknowledged at once. PART_CASES: a request and an answer of HTTP in pieces (1 to 16) and a handshake of TLS
with data behind it (17 to 37), lines of no protocol (38 to 46), SSH up
to encryption and behind it (47 to 63). PIECE_CASES: a response of HTTP in seven pieces and another request (1 to 21), a connection that both
sides close, the client without acknowledging that the server did (22 to 30), datagrams of DNS (31 to 37), a request of HTTP whose first
segment is a word (38 to 44), MQTT of a client without a name (45 to 55). UPGRADE_CASES:
HTTP that goes on as WebSocket. A row is (protocol of the header, or all of it, options, packets that carry its alerts; 0 = the end of
the flow). The packets are those of Suricata 7."""
import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from keyword_cases import ANSWER, QUESTION
from rule_cases import OFFICE, OUTSIDE, Capture

GET = b"GET /index.html HTTP/1.1\r\nHost: shop.example\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
CASES = [
    # a packet without payload behind bytes that are only now looked at: what holds on nothing holds
    ("tcp", 'content:!"GET"', [7, 19, 0]), ("tcp", 'content:!"HTTP"', [19, 0]), ("tcp", 'content:!"HTTP"; depth:4', [4, 6, 7, 18, 19, 0]),
    ("tcp", 'content:!"GET"; isdataat:!1', [7, 19]), ("tcp", 'pcre:!"/HTTP/"', [6, 7, 19, 0]), ("tcp", "isdataat:!400", [6, 7, 19, 0]),
    ("tcp", "flow:only_stream; isdataat:!400", [6, 7, 0]), ("tcp-pkt", "isdataat:!400", [4, 5, 6, 7, 18, 19]),
    ("tcp-stream", "isdataat:!400", [6, 7, 19, 0]), ("http", 'pcre:!"/HTTP/"; http.uri; content:"index"', []), ("tcp", 'pcre:"/^$/"', [6, 7, 19]),
    # lengths, and the flags that a packet has to show
    ("tcp", "dsize:0", [1, 2, 3, 8, 15, 16, 17]), ("tcp", "dsize:<1", [1, 2, 3, 6, 7, 8, 15, 16, 17, 19]), ("tcp", "dsize:!1", [4, 5, 6, 7, 18, 19]),
    ("tcp", "dsize:>1", [4, 5, 18]), ("tcp", "flags:!FA", [1, 2, 15, 16]), ("tcp", "flags:!S", [6, 7, 19]),
    ("tcp", "flags:!P", [1, 2, 3, 6, 7, 8, 15, 16, 17, 19]), ("tcp", "flags:*SA", [1, 2, 15, 16]), ("tcp", "flags:*FA", [2, 6, 7, 16, 19]),
    ("tcp", "flags:*UA", []), ("tcp", 'flags:!FA; content:"HTTP"', []), ("tcp", "flags:PA", [4, 5, 18]),
    ("tcp", "flags:+A", [2, 3, 4, 5, 6, 7, 8, 16, 17, 18, 19]), ("ip", "fragbits:!M; app-layer-protocol:http", [6, 7, 8]),
    # a connection's state
    ("tcp", "flow:not_established", [1, 2, 3, 15, 16, 17]), ("tcp", "flow:not_established; ttl:>1", [1, 2, 3, 15, 16, 17]),
    ("tcp", "flow:established; ttl:>1", [4, 5, 6, 7, 8, 18, 19]),
    # streams alone
    ("tcp", 'l3_proto:ipv4; content:"shop"', [6]), ("http", 'flow:only_stream; http.uri; content:"index"', []),
    ("http", 'flow:to_server,only_stream; content:"GET"; http.method; content:"GET"', []), ("http", "flow:only_stream", []),
    ("udp", 'flow:only_stream; content:"evil"; nocase', []), ("tcp", 'flow:only_stream; content:"shop"', [6]),
    ("http", 'frame:http1.stream; content:"HTTP"', [8]), ("http", 'flow:to_client; frame:http1.stream; content:"200"', []),
    # the protocol of datagrams: twice a direction
    ("udp", "app-layer-protocol:dns", [9, 10, 11, 12]), ("udp", "app-layer-protocol:dns; ttl:>1", [9, 10, 11, 12, 13, 14]),
    ("udp", "app-layer-protocol:dns; flow:to_server", [9, 11]), ("udp", "app-layer-protocol:dns; flow:stateless", [9, 10, 11, 12, 13, 14]),
    ("udp", "app-layer-protocol:!http", [9, 10, 11, 12]), ("udp", "flow.age:0", [9, 10, 11, 12, 13, 14]),
    # not at the end: nowhere at all where nothing else is looked for
    ("tcp", 'content:!"GET"; endswith', [7, 19, 0]), ("tcp-pkt", 'content:!"GET"; endswith', [5, 6, 7, 18, 19]), ("tcp", 'content:!"hel"; endswith', [6, 19, 0]),
    ("tcp-pkt", 'content:!"nobody"; isdataat:!1,relative', [4, 5, 6, 7, 19]), ("udp", 'content:!"|00 01|"; endswith', []),
    ("tcp", 'content:"HTTP"; content:!"shop"; endswith', [6, 7]), ("http", 'http.uri; content:!"index"; isdataat:!1,relative', [6]),
    ("http", 'http.uri; content:!"html"; isdataat:!1,relative', []),
    # bytes that nobody acknowledged
    ("tcp", 'content:"nobody"', [0]),
    # addresses alone: once a direction of a flow, each packet where some are left out
    ("ip any any -> [10.10.0.0/16,!10.10.0.9] any", "ip_proto:17", [9, 11, 13]), ("ip !10.10.0.9 any -> any any", "ip_proto:17", [9, 10, 11, 12, 13, 14]),
    ("ip 203.0.113.0/24 any -> any any", "ip_proto:17", [9]), ("ip any any -> 10.10.0.0/16 any", "l3_proto:ipv4", [1, 9, 15]),
]

CUT_CASES = [
    ("http", 'frame:http1.response; content:"HTTP"', [17, 32, 0, 0]), ("http", 'frame:http1.response; content:"efgh"; endswith', [17, 0, 0]),
    ("http", 'frame:http1.stream; content:"efgh"', [17, 0, 0]), ("http", 'frame:http1.request; content:"GET"', [6, 15, 23, 31]),
    ("http", 'flow:to_client; file.data; content:"efgh"', [17, 0, 0]), ("http", 'frame:http1.response; content:"ijkl"', [32]),
]

WAY_CASES = [
    # who speaks first is the client
    ("udp", 'content:"question"; flow:to_server', [1, 3]), ("udp", 'content:"answer"; flow:to_client', [2]),
    ("udp", 'content:"question"; flow:to_client', []),
    # a family of which only some are left out; the other one is not meant
    ("udp !203.0.113.1 any -> any any", 'content:"question"', [1]), ("udp !fe80::2 any -> any any", 'content:"question"', [3]),
    ("udp [10.0.0.0/8,203.0.113.0/24,!fe80::2] any -> any any", 'content:"question"', [1, 3]),
    ("udp [any,!10.99.0.1] any -> any any", 'content:"question"', [1, 3]), ("ip !fe80::2 any -> any any", "ip_proto:17", [3]),
    # messages about listeners
    ("ipv6", 'content:"|00 00 00 01 03|"; depth:5', [4]), ("ipv6", "ip_proto:58; isdataat:15; isdataat:!16", [4]),
    ("ipv6", 'content:"|ff 02 00 00 00 00 00 00|"; endswith', [4]), ("ipv6", 'icmpv6.hdr; content:"|8f|"; depth:1', [4]),
    # not at the end: the first one found, from where the search begins
    ("udp", 'content:"low"; content:!"question"; distance:1; endswith', [1]), ("udp", 'content:"low"; content:!"question"; endswith', [1]),
    ("udp", 'content:"low"; content:!", question"; endswith', []), ("udp", 'content:"low"; content:!", question"; offset:1; endswith', [1]),
    ("udp", 'content:"low"; content:!", question"; within:40; endswith', [1]), ("udp", 'content:"low"; content:!"port,"; within:40; endswith', [1]),
    ("udp", 'content:"low"; content:!", question"; distance:-30; endswith', []),
    # a silent flow is not looked at before its next packet
    ("tcp", 'content:"hello"', [11]), ("http", 'http.response_body; content:"hello"', [11]), ("tcp", 'flow:to_client; content:!"zz"', [11, 57]),
    # so much waits on a silent flow
    ("tcp-stream", 'content:"a marker"', [57]), ("tcp-stream", 'flow:to_client; content:"a marker"; endswith', [57]),
]

PART_CASES = [
    # what may not stand in a head fires with every part of the message behind it
    ("http", 'http.uri; content:!"zzz"', [6, 8, 11]), ("http", 'http.method; content:!"zzz"; http.uri; content:"form"', [6]),
    ("http", 'http.header; content:!"zzz"', [6, 8, 11, 12, 14, 16]), ("http", 'http.stat_code; content:!"999"', [12, 14, 16]),
    ("http", "http.stat_code; bsize:3", [12]), ("http", 'http.request_body; content:!"zzz"', [11]),
    ("http", 'http.uri; content:!"zzz"; pcre:"/f/"', [6, 8, 11]), ("http", 'file.data; content:!"zzz"', [11, 16]),
    # states of a handshake, and what stands for the bytes that the server has not said
    ("tls", "ssl_state:client_hello", [21]), ("tls", "ssl_state:server_hello", [23, 24]), ("tls", "ssl_state:client_keyx", [27]),
    ("tls", "ssl_state:!client_hello", [23, 24]), ("tls", "ssl_state:unknown", []), ("tls", "ssl_state:!unknown", [21, 23]),
    ("tls", 'tls.random; content:!"zzz"', [21, 23]), ("tls", 'tls.random; content:"|00 00|"', [21]), ("tls", 'tls.random; content:"|65 66|"', [24]),
    ("tls", 'flow:to_client; tls.random_time; content:"|00 00 00 00|"', [21]), ("tls", "flow:to_client; tls.random_bytes; bsize:28", [21]),
    ("tls", "ssl_version:tls1.2", [23, 24]), ("tls", "ssl_version:!tls1.2", []),
    # data of the application: one packet more of its direction
    ("tcp", 'content:!"zzz"', [11, 16, 23, 24, 27, 29, 31, 33, 0, 0, 0, 0]),
    ("tcp-pkt", 'content:!"zzz"', [4, 6, 8, 10, 11, 12, 14, 16, 20, 22, 23, 24, 26, 27, 28, 29, 30, 31, 33, 41, 43, 50, 52, 54, 56]),
    ("tcp", 'content:"secret"', []), ("tcp-pkt", 'content:"secret"', [30]), ("tcp", 'dsize:>0; content:"|17 03|"', [30]),
    ("tcp", 'content:"|17 03|"; depth:2', [30]), ("tcp", 'pcre:"/\\x17\\x03/"', [33]), ("tcp", 'content:"|17|"', [23, 29, 31]),
    ("tcp-stream", 'content:"|17|"', [23, 29, 31]), ("tcp-pkt", 'content:"|17|"', [20, 26, 28, 30]),
    # that a connection has no protocol, when both sides have spoken; asked alone, with the packet behind that
    ("tcp", "app-layer-protocol:!dns", [6, 12, 23, 24, 45, 46, 53, 55]), ("tcp", "app-layer-protocol:failed", [45, 46]),
    ("tcp", "flow:to_server; app-layer-protocol:!dns; ttl:>1", [6, 8, 11, 13, 15, 23, 25, 26, 29, 30, 33, 34, 37, 44, 46, 55, 56, 59, 60, 62]),
    ("tcp", "app-layer-protocol:http", [6, 12]), ("tcp", "app-layer-protocol:tls", [23, 24]),
    # SSH: nothing behind the keys, and what waited at the end
    ("tcp-stream", 'content:"SSH-2.0"', [0, 0]), ("tcp-stream", 'flow:to_client; content:"none"', [0]), ("ssh", 'ssh.software; content:"e"', [53, 55]),
    ("ssh", "ssh.hassh; bsize:32", [55]),
]

PIECE_CASES = [
    ("http", 'frame:http1.response; content:"HTTP"', [14]), ("http", 'frame:http1.response; content:!"zzz"', [14, 21]),
    ("http", 'frame:http1.response; content:"bbb"', [14]), ("http", 'frame:http1.response; content:"bbb"; depth:60', []),
    ("http", 'frame:http1.response; content:"ddd"; depth:3100', [21]), ("http", "frame:http1.response; bsize:>1100", [14, 21]),
    ("http", "frame:http1.response; bsize:>4000", [21]), ("http", "frame:http1.response; isdataat:2990", [14, 21]),
    ("http", 'frame:http1.response; pcre:"/^HTTP/"', [14]), ("http", 'frame:http1.response; content:"fff"; endswith', [21]),
    ("http", 'frame:http1.request; content:"GET"', [7, 0]), ("tcp", 'content:"said by"', [30, 0]),
    ("tcp", 'flow:to_server,only_stream; content:!"zzz"', [7, 0, 0, 0, 0]),
    ("tcp", 'flow:to_client,only_stream; content:!"zzz"', [14, 21, 30, 0]), ("udp", "app-layer-protocol:dns", [31, 32, 34, 35, 36]),
    ("udp", "app-layer-protocol:dns; flow:to_server", [31, 32, 35]), ("udp", "app-layer-protocol:!http", [31, 32, 34, 35, 36]),
    ("tcp", "app-layer-protocol:http", [7, 8, 43]), ("tcp", "app-layer-protocol:http; flow:to_server", [7, 43]),
    ("http", 'flow:to_server; content:"POST"', [0]), ("mqtt", 'mqtt.connect.clientid; content:!"zzz"', []),
    ("mqtt", "mqtt.type:CONNECT", [51]),
]

UPGRADE_CASES = [("http", 'http.host; content:"shop"', [7]), ("http", 'http.header; content:!"zzz"; flow:to_server', [7]),
                 ("http", 'http.response_line; content:"101"', [9]), ("http", 'http.stat_code; content:"101"; http.server; content:"x"', [])]


def capture():
    c = Capture()
    ends = OUTSIDE, OFFICE
    c.port = 30001
    up = lambda seq, ack, flags, data=b"": c.tcp_segment(*ends, 30001, 80, seq, ack, flags, data)
    down = lambda seq, ack, flags, data=b"": c.tcp_segment(*ends[::-1], 80, 30001, seq, ack, flags, data)
    up(1000, 0, 2)
    down(5000, 1001, 0x12)
    up(1001, 5001, 0x10)
    up(1001, 5001, 0x18, GET)
    down(5001, 1001 + len(GET), 0x18, OK)
    up(1001 + len(GET), 5001 + len(OK), 0x11)
    down(5001 + len(OK), 1002 + len(GET), 0x11)
    up(1002 + len(GET), 5002 + len(OK), 0x10)
    for _ in range(3):
        c.udp(*ends, 53, QUESTION, sport=5354)
        c.udp(*ends[::-1], 5354, ANSWER, sport=53)
    up = lambda seq, flags, data=b"": c.tcp_segment(*ends, 30002, 7777, seq, 5001 if seq > 1000 else 0, flags, data)
    up(1000, 2)
    c.tcp_segment(*ends[::-1], 7777, 30002, 5000, 1001, 0x12)
    up(1001, 0x10)
    up(1001, 0x18, b"a line that nobody acknowledges")
    up(1032, 0x11)
    c.ts += 1.0
    return c


def cut_capture():
    """The last one's head ends in a line of a tab."""
    c = Capture()
    ends = OUTSIDE, OFFICE

    def conversation(port, answer, server_first=False):
        up = lambda seq, ack, flags, data=b"": c.tcp_segment(*ends, port, 80, seq, ack, flags, data)
        down = lambda seq, ack, flags, data=b"": c.tcp_segment(*ends[::-1], 80, port, seq, ack, flags, data)
        asked, said = 1001 + len(GET), 5001 + len(answer)
        up(1000, 0, 2)
        down(5000, 1001, 0x12)
        up(1001, 5001, 0x10)
        up(1001, 5001, 0x18, GET)
        down(5001, 1001 + len(GET), 0x18, answer)
        if server_first:
            down(said, asked, 0x11)
            up(asked, said + 1, 0x10)
            up(asked, said + 1, 0x11)
            down(said + 1, asked + 1, 0x10)
        else:
            up(asked, said, 0x11)
            down(said, asked + 1, 0x11)
            up(asked + 1, said + 1, 0x10)
        c.ts += 1.0

    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
    conversation(30001, chunked + b"\r\n4\r\nabcd\r\n8\r\nefgh")
    conversation(30002, chunked + b"\r\n4\r\nabcd\r\n8\r\nefgh", server_first=True)
    conversation(30003, b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcdefgh")
    conversation(30004, chunked + b"X: y\n\t\n4\r\nijkl\r\n0\r\n\r\n")
    return c


def way_capture():
    c = Capture()
    ends, ends6 = (OUTSIDE, OFFICE), ("fe80::1", "ff02::16")
    c.udp(*ends, 40000, b"a question from a low port, question", sport=671)
    c.udp(*ends[::-1], 671, b"an answer to it", sport=40000)
    c.add6(*ends6, 17, udp6(5355, 5355, b"a question of its kind"))
    c.add6(*ends6, 58, bytes([143, 0, 0xE2, 0xAC, 0, 0, 0, 1, 3, 0, 0, 0]) + bytes.fromhex("ff02" + "00" * 11 + "010003"))
    up = lambda seq, ack, flags, data=b"": c.tcp_segment(*ends, 30005, 80, seq, ack, flags, data)
    down = lambda seq, ack, flags, data=b"": c.tcp_segment(*ends[::-1], 80, 30005, seq, ack, flags, data)
    asked, said = 1001 + len(GET), 5001 + len(OK)
    up(1000, 0, 2)
    down(5000, 1001, 0x12)
    up(1001, 5001, 0x10)
    up(1001, 5001, 0x18, GET)
    down(5001, asked, 0x18, OK)
    c.ts += 20.0
    up(asked, said, 0x11)
    down(said, asked + 1, 0x11)
    up = lambda seq, ack, flags: c.tcp_segment(*ends, 30006, 7777, seq, ack, flags)
    down = lambda seq, ack, flags, data=b"": c.tcp_segment(*ends[::-1], 7777, 30006, seq, ack, flags, data)
    up(1000, 0, 2)
    down(5000, 1001, 0x12)
    up(1001, 5001, 0x10)
    for i in range(40):
        down(5001 + 1400 * i, 1001, 0x18, bytes(1 + (i * j) % 255 for j in range(1, 1393)) + b"a marker")
    up(1001, 5001 + 40 * 1400, 0x10)
    c.ts += 60.0
    up(1001, 5001 + 40 * 1400, 0x11)
    down(5001 + 40 * 1400, 1002, 0x11)
    return c


class Talk:
    """A conversation of TCP: what is said, and acknowledgements."""

    def __init__(self, c, port, dport):
        self.c, self.port, self.dport, self.next = c, port, dport, [1000, 5000]
        self.send(0, flags=2)
        self.send(1, flags=0x12)
        self.next = [1001, 5001]
        self.send(0)

    def send(self, side, data=b"", flags=0x10):
        ends, ports = (OUTSIDE, OFFICE), (self.port, self.dport)
        if side:
            ends, ports = ends[::-1], ports[::-1]
        ack = 0 if flags == 2 else self.next[1 - side] + (flags == 0x12)
        self.c.tcp_segment(*ends, *ports, self.next[side], ack, flags | 8 * bool(data), data)
        self.next[side] += len(data)


def part_capture():
    c = Capture()
    t = Talk(c, 30007, 80)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 40\r\n\r\n"
    for data in b"POST /form HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 20\r\n\r\n" + b"a" * 5, b"b" * 5, b"c" * 10:
        t.send(0, data)
        t.send(1)
    for data in head + b"d" * 10, b"e" * 10, b"f" * 20:
        t.send(1, data)
        t.send(0)
    t.send(1)
    record = lambda kind, body: struct.pack(">BHH", kind, 0x0303, len(body)) + body
    message = lambda kind, body: record(22, struct.pack(">B", kind) + len(body).to_bytes(3, "big") + body)
    t = Talk(c, 30008, 443)
    client = bytes(range(1, 33)) + b"\0" + struct.pack(">HH", 2, 0x002F) + b"\1\0"
    server = bytes(range(101, 133)) + b"\0" + struct.pack(">H", 0x002F) + b"\0"
    finished = record(20, b"\1") + record(22, bytes(range(40)))
    for side, data in ((0, message(1, b"\3\3" + client)), (1, message(2, b"\3\3" + server)), (1, message(14, b"")),
                       (0, message(16, b"\0\2ab") + finished), (1, finished), (0, record(23, b"secret one")), (1, record(23, b"secret two")),
                       (0, record(23, b"secret three")), (1, record(23, b"secret four"))):
        t.send(side, data)
        t.send(1 - side)
    t = Talk(c, 30009, 7777)
    for side, data in ((0, b"\xf1\x02 said by the client"), (1, b"\xf3\x04 said by the server")):
        t.send(side, data)
        t.send(1 - side)
    t.send(1)
    t.send(0)
    packet = lambda kind, body: struct.pack(">IBB", len(body) + 6, 4, kind) + body + bytes(4)
    lists = bytes(16) + b"".join(struct.pack(">I", 4) + b"none" for _ in range(10)) + bytes(5)
    t = Talk(c, 30010, 22)
    for side, data in ((1, b"SSH-2.0-server\r\n"), (0, b"SSH-2.0-client\r\n" + packet(20, lists)), (1, packet(20, lists) + packet(21, b"")),
                       (0, packet(21, b"")), (1, b"\xaa secret five"), (0, b"\xbb secret six")):
        t.send(side, data)
        t.send(1 - side)
    t.send(0, flags=0x11)
    t.send(1, flags=0x11)
    return c


def piece_capture():
    c = Capture()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6000\r\n\r\n"
    t = Talk(c, 30011, 80)
    for side, data in [(0, GET), (1, head)] + [(1, bytes([97 + i]) * 1000) for i in range(6)] + [(0, GET)]:
        t.send(side, data)
        t.send(1 - side)
    t = Talk(c, 30012, 7777)
    t.send(0, b"\xf1\x02 said by the client")
    t.send(1, b"\xf3\x04 said by the server")
    t.send(1, flags=0x11)
    t.send(0, flags=0x11)
    t.next[1] += 1
    t.send(0, flags=0x11)
    t.next[0] += 1
    t.send(1)
    ends = OUTSIDE, OFFICE
    for side in (0, 0, 0, 1, 0, 1, 0):
        c.udp(*ends[::1 - 2 * side], *((53, QUESTION, 5354) if not side else (5354, ANSWER, 53)))
    t = Talk(c, 30013, 80)
    for data in b"POST ", b"/form HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 2\r\n\r\nab":
        t.send(0, data)
        t.send(1)
    t = Talk(c, 30014, 1883)
    for side, data in (0, b"\x10\x0c\0\x04MQTT\x04\2\0\x3c\0\0"), (1, b"\x20\2\0\0"), (0, b"\xc0\0"), (1, b"\xd0\0"):
        t.send(side, data)
        t.send(1 - side)
    return c


def upgrade_capture():
    c = Capture()
    t = Talk(c, 30015, 80)
    for side, data in ((0, GET[:-2] + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"),
                       (1, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"), (0, b"\x89\x80\1\2\3\4")):
        t.send(side, data)
        t.send(1 - side)
    return c


def udp6(sport, dport, data):
    return struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data


SETS = {"in": (capture, CASES), "cut": (cut_capture, CUT_CASES), "way": (way_capture, WAY_CASES),
        "part": (part_capture, PART_CASES), "piece": (piece_capture, PIECE_CASES), "upgrade": (upgrade_capture, UPGRADE_CASES)}


def rule(i, proto, options):
    header = proto if " " in proto else f"{proto} any any -> any any"
    return f'alert {header} (msg:"x"; {options + "; " if options else ""}sid:{i + 1};)\n'


def write(out):
    os.makedirs(out, exist_ok=True)
    for name, (made, cases) in SETS.items():
        made().write(os.path.join(out, f"{name}.pcap"))
        with open(os.path.join(out, f"{name}.rules"), "w", encoding="utf-8") as f:
            f.writelines(rule(i, proto, options) for i, (proto, options, _) in enumerate(cases))


def alerts(path):
    """sid → packets"""
    got = {}
    with open(path, encoding="utf-8") as f:
        for event in map(json.loads, f):
            if event["event_type"] == "alert":
                got.setdefault(event["alert"]["signature_id"], []).append(event.get("pcap_cnt", 0))
    return got


def replay(sensor, name, out):
    """The faults of one capture."""
    log = os.path.join(out, name)
    os.makedirs(log, exist_ok=True)
    done = subprocess.run([sensor, "-r", os.path.join(out, f"{name}.pcap"), "-S", os.path.join(out, f"{name}.rules"), "-l", log, "--quiet",
                           "--set", "event.types=alert", "--set", "event.ends=packet", "--set", "detect.alerts-max=255", "--set", "stream.midstream=no",
                           "--set", f"decode.as-suricata={str(name in ('way', 'part')).lower()}", "--set", "sandbox.enabled=false"], capture_output=True, text=True, timeout=600, check=False)
    if done.returncode or "put aside" in done.stderr:
        sys.exit(f"{sensor}: status {done.returncode}: {done.stderr[-800:]}")
    got = alerts(os.path.join(log, "eve.json"))
    return [f"{name}: {rule(i, proto, options).strip()}\n  alerts at {got.get(i + 1, [])}, not {packets}"
            for i, (proto, options, packets) in enumerate(SETS[name][1]) if got.get(i + 1, []) != packets]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("sensor", nargs="?")
    ap.add_argument("--keep")
    ap.add_argument("--write")
    a = ap.parse_args()
    if a.write:
        write(a.write)
        return
    with tempfile.TemporaryDirectory(prefix="tramgac-packets.") as work:
        out = a.keep or work
        write(out)
        faults = [fault for name in SETS for fault in replay(a.sensor, name, out)]
    print("\n".join(faults + [f"{sum(len(cases) for _, cases in SETS.values())} rules: {len(faults)} faults"]))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
