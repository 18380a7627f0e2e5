#!/usr/bin/python3
"""A capture that grows (--follow) and a pipe whose writer pauses: events come while it pauses, and are the bytes of a plain replay."""
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import LONG, ROOT, SENSOR, Bench, wait_for

LOADER = os.path.join(ROOT, "pcaps/telnet/loader.pcap")
RULES = ["-c", os.path.join(ROOT, "rules/suricata/vars.yaml"), "-S", os.path.join(ROOT, "rules/suricata"), "--quiet"]
CUTS = [20, 30, 5000, 5007]  # inside the file's header, a record's header, a record


def lines(name):
    try:
        with open(b.path(name, "eve.json"), "rb") as f:
            return [l for l in f if b'"event_type":"stats"' not in l]
    except FileNotFoundError:
        return []


def upto(data, n):
    """The first n packets of a capture."""
    at = 24
    for _ in range(n):
        at += 16 + int.from_bytes(data[at + 8:at + 12], "little")
    return data[:at]


def pieces(data):
    at = 0
    for cut in CUTS + [len(data)]:
        yield data[at:cut]
        at = cut


def plain(capture):
    subprocess.run([SENSOR, "-r", capture, "-l", b.path("plain"), *RULES], check=True)
    whole = lines("plain")
    os.unlink(b.path("plain", "eve.json"))
    return whole


with Bench("follow") as b:
    for name in ("plain", "grown", "piped"):
        os.makedirs(b.path(name))
    # It ends with a packet that gives an event: when that is there, no packet is left that a signal could come before.
    frame = lambda line: json.loads(line).get("pcap_cnt", 0)
    last = max(map(frame, plain(LOADER)))
    with open(LOADER, "rb") as f:
        data = upto(f.read(), last)
    capture = b.path("whole.pcap")
    with open(capture, "wb") as f:
        f.write(data)
    whole = plain(capture)
    now = whole[:1 + max(i for i, l in enumerate(whole) if frame(l) == last)]
    assert last > 200 and len(now) < len(whole), (last, len(now))

    growing = b.path("growing.pcap")
    open(growing, "wb").close()
    p = b.start("grown", SENSOR, "-r", growing, "--follow", "-l", b.path("grown"), *RULES)
    for i, piece in enumerate(pieces(data)):
        with open(growing, "ab") as f:
            f.write(piece)
        if i == len(CUTS) - 1:
            wait_for("events of what is there already", 20, lambda: lines("grown"))
        else:
            time.sleep(0.05)
    wait_for("all events of packets", 20, lambda: lines("grown")[:len(now)] == now)
    assert b.stop(p, signal.SIGINT) == 0
    assert lines("grown") == whole

    p = subprocess.Popen([SENSOR, "-r", "-", "-l", b.path("piped"), *RULES], stdin=subprocess.PIPE)
    for i, piece in enumerate(pieces(data)):
        p.stdin.write(piece)
        p.stdin.flush()
        if i == len(CUTS) - 1:
            wait_for("events of what came already", 20, lambda: lines("piped"))
    p.stdin.close()
    assert p.wait(LONG) == 0
    assert lines("piped") == whole
    print(f"{len(whole)} events, the same bytes grown, piped and plain")
