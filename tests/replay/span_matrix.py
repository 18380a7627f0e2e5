#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The matrix of mirror ports and tunnels (pcaps/make/span_matrix.py): every case with the default configuration.

  span_matrix.py SENSOR [--suricata] [--markdown] [--case NAME]... [--jobs N]

Exit status 1 when a case does not give its alerts, or its finding is not told. With --suricata the same cases are also given to
Suricata with its distribution's configuration, for comparison."""
import argparse
import collections
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../pcaps/make"))
import span_matrix as matrix
import span_more
import span_rare

for more in (span_more, span_rare):
    matrix.CASES.update({name: case for name, case in more.CASES.items() if name not in matrix.CASES})

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("sensor")
ap.add_argument("--suricata", action="store_true")
ap.add_argument("--markdown", action="store_true")
ap.add_argument("--case", action="append")
ap.add_argument("--jobs", type=int, default=2)
ap.add_argument("--workers", default="1")
a = ap.parse_args()
work = tempfile.mkdtemp(prefix="tramgac-span.")
rules = os.path.join(work, "span.rules")
with open(rules, "w", encoding="utf-8") as f:
    f.write(matrix.RULES)


def events(command, out):
    os.makedirs(out, exist_ok=True)
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: status {done.returncode}: {done.stderr[-500:]}")
    with open(os.path.join(out, "eve.json"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def counts(lines):
    sids = collections.Counter(e["alert"]["signature_id"] for e in lines if e["event_type"] == "alert")
    return tuple(sids[i] for i in (1, 2, 3, 4))


def right(found, expected):
    return all(f == e if e not in (None, matrix.ANY) else e == matrix.ANY or f >= matrix.CONNS / 2 for f, e in zip(found, expected))


def one(name):
    case = matrix.CASES[name]
    pcap = os.path.join(work, name + ".pcap")
    matrix.make(name, pcap)
    out = os.path.join(work, name)
    lines = events([a.sensor, "-r", pcap, "-S", rules, "-l", out, "--quiet", "--workers", a.workers, "--set", "sandbox.enabled=false"], out)
    found = counts(lines)
    told = sorted({e["visibility"]["what"] for e in lines if e["event_type"] == "visibility"})
    faults = [] if right(found, case[1]) else [f"alerts {found}, expected {case[1]}"]
    faults += [f"not told: {w}" for w in case[2] if w not in told]
    if name == "clean" and told:
        faults.append(f"told without reason: {told}")
    other = None
    if a.suricata:
        s = os.path.join(out, "suricata")
        try:
            other = counts(events(["suricata", "-r", pcap, "-S", rules, "-l", s, "-c", "/etc/suricata/suricata.yaml", "--runmode", "single"], s))
        except (RuntimeError, OSError):
            other = "-"
    os.unlink(pcap)
    return name, found, told, other, faults


names = a.case or list(matrix.CASES)
with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
    results = list(pool.map(one, names))


def show(found, expected):
    return "/".join(str(x) for x in found) if isinstance(found, tuple) else str(found)


if a.markdown:
    print("| case | expected | found | told |" + (" Suricata |" if a.suricata else "") + "\n|---|---|---|---|" + ("---|" if a.suricata else ""))
    for name, found, told, other, _ in results:
        expected = "/".join({None: "≥ half", matrix.ANY: "any"}.get(x, str(x)) for x in matrix.CASES[name][1])
        row = f"| {name} | {expected} | {show(found, 0)} | {', '.join(told)} |"
        print(row + (f" {show(other, 0)} |" if a.suricata else ""))
bad = [(name, faults) for name, _, _, _, faults in results if faults]
if not a.markdown:
    for name, found, told, other, faults in results:
        print(f"{'not ok' if faults else 'ok'} {name} {show(found, 0)} {','.join(told)}" + (f" suricata {show(other, 0)}" if other else ""))
for name, faults in bad:
    print(f"{name}: {'; '.join(faults)}", file=sys.stderr)
print(f"{len(results) - len(bad)} of {len(results)} cases as expected", file=sys.stderr)
subprocess.run(["rm", "-rf", work], check=True)
sys.exit(1 if bad else 0)
