#!/usr/bin/env python3
"""Resizing, sampling at grids, windows as columns, shuffled channels, fractional pooling, and their layers."""
from recorder import *

case("interpolate/nearest", F.interpolate, normal(2, 2, 7), 4)
case("interpolate/nearest.twice", F.interpolate, normal(1, 2, 2, 3), scale_factor=2)
case("interpolate/nearest.factor", F.interpolate, normal(1, 1, 3, 4, 2), scale_factor=(1.7, 0.6, 2.6))
case("interpolate/nearest.recomputed", F.interpolate, normal(1, 2, 7), scale_factor=1.7, recompute_scale_factor=True)
case("interpolate/nearest_exact", F.interpolate, normal(2, 1, 5, 4), (3, 7), mode="nearest-exact")
case("interpolate/nearest_exact.factor", F.interpolate, normal(2, 1, 5, 4), scale_factor=1.3, mode="nearest-exact")
case("interpolate/linear", F.interpolate, normal(2, 2, 5), 8, mode="linear")
case("interpolate/linear.factor", F.interpolate, normal(2, 2, 5), scale_factor=1.5, mode="linear")
case("interpolate/linear.same", F.interpolate, normal(2, 2, 5), scale_factor=1.1, mode="linear")
case("interpolate/linear.aligned", F.interpolate, normal(2, 2, 5), 8, mode="linear", align_corners=True)
case("interpolate/linear.one", F.interpolate, normal(2, 2, 5), 1, mode="linear", align_corners=True)
case("interpolate/bilinear", F.interpolate, normal(2, 2, 3, 4), (7, 2), mode="bilinear")
case("interpolate/bilinear.factor", F.interpolate, normal(1, 2, 3, 4), scale_factor=(1.4, 0.7), mode="bilinear")
case("interpolate/bilinear.recomputed", F.interpolate, normal(1, 2, 3, 4), scale_factor=(1.4, 0.7), mode="bilinear",
     recompute_scale_factor=True)
case("interpolate/bilinear.antialias", F.interpolate, normal(1, 2, 7, 5), (3, 8), mode="bilinear", antialias=True)
case("interpolate/bilinear.antialias.aligned", F.interpolate, normal(1, 2, 7, 5), (3, 8), mode="bilinear",
     align_corners=True, antialias=True)
case("interpolate/bicubic", F.interpolate, normal(1, 2, 4, 5), (7, 3), mode="bicubic")
case("interpolate/bicubic.factor", F.interpolate, normal(1, 2, 4, 5), scale_factor=(1.1, 1.6), mode="bicubic")
case("interpolate/bicubic.aligned", F.interpolate, normal(1, 2, 4, 5), (7, 3), mode="bicubic", align_corners=True)
case("interpolate/bicubic.antialias", F.interpolate, normal(1, 2, 9, 5), (4, 7), mode="bicubic", antialias=True)
case("interpolate/lanczos", F.interpolate, normal(1, 1, 9, 5), (4, 7), mode="lanczos", antialias=True)
case("interpolate/trilinear", F.interpolate, normal(1, 2, 2, 3, 4), (3, 2, 6), mode="trilinear")
case("interpolate/trilinear.aligned", F.interpolate, normal(1, 2, 2, 3, 4), (3, 2, 6), mode="trilinear",
     align_corners=True)
case("interpolate/area", F.interpolate, normal(1, 2, 5, 4), (3, 6), mode="area")
case("interpolate/area.factor", F.interpolate, normal(1, 2, 5), scale_factor=0.5, mode="area")

case("unfold", F.unfold, normal(2, 2, 4, 5), 2)
case("unfold/options", F.unfold, normal(2, 5, 6), (2, 3), (2, 1), (2, 1), (3, 2))
case("fold", F.fold, normal(2, 8, 12), (4, 5), 2)
case("fold/options", F.fold, normal(12, 9), (5, 6), (2, 3), (2, 1), (2, 1), (3, 2))
case("pixel_shuffle", F.pixel_shuffle, normal(2, 8, 2, 3), 2)
case("pixel_unshuffle", F.pixel_unshuffle, normal(2, 2, 4, 6), 2)
case("channel_shuffle", F.channel_shuffle, normal(2, 6, 2, 2), 3)
case("affine_grid", F.affine_grid, normal(2, 2, 3), (2, 1, 3, 4), align_corners=False)
case("affine_grid/aligned", F.affine_grid, normal(2, 3, 4), (2, 1, 2, 1, 3), align_corners=True)

for mode in ("bilinear", "nearest", "bicubic"):
    for padding in ("zeros", "border", "reflection"):
        for aligned in (False, True):
            case(f"grid_sample/{mode}.{padding}{'.aligned' if aligned else ''}", F.grid_sample, normal(2, 2, 3, 4),
                 uniform(-2, 2, 2, 2, 3, 2), mode, padding, aligned, second=False)
            if mode != "bicubic":
                case(f"grid_sample/3d.{mode}.{padding}{'.aligned' if aligned else ''}", F.grid_sample,
                     normal(1, 2, 2, 3, 2), uniform(-2, 2, 1, 2, 2, 2, 3), mode, padding, aligned, second=False)

case("fractional_max_pool2d", F.fractional_max_pool2d_with_indices, normal(2, 2, 6, 7), (2, 3), (3, 4),
     _random_samples=fixed(uniform(0, 1, 2, 2, 2)), return_indices=True)
case("fractional_max_pool2d/ratio", F.fractional_max_pool2d, normal(2, 6, 7), 2, output_ratio=(0.5, 0.8),
     _random_samples=fixed(uniform(0, 1, 1, 2, 2)))
case("fractional_max_pool3d", F.fractional_max_pool3d_with_indices, normal(1, 2, 4, 6, 5), 2, (2, 4, 3),
     _random_samples=fixed(uniform(0, 1, 1, 2, 3)), return_indices=True)

layer("Upsample", nn.Upsample(scale_factor=2, mode="bilinear"), normal(1, 2, 3, 2))
layer("UpsamplingNearest2d", nn.UpsamplingNearest2d(size=(5, 3)), normal(1, 2, 3, 2))
layer("UpsamplingBilinear2d", nn.UpsamplingBilinear2d(scale_factor=2), normal(1, 2, 3, 2))
layer("PixelShuffle", nn.PixelShuffle(2), normal(1, 4, 2, 3))
layer("PixelUnshuffle", nn.PixelUnshuffle(2), normal(1, 2, 2, 4))
layer("ChannelShuffle", nn.ChannelShuffle(2), normal(1, 4, 2, 3))
layer("Unfold", nn.Unfold(2, padding=1), normal(1, 2, 2, 3))
layer("Fold", nn.Fold((3, 4), 2, stride=(1, 2)), normal(1, 8, 4))
layer("Unflatten", nn.Unflatten(1, (2, 3)), normal(2, 6, 2))
save()
