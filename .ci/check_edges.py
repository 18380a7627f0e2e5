#!/usr/bin/python3
"""One library is included by one source file and by no header; system time only in clock.c; parsers do no
pointer arithmetic and no casts of input."""
import collections
import re
from lib import exceptions, files, report, text

LIBRARIES = {
    "yaml": r"yaml\.h", "zstd": r"zstd\.h", "crypto": r"openssl/", "xxhash": r"xxhash\.h",
    "ck": r"ck_\w+\.h", "mosquitto": r"mosquitto\.h", "rabbitmq": r"amqp\w*\.h", "pcap": r"pcap(/pcap)?\.h", "ndpi": r"(libndpi/)?ndpi_\w+\.h",
    "hyperscan": r"hs(/hs)?\.h", "pcre2": r"pcre2\.h", "yara": r"yara(/\w+)?\.h", "magic": r"magic\.h",
    "maxminddb": r"maxminddb\.h", "sqlite": r"sqlite3\.h", "pq": r"libpq-fe\.h", "curl": r"curl/", "microhttpd": r"microhttpd\.h",
    "sodium": r"sodium\.h", "seccomp": r"seccomp\.h", "cap-ng": r"cap-ng\.h", "systemd": r"systemd/", "zlib": r"zlib\.h",
    "lz4": r"lz4\w*\.h", "brotli": r"brotli/", "psl": r"libpsl\.h", "nghttp2": r"nghttp2/", "cairo": r"cairo(-\w+)?\.h", "pango": r"pango/",
}
allowed, faults = exceptions("edges"), []
users = collections.defaultdict(list)
for path in files(".c", ".h"):
    body = text(path)
    for name, pattern in LIBRARIES.items():
        if re.search(r"#\s*include <" + pattern + ">", body) or (pattern.endswith("/") and re.search(r"#\s*include <" + pattern, body)):
            users[name].append(path)
    if re.search(r"\b(clock_gettime\(|gettimeofday\(|time\(NULL\)|time\(0\))", body) and path != "common/clock.c":
        if f"clock {path}" not in allowed:
            faults.append(f"{path}: asks the system for the time; use common/clock.h")
    if re.search(r"sensor/app/proto_\w+\.c$", path):
        for i, line in enumerate(body.splitlines(), 1):
            if re.search(r"\.at\s*\+|->at\s*\+|\(const uint(16|32|64)_t \*\)|\(const struct \w+ \*\)\s*\w+\.at", line):
                faults.append(f"{path}:{i}: pointer arithmetic or cast of input: {line.strip()[:60]}")
for name, paths in sorted(users.items()):
    headers = [p for p in paths if p.endswith(".h") and f"{name} {p}" not in allowed]
    sources = [p for p in paths if p.endswith(".c") and f"{name} {p}" not in allowed]
    faults += [f"{p}: a header includes {name}" for p in headers]
    if len(sources) > 1:
        faults.append(f"{name} is included by {', '.join(sources)}")
report("edges", faults, f"{len(users)} libraries")
