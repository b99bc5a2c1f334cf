#!/usr/bin/env python3
"""The other workloads of bench/workloads.cpp in PyTorch, with the same output, for bench/versus.py:

    bench/versus.py --only gpt_char,vit_mnist,seq2seq_lstm_attn --mode eager,compile
"""
import torch
from torch import nn
from torch.nn import functional as F

import workload


class Block(nn.Module):
    """A pre-norm Transformer layer."""

    def __init__(self, width, heads, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.attention_norm, self.ffn_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = (part.view(batch, length, self.heads, -1).transpose(1, 2)
                   for part in self.qkv(self.attention_norm(x)).chunk(3, -1))
        heads = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        x = x + self.out(heads.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(F.gelu(self.up(self.ffn_norm(x)), approximate="tanh"))


def embedding(count, width):
    table = nn.Embedding(count, width)
    nn.init.normal_(table.weight, std=0.02)  # logits of a tied head of N(0, 1) would make denormals
    return table


class Gpt(nn.Module):
    def __init__(self, vocab_size, context, layers, heads, width):
        super().__init__()
        self.tokens, self.positions = embedding(vocab_size, width), embedding(context, width)
        self.blocks = nn.Sequential(*(Block(width, heads, causal=True) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)

    def forward(self, ids, wanted):
        x = self.blocks(self.tokens(ids) + self.positions.weight[:ids.shape[1]])
        logits = F.linear(self.norm(x), self.tokens.weight)
        return F.cross_entropy(logits.flatten(0, 1), wanted.flatten())


class Vit(nn.Module):
    def __init__(self, width=128, layers=6, heads=4, patch=4, size=28):
        super().__init__()
        self.patches = nn.Conv2d(1, width, patch, stride=patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(0.02 * torch.randn((size // patch) ** 2 + 1, width))
        self.blocks = nn.Sequential(*(Block(width, heads, causal=False) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward(self, images, labels):
        x = self.patches(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.positions
        return F.cross_entropy(self.head(self.norm(self.blocks(x)[:, 0])), labels)


class Seq2Seq(nn.Module):
    """A bidirectional LSTM, and a decoder with additive attention (Bahdanau et al. 2015)."""

    def __init__(self, vocab_size=6000, width=256):
        super().__init__()
        self.source, self.target = embedding(vocab_size, width), embedding(vocab_size, width)
        self.encoder = nn.LSTM(width, width, batch_first=True, bidirectional=True)
        self.cell = nn.LSTMCell(3 * width, width)
        self.key, self.query = nn.Linear(2 * width, width, bias=False), nn.Linear(width, width, bias=False)
        self.score, self.out = nn.Linear(width, 1, bias=False), nn.Linear(3 * width, vocab_size)

    def forward(self, source, target, wanted):
        memory, _ = self.encoder(self.source(source))
        keys = self.key(memory)
        h = c = memory.new_zeros(len(source), self.cell.hidden_size)
        outs = []
        for x in self.target(target).unbind(1):
            scores = self.score(torch.tanh(keys + self.query(h).unsqueeze(1))).squeeze(-1)
            context = (scores.softmax(-1).unsqueeze(1) @ memory).squeeze(1)
            h, c = self.cell(torch.cat([x, context], -1), (h, c))
            outs.append(torch.cat([h, context], -1))
        return F.cross_entropy(self.out(torch.stack(outs, 1)).flatten(0, 1), wanted.flatten())


class MemN2N(nn.Module):
    """A memory network with adjacent weights and position encoding (Sukhbaatar et al. 2015)."""

    def __init__(self, vocab_size=180, width=20, hops=3, memory=50, words=7):
        super().__init__()
        self.words = nn.ModuleList(nn.Embedding(vocab_size, width, padding_idx=0) for _ in range(hops + 1))
        self.times = nn.ParameterList(0.1 * torch.randn(memory, width) for _ in range(hops + 1))
        word, unit = torch.arange(1, words + 1).unsqueeze(1) / words, torch.arange(1, width + 1) / width
        self.register_buffer("factors", 1 - word - unit * (1 - 2 * word))

    def sentences(self, hop, ids):
        return (self.words[hop](ids) * self.factors).sum(-2)

    def forward(self, story, question, answer):
        u = self.sentences(0, question)
        for hop in range(len(self.words) - 1):
            inputs = self.sentences(hop, story) + self.times[hop]
            outputs = self.sentences(hop + 1, story) + self.times[hop + 1]
            weights = (inputs * u.unsqueeze(1)).sum(-1).softmax(-1)
            u = u + (weights.unsqueeze(-1) * outputs).sum(1)
        return F.cross_entropy(u @ self.words[-1].weight.T, answer)


class Attention(nn.Module):
    """Causal attention alone, of eight heads."""

    def __init__(self, length):
        super().__init__()
        self.q, self.k, self.v = (nn.Parameter(0.5 * torch.randn(1, 8, length, 64)) for _ in range(3))

    def forward(self):
        return F.scaled_dot_product_attention(self.q, self.k, self.v, is_causal=True).sum()


class Mlp(nn.Module):
    def __init__(self, width=32, layers=16):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x.square().mean()


def step_of(make, inputs, items, unit):
    torch.manual_seed(0)
    model, tensors = make(), inputs()
    return model, lambda: model(*tensors), items, unit


def ids(count, *shapes):
    return [torch.randint(count, shape) for shape in shapes]


def gpt(vocab_size, context, layers, heads, width, batch, length):
    return step_of(lambda: Gpt(vocab_size, context, layers, heads, width),
                   lambda: ids(vocab_size, (batch, length), (batch, length)), batch * length, "tok")


WORKLOADS = {
    "gpt_char": lambda: gpt(65, 64, 4, 4, 128, 12, 64),
    "gpt_char_big": lambda: gpt(65, 256, 6, 6, 384, 16, 256),
    "gpt2_124m": lambda: gpt(50257, 1024, 12, 12, 768, 4, 64),
    "vit_mnist": lambda: step_of(Vit, lambda: [torch.randn(128, 1, 28, 28), *ids(10, (128,))], 128, "img"),
    "seq2seq_lstm_attn": lambda: step_of(Seq2Seq, lambda: ids(6000, *[(64, 20)] * 3), 64 * 20, "tok"),
    "memn2n_babi": lambda: step_of(MemN2N, lambda: ids(180, (32, 50, 7), (32, 7), (32,)), 32, "q"),
    "attn_1k": lambda: step_of(lambda: Attention(1024), list, 1024, "pos"),
    "attn_4k": lambda: step_of(lambda: Attention(4096), list, 4096, "pos"),
    "mlp_tiny": lambda: step_of(Mlp, lambda: [torch.randn(8, 32)], 8, "row"),
}

if __name__ == "__main__":
    workload.main(__doc__, WORKLOADS)
