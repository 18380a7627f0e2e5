#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Packets made to be dear: each rule ends at its limits, is named among the dearest, and the others still alert; with a budget it
rests, with an event; and all of it the same for any number of workers.

    bombs.py SENSOR
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rule_cases import OFFICE, OUTSIDE, Capture

SENSOR = os.path.abspath(sys.argv[1])
BOMBS = {
    1: r'content:"aa"; content:"a"; distance:0; content:"a"; distance:1; content:"a"; distance:2; content:"b"; distance:0; within:40;',
    2: r'content:"aa"; pcre:"/^(a+)+[bc]/R";',
    3: r'content:"aa"; pcre:"/(a|aa|aaa)+[bc]/R";',
    4: r'content:"aa"; byte_jump:1,0,relative,post_offset -98; content:"a"; distance:0; byte_jump:1,0,relative,post_offset -98; '
       r'content:"b"; distance:0; within:9;',
    5: r'content:"aa"; pcre:"/(a{0,2}){3}[bc]/R";',
    6: r'content:"aa"; content:"a"; distance:0; content:"a"; distance:0; byte_test:1,=,98,0,relative;',
    7: r'content:"aa"; byte_extract:1,0,n,relative; content:"a"; distance:0; content:"a"; distance:0; content:"b"; distance:0; within:n;',
    8: r'content:"aa"; base64_decode:relative; base64_data; pcre:"/(i|\xa6|\x9a|i\xa6|\xa6\x9a)+[yz]/";',
    10: r'content:"aa"; content:"a"; distance:0; content:"a"; distance:1; pcre:"/^a{3}b/R";',
}
RULES = "".join(f"alert tcp any any -> any any (msg:\"bomb {sid}\"; {options} sid:{sid};)\n" for sid, options in BOMBS.items())
RULES += 'alert tcp any any -> any any (msg:"behind it"; content:"aa"; content:"end of it"; sid:9;)\n'
faults = []


def check(good, what):
    if not good:
        faults.append(what)


def run(work, capture, workers, *settings):
    call = [SENSOR, "-r", capture, "-S", os.path.join(work, "bombs.rules"), "-l", work, "--quiet", "--workers", str(workers)]
    for setting in settings:
        call += ["--set", setting]
    subprocess.run(call, check=True, timeout=1500)
    with open(os.path.join(work, "eve.json"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def dearest(events):
    return {r["signature_id"]: r for r in [e for e in events if e["event_type"] == "stats"][-1]["stats"]["dearest"]}


with tempfile.TemporaryDirectory(prefix="tramgac-bombs.") as work:
    capture = Capture()
    for _ in range(3):
        capture.tcp(OUTSIDE, OFFICE, 8080, [b"a" * 1400, b"a" * 1400 + b"end of it"])
    path = os.path.join(work, "in.pcap")
    capture.write(path)
    with open(os.path.join(work, "bombs.rules"), "w", encoding="utf-8") as f:
        f.write(RULES)
    events = run(work, path, 1)
    alerts = [e["alert"]["signature_id"] for e in events if e["event_type"] == "alert"]
    check(alerts == [9] * 3, f"alerts: {alerts}")
    top = dearest(events)
    for sid in BOMBS:
        check(top.get(sid, {}).get("limited", 0) > 0, f"sid {sid} was not limited: {top.get(sid)}")
        check(top.get(sid, {}).get("steps", 0) < 12 * 260000, f"sid {sid} took too many steps: {top.get(sid)}")
    check(top[9]["limited"] == 0 and top[9]["matches"] == 3, f"the good rule: {top[9]}")
    check(list(top)[-1] == 9, f"order: {list(top)}")
    for settings in ((), ("detect.rule-budget=20000",)):
        lines = [run(work, path, n, *settings) for n in (1, 2, 3)]
        for other in lines[1:]:
            check(dearest(other) == dearest(lines[0]), f"{settings}: the dearest differ with more workers")
            check([e for e in other if e["event_type"] != "stats"] == [e for e in lines[0] if e["event_type"] != "stats"],
                  f"{settings}: the events differ with more workers")
    told = [e["rules"] for e in lines[0] if e["event_type"] == "rules"]
    check({t["signature_id"] for t in told} >= {3, 5} and all(t["state"] == "suspended" for t in told), f"suspended: {told}")
    check(9 not in {t["signature_id"] for t in told}, "the good rule rests")
    check(sum(r["suspended"] for r in dearest(lines[0]).values()) == len(told), "events and counts of suspensions differ")
print("\n".join(faults) or f"{len(BOMBS)} bombs ended at their limits, {len(told)} suspensions told")
sys.exit(1 if faults else 0)
