#!/usr/bin/env python3
"""Records results of Hugging Face's Conformer layers, those of Wav2Vec2-Conformer, for nn/speech/conformer_test.cpp.

  tests/oracles/conformer.py > tests/oracles/conformer_cases.h

Weights are computed by a formula that the test shares (tests/oracles/formula.h), salted by the parameter's name in
tapehead, so that only results are recorded.
"""
import torch
import transformers
from transformers import Wav2Vec2ConformerConfig
from transformers.models.wav2vec2_conformer import modeling_wav2vec2_conformer as conformer

from cpp import print_table
from formula import formula, renamed, salt_of

B, T, C, LAYERS = 2, 6, 8, 2
NAMES = [  # Hugging Face's names of the parts of a layer to tapehead's; the first match applies
    (r"(ffn\d)_layer_norm", r"\1_norm"),
    (r"(ffn\d).intermediate_dense", r"\1.up"),
    (r"(ffn\d).output_dense", r"\1.down"),
    (r"self_attn_layer_norm", "attention_norm"),
    (r"self_attn.linear_pos", "attention.position"),
    (r"self_attn.linear_(q|k|v|out)", r"attention.\1"),
    (r"self_attn.pos_bias", "attention.pos_bias"),
    (r"conv_module.layer_norm", "convolution.norm"),
    (r"conv_module.pointwise_conv(\d)", r"convolution.pointwise\1"),
    (r"conv_module.depthwise_conv", "convolution.depthwise"),
    (r"conv_module.batch_norm", "convolution.batch_norm"),
    (r"final_layer_norm", "norm"),
]


def fill(layer, index):
    with torch.no_grad():
        for name, value in layer.named_parameters():
            ours = f"conformer.layers.{index}.{renamed(name, NAMES)}"
            numbers = formula(value.shape, salt_of(ours))
            value.copy_(numbers + (1 if "norm" in ours and ours.endswith("weight") else 0))
        norm = layer.conv_module.batch_norm
        norm.running_mean.copy_(formula((C,), 1))
        norm.running_var.copy_(1 + formula((C,), 2))


config = Wav2Vec2ConformerConfig(hidden_size=C, num_attention_heads=2, intermediate_size=12, hidden_act="swish",
                                 conv_depthwise_kernel_size=3, position_embeddings_type="relative",
                                 attn_implementation="eager", hidden_dropout=0.0,
                                 activation_dropout=0.0, attention_dropout=0.0, conformer_conv_dropout=0.0)
positions = conformer.Wav2Vec2ConformerRelPositionalEmbedding(config)
layers = [conformer.Wav2Vec2ConformerEncoderLayer(config).double() for _ in range(LAYERS)]
x = formula((B, T, C), 100).requires_grad_()
for index, one in enumerate(layers):
    fill(one, index)


def run(training):
    hidden = x
    for layer in layers:
        hidden = layer.train(training)(hidden, relative_position_embeddings=positions(hidden.float()).double())
    return hidden


print(f"""// Written by tests/oracles/conformer.py with transformers {transformers.__version__}: not for editing by hand.
// clang-format off
#pragma once

#include <vector>

namespace tapehead::test {{
""")
print_table("kHfConformer", run(training=False))
trained = run(training=True)
print_table("kHfConformerTrained", trained)
print_table("kHfConformerGradient", torch.autograd.grad((trained * formula((B, T, C), 101)).sum(), x)[0])
print("\n}  // namespace tapehead::test")
