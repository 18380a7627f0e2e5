#!/usr/bin/python3
"""Every form of message reaches a real receiver, or is read by somebody else's reader of that form.

rsyslog over UDP, TCP and TLS, an SMTP server, a context broker that answers as NGSI-LD brokers do (without batches, with a conflict,
with a refusal inside a 207), a TAXII collection, webhooks; the npm packages cloudevents, cap-ts and nsyslog-parser as readers."""
import email
import email.policy
import http.server
import json
import os
import re
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, LONG, ROOT, Api, Bench, alive, free_port, wait_for
from story import write, write_password
from aiosmtpd.controller import Controller

CAMERA, STRANGER = "10.20.4.1", "203.0.113.1"


class Web(http.server.HTTPServer):
    """One after the other; remembers (method, path, headers, body); `answer(method, path)` gives status and body."""

    def __init__(self, answer=lambda method, path: (202, b"")):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.got = answer, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path=""):
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(http.server.BaseHTTPRequestHandler):
    def take(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.command, self.path, dict(self.headers), body))
        status, text = self.server.answer(self.command, self.path)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_PATCH = take

    def log_message(self, *args):
        pass


class Mailbox:
    def __init__(self):
        self.got, self.code = [], "451 4.3.0 later"

    async def handle_DATA(self, server, session, envelope):
        if self.code:
            code, self.code = self.code, ""
            return code
        self.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 taken"


def alert(second, src, dst, sid):
    return json.dumps({
        "timestamp": f"2026-09-21T14:{13 + second // 60:02}:{second % 60:02}.000000+0000", "event_type": "alert", "sensor": "s1",
        "src_ip": src, "src_port": 40000, "dest_ip": dst, "dest_port": 23, "proto": "TCP",
        "alert": {"gid": 1, "signature_id": sid, "rev": 1, "signature": f"rule | {sid} = <b>", "severity": 2, "action": "allowed"}}) + "\n"


def append(path, rows):
    with open(path, "a", encoding="utf-8") as f:
        f.writelines(alert(*r) for r in rows)


def rsyslog(b, udp, tcp, tls):
    for name, subject in (("ca", "/CN=test authority"), ("server", "/CN=localhost")):
        key, cert = b.path(f"{name}.key"), b.path(f"{name}.pem")
        sign = [] if name == "ca" else ["-CA", b.path("ca.pem"), "-CAkey", b.path("ca.key")]
        with open(b.path(f"{name}.cnf"), "w", encoding="utf-8") as f:
            f.write("[req]\ndistinguished_name=dn\n[dn]\n[v3]\nsubjectAltName=IP:127.0.0.1,DNS:localhost\n" +
                    ("basicConstraints=CA:TRUE\n" if name == "ca" else ""))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", subject, "-keyout", key, "-out",
                        cert, "-config", b.path(f"{name}.cnf"), "-extensions", "v3", *sign], check=True, capture_output=True)
    conf = write(b.path("rsyslog.conf"), f"""
global(workDirectory="{b.dir}" defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="{b.path('ca.pem')}"
       defaultNetstreamDriverCertFile="{b.path('server.pem')}" defaultNetstreamDriverKeyFile="{b.path('server.key')}")
module(load="imudp") module(load="imptcp") module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="raw" type="string" string="%rawmsg%\\n")
ruleset(name="udp") {{ action(type="omfile" file="{b.path('udp.out')}" template="raw") }}
ruleset(name="tcp") {{ action(type="omfile" file="{b.path('tcp.out')}" template="raw") }}
ruleset(name="tls") {{ action(type="omfile" file="{b.path('tls.out')}" template="raw") }}
input(type="imudp" address="127.0.0.1" port="{udp}" ruleset="udp")
input(type="imptcp" address="127.0.0.1" port="{tcp}" ruleset="tcp")
input(type="imtcp" address="127.0.0.1" port="{tls}" ruleset="tls")
""")
    b.start("rsyslog", "rsyslogd", "-n", "-f", conf, "-i", b.path("rsyslog.pid"))
    wait_for("rsyslog listens", 30, lambda: listens("udp", udp) and listens("tcp", tcp) and listens("tcp", tls))


def listens(protocol, port):
    with open(f"/proc/net/{protocol}", encoding="ascii") as f:
        return f"0100007F:{port:04X} 00000000:0000 " in f.read()


def lines(path):
    try:
        with open(path, encoding="utf-8") as f:
            return [line for line in f.read().split("\n") if line]
    except FileNotFoundError:
        return []


def read_by_others(rows):
    """Verdicts of dashboards/tests/payloads.mjs on [(form, text)]."""
    p = subprocess.run(["node", os.path.join(ROOT, "dashboards/tests/payloads.mjs")], text=True, capture_output=True, timeout=LONG, check=False,
                       input="".join(json.dumps({"form": form, "text": text}) + "\n" for form, text in rows))
    verdicts = [json.loads(line) for line in p.stdout.splitlines()]
    assert len(verdicts) == len(rows), p.stderr
    for (form, text), v in zip(rows, verdicts):
        assert v["ok"], f"{form}: {v['why']}\n{text}"
    return verdicts


def check_stix(objects):
    """What STIX 2.1 demands of each object here (2.9, 3.1, 4.1, 4.14, 4.16, 6.4, 6.10)."""
    need = {"identity": ["name"], "attack-pattern": ["name"], "ipv4-addr": ["value"], "network-traffic": ["protocols", "src_ref", "dst_ref"],
            "observed-data": ["first_observed", "last_observed", "number_observed", "object_refs"], "report": ["name", "published", "object_refs"]}
    ids = {o["id"] for o in objects}
    assert len(ids) == len(objects), "an object stands twice"
    for o in objects:
        assert re.fullmatch(o["type"] + r"--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", o["id"]), o["id"]
        assert o["spec_version"] == "2.1" and all(k in o for k in need[o["type"]]), o
        if o["type"] not in ("ipv4-addr", "network-traffic"):
            assert o["created"] <= o["modified"] and o["created"].endswith("Z")
        for k, v in o.items():
            for ref in v if k.endswith("_refs") else [v] if k.endswith("_ref") else []:
                assert ref in ids or ref.startswith("marking-definition--"), f"{k} of {o['id']} refers to nothing: {ref}"
    assert [o["type"] for o in objects].count("report") == 1


with Bench("receivers") as b:
    udp, tcp, tls, port, smtp = (free_port() for _ in range(5))
    rsyslog(b, udp, tcp, tls)
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=smtp, ready_timeout=LONG)
    controller.start()
    batches = Web(lambda method, path: (207, b'{"success":[],"errors":[{"entityId":"x","error":{"title":"no"}}]}') if "upsert" in path else (500, b""))
    singles = Web(lambda method, path: (404, b"") if "upsert" in path else (201, b"") if len(singles.got) <= 2 or "attrs" in path else (409, b""))
    good, hook, form, cap, stix, taxii = (Web() for _ in range(6))
    good.answer = lambda method, path: (201, b"")
    b.servers += [batches, singles, good, hook, form, cap, stix, taxii]
    eve = b.path("eve.json")
    config = write(b.path("analyzer.yaml"), f"""
push:
  - {{name: city, timeout: {LONG}s, type: cloudevents-http, url: "{hook.url('/ce')}"}}
  - {{name: broker, timeout: {LONG}s, type: ngsi-ld, url: "{good.url('/ngsi-ld/v1')}", token: t0ken, headers: ["NGSILD-Tenant: cantho"]}}
  - {{name: broker-old, timeout: {LONG}s, type: ngsi-ld, url: "{singles.url('/ngsi-ld/v1')}"}}
  - {{name: broker-no, timeout: {LONG}s, type: ngsi-ld, url: "{batches.url('/ngsi-ld/v1')}"}}
  - {{name: siem-udp, timeout: {LONG}s, type: syslog-cef, host: 127.0.0.1, port: {udp}, transport: udp}}
  - {{name: siem-tcp, timeout: {LONG}s, type: syslog-cef, host: 127.0.0.1, port: {tcp}, heartbeat: 1s}}
  - {{name: siem-tls, timeout: {LONG}s, type: syslog-cef, host: 127.0.0.1, port: {tls}, transport: tls, ca_file: {b.path('ca.pem')}, mask_internal: true}}
  - {{name: siem-untrusted, type: syslog-cef, host: 127.0.0.1, port: {tls}, transport: tls}}
  - {{name: ncsc, timeout: {LONG}s, type: stix-http, url: "{stix.url('/stix')}"}}
  - {{name: isac, timeout: {LONG}s, type: stix-taxii, url: "{taxii.url('/api/collections/1/objects/')}", mask_internal: true}}
  - {{name: safety, timeout: {LONG}s, type: cap-http, url: "{cap.url('/cap')}"}}
  - {{name: duty, timeout: {LONG}s, type: mail, url: "smtp://127.0.0.1:{smtp}", from: "soc@cantho.example", to: ["truc-ban@cantho.example", "lanh-dao@cantho.example"]}}
  - name: lgsp
    timeout: {LONG}s
    type: webhook
    url: "{form.url('/lgsp')}"
    headers: ["X-API-Key: khoa"]
    template: '{{"ma": "{{{{subject}}}}", "muc": "{{{{data.severity}}}}", "ten": "{{{{data.title.vi}}}}", "tu": "{{{{data.stages.0.src}}}}", "lan": {{{{data.revision}}}}, "x": "{{{{nothing}}}}"}}'
""")
    write_password(b, config)
    subprocess.run([ANALYZER, "user", "add", "quan-tri", "--role", "admin", "--password-file", b.path("password"), "-c", config, "--data",
                    b.path("data")], check=True, capture_output=True)
    append(eve, [(0, STRANGER, CAMERA, 9100097), (1, STRANGER, CAMERA, 9100075), (2, CAMERA, STRANGER, 9100076)])
    b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}", "--ingest", eve, "--follow")
    wait_for("the analyzer answers", 30, lambda: alive(port))
    api = Api(port)
    incident = wait_for("an incident", 30, lambda: api.get("/api/incidents?state=open")["items"])[0]
    wait_for("the first messages", 30, lambda: mailbox.got and len(hook.got) >= 1 and lines(b.path("tls.out")) and len(singles.got) >= 2)
    append(eve, [(120, STRANGER, CAMERA, 9100065), (121, CAMERA, STRANGER, 9100081)])
    wait_for("all alerts are stored", 30, lambda: api.get("/api/groups?state=all")["alerts"] == 5)
    last = api.get("/api/incidents?state=open")["items"][0]["revision"]
    assert last >= 2, last
    wait_for("all but the untrusted are told", 60, lambda: all(
        p["waiting"] == 0 or p["connector"] == "siem-untrusted" for p in api.get("/api/overview")["push"]), 0.3)
    wait_for("rsyslog wrote all", 20, lambda: all(
        sum(" INCIDENT " in line for line in lines(b.path(f"{k}.out"))) >= last for k in ("udp", "tcp", "tls")))
    push = {p["connector"]: p for p in api.get("/api/overview")["push"]}

    # Each connector tried: an exercise in its form, read by the same readers.
    before = {k: len(v.got) for k, v in (("hook", hook), ("cap", cap), ("stix", stix), ("taxii", taxii), ("good", good), ("form", form), ("singles", singles), ("batches", batches))}
    n_mails = len(mailbox.got)
    admin = Api(port, "quan-tri")
    for c in admin.get("/api/system")["connectors"]:
        status, said = admin.call("POST", f"/api/connectors/{c['connector']}/test", {})
        assert status == 200 and said["taken"] is (c["connector"] not in ("siem-untrusted", "broker-no")), (c["connector"], said)
    exercises = [s.got[before[k]][3].decode() for k, s in (("hook", hook), ("cap", cap))]
    wait_for("rsyslog wrote the exercises", 20, lambda: all(any(" EXERCISE " in x for x in lines(b.path(f"{k}.out"))) for k in ("udp", "tcp", "tls")))
    read_by_others([("cloudevents", exercises[0]), ("cap", exercises[1])] +
                   [("syslog", x) for k in ("udp", "tcp", "tls") for x in lines(b.path(f"{k}.out")) if " EXERCISE " in x])
    assert "<status>Test</status>" in exercises[1] and "<status>Actual</status>" not in exercises[1] and "DIỄN TẬP" in exercises[1]
    for got in (stix.got[before["stix"]][3], taxii.got[before["taxii"]][3]):
        objects = json.loads(got)["objects"]
        check_stix(objects)
        assert "exercise" in [o for o in objects if o["type"] == "report"][0]["labels"], objects
    entity = json.loads(good.got[before["good"]][3])[0]
    assert entity["subCategory"]["value"] == "exercise" and entity["data"]["value"]["exercise"] is True and ":TEST-" in entity["id"], entity
    assert json.loads(form.got[before["form"]][3])["ma"].startswith("TEST-") and form.got[before["form"]][2]["Idempotency-Key"].startswith("TEST-")
    (mail,) = [email.message_from_bytes(content, policy=email.policy.default) for _, _, content in mailbox.got[n_mails:]]
    assert "TEST-" in mail["Subject"] and "DIỄN TẬP" in mail["Subject"] and "EXERCISE" in mail.get_content() and not mail.defects, mail
    assert {p["connector"]: p["sent"] for p in admin.get("/api/overview")["push"]} == {k: p["sent"] for k, p in push.items()}, "an exercise is in the outbox"
    controller.stop()
    for k, s in (("hook", hook), ("cap", cap), ("stix", stix), ("taxii", taxii), ("good", good), ("form", form), ("singles", singles), ("batches", batches)):
        del s.got[before[k]:]
    del mailbox.got[n_mails:]

    name = re.search(r"INC-\d+-\d+", json.loads(hook.got[0][3])["subject"])[0]
    # CloudEvents and syslog with CEF, read by others
    ce = [body.decode() for _, _, _, body in hook.got]
    syslog = {k: [x for x in lines(b.path(f"{k}.out")) if " INCIDENT " in x] for k in ("udp", "tcp", "tls")}
    caps = [body.decode() for _, _, _, body in cap.got]
    verdicts = read_by_others([("cloudevents", t) for t in ce] + [("cap", t) for t in caps] + [("syslog", t) for k in syslog for t in syslog[k]])
    assert [v["id"] for v in verdicts[:len(ce)]] == [f"{name}/{n + 1}" for n in range(last)]
    assert [v["identifier"] for v in verdicts[len(ce):len(ce) + len(caps)]] == [f"{name}.{n + 1}" for n in range(last)]
    for v in verdicts[len(ce) + len(caps):]:
        assert v["type"] == "CEF" and v["pri"] // 8 == 13 and v["sd"][0]["incident"] == name, v
        assert v["fields"]["externalId"] == name and v["fields"]["cs1Label"] == "attack.technique", v["fields"]
    wait_for("a heartbeat", 20, lambda: any("HEARTBEAT" in x for x in lines(b.path("tcp.out"))))
    assert not any(CAMERA in x for x in syslog["tls"]) and all("host-" in x for x in syslog["tls"]), "an own address was told"
    # CAP: the thread of messages
    assert "<msgType>Alert</msgType>" in caps[0] and "<references>" not in caps[0]
    sent = re.search("<sent>(.*?)</sent>", caps[0])[1]
    assert f"<references>urn:soc:cantho:analyzer-1,{name}.1,{sent}</references>" in caps[1] and "<msgType>Update</msgType>" in caps[1]
    assert sent.endswith("-00:00") and caps[0].count("<info>") == 2
    # STIX
    bundles = [json.loads(body) for _, _, _, body in stix.got]
    assert all(x["type"] == "bundle" for x in bundles)
    for x in bundles:
        check_stix(x["objects"])
    assert bundles[0]["id"] != bundles[1]["id"]
    reports = [[o for o in x["objects"] if o["type"] == "report"][0] for x in bundles]
    assert reports[0]["id"] == reports[1]["id"] and reports[0]["modified"] < reports[1]["modified"]
    assert {o["value"] for o in bundles[-1]["objects"] if o["type"] == "ipv4-addr"} >= {CAMERA, STRANGER}
    for method, path, headers, body in taxii.got:
        assert headers["Content-Type"] == "application/taxii+json;version=2.1" == headers["Accept"] and CAMERA.encode() not in body
        check_stix(json.loads(body)["objects"])
    # NGSI-LD
    method, path, headers, body = good.got[0]
    assert path == "/ngsi-ld/v1/entityOperations/upsert?options=update" and headers["Content-Type"] == "application/ld+json"
    assert headers["Authorization"] == "Bearer t0ken" and headers["NGSILD-Tenant"] == "cantho" and len(good.got) == last
    entity = json.loads(body)[0]
    assert entity["id"].startswith("urn:ngsi-ld:Alert:") and entity["id"].endswith(name) and entity["type"] == "Alert"
    assert entity["category"] == {"type": "Property", "value": "security"} and len(entity["@context"]) == 2
    assert entity["severity"]["value"] in ("informational", "low", "medium", "high", "critical")
    assert re.fullmatch(r"urn:ngsi-ld:Device:[\w.:-]+", entity["alertSource"]["object"])
    assert json.loads(good.got[1][3])[0]["id"] == entity["id"], "a revision made another entity"
    paths = [p for _, p, _, _ in singles.got]
    assert paths[:2] == ["/ngsi-ld/v1/entityOperations/upsert?options=update", "/ngsi-ld/v1/entities/"], paths
    assert paths[-1] == f"/ngsi-ld/v1/entities/{entity['id']}/attrs", paths
    assert push["broker-no"]["failed"] == last and len(batches.got) == last, push["broker-no"]
    # TLS to one whom nobody vouches for: nothing is told, all of it waits
    assert push["siem-untrusted"]["waiting"] == last, push["siem-untrusted"]
    # Mail
    mails = [email.message_from_bytes(content, policy=email.policy.default) for _, _, content in mailbox.got]
    assert mailbox.got[0][0] == "soc@cantho.example" and len(mailbox.got[0][1]) == 2
    assert len({m["Message-ID"] for m in mails}) == last and len({m["References"] for m in mails}) == 1
    assert all(name in m["Subject"] and not m.defects for m in mails), [m.defects for m in mails]
    text = mails[-1].get_content()
    assert "Mức độ" in text and "Severity" in text and CAMERA in text, text
    # the receiver's own words
    for n, (method, path, headers, body) in enumerate(form.got):
        own = json.loads(body)
        assert own["ma"] == name and own["lan"] == n + 1 and own["x"] == "" and own["tu"] and headers["X-API-Key"] == "khoa", own
    print(f"{name}, {last} revisions: CloudEvents {len(ce)}, NGSI-LD {len(good.got)}, syslog {[len(v) for v in syslog.values()]}, "
          f"STIX {len(bundles)}, TAXII {len(taxii.got)}, CAP {len(caps)}, mail {len(mails)}, webhook {len(form.got)}")
