#!/usr/bin/python3
"""Our Sigma rules keep the specification 2.1.0 as other readers of it (pySigma) take it; what is ours stands under `tramgac`.

Facts: required keys and values of rules and of correlations, one operator in a condition, names that exist, groups and aliases."""
import datetime
import re
import uuid

import yaml
from lib import files, report, text

STATUS = {"stable", "test", "experimental", "deprecated", "unsupported"}
LEVEL = {"informational", "low", "medium", "high", "critical"}
COUNTED = {"event_count", "value_count", "value_sum", "value_avg", "value_percentile", "value_median"}
TEMPORAL = {"temporal", "temporal_ordered"}
OURS = {"risk"}  # types the specification does not know
RULE = {"title", "id", "name", "status", "description", "license", "author", "references", "date", "modified", "logsource", "detection",
        "fields", "falsepositives", "level", "tags", "scope", "taxonomy", "related", "correlation", "generate", "tramgac"}
MODIFIERS = {"all", "startswith", "endswith", "contains", "exists", "cased", "neq", "windash", "re", "i", "m", "s", "base64", "base64offset",
             "utf16le", "utf16be", "utf16", "wide", "lt", "lte", "gt", "gte", "minute", "hour", "day", "week", "month", "year", "cidr",
             "expand", "fieldref"}
OPERATORS = {"gt", "gte", "lt", "lte", "eq", "neq"}
WORDS = {"and", "or", "not", "of", "all", "them"}


def fields_of(selection):
    for part in selection if isinstance(selection, list) else [selection]:
        if isinstance(part, dict):
            yield from part


def detection(rule, wrong):
    d = rule["detection"]
    condition = d.get("condition")
    if not isinstance(condition, str):
        return wrong("detection without a condition")
    names = set(d) - {"condition"}
    for word in re.findall(r"[A-Za-z0-9_*]+", condition):
        if word not in WORDS and not word.isdigit() and not any(re.fullmatch(word.replace("*", ".*"), n) for n in names):
            wrong(f"condition names {word}, which is no selection")
    for name in names:
        for field in fields_of(d[name]):
            wrong(*[f"unknown modifier {m} of {field}" for m in field.split("|")[1:] if m not in MODIFIERS])
    if not isinstance(rule.get("logsource"), dict) or not set(rule["logsource"]) <= {"product", "service", "category", "definition"}:
        wrong("logsource is missing or holds unknown keys")


def correlation(rule, known, wrong):
    c = rule["correlation"]
    kind = c.get("type")
    if kind in OURS:
        return
    if kind not in COUNTED | TEMPORAL:
        return wrong(f"unknown type {kind}")
    for key in ("rules", "timespan", "group-by"):
        if not c.get(key):
            wrong(f"{kind} without {key}")
    if not re.fullmatch(r"\d+[smhd]", str(c.get("timespan"))):
        wrong(f"timespan {c.get('timespan')}")
    rules = c.get("rules") or []
    wrong(*[f"refers to {r}, which does not exist" for r in rules if r not in known])
    if kind in TEMPORAL and len(rules) < 2:
        wrong(f"{kind} needs two rules")
    condition = c.get("condition")
    if kind in COUNTED:
        if not isinstance(condition, dict) or len(OPERATORS & set(condition)) != 1:
            wrong("a condition has exactly one operator")
        elif kind != "event_count" and "field" not in condition:
            wrong(f"{kind} needs condition.field")
    for alias, of in (c.get("aliases") or {}).items():
        if alias not in c.get("group-by", []):
            wrong(f"alias {alias} is not grouped by")
        wrong(*[f"alias {alias} is about {r}, which the correlation does not refer to" for r in of if r not in rules])


def check(path, rule, known, faults):
    wrong = lambda *why: faults.extend(f"{path}: {rule.get('name', rule.get('title'))}: {w}" for w in why)
    if not isinstance(rule.get("title"), str) or len(rule["title"]) > 256:
        wrong("title is missing or longer than 256")
    try:
        uuid.UUID(str(rule.get("id")))
    except ValueError:
        wrong(f"id {rule.get('id')} is no UUID")
    if rule.get("status") not in STATUS or rule.get("level") not in LEVEL:
        wrong("unknown status or level")
    wrong(*[f"unknown key {k}" for k in rule if k not in RULE])
    wrong(*[f"{k} is no date" for k in ("date", "modified") if k in rule and not isinstance(rule[k], datetime.date)])
    if ("detection" in rule) == ("correlation" in rule):
        wrong("is neither a detection nor a correlation")
    elif "detection" in rule:
        detection(rule, wrong)
    else:
        correlation(rule, known, wrong)


rules = [(path, rule) for path in files(".yml", under=("rules/correlation",)) for rule in yaml.safe_load_all(text(path)) if rule]
names = [r.get("name") for _, r in rules] + [str(r.get("id")) for _, r in rules]
found = [f"{n} stands twice" for n in sorted({n for n in names if n and names.count(n) > 1})]
for where, one in rules:
    check(where, one, set(names), found)
report("sigma", found, f"{len(rules)} rules")
