#!/usr/bin/env python3
"""Elementwise functions, at ordinary operands and at corners and limits."""
from recorder import *

inf, nan = float("inf"), float("nan")

for name, low, high in [
    ("asin", -0.95, 0.95), ("acos", -0.95, 0.95), ("atan", -4, 4), ("sinh", -4, 4), ("cosh", -4, 4), ("asinh", -4, 4),
    ("acosh", 1.1, 5), ("atanh", -0.95, 0.95), ("tan", -1.2, 1.2), ("exp2", -4, 4), ("log2", 0.1, 5),
    ("log10", 0.1, 5), ("erfc", -3, 3), ("erfinv", -0.95, 0.95), ("lgamma", 0.3, 6), ("digamma", 0.4, 8),
    ("sinc", -3, 3), ("frac", -3, 3), ("logit", 0.05, 0.95), ("deg2rad", -90, 90), ("rad2deg", -3, 3),
]:
    # PyTorch's trigamma is less precise than f64.
    case(name, getattr(torch, name), uniform(low, high, 13), f32=4, tolerance=1e-8 if "gamma" in name else 1e-10)
case("lgamma/negative", torch.lgamma, uniform(-2.8, -2.2, 7), f32=4, tolerance=1e-8)
case("digamma/negative", torch.digamma, uniform(-2.8, -2.2, 7), f32=4, tolerance=1e-8)
for n in (1, 2, 3, 5):
    case(f"polygamma/{n}", lambda x, n=n: torch.polygamma(n, x), uniform(0.4, 8, 9), f32=4, tolerance=1e-8)
case("logit/eps", torch.logit, given([-1.0, 0, 0.125, 0.375, 0.75, 0.9375, 1, 2]), 0.125, second=False)
case("erfinv/limits", torch.erfinv, fixed(given([-1.0, 0, 1, 1.5, nan])))
case("sinc/0", torch.sinc, given([0.0, 1, -2]), second=False)
case("frac/limits", torch.frac, given([-1.5, -1.0, 0, 2.75]))

pairs = lambda *values: given(list(values))
for name, f in [("atan2", torch.atan2), ("hypot", torch.hypot), ("logaddexp", torch.logaddexp),
                ("logaddexp2", torch.logaddexp2), ("copysign", torch.copysign), ("fmod", torch.fmod)]:
    case(name, f, normal(3, 1, scale=3), normal(2, 1, 4), f32=4, second=name != "fmod")
case("xlogy", torch.xlogy, normal(3, 4), uniform(0.2, 3, 3, 4))
case("xlogy/limits", torch.xlogy, given([0.0, 0, 0, 2]), given([0.0, -1, 3, 1]), second=False)
case("xlog1py", torch.special.xlog1py, normal(3, 4), uniform(-0.7, 3, 3, 4))
case("float_power", torch.float_power, uniform(0.3, 3, 4), normal(4))
case("heaviside", torch.heaviside, fixed(given([-1.0, 0, 2, 0, nan])), fixed(given([3.0, 4, 5, -6, 7])))
for mode in ("trunc", "floor"):
    case(f"div/{mode}", lambda a, b, mode=mode: torch.div(a, b, rounding_mode=mode), given([7.0, -7, 7.5, -7.5]),
         given([2.0, 2, -2, -2.5]), second=False)
case("round/1", torch.round, given([1.25, -0.375, 2.75]), decimals=1, second=False)
case("round/-1", torch.round, given([15.0, -26, 31]), decimals=-1, second=False)
case("addcmul", torch.addcmul, normal(3, 4), normal(4), normal(3, 1), value=-1.5)
case("addcdiv", torch.addcdiv, normal(3, 4), normal(4), uniform(0.5, 2, 3, 1), value=-1.5)
case("nan_to_num", torch.nan_to_num, given([nan, inf, -inf, 2.5]), nan=7, posinf=5, neginf=-6)
case("clamp/tensors", torch.clamp, normal(3, 4), uniform(-1, 0.5, 4), uniform(-0.5, 1, 3, 1))
case("clamp_min", torch.clamp_min, normal(7), 0.25)
case("clamp_max", torch.clamp_max, normal(7), 0.25)
case("isclose", torch.isclose, fixed(given([1.0, 1, inf, inf, nan])), fixed(given([1.0, 1.5, inf, -inf, nan])), 0.25,
     0.0625)

for name in ("selu", "celu", "mish", "tanhshrink"):
    case(name, getattr(F, name), normal(3, 7, scale=3), f32=4)
corners = [-7.0, -3, -1, -0.5, -0.25, 0, 0.5, 0.75, 3, 6, 7]
for name in ("relu6", "hardsigmoid", "hardswish", "hardshrink", "softshrink", "selu", "celu"):
    # PyTorch has no second derivative of hardsigmoid, and multiplies by 1 / 6 in f32. Second derivatives of the
    # exponential ones at 0 belong to the other side than the first.
    case(f"{name}/corners", getattr(F, name), given(corners), tolerance=1e-8,
         second=name not in ("hardsigmoid", "selu", "celu"))
case("celu/2", F.celu, normal(9), 2.0)
case("hardshrink/1", F.hardshrink, normal(9), 1.0)
case("softshrink/1", F.softshrink, normal(9), 1.0)
case("threshold", F.threshold, given(corners), 0.5, 20.0)
case("prelu/channels", F.prelu, normal(2, 3, 4), normal(3))
case("prelu/one", F.prelu, given(corners), normal(1), second=False)
case("rrelu", F.rrelu, normal(9), 0.25, 0.5)
case("glu/0", F.glu, normal(4, 3), 0)
case("glu/-1", F.glu, normal(3, 2, 6))
case("softmin", F.softmin, normal(3, 4), 1)
save()
