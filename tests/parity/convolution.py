#!/usr/bin/env python3
"""Convolutions, transposed convolutions and padding."""
from recorder import *

case("conv1d", F.conv1d, normal(2, 4, 9), normal(6, 2, 3), normal(6), stride=2, padding=1, groups=2)
case("conv1d/same", F.conv1d, normal(2, 2, 7), normal(3, 2, 4), normal(3), padding="same", dilation=2)
case("conv1d/unbatched", F.conv1d, normal(2, 7), normal(3, 2, 3))
case("conv2d", F.conv2d, normal(2, 3, 6, 5), normal(4, 3, 3, 2), normal(4), stride=(2, 1), padding=(1, 2))
case("conv2d/same", F.conv2d, normal(1, 2, 5, 6), normal(3, 2, 2, 3), padding="same")
case("conv2d/valid", F.conv2d, normal(1, 2, 5, 6), normal(3, 2, 2, 3), normal(3), padding="valid", dilation=2)
case("conv2d/depthwise", F.conv2d, normal(2, 3, 5, 5), normal(6, 1, 3, 3), normal(6), padding=1, groups=3)
case("conv2d/depthwise stride", F.conv2d, normal(2, 3, 7, 6), normal(3, 1, 3, 3), stride=2, padding=1, groups=3)
case("conv2d/pointwise", F.conv2d, normal(2, 5, 3, 4), normal(9, 5, 1, 1), normal(9))
case("conv2d/pointwise stride", F.conv2d, normal(2, 5, 5, 4), normal(5, 5, 1, 1), stride=2)
case("conv3d", F.conv3d, normal(1, 2, 4, 3, 4), normal(4, 2, 2, 3, 2), normal(4), stride=(1, 2, 1), padding=1)
case("conv3d/groups", F.conv3d, normal(1, 4, 3, 3, 3), normal(2, 2, 2, 1, 2), groups=2, dilation=(1, 1, 2))
case("conv_transpose1d", F.conv_transpose1d, normal(2, 3, 4), normal(3, 2, 3), normal(2), stride=2, padding=1,
     output_padding=1)
case("conv_transpose2d", F.conv_transpose2d, normal(1, 4, 3, 4), normal(4, 3, 3, 2), normal(6), stride=(2, 3),
     padding=1, output_padding=(1, 0), groups=2)
case("conv_transpose2d/dilation", F.conv_transpose2d, normal(2, 5, 3, 3), normal(5, 2, 3, 2), normal(2), stride=1,
     padding=(2, 0), output_padding=(1, 1), dilation=2)
case("conv_transpose3d", F.conv_transpose3d, normal(1, 2, 2, 3, 2), normal(2, 3, 2, 2, 3), stride=(2, 1, 2))
case("pad/reflect", F.pad, normal(1, 2, 4, 5), (2, 4, 1, 0), mode="reflect")
case("pad/replicate", F.pad, normal(2, 3, 4), (2, 5), mode="replicate")
case("pad/circular", F.pad, normal(1, 2, 4, 5), (2, 0, 1, 4), mode="circular")
layer("Conv1d", nn.Conv1d(2, 3, 4, padding="same", dilation=2, padding_mode="circular"), normal(2, 2, 7))
layer("Conv2d", nn.Conv2d(2, 4, (3, 2), stride=2, padding=(2, 1), groups=2, padding_mode="reflect"), normal(1, 2, 5, 4))
layer("Conv3d", nn.Conv3d(1, 2, 2, padding=1, bias=False, padding_mode="replicate"), normal(1, 1, 3, 2, 3))
layer("ConvTranspose1d", nn.ConvTranspose1d(2, 3, 3, stride=2, padding=1, output_padding=1), normal(2, 4))
layer("ConvTranspose2d", nn.ConvTranspose2d(2, 3, 3, stride=3, bias=False), normal(1, 2, 3, 2),
      call=lambda m, x: m(x, output_size=(11, 7)))
save()
