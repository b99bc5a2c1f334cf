#!/usr/bin/env python3
"""Fourier transforms; complex numbers are pairs in a last axis of size 2."""
from recorder import *


def of_pairs(f, to_real=False):
    def call(x, *args, **options):
        y = f(torch.view_as_complex(x.contiguous()), *args, **options)
        return y if to_real else torch.view_as_real(y.resolve_conj())
    return call


def to_pairs(f):
    return lambda x, *args, **options: torch.view_as_real(f(x, *args, **options).resolve_conj())


fft = torch.fft
for norm in ("backward", "forward", "ortho"):
    case(f"fft/{norm}", of_pairs(fft.fft), normal(3, 6, 2), norm=norm)
    case(f"ifft/{norm}", of_pairs(fft.ifft), normal(3, 6, 2), norm=norm)
    case(f"rfft/{norm}", to_pairs(fft.rfft), normal(3, 6), norm=norm)
    case(f"irfft/{norm}", of_pairs(fft.irfft, True), normal(3, 4, 2), norm=norm)
    case(f"hfft/{norm}", of_pairs(fft.hfft, True), normal(2, 4, 2), norm=norm)
    case(f"ihfft/{norm}", to_pairs(fft.ihfft), normal(2, 6), norm=norm)
case("fft/padded", of_pairs(fft.fft), normal(4, 3, 2), 7, 0)
case("fft/trimmed", of_pairs(fft.fft), normal(4, 9, 2), 5)
case("fft/prime", of_pairs(fft.fft), normal(1, 67, 2))
case("rfft/odd", to_pairs(fft.rfft), normal(2, 9, 2), 7, 1)
case("rfft/prime", to_pairs(fft.rfft), normal(1, 127))
case("irfft/odd", of_pairs(fft.irfft, True), normal(2, 3, 3, 2), 7, 1)
case("irfft/one", of_pairs(fft.irfft, True), normal(3, 1, 2), 1)
case("hfft/odd", of_pairs(fft.hfft, True), normal(3, 2, 2), 5, 0)
case("fftn", of_pairs(fft.fftn), normal(2, 3, 4, 2))
case("fftn/sizes", of_pairs(fft.fftn), normal(2, 3, 4, 2), (2, 5), norm="ortho")
case("ifftn", of_pairs(fft.ifftn), normal(2, 3, 4, 2), None, (2, 0))
case("rfftn", to_pairs(fft.rfftn), normal(2, 3, 5), (3, 6), (0, 1), norm="forward")
case("irfftn", of_pairs(fft.irfftn, True), normal(2, 3, 4, 2), (4, 5), (2, 1))
case("fft2", of_pairs(fft.fft2), normal(2, 3, 4, 2))
case("ifft2", of_pairs(fft.ifft2), normal(3, 4, 2), norm="ortho")
case("rfft2", to_pairs(fft.rfft2), normal(2, 3, 4))
case("irfft2", of_pairs(fft.irfft2, True), normal(2, 4, 3, 2))
case("fftshift", fft.fftshift, normal(4, 5), (0, 1))
case("ifftshift", fft.ifftshift, normal(3, 5), 1)
case("fftfreq", lambda x: x * fft.fftfreq(7, 0.5, dtype=x.dtype), normal(7))
case("rfftfreq", lambda x: x * fft.rfftfreq(7, 0.5, dtype=x.dtype), normal(4))

for n, periodic in ((8, True), (7, False)):
    for name in ("hann", "hamming", "blackman", "bartlett", "kaiser"):
        window = getattr(torch, f"{name}_window")
        case(f"{name}/{n}", lambda x: x * window(n, periodic, dtype=x.dtype), normal(n), second=False)


def hann(n):
    return torch.hann_window(n, dtype=torch.float64)


def stft(x, *args, **options):
    return torch.view_as_real(torch.stft(x, *args, return_complex=True, **options))


def istft(x, *args, **options):
    return torch.istft(torch.view_as_complex(x.contiguous()), *args, **options)


case("stft", stft, normal(2, 20), 8, window=hann(8))
case("stft/options", stft, normal(2, 20), 8, 3, 5, window=fixed(normal(5)), center=False, normalized=True)
case("stft/two-sided", stft, normal(14), 7, 2, window=hann(7), pad_mode="replicate", onesided=False)
case("stft/circular", stft, normal(1, 12), 6, 3, 4, window=hann(4), pad_mode="circular")
case("istft", istft, normal(2, 5, 4, 2), 8, window=hann(8))
case("istft/length", istft, normal(2, 4, 4, 2), 7, 2, 6, window=hann(6), length=6)
case("istft/longer", istft, normal(4, 4, 2), 7, 2, window=torch.hamming_window(7, dtype=torch.float64), length=14)
case("istft/two-sided", istft, normal(6, 3, 2), 6, 2, window=torch.ones(6, dtype=torch.float64), center=False,
     normalized=True, onesided=False)
save()
