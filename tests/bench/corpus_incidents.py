#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""From a corpus of captures to incidents: how much is left to read, and what is not told.

    tests/bench/corpus_incidents.py [--build DIR] [--rules DIR]... [--config FILE] [--every N]
                                [--sites FILE] [--work DIR] [--set KEY=VALUE] CORPUS

Replays every capture that CORPUS/provenance.tsv labels as an attack, and every Nth of the others, each as a site of its
own; gives all events to one analyzer; prints events, alerts, groups and incidents, the attacks without an incident, and
the incidents without an attack. --sites describes the sites of some captures, as their operators would. With --work the sensor's events are kept: a second run only runs the analyzer.
"""
import argparse
import collections
import concurrent.futures
import csv
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SEVERITY = ("info", "low", "medium", "high", "critical")
MERGED = 5


def site_of(capture):
    return "c" + hashlib.sha256(capture.encode()).hexdigest()[:10]


def chosen(corpus, every):
    """(capture, label) of all attacks and every Nth other."""
    with open(os.path.join(corpus, "provenance.tsv"), encoding="utf-8") as f:
        rows = [(r["file"], r["label"]) for r in csv.DictReader(f, delimiter="\t")]
    attacks = [r for r in rows if r[1].startswith("attack")]
    others = sorted(r for r in rows if not r[1].startswith("attack"))
    return attacks + (others[::every] if every else [])


def config_of(capture, args, out):
    """The address groups of all, with those of the capture's site where it is described."""
    groups = {}
    for prefix, described in args.described.items():
        if capture.startswith(prefix):
            groups.update(described)
    if not groups:
        return args.config
    with open(args.config, encoding="utf-8") as f:
        config = yaml.safe_load(f)
    config["vars"]["address-groups"].update(groups)
    path = os.path.join(out, "site.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(yaml.safe_dump(config))
    return path


def replay(capture, args):
    out = os.path.join(args.work, site_of(capture))
    eve = os.path.join(out, "eve.json")
    if os.path.exists(os.path.join(out, "done")):
        return eve
    os.makedirs(out, exist_ok=True)
    words = [os.path.join(args.build, "tramgac-sensor"), "-r", os.path.join(args.corpus, capture), "-l", out, "--quiet",
             "-c", config_of(capture, args, out), "-S", os.path.join(ROOT, "rules/suricata"), "-k", "none",
             "--set", f"sensor.site={site_of(capture)}", "--set", f"sensor.name={site_of(capture)}"]
    for rules in args.rules:
        words += ["-s", rules]
    done = subprocess.run(words, capture_output=True, text=True, timeout=900)
    if done.returncode > 1:
        print(f"{capture}: the sensor says {done.stderr.strip()[-300:]}", file=sys.stderr)
    open(os.path.join(out, "done"), "w").close()
    return eve


def analyze(captures, args):
    data = os.path.join(args.work, "data")
    subprocess.run(["rm", "-rf", data], check=True)
    everything = os.path.join(args.work, "all.json")
    n = 0
    with open(everything, "wb") as out:
        for capture, _ in captures:
            eve = os.path.join(args.work, site_of(capture), "eve.json")
            if not os.path.exists(eve):
                continue
            with open(eve, "rb") as f:
                for line in f:
                    out.write(b'{"site":"%s",' % site_of(capture).encode() + line[1:])
                    n += 1
    words = [os.path.join(args.build, "tramgac-analyzer"), "--data", data, "--ingest", everything, "--once", "--no-web",
             "--quiet", "--set", f"correlate.rules={ROOT}/rules/correlation", "--set", "enrich.site=", "--set",
             f"enrich.attack={ROOT}/rules/attack/attack.json"]
    for one in args.set:
        words += ["--set", one]
    done = subprocess.run(words, capture_output=True, text=True, timeout=1800)
    if done.returncode:
        sys.exit(f"the analyzer says {done.returncode}: {done.stderr[-1000:]}")
    name = [f for f in os.listdir(data) if f.endswith((".db", ".sqlite"))][0]
    return n, sqlite3.connect(os.path.join(data, name))


def tell(captures, n_events, db):
    label = {site_of(c): (c, l) for c, l in captures}
    groups = dict(db.execute("SELECT site,count(*) FROM grp GROUP BY site"))
    alerts = dict(db.execute("SELECT site,sum(n) FROM grp GROUP BY site"))
    loud = dict(db.execute("SELECT site,max(severity) FROM grp GROUP BY site"))
    incidents = collections.defaultdict(list)
    for site, title, severity in db.execute(
            f"SELECT site,title_en,severity FROM incident WHERE state<>{MERGED} ORDER BY severity DESC"):
        incidents[site].append(f"{SEVERITY[severity]}: {title}")
    attacks = [s for s in label if label[s][1].startswith("attack")]
    others = [s for s in label if s not in attacks]
    for name, sites in (("attack captures", attacks), ("other captures", others), ("all", list(label))):
        print(f"{name}: {len(sites)} captures, {sum(alerts.get(s, 0) for s in sites)} alerts, "
              f"{sum(groups.get(s, 0) for s in sites)} groups, {sum(len(incidents[s]) for s in sites)} incidents in "
              f"{sum(1 for s in sites if incidents[s])} captures")
    print(f"events: {n_events}")
    print("\n## Attacks without an incident")
    for s in sorted(attacks, key=lambda s: label[s][0]):
        if not incidents[s]:
            worst = SEVERITY[loud[s]] if s in loud else "none"
            print(f"{label[s][0]}\t{label[s][1]}\talerts {alerts.get(s, 0)} worst {worst}")
    print("\n## Incidents without an attack")
    for s in sorted(others, key=lambda s: label[s][0]):
        for title in incidents[s]:
            print(f"{label[s][0]}\t{label[s][1]}\t{title}")
    print("\n## Attacks and their incidents")
    for s in sorted(attacks, key=lambda s: label[s][0]):
        if incidents[s]:
            print(f"{label[s][0]}\t{len(incidents[s])}\t{incidents[s][0]}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default=os.path.join(ROOT, "build/release"))
    p.add_argument("--rules", action="append", default=[])
    p.add_argument("--config", default=os.path.join(ROOT, "rules/suricata/vars.yaml"), help="of the sensor: address groups")
    p.add_argument("--sites", help="address groups of the sites of captures, by the beginning of their path")
    p.add_argument("--every", type=int, default=0)
    p.add_argument("--jobs", type=int, default=1)
    p.add_argument("--set", action="append", default=[], help="option of the analyzer")
    p.add_argument("--work")
    p.add_argument("--match", default="", help="only captures whose path holds one of these texts, with commas between")
    p.add_argument("--kept", action="store_true", help="only captures that have a folder in --work")
    p.add_argument("corpus")
    args = p.parse_args()
    args.described = {}
    if args.sites:
        with open(args.sites, encoding="utf-8") as f:
            args.described = yaml.safe_load(f)
    args.work = args.work or tempfile.mkdtemp(prefix="tramgac-corpus.")
    captures = chosen(args.corpus, args.every)
    captures = [c for c in captures if any(m in c[0] for m in args.match.split(","))]
    if args.kept:
        captures = [c for c in captures if os.path.isdir(os.path.join(args.work, site_of(c[0])))]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for _ in pool.map(lambda c: replay(c[0], args), captures):
            pass
    tell(captures, *analyze(captures, args))


if __name__ == "__main__":
    main()
