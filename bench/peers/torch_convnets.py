#!/usr/bin/env python3
"""The convolutional workloads of bench/workloads.cpp in PyTorch, with the same output, for bench/versus.py:

    bench/versus.py --peer bench/peers/torch_convnets.py --only lenet_mnist,resnet8_cifar --threads 1
"""
import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F


def lenet_mnist():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


def resnet8_cifar():
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), ResidualBlock(16, 16, 1),
        ResidualBlock(16, 32, 2), ResidualBlock(32, 64, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


WORKLOADS = {"lenet_mnist": (lenet_mnist, (64, 1, 28, 28)), "resnet8_cifar": (resnet8_cifar, (64, 3, 32, 32))}


def measure(name, budget):
    make, shape = WORKLOADS[name]
    torch.manual_seed(0)
    model, images, labels = make(), torch.randn(shape), torch.randint(10, shape[:1])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)

    def step():
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    for _ in range(3):
        step()
    times, start = [], time.perf_counter()
    while len(times) < 5 or (time.perf_counter() - start < budget and len(times) < 400):
        before = time.perf_counter()
        step()
        times.append(time.perf_counter() - before)
    median = statistics.median(times)
    print(json.dumps({"workload": name, "peer": "torch", "mode": "eager", "ms_per_step": median * 1000,
                      "rate": shape[0] / median, "unit": "img/s", "n": len(times)}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(WORKLOADS))
    parser.add_argument("--modes", choices=["eager"], default="eager")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--budget", type=float, default=6)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    for name in args.only.split(","):
        measure(name, args.budget)


if __name__ == "__main__":
    main()
