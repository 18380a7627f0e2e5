#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Seeds of fuzz_decode from the matrices of mirrors and tunnels: two frames of each case, some cases a file."""
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../pcaps/make"))
import span_matrix as matrix
import span_more
import span_rare

FILE = 8  # cases
# Of whole conversations, not of how a frame is made.
OTHERS = ("disorder", "responses", "stamps-of", "stamps-z", "stamps-step", "half", "fifth", "copies", "both-sides", "routed", "tags-", "cut-", "no-", "keep-", "tap-")
OUT = os.path.join(HERE, "corpus/decode")
os.makedirs(OUT, exist_ok=True)
encapsulations = {**matrix.ENCAPSULATIONS, **matrix.COMBINATIONS, "fragments": matrix.PATHOLOGIES["fragments"]}
for more in (span_more, span_rare):
    encapsulations.update({name: case for name, case in more.CASES.items() if name not in encapsulations and not name.startswith(OTHERS)})
names = list(encapsulations)
for i in range(0, len(names), FILE):
    seed = b""
    for name in names[i:i + FILE]:
        case = encapsulations[name]
        frames = [f for _, f in case[0]()]
        chosen = frames[:3] if "frag" in name or "segments" in name else frames[:1] + frames[3:4]
        for f in chosen:
            seed += struct.pack(">HH", case[3] if len(case) > 3 else matrix.ETHERNET, len(f)) + f
    with open(os.path.join(OUT, f"seed-{i // FILE:02d}"), "wb") as f:
        f.write(seed)
