#!/usr/bin/env python3
"""Batch, instance, group and local response normalisation, and the layers with running statistics."""
from recorder import *

case("batch_norm", F.batch_norm, normal(4, 3, 5), fixed(normal(3)), fixed(uniform(0.5, 2, 3)), normal(3), normal(3),
     training=False, eps=1e-3)
case("batch_norm/training", lambda x, w, b: F.batch_norm(x, None, None, w, b, True), normal(4, 3, 2, 2), normal(3),
     normal(3))
case("instance_norm", lambda x, w, b: F.instance_norm(x, None, None, w, b), normal(2, 3, 7), normal(3), normal(3))
case("group_norm", F.group_norm, normal(2, 6, 5), 3, normal(6), normal(6))
case("group_norm/plain", F.group_norm, normal(3, 4), 2, eps=0.1)
case("local_response_norm", F.local_response_norm, normal(2, 5, 3), 4, alpha=0.5, beta=0.6, k=2)
layer("BatchNorm1d", nn.BatchNorm1d(3), normal(5, 3))
layer("BatchNorm1d/positions", nn.BatchNorm1d(3, momentum=0.3), normal(4, 3, 20, scale=2, shift=5))
layer("BatchNorm2d", nn.BatchNorm2d(3), normal(2, 3, 3, 4))
layer("BatchNorm2d/eval", nn.BatchNorm2d(3, eps=0.1), normal(2, 3, 3, 4), training=False)
layer("BatchNorm2d/cumulative", nn.BatchNorm2d(2, momentum=None), normal(2, 2, 3, 4))
layer("BatchNorm2d/untracked", nn.BatchNorm2d(2, affine=False, track_running_stats=False), normal(2, 2, 3, 4),
      training=False)
layer("BatchNorm3d", nn.BatchNorm3d(2), normal(2, 2, 2, 3, 2))
layer("InstanceNorm1d", nn.InstanceNorm1d(3), normal(3, 8))
layer("InstanceNorm2d", nn.InstanceNorm2d(3, affine=True, track_running_stats=True), normal(2, 3, 3, 4))
layer("InstanceNorm2d/eval", nn.InstanceNorm2d(3, affine=True, track_running_stats=True), normal(2, 3, 3, 4),
      training=False)
layer("GroupNorm", nn.GroupNorm(2, 4), normal(2, 4, 3, 2))
layer("LocalResponseNorm", nn.LocalResponseNorm(2), normal(2, 3, 4))
save()
