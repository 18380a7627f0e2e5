#!/usr/bin/python3
"""Functions of at most 80 lines and complexity 15, half of them at most 15 lines; files of at most 800 lines."""
import re
import statistics
from lib import exceptions, files, report, text

LINES, COMPLEXITY, FILE, MEDIAN = 80, 15, 800, 15
allowed, faults, lengths = exceptions("size"), [], []


def strip(body):
    """Without comments, strings and character constants; line count kept."""
    keep = lambda m: re.sub(r"[^\n]", " ", m[0])
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', keep, body, flags=re.S)


for path in files(".c", ".h"):
    body = text(path)
    lines = body.count("\n")
    if lines > FILE and path not in allowed:
        faults.append(f"{path}: {lines} lines")
    code = strip(body).split("\n")
    start, name = None, ""
    for i, line in enumerate(code):
        if line == "{" or (start is None and re.match(r"^[A-Za-z_][^;=]*\)\s*\{$", line)):
            head = " ".join(code[max(0, i - 4):i + 1])
            m = re.findall(r"\b(\w+)\s*\(", head)
            names = [x for x in m if x not in ("if", "for", "while", "switch", "__attribute__", "format")]
            start, name = i, names[0] if names else "?"
            before = [x for x in code[max(0, i - 4):i + 1] if re.match(r"^[A-Za-z_].*\b\w+\(", x)]
            if before:
                name = re.findall(r"\b(\w+)\s*\(", before[-1])[0]
        elif line == "}" and start is not None:
            n = i - start - 1
            inside = "\n".join(code[start:i])
            inside = re.sub(r"(\bcase\b[^:;{}]*:\s*)+", "case : ", inside)  # labels of one body are one way
            cc = 1 + len(re.findall(r"\b(if|for|while|case)\b|&&|\|\||\?", inside))
            lengths.append(n)
            key = f"{path}:{name}"
            if (n > LINES or cc > COMPLEXITY) and key not in allowed:
                faults.append(f"{path}:{start}: {name} has {n} lines, complexity {cc}")
            start = None
median = statistics.median(lengths) if lengths else 0
if median > MEDIAN:
    faults.append(f"half of the functions are longer than {MEDIAN} lines (median {median})")
report("size", faults, f"{len(lengths)} functions, median {median:.0f} lines")
