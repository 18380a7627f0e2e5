#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Rules that know of earlier matches: which packets they alert on, and in what order those of one packet stand.

  state_suricata.py SENSOR

Expected is what Suricata 7.0.10 writes for the same capture."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rule_cases import Capture

A, B, C = "10.0.0.1", "10.0.1.2", "10.0.2.3"
YAML = "outputs:\n  - eve-log: {enabled: yes, types: [alert]}\npacket-alert-max: %d\n"
# In one packet: who changes a state before who asks it, kind of state by kind, then severity, then as they were read.
ORDER = ["", "priority:1;", "flowbits:isnotset,z;", "flowbits:set,a;", "flowbits:isset,a; flowbits:set,b;", "flowbits:toggle,c; priority:1;",
         "flowint:no,notset;", "flowint:nn,+,1;", "flowint:nn,>,0; flowint:nn,+,1;", 'pcre:"/(?P<flow_v>.)/";', 'pcre:"/(?P<pkt_v>.)/";',
         "hostbits:set,h,src;", "hostbits:isset,h,src;", "hostbits:unset,i,src; xbits:isnotset,y,track ip_src;", "xbits:isnotset,y,track ip_src;",
         "xbits:isnotset,y,track ip_pair;", "xbits:set,x,track ip_pair;", "priority:5;", "hostbits:unset,i,src; flowbits:isnotset,z;"]
FIRST = [6, 4, 5, 19, 3, 8, 9, 7, 10, 11, 12, 14, 15, 16, 2, 1, 13, 17, 18]
# By addresses alone, once a direction of a flow, with these options; with others each packet is asked.
ONCE = ["", "flowbits:set,a;", "xbits:toggle,a,track ip_src;", "hostbits:unset,b;", "ip_proto:17;", "iprep:src,Bad,isset;", "flowbits:unset,a;",
        "flowbits:toggle,a;", "flowint:nn,+,1;"]
# With nothing but a header: once a direction of a flow, ports or not.
HEADS = ["tcp any any -> any 80", "tcp any any -> any [80,8080]", "tcp any !81 -> any 80", "tcp any 80 -> any any", "tcp any any -> any !81",
         "tcp any any <> any 80", "tcp-pkt any any -> any 80", "tcp-stream any any -> any 80", "ip any any -> any 80", "pkthdr any any -> any 80",
         "pkthdr any any -> any any", "tcp any any -> any 81", "tcp any any <> 10.0.0.0/15 any", "tcp any any <> any !81"]
HEADS_TOLD = {1: [1], 2: [1], 3: [1], 4: [2], 5: [1, 2], 6: [1, 2], 7: [1], 8: [1], 9: [1], 10: [1], 11: [1, 2],
              13: [1, 1, 2, 2], 14: [1, 1, 2, 2]}
STATES = ["flowbits:isnotset,a|b;", "flowbits:set,b; flowint:less,-,1;", "flowint:less,isset;"]
REPUTED = {"any": "isset isnotset >,0 =,0", "src": "isset isnotset <,5", "dst": "isset isnotset >=,0", "both": "isset isnotset"}
# One address, one that only another category names, a network, and nobody.
REPUTATION = "10.0.0.1,1,9\n10.0.0.1,2,0\n10.0.1.2,2,5\n10.0.0.0/16,1,100\n10.0.2.0/24,1,0\n"


def up(first, last):
    return list(range(first, last + 1))


ALL = up(1, 10)
ONCE_TOLD = {1: 5, 2: 5, 3: 5, 4: 5, 5: 5, 6: 5, 7: 10, 8: 10, 9: 10}
STATES_TOLD = {1: ALL, 2: ALL}
REPUTED_TOLD = {1: ALL, 3: [1, 2, 3, 4, 5, 6, 8, 9, 10], 4: ALL, 5: ALL, 6: [2, 4, 7, 10], 7: [2, 4, 7, 10], 8: ALL, 9: [1, 3, 5, 6, 7, 8, 9], 10:
                ALL, 11: ALL}
LIMITS_TOLD = [[1, 2, 4],
               [3, 6, 7, 9],
               [1, 2, 3, 4, 5, 7, 10],
               [1, 2, 3, 4, 5, 7, 10],
               [4],
               [1, 2, 4, 6, 8, 10],
               [1, 2, 3, 4, 7, 8, 9, 10]]
WATCHED = [{1: [1], 2: [1]},
           {1: [1], 2: [1]},
           {1: [4, 6, 8, 10], 2: up(1, 14), 3: [11]},
           {1: [7], 2: up(1, 7)},
           {1: [4, 7], 2: up(1, 7)},
           {1: [7], 2: up(1, 7)},
           {1: [5], 2: up(1, 5)},
           {1: up(5, 14), 2: up(1, 14), 3: [11]},
           {2: up(1, 7)},
           {2: up(1, 6)},
           {2: [1, 2, 3, 5, 7, 9, 11, 12, 13, 14], 3: [11]},
           {1: [7], 2: up(1, 7)}]
INLINE = [{1: [1], 2: [1]},
          {1: [1], 2: [1]},
          {1: [4, 6, 8, 10], 2: up(1, 14), 3: [8]},
          {1: [4], 2: up(1, 4)},
          {1: [4], 2: up(1, 4)},
          {1: [4], 2: up(1, 4)},
          {1: [4], 2: up(1, 4)},
          {1: up(4, 14), 2: up(1, 14), 3: [8]},
          {2: up(1, 4)},
          {2: [1, 2, 3]},
          {2: [1, 2, 3, 5, 7, 9, 11, 12, 13, 14]},
          {1: [4], 2: up(1, 4)}]
MOST_TOLD = {1: [1], 2: ALL, 3: up(2, 10)}
CHANGED_WATCHED = [({1: [5, 6, 7], 2: up(1, 7)}, {1: [7]}),
                   ({1: [5], 2: [1, 2, 3, 4, 5]}, {}),
                   ({1: [4, 6, 8, 10], 2: up(1, 14), 3: [11]}, {1: [6, 8, 10]}),
                   ({1: [4, 6], 2: [1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13, 14], 3: [11]}, {}),
                   ({1: [5], 2: [1, 2, 3, 4, 5]}, {}),
                   ({1: [7], 2: up(1, 7)}, {}),
                   ({1: [6], 2: up(1, 6)}, {1: [6]}),
                   ({2: up(1, 14), 3: [11]}, {}),
                   ({2: up(1, 14), 3: [11]}, {}),
                   ({2: [1, 2, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14], 3: [11]}, {})]
CHANGED_INLINE = [({1: [4, 5, 6], 2: up(1, 6)}, {1: [6]}),
                  ({1: [4, 5], 2: [1, 2, 3, 4, 5]}, {}),
                  ({1: [4, 6, 8, 10], 2: up(1, 14), 3: [8]}, {1: [6, 8, 10]}),
                  ({1: [4, 6], 2: [1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13, 14]}, {}),
                  ({1: [4], 2: [1, 2, 3, 4]}, {1: [4]}),
                  ({1: [6], 2: up(1, 6)}, {1: [6]}),
                  ({1: [5], 2: [1, 2, 3, 4, 5]}, {1: [5]}),
                  ({2: up(1, 14), 3: [8]}, {}),
                  ({2: up(1, 14), 3: [8]}, {}),
                  ({2: [1, 2, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14], 3: [8]}, {})]
ENDS_TOLD = {1: [5, 6, 7, 8, 9, 10, 11, 0, 0], 2: [7, 8, 11, 0], 3: [7, 8, 11, 0], 4: [5], 5: up(5, 11), 6: up(5, 11),
             7: up(5, 11), 9: [2, 5, 6, 9, 10]}
CLOSED_TOLD = {1: up(5, 14), 2: [7, 8, 11, 12, 14], 3: [7, 8, 11, 12, 14],
               4: [5], 5: up(5, 14), 6: up(5, 14), 7: up(5, 14), 9: [2, 5, 6, 9, 10, 13]}
WAITS_TOLD = {1: [11], 2: [11], 3: [6], 4: [13]}
SIZES_TOLD = [{1: [1, 2, 3, 5, 7, 9, 11, 12, 13, 14], 2: [4, 6, 8, 10]},
              {1: [1, 2, 3, 5, 9, 12, 13, 14], 2: [4, 6, 7, 8, 10, 11]},
              {1: [1, 2, 3, 5, 9, 12, 13, 14], 2: [4, 6, 7, 8, 10, 11]},
              {1: [1, 2, 3, 5, 7, 9, 11, 12, 13, 14], 2: [4, 6, 8, 10]}]
SETS_TOLD = [{1: [1, 3, 4, 7, 8, 11, 12, 14]},
             {1: [1, 3, 4, 7, 8, 11, 12, 14]},
             {1: [7, 11]}]
LIMIT = "threshold:type limit, track by_src, count 3, seconds 60;"
FILTER = "detection_filter:track by_src, count 1, seconds 60;"
# A rule's own option, and a line of threshold.config
LIMITS = [(LIMIT, "threshold gen_id 1, sig_id 1, type limit, track by_src, count 1, seconds 60"),
          (FILTER, "event_filter gen_id 1, sig_id 1, type threshold, track by_src, count 2, seconds 60"),
          (LIMIT, "threshold gen_id 0, sig_id 0, type limit, track by_src, count 1, seconds 60"),
          (LIMIT, "rate_filter gen_id 1, sig_id 1, track by_rule, count 1, seconds 60, new_action pass, timeout 60"),
          ("", "suppress gen_id 1, sig_id 1, track by_src, ip 10.0.0.0/24\n"
               "threshold gen_id 1, sig_id 1, type threshold, track by_dst, count 2, seconds 60"),
          ("", "rate_filter gen_id 1, sig_id 1, track by_rule, count 2, seconds 60, new_action pass, timeout 0"),
          ("", "rate_filter gen_id 1, sig_id 1, track by_src, count 2, seconds 4, new_action pass, timeout 1")]


# Beside each stand rules that alert on every packet and on the second request.
ACTIONS = ["drop ip any any -> any any (", f"drop ip !{C} any -> any any (", "drop tcp any any -> any any (dsize:>0;",
           'drop tcp any any -> any any (content:"GET";', 'drop tcp any any -> any any (content:"GET"; depth:3;',
           'reject http any any -> any any (http.method; content:"GET";', "drop http any any -> any any (",
           "drop http any any -> any any (flow:established;",
           'drop http any any -> any any (http.method; content:"GET"; noalert;', 'pass http any any -> any any (http.method; content:"GET"; noalert;',
           "pass tcp any any -> any any (dsize:>0;", "drop ip any any -> any any (app-layer-protocol:http;"]
# What rate_filter makes of the action, and limits of rules that end flows: on the packets that stand behind them in the capture.
CHANGED = [("alert http any any -> any any (", "rate_filter gen_id 1, sig_id 1, track by_rule, count 2, seconds 60, new_action drop, timeout 60"),
           ("alert http any any -> any any (", "rate_filter gen_id 1, sig_id 1, track by_src, count 1, seconds 60, new_action pass, timeout 60"),
           ("alert tcp any any -> any any (dsize:>0;", "rate_filter gen_id 1, sig_id 1, track by_both, count 1, seconds 60, new_action reject, timeout 60"),
           ("alert tcp any any -> any any (dsize:>0;", "rate_filter gen_id 1, sig_id 1, track by_dst, count 1, seconds 60, new_action pass, timeout 60"),
           ("drop http any any -> any any (", "rate_filter gen_id 1, sig_id 1, track by_rule, count 1, seconds 60, new_action alert, timeout 60"),
           ("drop http any any -> any any (", "threshold gen_id 1, sig_id 1, type threshold, track by_rule, count 3, seconds 60"),
           ("reject http any any -> any any (", "threshold gen_id 1, sig_id 1, type both, track by_rule, count 2, seconds 60"),
           ("drop http any any -> any any (xbits:isset,never,track ip_src;", ""),
           ("pass http any any -> any any (xbits:isset,never,track ip_src;", ""),
           ("pass tcp any any -> any any (dsize:>0;", "threshold gen_id 1, sig_id 1, type limit, track by_src, count 1, seconds 60")]
# A rule that alerts no more takes no place among the most alerts of a packet.
MOST = """alert udp any any -> any any (msg:"x"; dsize:>0; threshold:type limit, track by_rule, count 1, seconds 60; sid:1;)
alert udp any any -> any any (msg:"x"; dsize:>0; sid:2;)
alert udp any any -> any any (msg:"x"; dsize:>0; sid:3;)
"""
# At the end of an open connection, each way, as at a packet of no number; and bytes that wait make an acknowledgement one with bytes
# where some rule looks at streams.
ENDS = """alert http any any -> any any (msg:"x"; sid:1;)
alert http any any -> any any (msg:"x"; flow:to_server; sid:2;)
alert http any any -> any 80 (msg:"x"; flowbits:set,a; sid:3;)
alert http any 80 -> any any (msg:"x"; threshold:type limit, track by_src, count 1, seconds 60; sid:4;)
alert http any any -> any any (msg:"x"; flow:established; sid:5;)
alert http any any -> any any (msg:"x"; xbits:isnotset,a,track ip_src; sid:6;)
alert http any any -> any any (msg:"x"; ttl:>0; sid:7;)
alert tls any any -> any any (msg:"x"; sid:8;)
alert tcp any any -> any any (msg:"x"; flow:to_client; sid:9;)
"""
# What a rule of the transaction waits for is set by another one when more of it has come.
WAITS = """alert http any any -> any any (msg:"x"; http.uri; bsize:>0; flowbits:isset,a; sid:1;)
alert http any any -> any any (msg:"x"; http.request_body; content:"name"; flowbits:set,a; sid:2;)
alert http any any -> any any (msg:"x"; http.host; bsize:>0; flowbits:isnotset,a; sid:3;)
alert http any any -> any any (msg:"x"; http.stat_code; bsize:>0; flowbits:isset,a; sid:4;)
"""
SIZES = """alert tcp any any -> any any (msg:"x"; dsize:0; sid:1;)
alert tcp any any -> any any (msg:"x"; dsize:!3; sid:2;)
"""
STREAM = 'alert tcp any any -> any %s (msg:"x"; content:"zz"; flow:to_server; sid:3;)\n'
# Lines of a set's file that are no values are passed over.
SETS = [("type ipv4,load", "zz\n10.0.0.1\nfe80::1\n"), ("type ip,load", "10.0.0.1\nx\n"), ("type string,load", "!!\nR0VU\n")]
EACH = """alert ip any any -> any any (msg:"x"; ttl:>0; sid:2;)
alert http any any -> any any (msg:"x"; http.uri; content:"two"; sid:3;)
"""


def requests():
    c = Capture()
    ask = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    c.tcp(A, B, 80, [ask % b"one", ("s", answer), ask % b"two", ("s", answer)])
    return c


def in_two():
    """A request whose body comes behind its head."""
    c = Capture()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    c.tcp(A, B, 80, [b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n", b"name", b"=all", ("s", answer)])
    return c


def open_end():
    """The same, not closed."""
    c = requests()
    del c.frames[-3:]
    return c


def talk():
    """Ten datagrams of three hosts, a second apart."""
    c = Capture()
    for i, (src, dst) in enumerate([(A, B), (B, A), (A, B), (C, A), (A, C), (A, B), (B, C), (A, B), (A, B), (B, A)]):
        c.ts = 1000 + i
        c.udp(src, dst, 9000 if src < dst else 9001, b"word", sport=9001 if src < dst else 9000)
    return c


def rules_of(head, options):
    return "".join(f'alert {head} any any -> any any (msg:"x"; {o} sid:{i};)\n' for i, o in enumerate(options, 1))


def alerts(sensor, work, rules, yaml="", files=(), capture=talk, more=(), most=255):
    """(packet, sid) in the order they are told."""
    capture().write(f"{work}/a.pcap")
    for name, text in (("a.rules", rules), ("a.yaml", YAML % most + yaml), *files):
        with open(f"{work}/{name}", "w", encoding="ascii") as f:
            f.write(text)
    out = f"{work}/eve.json"
    if os.path.exists(out):
        os.remove(out)
    command = [sensor, "-c", f"{work}/a.yaml", "-r", f"{work}/a.pcap", "-S", f"{work}/a.rules", "-l", work, "-k", "none"]
    subprocess.run(command + list(more), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return of_action(work, "")


def of_action(work, word):
    """(packet, sid) of the last alerts told whose action is this."""
    with open(f"{work}/eve.json", encoding="utf-8") as f:
        told = [e for e in map(json.loads, f) if e["event_type"] == "alert"]
    return [(e.get("pcap_cnt", 0), e["alert"]["signature_id"]) for e in told if word in e["alert"]["action"]]


def packets(told):
    """{sid: its packets}"""
    return {sid: [n for n, s in told if s == sid] for sid in sorted({s for _, s in told})}


def cases(sensor, work):
    told = alerts(sensor, work, rules_of("udp", ["dsize:>0; " + o for o in ORDER]))
    yield "order in a packet", [s for n, s in told if n == 1], FIRST
    reputed = f"reputation-categories-file: {work}/c\ndefault-reputation-path: {work}\nreputation-files: [r]\n"
    files = [("c", "1,Bad,x\n2,Known,x\n"), ("r", REPUTATION)]
    told = packets(alerts(sensor, work, rules_of("ip", ONCE), reputed, files))
    yield "by addresses alone", {s: len(p) for s, p in told.items()}, ONCE_TOLD
    yield "states of a flow", packets(alerts(sensor, work, rules_of("udp", ["dsize:>0; " + o for o in STATES]))), STATES_TOLD
    options = [f"dsize:>0; iprep:{side},Bad,{what};" for side, all_ in REPUTED.items() for what in all_.split()]
    yield "reputation", packets(alerts(sensor, work, rules_of("udp", options), reputed, files)), REPUTED_TOLD
    for (own, line), expected in zip(LIMITS, LIMITS_TOLD, strict=True):
        told = alerts(sensor, work, rules_of("udp", ["dsize:>0; " + own]), f"threshold-file: {work}/t\n", [("t", line + "\n")])
        yield f"{own} with {line}", packets(told).get(1), expected
    told = packets(alerts(sensor, work, MOST, most=2))
    yield "the most alerts of a packet", told, MOST_TOLD
    for mode, expected_all in (((), CHANGED_WATCHED), (("--simulate-ips",), CHANGED_INLINE)):
        for (rule, line), expected in zip(CHANGED, expected_all, strict=True):
            told = packets(alerts(sensor, work, f'{rule} msg:"x"; sid:1;)\n{EACH}', f"threshold-file: {work}/t\n", [("t", line + "\n")],
                                  requests, mode))
            yield f"{rule} with {line} {mode}", (told, packets(of_action(work, "blocked"))), expected
    yield "at the end", packets(alerts(sensor, work, ENDS, capture=open_end)), ENDS_TOLD
    yield "closed", packets(alerts(sensor, work, ENDS, capture=requests)), CLOSED_TOLD
    yield "a bit of the same transaction", packets(alerts(sensor, work, WAITS, capture=in_two)), WAITS_TOLD
    for ports, expected in zip((None, "any", "80", "81"), SIZES_TOLD, strict=True):
        rules = SIZES + (STREAM % ports if ports else "")
        yield f"sizes beside a rule on streams to {ports}", packets(alerts(sensor, work, rules, capture=requests)), expected
    for (options, lines), expected in zip(SETS, SETS_TOLD, strict=True):
        head, what = ("http", "http.method") if "string" in options else ("ip", "ip.src")
        rules = f'alert {head} any any -> any any (msg:"x"; {what}; dataset:isset,a,{options} {work}/set.lst; sid:1;)\n'
        yield f"a set of {lines!r}", packets(alerts(sensor, work, rules, "", [("set.lst", lines)], requests)), expected
    rules = "".join(f'alert {h} (msg:"x"; sid:{i};)\n' for i, h in enumerate(HEADS, 1))
    yield "headers alone", packets(alerts(sensor, work, rules, capture=requests)), HEADS_TOLD
    for mode, expected_all in (((), WATCHED), (("--simulate-ips",), INLINE)):
        for action, expected in zip(ACTIONS, expected_all, strict=True):
            told = alerts(sensor, work, f'{action} msg:"x"; sid:1;)\n{EACH}', "", (), requests, mode)
            yield f"{action} {mode}", packets(told), expected


def main():
    faults = 0
    with tempfile.TemporaryDirectory() as work:
        for name, told, expected in cases(sys.argv[1], work):
            if told != expected:
                faults += 1
                print(f"{name}: {told}, not {expected}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
