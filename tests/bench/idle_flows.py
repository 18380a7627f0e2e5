#!/usr/bin/python3
"""Memory that an idle TCP flow takes, all included: resident memory with N open flows less that with few, divided by N.

  idle_flows.py [--flows 60000] [--rate 400] [--rules DIR] [--sensor PROGRAM] [--set KEY=VALUE] [--payload http|all|…]

Each flow has its handshake, the beginning of a session of its protocol, acknowledged, and then says nothing more; none ends before the
capture does. So many flows begin in a second of packet time. The figure is taken when all are open and silent for forty seconds: the sensor
reads the capture from a pipe that is held open, so its flows stay. `awake` is the figure without these seconds, at once behind the last
packet."""
import argparse
import os
import ssl
import struct
import subprocess
import tempfile
import time

FEW = 2000


def tls_session():
    """The bytes of a real TLS 1.2 session: handshake, a request, an answer."""
    work = tempfile.mkdtemp(prefix="tramgac-idle.")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{work}/k", "-out", f"{work}/c", "-days", "9",
                    "-subj", "/CN=meter.example"], check=True, capture_output=True)
    server_context, client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server_context.load_cert_chain(f"{work}/c", f"{work}/k")
    client_context.check_hostname, client_context.verify_mode = False, ssl.CERT_NONE
    client_context.maximum_version = ssl.TLSVersion.TLSv1_2
    subprocess.run(["rm", "-rf", work], check=True)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(down, up, server_hostname="meter.example")
    server = server_context.wrap_bio(up, down, server_side=True)
    said = []

    def step(end, out, act, to_server):
        try:
            act(end)
        except ssl.SSLWantReadError:
            pass
        data = out.read()
        if data:
            said.append((to_server, data))
            (up if to_server else down).write(data)

    for _ in range(3):
        step(client, up, lambda e: e.do_handshake(), True)
        step(server, down, lambda e: e.do_handshake(), False)
    step(client, up, lambda e: e.write(b"GET / HTTP/1.1\r\n\r\n"), True)
    step(server, down, lambda e: e.write(b"HTTP/1.1 204 No Content\r\n\r\n"), False)
    return said


def ssh_session():
    names = [b"curve25519-sha256,ecdh-sha2-nistp256", b"ssh-ed25519,rsa-sha2-512"] + [b"aes128-ctr,chacha20-poly1305@openssh.com"] * 2
    names += [b"hmac-sha2-256"] * 2 + [b"none,zlib@openssh.com"] * 2 + [b""] * 2
    body = b"\x14" + bytes(range(16)) + b"".join(struct.pack(">I", len(n)) + n for n in names) + b"\0" * 5
    kex = struct.pack(">IB", len(body) + 9, 8) + body + b"\0" * 8
    keys, secret = struct.pack(">IBB", 12, 10, 21) + b"\0" * 10, bytes(range(100, 152))
    return [(True, b"SSH-2.0-OpenSSH_9.2p1\r\n"), (False, b"SSH-2.0-OpenSSH_9.2p1\r\n"), (True, kex), (False, kex),
            (True, struct.pack(">IBB", 44, 6, 30) + b"\0" * 42), (False, struct.pack(">IBB", 180, 6, 31) + b"\1" * 178 + keys),
            (True, keys + secret), (False, secret)]


def modbus(n, pdu):
    return struct.pack(">HHHB", n, 0, len(pdu) + 1, 1) + pdu


SESSIONS = {
    "none": (80, lambda: []),
    "text": (7777, lambda: [(True, b"hello there, meter\n"), (False, b"42 degrees, thank you\n")]),
    "http": (80, lambda: [(True, b"GET /status HTTP/1.1\r\nHost: a.example\r\n\r\n"), (False, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]),
    "tls": (443, tls_session),
    "mqtt": (1883, lambda: [(True, b"\x10\x13\0\4MQTT\4\2\0\x3c\0\7meter42"), (False, b"\x20\2\0\0"),
                            (True, b"\x82\x0c\0\1\0\7pump/42\0"), (False, b"\x90\3\0\1\0"), (True, b"\x30\x0e\0\7pump/42level"),
                            (True, b"\xc0\0"), (False, b"\xd0\0")]),
    "modbus": (502, lambda: [row for n in range(5) for row in ((True, modbus(n, b"\3\0\x10\0\2")), (False, modbus(n, b"\3\4\0\1\0\2")))]),
    "ssh": (22, ssh_session),
    "smtp": (25, lambda: [(False, b"220 mail.example ESMTP\r\n"), (True, b"EHLO meter.example\r\n"),
                          (False, b"250-mail.example\r\n250-SIZE 1000\r\n250 HELP\r\n"), (True, b"NOOP\r\n"), (False, b"250 2.0.0 Ok\r\n")]),
    "imap": (143, lambda: [(False, b"* OK IMAP4rev1 ready\r\n"), (True, b"a1 LOGIN meter secret\r\n"), (False, b"a1 OK logged in\r\n"),
                           (True, b"a2 SELECT INBOX\r\n"), (False, b"* 3 EXISTS\r\na2 OK done\r\n"), (True, b"a3 IDLE\r\n"), (False, b"+ idling\r\n")]),
    "ftp": (21, lambda: [(False, b"220 ready\r\n"), (True, b"USER meter\r\n"), (False, b"331 go on\r\n"), (True, b"PASS x\r\n"),
                         (False, b"230 in\r\n")]),
}


def packet(i, port, to_server, seq, ack, flags, data, time_us):
    client, server = 0x0A000000 | (i >> 8 & 0xFFFF) + 256, 0xC0A80000 | i & 0xFF
    sport = 20000 + (i >> 4) % 40000
    src, dst = (client, server) if to_server else (server, client)
    ports = (sport, port) if to_server else (port, sport)
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 40 + len(data), seq & 0xFFFF, 0x4000, 64, 6, 0, src, dst)
    tcp = struct.pack(">HHIIBBHHH", *ports, seq, ack, 0x50, flags, 65535, 0, 0)
    frame = b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + ip + tcp + data
    return struct.pack("<IIII", 1_700_000_000 + time_us // 1_000_000, time_us % 1_000_000, len(frame), len(frame)) + frame


def flow(i, port, said, time_us):
    at = {True: 1000 + i, False: 7000 + i}
    rows = [packet(i, port, True, at[True], 0, 2, b"", time_us), packet(i, port, False, at[False], at[True] + 1, 0x12, b"", time_us + 1)]
    at = {k: v + 1 for k, v in at.items()}
    rows.append(packet(i, port, True, at[True], at[False], 0x10, b"", time_us + 2))
    to_server = True
    for k, (to_server, data) in enumerate(said):
        for cut in range(0, len(data), 1400):
            part = data[cut:cut + 1400]
            rows.append(packet(i, port, to_server, at[to_server], at[not to_server], 0x18, part, time_us + 3 + k))
            at[to_server] += len(part)
    if said:
        rows.append(packet(i, port, not to_server, at[not to_server], at[to_server], 0x10, b"", time_us + 90))
    return b"".join(rows)


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith("RssAnon"))


def settled(pid):
    """CPU time stands still: all that was sent is worked off."""
    before, still = -1, 0
    while still < 6:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            now = sum(int(x) for x in f.read().rsplit(")", 1)[1].split()[11:13])
        still = still + 1 if now == before else 0
        before = now
        time.sleep(0.15)


def measure(a, name):
    port, session = SESSIONS[name]
    said = session()
    work = tempfile.mkdtemp(prefix="tramgac-idle.")
    words = [a.sensor, "-r", "-", "-l", work, "--quiet", "--workers", "1", "--memory", "2G", "-k", "none", "--set", "device.max=16"]
    words += ["--set", "flow.timeout.tcp.established=1d"]
    words += (["-S", a.rules] if a.rules else []) + [w for s in a.set for w in ("--set", s)]
    sensor = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    sensor.stdin.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    few = 0
    now_us = 0
    for i in range(FEW + a.flows):
        now_us = i * 1_000_000 // a.rate
        sensor.stdin.write(flow(i, port, said, now_us))
        if i == FEW - 1:
            sensor.stdin.flush()
            settled(sensor.pid)
            few = resident(sensor.pid)
    sensor.stdin.flush()
    settled(sensor.pid)
    awake = resident(sensor.pid)
    for second in range(40):
        sensor.stdin.write(packet(FEW + a.flows, 9, True, 1, 0, 2, b"", now_us + second * 1_000_000 + 999_999))
    sensor.stdin.flush()
    settled(sensor.pid)
    many = resident(sensor.pid)
    sensor.stdin.close()
    sensor.wait()
    subprocess.run(["rm", "-rf", work], check=True)
    size = sum(len(data) for _, data in said)
    print(f"{name:7} {size:6} bytes said: {(many - few) / a.flows:7,.0f} bytes a flow (awake {(awake - few) / a.flows:,.0f};"
          f" {few >> 20} MB -> {many >> 20} MB resident)", flush=True)


ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--flows", type=int, default=60000)
ap.add_argument("--rate", type=int, default=400)
ap.add_argument("--rules")
ap.add_argument("--payload", choices=["all", *SESSIONS], default="http")
ap.add_argument("--sensor", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/release/tramgac-sensor"))
ap.add_argument("--set", action="append", default=[])
args = ap.parse_args()
for payload in SESSIONS if args.payload == "all" else [args.payload]:
    measure(args, payload)
