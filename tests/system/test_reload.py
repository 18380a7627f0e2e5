#!/usr/bin/python3
"""Rules are loaded again while captures run: no packet is lost, no flow forgotten, the result is the same for any number of workers."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import LONG, ROOT, SENSOR, Bench, wait_for

CAPTURE = os.path.join(ROOT, "pcaps/story/city-pump-attack.pcap")
RULE = 'alert %s any any -> any any (msg:"%s"; %ssid:%d; rev:%d;)\n'
FIRST = (RULE % ("tcp", "mark", "flow:established; flowbits:set,seen; noalert; ", 1, 1)
         + RULE % ("tcp", "goes", "flow:established; dsize:>0; threshold:type limit,track by_src,count 1,seconds 86400; ", 2, 1)
         + RULE % ("tcp", "counts", "flow:established; dsize:>0; threshold:type limit,track by_rule,count 1,seconds 864000; ", 3, 1)
         + RULE % ("tcp", "changes", "flow:established; dsize:>0; threshold:type limit,track by_rule,count 1,seconds 864000; ", 4, 1))
SECOND = (RULE % ("tcp", "another", "dsize:>0; threshold:type limit,track by_rule,count 1,seconds 864000; ", 9, 1)
          + FIRST.replace("sid:4; rev:1", "sid:4; rev:2").replace(RULE % ("tcp", "mark", "flow:established; flowbits:set,seen; noalert; ", 1, 1), "")
          + RULE % ("tcp", "asks", "flow:established; flowbits:isset,seen; threshold:type limit,track by_rule,count 1,seconds 864000; ", 5, 1)
          + "alert tcp any any -> any any (nonsense; sid:6;)\n")
SECOND = "\n".join(l for l in SECOND.splitlines() if '"goes"' not in l) + "\n"


def events(path, name=None):
    with open(path, "rb") as f:
        return [l for l in f if b'"event_type":"stats"' not in l and (not name or b'"event_type":"%s"' % name.encode() in l)]


def write(path, text):
    with open(path + ".new", "w") as f:
        f.write(text)
    os.replace(path + ".new", path)


def flows(path):
    """What became of flows, without what rules say of them."""
    found = []
    for line in events(path, "flow"):
        e = json.loads(line)
        e["flow"].pop("alerted", None)
        e.pop("metadata", None)
        found.append(json.dumps(e, sort_keys=True))
    return found


def replay(b, name, rules, *more):
    subprocess.run([SENSOR, "-r", CAPTURE, "-S", rules, "-l", b.path(name), "--quiet", *more], check=True)
    return b.path(name, "eve.json")


def at_a_frame(b):
    """A replay that loads again at a frame: one answer for 1, 2 and 4 workers; states of flows and hosts stay."""
    first = None
    for workers in ("1", "2", "4"):
        rules = b.path(f"rules-{workers}.rules")
        write(rules, FIRST)
        p = subprocess.Popen([SENSOR, "-r", "-", "-S", rules, "-l", b.path("at" + workers), "--quiet", "--workers", workers,
                              "--set", "detect.reload-at=600"], stdin=subprocess.PIPE)
        wait_for("rules are read", 30, lambda: os.path.exists(b.path("at" + workers, "eve.json")))
        write(rules, SECOND)
        with open(CAPTURE, "rb") as f:
            p.communicate(f.read(), timeout=LONG)
        assert p.returncode == 0
        lines = events(b.path("at" + workers, "eve.json"))
        first = first or [l.replace(b"rules-1", b"rules-" + workers.encode()) for l in lines]
        told = json.loads(next(l for l in lines if b'"event_type":"rules"' in l))["rules"]
        assert (told["state"], told["generation"]) == ("in_force", 2), told
        assert (told["added_sids"], told["removed_sids"], told["modified_sids"], told["quarantined_sids"]) == ([5, 9], [1, 2], [4], [6]), told
        assert [l.replace(b"rules-" + workers.encode(), b"rules-1") for l in lines] == [l.replace(b"rules-" + workers.encode(), b"rules-1") for l in first], workers
        alerts = [(a["signature_id"], a.get("generation", 1)) for a in (json.loads(l)["alert"] for l in lines if b'"event_type":"alert"' in l)]
        assert (5, 2) in alerts, "the flow bit of the first rules is forgotten"
        assert (9, 2) in alerts and (3, 1) in alerts and (3, 2) not in alerts, alerts
        assert (2, 2) not in alerts, "a rule that is gone alerts"
    plain = b.path("plain.rules")
    write(plain, FIRST)
    assert flows(replay(b, "plain", plain)) == flows(b.path("at1", "eve.json")), "a flow was forgotten"


def over_and_over(b):
    """Signals and the control socket, at full speed; then files that are broken."""
    rules = b.path("service.rules")
    write(rules, FIRST)
    p = b.start("service", SENSOR, "serve", "-l", b.path("service"), "-S", rules, "--workers", "2")

    def ctl(*words):
        done = subprocess.run([SENSOR, "ctl", *words, "-l", b.path("service")], capture_output=True, text=True, timeout=LONG)
        return done.returncode, done.stdout.strip()
    wait_for("the service answers", 30, lambda: ctl("ping") == (0, "pong"))

    status, text = ctl("replay", CAPTURE, "first", "--wait")
    assert status == 0, text
    packets = json.loads(text)["packets"]
    for i in range(8):
        ctl("replay", CAPTURE, f"again{i}")
        write(rules, SECOND if i % 2 == 0 else FIRST)
        if i == 3:
            os.kill(p.pid, signal.SIGUSR2)
            time.sleep(0.2)
        status, text = ctl("reload")
        assert status == 0, text
        answer = json.loads(text)
        assert answer["state"] == "in_force" and answer["generation"] >= i + 2, answer
    wait_for("all captures are worked off", 60, lambda: all(j["state"] == "done" for j in json.loads(ctl("job")[1])))
    for job in json.loads(ctl("job")[1]):
        assert job["packets"] == packets, job
    want = flows(b.path("service", "first", "eve.json"))
    for i in range(8):
        assert flows(b.path("service", f"again{i}", "eve.json")) == want, i
    generation = answer["generation"]
    for broken in ("<html>not found</html>\n" * 20, None):
        if broken:
            write(rules, broken)
        else:
            os.remove(rules)
        status, text = ctl("reload")
        assert status == 1 and "running ones stay" in text, text
    write(rules, FIRST)
    status, text = ctl("reload")
    assert status == 0 and json.loads(text)["generation"] == generation + 1, text
    assert json.loads(ctl("stats")[1])["uptime"] >= 0 and p.poll() is None


with Bench("reload") as b:
    at_a_frame(b)
    over_and_over(b)
    print("rules were loaded again at a frame, by signal and by command; every flow is there")
