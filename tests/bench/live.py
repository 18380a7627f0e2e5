#!/usr/bin/python3
"""Live capture on a veth pair: highest rate without loss and alert latency, beside Suricata's AF_PACKET with the same rules.

  live.py CAPTURE --rules FILE [--workers 1,2] [--rates 150,200,260,320,380,max] [--seconds 4] [--suricata] [--latency 300]

Needs root (a network namespace of its own), gcc for the packet generator (send_frames.c), and a machine with little else to do: the
generator takes one processor. Its session is given most of the machine where sessions have shares. Addresses shift with each pass over the capture, so flows do not repeat. For each rate: sent, seen,
lost by name, CPU of the sensor per packet. Latency: lone UDP packets that fire one rule, from the sending to the line in eve.json.
"""
import argparse
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("capture", nargs="?")
ap.add_argument("--rules")
ap.add_argument("--workers", default="1,2")
ap.add_argument("--rates", default="150,200,260,320,380,max", help="thousand packets a second")
ap.add_argument("--seconds", type=float, default=4)
ap.add_argument("--buffer", default="32M")
ap.add_argument("--latency", type=int, default=300)
ap.add_argument("--suricata", action="store_true")
ap.add_argument("--set", action="append", default=[])
ap.add_argument("--sensor", default=os.path.join(HERE, "../../build/release/tramgac-sensor"))
a = ap.parse_args()


def session_share(nice):
    """Other programs shall not be what is measured: this session (sched(7), autogroup) goes before them. Returns what was before."""
    try:
        with open("/proc/self/autogroup", "r+", encoding="ascii") as f:
            before = int(f.read().split()[-1])
            f.write(str(nice))
        return before
    except (OSError, ValueError, IndexError):
        return 0


if "TRAMGAC_NETNS" not in os.environ:
    name = f"tgb{os.getpid() % 100000}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    share = session_share(-20)
    try:
        sys.exit(subprocess.run(["ip", "netns", "exec", name, sys.executable, *sys.argv], env={**os.environ, "TRAMGAC_NETNS": name}).returncode)
    finally:
        session_share(share)
        subprocess.run(["ip", "netns", "del", name])

work = tempfile.mkdtemp(prefix="tramgac-live.")
send = os.path.join(work, "send_frames")
subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-o", send, os.path.join(HERE, "send_frames.c")], check=True)
subprocess.run("ip link set lo up; ip link add tap0 type veth peer name tap1; for e in tap0 tap1; do sysctl -qw net.ipv6.conf.$e.disable_ipv6=1; "
               "ip link set $e mtu 3000 up; done", shell=True, check=True)


class Tramgac:
    def __init__(self, workers, rules):
        self.dir = tempfile.mkdtemp(dir=work)
        self.words = [a.sensor, "-i", "tap1", "-l", self.dir, "--quiet", "--workers", str(workers), "--set", "metrics.listen=", "--set", f"capture.buffer={a.buffer}"]
        self.words += ["-c", os.path.join(HERE, "../../rules/suricata/vars.yaml")] + (["-S", rules] if rules else [])
        for s in a.set:
            self.words += ["--set", s]
        self.eve = os.path.join(self.dir, "eve.json")

    def start(self):
        self.p = subprocess.Popen(self.words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while subprocess.run([a.sensor, "ctl", "ping", "-l", self.dir], capture_output=True).returncode:
            assert self.p.poll() is None, "the sensor ended"
            time.sleep(0.2)

    def figures(self):
        with open(self.eve, encoding="utf-8") as f:
            s = [l for l in f if '"event_type":"stats"' in l][-1]
        s = json.loads(s)["stats"]
        return s["decoder"]["pkts"], s["capture"]["kernel_drops"]


class Suricata:
    def __init__(self, workers, rules):
        self.dir = tempfile.mkdtemp(dir=work)
        with open("/etc/suricata/suricata.yaml", encoding="utf-8") as f:
            text = f.read()
        ring = int(float(a.buffer.rstrip("M")) * (1 << 20) / 1600 / workers)
        text = re.sub(r"\naf-packet:\n.*?\n# Linux high speed af-xdp", f"\naf-packet:\n  - interface: tap1\n    threads: {workers}\n    cluster-id: 99\n    "
                      f"cluster-type: cluster_flow\n    defrag: yes\n    use-mmap: yes\n    tpacket-v3: yes\n    ring-size: {ring}\n    block-size: 1048576\n# Linux high speed af-xdp", text, flags=re.S)
        self.yaml = os.path.join(self.dir, "s.yaml")
        with open(self.yaml, "w", encoding="utf-8") as f:
            f.write(text)
        empty = os.path.join(self.dir, "none.rules")
        open(empty, "w").close()
        self.words = ["suricata", "-c", self.yaml, "--af-packet=tap1", "-S", rules or empty, "-l", self.dir, "--runmode", "workers"]
        self.eve = os.path.join(self.dir, "eve.json")

    def start(self):
        self.p = subprocess.Popen(self.words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        log = os.path.join(self.dir, "suricata.log")
        while not (os.path.exists(log) and "Engine started" in open(log, encoding="utf-8").read()):
            assert self.p.poll() is None, "Suricata ended"
            time.sleep(0.3)
        time.sleep(1)

    def figures(self):
        with open(self.eve, encoding="utf-8") as f:
            s = [l for l in f if '"event_type":"stats"' in l][-1]
        s = json.loads(s)["stats"]["capture"]
        return s["kernel_packets"], s["kernel_drops"]


def cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def one_rate(kind, workers, rate):
    engine = kind(workers, a.rules)
    engine.start()
    before = cpu(engine.p.pid)
    words = [send, "tap0", a.capture, "--seconds", str(a.seconds)] + ([] if rate == "max" else ["--rate", str(int(float(rate) * 1000))])
    out = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    sent, pps = int(out.split()[0]), float(re.search(r"([\d.]+) packets/s", out)[1])
    time.sleep(0.5)
    spent = cpu(engine.p.pid) - before
    engine.p.send_signal(signal.SIGINT)
    engine.p.wait()
    seen, lost = engine.figures()
    if kind is Suricata:
        seen -= lost
    print(f"{kind.__name__:9s} {workers} workers: sent {sent:8d} at {pps / 1000:4.0f} k/s, seen {seen:8d}, lost {lost:8d} = {100 * lost / sent:5.2f} %, "
          f"unaccounted {sent - seen - lost}, {spent / max(seen, 1) * 1e6:.2f} us CPU/packet", flush=True)
    return lost


def latency(kind):
    rules = os.path.join(work, "one.rules")
    with open(rules, "w", encoding="utf-8") as f:
        f.write('alert udp any any -> any 9999 (msg:"latency"; content:"latency-probe"; sid:1; rev:1;)\n')
    engine = kind(1, rules)
    engine.start()
    payload = b"latency-probe"
    ip = bytearray(bytes.fromhex("4500 0000 0001 0000 4011 0000 0a01 0001 0a02 0002".replace(" ", "")))
    ip[2:4] = (28 + len(payload)).to_bytes(2, "big")
    total = sum(int.from_bytes(ip[i:i + 2], "big") for i in range(0, 20, 2))
    total = (total & 0xffff) + (total >> 16)
    ip[10:12] = (0xffff - total).to_bytes(2, "big")
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    tap.bind(("tap0", 0))
    while not os.path.exists(engine.eve):
        time.sleep(0.1)
    times = []
    with open(engine.eve, "rb") as f:
        f.seek(0, 2)
        for i in range(a.latency):
            port = 20000 + i
            udp = port.to_bytes(2, "big") + (9999).to_bytes(2, "big") + (8 + len(payload)).to_bytes(2, "big") + b"\0\0"
            frame = b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + bytes(ip) + udp + payload
            start = time.perf_counter()
            tap.send(frame)
            held = b""
            while True:
                held += f.read()
                if f'"src_port":{port}'.encode() in held and b'"event_type":"alert"' in held:
                    break
                if time.perf_counter() - start > 5:
                    raise SystemExit(f"no alert for packet {i}")
            times.append((time.perf_counter() - start) * 1000)
            time.sleep(0.003 + (i * 7919 % 17) / 1000)
    engine.p.send_signal(signal.SIGINT)
    engine.p.wait()
    times.sort()
    print(f"{kind.__name__:9s} latency of {a.latency} alerts: p50 {statistics.median(times):.2f} ms, p99 {times[int(len(times) * 0.99)]:.2f} ms, most {times[-1]:.2f} ms", flush=True)


kinds = [Tramgac] + ([Suricata] if a.suricata else [])
print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
for kind in kinds:
    if a.latency:
        latency(kind)
    for workers in [int(w) for w in a.workers.split(",")] if a.capture else []:
        for rate in a.rates.split(","):
            one_rate(kind, workers, rate)
