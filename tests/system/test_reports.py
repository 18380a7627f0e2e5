#!/usr/bin/python3
"""Every form of report, in both languages, as PDF and HTML, from an incident that the analyzer found: read back by poppler."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, ROOT, Api, Bench, alive, free_port, wait_for
from story import write_password, write

CAMERA, STRANGER = "10.20.4.1", "203.0.113.1"
HOSTILE = "<script>alert(1)</script> & \\u202e {{soc.unit}} " + "rất-dài-" * 60


def alert(second, src, dst, sid):
    return ('{"timestamp": "2026-11-21T0%d:00:%02d.000000+0000", "event_type": "alert", "sensor": "s1", "src_ip": "%s", "src_port": 40000, '
            '"dest_ip": "%s", "dest_port": 23, "proto": "TCP", "alert": {"gid": 1, "signature_id": %d, "rev": 1, "signature": "%s", '
            '"severity": 2, "action": "allowed"}}\n' % (second // 60, second % 60, src, dst, sid, HOSTILE))


def pdf_text(path):
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout


with Bench("reports") as b:
    port, eve = free_port(), b.path("eve.json")
    with open(eve, "w", encoding="utf-8") as f:
        f.write("".join(alert(*a) for a in [(0, STRANGER, CAMERA, 9100097), (1, STRANGER, CAMERA, 9100075), (2, CAMERA, STRANGER, 9100076)]))
    config = write(b.path("analyzer.yaml"), f"report: {{unit: 'Trung tâm giám sát thử nghiệm', phone: '0292 000 000', forms: {ROOT}/rules/reports}}\n")
    write_password(b, config)
    b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}", "--ingest", eve, "--follow")
    wait_for("the analyzer answers", 30, lambda: alive(port))
    api = Api(port)
    wait_for("all alerts are stored", 30, lambda: api.get("/api/groups?state=all")["alerts"] == 3)
    incident = api.get("/api/incidents?state=open")["items"][0]
    assert api.call("POST", f"/api/incidents/{incident['id']}", {"version": incident["version"], "state": "in_progress", "comment": "Đã cô lập camera"})[0] == 200
    forms = api.get("/api/reports")["items"]
    assert {f["id"] for f in forms} == {"incident-notification", "incident-initial", "incident-final", "period-shift", "period-half-year",
                                        "period-year"}, forms
    for form in forms:
        of = f"incident={incident['id']}" if form["scope"] == "incident" else "from=2026-01-01T00:00:00Z"
        for lang, word, other in (("vi", form["title"]["vi"], form["title"]["en"]), ("en", form["title"]["en"], form["title"]["vi"])):
            status, body = api.call("GET", f"/api/reports/{form['id']}?{of}&lang={lang}")
            assert status == 200 and body.startswith(b"%PDF-1."), (status, body[:100])
            path = b.path(f"{form['id']}-{lang}.pdf")
            with open(path, "wb") as f:
                f.write(body)
            text = pdf_text(path)
            flat = " ".join(text.split())
            assert word in flat and other not in flat, text
            assert incident["id"] in flat and "Trung tâm giám sát thử nghiệm" in flat, text
            fonts = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout
            assert all(line.split()[-5] == "yes" for line in fonts.splitlines()[2:]), fonts  # embedded
            status, html = api.call("GET", f"/api/reports/{form['id']}?{of}&lang={lang}&format=html")
            html = html.decode()
            assert status == 200 and word in html and "<script" not in html and f'lang="{lang}"' in html
        if form["id"] == "incident-final":
            assert "Đã cô lập camera" in html and STRANGER in html and "203.0.113.1" in flat, flat
    facts = api.get("/api/reports/period-year?from=2026-01-01T00:00:00Z&format=json")
    assert facts["totals"]["incidents"] == 1 and facts["totals"]["alerts"] == 3 and facts["totals"]["acknowledged_after"], facts["totals"]
    assert re.fullmatch(r"\d\d/\d\d/20\d\d \d\d:\d\d:\d\d", facts["incidents"][0]["opened"])
    for path, status in (("incident-final?incident=INC-2026-999999", 404), ("incident-final", 404), ("nothing", 404), ("../../etc/passwd", 404),
                         ("period-year?from=yesterday", 400), ("period-year?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", 400)):
        got, _ = api.call("GET", f"/api/reports/{path}")
        assert got == status, (path, got)
    audit = subprocess.run(["sqlite3", b.path("data", "tramgac.db"), "SELECT count(*) FROM audit WHERE action='report.make'"],
                           capture_output=True, text=True, check=True).stdout.strip()
    assert int(audit) == 4 * len(forms) + 1, audit
    print(f"{len(forms)} forms x 2 languages x PDF and HTML; {audit} in the audit")
