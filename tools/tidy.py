#!/usr/bin/env python3
"""Runs clang-tidy over the sources that a build folder compiles; prints the findings, then a count.

    tidy.py CLANG_TIDY FOLDER JOBS [library]

A source that is compiled several times is checked once, without the precompiled header: it must
include what it uses. With `library`, only what the library is made of is checked: no test and no
program. Exits with 1 if anything was found.
"""
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys

# Of the compiler's command, what tells clang-tidy nothing: the file, the outputs, the dependencies.
DROPPED = {"-c": 0, "-MD": 0, "-MQ": 1, "-MF": 1, "-o": 1, "-include": 1, "-fpch-preprocess": 0,
           "-Winvalid-pch": 0}


def in_library(entry):
    return entry["output"].startswith(("libtapehead", "libkernels_"))


def split(command):
    """Returns the compiler's words and its options, of a command whose last word is the source."""
    words = shlex.split(command)[:-1]
    first = next(i for i, word in enumerate(words) if word.startswith("-"))
    options = []
    rest = iter(words[first:])
    for word in rest:
        if word in DROPPED:
            for _ in range(DROPPED[word]):
                next(rest)
        else:
            options.append(word)
    return words[:first], options


def own_headers(compiler):
    """Returns the compiler's folder of headers: it has omp.h, which clang brings only with its OpenMP."""
    asked = subprocess.run(compiler + ["-print-file-name=include"], capture_output=True, text=True,
                           check=False)
    return asked.stdout.strip()


def check(tool, entry, headers):
    """Returns what clang-tidy finds in one source, "" for nothing."""
    source = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
    command = [tool, "--quiet", source, "--", *split(entry["command"])[1],
               "-Wno-unknown-warning-option", "-idirafter" + headers]
    ran = subprocess.run(command, cwd=entry["directory"], capture_output=True, text=True,
                         check=False)
    if ran.returncode == 0:
        return ""
    said = re.sub(r"^\d+ warnings?( and \d+ errors?)? (generated|treated as errors?)\.?\n", "",
                  ran.stdout + ran.stderr, flags=re.MULTILINE)
    return f"{source}: clang-tidy exits with {ran.returncode}\n{said}"


def main():
    tool, folder, jobs, *scope = sys.argv[1:]
    with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as commands:
        entries = json.load(commands)
    if scope == ["library"]:
        entries = [entry for entry in entries if in_library(entry)]
    once = {entry["file"]: entry for entry in reversed(entries)}
    headers = own_headers(split(entries[0]["command"])[0])
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(int(jobs)) as pool:
        for found in pool.map(lambda entry: check(tool, entry, headers), once.values()):
            failures += bool(found)
            print(found, end="", flush=True)
    print(f"clang-tidy: {len(once)} files checked, {failures} with findings")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
