#!/usr/bin/env python3
"""Softmax and layer norm."""
from recorder import *

for axis in (0, -1):
    case(f"softmax/{axis}", F.softmax, normal(3, 4, 2, scale=3), axis)
    case(f"log_softmax/{axis}", F.log_softmax, normal(3, 4, 2, scale=3), axis)
case("logsumexp", torch.logsumexp, normal(3, 4, 5), (0, 2))
layer("LayerNorm", nn.LayerNorm(5), normal(2, 3, 5))
save()
