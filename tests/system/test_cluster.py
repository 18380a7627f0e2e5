#!/usr/bin/python3
"""Two analyzers at one PostgreSQL store, fed by a shared subscription of mosquitto, while two sensors tell the story of an attack.
One analyzer after the other is killed with -9, then the keeper is stopped for longer than its lease and woken: groups, incidents and
sums are those of one undisturbed analyzer. Skipped where PostgreSQL is not installed."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import compare, disturbed, server, undisturbed
from lib import Bench, free_port

with Bench("cluster") as b:
    os.chmod(b.dir, 0o755)
    status = server(b, "start")
    if status == 77:
        sys.exit(77)
    assert status == 0, "the server does not start"
    try:
        calm = undisturbed(b)
        mqtt = free_port()
        b.broker(mqtt, "broker-two")
        hard = disturbed(b, f"mqtt: {{host: 127.0.0.1, port: {mqtt}, share: analyzers}}", [f"mqtt:127.0.0.1:{mqtt}"])
    finally:
        server(b, "stop")
    compare(calm, hard, "a shared subscription of mosquitto")
