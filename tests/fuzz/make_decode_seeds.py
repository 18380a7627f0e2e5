#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Seeds of fuzz_decode from the matrix of mirrors and tunnels: two frames of each case, a dozen cases a file."""
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../pcaps/make"))
import span_matrix as matrix

OUT = os.path.join(HERE, "corpus/decode")
os.makedirs(OUT, exist_ok=True)
names = list({**matrix.ENCAPSULATIONS, **matrix.COMBINATIONS, "fragments": matrix.PATHOLOGIES["fragments"]})
for i in range(0, len(names), 12):
    seed = b""
    for name in names[i:i + 12]:
        case = matrix.CASES[name]
        frames = [f for _, f in case[0]()]
        chosen = frames[:3] if "fragment" in name else frames[:1] + frames[3:4]
        for f in chosen:
            seed += struct.pack(">HH", case[3] if len(case) > 3 else matrix.ETHERNET, len(f)) + f
    with open(os.path.join(OUT, f"seed-{i // 12:02d}"), "wb") as f:
        f.write(seed)
