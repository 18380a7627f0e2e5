#!/usr/bin/python3
"""Memory that an idle TCP flow takes, all included: resident memory with N open flows less that with few, divided by N.

  idle_flows.py [--flows 100000] [--rules DIR] [--sensor PROGRAM] [--set KEY=VALUE] [--payload tls|http|text|none]

Each flow has its handshake, a request and an answer, acknowledged, and then says nothing more; none ends before the capture does. The
figure is taken when all are open: the sensor reads the capture from a pipe that is held open, so its flows stay."""
import argparse
import os
import struct
import subprocess
import tempfile
import time

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--flows", type=int, default=100000)
ap.add_argument("--rules")
ap.add_argument("--payload", choices=("tls", "http", "text", "none"), default="http")
ap.add_argument("--sensor", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/release/tramgac-sensor"))
ap.add_argument("--set", action="append", default=[])
a = ap.parse_args()
HELLO = bytes.fromhex("16030100300100002c0303") + bytes(range(32)) + bytes.fromhex("000002002f01000001ff")[:13]
SAID = {"http": (b"GET /status HTTP/1.1\r\nHost: a.example\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        "tls": (HELLO, b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00"), "text": (b"hello there, meter\n", b"42 degrees, thank you\n"), "none": (b"", b"")}


def packet(n, i, to_server, seq, ack, flags, data=b""):
    client, server = 0x0A000000 | (i >> 8 & 0xFFFF) + 256, 0xC0A80000 | i & 0xFF
    sport, dport = 20000 + (i >> 4) % 40000, 80
    src, dst = (client, server) if to_server else (server, client)
    ports = (sport, dport) if to_server else (dport, sport)
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 40 + len(data), n & 0xFFFF, 0x4000, 64, 6, 0, src, dst)
    tcp = struct.pack(">HHIIBBHHH", *ports, seq, ack, 0x50, flags, 65535, 0, 0)
    frame = b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + ip + tcp + data
    return struct.pack("<IIII", 1_700_000_000 + n // 100000, n % 100000 * 10, len(frame), len(frame)) + frame


def flow(n, i):
    ask, answer = SAID[a.payload]
    c, s = 1000 + i, 7000 + i
    rows = [(True, c, 0, 2, b""), (False, s, c + 1, 0x12, b""), (True, c + 1, s + 1, 0x10, b"")]
    if ask:
        rows += [(True, c + 1, s + 1, 0x18, ask), (False, s + 1, c + 1 + len(ask), 0x18, answer),
                 (True, c + 1 + len(ask), s + 1 + len(answer), 0x10, b"")]
    return b"".join(packet(n + k, i, *row) for k, row in enumerate(rows)), len(rows)


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(l.split()[1]) << 10 for l in f if l.startswith("RssAnon"))


def settled(pid):
    """CPU time stands still: all that was sent is worked off."""
    before, still = -1, 0
    while still < 6:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            now = sum(int(x) for x in f.read().rsplit(")", 1)[1].split()[11:13])
        still = still + 1 if now == before else 0
        before = now
        time.sleep(0.15)


work = tempfile.mkdtemp(prefix="tramgac-idle.")
words = [a.sensor, "-r", "-", "-l", work, "--quiet", "--workers", "1", "--memory", "2G", "-k", "none", "--set", "device.max=16"]
words += (["-S", a.rules] if a.rules else []) + [w for s in a.set for w in ("--set", s)]
sensor = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
sensor.stdin.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
FEW = 2000
n = 0
for i in range(FEW + a.flows):
    text, rows = flow(n, i)
    n += rows
    sensor.stdin.write(text)
    if i == FEW - 1:
        sensor.stdin.flush()
        settled(sensor.pid)
        few = resident(sensor.pid)
sensor.stdin.flush()
settled(sensor.pid)
many = resident(sensor.pid)
print(f"{a.flows} flows ({a.payload}): {(many - few) / a.flows:,.0f} bytes a flow ({few >> 20} MB -> {many >> 20} MB resident)")
sensor.stdin.close()
sensor.wait()
subprocess.run(["rm", "-rf", work], check=True)
