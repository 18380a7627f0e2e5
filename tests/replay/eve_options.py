#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Options of Suricata's eve-log that are not as it ships them, and fields that only such traffic has, as Suricata 7.0.10 writes them.

  eve_options.py SENSOR [--suricata]

With --suricata the same is asked of the suricata that is installed."""
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import eve_run
import recordings
from eve_run import ABSENT, chosen
from rule_cases import Capture, h

YAML = eve_run.HEAD + eve_run.EVE_LOG + """      community-id: no
      ethernet: yes
      pcap-file: yes
      metadata: no
      xff: {enabled: yes, mode: extra-data, deployment: reverse, header: X-Forwarded-For}
      types:
        - alert: {metadata: {app-layer: yes, flow: no, rule: {metadata: no, raw: yes}}}
        - anomaly: {types: {decode: yes, stream: no, applayer: no}, packethdr: yes}
        - http: {extended: yes}
        - dns: {formats: [grouped]}
        - dhcp: {enabled: yes, extended: no}
        - ftp
        - nfs
        - dnp3
        - files
        - flow
        - netflow
        - tls: {extended: yes, session-resumption: yes, ja4: yes}
app-layer:
  protocols:
    dnp3: {enabled: yes, detection-ports: {dp: 20000}}
    tls: {enabled: yes, ja3-fingerprints: yes, ja4-fingerprints: yes, detection-ports: {dp: 443}}
    nfs: {enabled: yes}
    dhcp: {enabled: yes}
    http: {enabled: yes}
    ftp: {enabled: yes}
    dns: {tcp: {enabled: yes}, udp: {enabled: yes, detection-ports: {dp: 53}}}
"""
RAW = 'alert http any any -> any any (msg:"a body \\"\\" of a request"; http.request_body; content:"name=value"; flowbits:set,seen; sid:1;)'
RULES = RAW + """
alert http any any -> any any (msg:"a method"; http.method; content:"POST"; sid:3;)
alert dnp3 any any -> any any (msg:"a read"; dnp3_func:read; sid:2;)
"""
QUERY = "1234 %s 0001 %s 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001"
ANSWER = h(QUERY % ("8180", "0001") + "c00c 0001 0001 0000003c 0004 c0000201")


def dhcp(op, kind, options=b""):
    head = struct.pack(">BBBBIHH", op, 1, 6, 0, 77, 0, 0) + bytes([10, 0, 0, 9, 10, 0, 0, 8] + [0] * 8)
    return head + b"\x02\0\0\0\0\x01" + bytes(10 + 192) + h("63825363 3501%02x" % kind) + options + b"\xff"


def hello():
    """A TLS 1.2 ClientHello that says no signature algorithms."""
    body = h("0303") + bytes(range(32)) + b"\4same" + h("0004 c02f 009c 01 00") + h("0005 ff01 0001 00")
    message = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack(">H", len(message)) + message


def nfs_call():
    """LOOKUP of NFS 2 by a machine whose name is no multiple of four bytes long."""
    creds = struct.pack(">II", 1, 7) + b"machine\0" + struct.pack(">III", 1000, 1001, 0)
    call = struct.pack(">IIIIII", 99, 0, 2, 100003, 2, 4) + struct.pack(">II", 1, len(creds)) + creds + bytes(8)
    return call + bytes(range(32)) + struct.pack(">I", 1) + b"a\0\0\0"


def capture():
    c = Capture()
    web = recordings.Conversation(c, "10.0.0.1", "10.0.0.2", 4000, 80)
    web.segment(0, 0x18, b"POST /form HTTP/1.1\r\nHost: www.example.com\r\nX-Forwarded-For: 192.0.2.7, 192.0.2.8\r\nExpect: 100-continue\r\n"
                         b"Content-Length: 10\r\n\r\n")
    web.say(1, b"HTTP/1.1 100 Continue\r\n\r\n")
    web.say(0, b"name=value")
    web.say(1, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok")
    web.end()
    old = recordings.Conversation(c, "10.0.0.1", "10.0.0.3", 4001, 80)
    old.say(0, b"GET /old HTTP/1.0\r\nUser-Agent: a\r\n")
    old.end()
    c.udp("10.0.0.1", "10.0.0.4", 53, h(QUERY % ("0100", "0000")), 4002)
    c.udp("10.0.0.4", "10.0.0.1", 4002, ANSWER, 53)
    c.udp("10.0.0.8", "10.0.0.5", 67, dhcp(1, 3), 68)
    c.udp("10.0.0.5", "10.0.0.8", 68, dhcp(2, 5, h("3604 0a000005 3304 00000e10 3a04 00000708")), 67)
    files = recordings.Conversation(c, "10.0.0.1", "10.0.0.6", 4003, 21)
    for side, text in ((1, b"220 ready\r\n"), (0, b"USER a\r\n"), (1, b"230 in\r\n"), (0, b"PORT 10,0,0,1,78,33\r\n"), (1, b"500 no\r\n"),
                       (0, b"PORT 10,0,0,1,78,34\r\n")):
        files.say(side, text)
    files.end()
    c.udp("10.0.0.1", "10.0.0.7", 2049, nfs_call(), 4004)
    c.udp("10.0.0.7", "10.0.0.1", 4004, struct.pack(">IIIIIII", 99, 1, 0, 0, 0, 0, 2), 2049)
    recordings.add(c, "dnp3", "10.0.0.1", "10.0.0.10")
    secret = recordings.Conversation(c, "10.0.0.1", "10.0.0.11", 4005, 443)
    secret.say(0, hello())
    secret.say(1, h("16 0303 002e 02 00002a 0303") + bytes(range(32)) + b"\4same" + h("c02f 00") + h("14 0303 0001 01"))
    secret.say(0, h("14 0303 0001 01") + b"\x17\x03\x03\0\x10" + bytes(16))
    secret.end()
    c.add("10.0.0.1", "10.0.0.12", 6, h("0fa0 0050 0001"))  # cut off inside its header
    return c


UP = {"ether.src_mac": "02:00:00:00:00:01", "ether.dest_mac": "02:00:00:00:00:02"}
UP_LISTS = {"ether.src_macs": ["02:00:00:00:00:01"], "ether.dest_macs": ["02:00:00:00:00:02"]}
DOWN_LISTS = {"ether.src_macs": ["02:00:00:00:00:02"], "ether.dest_macs": ["02:00:00:00:00:01"]}
BARE = {"community_id": ABSENT, "metadata": ABSENT}
# what chooses the event, how many there are of it, and what the first must say
EXPECTED = [
    ({"event_type": "alert", "alert.signature_id": 1}, 1, {**BARE, "alert.rule": RAW, "alert.xff": "192.0.2.8", "flow": ABSENT, "http.status": 200}),
    ({"event_type": "alert", "alert.signature_id": 3}, 1, {"http.status": 100}),
    ({"event_type": "http", "dest_ip": "10.0.0.2"}, 1, {**BARE, **UP, "xff": "192.0.2.8", "http.status": 200, "http.http_port": ABSENT}),
    ({"event_type": "fileinfo", "dest_ip": "10.0.0.2"}, 1, {**BARE, **UP, "xff": "192.0.2.8"}),
    ({"event_type": "http", "dest_ip": "10.0.0.3"}, 1, {"http.http_port": 0, "http.hostname": ABSENT, "xff": ABSENT}),
    ({"event_type": "dns", "dns.type": "answer"}, 1, {"dns.answers": ABSENT, "dns.grouped.A": ["192.0.2.1"]}),
    ({"event_type": "dhcp"}, 1, {"dhcp": {"type": "reply", "id": 77, "client_mac": "02:00:00:00:00:01", "assigned_ip": "10.0.0.8",
                                          "dhcp_type": "ack", "renewal_time": 1800}}),
    ({"event_type": "ftp", "ftp.command_data": "10,0,0,1,78,33"}, 1, {"ftp.mode": "active", "ftp.dynamic_port": 20001}),
    ({"event_type": "ftp", "ftp.command_data": "10,0,0,1,78,34"}, 1, {"ftp.mode": "passive", "ftp.dynamic_port": ABSENT}),
    ({"event_type": "nfs"}, 1, {"nfs.version": 2, "nfs.procedure": "ACCESS", "nfs.filename": "", "nfs.hhash": ABSENT, "nfs.status": "ERR_NOENT",
                                "rpc.creds.machine_name": "machine", "rpc.creds.uid": 3, "rpc.creds.gid": 0xE8000003}),
    ({"event_type": "tls"}, 1, {"tls.ja4": "t12i020100_08dfa304a768_d9e3b8975ee8"}),
    ({"event_type": "anomaly"}, 1, {"anomaly.event": "decoder.tcp.pkt_too_small", "packet_info.linktype": 1}),
    ({"event_type": "flow", "dest_ip": "10.0.0.2"}, 1, {**BARE, **UP_LISTS}),
    ({"event_type": "netflow", "dest_ip": "10.0.0.2"}, 1, UP_LISTS),
    ({"event_type": "netflow", "src_ip": "10.0.0.2"}, 1, DOWN_LISTS),
]


def faults(events):
    for choice, n, wanted in EXPECTED:
        found = chosen(events, choice)
        if len(found) != n:
            yield f"{len(found)} events with {choice}, not {n}"
        if found:
            yield from eve_run.differences(found[0], wanted, choice)
    reads = chosen(events, {"event_type": "alert", "alert.signature_id": 2})
    if not reads or not all("application" in e["dnp3"]["request"] for e in reads):
        yield "alerts on DNP3 carry no request"
    for e in events:
        if not e.get("pcap_filename", "").endswith("a.pcap") and e["event_type"] in ("http", "flow", "netflow", "dns"):
            yield f"{e['event_type']}: pcap_filename is {e.get('pcap_filename')}"
        if e["event_type"] == "anomaly" and len(e["packet"]) > 44:
            yield "anomaly: more than 32 bytes of the frame"


eve_run.run(capture(), YAML, RULES, faults, f"{len(EXPECTED)} kinds of events are as their options ask", ("-k", "none"))
