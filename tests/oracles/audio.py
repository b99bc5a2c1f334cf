#!/usr/bin/env python3
"""Records features of speech, deltas and resampled signals of kaldi-native-fbank and torchaudio.

  tests/oracles/audio.py --write tests/oracles/audio_cases.h

The signal is a formula, which the unit test computes as well. torchaudio's Python files suffice.
"""
import argparse
import importlib.metadata
import math
import pathlib

import kaldi_native_fbank as knf
import torch
import torchaudio
import torchaudio.compliance.kaldi as kaldi

FRAME = {"sample_frequency": "samp_freq", "frame_length": "frame_length_ms", "frame_shift": "frame_shift_ms",
         "preemphasis_coefficient": "preemph_coeff", "remove_dc_offset": "remove_dc_offset",
         "window_type": "window_type", "round_to_power_of_two": "round_to_power_of_two", "snip_edges": "snip_edges",
         "blackman_coeff": "blackman_coeff"}
MEL = {"num_mel_bins": "num_bins", "low_freq": "low_freq", "high_freq": "high_freq"}
ORDER = ["sample_frequency", "frame_length", "frame_shift", "num_mel_bins", "low_freq", "high_freq",
         "preemphasis_coefficient", "remove_dc_offset", "window_type", "blackman_coeff", "round_to_power_of_two",
         "snip_edges", "use_power", "use_log_fbank", "use_energy", "energy_floor", "raw_energy", "htk_compat"]
FBANK = [
    {},
    {"num_mel_bins": 80},
    {"sample_frequency": 8000.0, "num_mel_bins": 40, "window_type": "hamming"},
    {"window_type": "hanning", "low_freq": 100.0, "high_freq": -400.0, "preemphasis_coefficient": 0.0},
    {"window_type": "rectangular", "high_freq": 6000.0, "remove_dc_offset": False},
    {"window_type": "blackman", "round_to_power_of_two": False, "frame_shift": 7.5},
    {"snip_edges": False, "frame_length": 32.0},
    {"use_energy": True},
    {"use_energy": True, "raw_energy": False, "htk_compat": True, "energy_floor": 0.0},
    {"use_power": False, "use_log_fbank": False},
]
MFCC = [
    ({}, {}),
    ({"num_mel_bins": 40, "sample_frequency": 8000.0}, {"num_ceps": 20, "cepstral_lifter": 0.0}),
    ({"use_energy": True}, {}),
    ({"htk_compat": True}, {"num_ceps": 5}),
    ({"use_energy": True, "htk_compat": True}, {"num_ceps": 23}),
]
RATES = [(16000, 8000), (8000, 16000), (44100, 16000), (17600, 16000)]


def signal(count, scale):
    """Tones, one of them rising, and noise."""
    numbers = [0.1 + 0.4 * math.sin(0.07 * i) + 0.3 * math.sin(0.0004 * i * i) +
               0.2 * ((i * i * 7919 + i * 104729) % 2001 / 1000 - 1) for i in range(count)]
    return torch.tensor(numbers, dtype=torch.float32) * scale


def of_torchaudio(x, fbank, mfcc):
    options = dict({"energy_floor": 1.0}, **fbank)
    if mfcc is None:
        return kaldi.fbank(x[None], dither=0.0, **options)
    return kaldi.mfcc(x[None], dither=0.0, **options, **mfcc)


def of_kaldi(x, fbank, mfcc):
    options = knf.FbankOptions() if mfcc is None else knf.MfccOptions()
    options.frame_opts.dither = 0
    options.use_energy = False
    options.energy_floor = 1.0
    for name, value in fbank.items():
        if name in FRAME:
            setattr(options.frame_opts, FRAME[name], value)
        elif name in MEL:
            setattr(options.mel_opts, MEL[name], value)
        else:
            setattr(options, name, value)
    for name, value in (mfcc or {}).items():
        setattr(options, name, value)
    online = (knf.OnlineFbank if mfcc is None else knf.OnlineMfcc)(options)
    online.accept_waveform(fbank.get("sample_frequency", 16000.0), x.tolist())
    online.input_finished()
    return torch.tensor([list(map(float, online.get_frame(i))) for i in range(online.num_frames_ready)])


def cpp(name, value):
    if name == "window_type":
        return f".{name} = data::WindowType::{value}"
    return f".{name} = {str(value).lower() if isinstance(value, bool) else repr(value)}"


def initialiser(options):
    return "{" + ", ".join(cpp(name, options[name]) for name in ORDER if name in options) + "}"


def numbers(tensor):
    return "{" + ", ".join(f"{float(v):.7g}" for v in tensor.flatten()) + "}"


def rows(kind, cases):
    for fbank, mfcc in cases:
        x = signal(1600, 32768.0)
        theirs = {"torchaudio": of_torchaudio(x, fbank, mfcc), "kaldi": of_kaldi(x, fbank, mfcc)}
        a, b = theirs["torchaudio"], theirs["kaldi"]
        print(kind, fbank, mfcc, tuple(a.shape), tuple(b.shape), "largest difference",
              float((a - b).abs().max()) if a.shape == b.shape else "shapes")
        options = initialiser(fbank)
        if mfcc is not None:
            rest = "".join(f", .{name} = {mfcc[name]}" for name in ("num_ceps", "cepstral_lifter") if name in mfcc)
            options = f"{{.fbank = {options}{rest}}}"
        yield f"  {{{options}, {a.size(0)}, {a.size(1)}, {numbers(a[1])}, {numbers(a[-1])}, {numbers(b[1])}}},"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=pathlib.Path, required=True)
    path = parser.parse_args().write
    lines = [f"// Written by tests/oracles/audio.py with torchaudio {torchaudio.__version__} and",
             f"// kaldi-native-fbank {importlib.metadata.version('kaldi-native-fbank')}: not to be edited.",
             "// clang-format off", "#pragma once", "", "#include <cstdint>", "#include <vector>", "",
             '#include "tapehead/data/fbank.h"', "", "namespace tapehead::test {", "",
             "/// Features of signal(1600): frame 1 and the last one of torchaudio, frame 1 of kaldi-native-fbank.",
             "template <class Options>", "struct FeatureCase {", "  Options options;", "  int64_t frames, features;",
             "  std::vector<double> second, last, second_of_kaldi;", "};",
             "inline const std::vector<FeatureCase<data::FbankOptions>> kFbankCases = {"]
    lines += rows("fbank", [(fbank, None) for fbank in FBANK])
    lines += ["};", "inline const std::vector<FeatureCase<data::MfccOptions>> kMfccCases = {"]
    lines += rows("mfcc", MFCC)
    lines += ["};", "", "/// Every seventh sample of signal(300), resampled.", "struct ResampleCase {",
              "  int64_t from, to, length;", "  std::vector<double> samples;", "};",
              "inline const std::vector<ResampleCase> kResampleCases = {"]
    for source, target in RATES:
        y = torchaudio.functional.resample(signal(300, 1.0), source, target)
        lines.append(f"  {{{source}, {target}, {len(y)}, {numbers(y[::7])}}},")
    lines += ["};", "", "/// Deltas of features signal(24) [8, 3].",
              "struct DeltaCase {", "  int64_t win_length;", "  std::vector<double> deltas;", "};",
              "inline const std::vector<DeltaCase> kDeltaCases = {"]
    for length in (3, 5, 9):
        y = torchaudio.functional.compute_deltas(signal(24, 1.0).view(8, 3).T, length).T
        lines.append(f"  {{{length}, {numbers(y)}}},")
    lines += ["};", "", "}  // namespace tapehead::test", ""]
    path.write_text("\n".join(lines))


main()
