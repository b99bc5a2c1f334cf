#!/usr/bin/env python3
"""Records results of small models of Hugging Face's transformers, for nn/hf/models_test.cpp.

  tests/oracles/hf_record.py > tests/oracles/hf_cases.h
  tests/oracles/hf_record.py CLASS FIELDS     # prints one case for a family's own test: CLASS of
                                              # transformers with config FIELDS as JSON

Weights are computed by a formula that the test shares, salted by their names in the file, so that only names,
shapes and results are recorded. tests/oracles/hf.py compares many more models, through hf_logits.
"""
import json
import logging
import os
import sys
import tempfile

import torch
import transformers as hf
from safetensors import safe_open
from safetensors.torch import save_file

from formula import formula, salt_of

B, T, V = 2, 4, 11
LLAMA = dict(vocab_size=V, hidden_size=8, intermediate_size=6, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=32, bos_token_id=1, eos_token_id=2)
T5 = dict(vocab_size=V, d_model=8, d_kv=3, d_ff=6, num_layers=1, num_decoder_layers=2, num_heads=2,
          relative_attention_num_buckets=8, relative_attention_max_distance=8)
BERT = dict(vocab_size=V, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=6,
            max_position_embeddings=8)
CASES = {
    "GPT-2": (hf.GPT2LMHeadModel, hf.GPT2Config(vocab_size=V, n_positions=8, n_embd=8, n_layer=1, n_head=2,
                                                bos_token_id=1, eos_token_id=2)),
    "GPT-2 without a head": (hf.GPT2Model, hf.GPT2Config(
        vocab_size=V, n_positions=8, n_embd=8, n_layer=2, n_head=2, n_inner=6, activation_function="relu",
        scale_attn_weights=False, scale_attn_by_inverse_layer_idx=True,
        bos_token_id=1, eos_token_id=2)),
    "Llama": (hf.LlamaForCausalLM, hf.LlamaConfig(
        **LLAMA, head_dim=6, attention_bias=True,
        rope_parameters=dict(rope_type="llama3", rope_theta=500.0, factor=4.0, low_freq_factor=1.0,
                             high_freq_factor=4.0, original_max_position_embeddings=16))),
    "Mistral": (hf.MistralForCausalLM, hf.MistralConfig(
        **LLAMA, sliding_window=2,
        rope_parameters=dict(rope_type="yarn", rope_theta=500.0, factor=4.0,
                             original_max_position_embeddings=16, mscale=0.7, mscale_all_dim=0.2))),
    "Qwen2": (hf.Qwen2ForCausalLM, hf.Qwen2Config(
        **LLAMA, tie_word_embeddings=True,
        rope_parameters=dict(rope_type="linear", rope_theta=500.0, factor=2.0))),
    "T5": (hf.T5ForConditionalGeneration, hf.T5Config(**T5)),
    "T5 1.1": (hf.T5ForConditionalGeneration, hf.T5Config(**T5, feed_forward_proj="gated-gelu",
                                                          tie_word_embeddings=False)),
    "BERT": (hf.BertModel, hf.BertConfig(**BERT)),
    "BERT's masked language model": (hf.BertForMaskedLM, hf.BertConfig(**BERT)),
    "BERT's classifier": (hf.BertForSequenceClassification, hf.BertConfig(**BERT, num_labels=3)),
    "ViT": (hf.ViTModel, hf.ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=6, image_size=[4, 6],
        patch_size=2, num_channels=2, qkv_bias=False, pooler_output_size=5)),
    "ViT's classifier": (hf.ViTForImageClassification, hf.ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=6, image_size=4,
        patch_size=2, num_channels=2, num_labels=3)),
}


def refill(path):
    """Replaces the weights in a file; returns their names and shapes."""
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in sorted(file.keys())}
    filled = {name: formula(t.shape, salt_of(name)).float() for name, t in tensors.items()}
    save_file(filled, path, {"format": "pt"})
    return [(name, list(t.shape)) for name, t in tensors.items()]


def inputs_of(config):
    if config.model_type == "vit":
        size = config.image_size if isinstance(config.image_size, list) else [config.image_size] * 2
        return dict(pixel_values=formula([B, config.num_channels, *size], 1))
    ids = torch.tensor([[(5 * t + 3 * b + 1) % V for t in range(T)] for b in range(B)])
    out = dict(input_ids=ids, attention_mask=torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]]))
    if config.model_type == "t5":
        out["decoder_input_ids"] = (ids + 2) % V
    if config.model_type == "bert":
        out["token_type_ids"] = torch.tensor([[0, 0, 1, 1], [0, 1, 1, 1]])
    return out


def record(name, kind, config):
    with tempfile.TemporaryDirectory() as folder:
        kind(config).save_pretrained(folder)
        weights = refill(os.path.join(folder, "model.safetensors"))
        text = open(os.path.join(folder, "config.json")).read()
        model = kind.from_pretrained(folder, dtype=torch.float64).eval()
    with torch.no_grad():
        result = model(**inputs_of(config))
    out = result["logits" if hasattr(result, "logits") else "last_hidden_state"]
    print(f'    {{"{name}",\n     R"({json.dumps(json.loads(text))})",')
    print("     {" + ",\n      ".join(f'{{"{n}", {{{", ".join(map(str, s))}}}}}' for n, s in weights) + "},")
    print("     {" + ", ".join(f"{v:.9g}" for v in out.flatten().tolist()) + "}},")


def main():
    logging.disable(logging.WARNING)
    hf.logging.set_verbosity_error()
    hf.utils.logging.disable_progress_bar()
    if len(sys.argv) == 3:
        kind = getattr(hf, sys.argv[1])
        return record(kind.__name__, kind, kind.config_class(**json.loads(sys.argv[2])))
    print(f"""// Written by tests/oracles/hf_record.py with transformers {hf.__version__}: not for editing by hand.
// clang-format off
#pragma once

#include <vector>

#include "tapehead/core/shape.h"

namespace tapehead::test {{

struct HfCase {{
  const char* name;
  const char* config;
  std::vector<std::pair<const char*, Shape>> weights;
  std::vector<double> out;
}};
inline const std::vector<HfCase> kHfCases = {{""")
    for name, (kind, config) in CASES.items():
        record(name, kind, config)
    print("};\n\n}  // namespace tapehead::test")


if __name__ == "__main__":
    main()
