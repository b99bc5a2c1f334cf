#!/usr/bin/env python3
"""The convolutional workloads of bench/workloads.cpp in PyTorch, with the same output, for bench/versus.py:

    bench/versus.py --peer bench/peers/torch_convnets.py --only lenet_mnist,resnet8_cifar --threads 1
"""
import torch
from torch import nn
from torch.nn import functional as F

import workload


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


def classifier(make, shape):
    torch.manual_seed(0)
    model, images, labels = make(), torch.randn(shape), torch.randint(10, shape[:1])
    return model, lambda: F.cross_entropy(model(images), labels), shape[0], "img"


WORKLOADS = {"lenet_mnist": lambda: classifier(lenet_mnist, (64, 1, 28, 28)),
             "resnet8_cifar": lambda: classifier(resnet8_cifar, (64, 3, 32, 32))}

if __name__ == "__main__":
    workload.main(__doc__, WORKLOADS)
