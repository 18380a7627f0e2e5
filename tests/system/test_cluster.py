#!/usr/bin/python3
"""Two analyzers at one PostgreSQL store, fed by a shared subscription of one broker, while two sensors tell the story of an attack
from two places. One analyzer is killed with -9 again and again, then the keeper is stopped for longer than its lease and woken: groups,
incidents and sums are those of one undisturbed analyzer, nothing is lost and nothing there twice. Skipped where PostgreSQL is not
installed."""
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import LEASE, Analyzers, all_in, difference, picture, server, story_sensor, stored_once
from lib import Bench, free_port, wait_for

KILLS = int(os.environ.get("TRAMGAC_KILLS", "4"))
SPEED = 80  # 39 minutes in half a minute: the kills have something to hit
DICE = random.Random(20261122)


def lines(b, *outs):
    return sum(open(b.path(out, "eve.json"), encoding="utf-8").read().count("\n") for out in outs)


def calm(b):
    mqtt = free_port()
    b.broker(mqtt, "broker-calm")
    one = Analyzers(b, "calm", f"mqtt: {{host: 127.0.0.1, port: {mqtt}}}", 1, cluster=False)
    one.up()
    for name in ("north", "south"):
        sensor = story_sensor(b, name, f"mqtt:127.0.0.1:{mqtt}", "calm-" + name)
        assert sensor.wait(240) == 0
    sent = lines(b, "calm-north", "calm-south")
    all_in(b, "calm", sent)
    seen = picture(b, "calm")
    one.stop()
    return seen, sent


def two(b):
    mqtt = free_port()
    b.broker(mqtt, "broker-two")
    both = Analyzers(b, "two", f"mqtt: {{host: 127.0.0.1, port: {mqtt}, share: analyzers}}", 2)
    both.up()
    sensors = [story_sensor(b, name, f"mqtt:127.0.0.1:{mqtt}", "two-" + name, SPEED) for name in ("north", "south")]
    kills, took_over, held = 0, 0, both.keeper()
    while kills < KILLS and any(s.poll() is None for s in sensors):
        time.sleep(DICE.uniform(0.3, 1))
        both.kill(kills % 2)
        kills += 1
        time.sleep(DICE.uniform(0, LEASE + 2) if kills % 2 else 0.2)
        took_over += both.keeper() != held
        held = both.keeper()
        both.up()
    # Stopped, not dead: it wakes up in the middle of what another does by then.
    held = both.keeper()
    if held >= 0 and any(s.poll() is None for s in sensors):
        both.signal(held, signal.SIGSTOP)
        wait_for("the other one keeps", 60, lambda: both.keeper() == 1 - held)
        took_over += 1
        both.signal(held, signal.SIGCONT)
    for s in sensors:
        assert s.wait(240) == 0
    sent = lines(b, "two-north", "two-south")
    all_in(b, "two", sent)
    assert stored_once(b, "two"), "events are stored twice"
    seen = picture(b, "two")
    for i in range(2):
        sensors = both.api(i).get("/api/sensors")["items"]
        assert sorted(s["name"] for s in sensors) == ["north", "south"] and sum(s["events"] for s in sensors) == sent
    health = both.api(0).get("/api/health")
    assert len(health["cluster"]["members"]) == 2, health
    both.stop()
    return seen, sent, kills, took_over


with Bench("cluster") as b:
    os.chmod(b.dir, 0o755)
    status = server(b, "start")
    if status == 77:
        sys.exit(77)
    assert status == 0, "the server does not start"
    try:
        undisturbed, sent = calm(b)
        seen, sent_two, kills, took_over = two(b)
    finally:
        server(b, "stop")
    assert sent == sent_two, f"the sensors wrote {sent} and {sent_two} events"
    for what in ("groups", "sums", "incidents"):
        assert undisturbed[what] == seen[what], (what, difference(undisturbed[what], seen[what]))
    print(f"{sent} events, two analyzers, {kills} kills with -9, the keeper changed {took_over} times: 0 lost, 0 double; "
          f"{len(seen['groups'])} groups and {seen['sums'][0].split('|')[4]} incidents as of one undisturbed analyzer")
