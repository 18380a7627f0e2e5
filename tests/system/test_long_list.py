#!/usr/bin/python3
"""The inbox with 10,000 groups in a real browser: the end, a thousand chosen, archived and taken back, by the keyboard; few rows in the
document; 450 devices and 130 incidents, read to their ends. Prints seconds."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, LONG, PASSWORD, ROOT, Api, Bench, alive, free_port, wait_for
from story import write, write_password

GROUPS = 10_000
INCIDENTS = 130  # of them, each of two hosts of its own
DEVICES = 450


def alert(i):
    second = i % 80_000
    hosts = (f"10.98.{i // 250}.{i % 250 + 1}", f"10.99.{i // 250}.{i % 250 + 1}") if i < INCIDENTS else (f"10.{20 + i % 7}.{i // 250}.{i % 250 + 1}", f"10.30.{i % 3}.{5 + i % 9}")
    return json.dumps({"timestamp": f"2026-11-21T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000000+0000",
                       "event_type": "alert", "sensor": "s1", "flow_id": i + 1, "src_ip": hosts[0],
                       "src_port": 40000, "dest_ip": hosts[1], "dest_port": 80, "proto": "TCP",
                       "alert": {"gid": 1, "signature_id": 2000000 + i % 40, "rev": 1, "signature": f"ET POLICY rule {i % 40}",
                                 "severity": 1 if i < INCIDENTS else 3, "action": "allowed"}}) + "\n"


def device(i):
    return json.dumps({"timestamp": f"2026-11-21T01:{i // 60 % 60:02}:{i % 60:02}.000000+0000", "event_type": "device", "sensor": "s1", "src_ip": f"10.60.{i // 250}.{i % 250 + 1}",
                       "inventory": {"change": "new", "device": {"id": f"mac:02:00:00:00:{i >> 8:02x}:{i & 255:02x}", "name": f"meter-{i}", "ip": f"10.60.{i // 250}.{i % 250 + 1}"}}}) + "\n"


with Bench("long-list") as b:
    port = free_port()
    eve = write(b.path("eve.json"), "".join(alert(i) for i in range(GROUPS)) + "".join(device(i) for i in range(DEVICES)))
    config = write(b.path("analyzer.yaml"), "incident: {open_at: high}\n")
    write_password(b, config)
    b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}", "--ingest", eve)
    wait_for("the analyzer answers", 30, lambda: alive(port))
    api = Api(port)
    wait_for("all groups are there", 60, lambda: api.get("/api/groups?limit=1&state=all")["total"] == GROUPS)
    wait_for("all devices are there", 60, lambda: api.get("/api/devices?limit=1")["total"] == DEVICES)
    assert api.get("/api/overview")["devices"]["total"] == DEVICES
    assert sum(api.get("/api/overview")["open"].values()) == api.get("/api/incidents?limit=1")["total"] == INCIDENTS
    done = subprocess.run(["node", os.path.join(ROOT, "dashboards/tests/long.mjs"), f"http://127.0.0.1:{port}", "lan", PASSWORD],
                          capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-3000:]}"
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["total"] == GROUPS and told["in_document"] < 80, told
    assert told["devices"] == [DEVICES, DEVICES] and told["incidents"] == [INCIDENTS, INCIDENTS], told
    assert api.get("/api/groups?limit=1&state=open")["total"] == GROUPS, "what was archived was taken back"
    print(told)
