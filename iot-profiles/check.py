#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Check every profile pair and site.yaml of this folder against schema.md.

Prints one line per fault and ends with status 1 if there was any.
"""
import ipaddress
import json
import pathlib
import re
import sys

import yaml

HERE = pathlib.Path(__file__).parent
KINDS = {"mac", "oui", "dhcp_host", "dhcp_vendor", "serves", "client", "ip", "mqtt_client", "http_ua"}
KEYS = {"id", "version", "title", "mud", "otclass", "identify", "roles", "commands", "hard", "tune"}
SITE_KEYS = {"site", "title", "zones", "roles", "assets"}
ASSET_KEYS = {"ip", "mac", "name", "owner", "criticality", "level", "profile"}
CONDITIONS = [
    r"modbus\.write", r"modbus\.fc \d+(,\d+)*", r"peer_role [a-z]+", r"internet_peer",
    r"(service|client) (tcp|udp)/\d+", r"mqtt\.wildcard_subscribe", r"new_resolver", r"scan",
]
CONDITION = re.compile(r"(not )?(%s)" % "|".join(CONDITIONS))
WELL_KNOWN = {"urn:ietf:params:mud:dns", "urn:ietf:params:mud:ntp"}
ROLE = "urn:tramgac:role:"


def aces(mud, policy):
    names = [a["name"] for a in mud["ietf-mud:mud"][policy]["access-lists"]["access-list"]]
    lists = {a["name"]: a for a in mud["ietf-access-control-list:acls"]["acl"]}
    return [ace for name in names for ace in lists[name]["aces"]["ace"]]


def check_mud(path, roles):
    mud = json.loads(path.read_text())
    head = mud["ietf-mud:mud"]
    if head["mud-version"] != 1 or not 1 <= head["cache-validity"] <= 168:
        yield "mud-version or cache-validity out of range"
    if len(head["systeminfo"]) > 60:
        yield "systeminfo is longer than 60 characters"
    for policy in ("from-device-policy", "to-device-policy"):
        entries = aces(mud, policy)
        if len({e["name"] for e in entries}) != len(entries):
            yield f"{policy}: two entries of one name"
        for entry in entries:
            controller = entry["matches"].get("ietf-mud:mud", {}).get("controller")
            if controller and controller not in WELL_KNOWN and controller[len(ROLE):] not in roles:
                yield f"{entry['name']}: controller {controller} is no role of the overlay"
            l4 = entry["matches"].get("tcp") or entry["matches"].get("udp")
            protocol = 6 if "tcp" in entry["matches"] else 17
            if not l4 or entry["matches"]["ipv4"]["protocol"] != protocol:
                yield f"{entry['name']}: transport and protocol number differ"


def check_profile(path):
    p = yaml.safe_load(path.read_text())
    if set(p) - KEYS:
        yield f"unknown keys {sorted(set(p) - KEYS)}"
    if p["id"] != path.stem or not re.fullmatch(r"[a-z0-9-]{1,40}", p["id"]):
        yield "id is not the file's stem"
    if set(p["title"]) != {"en", "vi"}:
        yield "title needs en and vi"
    for e in p["identify"]:
        if e["kind"] not in KINDS or not 0 < e["weight"] <= 1 or not isinstance(e["match"], str):
            yield f"identify entry {e} is not understood"
    if sum(e["weight"] for e in p["identify"]) < 1.0:
        yield "all evidence together is below 1.0"
    roles = set(p.get("roles", {}))
    for rule in p.get("hard", []):
        for part in rule["when"].split(" and "):
            if not CONDITION.fullmatch(part):
                yield f"{rule['id']}: condition '{part}' is not in the list"
            role = re.fullmatch(r"(?:not )?peer_role (\w+)", part)
            if role and role.group(1) not in roles | {"dns", "ntp", "admin"}:
                yield f"{rule['id']}: unknown role {role.group(1)}"
        if rule["severity"] not in ("low", "medium", "high", "critical"):
            yield f"{rule['id']}: severity {rule['severity']}"
        if not re.fullmatch(r"T\d{4}(\.\d{3})?", rule["attack"]):
            yield f"{rule['id']}: attack {rule['attack']}"
    yield from check_mud(HERE / p["mud"], roles)


def check_site(path):
    s = yaml.safe_load(path.read_text())
    if set(s) - SITE_KEYS:
        yield f"unknown keys {sorted(set(s) - SITE_KEYS)}"
    zones = [ipaddress.ip_network(z["cidr"]) for z in s["zones"]]
    for a in s["assets"]:
        if set(a) - ASSET_KEYS or not 1 <= a["criticality"] <= 5 or not 1 <= a["level"] <= 5:
            yield f"asset {a.get('name')} is not understood"
        if not any(ipaddress.ip_address(a["ip"]) in z for z in zones):
            yield f"asset {a['name']} lies in no zone"


def main():
    faults = 0
    for path in sorted(HERE.glob("*.yaml")):
        check = check_site if path.name == "site.yaml" else check_profile
        try:
            found = list(check(path))
        except (KeyError, ValueError, TypeError) as error:
            found = [f"{type(error).__name__}: {error}"]
        for fault in found:
            print(f"{path.name}: {fault}")
        faults += len(found)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
