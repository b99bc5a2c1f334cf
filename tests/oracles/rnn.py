#!/usr/bin/env python3
"""Records results of PyTorch's recurrent networks, for nn/rnn_test.cpp.

  tests/oracles/rnn.py > tests/oracles/rnn_cases.h

Inputs and weights are computed by a formula that the test shares, so that only results are recorded.
"""
import torch

B, T, C, H = 3, 4, 2, 2
LENGTHS = [4, 1, 3]
# cell, layers, bidirectional, variable lengths, with initial state
CASES = [
    ("tanh", 1, False, False, False),
    ("relu", 2, False, True, True),
    ("lstm", 1, False, False, True),
    ("lstm", 2, True, True, True),
    ("gru", 1, True, True, False),
    ("gru", 2, True, False, True),
]


def formula(shape, salt):
    """Numbers in -0.5..0.5 that every floating type represents exactly."""
    n = 1
    for size in shape:
        n *= size
    values = [((k * 73 + salt * 31) % 65 - 32) / 64 for k in range(n)]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def numbers(tensor):
    return "{" + ", ".join(f"{v:.17g}" for v in tensor.detach().flatten().tolist()) + "}"


def record(cell, layers, bidirectional, varied, given):
    if cell in ("tanh", "relu"):
        net = torch.nn.RNN(C, H, layers, nonlinearity=cell, batch_first=True, bidirectional=bidirectional)
    else:
        net = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell](C, H, layers, batch_first=True,
                                                                  bidirectional=bidirectional)
    net = net.double()
    with torch.no_grad():
        for salt, parameter in enumerate(net.parameters()):
            parameter.copy_(formula(parameter.shape, salt))
    x = formula((B, T, C), 100).requires_grad_()
    state = None
    if given:
        shape = (layers * (2 if bidirectional else 1), B, H)
        h0, c0 = formula(shape, 101), formula(shape, 102)
        state = (h0, c0) if cell == "lstm" else h0
    if varied:
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False)
        out, last = net(packed, state)
        out, _ = torch.nn.utils.rnn.pad_packed_sequence(out, batch_first=True, total_length=T)
    else:
        out, last = net(x, state)
    h, c = last if cell == "lstm" else (last, torch.zeros(0))
    loss = (out * formula(out.shape, 103)).sum() + (h * formula(h.shape, 104)).sum()
    if cell == "lstm":
        loss = loss + (c * formula(c.shape, 105)).sum()
    loss.backward()
    weights = torch.cat([p.grad.flatten() for p in net.parameters()])
    flags = ", ".join(str(f).lower() for f in (bidirectional, varied, given))
    print(f'  {{"{cell}", {layers}, {flags},')
    for part in (out, h, c, x.grad, weights):
        print(f"   {numbers(part)},")
    print("  },")


def main():
    print(f"// Written by tests/oracles/rnn.py with torch {torch.__version__.split('+')[0]}: not for editing by hand.")
    print("// clang-format off\n#pragma once\n\n#include <vector>\n")
    print("namespace tapehead::test {\n")
    print("struct TorchRnn {\n  const char* cell;\n  int layers;\n  bool bidirectional, varied, given;")
    print("  std::vector<double> out, h, c, dx, dweights;  // dweights: in the order of the parameters\n};")
    print("inline const std::vector<TorchRnn> kTorchRnns = {")
    for case in CASES:
        record(*case)
    print("};\n\n}  // namespace tapehead::test")


if __name__ == "__main__":
    main()
