#!/usr/bin/python3
"""Backup, restore and export: a store copied while the analyzer works is whole; a changed audit trail is refused; what goes
out as lines of JSON and as CSV is what came in."""
import csv
import io
import json
import os
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, LONG, Bench


def line(i):
    return json.dumps({"timestamp": f"2026-11-20T10:00:{i % 60:02}.000000+0700", "event_type": "alert",
                       "src_ip": f"10.1.{i % 5}.{i % 200}", "src_port": 1000 + i, "dest_ip": "10.2.0.1", "dest_port": 502,
                       "proto": "TCP", "alert": {"gid": 1, "signature_id": 9000001 + i % 3, "severity": 1,
                                                 "signature": "=cmd \"quoted\", Trạm bơm"}}) + "\n"


with Bench("archive") as b:
    def run(*words, status=0):
        done = subprocess.run([ANALYZER, *words, "--quiet"], capture_output=True, text=True, timeout=LONG)
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stderr}"
        return done.stdout
    eve, data, again, copy = b.path("eve.json"), b.path("data"), b.path("again"), b.path("copy.db")
    with open(eve, "w", encoding="utf-8") as f:
        f.writelines(line(i) for i in range(1200))
    run("--data", data, "--ingest", eve, "--once", "--no-web")
    assert "audit trail is whole" in run("backup", copy, "--data", data)
    run("backup", copy, "--data", data, status=2)  # never over another file
    assert "restored" in run("restore", copy, "--data", again)
    run("restore", copy, "--data", again, status=2)

    for place in (data, again):
        events = [json.loads(e) for e in run("export", "events", "--data", place).splitlines()]
        stored = sqlite3.connect(os.path.join(place, "tramgac.db")).execute("select count(*) from event").fetchone()[0]
        assert len(events) == stored > 1000, (len(events), stored)
        assert len({e["src_port"] for e in events}) == stored
    some = run("export", "events", "dport:502 sid:9000002", "--data", data).splitlines()
    assert some and all(json.loads(e)["alert"]["signature_id"] == 9000002 for e in some)
    rows = list(csv.DictReader(io.StringIO(run("export", "groups", "--csv", "--data", again))))
    assert sum(int(r["alerts"]) for r in rows) == 1200 and rows[0]["signature"] == "'=cmd \"quoted\", Trạm bơm", rows[0]
    run("export", "incidents", "--data", data)
    run("export", "users", "--data", data, status=2)
    run("export", "events", "src:(", "--data", data, status=2)

    db = sqlite3.connect(copy)
    db.execute("update audit set who='nobody' where id=1")
    db.commit()
    db.close()
    run("restore", copy, "--data", b.path("third"), status=2)
    assert not os.path.exists(b.path("third", "tramgac.db"))
