#!/usr/bin/python3
"""Two analyzers at one PostgreSQL store, fed by RabbitMQ: sensors publish by MQTT, analyzers consume a quorum queue by AMQP. Analyzers and
the broker are killed with -9: nothing is lost, nothing there twice. One node; three are tried by tests/bench/chaos.py. Skipped where
RabbitMQ or PostgreSQL is not installed."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Rabbit, compare, disturbed, server, undisturbed
from lib import Bench


def again(rabbit):
    assert rabbit.do("kill") == 0
    assert rabbit.do("again") == 0


with Bench("rabbitmq") as b:
    os.chmod(b.dir, 0o755)
    status = server(b, "start")
    rabbit = Rabbit(b, 1)
    status = status or rabbit.start()
    if status == 77:
        sys.exit(77)
    assert status == 0, "PostgreSQL or RabbitMQ does not start"
    try:
        calm = undisturbed(b)
        hard = disturbed(b, f"amqp: {{hosts: ['127.0.0.1:{rabbit.amqp[0]}']}}", [f"mqtt:127.0.0.1:{rabbit.mqtt[0]}"], lambda: again(rabbit))
    finally:
        server(b, "stop")
        rabbit.end()
    compare(calm, hard, "RabbitMQ killed once")
