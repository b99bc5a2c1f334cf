#!/usr/bin/env python3
"""Records results of Hugging Face's BERT and ViT, for nn/models/bert_test.cpp and vit_test.cpp.

  tests/oracles/encoders.py > tests/oracles/encoder_cases.h

Weights are computed by a formula that the tests share (tests/oracles/formula.h), salted by the parameter's name
in tapehead, so that only results are recorded.
"""
import re

import torch
import transformers
from transformers import (BertConfig, BertForMaskedLM, BertForSequenceClassification, ViTConfig,
                          ViTForImageClassification, ViTModel)

from cpp import print_table
from formula import formula, renamed, salt_of

B, T, V, CLASSES = 2, 5, 13, 3
NAMES = [  # transformers' names to tapehead's; the first match applies
    (r"bert.embeddings.word_embeddings", "bert.token"),
    (r"bert.embeddings.position_embeddings", "bert.position"),
    (r"bert.embeddings.token_type_embeddings", "bert.token_type"),
    (r"bert.embeddings.LayerNorm", "bert.embedding_norm"),
    (r"bert.encoder.layer.(\d+).attention.output.LayerNorm", r"bert.layers.\1.norm1"),
    (r"bert.encoder.layer.(\d+).attention.output.dense", r"bert.layers.\1.attention.out"),
    (r"bert.encoder.layer.(\d+).attention.self.(query|key|value)", r"bert.layers.\1.attention.qkv"),
    (r"bert.encoder.layer.(\d+).intermediate.dense", r"bert.layers.\1.feed_forward.up"),
    (r"bert.encoder.layer.(\d+).output.dense", r"bert.layers.\1.feed_forward.down"),
    (r"bert.encoder.layer.(\d+).output.LayerNorm", r"bert.layers.\1.norm2"),
    (r"bert.pooler.dense", "bert.pooler"),
    (r"cls.predictions.bias", "predictions.bias"),
    (r"cls.predictions.transform.dense", "predictions.transform"),
    (r"cls.predictions.transform.LayerNorm", "predictions.norm"),
    (r"classifier", "classifier"),
    (r"vit.embeddings.cls_token", "vit.class_token"),
    (r"vit.embeddings.position_embeddings", "vit.position.weight"),
    (r"vit.embeddings.patch_embeddings.projection", "vit.patch"),
    (r"vit.layernorm", "vit.norm"),
    (r"vit.layers.(\d+).attention.(q|k|v)_proj", r"vit.layers.\1.attention.qkv"),
    (r"vit.layers.(\d+).attention.o_proj", r"vit.layers.\1.attention.out"),
    (r"vit.layers.(\d+).layernorm_before", r"vit.layers.\1.norm1"),
    (r"vit.layers.(\d+).layernorm_after", r"vit.layers.\1.norm2"),
    (r"vit.layers.(\d+).mlp.fc1", r"vit.layers.\1.feed_forward.up"),
    (r"vit.layers.(\d+).mlp.fc2", r"vit.layers.\1.feed_forward.down"),
    (r"vit.pooler.dense", "vit.pooler"),
]


def fill(model, prefix=""):
    with torch.no_grad():
        for name, value in model.named_parameters():
            ours = renamed(prefix + name, NAMES)
            part = re.search(r"(query|key|value|(q|k|v)_proj)\.", name)
            rows = value.shape[0]
            if part:
                numbers = formula((3 * rows,) + tuple(value.shape[1:]), salt_of(ours))
                which = "qkv".index(part.group(1)[0])
                numbers = numbers[which * rows:(which + 1) * rows]
            else:
                numbers = formula(value.shape, salt_of(ours))
            value.copy_(numbers + (1 if "norm" in ours and ours.endswith("weight") else 0))
    return model.double().eval()


def bert(cls, **extra):
    config = BertConfig(vocab_size=V, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
                        intermediate_size=12, max_position_embeddings=7, type_vocab_size=2, **extra)
    ids = torch.tensor([[(i * 5 + b) % V for i in range(T)] for b in range(B)])
    types = torch.tensor([[0, 0, 0, 1, 1]] * B)
    mask = torch.tensor([[1] * T, [1, 1, 1, 0, 0]])
    return fill(cls(config))(input_ids=ids, token_type_ids=types, attention_mask=mask)


def vit(cls, prefix="", **extra):
    config = ViTConfig(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
                       image_size=6, patch_size=3, num_channels=2, pooler_output_size=8, **extra)
    return fill(cls(config), prefix)(pixel_values=formula((B, 2, 6, 6), 100))


print(f"""// Written by tests/oracles/encoders.py with transformers {transformers.__version__}: not for editing by hand.
// clang-format off
#pragma once

#include <vector>

namespace tapehead::test {{
""")
print_table("kHfBertMaskedLm", bert(BertForMaskedLM, hidden_act="gelu").logits)
print_table("kHfBertClassifier", bert(BertForSequenceClassification, hidden_act="gelu_new", num_labels=CLASSES).logits)
print_table("kHfVit", vit(ViTForImageClassification, num_labels=CLASSES).logits)
out = vit(ViTModel, "vit.", qkv_bias=False)
print_table("kHfVitHidden", out.last_hidden_state)
print_table("kHfVitPooled", out.pooler_output)
print("\n}  // namespace tapehead::test")
