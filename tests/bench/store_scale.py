#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long the pages of the dashboard wait for a large SQLite store: store_scale.py [ALERTS [EVENTS]] (1,000,000 and 10,000,000).
Fills a store with as many alert groups and flows over seven days, then asks each list and search of the API five times through a real
analyzer and prints the median. Goal: none above 200 ms. By hand; needs about 1 GB per million rows under TMPDIR. With SCALE_STORE=DIR
the store is made there once, and used again."""
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/system"))
from lib import ANALYZER, Api, Bench, alive, free_port, wait_for
from story import write_password

ALERTS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
FLOWS = (int(sys.argv[2]) if len(sys.argv) > 2 else 10_000_000) - ALERTS
SPAN_NS = 7 * 86400 * 10**9
rnd = random.Random(1)


def column_names(db, table):
    return [r[1] for r in db.execute(f"pragma table_info({table})")]


def fill(db, table, rows):
    names = column_names(db, table)
    kinds = {r[1]: r[2] for r in db.execute(f"pragma table_info({table})")}
    empty = {n: "" if k == "TEXT" else 0 for n, k in kinds.items()}
    db.executemany(f"insert into {table} ({','.join(names)}) values ({','.join('?' * len(names))})",
                   (tuple({**empty, **r}.values()) for r in rows))


def event(i, ts, alert):
    p = rnd.randrange(60000)
    src, dst = f"10.{p >> 8 & 255}.{p & 255}.{i % 200 + 1}", f"10.30.{p % 50}.{p % 200 + 1}"
    row = {"id": i + 1, "ts": ts, "received": ts, "kind": 0 if alert else 3, "type": "alert" if alert else "flow", "sensor": f"s{p % 12}",
           "site": "can-tho", "src": src, "dst": dst, "sport": 1024 + p, "dport": (502, 443, 80, 1883, 22)[p % 5], "proto": "TCP",
           "app": ("modbus", "tls", "http", "mqtt", "ssh")[p % 5], "flow": rnd.getrandbits(50), "origin": "s", "epoch": 1, "seq": i,
           "raw": json.dumps({"event_type": "alert" if alert else "flow", "src_ip": src, "dest_ip": dst, "note": "x" * 300})}
    return row


def alert_rows(now):
    for i in range(ALERTS):
        r = event(i, now - SPAN_NS + SPAN_NS * i // ALERTS, True)
        yield {**r, "grp": i + 1, "severity": 1 + i % 4, "signature": f"BENCH rule {i % 997}", "gid": 1, "sid": 2000000 + i % 997}


def group_rows(now):
    rnd.seed(1)
    for r in alert_rows(now):
        yield {"id": r["grp"], "gid": 1, "sid": r["sid"], "signature": r["signature"], "severity": r["severity"], "src": r["src"],
               "dst": r["dst"], "dport": r["dport"], "proto": "TCP", "app": r["app"], "sensor": r["sensor"], "site": r["site"], "n": 1 + r["id"] % 9,
               "n_kept": 1, "first": r["ts"], "last": r["ts"], "last_event": r["id"], "version": 1, "state": r["id"] % 3 == 0,
               "words": f"{r['signature'].lower()} {r['src']} {r['dst']} t1110"}


def rollup_rows(now):
    for m in range(7 * 24 * 60):
        for s in range(12):
            for type_, severity in (("alert", 1), ("alert", 3), ("flow", -1)):
                yield {"minute": now // 60_000_000_000 * 60_000_000_000 - m * 60_000_000_000, "sensor": f"s{s}", "type": type_,
                       "severity": severity, "site": "can-tho", "n": 5}


def some_alert(db):
    return db.execute("select src,grp from event where id=?", (ALERTS // 2,)).fetchone()


def build(b, data):
    file = os.path.join(data, "tramgac.db")
    if os.path.exists(file):
        return some_alert(sqlite3.connect(file))
    empty = b.path("none.json")
    open(empty, "w").close()
    subprocess.run([ANALYZER, "--data", data, "--ingest", empty, "--once", "--no-web", "--quiet"], check=True)
    db = sqlite3.connect(file)
    db.execute("pragma synchronous=off")
    indexes = db.execute("select name,sql from sqlite_master where type='index' and tbl_name in ('event','grp') and sql is not null").fetchall()
    for name, _ in indexes:
        db.execute(f"drop index {name}")
    now = time.time_ns()
    rnd.seed(1)
    fill(db, "event", alert_rows(now))
    fill(db, "event", (event(ALERTS + i, now - SPAN_NS + SPAN_NS * i // FLOWS, False) for i in range(FLOWS)))
    fill(db, "grp", group_rows(now))
    fill(db, "rollup", rollup_rows(now))
    for _, sql in indexes:
        db.execute(sql)
    db.commit()
    some = some_alert(db)
    db.close()
    return some


PAGES = ["/api/groups?state=open", "/api/groups?state=all&severity=high", "/api/groups?state=open&q=rule+501", "/api/groups?state=all&q=sid:2000100",
         "/api/groups?state=all&q=ip:{ip}", "/api/groups?state=all&q=nothing+such", "/api/groups/{group}/events", "/api/overview", "/api/devices",
         "/api/sensors", "/api/incidents?state=all", "/api/hosts/{ip}/timeline", "/api/hosts/{ip}/timeline?kinds=all"]
SEARCHES = ["type:alert", "dport:502", "ip:{ip}", "src:10.20.0.0/16", "sid:2000100", "app:modbus", "note:nothing",
            "type:alert | groupby src | top 10", "sid:2000100 | groupby src", "| histogram", "type:alert | histogram"]

with Bench("scale") as b:
    begin = time.monotonic()
    data = os.environ.get("SCALE_STORE", b.path("data"))
    if data != b.path("data"):
        os.makedirs(data, exist_ok=True)
        os.symlink(os.path.abspath(data), b.path("data"))
    ip, group = build(b, data)
    size = os.path.getsize(os.path.join(data, "tramgac.db"))
    print(f"{ALERTS} alerts in as many groups, {FLOWS} flows: {size / 1e6:.0f} MB, made in {time.monotonic() - begin:.0f} s", flush=True)
    config = b.path("a.yaml")
    open(config, "w").close()
    if not os.path.exists(os.path.join(data, "account")):
        write_password(b, config)
        open(os.path.join(data, "account"), "w").close()
    port = free_port()
    b.start("analyzer", ANALYZER, "--data", data, "--listen", f"127.0.0.1:{port}", cwd=ROOT)
    wait_for("the analyzer answers", 60, lambda: alive(port))
    api = Api(port)
    slow = 0
    for path in [p.format(ip=ip, group=group) for p in PAGES] + \
            [f"/api/search?last=604800&q={urllib.parse.quote(s.format(ip=ip))}" for s in SEARCHES]:
        took = []
        for _ in range(5):
            begin = time.monotonic()
            status, _ = api.call("GET", path)
            took.append((time.monotonic() - begin) * 1000)
        slow += statistics.median(took) > 200
        print(f"{statistics.median(took):>9.1f} ms  {max(took):>9.1f} worst  {status}  {urllib.parse.unquote(path)}", flush=True)
    print(f"{slow} above 200 ms")
