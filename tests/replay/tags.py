#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Packets behind a match are kept as its `tag` says, by session and by host, with the bytes of their frames; the same for any number of workers.

  tags.py SENSOR

Expected are the numbers of the frames that Suricata 7.0.10 writes for the same capture."""
import base64
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rule_cases import Capture

A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"
AGAIN = list(range(42, 64))  # a rule that goes on matching renews its count nine times
CASES = [
    ("EVIL", "tag:host,5,packets,src;", [5, 6, 7, 8, 19, 20, 21, 22] + AGAIN + [66, 67, 68, 69, 70, 71]),
    ("EVIL", "tag:host,5,packets,dst;", [11, 12, 13, 14, 28, 29, 30, 31] + list(range(43, 68, 2))),
    ("EVIL", "tag:host,5,packets;", [11, 12, 13, 14, 28, 29, 30, 31] + list(range(43, 68, 2))),
    ("EVIL", "tag:host,100,bytes,src;", [5, 19] + list(range(42, 61)) + [64, 65, 66, 67, 68]),
    ("EVIL", "tag:host,3,seconds,src;", list(range(5, 11)) + list(range(15, 25)) + list(range(42, 69))),
    ("EVIL", "tag:host,1,packets,src;", []),
    ("EVIL", "noalert; tag:host,5,packets,src;", [5, 6, 7, 8, 19, 20, 21, 22] + AGAIN + [66, 67, 68, 69, 70, 71]),
    ("EVIL", "threshold:type limit,track by_src,count 1,seconds 60; tag:host,5,packets,src;",
     [5, 6, 7, 8, 19, 20, 21, 22] + AGAIN + [66, 67, 68, 69, 70, 71]),
    ("EVIL", "threshold:type threshold,track by_src,count 20,seconds 60; tag:host,5,packets,src;", []),
    ("SESS", "tag:session;", list(range(29, 41))),
    ("SESS", "tag:session,3,packets;", [29, 30]),
    ("SESS", "tag:session,200,bytes;", [29, 30, 31]),
]


def capture():
    c = Capture()
    for k in range(3):
        c.udp(A, B, 5000, b"data%d" % k)
    c.udp(A, B, 5000, b"EVIL")  # frame 4
    for k in range(6):
        c.udp(A, C, 6000 + k, b"after%d" % k)
    for k in range(4):
        c.udp(C, B, 7000, b"tob%d" % k)
    for k in range(3):
        c.udp(B, A, 7100 + k, b"x" * (10 * k))
    c.udp(A, B, 5000, b"EVIL")  # 18
    for k in range(6):
        c.udp(A, C, 6000 + k, b"after%d" % k)
    c.ts += 5
    for k in range(3):
        c.udp(A, C, 8000, b"late%d" % k, sport=999)
    c.udp(A, B, 5001, b"SESS", sport=1234)  # 28
    for k in range(12):
        c.udp(*((A, B, 5001) if k % 2 == 0 else (B, A, 1234)), b"s%d" % k, sport=1234 if k % 2 == 0 else 5001)
    for k in range(14):  # 41, 43 …
        c.udp(A, B, 5000, b"EVIL")
        c.udp(A, C, 8001, b"q%d" % k)
    return c


def packets(sensor, c, work, content, tag, workers):
    with open(f"{work}/a.rules", "w", encoding="ascii") as f:
        f.write(f'alert udp any any -> any any (content:"{content}"; {tag} sid:1;)\n')
    subprocess.run([sensor, "-r", f"{work}/a.pcap", "-S", f"{work}/a.rules", "-l", f"{work}/out", "--quiet", "--workers", str(workers)], check=True)
    with open(f"{work}/out/eve.json", encoding="utf-8") as f:
        kept = [e for e in map(json.loads, f) if e["event_type"] == "packet"]
    os.remove(f"{work}/out/eve.json")
    wrong = [e["pcap_cnt"] for e in kept if base64.b64decode(e["packet"]) != c.frames[e["pcap_cnt"] - 1][1] or e["packet_info"]["linktype"] != 1]
    return [e["pcap_cnt"] for e in kept], wrong


def main():
    sensor, c, faults = os.path.abspath(sys.argv[1]), capture(), []
    with tempfile.TemporaryDirectory(prefix="tramgac-tags.") as work:
        c.write(f"{work}/a.pcap")
        for content, tag, expected in CASES:
            for workers in (1, 4):
                got, wrong = packets(sensor, c, work, content, tag, workers)
                # the last match may count on to the capture's end
                if [n for n in got if n <= 68] != [n for n in expected if n <= 68]:
                    faults.append(f"{tag} with {workers} workers: {got}, not {expected}")
                if wrong:
                    faults.append(f"{tag}: packets {wrong} are not the frames")
    print("\n".join(faults) or f"{len(CASES)} tags keep what they should")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
