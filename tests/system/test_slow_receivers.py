#!/usr/bin/python3
"""Operations centres that are slow or cannot be trusted: one answers a byte at a time, one shows a certificate of nobody.

Five incidents go to three webhooks. The slow one takes each message and needs longer for its answer than the connector waits; the
untrusted one must be told nothing; the quick one must not notice either. The analyzer is killed with -9 while it waits for an answer.
Then the slow one hurries up and the other shows its true certificate: nothing lost, order kept."""
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, Api, Bench, alive, free_port, wait_for
from story import write, write_password

HOSTS = 5
ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Receiver:
    """Takes one message a connection; a pause of .pause seconds stands before each byte of its answer."""

    def __init__(self, pause=0.0, context=None):
        self.pause, self.context, self.taken, self.refused, self.answered = pause, context, [], 0, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            try:  # one after the other: what came first is heard first, however late we are
                peer = self.context.wrap_socket(peer, server_side=True) if self.context else peer
                self.taken.append(self.message(peer))
            except OSError:  # ssl.SSLError is one
                self.refused += 1
                peer.close()
                continue
            threading.Thread(target=self.answer, args=(peer,), daemon=True).start()

    def message(self, peer):
        data = b""
        while b"\r\n\r\n" not in data:
            data += peer.recv(65536) or self.gone()
        head, body = data.split(b"\r\n\r\n", 1)
        size = next(int(h.split(b":")[1]) for h in head.lower().split(b"\r\n") if h.startswith(b"content-length"))
        while len(body) < size:
            body += peer.recv(65536) or self.gone()
        return json.loads(body)

    def answer(self, peer):
        try:
            with peer:
                for i in range(len(ANSWER)):
                    time.sleep(self.pause)
                    peer.sendall(ANSWER[i:i + 1])
            self.answered += 1
        except OSError:
            pass

    @staticmethod
    def gone():
        raise OSError("the other side went away")

    def shutdown(self):
        self.socket.close()

    server_close = shutdown


def certificate(b, name):
    """A certificate that only itself vouches for, and its key."""
    key, pem = b.path(f"{name}.key"), b.path(f"{name}.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", pem], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return context, pem


def append(path, sids, start):
    with open(path, "a", encoding="utf-8") as f:
        for n in range(1, HOSTS + 1):
            for k, (sid, inward) in enumerate(sids):
                ends = (f"203.0.113.{n}", f"10.20.4.{n}")
                src, dst = ends if inward else ends[::-1]
                f.write(json.dumps({
                    "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000000+0000", time.gmtime(1790000000 + start + n * 60 + k)),
                    "event_type": "alert", "sensor": "s1", "src_ip": src, "src_port": 40000, "dest_ip": dst, "dest_port": 23, "proto": "TCP",
                    "alert": {"gid": 1, "signature_id": sid, "rev": 1, "signature": f"rule {sid}", "severity": 2, "action": "allowed"}}) + "\n")


def check(name, told, newest):
    """The revisions of each incident in order, each at least once, the newest last."""
    seen = {}
    for e in told:
        n, last = e["data"]["revision"], seen.get(e["subject"], 0)
        assert n in (last, last + 1), f"{name}: {e['subject']} revision {n} after {last}"
        seen[e["subject"]] = n
    assert seen == newest, f"{name}: {seen} but {newest}"


with Bench("slow-receivers") as b:
    true_context, true_pem = certificate(b, "true")
    false_context, _ = certificate(b, "false")
    quick, slow, untrusted = Receiver(), Receiver(pause=1.0), Receiver(context=false_context)
    b.servers += [quick, slow, untrusted]
    port, eve = free_port(), b.path("eve.json")
    config = write(b.path("analyzer.yaml"), f"""
push:
  - {{name: quick, type: cloudevents-http, url: "http://127.0.0.1:{quick.port}/"}}
  - {{name: slow, type: cloudevents-http, url: "http://127.0.0.1:{slow.port}/", timeout: 4s}}
  - {{name: untrusted, type: cloudevents-http, url: "https://127.0.0.1:{untrusted.port}/", ca_file: {true_pem}}}
""")
    write_password(b, config)
    append(eve, [(9100097, True), (9100075, True), (9100076, False)], 0)

    def start_analyzer():
        p = b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}", "--ingest", eve, "--follow")
        wait_for("the analyzer answers", 30, lambda: alive(port))
        return p
    analyzer = start_analyzer()
    api = Api(port)
    wait_for("five incidents", 30, lambda: len(api.get("/api/incidents?state=open")["items"]) == HOSTS)
    started = time.monotonic()
    wait_for("the quick one has them all", 20, lambda: len({e["subject"] for e in quick.taken}) == HOSTS)
    quick_s = time.monotonic() - started
    wait_for("the slow one was given up and asked again", 40, lambda: len(slow.taken) >= 2)
    wait_for("the untrusted one was tried", 20, lambda: untrusted.refused >= 1)
    assert slow.answered == 0 and not untrusted.taken, "a certificate of nobody was told something"
    push = {p["connector"]: p for p in api.get("/api/overview")["push"]}
    assert push["slow"]["sent"] == 0 and push["slow"]["waiting"] == HOSTS, push["slow"]
    tried = len(slow.taken)
    wait_for("the slow one is asked once more", 60, lambda: len(slow.taken) > tried)
    b.stop(analyzer, signal.SIGKILL)
    append(eve, [(9100065, True), (9100081, False)], 3600)
    analyzer = start_analyzer()
    api = Api(port)
    wait_for("all alerts are stored", 30, lambda: api.get("/api/groups?state=all")["alerts"] == 5 * HOSTS)
    wait_for("all incidents rose", 30, lambda: (lambda items: len(items) == HOSTS and all(i["revision"] >= 2 for i in items))(
        api.get("/api/incidents?state=open")["items"]))
    slow.pause, untrusted.context = 0, true_context
    wait_for("nothing waits in the outbox", 150, lambda: all(p["waiting"] == 0 for p in api.get("/api/overview")["push"]), 0.5)
    newest = {i["id"]: i["revision"] for i in api.get("/api/incidents?state=open")["items"]}
    for name, r in (("quick", quick), ("slow", slow), ("untrusted", untrusted)):
        check(name, r.taken, newest)
    print(f"{HOSTS} incidents, {sum(newest.values())} revisions: quick {len(quick.taken)} (first {HOSTS} in {quick_s:.1f} s), slow "
          f"{len(slow.taken)} ({len(slow.taken) - slow.answered} unanswered), untrusted {len(untrusted.taken)} after {untrusted.refused} refusals; "
          f"order kept, nothing lost")
