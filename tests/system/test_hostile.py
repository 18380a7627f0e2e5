#!/usr/bin/python3
"""Every field an attacker can write, shown on every page in a real browser: script tags, terminal escapes, names of 64 KB, invalid
UTF-8, wrong types, deep nesting, bidirectional overrides. Nothing may run, break a page, or be lost without a count."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, LONG, PASSWORD, ROOT, Api, Bench, alive, free_port, wait_for
from story import write

EVIL = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(2)>", "javascript:alert(3)", "\x1b]0;owned\x07\x1b[31m", "A" * 65536,
        "';DROP TABLE incident;--", "../../etc/passwd", "\u202egnp.exe\u202c", "{{7*7}}${7*7}", "\x00\x01\x7f", "𝔘nicode 汉字 Đặng",
        "</textarea><svg/onload=alert(4)>", "%s%n%x", "\ud800"]


def event(i, evil):
    return {"timestamp": f"2026-11-20T01:{i // 60:02d}:{i % 60:02d}.000001+0000", "event_type": "alert", "flow_id": 1000 + i,
            "sensor": evil[:2000], "src_ip": "10.20.4.12", "src_port": 1000 + i, "dest_ip": "10.30.1.11", "dest_port": 502, "proto": evil[:40],
            "app_proto": evil, "alert": {"gid": 1, "signature_id": 9000000 + i, "rev": 1, "severity": 1, "signature": evil, "category": evil,
                                         "action": evil, "metadata": {"mitre_technique_id": [evil], "title_vi": [evil]}},
            "http": {"hostname": evil, "url": evil, "http_user_agent": evil}, "dns": {"rrname": evil},
            "device": {"src": {"id": "mac:" + evil[:80], "name": evil, "vendor": evil, "profile": evil, "mac": evil, "ip": "10.20.4.12"}}}


with Bench("hostile") as b:
    port = free_port()
    lines = []
    for i, evil in enumerate(EVIL):
        lines.append(json.dumps(event(i, evil)).encode())
        device = {"timestamp": f"2026-11-20T02:00:{i:02d}.000001+0000", "event_type": "device", "src_ip": f"10.20.9.{i + 1}", "sensor": "s",
                  "inventory": {"change": evil, "reason_en": evil, "reason_vi": evil, "device": {
                      "id": f"mac:{i}" + evil[:60], "name": evil, "vendor": evil, "ip": f"10.20.9.{i + 1}", "state": evil}}}
        lines.append(json.dumps(device).encode())
        deviation = event(100 + i, evil) | {"event_type": "deviation", "deviation": {
            "class": evil, "reason_en": evil, "reason_vi": evil, "observed": evil, "expected": [evil], "bits": evil, "rule": {"a": evil},
            "device": {"id": "mac:x" + evil[:60], "ip": "10.20.4.12", "name": evil}}}
        lines.append(json.dumps(deviation).encode())
    good = len(lines)
    bad = [b'{"timestamp":"2026-11-20T01:00:00.0+0000","event_type":"alert","alert":{"signature":"\xff\xfe\xc3("}}', b"not json", b"[1,2,3]",
           b'{"timestamp":"yesterday","event_type":"alert","alert":{"signature":"x","signature_id":"NaN"}}', b"[" * 5000 + b"]" * 5000,
           b'{"event_type":' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}", b'{"a":1e999,"event_type":17,"alert":[]}', b"\x00" * 100,
           b'{"event_type":"alert","alert":{"signature_id":99999999999999999999999,"severity":-5,"gid":1e308}}']
    eve = b.path("eve.json")
    with open(eve, "wb") as f:
        f.write(b"\n".join(lines + bad) + b"\n")
    config = write(b.path("analyzer.yaml"), f"enrich:\n  site: {ROOT}/iot-profiles/site.yaml\nincident:\n  open_at: high\n"
                   f"intel: {{files: [{b.path('bad.txt')}]}}\ncorrelate: {{rules: [{b.path('bad.yml')}]}}\n"
                   "push:\n  - {name: ioc, type: cloudevents-http, url: 'http://127.0.0.1:1/<script>alert(8)</script>'}\n")
    write(b.path("bad.txt"), "203.0.113.66\n<script>alert(5)</script>\nbot.example\n")
    write(b.path("bad.yml"), "title: <script>alert(6)</script>\ncorrelation: {type: '<img src=x onerror=alert(7)>', rules: [x], timespan: 5m}\n")
    write(b.path("password"), PASSWORD + "\n")
    words = ["-c", config, "--data", b.path("data")]
    subprocess.run([ANALYZER, "user", "add", "lan", "--role", "admin", "--password-file", b.path("password"), *words], check=True,
                   capture_output=True, cwd=ROOT)
    analyzer = b.start("analyzer", ANALYZER, *words, "--listen", f"127.0.0.1:{port}", "--ingest", eve, cwd=ROOT)
    wait_for("the analyzer answers", 30, lambda: alive(port))
    api = Api(port)
    # One line is longer than 1 MB and left out; lone surrogates (three lines) are no valid text; all is counted.
    counted = lambda: api.get("/api/health")["counters"]["normalise"]
    wait_for("all lines are read", 30, lambda: counted()["lines"] >= good + len(bad) - 1)
    n = counted()
    assert n["records"] >= good - 4 and n["records"] + n["bad_json"] + n["bad_event"] == n["lines"], n
    groups = wait_for("they are stored", 30, lambda: (lambda g: g["total"] >= 2 * len(EVIL) - 4 and g)(api.get("/api/groups?state=all&limit=500")))
    for g in groups["items"]:
        assert len(g["signature"]) <= 600, len(g["signature"])
    wait_for("critical alerts open an incident", 30, lambda: api.get("/api/incidents?state=all")["items"])
    # What people and programs send about themselves is shown on the page Admin.
    for i, evil in enumerate(e for e in EVIL[:4] + EVIL[5:9] if len(e) < 100):
        status, said = api.call("POST", "/api/accounts", {"user": f"x{i}", "role": "viewer", "name": evil, "sites": [evil.replace(" ", "")], "password": PASSWORD})
        assert status in (200, 400), said
        status, said = api.call("POST", "/api/tokens", {"name": evil, "scopes": ["read"]})
        assert status in (200, 400), said
    incident = api.get("/api/incidents?state=all")["items"][0]["id"]
    assert api.call("POST", f"/api/incidents/{incident}/hold", {"hold": True, "reason": EVIL[0] + EVIL[1]})[0] == 200
    agent = Api(port)
    agent.call("POST", "/api/login", {"user": "lan", "password": PASSWORD}, {"User-Agent": EVIL[0] + EVIL[11]})
    api.call("POST", "/api/connectors/ioc/test", {})
    done = subprocess.run(["node", os.path.join(ROOT, "dashboards/tests/pages.mjs"), f"http://127.0.0.1:{port}", "lan", PASSWORD,
                           os.environ.get("TRAMGAC_PICTURES", b.path("pictures"))], capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 0, f"pages: {done.stdout}\n{done.stderr[-2000:]}"
    log = open(b.path("analyzer.log"), "rb").read()
    assert b"\x1b" not in log, "a terminal escape reached the log"
    assert analyzer.poll() is None, "the analyzer ended"
    assert b.stop(analyzer) == 0
    print(f"{good} hostile events and {len(bad)} broken lines, {n}: {groups['total']} groups on the pages; {done.stdout.strip()}")
