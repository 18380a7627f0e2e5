#!/usr/bin/python3
"""A capture that grows (--follow) and a pipe whose writer pauses: events come while it pauses, and are the bytes of a plain replay."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import LONG, ROOT, SENSOR, Bench, wait_for

CAPTURE = os.path.join(ROOT, "pcaps/telnet/loader.pcap")
RULES = ["-c", os.path.join(ROOT, "rules/suricata/vars.yaml"), "-S", os.path.join(ROOT, "rules/suricata"), "--quiet"]
CUTS = [20, 30, 5000, 5007]  # inside the file's header, a record's header, a record


def lines(name):
    try:
        with open(b.path(name, "eve.json"), "rb") as f:
            return [l for l in f if b'"event_type":"stats"' not in l]
    except FileNotFoundError:
        return []


def of_end(line):
    """Comes when the flow is over: not while the capture may still grow."""
    return b'"event_type":"flow"' in line or (b'"event_type":"alert"' in line and b'"pcap_cnt"' not in line)


def pieces():
    data, at = open(CAPTURE, "rb").read(), 0
    for cut in CUTS + [len(data)]:
        yield data[at:cut]
        at = cut


with Bench("follow") as b:
    for name in ("plain", "grown", "piped"):
        os.makedirs(b.path(name))
    subprocess.run([SENSOR, "-r", CAPTURE, "-l", b.path("plain"), *RULES], check=True)
    whole = lines("plain")

    growing = b.path("growing.pcap")
    open(growing, "wb").close()
    p = b.start("grown", SENSOR, "-r", growing, "--follow", "-l", b.path("grown"), *RULES)
    for i, piece in enumerate(pieces()):
        with open(growing, "ab") as f:
            f.write(piece)
        if i == len(CUTS) - 1:
            wait_for("events of what is there already", 20, lambda: lines("grown"))
        else:
            time.sleep(0.05)
    wait_for("all events of packets", 20, lambda: len(lines("grown")) >= len([l for l in whole if not of_end(l)]))
    assert b.stop(p, signal.SIGINT) == 0
    assert lines("grown") == whole

    p = subprocess.Popen([SENSOR, "-r", "-", "-l", b.path("piped"), *RULES], stdin=subprocess.PIPE)
    for i, piece in enumerate(pieces()):
        p.stdin.write(piece)
        p.stdin.flush()
        if i == len(CUTS) - 1:
            wait_for("events of what came already", 20, lambda: lines("piped"))
    p.stdin.close()
    assert p.wait(LONG) == 0
    assert lines("piped") == whole
    print(f"{len(whole)} events, the same bytes grown, piped and plain")
