#!/usr/bin/python3
"""Sets of values are changed by command while captures run on several workers; a reload forgets nothing, and what is to be saved is saved."""
import base64
import hashlib
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import LONG, ROOT, SENSOR, Bench, wait_for

sys.path.insert(0, os.path.join(ROOT, "tests/replay"))
from keyword_cases import capture

NAME = b"www.Evil.example"
RULES = """alert dns any any -> any 53 (msg:"a frozen set"; dns.query; dataset:isset,names,type string,save names.lst; sid:1;)
alert dns any any -> any 53 (msg:"a loaded set"; dns.query; to_md5; dataset:isset,sums,type md5,load sums.lst; sid:2;)
alert dns any any -> any 53 (msg:"a set that rules change"; dns.query; dataset:set,seen,type string,state seen.lst; sid:3;)
alert ip any any -> any 53 (msg:"addresses"; ip.src; dataset:isset,hosts,type ip; sid:4;)
alert dns any any -> any 53 (msg:"numbers"; dns.query; datarep:rep,>,100,type string,load rep.lst; sid:5;)
"""


def b64(data):
    return base64.b64encode(data).decode()


with Bench("datasets") as b:
    def write(name, text):
        with open(b.path(name), "w", encoding="ascii") as f:
            f.write(text)

    c = capture()
    for i in range(40):  # the question again, from many hosts: every worker has some
        c.udp(f"10.9.{i}.1", "10.10.0.200", 53, c.frames[[i for i, (_, f) in enumerate(c.frames) if NAME[4:8] in f][0]][1][42:], sport=4000 + i)
    c.write(b.path("in.pcap"))
    write("a.rules", RULES)
    write("sums.lst", hashlib.md5(NAME).hexdigest() + "\n")
    write("rep.lst", b64(NAME) + ",250\n")
    os.makedirs(b.path("data"))

    def start():
        p = b.start("service", SENSOR, "serve", "-l", b.path("service"), "-S", b.path("a.rules"), "--workers", "4",
                    "--set", f"default-data-dir={b.path('data')}")
        wait_for("the service answers", 30, lambda: ctl("ping") == (0, "pong"))
        return p

    def ctl(*words):
        done = subprocess.run([SENSOR, "ctl", *words, "-l", b.path("service")], capture_output=True, text=True, timeout=LONG, check=False)
        return done.returncode, done.stdout.strip()

    runs = 0

    def alerts():
        global runs
        runs += 1
        status, text = ctl("replay", b.path("in.pcap"), f"run{runs}", "--wait")
        assert status == 0, text
        with open(b.path("service", f"run{runs}", "eve.json"), encoding="utf-8") as f:
            sids = [e["alert"]["signature_id"] for e in map(json.loads, f) if e["event_type"] == "alert"]
        return {sid: sids.count(sid) for sid in sorted(set(sids))}

    def say(answer, command, *words, status=0):
        got = ctl("dataset-" + command, *words)
        assert got == (status, answer), (command, words, got)

    p = start()
    assert alerts() == {2: 41, 3: 1, 5: 41}
    say("item not found in set", "lookup", "names", "string", b64(NAME), status=1)
    say("data added", "add", "names", "string", b64(NAME))
    say("data already in set", "add", "names", "string", b64(NAME))
    say("item found in set", "lookup", "names", "string", b64(NAME))
    say("data added", "add", "names", "string", "1234")  # Base64 that looks like a number
    say("data removed", "remove", "sums", "md5", hashlib.md5(NAME).hexdigest().upper())
    say("failed to remove data", "remove", "sums", "md5", hashlib.md5(NAME).hexdigest(), status=1)
    say("data added", "add", "hosts", "ip", "10.9.7.1")
    say("data removed", "remove", "rep", "string", b64(NAME))
    say("data added", "add", "rep", "string", b64(NAME))  # back without its number
    assert alerts() == {1: 41, 3: 1, 4: 1}
    for words in (("names", "md5", b64(NAME)), ("none", "string", b64(NAME))):
        say("set not found or wrong type", "add", *words, status=1)
    say("unknown settype", "add", "names", "text", b64(NAME), status=1)
    for kind, set_, value in (("string", "names", "!!!"), ("md5", "sums", "zz"), ("ip", "hosts", "10.9.7")):
        say("failed to add data", "add", set_, kind, value, status=1)
    say("data added", "add", "seen", "string", b64(NAME))
    assert alerts() == {1: 41, 4: 1}
    say("data removed", "remove", "seen", "string", b64(NAME))
    assert alerts() == {1: 41, 3: 1, 4: 1}

    # the loaded file is read again, and what commands have changed stays
    write("sums.lst", hashlib.md5(NAME).hexdigest() + "\n" + "0" * 32 + "\n")
    write("a.rules", RULES.replace("a frozen set", "another text"))
    status, text = ctl("reload")
    assert status == 0 and json.loads(text)["generation"] == 2, text
    assert alerts() == {1: 41, 3: 1, 4: 1}
    say("item found in set", "lookup", "sums", "md5", "0" * 32)
    say("dataset cleared", "clear", "sums", "md5")
    say("item not found in set", "lookup", "sums", "md5", "0" * 32, status=1)

    # many at once while captures run
    for i in range(4):
        ctl("replay", b.path("in.pcap"), f"busy{i}")
    for i in range(600):
        say("data added", "add", "names", "string", b64(b"name-%d" % i))
        if i % 100 == 50:
            ctl("reload")
    wait_for("all captures are worked off", 60, lambda: all(j["state"] == "done" for j in json.loads(ctl("job")[1])))
    assert alerts()[1] == 41
    say("datasets dump done", "dump")
    with open(b.path("data", "names.lst"), encoding="ascii") as f:
        lines = f.read().split()
    assert lines == [b64(NAME), "1234"] + [b64(b"name-%d" % i) for i in range(600)], lines[:5]
    say("data removed", "remove", "names", "string", "1234")
    ctl("shutdown")
    wait_for("the service ends", 30, lambda: p.poll() is not None)
    with open(b.path("data", "names.lst"), encoding="ascii") as f:
        assert f.read().split() == [b64(NAME)] + [b64(b"name-%d" % i) for i in range(600)]
    print(f"{runs} captures, each by the sets of its time")
