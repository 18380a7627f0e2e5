#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write a harmless file that looks like an IoT bot to a file scanner: sample.py TARGET arm|mips [plain]

An ELF header without program headers (no system will run it) and, joined from parts at run time, the strings
by which this kind of malware is known. There is no code in it. With `plain` the strings are left out: a file that nobody should mind.
"""
import random
import struct
import sys

MACHINES = {"arm": (40, "<"), "mips": (8, ">")}


def elf_header(machine, order):
    data = 1 if order == "<" else 2
    ident = b"\x7fELF" + bytes([1, data, 1]) + bytes(9)
    return ident + struct.pack(order + "HHIIIIIHHHHHH", 2, machine, 1, 0x8000, 0, 0, 0, 52, 32, 0, 40, 0, 0)


def strings():
    parts = [
        "/bin/" + "busybox " + "TRAMG" + "ACBOT",
        "TRAMG" + "ACBOT: " + "applet not " + "found",
        "/dev/" + "watch" + "dog", "/dev/misc/" + "watch" + "dog", "/proc/net/" + "tcp",
        "xc" + "3511", "viz" + "xv", "7ujMko0" + "admin", "ju" + "antech", "xmh" + "dipc", "klv" + "123",
        "ENTER THE " + "PASSWORD", "ncorr" + "ect", "enable", "system", "shell",
        "POST /cdn-cgi/", "GETLOCAL" + "IP", "udp" + "flood", "syn" + "flood", "kill" + "attk",
    ]
    return b"\0".join(p.encode() for p in parts)


target, arch = sys.argv[1:3]
plain = sys.argv[3:] == ["plain"]
machine, order = MACHINES[arch]
filler = random.Random(arch).randbytes(9000)
with open(target, "wb") as f:
    f.write(elf_header(machine, order) + filler + (b"" if plain else strings()) + b"\0" + filler[:2000])
