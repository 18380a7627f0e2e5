#!/usr/bin/python3
"""Many replays of mixed captures over 1 to 4 workers: no difference in a byte.

    tests/bench/replays.py SENSOR NUMBER SEED DIRECTORY

From the captures below DIRECTORY (Ethernet, at most SMALL bytes) some are chosen at random and mixed into one by their times;
each mix is replayed with 1, 2, 3 and 4 workers, every tier taking part. A mix that differs is kept and named. The same seed makes the
same mixes.
"""
import hashlib
import heapq
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SMALL, SPAN_NS, PACKETS_MAX = 400_000, 120 * 10**9, 4000
SETTINGS = ("device.profiles=iot-profiles", "device.site=iot-profiles/site.yaml", "device.learn=30m", "device.observe=0",
            "files.yara=rules/yara")
MAGICS = {b"\xd4\xc3\xb2\xa1": ("<", 1000), b"\xa1\xb2\xc3\xd4": (">", 1000), b"\x4d\x3c\xb2\xa1": ("<", 1), b"\xa1\xb2\x3c\x4d": (">", 1)}


def packets(path):
    """(time in ns, bytes of the frame, length on the wire) of a classic capture of Ethernet; nothing of others."""
    with open(path, "rb") as f:
        data = f.read()
    if data[:4] not in MAGICS:
        return []
    order, unit = MAGICS[data[:4]]
    if struct.unpack(order + "I", data[20:24])[0] != 1:
        return []
    found, at = [], 24
    while at + 16 <= len(data) and len(found) < PACKETS_MAX:
        s, part, size, wire = struct.unpack(order + "IIII", data[at:at + 16])
        if at + 16 + size > len(data):
            break
        found.append((s * 10**9 + part * unit, data[at + 16:at + 16 + size], wire))
        at += 16 + size
    return found


def squeezed(found, rng):
    """The same packets within SPAN_NS, beginning anywhere in the first half."""
    first, last = min(p[0] for p in found), max(p[0] for p in found)
    scale = min(1.0, SPAN_NS / 2 / max(1, last - first))
    begin = rng.randrange(SPAN_NS // 2)
    return [(begin + int((t - first) * scale), frame, wire) for t, frame, wire in found]


def mix(paths, out, rng):
    lists = [squeezed(found, rng) for found in map(packets, paths) if found]
    with open(out, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 262144, 1))
        for t, frame, wire in heapq.merge(*lists, key=lambda p: p[0]):
            t += 1_700_000_000 * 10**9
            f.write(struct.pack("<IIII", t // 10**9, t % 10**9, len(frame), wire) + frame)
    return sum(map(len, lists))


def digest(sensor, capture, workers):
    with tempfile.TemporaryDirectory(prefix="tramgac-replays.") as out:
        call = [sensor, "-r", capture, "-c", "rules/suricata/vars.yaml", "-S", "rules/suricata", "-l", out, "--quiet", "--workers", str(workers)]
        for setting in SETTINGS:
            call += ["--set", setting]
        subprocess.run(call, cwd=ROOT, check=True)
        with open(os.path.join(out, "eve.json"), "rb") as f:
            lines = [l for l in f if b'"event_type":"stats"' not in l]
        return len(lines), hashlib.sha256(b"".join(lines)).hexdigest()


def main():
    sensor, number, seed = os.path.abspath(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    small = sorted(os.path.join(folder, n) for folder, _, names in os.walk(sys.argv[4]) for n in names
                   if n.endswith((".pcap", ".cap")) and os.path.getsize(os.path.join(folder, n)) <= SMALL)
    rng, done, frames, lines, bad = random.Random(seed), 0, 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="tramgac-mixes.") as folder:
        while done < number:
            capture = os.path.join(folder, "mix.pcap")
            chosen = rng.sample(small, min(len(small), rng.randint(2, 8)))
            frames += mix(chosen, capture, rng)
            first = digest(sensor, capture, 1)
            lines += first[0]
            for workers in (2, 3, 4):
                other = digest(sensor, capture, workers)
                if other != first:
                    bad += 1
                    kept = shutil.copy(capture, os.path.join(tempfile.gettempdir(), f"tramgac-differs-{seed}-{done}.pcap"))
                    print(f"{kept}: {workers} workers: {other[0]} lines, with one {first[0]}; {' '.join(chosen)}", flush=True)
            done += 4
            if done % 100 == 0:
                print(f"{done} replays, {frames} frames in mixes, {lines} events, {bad} differ", flush=True)
    print(f"{done} replays of {len(small)} captures mixed: {frames} frames, {lines} events, {bad} differ")
    return 1 if bad else 0


sys.exit(main())
