#!/usr/bin/python3
"""The analyzer on PostgreSQL while the database server is killed with -9 again and again: nothing is lost, nothing is there twice, and
the story is one incident. Skipped where PostgreSQL is not installed."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, LONG, ROOT, Api, Bench, alive, free_port, wait_for
from story import replay_words, settled, write, write_password

SERVER = os.path.join(ROOT, "tests/lib/postgres")
ALERTS = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 3


def line(i):
    return json.dumps({"timestamp": f"2026-11-20T{10 + i // 36000:02}:{i // 600 % 60:02}:{i // 10 % 60:02}.{i % 10}00000+0700",
                       "event_type": "alert", "src_ip": f"10.{i % 3}.{i // 200 % 250}.{i % 200 + 1}", "src_port": 1024 + i % 60000,
                       "dest_ip": "203.0.113.9", "dest_port": 443, "proto": "TCP",
                       "alert": {"gid": 1, "signature_id": 9000001 + i % 3, "severity": 3, "signature": f"TEST number {i % 3}"}}) + "\n"


with Bench("postgres") as b:
    def server(*words):
        return subprocess.run([SERVER, words[0], b.path("pg"), *words[1:]], timeout=LONG).returncode

    def ask(name, sql):
        return subprocess.run(["psql", "-h", b.path("pg"), "-U", "postgres", "-At", "-c", sql, name], capture_output=True, text=True,
                              check=True, timeout=LONG).stdout.split("\n")[0]
    os.chmod(b.dir, 0o755)
    status = server("start")
    if status == 77:
        sys.exit(77)
    assert status == 0, "the server does not start"
    try:
        # 1. The story through a socket; the server is killed under it.
        assert server("new", "story") == 0
        place = f"host={b.path('pg')} user=postgres dbname=story"
        port = free_port()
        config = write(b.path("analyzer.yaml"), f"store: {{engine: postgres, place: \"{place}\"}}\n"
                       f"ingest:\n  unix: {{path: {b.path('a.sock')}}}\nenrich:\n  site: {ROOT}/iot-profiles/site.yaml\n")
        write_password(b, config)
        analyzer = b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}", cwd=ROOT)
        wait_for("the analyzer answers", 30, lambda: alive(port))
        sensor = b.start("sensor", *replay_words(b, "unix:" + b.path("a.sock")))
        time.sleep(1)
        assert server("kill") == 0
        time.sleep(1)
        assert server("again") == 0
        sensor.wait(LONG)
        assert sensor.returncode == 0
        api = Api(port)
        sent = open(b.path("sensor", "eve.json"), encoding="utf-8").read().count("\n")
        settled(api, sent)
        stored = sum(s["events"] for s in api.get("/api/sensors")["items"])
        incidents = api.get("/api/incidents?state=all")["items"]
        assert stored == sent and len(incidents) == 1, (stored, sent, len(incidents))
        b.stop(analyzer)
        print(f"story: {stored} of {sent} events, 1 incident, server killed once")

        # 2. Many alerts from a file; the server is killed in the middle of transactions.
        with open(b.path("many.json"), "w", encoding="utf-8") as f:
            f.writelines(line(i) for i in range(ALERTS))
        assert server("new", "many") == 0
        place = f"host={b.path('pg')} user=postgres dbname=many"
        many = b.start("many", ANALYZER, "--data", b.path("data2"), "--set", "store.engine=postgres", "--set", f"store.place={place}",
                       "--set", "dedup.keep_first=1000000", "--set", "pipeline.batch=500", "--ingest", b.path("many.json"), "--once",
                       "--no-web", cwd=ROOT)

        def stores():
            try:
                return many.poll() is not None or ask("many", "select count(*) from event") != "0"
            except subprocess.CalledProcessError:  # its tables are not made yet
                return False
        wait_for("the first transaction", 60, stores)
        begin, killed = time.monotonic(), 0
        while many.poll() is None and time.monotonic() - begin < LONG:
            time.sleep(0.7)
            if killed < KILLS and many.poll() is None:
                assert server("kill") == 0
                assert server("again") == 0
                killed += 1
        assert many.wait(LONG) == 0
        got = (ask("many", "select count(*) from event"), ask("many", "select sum(n) from grp"), ask("many", "select (select coalesce(sum(n),0) from spark)+sum(hour_n) from grp"),
               ask("many", "select sum(n) from rollup"))
        assert got == (str(ALERTS),) * 4, got
        print(f"file: {ALERTS} alerts, each once in events, groups, sparklines and rollups; server killed {killed} times in "
              f"{time.monotonic() - begin:.1f} s")
    finally:
        server("stop")
