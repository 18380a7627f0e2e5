"""What the tests of the story share."""
import os
import subprocess

from lib import ANALYZER, LONG, PASSWORD, ROOT, SENSOR, wait_for

CAPTURE = os.path.join(ROOT, "pcaps/story/city-pump-attack.pcap")

# Each stage of the attack, by any of the techniques that prove it.
STAGES = [
    ("T1595", "T1046", "T0846", "T0842"),                  # the camera is scanned
    ("T1110", "T1110.001", "T1078", "T1078.001", "T0812"),  # brute force, default credentials
    ("T1105", "T1059", "T1059.004", "T0867"),               # the bot is loaded
    ("T0846", "T1046", "T0840", "T0888"),                   # the control network is scanned
    ("T0855", "T0836", "T0831"),                            # a coil is written
]


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def write_password(b, config):
    write(b.path("password"), PASSWORD + "\n")
    subprocess.run([ANALYZER, "user", "add", "lan", "--role", "analyst", "--password-file", b.path("password"),
                    "-c", config, "--data", b.path("data")], check=True, capture_output=True)


def analyzer_config(b, mqtt, hook):
    return write(b.path("analyzer.yaml"), f"""
ingest:
  mqtt: {{host: 127.0.0.1, port: {mqtt}}}
enrich:
  site: {ROOT}/iot-profiles/site.yaml
report:
  forms: {ROOT}/rules/reports
push:
  - {{name: ioc-city, type: cloudevents-http, url: "http://127.0.0.1:{hook}/events", secret: thu-nghiem, timeout: {LONG}s}}
  - {{name: ioc-mqtt, type: cloudevents-mqtt, host: 127.0.0.1, port: {mqtt}, timeout: {LONG}s}}
""")


def replay_words(b, to, out="sensor", more=()):
    os.makedirs(b.path(out), exist_ok=True)
    return [SENSOR, "-r", CAPTURE, "-c", os.path.join(ROOT, "rules/suricata/vars.yaml"), "-S", os.path.join(ROOT, "rules/suricata"), "-l", b.path(out), "--quiet",
            "--analyzer", to, "--set", "device.profiles=" + os.path.join(ROOT, "iot-profiles"),
            "--set", "device.site=" + os.path.join(ROOT, "iot-profiles/site.yaml"), "--set", "stream.inline=yes", "--set", "device.learn=30m", "--set", "device.observe=0", "--set", "files.yara=" + os.path.join(ROOT, "rules/yara"),
            "--set", "sensor.name=span-ot-1", "--set", "sensor.site=can-tho", "--set", "spool.dir=" + b.path("spool"), "--set", f"output.wait={LONG}s", *more]


def settled(api, events, seconds=60):
    """All events of the sensor are in, none is missing."""
    def all_in():
        sensors = api.get("/api/sensors")["items"]
        return sensors and sum(s["events"] for s in sensors) >= events and all(s["missing"] == 0 for s in sensors)
    wait_for(f"{events} events are stored", seconds, all_in)
