#!/usr/bin/env python3
"""Recurrent layers and cells."""
from recorder import *
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

x, batch_first = normal(4, 2, 3), normal(2, 4, 3)


def states(layers, size, cell=None):
    """h, or h and c."""
    h = normal(layers, 2, size)
    return (h,) if cell is None else (h, normal(layers, 2, cell))


def run(module, x, *state):
    """Outputs and final states as a list."""
    out, last = module(x, state if len(state) > 1 else state[0]) if state else module(x)
    return [out, *last] if isinstance(last, tuple) else [out, last]


def packed(module, x, lengths, *state):
    packed = pack_padded_sequence(x, lengths, batch_first=module.batch_first, enforce_sorted=False)
    out, last = module(packed, state if len(state) > 1 else state[0]) if state else module(packed)
    out = pad_packed_sequence(out, batch_first=module.batch_first, total_length=4)[0]
    return [out, *last] if isinstance(last, tuple) else [out, last]


layer("LSTM", nn.LSTM(3, 4), x, call=run)
layer("LSTM/deep", nn.LSTM(3, 2, num_layers=2, bidirectional=True, bias=False, batch_first=True), batch_first,
      *states(4, 2, 2), call=run)
layer("LSTM/projected", nn.LSTM(3, 4, proj_size=2), x, *states(1, 2, 4), call=run)
layer("LSTM/projected deep", nn.LSTM(3, 3, num_layers=2, bidirectional=True, proj_size=2), x, *states(4, 2, 3), call=run)
layer("LSTM/projected lengths", nn.LSTM(3, 3, bidirectional=True, proj_size=2), x, given([4, 2]), *states(2, 2, 3),
      call=packed)
layer("LSTM/lengths", nn.LSTM(3, 2, num_layers=2, bidirectional=True, batch_first=True), batch_first, given([3, 4]),
      call=packed)
layer("LSTM/sequence", nn.LSTM(3, 2), normal(4, 3), call=run)
layer("GRU", nn.GRU(3, 2, num_layers=2, bidirectional=True), x, *states(4, 2), call=run)
layer("GRU/lengths", nn.GRU(3, 2, bidirectional=True), x, given([2, 4]), *states(2, 2), call=packed)
layer("RNN", nn.RNN(3, 2, num_layers=2), x, *states(2, 2), call=run)
layer("RNN/relu", nn.RNN(3, 4, nonlinearity="relu", bias=False, bidirectional=True), x, call=run)
layer("LSTMCell", nn.LSTMCell(3, 2), normal(2, 3), normal(2, 2), normal(2, 2),
      call=lambda m, x, h, c: list(m(x, (h, c))))
layer("GRUCell", nn.GRUCell(3, 2), normal(2, 3), normal(2, 2))
layer("RNNCell", nn.RNNCell(3, 2, bias=False), normal(2, 3), normal(2, 2))
layer("RNNCell/relu", nn.RNNCell(3, 4, nonlinearity="relu"), normal(3))
save()
