#!/usr/bin/env python3
"""Compares matrix products in tapehead and in PyTorch, in f32 and bf16, in GFLOP/s.

    bench/gemm.py [--threads 2] [--rounds 5] [--only 4096x1536]

build/bench/gemm and PyTorch take turns; figures are medians of the rounds, % those of the peak that build/bench/gemm
measures. Columns: f32; "packed": B packed before; "bf16": operands in f32, their conversion included; "bf16 packed": A in
bf16, B packed before, C in bf16. PyTorch's "bf16" converts in each product, too; for "bf16 packed", its operands are bf16
from the start. Run it with a Python that has torch.
"""
import argparse
import pathlib
import re
import statistics
import subprocess
import sys
import time

import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent


def ours(options):
    """Returns the peaks in f32 and bf16, and GFLOP/s for each case, (M, N, K, layout): f32, packed, bf16, bf16 packed."""
    command = [str(ROOT / "build/bench/gemm"), "--rounds=1", "--no-few", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    peaks = re.search(r"f32 ([\d.]+) GFLOP/s, bf16 ([\d.]+)", done.stdout)
    if done.returncode or not peaks:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip() or 'no output'}")
    rates, header = {}, None
    for line in done.stdout.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if "OpenBLAS" in cells:
            header = cells
        elif header and len(cells) == len(header) and cells[0].isdigit():
            row = dict(zip(header, cells))
            case = (int(cells[0]), int(cells[1]), int(cells[2]), cells[3])
            rates[case] = [float(row[column]) for column in ("f32", "packed", "bf16", "C bf16")]
    return [float(peak) for peak in peaks.groups()], rates


def torch_rates(case, seconds):
    """Returns PyTorch's GFLOP/s: f32, bf16 with conversions, bf16."""
    m, n, k, layout = case
    operands = []
    for rows, columns, order in ((m, k, layout[0]), (k, n, layout[1])):
        x = torch.randn(rows, columns)
        operands.append(x if order == "N" else x.T.contiguous().T)
    a, b = operands
    half_a, half_b = a.bfloat16(), b.bfloat16()
    out, half_out = torch.empty(m, n), torch.empty(m, n, dtype=torch.bfloat16)
    candidates = [lambda: torch.mm(a, b, out=out), lambda: torch.mm(a.bfloat16(), b.bfloat16(), out=half_out),
                  lambda: torch.mm(half_a, half_b, out=half_out)]
    rates = []
    for multiply in candidates:
        multiply()
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            multiply()
            count += 1
        rates.append(2e-9 * m * n * k * count / (time.perf_counter() - start))
    return rates


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.05, help="for each figure and round")
    parser.add_argument("--only", default="", help="cases that start with this, as 4096x1536")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    options = [f"--threads={args.threads}", f"--seconds={args.seconds}"]
    if args.only:
        options.append(f"--only={args.only}")
    peaks, figures = [], {}
    for _ in range(args.rounds):
        peak, rates = ours(options)
        peaks.append(peak)
        for case, row in rates.items():
            figures.setdefault(case, []).append((row, torch_rates(case, args.seconds)))
    most, most_bf16 = (max(column) for column in zip(*peaks))
    print(f"peak of multiply-adds: f32 {most:.1f} GFLOP/s, bf16 {most_bf16:.1f}; {args.threads} thread(s)\n")
    print("| M, N, K, layout | f32, % | packed, % | PyTorch | bf16 | PyTorch | bf16 packed, % | PyTorch | ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    for (m, n, k, layout), rounds in figures.items():
        mine = [statistics.median(column) for column in zip(*(row for row, _ in rounds))]
        peer = [statistics.median(column) for column in zip(*(row for _, row in rounds))]
        print(f"| {m}, {n}, {k} {layout} | {mine[0]:.1f}, {100 * mine[0] / most:.0f} | {mine[1]:.1f}, "
              f"{100 * mine[1] / most:.0f} | {peer[0]:.1f} | {mine[2]:.1f} | {peer[1]:.1f} | {mine[3]:.1f}, "
              f"{100 * mine[3] / most_bf16:.0f} | {peer[2]:.1f} | {mine[3] / peer[2]:.2f} |")


if __name__ == "__main__":
    main()
