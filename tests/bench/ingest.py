#!/usr/bin/python3
"""Alerts per second from file to store: distinct ones, and a storm of few groups. CPU seconds beside wall seconds, because
the machine may be busy; the start (the first account's password, rules) is measured apart and taken off. With "postgres" (or "only-postgres") as second word also into a PostgreSQL server of its own, whose CPU seconds count too. Not a
gate: compare with the last figures of the same machine."""
import glob
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ANALYZER = os.path.join(os.environ.get("TRAMGAC_BUILD", os.path.join(ROOT, "build/release")), "tramgac-analyzer")


PG_CONF = "fsync = off\nmin_wal_size = 2GB\nmax_wal_size = 8GB\nwal_buffers = 64MB\nshared_buffers = 1GB"  # as docs/OPERATING.md says; the disk is not measured


def write(path, n, pairs, again=1):
    """`again`: each alert comes so often in all, the same but for its time and the counters of its flow."""
    rnd = random.Random(1)
    with open(path, "w", encoding="utf-8") as f:
        for k in range(n // again):
            i = k * again
            p = rnd.randrange(pairs)
            s = i // 2000
            event = {
                "timestamp": "",
                "flow_id": rnd.getrandbits(50), "in_iface": "eth0", "event_type": "alert",
                "src_ip": f"10.{p >> 16 & 255}.{p >> 8 & 255}.{p & 255}", "src_port": rnd.randrange(1024, 65535),
                "dest_ip": f"10.30.1.{p % 200 + 1}", "dest_port": 502, "proto": "TCP", "app_proto": "modbus",
                "community_id": "1:abcdefghijklmnopqrstuvwxyz=",
                "alert": {"action": "allowed", "gid": 1, "signature_id": 2000000 + p % 997, "rev": 1,
                          "signature": f"BENCH signature number {p % 997} of the ingest", "severity": 3,
                          "category": "Attempted Administrator Privilege Gain",
                          "metadata": {"signature_severity": ["Minor"], "mitre_technique_id": ["T1110"]}},
                "flow": {"pkts_toserver": 5, "pkts_toclient": 4, "bytes_toserver": 500, "bytes_toclient": 400}}
            for j in range(again):
                event["timestamp"] = f"2026-11-20T{10 + s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}.{(i + j) % 2000 * 500:06}+0700"
                event["flow"]["pkts_toserver"] = 5 + j
                f.write(json.dumps(event, separators=(",", ":")) + "\n")


def run(name, n, pairs, *more, again=1, start=(0.0, 0.0)):
    """CPU seconds and wall seconds."""
    with tempfile.TemporaryDirectory() as d:
        eve = os.path.join(d, "eve.json")
        write(eve, n, pairs, again)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.monotonic()
        subprocess.run([ANALYZER, "--data", os.path.join(d, "data"), "--ingest", eve, "--once", "--no-web", "--quiet", *more],
                       check=True)
        wall = time.monotonic() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        size = sum(e.stat().st_size for e in os.scandir(os.path.join(d, "data"))) / n
    if n == 1:
        return cpu, wall
    cpu, wall = cpu - start[0], wall - start[1]
    print(f"{name:<28} {n:>7} alerts  {n / wall:>8.0f}/s wall  {n / cpu:>8.0f}/s CPU  {cpu / n * 1e6:>6.1f} us/alert  "
          f"{size:>6.0f} bytes/alert  {after.ru_maxrss // 1024} MB", flush=True)
    return cpu, wall


def server_cpu(pid):
    """CPU seconds of a server: its own, of the processes it has and of those that ended."""
    ticks = 0
    for one in [pid] + subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split():
        try:
            with open(f"/proc/{one}/stat", encoding="ascii") as f:
                stat = f.read().rsplit(")", 1)[1].split()
        except FileNotFoundError:  # it has ended since: counted with the server's
            continue
        ticks += sum(int(t) for t in stat[11:15 if one == pid else 13])
    return ticks / os.sysconf("SC_CLK_TCK")


def run_postgres(n):
    server = os.path.join(ROOT, "tests/lib/postgres")
    with tempfile.TemporaryDirectory() as d:
        os.chmod(d, 0o755)
        pg = os.path.join(d, "pg")
        if subprocess.run([server, "start", pg], env={**os.environ, "PG_CONF": PG_CONF}).returncode:
            return
        try:
            with open(glob.glob(pg + "/**/postmaster.pid", recursive=True)[0], encoding="ascii") as f:
                pid = f.readline().strip()
            into_postgres(server, pg, pid, d, None, n, 10**9 - 1, 1)  # the server's log files are there to be written over, as of one that has run
            subprocess.run(["psql", "-qh", pg, "-U", "postgres", "-c", "CHECKPOINT"], check=True)
            for name, pairs, again in (("distinct", 10**9, 1), ("10:1 duplicates", 10**9, 10), ("2000 groups", 2000, 1)):
                into_postgres(server, pg, pid, d, name, n, pairs, again)
        finally:
            subprocess.run([server, "stop", pg])


def into_postgres(server, pg, pid, d, name, n, pairs, again):
    """The tables are made first; the start of an analyzer that has nothing to read is taken off."""
    database = f"b{pairs}_{again}"
    files = [os.path.join(d, "none.json"), os.path.join(d, "none.json"), os.path.join(d, "eve.json")]
    open(files[0], "w", encoding="ascii").close()
    write(files[2], n, pairs, again)
    subprocess.run([server, "new", pg, database], check=True)
    for eve in files:
        before, server_before = resource.getrusage(resource.RUSAGE_CHILDREN), server_cpu(pid)
        begin = time.monotonic()
        subprocess.run([ANALYZER, "--data", os.path.join(d, database), "--ingest", eve, "--once", "--no-web", "--quiet", "--set",
                        "store.engine=postgres", "--set", f"store.place=host={pg} user=postgres dbname={database}"], check=True)
        wall = time.monotonic() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        time.sleep(0.5)  # the server reaps its process
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        served = server_cpu(pid) - server_before
        if eve == files[0]:
            start = wall, cpu, served
    wall, cpu, served = wall - start[0], cpu - start[1], served - start[2]
    if not name:
        return
    print(f"{name + ', PostgreSQL':<28} {n:>7} alerts  {n / wall:>8.0f}/s wall  {n / cpu:>8.0f}/s CPU of the analyzer  "
          f"{n / (cpu + served):>8.0f}/s CPU with the server  "
          f"{served / n * 1e6:>5.1f} us/alert of the server  load {os.getloadavg()[0]:.1f}", flush=True)


count = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
if sys.argv[2:] != ["only-postgres"]:
    begun = tuple(map(min, zip(*(run("start", 1, 1) for _ in range(3)))))
    run("distinct", count, 10**9, start=begun)
    run("10:1 duplicates", count, 10**9, again=10, start=begun)
    run("2000 groups", count, 2000, start=begun)
    run("distinct, no correlation", count, 10**9, "--set", "correlate.rules=", "--set", "incident.open_at=off", start=begun)
if sys.argv[2:]:
    run_postgres(count)
