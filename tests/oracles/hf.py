#!/usr/bin/env python3
"""Compares models of Hugging Face's transformers with build/tools/hf_logits.

  tests/oracles/hf.py [--only FAMILY] [--rounds 20] [--seed 1] [--hf-logits build/tools/hf_logits]

Each model has random weights and a random configuration. It is saved in one file or in shards and run by
both on padded batches; logits must agree within 1e-4 of the largest. Then hf_logits --save writes it,
transformers loads that, and every weight must be equal bit for bit.
"""
import argparse
import logging
import os
import random
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch
import transformers as hf

TOLERANCE = 1e-4


def sizes(rng):
    heads = rng.choice([1, 2, 4, 6])
    return dict(heads=heads, width=heads * rng.choice([2, 4, 10]), layers=rng.randint(1, 3),
                hidden=rng.randint(5, 60), vocab=rng.randint(11, 300))


def rope(rng, context):
    theta = rng.choice([500.0, 10000.0, 500000.0])
    kind = rng.choice(["default", "linear", "llama3", "yarn"])
    scaling = {"rope_type": kind, "rope_theta": theta}
    if kind != "default":
        scaling["factor"] = rng.choice([1.0, 2.0, 4.0, 7.5])
    if kind == "llama3":
        scaling.update(low_freq_factor=1.0, high_freq_factor=rng.choice([2.0, 4.0]),
                       original_max_position_embeddings=rng.choice([16, 64, 512]))
    if kind == "yarn":
        scaling["original_max_position_embeddings"] = rng.choice([16, 64, 512])
        scaling.update(rng.choice([{}, {"attention_factor": 1.3}, {"beta_fast": 16.0, "beta_slow": 2.0},
                                   {"mscale": 0.7, "mscale_all_dim": 0.3}]))
    return scaling


def gpt2(rng):
    s = sizes(rng)
    config = hf.GPT2Config(
        vocab_size=s["vocab"], n_positions=rng.randint(40, 90), n_embd=s["width"], n_layer=s["layers"],
        n_head=s["heads"], n_inner=rng.choice([None, s["hidden"]]),
        activation_function=rng.choice(["gelu_new", "gelu", "relu", "silu", "gelu_pytorch_tanh", "quick_gelu"]),
        layer_norm_epsilon=rng.choice([1e-5, 1e-3]), tie_word_embeddings=rng.random() < 0.7,
        scale_attn_weights=rng.random() < 0.8, scale_attn_by_inverse_layer_idx=rng.random() < 0.2,
        bos_token_id=1, eos_token_id=2)
    return rng.choice([hf.GPT2LMHeadModel, hf.GPT2LMHeadModel, hf.GPT2Model])(config)


def llama_fields(rng):
    s = sizes(rng)
    context = rng.randint(64, 300)
    return dict(
        vocab_size=s["vocab"], hidden_size=s["width"], intermediate_size=s["hidden"],
        num_hidden_layers=s["layers"], num_attention_heads=s["heads"],
        num_key_value_heads=rng.choice([h for h in (1, 2, 3, 6) if s["heads"] % h == 0]),
        hidden_act=rng.choice(["silu", "silu", "gelu", "relu"]), max_position_embeddings=context,
        rms_norm_eps=rng.choice([1e-6, 1e-4]), rope_parameters=rope(rng, context),
        tie_word_embeddings=rng.random() < 0.4)


def llama(rng):
    fields = llama_fields(rng)
    if rng.random() < 0.5:
        fields["head_dim"] = rng.choice([2, 4, 16])
    config = hf.LlamaConfig(**fields, attention_bias=rng.random() < 0.3, mlp_bias=rng.random() < 0.3)
    return rng.choice([hf.LlamaForCausalLM, hf.LlamaForCausalLM, hf.LlamaModel])(config)


def mistral(rng):
    config = hf.MistralConfig(**llama_fields(rng), sliding_window=rng.choice([None, 1, 3, 7, 200]))
    return rng.choice([hf.MistralForCausalLM, hf.MistralModel])(config)


def qwen2(rng):
    return rng.choice([hf.Qwen2ForCausalLM, hf.Qwen2Model])(hf.Qwen2Config(**llama_fields(rng)))


def t5(rng):
    s = sizes(rng)
    config = hf.T5Config(
        vocab_size=s["vocab"], d_model=s["width"], d_kv=rng.choice([2, 3, 16]), d_ff=s["hidden"],
        num_layers=s["layers"], num_decoder_layers=rng.choice([None, 1, 2]), num_heads=s["heads"],
        relative_attention_num_buckets=rng.choice([8, 10, 32, 34]),
        relative_attention_max_distance=rng.choice([20, 32, 128]),
        feed_forward_proj=rng.choice(["relu", "gated-gelu", "gated-silu", "gelu"]),
        tie_word_embeddings=rng.random() < 0.5, layer_norm_epsilon=rng.choice([1e-6, 1e-4]))
    model = rng.choice([hf.T5ForConditionalGeneration, hf.T5ForConditionalGeneration, hf.T5Model])(config)
    if hasattr(model, "lm_head") and rng.random() < 0.5:  # as in version 1.1
        model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.lm_head.weight))
    return model


def bert(rng):
    s = sizes(rng)
    config = hf.BertConfig(
        vocab_size=s["vocab"], hidden_size=s["width"], num_hidden_layers=s["layers"],
        num_attention_heads=s["heads"], intermediate_size=s["hidden"],
        hidden_act=rng.choice(["gelu", "gelu", "relu", "gelu_new"]), max_position_embeddings=rng.randint(60, 90),
        type_vocab_size=rng.choice([1, 2, 3]), layer_norm_eps=rng.choice([1e-12, 1e-5]),
        num_labels=rng.choice([2, 3, 7]), tie_word_embeddings=rng.random() < 0.7)
    return rng.choice([hf.BertModel, hf.BertForMaskedLM, hf.BertForSequenceClassification])(config)


def vit(rng):
    s = sizes(rng)
    patch = rng.choice([2, 4, [2, 3]])
    height, width = patch if isinstance(patch, list) else (patch, patch)
    image = rng.choice([height * 6, [height * 2, width * 3]])
    if isinstance(patch, list):
        image = [height * rng.randint(1, 3), width * rng.randint(1, 3)]
    config = hf.ViTConfig(
        hidden_size=s["width"], num_hidden_layers=s["layers"], num_attention_heads=s["heads"],
        intermediate_size=s["hidden"], hidden_act=rng.choice(["gelu", "relu"]), image_size=image,
        patch_size=patch, num_channels=rng.choice([1, 3]), qkv_bias=rng.random() < 0.7,
        pooler_output_size=rng.choice([None, 5]), num_labels=rng.choice([2, 4, 10]),
        layer_norm_eps=rng.choice([1e-12, 1e-5]))
    return rng.choice([hf.ViTModel, hf.ViTForImageClassification])(config)


FAMILIES = {"gpt2": gpt2, "llama": llama, "mistral": mistral, "qwen2": qwen2, "t5": t5, "bert": bert, "vit": vit}


def randomize(model):
    """Adds noise to all weights, so that none is still 0 or 1 from initialisation."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.add_(torch.randn_like(parameter) * (0.3 / max(1, parameter.shape[-1]) ** 0.5))
    return model.eval()


def mask(rng, batch, length):
    """None, or a mask with padding on the left or right."""
    side = rng.choice(["none", "left", "right"])
    if side == "none":
        return None
    out = np.ones((batch, length), rng.choice([np.int64, np.bool_, np.int32]))
    for row in range(batch):
        padding = rng.randint(0, length - 1)
        if side == "left":
            out[row, :padding] = 0
        else:
            out[row, length - padding:] = 0
    return out


def inputs_of(rng, model):
    config = model.config
    longest = min(getattr(config, "max_position_embeddings", 0) or 160, 60)
    batch = rng.randint(1, 3)
    out = {}

    def text(ids, attention):
        length = rng.randint(1, longest)
        out[ids] = np.array([[rng.randrange(config.vocab_size) for _ in range(length)] for _ in range(batch)],
                            rng.choice([np.int64, np.int32]))
        padding = mask(rng, batch, length)
        if padding is not None:
            out[attention] = padding

    if config.model_type == "vit":
        size = config.image_size if isinstance(config.image_size, (list, tuple)) else [config.image_size] * 2
        shape = (batch, config.num_channels, *size)
        return {"pixel_values": np.random.default_rng(rng.randrange(2**32)).standard_normal(shape, np.float32)}
    text("input_ids", "attention_mask")
    if config.model_type == "bert" and rng.random() < 0.7:
        out["token_type_ids"] = np.array([[rng.randrange(config.type_vocab_size) for _ in row]
                                          for row in out["input_ids"]])
    if config.model_type == "t5":
        text("decoder_input_ids", "decoder_attention_mask")
    return out


def weights_of(folder, kind):
    model = kind.from_pretrained(folder)
    return model, {name: tensor.clone() for name, tensor in model.state_dict().items()}


def run(rng, name, program, folder):
    model = randomize(FAMILIES[name](rng))
    original, again = os.path.join(folder, "model"), os.path.join(folder, "again")
    model.save_pretrained(original, max_shard_size=rng.choice(["5GB", "10KB", "30KB"]))
    model, before = weights_of(original, type(model))
    arrays = inputs_of(rng, model)
    np.savez(os.path.join(folder, "in.npz"), **arrays)
    with torch.no_grad():
        tensors = {k: torch.from_numpy(v) for k, v in arrays.items()}
        tensors = {k: v if v.is_floating_point() else v.long() for k, v in tensors.items()}
        result = model(**tensors)
    key = "logits" if hasattr(result, "logits") else "last_hidden_state"
    want = result[key].numpy()
    subprocess.run([program, original, os.path.join(folder, "in.npz"), os.path.join(folder, "out.npz"),
                    "--save", again], check=True)
    got = np.load(os.path.join(folder, "out.npz"))[key]
    assert got.shape == want.shape, (got.shape, want.shape)
    seen = arrays.get("decoder_attention_mask" if "decoder_input_ids" in arrays else "attention_mask")
    if seen is not None and got.shape[:2] == seen.shape and got.ndim == 3:  # outputs at padding are unspecified
        got, want = got[seen != 0], want[seen != 0]
    worst = float(np.abs(got - want).max() / np.abs(want).max())
    assert worst < TOLERANCE, f"{name}: {worst:.2e}\n{model.config}"
    _, after = weights_of(again, type(model))
    assert before.keys() == after.keys(), before.keys() ^ after.keys()
    for k in before:
        if k == "cls.predictions.bias" and not model.config.tie_word_embeddings:
            continue  # in the file, but unused
        assert torch.equal(before[k], after[k]), k
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=FAMILIES)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hf-logits", default="build/tools/hf_logits")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    hf.logging.set_verbosity_error()
    hf.utils.logging.disable_progress_bar()
    logging.disable(logging.WARNING)
    for name in [arguments.only] if arguments.only else FAMILIES:
        worst = 0.0
        for i in range(arguments.rounds):
            rng = random.Random(f"{name} {arguments.seed + i}")
            torch.manual_seed(arguments.seed + i)
            try:
                with tempfile.TemporaryDirectory() as folder:
                    worst = max(worst, run(rng, name, arguments.hf_logits, folder))
            except Exception:
                print(f"{name}: failed with --only {name} --rounds 1 --seed {arguments.seed + i}", file=sys.stderr)
                raise
        print(f"{name}: {arguments.rounds} models, logits within {worst:.1e}, weights the same")


if __name__ == "__main__":
    main()
