#!/usr/bin/env python3
"""Prints the numbers of passed, failed and skipped tests in a testlog.json of meson.

A doctest program counts its test cases, a script the numbers in its line "N passed, N failed", any
other test counts as one. A program that failed without reporting a failure, such as by a crash, counts
as one failure.
"""
import json
import re
import sys

DOCTEST = re.compile(r"\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed \|")
SCRIPT = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)


def count(test):
    """Returns passed, failed, skipped of one test of the log."""
    out = test.get("stdout") or ""
    lines = DOCTEST.findall(out) or SCRIPT.findall(out)
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    if test["result"] == "SKIP":
        return 0, 0, 1
    if not lines:
        return (1, 0, 0) if good else (0, 1, 0)
    passed, failed = int(lines[-1][0]), int(lines[-1][1])
    skipped = int(lines[-1][2] or 0) if len(lines[-1]) > 2 else 0
    return passed, max(failed, 0 if good else 1), skipped


def main():
    with open(sys.argv[1], encoding="utf-8", errors="replace") as log:
        totals = [sum(column) for column in zip(*(count(json.loads(line)) for line in log))]
    print(*(totals or (0, 0, 0)))


if __name__ == "__main__":
    main()
