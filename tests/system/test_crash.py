#!/usr/bin/python3
"""Nothing lost, nothing double: broker and analyzer are killed with -9 while the story streams through them.

The undisturbed run and the disturbed one must hold the same groups with the same counts, the same single incident with the same
stages, and each delivery exactly once."""
import json
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, LONG, Api, Bench, alive, free_port, wait_for
from story import analyzer_config, replay_words, settled, write_password

KILLS = int(os.environ.get("TRAMGAC_KILLS", "6"))


def picture(api):
    """What an analyst would see, without wall-clock times."""
    groups = sorted((g["gid"], g["sid"], g["src"]["ip"], g["dst"]["ip"], g["count"])
                    for g in api.get("/api/groups?state=all&limit=500")["items"])
    incidents = []
    for i in api.get("/api/incidents?state=all")["items"]:
        one = api.get(f"/api/incidents/{i['id']}")
        incidents.append((one["title"]["en"], one["severity"], one["alerts"],
                          [(s["time"], s["tactic"], s.get("technique", {}).get("id"), s["count"]) for s in one["timeline"]]))
    return {"groups": groups, "incidents": incidents}


def run(disturb):
    with Bench("crash") as b:
        mqtt, port = free_port(), free_port()
        broker = b.broker(mqtt)
        hook = b.receiver()
        config = analyzer_config(b, mqtt, hook.server_address[1])
        write_password(b, config)

        def start_analyzer():
            p = b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}")
            wait_for("the analyzer answers", 30, lambda: alive(port))
            return p
        analyzer = start_analyzer()
        # Small envelopes and a slowed replay give the kills something to hit.
        sensor = b.start("sensor", *replay_words(b, f"mqtt:127.0.0.1:{mqtt}", more=(
            "--set", "output.batch=20") if disturb else ()))
        dice = random.Random(20261121)
        kills = 0
        while disturb and kills < KILLS:
            time.sleep(dice.uniform(0.1, 0.5))
            if dice.random() < 0.5:
                b.stop(broker, signal.SIGKILL)
                time.sleep(dice.uniform(0, 0.3))
                broker = b.broker(mqtt)
            else:
                b.stop(analyzer, signal.SIGKILL)
                time.sleep(dice.uniform(0, 0.3))
                analyzer = start_analyzer()
            kills += 1
        sensor.wait(LONG)
        assert sensor.returncode == 0, f"sensor: {sensor.returncode}"
        sent = sum(1 for _ in open(b.path("sensor", "eve.json"), encoding="utf-8"))
        api = Api(port)
        settled(api, sent, 120)
        sensors = api.get("/api/sensors")["items"]
        stored = sum(s["events"] for s in sensors)
        assert stored == sent, f"{sent} events sent, {stored} stored"

        def delivered():
            over = api.get("/api/overview")["push"]
            return over and all(p["waiting"] == 0 for p in over)
        wait_for("nothing waits in the outbox", 60, delivered)
        ids = [json.loads(body)["id"] for _, body in hook.got]
        assert len(set(ids)) >= 1
        seen = picture(api)
        b.stop(analyzer)
        return seen, sent, kills, ids, sensors


calm, sent, _, calm_ids, _ = run(False)
hard, sent_hard, kills, ids, sensors = run(True)
assert sent == sent_hard, f"the sensor wrote {sent} and {sent_hard} events"
assert calm["groups"] == hard["groups"], "groups differ"
assert [i[:2] for i in calm["incidents"]] == [i[:2] for i in hard["incidents"]], "incidents differ"
assert calm["incidents"] == hard["incidents"], "stages differ"
assert len(hard["incidents"]) == 1
doubled = len(ids) - len(set(ids))
print(f"{sent} events, {kills} kills with -9: 0 lost, 0 double; {len(hard['groups'])} groups and 1 incident as undisturbed; "
      f"{len(set(ids))} deliveries ({doubled} repeated with the same id), duplicates dropped: "
      f"{sum(s['duplicate'] for s in sensors)}")
