#!/usr/bin/env python3
"""Runs workloads in tapehead and in PyTorch alternately, and prints the ratios of their median step times.

    bench/versus.py [--only seq2seq_lstm_attn,mlp_tiny] [--mode eager,compile] [--rounds 3]
    bench/versus.py --peer bench/peers/torch_convnets.py --only lenet_mnist,resnet8_cifar
    bench/versus.py --precision bf16

    bench/versus.py --memory [--only ...]
    bench/versus.py --ops ['softmax*,cat*']

--memory compares the peak memory of the processes instead, each with one workload, above what the same program needs for
mlp_tiny: that of the weights, the optimizer, activations and gradients, and of what a library keeps for its own use.

--ops times the single ops of bench/ops.txt instead, on one thread unless --threads is given, forward and with backward,
and prints their ratios, the number of those that are slower than PyTorch's, and the geometric mean.

The peer is a program that accepts --only, --modes, --threads and --budget and prints the same JSON lines as
build/bench/workloads. A ratio above 1 means that tapehead is faster. Workloads with the same weights and inputs in
both report their first loss, which must agree. Of several modes, the fastest counts; with --precision bf16, both use
autocast. --cpu compares the time of the processor, which other programs on the
machine disturb less.
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def measure(command, key="ms_per_step", losses=None):
    """Returns the milliseconds of each workload, as a program reports them; adds its first losses to `losses`."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines or any("failed" in line for line in lines):
        sys.exit(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip() or 'no output'}")
    for line in lines if losses is not None else []:
        before = losses.setdefault(line["workload"], line.get("first_loss"))
        if "first_loss" in line and before is not None and not math.isclose(line["first_loss"], before, rel_tol=1e-3):
            sys.exit(f"{line['workload']}: the first loss is {line['first_loss']} here, {before} there")
    times = {}
    for line in lines:
        times[line["workload"]] = min(line[key], times.get(line["workload"], math.inf))
    return times


def compare_ops(args):
    options = ["--only", args.ops, "--threads", args.threads or "1"]
    rounds = [(measure([str(ROOT / "build/bench/ops"), *options]),
               measure([sys.executable, str(ROOT / "bench/torch_ops.py"), *options])) for _ in range(args.rounds)]
    ratios = {name: statistics.median(b[name] / a[name] for a, b in rounds) for name in rounds[0][0]}
    print(f"{'op':<32} {'tapehead ms':>12} {'PyTorch ms':>12} {'ratio':>6}")
    for name, ratio in sorted(ratios.items(), key=lambda item: item[1]):
        ours, theirs = (statistics.median(r[k][name] for r in rounds) for k in (0, 1))
        print(f"{name:<32} {ours:>12.4f} {theirs:>12.4f} {ratio:>6.2f}")
    slower = sum(ratio < 1 for ratio in ratios.values())
    print(f"{len(ratios)} ops, {slower} slower than PyTorch's; geometric mean {statistics.geometric_mean(ratios.values()):.2f}")


def peak_memory(command, workload):
    """Returns the most memory, in MB, that a program with one workload had at a time."""
    argv = [workload if word == "WORKLOAD" else word for word in command]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(argv)}: exit status {process.returncode}")
    return usage.ru_maxrss / 1024


def compare_memory(ours, peer, only):
    base = [peak_memory(command, "mlp_tiny") for command in (ours, peer)]
    print(f"MB above those for mlp_tiny ({base[0]:.0f} and {base[1]:.0f})")
    print(f"{'workload':<20} {'tapehead':>10} {'PyTorch':>10} {'ratio':>6}")
    for name in only.split(","):
        a, b = (peak_memory(command, name) - idle for command, idle in zip((ours, peer), base))
        print(f"{name:<20} {a:>10.0f} {b:>10.0f} {b / a:>6.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="seq2seq_lstm_attn,mlp_tiny")
    parser.add_argument("--ops", nargs="?", const="*", help="times single ops whose names match patterns")
    parser.add_argument("--ours", default=str(ROOT / "build/bench/workloads"))
    parser.add_argument("--peer", default=str(ROOT / "bench/peers/torch_workloads.py"))
    parser.add_argument("--mode", default="eager", help="eager, compile or both, separated by a comma")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--threads", help="2, or 1 with --ops")
    parser.add_argument("--seconds", default="6")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", action="store_true", help="compares peak memory")
    parser.add_argument("--cpu", action="store_true", help="compares the time of the processor")
    args = parser.parse_args()
    if args.ops:
        return compare_ops(args)
    args.threads = args.threads or "2"

    modes = args.mode
    if args.precision == "bf16":
        modes = ",".join({"eager": "bf16", "compile": "compile_bf16"}[mode] for mode in args.mode.split(","))
    only = "WORKLOAD" if args.memory else args.only
    ours = [args.ours, "--only", only, "--threads", args.threads, "--seconds", args.seconds,
            "--precision", args.precision]
    peer = [sys.executable, args.peer, "--only", only, "--modes", modes,
            "--threads", args.threads, "--budget", args.seconds]
    if args.memory:
        return compare_memory(ours, peer, args.only)
    rounds, losses, key = [], {}, "cpu_ms_per_step" if args.cpu else "ms_per_step"
    for number in range(args.rounds):
        rounds.append((measure(ours, key, losses), measure(peer, key, losses)))
        a, b = rounds[-1]
        print(f"round {number + 1}: " + "  ".join(f"{name} {b[name] / a[name]:.2f}x" for name in a), flush=True)
    print(f"\n{'workload':<20} {'tapehead ms':>12} {'peer ms':>12} {'ratio, median (min..max)':>28}")
    for name in rounds[0][0]:
        ratios = [b[name] / a[name] for a, b in rounds]
        a_ms = statistics.median(a[name] for a, _ in rounds)
        b_ms = statistics.median(b[name] for _, b in rounds)
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}..{max(ratios):.2f})"
        print(f"{name:<20} {a_ms:>12.3f} {b_ms:>12.3f} {spread:>28}")


if __name__ == "__main__":
    main()
