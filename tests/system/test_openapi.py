#!/usr/bin/python3
"""The printed OpenAPI document: every route once, with its path's arguments, unique names and references that resolve."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ANALYZER

doc = json.loads(subprocess.run([ANALYZER, "--openapi"], capture_output=True, check=True).stdout)
routes = json.loads(subprocess.run([ANALYZER, "--list-routes", "--format", "json"], capture_output=True, check=True).stdout)
assert doc["openapi"] == "3.1.0" and {"title", "version"} <= set(doc["info"])
names, n = set(), 0
for route in routes:
    op = doc["paths"][route["path"]][route["method"].lower()]
    n += 1
    assert op["operationId"] not in names and re.fullmatch(r"[a-z_]+", op["operationId"]), op["operationId"]
    names.add(op["operationId"])
    assert op["x-permission"] == route["permission"] and op["summary"] == route["doc"], route
    inside = [p["name"] for p in op["parameters"] if p["in"] == "path"]
    assert inside == re.findall(r"\{(\w+)\}", route["path"]) and all(p["required"] for p in op["parameters"] if p["in"] == "path")
    keys = [(p["in"], p["name"]) for p in op["parameters"]]
    assert len(keys) == len(set(keys)) and all(re.fullmatch(r"\w+", k[1]) for k in keys), keys
    body = op.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {}).get("properties", {})
    assert all(re.fullmatch(r"\w+", k) for k in body), (route["path"], body)
    assert (op.get("security") == []) == (route["permission"] == "open")
    assert "200" in op["responses"] and op["tags"][0] in {t["name"] for t in doc["tags"]}
assert n == sum(len(p) for p in doc["paths"].values()), "a route is missing or too many"
for ref in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(doc)):
    at = doc
    for part in ref.split("/"):
        at = at[part]
print(f"{n} routes")
