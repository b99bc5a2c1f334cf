#!/usr/bin/env python3
"""Attention and Transformers of torch.nn, from their state dicts."""
from recorder import *

torch.backends.cuda.enable_flash_sdp(False)  # its CPU form has no second derivatives

query, key, value = normal(3, 2, 4), normal(4, 2, 4), normal(4, 2, 4)
padding = given([[False, False, False, True], [False, True, False, False]])
floating = fixed(given([[0, 0, 0.5, -1], [-2, 0, 0, 0], [0, 1, 0, 0]], torch.float64))
hidden = given([[False, True, False, False], [False, False, True, False], [False, False, False, False]])
per_head = fixed(normal(4, 3, 4))


def self_attention(module, x, **options):
    return [y for y in module(x, x, x, **options) if y is not None]


def attention(name, module, *inputs, training=True, **options):
    """Masks are inputs after query, key and value, in the order of the options."""
    masks = {k: v for k, v in options.items() if not isinstance(v, bool)}
    flags = {k: v for k, v in options.items() if isinstance(v, bool)}

    def call(m, *x):
        given_masks = dict(zip(masks, x[len(inputs):]))
        if len(inputs) == 1:
            return self_attention(m, x[0], **given_masks, **flags)
        return [y for y in m(*x[:3], **given_masks, **flags) if y is not None]

    layer("MultiheadAttention/" + name, module, *inputs, *masks.values(), call=call)


attention("self", nn.MultiheadAttention(4, 2), query)
attention("self without weights", nn.MultiheadAttention(4, 2, batch_first=True), query, need_weights=False)
attention("cross", nn.MultiheadAttention(4, 2, bias=False), query, key, value, average_attn_weights=False)
attention("sizes", nn.MultiheadAttention(4, 2, kdim=3, vdim=5), query, normal(4, 2, 3), normal(4, 2, 5))
attention("added keys", nn.MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True), query, key, value,
          key_padding_mask=padding, attn_mask=hidden)
attention("padding", nn.MultiheadAttention(4, 2), query, key, value, key_padding_mask=padding)
attention("padding without weights", nn.MultiheadAttention(4, 2), query, key, value, key_padding_mask=padding,
          need_weights=False)
attention("floating masks", nn.MultiheadAttention(4, 2), query, key, value,
          key_padding_mask=fixed(given([[0, 0, -0.5, 1], [0, 2, 0, 0]], torch.float64)), attn_mask=floating)
attention("mask of each head", nn.MultiheadAttention(4, 2), query, key, value, attn_mask=per_head, need_weights=False)
attention("one sequence", nn.MultiheadAttention(4, 2), normal(3, 4), normal(4, 4), normal(4, 4), attn_mask=hidden)

OPTIONS = {"dim_feedforward": 6, "dropout": 0.0}
src, tgt = normal(4, 2, 4), normal(3, 2, 4)
causal = given(torch.ones(3, 3).triu(1).bool())
layer("TransformerEncoderLayer", nn.TransformerEncoderLayer(4, 2, **OPTIONS), src)
layer("TransformerEncoderLayer/pre-norm", nn.TransformerEncoderLayer(4, 2, norm_first=True, activation="gelu", bias=False,
                                                                     layer_norm_eps=1e-3, **OPTIONS), src)
layer("TransformerDecoderLayer", nn.TransformerDecoderLayer(4, 2, **OPTIONS), tgt, src, causal, padding,
      call=lambda m, t, s, mask, pad: m(t, s, tgt_mask=mask, memory_key_padding_mask=pad))
layer("TransformerDecoderLayer/pre-norm", nn.TransformerDecoderLayer(4, 2, norm_first=True, batch_first=True, **OPTIONS),
      normal(2, 3, 4), normal(2, 4, 4), floating, call=lambda m, t, s, mask: m(t, s, memory_mask=mask))
layer("TransformerEncoder", nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, batch_first=True, **OPTIONS), 2),
      normal(2, 4, 4), padding, call=lambda m, s, pad: m(s, src_key_padding_mask=pad))
layer("Transformer", nn.Transformer(4, 2, 1, 2, **OPTIONS), src, tgt, causal, padding,
      call=lambda m, s, t, mask, pad: m(s, t, tgt_mask=mask, src_key_padding_mask=pad, memory_key_padding_mask=pad))
layer("Transformer/pre-norm", nn.Transformer(4, 2, 1, 1, norm_first=True, batch_first=True, activation=F.gelu, **OPTIONS),
      normal(2, 4, 4), normal(2, 3, 4), fixed(normal(4, 4)), given([[False, False, True], [False, False, False]]),
      call=lambda m, s, t, mask, pad: m(s, t, src_mask=mask, tgt_key_padding_mask=pad))
layer("Transformer/one sequence", nn.Transformer(4, 1, 1, 1, **OPTIONS), normal(4, 4), normal(3, 4))
save()
