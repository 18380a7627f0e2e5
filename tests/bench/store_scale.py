#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long the pages of the dashboard wait for a large SQLite store: store_scale.py [ALERTS [EVENTS]] (1,000,000 and 10,000,000).
Fills a store with as many alert groups and flows over seven days, then asks each list and search of the API five times through a real
analyzer and prints the median, and the analyzer's CPU time of one (a busy machine makes the first long). Goal: none above 200 ms. By hand; needs about 1 GB per million rows under TMPDIR. With SCALE_STORE=DIR
the store is made there once, and used again."""
import os
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
PIECE = 200_000
ROUNDS = 7


# p: one of 60,000 conversations; i: number of the row from 0.
EVENT = {"id": "i+1", "ts": ":from+(i-:first)*:step", "received": ":from+(i-:first)*:step", "kind": ":kind", "type": ":type", "sensor": "'s'||(p%12)",
         "site": "'can-tho'", "src": "'10.'||(p>>8)||'.'||(p&255)||'.'||(i%200+1)", "dst": "'10.30.'||(p%50)||'.'||(p%200+1)", "sport": "1024+p",
         "dport": "CASE p%5 WHEN 0 THEN 502 WHEN 1 THEN 443 WHEN 2 THEN 80 WHEN 3 THEN 1883 ELSE 22 END", "proto": "'TCP'",
         "app": "CASE p%5 WHEN 0 THEN 'modbus' WHEN 1 THEN 'tls' WHEN 2 THEN 'http' WHEN 3 THEN 'mqtt' ELSE 'ssh' END",
         "flow": "1+(i*40503&1125899906842623)", "origin": "'s'", "epoch": "1", "seq": "i",
         "raw": "'{\"event_type\":\"'||:type||'\",\"src_ip\":\"10.'||(p>>8)||'.'||(p&255)||'.'||(i%200+1)||'\",\"dest_ip\":\"10.30.'||(p%50)||'.'||(p%200+1)"
                "||'\",\"note\":\"" + "x" * 300 + "\"}'"}
ALERT = {"grp": "i+1", "severity": "1+i%4", "signature": "'BENCH rule '||(i%997)", "gid": "1", "sid": "2000000+i%997", "again": "0"}
SAME = ("src", "dst", "dport", "proto", "app", "sensor", "site")
GROUP = {**{k: EVENT[k] for k in SAME}, **{k: ALERT[k] for k in ("severity", "signature", "gid", "sid")}, "id": "i+1", "first_event": "i+1", "n": "1+i%9", "n_kept": "1",
         "first": EVENT["ts"], "last": EVENT["ts"], "last_event": "i+1", "version": "1", "state": "i%3=0",
         "words": f"'bench rule '||(i%997)||' '||{EVENT['src']}||' '||{EVENT['dst']}||' t1110'"}


def fill(db, table, columns, first, n, now, alert, step=None):
    """n rows, spread evenly over the span unless another step is given, made by the database itself."""
    kinds = {r[1]: r[2] for r in db.execute(f"pragma table_info({table})")}
    values = {**{name: "''" if kind == "TEXT" else "0" for name, kind in kinds.items()}, **columns}
    db.execute(f"insert into {table} ({','.join(values)}) with recursive k(i) as (values(:first) union all select i+1 from k where i+1<:first+:n), "
               f"row as (select i,(i*2654435761>>9)%60000 p from k) select {','.join(values.values())} from row",
               {"first": first, "n": n, "from": now - SPAN_NS, "step": step or SPAN_NS // n, "kind": 0 if alert else 3, "type": "alert" if alert else "flow"})


def fill_flows(db, now):
    """The first PIECE of them are made, the others are copies with another number, time and flow."""
    piece, step = min(FLOWS, PIECE), SPAN_NS // FLOWS
    fill(db, "event", EVENT, ALERTS, piece, now, False, step)
    names = [r[1] for r in db.execute("pragma table_info(event)")]
    moved = {"id": "id+:by", "seq": "seq+:by", "flow": "flow+:by", "ts": "ts+:by*:step", "received": "received+:by*:step"}
    columns = ",".join(moved.get(name, name) for name in names)
    for by in range(piece, FLOWS, piece):
        db.execute(f"insert into event ({','.join(names)}) select {columns} from event where id>:first and id<=:first+:n",
                   {"first": ALERTS, "n": min(piece, FLOWS - by), "by": by, "step": step})


def rollup_rows(now):
    minute = 60 * 10**9
    for m in range(7 * 24 * 60):
        for s in range(12):
            for type_, severity in (("alert", 1), ("alert", 3), ("flow", -1)):
                yield now // minute * minute - m * minute, f"s{s}", type_, severity, "can-tho", 5


def some_alert(db):
    """Its source and group, the busiest destination of a thousand, and its time."""
    busy = db.execute("select dst from event where id>? and id<=? group by dst order by count(*) desc limit 1", (ALERTS, ALERTS + 1000)).fetchone()
    return db.execute("select src,grp,?,ts from event where id=?", (busy[0], ALERTS // 2)).fetchone()


def build(b, data):
    file = os.path.join(data, "tramgac.db")
    if os.path.exists(file):
        return some_alert(sqlite3.connect(file))
    empty = b.path("none.json")
    open(empty, "w").close()
    subprocess.run([ANALYZER, "--data", data, "--ingest", empty, "--once", "--no-web", "--quiet"], check=True)
    db = sqlite3.connect(file)
    for pragma in ("synchronous=off", "journal_mode=off", "locking_mode=exclusive", "cache_size=-2000000"):
        db.execute("pragma " + pragma)
    indexes = db.execute("select name,sql from sqlite_master where type='index' and tbl_name in ('event','grp') and sql is not null").fetchall()
    for name, _ in indexes:
        db.execute(f"drop index {name}")
    now = time.time_ns()
    fill(db, "event", {**EVENT, **ALERT}, 0, ALERTS, now, True)
    fill_flows(db, now)
    fill(db, "grp", GROUP, 0, ALERTS, now, True)
    db.executemany("insert into rollup (minute,sensor,type,severity,site,n) values (?,?,?,?,?,?)", rollup_rows(now))
    db.execute("insert into trend select minute/1800000000000*1800000000000 h,sensor,type,severity,site,sum(n) from rollup group by h,sensor,type,severity")
    db.execute("insert into block select id/8192 b,min(ts),max(ts),count(*) from event group by b")
    for _, sql in indexes:
        db.execute(sql)
    db.commit()
    some = some_alert(db)
    db.close()
    return some


PAGES = ["/api/groups?state=open", "/api/groups?state=all&severity=high", "/api/groups?state=open&q=rule+501", "/api/groups?state=all&q=sid:2000100",
         "/api/groups?state=all&q=ip:{ip}", "/api/groups?state=all&q=nothing+such", "/api/groups/{group}/events", "/api/overview", "/api/devices",
         "/api/sensors", "/api/incidents?state=all", "/api/hosts/{ip}/timeline", "/api/hosts/{ip}/timeline?kinds=all"]
SEARCHES = ["type:alert", "dport:502", "ip:{ip}", "ip:{busy}", "src:10.20.0.0/16", "sid:2000100", "app:modbus", "note:nothing", "dport:9999", "type:alert dport:9999",
            "app:none note:nothing", "type:alert | groupby src | top 10", "sid:2000100 | groupby src", "app:modbus | groupby dst", "ip:{busy} | groupby dport",
            "note:nothing | groupby src", "| histogram", "type:alert | histogram", "app:modbus | histogram", "ip:{busy} | histogram", "note:nothing | histogram"]
RANGES = {"the week": "last=604800", "an hour of five days ago": "from={past}&to={past_end}"}


def cpu_ms(process):
    """CPU time of a process so far."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as f:
        return sum(int(t) for t in f.read().rsplit(")", 1)[1].split()[11:13]) * 1000 / os.sysconf("SC_CLK_TCK")


with Bench("scale") as b:
    begin = time.monotonic()
    data = os.environ.get("SCALE_STORE", b.path("data"))
    if data != b.path("data"):
        os.makedirs(data, exist_ok=True)
        os.symlink(os.path.abspath(data), b.path("data"))
    ip, group, busy, ts = build(b, data)
    size = os.path.getsize(os.path.join(data, "tramgac.db"))
    print(f"{ALERTS} alerts in as many groups, {FLOWS} flows: {size / 1e6:.0f} MB, made in {time.monotonic() - begin:.0f} s", flush=True)
    config = b.path("a.yaml")
    open(config, "w").close()
    if not os.path.exists(os.path.join(data, "account")):
        write_password(b, config)
        open(os.path.join(data, "account"), "w").close()
    port = free_port()
    process = b.start("analyzer", ANALYZER, "--data", data, "--listen", f"127.0.0.1:{port}", cwd=ROOT)
    wait_for("the analyzer answers", 60, lambda: alive(port))
    api = Api(port)
    now = ts / 10**9 + SPAN_NS / 2 / 10**9 - 5 * 86400
    past = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + s)) for s in (0, 3600)]
    words = {"ip": ip, "group": group, "busy": busy, "past": past[0], "past_end": past[1]}
    slow = 0
    for path in [p.format(**words) for p in PAGES] + [f"/api/search?{r.format(**words)}&q={urllib.parse.quote(s.format(**words))}" for r in RANGES.values() for s in SEARCHES]:
        took, before = [], cpu_ms(process)
        for _ in range(ROUNDS):
            begin = time.monotonic()
            status, _ = api.call("GET", path)
            took.append((time.monotonic() - begin) * 1000)
        slow += statistics.median(took) > 200 or status != 200
        print(f"{statistics.median(took):>7.1f} ms {max(took):>7.1f} worst {(cpu_ms(process) - before) / ROUNDS:>6.1f} CPU  {status}  {urllib.parse.unquote(path)}", flush=True)
    print(f"{slow} above 200 ms")
