#!/usr/bin/python3
"""What the Admin page asks for: every route for every role over the wire, legal holds, tests of connectors, the audit by filters,
sizes and sets as loaded; and the same server over TLS."""
import http.client
import json
import os
import re
import ssl
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, BUILD, LONG, PASSWORD, ROOT, Api, Bench, alive, free_port, wait_for
from story import write

ROLES = ("viewer", "analyst", "lead", "engineer", "auditor", "admin")
# Signing out ends what the next line needs; what one does to oneself asks for one's password and refuses by it.
OWN = re.compile(r"^/api/(logout|login|me/)")


def alert(second, sid):
    return json.dumps({"timestamp": f"2026-11-21T00:00:{second:02d}.000000+0000", "event_type": "alert", "sensor": "s1", "src_ip": f"10.20.0.{second}", "src_port": 4000,
                       "dest_ip": "203.0.113.66", "dest_port": 445, "proto": "TCP",
                       "alert": {"gid": 1, "signature_id": sid, "rev": 1, "signature": f"rule {sid}", "severity": 1, "action": "allowed"}}) + "\n"


def routes():
    return json.loads(subprocess.run([ANALYZER, "--list-routes", "--format", "json"], capture_output=True, text=True, check=True).stdout)


def matrix(port):
    """Each route for each role: refused exactly when the role lacks the permission; nothing breaks the server."""
    may = {}
    who = {}
    for role in ROLES:
        who[role] = Api(port, role)
        may[role] = set(who[role].get("/api/me")["may"]) | {"open", "self"}
    asked = refused = 0
    for route in routes():
        if OWN.match(route["path"]) or (route["path"] == "/api/stream"):
            continue
        path = re.sub(r"\{\w+\}", "nothing-of-that-name", route["path"])
        body = {} if route["method"] == "POST" else None
        nobody = Api.__new__(Api)
        nobody.port, nobody.cookie, nobody.csrf = port, "", ""
        status = nobody.call(route["method"], path, body)[0]
        assert status != 401 if route["permission"] == "open" else status == 401, (route["path"], "nobody", status)
        for role in ROLES:
            status, answer = who[role].call(route["method"], path, body)
            allowed = route["permission"] in may[role]
            asked += 1
            refused += status == 403
            assert status < 500 and status != 401, (route["path"], role, status, answer)
            assert allowed or status == 403, f"{role} gets {status} at {route['method']} {path}, which needs {route['permission']}"
            assert not allowed or status != 403, f"{role} may {route['permission']}, but {route['method']} {path} says {answer}"
            if route["method"] != "GET" and allowed and route["permission"] != "open":
                assert who[role].call(route["method"], path, body, {"X-CSRF-Token": "0" * 64})[0] == 403, f"{path} takes a change without the header"
    return asked, refused


def holds(admin, lead, analyst, auditor):
    name = wait_for("an incident", 30, lambda: admin.get("/api/incidents?state=all")["items"])[0]["id"]
    assert analyst.call("POST", f"/api/incidents/{name}/hold", {"hold": True, "reason": "muốn giữ"})[0] == 403
    assert lead.call("POST", f"/api/incidents/{name}/hold", {"hold": True, "reason": "x"})[0] == 400, "a hold has a reason"
    assert lead.call("POST", "/api/incidents/INC-2026-999999/hold", {"reason": "không có"})[0] == 404
    status, held = lead.call("POST", f"/api/incidents/{name}/hold", {"hold": True, "reason": "Công an yêu cầu"})
    assert status == 200 and held["hold"] is True and any("Công an yêu cầu" in e["text"]["vi"] for e in held["audit"]), held
    assert [h["id"] for h in auditor.get("/api/system")["holds"]] == [name]
    status, free = lead.call("POST", f"/api/incidents/{name}/hold", {"hold": False, "reason": "hết yêu cầu"})
    assert status == 200 and "hold" not in free and auditor.get("/api/system")["holds"] == []
    rows = auditor.get(f"/api/audit?action=incident&user=lead&object=incident/{name}")["items"]
    assert [r["action"] for r in rows] == ["incident.release", "incident.hold"], rows
    assert auditor.get("/api/audit?action=incid")["items"] == [] and auditor.get("/api/audit?from=2200-01-01T00:00:00Z")["items"] == []
    assert {r["action"] for r in auditor.get("/api/audit?action=login&limit=1000")["items"]} <= {"login", "login.refused", "login.recovery"}


def connectors(admin, hook):
    system = admin.get("/api/system")
    by_name = {c["connector"]: c for c in system["connectors"]}
    assert set(by_name) == {"ioc", "far", "ministry"}, by_name
    assert "thu-nghiem" not in json.dumps(system) and "mat-khau" not in json.dumps(system), "a secret is told"
    assert by_name["ioc"]["target"].endswith("/events") and "@" not in by_name["ioc"]["target"], by_name["ioc"]
    told = lambda: [m for m in (json.loads(body) for _, body in hook.got) if m["type"].endswith("incident.exercise.v1")]
    assert told() == []
    status, said = admin.call("POST", "/api/connectors/ioc/test", {})
    assert status == 200 and said["taken"] is True and "202" in said["answer"], said
    (one,) = told()
    assert one["data"]["exercise"] is True and one["subject"].startswith("TEST-") and "[DIỄN TẬP]" in one["data"]["title"]["vi"], one
    status, said = admin.call("POST", "/api/connectors/far/test", {})
    assert status == 200 and said["taken"] is False and said["answer"], said
    assert admin.call("POST", "/api/connectors/nobody/test", {})[0] == 404
    assert [r["object"] for r in admin.get("/api/audit?action=connector.test")["items"]] == ["connector/far", "connector/ioc"]
    assert all("TEST-" not in i["id"] for i in admin.get("/api/incidents?state=all")["items"]), "an exercise is no incident"
    intel = system["intel"]
    assert intel["indicators"] == 2 and intel["fault"] == "" and intel["sources"][0]["indicators"] == 2, intel
    assert system["correlation"]["put_aside"] == 1 and system["correlation"]["faults"][0]["file"].endswith("bad.yml"), system["correlation"]
    kept = {r["class"]: r for r in system["retention"]}
    assert kept["alerts"]["rows"] == 3 and kept["alerts"]["bytes"] > 300 and kept["alerts"]["keep_s"] == 366 * 86400 and kept["audit"]["keep_s"] > 0, kept
    assert system["store"]["data_bytes"] > 4096 and system["store"]["disk_free"] > 0, system["store"]


def tls(b, config):
    port = free_port()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", b.path("key.pem"), "-out", b.path("cert.pem")], check=True, capture_output=True)
    words = [ANALYZER, "-c", config, "--data", b.path("data-tls"), "--listen", f"127.0.0.1:{port}", "--set", f"api.tls.certificate={b.path('cert.pem')}", "--set"]
    broken = subprocess.run([*words, f"api.tls.key={b.path('password')}"], capture_output=True, text=True, timeout=LONG)
    assert broken.returncode == 2, (broken.returncode, broken.stderr[-400:])
    server = b.start("tls", *words, f"api.tls.key={b.path('key.pem')}")
    trust = ssl.create_default_context(cafile=b.path("cert.pem"))

    def ask(method, path, body=None, cookie="", context=trust):
        c = http.client.HTTPSConnection("localhost", port, timeout=LONG, context=context)
        c.request(method, path, json.dumps(body) if body is not None else None, {"Cookie": cookie})
        r = c.getresponse()
        return r.status, dict(r.getheaders()), r.read()

    def up():
        try:
            return ask("GET", "/api/alive")[0] == 200
        except OSError:
            return False
    wait_for("the analyzer answers over TLS", 30, up)
    status, head, _ = ask("POST", "/api/login", {"user": "admin", "password": PASSWORD})
    cookie = head["Set-Cookie"]
    assert status == 200 and cookie.startswith("__Host-") and "; Secure" in cookie and "HttpOnly" in cookie and "SameSite=Strict" in cookie, cookie
    assert ask("GET", "/api/me", cookie=cookie.split(";")[0])[0] == 200
    assert "max-age" in head.get("Strict-Transport-Security", ""), head
    try:
        ask("GET", "/api/alive", context=ssl.create_default_context())
        raise AssertionError("a certificate that nobody signed was taken")
    except ssl.SSLCertVerificationError:
        pass
    plain = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        plain.request("GET", "/api/alive")
        assert plain.getresponse().status >= 400, "plain HTTP is answered on the TLS port"
    except (http.client.HTTPException, OSError):
        pass
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    try:
        ask("GET", "/api/alive", context=old)
        raise AssertionError("TLS 1.1 is spoken")
    except OSError:
        pass
    assert server.poll() is None and b.stop(server) == 0


with Bench("admin") as b:
    port, eve, hook = free_port(), b.path("eve.json"), b.receiver()
    write(eve, "".join(alert(i, 6000 + i) for i in range(1, 4)))
    write(b.path("bad.txt"), "203.0.113.66\nbot.example\n")
    write(b.path("bad.yml"), "title: broken\ncorrelation: {type: no_such_type, rules: [x], timespan: 5m}\n")
    write(b.path("password"), PASSWORD + "\n")
    config = write(b.path("analyzer.yaml"), f"""
api: {{rate: {{login: 600, account: 100000, address: 100000}}}}
incident: {{open_at: high}}
intel: {{files: [{b.path('bad.txt')}]}}
correlate: {{rules: [{ROOT}/rules/correlation, {b.path('bad.yml')}]}}
push:
  - {{name: ioc, type: cloudevents-http, url: "http://soc:mat-khau@127.0.0.1:{hook.server_address[1]}/events?key=thu-nghiem", secret: thu-nghiem}}
  - {{name: far, type: cloudevents-http, url: "http://127.0.0.1:1/events", secret: thu-nghiem}}
  - {{name: ministry, type: cap-http, url: "http://127.0.0.1:1/cap"}}
""")
    words = ["-c", config, "--data"]
    for role in ROLES:
        subprocess.run([ANALYZER, "user", "add", role, "--role", role, "--password-file", b.path("password"), *words, b.path("data")], check=True, capture_output=True, cwd=ROOT)
    subprocess.run([ANALYZER, "user", "add", "admin", "--role", "admin", "--password-file", b.path("password"), *words, b.path("data-tls")], check=True, capture_output=True, cwd=ROOT)
    analyzer = b.start("analyzer", ANALYZER, *words, b.path("data"), "--listen", f"127.0.0.1:{port}", "--ingest", eve, "--follow", cwd=ROOT)
    wait_for("the analyzer answers", 30, lambda: alive(port))
    admin, lead, analyst, auditor = (Api(port, n) for n in ("admin", "lead", "analyst", "auditor"))
    wait_for("groups", 30, lambda: len(admin.get("/api/groups")["items"]) >= 3)
    holds(admin, lead, analyst, auditor)
    connectors(admin, hook)
    asked, refused = matrix(port)
    assert analyzer.poll() is None and admin.get("/api/audit/verify") == {"whole": True}
    tls(b, config)
    print(f"{asked} answers of routes to roles ({refused} refused), holds, tests of connectors, audit by filters, sizes, TLS")
