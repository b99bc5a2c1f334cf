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

# Optimizers whose updates depend on shapes train parameters of these, cut from one list of numbers.
SHAPES = {"Muon": [(4, 3), (3, 5)], "Adafactor": [(4, 3), (2, 3, 2), (5,)], "LAMB": [(4, 3), (2, 3, 2), (5,)]}
C = [rng.randrange(-64, 65) / 64 for _ in range(29)]
C_GRADS = [[rng.randrange(-256, 257) / 64 for _ in C] for _ in range(STEPS)]

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
    ("Adagrad", dict(lr=0.1)),
    ("Adagrad", dict(lr=0.1, lr_decay=0.1, weight_decay=0.1, initial_accumulator_value=0.5, eps=1e-3, maximize=True)),
    ("Adadelta", dict(lr=1.0)),
    ("Adadelta", dict(lr=0.5, rho=0.8, eps=1e-3, weight_decay=0.1, maximize=True)),
    ("Adamax", dict(lr=0.01)),
    ("Adamax", dict(lr=0.02, betas=(0.8, 0.9), eps=1e-2, weight_decay=0.1, maximize=True)),
    ("NAdam", dict(lr=0.01)),
    ("NAdam", dict(lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1, momentum_decay=0.5)),
    ("NAdam", dict(lr=0.02, weight_decay=0.1, decoupled_weight_decay=True, maximize=True)),
    ("RAdam", dict(lr=0.01)),
    ("RAdam", dict(lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)),
    ("RAdam", dict(lr=0.02, betas=(0.9, 0.9), weight_decay=0.1, decoupled_weight_decay=True, maximize=True)),
    ("Adafactor", dict(lr=0.1)),
    ("Adafactor", dict(lr=0.5, beta2_decay=-0.5, eps=(1e-2, 0.25), d=2.0, weight_decay=0.1, maximize=True)),
    ("Lion", dict(lr=0.01)),
    ("Lion", dict(lr=0.02, betas=(0.5, 0.8), weight_decay=0.1, maximize=True)),
    ("LAMB", dict(lr=0.01)),
    ("LAMB", dict(lr=0.02, betas=(0.8, 0.95), eps=1e-2, weight_decay=0.1, maximize=True)),
    ("Muon", dict(lr=0.1)),
    ("Muon", dict(lr=0.1, weight_decay=0.5, momentum=0.5, nesterov=False, ns_coefficients=(2.0, -1.5, 0.5), ns_steps=3,
                  adjust_lr_fn="match_rms_adamw")),
    ("Rprop", dict(lr=0.01)),
    ("Rprop", dict(lr=0.1, etas=(0.25, 2.0), step_sizes=(0.02, 0.5), maximize=True)),
    ("ASGD", dict(lr=0.1)),
    ("ASGD", dict(lr=0.05, lambd=0.1, alpha=0.5, t0=4, weight_decay=0.1, maximize=True)),
]


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, algorithm 2."""

    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0, maximize=False, foreach=False):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay, maximize=maximize))

    @torch.no_grad()
    def step(self):
        (o,) = self.param_groups
        (beta1, beta2), lr = o["betas"], o["lr"]
        for p in (p for p in o["params"] if p.grad is not None):
            g = -p.grad if o["maximize"] else p.grad
            m = self.state[p].get("m", torch.zeros_like(p))
            p *= 1 - lr * o["weight_decay"]
            p -= lr * torch.sign(beta1 * m + (1 - beta1) * g)
            self.state[p]["m"] = beta2 * m + (1 - beta2) * g


class LAMB(torch.optim.Optimizer):
    """You et al. 2020, algorithm 2."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0, maximize=False, foreach=False):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize))

    @torch.no_grad()
    def step(self):
        (o,) = self.param_groups
        beta1, beta2 = o["betas"]
        for p in (p for p in o["params"] if p.grad is not None):
            g = -p.grad if o["maximize"] else p.grad
            s = self.state[p]
            s["t"] = s.get("t", 0) + 1
            s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
            s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g * g
            r = s["m"] / (1 - beta1 ** s["t"]) / ((s["v"] / (1 - beta2 ** s["t"])).sqrt() + o["eps"])
            r = r + o["weight_decay"] * p
            p -= o["lr"] * p.norm() / r.norm() * r


def newton_schulz(g, coefficients, steps, eps):
    """That of torch.optim.Muon without the rounding to bf16."""
    a, b, c = coefficients
    x = g.T if g.size(0) > g.size(1) else g
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        s = x @ x.T
        x = a * x + (b * s + c * s @ s) @ x
    return x.T if g.size(0) > g.size(1) else x


torch.optim._muon._zeropower_via_newtonschulz = newton_schulz


def numbers(values, digits=17):
    return "{" + ", ".join(f"{float(v):.{digits}g}" for v in values) + "}"


def train(kind, options, dtype):
    torch.set_default_dtype(dtype)  # of NAdam's and ASGD's scalars
    shapes, start, grads = [(len(A),), (len(B),)], A + B, GRADS
    if kind in SHAPES:
        shapes, start, grads = SHAPES[kind], C, C_GRADS

    def cut(values):
        out = []
        for shape in shapes:
            n = torch.Size(shape).numel()
            out.append(torch.tensor(values[:n], dtype=dtype).reshape(shape))
            values = values[n:]
        return out

    params = [p.requires_grad_() for p in cut(start)]
    only = {} if kind == "Muon" else {"foreach": False}
    opt = {"Lion": Lion, "LAMB": LAMB}.get(kind, getattr(torch.optim, kind, None))(params, **only, **options)
    for t in range(STEPS):
        for p, g in zip(params, cut(grads[t])):
            p.grad = g
        if t in B_HAS_NONE and kind not in SHAPES:
            params[1].grad = None
        opt.step()
    torch.set_default_dtype(torch.float32)
    return [x for p in params for x in p.flatten().tolist()]


def row(kind, options):
    enums = {"match_rms_adamw": 1}
    values = {k: v if isinstance(v, tuple) else (enums.get(v, v),) for k, v in options.items()}
    given = ", ".join(f'{{"{k}", {numbers(v)}}}' for k, v in values.items())
    shapes = ", ".join("{" + ", ".join(map(str, s)) + "}" for s in SHAPES.get(kind, []))
    print(f'  {{"{kind}", {{{given}}}, {{{shapes}}},')
    print(f"   {numbers(train(kind, options, torch.float64))},")
    print(f"   {numbers(train(kind, options, torch.float32), 9)}}},")


def rosenbrock(x, y):
    return (10 * (y - x * x) ** 2 + (1 - x) ** 2).sum()


CLOSURE_START = [-1.5, 0.5, 2.0], [1.0, -0.5, 0.25]
CLOSURE_RUNS = [
    ("LBFGS", dict(lr=0.02, max_iter=4)),
    ("LBFGS", dict(line_search_fn="strong_wolfe", max_iter=3)),
    ("LBFGS", dict(lr=0.5, line_search_fn="strong_wolfe", max_iter=6, max_eval=7, history_size=2)),
    ("LBFGS", dict(line_search_fn="strong_wolfe", tolerance_grad=0.5, tolerance_change=1e-3)),
    ("SAM", dict(rho=0.05, adaptive=False)),
    ("SAM", dict(rho=0.5, adaptive=True)),
]


def sam_step(opt, params, closure, rho, adaptive):
    """Foret et al. 2021, and Kwon et al. 2021 if adaptive."""
    closure()
    with torch.no_grad():
        scales = [p.abs() if adaptive else torch.ones_like(p) for p in params]
        norm = torch.cat([s * p.grad for s, p in zip(scales, params)]).norm()
        moves = [rho * s * s * p.grad / norm for s, p in zip(scales, params)]
        for p, move in zip(params, moves):
            p += move
    closure()
    with torch.no_grad():
        for p, move in zip(params, moves):
            p -= move
    opt.step()


def closure_row(kind, options):
    params = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in CLOSURE_START]
    calls = 0

    def closure():
        nonlocal calls
        calls += 1
        opt.zero_grad()
        loss = rosenbrock(*params)
        loss.backward()
        return loss

    if kind == "LBFGS":
        opt = torch.optim.LBFGS(params, **options)
    else:
        opt = torch.optim.SGD(params, lr=0.002, momentum=0.9)
    trace = []
    for _ in range(6):
        opt.step(closure) if kind == "LBFGS" else sam_step(opt, params, closure, **options)
        trace += [x for p in params for x in p.tolist()]
    given = {k: (float(v == "strong_wolfe" if isinstance(v, str) else v),) for k, v in options.items()}
    given = ", ".join(f'{{"{k}", {numbers(v)}}}' for k, v in given.items())
    print(f'  {{"{kind}", {{{given}}}, {calls}, {numbers(trace)}}},')


def clipping():
    for norm_type, name in ((1.0, "1"), (2.0, "2"), (float("inf"), "INFINITY")):
        a = torch.zeros(len(A), dtype=torch.float64, requires_grad=True)
        b = torch.zeros(len(B), dtype=torch.float64, requires_grad=True)
        a.grad = torch.tensor(GRADS[5][: len(A)], dtype=torch.float64)
        b.grad = torch.tensor(GRADS[5][len(A) :], dtype=torch.float64)
        norm = torch.nn.utils.clip_grad_norm_([a, b], 2.5, norm_type=norm_type)
        print(f"  {{{name}, {float(norm):.17g}, {numbers(a.grad.tolist() + b.grad.tolist())}}},")


def rates(make, steps=24, metric=None, key="lr"):
    opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    schedule = make(opt)
    out = [opt.param_groups[0][key]]
    for n in range(steps):
        opt.step()
        schedule.step(metric[n]) if metric else schedule.step()
        out.append(opt.param_groups[0][key])
    return out


def main():
    print(f"// Written by tests/oracles/optim.py with torch {torch.__version__.split('+')[0]}: not for editing by hand.")
    print("// clang-format off\n#pragma once\n\n#include <cmath>\n#include <cstdint>\n#include <string>\n#include <utility>\n#include <vector>\n")
    print("namespace tapehead::test {\n")
    print(f"inline const std::vector<double> kStartA = {numbers(A)}, kStartB = {numbers(B)};")
    print("// The gradients of a and b, one after the other, at each step; b has none at some.")
    print("inline const std::vector<std::vector<double>> kGradients = {")
    for t, grads in enumerate(GRADS):
        print(f"  {numbers(grads[: len(A)] if t in B_HAS_NONE else grads)},")
    print("};\n")
    print("// The same for runs with shapes, whose parameters are cut from these.")
    print(f"inline const std::vector<double> kShapedStart = {numbers(C)};")
    print("inline const std::vector<std::vector<double>> kShapedGradients = {")
    for grads in C_GRADS:
        print(f"  {numbers(grads)},")
    print("};\n")
    print("using TorchOptions = std::vector<std::pair<std::string, std::vector<double>>>;")
    print("struct TorchRun {\n  const char* optimizer;\n  TorchOptions options;  // those that are given")
    print("  std::vector<std::vector<int64_t>> shapes;  // none: a and b")
    print("  std::vector<double> in_f64, in_f32;  // all parameters after the last step\n};")
    print("inline const std::vector<TorchRun> kTorchRuns = {")
    for kind, options in RUNS:
        row(kind, options)
    print("};\n")
    print("// Minimizing sum(10 (y - x²)² + (1 - x)²).")
    print(f"inline const std::vector<double> kStartX = {numbers(CLOSURE_START[0])}, kStartY = {numbers(CLOSURE_START[1])};")
    print("struct TorchClosureRun {\n  const char* optimizer;\n  TorchOptions options;\n  int64_t calls;  // of the closure, in all steps")
    print("  std::vector<double> trace;  // x and y after each step\n};")
    print("inline const std::vector<TorchClosureRun> kTorchClosureRuns = {")
    for kind, options in CLOSURE_RUNS:
        closure_row(kind, options)
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
        ("OneCycleLRLinear", rates(lambda o: lr.OneCycleLR(o, 0.5, 25, anneal_strategy="linear"))),
        ("OneCycleMomentum", rates(lambda o: lr.OneCycleLR(o, 0.5, 25), key="momentum")),
        ("OneCycleMomentumThree", rates(lambda o: lr.OneCycleLR(
            o, 0.5, 25, pct_start=0.4, anneal_strategy="linear", base_momentum=0.5, max_momentum=0.9, three_phase=True),
            key="momentum")),
        ("CyclicLR", rates(lambda o: lr.CyclicLR(o, 0.5, 2.0, step_size_up=4))),
        ("CyclicLRHalved", rates(lambda o: lr.CyclicLR(o, 0.5, 1.0, 3, 5, "triangular2"))),
        ("CyclicLRExponential", rates(lambda o: lr.CyclicLR(o, 0.5, 1.0, 4, mode="exp_range", gamma=0.9))),
        ("CyclicLRCycles", rates(lambda o: lr.CyclicLR(o, 0.5, 1.0, 4, scale_fn=lambda n: 1 / (n + 1)))),
        ("CyclicLRIterations", rates(lambda o: lr.CyclicLR(
            o, 0.5, 1.0, 4, scale_fn=lambda n: 1 / (n + 1), scale_mode="iterations"))),
        ("CyclicMomentum", rates(lambda o: lr.CyclicLR(
            o, 0.5, 1.0, 3, 5, "triangular2", base_momentum=0.6, max_momentum=0.95), key="momentum")),
        ("SWALR", rates(lambda o: torch.optim.swa_utils.SWALR(o, 0.05))),
        ("SWALRLinear", rates(lambda o: torch.optim.swa_utils.SWALR(o, 0.05, 4, "linear"))),
        ("SWALRAtOnce", rates(lambda o: torch.optim.swa_utils.SWALR(o, 0.05, 0))),
        ("MultiplicativeLR", rates(lambda o: lr.MultiplicativeLR(o, lambda n: 1 - 1 / (n + 1)))),
        ("SequentialLR", rates(lambda o: lr.SequentialLR(
            o, [lr.LinearLR(o, 0.2, total_iters=4), lr.ExponentialLR(o, 0.9), lr.StepLR(o, 3)], [5, 12]))),
        ("ChainedScheduler", rates(lambda o: lr.ChainedScheduler(
            [lr.ConstantLR(o, 0.1, 4), lr.ExponentialLR(o, 0.9)]))),
        ("Plateau", rates(lambda o: lr.ReduceLROnPlateau(o, factor=0.5, patience=2, cooldown=2, min_lr=0.1), metric=metric)),
        ("PlateauAbsolute", rates(lambda o: lr.ReduceLROnPlateau(
            o, factor=0.5, patience=2, threshold=0.5, threshold_mode="abs"), metric=metric)),
        ("PlateauMax", rates(lambda o: lr.ReduceLROnPlateau(o, "max", patience=1, threshold=0.05), metric=metric)),
    ):
        print(f"inline const std::vector<double> kTorch{name} = {numbers(values)};")
    print(f"inline const std::vector<double> kPlateauMetric = {numbers(metric)};")
    print("\n}  // namespace tapehead::test")


if __name__ == "__main__":
    main()
