#!/usr/bin/env python3
"""Kills every example at random moments, resumes it, and compares the results with those of an undisturbed run.

  tests/kills.py build                       25 kills of each
  tests/kills.py build --kills 4 --only translate,babi-jobs --seed 7

Half of the kills come around the first checkpoint, when a file appears in the run's folder or just after; the others
come at any time. Half of the runs begin in the folder of a shorter one, and the number of threads alternates between
starts. The last line is "N passed, N failed", counting kills.
"""
import argparse
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SMALL = {
    "translate": "translate --steps 20 --hidden-size 16 --embed-dim 8 --tokens 14000 --dropout 0.1",
    "translate-transformer": "translate --model transformer --steps 12 --hidden-size 16 --num-layers 1 --num-heads 2 --ffn-dim 16 "
                             "--tokens 14000 --dropout 0.1 --average 0.9",
    "gpt": "gpt --steps 12 --embed-dim 16 --num-layers 1 --num-heads 2 --context 16 --val-every 4 --dropout 0.1",
    "gpt-bpe": "gpt --steps 12 --embed-dim 16 --num-layers 1 --num-heads 2 --context 16 --val-every 4 --vocab-size 300",
    "bert": "bert --steps 12 --embed-dim 16 --num-layers 1 --num-heads 2 --tune-epochs 1 --merges 50",
    "mnist": "mnist --steps 12 --channels 4 --batch 50",
    "gan": "gan --steps 12 --channels 4 --batch 50",
    "vit": "vit --steps 12 --embed-dim 16 --num-layers 1 --num-heads 2 --batch 50 --dropout 0.1",
    "summarize": "summarize --steps 12 --hidden-size 16 --vocab-size 100 --tokens 4000 --beam 1",
    "algorithms": "algorithms --steps 60 --hidden-size 16 --slots 8 --slot-dim 4 --batch 4",
    "speech": "speech --steps 12 --examples 40 --model joint --frames 2000 --hidden-size 16 --decoder-size 16 --dropout 0.1",
    "babi": "babi --steps 16 --embed-dim 8 --hops 1",
    "babi-jobs": "babi --steps 8 --embed-dim 8 --hops 1 --seeds 3",  # trains in several processes
}
TIMED = re.compile(r',"seconds":[^,}]*')


def files_in(folder):
    """The (name, inode) pairs of the files in a folder."""
    found = set()
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                found.add((name, os.stat(os.path.join(path, name)).st_ino))
            except FileNotFoundError:
                pass
    return found


def contents(folder):
    """The files that a run leaves, without times; the checkpoint, event files and logs, which vary, are left out."""
    files = {}
    for path in sorted(folder.rglob("*")):
        passing = path.name.startswith(("events.out", "checkpoint", "log.txt"))
        if path.is_file() and not passing:
            data = path.read_bytes()
            files[str(path.relative_to(folder))] = TIMED.sub("", data.decode()) if path.suffix == ".jsonl" else data
    return files


def family(pid):
    """A process and all its descendants."""
    try:
        below = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        below = []
    return [pid] + [each for child in below for each in family(int(child))]


class Failed(Exception):
    """A killed run that did not resume, or whose results differ."""


class Example:
    def __init__(self, name, build, scratch, rng):
        self.name, self.rng = name, rng
        program, *self.options = SMALL[name].split()
        self.program = build / "examples" / program
        self.whole, self.cut, self.old = (scratch / part for part in ("whole", "cut", "old"))
        self.threads = itertools.cycle("12")
        self.finish(self.start(self.old, [*self.options, "--steps", "5"]))
        begin = time.monotonic()
        self.wanted = self.finish(self.start(self.whole, self.options))
        self.seconds = time.monotonic() - begin
        traced = self.start(self.cut, self.options)
        self.first = self.wait_for_changes(traced, None)  # files until the first checkpoint
        self.finish(traced)

    def start(self, folder, words):
        environment = {**os.environ, "OMP_NUM_THREADS": next(self.threads)}
        return subprocess.Popen([self.program, *words, "--checkpoint-every", "1", "--quiet", "--out", folder],
                                env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, errors="replace")

    def finish(self, process):
        out, err = process.communicate()
        if process.returncode != 0:
            raise Failed(f"it does not run to its end: {err.strip()}")
        return out

    def words(self):
        """The arguments to continue the run in the folder, or to start it if it has not begun."""
        try:
            config = json.loads((self.cut / "config.json").read_text())
        except FileNotFoundError:
            return self.options
        return ["--resume"] if str(config["steps"]) in self.options else self.options

    def wait_for_changes(self, process, count):
        """Waits for `count` new files, or for a checkpoint if it is None; returns the number of new files."""
        seen, came = files_in(self.cut), 0
        while process.poll() is None and (count is None or came < count):
            new = files_in(self.cut) - seen
            seen |= new
            came += len(new)
            if count is None and any(name == "checkpoint.safetensors" for name, _ in new):
                break
        return came

    def kill(self, at_first):
        """Starts or resumes the run and kills it. Returns False if it ended before."""
        process = self.start(self.cut, self.words())
        if at_first:
            self.wait_for_changes(process, self.rng.randint(1, self.first + 3))
            time.sleep(self.rng.choice([0, 0, 0.002, 0.02]) * self.rng.random())
        else:
            time.sleep(self.rng.random() * self.seconds)
        # Kills all processes, or only the first, so that its jobs save their checkpoints and end.
        for pid in family(process.pid) if self.rng.random() < 0.5 else [process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if process.wait() == -signal.SIGKILL:
            process.communicate()
            return True
        self.finish(process)
        return False

    def trial(self):
        """Runs it with two kills, the first around its first checkpoint, and checks its results."""
        shutil.rmtree(self.cut, ignore_errors=True)
        if self.rng.random() < 0.5:
            shutil.copytree(self.old, self.cut)
        for at_first in (True, False):
            self.killed += self.kill(at_first)
        out = self.finish(self.start(self.cut, self.words()))
        self.resumed += self.killed
        if out != self.wanted:
            raise Failed(f"it says\n{out}instead of\n{self.wanted}")
        got, wanted = contents(self.cut), contents(self.whole)
        differ = [name for name in sorted({*got, *wanted}) if got.get(name) != wanted.get(name)]
        if differ:
            raise Failed(f"other bytes: {', '.join(differ)}")

    def test(self, kills):
        """Kills it at least `kills` times; returns the numbers of kills, of resumed ones and of those with equal results."""
        total = equal = 0
        self.resumed = 0
        while total < kills:
            self.killed = 0
            try:
                self.trial()
                equal += self.killed
            except Failed as failed:
                print(f"{self.name}: {failed}", file=sys.stderr, flush=True)
                self.killed = max(self.killed, 1)
            total += self.killed
        return total, self.resumed, equal


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=25, help="of each example")
    parser.add_argument("--only", default=",".join(SMALL), help="names with commas between")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"--seed {options.seed} repeats these kills, as far as time can")
    print(f"{'example':<24}{'kills':>8}{'resumed':>10}{'bytes equal':>14}", flush=True)
    good = bad = 0
    for name in options.only.split(","):
        with tempfile.TemporaryDirectory(prefix="kills-") as scratch:
            rng = random.Random(f"{options.seed} {name}")
            example = Example(name, options.build.resolve(), pathlib.Path(scratch), rng)
            kills, resumed, equal = example.test(options.kills)
        print(f"{name:<24}{kills:>8}{resumed:>10}{equal:>14}", flush=True)
        good, bad = good + equal, bad + kills - equal
    print(f"{good} passed, {bad} failed")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
