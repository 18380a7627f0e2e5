#!/usr/bin/python3
"""Nanoseconds per packet of decoding and the flow table alone: builds decode_flow.c with the libraries of a build and runs it.

  decode_flow.py CAPTURE [--build DIR] [--rounds 5] [--set KEY=VALUE]

Goal: at most 120 ns for both (three times the floor of 40 ns). Believe the smallest round of a quiet machine."""
import argparse
import json
import os
import shlex
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../..")
ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("capture")
ap.add_argument("--build", default=os.path.join(ROOT, "build/release"))
ap.add_argument("--rounds", type=int, default=5)
ap.add_argument("--set", action="append", default=[])
a = ap.parse_args()
build = os.path.abspath(a.build)
with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
    words = shlex.split(next(c["command"] for c in json.load(f) if c["file"].endswith("/sensor/main.c")))
flags = [w for w in words if w.startswith(("-O", "-g", "-f", "-I", "-D", "-std", "-isystem"))]
link = subprocess.run(["ninja", "-C", build, "-t", "commands", "-s", "tramgac-sensor"], check=True, capture_output=True, text=True).stdout
link = shlex.split(link.strip().splitlines()[-1])
libraries = [w for w in link[link.index("-o") + 2:] if w != "&&" and w != ":"]
with tempfile.TemporaryDirectory(prefix="tramgac-decode.") as work:
    program = os.path.join(work, "decode_flow")
    subprocess.run(["gcc", *flags, "-o", program, os.path.join(HERE, "decode_flow.c"), *libraries], check=True, cwd=build)
    subprocess.run([program, a.capture, str(a.rounds), *a.set], check=True)
