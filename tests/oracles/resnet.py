#!/usr/bin/env python3
"""Records results of networks of torchvision's residual blocks, for nn/models/resnet_test.cpp.

  tests/oracles/resnet.py > tests/oracles/resnet_cases.h

Weights are computed by the formula of tests/oracles/formula.h; torchvision's names are also tapehead's.
"""
import torch
import torchvision
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from formula import formula, salt_of


class Network(nn.Module):
    """torchvision's ResNet with few channels."""

    def __init__(self, block, channels, small_images):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3 if small_images else 7, 1 if small_images else 2, 1 if small_images else 3, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.pool = nn.Identity() if small_images else nn.MaxPool2d(3, 2, 1)
        size = 8
        for stage, out in enumerate(channels):
            stride = 2 if stage else 1
            layers = []
            for i in range(2 - stage):
                shortcut = None
                if size != out:
                    shortcut = nn.Sequential(nn.Conv2d(size, out, 1, stride, bias=False), nn.BatchNorm2d(out))
                layers.append(block(size, out // block.expansion, stride if i == 0 else 1, shortcut))
                size = out
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
        self.fc = nn.Linear(size, 3)

    def forward(self, x):
        x = self.pool(torch.relu(self.bn1(self.conv1(x))))
        x = self.layer2(self.layer1(x))
        return self.fc(x.mean((2, 3)))


def main():
    print(f"// Written by tests/oracles/resnet.py with torchvision {torchvision.__version__}: not for editing by hand.")
    print("// clang-format off\n#pragma once\n\n#include <vector>\n\nnamespace tapehead::test {\n")
    for name, network in (("Basic", Network(BasicBlock, (8, 12), True)), ("Bottleneck", Network(Bottleneck, (16, 24), False))):
        network = network.double()
        with torch.no_grad():
            for path, value in network.named_parameters():
                value.copy_(formula(value.shape, salt_of(path)))
        images = formula((2, 3, 20, 26), 100)
        for mode in (True, False):  # the second run uses the running statistics of the first
            network.train(mode)
            values = ", ".join(f"{v:.15g}" for v in network(images).flatten().tolist())
            print(f"inline const std::vector<double> kResNet{name}{'Train' if mode else 'Eval'} = {{{values}}};")
    print("\n}  // namespace tapehead::test")


main()
