#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""From the wire to the page: how long after an alert was published to the broker an open page hears of it.

    tests/bench/wire_page.py [ALERTS A SECOND [SECONDS [MS BETWEEN ENVELOPES]]]   (1000, 20, 10)

A real mosquitto, a real analyzer with its SQLite store, an open live stream like that of a page. The publisher sends what a sensor
sends: an envelope of the alerts of some milliseconds, at QoS 1. The stream says how many alerts each commit has brought; alerts
come in order, so the sum tells when the k-th one was on the page: in the store, in its group, judged by all rules. Goal: half of
them within 50 ms, 99 of 100 within 200 ms. By hand: wall time of a busy machine is no gate."""
import http.client
import json
import os
import socket
import struct
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/system"))
from lib import ANALYZER, Api, Bench, alive, free_port, wait_for
from story import write_password

RATE, SECONDS, EVERY_MS = (int(sys.argv[i]) if len(sys.argv) > i else d for i, d in ((1, 1000), (2, 20), (3, 10)))
TOPIC = b"tramgac/v1/can-tho/bench/ev/p00/alert"


def alert(i):
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06}+0000"
    return {"timestamp": stamp, "flow_id": 10**12 + i, "event_type": "alert", "src_ip": f"10.{i >> 14 & 255}.{i >> 6 & 255}.{i & 63}",
            "src_port": 1024 + i % 60000, "dest_ip": f"10.30.1.{i % 200 + 1}", "dest_port": 502, "proto": "TCP", "app_proto": "modbus",
            "alert": {"action": "allowed", "gid": 1, "signature_id": 2000000 + i % 997, "rev": 1, "severity": 3,
                      "signature": f"BENCH signature number {i % 997}", "category": "Misc activity"},
            "flow": {"pkts_toserver": 5, "pkts_toclient": 4, "bytes_toserver": 500, "bytes_toclient": 400}}


class Publisher:
    """As little MQTT 3.1.1 as it takes."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send(0x10, b"\0\4MQTT\4\2\0\0" + b"\0\5bench")
        assert self.socket.recv(4) == b"\x20\2\0\0"
        threading.Thread(target=self.hear, daemon=True).start()

    def send(self, kind, body):
        length, n = b"", len(body)
        while True:
            length += bytes([n % 128 | (128 if n > 127 else 0)])
            n //= 128
            if n == 0:
                break
        self.socket.sendall(bytes([kind]) + length + body)

    def hear(self):
        while self.socket.recv(65536):
            continue

    def publish(self, seq, lines):
        head = {"v": 1, "sensor": "bench", "site": "can-tho", "epoch": 1790000000, "seq": seq, "class": "alert", "n": len(lines)}
        body = "".join(json.dumps(o, separators=(",", ":")) + "\n" for o in [head, *lines]).encode()
        self.send(0x32, struct.pack(">H", len(TOPIC)) + TOPIC + struct.pack(">H", seq % 65535 + 1) + body)


def listen(api, heard):
    """Notes (time, alerts) of each piece of news."""
    c = http.client.HTTPConnection("127.0.0.1", api.port, timeout=60)
    c.request("GET", "/api/stream", headers={"Cookie": api.cookie})
    kind, r = "", c.getresponse()
    while line := r.readline():
        if line.startswith(b"event: "):
            kind = line[7:].strip()
        elif line.startswith(b"data: ") and kind == b"groups":
            heard.append((time.monotonic(), json.loads(line[6:])["alerts"]))


def cpu_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        return sum(int(t) for t in f.read().rsplit(")", 1)[1].split()[11:13]) / os.sysconf("SC_CLK_TCK")


with Bench("wire-page") as b:
    mqtt, port = free_port(), free_port()
    b.broker(mqtt)
    config = b.path("a.yaml")
    with open(config, "w", encoding="utf-8") as f:
        f.write(f"ingest: {{mqtt: {{host: 127.0.0.1, port: {mqtt}}}}}\n")
    write_password(b, config)
    analyzer = b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}", cwd=ROOT)
    wait_for("the analyzer answers", 60, lambda: alive(port))
    api, heard, sent = Api(port), [], []
    threading.Thread(target=listen, args=(api, heard), daemon=True).start()
    publisher = Publisher(mqtt)
    time.sleep(1)
    before, begin, seq = cpu_of(analyzer.pid), time.monotonic(), 0
    while len(sent) < RATE * SECONDS:
        seq += 1
        due = begin + seq * EVERY_MS / 1000
        time.sleep(max(0, due - time.monotonic()))
        n = int((time.monotonic() - begin) * RATE) - len(sent)
        lines = [alert(len(sent) + i) for i in range(max(n, 1))]
        sent += [time.monotonic()] * len(lines)
        publisher.publish(seq, lines)
    wait_for("the page has heard of all", 60, lambda: sum(n for _, n in heard) >= len(sent))
    cpu = cpu_of(analyzer.pid) - before
    took, k = [], 0
    for at, n in heard:
        took += [(at - t) * 1000 for t in sent[k:k + n]]
        k += n
    took.sort()
    p = [took[min(len(took) - 1, int(len(took) * q))] for q in (.5, .9, .99, 1)]
    print(f"{len(sent)} alerts, {RATE}/s, an envelope every {EVERY_MS} ms: p50 {p[0]:.1f} ms, p90 {p[1]:.1f}, p99 {p[2]:.1f}, worst {p[3]:.1f}; "
          f"{len(heard)} commits, analyzer {cpu / (sent[-1] - begin) * 100:.0f} % of a core; load {os.getloadavg()[0]:.0f}")
    assert api.get("/api/groups?state=all&limit=1")["total"] > 0
