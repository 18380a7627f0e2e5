#!/usr/bin/python3
"""All events are copied to a ClickHouse server, each once and as it is in our store, while ClickHouse and analyzer are killed with -9 in turn.
With Debian's ClickHouse 18.16; skipped where there is none."""
import http.client
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, LONG, ROOT, Api, Bench, alive, free_port, wait_for
from story import write, write_password

EVENTS, PIECES = 30000, 6
SERVER = shutil.which("clickhouse-server") or "/usr/sbin/clickhouse-server"
if not os.path.exists(SERVER):
    print("ClickHouse is not installed (package clickhouse-server)", file=sys.stderr)
    sys.exit(77)


def line(i):
    alert = {"alert": {"gid": 1, "signature_id": 9000001 + i % 3, "severity": 1, "signature": "Trạm bơm \"lạ\" \\ \t 'x'); DROP TABLE event"}}
    return json.dumps({"timestamp": f"2026-11-{20 + i // 20000}T10:{i // 60 % 60:02}:{i % 60:02}.{i % 1000:03}000+0700", "event_type": "flow" if i % 2 else "alert",
                       "src_ip": f"10.1.{i % 5}.{i % 200}" if i % 7 else "2001:db8::1", "src_port": 1000 + i, "dest_ip": "10.2.0.1", "dest_port": 502,
                       "flow_id": (1 << 60) + i, "proto": "TCP", **({} if i % 2 else alert)}, ensure_ascii=i % 2 == 0) + "\n"


class ClickHouse:
    def __init__(self, b):
        self.b, self.port = b, free_port()
        write(b.path("users.xml"), '<?xml version="1.0"?><yandex><profiles><default/></profiles><users><tramgac><password>mat-khau</password><networks><ip>127.0.0.1</ip>'
              "</networks><profile>default</profile><quota>default</quota></tramgac></users><quotas><default/></quotas></yandex>\n")
        self.config = write(b.path("clickhouse.xml"), f"""<?xml version="1.0"?>
<yandex><logger><level>warning</level><console>1</console></logger><listen_host>127.0.0.1</listen_host><http_port>{self.port}</http_port>
<path>{b.path('clickhouse')}/</path><tmp_path>{b.path('clickhouse', 'tmp')}/</tmp_path><users_config>{b.path('users.xml')}</users_config>
<timezone>UTC</timezone><mark_cache_size>67108864</mark_cache_size><default_profile>default</default_profile><default_database>default</default_database></yandex>
""")
        os.makedirs(b.path("clickhouse", "tmp"))

    def start(self):
        self.process = self.b.start("clickhouse", SERVER, f"--config-file={self.config}", cwd=self.b.dir)
        wait_for("ClickHouse answers", 60, lambda: self.ask("SELECT 1") == "1\n")

    def ask(self, sql):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/", sql.encode(), {"X-ClickHouse-User": "tramgac", "X-ClickHouse-Key": "mat-khau"})
        try:
            with urllib.request.urlopen(request, timeout=LONG) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, http.client.HTTPException, OSError):
            return None

    def rows(self):
        text = self.ask("SELECT id, toUInt32(ts), ts_us, flow, src, sid, signature, raw FROM tramgac.event FINAL ORDER BY id FORMAT JSONEachRow")
        return [list(json.loads(r).values()) for r in text.splitlines()]


def stored(b):
    db = sqlite3.connect(b.path("data", "tramgac.db"), timeout=LONG)
    return [list(r) for r in db.execute("select cast(id as text),ts/1000000000,ts%1000000000/1000,cast(flow as text),src,cast(sid as text),signature,raw "
                                        "from event order by id")]


with Bench("clickhouse") as b:
    dice = random.Random(20261122)
    server = ClickHouse(b)
    eve, port = b.path("eve.json"), free_port()
    open(eve, "w").close()
    config = write(b.path("analyzer.yaml"), f"""
clickhouse: {{url: "http://127.0.0.1:{server.port}/", user: tramgac, password: mat-khau, batch: 500}}
dedup: {{keep_first: 100000}}
""")
    write_password(b, config)

    def analyzer():
        process = b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--ingest", eve, "--follow", "--listen", f"127.0.0.1:{port}", cwd=ROOT)
        wait_for("the analyzer answers", 60, lambda: alive(port))
        return process

    process = analyzer()  # before there is a server to copy to
    api = Api(port)  # a session outlives the analyzer that began it
    health = lambda: api.get("/api/health")["clickhouse"]
    for piece in range(PIECES):
        with open(eve, "a", encoding="utf-8") as f:
            f.writelines(line(i) for i in range(piece * EVENTS // PIECES, (piece + 1) * EVENTS // PIECES))
        if piece == 1:
            wait_for("the outage is told", 30, lambda: health()["fault"])
            server.start()
        elif piece % 2:
            wait_for("some are copied", 60, lambda: (server.ask("SELECT count() FROM tramgac.event") or "0\n") != "0\n", 0.05)
            b.stop(server.process, signal.SIGKILL)
            server.start()
        elif piece:
            b.stop(process, signal.SIGKILL)
            process = analyzer()
    wait_for("all events are stored", 120, lambda: len(stored(b)) == EVENTS, 0.5)
    wait_for("all events are copied", 120, lambda: server.ask("SELECT uniqExact(id) FROM tramgac.event") == f"{EVENTS}\n", 0.5)
    last = int(stored(b)[-1][0])
    wait_for("the last event is acknowledged", 30, lambda: (lambda h: h["fault"] == "" and h["upto"] == last)(health()))
    b.stop(process)
    mine, copied = stored(b), server.rows()
    assert len(copied) == EVENTS, len(copied)
    for one, other in zip(mine, copied):
        assert [str(v) for v in one] == [str(v) for v in other], (one, other)
    inserted = int(server.ask("SELECT count() FROM tramgac.event"))
    days = server.ask("SELECT DISTINCT partition FROM system.parts WHERE database='tramgac' AND active ORDER BY partition").split()
    assert days == ["20261120", "20261121"], days
    print(f"{EVENTS} events, ClickHouse killed twice, the analyzer twice: each is there once and the same ({inserted} rows before the last merge)")
