#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing lost, nothing double, at length: sensor → broker → analyzer → store → two receivers, killed with -9 at random.

    tests/bench/chaos.py [--events N] [--kills N] [--seed N] [--analyzers N] [--broker mosquitto|rabbitmq] [--nodes N] [--store postgres|sqlite]

Makes a capture of N connections with scanners among them, runs it once undisturbed and once while broker, analyzer, database
server (SQLite has none) and receivers are killed in turn; compares events, groups and incidents of the two, and what the receivers got.
A connector tells of each change of an incident, so numbers of messages differ between runs; the incidents do not.
The undisturbed run is always one analyzer behind mosquitto. With several analyzers the disturbed run is a cluster.
CI runs the small ones (system-crash, system-postgres, system-cluster, system-rabbitmq). TRAMGAC_BUILD names the build."""
import argparse
import http.server
import json
import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../system"))
from cluster import Rabbit
from lib import ANALYZER, PASSWORD, ROOT, SENSOR, Api, Bench, alive, free_port, wait_for

SERVER = os.path.join(ROOT, "tests/lib/postgres")
RULE = 'alert tcp any any -> any 4444 (msg:"CHAOS marked connection"; flags:S; classtype:misc-attack; sid:1; rev:1; metadata:signature_severity Minor;)\n'
PORTS_OF_SCAN, BETWEEN_SCANS = 14, 20000


def receive(port, path):
    """One receiver: what it acknowledges is in the file."""
    out = open(path, "ab", buffering=0)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            out.write(json.dumps([body["id"], body["subject"]]).encode() + b"\n")
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def make_capture(path, n):
    """n first segments of connections; every BETWEEN_SCANS of them one host tries many ports of another."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for k in range(n):
            scan, at = divmod(k, BETWEEN_SCANS)
            if at < PORTS_OF_SCAN:
                src, dst, port = (10, 200, scan >> 8, scan & 255), (10, 201, scan >> 8, scan & 255), 1000 + at
            else:
                src, dst, port = (10, k >> 18 & 127, k >> 10 & 255, k >> 2 & 255), (203, 0, 113, k % 4 + 1), 4444 if k % 100 == 0 else 443
            tcp = struct.pack(">HHIIBBHHH", 1024 + k % 60000, port, k, 0, 0x50, 2, 64000, 0, 0)
            ip = struct.pack(">BBHHHBBH", 0x45, 0, 40, k & 0xFFFF, 0, 64, 6, 0) + bytes(src) + bytes(dst)
            frame = b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + tcp
            f.write(struct.pack("<IIII", 1790000000 + k // 2000, k % 2000 * 500, len(frame), len(frame)) + frame)


class Run:
    def __init__(self, b, args, disturbed):
        self.b, self.args, self.disturbed = b, args, disturbed
        self.mqtt, self.hooks = free_port(), [free_port(), free_port()]
        self.n = args.analyzers if disturbed else 1
        self.ports = [free_port() for _ in range(self.n)]
        self.rabbit = Rabbit(b, args.nodes) if disturbed and args.broker == "rabbitmq" else None
        self.name = "hard" if disturbed else "calm"
        self.dice = random.Random(args.seed)

    def server(self, *words):
        if self.args.store == "sqlite":
            return
        assert subprocess.run([SERVER, words[0], self.b.path("pg"), *words[1:]], timeout=300).returncode == 0, words

    def receiver(self, i):
        return self.b.start(f"receiver{i}", sys.executable, os.path.abspath(__file__), "--receiver", self.hooks[i], self.b.path(f"{self.name}-got{i}"))

    def start_analyzer(self, i):
        return self.b.start(f"analyzer{i}-{self.name}", ANALYZER, "-c", self.config, "--data", self.b.path(f"data-{self.name}{i}"), "--set", f"cluster.name=analyzer-{i}",
                            "--listen", f"127.0.0.1:{self.ports[i]}", cwd=ROOT)

    def start_broker(self):
        return self.b.broker(self.mqtt, "mosquitto-" + self.name)

    def feed(self):
        """The part of an analyzer's configuration that names the broker."""
        if self.rabbit:
            return f"amqp: {{hosts: [{', '.join(chr(39) + f'127.0.0.1:{port}' + chr(39) for port in self.rabbit.amqp)}]}}"
        return f"mqtt: {{host: 127.0.0.1, port: {self.mqtt}{', share: chaos' if self.n > 1 else ''}}}"

    def configure(self):
        b = self.b
        self.config = b.path(f"{self.name}.yaml")
        with open(self.config, "w", encoding="utf-8") as f:
            store = f"""{{engine: postgres, place: "host={b.path('pg')} user=postgres dbname={self.name}"}}""" if self.args.store == "postgres" else "{engine: sqlite}"
            f.write(f"""store: {store}
cluster: {{enabled: {'yes' if self.n > 1 else 'no'}, time: 5s}}
ingest:
  {self.feed()}
correlate:
  rules: [{ROOT}/rules/correlation]
enrich:
  site: ""
push:
  - {{name: city, type: cloudevents-http, url: "http://127.0.0.1:{self.hooks[0]}/events"}}
  - {{name: district, type: cloudevents-http, url: "http://127.0.0.1:{self.hooks[1]}/events"}}
""")
        with open(b.path("password"), "w", encoding="utf-8") as f:
            f.write(PASSWORD + "\n")
        subprocess.run([ANALYZER, "user", "add", "lan", "--role", "analyst", "--password-file", b.path("password"), "-c", self.config,
                        "--data", b.path(f"data-{self.name}0")], check=True, capture_output=True)

    def disturb(self, procs):
        """One kill; the victim is there again a moment later."""
        what = self.dice.choice(["broker", "analyzer", "receiver"] + ["database"] * (self.args.store == "postgres"))
        node = self.dice.randrange(self.args.nodes)
        self.killed[what] = self.killed.get(what, 0) + 1
        if what == "database":
            self.server("kill")
            time.sleep(self.dice.uniform(0, 1))
            self.server("again")
            return
        if what == "broker" and self.rabbit:
            assert self.rabbit.do("kill", node) == 0
            time.sleep(self.dice.uniform(0, 1))
            assert self.rabbit.do("again", node) == 0
            return
        i = {"broker": 0, "analyzer": self.dice.randrange(self.n), "receiver": self.dice.randrange(2)}[what]
        self.b.stop(procs[what][i], signal.SIGKILL)
        time.sleep(self.dice.uniform(0, 7 if what == "analyzer" and self.n > 1 else 1)) # longer than a lease, at times
        procs[what][i] = self.start_broker() if what == "broker" else self.start_analyzer(i) if what == "analyzer" else self.receiver(i)

    def ask(self, sql):
        if self.args.store == "sqlite":
            db = sqlite3.connect(f"file:{self.b.path(f'data-{self.name}0', 'tramgac.db')}?mode=ro", uri=True, timeout=30)
            rows = ["|".join(str(v) for v in row) for row in db.execute(sql.replace("(DISTINCT (origin,epoch,seq,line))", "(DISTINCT origin||'/'||epoch||'/'||seq||'/'||line)"))]
            db.close()
            return rows
        return subprocess.run(["psql", "-h", self.b.path("pg"), "-U", "postgres", "-At", "-c", sql, self.name], capture_output=True, text=True,
                              check=True, timeout=600).stdout.split("\n")[:-1]

    def events_in(self):
        try:
            return int(self.ask("SELECT coalesce(sum(events),0) FROM ledger")[0])
        except (subprocess.CalledProcessError, sqlite3.Error, IndexError):
            return -1

    def go(self):
        b, n = self.b, self.args.events
        self.killed = {}
        self.server("new", self.name)
        self.configure()
        if self.rabbit:
            assert self.rabbit.start() == 0, "RabbitMQ does not start"
        procs = {"broker": [] if self.rabbit else [self.start_broker()], "receiver": [self.receiver(0), self.receiver(1)],
                 "analyzer": [self.start_analyzer(i) for i in range(self.n)]}
        for port in self.ports:
            wait_for("the analyzer answers", 60, lambda: alive(port))
        os.makedirs(b.path("sensor-" + self.name))
        began = time.monotonic()
        sensor = b.start("sensor", SENSOR, "-r", b.path("chaos.pcap"), "-S", b.path("chaos.rules"), "-l", b.path("sensor-" + self.name), "--quiet", "-k", "none",
                         "--analyzer", f"mqtt:127.0.0.1:{self.rabbit.mqtt[0] if self.rabbit else self.mqtt}", "--set", "sensor.name=s1", "--set", "sensor.site=one", "--set", "device.enabled=no",
                         "--set", "spool.dir=" + b.path("spool-" + self.name), "--set", "spool.size=8G", "--set", "output.wait=7200s", "--set", "output.batch=200")
        while self.disturbed and sum(self.killed.values()) < self.args.kills:
            time.sleep(self.dice.uniform(0.5, self.args.pause))
            self.disturb(procs)
        sensor.wait(7200)
        assert sensor.returncode == 0, f"sensor: {sensor.returncode}"
        with open(b.path("sensor-" + self.name, "eve.json"), "rb") as f:
            sent = sum(1 for _ in f)
        wait_for("all events are stored", 3600, lambda: self.events_in() >= sent, 2)
        wait_for("the analyzer answers", 60, lambda: alive(self.ports[0]))
        api = Api(self.ports[0])
        wait_for("nothing waits in the outbox", 600, lambda: all(p["waiting"] == 0 for p in api.get("/api/overview")["push"]), 1)
        took = time.monotonic() - began
        ask = self.ask
        assert ask("SELECT count(*)-count(DISTINCT (origin,epoch,seq,line)) FROM event") == ["0"], "events are stored twice"
        seen = {"sensors": [(s["events"], s["missing"], s["given_up"]) for s in api.get("/api/sensors")["items"]],
                "groups": ask("SELECT sid, src, dst, n FROM grp ORDER BY 1, 2, 3") if self.args.groups else ask("SELECT count(*), sum(n) FROM grp"),
                "incidents": ask("SELECT title_en, severity, count(*) FROM incident WHERE state <> 5 GROUP BY 1, 2 ORDER BY 1, 2")}
        got = []
        for i in (0, 1):
            with open(b.path(f"{self.name}-got{i}"), encoding="utf-8") as f:
                rows = [json.loads(line) for line in f if line.endswith("\n")]
            got.append((len({r[0] for r in rows}), len({r[1] for r in rows}), len(rows)))
        for p in (p for some in procs.values() for p in some):
            b.stop(p)
        print(f"{self.name}: {sent} events in {took:.0f} s ({sent / took:.0f}/s), kills {self.killed}, {seen['incidents']}, receivers (different messages, "
              f"incidents, all messages) {got}", flush=True)
        return sent, seen, got


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--events", type=int, default=1000000)
    p.add_argument("--kills", type=int, default=50)
    p.add_argument("--pause", type=float, default=6, help="longest time between two kills, seconds")
    p.add_argument("--seed", type=int, default=20261122)
    p.add_argument("--groups", action="store_true", help="compare each group, not their sums")
    p.add_argument("--analyzers", type=int, default=1)
    p.add_argument("--broker", choices=("mosquitto", "rabbitmq"), default="mosquitto")
    p.add_argument("--nodes", type=int, default=1, help="of RabbitMQ")
    p.add_argument("--store", choices=("postgres", "sqlite"), default="postgres")
    args = p.parse_args()
    if args.store == "sqlite" and args.analyzers > 1:
        p.error("several analyzers want PostgreSQL")
    with Bench("chaos") as b:
        os.chmod(b.dir, 0o755)
        make_capture(b.path("chaos.pcap"), args.events)
        with open(b.path("chaos.rules"), "w", encoding="utf-8") as f:
            f.write(RULE)
        calm = Run(b, args, False)
        calm.server("start")
        hard = Run(b, args, True)
        try:
            sent, seen, got = calm.go()
            sent_hard, seen_hard, got_hard = hard.go()
        finally:
            calm.server("stop")
            if hard.rabbit:
                hard.rabbit.end()
        assert sent == sent_hard and seen["sensors"] == [(sent, 0, 0)] == seen_hard["sensors"], (sent, sent_hard, seen["sensors"], seen_hard["sensors"])
        assert seen == seen_hard, ("what was made of the events differs", seen, seen_hard)
        assert [g[1] for g in got] == [g[1] for g in got_hard], ("receivers", got, got_hard)
        print(f"{args.events} connections, {sent} events, {args.kills} kills with -9, {args.analyzers} analyzer(s), {args.broker}, {args.store}: 0 lost, 0 double; the same incidents, each at both receivers")


if len(sys.argv) == 4 and sys.argv[1] == "--receiver":
    receive(int(sys.argv[2]), sys.argv[3])
else:
    main()
