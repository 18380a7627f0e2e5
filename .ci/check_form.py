#!/usr/bin/python3
"""clang-format leaves every C file as it is."""
import subprocess
from lib import ROOT, files, report

paths = files(".c", ".h", under=("common", "sensor", "analyzer", "tests", "pcaps"))
done = subprocess.run(["clang-format", "--dry-run", "-Werror", *paths], cwd=ROOT, capture_output=True, text=True)
bad = sorted({l.split(":")[0] for l in done.stderr.splitlines() if "error:" in l})
report("form", [f"{p}: run clang-format -i on it" for p in bad], f"{len(paths)} files")
