#!/usr/bin/python3
"""The inbox with 10,000 groups in a real browser: the end, a thousand chosen, archived and taken back, by the keyboard; few rows in the
document. Prints seconds."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, PASSWORD, ROOT, Api, Bench, alive, free_port, wait_for
from story import write, write_password

GROUPS = 10_000


def alert(i):
    second = i % 80_000
    return json.dumps({"timestamp": f"2026-11-21T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000000+0000",
                       "event_type": "alert", "sensor": "s1", "flow_id": i + 1, "src_ip": f"10.{20 + i % 7}.{i // 250}.{i % 250 + 1}",
                       "src_port": 40000, "dest_ip": f"10.30.{i % 3}.{5 + i % 9}", "dest_port": 80, "proto": "TCP",
                       "alert": {"gid": 1, "signature_id": 2000000 + i % 40, "rev": 1, "signature": f"ET POLICY rule {i % 40}",
                                 "severity": 3, "action": "allowed"}}) + "\n"


with Bench("long-list") as b:
    port = free_port()
    eve = write(b.path("eve.json"), "".join(alert(i) for i in range(GROUPS)))
    config = write(b.path("analyzer.yaml"), "incident: {open_at: 'off'}\n")
    write_password(b, config)
    b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}", "--ingest", eve)
    wait_for("the analyzer answers", 30, lambda: alive(port))
    api = Api(port)
    wait_for("all groups are there", 60, lambda: api.get("/api/groups?limit=1&state=all")["total"] == GROUPS)
    done = subprocess.run(["node", os.path.join(ROOT, "dashboards/tests/long.mjs"), f"http://127.0.0.1:{port}", "lan", PASSWORD],
                          capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-3000:]}"
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["total"] == GROUPS and told["in_document"] < 80, told
    assert api.get("/api/groups?limit=1&state=open")["total"] == GROUPS, "what was archived was taken back"
    print(told)
