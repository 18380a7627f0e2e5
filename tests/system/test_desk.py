#!/usr/bin/python3
"""An analyst's desk over the API: make, merge, split, reopen, change many, tasks, deadlines, and each of them taken back."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, Api, Bench, alive, free_port, wait_for
from story import write_password, write


def alert(second, src, dst, sid, severity=2):
    return ('{"timestamp": "2026-11-21T0%d:00:%02d.000000+0000", "event_type": "alert", "sensor": "s1", "src_ip": "%s", "src_port": 40000, '
            '"dest_ip": "%s", "dest_port": 23, "proto": "TCP", "alert": {"gid": 1, "signature_id": %d, "rev": 1, "signature": "rule %d", '
            '"severity": %d, "action": "allowed"}}\n' % (second // 60, second % 60, src, dst, sid, sid, severity))


def undo(api, answer):
    status, data = api.call("POST", f"/api/undo/{answer['undo']['id']}", {})
    assert status == 200, (status, data)
    assert api.call("POST", f"/api/undo/{answer['undo']['id']}", {})[0] == 404, "an undo works once"
    return data


def ok(pair):
    assert pair[0] == 200, pair
    return pair[1]


with Bench("desk") as b:
    port, eve = free_port(), b.path("eve.json")
    with open(eve, "w", encoding="utf-8") as f:
        f.write("".join(alert(i, f"10.20.{i}.1", f"203.0.113.{i}", 5000 + i) for i in range(1, 13)))
    config = write(b.path("analyzer.yaml"), "incident: {open_at: 'off'}\n")
    write_password(b, config)
    b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}", "--ingest", eve, "--follow")
    wait_for("the analyzer answers", 30, lambda: alive(port))
    api = Api(port)
    groups = wait_for("groups", 30, lambda: (lambda g: len(g) == 12 and g)(api.get("/api/groups?limit=100")["items"]))
    ids = [g["id"] for g in groups]
    incident = lambda name: api.get(f"/api/incidents/{name}")
    group = lambda i: next(g for g in api.get("/api/groups?limit=100")["items"] if g["id"] == i)

    # By hand, of a selection.
    made = ok(api.call("POST", "/api/incidents", {"title": {"en": "Odd cameras", "vi": "Camera lạ"}, "severity": "high", "groups": ids[:4], "comment": "Tổng hợp"}))
    assert made["title"] == {"en": "Odd cameras", "vi": "Camera lạ"} and made["severity"] == "high", made["title"]
    assert len(made["groups"]) == 4 and made["alerts"] == 4 and group(ids[0])["incident"] == made["id"], made
    assert len(made["timeline"]) == 4 and made["why"]["children"], made["why"]
    assert {s["name"]: s["breached"] for s in made["sla"]} == {"ack": False, "contain": False, "report": False}, made["sla"]
    assert [a["action"] for a in made["audit"]][-2:] == ["comment", "opened"] or {a["action"] for a in made["audit"]} == {"opened", "comment"}, made["audit"]
    other = ok(api.call("POST", "/api/incidents", {"groups": ids[4:6]}))
    third = ok(api.call("POST", "/api/incidents", {"title": "By phone", "severity": "low"}))
    assert third["title"]["vi"] == "By phone" and third["groups"] == [] and other["title"]["en"].startswith("rule ")

    # Merge two incidents and a group into one, in one step; then take it back.
    body = {"version": made["version"], "incidents": [other["id"], third["id"]], "groups": [ids[6]], "comment": "Cùng một nguồn"}
    assert api.call("POST", f"/api/incidents/{made['id']}/merge", {**body, "version": 1})[0] == 409
    merged = ok(api.call("POST", f"/api/incidents/{made['id']}/merge", body))
    assert len(merged["groups"]) == 7 and merged["alerts"] == 7 and merged["title"]["en"] == "Odd cameras", merged["groups"]
    assert incident(other["id"])["state"] == "merged" and incident(other["id"])["merged_into"] == made["id"]
    assert any("Cùng một nguồn" in a["text"]["vi"] for a in merged["audit"])
    assert api.call("POST", f"/api/incidents/{made['id']}/merge", {"version": merged["version"], "incidents": [other["id"]]})[0] == 400
    assert undo(api, merged)["undone"] == 3
    now = incident(made["id"])
    assert len(now["groups"]) == 4 and now["alerts"] == 4 and incident(other["id"])["state"] == "new" and "incident" not in group(ids[6]), now["groups"]
    assert len(incident(other["id"])["groups"]) == 2

    # Split, then take it back; split again and let new alerts come: they go where their group went.
    body = {"version": now["version"], "groups": ids[:2], "title": "Apart"}
    part = ok(api.call("POST", f"/api/incidents/{made['id']}/split", body))
    assert len(part["groups"]) == 2 and part["alerts"] == 2 and part["id"] != made["id"] and incident(made["id"])["alerts"] == 2
    undo(api, part)
    assert incident(made["id"])["alerts"] == 4 and incident(part["id"])["state"] == "closed"
    now = incident(made["id"])
    part = ok(api.call("POST", f"/api/incidents/{made['id']}/split", {**body, "version": now["version"]}))
    with open(eve, "a", encoding="utf-8") as f:
        f.write(alert(50, groups[0]["src"]["ip"], groups[0]["dst"]["ip"], groups[0]["sid"]) + alert(51, groups[2]["src"]["ip"], groups[2]["dst"]["ip"], groups[2]["sid"]))
    wait_for("new alerts reach both parts", 30, lambda: incident(part["id"])["alerts"] == 3 and incident(made["id"])["alerts"] == 3)

    # Flags need a reason, closing a conclusion; all of it can be taken back.
    url, version = f"/api/incidents/{part['id']}", incident(part["id"])["version"]
    assert api.call("POST", url, {"version": version, "personal_data": True})[0] == 400
    flagged = ok(api.call("POST", url, {"version": version, "personal_data": True, "serious": True, "reason": "Có hình ảnh người dân", "assignee": "lan"}))
    assert flagged["personal_data"]["set"] and flagged["serious"]["reason"] == "Có hình ảnh người dân" and flagged["assignee"] == "lan"
    assert [s["name"] for s in flagged["sla"]][-1] == "personal_data", flagged["sla"]
    assert any(a["text"] == {"en": "Serious incident: Có hình ảnh người dân", "vi": "Sự cố nghiêm trọng: Có hình ảnh người dân"} for a in flagged["audit"]), flagged["audit"]
    undo(api, flagged)
    assert not incident(part["id"])["personal_data"]["set"] and "assignee" not in incident(part["id"])
    assert api.call("POST", url, {"version": incident(part["id"])["version"], "assignee": "nobody-known"})[0] == 400
    closed = ok(api.call("POST", url, {"version": incident(part["id"])["version"], "state": "closed", "disposition": "legitimate"}))
    assert closed["state"] == "closed" and closed["audit"][0]["text"]["vi"], closed["audit"][0]
    opened = ok(api.call("POST", url + "/reopen", {"version": closed["version"], "comment": "Lại xảy ra"}))
    assert opened["state"] == "in_progress" and "disposition" not in opened
    assert api.call("POST", url + "/reopen", {"version": opened["version"]})[0] == 400

    # Many at once, all or none, the exact number, and back.
    names = [made["id"], other["id"], third["id"]]
    assert api.call("POST", "/api/incidents/actions", {"incidents": names + ["INC-2026-999999"], "assignee": "lan"})[0] == 404
    assert "assignee" not in incident(made["id"])
    bulk = ok(api.call("POST", "/api/incidents/actions", {"incidents": names, "state": "closed", "disposition": "false_positive", "comment": "Diễn tập"}))
    assert bulk["changed"] == 3 and api.get("/api/incidents?state=open")["total"] == 1
    assert undo(api, bulk)["undone"] == 3 and api.get("/api/incidents?state=open")["total"] == 4
    assert api.get("/api/incidents?assignee=none&state=open&severity=high")["total"] >= 1
    page = api.get("/api/incidents?limit=2")
    rest = api.get("/api/incidents?limit=500&before=" + page["next"])
    assert len(page["items"]) == 2 and page["total"] == 5 and not {i["id"] for i in page["items"]} & {i["id"] for i in rest["items"]}

    # Groups: exact number, back again; an undo that is not one's own is nobody's.
    done = ok(api.call("POST", "/api/groups/actions", {"ids": ids[8:], "action": "archive"}))
    assert done["changed"] == 4 and api.get("/api/groups?state=archived")["total"] == 4
    again = ok(api.call("POST", "/api/groups/actions", {"ids": ids[8:9], "action": "escalate"}))
    assert api.call("POST", f"/api/undo/{done['undo']['id']}", {})[0] == 409, "changed again since"
    undo(api, again)
    assert undo(api, done)["undone"] == 4 and api.get("/api/groups?state=archived")["total"] == 0
    assert ok(api.call("POST", "/api/groups/actions", {"ids": ids[8:], "action": "assign", "assignee": "lan"}))["changed"] == 4

    # Evidence and events come a page at a time, each once.
    big = ok(api.call("POST", "/api/incidents", {"title": "All of it", "groups": ids}))
    assert big["groups_total"] == 12 and len(big["groups"]) == 12 and "groups_next" not in big, big["groups_total"]

    def pages(path, limit):
        seen, before = [], ""
        while True:
            page = api.get(f"/api/incidents/{big['id']}/{path}?limit={limit}{before}")
            seen += [r["id"] for r in page["items"]]
            assert len(page["items"]) <= limit
            if "next" not in page:
                return seen
            before = f"&before={page['next']}"
    assert sorted(pages("groups", 5)) == sorted(ids) and api.get(f"/api/incidents/{big['id']}/groups?limit=5")["total"] == 12
    events = pages("events", 5)
    assert len(events) == len(set(events)) >= 12, events
    assert api.call("GET", f"/api/incidents/{big['id']}/groups?before=x")[0] == 400
    assert api.call("GET", "/api/incidents/INC-2026-999999/events")[0] == 404

    # Tasks.
    task = ok(api.call("POST", f"/api/incidents/{made['id']}/tasks", {"title": "Gọi trạm bơm", "assignee": "lan", "due": "2026-11-21T09:00:00Z"}))
    assert task["task"]["overdue"] and not task["task"]["done"], task
    done = ok(api.call("POST", f"/api/tasks/{task['task']['id']}", {"version": 1, "done": True}))
    assert done["task"]["done"] and done["task"]["done_by"] == "lan"
    assert api.call("POST", f"/api/tasks/{task['task']['id']}", {"version": 1, "done": False})[0] == 409
    undo(api, done)
    assert not incident(made["id"])["tasks"][0]["done"]
    gone = ok(api.call("POST", f"/api/tasks/{task['task']['id']}/delete", {"version": incident(made["id"])["tasks"][0]["version"]}))
    assert incident(made["id"])["tasks"] == []
    undo(api, gone)
    assert incident(made["id"])["tasks"][0]["title"] == "Gọi trạm bơm"
    print("made, merged, split, reopened, changed in bulk, tasks; each taken back")
