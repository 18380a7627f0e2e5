#!/usr/bin/python3
"""The pages when things break: a slow way, two analysts at once, a session that ends in the middle, the analyzer gone for a while."""
import http.server
import json
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, PASSWORD, ROOT, Api, Bench, alive, free_port, wait_for
from story import write


def alert(i):
    return json.dumps({"timestamp": f"2026-11-21T02:00:{i:02}.000000+0000", "event_type": "alert", "sensor": "s1", "src_ip": f"10.20.{i}.1",
                       "src_port": 40000, "dest_ip": f"203.0.113.{i}", "dest_port": 23, "proto": "TCP",
                       "alert": {"gid": 1, "signature_id": 5000 + i, "rev": 1, "signature": f"rule {i}", "severity": 2, "action": "allowed"}}) + "\n"


with Bench("breaks") as b:
    port = free_port()
    eve = write(b.path("eve.json"), "".join(alert(i) for i in range(1, 31)))
    config = write(b.path("analyzer.yaml"), "incident: {open_at: 'off'}\n")
    write(b.path("password"), PASSWORD + "\n")
    for user in ("lan", "minh"):
        subprocess.run([ANALYZER, "user", "add", user, "--role", "analyst", "--password-file", b.path("password"), "-c", config, "--data", b.path("data")],
                       check=True, capture_output=True)
    now = {}

    def start():
        now["analyzer"] = b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}", "--ingest", eve, "--follow")
        wait_for("the analyzer answers", 60, lambda: alive(port))

    def expire():
        api = Api(port)
        for session in sorted(api.get("/api/sessions")["items"], key=lambda s: s["this"]): # one's own at last
            assert api.call("POST", f"/api/sessions/{session['id']}/end", {})[0] == 200

    ways = {"/stop": lambda: b.stop(now["analyzer"]), "/start": start, "/expire": expire}

    class Control(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            ways[self.path]()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    start()
    api = Api(port)
    groups = wait_for("groups", 60, lambda: (lambda g: len(g) == 30 and g)(api.get("/api/groups?limit=100")["items"]))
    status, made = api.call("POST", "/api/incidents", {"title": "Odd cameras", "severity": "high", "groups": [g["id"] for g in groups[20:23]]})
    assert status == 200, made
    control = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Control)
    threading.Thread(target=control.serve_forever, daemon=True).start()
    b.servers.append(control)
    out = os.environ.get("TRAMGAC_PICTURES", b.path("pictures"))
    done = subprocess.run(["node", os.path.join(ROOT, "dashboards/tests/breaks.mjs"), f"http://127.0.0.1:{port}", "lan", "minh", PASSWORD,
                           f"http://127.0.0.1:{control.server_address[1]}", out], capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-3000:]}"
    print(done.stdout.strip())
