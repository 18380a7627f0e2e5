#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Recorded and made-up conversations as the worst mirror would bring them: frames left out, doubled, in another order, cut, damaged, in smaller
pieces, and with silences long enough that flows are put away and fetched again in the middle of what they do.

    lossy.py SENSOR [--seeds N] [--first SEED] [--rules FILE]... [--captures DIR] [--workers 1,2,4] [--only VARIANT]

The sensor (best built with sanitizers) must not fall or report, must count every frame, and must give the same bytes for any number of
workers. A seed gives the same frames each time; one that fails is kept and named. The sensor serves, so rules are loaded once."""
import argparse
import base64
import gzip
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VARIANTS = {
    "acknowledged": (),
    "inline": ("stream.inline=yes", "detect.stream-window=300", "stream.hole.bytes=16k"),
    "scarce": ("memory=64M", "stream.hole.bytes=4k", "detect.stream-depth=8k", "stream.hole.timeout=2s", "app.memory=400k"),
}
BEGIN = 1_760_000_000 * 10**9
SILENCES = (2, 6, 6, 31, 31, 31, 65, 130, 700)
FRAMES_MOST = 1200
WORDS = (b"VERY", b"DATA", b"root:x:0:0", b"/bin/sh", b"cmd.exe", b"passwd", b"SELECT ", b"admin", b"eval(", b"\x90\x90\x90\x90", b"%PDF-1.7",
         b"MZ\x90\0", b"PK\3\4", b"<script>", b"wget http://", b"\0\0\0\0", b"AAAAAAAA", b"GET /x", b"USER anonymous\r\n", b"\r\n", b" ", b".")
# In the manner of public rule sets: literals over pieces, negation, distances, expressions, jumps, bits, sticky buffers.
RULES = r"""
alert tcp any any -> any any (msg:"raw 1"; content:"VERY"; sid:1;)
alert tcp any any -> any any (msg:"raw 2"; content:"VERY"; content:"DATA"; distance:0; within:200; sid:2;)
alert tcp-stream any any -> any any (msg:"stream"; content:"DATA"; content:!"root"; within:40; sid:3;)
alert tcp any any -> any any (msg:"stream and expression"; flow:established; content:"passwd"; pcre:"/passwd.{0,80}(admin|sh)/s"; sid:4;)
alert tcp any any -> any any (msg:"only"; flow:established,only_stream; content:"/bin/sh"; fast_pattern; content:"root"; sid:5;)
alert tcp any any -> any any (msg:"far"; content:"MZ"; byte_jump:1,1,relative; content:"A"; within:9; sid:6;)
alert tcp any any -> any any (msg:"sums"; content:"SELECT "; byte_test:1,>,32,0,relative; isdataat:20,relative; sid:7;)
alert tcp any any -> any any (msg:"bits set"; content:"eval("; flowbits:set,seen.eval; noalert; sid:8;)
alert tcp any any -> any any (msg:"bits"; content:"<script>"; flowbits:isset,seen.eval; sid:9;)
alert tcp any any -> any any (msg:"packets"; flow:no_stream; content:"wget"; dsize:>20; sid:10;)
alert tcp any any -> any any (msg:"nothing"; content:!"VERY"; content:!"DATA"; flow:to_client,established; stream_size:both,>,2000; sid:11;)
alert tcp any any -> any any (msg:"depth"; content:"USER"; depth:300; content:"|0d 0a|"; sid:12;)
alert http any any -> any any (msg:"uri"; http.uri; content:"/x"; startswith; sid:20;)
alert http any any -> any any (msg:"header"; http.header; content:"Words|3a 20|"; content:"admin"; distance:0; sid:21;)
alert http any any -> any any (msg:"body up"; http.request_body; content:"passwd"; content:!"nothing"; sid:22;)
alert http any any -> any any (msg:"body down"; flow:to_client; http.response_body; content:"root|3a|x"; sid:23;)
alert http any any -> any any (msg:"file"; flow:to_client; file.data; content:"eval("; content:"<script>"; distance:0; sid:24;)
alert http any any -> any any (msg:"both"; http.method; content:"POST"; http.uri; content:"cmd.exe"; http.user_agent; content:"crawler"; sid:25;)
alert http any any -> any any (msg:"raw of http"; content:"HTTP/1.1 200"; content:"VERY"; distance:0; sid:26;)
alert http any any -> any any (msg:"packed"; flow:to_client; http.stat_code; content:"200"; file.data; pcre:"/(VERY|DATA){2}/"; sid:27;)
alert http any any -> any any (msg:"bits of http"; http.uri; content:"cmd"; flowbits:set,cmd; xbits:set,cmd,track ip_src,expire 60; sid:28;)
alert http any any -> any any (msg:"after bits"; flow:to_client; flowbits:isset,cmd; http.content_len; byte_test:0,>,10,0,string,dec; sid:29;)
alert smtp any any -> any any (msg:"mail file"; file.data; content:"MZ"; depth:2; sid:40;)
alert smtp any any -> any any (msg:"mail"; content:"RCPT TO"; nocase; content:"DATA"; distance:0; sid:41;)
alert dns any any -> any any (msg:"name"; dns.query; content:"."; threshold:type limit,track by_src,seconds 60,count 3; sid:50;)
alert mqtt any any -> any any (msg:"topic"; mqtt.publish.topic; content:"/"; sid:51;)
alert modbus any any -> any any (msg:"modbus"; modbus: function 6; sid:52;)
alert tls any any -> any any (msg:"tls"; tls.cert_subject; content:"CN="; sid:53;)
alert ssh any any -> any any (msg:"ssh"; ssh.proto; content:"2"; sid:54;)
alert ftp any any -> any any (msg:"ftp"; content:"RETR"; sid:55;)
alert ftp-data any any -> any any (msg:"ftp data"; file.data; content:"a"; sid:56;)
alert smb any any -> any any (msg:"smb"; content:"SMB"; sid:57;)
alert udp any any -> any any (msg:"udp"; content:"a"; threshold:type both,track by_dst,seconds 30,count 4; sid:60;)
alert ip any any -> any any (msg:"fragments"; fragbits:M; sid:61;)
"""


# ---- what is said ------------------------------------------------------------------------------

def words(rng, n):
    out = b""
    while len(out) < n:
        out += rng.choice(WORDS) if rng.random() < .8 else rng.randbytes(rng.randint(1, 30))
    return out[:n]


def web(rng):
    """(to server, bytes) of some requests and answers, often all requests first."""
    asked, told = [], []
    for _ in range(rng.randint(1, 6)):
        body = words(rng, rng.choice((0, 5, 300, 5000, 40000)))
        up = words(rng, rng.choice((0, 40, 3000)))
        name = rng.choice((b"/x", b"/x/cmd.exe?q=1", b"/y%41", b"/" + b"a" * 900))
        ask = rng.choice((b"GET ", b"POST ")) + name + b" HTTP/1.1\r\nHost: a.example\r\nUser-Agent: crawler\r\nWords: VERY admin\r\n"
        asked.append(ask + (b"Content-Length: %d\r\n" % len(up) if up else b"") + b"\r\n" + up)
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
        if rng.random() < .4:
            body, answer = gzip.compress(body), answer + b"Content-Encoding: gzip\r\n"
        if rng.random() < .4:
            step = rng.randint(1, 4000)
            parts = [body[i:i + step] for i in range(0, len(body), step)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"
            answer += b"Transfer-Encoding: chunked\r\n\r\n"
        else:
            answer += b"Content-Length: %d\r\n\r\n" % len(body)
        told.append(answer + body)
    if rng.random() < .3:
        return [(True, b"".join(asked)), (False, b"".join(told))]
    return [piece for pair in zip(asked, told) for piece in ((True, pair[0]), (False, pair[1]))]


def mail(rng):
    body = base64.encodebytes(words(rng, rng.choice((100, 9000)))).replace(b"\n", b"\r\n")
    said = [(False, b"220 mail ESMTP\r\n"), (True, b"EHLO a\r\n"), (False, b"250 a\r\n"), (True, b"MAIL FROM:<a@a>\r\n"), (False, b"250 ok\r\n"),
            (True, b"RCPT TO:<b@b>\r\n"), (False, b"250 ok\r\n"), (True, b"DATA\r\n"), (False, b"354 go\r\n"),
            (True, b"Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=zz\r\n\r\n--zz\r\nContent-Type: application/octet-stream\r\n"
                   b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=a.exe\r\n\r\n" + body + b"--zz--\r\n.\r\n"),
            (False, b"250 ok\r\n")]
    return said * rng.randint(1, 2) + [(True, b"QUIT\r\n")]


def plain(rng):
    return [(rng.random() < .5, words(rng, rng.choice((3, 30, 700, 6000, 30000)))) for _ in range(rng.randint(1, 8))]


def conversation(rng, number):
    """Frames of one made-up TCP session."""
    talk, port = rng.choice(((web, 80), (web, 8080), (mail, 25), (plain, 4444), (plain, 80), (plain, 445)))
    client, server = (0x0A0A0000 + number, 40000 + number), (0xC0A80105, port)
    seq, frames = {True: rng.choice((1, 2**32 - 500)), False: rng.randrange(2**32)}, []
    at = BEGIN + rng.randrange(10**9)

    def send(up, flags, data=b""):
        nonlocal at
        at += rng.choice((10**4, 10**6, 10**7))
        a, b = (client, server) if up else (server, client)
        tcp = struct.pack(">HHIIBBHHH", a[1], b[1], seq[up], seq[not up] if flags & 16 else 0, 0x50, flags, 65000, 0, 0) + data
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(tcp), len(frames) & 0xFFFF, 0x4000, 64, 6, 0, a[0], b[0])
        frames.append([at, b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + ip + tcp, 34 + len(tcp)])
        seq[up] = (seq[up] + len(data) + (flags & 3 != 0)) % 2**32

    if rng.random() < .9:
        send(True, 2)
        send(False, 0x12)
        send(True, 0x10)
    pieces, answers = rng.choice(((60, 536), (1448,), (60, 1448, 3000, 8000), (1, 8, 300))), rng.choice((.1, .4, 1))
    for up, data in talk(rng):
        i = 0
        while i < len(data):
            piece = max(rng.choice(pieces), len(data) // 100)
            send(up, 0x18, data[i:i + piece])
            i += piece
            if rng.random() < answers:
                send(not up, 0x10)
    if rng.random() < .7:
        send(True, rng.choice((0x11, 4, 0x14)))
        send(False, 0x11)
    return frames


# ---- captures ----------------------------------------------------------------------------------

def read(path):
    """Frames of a classic Ethernet capture, its times from BEGIN on; nothing of others."""
    with open(path, "rb") as f:
        data = f.read(1_500_000)
    units = {b"\xd4\xc3\xb2\xa1": 1000, b"\x4d\x3c\xb2\xa1": 1}
    if data[:4] not in units or struct.unpack("<I", data[20:24])[0] != 1:
        return []
    found, at = [], 24
    while at + 16 <= len(data):
        s, part, size, wire = struct.unpack("<IIII", data[at:at + 16])
        if at + 16 + size > len(data):
            break
        found.append([s * 10**9 + part * units[data[:4]], data[at + 16:at + 16 + size], wire])
        at += 16 + size
    first = found[0][0] if found else 0
    return [[BEGIN + max(0, t - first), frame, wire] for t, frame, wire in found]


def write(path, frames):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for t, frame, wire in frames:
            f.write(struct.pack("<IIII", t // 10**9, t % 10**9, len(frame), wire) + frame)


# ---- what becomes of it ------------------------------------------------------------------------

def left_out(rng, frames):
    part, burst = rng.choice((.005, .02, .1, .4, .8)), rng.choice((1, 1, 3, 20))
    out, skip = [], 0
    for f in frames:
        if not skip and rng.random() < part / burst:
            skip = rng.randint(1, burst)
        if skip:
            skip -= 1
        else:
            out.append(f)
    return out


def doubled(rng, frames):
    part, far = rng.choice((.02, .2, 1)), rng.choice((0, 1, 30))
    return moved([(i, f) for i, f in enumerate(frames)] + [(i + rng.uniform(0, far), f) for i, f in enumerate(frames) if rng.random() < part])


def moved(pairs):
    """In the order of the places; times stay in theirs."""
    pairs = sorted(pairs, key=lambda p: p[0])
    times = sorted(f[0] for _, f in pairs)
    return [[t, f[1], f[2]] for t, (_, f) in zip(times, pairs)]


def reordered(rng, frames):
    part, far = rng.choice((.02, .2, 1)), rng.choice((1.5, 4, 30, 500))
    return moved([(i + (rng.uniform(-far, far) if rng.random() < part else 0), f) for i, f in enumerate(frames)])


def apart(rng, frames):
    """One direction before the other: answers and acknowledgements come first."""
    far, bit = rng.choice((2, 5, 30)), rng.randrange(2)
    return moved([(i - (rng.uniform(far / 2, far) if f[1][12:14] == b"\x08\0" and (f[1][26:30] < f[1][30:34]) == bit else 0), f) for i, f in enumerate(frames)])


def stamped_back(rng, frames):
    part = rng.choice((.02, .5))
    return [[t - rng.randrange(3 * 10**9) if rng.random() < part else t, frame, wire] for t, frame, wire in frames]


def cut(rng, frames):
    part, least = rng.choice((.01, .1, .6)), rng.choice((0, 14, 54, 100))
    return [[t, frame[:rng.randint(min(least, len(frame)), len(frame))] if rng.random() < part else frame, wire] for t, frame, wire in frames]


def damaged(rng, frames):
    part = rng.choice((.01, .1))
    out = []
    for t, frame, wire in frames:
        if frame and rng.random() < part:
            frame = bytearray(frame)
            for _ in range(rng.randint(1, 4)):
                frame[rng.randrange(len(frame))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            frame = bytes(frame)
        out.append([t, frame, wire])
    return out


def pieces_of(rng, frame):
    """A TCP segment as several, overlapping at times."""
    if len(frame) < 60 or frame[12:14] != b"\x08\0" or frame[14] != 0x45 or frame[23] != 6 or frame[20] & 0x3F or frame[21]:
        return [frame]
    begin = 34 + (frame[46] >> 4) * 4
    end = 14 + struct.unpack(">H", frame[16:18])[0]
    if end > len(frame) or end - begin < 2:
        return [frame]
    seq, out, at = struct.unpack(">I", frame[38:42])[0], [], begin
    while at < end and len(out) < 12:
        n = end - at if len(out) == 11 else rng.randint(1, max(1, (end - begin) // rng.choice((2, 5))))
        to = min(end, at + n + (rng.randint(0, 9) if rng.random() < .1 else 0))
        out.append(frame[:16] + struct.pack(">H", begin - 14 + to - at) + frame[18:38] + struct.pack(">I", (seq + at - begin) % 2**32) +
                   frame[42:begin] + frame[at:to])
        at += n
    return out


def parted(rng, frames):
    part, out = rng.choice((.1, 1)), []
    for t, frame, wire in frames:
        for piece in pieces_of(rng, frame) if rng.random() < part else [frame]:
            out.append([t, piece, wire if piece is frame else len(piece)])
    return out


def silences(rng, frames):
    places = sorted(rng.randrange(len(frames) + 1) for _ in range(rng.randint(1, 6)))
    out, later = [], 0
    for i, (t, frame, wire) in enumerate(frames):
        while places and places[0] <= i:
            places.pop(0)
            later += rng.choice(SILENCES) * 10**9
        out.append([t + later, frame, wire])
    return out


CHANGES = (left_out, left_out, left_out, doubled, reordered, reordered, apart, apart, stamped_back, cut, damaged, parted, parted)


def capture_of(seed, paths):
    rng = random.Random(seed)
    frames = []
    for path in rng.sample(paths, min(len(paths), rng.randint(0, 3))):
        found = read(path)
        begin = rng.randrange(max(1, len(found) - 300)) if rng.random() < .5 else 0
        frames += found[begin:begin + 300]
    for number in range(rng.randint(1, 4) if frames else 4):
        frames += conversation(rng, number)
    first = min(f[0] for f in frames)
    for f in frames: # all within some seconds, so that silences fall into all of them
        f[0] = BEGIN + (f[0] - first) % (20 * 10**9)
    frames = sorted(frames, key=lambda f: f[0])[:FRAMES_MOST]
    names = []
    for change in rng.sample(CHANGES, rng.randint(1, 5)):
        frames = change(rng, frames)
        names.append(change.__name__)
    return silences(rng, frames) if frames else frames, names


# ---- the sensor --------------------------------------------------------------------------------

class Service:
    def __init__(self, sensor, work, workers, settings, rules):
        self.dir = tempfile.mkdtemp(prefix=f"{workers}.", dir=work)
        words_ = [sensor, "serve", "-l", self.dir, "-c", "rules/suricata/vars.yaml", "--workers", str(workers), "-k", "none",
                  "--set", "control.socket=" + os.path.join(self.dir, "s"), "--set", "metrics.listen=", "--set", "files.yara=rules/yara"]
        for r in rules:
            words_ += ["-S", r]
        for s in settings:
            words_ += ["--set", s]
        with open(os.path.join(self.dir, "log"), "wb") as log:
            self.p = subprocess.Popen(words_, cwd=ROOT, stdout=log, stderr=log)
        self.number, self.socket = 0, None

    def log(self):
        with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def connect(self):
        while self.socket is None:
            if self.p.poll() is not None:
                raise SystemExit("the sensor does not start:\n" + self.log())
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(1500)
            try:
                s.connect(os.path.join(self.dir, "s"))
                self.socket = s
            except OSError:
                time.sleep(.05)

    def ask(self, command, **arguments):
        self.socket.sendall(json.dumps({"command": command, "arguments": arguments}).encode() + b"\n")
        reply = b""
        while not reply.endswith(b"\n"):
            got = self.socket.recv(65536)
            if not got:
                raise OSError("the sensor fell")
            reply += got
        return json.loads(reply)["message"]

    def replay(self, path):
        self.number += 1
        return self.ask("replay", filename=path, **{"output-dir": f"job-{self.number}"})["job"]

    def result(self, job):
        """(stats, other lines); raises OSError when the sensor has fallen."""
        while self.ask("job", job=job)["state"] in ("waits", "runs"):
            time.sleep(.003)
        out = os.path.join(self.dir, f"job-{self.number}")
        with open(os.path.join(out, "eve.json"), "rb") as f:
            lines = list(f)
        shutil.rmtree(out)
        stats = [l for l in lines if b'"event_type":"stats"' in l]
        return json.loads(stats[-1])["stats"], [l for l in lines if b'"event_type":"stats"' not in l]

    def end(self):
        self.p.send_signal(signal.SIGTERM)
        return self.p.wait(1500)


def faults_of(services, path, frames):
    """What is wrong with the replays of one capture, as words; and how many alerts it gave."""
    faults, first, alerts = [], None, 0
    try:
        jobs = [s.replay(path) for s in services]
        results = [s.result(j) for s, j in zip(services, jobs)]
    except OSError:
        time.sleep(2)  # it may still be writing why
        return [f"the sensor fell:\n{s.log()[-6000:]}" for s in services if s.p.poll() is not None] or ["no answer"], 0
    for service, (stats, lines) in zip(services, results):
        if stats["decoder"]["pkts"] != len(frames):
            faults.append(f"{stats['decoder']['pkts']} frames counted, not {len(frames)}")
        short = sum(len(f[1]) < f[2] for f in frames)
        if stats["capture"].get("cut_frames", 0) != short:
            faults.append(f"{stats['capture'].get('cut_frames', 0)} frames counted as cut, not {short}")
        if first is None:
            first, alerts = lines, sum(b'"event_type":"alert"' in l for l in lines)
        elif lines != first:
            at = next((i for i, (a, b) in enumerate(zip(first, lines)) if a != b), min(len(first), len(lines)))
            faults.append(f"other bytes with more workers, line {at + 1} of {len(first)} and {len(lines)}:\n" +
                          "\n".join(l[at].decode(errors="replace") if at < len(l) else "(none)" for l in (first, lines)))
    return faults, alerts


def run(a, work, variant, settings, paths):
    rules = [os.path.join(work, "made.rules")] + [os.path.abspath(r) for r in a.rules]
    services = [Service(os.path.abspath(a.sensor), work, int(n), settings, rules) for n in a.workers.split(",")]
    bad = frames_in_all = alerts_in_all = 0
    try:
        for s in services:
            s.connect()
        for seed in range(a.first, a.first + a.seeds):
            frames, names = capture_of(seed, paths)
            path = os.path.join(work, "in.pcap")
            write(path, frames)
            faults, alerts = faults_of(services, path, frames)
            frames_in_all += len(frames)
            alerts_in_all += alerts
            if faults:
                bad += 1
                kept = shutil.copy(path, os.path.join(tempfile.gettempdir(), f"tramgac-lossy-{variant}-{seed}.pcap"))
                print(f"{kept} ({', '.join(names)}): " + "\n".join(faults), flush=True)
            if any(s.p.poll() is not None for s in services):
                return bad
            if (seed - a.first) % 500 == 499:
                print(f"{variant}: {seed - a.first + 1} seeds, {frames_in_all} frames, {bad} with faults", flush=True)
        for s in services:
            if s.end() != 0 or "runtime error" in s.log() or "Sanitizer" in s.log():
                bad += 1
                print(s.log()[-6000:])
    finally:
        for s in services:
            if s.p.poll() is None:
                s.p.kill()
    print(f"{variant}: {a.seeds} seeds, {frames_in_all} frames, {alerts_in_all} alerts, {a.workers} workers: {bad} with faults", flush=True)
    return bad


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("sensor")
    ap.add_argument("--seeds", type=int, default=8)
    ap.add_argument("--first", type=int, default=1)
    ap.add_argument("--rules", action="append", default=[], help="more rules")
    ap.add_argument("--captures", default=os.path.join(ROOT, "pcaps"))
    ap.add_argument("--workers", default="1,2,4")
    ap.add_argument("--only", help="one of: " + ", ".join(VARIANTS))
    a = ap.parse_args()
    paths = sorted(os.path.join(folder, n) for folder, _, names in os.walk(a.captures) for n in names if n.endswith((".pcap", ".cap")))
    with tempfile.TemporaryDirectory(prefix="tramgac-lossy.") as work:
        with open(os.path.join(work, "made.rules"), "w", encoding="ascii") as f:
            f.write(RULES)
        bad = sum(run(a, work, v, s, paths) for v, s in VARIANTS.items() if a.only in (None, v))
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
