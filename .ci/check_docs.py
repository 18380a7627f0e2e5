#!/usr/bin/python3
"""Links of the Markdown pages resolve; each folder has a README of at most 30 lines; nothing tells of the machine it was made on;
printed pages equal the committed ones (when a build folder is given)."""
import os
import re
import subprocess
import sys
from lib import ROOT, files, report, text

faults, n = [], 0
everything = files("", under=(".",))
for path in [f for f in everything if f.endswith(".md")]:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text(path)):
        n += 1
        if not re.match(r"[a-z]+:", target) and not os.path.exists(os.path.join(ROOT, os.path.dirname(path), target)):
            faults.append(f"{path}: link to {target} leads nowhere")
folders = {os.path.dirname(f) for f in files(".c")} | {"sensor", "analyzer", "rules", "iot-profiles", "pcaps", "dashboards", "tests"}
for folder in sorted(f for f in folders if os.path.isdir(os.path.join(ROOT, f))):
    readme = os.path.join(ROOT, folder, "README.md")
    if not os.path.exists(readme):
        faults.append(f"{folder}: no README.md")
    elif open(readme, encoding="utf-8").read().count("\n") > 30:
        faults.append(f"{folder}/README.md: more than 30 lines")
for path in everything:
    if path.endswith((".pcap", ".pcapng", ".png", ".woff2", ".lock")) or path == ".ci/check_docs.py":
        continue
    try:
        body = text(path)
    except UnicodeDecodeError:
        continue
    for word in (r"/work/", r"/tmp/w/", r"registry\.npmjs", r"deb\.debian\.org", r"nodesource"):
        if re.search(word, body):
            faults.append(f"{path}: speaks of {word}")
if len(sys.argv) > 1 and os.path.exists(os.path.join(ROOT, "scripts/print-docs")):
    done = subprocess.run([os.path.join(ROOT, "scripts/print-docs"), "--check", sys.argv[1]], capture_output=True, text=True)
    if done.returncode:
        faults.append(done.stdout.strip() or done.stderr.strip())
report("docs", faults, f"{n} links")
