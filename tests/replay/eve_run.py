# SPDX-License-Identifier: Apache-2.0
"""Events that a program writes of a capture under a suricata.yaml, and what is to be in them. For the tests here; not run by itself."""
import json
import os
import subprocess
import sys
import tempfile

ABSENT = object()
# How the configurations begin; options of eve-log follow.
HEAD = """%YAML 1.1
---
suricata-version: "7.0"
vars:
  address-groups: {HOME_NET: any, EXTERNAL_NET: any}
"""
EVE_LOG = """outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
"""


def value(event, path):
    """What stands at "a.b.0.c" of an event, or ABSENT."""
    for key in path.split("."):
        event = event[int(key)] if isinstance(event, list) else event.get(key, ABSENT)
        if event is ABSENT:
            return ABSENT
    return event


def chosen(events, choice):
    return [e for e in events if all(value(e, k) == v for k, v in choice.items())]


def differences(event, wanted, name):
    return [f"{name}: {key} is {value(event, key)}, not {v}" for key, v in wanted.items() if value(event, key) != v]


def run(capture, yaml, rules, faults, summary, options=()):
    """Asks the program of the command line, or with --suricata the suricata that is installed, and ends this one: 1 when faults(events) names any."""
    with tempfile.TemporaryDirectory(prefix="tramgac-eve.") as work:
        capture.write(f"{work}/a.pcap")
        for name, text in (("s.yaml", yaml), ("a.rules", rules)):
            with open(f"{work}/{name}", "w", encoding="utf-8") as out:
                out.write(text)
        program = "suricata" if "--suricata" in sys.argv else os.path.abspath(sys.argv[1])
        subprocess.run([program, "-c", f"{work}/s.yaml", "-S", f"{work}/a.rules", "-r", f"{work}/a.pcap", "-l", work, "--runmode", "single", *options],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(f"{work}/eve.json", encoding="utf-8") as lines:
            found = list(faults([json.loads(line) for line in lines]))
    print("\n".join(found) or summary)
    sys.exit(1 if found else 0)
