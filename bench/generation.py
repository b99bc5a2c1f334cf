#!/usr/bin/env python3
"""Compares greedy generation with GPT-2 (124 M, random weights) in tapehead and in transformers, in f32 and bf16.

    bench/generation.py                                # one thread, a prompt of 64 tokens, 128 new ones
    bench/generation.py --prompt 900 --tokens 64 --batch 4 --threads 2

The programs take turns; figures are medians of the rounds, in brackets the least and the most. "first token" is the
time until it is there, which is mostly that of reading the prompt; "a token" that of each further one. Ratios are those
of all time, to transformers in f32; above 1, tapehead is faster. Run it with a Python that has torch and transformers.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def measure(command):
    """Returns the milliseconds until the first token, for each further one, and until the last."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or len(lines) != 1:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip() or 'no output'}")
    return lines[0]["first_ms"], lines[0]["all_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompt", type=int, default=64, help="tokens")
    parser.add_argument("--tokens", type=int, default=128, help="new tokens")
    parser.add_argument("--batch", type=int, default=1, help="sequences")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--loop", action="store_true", help="calls transformers' model without its generate()")
    args = parser.parse_args()
    options = [f"--{name}={getattr(args, name)}" for name in ("prompt", "tokens", "batch", "threads")]
    ours = [str(ROOT / "build/bench/generation"), *options]
    peer = [sys.executable, str(ROOT / "bench/peers/torch_generation.py"), *options, *["--loop"] * args.loop]
    programs = {f"{name}, {dtype}": [*command, f"--dtype={dtype}"]
                for name, command in (("tapehead", ours), ("transformers", peer)) for dtype in ("f32", "bf16")}
    rounds = [{name: measure(command) for name, command in programs.items()} for _ in range(args.rounds)]

    print(f"{args.prompt} tokens of prompt, {args.tokens} new, {args.batch} sequence(s), {args.threads} thread(s)\n")
    print(f"{'':<20} {'first token, ms':>16} {'a token, ms':>12} {'tokens/s':>9}  ratio to transformers, f32")
    for name in programs:
        firsts, totals = zip(*(r[name] for r in rounds))
        token = statistics.median((last - first) / (args.tokens - 1) for first, last in zip(firsts, totals))
        ratios = [r["transformers, f32"][1] / r[name][1] for r in rounds]
        rate = args.batch * args.tokens / statistics.median(totals) * 1e3
        print(f"{name:<20} {statistics.median(firsts):>16.1f} {token:>12.2f} {rate:>9.1f}  "
              f"{statistics.median(ratios):.2f} ({min(ratios):.2f}..{max(ratios):.2f})")


if __name__ == "__main__":
    main()
