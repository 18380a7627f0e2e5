#!/usr/bin/python3
"""Live capture: two ends of a veth pair in a network namespace of its own, recorded traffic sent into one, the sensor on the other.

- What is captured live gives the events of a replay, byte for byte, as tcpdump recorded the same frames; tags and offloads too.
- A sensor that is too slow says exactly how much it lost, and where.
- Frames of the worst mirror (tests/replay/lossy.py) at full speed into a small ring, with rules loaded again meanwhile: the sensor stands.
- A broker that stands still loses nothing.
- Silence is told, and its end.

Needs root for the namespace."""
import collections
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../replay"))
import lossy
from lib import ANALYZER, LONG, ROOT, SENSOR, Api, Bench, alive, free_port, wait_for
from story import analyzer_config, write_password

CAPTURES = ["pcaps/modbus/write-stranger.pcap", "pcaps/mqtt/wildcard.pcap", "pcaps/telnet/loader.pcap"]
RULES = ["-c", os.path.join(ROOT, "rules/suricata/vars.yaml"), "-S", os.path.join(ROOT, "rules/suricata"), "--quiet"]
CLOCK = ("in_iface", "pcap_cnt")  # told live only, or by the place of a frame in a file
# Blocks of the ring that are handed over after this time, full or not: so all of them together hold what comes while we do not run.
PATIENT = ("--set", "capture.block-timeout=10ms", "--set", "capture.buffer=128M")


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True)


def in_namespace():
    """Runs this script again inside of a namespace of its own."""
    name = f"tg{os.getpid() % 100000}"
    if subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True).returncode != 0:
        print("no network namespaces may be made here, nothing tested")
        return 77
    run("ip", "netns", "add", name)
    try:
        return subprocess.run(["ip", "netns", "exec", name, sys.executable, os.path.abspath(__file__)], env={**os.environ, "TRAMGAC_NETNS": name}).returncode
    finally:
        run("ip", "netns", "del", name)


def veth(a, b_end):
    run("ip", "link", "add", a, "type", "veth", "peer", "name", b_end)
    for end in (a, b_end):
        own_frames = f"/proc/sys/net/ipv6/conf/{end}/disable_ipv6"
        if os.path.exists(own_frames):
            with open(own_frames, "w", encoding="ascii") as f:
                f.write("1")
        run("ip", "link", "set", end, "mtu", "9000", "up")


def read(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(l) for l in f if l.endswith("\n")]


def stats_of(name):
    return [e for e in read(b.path(name, "eve.json")) if e["event_type"] == "stats"][-1]["stats"]


def live(name, *more, iface="tap1"):
    os.makedirs(b.path(name), exist_ok=True)
    p = b.start(name, SENSOR, "-i", iface, "-l", b.path(name), *RULES, "--set", "metrics.listen=", *more)
    wait_for("the sensor captures", 30, lambda: subprocess.run([SENSOR, "ctl", "ping", "-l", b.path(name)], capture_output=True).returncode == 0)
    return p


def counted(name):
    """Frames that the sensor has read, or that its ring had no place for."""
    stats = json.loads(run(SENSOR, "ctl", "stats", "-l", b.path(name)).stdout)
    return stats.get("decoder", {}).get("pkts", 0) + stats.get("capture", {}).get("kernel_drops", 0)


def end(p, name="", sent=0):
    """A busy kernel may still be carrying frames from one end to the other."""
    if name:
        wait_for(f"{sent} frames came to the sensor", 60, lambda: counted(name) >= sent)
    code = b.stop(p, signal.SIGINT)
    assert code == 0, f"sensor: exit {code}"


def frames_of(path):
    """The times, in nanoseconds, of the whole records of a capture that may still be written to."""
    with open(path, "rb") as f:
        data = f.read()
    number = lambda at: int.from_bytes(data[at:at + 4], sys.byteorder)
    times, at = [], 24
    while at + 16 <= len(data) and at + 16 + number(at + 8) <= len(data):
        times.append(number(at) * 10**9 + number(at + 4))
        at += 16 + number(at + 8)
    return times


def refused():
    """Frames that the kernel's queue before the other end had no room for: no capture ever sees them."""
    with open("/sys/class/net/tap0/statistics/tx_dropped", encoding="ascii") as f:
        return int(f.read())


def play(capture, *more):
    before = refused()
    done = run("tcpreplay", "-i", "tap0", *more, capture)
    return int(next(l for l in done.stdout.splitlines() if "Successful packets" in l).split()[-1]) - (refused() - before)


def stopped(p, send):
    """Sends while the sensor stands still."""
    os.killpg(p.pid, signal.SIGSTOP)
    sent = send()
    os.killpg(p.pid, signal.SIGCONT)
    return sent


def comparable(path):
    """Events without what a replay cannot know."""
    found = [e for e in read(path) if e["event_type"] not in ("stats", "visibility")]
    for e in found:
        for key in CLOCK:
            e.pop(key, None)
    return found


def split(events, last_ns):
    """All before the last frame, in order. After it a capture of files ends at once, an interface when it is told to: of that time the
    flows that were still open, without what depends on when they ended."""
    last = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(last_ns // 10**9)) + f".{last_ns % 10**9 // 1000:06}"
    whole = [json.dumps(e) for e in events if e["timestamp"][:26] < last]
    rest = sorted((e["flow_id"], e["flow"]["pkts_toserver"], e["flow"]["pkts_toclient"]) for e in events if e["event_type"] == "flow" and e["timestamp"][:26] >= last)
    return whole, rest


def same_as_replay():
    record = b.path("record.pcap")
    fast = ("--set", "flow.timeout.udp.new=1s", "--set", "flow.timeout.udp.established=1s", "--set", "flow.timeout.tcp.closed=1s")
    # A place of its buffer is as large as a frame may be: so all frames have one, should tcpdump not run meanwhile.
    dump = b.start("tcpdump", "tcpdump", "-i", "tap1", "--time-stamp-precision=nano", "--immediate-mode", "-s", "9216", "-B", "65536", "-U", "-w", record, "-Z", "root")
    wait_for("tcpdump listens", 30, lambda: os.path.exists(record) and os.path.getsize(record) >= 24)
    sensor = live("live", "--workers", "2", *fast, *PATIENT)
    sent = play(b.path("tagged.pcap"), "--pps", "250")
    now = time.strftime("%Y-%m-%dT%H:%M:%S.999999", time.gmtime())
    wait_for("seconds begin, flows end, though no frame comes", 20, lambda: any(
        e["event_type"] == "flow" and e["timestamp"] > now for e in read(b.path("live", "eve.json"))))
    sent += play(b.path("tagged.pcap"), "--limit", "1")
    end(sensor, "live", sent)
    wait_for("tcpdump wrote them all", 60, lambda: len(frames_of(record)) >= sent)
    b.stop(dump, signal.SIGINT)
    stats = stats_of("live")
    assert stats["decoder"]["pkts"] == sent and stats["capture"]["kernel_packets"] == sent and stats["capture"]["kernel_drops"] == 0, (sent, stats["capture"])
    assert stats["decoder"]["vlan"] > 0, "no VLAN tag came through"
    os.makedirs(b.path("replay"))
    run(SENSOR, "-r", record, "-l", b.path("replay"), *RULES, *fast)
    one, two = comparable(b.path("live", "eve.json")), comparable(b.path("replay", "eve.json"))
    last_ns = frames_of(record)[-1]
    (whole, rest), (whole_two, rest_two) = split(one, last_ns), split(two, last_ns)
    ended = collections.Counter(json.loads(l)["flow"]["reason"] for l in whole if '"event_type": "flow"' in l)
    assert ended["timeout"] > 0 and len(whole) > 200, (len(whole), ended)
    differing = [pair for pair in zip(whole, whole_two) if pair[0] != pair[1]]
    assert whole == whole_two, (len(whole), len(whole_two), differing[:1])
    assert rest == rest_two, (rest, rest_two)
    print(f"live as replayed: {sent} packets, {len(whole)} events the same bytes; flows ended {dict(ended)}")


def offloaded():
    """What this host sends is seen before its card would have filled in the checksums."""
    run("ip", "addr", "add", "10.99.0.1/24", "dev", "tap0")
    run("ip", "neigh", "add", "10.99.0.2", "lladdr", "02:00:00:00:00:02", "dev", "tap0")
    sensor = live("offloaded", "-k", "all")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for i in range(20):
            s.sendto(b"x" * (i + 1), ("10.99.0.2", 9999))
    wait_for("the packets are seen", 20, lambda: json.loads(run(SENSOR, "ctl", "stats", "-l", b.path("offloaded")).stdout).get("decoder", {}).get("udp", 0) >= 20)
    end(sensor)
    run("ip", "addr", "del", "10.99.0.1/24", "dev", "tap0")
    decoder = stats_of("offloaded")["decoder"]
    assert decoder["checksum_bad"] == 0 and decoder["checksum_offload"] == 20, decoder
    print("checksums that are still to be filled in are not taken for wrong")


def overloaded():
    sensor = live("slow", "--set", "capture.buffer=4M")
    sent = stopped(sensor, lambda: play(b.path("all.pcap"), "--topspeed", "--loop", "200"))
    sent += play(b.path("all.pcap"), "--topspeed")
    end(sensor, "slow", sent)
    stats = stats_of("slow")
    lost, seen = stats["capture"]["kernel_drops"], stats["decoder"]["pkts"]
    assert lost > 0 and seen + lost == sent == stats["capture"]["nic_packets"], (sent, seen, lost, stats["capture"])
    row = next(r for r in stats["ledger"] if r["stage"] == "kernel")
    assert row["name"] == "ring_full" and row["lost"] == lost and row["cause"]["vi"] and row["remedy"]["en"], row
    print(f"overloaded: {sent} sent = {seen} seen + {lost} lost in the ring, by name")


def stormed(workers):
    """Gaps, copies, disorder and damage by the generator; more of all of it by a ring that overflows; other rules every moment."""
    name, capture, rules = f"storm{workers}", b.path("storm.pcap"), b.path("made.rules")
    paths = [os.path.join(ROOT, c) for c in CAPTURES]
    frames = [f for seed in range(12) for f in lossy.capture_of(seed, paths)[0]]
    lossy.write(capture, [[lossy.BEGIN + i * 1000, f[1], len(f[1])] for i, f in enumerate(frames) if 14 <= len(f[1]) <= 9000])
    with open(rules, "w", encoding="ascii") as f:
        f.write(lossy.RULES)
    sensor = live(name, "-S", rules, "--workers", str(workers), "--set", "capture.buffer=1M", "--set", "stream.inline=yes")
    sent = stopped(sensor, lambda: play(capture, "--topspeed"))  # more than fits into the ring
    for i in range(4):
        with open(rules, "w", encoding="ascii") as f:
            f.write("".join(lossy.RULES.splitlines(keepends=True)[i % 3:]))
        asked = subprocess.Popen([SENSOR, "ctl", "reload", "-l", b.path(name)], stdout=subprocess.DEVNULL)
        sent += play(capture, "--topspeed")
        assert asked.wait(LONG) == 0, "the new rules were refused"
        assert sensor.poll() is None, "the sensor fell"
    end(sensor, name, sent)
    stats = stats_of(name)
    lost, seen = stats["capture"]["kernel_drops"], stats["decoder"]["pkts"]
    assert lost > 0 and seen + lost == sent == stats["capture"]["nic_packets"], (sent, seen, lost, stats["capture"])
    said = open(b.path(f"{name}.log"), encoding="utf-8", errors="replace").read()
    assert "runtime error" not in said and "Sanitizer" not in said, said[-3000:]
    reloads = sum(e["event_type"] == "rules" and e["rules"]["state"] == "in_force" for e in read(b.path(name, "eve.json")))
    assert reloads >= 2, reloads
    print(f"storm, {workers} workers: {sent} sent = {seen} seen + {lost} lost, {stats['detect']['alert']} alerts, rules exchanged {reloads} times")


def stalled():
    mqtt, port = free_port(), free_port()
    broker = b.broker(mqtt)
    hook = b.receiver()
    config = analyzer_config(b, mqtt, hook.server_address[1])
    write_password(b, config)
    b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}")
    wait_for("the analyzer answers", 30, lambda: alive(port))
    sensor = live("stalled", "--analyzer", f"mqtt:127.0.0.1:{mqtt}", "--set", f"output.wait={LONG}s", *PATIENT)
    os.killpg(broker.pid, signal.SIGSTOP)
    sent = play(b.path("all.pcap"), "--pps", "3000", "--loop", "5")
    wait_for("all packets are worked off", 60, lambda: counted("stalled") == sent)
    os.killpg(broker.pid, signal.SIGCONT)
    end(sensor)
    stats = stats_of("stalled")
    assert stats["capture"]["kernel_drops"] == 0 and not stats["ledger"], stats["ledger"]
    written = len(read(b.path("stalled", "eve.json")))
    api = Api(port)
    wait_for("all events are stored", 60, lambda: sum(s["events"] for s in api.get("/api/sensors")["items"]) == written)
    assert all(s["stats"]["ledger"] == [] for s in api.get("/api/sensors")["items"]), "the ledger does not reach the analyzer"
    print(f"broker stopped: {sent} packets, {written} events written, {written} stored, nothing lost")


def silent():
    run("ip", "link", "add", "tap2", "type", "veth", "peer", "name", "tap3")
    sensor = live("silent", "-i", "lo", "--set", "capture.silence=2s", "--set", "metrics.listen=127.0.0.1:9640")
    wait_for("metrics", 10, lambda: b"tramgac_capture_kernel_packets" in urllib.request.urlopen("http://127.0.0.1:9640/metrics", timeout=LONG).read())
    told = lambda what: [e for e in read(b.path("silent", "eve.json")) if e["event_type"] == "visibility" and e["visibility"]["what"] == what and e["visibility"]["interface"] == "tap1"]
    wait_for("silence is told", 20, lambda: told("no traffic"))
    play(b.path("all.pcap"), "--topspeed", "--limit", "5")
    wait_for("its end is told", 20, lambda: told("traffic resumed"))
    end(sensor)
    doctor = subprocess.run([SENSOR, "doctor", "-i", "tap1", "-i", "tap3", "--format", "json"], capture_output=True, text=True)
    found = {(f["interface"], f["check"]): f for f in json.loads(doctor.stdout)}
    assert doctor.returncode == 1 and found["tap3", "link"]["state"] == "fault" and found["tap3", "link"]["mend"] == "ip link set tap3 up", found
    assert found["tap1", "link"]["state"] == "ok"
    print("silence and its end are told; doctor names what mends an interface")


if os.geteuid() != 0:
    print("not root: no network namespaces, nothing tested")
    sys.exit(77)
if "TRAMGAC_NETNS" not in os.environ:
    sys.exit(in_namespace())
run("ip", "link", "set", "lo", "up")
with Bench("live") as b:
    veth("tap0", "tap1")
    run("mergecap", "-a", "-F", "pcap", "-w", b.path("all.pcap"), *[os.path.join(ROOT, c) for c in CAPTURES])
    run("tcprewrite", "--enet-vlan=add", "--enet-vlan-tag=40", "--enet-vlan-cfi=0", "--enet-vlan-pri=3", "-i", os.path.join(ROOT, CAPTURES[1]), "-o", b.path("tag.pcap"))
    run("mergecap", "-a", "-F", "pcap", "-w", b.path("tagged.pcap"), b.path("all.pcap"), b.path("tag.pcap"))
    same_as_replay()
    offloaded()
    overloaded()
    stormed(1)
    stormed(2)
    stalled()
    silent()
