#!/usr/bin/python3
"""Correlation rules are read again while the analyzer runs, and what waits for the end of a window is decided.

SIGHUP, the interface and the command line do the same and say what changed; half-full windows of unchanged rules go on, a
folder that cannot be read changes nothing. Without new events time goes on; the end of the input ends all windows."""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, PASSWORD, Api, Bench, alive, free_port, wait_for

BASE = """title: {0}
name: {0}
logsource: {{product: tramgac, service: alert}}
detection: {{s: {{alert.signature_id: {1}}}, condition: s}}
---
"""
RULE = """title: {0}
name: {0}
correlation: {{type: {1}, rules: [{2}], group-by: [src_ip, site], timespan: {3}, condition: {4}}}
level: high
tramgac: {{incident: true}}
---
"""
COUNT = RULE.format("three", "event_count", "one", "1h", "{gte: 3}")
NOW = int(time.time()) - 3600


def alert(at, src, sid):
    return json.dumps({"timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(NOW + at)) + ".000000+0000", "event_type": "alert",
                       "sensor": "s1", "src_ip": src, "src_port": 40000, "dest_ip": "203.0.113.9", "dest_port": 80, "proto": "TCP", "flow_id": 1000 + at,
                       "alert": {"gid": 1, "signature_id": sid, "rev": 1, "signature": f"Rule {sid}", "severity": 3, "category": "x"}}) + "\n"


def write(path, text):
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.replace(path + ".new", path)


def live(b):
    eve, port, rules = b.path("eve.json"), free_port(), b.path("rules")
    os.makedirs(rules)
    write(os.path.join(rules, "a.yml"), BASE.format("one", 1) + BASE.format("two", 2) + COUNT)
    config = b.path("analyzer.yaml")
    write(config, f"correlate:\n  rules: [{rules}]\n  idle: 2s\nincident:\n  open_at: critical\nenrich:\n  site: \"\"\n")
    write(b.path("password"), PASSWORD + "\n")
    subprocess.run([ANALYZER, "user", "add", "lan", "--role", "admin", "--password-file", b.path("password"), "-c", config, "--data",
                    b.path("data")], check=True, capture_output=True)
    write(eve, "")
    p = b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--ingest", eve, "--follow", "--listen", f"127.0.0.1:{port}")
    wait_for("the analyzer answers", 30, lambda: alive(port))
    api = Api(port)
    given = 0

    def give(*lines):
        nonlocal given
        with open(eve, "a", encoding="utf-8") as f:
            f.write("".join(lines))
        given += len(lines)
        wait_for(f"{given} alerts are stored", 30, lambda: api.get("/api/groups?state=all")["alerts"] == given)

    def titles():
        return sorted(i["title"]["en"] for i in api.get("/api/incidents?state=all")["items"])

    assert [r["name"] for r in api.get("/api/rules")["items"]] == ["one", "two", "three"]
    give(alert(1, "10.0.0.1", 1), alert(2, "10.0.0.1", 1), alert(2, "10.0.0.2", 2))
    # By signal: a rule more; the window of the old one, two of three full, goes on.
    write(os.path.join(rules, "b.yml"), RULE.format("lonely", "temporal", "one, two", "30s", "one and not two"))
    os.kill(p.pid, signal.SIGHUP)
    wait_for("the new rule is in use", 20, lambda: api.get("/api/rules")["last"]["added"] == ["lonely"])
    assert api.get("/api/rules")["last"]["changed"] == [] and titles() == []
    began = time.monotonic()
    give(alert(3, "10.0.0.1", 1))
    assert "three" in titles(), titles()
    # Nobody says anything more: the absence is decided when its time has passed by the clock.
    give(alert(10, "10.0.0.5", 1))
    wait_for("the absence is told without a further event", 60, lambda: "lonely" in titles())
    assert time.monotonic() - began > 15, "too early"
    # By the interface: one changed, one gone, one that is wrong is put aside and said.
    write(os.path.join(rules, "a.yml"), BASE.format("one", 1) + BASE.format("two", 3) + COUNT)
    write(os.path.join(rules, "b.yml"), RULE.format("broken", "event_count", "nobody", "1h", "{gte: 1}"))
    last = api.call("POST", "/api/rules/reload", {})[1]
    assert last["taken"] and last["changed"] == ["two"] and last["gone"] == ["lonely"] and last["added"] == [], last
    assert len(last["faults"]) == 1 and "nobody" in last["faults"][0]["text"], last
    audit = api.get("/api/audit?limit=20")["items"]
    assert any(a["action"] == "rules.reload" for a in audit), audit
    # A folder that is away changes nothing.
    os.rename(rules, rules + ".away")
    last = api.call("POST", "/api/rules/reload", {})[1]
    assert last["taken"] is False and len(api.get("/api/rules")["items"]) == 3, last
    os.rename(rules + ".away", rules)
    # By the command line.
    token = api.call("POST", "/api/tokens", {"name": "rules", "scopes": ["read", "detect"], "days": 1})[1]["token"]
    write(os.path.join(rules, "b.yml"), RULE.format("pair", "temporal", "one, two", "1m", "{gte: 2}"))
    done = subprocess.run([ANALYZER, "rules", "reload", "--url", f"http://127.0.0.1:{port}"], env={**os.environ, "TRAMGAC_TOKEN": token},
                          capture_output=True, text=True, check=True)
    assert "new\tpair" in done.stdout and "4 rules in use" in done.stdout, done.stdout
    b.stop(p)


def replay(b):
    """A file that ends before the window does."""
    write(b.path("rules.yml"), BASE.format("one", 1) + BASE.format("two", 2) + RULE.format("lonely", "temporal", "one, two", "30m", "one and not two"))
    write(b.path("short.json"), alert(1, "10.0.0.1", 1) + alert(2, "10.0.0.2", 1) + alert(3, "10.0.0.2", 2))
    subprocess.run([ANALYZER, "--data", b.path("short"), "--ingest", b.path("short.json"), "--once", "--no-web", "--quiet", "--set",
                    f"correlate.rules={b.path('rules.yml')}", "--set", "enrich.site=", "--set", "enrich.attack=", "--set",
                    "incident.open_at=critical"], check=True)
    name = [f for f in os.listdir(b.path("short")) if f.endswith((".db", ".sqlite"))][0]
    rows = sqlite3.connect(b.path("short", name)).execute("SELECT title_en FROM incident").fetchall()
    assert rows == [("lonely",)], rows


with Bench("correlation-reload") as bench:
    live(bench)
    replay(bench)
print("rules read again by signal, interface and command line; windows go on; silence and the end of the input end windows")
