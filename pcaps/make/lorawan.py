#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A LoRaWAN gateway and its network server, Semtech's UDP protocol (version 2) on port 1700.

lorawan.py serve
lorawan.py gateway ADDRESS CYCLES SECONDS   PULL_DATA each cycle, stat each third, an uplink each second one
"""
import json
import pathlib
import socket
import struct
import sys
import time

EUI = bytes.fromhex("7076fffe02200841")
PUSH_DATA, PUSH_ACK, PULL_DATA, PULL_ACK = 0, 1, 2, 4


def pace():
    try:
        return float(pathlib.Path("pace").read_text())
    except (OSError, ValueError):
        return 1.0


def serve():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("", 1700))
        while True:
            data, peer = s.recvfrom(4096)
            answer = {PUSH_DATA: PUSH_ACK, PULL_DATA: PULL_ACK}.get(data[3])
            if answer is not None:
                s.sendto(data[:3] + bytes([answer]), peer)


def gateway(name, cycles, seconds):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        s.connect((socket.gethostbyname(name), 1700))
        for n in range(cycles):
            messages = [(PULL_DATA, b"")]
            if n % 2 == 0:
                uplink = {"rxpk": [{"tmst": 1000000 * n, "chan": n % 8, "rfch": 0, "freq": 921.4, "stat": 1, "modu": "LORA",
                                    "datr": "SF9BW125", "codr": "4/5", "lsnr": 7.2, "rssi": -87, "size": 18, "data": "QCoMASYAAQAB6Zk0n4XDm8dF"}]}
                messages.append((PUSH_DATA, json.dumps(uplink).encode()))
            if n % 3 == 0:
                messages.append((PUSH_DATA, json.dumps({"stat": {"time": "2026-11-16 00:00:00 GMT", "rxnb": n, "rxok": n, "rxfw": n,
                                                                "ackr": 100.0, "dwnb": 0, "txnb": 0}}).encode()))
            for i, (kind, body) in enumerate(messages):
                s.send(struct.pack(">BHB", 2, 256 * n % 65536 + i, kind) + EUI + body)
                try:
                    s.recv(64)
                except TimeoutError:
                    pass
            time.sleep(seconds * pace())


if sys.argv[1] == "serve":
    serve()
else:
    gateway(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
