#!/usr/bin/python3
"""Floods under --memory: what is resident, whether a session through the flood is still detected, which steps were told.

    tests/bench/flood.py SENSOR [--memory 300M] [--workers 1,2] [--scale 1.0] [--rules PATH] [KIND ...]

The frames come from flood.c through a pipe. Exit status 1 when memory is over its bound, the session is missed, or a frame is not counted.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

COUNTS = {"syn": 10_000_000, "udp": 2_000_000, "ack": 2_000_000, "fragments": 2_000_000, "holes": 300_000, "idle": 500_000}
PROOF = 'alert http any any -> any any (msg:"proof"; flow:established,to_server; http.uri; content:"/flood-proof"; sid:1;)\n'
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("sensor")
ap.add_argument("kinds", nargs="*", default=list(COUNTS))
ap.add_argument("--memory", default="300M")
ap.add_argument("--workers", default="1,2")
ap.add_argument("--scale", type=float, default=1.0)
ap.add_argument("--rules", default=None, help="more rules")
a = ap.parse_intermixed_args()


def run(flood, kind, workers, folder):
    rules, out = os.path.join(folder, "proof.rules"), os.path.join(folder, f"{kind}-{workers}")
    with open(rules, "w", encoding="utf-8") as f:
        f.write(PROOF)
    words = [a.sensor, "-r", "-", "-l", out, "--quiet", "-S", rules, *(["-S", a.rules] if a.rules else []), "--memory", a.memory,
             "--workers", str(workers), "--set", "event.types=alert,stats,visibility"]
    source = subprocess.Popen([flood, kind, str(int(COUNTS[kind] * a.scale))], stdout=subprocess.PIPE)
    sensor = subprocess.Popen(words, stdin=source.stdout)
    source.stdout.close()
    _, status, used = os.wait4(sensor.pid, 0)
    source.wait()
    alerts, steps, stats = 0, {}, {}
    with open(os.path.join(out, "eve.json"), encoding="utf-8") as f:
        for line in f:
            e = json.loads(line)
            alerts += e["event_type"] == "alert" and e["alert"]["signature_id"] == 1
            if e["event_type"] == "visibility":
                what = e["visibility"]["what"]
                steps[what] = steps.get(what, 0) + 1
            stats = e["stats"] if e["event_type"] == "stats" else stats
    limit = int(a.memory[:-1]) * UNITS[a.memory[-1]] // 1024
    cpu = used.ru_utime + used.ru_stime
    ok = status == 0 and alerts == 1 and used.ru_maxrss <= limit
    print(f"{'ok   ' if ok else 'FAULT'} {kind:9} {workers} workers: {stats['decoder']['pkts']:9} frames, {used.ru_maxrss // 1024:4} MB resident, "
          f"{cpu:6.1f} CPU s, session {'detected' if alerts == 1 else f'{alerts} alerts'}, steps {steps}, exit {status}", flush=True)
    return ok


with tempfile.TemporaryDirectory(prefix="tramgac-flood.") as folder:
    flood = os.path.join(folder, "flood")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "flood.c")
    subprocess.run(["gcc", "-O2", "-o", flood, source], check=True)
    results = [run(flood, kind, int(n), folder) for kind in a.kinds for n in a.workers.split(",")]
sys.exit(0 if all(results) else 1)
