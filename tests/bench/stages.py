#!/usr/bin/python3
"""Instructions per packet, by stage: the sensor under callgrind on the first packets of a capture.
Goals with ET Open: 25,000 at most on load-mixed, better 20,000; 8,000 at most on load-iot, better 5,500.

  stages.py CAPTURE [--rules DIR] [--packets 40000] [--sensor PROGRAM] [--set KEY=VALUE]

The same binary on the same input gives the same count, whatever else the machine does. Start-up (rules, nDPI) is measured on an
empty capture and taken off. Stages are known by their functions: for them build with -DTRAMGAC_LTO=OFF (5 to 7 % more instructions);
the sum is right either way."""
import argparse
import os
import re
import struct
import subprocess
import tempfile

STAGES = [("front: read, decode, deal", ["front_fill"]), ("flow", ["flow_table_touch", "flow_table_expire"]),
          ("stream", ["streams_push", "streams_next"]), ("app: parsers", ["app_input", "app_end", "app_clear"]),
          ("nDPI", ["breadth_packet", "breadth_end"]), ("files", ["files_input", "files_end"]), ("detect", ["detect_run"]),
          ("events", ["event_write"]), ("host tier: thresholds, devices", ["devices_fact", "devices_next", "thresholds_admit"]),
          ("outputs", ["tail_round"])]
ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("capture")
ap.add_argument("--rules")
ap.add_argument("--packets", type=int, default=40000)
ap.add_argument("--sensor", default=os.path.join(os.path.dirname(__file__), "../../build/release/tramgac-sensor"))
ap.add_argument("--set", action="append", default=[])
a = ap.parse_args()
work = tempfile.mkdtemp(prefix="tramgac-stages.")
sample, empty = os.path.join(work, "sample.pcap"), os.path.join(work, "empty.pcap")
subprocess.run(["editcap", "-F", "pcap", "-r", a.capture, sample, f"1-{a.packets}"], check=True)
with open(empty, "wb") as f:
    f.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    f.write(struct.pack("<IIII", 1_700_000_000, 0, 60, 60) + b"\xff" * 6 + b"\x02" * 6 + b"\x08\x06" + b"\0" * 46)  # one ARP frame


def run(capture):
    out = os.path.join(work, "callgrind.out")
    words = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", a.sensor, "-r", capture, "-l", work, "--quiet", "--workers", "1",
             "-k", "none", "--set", "sandbox.enabled=false"]
    for s in a.set:
        words += ["--set", s]
    if a.rules:
        words += ["-S", a.rules]
    subprocess.run(words, check=True, capture_output=True)
    text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", out], check=True, capture_output=True, text=True).stdout
    cost = {}
    for line in text.splitlines():
        m = re.match(r"\s*([\d,]+) \([^)]*\)\s+\S*?:(\w+)", line)
        if m:
            cost[m[2]] = max(cost.get(m[2], 0), int(m[1].replace(",", "")))
    total = int(re.search(r"([\d,]+) \(100.0%\)\s+PROGRAM TOTALS", text)[1].replace(",", ""))
    return total, cost


run_once = [a.sensor, "-r", empty, "-l", work, "--quiet", "-k", "none"] + [w for s in a.set for w in ("--set", s)]
subprocess.run(run_once + (["-S", a.rules] if a.rules else []), check=True, capture_output=True)  # literals are cached from here on
start, start_cost = run(empty)
total, cost = run(sample)
GOALS = {"mixed": (25000, 20000), "iot": (8000, 5500)}
each = (total - start) / a.packets
goal = next((f"; goal {most:,}, better {best:,}" for word, (most, best) in GOALS.items() if a.rules and word in a.capture), "")
print(f"{a.packets} packets, {each:,.0f} instructions a packet ({start / 1e6:,.0f} M for the start taken off{goal})")
for name, functions in STAGES:
    n = sum(cost.get(f, 0) - start_cost.get(f, 0) for f in functions)
    if name == "outputs":  # the function that writes them holds the host tier too
        n -= sum(cost.get(f, 0) - start_cost.get(f, 0) for f in ("devices_fact", "devices_next", "thresholds_admit"))
    print(f"  {name:34s} {n / a.packets:10,.0f}  {100 * n / (total - start):5.1f} %")
