#!/usr/bin/env python3
"""The models of examples/caption.cpp and examples/speech.cpp in PyTorch, as bench/workloads.cpp trains them,
with the same output, for bench/versus.py:

    bench/versus.py --peer bench/peers/torch_captions_speech.py --only caption_emoji,speech_joint --threads 1

Weights and inputs are the same, so the first losses agree, which bench/versus.py checks. Images are in channels-last
layout and the recogniser's sequences are packed, since both are faster than the alternatives here.
"""
import torch
from torch import nn
from torch.nn import functional as F

import workload


def formula_numbers(shape):
    k = torch.arange(torch.Size(shape).numel())
    return ((31 * k * k + 7919 * k) % 10007).reshape(shape)


def formula_ids(n, shape):
    return formula_numbers(shape) % n


def formula(shape):
    return formula_numbers(shape).float() / 5003 - 1


@torch.no_grad()
def fill_by_formula(model):
    for name, p in model.named_parameters():
        vector = p.dim() == 1
        p.copy_(formula(p.shape) * (0.1 if vector else (3 * p.shape[0] / p.numel()) ** 0.5))
        if vector and name.endswith("weight"):
            p += 1


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += x if self.downsample is None else self.downsample(x)
        return F.relu(y, inplace=True)


class Attention(nn.Module):
    """Additive attention (Bahdanau et al. 2015); with filters, location-aware (Chorowski et al. 2015)."""

    def __init__(self, query_dim, memory_dim, dim, filters=0, kernel=31):
        super().__init__()
        self.query = nn.Linear(query_dim, dim, bias=False)
        self.memory = nn.Linear(memory_dim, dim)
        self.v = nn.Parameter(torch.empty(dim))
        self.conv = nn.Conv1d(1, filters, kernel, padding=kernel // 2, bias=False) if filters else None
        self.location = nn.Linear(filters, dim, bias=False) if filters else None

    def forward(self, query, values, keys, mask=None, previous=None):
        hidden = keys + self.query(query).unsqueeze(1)
        if self.conv is not None and previous is not None:
            hidden += self.location(self.conv(previous.unsqueeze(1)).transpose(1, 2))
        scores = hidden.tanh_() @ self.v
        if mask is not None:
            scores = scores.masked_fill(mask, -torch.inf)
        weights = scores.softmax(-1)
        return torch.bmm(weights.unsqueeze(1), values).squeeze(1), weights


class Captioner(nn.Module):
    V, M, H, E = 1000, 64 + 128, 256, 128

    def __init__(self):
        super().__init__()
        V, M, H, E = self.V, self.M, self.H, self.E
        self.stage1 = nn.Sequential(
            nn.Conv2d(3, 32, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(inplace=True),
            ResidualBlock(32, 32, 1))
        self.stage2, self.stage3 = ResidualBlock(32, 64, 2), ResidualBlock(64, 128, 2)
        self.position = nn.Parameter(torch.empty(64, M))
        self.hidden, self.cell = nn.Linear(M, H), nn.Linear(M, H)
        self.attention = Attention(H, M, E)
        self.gate = nn.Linear(H, 1)
        self.target = nn.Embedding(V, E, padding_idx=0)
        self.decoder = nn.LSTMCell(E + M, H)
        self.combine = nn.Linear(H + M, E, bias=False)
        self.out = nn.Linear(E, V)

    def loss(self, images, captions):
        finer = self.stage2(self.stage1(images * 2 - 2))
        regions = torch.cat((F.adaptive_avg_pool2d(finer, 8), self.stage3(finer)), 1)
        values = (regions.flatten(2).transpose(1, 2) + self.position).contiguous()
        keys, average = self.attention.memory(values), values.mean(1)
        state = torch.tanh(self.hidden(average)), torch.tanh(self.cell(average))
        given, wanted = captions[:, :-1], captions[:, 1:]
        embedded = self.target(given)
        states, contexts = [], []
        for x in embedded.unbind(1):
            context, _ = self.attention(state[0], values, keys)
            context = torch.sigmoid(self.gate(state[0])) * context
            state = self.decoder(torch.cat((x, context), -1), state)
            states.append(state[0]), contexts.append(context)
        joined = torch.cat((torch.stack(states, 1), torch.stack(contexts, 1)), -1)
        logits = self.out(embedded + self.combine(joined))
        return F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=0, label_smoothing=0.05)


class Recogniser(nn.Module):
    V, F, C, H, E = 32, 40, 64, 224, 64

    def __init__(self):
        super().__init__()
        V, C, H, E = self.V, self.C, self.H, self.E
        self.register_buffer("mean", torch.zeros(self.F))
        self.register_buffer("stddev", torch.ones(self.F))
        self.conv1, self.conv2 = nn.Conv2d(1, C, 3, stride=2), nn.Conv2d(C, C, 3, stride=2)
        self.subsampling = nn.Linear(C * 9, H)
        self.subsampled = nn.LayerNorm(H)
        self.encoder = nn.ModuleList(nn.LSTM(H if i == 0 else 2 * H, H, bidirectional=True, batch_first=True)
                                     for i in range(3))
        self.norm = nn.ModuleList(nn.LayerNorm(2 * H) for _ in range(3))
        self.ctc = nn.Linear(2 * H, V)
        self.attention = Attention(H, 2 * H, H, filters=10)
        self.target = nn.Embedding(V, E, padding_idx=0)
        self.decoder = nn.LSTMCell(2 * E, H)
        self.combine = nn.Linear(3 * H, E, bias=False)
        self.bias = nn.Parameter(torch.empty(V))

    def encode(self, frames, lengths):
        y = ((frames - self.mean) / self.stddev).unsqueeze(1)
        y = F.relu(self.conv2(F.relu(self.conv1(y), inplace=True)), inplace=True)
        y = self.subsampled(self.subsampling(y.transpose(1, 2).flatten(2)))
        lengths = ((lengths - 1) // 2 - 1) // 2
        y = nn.utils.rnn.pack_padded_sequence(y, lengths, batch_first=True, enforce_sorted=False)
        for rnn, norm in zip(self.encoder, self.norm):
            y = rnn(y)[0]
            y = y._replace(data=norm(y.data))
        return nn.utils.rnn.pad_packed_sequence(y, batch_first=True)[0], lengths

    def loss(self, frames, lengths, letters, letter_lengths):
        values, lengths = self.encode(frames, lengths)
        batch, time = values.shape[:2]
        by_ctc = F.ctc_loss(self.ctc(values).log_softmax(-1).transpose(0, 1), letters, lengths, letter_lengths)
        given = F.pad(letters, (1, 0), value=2)
        wanted = F.pad(letters, (0, 1)).scatter(1, letter_lengths.unsqueeze(1), 3)
        mask = torch.arange(time) >= lengths.unsqueeze(1)
        keys, zeros = self.attention.memory(values), values.new_zeros(batch, self.H)
        state, weights, attentional, outputs = (zeros, zeros), None, values.new_zeros(batch, self.E), []
        for x in self.target(given).unbind(1):
            state = self.decoder(torch.cat((x, attentional), -1), state)
            context, weights = self.attention(state[0], values, keys, mask, weights)
            attentional = self.combine(torch.cat((state[0], context), -1)).tanh()
            outputs.append(attentional)
        logits = F.linear(torch.stack(outputs, 1), self.target.weight, self.bias)
        by_attention = F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=0, label_smoothing=0.05)
        return 0.3 * by_ctc + 0.7 * by_attention


def caption_emoji():
    model = Captioner().to(memory_format=torch.channels_last)
    images = ((formula((16, 3, 64, 64)) + 1) / 2).to(memory_format=torch.channels_last)
    captions = formula_ids(Captioner.V - 4, (16, 13)) + 4
    fill_by_formula(model)
    return model, lambda: model.loss(images, captions), 16, "img"


def speech_joint():
    model, frames = Recogniser(), formula((24, 667, Recogniser.F))
    letters = formula_ids(Recogniser.V - 4, (24, 45)) + 4
    lengths, letter_lengths = torch.full((24,), 667), torch.full((24,), 45)
    fill_by_formula(model)
    return model, lambda: model.loss(frames, lengths, letters, letter_lengths), 24, "utt"


WORKLOADS = {"caption_emoji": caption_emoji, "speech_joint": speech_joint}


if __name__ == "__main__":
    workload.main(__doc__, WORKLOADS, same_weights=True)
