"""Weights that scripts of this folder give their models: those of tests/oracles/formula.h."""
import re

import torch


def formula(shape, salt):
    """Numbers in -0.5..0.5 that every floating type represents exactly."""
    n = 1
    for size in shape:
        n *= size
    values = [((k * k * 29 + k * 73 + salt * 31) % 61 - 30) / 64 for k in range(n)]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def salt_of(name):
    return sum((i + 1) * ord(c) for i, c in enumerate(name))


def renamed(name, names):
    """A parameter's name in tapehead: that of the first pattern in `names`, pairs for re.sub, which matches."""
    for pattern, ours in names:
        if re.match(pattern, name):
            return re.sub(pattern, ours, name)
    raise KeyError(name)
