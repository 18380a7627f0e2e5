#!/usr/bin/python3
"""Paired CPU time of the sensor and of Suricata on one capture, one worker each, start-up excluded.

  pair.py CAPTURE [--rules FILE] [--rounds 9] [--eve alert|all] [--sensor PROGRAM] [--yaml]

Each round runs both in turn. Of Suricata, the CPU time of its packet and flow threads counts; of the sensor, user+system time less
that of a run on a capture of one frame. Times of one machine vary: believe the median ratio only. Rules: one file, loaded by both (see --accepted of
scripts/compare-alerts for the subset both load). With --yaml the sensor reads the same suricata.yaml, so that the same alerts are asked
of both; without, it runs with its own settings, which follow more (`stream.midstream`, checksums by host).
"""
import argparse
import json
import os
import re
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("capture")
ap.add_argument("--rules")
ap.add_argument("--rounds", type=int, default=9)
ap.add_argument("--eve", choices=("alert", "all"), default="alert")
ap.add_argument("--sensor", default=os.path.join(os.path.dirname(__file__), "../../build/release/tramgac-sensor"))
ap.add_argument("--set", action="append", default=[])
ap.add_argument("--yaml", action="store_true")
ap.add_argument("--json")
a = ap.parse_args()

work = tempfile.mkdtemp(prefix="tramgac-pair.")
empty = os.path.join(work, "empty.pcap")
with open(empty, "wb") as f:
    f.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    f.write(struct.pack("<IIII", 1_700_000_000, 0, 60, 60) + b"\xff" * 6 + b"\x02" * 6 + b"\x08\x06" + b"\0" * 46)  # one ARP frame
types = "alert" if a.eve == "alert" else "alert, anomaly, http, dns, tls, files, smtp, ssh, flow, mqtt, dhcp, snmp, smb, ftp, rdp, krb5, sip, nfs, tftp, modbus, dnp3"
yaml = os.path.join(work, "suricata.yaml")
with open("/etc/suricata/suricata.yaml", encoding="utf-8") as f:
    base = f.read().split("\noutputs:")[0]
with open("/etc/suricata/suricata.yaml", encoding="utf-8") as f:
    rest = f.read()
tail = rest[rest.index("\nlogging:"):]
body = base + "\noutputs:\n  - eve-log:\n      enabled: yes\n      filetype: regular\n      filename: eve.json\n      community-id: true\n      types: [" + types + "]\n" + tail
body = re.sub(r"^(    (?:dnp3|enip|modbus):\n(?:      .*\n)*?      enabled:) \S+", r"\1 yes", body, flags=re.M)  # off in Debian's file
with open(yaml, "w", encoding="utf-8") as f:
    f.write(body)
rules = a.rules or os.path.join(work, "none.rules")
if not a.rules:
    open(rules, "w").close()


def run(words):
    """CPU seconds of a whole run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{words[0]} ended with {done.returncode}: {done.stderr.decode(errors='replace')[-400:]}")
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def run_threads(words):
    """CPU seconds of Suricata's packet and flow threads only: rules are loaded by its main thread. Read every 10 ms from
    /proc, so up to 10 ms short."""
    p = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    spent = {}
    while p.poll() is None:
        try:
            for tid in os.listdir(f"/proc/{p.pid}/task"):
                with open(f"/proc/{p.pid}/task/{tid}/comm", encoding="ascii") as f:
                    name = f.read()
                if name.startswith(("W#", "FM#", "FR#")):
                    with open(f"/proc/{p.pid}/task/{tid}/schedstat", encoding="ascii") as f:
                        spent[tid] = int(f.read().split()[0]) / 1e9
        except (FileNotFoundError, ProcessLookupError):
            pass
        time.sleep(0.01)
    if p.returncode:
        sys.exit(f"suricata ended with {p.returncode}")
    return sum(spent.values())


def peer(capture, out):
    os.makedirs(out, exist_ok=True)
    words = ["suricata", "-c", yaml, "-r", capture, "-l", out, "-k", "none", "--runmode", "single"]
    return words + (["-S", rules] if a.rules else ["--disable-detection"])


def ours(capture, out):
    os.makedirs(out, exist_ok=True)
    words = [a.sensor, "-r", capture, "-l", out, "-k", "none", "--workers", "1", "--quiet"]
    words += ["-S", rules] if a.rules else []
    words += ["-c", yaml] if a.yaml else []
    if a.eve == "alert":
        words += ["--set", "event.types=alert"]
    for s in a.set:
        words += ["--set", s]
    return words


def alerts(out):
    n = 0
    try:
        with open(os.path.join(out, "eve.json"), encoding="utf-8", errors="replace") as f:
            n = sum('"event_type":"alert"' in line for line in f)
    except FileNotFoundError:
        pass
    return n


rounds = []
for i in range(a.rounds):
    row = {}
    for name in ("suricata", "tramgac"):
        out = os.path.join(work, f"{name}.{i}")
        if name == "suricata":
            row[name] = run_threads(peer(a.capture, out))
        else:
            row[name + ".start"] = run(ours(empty, os.path.join(work, name + ".e")))
            row[name] = run(ours(a.capture, out)) - row[name + ".start"]
        row[name + ".alerts"] = alerts(out)
        for f in os.listdir(out):
            if os.path.isfile(os.path.join(out, f)):
                os.unlink(os.path.join(out, f))
    row["ratio"] = row["tramgac"] / row["suricata"]
    rounds.append(row)
    print(json.dumps({k: round(v, 3) for k, v in row.items()}), flush=True)
median = {k: statistics.median(r[k] for r in rounds) for k in rounds[0]}
print("median", json.dumps({k: round(v, 3) for k, v in median.items()}))
if a.json:
    with open(a.json, "w", encoding="utf-8") as f:
        json.dump({"rounds": rounds, "median": median}, f)
