# SPDX-License-Identifier: Apache-2.0
"""A small city site in network namespaces, with a SPAN port.

One namespace is the layer-3 switch: a bridge for each segment, routing between
them, an uplink to the "internet" (documentation ranges only). Every host is a
namespace of its own on a switch port. The SPAN port mirrors what *enters* the
switch at each port, as "monitor ... rx" does on a real switch, so each frame is
seen once, with the MAC address of the device that sent it; of the switch's own
frames only ARP, DHCP and ICMP are taken.

Captures are merged, idle time between packets is stretched (exchanges keep
their real speed), and time is moved to a fixed date.
"""
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PCAPS = HERE.parent

SEGMENTS = {
    "cam": "10.20.4",
    "iot": "10.20.8",
    "ot": "10.30.1",
    "dc": "10.10.0",
    "net1": "203.0.113",
    "net2": "198.51.100",
}
INTERNET = ("net1", "net2")

# name: (segment, last byte, MAC, DHCP vendor class or None for a fixed address)
HOSTS = {
    "ntp01": ("dc", 10, "ac:1f:6b:10:00:10", None),
    "mqtt01": ("dc", 20, "ac:1f:6b:10:00:20", None),
    "nvr01": ("dc", 30, "ac:1f:6b:10:00:30", None),
    "ftp01": ("dc", 40, "ac:1f:6b:10:00:40", None),
    "lns01": ("dc", 45, "ac:1f:6b:10:00:45", None),
    "dns01": ("dc", 53, "ac:1f:6b:10:00:53", None),
    "portal01": ("dc", 80, "ac:1f:6b:10:00:80", None),
    "jump01": ("dc", 90, "ac:1f:6b:10:00:90", None),
    "cam-nguyen-trai": ("cam", 11, "44:47:cc:20:04:11", "HIKVISION IPC"),
    "cam-ninh-kieu": ("cam", 12, "44:47:cc:20:04:12", "HIKVISION IPC"),
    "cam-hung-vuong": ("cam", 13, "08:ed:ed:20:04:13", "dahua IPC"),
    "level-cai-rang": ("iot", 21, "24:6f:28:20:08:21", "esp-idf"),
    "level-binh-thuy": ("iot", 22, "24:6f:28:20:08:22", "esp-idf"),
    "rain-o-mon": ("iot", 31, "00:d0:2c:20:08:31", "CR1000X"),
    "air-ninh-kieu": ("iot", 32, "00:07:7c:20:08:32", "linux-armv7l"),
    "lora-cai-rang": ("iot", 41, "70:76:ff:20:08:41", "udhcp 1.31.1"),
    "scada01": ("ot", 5, "74:fe:48:0a:30:05", None),
    "rtu-pump-cai-khe": ("ot", 11, "00:80:f4:0e:11:01", "Telemecanique RTU"),
    "rtu-pump-rach-ngong": ("ot", 12, "00:80:f4:0e:11:02", "Telemecanique RTU"),
    "plc-sluice-cai-khe": ("ot", 21, "28:63:36:21:07:15", None),
    "rtu-power-tra-noc": ("ot", 31, "00:90:e8:31:04:31", None),
    "laptop-guest": ("ot", 77, "3c:ec:ef:30:01:77", None),
    "attacker": ("net1", 66, "52:54:00:71:13:66", None),
    "resolver": ("net1", 53, "52:54:00:71:13:53", None),
    "c2": ("net2", 23, "52:54:00:64:10:23", None),
}

CORE_MAC = "00:1b:67:00:00:01"
ISP_MAC = "00:05:85:00:00:01"
DNS, NTP = "10.10.0.53", "10.10.0.10"


def sh(*args, check=True, **kw):
    return subprocess.run([str(a) for a in args], check=check, stdout=subprocess.DEVNULL, **kw)


def address(host):
    segment, last, _, _ = HOSTS[host]
    return f"{SEGMENTS[segment]}.{last}"


class Site:
    """The namespaces, the processes in them and the capture. Use it with `with`."""

    def __init__(self, hosts):
        self.tag = f"tg{os.getpid()}"
        self.hosts = list(hosts)
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix="tg-pcap-"))
        self.tmp.chmod(0o755)
        self.processes = []
        self.dumps = []
        self.ports = []
        self.phases = []
        self.file("pace", "1\n")

    def ns(self, host):
        return f"{self.tag}-{host}"

    def __enter__(self):
        try:
            self.build()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for p in reversed(self.processes + self.dumps):
            if p.poll() is None:
                try:
                    os.killpg(p.pid, signal.SIGTERM)
                except ProcessLookupError:
                    pass
        time.sleep(0.3)
        for host in self.hosts + ["core", "isp"]:
            ns = self.ns(host)
            pids = subprocess.run(["ip", "netns", "pids", ns], capture_output=True, text=True)
            for pid in pids.stdout.split():
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    pass
            subprocess.run(["ip", "netns", "del", ns], stderr=subprocess.DEVNULL)
            shutil.rmtree(f"/etc/netns/{ns}", ignore_errors=True)
        shutil.rmtree(self.tmp, ignore_errors=True)

    # --- building ---------------------------------------------------------

    def inside(self, host, *args, **kw):
        return sh("ip", "netns", "exec", self.ns(host), *args, **kw)

    def new_ns(self, host, forward):
        ns = self.ns(host)
        etc = pathlib.Path("/etc/netns") / ns
        etc.mkdir(parents=True, exist_ok=True)
        (etc / "resolv.conf").write_text(f"nameserver {DNS}\noptions timeout:2 attempts:1\n")
        (etc / "hosts").write_text("127.0.0.1 localhost\n")
        sh("ip", "netns", "add", ns)
        for key, value in (("net.ipv6.conf.all.disable_ipv6", 1),
                           ("net.ipv6.conf.default.disable_ipv6", 1),
                           ("net.ipv4.ip_forward", int(forward)),
                           ("net.ipv4.icmp_ratelimit", 0),
                           ("net.ipv4.ip_unprivileged_port_start", 0)):
            self.inside(host, "sysctl", "-qw", f"{key}={value}")
        self.inside(host, "ip", "link", "set", "lo", "up")

    def port(self, switch, bridge, host, name):
        """A cable from `host`'s eth0 to a bridge port of `switch`."""
        sh("ip", "link", "add", "eth0", "netns", self.ns(host), "type", "veth",
           "peer", "name", name, "netns", self.ns(switch))
        for where, dev in ((host, "eth0"), (switch, name)):
            self.inside(where, "ethtool", "-K", dev, "tx", "off", "rx", "off", "tso", "off",
                        "gso", "off", "gro", "off", stderr=subprocess.DEVNULL, check=False)
        if bridge:
            self.inside(switch, "ip", "link", "set", name, "master", bridge)
        self.inside(switch, "ip", "link", "set", name, "up")

    def bridge(self, switch, name, mac, *addresses):
        self.inside(switch, "ip", "link", "add", name, "address", mac, "type", "bridge",
                    "mcast_snooping", "0", "stp_state", "0")
        self.inside(switch, "ip", "link", "set", name, "up")
        for a in addresses:
            self.inside(switch, "ip", "addr", "add", a, "dev", name)

    def build(self):
        self.new_ns("core", True)
        self.new_ns("isp", True)
        for i, seg in enumerate(("cam", "iot", "ot", "dc")):
            self.bridge("core", f"br-{seg}", f"{CORE_MAC[:-2]}{i + 1:02x}", f"{SEGMENTS[seg]}.1/24")
        self.bridge("isp", "inet", ISP_MAC[:-2] + "02", "203.0.113.1/24", "198.51.100.1/24")
        sh("ip", "link", "add", "wan0", "netns", self.ns("core"), "type", "veth",
           "peer", "name", "city0", "netns", self.ns("isp"))
        for where, dev, mac, addr in (("core", "wan0", CORE_MAC[:-2] + "ff", "192.0.2.254/30"),
                                      ("isp", "city0", ISP_MAC, "192.0.2.253/30")):
            self.inside(where, "ip", "link", "set", dev, "address", mac)
            self.inside(where, "ethtool", "-K", dev, "tx", "off", "rx", "off", "tso", "off",
                        "gso", "off", "gro", "off", stderr=subprocess.DEVNULL, check=False)
            self.inside(where, "ip", "link", "set", dev, "up")
            self.inside(where, "ip", "addr", "add", addr, "dev", dev)
        self.inside("core", "ip", "route", "add", "default", "via", "192.0.2.253")
        self.inside("isp", "ip", "route", "add", "10.0.0.0/8", "via", "192.0.2.254")
        for n, host in enumerate(self.hosts):
            segment, last, mac, vendor = HOSTS[host]
            self.new_ns(host, False)
            switch, bridge = ("isp", "inet") if segment in INTERNET else ("core", f"br-{segment}")
            self.port(switch, bridge, host, f"p{n}")
            if switch == "core":
                self.ports.append(f"p{n}")
            self.inside(host, "ip", "link", "set", "eth0", "address", mac)
            self.inside(host, "ip", "link", "set", "eth0", "up")
            if vendor is None:
                self.fixed(host)
        self.udhcpc_script = self.tmp / "udhcpc.sh"
        self.udhcpc_script.write_text(
            "#!/bin/sh\n[ \"$1\" = bound ] || [ \"$1\" = renew ] || exit 0\n"
            "ip addr replace $ip/24 dev $interface\nip route replace default via $router\n")
        self.udhcpc_script.chmod(0o755)
        config = ["port=0", "no-resolv", "no-hosts", "dhcp-authoritative", "log-facility=-",
                  f"dhcp-leasefile={self.tmp}/leases", f"dhcp-option=6,{DNS}",
                  f"dhcp-option=42,{NTP}", "domain=iot.cantho.example", "user=root"]
        for seg in ("cam", "iot", "ot"):
            config.append(f"dhcp-range={SEGMENTS[seg]}.0,static,255.255.255.0,12h")
        for host in self.hosts:
            config.append(f"dhcp-host={HOSTS[host][2]},{address(host)},{host}")
        (self.tmp / "dhcp.conf").write_text("\n".join(config) + "\n")
        self.spawn("core", "dnsmasq", "-k", "-C", self.tmp / "dhcp.conf", quiet=True)

    def fixed(self, host):
        segment = HOSTS[host][0]
        self.inside(host, "ip", "addr", "add", f"{address(host)}/24", "dev", "eth0")
        self.inside(host, "ip", "route", "add", "default", "via", f"{SEGMENTS[segment]}.1")

    # --- running ----------------------------------------------------------

    def command(self, host, args):
        """The command line that runs `args` on `host`, under the host's own name."""
        return ["ip", "netns", "exec", self.ns(host), "unshare", "--uts", "sh", "-c",
                'hostname "$0"; exec "$@"', host] + [str(a) for a in args]

    def spawn(self, host, *args, quiet=True, stdin=subprocess.DEVNULL):
        out = subprocess.DEVNULL if quiet else None
        p = subprocess.Popen(self.command(host, args), stdin=stdin, stdout=out, stderr=out,
                             start_new_session=True, cwd=self.tmp)
        self.processes.append(p)
        return p

    def run(self, host, *args, timeout=120):
        """Run to the end; failure of the program is part of some scenarios, so it is not checked."""
        return subprocess.run(self.command(host, args), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace",
                              timeout=timeout, cwd=self.tmp)

    def dhcp(self, *hosts):
        for host in hosts:
            vendor = HOSTS[host][3]
            if vendor is None:
                continue
            self.run(host, "busybox", "udhcpc", "-f", "-q", "-n", "-i", "eth0", "-t", "3", "-T", "2",
                     "-s", self.udhcpc_script, "-x", f"hostname:{host}", "-V", vendor)

    def join(self):
        """All DHCP devices of the site ask for their address on the wire (they may have it already)."""
        self.dhcp(*self.hosts)

    def addresses(self):
        """Give all hosts their addresses before the capture begins, so that servers can bind to them."""
        for host in self.hosts:
            if HOSTS[host][3] is not None:
                self.fixed(host)

    def resolver_file(self, host, number):
        """`host` asks this resolver from its next program on."""
        (pathlib.Path("/etc/netns") / self.ns(host) / "resolv.conf").write_text(f"nameserver {number}\n")

    def hosts_file(self, host, name, number):
        """`host` knows `name` without asking."""
        with open(pathlib.Path("/etc/netns") / self.ns(host) / "hosts", "a") as f:
            f.write(f"{number} {name}\n")

    def file(self, name, text, mode=0o644):
        path = self.tmp / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text)
        path.chmod(mode)
        return path

    # --- capture ----------------------------------------------------------

    def record(self):
        own = "arp or udp src port 67 or icmp and (" + " or ".join(
            f"src host {SEGMENTS[s]}.1" for s in ("cam", "iot", "ot", "dc")) + ")"
        jobs = [(p, "in", "") for p in self.ports] + [("wan0", "in", "")]
        jobs += [(f"br-{s}", "out", own) for s in ("cam", "iot", "ot", "dc")]
        for dev, direction, what in jobs:
            self.dumps.append(self.spawn("core", "tcpdump", "-q", "-n", "-U", "--immediate-mode", "-i", dev, "-s", "0", "-B", "4096",
                                         "-Q", direction, "-w", self.tmp / f"{dev}.pcap", "-Z", "root", *([what] if what else [])))
        time.sleep(1.2)

    def phase(self, stretch, pace=None):
        """From now on idle gaps grow by `stretch`; loops that read the pace file sleep so many times longer."""
        self.phases.append((time.time_ns() // 1000, stretch))
        if pace is not None:
            self.file("pace", f"{pace}\n")

    def save(self, target, start, quiet_gap=0.02):
        """Stop the capture and write it. `start`: epoch seconds of the first packet."""
        time.sleep(1.2)
        for p in self.dumps:
            os.killpg(p.pid, signal.SIGINT)
        for p in self.dumps:
            p.wait(10)
        self.dumps = []
        packets = []
        for path in self.tmp.glob("*.pcap"):
            packets += read_pcap(path)
            path.unlink()
        packets.sort(key=lambda p: p[0])
        write_pcap(PCAPS / target, stretched(packets, start, [(0, 1)] + self.phases, quiet_gap))
        self.phases = []
        return len(packets)


def read_pcap(path):
    data = path.read_bytes()
    at = 24
    while at + 16 <= len(data):
        sec, usec, size, wire = struct.unpack_from("<IIII", data, at)
        yield (sec * 1_000_000 + usec, data[at + 16:at + 16 + size], wire)
        at += 16 + size


def stretched(packets, start, phases, quiet_gap):
    """Gaps longer than `quiet_gap` seconds grow by the factor of their phase; shorter ones stay."""
    clock = start * 1_000_000
    before = None
    limit = int(quiet_gap * 1_000_000)
    for at, frame, wire in packets:
        factor = [f for since, f in phases if since <= at][-1]
        gap = 0 if before is None else at - before
        before = at
        clock += gap if gap <= limit else limit + (gap - limit) * factor
        yield (int(clock), frame, wire)


def write_pcap(path, packets):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for at, frame, wire in packets:
            f.write(struct.pack("<IIII", at // 1_000_000, at % 1_000_000, len(frame), wire) + frame)


def build_c(site, name):
    """Compile a C program of this folder against libmodbus; gives its path."""
    out = site.tmp / name
    sh("gcc", "-O1", "-Wall", "-Wextra", "-o", out, HERE / f"{name}.c", "-lmodbus")
    return out


# 2026-11-16 06:00:00 +07:00, a Monday
MORNING = 1794783600


def day(n):
    """Six o'clock in Can Tho on the n-th day of the fixed week."""
    return MORNING + 86400 * n
