#!/usr/bin/env python3
"""Runs clang-tidy on the sources that a build folder compiles; prints the findings, then a count.

    tidy.py CLANG_TIDY FOLDER JOBS [library | PATH...]

A source that is compiled several times is checked once. The precompiled header is not used, so that
missing includes are found. `library` checks only the library, no tests or programs; with paths, only
the sources below them are checked. A source that passed is recorded in FOLDER/tidy and skipped until
it, a header of the project that it includes, its options or the configuration changes.
Exits with 1 if anything was found.
"""
import concurrent.futures
import functools
import glob
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys

# Compiler options to drop, with their numbers of arguments: the source, outputs and dependencies, which
# clang-tidy does not need, and an optimisation that clang does not know.
DROPPED = {"-c": 0, "-MD": 0, "-MQ": 1, "-MF": 1, "-o": 1, "-include": 1, "-fpch-preprocess": 0,
           "-Winvalid-pch": 0, "-fno-thread-jumps": 0}
# -H lists the included headers. GCC's omp.h gives the attribute malloc an argument, which clang 14 does not know.
ADDED = ["-Wno-unknown-warning-option", "-Wno-unknown-attributes", "-H", "-D__malloc__(...)=__malloc__"]


def in_library(entry):
    return entry["output"].startswith(("libtapehead", "libkernels_", "libsmall"))


def source_of(entry):
    return os.path.realpath(os.path.join(entry["directory"], entry["file"]))


def split(command):
    """Returns the compiler and its options from a command whose last word is the source."""
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
    """Returns the compiler's folder of headers, for omp.h, which clang has only with its own OpenMP."""
    asked = subprocess.run(compiler + ["-print-file-name=include"], capture_output=True, text=True,
                           check=False)
    return asked.stdout.strip()


@functools.lru_cache(maxsize=None)
def digest_of(path):
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""


def digest(settings, files):
    lines = [settings] + [f"{file} {digest_of(file)}" for file in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class Checker:
    """Runs clang-tidy, and records the sources that passed with the headers that they include."""

    def __init__(self, tool, folder, headers):
        self.tool = tool
        self.root = os.path.realpath(".")
        self.folder = os.path.realpath(folder) + "/"
        self.notes = os.path.join(folder, "tidy")
        self.headers = headers
        os.makedirs(self.notes, exist_ok=True)
        version = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True)
        configs = sorted(glob.glob(".clang-tidy") + glob.glob("*/.clang-tidy") + glob.glob("*/*/.clang-tidy"))
        self.settings = digest(version.stdout, configs)

    def check(self, entry):
        """Returns clang-tidy's findings in one source, or ""."""
        source = source_of(entry)
        note = os.path.join(self.notes, os.path.relpath(source, self.root).replace("/", "_"))
        # A generated source is the only one to include the definitions of its kernel header.
        checks = ["--checks=-misc-definitions-in-headers"] if source.startswith(self.folder) else []
        options = [*split(entry["command"])[1], *ADDED, "-idirafter" + self.headers]
        settings = " ".join([self.settings, *checks, *options])
        if self.has_passed(note, settings):
            return ""
        ran = subprocess.run([self.tool, "--quiet", *checks, source, "--", *options], cwd=entry["directory"],
                             capture_output=True, text=True, check=False)
        included = re.findall(r"^\.+ (.+)\n", ran.stderr, flags=re.MULTILINE)
        if ran.returncode == 0:
            files = {os.path.realpath(os.path.join(entry["directory"], file)) for file in included}
            ours = [source, *sorted(file for file in files if file.startswith(self.root + "/"))]
            with open(note, "w", encoding="utf-8") as passed:
                json.dump({"digest": digest(settings, ours), "files": ours}, passed)
            return ""
        said = re.sub(r"^(\d+ warnings?( and \d+ errors?)? (generated|treated as errors?)\.?|\.+ .+)\n", "",
                      ran.stdout + ran.stderr, flags=re.MULTILINE)
        return f"{source}: clang-tidy exits with {ran.returncode}\n{said}"

    @staticmethod
    def has_passed(note, settings):
        try:
            with open(note, encoding="utf-8") as passed:
                noted = json.load(passed)
        except (OSError, ValueError):
            return False
        return noted["digest"] == digest(settings, noted["files"])


def main():
    tool, folder, jobs, *scope = sys.argv[1:]
    with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as commands:
        entries = json.load(commands)
    checker = Checker(tool, folder, own_headers(split(entries[0]["command"])[0]))
    if scope == ["library"]:
        entries = [entry for entry in entries if in_library(entry)]
    elif scope:
        below = tuple(os.path.realpath(path) + "/" for path in scope)
        entries = [entry for entry in entries if (source_of(entry) + "/").startswith(below)]
    # Skips the precompiled header, and generated sources that only include a header.
    once = {entry["file"]: entry for entry in reversed(entries)
            if not entry["file"].endswith((".h", ".alone.cpp"))}
    if not once:
        sys.exit(f"tidy: no source of {folder} is below {' '.join(scope)}")
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(int(jobs)) as pool:
        for found in pool.map(checker.check, once.values()):
            failures += bool(found)
            print(found, end="", flush=True)
    print(f"clang-tidy: {len(once)} files checked, {failures} with findings")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
