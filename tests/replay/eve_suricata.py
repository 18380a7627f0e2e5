#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Events under a suricata.yaml, with the keys and values that Suricata 7.0.10 writes for the same bytes.

  eve_suricata.py SENSOR [--suricata]

With --suricata the same is asked of the suricata that is installed."""
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import eve_run
import recordings
from eve_run import ABSENT, chosen
from rule_cases import Capture, checksum, h

YAML = eve_run.HEAD + eve_run.EVE_LOG + """      types:
        - alert: {payload: yes, payload-printable: yes, metadata: yes, http-body: yes, http-body-printable: yes, tagged-packets: yes}
        - http: {extended: yes}
        - dns
        - flow
        - netflow
        - ftp
        - files
        - smtp: {custom: [received]}
"""
RULES = """
alert tcp any any -> any any (msg:"bytes of a request"; content:"name=value"; target:dest_ip; metadata:tag first, tag second; sid:1;)
alert tcp any any -> any any (msg:"bytes of an answer"; content:"<b>"; sid:2;)
alert dns any any -> any any (msg:"bytes of a datagram"; content:"example"; nocase; sid:3;)
alert http any any -> any any (msg:"a transaction"; http.method; content:"POST"; sid:4;)
alert icmp any any -> any any (msg:"first"; itype:8; tag:session,2,packets; sid:5;)
"""
REQUEST = b"POST /form HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 10\r\n\r\nname=value"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 8\r\n\r\n<b>\x01</b>"
QUERY = h("1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001")


def icmp(kind, code=0):
    segment = struct.pack(">BBHHH", kind, code, 0, 7, 1) + b"abcdefgh"
    return segment[:2] + struct.pack(">H", checksum(segment)) + segment[4:]


def capture():
    c = Capture()
    web = recordings.Conversation(c, "10.0.0.1", "10.0.0.2", 4000, 80)
    web.say(0, REQUEST)
    web.say(1, ANSWER)
    web.end()
    c.udp("10.0.0.1", "10.0.0.3", 53, QUERY, 4001)
    recordings.add(c, "ftp-data", "10.0.0.1", "10.0.0.5")
    mail = recordings.Conversation(c, "10.0.0.1", "10.0.0.6", 4002, 25)
    for side, text in ((1, b"220 mx\r\n"), (0, b"HELO pc\r\n"), (1, b"250 mx\r\n"), (0, b"MAIL FROM:<a@b.vn>\r\n"), (1, b"250 ok\r\n"),
                       (0, b"RCPT TO:<c@d.vn>\r\n"), (1, b"250 ok\r\n"), (0, b"DATA\r\n"), (1, b"354 go\r\n"),
                       (0, b"Received: from near\r\nReceived: from far\r\nSubject: x\r\n\r\nhello\r\n.\r\n"), (1, b"250 ok\r\n"),
                       (0, b"QUIT\r\n"), (1, b"221 bye\r\n")):
        mail.say(side, text)
    mail.end()
    for _ in range(2):
        c.add("10.0.0.1", "10.0.0.4", 1, icmp(8))
        c.add("10.0.0.4", "10.0.0.1", 1, icmp(0))
    return c


HTTP = {"http.url": "/form", "http.hostname": "www.example.com", "http.http_method": "POST", "tx_id": 0}
# what chooses the event, and what it must say
EXPECTED = [
    ({"alert.signature_id": 1}, {**HTTP, "tx_guessed": True, "stream": 1, "http.http_request_body_printable": "name=value",
                                 "http.http_request_body": "bmFtZT12YWx1ZQ==", "alert.target.ip": "10.0.0.2", "alert.metadata.tag": ["second", "first"]}),
    ({"alert.signature_id": 2}, {**HTTP, "tx_guessed": True, "stream": 1, "http.http_response_body_printable": "<b>.</b>"}),
    ({"alert.signature_id": 3}, {"tx_id": 0, "tx_guessed": ABSENT, "stream": 0, "dns.query.0.rrname": "www.example.com"}),
    ({"alert.signature_id": 4}, {**HTTP, "tx_guessed": ABSENT, "stream": 1}),
    ({"event_type": "packet", "icmp_type": 0}, {"packet_info.linktype": 1, "src_ip": "10.0.0.4"}),
    ({"event_type": "flow", "proto": "ICMP"}, {"icmp_type": 8, "response_icmp_type": 0, "response_icmp_code": 0}),
    ({"event_type": "netflow", "proto": "ICMP", "src_ip": "10.0.0.1"}, {"icmp_type": 8, "app_proto": "unknown", "pkt_src": ABSENT, "netflow.pkts": 2,
                                                                       "netflow.min_ttl": 64, "netflow.max_ttl": 64}),
    ({"event_type": "netflow", "proto": "ICMP", "src_ip": "10.0.0.4"}, {"icmp_type": 0}),
    ({"event_type": "netflow", "proto": "TCP", "src_ip": "10.0.0.2"}, {"tcp.tcp_flags": "1b", "tcp.syn": True, "tcp.fin": True, "tcp.psh": True,
                                                                      "tcp.ack": True, "tcp.rst": ABSENT, "app_proto": "http"}),
    ({"event_type": "smtp"}, {"email.received": ["from far", "from near"]}),
]


def faults(events):
    for choice, wanted in EXPECTED:
        found = chosen(events, choice)
        if not found:
            yield f"no event with {choice}"
        if found:
            yield from eve_run.differences(found[0], wanted, choice)
    control = {e["flow_id"] for e in events if e["event_type"] == "ftp"}
    for kind in ("ftp_data", "flow", "fileinfo"):
        if not control & {e.get("parent_id") for e in events if e["event_type"] == kind and e.get("app_proto", "ftp-data") == "ftp-data"}:
            yield f"{kind} of a transfer: parent_id is not that of its control connection"


eve_run.run(capture(), YAML, RULES, faults, f"{len(EXPECTED) + 3} events are as they should be")
