#!/usr/bin/python3
"""Live capture on an interface: two namespaces joined by a veth pair, a recorded day played into one end, the sensor on the other.
The events must be those of the replay. Needs root for the namespaces."""
import collections
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ROOT, SENSOR, Bench, wait_for

CAPTURES = ["pcaps/modbus/write-stranger.pcap", "pcaps/mqtt/wildcard.pcap", "pcaps/telnet/loader.pcap"]


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


def events(path):
    """Kinds of events with the alerts' rules: what must not depend on the clock."""
    count = collections.Counter()
    for line in open(path, encoding="utf-8"):
        e = json.loads(line)
        if e["event_type"] == "alert":
            count["alert", e["alert"]["signature_id"], e["src_ip"], e["dest_ip"]] += 1
        elif e["event_type"] in ("dns", "http", "mqtt", "modbus"):
            count[e["event_type"]] += 1
    return count


if os.geteuid() != 0:
    print("not root: no network namespaces, nothing tested")
    sys.exit(77)

with Bench("live") as b:
    name = f"tg{os.getpid() % 100000}"
    rules = ["-c", os.path.join(ROOT, "rules/suricata/vars.yaml"), "-S", os.path.join(ROOT, "rules/suricata"), "--quiet"]
    whole = b.path("all.pcap")
    subprocess.run(["mergecap", "-a", "-F", "pcap", "-w", whole, *[os.path.join(ROOT, c) for c in CAPTURES]], check=True, capture_output=True)
    os.makedirs(b.path("replay"))
    os.makedirs(b.path("live"))
    subprocess.run([SENSOR, "-r", whole, "-l", b.path("replay"), *rules], check=True, capture_output=True)
    ip("netns", "add", name)
    try:
        ip("-n", name, "link", "add", "tap0", "type", "veth", "peer", "name", "tap1")
        for end in ("tap0", "tap1"):
            with_sys = ["ip", "netns", "exec", name, "sh", "-c", f"sysctl -qw net.ipv6.conf.{end}.disable_ipv6=1; ip link set {end} mtu 9000 up promisc on"]
            subprocess.run(with_sys, check=True, capture_output=True)
        sensor = b.start("sensor", "ip", "netns", "exec", name, SENSOR, "-i", "tap1", "-l", b.path("live"), *rules)
        time.sleep(1.5)
        # As fast as recorded spans allow: time between packets counts for flows only beyond seconds, so play far faster than recorded.
        done = subprocess.run(["ip", "netns", "exec", name, "tcpreplay", "-i", "tap0", "--pps", "3000", whole], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[-500:]
        time.sleep(1.5)
        code = b.stop(sensor, signal.SIGINT)
        assert code == 0, f"sensor: exit {code}"
    finally:
        ip("netns", "del", name)
    live, replay = events(b.path("live", "eve.json")), events(b.path("replay", "eve.json"))
    stats = [json.loads(l) for l in open(b.path("live", "eve.json"), encoding="utf-8") if '"event_type":"stats"' in l][-1]["stats"]
    sent = int(next(l for l in done.stdout.splitlines() if "Successful packets" in l).split()[-1])
    assert stats["decoder"]["pkts"] + stats["capture"]["kernel_drops"] == sent, (stats["decoder"]["pkts"], stats["capture"], sent)
    only_live, only_replay = live - replay, replay - live
    # Rules with a threshold over time count differently when an hour is played in a second.
    timed = {k for k in (only_live | only_replay) if k[0] == "alert"}
    assert {k: v for k, v in live.items() if k[0] != "alert"} == {k: v for k, v in replay.items() if k[0] != "alert"}, (only_live, only_replay)
    assert len(timed) <= 2, (only_live, only_replay)
    print(f"{sent} packets sent, {stats['decoder']['pkts']} seen, {stats['capture']['kernel_drops']} lost; "
          f"{sum(live.values())} events as in the replay; differing timed rules: {sorted(timed)}")
