"""What the checks share: list of files, exceptions, reporting."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def files(*suffixes, under=("common", "sensor", "analyzer")):
    """Files git tracks (or would track) with these endings, below these folders, from the root."""
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "--", *under], cwd=ROOT,
                         capture_output=True, text=True, check=True).stdout.split("\n")
    return sorted(f for f in out if f and f.endswith(suffixes) and os.path.isfile(os.path.join(ROOT, f)))


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def exceptions(check):
    """{name: reason} of .ci/exceptions.txt lines `check name: reason`."""
    found = {}
    for line in text(".ci/exceptions.txt").splitlines():
        line = line.strip()
        if line and not line.startswith("#"):
            head, _, reason = line.partition(": ")
            kind, _, name = head.partition(" ")
            if not reason:
                sys.exit(f".ci/exceptions.txt: no reason in: {line}")
            if kind == check:
                found[name] = reason
    return found


def report(check, faults, note=""):
    for fault in faults:
        print(f"{check}: {fault}")
    print(f"{check}: {len(faults)} faults{', ' + note if note else ''}")
    sys.exit(1 if faults else 0)
