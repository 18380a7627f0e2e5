#!/usr/bin/python3
"""clang finds no fault in any source of a build made with gcc: the same flags, warnings as errors, no code made."""
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
from lib import ROOT, report

DROP = {"-fstack-clash-protection", "-fcf-protection", "-flto=auto", "-ffat-lto-objects"}  # make code; nothing to check
build = sys.argv[1] if len(sys.argv) > 1 else "build/release"
with open(os.path.join(ROOT, build, "compile_commands.json"), encoding="utf-8") as f:
    units = json.load(f)


def check(unit):
    words, out = [w for w in shlex.split(unit["command"]) if not re.match(r"-mmem(set|cpy)-strategy=", w)], []  # gcc's own
    while words and not words[0].startswith("-"):  # launcher and compiler
        words.pop(0)
    for i, word in enumerate(words):
        if word not in DROP and word not in ("-o", "-c") and (i == 0 or words[i - 1] != "-o"):
            out.append(word)
    done = subprocess.run(["clang", "-fsyntax-only", *out], cwd=unit["directory"], capture_output=True, text=True)
    return (os.path.relpath(unit["file"], ROOT), done.stderr.strip()) if done.returncode else None


with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    found = [r for r in pool.map(check, units) if r]
report("clang", [f"{path}:\n{text}" for path, text in found], f"{len(units)} files")
