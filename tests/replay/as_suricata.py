#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""With a suricata.yaml, events are those that Suricata tells, also where a standard says otherwise; tunnels are looked into as its section
`decoder` says.

  as_suricata.py SENSOR

Expected is what Suricata 7.0.10 writes for the same capture."""
import json
import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rule_cases import Capture, dnp3, dnp3_sum, h

C, S = "10.0.0.1", "10.0.0.2"
YAML = "outputs:\n  - eve-log: {enabled: yes, types: [alert]}\nstream: {midstream: no}\n"
STREAM_EVENTS = ("3whs_ack_in_wrong_dir", "3whs_async_wrong_seq", "3whs_right_seq_wrong_ack_evasion", "3whs_wrong_seq_wrong_ack",
                 "3whs_synack_resend_with_diff_seq", "3whs_synack_toserver_on_syn_recv", "3whs_syn_resend_diff_seq_on_syn_recv", "est_invalid_ack",
                 "est_packet_out_of_window", "fin_but_no_session", "fin_out_of_window", "fin_syn", "pkt_invalid_ack", "pkt_spurious_retransmission",
                 "reassembly_overlap_different_data", "timewait_ack_wrong_seq", "timewait_invalid_ack")
OPEN = ["c 100 0 S", "s 500 101 SA", "c 101 501 A"]
SPOKEN = OPEN + ["c 101 501 PA 12", "s 501 113 A"]
CASES = [  # packets: side, sequence, acknowledgement, flags, bytes of data; what is told of which of them
    ("the server speaks before the client's ACK", ["c 100 0 S", "s 500 101 SA", "s 501 101 PA 21", "s 522 101 FA", "c 101 523 A", "c 101 523 PA 18",
                                                   "c 119 523 FA"], []),
    ("an old acknowledgement in the handshake", ["c 100 0 S", "s 500 101 SA", "s 501 90 PA 21", "c 101 501 A"], [(3, "3whs_wrong_seq_wrong_ack")]),
    ("the handshake's ACK lies inside the window", ["c 100 0 S", "s 500 101 SA", "c 5555 501 A", "c 101 501 A"], []),
    ("a SYN-ACK comes first", ["s 500 101 SA", "c 101 501 A", "s 501 102 PA 5"], []),
    ("a SYN-ACK and a SYN", ["c 0 0 SA", "s 0 0 S"], []),
    ("a second SYN-ACK", ["c 100 0 S", "s 500 101 SA", "s 600 101 SA", "c 101 601 A"], []),
    ("other data in a second SYN", ["c 100 0 S 8", "c 100 0 S 9", "c 100 0 S 10"], []),
    ("one side only", ["c 100 0 S", "c 5101 501 A", "c 5101 501 PA 18", "c 119 501 PA 4"], []),
    ("an ACK for a SYN", ["c 0 0 S", "s 0 0 A"], []),
    ("SYN and FIN at first", ["c 0 0 SF"], [(1, "fin_but_no_session")]),
    ("SYN and FIN behind nothing", ["c 0 0 -", "s 0 0 SF"], [(2, "fin_but_no_session")]),
    ("an ancient acknowledgement in its place", SPOKEN + ["s 501 -19887 A"], []),
    ("an ancient acknowledgement elsewhere", SPOKEN + ["s 1501 -199887 A"], [(6, "est_invalid_ack"), (6, "pkt_invalid_ack")]),
    ("ancient data with any acknowledgement", SPOKEN + ["c -199900 90000 PA 12"], [(6, "pkt_spurious_retransmission")]),
    ("a FIN behind its acknowledgement", SPOKEN + ["s 501 113 PA 48", "c 113 550 A", "s 549 113 FA"], [(8, "fin_out_of_window")]),
    ("a FIN before data on its way", SPOKEN + ["s 501 113 PA 48", "s 501 113 FA"], []),
    ("a FIN behind a gap", SPOKEN + ["s 3501 113 FA", "c 113 3502 A", "c 113 3502 FA", "s 3502 114 A"], []),
    ("SYN and FIN behind a reset", SPOKEN + ["s 501 113 RA", "s 0 0 SF"], []),
    ("SYN and FIN behind a reset of nothing", ["c 5 0 R", "s 0 0 SF"], [(2, "fin_but_no_session")]),
    ("a handshake behind a reset of nothing", ["c 5 0 R"] + SPOKEN, []),
    ("a FIN with old data", SPOKEN + ["s 501 113 PA 48", "c 113 549 A", "s 501 113 FPA 48"], [(8, "fin_out_of_window"),
                                                                                         (8, "pkt_spurious_retransmission")]),
]


def segment(c, text):
    side, seq, ack, flags, *size = text.split()
    src, dst, sport, dport = (C, S, 1000, 80) if side == "c" else (S, C, 80, 1000)
    bits = sum({"S": 2, "F": 1, "R": 4, "P": 8, "A": 16, "-": 0}[x] for x in flags)
    data = bytes([97 + len(c.frames)]) * int(size[0]) if size else b""
    c.tcp_segment(src, dst, sport, dport, int(seq) & 0xFFFFFFFF, int(ack) & 0xFFFFFFFF, bits, data)


def alerts(sensor, work, c, rules, yaml=YAML):
    c.write(f"{work}/a.pcap")
    for name, text in (("a.rules", rules), ("a.yaml", yaml)):
        with open(f"{work}/{name}", "w", encoding="ascii") as f:
            f.write(text)
    out = f"{work}/eve.json"
    if os.path.exists(out):
        os.remove(out)
    subprocess.run([sensor, "-c", f"{work}/a.yaml", "-r", f"{work}/a.pcap", "-S", f"{work}/a.rules", "-l", work, "-k", "none", "--quiet"], check=True,
                   stderr=subprocess.DEVNULL)
    with open(out, encoding="utf-8") as f:
        told = [e for e in map(json.loads, f) if e["event_type"] == "alert"]
    return sorted((e.get("pcap_cnt", 0), e["alert"]["signature"]) for e in told)


def rules_of(head, option, names):
    return "".join(f'alert {head} any any -> any any (msg:"{n}"; {option}:{n}; sid:{i};)\n' for i, n in enumerate(names, 1))


def streams(sensor, work):
    rules = rules_of("tcp", "stream-event", STREAM_EVENTS)
    for name, packets, expected in CASES:
        c = Capture()
        for text in packets:
            segment(c, text)
        yield name, alerts(sensor, work, c, rules), expected


def headers(sensor, work):
    c = Capture()
    for kind, code in ((9, 17), (10, 0), (12, 0), (12, 1), (8, 0)):
        c.add(C, S, 1, bytes([kind, code]) + bytes(6) + b"\x45" + bytes(40))
    rules = rules_of("ip", "decode-event", ("icmpv4.unknown_type", "icmpv4.unknown_code"))
    yield "types of ICMP", alerts(sensor, work, c, rules), [(2, "icmpv4.unknown_type"), (4, "icmpv4.unknown_code")]
    yield "types of ICMP by the standard", alerts(sensor, work, c, rules, "sensor: {name: x}\n"), [(1, "icmpv4.unknown_code")]
    c = Capture()
    for kind, code in ((1, 6), (1, 7), (4, 2), (4, 3)):
        c.add6("fe80::1", "fe80::2", 58, bytes([kind, code]) + bytes(6) + b"\x60" + bytes(60))
    yield "codes of ICMPv6", alerts(sensor, work, c, rules_of("ip", "decode-event", ("icmpv6.unknown_code",))), [(2, "icmpv6.unknown_code"),
                                                                                                      (4, "icmpv6.unknown_code")]


def dnp3_link(length, control):
    head = bytes([5, 0x64, length, control, 3, 0, 4, 0])
    return head + dnp3_sum(head)


VERSIONS = [
    ("lines before a server's version", [("s", b"hello\r\nSSH-2.0-a\r\n"), b"SSH-2.0-b\r\n"], {"ssh.invalid_banner"}),
    ("a client without a version", [("s", b"SSH-2.0-a\r\n"), b"\r\n", ("s", b"Protocol mismatch.\n")], {"ssh.invalid_banner"}),
    ("version 1", [("s", b"SSH-1.99-a\n"), b"SSH-1.5-b\n", ("s", h("0000000a00000000") + b"x" * 10 + h("00000001ffffffff00000000"))], set()),
]


def protocols(sensor, work):
    c = Capture()
    for objects in ("010106", "02010701", "01020000 03", "3c020701", "01000000 03"):
        c.tcp(C, S, 20000, [dnp3(1, h(objects.replace(" ", "")))])
    told = alerts(sensor, work, c, rules_of("dnp3", "app-layer-event", ("dnp3.unknown_object",)))
    yield "points in a question of DNP3", len(told), 3
    c = Capture()
    c.tcp(C, S, 502, [h("000100000006010300050002"), ("s", h("00010000000701030400090018"))])
    told = alerts(sensor, work, c, rules_of("modbus", "app-layer-event", ("modbus.value_mismatch",)))
    yield "registers that are read", len(told), 2
    request = h("000500000006010300010001")
    for name, messages, expected in (
            ("a function that nobody knows", [h("00000000000401000001"), ("s", h("000000000003018001")), request], []),
            ("… and then an answer", [h("00000000000401000001"), ("s", h("000000000003018302")), request], ["modbus.invalid_function_code"]),
            ("a known function", [request, h("00000000000401000001")], ["modbus.invalid_function_code"]),
            ("bytes behind a request", [h("00050000000a010300010001") + bytes(4)], ["modbus.invalid_length"])):
        c = Capture()
        c.tcp(C, S, 502, messages)
        told = alerts(sensor, work, c, rules_of("modbus", "app-layer-event", ("modbus.invalid_function_code", "modbus.invalid_length")))
        yield f"Modbus: {name}", sorted({event for _, event in told}), expected
    c = Capture()
    c.tcp(C, S, 9000, [h("0000002fff534d4272000000000801400000000000000000000000000000400600000100000c00") + b"\2NT LM 0.12\0", ("s", h("45000004") + b"FATAL")])
    yield "SMB: a frame of another type", alerts(sensor, work, c, rules_of("smb", "app-layer-event", ("smb.malformed_data",))), []
    c = Capture()
    answer = h("1234818000010001000000000161000001000101610000010001000000050004") + b"\x01\x02\x03\x04"
    c.udp(S, C, 53, answer, sport=53)
    yield "an answer from port 53 to port 53", alerts(sensor, work, c, rules_of("dns", "app-layer-event", ("dns.not_request",))), []
    c = Capture()
    c.tcp(C, S, 80, [b"GET HTTP/1.1\r\nHost: a\r\n\r\n", ("s", b"http/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")])
    rules = rules_of("http", "app-layer-event", ("http.request_line_invalid", "http.request_line_incomplete", "http.response_invalid_protocol",
                                                 "http.response_chunked_old_proto"))
    yield "two words and small letters", {event for _, event in alerts(sensor, work, c, rules)}, {"http.response_invalid_protocol",
                                                                                                  "http.response_chunked_old_proto"}
    c = Capture()
    c.tcp(C, S, 20000, [dnp3_link(5, 0xC9), ("s", h("0564000b040003000000")), dnp3_link(2, 0xC4)])
    rules = rules_of("dnp3", "app-layer-event", ("dnp3.len_too_small", "dnp3.bad_link_crc"))
    yield "faults of DNP3 before any message", alerts(sensor, work, c, rules), []
    c = Capture()
    for src, dst, ends, seq, ack, flags, data in ((C, S, (1000, 1883), 100, 0, 2, ""), (S, C, (1883, 1000), 500, 101, 0x12, ""),
                                                  (C, S, (1000, 1883), 101, 501, 0x10, ""),
                                                  (C, S, (1000, 1883), 101, 501, 0x18, "100c00044d5154540402003c0000"),
                                                  (C, S, (1000, 1883), 115, 501, 0x19, "300c0006546f7069633174657374"),
                                                  (S, C, (1883, 1000), 501, 130, 0x10, ""), (S, C, (1883, 1000), 501, 130, 0x18, "20020000"),
                                                  (S, C, (1883, 1000), 505, 130, 0x11, ""), (C, S, (1000, 1883), 130, 0, 4, "")):
        c.tcp_segment(src, dst, *ends, seq, ack, flags, h(data))
    rules = rules_of("mqtt", "app-layer-event", ("mqtt.missing_connect",))
    yield "an answer of MQTT behind the client's FIN", alerts(sensor, work, c, rules), []
    for name, lines, expected in VERSIONS:
        c = Capture()
        c.tcp(C, S, 22, lines)
        rules = rules_of("ssh", "app-layer-event", ("ssh.invalid_banner", "ssh.invalid_record"))
        yield name, {event for _, event in alerts(sensor, work, c, rules)}, expected
    c = Capture()
    c.udp(C, S, 67, bytes([1, 1, 6]) + bytes(233) + h("63825363350101"), sport=68)
    c.udp(C, S, 67, bytes([1, 1, 6]) + bytes(233) + h("63825363350101ff"), sport=68)
    c.frames.append((c.ts, c.frames[-1][1][:-1]))  # the capture ends before the datagram does
    yield "options without an end", alerts(sensor, work, c, rules_of("dhcp", "app-layer-event", ("dhcp.truncated_options",))), [
        (1, "dhcp.truncated_options")]


ONE_SIDE, SKIPPED = "applayer_detect_protocol_only_one_direction", "applayer_proto_detection_skipped"
JUNK = b"nothing that anybody knows\r\n"
REQUEST, ANSWER = b"GET /abc HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
FIRSTS = [  # what is sent; what is told of the first bytes
    ("a name of POP3", [("s", b"+OK POP3 ready <1.2@a>\r\n"), b"USER a\r\n", ("s", b"+OK\r\n")], [ONE_SIDE]),
    ("a greeting of POP3", [("s", b"+OK POP3 ready <1.2@a>\r\n"), b"STAT 1234567890123\r\n", ("s", b"+OK\r\n")], []),
    ("a method of RTSP that HTTP has", [b"OPTIONS rtsp://a/ RTSP/1.0\r\n\r\n", ("s", b"RTSP/1.0 200 OK\r\n\r\n")], [ONE_SIDE]),
    ("a method of RTSP", [b"DESCRIBE rtsp://a/ RTSP/1.0\r\n\r\n", ("s", b"RTSP/1.0 200 OK\r\n\r\n")], []),
    ("the answers of SOCKS 5", [h("050100"), ("s", h("0500")), h("050100017f0000010050"), ("s", h("050000017f0000010050")), b"GET / HTTP/1.0\r\n\r\n",
                                ("s", JUNK)], [ONE_SIDE]),
    ("TLS in IRC", [b"STARTTLS\r\nwhat comes then\r\n", ("s", b":a 670 :STARTTLS successful\r\n")], []),
    ("HTTP in small letters", [b"get / HTTP/1.1\r\nHost: a\r\n\r\n", ("s", b"http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")], []),
    ("a question for features", [("s", b"220 (vsFTPd 3.0.3)\r\n"), b"FEAT\r\n", ("s", b"211 End\r\n"), b"AUTH TLS\r\n", ("s", b"234 go\r\n")], []),
    ("too little of a client", [("s", b"220 (vsFTPd 3.0.3)\r\n"), b"AUTH GSSAPI\r\n", ("s", b"500 no\r\n")], []),
    ("enough of a client", [("s", b"220 (vsFTPd 3.0.3)\r\n"), b"AUTH GSSAPI AND MORE\r\n", ("s", b"500 no\r\n")], [ONE_SIDE]),
    ("a session of NetBIOS", [h("81000044") + bytes(68), ("s", h("82000000")), h("00000023ff534d4272") + bytes(30), ("s", h("00000023ff534d4272") + bytes(30))],
     [ONE_SIDE]),
    ("a banner behind unknown bytes", [JUNK, ("s", b"SSH-2.0-a\r\n"), b"SSH-2.0-b\r\n"], [ONE_SIDE]),
    ("a greeting behind unknown bytes", [JUNK, ("s", b"220 (vsFTPd 3.0.3)\r\n"), b"USER a\r\n"], [ONE_SIDE]),
    ("an answer of HTTP behind unknown bytes", [JUNK, ("s", ANSWER), REQUEST], [ONE_SIDE]),
    ("a request of HTTP behind unknown bytes", [("s", JUNK), REQUEST, ("s", ANSWER)], [ONE_SIDE]),
    ("a hello of TLS behind unknown bytes", [("s", JUNK), h("160301002e0100002a0303") + bytes(32) + h("00000200ff0100"), ("s", JUNK)], []),
    ("an answer of RDP behind unknown bytes", [JUNK, ("s", h("030000130ed000001234000203000001000000"))], [ONE_SIDE]),
    ("much from one side", [JUNK * 50] * 80, [SKIPPED]),
    ("much from one side, and a word from the other", [JUNK, ("s", JUNK)] + [JUNK * 50] * 80, []),
]


def dialogue(*lines):
    return [("s", x[2:].encode() + b"\r\n") if x.startswith("s ") else x[2:].encode() for x in lines]


HELLO = ("s 220 a ESMTP", "c EHLO b\r\n", "s 250 ok", "c MAIL FROM:<a@b>\r\n", "s 250 ok", "c RCPT TO:<a@b>\r\n", "s 250 ok")
BLIND = "c EHLO b\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\nSubject: x\r\n\r\nhello\r\n"
MAIL_EVENTS = ("unable_to_match_reply_with_request", "max_command_line_len_exceeded", "max_reply_line_len_exceeded", "truncated_line",
               "bdat_chunk_len_exceeded", "invalid_pipelined_sequence", "no_server_welcome_message", "data_command_rejected")
MAILS = [
    ("a reply that nobody asked for", HELLO + ("s 451 late", "c QUIT\r\n"), set()),
    ("a long command", ("s 220 a ESMTP", "c EHLO " + "b" * 5000 + "\r\n", "s 250 ok"), {"truncated_line"}),
    ("a chunk of nothing", HELLO + ("c BDAT 0 LAST\r\n", "s 250 ok", "c QUIT\r\n", "s 221 bye"), {"bdat_chunk_len_exceeded"}),
    ("a chunk that ends inside a line", HELLO + ("c BDAT 3 LAST\r\nabc", "s 250 ok", "c QUIT\r\n", "s 221 bye"), {"bdat_chunk_len_exceeded"}),
    ("a chunk of lines", HELLO + ("c BDAT 5 LAST\r\nabc\r\n", "s 250 ok", "c QUIT\r\n", "s 221 bye"), set()),
    ("a chunk of no number", HELLO + ("c BDAT abc\r\n", "s 250 ok", "c QUIT\r\n", "s 221 bye"), {"bdat_chunk_len_exceeded"}),
    ("a chunk too long to count", HELLO + ("c BDAT 184467440737095516160\r\nabc\r\n", "s 250 ok"), set()),
    ("a mail that waits for nobody", (BLIND, "s 220 a ESMTP\r\n250 1\r\n250 2\r\n250 3\r\n354 4\r\n250 5", "c QUIT\r\n", "s 221 bye"),
     {"invalid_pipelined_sequence", "no_server_welcome_message", "data_command_rejected"}),
]


def words(sensor, work):
    rules = rules_of("ip", "app-layer-event", (ONE_SIDE, SKIPPED))
    for name, messages, expected in FIRSTS:
        c = Capture()
        c.tcp(C, S, 139 if "NetBIOS" in name else 3389 if "RDP" in name else 9000, messages)
        yield name, [event for _, event in alerts(sensor, work, c, rules)], expected
    c = Capture()
    c.tcp(C, S, 9000, [("s", b"220 a ESMTP\r\n"), b"EHLO b\r\n"])
    del c.frames[-4:]  # the last bytes were not acknowledged: the flow's end reads them
    yield "first bytes at a flow's end", alerts(sensor, work, c, rules), []


def strange(sensor, work):
    """Unknown bytes of one side: the other's tell the protocol, in any mode, and its rules look at both."""
    rules = ('alert ftp any any -> any any (msg:"command"; ftp.command; content:"USER"; sid:1;)\n'
             'alert http any any -> any any (msg:"answer"; http.stat_code; content:"200"; sid:2;)\n'
             'alert http any any -> any any (msg:"request"; http.uri; content:"/abc"; sid:3;)\n'
             'alert ssh any any -> any any (msg:"banner"; ssh.software; content:"OpenSSH"; sid:4;)\n'
             'alert tls any any -> any any (msg:"server"; tls.cert_subject; content:"a"; sid:5;)\n')
    long = b"nothing that anybody knows" * 100  # more than is kept for the other side's protocol
    for name, messages, expected in (
            ("a command", [JUNK, ("s", b"220 (vsFTPd 3.0.3)\r\n"), b"USER a\r\n"], {"command"}), ("an answer", [JUNK, ("s", ANSWER)], {"answer"}),
            ("a request", [("s", JUNK), REQUEST], {"request"}), ("a banner", [JUNK, ("s", b"SSH-2.0-OpenSSH_8\r\n")], {"banner"}),
            ("a banner behind much", [long, long, ("s", b"SSH-2.0-OpenSSH_8\r\n")], {"banner"}), ("nothing", [JUNK, ("s", JUNK), REQUEST], set())):
        c = Capture()
        c.tcp(C, S, 9000, messages)
        for mode, yaml in (("", YAML), (", without a suricata.yaml", "sensor: {name: x}\n")):
            yield f"behind unknown bytes: {name}{mode}", {event for _, event in alerts(sensor, work, c, rules, yaml)}, expected


def mails(sensor, work):
    rules = "".join(f'alert smtp any any -> any any (msg:"{n}"; app-layer-event:smtp.{n}; sid:{i};)\n' for i, n in enumerate(MAIL_EVENTS, 1))
    for name, lines, expected in MAILS:
        c = Capture()
        c.tcp(C, S, 25, dialogue(*lines))
        yield name, {event for _, event in alerts(sensor, work, c, rules)}, expected
    c = Capture()
    c.tcp(C, S, 25, dialogue(BLIND + ".\r\nQUIT\r\n"))
    c.frames = [f for f in c.frames if f[1][26:30] == bytes([10, 0, 0, 1])]
    yield "one side of a mail", alerts(sensor, work, c, rules), []


def tunnels(sensor, work):
    frame = datagram_inside()
    faulty = frame[:24] + bytes([frame[24] ^ 1]) + frame[25:]  # the checksum of IP: only the port says that this is a packet
    c = Capture()
    for port in (4789, 4800):
        c.udp(C, S, port, h("0800000000000100") + faulty, sport=40000)
    rule = 'alert udp any any -> any 9999 (msg:"inside"; content:"within"; sid:1;)\n'
    at_4789, at_4800 = [(1, "inside")], [(2, "inside")]
    for decoder, expected in (("", at_4789), ("decoder: {vxlan: {enabled: no}}\n", []), ("decoder: {vxlan: {ports: 4789}}\n", at_4789),
                              ("decoder: {vxlan: {ports: '[4800, 4789]'}}\n", at_4789 + at_4800), ("decoder: {vxlan: {ports: [4800]}}\n", at_4800),
                              ("vars: {port-groups: {VXLAN_PORTS: 4800}}\ndecoder: {vxlan: {enabled: true, ports: $VXLAN_PORTS}}\n", at_4800),
                              ("decoder: {max-layers: 3}\n", [])):
        yield f"tunnels: {decoder.strip()}", alerts(sensor, work, c, rule, YAML + decoder), expected


class Frames:
    """One frame a link type; several: a pcapng of as many interfaces."""

    def __init__(self, *frames):
        self.frames = frames

    def write(self, path):
        (link, frame), *more = self.frames
        data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link) + struct.pack("<IIII", 1, 0, len(frame), len(frame)) + frame
        if more:
            data = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
            for i, (link, frame) in enumerate(self.frames):
                padded = frame + bytes(-len(frame) % 4)
                data += struct.pack("<IIHHII", 1, 20, link, 0, 0, 20)
                data += struct.pack("<IIIIIII", 6, 32 + len(padded), i, 0, 1, len(frame), len(frame)) + padded + struct.pack("<I", 32 + len(padded))
        with open(path, "wb") as f:
            f.write(data)


def unread(sensor, work):
    """What Suricata does not read is read here, and has no faults."""
    good = datagram_inside()[14:]
    packet = good[:26] + bytes([good[26] ^ 1]) + good[27:]  # the checksum of UDP
    ether = bytes(12)
    outer = Capture()
    outer.udp(C, S, 2152, h("30ff") + struct.pack(">HI", len(packet), 7) + packet, sport=2152)
    jumbo = h("60000000 0000 0040 fe80 0000 0000 0000 0000 0000 0000 0001 ff02 0000 0000 0000 0000 0000 0000 0001".replace(" ", "")) + h("3b00c20400010000")
    rules = "".join(f'alert {rule} sid:{i};)\n' for i, rule in enumerate((
        'udp any any -> any any (msg:"sum"; udpv4-csum:invalid;', 'udp any any -> any 9999 (msg:"within"; content:"within";',
        'pkthdr any any -> any any (msg:"null"; decode-event:ltnull.unsupported_type;', 'pkthdr any any -> any any (msg:"ppp"; decode-event:ppp.unsup_proto;',
        'pkthdr any any -> any any (msg:"exthdr"; decode-event:ipv6.trunc_exthdr;',
        'pkthdr any any -> any any (msg:"options"; decode-event:ipv6.hopopts_unknown_opt;',
        'pkthdr any any -> any any (msg:"length"; decode-event:ipv4.iplen_smaller_than_hlen;'), 1))
    for name, frames, expected in (
            ("Ethernet", ((1, ether + h("0800") + packet),), {"sum", "within"}), ("SLIP", ((8, h("0040") + bytes(14) + packet),), {"within"}),
            ("null", ((0, h("02000000") + packet),), {"sum", "within"}), ("null of another host", ((0, h("00000002") + packet),), {"null", "within"}),
            ("MPLS in PPP", ((9, h("ff03028100010140") + packet),), {"ppp", "within"}),
            ("PPP in Ethernet", ((1, ether + h("880b0021") + packet),), {"within"}),
            ("time stamps", ((1, ether + h("d28b0001001000000000000000000800") + packet),), {"within"}),
            ("GTP", ((1, outer.frames[0][1]),), {"within"}), ("a jumbogram", ((1, ether + h("86dd") + jumbo),), {"exthdr"}),
            ("a frame too long", ((1, ether + h("08004500000a") + bytes(70000)),), set()),
            ("an interface of another type", ((101, good), (1, ether + h("0800") + packet)), {"within"})):
        told = alerts(sensor, work, Frames(*frames), rules)
        yield f"unread: {name}", {event for _, event in told}, expected


def datagram_inside():
    c = Capture()
    c.udp("192.168.1.1", "192.168.1.2", 9999, b"within", sport=9998)
    return c.frames[0][1]


def main():
    sensor, faults, n = os.path.abspath(sys.argv[1]), [], 0
    with tempfile.TemporaryDirectory(prefix="tramgac-as.") as work:
        for part in (streams, headers, protocols, words, strange, mails, tunnels, unread):
            for name, got, expected in part(sensor, work):
                n += 1
                if got != expected:
                    faults.append(f"{name}: {got}, not {expected}")
    print("\n".join(faults) or f"{n} captures tell what they should")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
