#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Send made-up bytes out in DNS names: tunnel.py RESOLVER DOMAIN QUERIES (TXT questions, three labels of base 32)."""
import base64
import random
import socket
import struct
import sys
import time

resolver, domain, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
rng = random.Random(5)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.settimeout(2)
    s.connect((resolver, 53))
    for n in range(count):
        text = base64.b32encode(struct.pack(">H", n) + rng.randbytes(94)).decode().lower().rstrip("=")
        labels = [text[i:i + 52] for i in range(0, 156, 52)] + domain.split(".")
        name = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
        s.send(struct.pack(">HHHHHH", 0x4000 + n, 0x0100, 1, 0, 0, 0) + name + struct.pack(">HH", 16, 1))
        try:
            s.recv(1500)
        except TimeoutError:
            pass
        time.sleep(0.05)
