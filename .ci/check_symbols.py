#!/usr/bin/python3
"""External names begin with their file's stem; no mutable globals. Reads the static libraries of a build."""
import os
import re
import subprocess
import sys
from lib import exceptions, report

ROW_FILE = r"(cap|dec|proto|ident|feat|kw|ev|out|in|norm|enr|corr|store|api|push)_"
build = sys.argv[1] if len(sys.argv) > 1 else "build/release"
prefixes, data = exceptions("symbols"), exceptions("data")
faults, n = [], 0


def ways_to_begin(stem):
    """The stem; and since a_b.c is a part of module a, declared in its header: `a_`. A plural may name one thing."""
    ways = [stem, stem.rstrip("s")]
    if "_" in stem and not re.match(ROW_FILE, stem):
        ways.append(stem.split("_")[0] + "_")
    return tuple(ways)


for lib in ("tramgac-common", "tramgac-sensor-lib", "tramgac-analyzer-lib"):
    path = os.path.join(build, f"lib{lib}.a")
    if not os.path.exists(path):
        continue
    out = subprocess.run(["nm", "--plugin", "/dev/null", "-A", "-f", "sysv", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        m = re.match(r"[^:]*:([^:]+)\.c\.o:(\S+)\s*\|[^|]*\|\s*(\w)\s*\|(?:[^|]*\|)*(\S*)$", line)
        if not m:
            continue
        stem, name, kind, section = m[1], m[2], m[3], m[4]
        if section.startswith(".data.rel.ro"):
            kind = "R" if kind.isupper() else "r"  # constant once the loader has put the addresses in
        n += 1
        if kind in "dDbBC" and name not in data and not name.startswith(("__", "completed")):
            local = re.sub(r"\.\d+$", "", name)
            if f"{stem}.{local}" not in data and local not in data:
                faults.append(f"{stem}.c: {name} is mutable data")
        if kind.isupper() and kind != "U" and not name.startswith(ways_to_begin(stem)):
            if f"{stem}.{name}" not in prefixes and not name.endswith("_rows") and not name.startswith("__"):
                faults.append(f"{stem}.c: {name} does not begin with the file's stem")
report("symbols", faults, f"{n} symbols")
