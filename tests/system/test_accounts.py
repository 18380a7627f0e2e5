#!/usr/bin/python3
"""Roles, sites, tokens, second factor, sessions, masking, audit and limits, over the API."""
import base64
import hashlib
import hmac
import json
import os
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, PASSWORD, ROOT, Api, Bench, alive, free_port, wait_for
from story import write


def alert(second, src, sid):
    return json.dumps({"timestamp": f"2026-11-21T00:00:{second:02d}.000000+0000", "event_type": "alert", "sensor": "s1", "src_ip": src, "src_port": 4000,
                       "dest_ip": "203.0.113.9", "dest_port": 445, "proto": "TCP", "payload": "TWF0IGtoYXU=", "smb": {"ntlmssp": {"user": "nguyen.van.a"}},
                       "alert": {"gid": 1, "signature_id": sid, "rev": 1, "signature": f"rule {sid}", "severity": 2, "action": "allowed"}}) + "\n"


def code_of(secret, at=None):
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int((at or time.time()) // 30)), hashlib.sha1).digest()
    i = mac[19] & 15
    return f"{(struct.unpack('>I', mac[i:i + 4])[0] & 0x7fffffff) % 1000000:06d}"


with Bench("accounts") as b:
    port, eve = free_port(), b.path("eve.json")
    write(eve, "".join(alert(i, f"10.20.{i}.1", 6000 + i) for i in range(1, 4)))
    config = write(b.path("analyzer.yaml"), f"api: {{rate: {{login: 600}}}}\nreport: {{forms: {ROOT}/rules/reports}}\n")
    write(b.path("password"), PASSWORD + "\n")
    subprocess.run([ANALYZER, "user", "add", "chi", "--role", "admin", "--password-file", b.path("password"), "-c", config, "--data", b.path("data")], check=True, capture_output=True)
    analyzer = b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}", "--ingest", eve, "--follow")
    wait_for("the analyzer answers", 30, lambda: alive(port))
    admin = Api(port, "chi")
    groups = wait_for("groups", 30, lambda: (lambda g: len(g) == 3 and g)(admin.get("/api/groups")["items"]))
    for name, role, sites in (("xem", "viewer", []), ("lan", "analyst", []), ("kiem", "auditor", []), ("xa", "analyst", ["binh-thuy"])):
        status, made = admin.call("POST", "/api/accounts", {"user": name, "role": role, "sites": sites, "password": PASSWORD})
        assert status == 200 and made["account"]["role"] == role and made["account"]["sites"] == sites, made
    assert admin.call("POST", "/api/accounts", {"user": "lan", "role": "viewer"})[0] == 409
    assert admin.call("POST", "/api/accounts", {"user": "../x", "role": "viewer"})[0] == 400
    assert admin.call("POST", "/api/accounts", {"user": "z", "role": "god"})[0] == 400
    viewer, analyst, auditor, far = (Api(port, n) for n in ("xem", "lan", "kiem", "xa"))
    assert [a.call("GET", "/api/accounts")[0] for a in (viewer, analyst, auditor, admin)] == [403, 403, 403, 200]
    assert [a.call("GET", "/api/audit")[0] for a in (viewer, analyst, auditor, admin)] == [403, 403, 200, 200]
    assert viewer.call("POST", "/api/groups/actions", {"ids": [groups[0]["id"]], "action": "archive"})[0] == 403
    assert "triage" in analyst.get("/api/me")["may"] and "triage" not in viewer.get("/api/me")["may"]

    # Personal data: masked, revealed with a reason, every reading noted.
    url = f"/api/groups/{groups[0]['id']}/events"
    for who in (viewer, auditor):
        event = who.get(url)["items"][0]["eve"]
        assert event["payload"] == "•••" and event["smb"]["ntlmssp"]["user"] == "•••" and event["src_ip"] == groups[0]["src"]["ip"], event
    assert viewer.get(url + "?reveal=kiem%20tra")["items"][0]["eve"]["payload"] == "•••", "a viewer reveals nothing"
    assert auditor.get(url + "?reveal=ki")["items"][0]["eve"]["payload"] == "•••", "a reason has some letters"
    assert viewer.call("GET", "/api/search?q=%7C%20top%205%20smb.ntlmssp.user")[0] == 403
    reads = lambda action: [r for r in admin.get("/api/audit?limit=1000")["items"] if r["action"] == action]
    before = len(reads("data.read"))
    assert reads("data.reveal") == []
    assert auditor.get(url + "?reveal=kiem%20tra%20quy%20I")["items"][0]["eve"]["payload"] == "TWF0IGtoYXU="
    assert analyst.get(url)["items"][0]["eve"]["smb"]["ntlmssp"]["user"] == "nguyen.van.a"
    row = reads("data.reveal")[0]
    assert row["user"] == "kiem" and row["detail"]["reason"] == "kiem tra quy I" and row["object"] == url.split("?")[0], row
    assert len(reads("data.read")) == before + 1 and reads("data.read")[0]["user"] == "lan"
    assert admin.get("/api/audit/verify") == {"whole": True}

    # Sites: what is of none or of another is not there.
    assert far.get("/api/groups")["items"] == [] and far.get("/api/search")["items"] == [] and far.get("/api/devices")["items"] == []
    assert far.get("/api/sensors")["items"] == [] and far.get("/api/overview")["top"] == [] and far.call("GET", url)[0] == 404
    assert far.call("POST", "/api/groups/actions", {"ids": [groups[0]["id"]], "action": "archive"})[0] == 404
    status, made = admin.call("POST", "/api/incidents", {"title": "x", "groups": [groups[0]["id"]]})
    assert status == 200 and far.call("GET", f"/api/incidents/{made['id']}")[0] == 404 and far.get("/api/incidents?state=all")["total"] == 0
    assert far.call("POST", "/api/incidents", {"title": "x", "groups": [groups[1]["id"]]})[0] == 404
    assert far.call("GET", "/api/reports/period-shift?format=json")[0] == 404

    # Tokens: some of the permissions, no header, no more tokens.
    assert analyst.call("POST", "/api/tokens", {"name": "script", "scopes": ["read", "admin"]})[0] == 400
    status, token = analyst.call("POST", "/api/tokens", {"name": "script", "scopes": ["read", "self"], "days": 1})
    assert status == 200 and token["token"].startswith("tgc_"), token
    script = Api.__new__(Api)
    script.port, script.cookie, script.csrf = port, "", ""
    bearer = {"Authorization": "Bearer " + token["token"]}
    assert script.call("GET", "/api/groups", None, bearer)[0] == 200
    assert script.call("GET", url, None, bearer)[1]["items"][0]["eve"]["payload"] == "•••"
    assert script.call("POST", "/api/groups/actions", {"ids": [groups[0]["id"]], "action": "archive"}, bearer)[0] == 403
    assert script.call("POST", "/api/tokens", {"name": "more", "scopes": ["read"]}, bearer)[0] == 403
    assert script.call("GET", "/api/groups", None, {"Authorization": "Bearer tgc_" + "0" * 64})[0] == 401
    # The same desk on the command line.
    def desk(*words, token=token["token"]):
        done = subprocess.run([ANALYZER, *words, "--url", f"http://127.0.0.1:{port}"], capture_output=True, text=True, env={**os.environ, "TRAMGAC_TOKEN": token})
        return done.returncode, done.stdout + done.stderr
    status, full = analyst.call("POST", "/api/tokens", {"name": "desk", "scopes": ["read", "triage", "report"]})
    assert desk("incident", "list")[0] == 0 and made["id"] in desk("incident", "list")[1]
    assert made["id"] in desk("incident", "show", made["id"])[1] and json.loads(desk("incident", "show", made["id"], "--json")[1])["id"] == made["id"]
    assert desk("incident", "close", made["id"], "--disposition", "unknown")[0] == 1, "the token may only read"
    said = desk("incident", "comment", made["id"], "--comment", "Từ dòng lệnh", token=full["token"])
    assert said[0] == 0 and "1 changed" in said[1], said
    assert desk("incident", "assign", made["id"], "--assignee", "lan", token=full["token"])[0] == 0
    assert desk("incident", "close", made["id"], "--disposition", "legitimate", token=full["token"])[0] == 0
    assert desk("incident", "reopen", made["id"], token=full["token"])[0] == 0 and admin.get(f"/api/incidents/{made['id']}")["state"] == "in_progress"
    status, second = admin.call("POST", "/api/incidents", {"title": "y", "groups": [groups[1]["id"]]})
    assert desk("incident", "merge", made["id"], second["id"], token=full["token"])[0] == 0 and admin.get(f"/api/incidents/{second['id']}")["state"] == "merged"
    assert "10.20." in desk("alert", "list", "--q", "rule")[1] and desk("alert", "archive", str(groups[2]["id"]), token=full["token"])[0] == 0
    since = ("--from", "2026-11-20T00:00:00Z")
    assert "rule 6001" in desk("search", "sid:6001", *since)[1] and desk("search", "| top 3 sid", *since)[1].count("600") == 3, desk("search", "| top 3 sid", *since)
    assert desk("report", "period-shift", "--out", b.path("r.pdf"), token=full["token"])[0] == 0 and open(b.path("r.pdf"), "rb").read(5) == b"%PDF-"
    assert desk("incident", "fly")[0] == 2 and desk("search", "src:x")[0] == 1
    assert subprocess.run([ANALYZER, "incident", "list", "--url", "http://127.0.0.1:9"], capture_output=True, env={**os.environ, "TRAMGAC_TOKEN": "x"}).returncode == 3
    mine = [t for t in analyst.get("/api/tokens")["items"] if t["name"] == "script"]
    assert mine[0]["name"] == "script" and mine[0]["used"] and token["token"] not in json.dumps(mine)
    assert viewer.call("POST", f"/api/tokens/{token['id']}/delete", {})[0] == 404
    assert analyst.call("POST", f"/api/tokens/{token['id']}/delete", {})[0] == 200
    assert script.call("GET", "/api/groups", None, bearer)[0] == 401

    # Second factor: proved before it counts, asked for, each code once, codes for a lost telephone.
    assert analyst.call("POST", "/api/me/factor", {"password": "wrong-password"})[0] == 403
    status, factor = analyst.call("POST", "/api/me/factor", {"password": PASSWORD})
    assert status == 200 and factor["uri"].startswith("otpauth://totp/Tramgac:lan?secret="), factor
    wrong = next(c for c in ("000000", "000001", "000002", "000003", "000004", "000005")
                 if c not in {code_of(factor["secret"], time.time() + 30 * k) for k in (-1, 0, 1, 2)})
    assert analyst.call("POST", "/api/me/factor/prove", {"code": wrong})[0] == 400
    code = code_of(factor["secret"])
    status, proof = analyst.call("POST", "/api/me/factor/prove", {"code": code})
    assert status == 200 and len(proof["recovery"]) == 8, proof
    door = Api.__new__(Api)
    door.port, door.cookie, door.csrf = port, "", ""
    sign = lambda **more: door.call("POST", "/api/login", {"user": "lan", "password": PASSWORD, **more})
    assert sign()[0] == 401 and sign()[1]["code"] is True
    assert sign(code=code)[0] == 401, "a code works once"
    assert sign(code=proof["recovery"][0])[0] == 200 and sign(code=proof["recovery"][0])[0] == 401
    assert sign(code=code_of(factor["secret"], time.time() + 30))[0] == 200

    # Sessions.
    rows = analyst.get("/api/sessions")["items"]
    assert len(rows) == 3 and sum(r["this"] for r in rows) == 1, rows
    other = next(r for r in rows if not r["this"])
    assert viewer.call("POST", f"/api/sessions/{other['id']}/end", {})[0] == 404
    assert analyst.call("POST", f"/api/sessions/{other['id']}/end", {})[0] == 200 and len(analyst.get("/api/sessions")["items"]) == 2
    assert admin.call("POST", "/api/accounts/xem", {"disabled": True})[0] == 200 and viewer.call("GET", "/api/me")[0] == 401
    assert admin.call("POST", "/api/accounts/chi", {"role": "viewer"})[0] == 400
    new = PASSWORD + "-2"
    assert auditor.call("POST", "/api/me/password", {"password": PASSWORD, "new": new})[0] == 200 and auditor.call("GET", "/api/me")[0] == 401
    Api(port, "kiem", new)

    # Views.
    status, view = analyst.call("POST", "/api/views", {"name": "Trạm bơm", "page": "groups", "query": "tram bom", "shared": True})
    assert status == 200 and far.get("/api/views")["items"][0]["name"] == "Trạm bơm" and not far.get("/api/views")["items"][0]["own"]
    assert far.call("POST", f"/api/views/{view['id']}", {"name": "mine"})[0] == 403
    assert analyst.call("POST", "/api/views", {"name": "Trạm bơm", "page": "groups"})[0] == 409

    timeline = far.get(f"/api/hosts/{groups[0]['src']['ip']}/timeline")
    assert timeline["items"] == []
    items = admin.get(f"/api/hosts/{groups[0]['src']['ip']}/timeline")["items"]
    assert {i["event_type"] for i in items} >= {"alert", "incident", "history"}, items

    # Too many attempts to sign in from one address: another one after a minute, however long each of them takes.
    b.stop(analyzer)
    b.start("slow", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}", "--set", "api.rate.login=1")
    wait_for("the analyzer answers", 30, lambda: alive(port))
    seen = [door.call("POST", "/api/login", {"user": f"nobody{i}", "password": "x"})[0] for i in range(5)]
    assert seen[0] == 401 and 429 in seen, seen
    print("roles, sites, tokens, second factor, sessions, masking, audit, limits, views, timeline")
