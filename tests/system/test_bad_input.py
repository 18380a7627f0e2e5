#!/usr/bin/python3
"""What operators get for bad input: captures, rules, profiles, options, peers. Each case says: exit status, what must be said."""
import os
import random
import resource
import signal
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import LONG, ROOT, SENSOR, Bench, free_port
from story import CAPTURE, replay_words, write

GOOD = os.path.join(ROOT, "pcaps/modbus/day.pcap")
said = []


def sensor(*words, expect, must=(), stdin=subprocess.DEVNULL):
    done = subprocess.run([SENSOR, *words], capture_output=True, stdin=stdin, timeout=LONG)
    text = (done.stderr + done.stdout).decode(errors="replace")
    assert done.returncode == expect, f"{words}: exit {done.returncode}, expected {expect}\n{text[-1500:]}"
    for word in must:
        assert word in text, f"{words}: nothing says '{word}':\n{text[-1500:]}"
    assert "\x1b" not in text and "\0" not in text, "raw bytes of input in a message"
    line = next((l for l in text.splitlines() if any(w in l for w in must)), "")
    said.append(f"exit {expect}: {line[:150]}")
    return text


def packets(path):
    import json
    last = [json.loads(l) for l in open(path, encoding="utf-8") if '"event_type":"stats"' in l]
    return last[-1]["stats"]["decoder"]["pkts"]


with Bench("bad") as b:
    out = b.path("out")
    os.makedirs(out)
    quiet = ("-l", out, "--quiet")
    # Captures.
    sensor("-r", b.path("missing.pcap"), *quiet, expect=2, must=["missing.pcap"])
    sensor("-r", write(b.path("text.pcap"), "this is no capture\n" * 10), *quiet, expect=2, must=["text.pcap"])
    sensor("-r", write(b.path("empty.pcap"), ""), *quiet, expect=2, must=["empty.pcap"])
    whole = open(GOOD, "rb").read()
    with open(b.path("cut.pcap"), "wb") as f:
        f.write(whole[:len(whole) * 2 // 3 - 7])
    sensor("-r", b.path("cut.pcap"), *quiet, expect=0, must=["cut.pcap"])
    assert packets(os.path.join(out, "eve.json")) > 100
    with open(b.path("huge.pcap"), "wb") as f:  # a record that announces 3 GB
        f.write(whole[:24] + whole[24:40] + whole[40:100])
        f.write(struct.pack("<IIII", 1, 1, 3_000_000_000, 3_000_000_000) + b"x" * 64)
    sensor("-r", b.path("huge.pcap"), *quiet, expect=0, must=["huge.pcap"])
    os.mkfifo(b.path("pipe.pcap"))
    os.makedirs(b.path("dir"))
    sensor("-r", b.path("dir"), *quiet, expect=2, must=["dir"])

    # An endless capture on standard input: memory stays, a signal ends it cleanly.
    record = struct.pack("<IIII", 1_700_000_000, 0, 60, 60) + bytes.fromhex("ffffffffffff00112233445508004500002e000100004011000001020304c0a80001") + b"\0" * 26
    p = subprocess.Popen([SENSOR, "-r", "-", *quiet], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    p.stdin.write(whole[:24])
    peak = 0
    for _ in range(1000):  # 76 MB, counted and not timed: a slow machine may take its time to start reading
        p.stdin.write(record * 1000)
        with open(f"/proc/{p.pid}/statm", encoding="ascii") as f:
            peak = max(peak, int(f.read().split()[1]) * resource.getpagesize())
    p.send_signal(signal.SIGINT)
    try:
        p.stdin.close()
    except BrokenPipeError:
        pass
    assert p.wait(LONG) == 0, f"endless capture: exit {p.returncode}"
    n = packets(os.path.join(out, "eve.json"))
    assert n > 900_000 and peak < 400 << 20, (n, peak)
    said.append(f"endless capture: {n} packets, {peak >> 20} MB, ended by a signal with exit 0")

    # Rules.
    rubbish = b.path("rubbish.rules")
    with open(rubbish, "wb") as f:
        f.write(random.Random(1).randbytes(40_000) + b"\nalert tcp any any -> any any (msg:\"good\"; sid:1; content:\"x\";)\n" +
                b"alert tcp any any -> any any (msg:\"bad\"; sid:2; nosuchkeyword:1;)\nalert tcp any (\n" + b"(" * 100_000 + b"\n")
    sensor("-r", GOOD, "-S", rubbish, *quiet, expect=0, must=["rubbish.rules"])
    text = sensor("-T", "-S", rubbish, *quiet, expect=1, must=["nosuchkeyword"])
    assert "rubbish.rules:" in text, "no line number"
    sensor("-r", GOOD, "-S", b.path("missing.rules"), *quiet, expect=2, must=["missing.rules"])

    # Profiles: unknown keys are said, the rest holds.
    os.makedirs(b.path("profiles"))
    write(b.path("profiles", "x.yaml"), "id: x\nversion: 1\ntitle: {en: X, vi: X}\nnosuchkey: 7\nidentify: [{kind: nosuchkind, match: a, weight: 1}]\n"
          "hard: [{id: a, when: no.such.word, severity: high}]\n")
    write(b.path("profiles", "broken.yaml"), "id: [unclosed\n  - {{{\n\t\tx")
    text = sensor("-r", GOOD, *quiet, "--set", "device.profiles=" + b.path("profiles"), expect=0, must=["x.yaml"])
    assert "nosuchkey" in text and "broken.yaml" in text, text[-1500:]

    # Options.
    sensor("--nosuchoption", expect=2, must=["nosuchoption"])
    sensor("-r", GOOD, *quiet, "--set", "no.such.key=1", expect=0, must=["no.such.key"])
    sensor("-r", GOOD, "-c", write(b.path("bad.yaml"), "a: [b\n c: {"), *quiet, expect=2, must=["bad.yaml"])
    sensor("-r", GOOD, "-l", "/proc/nowhere", "--quiet", expect=2, must=["/proc/nowhere"])
    sensor("-i", "nosuchif0", *quiet, expect=2, must=["nosuchif0"])

    # The broker is down at the start: events are kept, the run ends, the next run delivers.
    port = free_port()
    words = replay_words(b, f"mqtt:127.0.0.1:{port}", more=("--set", "output.wait=1s"))
    done = subprocess.run(words, capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 0 and os.listdir(b.path("spool")), done.stderr[-800:]
    said.append("broker down: exit 0, " + next(l for l in done.stderr.splitlines() if "127.0.0.1" in l)[:160])
    print("\n".join(said))
