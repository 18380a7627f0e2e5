#!/usr/bin/python3
"""An analyst's morning in a real browser, by the keyboard alone: more than 100 groups triaged, an incident assigned, merged, escalated to
a webhook, reported as PDF in Vietnamese. Prints keys and seconds; what the pages said is compared with the API and the receiver."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, LONG, PASSWORD, ROOT, Api, Bench, alive, free_port, wait_for
from story import write, write_password

NOISE = [(2024897, "ET INFO Go HTTP Client User-Agent", 3, 40), (2027397, "ET POLICY peer-to-peer client", 3, 30),
         (2221010, "HTTP response without a request", 3, 24)]
WORK = [(2016141, "Executable from an address without a name", 2, 6), (2012887, "Password in cleartext", 2, 6)]
# Two attacks that have nothing to do with each other: scan, guessed password, bot.
ATTACKS = [("203.0.113.9", "10.20.4.9"), ("198.51.100.77", "10.40.7.7")]
FORM = "incident-notification"


def alert(second, src, dst, sid, signature, severity, port):
    return json.dumps({"timestamp": f"2026-11-21T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000000+0000",
                       "event_type": "alert", "sensor": "s1", "flow_id": second + 1, "src_ip": src, "src_port": 40000, "dest_ip": dst,
                       "dest_port": port, "proto": "TCP", "app_proto": "http", "http": {"hostname": "<img src=x onerror=alert(1)>"},
                       "alert": {"gid": 1, "signature_id": sid, "rev": 1, "signature": signature, "severity": severity,
                                 "action": "allowed"}}) + "\n"


def day():
    at, lines = 0, []
    for sid, signature, severity, n in NOISE + WORK:
        for i in range(n):
            for _ in range(1 + i % 4):
                lines.append((at % 80000, f"10.20.{i % 7}.{20 + i}", f"10.30.{i % 3}.{5 + i % 9}", sid, signature, severity, 80))
                at += 97
    for k, (stranger, camera) in enumerate(ATTACKS):
        for i, sid in enumerate((9100097, 9100075, 9100076)):
            ends = (camera, stranger) if sid == 9100076 else (stranger, camera)
            lines.append((70000 + 9000 * k + i, *ends, sid, "TRAMGAC stage", 2, 23))
    return "".join(alert(*line) for line in sorted(lines))


with Bench("morning") as b:
    port = free_port()
    hook = b.receiver()
    eve = write(b.path("eve.json"), day())
    config = write(b.path("analyzer.yaml"), f"""
enrich: {{site: {ROOT}/iot-profiles/site.yaml}}
report: {{unit: 'Trung tâm giám sát', forms: {ROOT}/rules/reports}}
push:
  - {{name: ioc-city, type: cloudevents-http, url: "http://127.0.0.1:{hook.server_address[1]}/events", secret: thu-nghiem}}
""")
    write_password(b, config)
    b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}", "--ingest", eve, "--follow")
    wait_for("the analyzer answers", 30, lambda: alive(port))
    api = Api(port)
    groups = sum(n for *_, n in NOISE + WORK)
    wait_for("all groups are there", 30, lambda: api.get("/api/groups?limit=1&state=all")["total"] >= groups + 6)
    incidents = wait_for("both incidents", 30, lambda: (i := api.get("/api/incidents?state=open")["items"]) and len(i) >= 2 and i)
    merge = "tasks" in api.get(f"/api/incidents/{incidents[0]['id']}")
    forms = [f["id"] for f in api.get("/api/reports")["items"] if f["scope"] == "incident"]
    plan = write(b.path("plan.json"), json.dumps({"noise": [n[1] for n in NOISE], "merge": merge, "form": 1 + forms.index(FORM)}))

    out = os.environ.get("TRAMGAC_PICTURES", b.path("pictures"))
    done = subprocess.run(["node", os.path.join(ROOT, "dashboards/tests/morning.mjs"), f"http://127.0.0.1:{port}", "lan", PASSWORD, out, plan],
                          capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-3000:]}"
    told = json.loads(done.stdout.splitlines()[-1])

    # What the pages said is so.
    assert told["waiting"] >= 100 and told["archived"] == sum(n[3] for n in NOISE), told
    assert api.get("/api/groups?state=open&limit=1")["total"] == 0
    assert api.get("/api/groups?state=archived&limit=1")["total"] + api.get("/api/groups?state=escalated&limit=1")["total"] == told["waiting"]
    one = api.get(f"/api/incidents/{told['incident']}")
    assert one["state"] == "escalated" and one["assignee"] == "lan", one
    assert any("Đã cô lập camera" in a["text"]["vi"] for a in one["audit"]), one["audit"]
    if merge:
        states = {i["id"]: i["state"] for i in api.get("/api/incidents?state=all")["items"]}
        assert "merged" in states.values(), states
    wait_for("the operations centre has the escalation", 30, lambda: any(
        e["subject"] == one["id"] and e["data"]["revision"] == one["revision"] for e in (json.loads(body) for _, body in hook.got)))
    text = subprocess.run(["pdftotext", "-layout", os.path.join(out, "report.pdf"), "-"], capture_output=True, text=True, check=True).stdout
    assert one["id"] in text and "THÔNG BÁO SỰ CỐ" in " ".join(text.split()), text[:500]
    print(f"{told['waiting']} groups, {told['archived']} archived by rule, {told['one_by_one']} one by one, incident assigned, "
          f"{'merged, ' if merge else ''}escalated and reported: {told['keys']} keys, {told['seconds']:.1f} s")
