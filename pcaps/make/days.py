#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An ordinary time of each profile: days.py [NAME]... (all by default). Idle time is stretched."""
import sys

import things
from city import Site, address, day

NET = ["ntp01", "dns01"]


def base(site):
    things.dns(site)
    things.ntp(site)
    things.wait(0.5)


def modbus():
    """Two RTUs polled by the master; an operator switches pump 1 now and then."""
    rtus = ["rtu-pump-cai-khe", "rtu-pump-rach-ngong"]
    with Site(NET + rtus + ["scada01"]) as s:
        base(s)
        s.record()
        s.dhcp(*rtus)
        things.rtu(s, *rtus)
        things.wait(0.5)
        s.phase(60)
        things.ask_time(s, *rtus, "scada01")
        things.master(s, 250, 60, 25, *rtus)
        things.wait(18)
        return s.save("modbus/day.pcap", day(1))


def s7():
    """The HMI reads a sluice PLC by S7 and by EtherNet/IP, and writes at times."""
    with Site(NET + ["plc-sluice-cai-khe", "scada01"]) as s:
        base(s)
        s.spawn("plc-sluice-cai-khe", *things.python("plc", "serve"))
        s.record()
        s.phase(60)
        things.ask_time(s, "plc-sluice-cai-khe", "scada01")
        things.wait(0.5)
        s.spawn("scada01", *things.python("plc", "hmi", address("plc-sluice-cai-khe"), 120, 0.15, 40))
        s.spawn("scada01", *things.python("plc", "enip", address("plc-sluice-cai-khe"), 20, 0.9))
        things.wait(21)
        return s.save("s7/day.pcap", day(1))


def telecontrol():
    """A control centre with a substation RTU: IEC 104 values, DNP3 class polls."""
    with Site(NET + ["rtu-power-tra-noc", "scada01"]) as s:
        base(s)
        s.spawn("rtu-power-tra-noc", *things.python("telecontrol", "serve"))
        s.record()
        s.phase(60)
        things.ask_time(s, "rtu-power-tra-noc")
        things.wait(0.5)
        a = address("rtu-power-tra-noc")
        s.spawn("scada01", *things.python("telecontrol", "centre104", a, 40, 0.4))
        s.spawn("scada01", *things.python("telecontrol", "centrednp3", a, 40, 0.45))
        things.wait(20)
        return s.save("telecontrol/day.pcap", day(1))


def logger(site, host, user, cycles, seconds, target):
    ftp = f"ftp://{user}@ftp01.{things.ZONE}/"
    row = f"2026-11-16 06:00,{host},12.4,0.2,26.1,7.9\\n"
    site.spawn(host, "sh", "-c",
               f"n=0; while [ $n -lt {cycles} ]; do n=$((n+1)); printf '{row}{row}{row}' > {site.tmp}/{host}.csv;"
               f" curl -s -T {site.tmp}/{host}.csv {ftp}{target}-$n.csv; sleep {seconds}; done")


def station(host, user, cycles, seconds, target, file):
    with Site(NET + [host, "ftp01"]) as s:
        base(s)
        (s.tmp / "ftp").mkdir()
        s.spawn("ftp01", *things.python("ftpd", s.tmp / "ftp", user))
        things.wait(1)
        s.record()
        s.dhcp(host)
        s.phase(240)
        things.ask_time(s, host)
        logger(s, host, user, cycles, seconds, target)
        things.wait(cycles * (seconds + 0.15) + 2)
        return s.save(file, day(1))


def hydromet():
    """A rain logger sends a file every five minutes."""
    return station("rain-o-mon", "rain:Mua-Rao-5", 12, 1.2, "rain", "ftp/hydromet-day.pcap")


def environment():
    """An air-quality station sends one file for each result."""
    return station("air-ninh-kieu", "air:Khong-Khi-7", 12, 1.2, "CTHO_KKNK", "ftp/env-day.pcap")


def lorawan():
    """A gateway keeps its downlink path open and forwards uplinks."""
    with Site(NET + ["lora-cai-rang", "lns01"]) as s:
        base(s)
        s.spawn("lns01", *things.python("lorawan", "serve"))
        s.record()
        s.dhcp("lora-cai-rang")
        s.phase(60)
        things.ask_time(s, "lora-cai-rang")
        s.spawn("lora-cai-rang", *things.python("lorawan", "gateway", f"lns01.{things.ZONE}", 90, 0.17))
        things.wait(18)
        return s.save("lorawan/day.pcap", day(1))


def mqtt():
    """Two level sensors publish in one long session each; the dashboard reads its topics."""
    sensors = ["level-cai-rang", "level-binh-thuy"]
    with Site(NET + sensors + ["mqtt01", "portal01"]) as s:
        base(s)
        things.broker(s)
        things.wait(0.5)
        s.record()
        s.dhcp(*sensors)
        s.phase(120)
        things.ask_time(s, *sensors)
        s.spawn("portal01", "mosquitto_sub", "-h", f"mqtt01.{things.ZONE}", "-i", "portal-levels", "-u", "dashboard",
                "-P", things.ACCOUNTS["dashboard"], "-t", "sensors/+/level", "-k", "60")
        things.wait(0.3)
        for h in sensors:
            things.level_sensor(s, h, 0.5)
        things.wait(20)
        return s.save("mqtt/day.pcap", day(1))


def camera():
    """Three cameras stream to the recorder, which also asks them by ONVIF."""
    cameras = ["cam-nguyen-trai", "cam-ninh-kieu", "cam-hung-vuong"]
    with Site(NET + cameras + ["nvr01"]) as s:
        base(s)
        for c in cameras:
            things.camera(s, c)
        things.wait(0.8)
        s.record()
        s.dhcp(*cameras)
        s.phase(60)
        things.ask_time(s, *cameras)
        things.recorder(s, *cameras, seconds=3)
        things.wait(20)
        return s.save("camera/day.pcap", day(1))


def office():
    """What administrators do: SSH with the right key, web pages over TLS, names, CoAP reads, a firmware check."""
    with Site(NET + ["jump01", "portal01", "lora-cai-rang", "level-cai-rang", "resolver", "mqtt01"]) as s:
        base(s)
        s.addresses()
        things.ssh_server(s, "portal01", key=True)
        things.tls_server(s, "portal01", "portal01." + things.ZONE)
        root = things.web(s, "portal01", "location / { }", extra="")
        (root / "index.html").write_text("<html><title>Portal</title></html>\n")
        s.spawn("level-cai-rang", "coap-server-notls", "-A", "0.0.0.0")
        things.wait(1)
        s.record()
        s.phase(60)
        things.ask_time(s, "portal01", "jump01")
        for _ in range(3):
            things.ssh_login(s, "jump01", "portal01")
            s.run("jump01", "curl", "-s", "-k", "-o", "/dev/null", f"https://portal01.{things.ZONE}/")
            s.run("jump01", "curl", "-s", "-o", "/dev/null", f"http://portal01.{things.ZONE}/index.html")
            s.run("jump01", "coap-client-notls", "-m", "get", f"coap://{address('level-cai-rang')}/time", "-B", "2")
            s.run("jump01", "getent", "ahostsv4", "www.example")
            things.wait(1)
        return s.save("dc/office-day.pcap", day(1))


def join():
    """Devices of all segments ask for their addresses."""
    hosts = ["cam-nguyen-trai", "cam-hung-vuong", "level-cai-rang", "rain-o-mon", "air-ninh-kieu", "lora-cai-rang", "rtu-pump-cai-khe"]
    with Site(NET + hosts) as s:
        base(s)
        s.record()
        s.phase(20)
        s.dhcp(*hosts)
        things.ask_time(s, *hosts)
        things.wait(2)
        return s.save("dhcp/join.pcap", day(1))


ALL = [modbus, s7, telecontrol, hydromet, environment, lorawan, mqtt, camera, office, join]


def main():
    for f in ALL:
        if len(sys.argv) == 1 or f.__name__ in sys.argv[1:]:
            print(f.__name__, f(), "packets", flush=True)


if __name__ == "__main__":
    main()
