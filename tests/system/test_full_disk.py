#!/usr/bin/python3
"""No space left, three times: for eve.json, for the spool, for the analyzer's store. Each says so once, loses nothing that it can keep,
counts what it cannot, and goes on by itself when there is space again. Needs root for small file systems in memory."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER, LONG, ROOT, SENSOR, Api, Bench, alive, free_port, wait_for
from story import CAPTURE, replay_words, settled, write, write_password


class Small:
    """A file system in memory of so many KB, with a file that fills it up to what is to be free."""

    def __init__(self, b, name, kilobytes):
        self.path = b.path(name)
        os.makedirs(self.path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tramgac-test", self.path], check=True)

    def fill(self, keep_kilobytes):
        st = os.statvfs(self.path)
        n = st.f_bavail * st.f_frsize - keep_kilobytes * 1024
        with open(os.path.join(self.path, "filler"), "wb") as f:
            f.write(b"\0" * max(0, n))

    def free(self):
        os.unlink(os.path.join(self.path, "filler"))

    def done(self):
        subprocess.run(["umount", "-l", self.path], check=False)


if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tramgac-test", "/mnt"], capture_output=True).returncode != 0:
    print("no small file systems may be made here, nothing tested")
    sys.exit(77)

with Bench("full") as b:
    # 1. eve.json: the run ends, says what is missing, and what was written is whole lines.
    small = Small(b, "eve", 400)
    try:
        done = subprocess.run([SENSOR, "-r", CAPTURE, "-l", small.path, "--quiet"], capture_output=True, text=True, timeout=LONG)
        lines = open(os.path.join(small.path, "eve.json"), "rb").read().split(b"\n")
        whole = sum(1 for l in lines[:-1] if json.loads(l))
        said = [l for l in done.stderr.splitlines() if "eve.json" in l]
        assert said and len(said) < 6, f"what was said: {done.stderr[-1500:]}"
        assert lines[-1] == b"", "a torn last line"
        print(f"eve.json full: {whole} whole lines written, exit {done.returncode}; said: {said[0]}")
    finally:
        small.done()

    # 2. The spool, with no analyzer there: bounded, the run ends, what was shed is said.
    small = Small(b, "spool-disk", 300)
    try:
        words = replay_words(b, "unix:" + b.path("nobody.sock"), out="sensor2", more=("--set", "output.wait=2s"))
        words[words.index("spool.dir=" + b.path("spool"))] = "spool.dir=" + os.path.join(small.path, "spool")
        done = subprocess.run(words, capture_output=True, text=True, timeout=LONG)
        assert done.returncode == 0, f"{done.returncode} {done.stderr[-1500:]}"
        eve = open(b.path("sensor2", "eve.json"), encoding="utf-8").read().count("\n")
        said = [l for l in done.stderr.splitlines() if "spool" in l or "shed" in l or "not delivered" in l or "deliver" in l]
        assert eve > 3000 and said, done.stderr[-1500:]
        print(f"spool full: eve.json whole ({eve} lines), exit {done.returncode}; said: {said[0]}")
    finally:
        small.done()

    # 3. The store: nothing is acknowledged while it cannot be kept; with space again all is there, once.
    small = Small(b, "store", 24000)
    try:
        port = free_port()
        os.symlink(small.path, b.path("data"))
        config = write(b.path("analyzer.yaml"),
                       f"ingest:\n  unix: {{path: {b.path('a.sock')}}}\nenrich:\n  site: {ROOT}/iot-profiles/site.yaml\n")
        write_password(b, config)
        analyzer = b.start("analyzer", ANALYZER, "-c", config, "--data", b.path("data"), "--listen", f"127.0.0.1:{port}", cwd=ROOT)
        wait_for("the analyzer answers", 30, lambda: alive(port))
        api = Api(port)
        small.fill(300)
        sensor = b.start("sensor", *replay_words(b, "unix:" + b.path("a.sock"), out="sensor3"))
        fault = wait_for("the store's fault shows in the health", 30, lambda: api.get("/api/health")["store_fault"])
        time.sleep(1)
        assert sensor.poll() is None, "the sensor ended although nothing was acknowledged"
        small.free()
        sensor.wait(LONG)
        assert sensor.returncode == 0
        sent = open(b.path("sensor3", "eve.json"), encoding="utf-8").read().count("\n")
        settled(api, sent)
        stored = sum(s["events"] for s in api.get("/api/sensors")["items"])
        incidents = api.get("/api/incidents?state=all")["items"]
        assert stored == sent and len(incidents) == 1, (stored, sent, len(incidents))
        b.stop(analyzer)
        print(f"store full: health said \"{fault}\"; with space again {stored} of {sent} events, 1 incident")
    finally:
        small.done()
