#!/usr/bin/env python3
"""Compares the losses of two training runs, for example in f32 and in bf16.

    bench/curves.py out/f32 out/bf16 [--parts 12]

The arguments are the runs' folders. Prints the mean training loss of equal parts of the steps that both runs took, the
difference in percent, and the scores and seconds of training at evaluations after the same step.
"""
import argparse
import json
import pathlib
import statistics
import sys


def read(folder):
    """Returns a run's losses, and its scores by step and name."""
    path = pathlib.Path(folder) / "metrics.jsonl"
    if not path.exists():
        sys.exit(f"curves.py: there is no {path}; give the folder of a training run")
    losses, scores = {}, {}
    for line in path.read_text().splitlines():
        record = json.loads(line)
        step = record.pop("step", None)
        if step is None:
            continue
        if "loss" in record:
            losses[step] = record["loss"]
        for name, value in record.items():
            if name not in ("loss", "lr", "epoch") and isinstance(value, (int, float)):
                scores[step, name] = value
    return losses, scores


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs=2, help="folders of training runs")
    parser.add_argument("--parts", type=int, default=12)
    args = parser.parse_args()
    (first, first_scores), (second, second_scores) = (read(folder) for folder in args.runs)
    steps = sorted(first.keys() & second.keys())
    if len(steps) < args.parts:
        sys.exit(f"curves.py: the runs have {len(steps)} steps in common; at least {args.parts} are needed")
    print(f"{'steps':>15} {'loss':>9} {'loss':>9} {'difference':>11}")
    for part in range(args.parts):
        some = steps[len(steps) * part // args.parts:len(steps) * (part + 1) // args.parts]
        a, b = (statistics.mean(losses[step] for step in some) for losses in (first, second))
        print(f"{some[0]:>7,}-{some[-1]:>7,} {a:>9.4f} {b:>9.4f} {100 * (b / a - 1):>+10.2f}%")
    both = sorted(first_scores.keys() & second_scores.keys())
    if both:
        print(f"\n{'step':>15} {'score':>9} {'score':>9}")
    for step, name in both:
        print(f"{step:>15,} {first_scores[step, name]:>9.4g} {second_scores[step, name]:>9.4g}  {name}")


if __name__ == "__main__":
    main()
