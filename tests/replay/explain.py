#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`explain` agrees with the events: every rule that alerts on a capture is explained with as many alerts, each with bytes; and what
it says of rules that stay silent.

    explain.py SENSOR CAPTURE RULES VARS
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

SENSOR, CAPTURE, RULES, VARS = (os.path.abspath(a) for a in sys.argv[1:5])
faults = []


def alerts():
    with tempfile.TemporaryDirectory(prefix="tramgac-explain-test.") as out:
        subprocess.run([SENSOR, "-r", CAPTURE, "-c", VARS, "-S", RULES, "-l", out, "--quiet", "--set", "event.alert.matches=true"],
                       check=True)
        with open(os.path.join(out, "eve.json"), encoding="utf-8") as f:
            return [e for e in map(json.loads, f) if e["event_type"] == "alert" and "deviation" not in e]


def explain(*more, status=0):
    done = subprocess.run([SENSOR, "explain", "-r", CAPTURE, "-c", VARS, "-S", RULES, "--json", *more], capture_output=True, text=True)
    if done.returncode != status:
        faults.append(f"explain {more}: status {done.returncode}, {done.stderr}")
    return json.loads(done.stdout) if done.stdout else None


def check(good, what):
    if not good:
        faults.append(what)


events = alerts()
by_sid = collections.Counter(e["alert"]["signature_id"] for e in events)
for sid, n in by_sid.items():
    said = explain("--sid", str(sid))
    told = [h for h in said["hits"] if h["stage"] == "alert"]
    check(len(told) == n, f"sid {sid}: {n} alerts, explained {len(told)}")
    seen = [e["alert"].get("matches", []) for e in events if e["alert"]["signature_id"] == sid]
    check([h["matches"] for h in told] == seen, f"sid {sid}: explain and alert.matches differ")
    one = explain("--sid", str(sid), "--flow", str(told[0]["flow_id"]))
    check(one["packets"] <= said["packets"] and one["hits"], f"sid {sid}: nothing for its flow alone")
check(by_sid, "no rule alerts on this capture")
check(any(m.get("hex") for e in events for m in e["alert"].get("matches", [])), "no alert tells bytes")
explain("--sid", "4000000000", status=2)
print("\n".join(faults) or f"{len(by_sid)} rules with {sum(by_sid.values())} alerts are explained")
sys.exit(1 if faults else 0)
