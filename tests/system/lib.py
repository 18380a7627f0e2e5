"""Starts the real programs on loopback, each with a private directory and free ports, and stops them."""
import http.client
import http.server
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("TRAMGAC_BUILD", os.path.join(ROOT, "build/release"))
SENSOR = os.path.join(BUILD, "tramgac-sensor")
ANALYZER = os.path.join(BUILD, "tramgac-analyzer")
PASSWORD = "Tram-gac-2026-thu"
PATIENCE = 10  # the seconds of a wait are those of a quick machine: a slow or busy one may take so many times as long
LONG = 900     # seconds after which what runs has hung; nothing that works ends by it
given = set()


def free_port():
    """Below those that the kernel gives to connections: it is still free when its server starts."""
    while True:
        port = random.SystemRandom().randrange(12000, 32000)
        try:
            with socket.socket() as s:
                s.bind(("127.0.0.1", port))
        except OSError:
            continue
        if port not in given:
            given.add(port)
            return port


def wait_for(what, seconds, ask, step=0.1):
    """Asks until the answer is true; fails the test after PATIENCE times `seconds`."""
    seconds *= PATIENCE
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(step)


class Bench:
    """A private directory and all processes of one test; on leaving, everything ends."""

    def __init__(self, name):
        self.dir = tempfile.mkdtemp(prefix=f"tramgac-{name}.")
        self.procs = []
        self.servers = []
        self.failed = True

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.failed = kind is not None
        for p in reversed(self.procs):
            self.stop(p, seconds=20)
        for s in self.servers:
            s.shutdown()
        if self.failed:
            for log in sorted(f for f in os.listdir(self.dir) if f.endswith(".log")):
                print(f"---- {log}", file=sys.stderr)
                with open(os.path.join(self.dir, log), errors="replace") as f:
                    print(f.read()[-3000:], file=sys.stderr)
        if not os.environ.get("TRAMGAC_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)
        else:
            print(f"kept: {self.dir}", file=sys.stderr)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def start(self, name, *words, **kw):
        log = open(self.path(f"{name}.log"), "ab")
        p = subprocess.Popen([str(w) for w in words], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                             start_new_session=True, **kw)
        self.procs.append(p)
        return p

    def stop(self, p, how=signal.SIGTERM, seconds=LONG):
        if p.poll() is None:
            try:
                os.killpg(p.pid, how)
                p.wait(seconds)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                try:
                    os.killpg(p.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                p.wait()
        if p in self.procs:
            self.procs.remove(p)
        return p.returncode

    def broker(self, port, name="mosquitto"):
        """A real broker that keeps what is queued over kill -9 as well as it can."""
        conf = self.path(f"{name}.conf")
        os.makedirs(self.path(name), exist_ok=True)
        with open(conf, "w", encoding="utf-8") as f:
            f.write(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
                    f"persistence_location {self.path(name)}/\nautosave_interval 1\nmax_queued_messages 0\n"
                    "max_queued_bytes 268435456\nmax_inflight_messages 200\nlog_type warning\n")
            if os.geteuid() == 0:
                f.write("user root\n")
        p = self.start(name, "mosquitto", "-c", conf)

        def up():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0
        wait_for("the broker listens", 10, up)
        return p

    def receiver(self):
        """A webhook receiver: (port, list of (headers, body)). Set .refuse to an HTTP status to make it fail."""
        got = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                size = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(size)
                status = server.refuse or 202
                if status < 300 and len(body) == size:  # its sender may have been killed
                    got.append((dict(self.headers), body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)  # one after the other: what came first is heard first
        server.refuse = 0
        server.got = got
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.servers.append(server)
        return server

    def subscriber(self, port, topic, name="subscriber"):
        """All that was said since this call; the broker knows the subscriber when it returns."""
        words = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-t", topic, "-q", "1", "-c", "-i", name]
        subprocess.run([*words, "-E"], check=True, timeout=LONG)
        with open(self.path(f"{name}.jsonl"), "wb") as out:
            self.procs.append(subprocess.Popen([*words, "-F", "%p"], stdout=out, stderr=subprocess.DEVNULL, start_new_session=True))

        def told():
            with open(self.path(f"{name}.jsonl"), encoding="utf-8") as f:
                return [json.loads(l) for l in f if l.endswith("\n")]
        return told


class Api:
    """The analyzer as a signed-in user sees it."""

    def __init__(self, port, user="lan", password=PASSWORD):
        self.port, self.cookie, self.csrf = port, "", ""
        status, data = self.call("POST", "/api/login", {"user": user, "password": password})
        assert status == 200, f"sign-in: {status} {data}"
        self.csrf = data["csrf"]

    def call(self, method, path, body=None, headers=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONG)
        h = {"X-CSRF-Token": self.csrf, "Cookie": self.cookie, **(headers or {})}
        c.request(method, path, json.dumps(body) if body is not None else None, h)
        r = c.getresponse()
        text = r.read()
        for k, v in r.getheaders():
            if k.lower() == "set-cookie":
                self.cookie = v.split(";")[0]
        c.close()
        try:
            return r.status, json.loads(text) if text else None
        except ValueError:
            return r.status, text

    def get(self, path):
        status, data = self.call("GET", path)
        assert status == 200, f"GET {path}: {status} {data}"
        return data


def alive(port):
    try:
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        c.request("GET", "/api/alive")
        return c.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
