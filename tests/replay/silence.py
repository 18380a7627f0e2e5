#!/usr/bin/python3
"""A session falls silent with an answer that only a bare ACK has acknowledged: rules look at it after some seconds, not at its next packet
or its end; what was put away meanwhile is there again when it goes on. The same bytes for any number of workers.

  silence.py SENSOR"""
import json
import os
import struct
import subprocess
import sys
import tempfile

SENSOR = sys.argv[1]
RULES = """alert http any any -> any any (msg:"answer"; flow:to_client; http.response_body; content:"pump is open"; sid:1;)
alert http any any -> any any (msg:"late request"; http.uri; content:"/late"; flowbits:isset,early; sid:2;)
alert http any any -> any any (msg:"early request"; http.uri; content:"/early"; flowbits:set,early; noalert; sid:3;)
alert tcp any any -> any 80 (msg:"across the silence"; content:"GET /early"; content:"GET /late"; distance:0; sid:4;)
"""
AT = 1_700_000_000


def packet(client, to_server, seq, ack, flags, data, time):
    src, dst, ports = (client, 0xC0A80001, (4000, 80)) if to_server else (0xC0A80001, client, (80, 4000))
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 40 + len(data), seq & 0xFFFF, 0x4000, 64, 6, 0, src, dst)
    frame = b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + ip + struct.pack(">HHIIBBHHH", *ports, seq, ack, 0x50, flags, 65535, 0, 0) + data
    return time, struct.pack("<IIII", AT + int(time), int(time % 1 * 1e6), len(frame), len(frame)) + frame


def session(client, begin):
    early, late = b"GET /early HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\npump is open"
    c, s, rows = 1, 1, [packet(client, True, 0, 0, 2, b"", begin), packet(client, False, 0, 1, 0x12, b"", begin + .01),
                        packet(client, True, 1, 1, 0x10, b"", begin + .02)]
    for ask, time in ((early, begin + .1), (late, begin + 60)):
        rows.append(packet(client, True, c, s, 0x18, ask, time))
        c += len(ask)
        rows.append(packet(client, False, s, c, 0x18, answer, time + .1))
        s += len(answer)
        rows.append(packet(client, True, c, s, 0x10, b"", time + .2))
    return rows


work = tempfile.mkdtemp(prefix="tramgac-silence.")
rows = [row for k in range(40) for row in session(0x0A000001 + k * 7, k * .3)]
rows += [packet(0x0B000000 + k, True, 0, 0, 2, b"", k) for k in range(100)]
with open(f"{work}/a.pcap", "wb") as f:
    f.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1) + b"".join(r for _, r in sorted(rows, key=lambda r: r[0])))
with open(f"{work}/a.rules", "w", encoding="ascii") as f:
    f.write(RULES)
faults, first = [], None
for workers in (1, 2, 4):
    out = f"{work}/{workers}"
    subprocess.run([SENSOR, "-r", f"{work}/a.pcap", "-S", f"{work}/a.rules", "-l", out, "--quiet", "-k", "none", "--workers", str(workers)], check=True)
    with open(f"{out}/eve.json", "rb") as f:
        text = b"".join(line for line in f if b'"event_type":"stats"' not in line)
    first = first or text
    if text != first:
        faults.append(f"{workers} workers: other bytes than with one")
events = [json.loads(line) for line in first.splitlines()]
alerts = [e for e in events if e["event_type"] == "alert"]
begun = {e["flow_id"]: e["flow"]["start"] for e in events if e["event_type"] == "flow"}


def seconds(text):
    return int(text[14:16]) * 60 + float(text[17:26])


for sid, count in ((1, 80), (2, 40), (4, 40)):
    got = sum(e["alert"]["signature_id"] == sid for e in alerts)
    if got != count:
        faults.append(f"rule {sid}: {got} alerts, not {count}")
waits = [seconds(e["timestamp"]) - seconds(begun[e["flow_id"]]) for e in alerts if e["alert"]["signature_id"] == 1]
if sum(5 < wait < 7 for wait in waits) != 40 or sum(65 < wait < 67 for wait in waits) != 40:
    faults.append(f"answers were looked at {sorted(round(w, 1) for w in waits)} seconds after the session's begin")
subprocess.run(["rm", "-rf", work], check=True)
print("\n".join(faults) or f"{len(alerts)} alerts, as they should be")
sys.exit(bool(faults))
