#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a suricata.yaml says of parsers and of the order of actions changes events and alerts as it does in Suricata 7.0.10.

  suricata_yaml.py SENSOR"""
import collections
import json
import os
import struct
import subprocess
import sys
import tempfile

SENSOR = sys.argv[1]
RULES = """alert http any any -> any any (msg:"named"; sid:1;)
alert http any any -> any any (msg:"once decoded"; http.uri; content:"%27"; sid:2;)
alert http any any -> any any (msg:"twice decoded"; http.uri; content:"'"; sid:3;)
alert http any any -> any any (msg:"end of the body"; flow:to_client; http.response_body; content:"the end"; sid:4;)
pass http any any -> any any (http.uri; content:"/evil"; sid:5;)
alert dns any any -> any any (msg:"asked"; dns.query; content:"vn"; sid:6;)
alert smtp any any -> any any (msg:"named part"; file.name; content:"a.txt"; sid:7;)
alert smtp any any -> any any (msg:"decoded part"; file.data; content:"plain"; sid:8;)
alert smtp any any -> any any (msg:"whole message"; file.name; content:"rawmsg"; sid:9;)
"""
MAIL = (b"From: a@b.vn\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=xx\r\n\r\n--xx\r\nContent-Type: text/plain; name=a.txt\r\n"
        b"Content-Disposition: attachment; filename=a.txt\r\nContent-Transfer-Encoding: base64\r\n\r\ncGxhaW4gdGV4dA==\r\n--xx--\r\n")


def frame(src, dst, proto, segment):
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(segment), 1, 0x4000, 64, proto, 0, src, dst)
    return b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + ip + segment


def tcp(port, talk):
    """Frames of a session; `talk` alternates between client and server, the client first unless the first item is empty."""
    ends, seq, out = ((0x0A000001, 4000 + port % 1000), (0x0A000002, port)), [1, 1], []

    def send(side, flags, data=b""):
        (src, sport), (dst, dport) = ends[side], ends[1 - side]
        out.append(frame(src, dst, 6, struct.pack(">HHIIBBHHH", sport, dport, seq[side], seq[1 - side], 0x50, flags, 65535, 0, 0) + data))
        seq[side] += len(data)

    seq[:] = 0, 0
    send(0, 2)
    seq[0] = 1
    send(1, 0x12)
    seq[1] = 1
    send(0, 0x10)
    for i, data in enumerate(talk):
        if data:
            send(i % 2, 0x18, data)
            send(1 - i % 2, 0x10)
    send(0, 0x11)
    seq[0] += 1
    send(1, 0x11)
    seq[1] += 1
    send(0, 0x10)
    return out


def capture(path):
    body = b"x" * 500 + b"the end"
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    frames = tcp(80, [b"GET /evil%2527 HTTP/1.1\r\nHost: a.vn\r\n\r\n", answer])
    frames += tcp(8080, [b"GET /plain HTTP/1.1\r\nHost: a.vn\r\n\r\n", answer])
    frames += tcp(25, [b"", b"220 a.vn ESMTP\r\n", b"HELO b\r\n", b"250 a\r\n", b"MAIL FROM:<a@b.vn>\r\n", b"250 ok\r\n", b"RCPT TO:<b@b.vn>\r\n",
                       b"250 ok\r\n", b"DATA\r\n", b"354 go\r\n", MAIL + b".\r\n", b"250 ok\r\n", b"QUIT\r\n", b"221 bye\r\n"])
    ask = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + b"\1a\2vn\0" + struct.pack(">HH", 1, 1)
    frames.append(frame(0x0A000001, 0x0A000003, 17, struct.pack(">HHHH", 5000, 53, 8 + len(ask), 0) + ask))
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for i, one in enumerate(frames):
            f.write(struct.pack("<IIII", 1_700_000_000 + i // 100, i % 100 * 10000, len(one), len(one)) + one)


HTTP = "app-layer: {protocols: {http: {libhtp: {default-config: {%s}}}}}"
SMTP = "app-layer: {protocols: {smtp: {%s}}}"
SWITCH = "app-layer: {protocols: {%s}}"
FIRST = "action-order: [alert, pass, drop, reject]"
# what is said, the sids that fire, the events that are written
CASES = [
    ("", {1, 4, 6, 7, 8}, "anomaly dns fileinfo fileinfo fileinfo http http smtp smtp"),
    (FIRST, {1, 2, 4, 6, 7, 8}, "anomaly dns fileinfo fileinfo fileinfo http http smtp smtp"),
    (FIRST + "\n" + HTTP % "double-decode-path: yes", {1, 3, 4, 6, 7, 8}, "anomaly anomaly dns fileinfo fileinfo fileinfo http http smtp smtp"),
    (FIRST + "\n" + HTTP % "response-body-limit: 100", {1, 2, 6, 7, 8}, "anomaly dns fileinfo fileinfo fileinfo http http smtp smtp"),
    (FIRST + "\n" + SWITCH % "http: {enabled: detection-only}", {1, 6, 7, 8}, "anomaly dns fileinfo smtp smtp"),
    (SWITCH % "http: {enabled: no}", {6, 7, 8}, "anomaly dns fileinfo smtp smtp"),
    (SWITCH % "dns: {udp: {enabled: no}}", {1, 4, 7, 8}, "anomaly fileinfo fileinfo fileinfo http http smtp smtp"),
    (SWITCH % "dns: {tcp: {enabled: no}}", {1, 4, 6, 7, 8}, "anomaly dns fileinfo fileinfo fileinfo http http smtp smtp"),
    (SMTP % "mime: {decode-base64: no}", {1, 4, 6, 7}, "anomaly dns fileinfo fileinfo fileinfo http http smtp smtp"),
    (SMTP % "mime: {decode-mime: no}", {1, 4, 6}, "anomaly dns fileinfo fileinfo http http smtp smtp"),
    (SMTP % "raw-extraction: yes, mime: {decode-mime: no}", {1, 4, 6, 8, 9}, "anomaly dns fileinfo fileinfo fileinfo http http smtp smtp"),
    (SMTP % "mime: {header-value-depth: 10}", {1, 4, 6}, "anomaly anomaly dns fileinfo fileinfo http http smtp smtp"),
]
work = tempfile.mkdtemp(prefix="tramgac-yaml.")
capture(f"{work}/a.pcap")
with open(f"{work}/a.rules", "w", encoding="ascii") as f:
    f.write(RULES)
faults = []
for i, (text, sids, names) in enumerate(CASES):
    out = f"{work}/{i}"
    os.mkdir(out)
    with open(f"{out}/s.yaml", "w", encoding="ascii") as f:
        f.write(f'%YAML 1.1\n---\nsuricata-version: "7.0"\n{text}\n'
                "outputs:\n  - eve-log: {enabled: yes, filename: eve.json, types: [alert, http, dns, smtp, files, anomaly]}\n")
    done = subprocess.run([SENSOR, "-c", f"{out}/s.yaml", "-r", f"{work}/a.pcap", "-S", f"{work}/a.rules", "-l", out, "-k", "none"], check=False,
                          capture_output=True, text=True)
    with open(f"{out}/eve.json", encoding="utf-8") as f:
        events = [json.loads(line) for line in f]
    fired = {e["alert"]["signature_id"] for e in events if e["event_type"] == "alert"}
    kinds = collections.Counter(e["event_type"] for e in events)
    written = " ".join(sorted(n for n in kinds.elements() if n in ("http", "dns", "smtp", "fileinfo", "anomaly")))
    if done.returncode or fired != sids or written != names:
        faults.append(f"{text!r}: alerts {sorted(fired)} for {sorted(sids)}, events {written} for {names}; {done.stderr if done.returncode else ''}")
print("\n".join(faults) or f"{len(CASES)} configurations give what they say")
sys.exit(1 if faults else 0)
