#!/usr/bin/env python3
"""Runs workloads in tapehead and in PyTorch alternately, and prints the ratios of their median step times.

    bench/versus.py [--only seq2seq_lstm_attn,mlp_tiny] [--peer torch_workloads.py] [--mode eager] [--rounds 3]

The peer is a program that accepts --only, --modes, --threads and --budget and prints the same JSON lines as
build/bench/workloads. A ratio above 1 means that tapehead is faster.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def measure(command):
    """Returns the milliseconds of each workload, as a program reports them."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines or any("failed" in line for line in lines):
        sys.exit(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip() or 'no output'}")
    return {line["workload"]: line["ms_per_step"] for line in lines}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="seq2seq_lstm_attn,mlp_tiny")
    parser.add_argument("--ours", default=str(ROOT / "build/bench/workloads"))
    parser.add_argument("--peer", default=str(ROOT.parent / "shared/peers/torch_workloads.py"))
    parser.add_argument("--mode", default="eager")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--seconds", default="6")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()

    ours = [args.ours, "--only", args.only, "--threads", args.threads, "--seconds", args.seconds]
    peer = [sys.executable, args.peer, "--only", args.only, "--modes", args.mode,
            "--threads", args.threads, "--budget", args.seconds]
    rounds = []
    for number in range(args.rounds):
        rounds.append((measure(ours), measure(peer)))
        a, b = rounds[-1]
        print(f"round {number + 1}: " + "  ".join(f"{name} {b[name] / a[name]:.2f}x" for name in a), flush=True)
    print(f"\n{'workload':<20} {'tapehead ms':>12} {'PyTorch ms':>12} {'ratio, median (min..max)':>28}")
    for name in rounds[0][0]:
        ratios = [b[name] / a[name] for a, b in rounds]
        a_ms = statistics.median(a[name] for a, _ in rounds)
        b_ms = statistics.median(b[name] for _, b in rounds)
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}..{max(ratios):.2f})"
        print(f"{name:<20} {a_ms:>12.3f} {b_ms:>12.3f} {spread:>28}")


if __name__ == "__main__":
    main()
