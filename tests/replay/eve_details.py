#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Details of protocol events as Suricata 7.0.10 writes them for the same bytes.

  eve_details.py SENSOR

TLS begun in another protocol (from_proto, app_proto_orig), the table of HTTP/2's headers (table_size_update), objects of DNP3 whose points
say their own length or are events of commands."""
import json
import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import recordings
from rule_cases import Capture, dnp3, dnp3_sum, h

TIME = struct.pack("<Q", 1700000000000)[:6]


def response(objects):
    user = bytes([0xC0, 0xC0, 0x81, 0, 0]) + objects
    head = struct.pack("<BBBBHH", 5, 0x64, 5 + len(user), 0x44, 1, 10)
    return head + dnp3_sum(head) + b"".join(user[i:i + 16] + dnp3_sum(user[i:i + 16]) for i in range(0, len(user), 16))


def sized(group, variation, body):
    return bytes([group, variation, 0x5B, 1]) + struct.pack("<H", len(body)) + body


COMMAND = {"prefix": 5, "index": 5, "status_code": 3}
OBJECTS = [
    (h("0d01 2801000500 83"), {**COMMAND, "commanded_state": 1}),
    (h("0d02 2801000500 83") + TIME, {**COMMAND, "commanded_state": 1, "timestamp": 1700000000000}),
    (h("2b02 2801000500 03") + struct.pack("<h", -6), {**COMMAND, "reserved0": 0, "commanded_value": -6}),
    (h("2b03 2801000500 03") + struct.pack("<i", 7) + TIME, {**COMMAND, "reserved0": 0, "commanded_value": 7, "timestamp": 1700000000000}),
    (h("2b08 2801000500 03") + struct.pack("<d", 2.5) + TIME, {**COMMAND, "reserved0": 0, "commanded_value": 2.5, "timestamp": 1700000000000}),
    (sized(70, 2, struct.pack("<HHHHI", 12, 4, 16, 4, 99) + b"userpass"),
     {"prefix": 20, "index": 0, "size": 20, "username_offset": 12, "username_size": 4, "password_offset": 16, "password_size": 4,
      "authentication_key": 99, "username": "user", "password": "pass"}),
    (sized(70, 3, struct.pack("<HH", 26, 5) + TIME + struct.pack("<HIIHHH", 0x1FF, 7, 1000, 1, 512, 3) + b"a.txt"),
     {"prefix": 31, "index": 0, "size": 31, "filename_offset": 26, "filename_size": 5, "created": 1700000000000, "permissions": 511,
      "authentication_key": 7, "file_size": 1000, "operational_mode": 1, "maximum_block_size": 512, "request_id": 3, "filename": "a.txt"}),
    (sized(70, 5, struct.pack("<II", 5, 0x80000001) + b"filedata"),
     {"prefix": 16, "index": 0, "size": 16, "file_handle": 5, "block_number": 2147483649, "file_data": "filedata"}),
    (sized(70, 8, b"spec"), {"prefix": 4, "index": 0, "size": 4, "file_specification": "spec"}),
    (sized(120, 5, struct.pack("<IHBBBH", 7, 1, 1, 2, 3, 4) + b"chalmac"),
     {"prefix": 18, "index": 0, "size": 18, "ksq": 7, "user_number": 1, "key_wrap_alg": 1, "key_status": 2, "mal": 3, "challenge_data_len": 4,
      "data->challenge_data": "Y2hhbA==", "data->mac_value": "bWFj"}),
    (sized(120, 7, struct.pack("<IHHB", 7, 1, 2, 3) + TIME + b"error"),
     {"prefix": 20, "index": 0, "size": 20, "sequence_number": 7, "usr": 1, "association_id": 2, "error_code": 3,
      "time_of_error": 1700000000000, "error_text": "error"}),
    # a point that ends too soon: what is there
    (sized(120, 12, struct.pack("<IHH", 1, 2, 30) + b"cha"),
     {"prefix": 11, "index": 0, "size": 11, "ksq": 1, "user_number": 2, "challenge_data_len": 30}),
]


def capture():
    c = Capture()
    mail = recordings.Conversation(c, "10.0.0.1", "10.0.1.1", 4000, 25)
    for side, text in ((1, b"220 mx ESMTP\r\n"), (0, b"EHLO pc\r\n"), (1, b"250-mx\r\n250 STARTTLS\r\n"), (0, b"STARTTLS\r\n"), (1, b"220 go\r\n")):
        mail.say(side, text)
    for mark, text in recordings.read("tls-1-2")[2]:
        mail.say(mark & 1, text)
    mail.end()
    recordings.add(c, "http2", "10.0.0.1", "10.0.1.2")
    for i, (objects, _) in enumerate(OBJECTS):
        c.tcp("10.0.0.1", f"10.0.2.{i}", 20000, [dnp3(1, h("3c0106")), ("s", response(objects))])
    return c


def differences(events):
    def of(kind, *ends):
        return [e for e in events if e["event_type"] == kind and {e["src_ip"], e["dest_ip"]} == {"10.0.0.1", *ends}]

    for kind in ("tls", "flow"):
        if [(e.get("app_proto"), e.get("app_proto_orig")) for e in of(kind, "10.0.1.1")] != [("tls", "smtp")]:
            yield f"{kind}: app_proto_orig is not smtp"
    if [e["tls"].get("from_proto") for e in of("tls", "10.0.1.1")] != ["smtp"]:
        yield "tls: from_proto is not smtp"
    if not any(e["http"].get("request_headers", [{}])[0] == {"table_size_update": 4096} for e in of("http", "10.0.1.2")):
        yield "http2: no table_size_update before the headers"
    for i, (objects, point) in enumerate(OBJECTS):
        got = [e["dnp3"]["application"]["objects"][0].get("points") for e in of("dnp3", f"10.0.2.{i}") if e["dnp3"]["type"] == "response"]
        if got != [[point]]:
            yield f"dnp3, group {objects[0]} variation {objects[1]}: {got}, not {point}"


with tempfile.TemporaryDirectory(prefix="tramgac-eve.") as work:
    capture().write(f"{work}/a.pcap")
    subprocess.run([os.path.abspath(sys.argv[1]), "-r", f"{work}/a.pcap", "-l", work, "--quiet"], check=True)
    with open(f"{work}/eve.json", encoding="utf-8") as f:
        faults = list(differences([json.loads(line) for line in f if '"src_ip"' in line and '"dest_ip"' in line]))
print("\n".join(faults) or f"{len(OBJECTS) + 4} details are as they should be")
sys.exit(1 if faults else 0)
