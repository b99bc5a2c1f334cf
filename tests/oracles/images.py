#!/usr/bin/env python3
"""Records how Pillow reads and resizes images, for the unit tests.

  tests/oracles/images.py tests/oracles/image_cases.h

Needs Pillow 11 (later versions resize rows first in some cases), and PyTorch, to check that its
antialiased interpolation of f32 agrees.
"""
import io
import pathlib
import sys

import PIL
import torch
from PIL import Image

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC,
           "lanczos": Image.Resampling.LANCZOS}


def pixel(c, y, x):
    """Smooth, with an edge, so that JPEG and filters that overshoot are both tested."""
    return (23 * c + 11 * y + 7 * x + (120 if x > y else 0)) % 256


def planes(channels, height, width):
    return [[pixel(c, y, x) for y in range(height) for x in range(width)] for c in range(channels)]


def image(mode, height=7, width=10):
    bands = [Image.frombytes("L", (width, height), bytes(p)) for p in planes(len(mode), height, width)]
    return bands[0] if mode == "L" else Image.merge(mode, bands)


def saved(img, form, **options):
    out = io.BytesIO()
    img.save(out, form, **options)
    return out.getvalue()


def planar(img):
    """The pixels [C, H, W] of an image."""
    return b"".join(band.tobytes() for band in img.split())


def deep_png():
    values = [(257 * v * v) // 255 for v in planes(1, 7, 10)[0]]
    img = Image.frombytes("I;16", (10, 7), b"".join(v.to_bytes(2, "little") for v in values))
    return saved(img, "PNG"), bytes((255 * v + 32767) // 65535 for v in values) * 3


def transparent_palette():
    img = image("RGB").quantize(8)
    return saved(img, "PNG", transparency=bytes([0, 128, 255, 64, 255, 255, 9, 255]))


def on_white(data):
    img = Image.open(io.BytesIO(data)).convert("RGBA")
    white = Image.new("RGBA", img.size, "white")
    return planar(Image.alpha_composite(white, img).convert("RGB"))


def file_cases():
    files = {
        "grey JPEG": saved(image("L"), "JPEG", quality=90, optimize=True),
        "RGB JPEG, 4:2:0": saved(image("RGB", 19, 21), "JPEG", quality=90, optimize=True),
        "RGB JPEG, 4:2:2": saved(image("RGB"), "JPEG", quality=90, optimize=True, subsampling=1),
        "progressive JPEG, 4:4:4": saved(image("RGB"), "JPEG", quality=90, progressive=True, subsampling=0),
        "CMYK JPEG": saved(image("CMYK"), "JPEG", quality=90, optimize=True),
        "JPEG of stored RGB": saved(image("RGB"), "JPEG", quality=90, optimize=True, keep_rgb=True),
        "PNG of 1 bit": saved(image("L").convert("1"), "PNG"),
        "palette PNG": saved(image("RGB").quantize(5), "PNG"),
        "animated PNG": saved(image("RGB"), "PNG", save_all=True, append_images=[image("RGB").rotate(180)]),
    }
    cases = [(name, data, planar(Image.open(io.BytesIO(data)).convert("RGB"))) for name, data in files.items()]
    for name, data in {"grey and alpha PNG": saved(image("LA"), "PNG"), "RGBA PNG": saved(image("RGBA"), "PNG"),
                       "palette PNG with transparency": transparent_palette()}.items():
        cases.append((name, data, on_white(data)))
    cases.append(("PNG of 16 bits", *deep_png()))
    return [(name, data, *Image.open(io.BytesIO(data)).size[::-1], pixels) for name, data, pixels in cases]


def resize_cases():
    for (height, width), (to_height, to_width) in [((7, 10), (3, 4)), ((7, 10), (12, 23)), ((13, 5), (5, 13)),
                                                   ((6, 8), (6, 3)), ((40, 1), (1, 2)), ((37, 41), (4, 3))]:
        for name, mode in FILTERS.items():
            source = Image.frombytes("L", (width, height), bytes(planes(1, height, width)[0]))
            result = source.resize((to_width, to_height), mode)
            exact = source.convert("F").resize((to_width, to_height), mode)
            floats = list(torch.frombuffer(bytearray(exact.tobytes()), dtype=torch.float32))
            if name != "lanczos":
                x = torch.tensor(planes(1, height, width)[0]).float().view(1, 1, height, width)
                y = torch.nn.functional.interpolate(x, (to_height, to_width), mode=name, antialias=True)
                assert max(abs(float(a) - float(b)) for a, b in zip(y.flatten(), floats)) < 1e-3
            yield name, height, width, to_height, to_width, result.tobytes(), [float(f) for f in floats]


def main():
    lines = [f"// Written by tests/oracles/images.py with Pillow {PIL.__version__}: not to be edited.",
             "// clang-format off", "#pragma once", "", "#include <cstdint>", "#include <vector>", "",
             "namespace tapehead::test {", "",
             "/// A file and its pixels as RGB [3, height, width], both in hexadecimal digits.",
             "struct ImageCase { const char* name; int64_t height, width; const char *file, *pixels; };",
             "inline const std::vector<ImageCase> kImageCases = {"]
    for name, data, height, width, pixels in file_cases():
        lines += [f'  {{"{name}", {height}, {width},', f'   "{data.hex()}",', f'   "{pixels.hex()}"}},']
    lines += ["};", "", "/// The image [height, width] of pixels (11 y + 7 x + (x > y ? 120 : 0)) % 256, resized.",
              "struct ResizeCase {", "  const char* interpolation;", "  int64_t height, width, to_height, to_width;",
              "  const char* pixels;           // of u8, in hexadecimal digits", "  std::vector<double> floats;   // of f32",
              "};", "inline const std::vector<ResizeCase> kResizeCases = {"]
    for name, h, w, th, tw, pixels, floats in resize_cases():
        numbers = ", ".join(f"{f:.7g}" for f in floats) if len(floats) <= 70 else ""
        lines.append(f'  {{"{name}", {h}, {w}, {th}, {tw}, "{pixels.hex()}", {{{numbers}}}}},')
    lines += ["};", "", "}  // namespace tapehead::test", ""]
    pathlib.Path(sys.argv[1]).write_text("\n".join(lines))


if __name__ == "__main__":
    main()
