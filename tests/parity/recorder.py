"""Records cases from PyTorch for tests/parity/*.cpp. A family of cases is a script beside this file:

    from recorder import *

    case("conv2d/stride", F.conv2d, normal(2, 3, 6, 6), normal(4, 3, 3, 3), normal(4), stride=2)
    layer("BatchNorm2d/eval", nn.BatchNorm2d(3), normal(2, 3, 4, 4), training=False)
    save()

which writes tests/parity/FAMILY.safetensors; tests/parity/FAMILY.cpp makes the same calls. Of each case the file
holds the inputs, outputs, gradients and second gradients. PyTorch is needed only to record.

Tensors are described by normal(), uniform(), integers(), bools() or given(), whose values depend on the name of the
case only; all of them are numbers that f32 can hold. All other arguments are passed on. Floating inputs are
differentiated unless they are wrapped in fixed(). Keep tensors small, about 100 elements, for the files' sake.
"""
import json
import os
import struct
import sys
import zlib

import torch
import torch.nn.functional as F
from torch import nn

__all__ = ["torch", "F", "nn", "normal", "uniform", "integers", "bools", "given", "fixed", "case", "layer", "save"]

TYPES = {torch.float64: "F64", torch.float32: "F32", torch.int64: "I64", torch.bool: "BOOL"}
tensors, settings = {}, {}


class Spec:
    """A tensor that is made when the case is recorded."""

    def __init__(self, make):
        self.make = make
        self.fixed = False


def f32_values(x):
    return x.float().double()


def normal(*shape, scale=1, shift=0):
    return Spec(lambda g: f32_values(torch.randn(shape, generator=g, dtype=torch.float64) * scale + shift))


def uniform(low, high, *shape):
    return Spec(lambda g: f32_values(torch.rand(shape, generator=g, dtype=torch.float64) * (high - low) + low))


def integers(below, *shape):
    return Spec(lambda g: torch.randint(below, shape, generator=g))


def bools(*shape):
    return Spec(lambda g: torch.rand(shape, generator=g) < 0.5)


def given(values, dtype=None):
    x = torch.as_tensor(values)
    if dtype is None:
        dtype = torch.float64 if x.is_floating_point() else x.dtype
    return Spec(lambda g: f32_values(x) if dtype == torch.float64 else x.to(dtype))


def fixed(spec):
    spec.fixed = True
    return spec


def filled(shape, salt):
    """Multiples of 1 / 64 in -1 .. 1 by a formula that parity.cpp shares."""
    n = torch.Size(shape).numel()
    k = (torch.arange(n, dtype=torch.int64) * 2654435761 + salt * 40503 + 12345) % 2**32
    return ((k // 65536 % 129 - 64).double() / 64).reshape(shape)


def store(name, x):
    x = x.detach()
    if x.dtype == torch.float64 and torch.equal(x, f32_values(x)):
        x = x.float()
    tensors[name] = x.contiguous()


def salt_of(label):
    return 100 + sum(label.encode())


def differentiate(name, outputs, inputs, second):
    """Stores the outputs, and their gradients with respect to the inputs, which are tensors by label."""
    outputs = [outputs] if isinstance(outputs, torch.Tensor) else list(outputs)
    for i, y in enumerate(outputs):
        store(f"{name}:y{i}", y)
    results = [y for y in outputs if y.requires_grad]
    if not results or not inputs:
        return
    labels, leaves = list(inputs), list(inputs.values())
    dys = [filled(y.shape, i + 1).requires_grad_() for i, y in enumerate(outputs) if y.requires_grad]
    dxs = torch.autograd.grad(results, leaves, dys, create_graph=second, allow_unused=True)
    total = None
    for label, dx in zip(labels, dxs):
        if dx is None:
            continue
        store(f"{name}:d{label}", dx)
        term = (dx * filled(dx.shape, salt_of(label))).sum()
        total = term if total is None else total + term
    if not second or total is None or not total.requires_grad:
        return
    seconds = torch.autograd.grad(total, leaves + dys, allow_unused=True)
    for label, ddx in zip(labels + [f"y{i}" for i in range(len(dys))], seconds):
        if ddx is not None:
            store(f"{name}:dd{label}", ddx)


def begin(name, args, tolerance, f32, second, training=True):
    if name in settings:
        sys.exit(f"{name}: recorded twice")
    settings[name] = f"{tolerance:g} {f32:g} {int(second)} {int(training)}"
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    torch.manual_seed(zlib.crc32(name.encode()))
    made, inputs = [], {}
    count = 0

    def resolve(arg):
        nonlocal count
        if isinstance(arg, (list, tuple)) and any(isinstance(a, Spec) for a in arg):
            return type(arg)(resolve(a) for a in arg)
        if not isinstance(arg, Spec):
            return arg
        x = arg.make(generator)
        tracked = x.is_floating_point() and not arg.fixed
        if tracked:
            x.requires_grad_()
        store(f"{name}:x{count}", x)
        if tracked:
            inputs[f"x{count}"] = x
        count += 1
        return x

    for arg in args:
        made.append(resolve(arg))
    return made, inputs, resolve


def case(name, f, *args, second=True, tolerance=1e-10, f32=1.0, **options):
    """Records f(*args, **options). Tensors are inputs x0, x1, … in the order of the arguments, lists included.

    second     whether to record second gradients
    tolerance  in f64, times the largest magnitude of the result, or 1
    f32        factor of the bound in f32, for ill-conditioned functions
    """
    made, inputs, resolve = begin(name, args, tolerance, f32, second)
    options = {key: resolve(value) for key, value in options.items()}
    differentiate(name, f(*made, **options), inputs, second)


def layer(name, module, *args, training=True, second=True, tolerance=1e-10, f32=1.0, call=None):
    """Records module(*args), or call(module, *args). Its parameters and buffers are stored under PyTorch's names, and
    the buffers again if the call changed them; gradients are those of the arguments, then of the parameters."""
    made, inputs, _ = begin(name, args, tolerance, f32, second, training)
    module.double().train(training)
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()) + 1)
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for p in parameters.values():
            p.copy_(f32_values(torch.randn(p.shape, generator=generator, dtype=torch.float64) * 0.4 + 0.1))
    buffers = {k: b.clone() for k, b in module.state_dict().items() if k not in parameters}
    for key, value in {**parameters, **buffers}.items():
        store(f"{name}:param.{key}", value)
    outputs = call(module, *made) if call else module(*made)
    for key, before in buffers.items():
        after = module.state_dict()[key]
        if not torch.equal(before, after):
            store(f"{name}:after.{key}", after)
    inputs.update((f"param.{key}", p) for key, p in parameters.items())
    differentiate(name, outputs, inputs, second)


def save():
    """Writes the file of the calling script."""
    path = os.path.splitext(os.path.abspath(sys.argv[0]))[0] + ".safetensors"
    header, data = {"__metadata__": settings}, b""
    for name in sorted(tensors, key=lambda n: (-tensors[n].element_size(), n)):
        x = tensors[name]
        raw = bytes(x.reshape(-1).view(torch.uint8).tolist()) if x.numel() else b""
        header[name] = {"dtype": TYPES[x.dtype], "shape": list(x.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
    print(f"{os.path.basename(path)}: {len(settings)} cases, {(len(text) + len(data)) // 1024} KB")
