#!/usr/bin/python3
"""Most resident memory while rules are loaded again, beside what is resident before.

    tests/bench/reload_peak.py SENSOR RULES [CHANGED ...]

RULES is a folder. Each number is a reload with so many rules changed (default 0 0 10 100); the folder is copied first.
VmHWM of the process is read after /proc/PID/clear_refs has set it back, so no sampling misses the top.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

SENSOR, RULES = sys.argv[1:3]
CHANGED = [int(n) for n in sys.argv[3:]] or [0, 0, 10, 100]


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return {k: int(v.split()[0]) for k, v in (line.split(":", 1) for line in f) if k in ("VmRSS", "VmHWM")}


def change(folder, n, step):
    """Another revision and another first content, spread over the files."""
    for path in sorted(glob.glob(folder + "/*.rules")):
        with open(path, encoding="utf-8") as f:
            lines = f.read().split("\n")
        for i in range(step % 3, len(lines), 3):
            if n and lines[i].startswith("alert") and "rev:" in lines[i]:
                lines[i] = re.sub(r"rev:\s*(\d+)", lambda m: f"rev:{int(m[1]) + 1}", lines[i])
                lines[i] = lines[i].replace('content:"', 'content:"q', 1)
                n -= 1
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines))


def main():
    folder = tempfile.mkdtemp(prefix="tramgac-reload.")
    rules = shutil.copytree(RULES, folder + "/rules")
    subprocess.run(["chmod", "-R", "u+w", rules], check=True)
    sensor = subprocess.Popen([SENSOR, "serve", "-l", folder, "-S", rules, "--set", f"detect.cache-dir={folder}/cache"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not os.path.exists(folder + "/control.sock"):
            time.sleep(0.1)
        time.sleep(1)
        for step, n in enumerate(CHANGED):
            change(rules, n, step)
            with open(f"/proc/{sensor.pid}/clear_refs", "w", encoding="ascii") as f:
                f.write("5")
            before, began = status(sensor.pid)["VmRSS"], time.monotonic()
            done = subprocess.run([SENSOR, "ctl", "reload", "-l", folder], capture_output=True, text=True, check=True)
            took = time.monotonic() - began
            time.sleep(1)
            after = status(sensor.pid)
            told = json.loads(done.stdout)
            print(f"{n:6} changed: {before // 1024} MB before, peak {after['VmHWM'] // 1024}, after {after['VmRSS'] // 1024}; "
                  f"ratio {after['VmHWM'] / before:.2f}, {took:.1f} s, generation {told['generation']}, {told['rules']} rules")
    finally:
        sensor.terminate()
        sensor.wait()
        shutil.rmtree(folder)


main()
