#!/usr/bin/env python3
"""Records runs of PyTorch's optimizers, clipping and schedules, for the unit tests of optim/.

  tests/oracles/optim.py > tests/oracles/optim_runs.h
"""
import random

import torch

STEPS = 12
A = [0.5, -1.25, 3.0, 0.0, -0.0078125]
B = [2.0, -0.5, 0.125]
B_HAS_NONE = {2, 3, 7}  # steps at which b has no gradient

rng = random.Random(3)
GRADS = [[rng.randrange(-256, 257) / 64 for _ in A + B] for _ in range(STEPS)]
GRADS[4][1] = GRADS[4][6] = 0.0
GRADS[5][2] = 512.0  # an outlier, so that AMSGrad's maximum matters afterwards

RUNS = [
    ("SGD", dict(lr=0.1)),
    ("SGD", dict(lr=0.1, weight_decay=0.05)),
    ("SGD", dict(lr=0.05, momentum=0.9)),
    ("SGD", dict(lr=0.05, momentum=0.9, dampening=0.3, weight_decay=0.01)),
    ("SGD", dict(lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.02)),
    ("SGD", dict(lr=0.05, momentum=0.8, weight_decay=0.02, maximize=True)),
    ("Adam", dict(lr=0.01)),
    ("Adam", dict(lr=0.02, betas=(0.9, 0.98), eps=1e-9, weight_decay=0.1)),
    ("Adam", dict(lr=0.02, betas=(0.0, 0.5), eps=1e-3)),
    ("Adam", dict(lr=0.02, amsgrad=True, weight_decay=0.01)),
    ("Adam", dict(lr=0.02, maximize=True)),
    ("AdamW", dict(lr=0.01)),
    ("AdamW", dict(lr=0.05, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.3)),
    ("AdamW", dict(lr=0.02, amsgrad=True, weight_decay=0.1)),
    ("AdamW", dict(lr=0.02, betas=(0.95, 0.999), weight_decay=0.1, maximize=True)),
    ("RMSprop", dict(lr=0.01)),
    ("RMSprop", dict(lr=0.02, alpha=0.9, eps=1e-6, weight_decay=0.1, maximize=True)),
    ("RMSprop", dict(lr=0.01, momentum=0.9)),
    ("RMSprop", dict(lr=0.01, alpha=0.95, eps=1e-4, centered=True)),
    ("RMSprop", dict(lr=0.01, alpha=0.95, eps=1e-4, momentum=0.9, centered=True, weight_decay=0.01)),
]


def numbers(values, digits=17):
    return "{" + ", ".join(f"{float(v):.{digits}g}" for v in values) + "}"


def train(kind, options, dtype):
    a = torch.tensor(A, dtype=dtype, requires_grad=True)
    b = torch.tensor(B, dtype=dtype, requires_grad=True)
    opt = getattr(torch.optim, kind)([a, b], foreach=False, **options)
    for t in range(STEPS):
        a.grad = torch.tensor(GRADS[t][: len(A)], dtype=dtype)
        b.grad = None if t in B_HAS_NONE else torch.tensor(GRADS[t][len(A) :], dtype=dtype)
        opt.step()
    return a.tolist() + b.tolist()


def row(kind, options):
    defaults = dict(lr=0, momentum=0, dampening=0, nesterov=False, betas=(0.9, 0.999), eps=1e-8,
                    weight_decay=0.01 if kind == "AdamW" else 0, amsgrad=False, maximize=False,
                    alpha=0.99, centered=False)
    o = {**defaults, **options}
    flags = ", ".join(str(o[k]).lower() for k in ("nesterov", "amsgrad", "maximize", "centered"))
    plain = ", ".join(repr(o[k]) for k in ("lr", "momentum", "dampening", "weight_decay", "eps", "alpha"))
    print(f'  {{"{kind}", {plain}, {{{o["betas"][0]}, {o["betas"][1]}}}, {flags},')
    print(f"   {numbers(train(kind, options, torch.float64))},")
    print(f"   {numbers(train(kind, options, torch.float32), 9)}}},")


def clipping():
    for norm_type, name in ((1.0, "1"), (2.0, "2"), (float("inf"), "INFINITY")):
        a = torch.zeros(len(A), dtype=torch.float64, requires_grad=True)
        b = torch.zeros(len(B), dtype=torch.float64, requires_grad=True)
        a.grad = torch.tensor(GRADS[5][: len(A)], dtype=torch.float64)
        b.grad = torch.tensor(GRADS[5][len(A) :], dtype=torch.float64)
        norm = torch.nn.utils.clip_grad_norm_([a, b], 2.5, norm_type=norm_type)
        print(f"  {{{name}, {float(norm):.17g}, {numbers(a.grad.tolist() + b.grad.tolist())}}},")


def rates(make, steps=24, metric=None):
    opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    schedule = make(opt)
    out = [opt.param_groups[0]["lr"]]
    for n in range(steps):
        opt.step()
        schedule.step(metric[n]) if metric else schedule.step()
        out.append(opt.param_groups[0]["lr"])
    return out


def main():
    print(f"// Written by tests/oracles/optim.py with torch {torch.__version__.split('+')[0]}: not for editing by hand.")
    print("// clang-format off\n#pragma once\n\n#include <cmath>\n#include <vector>\n")
    print("namespace tapehead::test {\n")
    print(f"inline const std::vector<double> kStartA = {numbers(A)}, kStartB = {numbers(B)};")
    print("// The gradients of a and b, one after the other, at each step; b has none at some.")
    print("inline const std::vector<std::vector<double>> kGradients = {")
    for t, grads in enumerate(GRADS):
        print(f"  {numbers(grads[: len(A)] if t in B_HAS_NONE else grads)},")
    print("};\n")
    print("struct TorchRun {\n  const char* optimizer;\n  double lr, momentum, dampening, weight_decay, eps, alpha, betas[2];")
    print("  bool nesterov, amsgrad, maximize, centered;\n  std::vector<double> in_f64, in_f32;  // a and b after the last step\n};")
    print("inline const std::vector<TorchRun> kTorchRuns = {")
    for kind, options in RUNS:
        row(kind, options)
    print("};\n")
    print("struct TorchClip {\n  double norm_type, norm;\n  std::vector<double> clipped;\n};")
    print("// Of kGradients[5], clipped to 2.5.")
    print("inline const std::vector<TorchClip> kTorchClips = {")
    clipping()
    print("};\n")
    metric = [5, 4, 3, 3, 3, 3, 2.9999, 2.9, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2.1, 2.1, 2.1, 2.1, 2.1, 2.1, 2.1]
    lr = torch.optim.lr_scheduler
    print("// Learning rates from a base of 0.5, after 0, 1, 2 … steps.")
    for name, values in (
        ("LambdaLR", rates(lambda o: lr.LambdaLR(o, lambda n: 1 / (n + 1)))),
        ("ConstantLR", rates(lambda o: lr.ConstantLR(o))),
        ("ConstantLRHalf", rates(lambda o: lr.ConstantLR(o, 0.5, 7))),
        ("StepLR", rates(lambda o: lr.StepLR(o, 5, 0.3))),
        ("MultiStepLR", rates(lambda o: lr.MultiStepLR(o, [4, 5, 12], 0.3))),
        ("ExponentialLR", rates(lambda o: lr.ExponentialLR(o, 0.9))),
        ("LinearLR", rates(lambda o: lr.LinearLR(o))),
        ("LinearLRDown", rates(lambda o: lr.LinearLR(o, 0.75, 0.25, 16))),
        ("PolynomialLR", rates(lambda o: lr.PolynomialLR(o))),
        ("PolynomialLRRoot", rates(lambda o: lr.PolynomialLR(o, 20, 0.5))),
        ("CosineAnnealingLR", rates(lambda o: lr.CosineAnnealingLR(o, 9, 0.05))),
        ("WarmRestarts", rates(lambda o: lr.CosineAnnealingWarmRestarts(o, 7))),
        ("WarmRestartsTwice", rates(lambda o: lr.CosineAnnealingWarmRestarts(o, 3, 2, 0.05))),
        ("OneCycleLR", rates(lambda o: lr.OneCycleLR(o, 0.5, 25, cycle_momentum=False))),
        ("OneCycleLRThree", rates(lambda o: lr.OneCycleLR(
            o, 0.5, 25, pct_start=0.4, cycle_momentum=False, div_factor=10, final_div_factor=100, three_phase=True))),
        ("SequentialLR", rates(lambda o: lr.SequentialLR(
            o, [lr.LinearLR(o, 0.2, total_iters=4), lr.ExponentialLR(o, 0.9), lr.StepLR(o, 3)], [5, 12]))),
        ("ChainedScheduler", rates(lambda o: lr.ChainedScheduler(
            [lr.ConstantLR(o, 0.1, 4), lr.ExponentialLR(o, 0.9)]))),
        ("Plateau", rates(lambda o: lr.ReduceLROnPlateau(o, factor=0.5, patience=2, cooldown=2, min_lr=0.1), metric=metric)),
        ("PlateauMax", rates(lambda o: lr.ReduceLROnPlateau(o, "max", patience=1, threshold=0.05), metric=metric)),
    ):
        print(f"inline const std::vector<double> kTorch{name} = {numbers(values)};")
    print(f"inline const std::vector<double> kPlateauMetric = {numbers(metric)};")
    print("\n}  // namespace tapehead::test")


if __name__ == "__main__":
    main()
