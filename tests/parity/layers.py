#!/usr/bin/env python3
"""Activations, padding and embeddings as layers."""
from recorder import *

x, image = normal(3, 4, scale=2), normal(2, 4, 3, 5, scale=2)
for name, module in (("ReLU", nn.ReLU()), ("ReLU6", nn.ReLU6()), ("GELU", nn.GELU()),
                     ("GELU/tanh", nn.GELU(approximate="tanh")), ("SiLU", nn.SiLU()), ("Mish", nn.Mish()),
                     ("ELU", nn.ELU(0.7)), ("SELU", nn.SELU()), ("CELU", nn.CELU(0.5)), ("LeakyReLU", nn.LeakyReLU(0.2)),
                     ("Sigmoid", nn.Sigmoid()), ("Tanh", nn.Tanh()), ("Hardtanh", nn.Hardtanh(-0.5, 1.5)),
                     ("Hardswish", nn.Hardswish()), ("Hardsigmoid", nn.Hardsigmoid()), ("Hardshrink", nn.Hardshrink(0.3)),
                     ("Softshrink", nn.Softshrink(0.3)), ("Tanhshrink", nn.Tanhshrink()), ("Softplus", nn.Softplus(1.5)),
                     ("Softsign", nn.Softsign()), ("LogSigmoid", nn.LogSigmoid()), ("Threshold", nn.Threshold(0.2, -1.5)),
                     ("GLU", nn.GLU()), ("Softmax", nn.Softmax(0)), ("Softmin", nn.Softmin(-1)),
                     ("LogSoftmax", nn.LogSoftmax(1))):
    # PyTorch's hardswish and hardsigmoid have no second derivatives, and its 1 / 6 is an f32.
    hard = name in ("Hardswish", "Hardsigmoid")
    layer(name, module, x, second=not hard, tolerance=1e-7 if hard else 1e-10)
layer("Softmax2d", nn.Softmax2d(), normal(1, 3, 2, 2))
layer("GLU/axis", nn.GLU(1), normal(2, 4, 3))
layer("PReLU", nn.PReLU(), x)
layer("PReLU/channels", nn.PReLU(4, init=0.1), normal(2, 4, 3))
layer("RReLU/eval", nn.RReLU(0.1, 0.5), x, training=False)

for name, module in (("ReflectionPad1d", nn.ReflectionPad1d((2, 1))), ("ReplicationPad1d", nn.ReplicationPad1d((1, 3))),
                     ("CircularPad1d", nn.CircularPad1d((2, 1))), ("ConstantPad1d", nn.ConstantPad1d((1, -1), 1.5)),
                     ("ZeroPad1d", nn.ZeroPad1d(2))):
    layer(name, module, normal(2, 2, 4))
for name, module in (("ReflectionPad2d", nn.ReflectionPad2d((1, 2, 0, 1))),
                     ("ReplicationPad2d", nn.ReplicationPad2d((1, 0, 2, 1))),
                     ("CircularPad2d", nn.CircularPad2d((1, 1, 0, 2))), ("ZeroPad2d", nn.ZeroPad2d((0, 1, 2, 0)))):
    layer(name, module, normal(1, 2, 3, 4))
for name, module in (("ReflectionPad3d", nn.ReflectionPad3d(1)), ("ReplicationPad3d", nn.ReplicationPad3d(1)),
                     ("CircularPad3d", nn.CircularPad3d(1)), ("ConstantPad3d", nn.ConstantPad3d(1, -2.0))):
    layer(name, module, normal(1, 2, 2, 3))

ids = given([[1, 3, 3, 0], [2, 1, 1, 4]])
flat, offsets = given([1, 3, 3, 0, 2, 4, 1]), given([0, 2, 2, 5])
layer("Embedding", nn.Embedding(5, 3, padding_idx=1), ids)
layer("Embedding/scale_grad_by_freq", nn.Embedding(5, 3, scale_grad_by_freq=True), ids, second=False)
layer("Embedding/max_norm", nn.Embedding(5, 3, max_norm=0.5, norm_type=1.0), ids, second=False,
      call=lambda m, i: m(i) * 1.0)
# PyTorch has no second derivatives of embedding_bag, and its scale_grad_by_freq divides by the counts of other ids.
for mode in ("sum", "mean", "max"):
    layer(f"EmbeddingBag/{mode}", nn.EmbeddingBag(5, 3, mode=mode), ids, second=False)
    layer(f"EmbeddingBag/{mode}/offsets", nn.EmbeddingBag(5, 3, mode=mode, padding_idx=3), flat, offsets, second=False)
layer("EmbeddingBag/last", nn.EmbeddingBag(5, 3, include_last_offset=True), flat, given([0, 2, 2, 5, 7]), second=False)
layer("EmbeddingBag/weights", nn.EmbeddingBag(5, 3, mode="sum"), flat, offsets, normal(7), second=False)
save()
