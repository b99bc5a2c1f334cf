#!/usr/bin/env python3
"""Times greedy generation with GPT2LMHeadModel of transformers, random weights, as build/bench/generation does.

    bench/peers/torch_generation.py --tokens 128 --prompt 64 --dtype bf16

Prints a line of JSON for each round: milliseconds until the first token, and until the last. --loop calls the model
itself, with its cache, instead of generate().
"""
import argparse
import json
import time

import torch
from transformers import GPT2Config, GPT2LMHeadModel


def run(model, ids, tokens, loop):
    """Returns the seconds that `tokens` new tokens take."""
    start = time.perf_counter()
    if loop:
        cache = None
        for _ in range(tokens):
            out = model(ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache, ids = out.past_key_values, out.logits[:, -1].argmax(-1, keepdim=True)
    else:
        out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=tokens, min_new_tokens=tokens,
                             do_sample=False, use_cache=True, pad_token_id=0)
        assert out.shape[1] == ids.shape[1] + tokens
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--prompt", type=int, default=64)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--loop", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    model = GPT2LMHeadModel(GPT2Config()).eval()
    model = model.to({"f32": torch.float32, "bf16": torch.bfloat16}[args.dtype])
    ids = torch.full((args.batch, args.prompt), 464)
    with torch.inference_mode():
        run(model, ids, 4, args.loop)
        for _ in range(args.rounds):
            first, last = (run(model, ids, tokens, args.loop) for tokens in (1, args.tokens))
            print(json.dumps({"first_ms": 1e3 * first, "all_ms": 1e3 * last}), flush=True)


if __name__ == "__main__":
    main()
