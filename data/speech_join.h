// Joins recordings to longer ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::data {

/// Options of join_recordings().
struct JoinOptions {
  double min_silence = 0, max_silence = 0.2;  ///< seconds between recordings, drawn uniformly
  double cross_fade = 0.01;                   ///< seconds of fading at the joints
};

/// Recordings in a row: recording i is samples starts[i] to ends[i] - 1.
struct JoinedRecordings {
  Tensor samples;  ///< f32 [N]
  std::vector<int64_t> starts, ends;
};

/// Joins recordings f32 [N_i] or [1, N_i] of one sample rate. At each joint, one recording fades
/// out and the next one in, linearly, over the time of cross_fade or, if it is shorter, half a
/// recording. Without silence they overlap while they fade; with it, the next starts that much
/// later. Depends only on the seed. Throws DTypeError, ShapeError, which name the recording, and
/// ValueError for no recordings and for options out of range.
/// Example: const std::vector<Tensor> two{ones({800}), ones({800})};
///     data::join_recordings(two, 8000, {.max_silence = 0, .cross_fade = 0.05}, 1).samples
///     // shape [1200]
JoinedRecordings join_recordings(std::span<const Tensor> recordings, int64_t sample_rate,
                                 const JoinOptions& options, uint64_t seed);

}  // namespace tapehead::data
