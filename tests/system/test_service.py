#!/usr/bin/python3
"""The resident service: rules loaded once, captures queued over the control socket, results as a run of its own would give."""
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import LONG, ROOT, SENSOR, Bench, free_port, wait_for

CAPTURES = ["pcaps/modbus/write-stranger.pcap", "pcaps/mqtt/wildcard.pcap", "pcaps/telnet/loader.pcap"]
RULES = ["-c", os.path.join(ROOT, "rules/suricata/vars.yaml"), "-S", os.path.join(ROOT, "rules/suricata")]


def ctl(*words, status=0):
    done = subprocess.run([SENSOR, "ctl", *words, "-l", b.path("service")], capture_output=True, text=True, timeout=LONG)
    assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout.strip()


def lines(path):
    with open(path, "rb") as f:
        return [l for l in f if b'"event_type":"stats"' not in l]


with Bench("service") as b:
    port = free_port()
    p = b.start("service", SENSOR, "serve", "-l", b.path("service"), *RULES, "--workers", "2", "--set", f"metrics.listen=127.0.0.1:{port}")
    wait_for("the service answers", 30, lambda: subprocess.run([SENSOR, "ctl", "ping", "-l", b.path("service")], capture_output=True, text=True).stdout == "pong\n")
    for capture in CAPTURES:
        name = os.path.basename(capture)
        job = json.loads(ctl("replay", os.path.join(ROOT, capture), name, "--wait"))
        assert job["state"] == "done" and job["packets"] > 0, job
        os.makedirs(b.path(name))
        subprocess.run([SENSOR, "-r", os.path.join(ROOT, capture), "-l", b.path(name), "--quiet", *RULES], check=True)
        assert lines(b.path("service", name, "eve.json")) == lines(b.path(name, "eve.json")), capture
    bad = json.loads(ctl("replay", __file__, "--wait", status=1))
    assert bad["state"] == "failed" and "not a capture" in bad["why"], bad
    outside = json.loads(ctl("replay", os.path.join(ROOT, CAPTURES[0]), b.path("outside"), "--wait", status=1))
    assert outside["state"] == "failed" and not os.path.exists(b.path("outside")), "the sandbox lets results leave the directory"
    assert len(json.loads(ctl("job"))) == 5
    ctl("job", "99", status=1)
    with socket.socket(socket.AF_UNIX) as s:  # what is no command is answered, too; Suricata's clients greet without a line's end
        s.connect(b.path("service", "control.sock"))
        s.settimeout(LONG)
        for question, answer in ((b'{"version": "0.2"}', "OK"), (b'{"command": "fly"}\n', "NOK"), (b"[1]\n", "NOK"), (b"{\n", "NOK"),
                                 (b'{"command": "command-list"}\n', "OK")):
            s.sendall(question)
            assert json.loads(s.makefile().readline())["return"] == answer, question
    page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=LONG).read().decode()
    assert 'tramgac_lost_total{sensor="sensor",stage="kernel",cause="ring_full",unit="packets"} 0' in page, page[:400]
    assert "# TYPE tramgac_decoder_pkts counter" in page
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/etc/passwd", timeout=LONG)
        raise AssertionError("served")
    except urllib.error.HTTPError as e:
        assert e.code == 404
    ctl("shutdown")
    assert p.wait(LONG) == 0 and not os.path.exists(b.path("service", "control.sock"))
    print(f"{len(CAPTURES)} captures through the service, the same bytes as runs of their own")
