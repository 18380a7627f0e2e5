#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a suricata.yaml says of parsers and of the order of actions changes events and alerts as it does in Suricata 7.0.10.

  suricata_yaml.py SENSOR"""
import collections
import gzip
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
    write(path, frames)


def write(path, frames):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for i, one in enumerate(frames):
            f.write(struct.pack("<IIII", 1_700_000_000 + i // 100, i % 100 * 10000, len(one), len(one)) + one)


WEB_RULES = """alert http any any -> any any (msg:"backslash"; http.uri; content:"/p|5c|q"; sid:1;)
alert http any any -> any any (msg:"slash"; http.uri; content:"/p/q"; sid:2;)
alert http any any -> any any (msg:"coded slash"; http.uri; content:"%2fr"; sid:3;)
alert http any any -> any any (msg:"decoded slash"; http.uri; content:"q/r"; sid:4;)
alert http any any -> any any (msg:"two slashes"; http.uri; content:"//s"; sid:5;)
alert http any any -> any any (msg:"unit"; http.uri; content:"tA"; sid:6;)
alert http any any -> any any (msg:"UTF-8 as one byte"; http.uri; content:"tA|e9|d?"; sid:7;)
alert http any any -> any any (msg:"end of the body"; file.data; content:"the end"; sid:8;)
alert http any any -> any any (msg:"coded twice"; file.data; content:"two layers"; sid:9;)
alert http any any -> any any (msg:"coded three times"; file.data; content:"three layers"; sid:10;)
alert tcp any any -> any any (msg:"stream"; content:"stream"; sid:11;)
alert tcp any any -> any any (msg:"behind the depth"; content:"deep word"; sid:13;)
alert ftp any any -> any any (msg:"long"; app-layer-event:ftp.request_command_too_long; sid:12;)
"""


def coded(text, layers):
    for _ in range(layers):
        text = gzip.compress(text, mtime=0)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: " + b", ".join([b"gzip"] * layers)
    return head + b"\r\nContent-Length: %d\r\n\r\n" % len(text) + text


def web_capture(path):
    body = b"x" * 5000 + b"the end"
    frames = tcp(80, [b"GET /p\\q%2fr//s%2ft%u0041%c3%a9%c4%91%e1%ba%a1 HTTP/1.1\r\nHost: a.vn\r\n\r\n",
                      b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body])
    frames += tcp(8080, [b"GET /2 HTTP/1.1\r\nHost: a.vn\r\n\r\n", coded(b"two layers", 2)])
    frames += tcp(8081, [b"GET /3 HTTP/1.1\r\nHost: a.vn\r\n\r\n", coded(b"three layers", 3)])
    frames += tcp(7777, [b"a stream of bytes", b"nothing"])
    frames += tcp(7778, [b"x" * 2000, b"nothing", b"one more deep word"])
    frames += tcp(21, [b"", b"220 ftp\r\n", b"USER a\r\n", b"331 yes\r\n", b"PASS " + b"p" * 5000 + b"\r\n", b"530 no\r\n"])
    write(path, frames)


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
IDS = HTTP % "personality: IDS"
SERVER = "app-layer: {protocols: {http: {libhtp: {default-config: {personality: Apache_2}, server-config: [{x: {address: [%s], personality: %s, %s}}]}}}}"
# what is said, the sids that fire in the second capture
WEB_CASES = [
    ("", {1, 3, 5, 9, 11, 12, 13}),
    (HTTP % "personality: Minimal", {1, 3, 5, 9, 11, 12, 13}),
    (HTTP % "personality: Apache_2", {1, 3, 9, 11, 12, 13}),
    (HTTP % "personality: Generic", {2, 4, 9, 11, 12, 13}),
    (HTTP % "personality: IIS_7_0", {2, 4, 6, 9, 11, 12, 13}),
    (IDS, {2, 4, 6, 7, 9, 11, 12, 13}),
    (SERVER % ("10.0.0.0/24", "IIS_7_0", "response-body-limit: 100kb"), {2, 4, 6, 8, 9, 11, 12, 13}),
    (SERVER % ("10.0.1.0/24", "IIS_7_0", "response-body-limit: 100kb"), {1, 3, 9, 11, 12, 13}),
    (HTTP % "personality: IDS, response-body-limit: 100kb", {2, 4, 6, 7, 8, 9, 11, 12, 13}),
    (HTTP % "personality: IDS, response-body-decompress-layer-limit: 1", {2, 4, 6, 7, 11, 12, 13}),
    (HTTP % "personality: IDS, response-body-decompress-layer-limit: 3", {2, 4, 6, 7, 9, 10, 11, 12, 13}),
    (IDS + "\nstream: {reassembly: {raw: no}}", {2, 4, 6, 7, 9, 12}),
    ("app-layer: {protocols: {ftp: {max-line-length: 10kb}}}", {1, 3, 5, 9, 11, 13}),
    ("stream: {reassembly: {depth: 1kb}}", {1, 3, 5, 9, 11, 13}),
]
work = tempfile.mkdtemp(prefix="tramgac-yaml.")
capture(f"{work}/a.pcap")
with open(f"{work}/a.rules", "w", encoding="ascii") as f:
    f.write(RULES)
web_capture(f"{work}/b.pcap")
with open(f"{work}/b.rules", "w", encoding="ascii") as f:
    f.write(WEB_RULES)
faults = []


def run(name, text, which):
    """The sids that fire and the events that are written."""
    out = f"{work}/{name}"
    os.mkdir(out)
    with open(f"{out}/s.yaml", "w", encoding="ascii") as f:
        f.write(f'%YAML 1.1\n---\nsuricata-version: "7.0"\n{text}\n'
                "outputs:\n  - eve-log: {enabled: yes, filename: eve.json, types: [alert, http, dns, smtp, files, anomaly]}\n")
    done = subprocess.run([SENSOR, "-c", f"{out}/s.yaml", "-r", f"{work}/{which}.pcap", "-S", f"{work}/{which}.rules", "-l", out, "-k", "none"],
                          check=False, capture_output=True, text=True)
    if done.returncode:
        faults.append(f"{text!r}: {done.stderr}")
        return set(), collections.Counter()
    with open(f"{out}/eve.json", encoding="utf-8") as f:
        events = [json.loads(line) for line in f]
    return {e["alert"]["signature_id"] for e in events if e["event_type"] == "alert"}, collections.Counter(e["event_type"] for e in events)


for i, (text, sids, names) in enumerate(CASES):
    fired, kinds = run(i, text, "a")
    written = " ".join(sorted(n for n in kinds.elements() if n in ("http", "dns", "smtp", "fileinfo", "anomaly")))
    if fired != sids or written != names:
        faults.append(f"{text!r}: alerts {sorted(fired)} for {sorted(sids)}, events {written} for {names}")
for i, (text, sids) in enumerate(WEB_CASES):
    fired, kinds = run(f"web{i}", text, "b")
    if fired != sids:
        faults.append(f"{text!r}: alerts {sorted(fired)} for {sorted(sids)}")
print("\n".join(faults) or f"{len(CASES) + len(WEB_CASES)} configurations give what they say")
sys.exit(1 if faults else 0)
