#!/usr/bin/env python3
"""Times the ops of bench/ops.txt in PyTorch, with the options and output of build/bench/ops."""
import argparse
import fnmatch
import json
import pathlib
import re
import time

import torch
import torch.nn.functional as F


def operand(text):
    kind, numbers = re.fullmatch(r"(\w+)\[([\d,]+)\]", text).groups()
    shape = [int(n) for n in numbers.split(",")]
    if kind == "normal":
        return torch.randn(shape)
    if kind == "positive":
        return torch.rand(shape) * 1.9 + 0.1
    if kind == "unit":
        return torch.rand(shape) * 1.8 - 0.9
    if kind == "probability":
        return torch.rand(shape)
    if kind == "sign":
        return torch.randint(2, shape) * 2 - 1
    if kind == "mask":
        return torch.rand(shape) < 0.5
    return torch.randint(int(kind.removeprefix("index")), shape)


def median_ms(step, seconds):
    """The median time of a call, within a budget; the first two warm up."""
    times, start = [], time.perf_counter()
    while len(times) < 7 or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        step()
        times.append(time.perf_counter() - before)
    return sorted(times[2:])[len(times[2:]) // 2] * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="*")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.05)
    args, _ = parser.parse_known_args()
    torch.set_num_threads(args.threads)
    lines = (pathlib.Path(__file__).parent / "ops.txt").read_text().splitlines()
    for line in lines:
        if line.startswith("#"):
            continue
        name, operands, call = (part.strip() for part in line.split("|"))
        plain = name.rstrip("!")
        if not any(fnmatch.fnmatch(plain, pattern) for pattern in args.only.split(",")):
            continue
        torch.manual_seed(1)
        x = dict(zip("xyz", map(operand, operands.split())))
        f = eval(f"lambda x=None, y=None, z=None: {call}", {"torch": torch, "F": F})
        with torch.no_grad():
            ms = median_ms(lambda: f(**x), args.seconds)
        print(json.dumps({"workload": plain, "ms_per_step": ms}), flush=True)
        if name.endswith("!"):
            continue
        leaves = [t.requires_grad_() for t in x.values() if t.is_floating_point()]
        dy = torch.ones_like(f(**x))
        ms = median_ms(lambda: torch.autograd.grad(f(**x), leaves, dy), args.seconds)
        print(json.dumps({"workload": f"{plain} + backward", "ms_per_step": ms}), flush=True)


if __name__ == "__main__":
    main()
