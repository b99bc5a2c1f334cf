#!/usr/bin/env python3
"""Maximum, average, Lp and adaptive pooling, and unpooling."""
from recorder import *

case("max_pool1d", F.max_pool1d, normal(2, 3, 9), 3, 2, 1, 1, False, True)
case("max_pool1d/ceil", F.max_pool1d, normal(3, 8), 3, ceil_mode=True, dilation=2)
case("max_pool2d", F.max_pool2d, normal(2, 2, 6, 7), 2)
case("max_pool2d/indices", F.max_pool2d, normal(2, 2, 7, 6), (3, 2), (2, 1), (1, 0), (1, 2), True, True)
case("max_pool3d", F.max_pool3d, normal(1, 2, 4, 5, 3), (2, 3, 2), (1, 2, 1), (1, 1, 0), 1, True, True)
case("avg_pool1d", F.avg_pool1d, normal(2, 3, 9), 3, 2, 1, True)
case("avg_pool2d", F.avg_pool2d, normal(2, 2, 6, 7), 2)
case("avg_pool2d/padded", F.avg_pool2d, normal(2, 2, 7, 6), (3, 4), (2, 3), (1, 2), True, True)
case("avg_pool2d/exclude", F.avg_pool2d, normal(2, 2, 7, 6), (3, 4), (2, 1), (1, 2), True, False)
case("avg_pool2d/divisor", F.avg_pool2d, normal(2, 5, 6), 2, 1, divisor_override=-3)
case("avg_pool3d", F.avg_pool3d, normal(1, 2, 4, 5, 3), (2, 3, 2), (1, 2, 1), (1, 1, 0), True, False)
case("lp_pool1d", F.lp_pool1d, uniform(0.5, 2, 2, 3, 9), 3, 4, 2, True)
case("lp_pool2d", F.lp_pool2d, normal(2, 2, 6, 7), 2, (2, 3))
case("lp_pool3d", F.lp_pool3d, uniform(0.5, 2, 1, 2, 3, 4, 3), 3, (1, 2, 2), (1, 1, 2))
case("adaptive_avg_pool1d", F.adaptive_avg_pool1d, normal(2, 3, 9), 4)
case("adaptive_avg_pool2d", F.adaptive_avg_pool2d, normal(2, 2, 7, 6), (3, None))
case("adaptive_avg_pool3d", F.adaptive_avg_pool3d, normal(1, 2, 4, 5, 3), (1, 4, 2))
case("adaptive_max_pool1d", F.adaptive_max_pool1d, normal(2, 3, 9), 4, True)
case("adaptive_max_pool2d", F.adaptive_max_pool2d, normal(2, 2, 7, 6), (3, None), True)
case("adaptive_max_pool3d", F.adaptive_max_pool3d, normal(2, 4, 5, 3), 2, True)
case("max_unpool1d", F.max_unpool1d, normal(2, 1, 3), given([[[0, 5, 3]], [[2, 1, 4]]]), 2)
case("max_unpool2d", F.max_unpool2d, normal(1, 2, 2, 2), given([[[[0, 5], [3, 9]], [[2, 1], [4, 19]]]]), 2, 3, 1,
     (4, 5))
case("max_unpool3d", F.max_unpool3d, normal(1, 1, 1, 2), given([[[[5, 12]]]]), 2)
save()
