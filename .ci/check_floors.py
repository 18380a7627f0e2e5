#!/usr/bin/python3
"""Every include points to the same folder or to a higher line of .ci/floors.txt, or to common."""
import os
import re
from lib import exceptions, files, report, text

floors = [l.strip() for l in text(".ci/floors.txt").splitlines() if l.strip() and not l.startswith("#")]
allowed, faults, n = exceptions("floors"), [], 0
for path in files(".c", ".h"):
    folder = os.path.dirname(path)
    if folder not in floors:
        faults.append(f"{path}: folder is not in .ci/floors.txt")
        continue
    for line in text(path).splitlines():
        m = re.match(r'\s*#\s*include "([^"]+)"', line)
        if not m:
            continue
        n += 1
        target = os.path.dirname(m[1])
        if target not in floors:
            faults.append(f'{path}: include "{m[1]}" is not written from the root')
        elif target != "common" and (floors.index(target) > floors.index(folder)
                                     or target.split("/")[0] != folder.split("/")[0]):
            key = f"{path}->{m[1]}"
            if key not in allowed:
                faults.append(f"{path}: includes {m[1]}, a floor below it")
report("floors", faults, f"{n} includes")
