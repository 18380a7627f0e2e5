#!/usr/bin/python3
"""Operations centres that are down, refuse, ask for patience, or come late: nothing lost, order kept, signatures right.

Twelve incidents with several revisions each go to a webhook (500, then 429 with Retry-After, then well) and to a broker that starts
late; the analyzer is killed with -9 while its queue is full."""
import hashlib
import hmac
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, LONG, Api, Bench, alive, free_port, wait_for
from story import write, write_password

CAMERAS = 12
SECRET = "thu-nghiem"


class Receiver(http.server.HTTPServer):
    """Answers with .status; remembers what it took, in order: one after the other."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.taken, self.asked = 500, [], 0
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        size = int(self.headers["Content-Length"])
        body = self.rfile.read(size)
        self.server.asked += 1
        status = self.server.status
        if status == 202 and len(body) == size:
            self.server.taken.append((dict(self.headers), body))
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def alert(second, src, dst, sid):
    return json.dumps({
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000000+0000", time.gmtime(1790000000 + second)), "event_type": "alert",
        "sensor": "s1", "src_ip": src, "src_port": 40000, "dest_ip": dst, "dest_port": 23, "proto": "TCP",
        "alert": {"gid": 1, "signature_id": sid, "rev": 1, "signature": f"rule {sid}", "severity": 2, "action": "allowed"}}) + "\n"


def append(path, sids, start):
    with open(path, "a", encoding="utf-8") as f:
        for n in range(CAMERAS):
            camera, stranger = f"10.20.4.{n + 1}", f"203.0.113.{n + 1}"
            for k, (sid, inward) in enumerate(sids):
                src, dst = (stranger, camera) if inward else (camera, stranger)
                f.write(alert(start + n * 60 + k, src, dst, sid))


with Bench("push") as b:
    mqtt, port = free_port(), free_port()
    # The broker knows its subscriber before it goes down: nothing is said into the void when it is back.
    district = ["mosquitto_sub", "-p", str(mqtt), "-c", "-i", "district", "-q", "1", "-t", "tramgac/v1/ioc/district/#"]
    first = b.broker(mqtt)
    subprocess.run([*district, "-E"], check=True, timeout=LONG)
    b.stop(first)
    hook = Receiver()
    b.servers.append(hook)
    eve = b.path("eve.json")
    config = write(b.path("analyzer.yaml"), f"""
push:
  - {{name: city, type: cloudevents-http, url: "http://127.0.0.1:{hook.server_port}/events", secret: {SECRET}}}
  - {{name: district, type: cloudevents-mqtt, host: 127.0.0.1, port: {mqtt}, timeout: 10s, mask_internal: true}}
""")
    write_password(b, config)
    append(eve, [(9100097, True), (9100075, True), (9100076, False)], 0)  # scan, guess, entry

    def start_analyzer():
        p = b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}",
                    "--ingest", eve, "--follow")
        wait_for("the analyzer answers", 30, lambda: alive(port))
        return p
    analyzer = start_analyzer()
    api = Api(port)
    wait_for("twelve incidents", 30, lambda: len(api.get("/api/incidents?state=open")["items"]) == CAMERAS)
    wait_for("the webhook refused some", 20, lambda: hook.asked >= 5)
    b.stop(analyzer, signal.SIGKILL)
    hook.status = 429
    analyzer = start_analyzer()
    asked = hook.asked
    wait_for("the webhook asked for patience", 30, lambda: hook.asked > asked)
    append(eve, [(9100065, True), (9100081, False)], 3600)  # program, control server
    append(eve, [(9100012, False)], 7200)  # it scans
    api = Api(port)
    wait_for("all alerts are stored", 30, lambda: api.get("/api/groups?state=all")["alerts"] == 6 * CAMERAS)
    incidents = wait_for("all incidents rose", 30, lambda: (
        lambda items: len(items) == CAMERAS and all(i["revision"] >= 2 for i in items) and items)(
            api.get("/api/incidents?state=open")["items"]))
    b.broker(mqtt)
    out = open(b.path("district.jsonl"), "wb")
    b.procs.append(subprocess.Popen([*district, "-F", "%p"], stdout=out, start_new_session=True))

    def told():
        with open(b.path("district.jsonl"), encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]
    hook.status = 202
    wait_for("nothing waits in the outbox", 150,
             lambda: all(p["waiting"] == 0 for p in api.get("/api/overview")["push"]), 0.5)
    newest = {i["id"]: i["revision"] for i in api.get("/api/incidents?state=open")["items"]}

    def check(name, events):
        seen = {}
        for e in events:
            n = e["data"]["revision"]
            last = seen.get(e["subject"], 0)
            assert n == last or n == last + 1, f"{name}: {e['subject']} revision {n} after {last}"
            assert e["type"].endswith(".opened.v1" if n == 1 else ".updated.v1"), e["type"]
            seen[e["subject"]] = n
        assert seen == newest, f"{name}: {seen} but {newest}"

    hooks = [json.loads(body) for _, body in hook.taken]
    check("webhook", hooks)
    for headers, body in hook.taken:
        text = headers["X-Tramgac-Timestamp"].encode() + b"." + body
        assert headers["X-Tramgac-Signature"] == "sha256=" + hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
        assert headers["Content-Type"].startswith("application/cloudevents+json")
        assert headers["Idempotency-Key"] == json.loads(body)["id"]
    wait_for("the subscriber has all", 20, lambda: {e["subject"]: e["data"]["revision"] for e in told()} == newest)
    check("MQTT", told())
    assert not any("10.20.4." in json.dumps(e) for e in told()), "a masked address was told"
    repeats = len(hooks) - len({e["id"] for e in hooks})
    print(f"{CAMERAS} incidents, {sum(newest.values())} revisions: webhook {len(hooks)} ({repeats} repeated with the same id, "
          f"{hook.asked} tries), MQTT {len(told())}; order kept, nothing lost")
