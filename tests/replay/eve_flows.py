#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Flow records and counters under a suricata.yaml, as Suricata 7.0.10 writes them for the same bytes.

  eve_flows.py SENSOR [--suricata]

With --suricata the same is asked of the suricata that is installed."""
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import eve_run
import recordings
from eve_run import ABSENT, chosen, value
from rule_cases import Capture, a4, checksum, h, ip4, udp

YAML = eve_run.HEAD + """flow-timeouts:
  udp: {new: 30, established: 300}
stream:
  midstream: no
""" + eve_run.EVE_LOG + """      community-id: yes
      types: [alert, flow, netflow, http, dns, {stats: {totals: yes, threads: no, deltas: yes}}]
app-layer:
  protocols:
    http: {enabled: yes}
    dns: {tcp: {enabled: yes}, udp: {enabled: yes}}
"""
RULES = """
alert http any any -> any any (msg:"request"; http.method; content:"GET"; sid:1;)
alert http any any -> any any (msg:"never"; http.method; content:"GET"; noalert; sid:2;)
"""
REQUEST = b"GET /index.html HTTP/1.1\r\nHost: www.example.com\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
QUERY = h("1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001")


def unreachable(quoted, code=3):
    message = struct.pack(">BBHI", 3, code, 0, 0) + quoted[:28]
    return message[:2] + struct.pack(">H", checksum(message)) + message[4:]


def capture():
    c = Capture()
    web = recordings.Conversation(c, "10.0.0.1", "10.0.0.2", 4000, 80)
    web.say(0, REQUEST)
    web.say(1, ANSWER)
    web.end()
    odd = recordings.Conversation(c, "10.0.0.1", "10.0.0.3", 4001, 80)
    odd.say(0, REQUEST)
    odd.say(1, b"this is the answer of something else\r\n")
    odd.end()
    c.tcp_segment("10.0.0.1", "10.0.0.4", 4002, 80, 500, 900, 0x18, REQUEST)  # its handshake was not seen
    c.tcp_segment("10.0.0.4", "10.0.0.1", 80, 4003, 500, 0, 4)  # a reset first
    one = recordings.Conversation(c, "10.0.0.1", "10.0.0.5", 4004, 9999)  # only one side speaks
    one.say(0, b"bytes that no parser knows at all\n")
    one.end()
    c.udp("10.0.0.6", "10.0.0.1", 54000, b"from the port of a service", 5355)
    datagram = udp(a4("10.0.0.1"), a4("10.0.0.7"), 4005, 53, QUERY)
    c.add("10.0.0.1", "10.0.0.7", 17, datagram)
    c.add("10.0.0.7", "10.0.0.1", 1, unreachable(ip4(a4("10.0.0.1"), a4("10.0.0.7"), 17, datagram)))
    c.add("10.0.0.1", "224.0.0.22", 2, h("1100 eeff 0000 0000"))  # IGMP
    c.udp("10.0.0.8", "10.0.0.8", 2, b"to itself", 256)
    c.udp("10.0.0.1", "10.0.0.9", 62976, b"again", 62976)
    c.ts += 30.0  # whole seconds count
    c.udp("10.0.0.1", "10.0.0.9", 62976, b"again", 62976)
    c.ts += 32.0
    c.udp("10.0.0.1", "10.0.0.9", 62976, b"again", 62976)
    c.add("10.0.0.1", "10.0.0.2", 6, h("0fa0 0050 0001"))  # cut off inside its header
    return c


SILENT = {"flow.state": "new", "tcp.tcp_flags": "00", "tcp.tcp_flags_ts": "00", "tcp.state": ABSENT, "tcp.ack": ABSENT, "tcp.ts_max_regions": ABSENT}
# what chooses the event, how many there are of it, and what each must say
EXPECTED = [
    ({"event_type": "flow", "dest_ip": "10.0.0.2"}, 1, {"app_proto": "http", "app_proto_tc": ABSENT, "flow.state": "closed", "flow.alerted": True,
                                                       "tcp.state": "closed", "tcp.ts_max_regions": 1, "tcp.tc_max_regions": 1}),
    ({"event_type": "flow", "dest_ip": "10.0.0.3"}, 1, {"app_proto": "http", "app_proto_ts": ABSENT, "app_proto_tc": "failed"}),
    ({"event_type": "netflow", "src_ip": "10.0.0.3"}, 1, {"app_proto": "failed", "app_proto_tc": ABSENT}),
    ({"event_type": "netflow", "dest_ip": "10.0.0.3"}, 1, {"app_proto": "http", "app_proto_tc": ABSENT}),
    ({"event_type": "flow", "dest_ip": "10.0.0.4"}, 1, SILENT),
    ({"event_type": "flow", "src_ip": "10.0.0.4"}, 1, SILENT),
    ({"event_type": "netflow", "dest_ip": "10.0.0.4"}, 1, {"tcp.tcp_flags": "00"}),
    ({"event_type": "flow", "dest_ip": "10.0.0.5"}, 1, {"app_proto": ABSENT, "flow.state": "closed"}),
    ({"event_type": "netflow", "dest_ip": "10.0.0.5"}, 1, {"app_proto": "unknown"}),
    ({"event_type": "flow", "src_ip": "10.0.0.6"}, 1, {"src_port": 5355, "flow.pkts_toserver": 1, "app_proto": "failed"}),
    ({"event_type": "flow", "dest_ip": "10.0.0.7"}, 1, {"flow.pkts_toclient": 1, "flow.bytes_toclient": 70, "flow.state": "new", "app_proto": "dns"}),
    ({"event_type": "flow", "dest_ip": "224.0.0.22"}, 0, {}),
    ({"event_type": "netflow", "dest_ip": "224.0.0.22"}, 0, {}),
    ({"event_type": "flow", "src_ip": "10.0.0.8"}, 1, {"community_id": "1:DkXy3+JLgNgsGn4e6C2E6cPtF4o="}),
    ({"event_type": "flow", "dest_ip": "10.0.0.9", "flow.pkts_toserver": 2}, 1, {"flow.age": 30}),
    ({"event_type": "flow", "dest_ip": "10.0.0.9", "flow.pkts_toserver": 1}, 1, {}),
]
STATS = {
    "decoder.event.tcp.pkt_too_small": 1, "decoder.event.ipv4.pkt_too_small": 0, "decoder.max_pkt_size": 105,
    "flow.total": 10, "flow.tcp": 5, "flow.udp": 5, "flow.active": 0, "flow.icmpv4": 0, "flow.end.state.new": 7, "flow.end.state.closed": 3,
    "flow.end.tcp_state.closed": 3, "flow.end.tcp_state.syn_sent": 0, "flow.tcp_reuse": 0,
    "tcp.sessions": 3, "tcp.active_sessions": 0, "tcp.syn": 3, "tcp.synack": 3, "tcp.rst": 1, "tcp.midstream_pickups": 0, "tcp.invalid_checksum": 0,
    "app_layer.flow.http": 2, "app_layer.flow.dns_udp": 1, "app_layer.flow.failed_udp": 4, "app_layer.flow.failed_tcp": 0,
    "app_layer.tx.http": 2, "app_layer.tx.dns_udp": 1, "app_layer.error.http.gap": 0,
    "defrag.ipv4.fragments": 0, "detect.alert": 2, "detect.alert_queue_overflow": 0, "detect.engines.0.rules_loaded": 2,
    "detect.engines.0.rules_failed": 0, "flow.total_delta": 10,
}


def faults(events):
    for choice, n, wanted in EXPECTED:
        found = chosen(events, choice)
        if len(found) != n:
            yield f"{len(found)} events with {choice}, not {n}"
        if found:
            yield from eve_run.differences(found[0], wanted, choice)
    stats = [e["stats"] for e in events if e["event_type"] == "stats"]
    for key, v in STATS.items():
        if not stats or value(stats[-1], key) != v:
            yield f"stats: {key} is {value(stats[-1], key) if stats else 'nowhere'}, not {v}"


eve_run.run(capture(), YAML, RULES, faults, f"{len(EXPECTED)} kinds of events and {len(STATS)} counters are as they should be", ("-k", "none"))
