// Augmentation of speech: masked and warped features, noise. See data/resample.h for changes of
// speed.
#pragma once

#include <cstdint>

#include "tapehead/core/tensor.h"
#include "tapehead/data/fbank.h"

namespace tapehead::data {

/// Options of spec_augment(), with the names of torchaudio.transforms.SpecAugment.
struct SpecAugmentOptions {
  int64_t n_time_masks = 2;      ///< masks of consecutive frames
  int64_t time_mask_param = 40;  ///< each is shorter than this
  int64_t n_freq_masks = 2;      ///< masks of adjacent features
  int64_t freq_mask_param = 27;  ///< each is narrower than this
  double p = 1;                  ///< most of an axis that one mask may cover, 0..1
  bool zero_masking = false;     ///< masks are 0, not the mean of the features
};

/// Masks random frames and features of f32 [T, F] (Park et al. 2019, "SpecAugment"; its time
/// warping is left out, as in torchaudio): each mask has a length from 0 to its parameter - 1 and a
/// place, both drawn uniformly. The result depends only on the seed, of which each example of an
/// epoch needs its own (fold_in()). Throws DTypeError, ShapeError and ValueError for options out of
/// range.
/// Example: data::spec_augment(ones({100, 80}), {.zero_masking = true}, 7)  // shape [100, 80]
Tensor spec_augment(const Tensor& features, const SpecAugmentOptions& options, uint64_t seed);

/// Options of warp_features().
struct WarpFeaturesOptions {
  double tempo = 1;         ///< how much faster the speech becomes
  double frequency = 1;     ///< factor of all frequencies
  FbankOptions fbank = {};  ///< the options with which the features were computed
};

/// Log-mel filter banks f32 [T, F] of other speech: as if it were spoken `tempo` times as fast, by
/// a speaker with a vocal tract 1 / `frequency` times as long (Jaitly and Hinton 2013, "Vocal tract
/// length perturbation improves speech recognition"). f32 [T', F], where T' is T / tempo, rounded,
/// and at least 1; interpolated between frames and between filters, whose first and last are
/// continued beyond the ends. Unlike speed(), does not need the samples, and changes tempo and
/// frequencies separately. Throws DTypeError, ShapeError for features that are not [T,
/// num_mel_bins], and ValueError for factors outside 0.1..10 and for `fbank` out of range.
/// Example: data::warp_features(tensor({{1.0, 1, 1}, {2.0, 2, 2}, {3.0, 3, 3}}), {.tempo = 1.5,
///     .fbank = {.num_mel_bins = 3}})  // [[1., 1., 1.], [3., 3., 3.]]
Tensor warp_features(const Tensor& features, const WarpFeaturesOptions& options);

/// Adds noise to f32 samples of the same shape [..., N], scaled to a ratio of their energies of
/// `snr` decibels, as torchaudio.functional.add_noise for each row. Silent samples and silent noise
/// are left as they are. Throws DTypeError, ShapeError, and ValueError for an snr that is not
/// finite.
/// Example: data::add_noise(full({4}, 1.0), tensor({2.0, -2.0, 2.0, -2.0}), 20)
///     // [1.1, 0.9, 1.1, 0.9]
Tensor add_noise(const Tensor& samples, const Tensor& noise, double snr);

}  // namespace tapehead::data
