"""What the tests of several analyzers share: one PostgreSQL store, one broker, analyzers that can be killed."""
import os
import random
import signal
import socket
import subprocess
import time

from lib import ANALYZER, LONG, ROOT, SENSOR, Api, alive, free_port, wait_for
from story import CAPTURE, write, write_password

SERVER = os.path.join(ROOT, "tests/lib/postgres")
RABBIT = os.path.join(ROOT, "tests/lib/rabbitmq")
LEASE = 3  # seconds
KILLS = int(os.environ.get("TRAMGAC_KILLS", "4"))
SPEED = 80  # 39 minutes in half a minute: the kills have something to hit


def server(b, *words):
    return subprocess.run([SERVER, words[0], b.path("pg"), *words[1:]], timeout=LONG).returncode


def ask(b, database, sql):
    return subprocess.run(["psql", "-h", b.path("pg"), "-U", "postgres", "-At", "-c", sql, database], capture_output=True, text=True,
                          check=True, timeout=LONG).stdout.split("\n")[:-1]


class Rabbit:
    """RabbitMQ nodes on loopback. 77: it is not installed."""

    def __init__(self, b, n):
        self.dir, self.n = b.path("rabbit"), n
        os.makedirs(self.dir)
        os.chmod(self.dir, 0o755)
        self.base = self.free_ports()
        self.mqtt = [self.base + 1 + i for i in range(n)]
        self.amqp = [self.base + 11 + i for i in range(n)]

    @staticmethod
    def free_ports():
        while True:
            base = random.SystemRandom().randrange(20000, 32000)
            try:
                for port in (base, *(base + k + i for k in (1, 11, 21) for i in range(5))):
                    with socket.socket() as s:
                        s.bind(("127.0.0.1", port))
                return base
            except OSError:
                pass

    def do(self, verb, i=0):
        return subprocess.run([RABBIT, verb, self.dir, str(i), str(self.base)], timeout=LONG, stdout=subprocess.DEVNULL).returncode

    def start(self):
        for i in range(self.n):
            status = self.do("start", i)
            if status:
                return status
        return 0

    def end(self):
        for i in range(self.n):
            self.do("kill", i)
        self.do("end")


class Analyzers:
    """Analyzers at one database; `ingest` is the part of their configuration that names the broker."""

    def __init__(self, b, database, ingest, n, cluster=True):
        self.b, self.n, self.database = b, n, database
        assert server(b, "new", database) == 0
        self.ports = [free_port() for _ in range(n)]
        self.procs = [None] * n
        self.configs = []
        for i in range(n):
            self.configs.append(write(b.path(f"{database}{i}.yaml"), f"""
store: {{engine: postgres, place: "host={b.path('pg')} user=postgres dbname={database}"}}
cluster: {{enabled: {'yes' if cluster else 'no'}, name: analyzer-{i}, time: {LEASE}s}}
ingest:
  {ingest}
enrich:
  site: {ROOT}/iot-profiles/site.yaml
"""))
        write_password(b, self.configs[0])

    def start(self, i):
        self.procs[i] = self.b.start(f"{self.database}{i}", ANALYZER, "-c", self.configs[i], "--data", self.b.path(f"data-{self.database}{i}"),
                                     "--listen", f"127.0.0.1:{self.ports[i]}", cwd=ROOT)

    def up(self):
        for i, p in enumerate(self.procs):
            if p is None or p.poll() is not None:
                self.start(i)
        for port in self.ports:
            wait_for("the analyzer answers", 60, lambda: alive(port))

    def signal(self, i, how):
        os.killpg(self.procs[i].pid, how)

    def kill(self, i):
        self.b.stop(self.procs[i], signal.SIGKILL)

    def stop(self):
        for p in self.procs:
            self.b.stop(p)

    def api(self, i=0):
        return Api(self.ports[i])

    def keeper(self):
        held = ask(self.b, self.database, "SELECT holder FROM lease WHERE name='keeper'")
        return int(held[0].split("-")[1]) if held and held[0] else -1


def story_sensor(b, name, to, out, speed=None):
    os.makedirs(b.path(out), exist_ok=True)
    words = [SENSOR, "-r", CAPTURE, "-c", os.path.join(ROOT, "rules/suricata/vars.yaml"), "-S", os.path.join(ROOT, "rules/suricata"), "-l", b.path(out), "--quiet",
             "--analyzer", to, "--set", "device.profiles=" + os.path.join(ROOT, "iot-profiles"),
             "--set", "device.site=" + os.path.join(ROOT, "iot-profiles/site.yaml"), "--set", "device.learn=30m", "--set", "device.observe=0",
             "--set", "files.yara=" + os.path.join(ROOT, "rules/yara"), "--set", f"sensor.name={name}", "--set", "sensor.site=can-tho",
             "--set", "spool.dir=" + b.path("spool-" + out), "--set", f"output.wait={LONG}s"]
    return b.start(out, *words, *(["--speed", str(speed)] if speed else []))


def picture(b, database):
    """What an analyst would see, without wall-clock times."""
    groups = ask(b, database, "SELECT gid,sid,src,dst,site,n,first,last FROM grp ORDER BY 1,2,3,4,5,6,7")
    # The time of a line of the history is that of the event that was judged first; of two sensors, and of two classes of one, that
    # depends on when the sensor closed its messages, which goes by the wall clock. What the line says does not.
    incidents = ask(b, database, "SELECT i.title_en,i.severity,i.score,i.n_events,i.first,i.last,e.kind,e.text_en,e.technique FROM incident i "
                    "JOIN entry e ON e.incident=i.id WHERE i.state<>5 AND e.kind IN ('rule','stage','alert') ORDER BY 1,2,3,4,5,6,7,8,9")
    sums = ask(b, database, "SELECT (SELECT coalesce(sum(n),0) FROM spark)+(SELECT sum(hour_n) FROM grp),(SELECT sum(n) FROM rollup),(SELECT sum(alerts) FROM tally),"
               "(SELECT sum(alerts) FROM device),(SELECT count(*) FROM incident WHERE state<>5)")
    return {"groups": groups, "incidents": incidents, "sums": sums}


def stored_once(b, database):
    """Each line of each envelope is one row at most."""
    return ask(b, database, "SELECT count(*)-count(DISTINCT (origin,epoch,seq,line)) FROM event") == ["0"]


def all_in(b, database, events, seconds=180):
    def ready():
        got = ask(b, database, "SELECT coalesce(sum(events),0),(SELECT count(*) FROM envelope) FROM ledger")[0].split("|")
        return int(got[0]) >= events and got[1] == "0"
    wait_for(f"{events} events are stored and judged", seconds, ready, 0.3)
    got = ask(b, database, "SELECT sum(events),sum(given_up) FROM ledger")
    assert got == [f"{events}|0"], got


def difference(a, b):
    return {"only undisturbed": sorted(set(a) - set(b)), "only here": sorted(set(b) - set(a)), "rows": (len(a), len(b))}


def lines(b, *outs):
    return sum(open(b.path(out, "eve.json"), encoding="utf-8").read().count("\n") for out in outs)


def undisturbed(b):
    """One analyzer without a cluster behind mosquitto: what everything else is held against."""
    mqtt = free_port()
    b.broker(mqtt, "broker-calm")
    one = Analyzers(b, "calm", f"mqtt: {{host: 127.0.0.1, port: {mqtt}}}", 1, cluster=False)
    one.up()
    for name in ("north", "south"):
        assert story_sensor(b, name, f"mqtt:127.0.0.1:{mqtt}", "calm-" + name).wait(LONG) == 0
    sent = lines(b, "calm-north", "calm-south")
    all_in(b, "calm", sent)
    seen = picture(b, "calm")
    one.stop()
    return seen, sent


def disturbed(b, ingest, to, meanwhile=None):
    """Two analyzers, killed in turn, the keeper also stopped for longer than its lease and woken. `to`: where the sensors send;
    `meanwhile` is called once, in the middle."""
    dice = random.Random(20261122)
    both = Analyzers(b, "two", ingest, 2)
    both.up()
    sensors = [story_sensor(b, name, to[i % len(to)], "two-" + name, SPEED) for i, name in enumerate(("north", "south"))]
    kills, took_over, held = 0, 0, both.keeper()
    while kills < KILLS and any(s.poll() is None for s in sensors):
        time.sleep(dice.uniform(0.3, 1))
        if meanwhile and kills == KILLS // 2:
            meanwhile()
        both.kill(kills % 2)
        kills += 1
        time.sleep(dice.uniform(0, LEASE + 2) if kills % 2 else 0.2)
        took_over += both.keeper() != held
        held = both.keeper()
        both.up()
    held = both.keeper()
    if held >= 0:  # stopped, not dead: it wakes up in the middle of what another does by then
        both.signal(held, signal.SIGSTOP)
        wait_for("the other one keeps", 60, lambda: both.keeper() == 1 - held)
        took_over += 1
        both.signal(held, signal.SIGCONT)
    for s in sensors:
        assert s.wait(LONG) == 0
    sent = lines(b, "two-north", "two-south")
    all_in(b, "two", sent)
    assert stored_once(b, "two"), "events are stored twice"
    seen = picture(b, "two")
    for i in range(2):
        listed = both.api(i).get("/api/sensors")["items"]
        assert sorted(s["name"] for s in listed) == ["north", "south"] and sum(s["events"] for s in listed) == sent
    api = both.api(0)
    wait_for("both are members", 30, lambda: len(api.get("/api/health")["cluster"]["members"]) == 2)
    both.stop()
    return seen, sent, kills, took_over


def compare(calm, hard, how):
    seen, sent, kills, took_over = hard
    assert calm[1] == sent, f"the sensors wrote {calm[1]} and {sent} events"
    for what in ("groups", "sums", "incidents"):
        assert calm[0][what] == seen[what], (what, difference(calm[0][what], seen[what]))
    print(f"{sent} events, two analyzers, {how}, {kills} kills with -9, the keeper changed {took_over} times: 0 lost, 0 double; "
          f"{len(seen['groups'])} groups and {seen['sums'][0].split('|')[4]} incident(s) as of one undisturbed analyzer")
