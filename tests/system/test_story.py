#!/usr/bin/python3
"""The whole product on the story: broker, analyzer, sensor, browser, webhook receiver, MQTT subscriber, all real.

Exactly one incident with all its stages must stand in SQLite, in the API, on the page, at the webhook and at the subscriber."""
import json
import os
import signal
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, LONG, PASSWORD, ROOT, SENSOR, Api, Bench, alive, free_port, wait_for
from story import STAGES, analyzer_config, replay_words, settled, write_password

with Bench("story") as b:
    mqtt, port = free_port(), free_port()
    b.broker(mqtt)
    hook = b.receiver()
    told = b.subscriber(mqtt, "tramgac/v1/ioc/#")
    config = analyzer_config(b, mqtt, hook.server_address[1])
    write_password(b, config)
    analyzer = b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}")
    wait_for("the analyzer answers", 30, lambda: alive(port))

    done = subprocess.run(replay_words(b, f"mqtt:127.0.0.1:{mqtt}"), capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 0, f"sensor: {done.returncode}\n{done.stderr[-2000:]}"
    sent = sum(1 for _ in open(b.path("sensor", "eve.json"), encoding="utf-8"))
    api = Api(port)
    settled(api, sent)

    # In the API.
    incidents = api.get("/api/incidents?state=all")["items"]
    assert len(incidents) == 1, f"incidents in the API: {[i['title']['en'] for i in incidents]}"
    one = api.get(f"/api/incidents/{incidents[0]['id']}")
    techniques = {s["technique"]["id"] for s in one["timeline"] if s.get("technique")}
    missing = [s for s in STAGES if not techniques & set(s)]
    assert not missing, f"stages missing: {missing}; there are {sorted(techniques)}"
    assert one["severity"] in ("high", "critical") and one["score"] > 0 and one["reasons"], one
    assert one["why"].get("children"), "the why-tree is empty"
    assert one["title"]["en"] == "From a guessed password to a command at a controller", "the whole chain, in its order, names the incident"

    # In SQLite.
    files = [f for f in os.listdir(b.path("data")) if f.endswith((".db", ".sqlite"))]
    db = sqlite3.connect(f"file:{b.path('data', files[0])}?mode=ro", uri=True)
    (n,) = db.execute("select count(*) from incident where state <> 5").fetchone()
    assert n == 1, f"incidents in SQLite: {n}"

    # At the webhook and at the subscriber: the same revisions, in order, as CloudEvents.
    def delivered():
        hooks = [json.loads(body) for _, body in hook.got]
        mqtts = told()
        newest = one["revision"]
        return (hooks and mqtts and max(e["data"]["revision"] for e in hooks) >= newest
                and max(e["data"]["revision"] for e in mqtts) >= newest and (hooks, mqtts))
    hooks, mqtts = wait_for("both operations centres have the newest revision", 30, delivered)
    for name, events in (("webhook", hooks), ("MQTT", mqtts)):
        assert {e["subject"] for e in events} == {one["id"]}, f"{name}: {[e['subject'] for e in events]}"
        ids = [e["id"] for e in events]
        assert len(ids) == len(set(ids)), f"{name}: doubled {ids}"
        revisions = [e["data"]["revision"] for e in events]
        assert revisions == sorted(revisions), f"{name}: order {revisions}"
        assert all(e["specversion"] == "1.0" and e["source"] and e["type"] for e in events)

    # On the page.
    expect = b.path("expect.json")
    with open(expect, "w", encoding="utf-8") as f:
        json.dump({"incidents": 1, "stages": sorted(techniques)[:3], "keyboard": True, "tabs": 1, "complete": ["app:modb", "app:modbus"]}, f)
    out = os.environ.get("TRAMGAC_PICTURES", b.path("pictures"))
    done = subprocess.run(["node", os.path.join(ROOT, "dashboards/tests/pages.mjs"), f"http://127.0.0.1:{port}", "lan",
                           PASSWORD, out, expect], capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 0, f"pages: {done.stdout}\n{done.stderr[-2000:]}"
    print(done.stdout.strip())
    assert b.stop(analyzer, signal.SIGTERM) == 0, "the analyzer did not end cleanly"
    print(f"{sent} events, 1 incident, {len(one['timeline'])} stages {sorted(techniques)}, score {one['score']}; "
          f"webhook {len(hooks)}, MQTT {len(mqtts)} deliveries")
