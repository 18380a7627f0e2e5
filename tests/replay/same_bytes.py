#!/usr/bin/python3
"""The events of a capture are the same bytes for any number of workers, and again.

    same_bytes.py SENSOR CAPTURE...

Rules, profiles and learning are on, so that every tier takes part. `stats` lines count what each worker did and are left out.
"""
import hashlib
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SETTINGS = ("device.profiles=iot-profiles", "device.site=iot-profiles/site.yaml", "device.learn=30m", "device.observe=0",
            "files.yara=rules/yara")


def events(sensor, capture, workers):
    with tempfile.TemporaryDirectory(prefix="tramgac-bytes.") as out:
        call = [sensor, "-r", capture, "-c", "rules/suricata/vars.yaml", "-S", "rules/suricata", "-l", out, "--quiet",
                "--workers", str(workers)]
        for setting in SETTINGS:
            call += ["--set", setting]
        subprocess.run(call, cwd=ROOT, check=True)
        with open(os.path.join(out, "eve.json"), "rb") as f:
            return [l for l in f if b'"event_type":"stats"' not in l]


sensor, captures, faults = os.path.abspath(sys.argv[1]), [os.path.abspath(c) for c in sys.argv[2:]], 0
for capture in captures:
    first = events(sensor, capture, 1)
    digest = hashlib.sha256(b"".join(first)).hexdigest()[:16]
    for workers in (2, 4, 4):
        other = events(sensor, capture, workers)
        if other == first:
            continue
        faults += 1
        at = next((i for i, (a, b) in enumerate(zip(first, other)) if a != b), min(len(first), len(other)))
        print(f"{capture}: with {workers} workers line {at + 1} differs ({len(first)} and {len(other)} lines)")
        for lines in (first, other):
            print("   ", lines[at].decode(errors="replace").strip()[:400] if at < len(lines) else "(none)")
    print(f"{os.path.basename(capture)}: {len(first)} events, {digest}")
sys.exit(1 if faults or not captures else 0)
